//! Is one source the other, some time later?

use super::LagSearch;
use super::pieces::LagPiece;
use super::rows::Series;
use super::tally::median_twice;
use serde::{Deserialize, Serialize};

/// How well two sources agree at a lag.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LagScore {
    /// What is added to the times of the second source.
    pub lag_ns: i64,
    /// Cells of the grid that both have then.
    pub common: u64,
    /// Median magnitude of their differences, in 1e-9.
    pub median_abs_nanos: f64,
}

/// What the search for a shift found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LagReport {
    /// Lags at which the sources have common cells, ascending.
    pub scores: Vec<LagScore>,
    /// No lag.
    pub zero: Option<LagScore>,
    /// The lag of the least median among those with enough common cells; of equal ones the nearest to 0.
    pub best: Option<LagScore>,
    /// Whether the best median is below a third of that without a lag. Where sources have too little in common without one,
    /// the median over all lags stands in.
    pub is_suspect: bool,
    /// The same by parts of the second source: stretches of one lag.
    pub pieces: Vec<LagPiece>,
}

/// The last mid of each cell that has one: cell number and mid.
pub(super) type Cell = (i64, i64);

pub(super) fn cells(series: &Series, grid_ns: i64) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for (ts, mid) in series.rows() {
        let Some(mid) = mid else { continue };
        let number = ts.div_euclid(grid_ns);
        match cells.last_mut() {
            Some(last) if last.0 == number => last.1 = mid,
            _ => cells.push((number, mid)),
        }
    }
    cells
}

/// A score in exact numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) lag_ns: i64,
    pub(super) common: u64,
    /// Twice the median, in halves of 1e-9.
    pub(super) median_twice: u128,
}

impl Score {
    pub(super) fn public(&self) -> LagScore {
        LagScore {
            lag_ns: self.lag_ns,
            common: self.common,
            median_abs_nanos: self.median_twice as f64 / 4.0,
        }
    }

    /// The median is below a third of another.
    pub(super) fn is_far_below(&self, other: u128) -> bool {
        self.median_twice.saturating_mul(3) < other
    }
}

/// Cells of both sources and room for their differences.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) settings: &'a LagSearch,
    pub(super) left: &'a [Cell],
    buffer: Vec<u64>,
}

impl<'a> Search<'a> {
    pub(super) fn new(settings: &'a LagSearch, left: &'a [Cell]) -> Self {
        Self { settings, left, buffer: Vec::new() }
    }

    /// The score of some cells of the second source at a lag.
    pub(super) fn score(&mut self, right: &[Cell], lag_ns: i64) -> Option<Score> {
        let shift = lag_ns / self.settings.grid_ns;
        let first = right.first()?.0.saturating_add(shift);
        let from = self.left.partition_point(|(number, _)| *number < first);
        let mut left = self.left.get(from..)?.iter().copied().peekable();
        self.buffer.clear();
        for (number, mid) in right {
            let number = number.saturating_add(shift);
            while left.next_if(|(other, _)| *other < number).is_some() {}
            match left.peek() {
                None => break,
                Some((other, theirs)) if *other == number => {
                    self.buffer.push(theirs.abs_diff(*mid));
                }
                Some(_) => {}
            }
        }
        let common = self.buffer.len() as u64;
        Some(Score { lag_ns, common, median_twice: median_twice(&mut self.buffer)? })
    }

    /// Scores at all lags that have one.
    pub(super) fn scores(&mut self, right: &[Cell]) -> Vec<Score> {
        let steps = self.settings.reach_ns / self.settings.step_ns;
        let lags = (-steps..=steps).map(|step| step * self.settings.step_ns);
        lags.filter_map(|lag| self.score(right, lag)).collect()
    }

    /// The scores with enough cells.
    pub(super) fn enough(&self, scores: &[Score]) -> Candidates {
        let most = scores.iter().map(|score| score.common).max().unwrap_or(0);
        let least = self.settings.min_common.max(most / 4);
        Candidates(scores.iter().filter(|score| score.common >= least).copied().collect())
    }
}

/// Scores with enough common cells to tell something.
#[derive(Debug)]
pub(super) struct Candidates(Vec<Score>);

impl Candidates {
    pub(super) fn best(&self) -> Option<Score> {
        let rank = |score: &&Score| (score.median_twice, score.lag_ns.abs(), score.lag_ns);
        self.0.iter().min_by_key(rank).copied()
    }

    /// The median at a lag, or the median over all lags where that one has too few cells.
    pub(super) fn usual(&self, lag_ns: i64) -> Option<u128> {
        if let Some(score) = self.0.iter().find(|score| score.lag_ns == lag_ns) {
            return Some(score.median_twice);
        }
        let mut medians: Vec<u128> = self.0.iter().map(|score| score.median_twice).collect();
        medians.sort_unstable();
        medians.get(medians.len().checked_sub(1)? / 2).copied()
    }
}

/// Searches two sources of one instrument.
pub(super) fn search(left: &Series, right: &Series, settings: &LagSearch) -> LagReport {
    let (left, right) = (cells(left, settings.grid_ns), cells(right, settings.grid_ns));
    let mut search = Search::new(settings, &left);
    let scores = search.scores(&right);
    let enough = search.enough(&scores);
    let best = enough.best();
    let is_suspect = best
        .zip(enough.usual(0))
        .is_some_and(|(best, usual)| best.lag_ns != 0 && best.is_far_below(usual));
    LagReport {
        zero: scores.iter().find(|score| score.lag_ns == 0).map(Score::public),
        best: best.as_ref().map(Score::public),
        is_suspect,
        scores: scores.iter().map(Score::public).collect(),
        pieces: super::pieces::pieces(&mut search, &right),
    }
}
