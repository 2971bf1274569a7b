//! How `hindsight labeling run` ended: every decision is in one place of every target.

use crate::output::{Document, Grid};
use labeling::{Report, TargetReport};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// What a run did.
pub(super) struct Closing<'a> {
    /// Decisions that came in.
    pub(super) decisions: u64,
    /// Those of them that broke a rule of their table.
    pub(super) refused_decisions: u64,
    /// Those that the log clock has not passed by the allowed lateness: they wait for rows that may come before them.
    pub(super) unread: u64,
    /// Rows of all inputs.
    pub(super) rows: u64,
    /// Rows by table that was made.
    pub(super) counts: [(&'static str, u64); 4],
    /// Counts of the labeler.
    pub(super) report: &'a Report,
    /// Rejects by code.
    pub(super) codes: BTreeMap<String, u64>,
    /// The rule sets.
    pub(super) sets: Vec<String>,
    /// Where the rows went.
    pub(super) output: String,
    /// Where the rejects went.
    pub(super) rejects_path: Option<String>,
    /// What is to be said about the inputs.
    pub(super) notes: Vec<String>,
    /// The next useful command.
    pub(super) next: Option<String>,
    /// How long it took.
    pub(super) elapsed: Duration,
}

/// What became of the decisions, for one target.
struct Line {
    labelled: u64,
    pending: u64,
    rejected: u64,
    not_applicable: u64,
    /// Decisions whose rule set does not have the target, or that no rule set was in force for.
    without: u64,
}

impl Closing<'_> {
    fn line(&self, name: &str, target: &TargetReport) -> Line {
        let pending = self.report.pending.get(name).copied().unwrap_or(0) + self.unread;
        let rejected = target.rejected + self.report.rejected_decisions + self.refused_decisions;
        let (labelled, not_applicable) = (target.labelled, target.not_applicable);
        let sum = labelled + pending + rejected + not_applicable;
        let without = self.decisions.saturating_sub(sum);
        Line { labelled, pending, rejected, not_applicable, without }
    }

    pub(super) fn text(&self) -> String {
        let counts: Vec<String> =
            self.counts.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
        let rejects: u64 = self.codes.values().sum();
        let mut text = format!(
            "labeling run: {} decisions from {} rows by {}, {:.1} s; {}, rejects {rejects} in {}\n",
            self.decisions,
            self.rows,
            self.sets.join(", "),
            self.elapsed.as_secs_f64(),
            counts.join(", "),
            self.output
        );
        let classes: BTreeSet<i8> = self
            .report
            .targets
            .values()
            .flat_map(|target| target.classes.keys().copied())
            .collect();
        let mut header = vec!["target".to_owned(), "labelled".to_owned()];
        header.extend(classes.iter().map(|class| format!("class {class}")));
        let rest = ["indeterminate", "pending", "rejected", "not applicable", "without rules"];
        header.extend(rest.map(str::to_owned));
        let mut grid = Grid::new(header);
        for (name, target) in &self.report.targets {
            let line = self.line(name, target);
            let mut cells = vec![name.to_string(), line.labelled.to_string()];
            cells.extend(
                classes.iter().map(|class| {
                    target.classes.get(class).copied().unwrap_or_default().to_string()
                }),
            );
            let rest = [
                target.without_class,
                line.pending,
                line.rejected,
                line.not_applicable,
                line.without,
            ];
            cells.extend(rest.map(|n| n.to_string()));
            grid.row(cells);
        }
        if !self.report.targets.is_empty() {
            for line in grid.to_text().lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
        if !self.codes.is_empty() {
            let codes: Vec<String> =
                self.codes.iter().map(|(code, n)| format!("{code} {n}")).collect();
            let place = self.rejects_path.as_deref().map_or(String::new(), |p| format!(", in {p}"));
            let _ = writeln!(text, "  rejects: {}{place}", codes.join(", "));
        }
        let odd = [
            (
                self.unread,
                "decisions at the end of the log are pending until its clock has passed them",
            ),
            (self.report.late, "rows late"),
            (self.report.other_sources, "quotes, trades and statuses of sources that make no path"),
            (
                self.report.mixed_instruments,
                "instruments whose path has more than one source; measures.sources names the ones that count",
            ),
            (self.report.amended, "fills corrected or busted"),
            (self.report.targets.values().map(|t| t.revisions).sum(), "labels revised"),
            (self.report.targets.values().map(|t| t.provisional).sum(), "labels provisional"),
        ];
        for (n, what) in odd.iter().filter(|(n, _)| *n > 0) {
            let _ = writeln!(text, "  {n} {what}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "  {note}");
        }
        if let Some(next) = &self.next {
            let _ = writeln!(text, "  next: {next}");
        }
        text
    }

    pub(super) fn document(&self) -> Document {
        let targets: Vec<Document> = self
            .report
            .targets
            .iter()
            .map(|(name, target)| {
                let line = self.line(name, target);
                let classes: Vec<Document> = target
                    .classes
                    .iter()
                    .map(|(class, n)| {
                        Document::object().with("class", class.to_string()).with("labels", *n)
                    })
                    .collect();
                Document::object()
                    .with("target", name.as_ref())
                    .with("labelled", line.labelled)
                    .with("classes", classes)
                    .with("indeterminate", target.without_class)
                    .with("provisional", target.provisional)
                    .with("revisions", target.revisions)
                    .with("pending", line.pending)
                    .with("rejected", line.rejected)
                    .with("not_applicable", line.not_applicable)
                    .with("without_rules", line.without)
            })
            .collect();
        let rejects: Vec<Document> = self
            .codes
            .iter()
            .map(|(code, n)| Document::object().with("code", code.as_str()).with("rows", *n))
            .collect();
        let document = Document::new("hindsight.labeling.v1")
            .with("stage", "labeling run")
            .with("decisions", self.decisions)
            .with("rows_in", self.rows);
        let document = self
            .counts
            .iter()
            .fold(document, |document, (table, rows)| document.with(table, *rows));
        document
            .with("rule_sets", self.sets.clone())
            .with("targets", targets)
            .with("rejects", rejects)
            .with("unread", self.unread)
            .with("late", self.report.late)
            .with("amended", self.report.amended)
            .with("other_sources", self.report.other_sources)
            .with("mixed_instruments", self.report.mixed_instruments)
            .with("output", self.output.as_str())
            .with("rejects_output", self.rejects_path.clone())
            .with("notes", self.notes.clone())
            .with("elapsed_ns", u64::try_from(self.elapsed.as_nanos()).ok())
            .with("next", self.next.clone())
    }
}
