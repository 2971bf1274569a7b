//! `hindsight quality check`.

use super::examined::examined;
use super::facts::{contexts, facts};
use super::rules::of_streams;
use super::streams::Stream;
use super::{mode, number};
use crate::cli::QualityCheckArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use contract::{Observe as _, Vocabulary as _};
use quality::Report;

/// Prints the three numbers of every table; the gate comes after the report.
///
/// - **Cost:** inputs are read once, batch by batch.
pub(in crate::commands) fn check(
    args: &QualityCheckArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality check", &args.report)?;
    let reports = judged(args, context)?;
    print(&if json { format!("{}\n", document(&reports)) } else { table(&reports) })?;
    gate(&reports)
}

/// What the checks of every table found.
pub(in crate::commands) fn judged(
    args: &QualityCheckArgs,
    context: &mut Context,
) -> Result<Vec<(String, Report)>, Failure> {
    let contexts = contexts(&args.checks, &args.inputs)?;
    let mut streams = Stream::open_all(&args.inputs, context)?;
    let rules = of_streams(&args.checks, &streams, context)?;
    let options = context.read_options(args.inputs.read.trust_eof);
    let (facts, _) = facts(&contexts, &options, context)?;
    let mode = mode(context);
    let mut progress = context.progress("quality");
    progress.expect_rows(streams.iter().map(Stream::rows_total).sum());
    let mut reports = Vec::with_capacity(streams.len());
    for (stream, rules) in streams.iter_mut().zip(&rules) {
        let report = examined(stream, rules, mode, &facts, &mut progress, context)?;
        reports.push((stream.names(), report));
    }
    progress.end();
    progress.stats.observe(&mut context.metrics);
    for note in streams.iter().flat_map(|stream| &stream.notes) {
        context.console.note(&format!("quality check: {note}"));
    }
    Ok(reports)
}

/// What of the gate is missed: ``score 61.2 below 95``.
pub(super) fn misses(report: &Report) -> Vec<String> {
    let misses = report.misses(&report.rules().gate());
    let said = misses.into_iter().map(|(name, expected, found)| {
        let (found, expected, by) = (number(found), number(expected), number(expected - found));
        format!("{name} {found} below {expected} by {by}")
    });
    said.collect()
}

fn gate(reports: &[(String, Report)]) -> Result<(), Failure> {
    let missed: Vec<String> = reports
        .iter()
        .map(|(_, report)| (report, misses(report)))
        .filter(|(_, misses)| !misses.is_empty())
        .map(|(report, misses)| format!("{}: {}", report.rules().table(), misses.join(", ")))
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(CliError::BelowGate { found: missed.join("; ") }.into())
}

fn table(reports: &[(String, Report)]) -> String {
    let mut grid =
        Grid::new(["table", "rows", "checks", "failed", "score", "at least", "coverage", "gate"]);
    for (_, report) in reports {
        let (score, gate) = (report.score(), report.rules().gate());
        let misses = report.misses(&gate);
        let missed: Vec<&str> = misses.iter().map(|(name, ..)| *name).collect();
        grid.row([
            report.rules().table().to_owned(),
            report.rows().to_string(),
            report.findings().len().to_string(),
            failed(report).to_string(),
            number(score.score),
            number(score.score_low),
            number(score.coverage),
            if missed.is_empty() {
                "met".to_owned()
            } else {
                format!("missed: {}", missed.join(", "))
            },
        ]);
    }
    grid.to_text()
}

/// Checks that failed.
pub(super) fn failed(report: &Report) -> usize {
    report.findings().iter().filter(|f| *f.verdict() == quality::Verdict::Fail).count()
}

fn document(reports: &[(String, Report)]) -> Document {
    let tables: Vec<Document> = reports
        .iter()
        .map(|(input, report)| {
            let (score, gate) = (report.score(), report.rules().gate());
            let misses = report.misses(&gate);
            let missed: Vec<&str> = misses.iter().map(|(name, ..)| *name).collect();
            Document::object()
                .with("table", report.rules().table())
                .with("input", input.as_str())
                .with("mode", report.mode().word())
                .with("rules", report.rules().name())
                .with("rules_version", u64::from(report.rules().version()))
                .with("rules_hash", report.rules_hash().to_string())
                .with("rows", report.rows())
                .with("checks", report.findings().len())
                .with("failed", failed(report))
                .with("score", score.score)
                .with("score_low", score.score_low)
                .with("coverage", score.coverage)
                .with("gate_score", gate.score)
                .with("gate_score_low", gate.score_low)
                .with("gate_coverage", gate.coverage)
                .with("missed", missed)
        })
        .collect();
    Document::new("hindsight.quality_check.v1").with("tables", tables)
}
