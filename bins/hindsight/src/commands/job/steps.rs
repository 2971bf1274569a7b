//! The steps of a run: what each is made of, and the commands that it is.

use super::latency;
use super::record::{Facts, Parts, Record};
use super::room::make;
use super::settings::{Settings, text_hash};
use super::stamp::Stamp;
use crate::cli::{
    AckLevel, AppendArgs, ChecksArgs, ConvertArgs, DatasetsBuildArgs, DatasetsVerifyArgs,
    FeaturesCheckArgs, FeaturesRunArgs, InputArgs, LabelingCheckArgs, LabelingRunArgs, Mode,
    OutputArgs, QualityCheckArgs, QualityRunArgs, ReadArgs, ReadLogArgs, RecordArgs, RejectArgs,
    ReportArgs, RulesArgs, SpecArgs, StoreArgs,
};
use crate::commands::{capture as log, datasets as sets, features, feeds, labeling, quality};
use crate::config::{LABELING_CHECK, QUALITY_MODE};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, RawSource};
use crate::output::{Document, Pending};
use contract::Vocabulary as _;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write as _;
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
const CONTEXT: [&str; 5] = ["instruments", "sessions", "sources", "statuses", "decisions"];

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
            let spec = context.config.path(&crate::config::FEEDS_SPEC);
            parts.extend(spec.map(|path| named("spec", path)).transpose()?);
            Ok(parts)
        },
        work: convert,
        has_room: ALWAYS,
        is_in: |settings| !settings.feeds.is_empty(),
    },
    Step {
        name: "log",
        what: "capture append, ledger",
        needs: &["convert"],
        parts: |job, _| {
            let mut parts = Parts::new();
            for table in job.settings.tables.iter().filter(|table| table.is_event) {
                parts.insert(input(&table.path), job.source(&table.path)?);
            }
            parts.extend(job.after("convert"));
            parts.insert("slice".to_owned(), job.settings.slice.clone());
            if let Some(log) = &job.settings.log {
                parts.insert("log".to_owned(), log.display().to_string());
            }
            Ok(parts)
        },
        work: append,
        has_room: |job| job.settings.log.is_none(),
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
        work: read,
        has_room: ALWAYS,
        is_in: |_| true,
    },
    Step {
        name: "features",
        what: "features run",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.feature_tables(context)?)?;
            let set = features::plan(&SPEC, context)?.hash().to_string();
            parts.insert(spec("feature set", job.settings.features.as_deref()), set);
            Ok(parts)
        },
        work: |job, room, context| {
            make(room)?;
            let output = Some(room.join("features.parquet"));
            let args = FeaturesRunArgs {
                inputs: job.inputs(&job.feature_tables(context)?),
                spec: SPEC,
                threads: None,
                rejects: NO_REJECTS,
                output: OutputArgs { output, ..OUTPUT },
            };
            features::run(&args, context)?;
            Ok(Facts::new())
        },
        has_room: ALWAYS,
        is_in: |_| true,
    },
    Step {
        name: "causality",
        what: "features check",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.feature_tables(context)?)?;
            let set = features::plan(&SPEC, context)?.hash().to_string();
            parts.insert(spec("feature set", job.settings.features.as_deref()), set);
            parts.insert("budget".to_owned(), job.settings.budget.clone());
            Ok(parts)
        },
        work: causality,
        has_room: ALWAYS,
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
        work: |job, room, context| {
            let args = LabelingRunArgs {
                inputs: job.inputs(&job.label_tables(context)?),
                rules: RULES,
                threads: None,
                rejects: NO_REJECTS,
                output: Some(room.to_owned()),
                stream: None,
                pending: None,
                format: None,
                all: false,
                fail_if_empty: false,
                dry_run: false,
            };
            labeling::run(&args, context)?;
            Ok(Facts::new())
        },
        has_room: ALWAYS,
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
        work: audit,
        has_room: ALWAYS,
        is_in: |_| true,
    },
    Step {
        name: "quality",
        what: "quality run, report",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.quality_tables())?;
            for path in &job.settings.quality {
                parts.extend([named("rules", path)?]);
            }
            parts.insert("mode".to_owned(), context.config.word(&QUALITY_MODE).to_owned());
            Ok(parts)
        },
        work: judge,
        has_room: ALWAYS,
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
            parts.insert("store".to_owned(), job.settings.store.display().to_string());
            Ok(parts)
        },
        work: build,
        has_room: |_| false,
        is_in: |_| true,
    },
    Step {
        name: "verify",
        what: "datasets verify",
        needs: &["datasets"],
        parts: |job, _| Ok(job.facts_of("datasets").into_iter().collect()),
        work: verify,
        has_room: |_| false,
        is_in: |_| true,
    },
    Step {
        name: "latency",
        what: "decision to dataset",
        needs: &["tables"],
        parts: |job, context| {
            let mut parts = job.of_tables(&job.feature_tables(context)?)?;
            let set = features::plan(&SPEC, context)?.hash().to_string();
            parts.insert(spec("feature set", job.settings.features.as_deref()), set);
            Ok(parts)
        },
        work: latency::measure,
        has_room: ALWAYS,
        is_in: |_| true,
    },
];

const REJECTS: RejectArgs = RejectArgs { rejects: None, max_rejects: None };
const NO_REJECTS: RejectArgs = REJECTS;
const READ: ReadArgs = ReadArgs { trust_eof: false, batch_rows: None };
const REPORT: ReportArgs = ReportArgs { format: None };
pub(super) const SPEC: SpecArgs = SpecArgs { spec: None, roles: Vec::new() };
const RULES: RulesArgs = RulesArgs { rules: Vec::new(), pins: Vec::new() };
const OUTPUT: OutputArgs = OutputArgs {
    format: None,
    output: None,
    force: false,
    all: false,
    fail_if_empty: false,
    dry_run: false,
};

fn rejects(place: PathBuf) -> RejectArgs {
    RejectArgs { rejects: Some(place), max_rejects: None }
}

fn store_args() -> StoreArgs {
    StoreArgs { store: None, purpose: "research".to_owned() }
}

/// By its whole path: two sources may have files of one name.
fn input(path: &Path) -> String {
    format!("input {}", path.display())
}

fn spec(what: &str, path: Option<&Path>) -> String {
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    format!("{what} {}", name.unwrap_or_else(|| "built in".to_owned()))
}

fn named(what: &str, path: &Path) -> Result<(String, String), Failure> {
    Ok((spec(what, Some(path)), text_hash(path)?))
}

/// A run: its settings, the files it starts from, and what its steps have made so far.
pub(super) struct Job<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sources: Vec<Stamp>,
    pub(super) done: BTreeMap<&'static str, Record>,
}

/// Event tables that any step reads.
fn wanted(context: &Context) -> Result<Vec<&'static str>, Failure> {
    let plan = features::plan(&SPEC, context)?;
    let mut tables: BTreeSet<&'static str> = plan.required_tables().into_iter().collect();
    tables.extend(FEATURES_TOO);
    tables.extend(LABELS);
    tables.insert(path_of(context)?);
    let is_event = |table: &&str| contract::table(table).is_some_and(contract::TableSpec::is_event);
    Ok(tables.into_iter().filter(is_event).collect())
}

impl Job<'_> {
    fn place(&self, step: &str) -> PathBuf {
        self.settings.dir.join(step)
    }

    /// The log that is read.
    pub(super) fn log(&self) -> PathBuf {
        self.settings.log.clone().unwrap_or_else(|| self.place("log"))
    }

    fn source(&self, path: &Path) -> Result<String, Failure> {
        let known = self.sources.iter().find(|stamp| stamp.path == path);
        let missing = || CliError::NotFound { path: path.display().to_string() };
        Ok(known.ok_or_else(missing)?.sha256.clone())
    }

    fn of_files(&self, what: &str, paths: &[PathBuf]) -> Result<Parts, Failure> {
        let name = |path: &Path| format!("{what} {}", path.display());
        paths.iter().map(|path| Ok((name(path), self.source(path)?))).collect()
    }

    /// What a step made, as a part of another one; nothing of a step that is not in the run.
    fn after(&self, step: &'static str) -> Option<(String, String)> {
        let record = self.done.get(step)?;
        let made = if record.outputs.is_empty() {
            contract::Hash::of(format!("{:?}", record.parts).as_bytes()).to_string()
        } else {
            record.digest()
        };
        Some((format!("step {step}"), made))
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
    fn of_tables(&self, tables: &[&'static str]) -> Result<Parts, Failure> {
        let mut parts = Parts::new();
        for table in tables {
            let file = format!("{table}.parquet");
            let read = self.done.get("tables").and_then(|record| record.output(&file));
            if let Some(hash) = read {
                parts.insert(format!("table {table}"), hash.to_owned());
                continue;
            }
            for path in self.files_of(table) {
                parts.insert(input(&path), self.source(&path)?);
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
        tables.extend(
            FEATURES_TOO
                .iter()
                .filter(|table| !tables.contains(table))
                .copied()
                .collect::<Vec<_>>(),
        );
        Ok(self.there(&tables))
    }

    pub(super) fn label_tables(&self, context: &Context) -> Result<Vec<&'static str>, Failure> {
        let mut tables = LABELS.to_vec();
        tables.insert(2, path_of(context)?);
        Ok(self.there(&tables))
    }

    fn quality_tables(&self) -> Vec<&'static str> {
        self.there(&["decisions", "executions", "quotes", "trades", "depths", "bars", "statuses"])
    }

    fn rules(&self) -> Result<Parts, Failure> {
        if self.settings.rules.is_empty() {
            let text = ::labeling::LabelSpec::default_text();
            let hash = contract::Hash::of(text.as_bytes()).to_string();
            return Ok([(spec("rules", None), hash)].into());
        }
        self.settings.rules.iter().map(|path| named("rules", path)).collect()
    }
}

/// The table that labels take as the path of prices.
fn path_of(context: &Context) -> Result<&'static str, Failure> {
    let book = labeling::book(&RULES, context)?;
    let path = book.specs().next().map(|spec| spec.base().measures.path);
    Ok(if path == Some(::labeling::PathKind::Trade) { "trades" } else { "quotes" })
}

fn convert(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    make(room)?;
    let args = ConvertArgs {
        inputs: job.settings.feeds.iter().map(OsString::from).collect(),
        table: None,
        from: None,
        spec: None,
        tables: Some(room.to_owned()),
        trust_eof: false,
        now: None,
        rejects: rejects(room.join("rejects.arrow")),
        output: OUTPUT,
    };
    feeds::convert(&args, context)?;
    Ok(Facts::new())
}

fn append(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    let log = job.settings.log.clone().unwrap_or_else(|| room.to_owned());
    let mut inputs: Vec<PathBuf> =
        job.settings.tables.iter().filter(|t| t.is_event).map(|t| t.path.clone()).collect();
    if let Some(record) = job.done.get("convert") {
        let is_table = |stamp: &&Stamp| stamp.path.extension().is_some_and(|e| e == "parquet");
        let made = record.outputs.iter().filter(is_table);
        inputs.extend(made.map(|stamp| job.place("convert").join(&stamp.path)));
    }
    let place = job.settings.dir.join("log.rejects.arrow");
    let args = AppendArgs {
        log: log.clone(),
        inputs: inputs.into_iter().map(OsString::from).collect(),
        producer: None,
        producer_id: None,
        mode: Mode::Strict,
        first_pseq: None,
        resume: true,
        merge: Some(job.settings.slice.clone()),
        level: AckLevel::Durable,
        max_future: "1s".to_owned(),
        segment_bytes: 64 << 20,
        trust_eof: false,
        rejects: rejects(place),
        force: true,
    };
    log::appended(&args, &log::Acks::Nowhere, context)?;
    let found = log::completeness(&log, 0..u64::MAX)?;
    let mut facts = Facts::new();
    facts.insert("verdict".to_owned(), found.verdict.word().to_owned());
    facts.insert("log_id".to_owned(), found.log_id.to_string());
    facts.insert("rows".to_owned(), found.rows.values().sum::<u64>().to_string());
    facts.insert("gaps".to_owned(), found.gaps.len().to_string());
    Ok(facts)
}

fn read(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    make(room)?;
    let held = log::completeness(&job.log(), 0..u64::MAX)?;
    let mut facts = Facts::new();
    for table in wanted(context)? {
        let Some(rows) = held.rows.get(table).filter(|rows| **rows > 0) else { continue };
        let args = ReadLogArgs {
            log: job.log(),
            table: table.to_owned(),
            instrument: Vec::new(),
            producer: Vec::new(),
            from_seq: None,
            to_seq: Some(held.seqs.end),
            cursor: None,
            follow: false,
            output: OutputArgs { output: Some(room.join(format!("{table}.parquet"))), ..OUTPUT },
        };
        log::read(&args, context)?;
        facts.insert(table.to_owned(), rows.to_string());
    }
    facts.insert("end_seq".to_owned(), held.seqs.end.to_string());
    facts.insert("verdict".to_owned(), held.verdict.word().to_owned());
    Ok(facts)
}

fn causality(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    make(room)?;
    let args = FeaturesCheckArgs {
        inputs: job.inputs(&job.feature_tables(context)?),
        spec: SPEC,
        budget: job.settings.budget.clone(),
        seed: 1,
        require_reaction: false,
        rejects: rejects(room.join("rejects.arrow")),
        all: false,
        report: REPORT,
    };
    let report = features::certified(&args, context)?;
    write(&room.join("causality.json"), &features::causality_document(&report))?;
    features::causality_gate(&report, false)?;
    let mut facts = Facts::new();
    facts.insert("features".to_owned(), report.features.len().to_string());
    facts.insert("rows_perturbed".to_owned(), report.rows_perturbed.to_string());
    facts.insert(
        "moved".to_owned(),
        report.features.iter().filter(|f| f.moved > 0).count().to_string(),
    );
    Ok(facts)
}

fn audit(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    let refused = job.settings.dir.join("audit.rejects.arrow");
    remove(&refused)?;
    let args = LabelingCheckArgs {
        inputs: job.inputs(&job.label_tables(context)?),
        rules: RULES,
        labels: Some(job.place("labels")),
        sample: usize::try_from(context.config.count(&LABELING_CHECK)).unwrap_or(usize::MAX),
        each_kind: 2,
        examples: 10,
        seed: 1,
        threads: None,
        rejects: rejects(refused),
        output: Some(room.to_owned()),
        report: REPORT,
    };
    let found = labeling::audited(&args, context)?;
    write(&room.join("report.json"), &found.document())?;
    labeling::audit_gate(&found.audit)?;
    let agreement = found.audit.decisions;
    let mut facts = Facts::new();
    facts.insert("audited".to_owned(), agreement.n.to_string());
    facts.insert("agree".to_owned(), agreement.n_agree.to_string());
    facts.insert("at_least".to_owned(), format!("{:.4}", agreement.interval().0));
    Ok(facts)
}

fn judge(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    make(room)?;
    let tables = job.quality_tables();
    let context_files: Vec<OsString> = job
        .there(&CONTEXT)
        .into_iter()
        .flat_map(|table| job.files_of(table))
        .map(OsString::from)
        .collect();
    let checks = ChecksArgs { rules: Vec::new(), mode: None, context: context_files };
    let mut facts = Facts::new();
    for table in &tables {
        let args = QualityCheckArgs {
            inputs: job.inputs(&[*table]),
            checks: checks.clone(),
            report: REPORT,
        };
        for (_, report) in quality::judged(&args, context)? {
            let tables = vec![quality::report_document(table, &report)];
            let whole = Document::new(quality::REPORT_SCHEMA).with("tables", tables);
            write(&room.join(format!("{table}.json")), &whole)?;
            let score = report.score();
            facts.insert((*table).to_owned(), format!("{:.2}", score.score));
        }
    }
    // The scores of decisions go into the datasets; they become known when the log ends.
    if tables.contains(&"decisions") {
        let args = QualityRunArgs {
            inputs: job.inputs(&["decisions"]),
            checks: ChecksArgs { mode: None, ..checks },
            rejects: rejects(room.join("decisions.rejects.arrow")),
            events: Some(room.join("quality_events.parquet")),
            repairs: None,
            report: None,
            now: Some(last(&job.files_of("decisions"), context)?),
            output: OutputArgs { output: Some(room.join("decisions.parquet")), ..OUTPUT },
        };
        quality::run(&args, context)?;
    }
    Ok(facts)
}

/// The last availability of some files, as text: a moment that is a function of the log.
fn last(files: &[PathBuf], context: &Context) -> Result<String, Failure> {
    let mut last = 0;
    for path in files {
        let mut source = RawSource::open(&InputArg::file(path), &context.read_options(false))?;
        while let Some(batch) = source.next_batch()? {
            let name = batch.schema_ref().metadata().get(contract::meta::TABLE).cloned();
            let spec = name.and_then(|name| contract::table(&name));
            let parsed = spec.and_then(|spec| contract::AnyBatch::parse(spec, &batch).ok());
            let stamps = parsed.as_ref().and_then(contract::AnyBatch::ts_avail);
            last = stamps.iter().flat_map(|s| s.values().iter()).fold(last, |a, b| a.max(*b));
        }
    }
    Ok(contract::UtcNanos::from_nanos(last).to_string())
}

fn build(job: &Job<'_>, _: &Path, context: &mut Context) -> Result<Facts, Failure> {
    build_of(job, &job.place("features").join("features.parquet"), context)
}

/// Builds every dataset of a job of these features.
pub(super) fn build_of(
    job: &Job<'_>,
    features: &Path,
    context: &mut Context,
) -> Result<Facts, Failure> {
    let tables = job.facts_of("tables");
    let made = [
        job.place("quality").join("decisions.parquet"),
        job.place("quality").join("quality_events.parquet"),
        features.to_owned(),
        job.place("labels").join("labels.parquet"),
        job.place("labels").join("outcomes.parquet"),
        job.place("labels").join("pending.parquet"),
        job.place("audit").join("label_audits.parquet"),
    ];
    let files = made.into_iter().chain(job.files_of("executions")).map(OsString::from).collect();
    let name = |dataset: &super::settings::Dataset| {
        let mut text = OsString::from(format!("{}=", dataset.name));
        text.push(&dataset.spec);
        text
    };
    let args = DatasetsBuildArgs {
        files,
        read: READ,
        spec: job.settings.datasets.iter().map(name).collect(),
        causality: Some(job.place("causality").join("causality.json")),
        log_id: None,
        completeness: tables.get("verdict").cloned(),
        parent: None,
        no_parent: false,
        threads: None,
        store: store_args(),
        record: RecordArgs { actor: None, note: None, now: None },
        rejects: rejects(job.settings.dir.join("datasets.rejects.arrow")),
        dry_run: false,
        report: REPORT,
    };
    remove(&job.settings.dir.join("datasets.rejects.arrow"))?;
    let mut facts = Facts::new();
    if let sets::Made::Published(done) = sets::built(&args, context)? {
        for one in done {
            let manifest = &one.built.manifest;
            let rows: u64 = manifest.splits.values().map(|split| split.rows).sum();
            let mut put =
                |what: &str, value: String| facts.insert(format!("{}.{what}", one.name), value);
            put("ordinal", one.published.ordinal.to_string());
            put("manifest", one.published.manifest_hash.to_string());
            put("content", manifest.content_hash.to_string());
            put("rows", rows.to_string());
            put("selected", manifest.selected.to_string());
            put("kind", manifest.kind.word().to_owned());
            put("verdict", one.built.certificate.verdict().word().to_owned());
            put("path", one.published.path.display().to_string());
        }
    }
    Ok(facts)
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::writing(path, e).into())
        }
        _ => Ok(()),
    }
}

fn verify(job: &Job<'_>, _: &Path, context: &mut Context) -> Result<Facts, Failure> {
    let built = job.facts_of("datasets");
    let mut facts = Facts::new();
    for dataset in &job.settings.datasets {
        let ordinal = built.get(&format!("{}.ordinal", dataset.name)).cloned().unwrap_or_default();
        let version = format!("{}@{ordinal}", dataset.name);
        let args = DatasetsVerifyArgs {
            version: version.clone(),
            causality: Some(job.place("causality").join("causality.json")),
            store: store_args(),
            report: REPORT,
        };
        let found = sets::verified(&args, context)?;
        found.gate(&version)?;
        facts.insert(version, format!("{} files", found.files));
    }
    Ok(facts)
}

/// Writes a document to a file that appears whole.
pub(super) fn write(path: &Path, document: &Document) -> Result<(), Failure> {
    let mut file = Pending::create(path, true)?;
    writeln!(file, "{document}").map_err(|e| CliError::writing(path, e))?;
    file.publish()
}
