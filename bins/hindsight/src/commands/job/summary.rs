//! What a run says of its steps: before as a plan, behind as a summary.

use super::latency::MEANING;
use super::record::Facts;
use super::settings::Settings;
use super::state::Job;
use super::steps::Step;
use crate::output::{Document, Grid};
use std::fmt::Write as _;

/// What became of a step, or would.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) step: &'static str,
    what: &'static str,
    /// Why it was done or would be; none where what is there holds.
    pub(super) why: Option<String>,
    /// Whether that is known only when an earlier step is done.
    is_open: bool,
    pub(super) elapsed_ns: u64,
    pub(super) facts: Facts,
}

impl Line {
    pub(super) fn of(step: &Step, why: Option<String>, job: &Job<'_>) -> Self {
        let record = job.done.get(step.name);
        let elapsed = record.and_then(|record| record.elapsed_ns.parse().ok());
        Self {
            step: step.name,
            what: step.what,
            why,
            is_open: false,
            elapsed_ns: elapsed.unwrap_or_default(),
            facts: job.facts_of(step.name),
        }
    }

    /// A step whose inputs an earlier one would make anew.
    pub(super) fn waiting(step: &Step, need: &str) -> Self {
        Self {
            step: step.name,
            what: step.what,
            why: Some(format!("if {need} makes something else")),
            is_open: true,
            elapsed_ns: 0,
            facts: Facts::new(),
        }
    }
}

/// The steps as they would be carried out.
pub(super) fn plan(settings: &Settings, lines: &[Line]) -> String {
    let mut grid = Grid::new(["step", "command", "would be", "why"]);
    for line in lines {
        let (word, why) = match &line.why {
            None => ("kept", "up to date"),
            Some(why) => ("done", why.as_str()),
        };
        grid.row([line.step.to_owned(), line.what.to_owned(), word.to_owned(), why.to_owned()]);
    }
    let mut text = grid.to_text();
    let names: Vec<&str> = settings.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    let _ = writeln!(
        text,
        "\ndatasets {} into {}, everything else into {}; nothing was touched",
        names.join(", "),
        settings.store.display(),
        settings.dir.display()
    );
    text
}

/// What the steps made.
pub(super) fn table(settings: &Settings, lines: &[Line]) -> String {
    let mut grid = Grid::new(["step", "command", "was", "seconds", "found"]);
    for line in lines {
        let seconds = format!("{:.1}", line.elapsed_ns as f64 / 1e9);
        let (word, seconds) = match &line.why {
            None => ("kept", String::new()),
            Some(_) => ("done", seconds),
        };
        let found = found(line, settings);
        grid.row([line.step.to_owned(), line.what.to_owned(), word.to_owned(), seconds, found]);
    }
    format!("{}\n{}", grid.to_text(), versions(settings, lines))
}

/// Where rows lie that could not be used, a line a step; empty when there are none.
pub(super) fn rejects(lines: &[Line]) -> String {
    let fact = |line: &Line, name: &str| line.facts.get(name).cloned().unwrap_or_default();
    let of = |line: &Line| {
        let (rows, places) = (fact(line, "rejects"), fact(line, "rejects_in"));
        format!("  {rows} rows rejected by {}: {places}\n", line.step)
    };
    lines.iter().filter(|line| line.facts.contains_key("rejects")).map(of).collect()
}

/// The versions, and how long a decision takes.
pub(super) fn versions(settings: &Settings, lines: &[Line]) -> String {
    let mut text = String::new();
    if let Some(built) = lines.iter().find(|line| line.step == "datasets") {
        let mut grid =
            Grid::new(["dataset", "kind", "rows", "of decisions", "certificate", "content hash"]);
        for dataset in &settings.datasets {
            let fact = |what: &str| fact(&built.facts, dataset.name.as_str(), what);
            grid.row([
                format!("{}@{}", dataset.name, fact("ordinal")),
                fact("kind"),
                fact("rows"),
                fact("selected"),
                fact("verdict"),
                fact("content"),
            ]);
        }
        text.push_str(&grid.to_text());
    }
    if let Some(line) = lines.iter().find(|line| line.step == "latency") {
        let fact = |name: &str| line.facts.get(name).map_or("-", String::as_str);
        let _ = writeln!(
            text,
            "\ndecision to dataset: p50 {}, p99 {}, max {} over the last {} decisions ({MEANING})",
            fact("p50"),
            fact("p99"),
            fact("max"),
            fact("decisions")
        );
    }
    text
}

fn fact(facts: &Facts, name: &str, what: &str) -> String {
    facts.get(&format!("{name}.{what}")).cloned().unwrap_or_default()
}

/// The facts of a step in a few words.
fn found(line: &Line, settings: &Settings) -> String {
    if line.step == "latency" {
        return String::new();
    }
    if line.step == "datasets" {
        let rejects = line.facts.get("rejects").map(|n| format!(", rejects {n}"));
        return format!("{} versions{}", settings.datasets.len(), rejects.unwrap_or_default());
    }
    short(line.step, &line.facts)
}

/// The facts of a step that fit into a line.
pub(super) fn short(step: &str, facts: &Facts) -> String {
    let is_short = |(name, value): &(&String, &String)| {
        !matches!(name.as_str(), "log_id" | "rejects_in") && value.len() < 40
    };
    // What was built is told of the store.
    let is_told = |(name, _): &(&String, &String)| step != "datasets" || !name.contains('.');
    let words: Vec<String> = facts
        .iter()
        .filter(is_short)
        .filter(is_told)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    words.join(", ")
}

pub(super) fn document(settings: &Settings, lines: &[Line], dry_run: bool) -> Document {
    let steps: Vec<Document> = lines
        .iter()
        .map(|line| {
            let facts = line.facts.iter().map(|(name, value)| {
                Document::object().with("name", name.as_str()).with("value", value.as_str())
            });
            Document::object()
                .with("step", line.step)
                .with("command", line.what)
                .with("is_done", line.why.is_some())
                .with("is_open", line.is_open)
                .with("why", line.why.clone())
                .with("elapsed_ns", line.elapsed_ns.to_string())
                .with("facts", facts.collect::<Vec<_>>())
        })
        .collect();
    let built = lines.iter().find(|line| line.step == "datasets").map(|line| &line.facts);
    let datasets: Vec<Document> = settings
        .datasets
        .iter()
        .map(|dataset| {
            let fact = |what: &str| {
                built
                    .map(|facts| fact(facts, dataset.name.as_str(), what))
                    .filter(|f| !f.is_empty())
            };
            Document::object()
                .with("dataset", dataset.name.as_str())
                .with("ordinal", fact("ordinal"))
                .with("manifest_hash", fact("manifest"))
                .with("content_hash", fact("content"))
                .with("rows", fact("rows"))
                .with("certificate", fact("verdict"))
                .with("path", fact("path").map(|p| settings.dir.join(p).display().to_string()))
        })
        .collect();
    Document::new("hindsight.run.v1")
        .with("dir", settings.dir.display().to_string())
        .with("dry_run", dry_run)
        .with("steps", steps)
        .with("datasets", datasets)
}
