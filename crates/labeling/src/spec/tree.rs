//! A TOML text as a tree in which every key and value knows its place, and what a strategy changes in it.

use super::error::{LabelSpecError, Place};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A value, numbers still as text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Int(String),
    Float(String),
    Bool(bool),
    Time(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys with their places.
pub(super) type Table = BTreeMap<String, Entry>;

/// A key's place and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    /// The value as an error shows it.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Text(text) => contract::excerpt(text.as_bytes()),
            Value::Int(text) | Value::Float(text) | Value::Time(text) => {
                contract::excerpt(text.as_bytes())
            }
            Value::Bool(value) => value.to_string(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// The keys, if it is a table.
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Whether it is a table whose `off` is true.
    pub(super) fn is_off(&self) -> bool {
        let off = self.table().and_then(|t| t.get("off"));
        off.is_some_and(|entry| entry.node.value == Value::Bool(true))
    }
}

/// Reads a text; every fault of syntax is listed.
pub(super) fn parse(text: &str) -> Result<Node, Vec<LabelSpecError>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let lines = Lines::new(text);
    if errors.is_empty() {
        let place = Place { line: 1, column: 1 };
        return Ok(Node { place, value: Value::Table(table(root.get_ref(), &lines)) });
    }
    let fault = |error: toml::de::Error| LabelSpecError::Syntax {
        message: error.message().to_owned(),
        place: error.span().map_or(Place { line: 1, column: 1 }, |span| lines.place(span.start)),
    };
    Err(errors.into_iter().map(fault).collect())
}

fn table(from: &DeTable<'_>, lines: &Lines<'_>) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<std::borrow::Cow<'_, str>> = key;
        let place = lines.place(key.span().start);
        (key.get_ref().clone().into_owned(), Entry { place, node: node(value, lines) })
    };
    from.iter().map(entry).collect()
}

fn node(from: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let value = match from.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(int) if int.radix() == 10 => Value::Int(int.as_str().to_owned()),
        DeValue::Integer(int) => i64::from_str_radix(int.as_str(), int.radix())
            .map_or_else(|_| Value::Int(int.to_string()), |n| Value::Int(n.to_string())),
        DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Time(time.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(inner) => Value::Table(table(inner, lines)),
    };
    Node { place: lines.place(from.span().start), value }
}

/// Line and column of offsets.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let ends =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        Place { line, column }
    }
}

/// Keys of which a table says one; to say one in an override takes the others away.
const ONE_OF: [&[&str]; 4] = [
    &["profit", "profit_bps", "profit_sigma"],
    &["loss", "loss_bps", "loss_sigma"],
    &["cut_bps", "cut_sigma"],
    &["overnight", "flat_margin"],
];

/// The rule set as a strategy's overrides change it.
///
/// A key of the same path is replaced. A named rule is replaced whole; `off = true` takes a named rule or target
/// away. Of keys that exclude each other (`profit_bps` and `profit_sigma`) the override's counts, and `from` of `sigma`
/// replaces the whole table.
pub(super) fn overlay(base: &Table, over: &Table, faults: &mut Vec<LabelSpecError>) -> Table {
    merge(base, over, "", faults)
}

fn merge(base: &Table, over: &Table, path: &str, faults: &mut Vec<LabelSpecError>) -> Table {
    let mut merged = base.clone();
    if path == "sigma" && over.contains_key("from") {
        merged.clear();
    }
    for group in ONE_OF {
        if group.iter().any(|key| over.contains_key(*key)) {
            merged.retain(|key, _| !group.contains(&key.as_str()));
        }
    }
    for (key, entry) in over {
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if entry.node.is_off() && is_named(&below) {
            if merged.remove(key).is_none() {
                let names = base.keys().map(String::as_str);
                let near = contract::nearest(key, names).into_iter().map(str::to_owned).collect();
                faults.push(LabelSpecError::UnknownKey { key: below, place: entry.place, near });
            }
            continue;
        }
        let node = match (merged.get(key).and_then(|e| e.node.table()), entry.node.table()) {
            (Some(old), Some(new)) if !is_rule(&below) => {
                let value = Value::Table(merge(old, new, &below, faults));
                Node { place: entry.node.place, value }
            }
            _ => entry.node.clone(),
        };
        merged.insert(key.clone(), Entry { place: entry.place, node });
    }
    merged
}

/// Whether a path is that of a named rule: `grade.demote.NAME`, `grades.NAME.cap.NAME`.
fn is_rule(path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["grade", kind, _] | ["grades", _, kind, _] => {
            matches!(*kind, "demote" | "floor" | "cap")
        }
        _ => false,
    }
}

/// Whether a path is that of a named rule or of a target.
fn is_named(path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    let is_target = match parts.as_slice() {
        ["grade"] => true,
        [kind, _] => {
            matches!(*kind, "triple_barrier" | "fixed_horizon" | "meta" | "fill" | "grades")
        }
        _ => false,
    };
    is_target || is_rule(path)
}
