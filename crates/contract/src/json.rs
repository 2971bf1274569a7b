//! Canonical JSON: one text for one value.

use std::collections::BTreeMap;
use std::fmt;

/// A value of canonical JSON, a subset of RFC 8785: sorted keys, no spaces, integers below 2^53 only.
///
/// Larger integers and ratios are decimal strings, times RFC 3339 with nine digits and `Z`, hashes lower-case
/// hexadecimal: the caller makes them text. There is no float, so there is no second way to write one.
///
/// ```
/// use contract::Json;
/// let value = Json::object([("b", Json::from(1_u64)), ("a", Json::from("x\n"))]);
/// assert_eq!(value.to_string(), r#"{"a":"x\n","b":1}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer of magnitude below 2^53; made by `From`, which turns larger ones into text.
    Int(i64),
    /// Text.
    Text(String),
    /// A list.
    Array(Vec<Json>),
    /// Keys and values, sorted as UTF-16 like RFC 8785 asks.
    Object(BTreeMap<Key, Json>),
}

/// A key, ordered by its UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.encode_utf16().cmp(other.0.encode_utf16())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// First integer that a double cannot tell from its neighbour.
const EXACT: u64 = 1 << 53;

impl Json {
    /// An object; of equal keys the last one counts.
    pub fn object<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(pairs.into_iter().map(|(key, value)| (Key(key.into()), value)).collect())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    /// A number below 2^53, else a decimal string.
    fn from(value: u64) -> Self {
        match i64::try_from(value) {
            Ok(int) if value < EXACT => Self::Int(int),
            _ => Self::Text(value.to_string()),
        }
    }
}

impl From<i64> for Json {
    /// A number of magnitude below 2^53, else a decimal string.
    fn from(value: i64) -> Self {
        if value.unsigned_abs() < EXACT { Self::Int(value) } else { Self::Text(value.to_string()) }
    }
}

impl<V: Into<Json>> From<Vec<V>> for Json {
    fn from(values: Vec<V>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(pairs) => {
                f.write_str("{")?;
                for (at, (Key(key), value)) in pairs.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    write_text(f, key)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Writes JSON text with the escapes of RFC 8785, section 3.2.2.2.
pub(crate) fn write_text(f: &mut dyn fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{c}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_utf16_and_controls_are_escaped() {
        // The key order of RFC 8785, section 3.2.3: U+1F600 (a surrogate pair) sorts before U+FB33.
        let keys = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"];
        let value = Json::object(keys.map(|k| (k, Json::Null)));
        let expected = "{\"\\r\":null,\"1\":null,\"\u{80}\":null,\"\u{f6}\":null,\"\u{20ac}\":null,\"\u{1f600}\":null,\"\u{fb33}\":null}";
        assert_eq!(value.to_string(), expected);
        assert_eq!(Json::from("\u{1}\u{1f}\"\\/").to_string(), r#""\u0001\u001f\"\\/""#);
    }

    #[test]
    fn integers_that_a_double_cannot_hold_become_text() {
        assert_eq!(Json::from(9_007_199_254_740_991_u64).to_string(), "9007199254740991");
        assert_eq!(Json::from(9_007_199_254_740_992_u64).to_string(), "\"9007199254740992\"");
        assert_eq!(Json::from(i64::MIN).to_string(), "\"-9223372036854775808\"");
    }
}
