//! The steps of a run: what each is made of, and the commands that it is.

use super::latency;
use super::record::{Facts, Parts, add};
use super::settings::{Settings, text_hash};
use super::state::{CONTEXT, Job, texts, wanted};
use super::work;
use crate::commands::capture as log;
use crate::config::{FEEDS_SPEC, LABELING_CHECK, QUALITY_MODE};
use crate::context::Context;
use crate::error::Failure;
use std::path::Path;

/// What a step leaves, and by what a later run sees that it is still that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// The files of its folder, by their hashes.
    Files,
    /// A log, which holds the clock of its making and is known by what went into it.
    Log,
    /// Versions in the store, which looks after its own bytes.
    Versions,
    /// Nothing but what it found.
    Facts,
    /// Nothing: it looks at what others made, which may have changed since.
    Nothing,
}

/// A step.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What it does, as the plan says it.
    pub(super) what: &'static str,
    /// Steps whose outputs it reads.
    pub(super) needs: &'static [&'static str],
    /// Hashes of all that it is made of.
    pub(super) parts: fn(&Job<'_>, &Context) -> Result<Parts, Failure>,
    /// Does it, in a folder that is not there yet.
    pub(super) work: fn(&Job<'_>, &Path, &mut Context) -> Result<Facts, Failure>,
    /// Whether what it makes lies in a folder of its own.
    pub(super) has_room: fn(&Job<'_>) -> bool,
    /// What of it must still be there.
    pub(super) keeps: Keeps,
    /// Whether the run has it at all.
    pub(super) is_in: fn(&Settings) -> bool,
}

const ALWAYS: fn(&Job<'_>) -> bool = |_| true;

/// All steps, in order.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "convert",
        what: "feeds convert",
        needs: &[],
        parts: |job, context| {
            let mut parts = job.of_files("feed", &job.settings.feeds)?;
            if let Some(spec) = context.config.path(&FEEDS_SPEC) {
                add(&mut parts, "spec", spec, text_hash(spec)?);
            }
            Ok(parts)
        },
        work: work::convert,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |settings| !settings.feeds.is_empty(),
    },
    Step {
        name: "log",
        what: "capture append, ledger",
        needs: &["convert"],
        parts: |job, _| {
            let mut parts = Parts::new();
            for table in job.settings.tables.iter().filter(|table| table.is_event) {
                add(&mut parts, "input", &table.path, job.source(&table.path)?);
            }
            parts.extend(job.after("convert"));
            parts.insert("slice".to_owned(), job.settings.slice.clone());
            if let Some(log) = &job.settings.log {
                parts.insert("log".to_owned(), log.display().to_string());
            }
            Ok(parts)
        },
        work: work::append,
        has_room: |job| job.settings.log.is_none(),
        keeps: Keeps::Log,
        is_in: Settings::has_rows,
    },
    Step {
        name: "tables",
        what: "capture read",
        needs: &["log"],
        parts: |job, context| {
            let mut parts = Parts::new();
            // A log of ours is a function of what went into it; another one goes on.
            if job.settings.log.is_none() {
                parts.extend(job.after("log"));
            } else {
                let found = log::completeness(&job.log(), 0..0)?;
                let end = found.producers.iter().map(|p| p.rows_durable).sum::<u64>();
                parts.insert("log".to_owned(), format!("{} {end}", found.log_id));
            }
            parts.insert("tables".to_owned(), wanted(context)?.join(" "));
            Ok(parts)
        },
        work: work::read,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "features",
        what: "features run",
        needs: &["tables"],
        parts: |job, context| job.of_features(context),
        work: work::features_of,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "causality",
        what: "features check",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_features(context)?;
            parts.insert("budget".to_owned(), job.settings.budget.clone());
            Ok(parts)
        },
        work: work::causality,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "labels",
        what: "labeling run",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.label_tables(context)?)?;
            parts.extend(job.rules()?);
            Ok(parts)
        },
        work: work::labels_of,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "audit",
        what: "labeling check",
        needs: &["tables", "labels"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.label_tables(context)?)?;
            parts.extend(job.rules()?);
            parts.extend(job.after("labels"));
            let sample = context.config.count(&LABELING_CHECK);
            parts.insert("sample".to_owned(), sample.to_string());
            Ok(parts)
        },
        work: work::audit,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "quality",
        what: "quality run, report",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.quality_tables())?;
            parts.extend(job.of_tables(&job.there(&CONTEXT))?);
            parts.extend(texts("rules", &job.settings.quality)?);
            parts.insert("mode".to_owned(), context.config.word(&QUALITY_MODE).to_owned());
            Ok(parts)
        },
        work: work::judge,
        has_room: ALWAYS,
        keeps: Keeps::Files,
        is_in: |_| true,
    },
    Step {
        name: "datasets",
        what: "datasets build",
        needs: &["tables", "features", "causality", "labels", "audit", "quality"],
        parts: |job, _| {
            let mut parts = Parts::new();
            for step in ["features", "causality", "labels", "audit", "quality"] {
                parts.extend(job.after(step));
            }
            parts.extend(job.of_tables(&job.there(&["executions"]))?);
            for dataset in &job.settings.datasets {
                parts.insert(format!("spec {}", dataset.name), text_hash(&dataset.spec)?);
            }
            // A folder may be moved with the store in it.
            let store = &job.settings.store;
            let inside = store.strip_prefix(&job.settings.dir).unwrap_or(store);
            parts.insert("store".to_owned(), inside.display().to_string());
            Ok(parts)
        },
        work: work::build,
        has_room: |_| false,
        keeps: Keeps::Versions,
        is_in: |_| true,
    },
    Step {
        name: "verify",
        what: "datasets verify",
        needs: &["datasets"],
        parts: |job, _| Ok(job.facts_of("datasets").into_iter().collect()),
        work: work::verify,
        has_room: |_| false,
        keeps: Keeps::Nothing,
        is_in: |_| true,
    },
    Step {
        name: "latency",
        what: "decision to dataset",
        needs: &["tables"],
        parts: |job, context| job.of_features(context),
        work: latency::measure,
        has_room: ALWAYS,
        keeps: Keeps::Facts,
        is_in: |_| true,
    },
];
