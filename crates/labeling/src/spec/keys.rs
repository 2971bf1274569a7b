//! Keys of one table, asked for one by one; what nobody asked for is a fault.

use super::error::{LabelSpecError, Place};
use super::tree::{Entry, Node, Table, Value};
use crate::number::Decimal;
use contract::parse_duration_ns;

/// Longest duration of a rule set: ten years, so that sums of a few of them fit in 64 bits.
const LONGEST_NS: i64 = 3_650 * 86_400_000_000_000;

/// Faults found so far.
pub(super) type Faults = Vec<LabelSpecError>;

/// A table that is being read.
pub(super) struct Keys<'a> {
    table: &'a Table,
    place: Place,
    path: String,
    asked: Vec<&'a str>,
}

impl<'a> Keys<'a> {
    /// Keys of a node, or a fault when it is no table.
    pub(super) fn of(node: &'a Node, path: impl Into<String>, faults: &mut Faults) -> Option<Self> {
        let path = path.into();
        let Some(table) = node.table() else {
            faults.push(wrong(&path, "a table", node));
            return None;
        };
        Some(Self { table, place: node.place, path, asked: Vec::new() })
    }

    pub(super) fn root(table: &'a Table) -> Self {
        let place = Place { line: 1, column: 1 };
        Self { table, place, path: String::new(), asked: Vec::new() }
    }

    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The place of a key, or of the table.
    pub(super) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or(self.place, |entry| entry.place)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// All keys, each as asked for.
    pub(super) fn all(&mut self) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        let table: &'a Table = self.table;
        self.asked.extend(table.keys().map(String::as_str));
        table.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.table.get(key).map(|entry| &entry.node)
    }

    pub(super) fn table(&mut self, key: &'static str, faults: &mut Faults) -> Option<Keys<'a>> {
        let path = self.path(key);
        self.get(key).and_then(|node| Keys::of(node, path, faults))
    }

    pub(super) fn missing(&self, key: &str, expected: &'static str) -> LabelSpecError {
        LabelSpecError::Missing { key: self.path(key), expected, place: self.place }
    }

    pub(super) fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a str> {
        let path = self.path(key);
        let node = self.get(key)?;
        let Value::Text(text) = &node.value else {
            faults.push(wrong(&path, "a text", node));
            return None;
        };
        Some(text)
    }

    /// A duration of at least `least`; the default where there is none.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        least: i64,
        default: i64,
        faults: &mut Faults,
    ) -> i64 {
        let path = self.path(key);
        self.get(key).and_then(|node| duration(&path, node, least, faults)).unwrap_or(default)
    }

    /// One of some words; the default where there is none.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let path = self.path(key);
        let node = self.get(key)?;
        word(&path, node, words, faults)
    }

    pub(super) fn bool(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        let path = self.path(key);
        let node = self.get(key)?;
        let Value::Bool(value) = node.value else {
            faults.push(wrong(&path, "`true` or `false`", node));
            return None;
        };
        Some(value)
    }

    pub(super) fn number(&mut self, key: &'static str, faults: &mut Faults) -> Option<Decimal> {
        let path = self.path(key);
        let node = self.get(key)?;
        number(&path, node, faults)
    }

    /// A number that a condition holds for.
    pub(super) fn number_if(
        &mut self,
        key: &'static str,
        expected: &str,
        holds: impl Fn(Decimal) -> bool,
        faults: &mut Faults,
    ) -> Option<Decimal> {
        let path = self.path(key);
        let node = self.get(key)?;
        let number = number(&path, node, faults)?;
        if !holds(number) {
            faults.push(wrong(&path, expected, node));
            return None;
        }
        Some(number)
    }

    /// A whole number in a range.
    pub(super) fn whole(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
        faults: &mut Faults,
    ) -> Option<i64> {
        let path = self.path(key);
        let node = self.get(key)?;
        let whole = match &node.value {
            Value::Int(text) => text.parse().ok().filter(|n| range.contains(n)),
            _ => None,
        };
        if whole.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            faults.push(wrong(&path, &expected, node));
        }
        whole
    }

    pub(super) fn list(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a [Node]> {
        let path = self.path(key);
        let node = self.get(key)?;
        let Value::List(items) = &node.value else {
            faults.push(wrong(&path, "a list", node));
            return None;
        };
        Some(items)
    }

    /// A list of words.
    pub(super) fn words<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        faults: &mut Faults,
    ) -> Option<Vec<T>> {
        let path = self.path(key);
        let items = self.list(key, faults)?;
        Some(items.iter().filter_map(|item| word(&path, item, words, faults)).collect())
    }

    /// Ends the reading: keys that nobody asked for are faults.
    pub(super) fn end(self, faults: &mut Faults) {
        for (key, entry) in self.table {
            if !self.asked.contains(&key.as_str()) {
                let near = contract::nearest(key, self.asked.iter().copied());
                let near = near.into_iter().map(str::to_owned).collect();
                let key = self.path(key);
                faults.push(LabelSpecError::UnknownKey { key, place: entry.place, near });
            }
        }
    }
}

/// A value of the wrong form.
pub(super) fn wrong(path: &str, expected: &str, node: &Node) -> LabelSpecError {
    LabelSpecError::Value {
        key: path.to_owned(),
        expected: expected.to_owned(),
        found: node.shown(),
        place: node.place,
    }
}

/// One of some words.
pub(super) fn word<T: Copy>(
    path: &str,
    node: &Node,
    words: &[(&str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let found = match &node.value {
        Value::Text(text) => words.iter().find(|(word, _)| word == text).map(|(_, value)| *value),
        _ => None,
    };
    if found.is_none() {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let expected = match names.as_slice() {
            [one] => format!("`{one}`"),
            names => format!("one of `{}`", names.join("`, `")),
        };
        faults.push(wrong(path, &expected, node));
    }
    found
}

/// A duration of at least `least` nanoseconds.
pub(super) fn duration(path: &str, node: &Node, least: i64, faults: &mut Faults) -> Option<i64> {
    let ns = match &node.value {
        Value::Text(text) => parse_duration_ns(text).ok(),
        _ => None,
    };
    let ns = ns.filter(|ns| (least.max(-LONGEST_NS)..=LONGEST_NS).contains(ns));
    if ns.is_none() {
        let expected = if least == i64::MIN {
            "a duration of at most 3650d, such as `-100ms`".to_owned()
        } else {
            let least = contract::format_duration_ns(least);
            format!("a duration from {least} to 3650d, such as `15m`")
        };
        faults.push(wrong(path, &expected, node));
    }
    ns
}

/// A decimal: a float by its shortest text, a whole number, or a text.
pub(super) fn number(path: &str, node: &Node, faults: &mut Faults) -> Option<Decimal> {
    let text = match &node.value {
        Value::Int(text) | Value::Text(text) => text.clone(),
        Value::Float(text) => match text.parse::<f64>() {
            Ok(float) => float.to_string(),
            Err(_) => text.clone(),
        },
        _ => {
            faults.push(wrong(path, "a number", node));
            return None;
        }
    };
    let number = Decimal::parse(&text);
    if number.is_none() {
        faults.push(LabelSpecError::Number {
            key: path.to_owned(),
            found: node.shown(),
            place: node.place,
        });
    }
    number
}
