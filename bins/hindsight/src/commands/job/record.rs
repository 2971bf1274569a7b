//! What a step was made of and what it made, so that a repetition knows what is there and unchanged.

use super::stamp::Stamp;
use crate::error::{CliError, Failure};
use contract::Hash;
use durable::{Mode, RealFs, publish};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What a step is made of: hashes by what they are of, as `input trades.parquet`.
pub(super) type Parts = BTreeMap<String, String>;
/// What is worth knowing of what it made.
pub(super) type Facts = BTreeMap<String, String>;

const SCHEMA: &str = "hindsight.step.v1";

/// Adds a file to the parts: by its name, so that a project may be moved; of several with one name, each by its number.
pub(super) fn add(parts: &mut Parts, what: &str, path: &Path, hash: String) {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut name = format!("{what} {file}");
    let mut number = 1;
    while parts.contains_key(&name) {
        number += 1;
        name = format!("{what} {file} ({number})");
    }
    parts.insert(name, hash);
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    schema: String,
    pub(super) step: String,
    pub(super) parts: Parts,
    /// Files of its folder, relative to it.
    pub(super) outputs: Vec<Stamp>,
    /// Files from outside, as they were looked at.
    pub(super) sources: Vec<Stamp>,
    pub(super) facts: Facts,
    pub(super) elapsed_ns: String,
}

impl Record {
    pub(super) fn new(step: &str, parts: Parts, outputs: Vec<Stamp>, facts: Facts) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            step: step.to_owned(),
            parts,
            outputs,
            sources: Vec::new(),
            facts,
            elapsed_ns: "0".to_owned(),
        }
    }

    /// The record of a step; none where there is none that this program understands: the step is then done again.
    pub(super) fn read(dir: &Path, step: &str) -> Option<Self> {
        let text = std::fs::read_to_string(place(dir, step)).ok()?;
        let record: Self = serde_json::from_str(&text).ok()?;
        (record.schema == SCHEMA && record.step == step).then_some(record)
    }

    /// Writes the record, whole or not at all; it counts from then on.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Failure> {
        let path = place(dir, &self.step);
        let failed = |error: std::io::Error| Failure::from(CliError::writing(&path, error));
        let text = serde_json::to_string_pretty(self).map_err(|e| failed(e.into()))?;
        let written = publish(&RealFs, &path, Mode::Replace, |file| {
            writeln!(file, "{text}").map_err(durable::PublishError::from)
        });
        written.map(|_| ()).map_err(|error| failed(super::room::io(error)))
    }

    /// Takes the record away, before what it speaks of changes.
    pub(super) fn remove(dir: &Path, step: &str) -> Result<(), Failure> {
        super::room::remove(&place(dir, step))
    }

    /// What later steps are made of: the hash of all outputs, or of what went in where none is kept.
    pub(super) fn digest(&self) -> String {
        let text: Vec<String> = if self.outputs.is_empty() {
            self.parts.iter().map(|(name, hash)| format!("{name} {hash}\n")).collect()
        } else {
            let line = |stamp: &Stamp| format!("{} {}\n", stamp.path.display(), stamp.sha256);
            self.outputs.iter().map(line).collect()
        };
        Hash::of(text.concat().as_bytes()).to_string()
    }

    /// The hash of one output.
    pub(super) fn output(&self, path: &str) -> Option<&str> {
        let found = self.outputs.iter().find(|stamp| stamp.path == Path::new(path));
        found.map(|stamp| stamp.sha256.as_str())
    }

    /// Why what is there cannot be taken for what these parts would make; `None` when it can.
    pub(super) fn stale(&self, parts: &Parts) -> Option<String> {
        if self.parts == *parts {
            return None;
        }
        let changed = parts.iter().filter(|(name, hash)| self.parts.get(*name) != Some(hash));
        let mut words: Vec<String> = changed
            .map(|(name, _)| {
                let is_new = !self.parts.contains_key(name);
                format!("{name} {}", if is_new { "is new" } else { "has changed" })
            })
            .collect();
        let gone = self.parts.keys().filter(|name| !parts.contains_key(*name));
        words.extend(gone.map(|name| format!("{name} is gone")));
        Some(words.join(", "))
    }
}

fn place(dir: &Path, step: &str) -> PathBuf {
    dir.join("steps").join(format!("{step}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hashes: [&str; 2]) -> Record {
        let mut parts = Parts::new();
        for (path, hash) in ["fxcm/quotes.parquet", "oanda/quotes.parquet"].iter().zip(hashes) {
            add(&mut parts, "input", Path::new(path), hash.to_owned());
        }
        Record::new("log", parts, Vec::new(), Facts::new())
    }

    #[test]
    fn files_of_one_name_are_parts_of_their_own_wherever_they_lie() {
        let before = of(["1", "2"]);
        assert_eq!(before.stale(&of(["1", "2"]).parts), None);
        let why = before.stale(&of(["3", "2"]).parts).unwrap();
        assert_eq!(why, "input quotes.parquet has changed");
        let why = before.stale(&of(["1", "3"]).parts).unwrap();
        assert_eq!(why, "input quotes.parquet (2) has changed");
        assert_ne!(before.digest(), of(["3", "2"]).digest(), "later steps see it");
    }
}
