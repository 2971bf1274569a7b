//! Columns to select from.

use super::SelectionError;
use arrow_array::{Array, Float64Array};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// One feature: a value or null a row, rows in order of time.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    name: &'a str,
    values: &'a [f64],
    valid: Option<Cow<'a, [bool]>>,
}

impl<'a> Column<'a> {
    /// A column without nulls.
    #[must_use]
    pub fn new(name: &'a str, values: &'a [f64]) -> Self {
        Self { name, values, valid: None }
    }

    /// A column that is null where `valid` is false; the value below a null is never read and may be NaN.
    ///
    /// # Errors
    /// [`SelectionError::Length`] when the two differ in length.
    pub fn with_validity(
        name: &'a str,
        values: &'a [f64],
        valid: &'a [bool],
    ) -> Result<Self, SelectionError> {
        if valid.len() != values.len() {
            let what = format!("validity of `{name}`");
            return Err(SelectionError::Length {
                what,
                expected: values.len(),
                found: valid.len(),
            });
        }
        Ok(Self { name, values, valid: Some(Cow::Borrowed(valid)) })
    }

    /// A column of a table; values are not copied.
    #[must_use]
    pub fn from_array(name: &'a str, array: &'a Float64Array) -> Self {
        let valid = array.nulls().map(|nulls| Cow::Owned(nulls.iter().collect()));
        Self { name, values: array.values(), valid }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value of a row; `None` where it is null or there is no such row.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<f64> {
        let valid = self.valid.as_ref().is_none_or(|v| v.get(row) == Some(&true));
        if valid { self.values.get(row).copied() } else { None }
    }
}

/// Features side by side, all with the same rows.
///
/// ```
/// use features::selection::{Column, Matrix};
/// let (imbalance, spread) = ([0.2, -0.1, 0.4], [1.5, f64::NAN, 1.0]);
/// let matrix = Matrix::try_new(vec![
///     Column::new("book__qi__now", &imbalance),
///     Column::with_validity("book__spread_bps__now", &spread, &[true, false, true])?,
/// ])?;
/// assert_eq!((matrix.rows(), matrix.columns()[1].value(1)), (3, None));
/// # Ok::<(), features::selection::SelectionError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matrix<'a> {
    columns: Vec<Column<'a>>,
    rows: usize,
}

impl<'a> Matrix<'a> {
    /// Takes columns of equal length, with different names and finite values.
    ///
    /// - **Cost:** one pass over the values.
    ///
    /// # Errors
    /// [`SelectionError::NoFeatures`], [`SelectionError::NoRows`], [`SelectionError::Length`],
    /// [`SelectionError::Twice`], and [`SelectionError::NotFinite`] for NaN or infinity in a row that is not null.
    pub fn try_new(columns: Vec<Column<'a>>) -> Result<Self, SelectionError> {
        let Some(first) = columns.first() else {
            return Err(SelectionError::NoFeatures { what: "column" });
        };
        let rows = first.values.len();
        if rows == 0 {
            return Err(SelectionError::NoRows { what: format!("feature `{}`", first.name) });
        }
        let mut names = BTreeSet::new();
        for column in &columns {
            let (name, found) = (column.name, column.values.len());
            if found != rows {
                let what = format!("feature `{name}`");
                return Err(SelectionError::Length { what, expected: rows, found });
            }
            if !names.insert(name) {
                return Err(SelectionError::Twice { name: name.to_owned() });
            }
            let bad = |row: &usize| column.value(*row).is_some_and(|x| !x.is_finite());
            if let Some(row) = (0..rows).find(bad) {
                let found = column.values.get(row).copied().unwrap_or(f64::NAN);
                let what = format!("feature `{name}`");
                return Err(SelectionError::NotFinite { what, row, found });
            }
        }
        Ok(Self { columns, rows })
    }

    /// Rows of every column.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// One column; its number was checked where it came from.
    pub(crate) fn at(&self, column: usize) -> &Column<'a> {
        &self.columns[column]
    }

    /// The columns, in the order given.
    #[must_use]
    pub fn columns(&self) -> &[Column<'a>] {
        &self.columns
    }
}
