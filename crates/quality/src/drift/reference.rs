//! A reference that outlives its rows, and windows that are counted against it.

use super::bins::Bins;
use super::column::{self, Reading};
use super::moments::JointFit;
use super::sample::{Sample, tidy};
use super::side::{ColumnFit, Fit, Kind, Side};
use super::sort::Sorter;
use super::tally::Tally;
use super::{Detail, DriftError, DriftSpec, Joint};
use crate::NotEvaluated;
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

/// Columns that can be compared together.
const JOINT: usize = 64;

/// The side that others are compared with: bins fitted to it, its counts by block, and its values where these are kept.
///
/// It can be stored and used without its rows: floats are stored as their bits.
///
/// ```
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use quality::{Blocks, DriftOptions, DriftSpec, Reference};
/// use std::sync::Arc;
/// let column: ArrayRef = Arc::new(Float64Array::from_iter_values((0..400).map(f64::from)));
/// let train = RecordBatch::try_from_iter([("x", column)])?;
/// let reference = Reference::fit(&DriftSpec::new(Blocks::Rows(40)), &[train.clone()])?;
/// let stored = serde_json::to_string(&reference)?;
/// // Later, where the rows are no more:
/// let reference: Reference = serde_json::from_str(&stored)?;
/// let mut window = reference.window();
/// window.observe(&train)?;
/// let report = reference.compare(&window, &DriftOptions::default())?;
/// assert_eq!(report.columns[0].verdict.word(), "stable");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - **Cost:** with [`Detail::Exact`] 8 bytes a value; with [`Detail::Binned`] about a kilobyte a block and column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub(super) fit: Fit,
    pub(super) side: Side,
    skipped: Vec<String>,
}

impl Reference {
    /// Fits bins to rows and counts them.
    ///
    /// - **Shape:** batches are parts of one stream; columns that cannot be compared (instants, lists) are skipped unless named.
    /// - **Cost:** a sort of one column after another.
    ///
    /// # Errors
    /// [`DriftError`] when the blocks mean nothing, or there are too many rows.
    pub fn fit(spec: &DriftSpec, batches: &[RecordBatch]) -> Result<Self, DriftError> {
        spec.blocks.check()?;
        let (names, skipped) = names(spec, batches);
        let mut sorter = Sorter::default();
        let mut columns = Vec::with_capacity(names.len());
        let mut samples = Vec::with_capacity(names.len());
        for name in names {
            let (kind, sample) = fitted(spec, &name, batches, &mut sorter);
            columns.push(ColumnFit { name, kind });
            samples.push(if spec.detail == Detail::Exact { sample } else { Vec::new() });
        }
        let joint = joint(&spec.joint, &columns);
        let fit = Fit { blocks: spec.blocks.clone(), detail: spec.detail, columns, joint };
        let mut side = Side::new(&fit, 0);
        for batch in batches {
            side.observe(&fit, batch, Detail::Binned)?;
        }
        for (tally, sample) in side.tallies.iter_mut().zip(samples) {
            if let Tally::Numbers(tally) = tally {
                tally.values = sample;
            }
        }
        Ok(Self { fit, side, skipped })
    }

    /// An empty window to count current rows in.
    #[must_use]
    pub fn window(&self) -> DriftWindow {
        DriftWindow { side: Side::new(&self.fit, 0), fit: self.fit.clone() }
    }

    /// Columns of a type that is not compared.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Rows that it was fitted to.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.side.rows
    }
}

/// Current rows, counted in the bins of a [`Reference`].
///
/// The bits of what it counts depend neither on the size of batches nor on the order in which parts are merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftWindow {
    pub(super) fit: Fit,
    pub(super) side: Side,
}

impl DriftWindow {
    /// The same window for rows from this place of the stream on; matters to blocks of rows only.
    #[must_use]
    pub fn starting_at(mut self, row: u64) -> Self {
        self.side.start_at(row);
        self
    }

    /// Counts the next batch. A column that is missing or has another type is a finding, not an error.
    ///
    /// # Errors
    /// [`DriftError`] when a row belongs to no block, or there are too many rows; nothing is counted then.
    pub fn observe(&mut self, batch: &RecordBatch) -> Result<(), DriftError> {
        self.side.observe(&self.fit, batch, self.fit.detail)
    }

    /// Adds another part of the same stream.
    ///
    /// # Errors
    /// [`DriftError::OtherReference`] when it was made for another reference; [`DriftError::BlockOverfull`] when both hold
    /// the same rows; [`DriftError::TooManyRows`]. Nothing is added then.
    pub fn merge(&mut self, other: Self) -> Result<(), DriftError> {
        if self.fit != other.fit {
            return Err(DriftError::OtherReference);
        }
        self.side.merge(&self.fit, other.side)
    }

    /// Rows that it has counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.side.rows
    }
}

/// Names to compare, and those that are skipped.
fn names(spec: &DriftSpec, batches: &[RecordBatch]) -> (Vec<String>, Vec<String>) {
    if let Some(columns) = &spec.columns {
        return (columns.clone(), Vec::new());
    }
    let schema = batches.first().map(RecordBatch::schema);
    let fields = schema.iter().flat_map(|schema| schema.fields().iter());
    let others = fields.filter(|field| spec.blocks.column() != Some(field.name()));
    let (read, skipped): (Vec<_>, Vec<_>) =
        others.partition(|field| column::reading(field.data_type(), false).is_some());
    let names = |fields: Vec<&std::sync::Arc<arrow_schema::Field>>| {
        fields.into_iter().map(|field| field.name().clone()).collect()
    };
    (names(read), names(skipped))
}

/// How a column is compared, and its values in their order.
fn fitted(
    spec: &DriftSpec,
    name: &str,
    batches: &[RecordBatch],
    sorter: &mut Sorter,
) -> (Kind, Vec<f64>) {
    let mut values = Vec::new();
    let kind = match read(spec, name, batches, &mut values) {
        Ok(Reading::Words) => Kind::Words,
        Ok(Reading::Numbers) => {
            let sample = tidy(&values, sorter);
            return (Kind::Numbers(Bins::fit(Sample::of(&sample))), sample);
        }
        Err(reason) => Kind::Absent(reason),
    };
    (kind, Vec::new())
}

fn read(
    spec: &DriftSpec,
    name: &str,
    batches: &[RecordBatch],
    values: &mut Vec<f64>,
) -> Result<Reading, NotEvaluated> {
    let is_categorical = spec.categorical.iter().any(|other| other == name);
    let mut kind = None;
    for batch in batches {
        let array = column::find(batch, name)?;
        let unread = || {
            let found = array.data_type();
            NotEvaluated::WrongType(format!("column `{name}` is {found}"))
        };
        let reading = column::reading(array.data_type(), is_categorical);
        if kind.is_some() && kind != reading {
            return Err(unread());
        }
        kind = reading;
        match reading {
            Some(Reading::Words) => {}
            Some(Reading::Numbers) => {
                let Some(numbers) = column::numbers(array) else { return Err(unread()) };
                match numbers.nulls {
                    None => values.extend_from_slice(&numbers.values),
                    Some(nulls) => {
                        let all = numbers.values.iter().zip(nulls.iter());
                        values
                            .extend(all.filter(|(_, is_valid)| *is_valid).map(|(value, _)| value));
                    }
                }
            }
            None => return Err(unread()),
        }
    }
    kind.ok_or(NotEvaluated::NotYet)
}

fn joint(wanted: &Joint, columns: &[ColumnFit]) -> Result<JointFit, NotEvaluated> {
    let is_wanted = |column: &ColumnFit| match wanted {
        Joint::Numeric => column.kind.bins().is_some(),
        Joint::Columns(names) => names.contains(&column.name),
        Joint::Nothing => false,
    };
    if let Joint::Columns(names) = wanted {
        let is_missing = |name: &&String| !columns.iter().any(|column| column.name == **name);
        if let Some(name) = names.iter().find(is_missing) {
            return Err(NotEvaluated::MissingColumn(name.clone()));
        }
    }
    let mut fit = JointFit::default();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| is_wanted(column)) {
        let Some(bins) = column.kind.bins() else {
            let reason = format!("column `{}` is not numeric", column.name);
            return Err(NotEvaluated::WrongType(reason));
        };
        let sd = if bins.sd > 0.0 { bins.sd } else { 1.0 };
        fit.columns.push(place);
        fit.normals.push((bins.mean.to_bits(), sd.to_bits()));
    }
    match fit.columns.len() {
        0 | 1 => Err(NotEvaluated::MissingContext("at least two numeric columns".to_owned())),
        found if found > JOINT => Err(NotEvaluated::Limit(format!("{JOINT} columns together"))),
        _ => Ok(fit),
    }
}

/// Compares rows with rows: fits a [`Reference`], counts a [`DriftWindow`] and reports.
///
/// - **Shape:** batches of a side are parts of one stream.
/// - **Cost:** as its three steps.
///
/// ```
/// use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use quality::{Blocks, DriftOptions, DriftSpec, DriftVerdict, Effect, drift};
/// use std::sync::Arc;
/// // A spread in ticks that cycles from 1 to 5; later every quote is 2 ticks wider.
/// let quotes = |wider: u32| {
///     let spreads = (0..1_000).map(|row| f64::from(row % 5 + 1 + wider));
///     let column: ArrayRef = Arc::new(Float64Array::from_iter_values(spreads));
///     RecordBatch::try_from_iter([("spread", column)])
/// };
/// let spec = DriftSpec::new(Blocks::Rows(50));
/// let report = drift(&[quotes(0)?], &[quotes(2)?], &spec, &DriftOptions::default())?;
/// assert_eq!(report.columns[0].verdict, DriftVerdict::Drift);
/// let ks = report.finding("spread", Effect::Ks).expect("a numeric column has one");
/// assert_eq!((ks.size, ks.p, ks.n_current), (Some(0.4), Some(0.001), 1_000)); // 1 and 2 are gone
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Reference::fit`], [`DriftWindow::observe`] and [`Reference::compare`].
pub fn drift(
    reference: &[RecordBatch],
    current: &[RecordBatch],
    spec: &DriftSpec,
    options: &super::DriftOptions,
) -> Result<super::DriftReport, DriftError> {
    let reference = Reference::fit(spec, reference)?;
    let mut window = reference.window();
    for batch in current {
        window.observe(batch)?;
    }
    reference.compare(&window, options)
}
