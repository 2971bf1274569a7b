//! The work of each step: the command that it is, with the arguments of a run.

use super::record::Facts;
use super::room::{make, remove};
use super::stamp::Stamp;
use super::state::{CONTEXT, Job, READ, RULES, SPEC, wanted};
use crate::cli::{
    AppendArgs, ChecksArgs, ConvertArgs, DatasetsBuildArgs, DatasetsVerifyArgs, FeaturesCheckArgs,
    FeaturesRunArgs, LabelingCheckArgs, LabelingRunArgs, OutputArgs, QualityCheckArgs,
    QualityRunArgs, ReadLogArgs, RecordArgs, RejectArgs, ReportArgs, StoreArgs,
};
use crate::commands::{capture as log, datasets as sets, features, feeds, labeling, quality};
use crate::config::LABELING_CHECK;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, RawSource};
use crate::output::{Document, Pending};
use contract::Vocabulary as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const NO_REJECTS: RejectArgs = RejectArgs { rejects: None, max_rejects: None };
const REPORT: ReportArgs = ReportArgs { format: None };
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

/// Each file by itself: a log takes files side by side, each in the order in which its rows were available.
pub(super) fn convert(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    make(room)?;
    for (at, feed) in job.settings.feeds.iter().enumerate() {
        let room = room.join(format!("{at:03}"));
        make(&room)?;
        let args = ConvertArgs {
            inputs: vec![OsString::from(feed)],
            table: None,
            from: None,
            spec: None,
            tables: Some(room.clone()),
            trust_eof: false,
            now: None,
            rejects: rejects(room.join("rejects.arrow")),
            output: OUTPUT,
        };
        feeds::convert(&args, context)?;
    }
    Ok(Facts::new())
}

pub(super) fn append(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
    let log = job.settings.log.clone().unwrap_or_else(|| room.to_owned());
    let mut inputs: Vec<PathBuf> =
        job.settings.tables.iter().filter(|t| t.is_event).map(|t| t.path.clone()).collect();
    if let Some(record) = job.done.get("convert") {
        let is_table = |stamp: &&Stamp| stamp.path.extension().is_some_and(|e| e == "parquet");
        let made = record.outputs.iter().filter(is_table);
        inputs.extend(made.map(|stamp| job.place("convert").join(&stamp.path)));
    }
    let place = job.settings.dir.join("log.rejects.arrow");
    remove(&place)?;
    let args = AppendArgs {
        resume: true,
        merge: Some(job.settings.slice.clone()),
        rejects: rejects(place),
        force: true,
        ..AppendArgs::new(log.clone(), inputs.into_iter().map(OsString::from).collect())
    };
    let marks = log::appended(&args, &log::Acks::Nowhere, context)?;
    let found = log::completeness(&log, 0..u64::MAX)?;
    let mut facts = Facts::new();
    if marks > 0 {
        facts.insert("marks_left_out".to_owned(), marks.to_string());
    }
    facts.insert("verdict".to_owned(), found.verdict.word().to_owned());
    facts.insert("log_id".to_owned(), found.log_id.to_string());
    facts.insert("rows".to_owned(), found.rows.values().sum::<u64>().to_string());
    facts.insert("gaps".to_owned(), found.gaps.len().to_string());
    Ok(facts)
}

pub(super) fn read(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
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

pub(super) fn features_of(
    job: &Job<'_>,
    room: &Path,
    context: &mut Context,
) -> Result<Facts, Failure> {
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
}

pub(super) fn labels_of(
    job: &Job<'_>,
    room: &Path,
    context: &mut Context,
) -> Result<Facts, Failure> {
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
}

pub(super) fn causality(
    job: &Job<'_>,
    room: &Path,
    context: &mut Context,
) -> Result<Facts, Failure> {
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

pub(super) fn audit(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
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

pub(super) fn judge(job: &Job<'_>, room: &Path, context: &mut Context) -> Result<Facts, Failure> {
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

pub(super) fn build(job: &Job<'_>, _: &Path, context: &mut Context) -> Result<Facts, Failure> {
    let features = job.place("features").join("features.parquet");
    build_of(job, &features, &job.place("causality").join("causality.json"), context)
}

/// Builds every dataset of a job of these features and the certificate about them.
pub(super) fn build_of(
    job: &Job<'_>,
    features: &Path,
    causality: &Path,
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
        causality: Some(causality.to_owned()),
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
            // A folder may be moved with the store in it.
            let path = one.published.path.as_path();
            let inside = path.strip_prefix(&job.settings.dir).unwrap_or(path);
            put("path", inside.display().to_string());
        }
    }
    Ok(facts)
}

pub(super) fn verify(job: &Job<'_>, _: &Path, context: &mut Context) -> Result<Facts, Failure> {
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
