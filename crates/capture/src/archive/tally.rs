//! What is known of a set of rows: enough to tell whether a file holds them all, and nothing else.

use super::error::ArchiveError;
use super::name::day_of;
use crate::format::bytes::Record;
use crate::format::manifest::ArchivedFile;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::{TimestampNanosecondType, UInt64Type};
use contract::arrow_array::{Array, FixedSizeBinaryArray, TimestampNanosecondArray, UInt64Array};
use contract::{AnyBatch, Hash, RowDigest, TableSpec};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// Which digests of the rows are computed; the other is left at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digests {
    Both,
    /// Of the columns of the table, which a record holds.
    Rows,
    /// Of each row with its place: rows that agree in this agree in the other.
    Placed,
}

/// A set of rows in a few numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) first_seq: u64,
    pub(super) end_seq: u64,
    pub(super) min_ts_avail: i64,
    pub(super) max_ts_avail: i64,
    /// Of the columns of the table.
    pub(super) digest: RowDigest,
    /// Of each row with its `seq` and its provenance.
    pub(super) placed: RowDigest,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows, seq {}..{}, ts_avail {} to {}, digest {}, with places {}",
            self.rows,
            self.first_seq,
            self.end_seq,
            self.min_ts_avail,
            self.max_ts_avail,
            self.digest,
            self.placed
        )
    }
}

/// The provenance columns of a batch.
#[derive(Debug, Clone)]
pub(super) struct Provenance {
    pub(super) producer: FixedSizeBinaryArray,
    pub(super) pseq: UInt64Array,
    pub(super) ts_append: TimestampNanosecondArray,
}

pub(super) const PRODUCER: &str = "log_producer";
pub(super) const PSEQ: &str = "log_pseq";
pub(super) const TS_APPEND: &str = "log_ts_append";

impl Provenance {
    /// Of rows read from a file; `None` when a column is missing, of another type or null somewhere.
    pub(super) fn of(batch: &AnyBatch) -> Option<Self> {
        let find = |name: &str| {
            let (_, array) = batch.provenance().find(|(field, _)| field.name() == name)?;
            (array.null_count() == 0).then_some(array)
        };
        let producer = find(PRODUCER)?.as_fixed_size_binary_opt()?;
        Some(Self {
            producer: (producer.value_length() == 16).then(|| producer.clone())?,
            pseq: find(PSEQ)?.as_primitive_opt::<UInt64Type>()?.clone(),
            ts_append: find(TS_APPEND)?.as_primitive_opt::<TimestampNanosecondType>()?.clone(),
        })
    }
}

/// `seq` and `ts_avail` of a batch of events with numbers.
pub(super) fn order_of(batch: &AnyBatch) -> Option<(&UInt64Array, &TimestampNanosecondArray)> {
    let seq = batch.seq()?;
    let (_, ts) = batch.columns().find(|(column, _)| column.name == "ts_avail")?;
    Some((seq, ts.as_primitive_opt::<TimestampNanosecondType>()?))
}

/// The table of this name, if a log may hold it.
pub(super) fn spec_of(table: &str) -> Result<&'static TableSpec, ArchiveError> {
    contract::table(table)
        .filter(|spec| spec.is_event())
        .ok_or_else(|| ArchiveError::NoEvents { table: table.to_owned() })
}

/// Rows by UTC day of `ts_avail`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tallies(pub(super) BTreeMap<i64, Tally>);

impl Tallies {
    /// Counts the rows of a batch.
    pub(super) fn add(
        &mut self,
        batch: &AnyBatch,
        from: &Provenance,
        digests: Digests,
    ) -> Result<(), ArchiveError> {
        let Some((seqs, stamps)) = order_of(batch) else {
            return Err(ArchiveError::NoEvents { table: batch.spec().name.to_owned() });
        };
        RowDigest::row_bytes(batch, |row, bytes| {
            let (seq, ts) = (seqs.value(row), stamps.value(row));
            let tally = self.0.entry(day_of(ts)).or_insert_with(|| Tally::new(seq, ts));
            tally.rows += 1;
            tally.first_seq = tally.first_seq.min(seq);
            tally.end_seq = tally.end_seq.max(seq.saturating_add(1));
            tally.min_ts_avail = tally.min_ts_avail.min(ts);
            tally.max_ts_avail = tally.max_ts_avail.max(ts);
            let mut hash = Sha256::new();
            hash.update(bytes);
            if digests != Digests::Placed {
                tally.digest.add_hash(&hash.clone().finalize().into());
            }
            if digests != Digests::Rows {
                let mut place = [0; 40];
                Record(&mut place)
                    .put(0, &seq.to_le_bytes())
                    .put(8, from.producer.value(row))
                    .put(24, &from.pseq.value(row).to_le_bytes())
                    .put(32, &from.ts_append.value(row).to_le_bytes());
                hash.update(place);
                tally.placed.add_hash(&hash.finalize().into());
            }
        });
        Ok(())
    }

    /// Adds the counts of other rows.
    pub(super) fn merge(&mut self, other: Self) {
        for (day, theirs) in other.0 {
            let mine = self.0.entry(day);
            let mine = mine.or_insert_with(|| Tally::new(theirs.first_seq, theirs.min_ts_avail));
            mine.rows += theirs.rows;
            mine.first_seq = mine.first_seq.min(theirs.first_seq);
            mine.end_seq = mine.end_seq.max(theirs.end_seq);
            mine.min_ts_avail = mine.min_ts_avail.min(theirs.min_ts_avail);
            mine.max_ts_avail = mine.max_ts_avail.max(theirs.max_ts_avail);
            mine.digest.add(&theirs.digest);
            mine.placed.add(&theirs.placed);
        }
    }
}

impl Tally {
    fn new(seq: u64, ts: i64) -> Self {
        Self {
            rows: 0,
            first_seq: seq,
            end_seq: seq,
            min_ts_avail: ts,
            max_ts_avail: ts,
            digest: RowDigest::default(),
            placed: RowDigest::default(),
        }
    }

    /// The record of a file of these rows.
    pub(super) fn record(
        &self,
        table: &str,
        path: String,
        (sha256, bytes): (Hash, u64),
    ) -> ArchivedFile {
        ArchivedFile {
            table: table.to_owned(),
            path,
            rows: self.rows,
            first_seq: self.first_seq,
            end_seq: self.end_seq,
            min_ts_avail: self.min_ts_avail,
            max_ts_avail: self.max_ts_avail,
            bytes,
            sha256,
            digest: Hash::from_bytes(self.digest.to_bytes()),
        }
    }

    /// What a count with the digest of placed rows alone finds in the same rows.
    pub(super) fn placed_alone(&self) -> Self {
        Self { digest: RowDigest::default(), ..self.clone() }
    }
}
