//! What the demo says: a line a check, the stages, the versions, and what to try next.

use super::Done;
use super::world::World;
use crate::output::{Document, Grid};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Failed,
    /// The rows of this market are too few to tell whether the bar is met.
    Undecided,
    /// Nothing of the kind was planted in this market.
    NotPlanted,
}

impl Verdict {
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Ok } else { Self::Failed }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::Undecided => "undecided",
            Self::NotPlanted => "not planted",
        }
    }
}

/// One check against the truth.
#[derive(Debug, Clone)]
pub(super) struct Line {
    verdict: Verdict,
    what: String,
    said: String,
}

impl Line {
    pub(super) fn new(verdict: Verdict, what: impl Into<String>, said: impl Into<String>) -> Self {
        Self { verdict, what: what.into(), said: said.into() }
    }
}

/// All of them, and where the time went.
#[derive(Debug, Default)]
pub(super) struct Report {
    groups: Vec<(&'static str, Vec<Line>)>,
    times: Vec<(String, Duration)>,
}

impl Report {
    pub(super) fn add(&mut self, group: &'static str, lines: Vec<Line>) {
        self.groups.push((group, lines));
    }

    pub(super) fn time<T>(&mut self, what: &str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let made = work();
        self.times.push((what.to_owned(), start.elapsed()));
        made
    }

    pub(super) fn stages(&mut self, run: &Done) {
        self.times.extend(run.times());
    }

    /// The checks that failed, as a clause; empty when all held.
    pub(super) fn failed(&self) -> String {
        let failed: Vec<String> = self
            .lines()
            .filter(|(_, line)| line.verdict == Verdict::Failed)
            .map(|(group, line)| format!("{group}: {}: {}", line.what, line.said))
            .collect();
        failed.join("; ")
    }

    fn lines(&self) -> impl Iterator<Item = (&'static str, &Line)> {
        self.groups.iter().flat_map(|(group, lines)| lines.iter().map(|line| (*group, line)))
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.lines().filter(|(_, line)| line.verdict == verdict).count()
    }

    pub(super) fn text(&self, world: &World, run: Option<&Done>, elapsed: Duration) -> String {
        let mut text = format!("{}\n", world.title());
        let mut grid = Grid::new(["", "check", "found"]);
        for (group, lines) in &self.groups {
            for line in lines {
                let what = format!("{group}: {}", line.what);
                grid.row([line.verdict.word().to_owned(), what, line.said.clone()]);
            }
        }
        let _ = write!(text, "\n{}\n", grid.to_text());
        text.push_str(&run.map(Done::datasets).unwrap_or_default());
        let mut grid = Grid::new(["where the time went", "seconds"]);
        for (what, time) in &self.times {
            grid.row([what.clone(), format!("{:.1}", time.as_secs_f64())]);
        }
        grid.row(["all".to_owned(), format!("{:.1}", elapsed.as_secs_f64())]);
        let _ = write!(
            text,
            "\n{}\n{} ok, {} failed, {} undecided, {} not planted\n",
            grid.to_text(),
            self.count(Verdict::Ok),
            self.count(Verdict::Failed),
            self.count(Verdict::Undecided),
            self.count(Verdict::NotPlanted)
        );
        text.push_str("Planted data proves the machinery, not a market.\n");
        text.push_str(&world.next());
        text
    }

    pub(super) fn document(&self, world: &World) -> Document {
        let checks: Vec<Document> = self
            .lines()
            .map(|(group, line)| {
                Document::object()
                    .with("group", group)
                    .with("check", line.what.as_str())
                    .with("verdict", line.verdict.word())
                    .with("found", line.said.as_str())
            })
            .collect();
        let times: Vec<Document> = self
            .times
            .iter()
            .map(|(what, time)| {
                Document::object().with("what", what.as_str()).with("seconds", time.as_secs_f64())
            })
            .collect();
        Document::new("hindsight.demo.v1")
            .with("market", world.title())
            .with("checks", checks)
            .with("times", times)
    }
}
