//! The books of one strategy in one instrument, kept by replaying its fills in order: slow, and plain to check.

use crate::universe::Listing;
use std::collections::VecDeque;

/// One fill: signed lots at a price, with its fee.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fill {
    pub(crate) exec_id: u64,
    pub(crate) ts: i64,
    pub(crate) lots: i64,
    pub(crate) px: i64,
    pub(crate) fee: i128,
}

/// What follows from the fills so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    /// Open lots, oldest first: signed lots and price.
    open: VecDeque<(i64, i64)>,
    pub(crate) lots: i64,
    pub(crate) cash: i128,
    pub(crate) fees: i128,
    pub(crate) funding: i128,
    /// First in, first out, before fees.
    pub(crate) realized: i128,
}

impl Position {
    fn apply(&mut self, listing: &Listing, fill: &Fill) {
        self.lots += fill.lots;
        self.cash -= listing.notional(fill.px, fill.lots) + fill.fee;
        self.fees += fill.fee;
        let mut left = fill.lots;
        while left != 0 {
            match self.open.front_mut() {
                Some((lots, px)) if lots.signum() != left.signum() => {
                    let closed = left.abs().min(lots.abs()) * lots.signum();
                    self.realized +=
                        listing.notional(fill.px, closed) - listing.notional(*px, closed);
                    *lots -= closed;
                    left += closed;
                    if *lots == 0 {
                        self.open.pop_front();
                    }
                }
                _ => {
                    self.open.push_back((left, fill.px));
                    left = 0;
                }
            }
        }
    }

    /// Value of the open lots at what was paid for them.
    pub(crate) fn cost(&self, listing: &Listing) -> i128 {
        self.open.iter().map(|(lots, px)| listing.notional(*px, *lots)).sum()
    }
}

/// A position with the fills that may still be taken back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    settled: Position,
    recent: Vec<Fill>,
    pub(crate) now: Position,
}

/// Fills older than this can no longer be busted or corrected.
const REVOCABLE_NS: i64 = 120_000_000_000;

impl Account {
    pub(crate) fn fill(&mut self, listing: &Listing, fill: Fill) {
        let old = self
            .recent
            .iter()
            .position(|f| fill.ts - f.ts < REVOCABLE_NS)
            .unwrap_or(self.recent.len());
        for f in self.recent.drain(..old) {
            self.settled.apply(listing, &f);
        }
        self.now.apply(listing, &fill);
        self.recent.push(fill);
    }

    /// Takes a fill back, or gives it another price; the fill as it was.
    pub(crate) fn revise(
        &mut self,
        listing: &Listing,
        exec_id: u64,
        px: Option<i64>,
    ) -> Option<Fill> {
        let at = self.recent.iter().position(|f| f.exec_id == exec_id)?;
        let was = self.recent[at];
        match px {
            Some(px) => self.recent[at].px = px,
            None => {
                self.recent.remove(at);
            }
        }
        let mut again = self.settled.clone();
        self.recent.iter().for_each(|f| again.apply(listing, f));
        self.now = again;
        Some(was)
    }

    /// Money that moves without a fill.
    pub(crate) fn fund(&mut self, amount: i128) {
        for position in [&mut self.settled, &mut self.now] {
            position.cash += amount;
            position.funding += amount;
        }
    }

    /// One old lot is `num` new ones; money stays.
    pub(crate) fn split(&mut self, listing: &Listing, num: i64) {
        for f in std::mem::take(&mut self.recent) {
            self.settled.apply(listing, &f);
        }
        self.settled.lots *= num;
        let open = std::mem::take(&mut self.settled.open);
        // Prices per new lot need not divide; nobody is in a position over a night, see `desk`.
        self.settled.open = open.into_iter().map(|(lots, px)| (lots * num, px / num)).collect();
        self.now = self.settled.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::universe::Universe;

    fn listing() -> Listing {
        let universe = Universe::new(&Scenario::preset("faultless").unwrap().spec);
        universe.listings[1].clone() // tick 0.01, lot 10
    }

    #[test]
    fn buys_and_sells_match_first_in_first_out() {
        let (listing, mut account) = (listing(), Account::default());
        let px = |units: i64| units * 1_000_000_000;
        for (exec_id, lots, p) in [(1, 2, 100), (2, 1, 103), (3, -4, 110)] {
            account.fill(&listing, Fill { exec_id, ts: 0, lots, px: px(p), fee: 1 });
        }
        // 2 lots of 10 gain 10 each, 1 lot of 10 gains 7 each; one lot is short at 110.
        assert_eq!(account.now.realized, 270_000_000_000);
        assert_eq!(account.now.lots, -1);
        assert_eq!(account.now.cost(&listing), -1_100_000_000_000);
        // -2000 - 1030 + 4400 - 3e-9
        assert_eq!(account.now.cash, 1_370_000_000_000 - 3);
    }

    #[test]
    fn a_busted_fill_leaves_the_books_as_if_it_had_never_been() {
        let (listing, mut with, mut without) = (listing(), Account::default(), Account::default());
        let fills = [(1, 3, 100), (2, -1, 104), (3, 2, 99), (4, -3, 101)];
        for (exec_id, lots, p) in fills {
            let fill = Fill { exec_id, ts: 0, lots, px: p * 1_000_000_000, fee: 5 };
            with.fill(&listing, fill);
            if exec_id != 2 {
                without.fill(&listing, fill);
            }
        }
        assert_eq!(with.revise(&listing, 2, None).map(|f| f.lots), Some(-1));
        assert_eq!(
            (with.now.lots, with.now.cash, with.now.realized),
            (without.now.lots, without.now.cash, without.now.realized)
        );
    }
}
