//! Cells of rows that both versions have, column by column.

mod typed;

use super::error::DiffError;
use super::rows::{EXAMPLES, Join, Pair, Place};
use crate::canonical::Number;
use crate::export::ColumnRole;
use crate::layout::column;
use crate::manifest::DataFile;
use crate::view::VersionView;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use typed::{Cell, CellColumn};

/// Cells that are compared at a time, in memory of both versions.
const AT_A_TIME: usize = 8_000_000;

/// A cell that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellExample {
    /// The row.
    pub row_id: String,
    /// Its value before; `None`: null. Floats as the shortest text with the same bits.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

/// A column with cells that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnChanges {
    /// The column.
    pub column: String,
    /// What it is for, in the first version.
    pub role: Option<ColumnRole>,
    /// Cells that are different, those from and to null among them.
    pub changed: u64,
    /// Cells that were null.
    pub null_to_value: u64,
    /// Cells that are null now.
    pub value_to_null: u64,
    /// Greatest absolute difference of two finite numbers, in the unit of the column.
    pub greatest_absolute: Option<Number>,
    /// Greatest difference by the absolute value before, where that is not zero.
    pub greatest_relative: Option<Number>,
    /// The first, in the order of the first version: at most 8.
    pub examples: Vec<CellExample>,
}

/// Transitions of a class, by the texts of the cells.
pub(super) type Transitions = BTreeMap<String, BTreeMap<String, u64>>;

/// What came of the comparison.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) columns: Vec<ColumnChanges>,
    /// By column, of labels that are classes.
    pub(super) classes: BTreeMap<String, Transitions>,
}

pub(super) fn compare(
    before: VersionView<'_>,
    after: VersionView<'_>,
    join: &Join<'_>,
) -> Result<Compared, DiffError> {
    let mut compared = Compared::default();
    let (false, [first, ..], [second, ..]) =
        (join.pairs.is_empty(), join.before.as_slice(), join.after.as_slice())
    else {
        return Ok(compared);
    };
    let old = before.folder.batches(&first.path, None)?.schema();
    let new = after.folder.batches(&second.path, None)?.schema();
    let fields: Vec<&Field> = old
        .fields()
        .iter()
        .map(AsRef::as_ref)
        .filter(|field| field.name() != column::ROW_ID)
        .filter(|field| {
            new.field_with_name(field.name()).is_ok_and(|other| {
                other.data_type() == field.data_type() || field.name() == column::NULL_REASONS
            })
        })
        .collect();
    let mut tallies: Vec<Tally> = fields.iter().map(|field| Tally::new(field)).collect();
    for island in islands(join) {
        let rows = |files: &BTreeSet<usize>, all: &[&DataFile]| -> u64 {
            files.iter().map(|&file| all[file].rows).sum()
        };
        let rows = rows(&island.before, &join.before) + rows(&island.after, &join.after);
        let width = AT_A_TIME / usize::try_from(rows).unwrap_or(usize::MAX).max(1);
        for (fields, tallies) in fields.chunks(width.max(1)).zip(tallies.chunks_mut(width.max(1))) {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            let old = Side::read(before, &join.before, &island.before, &names)?;
            let new = Side::read(after, &join.after, &island.after, &names)?;
            for tally in tallies {
                let (old, new) = (old.column(tally.name())?, new.column(tally.name())?);
                let (old, new) = match tally.name() {
                    column::NULL_REASONS => reasons_of_both(before, after, old, new),
                    _ => (old, new),
                };
                tally.add(&island.pairs, &old, &new);
            }
        }
    }
    for tally in tallies {
        if tally.changes.changed > 0 {
            if tally.is_class {
                compared.classes.insert(tally.changes.column.clone(), tally.transitions);
            }
            compared.columns.push(tally.changes);
        }
    }
    Ok(compared)
}

/// Reasons of null have a byte a feature: those of features that both have are compared.
fn reasons_of_both<'a>(
    before: VersionView<'_>,
    after: VersionView<'_>,
    old: CellColumn<'a>,
    new: CellColumn<'a>,
) -> (CellColumn<'a>, CellColumn<'a>) {
    let places: BTreeMap<&str, usize> = after
        .manifest
        .features
        .iter()
        .enumerate()
        .map(|(place, feature)| (feature.name.as_str(), place))
        .collect();
    let both = before.manifest.features.iter().enumerate();
    let both = both.filter_map(|(at, feature)| Some((at, *places.get(feature.name.as_str())?)));
    let (first, second): (Vec<usize>, Vec<usize>) = both.unzip();
    (old.bytes_at(first), new.bytes_at(second))
}

/// Files of both versions that share rows with each other and with no other file.
#[derive(Default)]
struct Island {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    pairs: Vec<Pair>,
}

/// Most often a file and its successor; all files, where they were cut anew.
fn islands(join: &Join<'_>) -> Vec<Island> {
    let shift = join.before.len();
    let mut root: Vec<usize> = (0..shift + join.after.len()).collect();
    let find = |root: &mut Vec<usize>, mut at: usize| {
        while root[at] != at {
            root[at] = root[root[at]];
            at = root[at];
        }
        at
    };
    for pair in &join.pairs {
        let one = find(&mut root, pair.before.file);
        let other = find(&mut root, shift + pair.after.file);
        let (low, high) = (one.min(other), one.max(other));
        root[high] = low;
    }
    let mut islands: BTreeMap<usize, Island> = BTreeMap::new();
    for pair in &join.pairs {
        let island = islands.entry(find(&mut root, pair.before.file)).or_default();
        island.before.insert(pair.before.file);
        island.after.insert(pair.after.file);
        island.pairs.push(*pair);
    }
    islands.into_values().collect()
}

/// Some columns of some files of a version.
struct Side<'a> {
    path: &'a str,
    rows: RecordBatch,
    /// Where each file starts.
    starts: BTreeMap<usize, usize>,
}

impl<'a> Side<'a> {
    fn read(
        view: VersionView<'_>,
        all: &[&'a DataFile],
        files: &BTreeSet<usize>,
        columns: &[&str],
    ) -> Result<Self, DiffError> {
        let mut starts = BTreeMap::new();
        let mut batches = Vec::new();
        let mut rows = 0;
        let mut path = "";
        for &file in files {
            path = &all[file].path;
            starts.insert(file, rows);
            let start = rows;
            for batch in view.folder.batches(path, Some(columns))? {
                let batch = batch?;
                rows += batch.num_rows();
                batches.push(batch);
            }
            if (rows - start) as u64 != all[file].rows {
                let (expected, found) = (all[file].rows, (rows - start) as u64);
                return Err(DiffError::Rows { path: path.to_owned(), expected, found });
            }
        }
        let failed = |source| DiffError::Arrow { path: path.to_owned(), source };
        let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| DiffError::Rows {
            path: path.to_owned(),
            expected: 1,
            found: 0,
        })?;
        let rows = arrow_select::concat::concat_batches(&schema, &batches).map_err(failed)?;
        Ok(Self { path, rows, starts })
    }

    fn column(&self, name: &str) -> Result<CellColumn<'_>, DiffError> {
        let column = crate::view::Columns::of(&self.rows, self.path);
        let array: &ArrayRef = column.any(name)?;
        CellColumn::of(array, &self.starts).ok_or_else(|| DiffError::Type {
            path: self.path.to_owned(),
            column: name.to_owned(),
            found: array.data_type().to_string(),
        })
    }
}

/// A column's changes in the making.
struct Tally {
    changes: ColumnChanges,
    is_class: bool,
    transitions: Transitions,
    absolute: f64,
    relative: f64,
}

impl Tally {
    fn new(field: &Field) -> Self {
        let role = ColumnRole::of(field);
        Self {
            changes: ColumnChanges {
                column: field.name().clone(),
                role,
                changed: 0,
                null_to_value: 0,
                value_to_null: 0,
                greatest_absolute: None,
                greatest_relative: None,
                examples: Vec::new(),
            },
            is_class: role == Some(ColumnRole::Label) && *field.data_type() == DataType::Int8,
            transitions: Transitions::new(),
            absolute: -1.0,
            relative: -1.0,
        }
    }

    fn name(&self) -> &str {
        &self.changes.column
    }

    fn add(&mut self, pairs: &[Pair], old: &CellColumn<'_>, new: &CellColumn<'_>) {
        for pair in pairs {
            let (before, after) = (old.cell(pair.before), new.cell(pair.after));
            if before != after {
                self.change(pair, &before, &after);
            }
        }
    }

    fn change(&mut self, pair: &Pair, before: &Cell<'_>, after: &Cell<'_>) {
        let changes = &mut self.changes;
        changes.changed += 1;
        changes.null_to_value += u64::from(matches!(before, Cell::Null));
        changes.value_to_null += u64::from(matches!(after, Cell::Null));
        if let Some((absolute, relative)) = before.distance(after) {
            if absolute > self.absolute {
                self.absolute = absolute;
                changes.greatest_absolute = Some(Number(absolute));
            }
            if let Some(relative) = relative.filter(|relative| *relative > self.relative) {
                self.relative = relative;
                changes.greatest_relative = Some(Number(relative));
            }
        }
        if changes.examples.len() < EXAMPLES {
            let (before, after) = Cell::texts(before, after);
            let row_id = pair.row_id.to_string();
            changes.examples.push(CellExample { row_id, before, after });
        }
        if self.is_class {
            let text = |cell: &Cell<'_>| cell.text().unwrap_or_else(|| "null".to_owned());
            *self.transitions.entry(text(before)).or_default().entry(text(after)).or_default() += 1;
        }
    }
}

/// Where a row stands in a column that was put together of files.
fn position(starts: &BTreeMap<usize, usize>, place: Place) -> usize {
    starts.get(&place.file).copied().unwrap_or(0) + place.row
}
