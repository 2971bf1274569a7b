//! Documents as canonical JSON: one text for one content, whatever wrote it.

use contract::Json;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// The canonical text of a document, without a line end.
///
/// - **Shape:** [`contract::Json`]: sorted keys, no spaces, integers below 2^53, everything else text. Absent options
///   are `null`.
///
/// # Errors
/// Text of the mistake, when the value has a float or a key that is no text: a fault of the type, not of the data.
pub fn to_canonical<T: Serialize>(document: &T) -> Result<String, serde_json::Error> {
    let value = serde_json::to_value(document)?;
    json(&value).map(|json| json.to_string())
}

fn json(value: &serde_json::Value) -> Result<Json, serde_json::Error> {
    use serde_json::Value;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::String(text) => Json::from(text.as_str()),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Json::from(number),
            (None, Some(number)) => Json::from(number),
            (None, None) => return Err(de::Error::custom("a float in a canonical document")),
        },
        Value::Array(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Value::Object(pairs) => Json::object(
            pairs
                .iter()
                .map(|(key, value)| Ok((key.clone(), json(value)?)))
                .collect::<Result<Vec<_>, serde_json::Error>>()?,
        ),
    })
}

/// A finite number, written as decimal text that reads back to the same bits.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Number(pub f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Negative zero and zero are one number.
        fmt::Display::fmt(&(self.0 + 0.0), f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.collect_str(self)
        } else {
            Err(serde::ser::Error::custom("a number that is not finite"))
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number: f64 = text.parse().map_err(de::Error::custom)?;
        if number.is_finite() { Ok(Self(number)) } else { Err(de::Error::custom("not finite")) }
    }
}

/// An integer of 64 bits: a number below 2^53, else decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Int(pub u64);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl de::Visitor<'_> for Visit {
            type Value = Int;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer of 64 bits, or its decimal text")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Int, E> {
                Ok(Int(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Int, E> {
                text.parse().map(Int).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl From<u64> for Int {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// An instant, written as RFC 3339 with nine digits and `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&contract::UtcNanos::from_nanos(self.0), f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = contract::UtcNanos::parse(&text).map_err(de::Error::custom)?;
        Ok(Self(instant.nanos()))
    }
}

/// A hash, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub contract::Hash);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Sha256 {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(contract::Hash::of(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        contract::Hash::parse(&text).map(Self).map_err(de::Error::custom)
    }
}
