//! One growing column of any contract type.

use crate::types::{Type, UTC, item_fields};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
    Float64Array, Int8Array, Int32Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{
    BooleanBuffer, Buffer as Bytes, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use arrow_schema::{ArrowError, Field};
use std::collections::HashMap;
use std::sync::Arc;

/// Values and validity of a column that is being built.
#[derive(Debug)]
#[doc(hidden)]
pub struct Buffer {
    ty: Type,
    values: Values,
    nulls: NullBufferBuilder,
    packed: usize,
}

#[derive(Debug)]
enum Values {
    I8(Vec<i8>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F64(Vec<f64>),
    I128(Vec<i128>),
    Bool(Vec<bool>),
    Fixed(usize, Vec<u8>),
    Text(Vec<usize>, Vec<u8>),
    Words { keys: Vec<i32>, words: Vec<Box<str>>, numbers: HashMap<Box<str>, i32>, last: i32 },
    List(Vec<usize>, Box<Buffer>),
    Struct(usize, Vec<Buffer>),
}

/// A setter whose kind is not that of the column writes nothing and is a bug in this crate: the typed front
/// (`ColumnType::push`) and the text front choose the setter by [`Type`].
macro_rules! setters {
    ($($name:ident: $ty:ty, $variant:ident;)*) => {
        $(pub(crate) fn $name(&mut self, value: $ty) {
            if let Values::$variant(values) = &mut self.values {
                values.push(value);
                self.nulls.append_non_null();
            } else {
                debug_assert!(false, "{} set in a column of {:?}", stringify!($ty), self.ty);
            }
        })*
    };
}

impl Buffer {
    /// An empty column; `packed` is the width of a packed one.
    pub(crate) fn new(ty: Type, packed: usize) -> Self {
        let values = match ty {
            Type::Ts | Type::Px | Type::I64 => Values::I64(Vec::new()),
            Type::Dec => Values::I128(Vec::new()),
            Type::Size | Type::F64 => Values::F64(Vec::new()),
            Type::Id => Values::Fixed(16, Vec::new()),
            Type::Hash => Values::Fixed(32, Vec::new()),
            Type::Span => Values::Fixed(8, Vec::new()),
            Type::Packed => Values::Fixed(packed, Vec::new()),
            Type::Cat(_) | Type::OpenCat => Values::Words {
                keys: Vec::new(),
                words: Vec::new(),
                numbers: HashMap::new(),
                last: -1,
            },
            Type::Code(_) | Type::U8 => Values::U8(Vec::new()),
            Type::Str | Type::Bin => Values::Text(vec![0], Vec::new()),
            Type::Bool => Values::Bool(Vec::new()),
            Type::I8 => Values::I8(Vec::new()),
            Type::I32 => Values::I32(Vec::new()),
            Type::U16 => Values::U16(Vec::new()),
            Type::U32 => Values::U32(Vec::new()),
            Type::U64 => Values::U64(Vec::new()),
            Type::List(item) => Values::List(vec![0], Box::new(Self::new(*item, 0))),
            Type::Structs(fields) => {
                let fields = fields.iter().map(|f| Self::new(f.ty, 0)).collect();
                let item = Self {
                    ty,
                    values: Values::Struct(0, fields),
                    nulls: NullBufferBuilder::new(0),
                    packed: 0,
                };
                Values::List(vec![0], Box::new(item))
            }
        };
        Self { ty, values, nulls: NullBufferBuilder::new(0), packed }
    }

    pub(crate) fn len(&self) -> usize {
        self.nulls.len()
    }

    setters! {
        i8: i8, I8;
        i32: i32, I32;
        i64: i64, I64;
        u8: u8, U8;
        u16: u16, U16;
        u32: u32, U32;
        u64: u64, U64;
        f64: f64, F64;
        i128: i128, I128;
        bool: bool, Bool;
    }

    /// Bytes of a fixed or variable width.
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        match &mut self.values {
            Values::Fixed(width, bytes) => {
                debug_assert_eq!(*width, value.len(), "width of a fixed column");
                let start = bytes.len();
                bytes.extend_from_slice(value);
                bytes.resize(start + *width, 0);
                self.nulls.append_non_null();
            }
            Values::Text(offsets, bytes) => {
                bytes.extend_from_slice(value);
                offsets.push(bytes.len());
                self.nulls.append_non_null();
            }
            _ => debug_assert!(false, "bytes set in a column of {:?}", self.ty),
        }
    }

    /// Text, plain or of a dictionary.
    pub(crate) fn text(&mut self, value: &str) {
        match &mut self.values {
            Values::Text(offsets, bytes) => {
                bytes.extend_from_slice(value.as_bytes());
                offsets.push(bytes.len());
                self.nulls.append_non_null();
            }
            Values::Words { keys, words, numbers, last } => {
                // Runs of one word are the common case and need no hashing.
                let is_last = usize::try_from(*last)
                    .ok()
                    .and_then(|at| words.get(at))
                    .is_some_and(|w| **w == *value);
                if !is_last {
                    *last = if let Some(&number) = numbers.get(value) {
                        number
                    } else {
                        // 2^31 distinct words do not fit in memory beside their text.
                        let number = i32::try_from(words.len()).unwrap_or(i32::MAX);
                        words.push(value.into());
                        numbers.insert(value.into(), number);
                        number
                    };
                }
                keys.push(*last);
                self.nulls.append_non_null();
            }
            _ => debug_assert!(false, "text set in a column of {:?}", self.ty),
        }
    }

    /// One list, item by item.
    pub(crate) fn list<'a, T>(&mut self, items: &'a [T], mut push: impl FnMut(&mut Self, &'a T)) {
        if let Values::List(offsets, item) = &mut self.values {
            for value in items {
                push(item, value);
            }
            offsets.push(item.len());
            self.nulls.append_non_null();
        } else {
            debug_assert!(false, "list set in a column of {:?}", self.ty);
        }
    }

    /// The item column of a list; [`close_list`](Self::close_list) ends the list.
    #[cfg(feature = "ndjson")]
    pub(crate) fn open_list(&mut self) -> Option<&mut Self> {
        match &mut self.values {
            Values::List(_, item) => Some(item),
            _ => None,
        }
    }

    #[cfg(feature = "ndjson")]
    pub(crate) fn close_list(&mut self) {
        if let Values::List(offsets, item) = &mut self.values {
            offsets.push(item.len());
            self.nulls.append_non_null();
        }
    }

    /// One struct, field by field.
    pub(crate) fn structure(&mut self, push: impl FnOnce(&mut [Self])) {
        if let Values::Struct(rows, fields) = &mut self.values {
            push(fields);
            *rows += 1;
            // Text that fails half way leaves later fields behind; the whole row is then taken back.
            debug_assert!(fields.iter().all(|f| f.len() <= *rows), "a struct sets each field once");
            self.nulls.append_non_null();
        }
    }

    pub(crate) fn null(&mut self) {
        self.blank();
        self.nulls.append_null();
    }

    /// This many nulls.
    pub(crate) fn nulls(&mut self, n: usize) {
        for _ in 0..n {
            self.blank();
        }
        self.nulls.append_n_nulls(n);
    }

    /// A value that stands in a slot nobody reads.
    fn blank(&mut self) {
        match &mut self.values {
            Values::I8(v) => v.push(0),
            Values::I32(v) => v.push(0),
            Values::I64(v) => v.push(0),
            Values::U8(v) => v.push(0),
            Values::U16(v) => v.push(0),
            Values::U32(v) => v.push(0),
            Values::U64(v) => v.push(0),
            Values::F64(v) => v.push(0.0),
            Values::I128(v) => v.push(0),
            Values::Bool(v) => v.push(false),
            Values::Fixed(width, v) => v.resize(v.len() + *width, 0),
            Values::Text(offsets, bytes) => offsets.push(bytes.len()),
            Values::Words { keys, .. } => keys.push(0),
            Values::List(offsets, item) => offsets.push(item.len()),
            Values::Struct(rows, fields) => {
                fields.iter_mut().for_each(Self::null);
                *rows += 1;
            }
        }
    }

    /// Takes back everything from row `len` on: a row that failed half way leaves nothing behind.
    pub(crate) fn truncate(&mut self, len: usize) {
        match &mut self.values {
            Values::I8(v) => v.truncate(len),
            Values::I32(v) => v.truncate(len),
            Values::I64(v) => v.truncate(len),
            Values::U8(v) => v.truncate(len),
            Values::U16(v) => v.truncate(len),
            Values::U32(v) => v.truncate(len),
            Values::U64(v) => v.truncate(len),
            Values::F64(v) => v.truncate(len),
            Values::I128(v) => v.truncate(len),
            Values::Bool(v) => v.truncate(len),
            Values::Fixed(width, v) => v.truncate(len * *width),
            Values::Text(offsets, bytes) => {
                offsets.truncate(len + 1);
                bytes.truncate(offsets.last().copied().unwrap_or(0));
            }
            // A word used by the taken row alone may stay in the dictionary; `finish` drops unused words.
            Values::Words { keys, .. } => keys.truncate(len),
            // Items of a list that was never closed go too.
            Values::List(offsets, item) => {
                offsets.truncate(len + 1);
                item.truncate(offsets.last().copied().unwrap_or(0));
            }
            Values::Struct(rows, fields) => {
                for field in fields {
                    field.truncate(len);
                }
                *rows = len;
            }
        }
        if self.nulls.len() > len {
            self.nulls.truncate(len);
        }
    }

    /// The column as an Arrow array; the buffer is empty afterwards.
    ///
    /// # Errors
    /// An [`ArrowError`] when text or list items exceed the 2^31 limit of their offsets.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.nulls.finish();
        let fresh = match self.values {
            Values::Struct(_, _) => Values::Struct(0, Vec::new()),
            _ => Self::new(self.ty, self.packed).values,
        };
        build(self.ty, std::mem::replace(&mut self.values, fresh), nulls)
    }
}

fn offsets(ends: Vec<usize>) -> Result<OffsetBuffer<i32>, ArrowError> {
    let narrow: Result<Vec<i32>, _> = ends.into_iter().map(i32::try_from).collect();
    let narrow = narrow.map_err(|_| ArrowError::OffsetOverflowError(usize::MAX >> 33))?;
    Ok(OffsetBuffer::new(ScalarBuffer::from(narrow)))
}

fn build(ty: Type, values: Values, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
    Ok(match values {
        Values::I8(v) => Arc::new(Int8Array::try_new(v.into(), nulls)?),
        Values::I32(v) => Arc::new(Int32Array::try_new(v.into(), nulls)?),
        Values::I64(v) if ty == Type::Ts => {
            Arc::new(TimestampNanosecondArray::try_new(v.into(), nulls)?.with_timezone(UTC))
        }
        Values::I64(v) => Arc::new(Int64Array::try_new(v.into(), nulls)?),
        Values::U8(v) => Arc::new(UInt8Array::try_new(v.into(), nulls)?),
        Values::U16(v) => Arc::new(UInt16Array::try_new(v.into(), nulls)?),
        Values::U32(v) => Arc::new(UInt32Array::try_new(v.into(), nulls)?),
        Values::U64(v) => Arc::new(UInt64Array::try_new(v.into(), nulls)?),
        Values::F64(v) => Arc::new(Float64Array::try_new(v.into(), nulls)?),
        Values::I128(v) => {
            Arc::new(Decimal128Array::try_new(v.into(), nulls)?.with_precision_and_scale(38, 9)?)
        }
        Values::Bool(v) => Arc::new(BooleanArray::new(BooleanBuffer::from(v), nulls)),
        Values::Fixed(width, v) => {
            let width = i32::try_from(width)
                .map_err(|_| ArrowError::InvalidArgumentError("width".into()))?;
            Arc::new(FixedSizeBinaryArray::try_new(width, Bytes::from_vec(v), nulls)?)
        }
        Values::Text(ends, bytes) if ty == Type::Str => {
            Arc::new(StringArray::try_new(offsets(ends)?, Bytes::from_vec(bytes), nulls)?)
        }
        Values::Text(ends, bytes) => {
            Arc::new(BinaryArray::try_new(offsets(ends)?, Bytes::from_vec(bytes), nulls)?)
        }
        Values::Words { keys, words, .. } => words_array(keys, &words, nulls)?,
        Values::List(ends, mut item) => {
            let items = item.finish()?;
            let field = Arc::new(Field::new("item", items.data_type().clone(), false));
            Arc::new(ListArray::try_new(field, offsets(ends)?, items, nulls)?)
        }
        Values::Struct(rows, mut fields) => {
            let Type::Structs(spec) = ty else {
                return Err(ArrowError::InvalidArgumentError(
                    "struct column without fields".into(),
                ));
            };
            let columns: Result<Vec<ArrayRef>, ArrowError> =
                fields.iter_mut().map(Buffer::finish).collect();
            Arc::new(StructArray::try_new_with_length(item_fields(spec), columns?, nulls, rows)?)
        }
    })
}

/// A dictionary that holds used words only, in order of first use: equal rows give equal bytes.
fn words_array(
    keys: Vec<i32>,
    words: &[Box<str>],
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let mut used: Vec<&str> = Vec::new();
    let mut number: Vec<Option<i32>> = vec![None; words.len()];
    let mut renumbered = keys;
    for (row, key) in renumbered.iter_mut().enumerate() {
        if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            *key = 0;
            continue;
        }
        let at = usize::try_from(*key).ok();
        let slot = at.and_then(|at| Some((number.get_mut(at)?, words.get(at)?)));
        let Some((number, word)) = slot else {
            return Err(ArrowError::DictionaryKeyOverflowError);
        };
        *key = if let Some(known) = *number {
            known
        } else {
            let next = i32::try_from(used.len());
            let next = next.map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
            used.push(word);
            *number.insert(next)
        };
    }
    let values = StringArray::from_iter_values(used);
    let keys = Int32Array::try_new(renumbered.into(), nulls)?;
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(values))?))
}
