//! One configuration file, flattened to dotted keys with their places.

use super::error::ConfigError;
use crate::error::{CliError, ErrorReport, Place};
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A value as it stands in a file.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Dotted key.
    pub(crate) key: String,
    /// Text of a scalar; `None` for a list, date or float.
    pub(crate) text: Option<String>,
    /// Texts of a list of nothing but texts.
    pub(crate) items: Option<Vec<String>>,
    /// Whether it stood in quotes.
    pub(crate) is_quoted: bool,
    /// How it is spelled.
    pub(crate) spelled: String,
    /// Bytes of the key's last part.
    pub(crate) key_span: Range<usize>,
    /// Bytes of the value.
    pub(crate) value_span: Range<usize>,
}

/// A file and what stands in it.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path, as messages show it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
    /// Its entries, in order of their places.
    pub(crate) entries: Vec<Entry>,
}

impl File {
    /// Reads a file; mistakes of syntax are added to `errors`.
    pub(crate) fn read(path: &Path, errors: &mut Vec<ErrorReport>) -> Option<Self> {
        let name = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) => {
                errors.push(ErrorReport::new(&CliError::reading(path, e)));
                return None;
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            errors.push(ErrorReport::new(&ConfigError::NotText { file: name }));
            return None;
        };
        let (table, mistakes) = DeTable::parse_recoverable(&text);
        for mistake in mistakes {
            let error = ConfigError::Syntax { reason: mistake.message().replace('\n', ", ") };
            let report = ErrorReport::new(&error);
            let span = mistake.span().unwrap_or(0..0);
            errors.push(report.at(Place::of(&name, &text, span, String::new())));
        }
        let mut entries = Vec::new();
        flatten(&text, "", table.get_ref(), &mut entries);
        entries.sort_by_key(|entry| entry.key_span.start);
        Some(Self { name, text, entries })
    }

    /// A report that shows a place of this file.
    pub(crate) fn report(
        &self,
        error: &ConfigError,
        span: Range<usize>,
        label: &str,
    ) -> ErrorReport {
        ErrorReport::new(error).at(Place::of(&self.name, &self.text, span, label.to_owned()))
    }
}

fn flatten(text: &str, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<Entry>) {
    for (key, value) in table {
        let name = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(text, &name, inner, entries);
            continue;
        }
        let scalar = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str().to_owned()),
            DeValue::Boolean(value) => Some(value.to_string()),
            _ => None,
        };
        entries.push(Entry {
            key: name,
            text: scalar,
            items: texts(value.get_ref()),
            is_quoted: value.get_ref().is_str(),
            spelled: text.get(value.span()).unwrap_or_default().to_owned(),
            key_span: key.span(),
            value_span: value.span(),
        });
    }
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    let DeValue::Array(items) = value else { return None };
    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}
