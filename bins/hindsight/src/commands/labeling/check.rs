//! `hindsight labeling check`.

mod quality;
mod report;

use self::quality::Quality;
use super::inputs::Files;
use super::rules::book;
use super::tables::Tables;
use super::{percent, stopped, stored};
use crate::cli::LabelingCheckArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::output::{Document, print};
use crate::rejects::RejectSink;
use arrow_array::RecordBatch;
use contract::{
    Batch, Diagnostic, EventId, Hash, LabelAudits, LabelTests, Labels, Markouts, Outcomes, Table,
    Unlogged, UtcNanos,
};
use labeling::{AuditPlan, AuditReport, AuditRow, Inputs, Options, RuleBook, Tables as Written};

/// The share of labels that must agree.
pub(super) const BAR: f64 = 0.98;

/// What was checked.
struct Checked {
    outcomes: Batch<Outcomes>,
    labels: Batch<Labels>,
    markouts: Batch<Markouts>,
}

/// Prints what the audit and the checks of the labels as a set found; the gate comes after the report.
///
/// - **Cost:** inputs stand in memory, and each audited decision takes several scans of them.
pub(in crate::commands) fn check(
    args: &LabelingCheckArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("labeling check", &args.report)?;
    let found = audited(args, context)?;
    let text = if json {
        format!("{}\n", report::document(&found.audit, &found.quality, found.decisions))
    } else {
        report::table(&found.audit, &found.quality, found.decisions, args.examples)
    };
    print(&text)?;
    gate(&found.audit)
}

/// What the audit and the checks of the labels as a set found.
pub(in crate::commands) struct AuditFound {
    pub(in crate::commands) audit: AuditReport,
    quality: Quality,
    /// Decisions that came in.
    decisions: usize,
}

impl AuditFound {
    /// The report as a document.
    pub(in crate::commands) fn document(&self) -> Document {
        report::document(&self.audit, &self.quality, self.decisions)
    }
}

/// Audits labels, and writes the tables of the audit where a place was named.
pub(in crate::commands) fn audited(
    args: &LabelingCheckArgs,
    context: &mut Context,
) -> Result<AuditFound, Failure> {
    let book = book(&args.rules, context)?;
    let files = Files::open(&args.inputs, &book, context)?;
    let output = args.output.as_deref();
    let output = output.map(|path| Tables::create("labeling check", path, None)).transpose()?;
    let (place, allowance) = (args.rejects.rejects.as_deref(), context.allowance()?);
    let mut rejects = RejectSink::new(place, None, allowance, false, &files.identities)?;
    let mut progress = context.progress("labeling");
    let read = files.read(&mut rejects, &mut progress, context)?;
    rejects.finish(read.rows)?;
    let checked = match &args.labels {
        Some(folder) => Checked {
            outcomes: stored::in_folder(folder, context)?,
            labels: stored::in_folder(folder, context)?,
            markouts: stored::in_folder(folder, context)?,
        },
        None => made_now(&book, &read.inputs, context)?,
    };
    context.stop.check()?;
    let plan = AuditPlan { seed: args.seed, simple: args.sample, stratified: args.each_kind };
    let rules = |strategy: &str, cutoff: i64| book.resolve(strategy, cutoff);
    let tables = Written {
        outcomes: std::slice::from_ref(&checked.outcomes),
        labels: std::slice::from_ref(&checked.labels),
        markouts: std::slice::from_ref(&checked.markouts),
    };
    let audit = progress.time(|| labeling::audit(&read.inputs, &rules, tables, plan));
    context.stop.check()?;
    let quality = Quality::of(&checked.labels, &read.inputs, &book, args.seed)?;
    progress.end();
    let decisions: usize = read.inputs.decisions.iter().map(Batch::len).sum();
    if let Some(tables) = output {
        tables.write(Some(&audits(&audit, &checked.labels)?))?;
        let tests = labeling::label_tests(&quality.tests).map_err(|error| said(&error))?;
        tables.write::<LabelTests, Unlogged>(Some(&tests))?;
        tables.publish()?;
    }
    Ok(AuditFound { audit, quality, decisions })
}

fn said(error: &dyn Diagnostic) -> Failure {
    ErrorReport::new(error).into()
}

fn made_now(book: &RuleBook, inputs: &Inputs, context: &Context) -> Result<Checked, Failure> {
    let options = Options { shards: context.threads() };
    let run = labeling::run(book.clone(), inputs, options).map_err(stopped)?;
    Ok(Checked {
        outcomes: whole(run.outcomes)?,
        labels: whole(run.labels)?,
        markouts: whole(run.markouts)?,
    })
}

fn whole<T: Table>(rows: Option<Batch<T, Unlogged>>) -> Result<Batch<T>, Failure> {
    let rows: Vec<RecordBatch> = rows.map(Batch::into_record_batch).into_iter().collect();
    stored::one(&rows)
}

/// Says no where the bound of all decisions is below the bar, or that of a target because of labels that differ.
pub(in crate::commands) fn gate(report: &AuditReport) -> Result<(), Failure> {
    let n = report.decisions.n;
    let low = report.interval.0;
    let wrong = n - report.decisions.n_agree;
    let mut found = Vec::new();
    if n == 0 {
        found.push("no decision to audit".to_owned());
    } else if low < BAR {
        found.push(format!(
            "{wrong} of {n} decisions that differ: at least {} agree, below {}",
            percent(low),
            percent(BAR)
        ));
    }
    for (target, agreement) in &report.targets {
        let low = agreement.interval().0;
        if agreement.n_agree < agreement.n && low < BAR {
            let wrong = agreement.n - agreement.n_agree;
            found.push(format!("{wrong} of {} labels `{target}` that differ", agreement.n));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(CliError::NotAccurate { found: found.join("; ") }.into())
}

/// The audit as rows, one a target.
fn audits(report: &AuditReport, labels: &Batch<Labels>) -> Result<Batch<LabelAudits>, Failure> {
    let mut rows: Vec<RecordBatch> = Vec::new();
    for target in report.targets.keys() {
        let mut latest: Option<(UtcNanos, Hash, Hash)> = None;
        for row in 0..labels.len() {
            let cells = || {
                Ok::<_, contract::UnknownWord>((
                    labels.cell(&Labels::TARGET, row)?,
                    labels.cell(&Labels::TS_AVAIL, row)?,
                    labels.cell(&Labels::MEASURES_HASH, row)?,
                    labels.cell(&Labels::RULES_HASH, row)?,
                ))
            };
            let (name, ts_avail, measures, rules) = cells().map_err(|error| said(&error))?;
            if name == target && latest.as_ref().is_none_or(|(known, ..)| *known <= ts_avail) {
                latest = Some((ts_avail, measures, rules));
            }
        }
        // A target without a label of the engine has no rules that its row could name.
        let Some((ts_avail, measures_hash, rules_hash)) = latest else { continue };
        let audit_id = identity(&[
            target.as_bytes(),
            rules_hash.as_bytes(),
            measures_hash.as_bytes(),
            &report.seed.to_be_bytes(),
            &report.decisions.n.to_be_bytes(),
        ]);
        let row = AuditRow { audit_id, ts_avail, measures_hash, rules_hash, bar: BAR };
        rows.push(report.label_audits(target, row)?.into_record_batch());
    }
    stored::one(&rows)
}

/// A UUID of version 8 from what is identified.
fn identity(parts: &[&[u8]]) -> EventId {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
    EventId::v8(&Hash::of(&bytes))
}
