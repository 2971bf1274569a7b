//! Lots: which fill opened what, and which fill closed it.

use crate::exact::{Overflow, apportion};
use crate::facts::{Action, Fee};
use crate::key::Key;
use crate::rows::Id;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Number of a fill.
pub(crate) type FillNo = usize;
/// Number of a decision.
pub(crate) type DecisionNo = usize;

/// A fill as it stands after its corrections.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a fill")]
pub(crate) struct Fill {
    pub(crate) key: Key,
    /// The latest availability of it and its corrections.
    pub(crate) avail: i64,
    pub(crate) seq: u64,
    pub(crate) exec_id: Arc<str>,
    pub(crate) source: u16,
    pub(crate) account: Option<Id>,
    pub(crate) strategy: Arc<str>,
    pub(crate) instrument: u32,
    pub(crate) decision: Option<DecisionNo>,
    pub(crate) sign: i128,
    pub(crate) qty: i128,
    /// Doubled.
    pub(crate) px: i64,
    pub(crate) fee: Fee,
    pub(crate) is_maker: bool,
    pub(crate) has_own_fee: bool,
    /// Bid and ask as captured.
    pub(crate) quote: Option<(i64, i64)>,
    /// `seq` of its corrections.
    pub(crate) amended: Vec<u64>,
    /// Cancelled: it never was.
    pub(crate) is_gone: bool,
    pub(crate) is_clamped: bool,
    pub(crate) is_inferred: bool,
    /// Whether its decision may open a position.
    pub(crate) may_open: bool,
    /// What it closed, with the fee of those parts.
    pub(crate) closed: i128,
    pub(crate) closing_fee: Fee,
    /// The lot that it opened.
    pub(crate) lot: Option<usize>,
    /// What it could neither close nor open.
    pub(crate) unmatched: i128,
}

/// A part of a lot that a fill closed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    pub(crate) fill: FillNo,
    pub(crate) qty: i128,
    pub(crate) fee: Fee,
}

/// What one fill opened.
#[derive(Debug, Clone)]
pub(crate) struct Lot {
    pub(crate) fill: FillNo,
    pub(crate) sign: i128,
    pub(crate) qty: i128,
    /// Doubled.
    pub(crate) px: i64,
    pub(crate) fee: Fee,
    /// Still open, in today's units: splits count.
    open: i128,
    pub(crate) closings: Vec<Closing>,
    /// Funding and the like, each with its place.
    pub(crate) carry: Vec<(Key, i128)>,
}

/// Something that moved lots.
#[derive(Debug, Clone, Copy)]
enum Step {
    Fill(FillNo),
    Carry(i128),
}

/// Open lots of one strategy, oldest first.
#[derive(Debug, Clone, Default)]
struct Book {
    open: VecDeque<usize>,
}

/// The lots of one account in one instrument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    steps: Vec<(Key, Step)>,
    books: BTreeMap<Arc<str>, Book>,
    lots: Vec<Lot>,
    /// Splits up to here are worked in.
    adjusted_to: Option<i64>,
}

impl Ledger {
    pub(crate) fn lot(&self, no: usize) -> Option<&Lot> {
        self.lots.get(no)
    }

    /// Signed quantity that a strategy holds just before a key.
    pub(crate) fn position(&self, strategy: &str, before: Key, fills: &[Fill]) -> Option<i128> {
        self.books.get(strategy)?;
        let mut sum = 0_i128;
        for lot in &self.lots {
            let Some(fill) = fills.get(lot.fill).filter(|f| *f.strategy == *strategy) else {
                continue;
            };
            if fill.key >= before {
                continue;
            }
            let closed: i128 = lot
                .closings
                .iter()
                .filter(|c| fills.get(c.fill).is_some_and(|f| f.key < before))
                .map(|c| c.qty)
                .sum();
            sum += lot.sign * (lot.qty - closed);
        }
        Some(sum)
    }

    /// Takes a fill; false when it came before others, and everything must be matched anew.
    pub(crate) fn fill(
        &mut self,
        no: FillNo,
        fills: &mut [Fill],
        actions: &[Action],
    ) -> Result<bool, Overflow> {
        let Some(key) = fills.get(no).map(|f| f.key) else { return Ok(true) };
        let is_last = self.insert(key, Step::Fill(no));
        if is_last {
            self.take_fill(no, fills, actions)?;
        }
        Ok(is_last)
    }

    /// Takes an amount to be spread over the open lots; false as for [`fill`](Self::fill).
    pub(crate) fn carry(
        &mut self,
        key: Key,
        amount: i128,
        actions: &[Action],
    ) -> Result<bool, Overflow> {
        let is_last = self.insert(key, Step::Carry(amount));
        if is_last {
            self.take_carry(key, amount, actions)?;
        }
        Ok(is_last)
    }

    fn insert(&mut self, key: Key, step: Step) -> bool {
        let at = self.steps.partition_point(|(known, _)| *known < key);
        let is_last = at == self.steps.len();
        self.steps.insert(at, (key, step));
        is_last
    }

    /// Matches every fill again from the first.
    pub(crate) fn rebuild(
        &mut self,
        fills: &mut [Fill],
        actions: &[Action],
    ) -> Result<(), Overflow> {
        self.books.clear();
        self.lots.clear();
        self.adjusted_to = None;
        let steps = std::mem::take(&mut self.steps);
        for (key, step) in &steps {
            match step {
                Step::Fill(no) => self.take_fill(*no, fills, actions)?,
                Step::Carry(amount) => self.take_carry(*key, *amount, actions)?,
            }
        }
        self.steps = steps;
        Ok(())
    }

    /// Decisions that have a fill here.
    pub(crate) fn decisions(&self, fills: &[Fill]) -> Vec<DecisionNo> {
        let mut out: Vec<DecisionNo> = self
            .steps
            .iter()
            .filter_map(|(_, step)| match step {
                Step::Fill(no) => fills.get(*no).and_then(|f| f.decision),
                Step::Carry(_) => None,
            })
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Decisions whose lots a fill has closed a part of.
    pub(crate) fn closed_by(&self, no: FillNo, fills: &[Fill]) -> Vec<DecisionNo> {
        if fills.get(no).is_none_or(|fill| fill.closed == 0) {
            return Vec::new();
        }
        // What a fill closes was opened not long before, and lots are in order.
        let mut left = fills.get(no).map_or(0, |fill| fill.closed);
        let mut out = Vec::new();
        for lot in self.lots.iter().rev() {
            let Some(closing) = lot.closings.last().filter(|closing| closing.fill == no) else {
                continue;
            };
            left -= closing.qty;
            out.extend(fills.get(lot.fill).and_then(|fill| fill.decision));
            if left <= 0 {
                break;
            }
        }
        out
    }

    /// Works in the splits up to an instant.
    fn adjust(&mut self, to: i64, actions: &[Action]) {
        let from = self.adjusted_to.unwrap_or(i64::MIN);
        for action in actions.iter().filter(|a| a.at > from && a.at <= to) {
            let Some((num, den)) = action.ratio() else { continue };
            for at in self.books.values().flat_map(|book| &book.open) {
                if let Some(lot) = self.lots.get_mut(*at) {
                    lot.open = lot.open.saturating_mul(num) / den;
                }
            }
        }
        self.adjusted_to = Some(to.max(from));
    }

    fn take_fill(
        &mut self,
        no: FillNo,
        fills: &mut [Fill],
        actions: &[Action],
    ) -> Result<(), Overflow> {
        let Some(fill) = fills.get_mut(no) else { return Ok(()) };
        (fill.closed, fill.closing_fee, fill.lot, fill.unmatched) = (0, Fee::ZERO, None, 0);
        if fill.is_gone {
            return Ok(());
        }
        self.adjust(fill.key.ts, actions);
        let book = self.books.entry(Arc::clone(&fill.strategy)).or_default();
        let mut left = fill.qty;
        let mut parts: Vec<(Option<usize>, i128)> = Vec::new();
        for at in &book.open {
            let Some(lot) = self.lots.get(*at).filter(|lot| lot.sign != fill.sign) else { break };
            if left == 0 {
                break;
            }
            let qty = lot.open.min(left);
            parts.push((Some(*at), qty));
            left -= qty;
        }
        if left > 0 && fill.may_open {
            parts.push((None, left));
            left = 0;
        }
        fill.unmatched = left;
        // What could not be matched takes its share of the fee with it.
        let mut weights: Vec<i128> = parts.iter().map(|(_, qty)| *qty).collect();
        weights.extend((left > 0).then_some(left));
        let fees = fill.fee.split(&weights)?;
        for ((lot, qty), fee) in parts.into_iter().zip(fees) {
            if let Some(at) = lot {
                fill.closed += qty;
                fill.closing_fee = fill.closing_fee.plus(fee)?;
                if let Some(lot) = self.lots.get_mut(at) {
                    lot.open -= qty;
                    lot.closings.push(Closing { fill: no, qty, fee });
                    if lot.open == 0 {
                        book.open.pop_front();
                    }
                }
            } else {
                fill.lot = Some(self.lots.len());
                book.open.push_back(self.lots.len());
                self.lots.push(Lot {
                    fill: no,
                    sign: fill.sign,
                    qty,
                    px: fill.px,
                    fee,
                    open: qty,
                    closings: Vec::new(),
                    carry: Vec::new(),
                });
            }
        }
        Ok(())
    }

    fn take_carry(&mut self, key: Key, amount: i128, actions: &[Action]) -> Result<(), Overflow> {
        self.adjust(key.ts, actions);
        let open: Vec<usize> = self.books.values().flat_map(|book| &book.open).copied().collect();
        let weights: Vec<i128> =
            open.iter().filter_map(|at| self.lots.get(*at).map(|lot| lot.open)).collect();
        for (at, part) in open.iter().zip(apportion(amount, &weights)?) {
            if let Some(lot) = self.lots.get_mut(*at) {
                lot.carry.push((key, part));
            }
        }
        Ok(())
    }
}
