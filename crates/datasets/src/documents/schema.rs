//! `schema.json`: the columns of the data files, for readers that have no Arrow.

use crate::canonical::Int;
use crate::layout::meta;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use contract::Json;
use serde::Deserialize;

/// Unit of a number, in field metadata.
const UNIT: &str = "hindsight.unit";

/// Columns of the data files of a version, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaDocument {
    /// Format of this document.
    pub format: u32,
    /// The columns.
    pub columns: Vec<ColumnFacts>,
}

/// What a reader must know of a column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// Its Arrow type, as [`type_text`] writes it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether a cell may be null.
    pub nullable: bool,
    /// `key feature mask label weight meta`; null where the file does not say.
    pub role: Option<String>,
    /// Unit of its numbers; null where there is none.
    pub unit: Option<String>,
    /// `hindsight` where it knows what came after the decision; null where the file does not say.
    pub causality: Option<String>,
    /// How far into the past a feature reads, in nanoseconds; null for other columns.
    pub lookback_ns: Option<Int>,
}

/// The content of `schema.json`: canonical JSON, without a line end.
///
/// - **Shape:** one object a column, in the order of the columns; what a field's metadata does not say is null.
///
/// ```
/// use arrow_schema::{DataType, Field, Schema};
/// use datasets::documents::{schema_from_json, schema_json};
/// let seq = Field::new("seq", DataType::UInt64, false)
///     .with_metadata([("hindsight.role".to_owned(), "key".to_owned())].into());
/// let text = schema_json(&Schema::new(vec![seq]));
/// let column = &schema_from_json(&text)?.columns[0];
/// assert_eq!((column.name.as_str(), column.data_type.as_str()), ("seq", "UInt64"));
/// assert_eq!(column.role.as_deref(), Some("key"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn schema_json(schema: &Schema) -> String {
    let columns = schema.fields().iter().map(|field| column(field)).collect();
    Json::object([("columns", Json::Array(columns)), ("format", Json::from(1_u64))]).to_string()
}

fn column(field: &Field) -> Json {
    let said = |key: &str| field.metadata().get(key).map_or(Json::Null, |v| Json::from(v.as_str()));
    // Metadata is text; a look-back that is no number is shown as it stands, and refused by `schema_from_json`.
    let lookback = field.metadata().get(meta::LOOKBACK_NS).map_or(Json::Null, |text| {
        text.parse::<u64>().map_or_else(|_| Json::from(text.as_str()), Json::from)
    });
    Json::object([
        ("name", Json::from(field.name().as_str())),
        ("type", Json::from(type_text(field.data_type()).as_str())),
        ("nullable", Json::Bool(field.is_nullable())),
        ("role", said(meta::ROLE)),
        ("unit", said(UNIT)),
        ("causality", said(contract::meta::CAUSALITY)),
        ("lookback_ns", lookback),
    ])
}

/// Names, types and roles out of `schema.json`.
///
/// # Errors
/// What the parser says, when the text is no `schema.json` of format 1.
pub fn schema_from_json(text: &str) -> Result<SchemaDocument, serde_json::Error> {
    let document: SchemaDocument = serde_json::from_str(text)?;
    if document.format == 1 {
        Ok(document)
    } else {
        let found = format!("expected a schema of format 1, found {}", document.format);
        Err(serde::de::Error::custom(found))
    }
}

/// A type as `schema.json` writes it: `Timestamp(ns, UTC)`, `FixedSizeBinary(16)`, `Dictionary(Int32, Utf8)`, and for
/// types that data files do not hold whatever Arrow calls them.
#[must_use]
pub fn type_text(data_type: &DataType) -> String {
    match data_type {
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            };
            zone.as_ref().map_or_else(
                || format!("Timestamp({unit})"),
                |zone| format!("Timestamp({unit}, {zone})"),
            )
        }
        DataType::Dictionary(key, value) => {
            format!("Dictionary({}, {})", type_text(key), type_text(value))
        }
        other => other.to_string(),
    }
}
