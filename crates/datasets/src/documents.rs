//! Documents of a version, for persons and for machines: pure functions of what the version is.
//!
//! None of them reads a file or a clock, so equal versions have equal documents. The manifest names the hashes of these
//! documents, so they are written from a manifest whose `documents` is still empty: no document prints it, nor the
//! manifest's own hash.

mod card;
mod croissant;
mod datasheet;
mod markdown;
mod schema;

pub use card::card;
pub use croissant::croissant;
pub use datasheet::datasheet;
pub use schema::{ColumnFacts, SchemaDocument, schema_from_json, schema_json, type_text};
