//! `hindsight quality drift`.

use super::streams::{Go, Pass, Stream};
use super::{number, stopped};
use crate::cli::{InputArgs, QualityDriftArgs};
use crate::commands::{count, is_json};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::parse_inputs;
use crate::output::{Document, Grid, print};
use arrow_array::RecordBatch;
use contract::{Observe as _, parse_duration_ns};
use quality::{
    Blocks, DriftFinding, DriftOptions, DriftReport, DriftSpec, DriftVerdict, Reference,
};
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Prints how far current rows are from those of a reference; drift is a finding and no error.
///
/// - **Cost:** the reference stands in memory; current rows are kept as numbers.
pub(in crate::commands) fn drift(
    args: &QualityDriftArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality drift", &args.report)?;
    // Standard input has one reader: said before anything is opened.
    parse_inputs(&[args.reference.clone(), args.current.clone()])?;
    let mut reference = open(&args.reference, args, context)?;
    let mut current = open(&args.current, args, context)?;
    if current.spec().name != reference.spec().name {
        return Err(CliError::MixedTables {
            input: current.name(),
            expected: reference.spec().name.to_owned(),
            found: current.spec().name.to_owned(),
        }
        .into());
    }
    let spec = DriftSpec {
        columns: (!args.columns.is_empty()).then(|| args.columns.clone()),
        categorical: args.categorical.clone(),
        ..DriftSpec::new(blocks(&args.blocks)?)
    };
    let options = DriftOptions {
        seed: args.seed,
        permutations: args.permutations,
        ..DriftOptions::default()
    };
    let mut progress = context.progress("quality");
    progress.expect_rows(reference.rows_total().zip(current.rows_total()).map(|(a, b)| a + b));
    let mut rows: Vec<RecordBatch> = Vec::new();
    reference.pass(Pass::Last, context, &mut |piece| {
        progress.stats.rows_in += count(piece.rows.num_rows());
        progress.tick();
        rows.push(piece.rows);
        Ok(Go::On)
    })?;
    let fitted = progress.time(|| Reference::fit(&spec, &rows));
    let fitted = fitted.map_err(|error| stopped(&error).in_input(&reference.name()))?;
    drop(rows);
    let mut window = fitted.window();
    current.pass(Pass::Last, context, &mut |piece| {
        let counted = progress.time(|| window.observe(&piece.rows));
        counted.map_err(|error| stopped(&error).in_input(piece.input))?;
        progress.stats.rows_in += count(piece.rows.num_rows());
        progress.tick();
        Ok(Go::On)
    })?;
    let report = progress.time(|| fitted.compare(&window, &options)).map_err(|e| stopped(&e))?;
    context.stop.check()?;
    progress.end();
    progress.stats.observe(&mut context.metrics);
    for note in reference.notes.iter().chain(&current.notes) {
        context.console.note(&format!("quality drift: {note}"));
    }
    print(&if json {
        format!("{}\n", document(&report, &fitted))
    } else {
        text(&report, &fitted, args.all)
    })
}

fn open(file: &OsStr, args: &QualityDriftArgs, context: &Context) -> Result<Stream, Failure> {
    let inputs = InputArgs { files: vec![file.to_owned()], read: args.read.clone() };
    Stream::open_one(&inputs, context)
}

/// `1000`, `session_id` or `ts_avail/1d`.
fn blocks(text: &str) -> Result<Blocks, CliError> {
    let bad = || CliError::BadValue {
        flag: "--blocks",
        expected: "a number of rows, a column, or a column and a length as ts_avail/1d",
        found: contract::excerpt(text.as_bytes()),
    };
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Blocks::Rows).map_err(|_| bad());
    }
    let Some((column, width)) = text.split_once('/') else {
        return Ok(Blocks::Column(text.to_owned()));
    };
    let number = width.parse::<i64>().ok();
    let width = number.or_else(|| parse_duration_ns(width).ok()).ok_or_else(bad)?;
    Ok(Blocks::Buckets { column: column.to_owned(), width })
}

fn some(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

fn text(report: &DriftReport, reference: &Reference, all: bool) -> String {
    let mut grid =
        Grid::new(["column", "effect", "size", "minimum", "p", "q", "p iid", "n", "verdict"]);
    let speaks = |finding: &DriftFinding| {
        let [column] = finding.columns.as_slice() else { return true };
        report.columns.iter().any(|c| c.name == *column && c.effect == finding.effect)
    };
    let is_shown = |finding: &&DriftFinding| {
        all || speaks(finding)
            || matches!(finding.verdict, DriftVerdict::Drift | DriftVerdict::Watch)
    };
    for finding in report.findings.iter().filter(is_shown) {
        grid.row([
            if finding.columns.len() > 2 {
                format!("{} columns", finding.columns.len())
            } else {
                finding.columns.join(" ")
            },
            finding.effect.word().to_owned(),
            some(finding.size),
            number(finding.minimum),
            some(finding.p),
            some(finding.q),
            some(finding.p_iid),
            format!("{} / {}", finding.n_reference, finding.n_current),
            finding.verdict.to_string(),
        ]);
    }
    let mut text = grid.to_text();
    let said = |verdict: &DriftVerdict| {
        report.columns.iter().filter(|column| column.verdict == *verdict).count()
    };
    let _ = writeln!(
        text,
        "{} columns: {} drifted, {} to watch, {} stable; {} rows against {}, {} blocks against {}",
        report.columns.len(),
        said(&DriftVerdict::Drift),
        said(&DriftVerdict::Watch),
        said(&DriftVerdict::Stable),
        report.rows_reference,
        report.rows_current,
        report.blocks_reference,
        report.blocks_current
    );
    if !reference.skipped().is_empty() {
        let _ = writeln!(text, "not compared: {}", reference.skipped().join(", "));
    }
    if !all {
        text.push_str("--all prints every finding\n");
    }
    text
}

fn document(report: &DriftReport, reference: &Reference) -> Document {
    let columns: Vec<Document> = report
        .columns
        .iter()
        .map(|column| {
            Document::object()
                .with("column", column.name.as_str())
                .with("effect", column.effect.word())
                .with("verdict", column.verdict.word())
                .with("reference_rows", column.reference.rows)
                .with("reference_nulls", column.reference.nulls)
                .with("reference_non_finite", column.reference.non_finite)
                .with("current_rows", column.current.rows)
                .with("current_nulls", column.current.nulls)
                .with("current_non_finite", column.current.non_finite)
        })
        .collect();
    let findings: Vec<Document> = report
        .findings
        .iter()
        .map(|finding| {
            let columns: Vec<&str> = finding.columns.iter().map(String::as_str).collect();
            Document::object()
                .with("columns", columns)
                .with("effect", finding.effect.word())
                .with("binning", finding.effect.binning())
                .with("size", finding.size)
                .with("minimum", finding.minimum)
                .with("statistic", finding.statistic)
                .with("resolution", finding.resolution)
                .with("bins", finding.bins)
                .with("p", finding.p)
                .with("q", finding.q)
                .with("p_iid", finding.p_iid)
                .with("n_reference", finding.n_reference)
                .with("n_current", finding.n_current)
                .with("blocks_reference", finding.blocks_reference)
                .with("blocks_current", finding.blocks_current)
                .with("verdict", finding.verdict.word())
                .with("reason", finding.verdict.to_string())
        })
        .collect();
    Document::new("hindsight.quality_drift.v1")
        .with("rows_reference", report.rows_reference)
        .with("rows_current", report.rows_current)
        .with("blocks_reference", report.blocks_reference)
        .with("blocks_current", report.blocks_current)
        .with("seed", report.options.seed.to_string())
        .with("permutations", u64::from(report.options.permutations))
        .with("level", report.options.level)
        .with("columns", columns)
        .with("findings", findings)
        .with("skipped", reference.skipped().to_vec())
}
