//! Readings of the rows of the table `outcomes`.

use crate::measure::{Measure, Reading, Readings, Scalar, Scale};
use crate::null::Null;
use contract::arrow_array::Array;
use contract::{Batch, Diagnostic, DynamicColumn, Fault, Outcomes};

/// A column of a measure that outcome rows do not have as they should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("outcomes.{column}: expected a column of {expected}, found {found}")]
pub struct OutcomeColumnError {
    /// The column.
    pub column: String,
    /// What it should hold.
    pub expected: &'static str,
    /// What there is.
    pub found: &'static str,
}

impl Diagnostic for OutcomeColumnError {
    fn code(&self) -> &'static str {
        "labeling/missing-measure"
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

/// Columns of measures of one batch, found once.
#[derive(Debug)]
pub struct OutcomeColumns<'a, S> {
    batch: &'a Batch<Outcomes, S>,
    /// By [`Measure::index`]; `None` for what was not asked for.
    columns: Vec<Option<Columns<'a>>>,
}

#[derive(Debug, Clone, Copy)]
struct Columns<'a> {
    value: DynamicColumn<'a>,
    /// Lower and upper bound of a measure that has them.
    bounds: Option<(DynamicColumn<'a>, DynamicColumn<'a>)>,
}

impl<'a, S> OutcomeColumns<'a, S> {
    /// The columns of some measures.
    ///
    /// # Errors
    /// [`OutcomeColumnError`] for a column that is missing or of another type.
    pub fn new(
        batch: &'a Batch<Outcomes, S>,
        measures: impl IntoIterator<Item = Measure>,
    ) -> Result<Self, OutcomeColumnError> {
        let mut columns = vec![None; Measure::COUNT];
        for measure in measures {
            let name = measure.name();
            let value = column(batch, measure, name)?;
            let bounds = if measure.is_bounded() {
                let lo = column(batch, measure, &format!("{name}_lo"))?;
                Some((lo, column(batch, measure, &format!("{name}_hi"))?))
            } else {
                None
            };
            if let Some(slot) = columns.get_mut(measure.index()) {
                *slot = Some(Columns { value, bounds });
            }
        }
        Ok(Self { batch, columns })
    }

    /// The rows.
    #[must_use]
    pub const fn batch(&self) -> &'a Batch<Outcomes, S> {
        self.batch
    }

    /// A measure in a row, with its bounds; `NOT_APPLICABLE` for a measure that was not asked for.
    #[must_use]
    pub fn reading(&self, measure: Measure, row: usize) -> Reading {
        let Some(columns) = self.columns.get(measure.index()).copied().flatten() else {
            return Reading::unknown(Null::NotApplicable);
        };
        let value = scalar(columns.value, row).ok_or_else(|| self.why(measure, row));
        match columns.bounds {
            Some((lo, hi)) => Reading { value, lo: scalar(lo, row), hi: scalar(hi, row) },
            None => Reading { value, lo: value.ok(), hi: value.ok() },
        }
    }

    /// Every measure in a row.
    #[must_use]
    pub fn readings(&self, row: usize) -> Readings {
        let mut readings = Readings::new();
        for measure in Measure::ALL {
            readings.set(*measure, self.reading(*measure, row));
        }
        readings
    }

    /// The column of a measure's values.
    pub(crate) fn values(&self, measure: Measure) -> Option<DynamicColumn<'a>> {
        self.columns.get(measure.index()).copied().flatten().map(|columns| columns.value)
    }

    fn why(&self, measure: Measure, row: usize) -> Null {
        let code = self.batch.why(row, measure.name()).ok().flatten();
        code.and_then(|code| Null::from_code(code.get())).unwrap_or(Null::NotApplicable)
    }
}

/// Every measure of one outcome row, as the rules of a grade read it.
///
/// To read many rows, find the columns once with [`OutcomeColumns`].
///
/// # Errors
/// [`OutcomeColumnError`] for a column that is missing or of another type.
pub fn outcome_readings<S>(
    batch: &Batch<Outcomes, S>,
    row: usize,
) -> Result<Readings, OutcomeColumnError> {
    Ok(OutcomeColumns::new(batch, Measure::ALL.iter().copied())?.readings(row))
}

fn column<'a, S>(
    batch: &'a Batch<Outcomes, S>,
    measure: Measure,
    name: &str,
) -> Result<DynamicColumn<'a>, OutcomeColumnError> {
    let expected = match measure.scale() {
        Scale::Money => "money",
        Scale::Number => "numbers",
        Scale::Instant => "instants",
        Scale::Whole => "whole numbers",
    };
    let error = |found| OutcomeColumnError { column: name.to_owned(), expected, found };
    let column = batch.dynamic_column(name).ok_or_else(|| error("none"))?;
    let found = match column {
        DynamicColumn::Money(_) => "money",
        DynamicColumn::Number(_) => "numbers",
        DynamicColumn::Instant(_) => "instants",
        DynamicColumn::Whole(_) => "whole numbers",
        _ => "categories",
    };
    if found == expected { Ok(column) } else { Err(error(found)) }
}

fn scalar(column: DynamicColumn<'_>, row: usize) -> Option<Scalar> {
    match column {
        DynamicColumn::Money(a) => a.is_valid(row).then(|| Scalar::Money(a.value(row))),
        DynamicColumn::Number(a) => a.is_valid(row).then(|| Scalar::Number(a.value(row))),
        DynamicColumn::Instant(a) => a.is_valid(row).then(|| Scalar::Whole(a.value(row))),
        DynamicColumn::Whole(a) => a.is_valid(row).then(|| Scalar::Whole(a.value(row))),
        _ => None,
    }
}
