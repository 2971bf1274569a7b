//! What was found in a table, for people and for programs.

use super::check::{failed, misses};
use super::number;
use crate::output::{Document, Grid};
use contract::Vocabulary as _;
use quality::{Counts, Dimension, Finding, Report, Verdict};
use std::fmt::Write as _;

/// Name of the report's documents.
pub(in crate::commands) const SCHEMA: &str = "hindsight.quality_report.v1";

/// A report as text: the three numbers first, then what they rest on.
pub(super) fn text(input: &str, report: &Report) -> String {
    let rules = report.rules();
    let (score, gate) = (report.score(), rules.gate());
    let mut text = format!(
        "{}: {} rows of {input}{}, mode {}\nrules {} version {} ({})\n\n",
        rules.table(),
        report.rows(),
        span(report),
        report.mode().word(),
        rules.name(),
        rules.version(),
        report.rules_hash()
    );
    let mut grid = Grid::new(["", "found", "gate"]);
    grid.row(["score".to_owned(), number(score.score), number(gate.score)]);
    grid.row(["at least (95 %)".to_owned(), number(score.score_low), number(gate.score_low)]);
    grid.row(["coverage".to_owned(), number(score.coverage), number(gate.coverage)]);
    text.push_str(&grid.to_text());
    let misses = misses(report);
    let gate = if misses.is_empty() { "met".to_owned() } else { misses.join(", ") };
    let _ = writeln!(text, "gate: {gate}\n");
    let mut grid = Grid::new(["dimension", "in order", "checks", "failed"]);
    for dimension in Dimension::ALL {
        let of_it = || report.findings().iter().filter(|f| f.check().dimension() == dimension);
        if of_it().next().is_some() {
            let failed = of_it().filter(|f| *f.verdict() == Verdict::Fail).count();
            let share = report.dimension(dimension);
            grid.row([
                dimension.word().to_owned(),
                share.map_or_else(|| "-".to_owned(), number),
                of_it().count().to_string(),
                failed.to_string(),
            ]);
        }
    }
    text.push_str(&grid.to_text());
    costliest(&mut text, report);
    checks(&mut text, report);
    sources(&mut text, report);
    text
}

/// `, seq 1 to 9`.
fn span(report: &Report) -> String {
    match report.seqs() {
        Some((first, last)) => format!(", seq {first} to {last}"),
        None if report.rows() > 0 => ", numbered by position from 0".to_owned(),
        None => String::new(),
    }
}

fn costliest(text: &mut String, report: &Report) {
    let costliest = report.costliest();
    if costliest.is_empty() {
        return;
    }
    text.push_str("\nwhat it costs\n");
    let mut grid = Grid::new(["check", "points", "violations", "rows that break it"]);
    for (finding, points) in costliest {
        grid.row([
            finding.check().id().to_owned(),
            number(points),
            finding.counts().violations.to_string(),
            samples(finding).join(" "),
        ]);
    }
    text.push_str(&grid.to_text());
}

fn samples(finding: &Finding) -> Vec<String> {
    finding.samples().iter().map(ToString::to_string).collect()
}

fn rate(counts: Counts) -> Option<f64> {
    (counts.applicable > 0).then(|| counts.violations as f64 / counts.applicable as f64)
}

fn checks(text: &mut String, report: &Report) {
    let mut grid = Grid::new([
        "check",
        "kind",
        "severity",
        "verdict",
        "applicable",
        "violations",
        "rate",
        "found",
    ]);
    for finding in report.findings() {
        let counts = finding.counts();
        grid.row([
            finding.check().id().to_owned(),
            finding.check().kind().name.to_owned(),
            finding.severity().word().to_owned(),
            finding.verdict().to_string(),
            counts.applicable.to_string(),
            counts.violations.to_string(),
            rate(counts).map_or_else(|| "-".to_owned(), number),
            finding.effect().map_or_else(String::new, |(name, x)| format!("{name} {}", number(x))),
        ]);
    }
    text.push('\n');
    text.push_str(&grid.to_text());
    let _ = writeln!(text, "{} checks, {} failed", report.findings().len(), failed(report));
}

/// Checks whose violations come from several sources, one line a source.
fn sources(text: &mut String, report: &Report) {
    let mut grid = Grid::new(["check", "source", "applicable", "violations", "rate", "normal"]);
    let mut any = false;
    for finding in report.findings() {
        if finding.by_source().count() < 2 || finding.counts().violations == 0 {
            continue;
        }
        any = true;
        for (source, counts) in finding.by_source() {
            grid.row([
                finding.check().id().to_owned(),
                source.to_string(),
                counts.applicable.to_string(),
                counts.violations.to_string(),
                rate(counts).map_or_else(|| "-".to_owned(), number),
                number(finding.check().max_rate(source)),
            ]);
        }
    }
    if any {
        text.push_str("\nby source\n");
        text.push_str(&grid.to_text());
    }
}

/// A report as one object.
pub(in crate::commands) fn document(input: &str, report: &Report) -> Document {
    head(Document::object(), input, report)
        .with("dimensions", dimensions(report).collect::<Vec<_>>())
        .with("costliest", costs(report).collect::<Vec<_>>())
        .with("checks", report.findings().iter().map(finding).collect::<Vec<_>>())
}

/// A report line by line: nothing of it has to be held.
pub(super) fn lines(input: &str, report: &Report) -> impl Iterator<Item = Document> {
    let table = report.rules().table();
    let line = move |word: &'static str| {
        Document::object().with("schema", SCHEMA).with("line", word).with("table", table)
    };
    let head = std::iter::once(head(Document::new(SCHEMA).with("line", "table"), input, report));
    let dimensions = dimensions(report).map(move |fields| merged(line("dimension"), fields));
    let costs = costs(report).map(move |fields| merged(line("costliest"), fields));
    let checks = report.findings().iter().map(move |f| merged(line("check"), finding(f)));
    head.chain(dimensions).chain(costs).chain(checks)
}

fn merged(left: Document, right: Document) -> Document {
    match (left, right) {
        (Document::Object(mut fields), Document::Object(more)) => {
            fields.extend(more);
            Document::Object(fields)
        }
        (left, _) => left,
    }
}

fn head(document: Document, input: &str, report: &Report) -> Document {
    let rules = report.rules();
    let (score, gate) = (report.score(), rules.gate());
    let missed = report.misses(&gate);
    let missed: Vec<&str> = missed.iter().map(|(name, ..)| *name).collect();
    let (first, last) = report.seqs().unzip();
    document
        .with("table", rules.table())
        .with("input", input)
        .with("mode", report.mode().word())
        .with("rules", rules.name())
        .with("rules_version", u64::from(rules.version()))
        .with("rules_hash", report.rules_hash().to_string())
        .with("rows", report.rows())
        .with("seq_first", first.map(|seq: u64| seq.to_string()))
        .with("seq_last", last.map(|seq: u64| seq.to_string()))
        .with("score", score.score)
        .with("score_low", score.score_low)
        .with("coverage", score.coverage)
        .with("gate_score", gate.score)
        .with("gate_score_low", gate.score_low)
        .with("gate_coverage", gate.coverage)
        .with("missed", missed)
        .with("failed", failed(report))
}

fn dimensions(report: &Report) -> impl Iterator<Item = Document> {
    Dimension::ALL.into_iter().map(|dimension| {
        let checks = report.findings().iter().filter(|f| f.check().dimension() == dimension);
        Document::object()
            .with("dimension", dimension.word())
            .with("in_order", report.dimension(dimension))
            .with("checks_of_it", checks.count())
    })
}

fn costs(report: &Report) -> impl Iterator<Item = Document> {
    report.costliest().into_iter().map(|(finding, points)| {
        Document::object()
            .with("check", finding.check().id())
            .with("points", points)
            .with("violations", finding.counts().violations)
            .with("sample_seqs", samples(finding))
    })
}

fn finding(finding: &Finding) -> Document {
    let (check, counts) = (finding.check(), finding.counts());
    let sources: Vec<Document> = finding
        .by_source()
        .map(|(source, counts)| {
            Document::object()
                .with("source", u64::from(source))
                .with("applicable", counts.applicable)
                .with("violations", counts.violations)
                .with("rate", rate(counts))
                .with("max_rate", check.max_rate(source))
        })
        .collect();
    let reason = match finding.verdict() {
        Verdict::NotEvaluated(reason) => Some(reason.to_string()),
        Verdict::Insufficient { .. } => Some(finding.verdict().to_string()),
        _ => None,
    };
    let (first, last) = finding.range().unzip();
    Document::object()
        .with("check", check.id())
        .with("version", u64::from(check.version()))
        .with("kind", check.kind().name)
        .with("dimension", check.dimension().word())
        .with("severity", finding.severity().word())
        .with("verdict", finding.verdict().word())
        .with("reason", reason)
        .with("applicable", counts.applicable)
        .with("violations", counts.violations)
        .with("rate", rate(counts))
        .with("sample_seqs", samples(finding))
        .with("seq_min", first.map(|seq: u64| seq.to_string()))
        .with("seq_max", last.map(|seq: u64| seq.to_string()))
        .with("effect_name", finding.effect().map(|(name, _)| name))
        .with("effect", finding.effect().map(|(_, size)| size))
        .with("detail", finding.detail().cloned())
        .with("sources", sources)
}
