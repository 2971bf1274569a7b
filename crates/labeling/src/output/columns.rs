//! The arrays of a table, one column after another.

use crate::error::LabelError;
use crate::measure::{Scalar, Scale};
use arrow_array::builder::{Int32Builder, StringBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Float64Array,
    Int8Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampNanosecondArray,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field, Schema};
use contract::{Batch, Column, ColumnType, Hash, Table, UTC, Unlogged};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

/// Cells of a measure.
enum Cells {
    Money(Vec<Option<i128>>),
    Number(Vec<Option<f64>>),
    Whole(Vec<Option<i64>>),
    Instant(Vec<Option<i64>>),
}

/// A column of a measure in the making.
pub(super) struct MeasureColumn {
    name: String,
    cells: Cells,
}

impl MeasureColumn {
    pub(super) fn new(name: String, scale: Scale, rows: usize) -> Self {
        let cells = match scale {
            Scale::Money => Cells::Money(Vec::with_capacity(rows)),
            Scale::Number => Cells::Number(Vec::with_capacity(rows)),
            Scale::Whole => Cells::Whole(Vec::with_capacity(rows)),
            Scale::Instant => Cells::Instant(Vec::with_capacity(rows)),
        };
        Self { name, cells }
    }

    pub(super) fn push(&mut self, value: Option<Scalar>) {
        match (&mut self.cells, value) {
            (Cells::Money(cells), Some(Scalar::Money(x))) => cells.push(Some(x)),
            (Cells::Number(cells), Some(Scalar::Number(x))) => cells.push(Some(x)),
            (Cells::Whole(cells) | Cells::Instant(cells), Some(Scalar::Whole(x))) => {
                cells.push(Some(x));
            }
            (Cells::Money(cells), _) => cells.push(None),
            (Cells::Number(cells), _) => cells.push(None),
            (Cells::Whole(cells) | Cells::Instant(cells), _) => cells.push(None),
        }
    }
}

/// Arrays of a table in the making.
pub(super) struct Columns<T> {
    rows: usize,
    fixed: BTreeMap<u16, ArrayRef>,
    dynamic: Vec<(Field, ArrayRef)>,
    error: Option<ArrowError>,
    marker: PhantomData<fn() -> T>,
}

impl<T: Table> Columns<T> {
    pub(super) fn new(rows: usize) -> Self {
        Self { rows, fixed: BTreeMap::new(), dynamic: Vec::new(), error: None, marker: PhantomData }
    }

    fn put<V: ColumnType>(&mut self, column: &Column<T, V>, array: V::Array) {
        self.fixed.insert(column.field_id(), Arc::new(array));
    }

    fn put_or<V: ColumnType>(
        &mut self,
        column: &Column<T, V>,
        array: Result<V::Array, ArrowError>,
    ) {
        match array {
            Ok(array) => self.put(column, array),
            Err(error) => self.error = Some(error),
        }
    }

    pub(super) fn id<V: ColumnType<Array = FixedSizeBinaryArray>>(
        &mut self,
        column: &Column<T, V>,
        ids: impl Iterator<Item = [u8; 16]>,
    ) {
        let array = bytes(16, ids.flatten().collect(), self.rows);
        self.put_or(column, array);
    }

    pub(super) fn hash<V: ColumnType<Array = FixedSizeBinaryArray>>(
        &mut self,
        column: &Column<T, V>,
        hashes: impl Iterator<Item = Hash>,
    ) {
        let array = bytes(32, hashes.flat_map(|hash| *hash.as_bytes()).collect(), self.rows);
        self.put_or(column, array);
    }

    /// One byte a dynamic column and row.
    pub(super) fn reasons<V: ColumnType<Array = FixedSizeBinaryArray>>(
        &mut self,
        column: &Column<T, V>,
        packed: Vec<u8>,
    ) {
        let width = i32::try_from(self.dynamic.len()).unwrap_or(i32::MAX);
        let array = bytes(width, packed, self.rows);
        self.put_or(column, array);
    }

    pub(super) fn ts<V: ColumnType<Array = TimestampNanosecondArray>>(
        &mut self,
        column: &Column<T, V>,
        instants: impl Iterator<Item = i64>,
    ) {
        let array: TimestampNanosecondArray = instants.map(Some).collect();
        self.put(column, array.with_timezone(UTC));
    }

    pub(super) fn u16<V: ColumnType<Array = UInt16Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = u16>,
    ) {
        self.put(column, UInt16Array::from_iter_values(values));
    }

    pub(super) fn u32<V: ColumnType<Array = UInt32Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = u32>,
    ) {
        self.put(column, UInt32Array::from_iter_values(values));
    }

    pub(super) fn u64<V: ColumnType<Array = UInt64Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = Option<u64>>,
    ) {
        self.put(column, values.collect());
    }

    pub(super) fn i8<V: ColumnType<Array = Int8Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = Option<i8>>,
    ) {
        self.put(column, values.collect());
    }

    pub(super) fn i64<V: ColumnType<Array = Int64Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = i64>,
    ) {
        self.put(column, Int64Array::from_iter_values(values));
    }

    pub(super) fn px<V: ColumnType<Array = Int64Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = Option<i64>>,
    ) {
        self.put(column, values.collect());
    }

    pub(super) fn f64<V: ColumnType<Array = Float64Array>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = Option<f64>>,
    ) {
        self.put(column, values.map(|x| x.filter(|x| x.is_finite())).collect());
    }

    pub(super) fn text<'a, V: ColumnType<Array = StringArray>>(
        &mut self,
        column: &Column<T, V>,
        values: impl Iterator<Item = &'a str>,
    ) {
        self.put(column, values.map(Some).collect());
    }

    /// Repeated text, in the order of first use.
    pub(super) fn words<'a, V: ColumnType<Array = DictionaryArray<Int32Type>>>(
        &mut self,
        column: &Column<T, V>,
        words: impl Iterator<Item = Option<&'a str>>,
    ) {
        let mut known: BTreeMap<&str, i32> = BTreeMap::new();
        let mut keys = Int32Builder::new();
        let mut values = StringBuilder::new();
        for word in words {
            let Some(word) = word else {
                keys.append_null();
                continue;
            };
            let next = i32::try_from(known.len()).unwrap_or(i32::MAX);
            let key = *known.entry(word).or_insert_with(|| {
                values.append_value(word);
                next
            });
            keys.append_value(key);
        }
        self.put_or(column, DictionaryArray::try_new(keys.finish(), Arc::new(values.finish())));
    }

    pub(super) fn seqs<'a, V: ColumnType<Array = ListArray>>(
        &mut self,
        column: &Column<T, V>,
        lists: impl Iterator<Item = &'a [u64]>,
    ) {
        let lists: Vec<&[u64]> = lists.collect();
        let items: Vec<u64> = lists.iter().flat_map(|l| l.iter().copied()).collect();
        let items = UInt64Array::from(items);
        let lengths = lists.iter().map(|list| list.len());
        self.put_or(column, list(Arc::new(items), lengths));
    }

    pub(super) fn texts<'a, V: ColumnType<Array = ListArray>>(
        &mut self,
        column: &Column<T, V>,
        lists: impl Iterator<Item = &'a [String]>,
    ) {
        let lists: Vec<&[String]> = lists.collect();
        let items: StringArray = lists.iter().flat_map(|l| l.iter()).map(Some).collect();
        let lengths = lists.iter().map(|list| list.len());
        self.put_or(column, list(Arc::new(items), lengths));
    }

    /// A column behind the fixed ones.
    pub(super) fn measure(&mut self, column: MeasureColumn) {
        let array: ArrayRef = match column.cells {
            Cells::Money(cells) => {
                match Decimal128Array::from(cells).with_precision_and_scale(38, 9) {
                    Ok(array) => Arc::new(array),
                    Err(error) => {
                        self.error = Some(error);
                        return;
                    }
                }
            }
            Cells::Number(cells) => Arc::new(Float64Array::from(cells)),
            Cells::Whole(cells) => Arc::new(Int64Array::from(cells)),
            Cells::Instant(cells) => {
                Arc::new(TimestampNanosecondArray::from(cells).with_timezone(UTC))
            }
        };
        self.dynamic.push((Field::new(column.name, array.data_type().clone(), true), array));
    }

    /// The batch, once every column is there.
    pub(super) fn finish(self) -> Result<Batch<T, Unlogged>, LabelError> {
        let bug = |text: String| LabelError::Output(text);
        if let Some(error) = self.error {
            return Err(bug(error.to_string()));
        }
        let packed = i32::try_from(self.dynamic.len()).unwrap_or(i32::MAX);
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for spec in T::SPEC.columns {
            let Some(array) = self.fixed.get(&spec.field_id) else {
                return Err(bug(format!("{}.{}: no array", T::SPEC.name, spec.name)));
            };
            fields.push(spec.field(packed));
            arrays.push(Arc::clone(array));
        }
        for (field, array) in self.dynamic {
            fields.push(field);
            arrays.push(array);
        }
        let schema = Schema::new_with_metadata(fields, T::SPEC.metadata());
        let batch = RecordBatch::try_new(Arc::new(schema), arrays)
            .map_err(|error| bug(error.to_string()))?;
        Ok(Batch::<T, Unlogged>::parse(&batch)?)
    }
}

fn bytes(width: i32, bytes: Vec<u8>, rows: usize) -> Result<FixedSizeBinaryArray, ArrowError> {
    FixedSizeBinaryArray::try_new_with_len(width, Buffer::from_vec(bytes), None, rows)
}

fn list(items: ArrayRef, lengths: impl Iterator<Item = usize>) -> Result<ListArray, ArrowError> {
    let item = Field::new("item", items.data_type().clone(), false);
    ListArray::try_new(Arc::new(item), OffsetBuffer::from_lengths(lengths), items, None)
}
