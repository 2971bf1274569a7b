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
        let path = place(dir, step);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(CliError::writing(&path, e).into())
            }
            _ => Ok(()),
        }
    }

    /// Hash of all outputs: what later steps are made of.
    pub(super) fn digest(&self) -> String {
        let line = |stamp: &Stamp| format!("{} {}\n", stamp.path.display(), stamp.sha256);
        let text: Vec<String> = self.outputs.iter().map(line).collect();
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
