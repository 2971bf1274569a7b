//! Whole columns to record batches, without a look at single cells.

use contract::arrow_array::builder::StringDictionaryBuilder;
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
    Float64Array, Int8Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array, new_null_array,
};
use contract::arrow_schema::{Field, Schema};
use contract::{Column, ColumnType, Table, meta};
use std::collections::HashMap;
use std::sync::Arc;

/// The columns of a contract table; what is left out is null.
pub(crate) struct Columns<T> {
    arrays: Vec<Option<ArrayRef>>,
    rows: usize,
    schema: Arc<Schema>,
    table: std::marker::PhantomData<T>,
}

impl<T: Table> Columns<T> {
    pub(crate) fn new(rows: usize) -> Self {
        let schema = T::draft_schema();
        Self {
            arrays: vec![None; schema.fields().len()],
            rows,
            schema,
            table: std::marker::PhantomData,
        }
    }

    pub(crate) fn put<V: ColumnType>(&mut self, column: &Column<T, V>, array: V::Array) {
        let at = T::SPEC.columns.iter().position(|c| c.name == column.name());
        if let Some(slot) = at.and_then(|at| self.arrays.get_mut(at)) {
            *slot = Some(Arc::new(array));
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: arrays have the types of the columns and one length"
    )]
    pub(crate) fn finish(self) -> RecordBatch {
        let arrays: Vec<ArrayRef> = (self.arrays.into_iter().zip(self.schema.fields()))
            .map(|(array, field)| {
                array.unwrap_or_else(|| new_null_array(field.data_type(), self.rows))
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(self.schema, arrays, &options)
            .expect("columns of the table")
    }
}

pub(crate) fn times(values: impl Iterator<Item = i64>) -> TimestampNanosecondArray {
    TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC")
}

pub(crate) fn maybe_times(values: impl Iterator<Item = Option<i64>>) -> TimestampNanosecondArray {
    values.collect::<TimestampNanosecondArray>().with_timezone("UTC")
}

#[expect(
    clippy::expect_used,
    reason = "INVARIANT: precision 38 and scale 9 are valid, and money here is far below 38 digits"
)]
pub(crate) fn decimals(values: impl Iterator<Item = Option<i128>>) -> Decimal128Array {
    values.collect::<Decimal128Array>().with_precision_and_scale(38, 9).expect("Decimal128(38, 9)")
}

#[expect(clippy::expect_used, reason = "INVARIANT: every value has 16 bytes")]
pub(crate) fn ids<'a>(values: impl Iterator<Item = Option<&'a [u8; 16]>>) -> FixedSizeBinaryArray {
    FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, 16).expect("16 bytes")
}

pub(crate) fn words<'a>(
    values: impl Iterator<Item = Option<&'a str>>,
) -> DictionaryArray<Int32Type> {
    let mut out = StringDictionaryBuilder::<Int32Type>::new();
    for value in values {
        match value {
            Some(word) => out.append_value(word),
            None => out.append_null(),
        }
    }
    out.finish()
}

/// A table of the simulator's own: truth, needs the future, no part of the contract.
pub(crate) struct TruthTable {
    name: &'static str,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl TruthTable {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, fields: Vec::new(), arrays: Vec::new() }
    }

    fn column(mut self, name: &str, array: ArrayRef) -> Self {
        // Nullability is fixed a column by its kind, never by the rows at hand.
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }

    pub(crate) fn times(self, name: &str, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.column(name, Arc::new(maybe_times(values)))
    }

    pub(crate) fn i64(self, name: &str, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.column(name, Arc::new(values.collect::<Int64Array>()))
    }

    pub(crate) fn i8(self, name: &str, values: impl Iterator<Item = Option<i8>>) -> Self {
        self.column(name, Arc::new(values.collect::<Int8Array>()))
    }

    pub(crate) fn u64(self, name: &str, values: impl Iterator<Item = Option<u64>>) -> Self {
        self.column(name, Arc::new(values.collect::<UInt64Array>()))
    }

    pub(crate) fn u32(self, name: &str, values: impl Iterator<Item = Option<u32>>) -> Self {
        self.column(name, Arc::new(values.collect::<UInt32Array>()))
    }

    pub(crate) fn u16(self, name: &str, values: impl Iterator<Item = Option<u16>>) -> Self {
        self.column(name, Arc::new(values.collect::<UInt16Array>()))
    }

    pub(crate) fn f64(self, name: &str, values: impl Iterator<Item = Option<f64>>) -> Self {
        self.column(name, Arc::new(values.collect::<Float64Array>()))
    }

    pub(crate) fn money(self, name: &str, values: impl Iterator<Item = Option<i128>>) -> Self {
        self.column(name, Arc::new(decimals(values)))
    }

    pub(crate) fn ids<'a>(
        self,
        name: &str,
        values: impl Iterator<Item = Option<&'a [u8; 16]>>,
    ) -> Self {
        self.column(name, Arc::new(ids(values)))
    }

    pub(crate) fn words<'a>(
        self,
        name: &str,
        values: impl Iterator<Item = Option<&'a str>>,
    ) -> Self {
        self.column(name, Arc::new(words(values)))
    }

    pub(crate) fn text<'a>(
        self,
        name: &str,
        values: impl Iterator<Item = Option<&'a str>>,
    ) -> Self {
        self.column(name, Arc::new(values.collect::<StringArray>()))
    }

    #[expect(clippy::expect_used, reason = "INVARIANT: every column was made from the same rows")]
    pub(crate) fn finish(self) -> RecordBatch {
        let metadata = HashMap::from([
            (meta::TABLE.to_owned(), self.name.to_owned()),
            (meta::VERSION.to_owned(), crate::SCENARIO_VERSION.to_string()),
            (meta::CAUSALITY.to_owned(), "hindsight".to_owned()),
        ]);
        let schema = Schema::new_with_metadata(self.fields, metadata);
        RecordBatch::try_new(Arc::new(schema), self.arrays).expect("columns of equal length")
    }
}

pub(crate) fn sizes(values: impl Iterator<Item = f64>) -> Float64Array {
    Float64Array::from_iter_values(values)
}

pub(crate) fn prices(values: impl Iterator<Item = i64>) -> Int64Array {
    Int64Array::from_iter_values(values)
}

pub(crate) fn bytes(values: impl Iterator<Item = u8>) -> UInt8Array {
    UInt8Array::from_iter_values(values)
}

pub(crate) fn counts(values: impl Iterator<Item = u64>) -> UInt64Array {
    UInt64Array::from_iter_values(values)
}

pub(crate) fn flags(values: impl Iterator<Item = bool>) -> BooleanArray {
    values.map(Some).collect()
}
