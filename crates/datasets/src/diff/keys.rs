//! Documents, key by key.

use super::error::DiffError;
use crate::manifest::Manifest;
use crate::view::VersionView;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A key with another value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyChange {
    /// Its place: names by dots, items of a list by their name or number.
    pub key: String,
    /// Its value before, as JSON, texts without quotes; `None`: there was no such key.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

/// Keys of two manifests that differ.
pub(super) struct Keys(Vec<KeyChange>);

impl Keys {
    pub(super) fn of_manifests(before: &Manifest, after: &Manifest) -> Result<Self, DiffError> {
        let value = |manifest: &Manifest| {
            let mut value = serde_json::to_value(manifest).map_err(DiffError::Manifest)?;
            if let Value::Object(keys) = &mut value {
                // Compared as files.
                keys.remove("files");
            }
            Ok::<_, DiffError>(value)
        };
        Ok(Self(compare(&value(before)?, &value(after)?)))
    }

    /// The changes under a key, without its name.
    pub(super) fn take(&mut self, top: &str) -> Vec<KeyChange> {
        let under = |change: &KeyChange| {
            change.key == top
                || change.key.strip_prefix(top).is_some_and(|rest| rest.starts_with('.'))
        };
        let (taken, rest) = std::mem::take(&mut self.0).into_iter().partition(under);
        self.0 = rest;
        let mut taken: Vec<KeyChange> = taken;
        for change in &mut taken {
            if let Some(rest) = change.key.strip_prefix(top).and_then(|rest| rest.strip_prefix('.'))
            {
                change.key = rest.to_owned();
            }
        }
        taken
    }

    pub(super) fn rest(self) -> Vec<KeyChange> {
        self.0
    }
}

/// Keys of a document of both versions that differ. Of a certificate, its checks stand at the top.
pub(super) fn of_documents(
    before: VersionView<'_>,
    after: VersionView<'_>,
    path: &str,
) -> Result<Vec<KeyChange>, DiffError> {
    let before: Value = before.folder.document(path)?;
    let after: Value = after.folder.document(path)?;
    let mut changes = compare(&before, &after);
    for change in &mut changes {
        if let Some(rest) = change.key.strip_prefix("checks.") {
            change.key = rest.to_owned();
        }
    }
    Ok(changes)
}

fn compare(before: &Value, after: &Value) -> Vec<KeyChange> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(String::new(), before, &mut old);
    flatten(String::new(), after, &mut new);
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| KeyChange {
            key: key.clone(),
            before: old.get(key).cloned(),
            after: new.get(key).cloned(),
        })
        .collect()
}

/// Leaves of a document by their places. A list without documents in it is a leaf.
fn flatten(place: String, value: &Value, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| {
        if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
    };
    match value {
        Value::Object(keys) if !keys.is_empty() => {
            for (key, value) in keys {
                flatten(below(key), value, out);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let names: Vec<Option<String>> = items.iter().map(name_of).collect();
            let distinct: BTreeSet<&String> = names.iter().flatten().collect();
            let named = distinct.len() == items.len();
            for (at, (item, name)) in items.iter().zip(&names).enumerate() {
                let name = name.clone().filter(|_| named).unwrap_or_else(|| at.to_string());
                flatten(below(&name), item, out);
            }
        }
        Value::String(text) => {
            out.insert(place, text.clone());
        }
        _ => {
            out.insert(place, value.to_string());
        }
    }
}

/// What an item of a list is known by.
fn name_of(item: &Value) -> Option<String> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    if let (Some(feature), Some(kind)) = (text("feature"), text("kind")) {
        return Some(format!("{feature}.{kind}"));
    }
    if let Some(table) = text("table") {
        return Some(match text("log_id") {
            Some(log) => format!("{table}@{log}"),
            None => table.to_owned(),
        });
    }
    text("name").or_else(|| text("check")).map(str::to_owned)
}
