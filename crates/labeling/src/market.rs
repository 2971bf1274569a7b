//! One instrument: its paths, and the decisions that wait on them.

use crate::key::Key;
use crate::path::{ABSENT, Exit, Gap, Path, PathRow};
use crate::rows::TradeRow;
use crate::settings::PathKind;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// Prices at which a decision wants to be looked at: one heap a side and direction, of which a row looks at the tops only.
#[derive(Debug, Clone, Default)]
struct Alarms {
    /// Reached from below: the lowest on top.
    upper: BinaryHeap<Reverse<(i64, usize)>>,
    /// Reached from above: the highest on top.
    lower: BinaryHeap<(i64, usize)>,
}

impl Alarms {
    fn ring(&mut self, px: i64, out: &mut Vec<usize>) {
        while let Some(Reverse((_, no))) = self.upper.peek().filter(|top| px >= top.0.0) {
            out.push(*no);
            self.upper.pop();
        }
        while let Some((_, no)) = self.lower.peek().filter(|top| px <= top.0) {
            out.push(*no);
            self.lower.pop();
        }
    }
}

/// One instrument.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    kind: PathKind,
    pub(crate) quotes: Path,
    /// The path where it is not the quotes themselves.
    other: Option<Path>,
    /// First row of the path by source: from when gaps of the source concern the instrument.
    pub(crate) sources: BTreeMap<u16, Key>,
    /// Decisions of the instrument by their number.
    pub(crate) decisions: Vec<usize>,
    down: Alarms,
    up: Alarms,
    /// Decisions that wait for the first executable row.
    waiters: Vec<usize>,
    halted: bool,
    /// Where public trades stand, so that they can be taken back.
    trades: BTreeMap<(u16, Arc<str>), Key>,
}

impl Market {
    pub(crate) fn new(kind: PathKind) -> Self {
        Self {
            kind,
            quotes: Path::default(),
            other: (kind != PathKind::Executable).then(Path::default),
            sources: BTreeMap::new(),
            decisions: Vec::new(),
            down: Alarms::default(),
            up: Alarms::default(),
            waiters: Vec::new(),
            halted: false,
            trades: BTreeMap::new(),
        }
    }

    /// The prices at which positions are left.
    pub(crate) fn path(&self) -> &Path {
        self.other.as_ref().unwrap_or(&self.quotes)
    }

    /// Takes a quote; decisions that must look again go to `rung`.
    pub(crate) fn quote(
        &mut self,
        (key, avail, source): (Key, i64, u16),
        (bid, ask): (Option<i64>, Option<i64>),
        is_excluded: bool,
        rung: &mut Vec<usize>,
    ) {
        if self.kind != PathKind::Trade {
            let first = self.sources.entry(source).or_insert(key);
            *first = key.min(*first);
        }
        if is_excluded || self.is_halted(key) {
            self.quotes.exclude(key);
            if let Some(mid) = self.other.as_mut().filter(|_| self.kind == PathKind::Mid) {
                mid.exclude(key);
            }
            return;
        }
        let doubled = |px: Option<i64>| px.map_or(ABSENT, |px| 2 * px);
        let row = PathRow { key, avail, down: doubled(bid), up: doubled(ask) };
        self.quotes.insert(row);
        match self.kind {
            PathKind::Executable => self.ring(row, rung),
            PathKind::Mid => {
                let mid = bid.zip(ask).map_or(ABSENT, |(bid, ask)| bid + ask);
                self.insert_other(PathRow { down: mid, up: mid, ..row }, rung);
            }
            PathKind::Trade => {}
        }
    }

    /// Takes a public trade.
    pub(crate) fn trade(
        &mut self,
        key: Key,
        avail: i64,
        trade: &TradeRow,
        rung: &mut Vec<usize>,
    ) -> Option<Key> {
        if self.kind != PathKind::Trade {
            return None;
        }
        let first = self.sources.entry(trade.source).or_insert(key);
        *first = key.min(*first);
        let mut taken_back = None;
        if let Some(reference) = &trade.cancels {
            let known = self.trades.get(&(trade.source, Arc::clone(reference))).copied();
            if let (Some(known), Some(path)) = (known, self.other.as_mut()) {
                taken_back = path.remove(known).then_some(known);
            }
        }
        if trade.is_excluded || self.is_halted(key) {
            if let Some(path) = self.other.as_mut() {
                path.exclude(key);
            }
            return taken_back;
        }
        if let Some(id) = &trade.trade_id {
            self.trades.insert((trade.source, Arc::clone(id)), key);
        }
        let px = 2 * trade.px;
        self.insert_other(PathRow { key, avail, down: px, up: px }, rung);
        taken_back
    }

    fn insert_other(&mut self, row: PathRow, rung: &mut Vec<usize>) {
        if let Some(path) = self.other.as_mut() {
            path.insert(row);
        }
        self.ring(row, rung);
    }

    fn ring(&mut self, row: PathRow, rung: &mut Vec<usize>) {
        if row.down != ABSENT {
            self.down.ring(row.down, rung);
        }
        if row.up != ABSENT {
            self.up.ring(row.up, rung);
        }
        if !self.waiters.is_empty() {
            rung.append(&mut self.waiters);
        }
    }

    fn is_halted(&self, key: Key) -> bool {
        self.halted && self.quotes.is_halted(key)
    }

    /// Takes a trading status. A halt is a row without prices.
    pub(crate) fn status(&mut self, key: Key, avail: i64, is_halted: bool) {
        self.halted |= is_halted;
        let row = PathRow { key, avail, down: ABSENT, up: ABSENT };
        for path in std::iter::once(&mut self.quotes).chain(self.other.as_mut()) {
            path.status(key, is_halted);
            if is_halted {
                path.insert(row);
                // A halt that is learned of late takes back what seemed to be executable in it.
                let until = path.halt_end(key);
                path.exclude_between(key, until);
            }
        }
    }

    pub(crate) fn gap(&mut self, gap: Gap, [quotes, trades]: [bool; 2]) {
        if quotes {
            self.quotes.gap(gap);
        }
        let is_path = if self.kind == PathKind::Trade { trades } else { quotes };
        if let Some(path) = self.other.as_mut().filter(|_| is_path) {
            path.gap(gap);
        }
    }

    /// Wakes a decision when the side reaches one of two prices.
    pub(crate) fn arm(&mut self, side: Exit, (lower, upper): (i64, i64), no: usize) {
        let alarms = match side {
            Exit::Down => &mut self.down,
            Exit::Up => &mut self.up,
        };
        if upper != i64::MAX {
            alarms.upper.push(Reverse((upper, no)));
        }
        if lower > i64::MIN + 1 {
            alarms.lower.push((lower, no));
        }
    }

    /// Wakes a decision at the next row with a price.
    pub(crate) fn wait(&mut self, no: usize) {
        if !self.waiters.contains(&no) {
            self.waiters.push(no);
        }
    }

    /// Drops rows before an instant, and what no longer waits.
    pub(crate) fn forget(&mut self, before: i64, is_alive: impl Fn(usize) -> bool) {
        self.quotes.forget(before);
        if let Some(path) = self.other.as_mut() {
            path.forget(before);
        }
        self.trades.retain(|_, key| key.ts >= before);
        self.decisions.retain(|no| is_alive(*no));
        for alarms in [&mut self.down, &mut self.up] {
            alarms.upper.retain(|top| is_alive(top.0.1));
            alarms.lower.retain(|top| is_alive(top.1));
        }
    }
}
