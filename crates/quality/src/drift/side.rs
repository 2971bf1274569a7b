//! One side of a comparison: counts of all columns, and the blocks they are counted in.

use super::bins::Bins;
use super::column::{self, Numbers, Reading};
use super::moments::{JointFit, Moments};
use super::tally::{NumberTally, Segment, Tally, WordTally, too_many_names};
use super::{Blocks, Detail, DriftError};
use crate::NotEvaluated;
use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of a side that can be counted.
const ROWS: u64 = 2_147_483_647;

/// What both sides know of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ColumnFit {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// How a column is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Kind {
    Numbers(Bins),
    Words,
    Absent(NotEvaluated),
}

impl Kind {
    pub(super) fn bins(&self) -> Option<&Bins> {
        match self {
            Self::Numbers(bins) => Some(bins),
            Self::Words | Self::Absent(_) => None,
        }
    }
}

/// What both sides know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fit {
    pub(super) blocks: Blocks,
    pub(super) detail: Detail,
    pub(super) columns: Vec<ColumnFit>,
    /// Columns that are compared together, or why none are.
    pub(super) joint: Result<JointFit, NotEvaluated>,
}

/// Counts of a side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Side {
    /// Place of the next row, for blocks of rows.
    next_row: u64,
    pub(super) rows: u64,
    /// Id to place.
    pub(super) blocks: BTreeMap<i64, usize>,
    lengths: Vec<u64>,
    pub(super) tallies: Vec<Tally>,
    pub(super) joint: Result<Moments, NotEvaluated>,
}

impl Side {
    pub(super) fn new(fit: &Fit, next_row: u64) -> Self {
        let tally = |column: &ColumnFit| match &column.kind {
            Kind::Numbers(_) => Tally::Numbers(NumberTally::default()),
            Kind::Words => Tally::Words(WordTally::default()),
            Kind::Absent(reason) => Tally::Absent(reason.clone()),
        };
        Self {
            next_row,
            rows: 0,
            blocks: BTreeMap::new(),
            lengths: Vec::new(),
            tallies: fit.columns.iter().map(tally).collect(),
            joint: fit.joint.as_ref().map(|_| Moments::default()).map_err(Clone::clone),
        }
    }

    pub(super) fn start_at(&mut self, row: u64) {
        self.next_row = row;
    }

    /// Counts a batch; nothing is counted when it is refused.
    pub(super) fn observe(
        &mut self,
        fit: &Fit,
        batch: &RecordBatch,
        detail: Detail,
    ) -> Result<(), DriftError> {
        let rows = batch.num_rows() as u64;
        let total = self.rows.saturating_add(rows);
        if total > ROWS {
            return Err(DriftError::TooManyRows);
        }
        let segments = self.segments(&fit.blocks, batch)?;
        self.rows = total;
        self.next_row = self.next_row.saturating_add(rows);
        let is_kept = detail == Detail::Exact;
        for (tally, column) in self.tallies.iter_mut().zip(&fit.columns) {
            if let Err(reason) = observe(tally, column, batch, &segments, is_kept) {
                *tally = Tally::Absent(reason);
            }
        }
        if let (Ok(moments), Ok(joint)) = (&mut self.joint, &fit.joint) {
            match joint_numbers(fit, joint, batch) {
                Ok(numbers) => moments.observe(joint, &numbers, &segments),
                Err(reason) => self.joint = Err(reason),
            }
        }
        Ok(())
    }

    fn segments(
        &mut self,
        blocks: &Blocks,
        batch: &RecordBatch,
    ) -> Result<Vec<Segment>, DriftError> {
        let n = batch.num_rows();
        let ids: Vec<i64> = match blocks {
            Blocks::Rows(length) => {
                let id = |row: u64| i64::try_from(row / u64::from((*length).max(1)));
                let rows = (0..n as u64).map(|row| id(self.next_row.saturating_add(row)));
                rows.map(|id| id.unwrap_or(i64::MAX)).collect()
            }
            Blocks::Column(name) => ids(batch, name, 1)?,
            Blocks::Buckets { column, width } => ids(batch, column, (*width).max(1))?,
        };
        let mut segments: Vec<Segment> = Vec::new();
        let mut last = None;
        for (row, id) in ids.into_iter().enumerate() {
            match segments.last_mut().filter(|_| last == Some(id)) {
                Some(segment) => segment.rows.end = row + 1,
                None => segments.push(Segment { block: self.place(id), rows: row..row + 1 }),
            }
            last = Some(id);
        }
        for segment in &segments {
            if let Some(length) = self.lengths.get_mut(segment.block) {
                *length += segment.rows.len() as u64;
            }
        }
        Ok(segments)
    }

    fn place(&mut self, id: i64) -> usize {
        let next = self.lengths.len();
        let place = *self.blocks.entry(id).or_insert(next);
        if place == next {
            self.lengths.push(0);
        }
        place
    }

    pub(super) fn merge(&mut self, fit: &Fit, other: Self) -> Result<(), DriftError> {
        let rows = self.rows.saturating_add(other.rows);
        if rows > ROWS {
            return Err(DriftError::TooManyRows);
        }
        if let &Blocks::Rows(length) = &fit.blocks {
            for (&block, &place) in &other.blocks {
                let here = self.blocks.get(&block).and_then(|&place| self.lengths.get(place));
                let there = other.lengths.get(place).copied().unwrap_or(0);
                let rows = here.copied().unwrap_or(0) + there;
                if rows > u64::from(length) {
                    return Err(DriftError::BlockOverfull { block, rows, length });
                }
            }
        }
        self.rows = rows;
        self.next_row = self.next_row.max(other.next_row);
        let mut places = vec![0; other.lengths.len()];
        for (id, there) in &other.blocks {
            let here = self.place(*id);
            if let Some(slot) = places.get_mut(*there) {
                *slot = here;
            }
            let more = other.lengths.get(*there).copied().unwrap_or(0);
            if let Some(length) = self.lengths.get_mut(here) {
                *length += more;
            }
        }
        for ((tally, theirs), column) in
            self.tallies.iter_mut().zip(other.tallies).zip(&fit.columns)
        {
            tally.merge(theirs, &places, column.kind.bins());
        }
        match (&mut self.joint, other.joint, &fit.joint) {
            (Ok(ours), Ok(theirs), Ok(joint)) => ours.merge(&theirs, &places, joint.cells()),
            (Ok(_), Err(reason), _) => self.joint = Err(reason),
            _ => {}
        }
        Ok(())
    }
}

fn observe(
    tally: &mut Tally,
    column: &ColumnFit,
    batch: &RecordBatch,
    segments: &[Segment],
    is_kept: bool,
) -> Result<(), NotEvaluated> {
    let wrong = |array: &dyn arrow_array::Array| {
        NotEvaluated::WrongType(format!("column `{}` is now {}", column.name, array.data_type()))
    };
    match (tally, &column.kind) {
        (Tally::Numbers(tally), Kind::Numbers(bins)) => {
            let array = column::find(batch, &column.name)?;
            let numbers = column::numbers(array).ok_or_else(|| wrong(array))?;
            tally.observe(&numbers, segments, (&bins.finder(), bins.cells()), is_kept);
        }
        (Tally::Words(tally), Kind::Words) => {
            let array = column::find(batch, &column.name)?;
            let is_read = column::reading(array.data_type(), true) == Some(Reading::Words);
            let words = column::words(array).filter(|_| is_read).ok_or_else(|| wrong(array))?;
            if !tally.observe(&words, segments) {
                return Err(too_many_names());
            }
        }
        _ => {}
    }
    Ok(())
}

fn joint_numbers<'a>(
    fit: &Fit,
    joint: &JointFit,
    batch: &'a RecordBatch,
) -> Result<Vec<Numbers<'a>>, NotEvaluated> {
    let names = joint.columns.iter().filter_map(|&place| fit.columns.get(place));
    let numbers = names.map(|column| {
        let numbers = column::numbers(column::find(batch, &column.name)?);
        numbers.ok_or_else(|| NotEvaluated::WrongType(format!("column `{}`", column.name)))
    });
    numbers.collect()
}

fn ids(batch: &RecordBatch, name: &str, width: i64) -> Result<Vec<i64>, DriftError> {
    let unread = || DriftError::BlockColumn(name.to_owned());
    let array = column::find(batch, name).map_err(|_| unread())?;
    let values = column::wholes(array).ok_or_else(unread)?;
    let id = |(row, value): (usize, Option<i64>)| {
        let value = value.ok_or_else(|| DriftError::BlockNull { column: name.to_owned(), row })?;
        Ok(value.div_euclid(width))
    };
    values.into_iter().enumerate().map(id).collect()
}
