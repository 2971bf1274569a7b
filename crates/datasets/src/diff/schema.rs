//! Columns that came, went or are of another kind.

use super::error::DiffError;
use crate::layout::{column, meta};
use crate::view::VersionView;
use arrow_schema::{Field, Schema};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is different about a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaChange {
    /// The column.
    pub column: String,
    /// `column` (it came or went), `type`, `nullable`, or a key of its metadata such as `hindsight.unit`.
    pub what: String,
    /// Before; `None`: there was none.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
    /// Whether a reader of the first may fail: all but a new column, nulls that cannot be any more, and a piece of
    /// metadata other than unit, role and lookback.
    pub breaks: bool,
}

/// Columns of the second version against those of the first, by name.
///
/// The width of `meta__null_reasons` follows from the number of features and is no change of its own.
pub(super) fn changes(
    before: VersionView<'_>,
    after: VersionView<'_>,
) -> Result<Vec<SchemaChange>, DiffError> {
    if before.manifest.schema_fingerprint == after.manifest.schema_fingerprint {
        return Ok(Vec::new());
    }
    let empty = || std::sync::Arc::new(Schema::empty());
    let old = before.schema()?.unwrap_or_else(empty);
    let new = after.schema()?.unwrap_or_else(empty);
    let mut changes = Vec::new();
    for field in old.fields() {
        match new.field_with_name(field.name()) {
            Ok(other) => of_field(field, other, &mut changes),
            Err(_) => changes.push(change(field, "column", Some(described(field)), None, true)),
        }
    }
    for field in new.fields() {
        if old.field_with_name(field.name()).is_err() {
            changes.push(change(field, "column", None, Some(described(field)), false));
        }
    }
    Ok(changes)
}

fn described(field: &Field) -> String {
    let nullable = if field.is_nullable() { ", nullable" } else { "" };
    format!("{}{nullable}", field.data_type())
}

fn change(
    field: &Field,
    what: &str,
    before: Option<String>,
    after: Option<String>,
    breaks: bool,
) -> SchemaChange {
    SchemaChange { column: field.name().clone(), what: what.to_owned(), before, after, breaks }
}

fn of_field(old: &Field, new: &Field, changes: &mut Vec<SchemaChange>) {
    if old.data_type() != new.data_type() && old.name() != column::NULL_REASONS {
        let (before, after) = (old.data_type().to_string(), new.data_type().to_string());
        changes.push(change(old, "type", Some(before), Some(after), true));
    }
    if old.is_nullable() != new.is_nullable() {
        let (before, after) = (old.is_nullable().to_string(), new.is_nullable().to_string());
        changes.push(change(old, "nullable", Some(before), Some(after), new.is_nullable()));
    }
    let keys: BTreeSet<&String> = old.metadata().keys().chain(new.metadata().keys()).collect();
    for key in keys {
        let (before, after) = (old.metadata().get(key), new.metadata().get(key));
        if before != after {
            let breaks = matches!(key.as_str(), "hindsight.unit" | meta::ROLE | meta::LOOKBACK_NS);
            changes.push(change(old, key, before.cloned(), after.cloned(), breaks));
        }
    }
}
