//! A version of a dataset as an experiment.

use super::error::ClaimError;
use super::experiment::{ClaimRow, Experiment};
use super::folds::ClaimPurge;
use super::matrix::Matrix;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int8Type, TimestampNanosecondType, UInt32Type};
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use datasets::layout::{column, file, lineage};
use datasets::{Folder, Manifest, Purge, Spec, Split};
use std::collections::BTreeMap;

/// Reads the rows of a version that a claim may see: train and validation, and test only when it is opened.
///
/// - **Shape:** rows in the order of the cut-off. Features are those of the manifest; one that is no number is left out.
/// - **Nulls:** NaN in features, which the model takes for the mean. A row without a label is an error.
/// - **Point in time:** the reach of the purge is the longest lookback of the features, capped by `reach_max` and 0 under
///   `purge = "labels"`, as in the version's own split.
///
/// # Errors
/// [`ClaimError::Read`] and [`ClaimError::Data`].
pub fn load_experiment(
    folder: &Folder,
    target: &str,
    is_final: bool,
) -> Result<Experiment, ClaimError> {
    let manifest: Manifest = folder.document(file::MANIFEST)?;
    let spec: Spec = folder.document(file::SPEC)?;
    let Some(found) = manifest.targets.iter().find(|t| t.name == target) else {
        let names: Vec<&str> = manifest.targets.iter().map(|t| t.name.as_str()).collect();
        return Err(ClaimError::Data { expected: "the claim's target", found: names.join(", ") });
    };
    if found.from != "class" {
        let found = format!("values of {}", found.name);
        return Err(ClaimError::Data { expected: "a target with classes", found });
    }
    let facts = lineage_facts(folder)?;
    let mut reading = Reading {
        label: format!("{}{target}", column::LABEL),
        names: manifest.features.iter().map(|f| f.name.clone()).collect(),
        rows: Vec::new(),
        facts,
    };
    for data in &manifest.files {
        let split = Split::parse(&data.split);
        if split == Some(Split::Test) && !is_final {
            continue;
        }
        for batch in folder.batches(&data.path, None)? {
            reading.push(&batch?, split == Some(Split::Test))?;
        }
    }
    let lookback = manifest.features.iter().map(|f| f.lookback_ns.0).max().unwrap_or(0);
    let reach = match spec.split.purge {
        Purge::LabelsFeatures => {
            spec.split.reach_max_ns.map_or(lookback, |cap| cap.0.min(lookback))
        }
        Purge::Labels | Purge::None => 0,
    };
    Ok(reading.finish(ClaimPurge { reach_ns: i64::try_from(reach).unwrap_or(i64::MAX) }))
}

/// When the first final label of a row was known, and its groups.
type Facts = BTreeMap<Vec<u8>, (Option<i64>, Vec<[u8; 16]>)>;

fn lineage_facts(folder: &Folder) -> Result<Facts, ClaimError> {
    let mut facts = Facts::new();
    for batch in folder.batches(file::LINEAGE, None)? {
        let batch = batch?;
        let ids = binary(&batch, column::ROW_ID)?;
        let avail = stamps(&batch, lineage::LABEL_FIRST_AVAIL)?;
        let schema = batch.schema();
        let groups: Vec<&FixedSizeBinaryArray> = schema
            .fields()
            .iter()
            .filter(|field| field.name().starts_with(lineage::GROUP))
            .map(|field| binary(&batch, field.name()))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let of_row = groups
                .iter()
                .enumerate()
                .filter(|(_, column)| column.is_valid(row))
                .filter_map(|(n, column)| {
                    let mut group = <[u8; 16]>::try_from(column.value(row)).ok()?;
                    // Equal values of two columns are two groups.
                    if let Some(first) = group.first_mut() {
                        *first ^= u8::try_from(n).unwrap_or(u8::MAX);
                    }
                    Some(group)
                })
                .collect();
            let known = avail.and_then(|at| at.is_valid(row).then(|| at.value(row)));
            facts.insert(ids.value(row).to_vec(), (known, of_row));
        }
    }
    Ok(facts)
}

struct Reading {
    label: String,
    names: Vec<String>,
    /// Row, class, features.
    rows: Vec<(ClaimRow, i8, Vec<f64>)>,
    facts: Facts,
}

impl Reading {
    fn push(&mut self, batch: &RecordBatch, is_final: bool) -> Result<(), ClaimError> {
        let ids = binary(batch, column::ROW_ID)?;
        let missing = |name: &str| data("a column of a dataset", name);
        let ts = stamps(batch, column::TS_CUTOFF)?.ok_or_else(|| missing(column::TS_CUTOFF))?;
        let end = stamps(batch, column::LABEL_END)?.ok_or_else(|| missing(column::LABEL_END))?;
        let class = batch
            .column_by_name(&self.label)
            .and_then(|c| c.as_primitive_opt::<Int8Type>())
            .ok_or_else(|| missing(&self.label))?;
        let number = |name: &str| {
            batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>())
        };
        let total = number(column::WEIGHT_TOTAL);
        let unique = number(&format!("{}uniqueness", column::WEIGHT));
        let quality = number(column::QUALITY);
        let instrument = batch
            .column_by_name(column::INSTRUMENT_ID)
            .and_then(|c| c.as_primitive_opt::<UInt32Type>());
        let features: Vec<Vec<f64>> =
            self.names.iter().map(|name| cells(batch, name)).collect::<Result<_, _>>()?;
        let at = |column: Option<&arrow_array::Float64Array>, row: usize| {
            column.filter(|c| c.is_valid(row)).map(|c| c.value(row))
        };
        for row in 0..batch.num_rows() {
            if class.is_null(row) || end.is_null(row) {
                return Err(data("a label in every row", &format!("none in row {row}")));
            }
            let (known, groups) = self.facts.get(ids.value(row)).cloned().unwrap_or_default();
            let facts = ClaimRow {
                ts: ts.value(row),
                end: end.value(row),
                avail: known.unwrap_or_else(|| end.value(row)),
                class: 0,
                weight: at(total, row).unwrap_or(1.0),
                uniqueness: at(unique, row),
                quality: at(quality, row),
                instrument: instrument.filter(|c| c.is_valid(row)).map_or(0, |c| c.value(row)),
                groups,
                is_final,
            };
            let cells = features.iter().map(|cells| cells[row]).collect();
            self.rows.push((facts, class.value(row), cells));
        }
        Ok(())
    }

    fn finish(mut self, purge: ClaimPurge) -> Experiment {
        // Stable: rows of one instant stay in the order of the files, by split and then as they were written.
        self.rows.sort_by_key(|(row, ..)| row.ts);
        let mut classes: Vec<i8> = self.rows.iter().map(|(_, class, _)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        let mut values = Vec::with_capacity(self.rows.len() * self.names.len());
        let mut rows = Vec::with_capacity(self.rows.len());
        for (mut row, class, cells) in self.rows {
            row.class = classes.partition_point(|known| *known < class);
            values.extend(cells);
            rows.push(row);
        }
        let features = if self.names.is_empty() {
            Matrix::empty(rows.len())
        } else {
            Matrix::from_rows(self.names.len(), values)
        };
        let classes = classes.iter().map(i8::to_string).collect();
        Experiment { rows, features, names: self.names, classes, purge }
    }
}

/// Cells of a feature as numbers; a category or a text says nothing here.
fn cells(batch: &RecordBatch, name: &str) -> Result<Vec<f64>, ClaimError> {
    let column: &ArrayRef =
        batch.column_by_name(name).ok_or_else(|| data("a column of a dataset", name))?;
    let numbers = if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        numbers.iter().map(|cell| cell.unwrap_or(f64::NAN)).collect()
    } else if let Some(flags) = column.as_boolean_opt() {
        flags.iter().map(|cell| cell.map_or(f64::NAN, |flag| f64::from(u8::from(flag)))).collect()
    } else {
        vec![f64::NAN; batch.num_rows()]
    };
    Ok(numbers)
}

fn binary<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a FixedSizeBinaryArray, ClaimError> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_fixed_size_binary_opt())
        .ok_or_else(|| data("a column of a dataset", name))
}

fn stamps<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<Option<&'a arrow_array::TimestampNanosecondArray>, ClaimError> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Ok(column.as_primitive_opt::<TimestampNanosecondType>())
        }
        other => Err(data("times in nanoseconds", &format!("{name} of type {other}"))),
    }
}

fn data(expected: &'static str, found: &str) -> ClaimError {
    ClaimError::Data { expected, found: found.to_owned() }
}

#[cfg(test)]
mod tests;
