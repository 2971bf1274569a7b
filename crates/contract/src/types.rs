//! The types that a column may have, as markers in Rust and as data for generic code.

use crate::items::Item;
use crate::unit::{Amount, EventId, Hash, InstrumentId, Price, SourceId, SpanId, UtcNanos};
use crate::vocabulary::Vocabulary;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
    Float64Array, Int8Array, Int32Array, Int64Array, ListArray, StringArray, StructArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use std::marker::PhantomData;
use std::sync::Arc;

/// The type of a column: its meaning, and through it one Arrow type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// An instant, `Timestamp(Nanosecond, "UTC")`.
    Ts,
    /// A price, `Int64` of 1e-9.
    Px,
    /// An own quantity or money, `Decimal128(38, 9)`.
    Dec,
    /// A public tape quantity, `Float64`, finite and not negative.
    Size,
    /// A derived value, `Float64`, finite.
    F64,
    /// A 16-byte identity or opaque token.
    Id,
    /// A SHA-256, 32 bytes.
    Hash,
    /// A W3C span id, 8 bytes.
    Span,
    /// Repeated text of a closed set, `Dictionary(Int32, Utf8)`.
    Cat(&'static [&'static str]),
    /// Repeated text of an open set, `Dictionary(Int32, Utf8)`.
    OpenCat,
    /// One ASCII letter of a closed set, `UInt8`.
    Code(&'static [&'static str]),
    /// Text, `Utf8`.
    Str,
    /// `Boolean`.
    Bool,
    /// `Int8`.
    I8,
    /// `Int32`.
    I32,
    /// `Int64`.
    I64,
    /// `UInt8`.
    U8,
    /// `UInt16`.
    U16,
    /// `UInt32`.
    U32,
    /// `UInt64`.
    U64,
    /// `Binary`.
    Bin,
    /// One byte a dynamic column of the table, `FixedSizeBinary(n)`.
    Packed,
    /// A list of one simple type.
    List(&'static Type),
    /// A list of structs.
    Structs(&'static [ItemField]),
}

/// One field of the structs in a list column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemField {
    /// Name.
    pub name: &'static str,
    /// Type: simple, and never a dictionary.
    pub ty: Type,
    /// Whether it may be null.
    pub nullable: bool,
}

/// The time zone of every instant.
pub const UTC: &str = "UTC";

impl Type {
    /// The Arrow type; `packed` is the width of a [`Type::Packed`] column.
    #[must_use]
    pub fn data_type(self, packed: i32) -> DataType {
        match self {
            Self::Ts => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
            Self::Px | Self::I64 => DataType::Int64,
            Self::Dec => DataType::Decimal128(38, 9),
            Self::Size | Self::F64 => DataType::Float64,
            Self::Id => DataType::FixedSizeBinary(16),
            Self::Hash => DataType::FixedSizeBinary(32),
            Self::Span => DataType::FixedSizeBinary(8),
            Self::Cat(_) | Self::OpenCat => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            Self::Code(_) | Self::U8 => DataType::UInt8,
            Self::Str => DataType::Utf8,
            Self::Bool => DataType::Boolean,
            Self::I8 => DataType::Int8,
            Self::I32 => DataType::Int32,
            Self::U16 => DataType::UInt16,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::Bin => DataType::Binary,
            Self::Packed => DataType::FixedSizeBinary(packed),
            Self::List(item) => {
                DataType::List(Arc::new(Field::new("item", item.data_type(packed), false)))
            }
            Self::Structs(fields) => {
                let item = DataType::Struct(item_fields(fields));
                DataType::List(Arc::new(Field::new("item", item, false)))
            }
        }
    }

    /// The name that the contract's tables of types use.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ts => "ts".into(),
            Self::Px => "px".into(),
            Self::Dec => "dec".into(),
            Self::Size => "size".into(),
            Self::F64 => "f64".into(),
            Self::Id => "id".into(),
            Self::Hash => "hash".into(),
            Self::Span => "span".into(),
            Self::Cat(_) => "cat".into(),
            Self::OpenCat => "cat (open)".into(),
            Self::Code(_) => "code".into(),
            Self::Str => "str".into(),
            Self::Bool => "bool".into(),
            Self::I8 => "i8".into(),
            Self::I32 => "i32".into(),
            Self::I64 => "i64".into(),
            Self::U8 => "u8".into(),
            Self::U16 => "u16".into(),
            Self::U32 => "u32".into(),
            Self::U64 => "u64".into(),
            Self::Bin => "bin".into(),
            Self::Packed => "packed".into(),
            Self::List(item) => format!("list<{}>", item.name()),
            Self::Structs(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|f| {
                        format!("{} {}{}", f.name, f.ty.name(), if f.nullable { " N" } else { "" })
                    })
                    .collect();
                format!("list<struct {{{}}}>", fields.join(", "))
            }
        }
    }
}

pub(crate) fn item_fields(fields: &'static [ItemField]) -> Fields {
    fields.iter().map(|f| Field::new(f.name, f.ty.data_type(0), f.nullable)).collect()
}

/// A marker type that links a column constant to its array and its Rust values.
///
/// Implemented by the markers of [`kind`](crate::kind) only.
pub trait ColumnType: sealed::Sealed + 'static {
    /// The Arrow array behind the column.
    type Array: Array + 'static;
    /// What a builder takes.
    type In<'a>;
    /// What a reader gets.
    type Out<'a>;
    /// The type as data.
    const TYPE: Type;
    /// Whether the column may be null.
    const NULLABLE: bool;

    #[doc(hidden)]
    fn push(buffer: &mut crate::buffer::Buffer, value: Self::In<'_>);
    #[doc(hidden)]
    fn value(array: &Self::Array, row: usize) -> Result<Self::Out<'_>, UnknownWord>;
}

/// A letter or word that is not in the closed set of its column.
///
/// [`Batch::parse`](crate::Batch::parse) checks the shape alone, so data from elsewhere can hold one;
/// [`admit`](crate::admit) turns such a row into a reject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {expected:?}, found `{found}`")]
pub struct UnknownWord {
    /// The closed set.
    pub expected: &'static [&'static str],
    /// What stands there.
    pub found: String,
}

crate::diagnostic::input_error!(UnknownWord { Self { .. } => "contract/out-of-vocabulary" });

pub(crate) mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// Markers for the types of columns, `Column<Trades, kind::Px>`.
pub mod kind {
    use std::marker::PhantomData;

    macro_rules! markers {
        ($($(#[$doc:meta])* $name:ident)*) => { $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub enum $name {})* };
    }
    markers! {
        /// An instant.
        Ts
        /// A price.
        Px
        /// An own quantity or money.
        Dec
        /// A public tape quantity.
        Size
        /// A derived value.
        F64
        /// A 16-byte identity.
        Id
        /// A SHA-256.
        Sha
        /// A span id.
        Span
        /// An instrument.
        Instrument
        /// A source.
        Source
        /// Repeated text of an open set.
        OpenCat
        /// Text.
        Str
        /// A truth value.
        Bool
        /// An 8-bit integer.
        I8
        /// A 32-bit integer.
        I32
        /// A 64-bit integer.
        I64
        /// An unsigned 8-bit integer.
        U8
        /// An unsigned 16-bit integer.
        U16
        /// An unsigned 32-bit integer.
        U32
        /// An unsigned 64-bit integer.
        U64
        /// Bytes.
        Bin
        /// One byte a dynamic column.
        Packed
        /// A list of unsigned integers.
        ListU64
        /// A list of floats.
        ListF64
        /// A list of texts.
        ListStr
    }
    /// Repeated text of the closed set `E`.
    #[derive(Debug, Clone, Copy)]
    pub struct Cat<E>(PhantomData<E>);
    /// One letter of the closed set `E`.
    #[derive(Debug, Clone, Copy)]
    pub struct Code<E>(PhantomData<E>);
    /// A list of the structs `S`.
    #[derive(Debug, Clone, Copy)]
    pub struct Structs<S>(PhantomData<S>);
    /// A column that may be null.
    #[derive(Debug, Clone, Copy)]
    pub struct Opt<V>(PhantomData<V>);
}

macro_rules! plain {
    ($($kind:ident: $array:ty, $variant:ident, $value:ty, |$b:ident, $v:ident| $push:expr, |$a:ident, $r:ident| $get:expr;)*) => {$(
        impl Sealed for kind::$kind {}
        impl ColumnType for kind::$kind {
            type Array = $array;
            type In<'a> = $value;
            type Out<'a> = $value;
            const TYPE: Type = Type::$variant;
            const NULLABLE: bool = false;

            fn push($b: &mut crate::buffer::Buffer, $v: $value) {
                $push;
            }

            fn value($a: &$array, $r: usize) -> Result<$value, UnknownWord> {
                Ok($get)
            }
        }
    )*};
}

/// Bytes of a fixed-size row; the width was checked when the batch was parsed.
fn fixed<const N: usize>(array: &FixedSizeBinaryArray, row: usize) -> [u8; N] {
    <[u8; N]>::try_from(array.value(row)).unwrap_or([0; N])
}

plain! {
    Ts: TimestampNanosecondArray, Ts, UtcNanos, |b, v| b.i64(v.nanos()), |a, r| UtcNanos::from_nanos(a.value(r));
    Px: Int64Array, Px, Price, |b, v| b.i64(v.nanos()), |a, r| Price::from_nanos(a.value(r));
    Size: Float64Array, Size, f64, |b, v| b.f64(v), |a, r| a.value(r);
    F64: Float64Array, F64, f64, |b, v| b.f64(v), |a, r| a.value(r);
    Id: FixedSizeBinaryArray, Id, EventId, |b, v| b.bytes(v.as_bytes()), |a, r| EventId::from_bytes(fixed(a, r));
    Sha: FixedSizeBinaryArray, Hash, Hash, |b, v| b.bytes(v.as_bytes()), |a, r| Hash::from_bytes(fixed(a, r));
    Span: FixedSizeBinaryArray, Span, SpanId, |b, v| b.bytes(v.as_bytes()), |a, r| SpanId::from_bytes(fixed(a, r));
    Instrument: UInt32Array, U32, InstrumentId, |b, v| b.u32(v.get()), |a, r| InstrumentId::new(a.value(r));
    Source: UInt16Array, U16, SourceId, |b, v| b.u16(v.get()), |a, r| SourceId::new(a.value(r));
    Bool: BooleanArray, Bool, bool, |b, v| b.bool(v), |a, r| a.value(r);
    I8: Int8Array, I8, i8, |b, v| b.i8(v), |a, r| a.value(r);
    I32: Int32Array, I32, i32, |b, v| b.i32(v), |a, r| a.value(r);
    I64: Int64Array, I64, i64, |b, v| b.i64(v), |a, r| a.value(r);
    U8: UInt8Array, U8, u8, |b, v| b.u8(v), |a, r| a.value(r);
    U16: UInt16Array, U16, u16, |b, v| b.u16(v), |a, r| a.value(r);
    U32: UInt32Array, U32, u32, |b, v| b.u32(v), |a, r| a.value(r);
    U64: UInt64Array, U64, u64, |b, v| b.u64(v), |a, r| a.value(r);
}

impl Sealed for kind::Dec {}
impl ColumnType for kind::Dec {
    type Array = Decimal128Array;
    type In<'a> = Amount;
    type Out<'a> = Amount;
    const TYPE: Type = Type::Dec;
    const NULLABLE: bool = false;

    fn push(buffer: &mut crate::buffer::Buffer, value: Amount) {
        buffer.i128(value.nanos());
    }

    fn value(array: &Decimal128Array, row: usize) -> Result<Amount, UnknownWord> {
        let nanos = array.value(row);
        Amount::from_nanos(nanos).ok_or_else(|| UnknownWord {
            expected: &["38 decimal digits"],
            found: nanos.to_string(),
        })
    }
}

macro_rules! borrowed {
    ($($kind:ident: $array:ty, $variant:ident, $value:ty, |$b:ident, $v:ident| $push:expr;)*) => {$(
        impl Sealed for kind::$kind {}
        impl ColumnType for kind::$kind {
            type Array = $array;
            type In<'a> = &'a $value;
            type Out<'a> = &'a $value;
            const TYPE: Type = Type::$variant;
            const NULLABLE: bool = false;

            fn push($b: &mut crate::buffer::Buffer, $v: &$value) {
                $push;
            }

            fn value(array: &$array, row: usize) -> Result<&$value, UnknownWord> {
                Ok(array.value(row))
            }
        }
    )*};
}
borrowed! {
    Str: StringArray, Str, str, |b, v| b.text(v);
    Bin: BinaryArray, Bin, [u8], |b, v| b.bytes(v);
    Packed: FixedSizeBinaryArray, Packed, [u8], |b, v| b.bytes(v);
}

fn word_at(array: &DictionaryArray<Int32Type>, row: usize) -> &str {
    let key = array.keys().value(row);
    let values = array.values().as_any().downcast_ref::<StringArray>();
    // The shape check admits a dictionary of Utf8 alone, and Arrow validates its keys.
    values.zip(usize::try_from(key).ok()).map_or("", |(values, key)| values.value(key))
}

impl Sealed for kind::OpenCat {}
impl ColumnType for kind::OpenCat {
    type Array = DictionaryArray<Int32Type>;
    type In<'a> = &'a str;
    type Out<'a> = &'a str;
    const TYPE: Type = Type::OpenCat;
    const NULLABLE: bool = false;

    fn push(buffer: &mut crate::buffer::Buffer, value: &str) {
        buffer.text(value);
    }

    fn value(array: &Self::Array, row: usize) -> Result<&str, UnknownWord> {
        Ok(word_at(array, row))
    }
}

impl<E: Vocabulary> Sealed for kind::Cat<E> {}
impl<E: Vocabulary> ColumnType for kind::Cat<E> {
    type Array = DictionaryArray<Int32Type>;
    type In<'a> = E;
    type Out<'a> = E;
    const TYPE: Type = Type::Cat(E::WORDS);
    const NULLABLE: bool = false;

    fn push(buffer: &mut crate::buffer::Buffer, value: E) {
        buffer.text(value.word());
    }

    fn value(array: &Self::Array, row: usize) -> Result<E, UnknownWord> {
        let word = word_at(array, row);
        E::from_word(word).ok_or_else(|| UnknownWord { expected: E::WORDS, found: word.to_owned() })
    }
}

impl<E: Vocabulary> Sealed for kind::Code<E> {}
impl<E: Vocabulary> ColumnType for kind::Code<E> {
    type Array = UInt8Array;
    type In<'a> = E;
    type Out<'a> = E;
    const TYPE: Type = Type::Code(E::WORDS);
    const NULLABLE: bool = false;

    fn push(buffer: &mut crate::buffer::Buffer, value: E) {
        buffer.u8(letter(value.word()));
    }

    fn value(array: &UInt8Array, row: usize) -> Result<E, UnknownWord> {
        let byte = array.value(row);
        let known = E::ALL.iter().copied().find(|e| letter(e.word()) == byte);
        known
            .ok_or_else(|| UnknownWord { expected: E::WORDS, found: crate::text::excerpt(&[byte]) })
    }
}

/// The byte of a one-letter spelling.
pub(crate) fn letter(word: &str) -> u8 {
    word.as_bytes().first().copied().unwrap_or(0)
}

macro_rules! lists {
    ($($kind:ident: $item:ty, $out:ty, $ty:expr, $array:ty, |$b:ident, $v:ident| $push:expr, |$a:ident, $r:ident| $get:expr;)*) => {$(
        impl Sealed for kind::$kind {}
        impl ColumnType for kind::$kind {
            type Array = ListArray;
            type In<'a> = &'a [$item];
            type Out<'a> = Vec<$out>;
            const TYPE: Type = Type::List(&$ty);
            const NULLABLE: bool = false;

            fn push(buffer: &mut crate::buffer::Buffer, values: &[$item]) {
                buffer.list(values, |$b, $v| { $push; });
            }

            fn value(array: &ListArray, row: usize) -> Result<Vec<$out>, UnknownWord> {
                let items = array.value(row);
                let items = items.as_any().downcast_ref::<$array>();
                Ok(items.map_or_else(Vec::new, |$a| (0..$a.len()).map(|$r| $get).collect()))
            }
        }
    )*};
}
lists! {
    ListU64: u64, u64, Type::U64, UInt64Array, |b, v| b.u64(*v), |a, r| a.value(r);
    ListF64: f64, f64, Type::F64, Float64Array, |b, v| b.f64(*v), |a, r| a.value(r);
    ListStr: String, String, Type::Str, StringArray, |b, v| b.text(v), |a, r| a.value(r).to_owned();
}

impl<S: Item> Sealed for kind::Structs<S> {}
impl<S: Item> ColumnType for kind::Structs<S> {
    type Array = ListArray;
    type In<'a> = &'a [S];
    type Out<'a> = Vec<S>;
    const TYPE: Type = Type::Structs(S::FIELDS);
    const NULLABLE: bool = false;

    fn push(buffer: &mut crate::buffer::Buffer, values: &[S]) {
        buffer.list(values, |item, value| item.structure(|fields| value.push(fields)));
    }

    fn value(array: &ListArray, row: usize) -> Result<Vec<S>, UnknownWord> {
        let items = array.value(row);
        let items = items.as_any().downcast_ref::<StructArray>();
        Ok(items
            .map_or_else(Vec::new, |items| (0..items.len()).map(|at| S::read(items, at)).collect()))
    }
}

impl<V: ColumnType> Sealed for kind::Opt<V> {}
impl<V: ColumnType> ColumnType for kind::Opt<V> {
    type Array = V::Array;
    type In<'a> = Option<V::In<'a>>;
    type Out<'a> = Option<V::Out<'a>>;
    const TYPE: Type = V::TYPE;
    const NULLABLE: bool = true;

    fn push(buffer: &mut crate::buffer::Buffer, value: Self::In<'_>) {
        match value {
            Some(value) => V::push(buffer, value),
            None => buffer.null(),
        }
    }

    fn value(array: &V::Array, row: usize) -> Result<Self::Out<'_>, UnknownWord> {
        if array.is_null(row) { Ok(None) } else { V::value(array, row).map(Some) }
    }
}

/// A column of table `T` with values of kind `V`, written as a constant of the table.
///
/// ```
/// use contract::{Table, Trades};
/// assert_eq!(Trades::PX.name(), "px");
/// assert_eq!(Trades::PX.field_id(), 16);
/// assert_eq!(Trades::SPEC.column("px").map(|c| c.nullable), Some(false));
/// ```
#[derive(Debug)]
pub struct Column<T, V> {
    pub(crate) spec: crate::spec::ColumnSpec,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: crate::spec::Table, V: ColumnType> Column<T, V> {
    pub(crate) const fn new(field_id: u16, name: &'static str, doc: &'static str) -> Self {
        let spec = crate::spec::ColumnSpec::new(field_id, name, V::TYPE, V::NULLABLE, doc);
        Self { spec, marker: PhantomData }
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.spec.name
    }

    /// The number that stays with the column for ever.
    #[must_use]
    pub const fn field_id(&self) -> u16 {
        self.spec.field_id
    }

    /// The column as data.
    #[must_use]
    pub const fn spec(&self) -> &crate::spec::ColumnSpec {
        &self.spec
    }
}

macro_rules! notes {
    ($($(#[$doc:meta])* $name:ident: $value:ty = $v:ident => $set:expr;)*) => {
        impl<T: crate::spec::Table, V: ColumnType> Column<T, V> {
            $($(#[$doc])* #[must_use]
            pub(crate) const fn $name(mut self, $v: $value) -> Self {
                self.spec.$name = $set;
                self
            })*
        }
    };
}
notes! {
    unit: crate::spec::Unit = v => Some(v);
    standard: &'static str = v => v;
    class: crate::spec::Class = v => v;
    tags: &'static [crate::spec::Tag] = v => v;
    default: crate::spec::Default = v => v;
    #[expect(clippy::wrong_self_convention, reason = "named for its field")]
    is_scope: bool = v => v;
}
