//! A split as arrays: what a learner of the `ndarray` world takes.

use crate::export::{
    ColumnChoice, ColumnRole, ExportError, ExportOptions, TestLook, export, label_column,
};
use crate::layout::column;
use crate::manifest::TargetColumn;
use crate::role::Split;
use crate::view::{Columns, VersionView};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int8Type, TimestampNanosecondType, UInt16Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use contract::EventId;
use ndarray::{Array1, Array2};
use std::collections::BTreeSet;

/// What becomes of a feature's nulls that no transform fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nulls {
    /// They are an error that names the feature, the split and how many there are.
    #[default]
    Refuse,
    /// They are NaN, for learners that know what it means.
    Nan,
}

/// How a split becomes arrays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrayOptions {
    /// Whether the transforms of the manifest are applied, and their masks become features of 0 and 1; by default not.
    pub transforms: bool,
    /// The target; `None` for the only one.
    pub target: Option<String>,
    /// What becomes of nulls that are left.
    pub nulls: Nulls,
}

/// Labels of a target.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelArray {
    /// Classes.
    Class(Array1<i32>),
    /// Values, in the unit of the target.
    Value(Array1<f64>),
}

/// A split as arrays, a row of the data files an element.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitArrays {
    /// Rows by features, row after row in memory. A category is its code.
    pub features: Array2<f64>,
    /// Names of the features, in the order of the columns; masks behind them.
    pub feature_names: Vec<String>,
    /// Labels of the target.
    pub labels: LabelArray,
    /// `weight__total`; ones where the version has no weights.
    pub weights: Array1<f64>,
    /// Ids of the decisions.
    pub row_ids: Vec<EventId>,
    /// Cut-offs, in nanoseconds since 1970.
    pub ts_cutoff: Vec<i64>,
    /// What must be recorded: `Some` for test.
    pub look: Option<TestLook>,
}

/// The rows of a split as arrays.
///
/// - **Shape:** rows in the order of the data files.
/// - **Nulls:** filled by the transforms of the manifest if asked for; those left are an error, or NaN if asked for.
///   Never silently anything else.
/// - **Cost:** 8 bytes a cell, and one data file.
///
/// # Errors
/// [`ExportError::Target`], [`ExportError::Nulls`] (also for a label or a weight), [`ExportError::Type`] for a feature
/// that is no number, [`ExportError::Shape`] where files hold other rows than the manifest says, and those of
/// [`export`](crate::export()).
///
/// ```no_run
/// use datasets::{ArrayOptions, Split, VersionView, split_arrays};
/// # fn of(version: VersionView<'_>) -> Result<(), Box<dyn std::error::Error>> {
/// let options = ArrayOptions { transforms: true, ..ArrayOptions::default() };
/// let train = split_arrays(version, Split::Train, &options)?;
/// assert_eq!(train.features.ncols(), train.feature_names.len());
/// assert_eq!(train.features.nrows(), train.weights.len());
/// # Ok(())
/// # }
/// ```
pub fn split_arrays(
    view: VersionView<'_>,
    split: Split,
    options: &ArrayOptions,
) -> Result<SplitArrays, ExportError> {
    let target = target_of(view, options)?;
    let label = label_column(&target.name);
    let all = view.schema()?.ok_or(ExportError::EmptySplit(split))?;
    let has_weight = all.column_with_name(column::WEIGHT_TOTAL).is_some();
    let mut names: BTreeSet<String> = all
        .fields()
        .iter()
        .filter(|field| {
            matches!(ColumnRole::of(field), Some(ColumnRole::Feature | ColumnRole::Mask))
        })
        .map(|field| field.name().clone())
        .collect();
    if options.transforms {
        let imputed = view.manifest.transforms.iter().filter(|t| t.kind.starts_with("impute_"));
        names.extend(imputed.map(|t| format!("{}{}", t.feature, crate::transform::MASK)));
    }
    let features = names.clone();
    names.extend([column::ROW_ID.to_owned(), column::TS_CUTOFF.to_owned(), label.clone()]);
    if has_weight {
        names.insert(column::WEIGHT_TOTAL.to_owned());
    }
    let columns = ColumnChoice::Names(names);
    let rows = export(view, split, &ExportOptions { imputed: options.transforms, columns })?;
    let look = rows.look();
    let feature_names: Vec<String> = rows
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .filter(|name| features.contains(name))
        .collect();
    let mut filling = Filling::new(split, feature_names, options.nulls);
    for batch in rows {
        filling.push(&batch?, &label, target.from == "class", has_weight)?;
    }
    filling.finish(view.files(split).map(|file| file.rows).sum(), look)
}

fn target_of<'a>(
    view: VersionView<'a>,
    options: &ArrayOptions,
) -> Result<&'a TargetColumn, ExportError> {
    let targets = &view.manifest.targets;
    let wrong = |found: String| ExportError::Target {
        targets: targets.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join("`, `"),
        found,
    };
    match (&options.target, targets.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(wrong("none named".to_owned())),
        (Some(name), _) => targets
            .iter()
            .find(|target| target.name == *name)
            .ok_or_else(|| wrong(format!("`{name}`"))),
    }
}

/// Arrays in the making.
struct Filling {
    split: Split,
    nulls: Nulls,
    features: Vec<String>,
    /// Nulls of each feature.
    missing: Vec<u64>,
    cells: Vec<f64>,
    classes: Vec<i32>,
    values: Vec<f64>,
    is_class: bool,
    weights: Vec<f64>,
    row_ids: Vec<EventId>,
    ts_cutoff: Vec<i64>,
    /// Nulls of the label and of the weight.
    without: [u64; 2],
}

impl Filling {
    fn new(split: Split, features: Vec<String>, nulls: Nulls) -> Self {
        Self {
            split,
            nulls,
            missing: vec![0; features.len()],
            features,
            cells: Vec::new(),
            classes: Vec::new(),
            values: Vec::new(),
            is_class: false,
            weights: Vec::new(),
            row_ids: Vec::new(),
            ts_cutoff: Vec::new(),
            without: [0; 2],
        }
    }

    fn push(
        &mut self,
        batch: &RecordBatch,
        label: &str,
        is_class: bool,
        has_weight: bool,
    ) -> Result<(), ExportError> {
        let columns = Columns::of(batch, crate::layout::file::DATA);
        self.is_class = is_class;
        let (rows, width) = (batch.num_rows(), self.features.len());
        let start = self.cells.len();
        self.cells.resize(start + rows * width, f64::NAN);
        for (place, name) in self.features.iter().enumerate() {
            let array = columns.any(name)?;
            self.missing[place] += array.null_count() as u64;
            let out = self.cells[start..].iter_mut().skip(place).step_by(width);
            fill(name, array, out)?;
        }
        self.row_ids.extend(columns.ids(column::ROW_ID)?.iter());
        let times = columns.numbers::<TimestampNanosecondType>(column::TS_CUTOFF)?;
        self.ts_cutoff.extend_from_slice(times.values());
        let nulls = if is_class {
            let classes = columns.numbers::<Int8Type>(label)?;
            self.classes.extend(classes.values().iter().map(|&class| i32::from(class)));
            classes.null_count()
        } else {
            let values = columns.numbers::<Float64Type>(label)?;
            self.values.extend_from_slice(values.values());
            values.null_count()
        };
        let without_weight = if has_weight {
            let weights = columns.numbers::<Float64Type>(column::WEIGHT_TOTAL)?;
            self.weights.extend_from_slice(weights.values());
            weights.null_count()
        } else {
            self.weights.resize(self.weights.len() + rows, 1.0);
            0
        };
        self.without[0] += nulls as u64;
        self.without[1] += without_weight as u64;
        self.refuse(self.without[0], label)?;
        self.refuse(self.without[1], column::WEIGHT_TOTAL)
    }

    fn refuse(&self, count: u64, column: &str) -> Result<(), ExportError> {
        if count == 0 {
            return Ok(());
        }
        let rows = self.row_ids.len() as u64;
        Err(ExportError::Nulls { column: column.to_owned(), split: self.split, count, rows })
    }

    fn finish(self, expected: u64, look: Option<TestLook>) -> Result<SplitArrays, ExportError> {
        let rows = self.row_ids.len();
        if self.nulls == Nulls::Refuse {
            for (name, missing) in self.features.iter().zip(&self.missing) {
                self.refuse(*missing, name)?;
            }
        }
        let shape =
            |found: usize| ExportError::Shape { split: self.split, expected, found: found as u64 };
        if rows as u64 != expected {
            return Err(shape(rows));
        }
        let cells = self.cells.len();
        let features = Array2::from_shape_vec((rows, self.features.len()), self.cells)
            .map_err(|_| shape(cells))?;
        let labels = if self.is_class {
            LabelArray::Class(Array1::from_vec(self.classes))
        } else {
            LabelArray::Value(Array1::from_vec(self.values))
        };
        Ok(SplitArrays {
            features,
            feature_names: self.features,
            labels,
            weights: Array1::from_vec(self.weights),
            row_ids: self.row_ids,
            ts_cutoff: self.ts_cutoff,
            look,
        })
    }
}

/// Writes a column's cells; nulls are left as they are.
fn fill<'a>(
    name: &str,
    array: &ArrayRef,
    out: impl Iterator<Item = &'a mut f64>,
) -> Result<(), ExportError> {
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        out.zip(numbers).for_each(|(out, number)| *out = number.unwrap_or(f64::NAN));
    } else if let Some(codes) = array.as_primitive_opt::<UInt16Type>() {
        out.zip(codes).for_each(|(out, code)| *out = code.map_or(f64::NAN, f64::from));
    } else if let Some(flags) = array.as_boolean_opt() {
        let number = |flag| if flag { 1.0 } else { 0.0 };
        out.zip(flags).for_each(|(out, flag)| *out = flag.map_or(f64::NAN, number));
    } else {
        return Err(ExportError::Type {
            column: name.to_owned(),
            expected: "Float64, UInt16 or Boolean",
            found: array.data_type().to_string(),
        });
    }
    Ok(())
}
