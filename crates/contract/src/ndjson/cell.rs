//! One cell of text, parsed into its column.

use crate::buffer::Buffer;
use crate::decimal::DecimalError;
use crate::types::{ItemField, Type, letter};
use crate::unit::{Amount, EventId, Hash, Price, SpanId, TimeError, UtcNanos};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Why a cell was refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The word behind `contract/`.
    pub(crate) code: &'static str,
    pub(crate) expected: Cow<'static, str>,
    pub(crate) found: String,
}

impl Refusal {
    pub(crate) fn new(
        code: &'static str,
        expected: impl Into<Cow<'static, str>>,
        found: &str,
    ) -> Self {
        Self { code, expected: expected.into(), found: crate::text::excerpt(found.as_bytes()) }
    }
}

/// What a text looked like in its source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// A JSON number, without quotes.
    Number,
    /// A JSON string.
    Quoted,
    /// A field of CSV, where nothing is told apart.
    Plain,
}

/// Parses a JSON token into a column; `null` is null.
pub(crate) fn push_json(
    buffer: &mut Buffer,
    ty: Type,
    nullable: bool,
    raw: &str,
) -> Result<(), Refusal> {
    let first = raw.as_bytes().first().copied().unwrap_or(0);
    match (first, ty) {
        (b'n', _) if nullable => {
            buffer.null();
            Ok(())
        }
        (b'n', _) => Err(Refusal::new("null-required", "a value", "null")),
        (b'[', Type::List(item)) => push_list(buffer, *item, raw),
        (b'[', Type::Structs(fields)) => push_structs(buffer, fields, raw),
        (b't' | b'f', Type::Bool) => {
            buffer.bool(first == b't');
            Ok(())
        }
        (b'"', _) => {
            let text: Text<'_> = serde_json::from_str(raw)
                .map_err(|e| Refusal::new("malformed-value", e.to_string(), raw))?;
            push_text(buffer, ty, &text.0, Spelling::Quoted)
        }
        (b'-' | b'0'..=b'9', _) => push_text(buffer, ty, raw, Spelling::Number),
        _ => Err(wrong(ty, raw)),
    }
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> serde_core::Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde_core::de::Visitor<'de> for Visitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// The keys and raw values of one JSON object, duplicates and order kept.
#[derive(Debug)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Text<'a>, &'a RawValue)>);

impl<'de> serde_core::Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde_core::de::Visitor<'de> for Visitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("one JSON object")
            }

            fn visit_map<A: serde_core::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn wrong(ty: Type, found: &str) -> Refusal {
    Refusal::new("malformed-value", expected(ty), found)
}

fn expected(ty: Type) -> Cow<'static, str> {
    match ty {
        Type::Ts => "an RFC 3339 time with an offset, or integer nanoseconds".into(),
        Type::Px | Type::Dec => "decimal text or a number".into(),
        Type::Size | Type::F64 => "a number".into(),
        Type::Id => "a UUID or 32 hexadecimal digits".into(),
        Type::Hash => "64 hexadecimal digits".into(),
        Type::Span => "16 hexadecimal digits".into(),
        Type::Cat(words) | Type::Code(words) => words.join(" ").into(),
        Type::OpenCat | Type::Str => "text".into(),
        Type::Bool => "true or false".into(),
        Type::Bin | Type::Packed => "hexadecimal digits".into(),
        Type::List(_) | Type::Structs(_) => "a JSON list".into(),
        Type::I8 | Type::I32 | Type::I64 | Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
            format!("an integer of type {}", ty.name()).into()
        }
    }
}

fn decimal(error: &DecimalError, text: &str) -> Refusal {
    match error {
        DecimalError::Precision(_) => Refusal::new("precision", "at most 9 decimals", text),
        DecimalError::Range { limit, .. } => {
            Refusal::new("overflow", format!("a value within ±{limit}"), text)
        }
        DecimalError::Syntax(_) => {
            Refusal::new("malformed-value", "decimal text or a number", text)
        }
    }
}

/// Parses text into a column of a simple type, or a list spelled as JSON.
pub(crate) fn push_text(
    buffer: &mut Buffer,
    ty: Type,
    text: &str,
    spelling: Spelling,
) -> Result<(), Refusal> {
    use Spelling::{Number, Plain, Quoted};
    let refuse = || wrong(ty, text);
    match (ty, spelling) {
        (Type::Ts, _) => buffer.i64(instant(text)?.nanos()),
        (Type::Px, _) => buffer.i64(Price::parse(text).map_err(|e| decimal(&e, text))?.nanos()),
        (Type::Dec, _) => buffer.i128(Amount::parse(text).map_err(|e| decimal(&e, text))?.nanos()),
        (Type::Size | Type::F64, Number | Plain) => buffer.f64(float(text).ok_or_else(refuse)?),
        (Type::Id, Quoted | Plain) => {
            buffer.bytes(EventId::parse(text).map_err(|_| refuse())?.as_bytes());
        }
        (Type::Hash, Quoted | Plain) => {
            buffer.bytes(Hash::parse(text).map_err(|_| refuse())?.as_bytes());
        }
        (Type::Span, Quoted | Plain) => {
            buffer.bytes(SpanId::parse(text).map_err(|_| refuse())?.as_bytes());
        }
        (Type::Bin | Type::Packed, Quoted | Plain) => {
            buffer.bytes(&unhex(text).ok_or_else(refuse)?);
        }
        (Type::Cat(words), Quoted | Plain) => {
            if !words.contains(&text) {
                return Err(Refusal::new("out-of-vocabulary", words.join(" "), text));
            }
            buffer.text(text);
        }
        (Type::Code(words), Quoted | Plain) => {
            if !words.contains(&text) {
                return Err(Refusal::new("out-of-vocabulary", words.join(" "), text));
            }
            buffer.u8(letter(text));
        }
        (Type::OpenCat | Type::Str, Quoted | Plain) => buffer.text(text),
        (Type::Bool, Plain) => buffer.bool(match text {
            "true" => true,
            "false" => false,
            _ => return Err(refuse()),
        }),
        (Type::I8, _) => buffer.i8(integer(text, ty)?),
        (Type::I32, _) => buffer.i32(integer(text, ty)?),
        (Type::I64, _) => buffer.i64(integer(text, ty)?),
        (Type::U8, _) => buffer.u8(integer(text, ty)?),
        (Type::U16, _) => buffer.u16(integer(text, ty)?),
        (Type::U32, _) => buffer.u32(integer(text, ty)?),
        (Type::U64, _) => buffer.u64(integer(text, ty)?),
        (Type::List(item), Plain) => return push_list(buffer, *item, text),
        (Type::Structs(fields), Plain) => return push_structs(buffer, fields, text),
        _ => return Err(refuse()),
    }
    Ok(())
}

/// Whether a text is digits with a minus at most.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn integer<I: std::str::FromStr>(text: &str, ty: Type) -> Result<I, Refusal> {
    if !is_integer(text) {
        return Err(wrong(ty, text));
    }
    text.parse()
        .map_err(|_| Refusal::new("overflow", format!("an integer of type {}", ty.name()), text))
}

fn instant(text: &str) -> Result<UtcNanos, Refusal> {
    if is_integer(text) {
        return integer(text, Type::Ts).map(UtcNanos::from_nanos);
    }
    UtcNanos::parse(text).map_err(|error| {
        let (code, expected) = match error {
            TimeError::Naive(_) => {
                ("time-without-zone", "`Z` or an offset such as `+01:00` after the time")
            }
            TimeError::Precision(_) => ("precision", "at most 9 fractional digits"),
            TimeError::Range(_) => {
                ("out-of-range", "an existing time between 1677-09-21 and 2262-04-11")
            }
            TimeError::Syntax(_) => {
                ("malformed-value", "an RFC 3339 time with an offset, or integer nanoseconds")
            }
        };
        Refusal::new(code, expected, text)
    })
}

/// `f64::from_str` rounds correctly; its words for infinity and not-a-number are no numbers here.
fn float(text: &str) -> Option<f64> {
    let numeric =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    if !numeric {
        return None;
    }
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

fn push_list(buffer: &mut Buffer, item: Type, raw: &str) -> Result<(), Refusal> {
    let values: Vec<&RawValue> = serde_json::from_str(raw)
        .map_err(|e| Refusal::new("malformed-value", format!("a JSON list ({e})"), raw))?;
    if let Some(items) = buffer.open_list() {
        for value in values {
            push_json(items, item, false, value.get())?;
        }
    }
    buffer.close_list();
    Ok(())
}

fn push_structs(
    buffer: &mut Buffer,
    fields: &'static [ItemField],
    raw: &str,
) -> Result<(), Refusal> {
    let values: Vec<Pairs<'_>> = serde_json::from_str(raw).map_err(|e| {
        Refusal::new("malformed-value", format!("a JSON list of objects ({e})"), raw)
    })?;
    let mut outcome = Ok(());
    if let Some(items) = buffer.open_list() {
        for Pairs(pairs) in values {
            items.structure(|columns| outcome = push_struct(columns, fields, &pairs));
            outcome.clone()?;
        }
    }
    buffer.close_list();
    Ok(())
}

fn push_struct(
    columns: &mut [Buffer],
    fields: &'static [ItemField],
    pairs: &[(Text<'_>, &RawValue)],
) -> Result<(), Refusal> {
    let names = || fields.iter().map(|f| f.name).collect::<Vec<_>>().join(" ");
    if let Some((key, _)) = pairs.iter().find(|(key, _)| fields.iter().all(|f| f.name != key.0)) {
        return Err(Refusal::new("unknown-column", names(), &key.0));
    }
    for (field, column) in fields.iter().zip(columns) {
        let mut values = pairs.iter().filter(|(key, _)| key.0 == field.name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => push_json(column, field.ty, field.nullable, value.get())?,
            (Some(_), Some(_)) => {
                return Err(Refusal::new("duplicate-key", "each key once", field.name));
            }
            (None, _) if field.nullable => column.null(),
            (None, _) => {
                return Err(Refusal::new(
                    "null-required",
                    format!("a value of `{}`", field.name),
                    "none",
                ));
            }
        }
    }
    Ok(())
}
