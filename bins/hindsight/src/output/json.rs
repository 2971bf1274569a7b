//! Documents of report commands: one JSON object whose first key names its schema.

use std::fmt;

/// A JSON value whose keys keep the order in which they were set.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A count: row counts are numbers.
    Count(u64),
    /// A measurement; one that is not finite is `null`.
    Number(f64),
    /// Text; also integers of 64 bits, prices and decimals.
    Text(String),
    /// A list.
    List(Vec<Document>),
    /// An object.
    Object(Vec<(&'static str, Document)>),
    /// What a library says in canonical JSON.
    Canonical(contract::Json),
}

impl Document {
    /// A document of a schema, `hindsight.<name>.v1`.
    ///
    /// ```
    /// let document = hindsight::Document::new("hindsight.doctor.v1").with("failed", 0_u64);
    /// assert_eq!(document.to_string(), r#"{"schema":"hindsight.doctor.v1","failed":0}"#);
    /// ```
    #[must_use]
    pub fn new(schema: &str) -> Self {
        Self::Object(vec![("schema", Self::Text(schema.to_owned()))])
    }

    /// An object without fields.
    #[must_use]
    pub fn object() -> Self {
        Self::Object(Vec::new())
    }

    /// The same object with one more field.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Self>) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.push((key, value.into()));
        }
        self
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Count(value) => write!(f, "{value}"),
            // The shortest form that reads back equal.
            Self::Number(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Null | Self::Number(_) => f.write_str("null"),
            Self::Text(text) => quote(f, text),
            Self::Canonical(json) => write!(f, "{json}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (at, (key, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    quote(f, key)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl From<bool> for Document {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Document {
    fn from(value: u64) -> Self {
        Self::Count(value)
    }
}

impl From<f64> for Document {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<contract::Json> for Document {
    fn from(json: contract::Json) -> Self {
        Self::Canonical(json)
    }
}

impl From<usize> for Document {
    fn from(value: usize) -> Self {
        u64::try_from(value).map_or(Self::Null, Self::Count)
    }
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Document {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Document {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
