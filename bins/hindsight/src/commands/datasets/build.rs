//! `hindsight datasets build`.

use super::error::DatasetsError;
use super::evidence::causality;
use super::store::{facts, new_store, reader, reference};
use super::tables::{Tables, read};
use super::{bad_value, certificate, count, stopped};
use crate::cli::DatasetsBuildArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::input::file_text;
use crate::output::{Document, Grid, print};
use crate::rejects::RejectSink;
use contract::{EventId, Hash, Name, Observe as _, Sink};
use datasets::{
    BuildOptions, BuildPlan, Built, CommitFacts, Evidence, Instant, PublishedVersion, RunEvents,
    RunOutput, Spec, Split, Staging, Store, Version, VersionRef, Weigh, build as stage,
};
use labeling::Lives;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The exact kernel of the labels, asked for each split and fold.
struct Kernel;

impl Weigh for Kernel {
    fn uniqueness(&self, starts: &[i64], ends: &[i64], groups: &[u32]) -> Result<Vec<f64>, String> {
        let lives = Lives::within(starts, ends, groups).map_err(|error| error.to_string())?;
        Ok(lives.overlap().uniqueness)
    }
}

/// A spec and the name of its dataset.
struct Wanted {
    name: Name,
    spec: Spec,
}

/// A version that is certified and waits for those of the other specs.
struct Staged {
    name: Name,
    run: EventId,
    events: RunEvents,
    staging: Staging,
    built: Built,
    parent: Option<u64>,
}

/// What came of one spec.
pub(in crate::commands) struct Done {
    pub(in crate::commands) name: Name,
    pub(in crate::commands) built: Built,
    pub(in crate::commands) published: PublishedVersion,
}

/// Builds a version for each spec, certifies and publishes it.
///
/// - **Cost:** inputs are read once and held; each version is written and read back once.
pub(in crate::commands) fn build(
    args: &DatasetsBuildArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("datasets build", &args.report)?;
    match built(args, context)? {
        Made::Planned(text) => print(&text),
        Made::Published(done) => report(&done, json, context),
    }
}

/// What a build made.
pub(in crate::commands) enum Made {
    /// What it would make, in words.
    Planned(String),
    /// Versions, in the order of their specs.
    Published(Vec<Done>),
}

/// As [`build`], without a report.
pub(in crate::commands) fn built(
    args: &DatasetsBuildArgs,
    context: &mut Context,
) -> Result<Made, Failure> {
    let wanted = wanted(args)?;
    let facts = facts(&args.store, &args.record)?;
    let causality = args.causality.as_deref().map(causality).transpose()?;
    let store = new_store(context)?;
    let mut progress = context.progress("datasets");
    let path = args.rejects.rejects.as_deref();
    let mut rejects = RejectSink::new(path, None, context.allowance()?, false, &[])?;
    let tables = read(&args.files, args.read.trust_eof, &mut rejects, &mut progress, context)?;
    rejects.finish(progress.stats.rows_in)?;
    let mut plans = Vec::with_capacity(wanted.len());
    for Wanted { name, spec } in wanted {
        context.stop.check()?;
        let plan = BuildPlan::new(&tables.inputs, &spec, &Kernel);
        plans.push((name, plan.map_err(|error| stopped(&error))?));
    }
    if args.dry_run {
        progress.end();
        let mut text = String::new();
        for (name, plan) in &plans {
            let _ = writeln!(text, "{name}\n{}", planned(plan));
        }
        return Ok(Made::Planned(text));
    }
    let shared = Shared {
        args,
        store: &store,
        tables: &tables,
        evidence: Evidence {
            causality: causality.as_ref(),
            feature_spec_hash: tables.inputs.feature_spec_hash(),
            label_audits: &tables.audits,
        },
        facts: &facts,
        context,
    };
    // All are certified before the first is published: a gate that says no leaves the store as it was.
    let mut staged = Vec::with_capacity(plans.len());
    for (name, plan) in plans {
        match shared.stage(&name, &plan) {
            Ok(one) => staged.push(one),
            Err(failure) => {
                for one in staged {
                    shared.abandon(&one.name, one.run, &one.events, &failure);
                    // What cannot be removed is left to the collector.
                    let _ = one.staging.discard();
                }
                return Err(failure);
            }
        }
    }
    let mut done = Vec::with_capacity(staged.len());
    for one in staged {
        done.push(shared.publish(one)?);
    }
    progress.end();
    progress.stats.observe(&mut context.metrics);
    for Done { name, built, .. } in &done {
        for split in Split::ALL {
            let rows = built.manifest.splits.get(split.word()).map_or(0, |split| split.rows);
            let labels = [("dataset", name.as_str()), ("split", split.word())];
            context.metrics.gauge("hindsight_dataset_rows", &labels, rows as f64);
        }
        let last = facts.ts.nanos() as f64 / 1e9;
        let labels = [("dataset", name.as_str())];
        let metric = "hindsight_dataset_last_success_timestamp_seconds";
        context.metrics.gauge(metric, &labels, last);
    }
    Ok(Made::Published(done))
}

/// What every spec of a build shares.
struct Shared<'a> {
    args: &'a DatasetsBuildArgs,
    store: &'a Store,
    tables: &'a Tables,
    evidence: Evidence<'a>,
    facts: &'a CommitFacts,
    context: &'a Context,
}

impl Shared<'_> {
    /// Stages and certifies one version, and leaves the first line of its run beside it.
    fn stage(&self, name: &Name, plan: &BuildPlan) -> Result<Staged, Failure> {
        self.context.stop.check()?;
        let run = run_id(name, self.facts);
        let events = RunEvents::new("hindsight", name.as_str(), run);
        let at = Instant(self.facts.ts.nanos());
        self.append(name, run, &line(events.start(at, &plan.inputs(&self.tables.inputs)))?)?;
        let staged = self.certified(name, plan, run);
        match staged {
            Ok((staging, built, parent)) => {
                Ok(Staged { name: name.clone(), run, events, staging, built, parent })
            }
            Err(failure) => {
                self.abandon(name, run, &events, &failure);
                Err(failure)
            }
        }
    }

    fn certified(
        &self,
        name: &Name,
        plan: &BuildPlan,
        run: EventId,
    ) -> Result<(Staging, Built, Option<u64>), Failure> {
        let parent = parent(self.args, self.store, name)?;
        let staging = self.store.stage(name, &run.to_string(), self.facts.ts);
        let staging = staging.map_err(|error| stopped(&error))?;
        let options = BuildOptions {
            threads: self.context.threads(),
            log_id: self.args.log_id.clone(),
            completeness: self.args.completeness.clone(),
            parent: parent.as_ref(),
        };
        let built = stage(name, &self.tables.inputs, plan, &staging, &self.evidence, &options);
        let failure = match built {
            Err(error) => stopped(&error),
            Ok(built) => {
                let refusals = built.refusals(plan.spec());
                if refusals.is_empty() {
                    return Ok((staging, built, parent.map(|parent| parent.record.ordinal)));
                }
                self.context.console.note(&certificate::text(&built.certificate));
                let (dataset, checks) = (name.to_string(), certificate::refusals(&refusals));
                DatasetsError::Refused { dataset, checks }.into()
            }
        };
        // The failure is what matters; what cannot be removed is left to the collector.
        let _ = staging.discard();
        Err(failure)
    }

    /// Says in the run's file that nothing came of it; the failure is what is reported.
    fn abandon(&self, name: &Name, run: EventId, events: &RunEvents, failure: &Failure) {
        let at = Instant(self.facts.ts.nanos());
        let written = line(events.abort(at, &failure.to_string()))
            .and_then(|line| self.append(name, run, &line));
        if let Err(other) = written {
            self.context.console.note(&format!("datasets build: {name}: its run: {other}"));
        }
    }

    fn publish(&self, staged: Staged) -> Result<Done, Failure> {
        let Staged { name, run, events, staging, built, parent } = staged;
        let mut facts = self.facts.clone();
        facts.parent = parent;
        let published = match staging.publish(&built.manifest_text, &facts) {
            Ok(published) => published,
            Err(error) => {
                let failure = stopped(&error);
                self.abandon(&name, run, &events, &failure);
                let _ = staging.discard();
                return Err(failure);
            }
        };
        let output = RunOutput {
            manifest: &built.manifest,
            manifest_hash: published.manifest_hash,
            schema: &built.schema,
            certificate: &built.certificate,
        };
        if let Err(other) = self.complete(&name, run, &events, output) {
            // The version is there, whatever became of the lines about it.
            self.context.console.note(&format!("datasets build: {name}: its run: {other}"));
        }
        Ok(Done { name, built, published })
    }

    fn complete(
        &self,
        name: &Name,
        run: EventId,
        events: &RunEvents,
        output: RunOutput<'_>,
    ) -> Result<(), Failure> {
        let at = Instant(self.facts.ts.nanos());
        self.append(name, run, &line(events.complete(at, output))?)?;
        let verification = RunEvents::new("hindsight", name.as_str(), verification_id(run))
            .with_parent(events.as_parent());
        for event in line(verification.verified(at, at, output))? {
            self.append(name, run, &event)?;
        }
        Ok(())
    }

    fn append(&self, name: &Name, run: EventId, line: &str) -> Result<(), Failure> {
        self.store.append_run(name, run, line).map(|_| ()).map_err(|error| stopped(&error))
    }
}

/// An id that no other run has: from the moment, the process and the dataset.
fn run_id(name: &Name, facts: &CommitFacts) -> EventId {
    let text = format!("{}\0{}\0{name}", facts.ts.nanos(), std::process::id());
    EventId::v8(&Hash::of(text.as_bytes()))
}

/// The run of the verifier inside a build.
fn verification_id(build: EventId) -> EventId {
    EventId::v8(&Hash::of(format!("{build}\0verify").as_bytes()))
}

fn line<T>(made: Result<T, serde_json::Error>) -> Result<T, Failure> {
    made.map_err(|error| DatasetsError::Document { message: error.to_string() }.into())
}

/// The version to take files over from: the one asked for, else the latest, if there is one.
fn parent(
    args: &DatasetsBuildArgs,
    store: &Store,
    name: &Name,
) -> Result<Option<Version>, Failure> {
    if args.no_parent {
        return Ok(None);
    }
    let reader = reader(&args.store)?;
    if let Some(text) = &args.parent {
        let version = reference(text)?;
        return store.open_version(&reader, &version).map(Some).map_err(|error| stopped(&error));
    }
    // A latest version that cannot be opened is no reason not to build: its files are written anew.
    Ok(store.open_version(&reader, &VersionRef::latest(name.clone())).ok())
}

/// Every spec, parsed; all mistakes of all of them at once.
fn wanted(args: &DatasetsBuildArgs) -> Result<Vec<Wanted>, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for text in &args.spec {
        let (name, path) = named(text);
        let (file, toml) = file_text(&path)?;
        let parsed = Name::parse(&name);
        let name = parsed.map_err(|_| {
            bad_value(
                "--spec",
                "NAME=FILE, the name a word of letters, digits, `.`, `_` and `-`",
                &name,
            )
        })?;
        if wanted.iter().any(|other| other.name == name) {
            return Err(DatasetsError::SpecTwice { name: name.to_string() }.into());
        }
        let spec = Spec::parse(&toml).map_err(|errors| {
            let reports = errors.0.iter().map(|e| crate::error::ErrorReport::new(e));
            Failure::Errors(reports.collect()).in_input(&file)
        })?;
        wanted.push(Wanted { name, spec });
    }
    Ok(wanted)
}

/// `NAME=FILE`, or the file and its stem.
fn named(text: &OsStr) -> (String, PathBuf) {
    let bytes = text.as_bytes();
    if let Some(at) = bytes.iter().position(|byte| *byte == b'=') {
        let (name, path) = bytes.split_at(at);
        let path = path.get(1..).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        return (name, PathBuf::from(OsStr::from_bytes(path)));
    }
    let path = Path::new(text);
    let stem = path.file_stem().unwrap_or(text).to_string_lossy().into_owned();
    (stem, path.to_owned())
}

fn planned(plan: &BuildPlan) -> String {
    let mut grid = Grid::new(["decisions", "rows"]);
    for split in Split::ALL {
        grid.row([split.word().to_owned(), plan.rows(split).to_string()]);
    }
    for (reason, rows) in plan.dropped() {
        grid.row([format!("dropped: {reason}"), rows.to_string()]);
    }
    grid.row(["selected".to_owned(), plan.selected().to_string()]);
    let as_of = plan.as_of();
    let features = plan.features().len();
    format!("{}{features} features, as of seq {} at {}", grid.to_text(), as_of.seq.0, as_of.ts)
}

fn report(done: &[Done], json: bool, context: &Context) -> Result<(), Failure> {
    if json {
        let versions: Vec<Document> = done.iter().map(document).collect();
        let whole = Document::new("hindsight.datasets_build.v1").with("versions", versions);
        return print(&format!("{whole}\n"));
    }
    let mut text = String::new();
    for Done { name, built, published } in done {
        let manifest = &built.manifest;
        let word = if published.is_new { "published" } else { "there already" };
        let _ = writeln!(
            text,
            "{name}@{} {word}, manifest {}\n{}",
            published.ordinal,
            published.manifest_hash,
            published.path.display()
        );
        text.push_str(&super::show::splits(manifest));
        let _ = writeln!(text);
        text.push_str(&certificate::text(&built.certificate));
        let _ = writeln!(
            text,
            "{} data files, {} of them taken over from the parent",
            manifest.files.len(),
            built.reused
        );
        context
            .console
            .note(&format!("next: hindsight datasets show {name}@{}", published.ordinal));
    }
    print(&text)
}

fn document(done: &Done) -> Document {
    let manifest = &done.built.manifest;
    let splits: Vec<Document> = manifest
        .splits
        .iter()
        .map(|(split, facts)| {
            Document::object().with("split", split.as_str()).with("rows", facts.rows)
        })
        .collect();
    let dropped: Vec<Document> = manifest
        .dropped
        .iter()
        .map(|(reason, rows)| {
            Document::object().with("reason", reason.as_str()).with("rows", *rows)
        })
        .collect();
    Document::object()
        .with("dataset", done.name.as_str())
        .with("ordinal", done.published.ordinal)
        .with("manifest_hash", done.published.manifest_hash.to_string())
        .with("content_hash", manifest.content_hash.to_string())
        .with("path", done.published.path.display().to_string())
        .with("is_new", done.published.is_new)
        .with("selected", manifest.selected)
        .with("splits", splits)
        .with("dropped", dropped)
        .with("files", count(manifest.files.len()))
        .with("files_reused", done.built.reused)
        .with("certificate", certificate::document(&done.built.certificate))
}
