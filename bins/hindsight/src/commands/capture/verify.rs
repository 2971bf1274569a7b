//! `hindsight capture verify`.

use super::{failure, fs, open_existing};
use crate::cli::VerifyArgs;
use crate::commands::is_json;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use capture::{Problem, VerifyReport};
use std::fmt::Write as _;

/// What is wrong with the stored bytes of a log.
pub(in crate::commands) fn verified(dir: &std::path::Path) -> Result<VerifyReport, Failure> {
    capture::verify(&fs(), dir).map_err(|error| failure(&error))
}

/// Reads every stored byte; damage that was on record before is listed and is no failure.
pub(in crate::commands) fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let json = is_json("capture verify", &args.report)?;
    let (report, declared) = if args.declare {
        let (log, start) = open_existing(&args.log)?;
        let report = log.verify().map_err(|error| failure(&error))?;
        log.close().map_err(|error| failure(&error))?;
        if let Some(cause) = report.undeclared.first() {
            let found = format!("damage that could not be put on record: {cause}");
            return Err(CliError::DamagedLog { path: args.log.display().to_string(), found }.into());
        }
        (report, start.lost.len())
    } else {
        (verified(&args.log)?, 0)
    };
    if json {
        print(&format!("{}\n", document(&report)))?;
    } else {
        print(&text(&report))?;
    }
    let found = report.problems.iter().filter(|p| !p.is_declared).count();
    if found + declared == 0 {
        return Ok(());
    }
    let record = if args.declare { "now on record" } else { "not on record yet" };
    Err(CliError::DamagedLog {
        path: args.log.display().to_string(),
        found: format!("{} problems, {record}", found + declared),
    }
    .into())
}

fn text(report: &VerifyReport) -> String {
    let mut text = format!(
        "log {}: {} segments, {} frames, {} rows, {} bytes, {} archive files\n",
        report.log_id,
        report.segments,
        report.frames,
        report.rows,
        report.bytes,
        report.archive_files
    );
    if report.is_whole() {
        text.push_str("every byte is as it was recorded\n");
        return text;
    }
    let mut grid = Grid::new(["file", "what", "expected", "found", "declared"]);
    for problem in &report.problems {
        grid.row([
            problem.path.display().to_string(),
            problem.what.to_owned(),
            problem.expected.clone(),
            problem.found.clone(),
            if problem.is_declared { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let _ = write!(text, "\n{}", grid.to_text());
    text
}

fn document(report: &VerifyReport) -> Document {
    let problem = |p: &Problem| {
        Document::object()
            .with("file", p.path.display().to_string())
            .with("segment_no", p.segment.map(|n| n.to_string()))
            .with("what", p.what)
            .with("expected", p.expected.as_str())
            .with("found", p.found.as_str())
            .with("declared", p.is_declared)
    };
    let problems: Vec<Document> = report.problems.iter().map(problem).collect();
    Document::new("hindsight.verification.v1")
        .with("log_id", report.log_id.to_string())
        .with("segments", report.segments)
        .with("frames", report.frames)
        .with("rows", report.rows)
        .with("bytes", report.bytes)
        .with("archive_files", report.archive_files)
        .with("problems", problems)
}
