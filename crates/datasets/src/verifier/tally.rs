//! What a check has seen so far, and what came of it.

use super::rows::Id;
use crate::canonical::Int;
use crate::certificate::{CheckResult, Outcome};
use contract::EventId;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most rows, and most kinds of faults, that a check names.
pub(super) const NAMED: usize = 8;

/// A check in the making.
#[derive(Debug)]
pub(super) struct Tally {
    check: &'static str,
    statement: String,
    compared: BTreeMap<String, Int>,
    violations: u64,
    faults: Vec<(String, u64)>,
    nearest: Option<(i64, Id)>,
    rows: Vec<Id>,
}

impl Tally {
    pub(super) fn new(check: &'static str, statement: &str) -> Self {
        Self {
            check,
            statement: statement.to_owned(),
            compared: BTreeMap::new(),
            violations: 0,
            faults: Vec::new(),
            nearest: None,
            rows: Vec::new(),
        }
    }

    /// Adds to the number of things of a kind that were looked at.
    pub(super) fn count(&mut self, what: &str, n: u64) {
        let number = self.compared.entry(what.to_owned()).or_default();
        number.0 = number.0.saturating_add(n);
    }

    /// Keeps the smallest margin and its row.
    pub(super) fn margin(&mut self, ns: i64, id: &Id) {
        if self.nearest.is_none_or(|(least, _)| ns < least) {
            self.nearest = Some((ns, *id));
        }
    }

    /// A row that breaks the check.
    pub(super) fn row(&mut self, fault: &str, id: &Id) {
        self.fault(fault, 1);
        if self.rows.len() < NAMED && !self.rows.contains(id) {
            self.rows.push(*id);
        }
    }

    /// Something that breaks the check and is no row, `n` times.
    pub(super) fn fault(&mut self, fault: &str, n: u64) {
        self.violations += n;
        match self.faults.iter_mut().find(|(known, _)| known == fault) {
            Some((_, times)) => *times += n,
            None => self.faults.push((fault.to_owned(), n)),
        }
    }

    /// Failed with what was found, or else this.
    pub(super) fn finish(self, otherwise: Outcome) -> CheckResult {
        let outcome = match self.faults.split_first() {
            None => otherwise,
            Some(_) => {
                let mut text = String::new();
                for (place, (fault, n)) in self.faults.iter().take(NAMED).enumerate() {
                    let gap = if place == 0 { "" } else { "; " };
                    // Writing to a text does not fail.
                    let _ = write!(text, "{gap}{fault}: {n}");
                }
                if self.faults.len() > NAMED {
                    let _ = write!(text, "; and {} more", self.faults.len() - NAMED);
                }
                Outcome::Fail(text)
            }
        };
        let mut named = self.rows;
        if named.is_empty() {
            named.extend(self.nearest.map(|(_, id)| id));
        }
        CheckResult {
            check: self.check.to_owned(),
            statement: self.statement,
            outcome,
            compared: self.compared,
            violations: self.violations,
            margin_ns: self.nearest.map(|(ns, _)| ns),
            rows: named.into_iter().map(|id| EventId::from_bytes(id).to_string()).collect(),
        }
    }
}

/// A length as a count.
pub(super) fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Some names, and how many more there are.
pub(super) fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED {
        let _ = write!(text, " and {} more", names.len() - NAMED);
    }
    text
}

/// The gap as 64 bits; beyond them, the nearest.
pub(super) fn clamp(ns: i128) -> i64 {
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}
