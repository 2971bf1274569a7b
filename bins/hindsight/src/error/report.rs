//! What is said of one error.

use super::Place;
use crate::exit::Exit;
use contract::{Diagnostic, Fault, ShapeError};

/// Everything that is said about one error, ready for print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorReport {
    /// `<crate>/<variant>`.
    pub code: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// How the process ends.
    pub exit: Exit,
    /// One line.
    pub message: String,
    /// Where in a file.
    pub place: Option<Place>,
    /// The table.
    pub table: Option<String>,
    /// The column.
    pub field: Option<String>,
    /// The row.
    pub row: Option<u64>,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Messages of the causes, nearest first.
    pub causes: Vec<String>,
}

impl ErrorReport {
    /// The report of an error.
    #[must_use]
    pub fn new(error: &dyn Diagnostic) -> Self {
        let message = error.to_string();
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A message that already quotes its cause needs no second line.
            if !message.contains(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        Self {
            code: error.code(),
            fault: error.fault(),
            exit: Exit::from(error.fault()),
            message,
            place: None,
            table: None,
            field: None,
            row: None,
            expected: None,
            found: None,
            help: error.help(),
            causes,
        }
    }

    /// The same report with a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(super) fn with_shape(mut self, error: &ShapeError) -> Self {
        let (table, field, row, expected, found) = match error {
            ShapeError::WrongTable { expected, found } => {
                (None, None, None, Some((*expected).to_owned()), Some(found.clone()))
            }
            ShapeError::UnsupportedVersion { table, supported, found } => {
                (Some(*table), None, None, Some(supported.to_string()), Some(found.clone()))
            }
            ShapeError::MissingColumn { table, column, expected, .. } => {
                (Some(*table), Some((*column).to_owned()), None, Some(expected.to_string()), None)
            }
            ShapeError::DuplicateColumn { table, column } => {
                (Some(*table), Some(column.clone()), None, None, None)
            }
            ShapeError::WrongType { table, column, expected, found } => (
                Some(*table),
                Some((*column).to_owned()),
                None,
                Some(expected.to_string()),
                Some(found.to_string()),
            ),
            ShapeError::WrongWidth { table, column, row, expected, found } => (
                Some(*table),
                Some((*column).to_owned()),
                Some(*row),
                Some(expected.to_string()),
                Some(found.to_string()),
            ),
            ShapeError::Null { table, column, row } => (
                Some(*table),
                Some((*column).to_owned()),
                Some(*row),
                Some("a value".to_owned()),
                Some("null".to_owned()),
            ),
            ShapeError::TooLarge { table, column } => {
                (Some(*table), Some((*column).to_owned()), None, None, None)
            }
            ShapeError::Seq { table, expected, found } => (
                Some(*table),
                Some("seq".to_owned()),
                None,
                Some((*expected).to_owned()),
                Some((*found).to_owned()),
            ),
            _ => (None, None, None, None, None),
        };
        self.table = table.map(str::to_owned);
        self.field = field;
        self.row = row.and_then(|row| u64::try_from(row).ok());
        self.expected = expected;
        self.found = found;
        self
    }
}
