//! Rows of one table that wait to be archived.

use super::counter::Counter;
use super::error::ArchiveError;
use super::tally::{PRODUCER, PSEQ, Provenance, TS_APPEND, Tallies, order_of, spec_of};
use crate::item::LoggedBatch;
use arrow_select::concat::concat_batches;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::UInt32Type;
use contract::arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, TimestampNanosecondArray, UInt64Array,
};
use contract::arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use contract::{AnyBatch, TableSpec, UTC, meta};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Batches below this many rows are put together, for an array of one row weighs a hundred times its value.
const SMALL_ROWS: usize = 4096;
/// How many small batches wait before they are put together.
const SMALL_BATCHES: usize = 512;
/// What an array weighs beside its buffers: about the size of its structures.
const ARRAY_BYTES: u64 = 256;

/// Rows of a table with the same columns.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) spec: &'static TableSpec,
    pub(super) version: u16,
    /// Columns that this program does not know, by name.
    unknown: Vec<FieldRef>,
    /// `seq`, the table's columns, the unknown ones, the provenance.
    pub(super) schema: SchemaRef,
    small: Vec<RecordBatch>,
    chunks: Vec<RecordBatch>,
    small_bytes: u64,
    chunk_bytes: u64,
    counter: Counter,
    /// Empty until the counting is finished.
    pub(super) tallies: Tallies,
}

/// A batch in the columns of its part.
pub(super) struct Shaped {
    any: AnyBatch,
    version: u16,
    /// What a later version says about itself.
    said: Vec<(String, String)>,
    unknown: Vec<(FieldRef, ArrayRef)>,
    from: Provenance,
}

/// What the writer of a version that this program does not know says about it, kept as it is.
const SAID: [&str; 3] = [meta::VERSION, meta::FINGERPRINT, "hindsight.reader_version"];

impl Shaped {
    pub(super) fn of(batch: &LoggedBatch) -> Result<Self, ArchiveError> {
        let shape = |source| ArchiveError::Shape { first_seq: batch.first_seq, source };
        let any = AnyBatch::parse(spec_of(&batch.table)?, &batch.rows).map_err(shape)?;
        let table = any.spec().name;
        let Some((seqs, _)) = order_of(&any) else {
            return Err(ArchiveError::NoEvents { table: table.to_owned() });
        };
        if let Some((expected, found)) =
            (batch.first_seq..).zip(seqs.values()).find(|(expected, found)| expected != *found)
        {
            let (table, expected) = (table.to_owned(), expected.to_string());
            return Err(ArchiveError::Order { table, expected, found: *found });
        }
        let mut unknown: Vec<_> =
            any.unknown().map(|(field, array)| (Arc::clone(field), Arc::clone(array))).collect();
        unknown.sort_by(|a, b| a.0.name().cmp(b.0.name()));
        let metadata = batch.rows.schema_ref().metadata();
        let stored = metadata.get(meta::VERSION).and_then(|text| text.parse().ok()).unwrap_or(0);
        // What an older version lacks was filled with nulls: such rows are rows of our version.
        let version = any.spec().version.max(stored);
        let mut said = Vec::new();
        if version > any.spec().version {
            let of = |key: &str| Some((key.to_owned(), metadata.get(key)?.clone()));
            said.extend(SAID.into_iter().filter_map(of));
        }
        let from = provenance(batch)
            .map_err(|source| ArchiveError::Arrow { table: table.to_owned(), source })?;
        Ok(Self { any, version, said, unknown, from })
    }

    fn fits(&self, part: &Part) -> bool {
        self.any.spec().name == part.spec.name
            && self.version == part.version
            && self.unknown.len() == part.unknown.len()
            && self.unknown.iter().zip(&part.unknown).all(|((field, _), other)| field == other)
    }
}

fn provenance(batch: &LoggedBatch) -> Result<Provenance, ArrowError> {
    let rows = batch.rows.num_rows();
    let ids = arrow_buffer::Buffer::from_vec(batch.producer_id.as_bytes().repeat(rows));
    let producer = FixedSizeBinaryArray::try_new(16, ids, None)?;
    let pseq = UInt64Array::from_iter_values((batch.first_pseq..).take(rows));
    let ts_append = TimestampNanosecondArray::from_value(batch.ts_append.nanos(), rows);
    Ok(Provenance { producer, pseq, ts_append: ts_append.with_timezone(UTC) })
}

fn provenance_fields() -> [Field; 3] {
    let field = |name: &str, ty, id: &str| {
        let metadata = HashMap::from([("PARQUET:field_id".to_owned(), id.to_owned())]);
        Field::new(name, ty, false).with_metadata(metadata)
    };
    [
        field(PRODUCER, DataType::FixedSizeBinary(16), "10"),
        field(PSEQ, DataType::UInt64, "11"),
        field(TS_APPEND, DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())), "12"),
    ]
}

impl Part {
    /// The part that a batch belongs to, made if there is none yet.
    pub(super) fn find<'p>(parts: &'p mut Vec<Self>, batch: &Shaped) -> Option<&'p mut Self> {
        let at = parts.iter().position(|part| batch.fits(part)).unwrap_or_else(|| {
            parts.push(Self::new(batch));
            parts.len() - 1
        });
        parts.get_mut(at)
    }

    fn new(batch: &Shaped) -> Self {
        let spec = batch.any.spec();
        let mut fields: Vec<FieldRef> = Vec::new();
        fields.extend(spec.column("seq").map(|seq| Arc::new(seq.field(0))));
        fields.extend(spec.columns.iter().map(|column| Arc::new(column.field(0))));
        let unknown: Vec<_> = batch.unknown.iter().map(|(field, _)| Arc::clone(field)).collect();
        fields.extend(unknown.iter().cloned());
        fields.extend(provenance_fields().map(Arc::new));
        let mut metadata = spec.metadata();
        if batch.version > spec.version {
            metadata.retain(|key, _| !SAID.contains(&key.as_str()));
            metadata.extend(batch.said.iter().cloned());
        }
        metadata.insert(meta::ORDER.to_owned(), "instrument_id,ts_avail,seq".to_owned());
        Self {
            spec,
            version: batch.version,
            unknown,
            schema: Arc::new(Schema::new_with_metadata(fields, metadata)),
            small: Vec::new(),
            chunks: Vec::new(),
            small_bytes: 0,
            chunk_bytes: 0,
            counter: Counter::default(),
            tallies: Tallies::default(),
        }
    }

    pub(super) fn push(&mut self, batch: Shaped) -> Result<(), ArchiveError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        arrays.extend(batch.any.seq().map(|seq| Arc::new(seq.clone()) as ArrayRef));
        arrays.extend(batch.any.columns().map(|(_, array)| Arc::clone(array)));
        arrays.extend(batch.unknown.iter().map(|(_, array)| Arc::clone(array)));
        arrays.push(Arc::new(batch.from.producer.clone()));
        arrays.push(Arc::new(batch.from.pseq.clone()));
        arrays.push(Arc::new(batch.from.ts_append.clone()));
        let rows =
            RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(|e| self.failed(e))?;
        let bytes = weight(&rows);
        // The digests are of the rows as they came, before anything here has put them together.
        self.counter.push(batch.any, batch.from)?;
        if rows.num_rows() < SMALL_ROWS {
            self.small.push(rows);
            self.small_bytes += bytes;
            if self.small.len() >= SMALL_BATCHES {
                self.gather()?;
            }
        } else {
            self.chunks.push(rows);
            self.chunk_bytes += bytes;
        }
        Ok(())
    }

    /// Waits for the digests of the rows.
    pub(super) fn finish_counting(&mut self) -> Result<(), ArchiveError> {
        self.tallies = self.counter.finish()?;
        Ok(())
    }

    fn gather(&mut self) -> Result<(), ArchiveError> {
        let rows = concat_batches(&self.schema, &self.small).map_err(|e| self.failed(e))?;
        self.small.clear();
        self.small_bytes = 0;
        self.chunk_bytes += weight(&rows);
        self.chunks.push(rows);
        Ok(())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.small_bytes + self.chunk_bytes
    }

    pub(super) fn failed(&self, source: ArrowError) -> ArchiveError {
        ArchiveError::Arrow { table: self.spec.name.to_owned(), source }
    }

    /// All rows, and for each day the places of its rows in the order of a file.
    ///
    /// The order is (`instrument_id`, `ts_avail`, `seq`); rows without an instrument come first.
    pub(super) fn sort(&mut self) -> Result<(Chunks, BTreeMap<i64, Vec<At>>), ArchiveError> {
        self.gather()?;
        let chunks = std::mem::take(&mut self.chunks);
        self.chunk_bytes = 0;
        let first_seq = self.tallies.0.values().map(|tally| tally.first_seq).min().unwrap_or(0);
        let mut days: BTreeMap<i64, Vec<(Key, At)>> = BTreeMap::new();
        for (chunk, rows) in chunks.iter().enumerate() {
            let any = AnyBatch::parse(self.spec, rows)
                .map_err(|source| ArchiveError::Shape { first_seq, source })?;
            let keys = Keys::of(&any)
                .ok_or_else(|| ArchiveError::NoEvents { table: self.spec.name.to_owned() })?;
            for row in 0..rows.num_rows() {
                let key = keys.at(row);
                days.entry(super::name::day_of(key.1)).or_default().push((key, (chunk, row)));
            }
        }
        let places = days.into_iter().map(|(day, mut keyed)| {
            keyed.sort_unstable();
            (day, keyed.into_iter().map(|(_, at)| at).collect())
        });
        Ok((chunks, places.collect()))
    }
}

/// The rows of a part, as they came.
pub(super) type Chunks = Vec<RecordBatch>;

/// The place of a row: its chunk, and its row there.
pub(super) type At = (usize, usize);

/// `instrument_id` (absent first), `ts_avail`, `seq`.
pub(super) type Key = (Option<u32>, i64, u64);

/// The sort columns of a batch.
pub(super) struct Keys<'a> {
    instruments: Option<&'a contract::arrow_array::UInt32Array>,
    stamps: &'a TimestampNanosecondArray,
    seqs: &'a UInt64Array,
}

impl<'a> Keys<'a> {
    pub(super) fn of(batch: &'a AnyBatch) -> Option<Self> {
        let (seqs, stamps) = order_of(batch)?;
        let instruments = batch
            .columns()
            .find(|(column, _)| column.name == "instrument_id")
            .and_then(|(_, array)| array.as_primitive_opt::<UInt32Type>());
        Some(Self { instruments, stamps, seqs })
    }

    pub(super) fn at(&self, row: usize) -> Key {
        let instrument = self.instruments.filter(|a| a.is_valid(row)).map(|a| a.value(row));
        (instrument, self.stamps.value(row), self.seqs.value(row))
    }
}

/// Bytes of the values in use; a batch that shares a larger buffer counts its own part alone.
fn weight(batch: &RecordBatch) -> u64 {
    let of = |array: &ArrayRef| {
        let bytes = weight_of(array);
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(ARRAY_BYTES)
    };
    batch.columns().iter().map(of).fold(0, u64::saturating_add)
}

fn weight_of(array: &dyn Array) -> usize {
    let nulls = array.nulls().map_or(0, |nulls| nulls.len().div_ceil(8));
    nulls
        + match array.data_type() {
            DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value_data().len(),
            DataType::Dictionary(_, _) => array.as_any_dictionary_opt().map_or(0, |words| {
                weight_of(words.keys()).saturating_add(weight_of(words.values().as_ref()))
            }),
            other => match other.primitive_width() {
                Some(width) => width.saturating_mul(array.len()),
                None => array
                    .to_data()
                    .get_slice_memory_size()
                    .unwrap_or_else(|_| array.get_buffer_memory_size()),
            },
        }
}
