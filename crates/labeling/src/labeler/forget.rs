//! What nobody will ask for again.

use super::Labeler;

/// After how many rows old ones are forgotten.
pub(super) const EVERY: usize = 1 << 16;

impl Labeler {
    /// Forgets after so many rows, so that tests see what it does to short logs.
    #[doc(hidden)]
    #[must_use]
    pub const fn forgetting_after(mut self, rows: usize) -> Self {
        self.forget_every = rows;
        self
    }

    /// Drops decisions that can no longer be revised, and rows that no decision can ask for.
    pub(super) fn forget(&mut self) {
        let oldest =
            self.clock.saturating_sub(self.global.lateness_ns).saturating_sub(self.global.keep_ns);
        let mut done = Vec::new();
        for (cutoff, no) in &self.alive {
            if *cutoff >= oldest {
                break;
            }
            let is_over = self
                .decisions
                .get(*no)
                .and_then(Option::as_ref)
                .is_none_or(|t| t.is_settled() && t.last_instant() < oldest);
            if is_over {
                done.push((*cutoff, *no));
            }
        }
        for at in done {
            self.alive.remove(&at);
            if let Some(tracked) = self.decisions.get_mut(at.1).and_then(Option::take) {
                self.facts.forget_scales(&tracked.decision.row.id);
            }
        }
        let first = self.alive.first().map_or(oldest, |(cutoff, _)| oldest.min(*cutoff));
        let floor = first.saturating_sub(self.global.lookback_ns);
        let decisions = &self.decisions;
        for market in self.markets.values_mut() {
            market.forget(floor, |no| decisions.get(no).is_some_and(Option::is_some));
        }
    }
}
