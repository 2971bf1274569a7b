//! The running minimum.

use super::ClockSettings;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A row that is a minimum of all rows after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Minimum {
    row: u64,
    recv: i64,
    delta: i64,
}

/// Minima of the window's ends: rows rise, and so do deltas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    minima: VecDeque<Minimum>,
    /// Minima that left because there were too many.
    shortened: u64,
}

impl Window {
    /// Takes a row and answers the minimum with it.
    pub(super) fn push(
        &mut self,
        settings: &ClockSettings,
        row: u64,
        recv: i64,
        delta: i64,
    ) -> i64 {
        while self.minima.back().is_some_and(|last| last.delta >= delta) {
            self.minima.pop_back();
        }
        let end = recv.saturating_sub(settings.window_ns);
        let is_old = |first: &Minimum| first.recv <= end && row - first.row >= settings.min_rows;
        while self.minima.front().is_some_and(is_old) {
            self.minima.pop_front();
        }
        if self.minima.len() >= settings.max_minima {
            self.minima.pop_front();
            self.shortened += 1;
        }
        self.minima.push_back(Minimum { row, recv, delta });
        self.offset().unwrap_or(delta)
    }

    pub(super) fn offset(&self) -> Option<i64> {
        self.minima.front().map(|first| first.delta)
    }

    pub(super) fn shortened(&self) -> u64 {
        self.shortened
    }
}
