//! Seeded rows of any table, extremes first.

use crate::interop::InteropError;
use crate::rng::Rng;
use arrow_array::builder::{FixedSizeBinaryBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int8Array, Int32Array,
    Int64Array, ListArray, RecordBatch, StringArray, StructArray, TimestampNanosecondArray,
    UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use contract::{AnyBatch, ItemField, TableSpec, Type, UTC};
use std::sync::Arc;

/// Columns that stand behind the fixed ones of a dynamic table, one of each type that is allowed there.
const DYNAMIC: [(&str, Type); 5] = [
    ("price__log_ret__1m", Type::F64),
    ("flow__trade_count__5m", Type::U16),
    ("time__since_last_ns", Type::I64),
    ("risk__gross_notional", Type::Dec),
    ("time__next_event", Type::Ts),
];

/// Text that breaks careless readers: empty, the spellings of null and of numbers, separators, quotes, line ends,
/// more than one byte a letter.
const TEXTS: [&str; 14] = [
    "",
    "null",
    "NaN",
    "NULL",
    "0",
    "8.95E+14",
    " a b ",
    "a,b;c\td",
    "say \"hi\"",
    "two\nlines",
    "cr\r\nlf",
    "back\\slash",
    "Zürich 東京 🙂",
    "\u{7f}\u{1}",
];

/// The largest magnitude of 38 decimal digits.
const DEC_MAX: i128 = 10_i128.pow(38) - 1;

/// Rows of a table that have its shape and nothing else in common with the market.
///
/// - **Shape:** `rows` rows, with `seq` from 0 where the table is an event table. The first rows of each column hold
///   its extremes (least and greatest value, empty text and lists, each word of a closed set) and a null where null is
///   allowed; the rest is random, one in eight null. Row rules are not kept: readers must hold any value of a type.
/// - **Cost:** a debug build makes 44 tables of 200 rows in well under a second.
///
/// # Errors
/// [`InteropError`] for a type that this module does not know yet.
pub fn random_table(
    spec: &'static TableSpec,
    rng: &mut Rng,
    rows: usize,
) -> Result<AnyBatch, InteropError> {
    let dynamic: &[(&str, Type)] = if spec.is_dynamic { &DYNAMIC } else { &[] };
    let packed = i32::try_from(dynamic.len()).unwrap_or(i32::MAX);
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    if spec.is_event() {
        fields.push(Field::new("seq", DataType::UInt64, false));
        arrays.push(Arc::new((0_u64..).take(rows).collect::<UInt64Array>()));
    }
    for column in spec.columns {
        let cells = Cells { nullable: column.nullable, rows };
        fields.push(Field::new(column.name, column.ty.data_type(packed), column.nullable));
        arrays.push(array(rng, column.ty, packed, cells)?);
    }
    for (name, ty) in dynamic {
        fields.push(Field::new(*name, ty.data_type(packed), true));
        arrays.push(array(rng, *ty, packed, Cells { nullable: true, rows })?);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    Ok(AnyBatch::parse(spec, &batch)?)
}

/// How many cells a column has, and whether some are null.
#[derive(Debug, Clone, Copy)]
struct Cells {
    nullable: bool,
    rows: usize,
}

impl Cells {
    /// The extremes, a null, then random values.
    fn fill<V: Clone>(
        self,
        rng: &mut Rng,
        extremes: &[V],
        mut random: impl FnMut(&mut Rng) -> V,
    ) -> Vec<Option<V>> {
        (0..self.rows)
            .map(|row| match extremes.get(row) {
                Some(extreme) => Some(extreme.clone()),
                None if self.nullable && (row == extremes.len() || rng.one_in(8)) => None,
                None if rng.one_in(8) && !extremes.is_empty() => {
                    let at = rng.below(u64::try_from(extremes.len()).unwrap_or(1));
                    usize::try_from(at).ok().and_then(|at| extremes.get(at)).cloned()
                }
                None => Some(random(rng)),
            })
            .collect()
    }
}

macro_rules! integers {
    ($rng:ident, $cells:ident, $array:ty, $int:ty) => {{
        let extremes = [0, 1, <$int>::MIN, <$int>::MAX, <$int>::MAX / 2];
        let random = |rng: &mut Rng| <$int>::from_le_bytes(rng.bytes());
        Arc::new(<$array>::from($cells.fill($rng, &extremes, random)))
    }};
}

fn array(rng: &mut Rng, ty: Type, packed: i32, cells: Cells) -> Result<ArrayRef, InteropError> {
    Ok(match ty {
        Type::Ts => {
            // The limits of the type, two of which DuckDB takes for infinity; the last nanosecond of a second; a
            // receipt of a real recorder.
            let limits = [i64::MIN, -i64::MAX, i64::MAX - 1, i64::MAX];
            let extremes = [&limits[..], &[0, -1, 999_999_999, 1_723_161_255_030_314_667]].concat();
            let random =
                |rng: &mut Rng| i64::from_le_bytes(rng.bytes()) / 4 + 1_600_000_000_000_000_000;
            let stamps = TimestampNanosecondArray::from(cells.fill(rng, &extremes, random));
            Arc::new(stamps.with_timezone(UTC))
        }
        Type::Px | Type::I64 => {
            // 2^53 + 1 is the first integer that a double cannot hold. A price ends at the same magnitude on both
            // sides of zero.
            let beyond = (1_i64 << 53) + 1;
            let least = if ty == Type::Px { -i64::MAX } else { i64::MIN };
            let extremes = [0, 1, -1, least, i64::MAX, beyond, -beyond, 61_700_100_000_000];
            let random = |rng: &mut Rng| i64::from_le_bytes(rng.bytes());
            Arc::new(Int64Array::from(cells.fill(rng, &extremes, random)))
        }
        Type::Dec => {
            let extremes = [0, 1, -1, DEC_MAX, -DEC_MAX, 100_000_000_000, 123_456_789_123_456_789];
            let values = Decimal128Array::from(cells.fill(rng, &extremes, decimal));
            Arc::new(values.with_precision_and_scale(38, 9)?)
        }
        Type::Size => {
            let extremes = [0.0, 5e-324, f64::MAX, 0.1, 1e15 + 0.3, 1.0 / 3.0];
            Arc::new(Float64Array::from(cells.fill(rng, &extremes, |rng| finite(rng).abs())))
        }
        Type::F64 => {
            let extremes = [0.0, -0.0, 5e-324, f64::MAX, f64::MIN, 0.1, 1.0 / 3.0, 1e23];
            Arc::new(Float64Array::from(cells.fill(rng, &extremes, finite)))
        }
        Type::Id => fixed::<16>(rng, cells)?,
        Type::Hash => fixed::<32>(rng, cells)?,
        Type::Span => fixed::<8>(rng, cells)?,
        Type::Packed => packed_reasons(rng, packed, cells)?,
        Type::Cat(words) => {
            let any = |rng: &mut Rng| choose(rng, words);
            dictionary(cells.fill(rng, words, any))
        }
        Type::OpenCat => {
            let values = cells.fill(rng, &TEXTS, |rng| choose(rng, &["XNAS", "EUR", "momentum"]));
            dictionary(values)
        }
        Type::Code(words) => {
            let letters: Vec<u8> = words.iter().filter_map(|w| w.bytes().next()).collect();
            let any = |rng: &mut Rng| choose(rng, &letters);
            Arc::new(UInt8Array::from(cells.fill(rng, &letters, any)))
        }
        Type::Str => {
            let extremes: Vec<String> = TEXTS.iter().map(|t| (*t).to_owned()).collect();
            Arc::new(StringArray::from(cells.fill(rng, &extremes, text)))
        }
        Type::Bool => {
            Arc::new(BooleanArray::from(cells.fill(rng, &[true, false], |rng| rng.one_in(2))))
        }
        Type::I8 => integers!(rng, cells, Int8Array, i8),
        Type::I32 => integers!(rng, cells, Int32Array, i32),
        Type::U8 => integers!(rng, cells, UInt8Array, u8),
        Type::U16 => integers!(rng, cells, UInt16Array, u16),
        Type::U32 => integers!(rng, cells, UInt32Array, u32),
        Type::U64 => integers!(rng, cells, UInt64Array, u64),
        Type::Bin => {
            let extremes = [Vec::new(), vec![0], vec![0xff, 0x00, 0x80]];
            let any = |rng: &mut Rng| rng.bytes::<11>().to_vec();
            let values = cells.fill(rng, &extremes, any);
            Arc::new(values.iter().map(Option::as_deref).collect::<BinaryArray>())
        }
        Type::List(item) => list(rng, ty, cells, |rng, rows| {
            array(rng, *item, packed, Cells { nullable: false, rows })
        })?,
        Type::Structs(fields) => list(rng, ty, cells, |rng, rows| structs(rng, ty, fields, rows))?,
        other => return Err(InteropError::UnknownType(other.name())),
    })
}

/// A decimal of any number of digits up to 38.
fn decimal(rng: &mut Rng) -> i128 {
    let digits = u32::try_from(rng.below(39)).unwrap_or(0);
    i128::from_le_bytes(rng.bytes()) % 10_i128.pow(digits)
}

/// Any finite double, all exponents alike.
fn finite(rng: &mut Rng) -> f64 {
    loop {
        let value = f64::from_bits(rng.next_u64());
        if value.is_finite() {
            return value;
        }
    }
}

fn text(rng: &mut Rng) -> String {
    let len = rng.below(9);
    (0..len).map(|_| choose(rng, &['a', 'Z', '0', '-', ':', 'é', '"', ',', ' '])).collect()
}

/// One of the values; the first where the draw fails, which it cannot for lists that are not empty.
fn choose<V: Copy>(rng: &mut Rng, values: &[V]) -> V {
    let at = rng.below(u64::try_from(values.len()).unwrap_or(1));
    let at = usize::try_from(at).unwrap_or(0);
    values.get(at).copied().unwrap_or_else(|| values[0])
}

fn dictionary(values: Vec<Option<&str>>) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    builder.extend(values);
    Arc::new(builder.finish())
}

fn fixed<const N: usize>(rng: &mut Rng, cells: Cells) -> Result<ArrayRef, ArrowError> {
    let mut builder = FixedSizeBinaryBuilder::new(i32::try_from(N).unwrap_or(i32::MAX));
    for value in cells.fill(rng, &[[0; N], [0xff; N]], Rng::bytes::<N>) {
        match value {
            Some(bytes) => builder.append_value(bytes)?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn packed_reasons(rng: &mut Rng, width: i32, cells: Cells) -> Result<ArrayRef, ArrowError> {
    let mut builder = FixedSizeBinaryBuilder::new(width);
    for _ in 0..cells.rows {
        let reasons: Vec<u8> = (0..width).map(|_| choose(rng, &[0, 0, 6, 255])).collect();
        builder.append_value(reasons)?;
    }
    Ok(Arc::new(builder.finish()))
}

/// Lists of 0 to 3 items, and one with as many as the extremes of an item need.
fn list(
    rng: &mut Rng,
    ty: Type,
    cells: Cells,
    items: impl FnOnce(&mut Rng, usize) -> Result<ArrayRef, InteropError>,
) -> Result<ArrayRef, InteropError> {
    let lengths = cells.fill(rng, &[0, 1, 20], |rng| usize::try_from(rng.below(4)).unwrap_or(0));
    let nulls: NullBuffer = lengths.iter().map(Option::is_some).collect();
    let lengths: Vec<usize> = lengths.into_iter().map(Option::unwrap_or_default).collect();
    let DataType::List(field) = ty.data_type(0) else {
        return Err(InteropError::UnknownType(ty.name()));
    };
    let values = items(rng, lengths.iter().sum())?;
    let nulls = cells.nullable.then_some(nulls);
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), values, nulls)?))
}

fn structs(
    rng: &mut Rng,
    ty: Type,
    fields: &'static [ItemField],
    rows: usize,
) -> Result<ArrayRef, InteropError> {
    let columns: Result<Vec<ArrayRef>, InteropError> = fields
        .iter()
        .map(|field| array(rng, field.ty, 0, Cells { nullable: field.nullable, rows }))
        .collect();
    match ty.data_type(0) {
        DataType::List(item) => match item.data_type() {
            DataType::Struct(fields) => {
                let structs =
                    StructArray::try_new_with_length(fields.clone(), columns?, None, rows)?;
                Ok(Arc::new(structs))
            }
            _ => Err(InteropError::UnknownType(ty.name())),
        },
        _ => Err(InteropError::UnknownType(ty.name())),
    }
}
