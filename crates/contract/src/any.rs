//! A batch of any table, its columns in canonical order.

use crate::conform::{Mismatch, conform};
use crate::shape::ShapeError;
use crate::spec::{SEQ, Table, TableSpec, meta};
use crate::types::{Column, ColumnType};
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, TimestampNanosecondArray, UInt32Array,
    UInt64Array, new_null_array,
};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// A batch of any table, its columns in canonical order.
///
/// What generic code works on: text formats, validation, files. Typed code uses `Batch` and `Draft`.
#[derive(Debug, Clone)]
pub struct AnyBatch {
    pub(crate) spec: &'static TableSpec,
    pub(crate) seq: Option<UInt64Array>,
    columns: Vec<ArrayRef>,
    dynamic: Vec<(FieldRef, ArrayRef)>,
    unknown: Vec<(FieldRef, ArrayRef)>,
    provenance: Vec<(FieldRef, ArrayRef)>,
    metadata: HashMap<String, String>,
    pub(crate) rows: usize,
}

/// Whether nulls in required columns are an error of the batch or left to row rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nulls {
    Refused,
    Kept,
}

impl AnyBatch {
    /// Checks the shape of a record batch of a table; `seq` may be there or not.
    ///
    /// - **Shape:** columns are found by name. Missing nullable ones are added as nulls, unknown ones kept behind.
    /// - **Cost:** no value is copied where the types are already the contract's.
    ///
    /// # Errors
    /// [`ShapeError`] for the first difference.
    pub fn parse(spec: &'static TableSpec, batch: &RecordBatch) -> Result<Self, ShapeError> {
        Self::shape(spec, batch, Nulls::Refused)
    }

    pub(crate) fn shape(
        spec: &'static TableSpec,
        batch: &RecordBatch,
        nulls: Nulls,
    ) -> Result<Self, ShapeError> {
        let schema = batch.schema_ref();
        crate::version::check(spec, schema.metadata())?;
        let mut by_name: HashMap<&str, usize> = HashMap::with_capacity(schema.fields().len());
        for (at, field) in schema.fields().iter().enumerate() {
            if by_name.insert(field.name(), at).is_some() {
                return Err(ShapeError::DuplicateColumn {
                    table: spec.name,
                    column: field.name().clone(),
                });
            }
        }
        let seq = match by_name.get(SEQ.name).filter(|_| spec.is_event()) {
            Some(&at) => {
                let array = batch.column(at);
                let typed = array.as_primitive_opt::<UInt64Type>().ok_or_else(|| {
                    ShapeError::WrongType {
                        table: spec.name,
                        column: SEQ.name,
                        expected: DataType::UInt64,
                        found: array.data_type().clone(),
                    }
                })?;
                if let Some(row) = first_null(array) {
                    return Err(ShapeError::Null { table: spec.name, column: SEQ.name, row });
                }
                Some(typed.clone())
            }
            None => None,
        };
        let is_known = |name: &str| spec.column(name).is_some();
        let mut dynamic = Vec::new();
        let mut unknown = Vec::new();
        let mut provenance = Vec::new();
        for (field, array) in
            schema.fields().iter().zip(batch.columns()).filter(|(f, _)| !is_known(f.name()))
        {
            let slot = if PROVENANCE.contains(&field.name().as_str()) {
                &mut provenance
            } else if spec.is_dynamic && is_dynamic(field) {
                &mut dynamic
            } else {
                &mut unknown
            };
            slot.push((Arc::clone(field), Arc::clone(array)));
        }
        let packed = i32::try_from(dynamic.len()).unwrap_or(i32::MAX);
        let mut columns = Vec::with_capacity(spec.columns.len());
        for column in spec.columns {
            let array = match by_name.get(column.name) {
                Some(&at) => conform(column.ty, packed, batch.column(at))
                    .map_err(|m| locate(spec, column.name, m))?,
                None if column.nullable => {
                    new_null_array(&column.ty.data_type(packed), batch.num_rows())
                }
                None => {
                    let there =
                        schema.fields().iter().map(|f| f.name().as_str()).filter(|n| !is_known(n));
                    let near = crate::text::nearest(column.name, there);
                    let near = if near.is_empty() {
                        String::new()
                    } else {
                        format!(" (is it `{}`?)", near.join("`, `"))
                    };
                    let expected = column.ty.data_type(packed);
                    return Err(ShapeError::MissingColumn {
                        table: spec.name,
                        column: column.name,
                        expected,
                        near,
                    });
                }
            };
            if nulls == Nulls::Refused
                && !column.nullable
                && let Some(row) = first_null(&array)
            {
                return Err(ShapeError::Null { table: spec.name, column: column.name, row });
            }
            columns.push(array);
        }
        let metadata = schema.metadata().clone();
        Ok(Self {
            spec,
            seq,
            columns,
            dynamic,
            unknown,
            provenance,
            metadata,
            rows: batch.num_rows(),
        })
    }

    /// A batch of arrays in draft order that the crate itself made in the right types.
    pub(crate) fn from_arrays(
        spec: &'static TableSpec,
        columns: Vec<ArrayRef>,
        rows: usize,
    ) -> Self {
        debug_assert_eq!(columns.len(), spec.columns.len());
        debug_assert!(columns.iter().all(|c| c.len() == rows));
        Self {
            spec,
            seq: None,
            columns,
            dynamic: Vec::new(),
            unknown: Vec::new(),
            provenance: Vec::new(),
            metadata: HashMap::new(),
            rows,
        }
    }

    /// The same rows with the durable order that their text carries.
    #[cfg(feature = "ndjson")]
    pub(crate) fn with_seqs(mut self, seqs: UInt64Array) -> Self {
        debug_assert_eq!(seqs.len(), self.rows);
        self.seq = Some(seqs);
        self
    }

    /// The table.
    #[must_use]
    pub fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The durable order, where the batch comes from a log.
    #[must_use]
    pub fn seq(&self) -> Option<&UInt64Array> {
        self.seq.as_ref()
    }

    /// The array of the column at this position of a draft.
    #[expect(
        clippy::indexing_slicing,
        reason = "INVARIANT: one array a column of the spec, checked by `shape`"
    )]
    pub(crate) fn at(&self, position: usize) -> &ArrayRef {
        &self.columns[position]
    }

    /// The columns of the table in order, with their specs.
    pub fn columns(&self) -> impl Iterator<Item = (&'static crate::spec::ColumnSpec, &ArrayRef)> {
        self.spec.columns.iter().zip(&self.columns)
    }

    /// `flags` of each row; empty for a table without the envelope.
    #[must_use]
    pub fn flag_bits(&self) -> &[u16] {
        if self.spec.is_event() { self.at(7).as_primitive::<UInt16Type>().values() } else { &[] }
    }

    /// `ts_avail` of each row, for a table with the envelope.
    #[must_use]
    pub fn ts_avail(&self) -> Option<&TimestampNanosecondArray> {
        self.spec.is_event().then(|| self.at(5).as_primitive::<TimestampNanosecondType>())
    }

    /// `ts_recv` of each row, for a table with the envelope.
    #[must_use]
    pub fn ts_recv(&self) -> Option<&TimestampNanosecondArray> {
        self.spec.is_event().then(|| self.at(4).as_primitive::<TimestampNanosecondType>())
    }

    /// `instrument_id` of each row, for a table with the envelope.
    #[must_use]
    pub fn instrument_id(&self) -> Option<&UInt32Array> {
        self.spec.is_event().then(|| self.at(1).as_primitive::<UInt32Type>())
    }

    /// Earliest and latest `ts_event` in nanoseconds, for a table with the envelope.
    #[must_use]
    pub fn ts_event_range(&self) -> Option<(i64, i64)> {
        self.stamp_range(2)
    }

    /// Earliest and latest `ts_avail` in nanoseconds, for a table with the envelope.
    #[must_use]
    pub fn ts_avail_range(&self) -> Option<(i64, i64)> {
        self.stamp_range(5)
    }

    fn stamp_range(&self, position: usize) -> Option<(i64, i64)> {
        if !self.spec.is_event() {
            return None;
        }
        let stamps = self.at(position).as_primitive::<TimestampNanosecondType>();
        stamps.iter().flatten().fold(None, |range: Option<(i64, i64)>, t| {
            Some(range.map_or((t, t), |(low, high)| (low.min(t), high.max(t))))
        })
    }

    /// The columns of a dynamic table behind its fixed ones.
    pub fn dynamic(&self) -> impl Iterator<Item = (&FieldRef, &ArrayRef)> {
        self.dynamic.iter().map(|(field, array)| (field, array))
    }

    /// Columns of an archive file that say where in a log each row came from; hidden everywhere else.
    pub fn provenance(&self) -> impl Iterator<Item = (&FieldRef, &ArrayRef)> {
        self.provenance.iter().map(|(field, array)| (field, array))
    }

    /// The same rows with other dynamic columns and their packed reasons.
    pub(crate) fn with_dynamic(
        mut self,
        dynamic: Vec<(FieldRef, ArrayRef)>,
        reasons_at: usize,
        reasons: ArrayRef,
    ) -> Self {
        self.dynamic = dynamic;
        if let Some(slot) = self.columns.get_mut(reasons_at) {
            *slot = reasons;
        }
        self
    }

    /// Columns that this version of the table does not know, kept as they came.
    pub fn unknown(&self) -> impl Iterator<Item = (&FieldRef, &ArrayRef)> {
        self.unknown.iter().map(|(field, array)| (field, array))
    }

    /// The array of a typed column.
    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: `shape` gave every column the array type of its kind"
    )]
    pub(crate) fn col<T: Table, V: ColumnType>(&self, column: &Column<T, V>) -> &V::Array {
        let position = T::SPEC.position(column.field_id());
        self.at(position).as_any().downcast_ref::<V::Array>().expect("array of the column's kind")
    }

    /// The batch in canonical order, with the contract's metadata.
    #[must_use]
    pub fn into_record_batch(self) -> RecordBatch {
        if self.dynamic.is_empty()
            && self.unknown.is_empty()
            && let Some(schema) = crate::schemas::shared(self.spec, self.seq.is_some())
            && (self.metadata.is_empty() || self.metadata == *schema.metadata())
        {
            let seq = self.seq.map(|seq| Arc::new(seq) as ArrayRef);
            let arrays = seq.into_iter().chain(self.columns).collect();
            return assemble(schema, arrays, self.rows);
        }
        let packed = i32::try_from(self.dynamic.len()).unwrap_or(i32::MAX);
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        if let Some(seq) = self.seq {
            fields.push(Arc::new(SEQ.field(0)));
            arrays.push(Arc::new(seq));
        }
        for (column, array) in self.spec.columns.iter().zip(self.columns) {
            fields.push(Arc::new(column.field(packed)));
            arrays.push(array);
        }
        for (field, array) in self.dynamic.into_iter().chain(self.unknown) {
            fields.push(field);
            arrays.push(array);
        }
        // Metadata of a batch that came in stays, above all an unknown later version; our own keys win where equal.
        let mut metadata = self.metadata;
        let keep_version = metadata.contains_key(meta::VERSION);
        metadata.extend(self.spec.metadata().into_iter().filter(|(key, _)| {
            !(keep_version && (key == meta::VERSION || key == meta::FINGERPRINT))
        }));
        assemble(Arc::new(Schema::new_with_metadata(fields, metadata)), arrays, self.rows)
    }

    /// A zero-copy part.
    #[must_use]
    pub fn slice(&self, offset: usize, len: usize) -> Self {
        let offset = offset.min(self.rows);
        let len = len.min(self.rows - offset);
        let cut = |pairs: &[(FieldRef, ArrayRef)]| {
            pairs.iter().map(|(f, a)| (Arc::clone(f), a.slice(offset, len))).collect()
        };
        Self {
            spec: self.spec,
            seq: self.seq.as_ref().map(|s| s.slice(offset, len)),
            columns: self.columns.iter().map(|c| c.slice(offset, len)).collect(),
            dynamic: cut(&self.dynamic),
            unknown: cut(&self.unknown),
            provenance: cut(&self.provenance),
            metadata: self.metadata.clone(),
            rows: len,
        }
    }

    /// The rows for which `keep` holds, in order.
    pub(crate) fn filter(
        &self,
        keep: &arrow_array::BooleanArray,
    ) -> Result<Self, arrow_schema::ArrowError> {
        let pick = |array: &ArrayRef| arrow_select::filter::filter(array.as_ref(), keep);
        let pairs = |pairs: &[(FieldRef, ArrayRef)]| -> Result<Vec<_>, arrow_schema::ArrowError> {
            pairs.iter().map(|(f, a)| Ok((Arc::clone(f), pick(a)?))).collect()
        };
        let seq = match &self.seq {
            Some(seq) => {
                Some(arrow_select::filter::filter(seq, keep)?.as_primitive::<UInt64Type>().clone())
            }
            None => None,
        };
        Ok(Self {
            spec: self.spec,
            seq,
            columns: self.columns.iter().map(pick).collect::<Result<_, _>>()?,
            dynamic: pairs(&self.dynamic)?,
            unknown: pairs(&self.unknown)?,
            provenance: pairs(&self.provenance)?,
            metadata: self.metadata.clone(),
            rows: keep.true_count(),
        })
    }

    /// Pairs (row, earlier row) with equal values in all the columns at these positions.
    pub(crate) fn repeated(&self, positions: &[usize]) -> Vec<(usize, usize)> {
        let mut seen: HashMap<Vec<u8>, usize> = HashMap::with_capacity(self.rows);
        let mut out = Vec::new();
        for row in 0..self.rows {
            let mut key = Vec::with_capacity(32);
            for &position in positions {
                crate::canonical::write_cell(&mut key, self.at(position).as_ref(), row);
            }
            match seen.entry(key) {
                std::collections::hash_map::Entry::Occupied(first) => out.push((row, *first.get())),
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(row);
                }
            }
        }
        out
    }
}

/// Columns that archive files add behind all others, field ids 10 to 12. They belong to no schema version,
/// fingerprint or row digest.
const PROVENANCE: [&str; 3] = ["log_producer", "log_pseq", "log_ts_append"];

/// Whether a column behind the fixed ones of a dynamic table is one of its features or measures.
///
/// A user's own column (`x_note`) is none; a feature of a user's family (`x_desk__half_spread__now`) is.
fn is_dynamic(field: &Field) -> bool {
    let ty_fits = match field.data_type() {
        DataType::Float64 | DataType::UInt16 | DataType::Int64 | DataType::Decimal128(38, 9) => {
            true
        }
        ty => *ty == crate::types::Type::Ts.data_type(0),
    };
    ty_fits && (!field.name().starts_with("x_") || field.name().contains("__"))
}

fn first_null(array: &ArrayRef) -> Option<usize> {
    if array.null_count() == 0 { None } else { (0..array.len()).find(|row| array.is_null(*row)) }
}

fn locate(spec: &'static TableSpec, column: &'static str, mismatch: Mismatch) -> ShapeError {
    let table = spec.name;
    match mismatch {
        Mismatch::Type { expected, found } => {
            ShapeError::WrongType { table, column, expected, found }
        }
        Mismatch::Width { row, expected, found } => {
            ShapeError::WrongWidth { table, column, row, expected, found }
        }
        Mismatch::NullItem { item } => ShapeError::Null { table, column, row: item },
        Mismatch::TooLarge => ShapeError::TooLarge { table, column },
    }
}

#[expect(
    clippy::expect_used,
    reason = "INVARIANT: every array was checked against its field and the row count"
)]
fn assemble(schema: Arc<Schema>, arrays: Vec<ArrayRef>, rows: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, arrays, &options).expect("columns of a checked batch")
}

impl AsRef<AnyBatch> for AnyBatch {
    fn as_ref(&self) -> &AnyBatch {
        self
    }
}
