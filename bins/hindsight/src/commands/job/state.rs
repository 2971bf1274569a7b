//! What a run knows: its settings, the files it starts from, and what its steps have made so far.

use super::record::{Facts, Parts, Record, add};
use super::settings::{Settings, text_hash};
use super::stamp::Stamp;
use crate::cli::{InputArgs, ReadArgs, RulesArgs, SpecArgs};
use crate::commands::{features, labeling};
use crate::context::Context;
use crate::error::{CliError, Failure};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Tables that are read beside those that features ask for, where they are there.
const FEATURES_TOO: [&str; 3] = ["statuses", "feed_marks", "ledger_gaps"];
/// Tables that labels are made of, beside the path.
const LABELS: [&str; 11] = [
    "decisions",
    "executions",
    "statuses",
    "postings",
    "feed_marks",
    "ledger_gaps",
    "instruments",
    "sessions",
    "adjustments",
    "fee_schedules",
    "references",
];
/// Tables that checks look things up in.
pub(super) const CONTEXT: [&str; 5] =
    ["instruments", "sessions", "sources", "statuses", "decisions"];

/// Features, rules and reading are those of the configuration.
pub(super) const SPEC: SpecArgs = SpecArgs { spec: None, roles: Vec::new() };
pub(super) const RULES: RulesArgs = RulesArgs { rules: Vec::new(), pins: Vec::new() };
pub(super) const READ: ReadArgs = ReadArgs { trust_eof: false, batch_rows: None };

/// A run: its settings, the files it starts from, and what its steps have made so far.
pub(super) struct Job<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sources: Vec<Stamp>,
    pub(super) done: BTreeMap<&'static str, Record>,
}

/// Whether rows of a table go into a log.
pub(super) fn is_event(table: &str) -> bool {
    contract::table(table).is_some_and(contract::TableSpec::is_event)
}

/// Event tables that any step reads.
pub(super) fn wanted(context: &Context) -> Result<Vec<&'static str>, Failure> {
    let plan = features::plan(&SPEC, context)?;
    let mut tables: BTreeSet<&'static str> = plan.required_tables().into_iter().collect();
    tables.extend(FEATURES_TOO);
    tables.extend(LABELS);
    tables.insert(path_of(context)?);
    Ok(tables.into_iter().filter(|table| is_event(table)).collect())
}

impl Job<'_> {
    pub(super) fn place(&self, step: &str) -> PathBuf {
        self.settings.dir.join(step)
    }

    /// The log that is read.
    pub(super) fn log(&self) -> PathBuf {
        self.settings.log.clone().unwrap_or_else(|| self.place("log"))
    }

    pub(super) fn source(&self, path: &Path) -> Result<String, Failure> {
        let known = self.sources.iter().find(|stamp| stamp.path == path);
        let missing = || CliError::NotFound { path: path.display().to_string() };
        Ok(known.ok_or_else(missing)?.sha256.clone())
    }

    pub(super) fn of_files(&self, what: &str, paths: &[PathBuf]) -> Result<Parts, Failure> {
        let mut parts = Parts::new();
        for path in paths {
            add(&mut parts, what, path, self.source(path)?);
        }
        Ok(parts)
    }

    /// What a step made, as a part of another one; nothing of a step that is not in the run.
    pub(super) fn after(&self, step: &'static str) -> Option<(String, String)> {
        let record = self.done.get(step)?;
        Some((format!("step {step}"), record.digest()))
    }

    pub(super) fn facts_of(&self, step: &str) -> Facts {
        self.done.get(step).map(|record| record.facts.clone()).unwrap_or_default()
    }

    /// Where the rows of a table are: what was read from the log, else a source that goes into none.
    pub(super) fn files_of(&self, table: &str) -> Vec<PathBuf> {
        let file = format!("{table}.parquet");
        if self.done.get("tables").is_some_and(|record| record.output(&file).is_some()) {
            return vec![self.place("tables").join(file)];
        }
        let sources = self.settings.tables.iter().filter(|t| !t.is_event && t.name == table);
        sources.map(|t| t.path.clone()).collect()
    }

    pub(super) fn there(&self, tables: &[&'static str]) -> Vec<&'static str> {
        tables.iter().copied().filter(|table| !self.files_of(table).is_empty()).collect()
    }

    /// Hashes of the files of some tables.
    pub(super) fn of_tables(&self, tables: &[&'static str]) -> Result<Parts, Failure> {
        let mut parts = Parts::new();
        for table in tables {
            let file = format!("{table}.parquet");
            let read = self.done.get("tables").and_then(|record| record.output(&file));
            if let Some(hash) = read {
                parts.insert(format!("table {table}"), hash.to_owned());
                continue;
            }
            for path in self.files_of(table) {
                let hash = self.source(&path)?;
                add(&mut parts, "input", &path, hash);
            }
        }
        Ok(parts)
    }

    pub(super) fn inputs(&self, tables: &[&'static str]) -> InputArgs {
        let files = tables.iter().flat_map(|table| self.files_of(table));
        InputArgs { files: files.map(OsString::from).collect(), read: READ }
    }

    pub(super) fn feature_tables(&self, context: &Context) -> Result<Vec<&'static str>, Failure> {
        let mut tables = features::plan(&SPEC, context)?.required_tables();
        let more = FEATURES_TOO.iter().filter(|table| !tables.contains(table));
        let more: Vec<&'static str> = more.copied().collect();
        tables.extend(more);
        Ok(self.there(&tables))
    }

    pub(super) fn label_tables(&self, context: &Context) -> Result<Vec<&'static str>, Failure> {
        let mut tables = LABELS.to_vec();
        tables.insert(2, path_of(context)?);
        Ok(self.there(&tables))
    }

    pub(super) fn quality_tables(&self) -> Vec<&'static str> {
        self.there(&["decisions", "executions", "quotes", "trades", "depths", "bars", "statuses"])
    }

    /// The tables and the set of features.
    pub(super) fn of_features(&self, context: &Context) -> Result<Parts, Failure> {
        let mut parts = self.of_tables(&self.feature_tables(context)?)?;
        let set = features::plan(&SPEC, context)?.hash().to_string();
        match &self.settings.features {
            Some(path) => add(&mut parts, "feature set", path, set),
            None => drop(parts.insert("feature set built in".to_owned(), set)),
        }
        Ok(parts)
    }

    pub(super) fn rules(&self) -> Result<Parts, Failure> {
        if self.settings.rules.is_empty() {
            let text = ::labeling::LabelSpec::default_text();
            let hash = contract::Hash::of(text.as_bytes()).to_string();
            return Ok([("rules built in".to_owned(), hash)].into());
        }
        texts("rules", &self.settings.rules)
    }
}

/// The table that labels take as the path of prices.
pub(super) fn path_of(context: &Context) -> Result<&'static str, Failure> {
    let book = labeling::book(&RULES, context)?;
    let path = book.specs().next().map(|spec| spec.base().measures.path);
    Ok(if path == Some(::labeling::PathKind::Trade) { "trades" } else { "quotes" })
}

/// Hashes of the texts of some files.
pub(super) fn texts(what: &str, paths: &[PathBuf]) -> Result<Parts, Failure> {
    let mut parts = Parts::new();
    for path in paths {
        add(&mut parts, what, path, text_hash(path)?);
    }
    Ok(parts)
}
