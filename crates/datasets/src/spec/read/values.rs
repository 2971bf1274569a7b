//! Values of keys: each read, or told why not.

use super::{Part, Reader};
use crate::canonical::{Instant, Int, Number};
use crate::spec::SpecError;
use crate::spec::error::near;
use contract::{UtcNanos, parse_duration_ns};
use toml::{Table, Value};

impl Reader {
    pub(super) fn entries<'a>(&mut self, top: &'a Table, name: &str) -> Option<Vec<&'a Table>> {
        match top.get(name) {
            None => Some(Vec::new()),
            Some(Value::Array(items)) if items.iter().all(Value::is_table) => {
                Some(items.iter().filter_map(Value::as_table).collect())
            }
            Some(other) => self.fail(name, &format!("tables `[[{name}]]`"), &told(other)),
        }
    }

    pub(super) fn only(&mut self, part: Part<'_>, known: &[&str]) {
        for key in part.keys.keys().filter(|key| !known.contains(&key.as_str())) {
            self.errors.push(SpecError::UnknownKey {
                place: if part.name.is_empty() { "top" } else { part.name }.to_owned(),
                key: contract::excerpt(key.as_bytes()),
                near: near(key, known.iter().copied()),
            });
        }
    }

    pub(super) fn fail<T>(&mut self, place: &str, expected: &str, found: &str) -> Option<T> {
        self.errors.push(SpecError::Value {
            place: place.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
        None
    }

    pub(super) fn text(&mut self, part: Part<'_>, key: &str) -> Option<String> {
        match part.keys.get(key)? {
            Value::String(text) => Some(text.clone()),
            other => self.fail(&part.place(key), "text", &told(other)),
        }
    }

    pub(super) fn required_text(&mut self, part: Part<'_>, key: &str) -> Option<String> {
        match part.keys.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(other) => self.fail(&part.place(key), "text", &told(other)),
            None => self.fail(&part.place(key), "text", "nothing"),
        }
    }

    /// A list of texts; empty when absent.
    pub(super) fn patterns(&mut self, part: Part<'_>, key: &str) -> Option<Vec<String>> {
        match part.keys.get(key) {
            None => Some(Vec::new()),
            Some(Value::Array(items)) if items.iter().all(Value::is_str) => {
                Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(other) => self.fail(&part.place(key), "a list of texts", &told(other)),
        }
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        part: Part<'_>,
        key: &str,
        what: &'static str,
        all: &[T],
        text: fn(T) -> &'static str,
    ) -> Option<T> {
        let value = part.keys.get(key)?;
        let Some(word) = value.as_str() else {
            return self.fail(&part.place(key), &format!("a {what}"), &told(value));
        };
        self.one_of(&part.place(key), what, word, all, text)
    }

    pub(super) fn required_word<T: Copy>(
        &mut self,
        part: Part<'_>,
        key: &str,
        what: &'static str,
        all: &[T],
        text: fn(T) -> &'static str,
    ) -> Option<T> {
        if part.keys.contains_key(key) {
            return self.word(part, key, what, all, text);
        }
        let words: Vec<&str> = all.iter().map(|item| text(*item)).collect();
        self.fail(&part.place(key), &format!("one of {}", words.join(", ")), "nothing")
    }

    /// A list of words of a closed set, each once; empty when absent.
    pub(super) fn words<T: Copy + PartialEq>(
        &mut self,
        part: Part<'_>,
        key: &str,
        what: &'static str,
        all: &[T],
        text: fn(T) -> &'static str,
    ) -> Option<Vec<T>> {
        let found = self.patterns(part, key)?;
        let mut words = Vec::with_capacity(found.len());
        for word in &found {
            let item = self.one_of(&part.place(key), what, word, all, text)?;
            if words.contains(&item) {
                return self.fail(&part.place(key), "each once", &format!("`{word}` twice"));
            }
            words.push(item);
        }
        Some(words)
    }

    pub(super) fn one_of<T: Copy>(
        &mut self,
        place: &str,
        what: &'static str,
        word: &str,
        all: &[T],
        text: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|item| text(*item) == word);
        if found.is_none() {
            self.errors.push(SpecError::UnknownWord {
                place: place.to_owned(),
                what,
                word: contract::excerpt(word.as_bytes()),
                near: near(word, all.iter().map(|item| text(*item))),
            });
        }
        found
    }

    pub(super) fn number(
        &mut self,
        part: Part<'_>,
        key: &str,
        low: f64,
        high: f64,
    ) -> Option<Number> {
        let value = part.keys.get(key)?;
        match number(value) {
            Some(number) if (low..=high).contains(&number) => Some(Number(number)),
            _ if low <= f64::MIN => self.fail(&part.place(key), "a number", &told(value)),
            _ => {
                let expected = format!("a number from {low} to {high}");
                self.fail(&part.place(key), &expected, &told(value))
            }
        }
    }

    pub(super) fn count(&mut self, part: Part<'_>, key: &str, least: u64) -> Option<u64> {
        let expected = format!("a number of at least {least}");
        match part.keys.get(key) {
            Some(Value::Integer(number)) if u64::try_from(*number).is_ok_and(|n| n >= least) => {
                Some(number.unsigned_abs())
            }
            Some(other) => self.fail(&part.place(key), &expected, &told(other)),
            None => self.fail(&part.place(key), &expected, "nothing"),
        }
    }

    pub(super) fn instant(&mut self, part: Part<'_>, key: &str) -> Option<Instant> {
        let value = part.keys.get(key)?;
        let expected = "an instant as 2026-01-01T00:00:00Z, or a date";
        instant(value).or_else(|| self.fail(&part.place(key), expected, &told(value)))
    }

    pub(super) fn duration(&mut self, part: Part<'_>, key: &str) -> Option<Int> {
        let value = part.keys.get(key)?;
        let read = value.as_str().and_then(|text| parse_duration_ns(text).ok());
        match read.and_then(|ns| u64::try_from(ns).ok()) {
            Some(ns) => Some(Int(ns)),
            None => self.fail(&part.place(key), "a duration as 0s, 5m or 1d", &told(value)),
        }
    }

    pub(super) fn required_duration(&mut self, part: Part<'_>, key: &str) -> Option<Int> {
        if part.keys.contains_key(key) {
            return self.duration(part, key);
        }
        let expected = "a duration as 1d; `0s` must be written, there is no default";
        self.fail(&part.place(key), expected, "nothing")
    }

    pub(super) fn positive(&mut self, part: Part<'_>, key: &str, ns: Int) -> Option<Int> {
        if ns.0 > 0 { Some(ns) } else { self.fail(&part.place(key), "a duration above 0", "0s") }
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => number.is_finite().then_some(*number),
        Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}

/// RFC 3339, a date (its midnight, UTC), or the same as TOML's own.
pub(super) fn instant(value: &Value) -> Option<Instant> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(instant) => instant.to_string(),
        _ => return None,
    };
    let text = if text.len() == "2026-01-01".len() { format!("{text}T00:00:00Z") } else { text };
    UtcNanos::parse(&text).ok().map(|instant| Instant(instant.nanos()))
}

pub(super) fn told(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", contract::excerpt(text.as_bytes())),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(instant) => instant.to_string(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Table(_) => "a table".to_owned(),
    }
}
