//! `hindsight feeds inspect`.

use super::{Reading, Receiver, count, read_input};
use crate::cli::InspectArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::input::{InputArg, Kind, Opened, open, parse_inputs};
use crate::output::{Document, Grid, print};
use crate::signals::Stop;
use contract::{AnyBatch, Reject, UtcNanos};
use feeds::Report;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What was found out about one file.
#[derive(Debug, Default)]
struct Finding {
    input: String,
    format: &'static str,
    /// Rows by table.
    rows: BTreeMap<&'static str, u64>,
    /// Rejects by code.
    rejects: BTreeMap<String, u64>,
    first: Option<i64>,
    last: Option<i64>,
    report: Option<Report>,
    problem: Option<String>,
}

struct Counter<'a> {
    finding: &'a mut Finding,
    stop: &'a Stop,
}

impl Receiver for Counter<'_> {
    fn take(&mut self, rows: Vec<AnyBatch>, rejects: &[Reject]) -> Result<(), Failure> {
        self.stop.check()?;
        for batch in rows {
            *self.finding.rows.entry(batch.spec().name).or_default() += count(batch.len());
            if let Some((first, last)) = batch.ts_avail_range() {
                let before = self.finding.first.unwrap_or(first);
                self.finding.first = Some(before.min(first));
                self.finding.last = Some(self.finding.last.unwrap_or(last).max(last));
            }
        }
        for reject in rejects {
            *self.finding.rejects.entry(reject.code.clone()).or_default() += 1;
        }
        Ok(())
    }
}

/// Says what each file is; a file that cannot be read whole is a finding, and decides the exit code.
pub(in crate::commands) fn inspect(args: &InspectArgs, context: &Context) -> Result<(), Failure> {
    let json = is_json("feeds inspect", &args.report)?;
    let reading = Reading {
        table: None,
        from: args.from,
        spec: Reading::spec_of(args.spec.as_deref(), context)?,
        now: None,
        trust_eof: false,
    };
    let mut findings = Vec::new();
    let mut failures = Vec::new();
    for input in parse_inputs(&args.inputs)? {
        let mut finding = Finding { input: input.name(), ..Finding::default() };
        let looked = open(&input)
            .and_then(|opened| look(&reading, opened, &input, &mut finding, &context.stop));
        if let Err(failure) = looked {
            finding.problem = Some(failure.to_string());
            if let Failure::Errors(reports) = failure {
                failures.extend(reports);
            }
        }
        findings.push(finding);
    }
    if json {
        let files: Vec<Document> = findings.iter().map(Finding::document).collect();
        let document = Document::new("hindsight.inspection.v1").with("files", files);
        print(&format!("{document}\n"))?;
    } else {
        print(&text(&findings))?;
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Errors(failures)) }
}

fn look(
    reading: &Reading,
    opened: Opened,
    input: &InputArg,
    finding: &mut Finding,
    stop: &Stop,
) -> Result<(), Failure> {
    finding.format = match opened.kind {
        Kind::IpcStream => "Arrow IPC stream",
        Kind::IpcFile => "Arrow IPC file",
        Kind::Parquet => "Parquet",
        Kind::Other(found) => found,
    };
    let mut counter = Counter { finding, stop };
    let report = read_input(reading, opened, input, &mut counter)?;
    finding.report = report;
    Ok(())
}

fn text(findings: &[Finding]) -> String {
    let mut grid = Grid::new([
        "input",
        "format",
        "table",
        "rows",
        "rejects",
        "first available",
        "last available",
    ]);
    let mut below = String::new();
    for finding in findings {
        let stamp =
            |ns: Option<i64>| ns.map(|ns| UtcNanos::from_nanos(ns).to_string()).unwrap_or_default();
        let rejects: u64 = finding.rejects.values().sum();
        let mut tables: Vec<(&str, String)> =
            finding.rows.iter().map(|(table, rows)| (*table, rows.to_string())).collect();
        if tables.is_empty() {
            tables.push(("", String::new()));
        }
        for (at, (table, rows)) in tables.into_iter().enumerate() {
            let first = |text: String| if at == 0 { text } else { String::new() };
            grid.row([
                first(finding.input.clone()),
                first(finding.format.to_owned()),
                table.to_owned(),
                rows,
                first(rejects.to_string()),
                first(stamp(finding.first)),
                first(stamp(finding.last)),
            ]);
        }
        for (code, rows) in &finding.rejects {
            let _ = writeln!(below, "{}: {rows} rejects {code}", finding.input);
        }
        if let Some(report) = &finding.report {
            for (rule, stamps) in &report.clock_rules {
                let _ = writeln!(
                    below,
                    "{}: {stamps} stamps by clock {rule} (tzdb {})",
                    finding.input, report.tzdb
                );
            }
            for (flag, rows) in &report.flags {
                let _ = writeln!(below, "{}: {rows} rows with flag {flag}", finding.input);
            }
        }
    }
    grid.to_text() + &below
}

impl Finding {
    fn document(&self) -> Document {
        let stamp = |ns: Option<i64>| ns.map(|ns| UtcNanos::from_nanos(ns).to_string());
        let counts = |name: &'static str, pairs: Vec<(String, u64)>| {
            let items = pairs
                .into_iter()
                .map(|(key, n)| Document::object().with(name, key).with("count", n));
            items.collect::<Vec<Document>>()
        };
        let owned = |(key, n): (&&str, &u64)| ((*key).to_owned(), *n);
        let report = self.report.as_ref();
        let rules = report.map(|report| {
            counts("rule", report.clock_rules.iter().map(|(k, n)| (k.clone(), *n)).collect())
        });
        let flags = report.map(|report| counts("flag", report.flags.iter().map(owned).collect()));
        let rejects = self.rejects.iter().map(|(code, n)| (code.clone(), *n)).collect();
        Document::object()
            .with("input", self.input.as_str())
            .with("format", self.format)
            .with("tables", counts("table", self.rows.iter().map(owned).collect()))
            .with("rejects", counts("code", rejects))
            .with("first_available", stamp(self.first))
            .with("last_available", stamp(self.last))
            .with("lines", report.map(|report| report.lines))
            .with("clock_rules", rules.map(Document::List))
            .with("flags", flags.map(Document::List))
            .with("tzdb", report.map(|report| report.tzdb))
            .with("problem", self.problem.clone())
    }
}
