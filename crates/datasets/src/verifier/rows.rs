//! The rows of a version as its files hold them: keys, lineage, what was dropped, labels, roles in folds.

use super::error::VerifyError;
use super::read::{Cells, Read, id, optional};
use crate::folder::Folder;
use crate::layout::{column, dropped, file, lineage};
use crate::manifest::DataFile;
use crate::role::Split;
use arrow_array::Array;
use arrow_array::types::{UInt8Type, UInt16Type, UInt64Type};
use arrow_schema::Schema;
use std::collections::BTreeMap;

/// A row's id.
pub(super) type Id = [u8; 16];

/// A row of a data file.
#[derive(Debug, Clone, Copy)]
pub(super) struct DataRow {
    pub(super) id: Id,
    pub(super) ts: i64,
    pub(super) seq: u64,
    pub(super) end: i64,
    pub(super) split: Split,
}

/// A row of `_lineage/rows.parquet`.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineageRow {
    pub(super) id: Id,
    pub(super) ts: i64,
    pub(super) seq: u64,
    pub(super) split: Option<Split>,
    pub(super) src_ts_avail_max: Option<i64>,
    pub(super) src_seq_max: Option<u64>,
    pub(super) src_rows: u64,
    pub(super) md_seq_high: Option<u64>,
    pub(super) latest_end: i64,
    pub(super) until: i64,
    pub(super) avail: i64,
    pub(super) first_avail: i64,
    pub(super) label_seq_hi: Option<u64>,
}

/// A row of `_lineage/dropped.parquet`.
#[derive(Debug, Clone)]
pub(super) struct DroppedRow {
    pub(super) id: Id,
    pub(super) reason: String,
}

/// A column of label or weight cells, in reading order.
#[derive(Debug)]
pub(super) struct LabelCells {
    pub(super) name: String,
    pub(super) cells: Cells,
}

/// All rows of a version. Reading order is that of the data files sorted by path.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) data: Vec<DataRow>,
    /// Places of `data` in the order of (`ts_cutoff`, `seq`, `row_id`).
    pub(super) by_time: Vec<usize>,
    /// Rows of each file, in the order of the manifest.
    pub(super) of_files: Vec<std::ops::Range<usize>>,
    pub(super) lineage: Vec<LineageRow>,
    /// Values of each `group__` column, by its name, one a row of `lineage`.
    pub(super) groups: BTreeMap<String, Vec<Option<Id>>>,
    /// The row of `lineage` that has the id and the split of a row of `data`.
    pub(super) lineage_of: Vec<Option<usize>>,
    pub(super) dropped: Vec<DroppedRow>,
    pub(super) labels: Vec<LabelCells>,
    /// Roles in each fold that `_folds/groups.parquet` writes, one a row of `data`; 255 where there is none.
    pub(super) fold_roles: Vec<Vec<u8>>,
    /// Group of rows in `_folds/groups.parquet`, sorted by id, where there is such a file.
    pub(super) fold_groups: Option<Vec<(Id, Option<u16>)>>,
}

impl Rows {
    /// Reads all but the features.
    pub(super) fn read(
        folder: &Folder,
        files: &[DataFile],
        schema: &Schema,
        has_folds: bool,
    ) -> Result<Self, VerifyError> {
        let mut rows = Self::default();
        let names = || schema.fields().iter().map(|field| field.name().as_str());
        let labels: Vec<&str> = names()
            .filter(|n| n.starts_with(column::LABEL) || n.starts_with(column::WEIGHT))
            .collect();
        rows.labels.extend(
            labels.iter().map(|n| LabelCells { name: (*n).to_owned(), cells: Cells::default() }),
        );
        for data_file in files {
            rows.read_data(folder, data_file, &labels)?;
        }
        rows.by_time = (0..rows.data.len()).collect();
        let data = &rows.data;
        rows.by_time.sort_unstable_by_key(|&at| (data[at].ts, data[at].seq, data[at].id));
        rows.read_lineage(folder)?;
        rows.lineage_of = join(&rows.data, &rows.lineage);
        rows.read_dropped(folder)?;
        if has_folds {
            rows.read_folds(folder)?;
        }
        Ok(rows)
    }

    /// Rows of the split, in reading order.
    pub(super) fn of(&self, split: Split) -> impl Iterator<Item = (usize, &DataRow)> {
        self.data.iter().enumerate().filter(move |(_, row)| row.split == split)
    }

    /// First cut-off of a split.
    pub(super) fn first(&self, split: Split) -> Option<i64> {
        self.of(split).map(|(_, row)| row.ts).min()
    }

    fn read_data(
        &mut self,
        folder: &Folder,
        data_file: &DataFile,
        labels: &[&str],
    ) -> Result<(), VerifyError> {
        let start = self.data.len();
        let keys = [column::ROW_ID, column::TS_CUTOFF, column::SEQ, column::LABEL_END];
        let mut columns = keys.to_vec();
        columns.extend(labels.iter().filter(|label| **label != column::LABEL_END));
        // The folder is what a reader of the files goes by; whether the manifest says the same is checked apart.
        let word = data_file.path.split('/').nth(1).unwrap_or_default();
        let split = Split::parse(word).or_else(|| Split::parse(&data_file.split));
        let split = split.unwrap_or(Split::Train);
        for batch in folder.batches(&data_file.path, Some(&columns))? {
            let batch = batch?;
            let read = Read { path: &data_file.path, batch: &batch };
            read.filled(&keys)?;
            let ids = read.ids(column::ROW_ID)?;
            let ts = read.times(column::TS_CUTOFF)?;
            let seq = read.numbers::<UInt64Type>(column::SEQ)?;
            let end = read.times(column::LABEL_END)?;
            self.data.extend((0..batch.num_rows()).map(|row| DataRow {
                id: id(ids, row),
                ts: ts.value(row),
                seq: seq.value(row),
                end: end.value(row),
                split,
            }));
            for label in &mut self.labels {
                label.cells.push(&read, &label.name)?;
            }
        }
        self.of_files.push(start..self.data.len());
        Ok(())
    }

    fn read_folds(&mut self, folder: &Folder) -> Result<(), VerifyError> {
        let (folds, listed) = listed(folder)?;
        self.fold_roles = vec![vec![255; self.data.len()]; folds];
        for (at, row) in self.data.iter().enumerate() {
            let found = listed.partition_point(|(known, ..)| *known < row.id);
            let Some((.., of_row)) = listed.get(found).filter(|l| l.0 == row.id) else { continue };
            for (roles, role) in self.fold_roles.iter_mut().zip(of_row) {
                roles[at] = *role;
            }
        }
        self.fold_groups = Some(listed.into_iter().map(|(id, group, _)| (id, group)).collect());
        Ok(())
    }

    fn read_lineage(&mut self, folder: &Folder) -> Result<(), VerifyError> {
        let batches = folder.batches(file::LINEAGE, None)?;
        let schema = batches.schema();
        for field in schema.fields().iter().filter(|f| f.name().starts_with(lineage::GROUP)) {
            self.groups.insert(field.name().clone(), Vec::new());
        }
        for batch in batches {
            let batch = batch?;
            let read = Read { path: file::LINEAGE, batch: &batch };
            read.filled(&[
                column::ROW_ID,
                column::TS_CUTOFF,
                column::SEQ,
                lineage::SPLIT,
                lineage::SRC_ROWS,
                lineage::LABEL_LATEST_END,
                lineage::LABEL_UNTIL,
                lineage::LABEL_AVAIL,
                lineage::LABEL_FIRST_AVAIL,
            ])?;
            let ids = read.ids(column::ROW_ID)?;
            let ts = read.times(column::TS_CUTOFF)?;
            let seq = read.numbers::<UInt64Type>(column::SEQ)?;
            let split = read.texts(lineage::SPLIT)?;
            let src_avail = read.times(lineage::SRC_TS_AVAIL_MAX)?;
            let src_seq = read.numbers::<UInt64Type>(lineage::SRC_SEQ_MAX)?;
            let src_rows = read.numbers::<UInt64Type>(lineage::SRC_ROWS)?;
            let md_seq_high = read.numbers::<UInt64Type>(lineage::MD_SEQ_HIGH)?;
            let latest_end = read.times(lineage::LABEL_LATEST_END)?;
            let until = read.times(lineage::LABEL_UNTIL)?;
            let avail = read.times(lineage::LABEL_AVAIL)?;
            let first_avail = read.times(lineage::LABEL_FIRST_AVAIL)?;
            let label_seq_hi = read.numbers::<UInt64Type>(lineage::LABEL_SEQ_HI)?;
            self.lineage.extend((0..batch.num_rows()).map(|row| LineageRow {
                id: id(ids, row),
                ts: ts.value(row),
                seq: seq.value(row),
                split: Split::parse(split.value(row)),
                src_ts_avail_max: optional(src_avail, row),
                src_seq_max: optional(src_seq, row),
                src_rows: src_rows.value(row),
                md_seq_high: optional(md_seq_high, row),
                latest_end: latest_end.value(row),
                until: until.value(row),
                avail: avail.value(row),
                first_avail: first_avail.value(row),
                label_seq_hi: optional(label_seq_hi, row),
            }));
            for (name, values) in &mut self.groups {
                let ids = read.ids(name)?;
                values.extend((0..ids.len()).map(|row| ids.is_valid(row).then(|| id(ids, row))));
            }
        }
        Ok(())
    }

    fn read_dropped(&mut self, folder: &Folder) -> Result<(), VerifyError> {
        let columns = [column::ROW_ID, dropped::REASON];
        for batch in folder.batches(file::DROPPED, Some(&columns))? {
            let batch = batch?;
            let read = Read { path: file::DROPPED, batch: &batch };
            read.filled(&columns)?;
            let ids = read.ids(column::ROW_ID)?;
            let reasons = read.texts(dropped::REASON)?;
            self.dropped.extend(
                (0..batch.num_rows()).map(|row| DroppedRow {
                    id: id(ids, row),
                    reason: reasons.value(row).to_owned(),
                }),
            );
        }
        Ok(())
    }
}

/// Id and split decide which row of the lineage belongs to a row of the data.
fn join(data: &[DataRow], lineage: &[LineageRow]) -> Vec<Option<usize>> {
    let mut left: Vec<(Id, Option<Split>, usize)> =
        data.iter().enumerate().map(|(at, row)| (row.id, Some(row.split), at)).collect();
    let mut right: Vec<(Id, Option<Split>, usize)> =
        lineage.iter().enumerate().map(|(at, row)| (row.id, row.split, at)).collect();
    left.sort_unstable();
    right.sort_unstable();
    let mut of = vec![None; data.len()];
    let mut next = 0;
    for (id, split, at) in left {
        while right.get(next).is_some_and(|r| (r.0, r.1) < (id, split)) {
            next += 1;
        }
        if let Some(found) = right.get(next).filter(|r| (r.0, r.1) == (id, split)) {
            of[at] = Some(found.2);
            next += 1; // a second row of the data with this id has no row of the lineage left
        }
    }
    of
}

/// A row of `_folds/groups.parquet`: id, group, role in each fold.
type Listed = (Id, Option<u16>, Vec<u8>);

fn listed(folder: &Folder) -> Result<(usize, Vec<Listed>), VerifyError> {
    let mut all = Vec::new();
    let batches = folder.batches(file::FOLDS, None)?;
    let schema = batches.schema();
    let is_role =
        |field: &&contract::arrow_schema::FieldRef| field.name().starts_with(column::FOLD);
    let folds = schema.fields().iter().filter(is_role).count();
    let names: Vec<String> = (0..folds).map(|k| format!("{}{k}", column::FOLD)).collect();
    for batch in batches {
        let batch = batch?;
        let read = Read { path: file::FOLDS, batch: &batch };
        read.filled(&[column::ROW_ID])?;
        let ids = read.ids(column::ROW_ID)?;
        let groups = read.numbers::<UInt16Type>(column::FOLD_GROUP)?;
        let roles: Result<Vec<_>, _> =
            names.iter().map(|name| read.numbers::<UInt8Type>(name)).collect();
        let roles = roles?;
        all.extend((0..batch.num_rows()).map(|row| {
            let of_row = roles.iter().map(|of| optional(of, row).unwrap_or(255)).collect();
            (id(ids, row), optional(groups, row), of_row)
        }));
    }
    all.sort_unstable();
    Ok((folds, all))
}
