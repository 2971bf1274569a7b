//! The path of one instrument, and what its price was at an instant.

use contract::TradeAction;

use super::log::{Key, Log, Print, Status};
use crate::null::Null;
use crate::settings::{Measures, PathKind};

/// The side of a price: where a long position leaves, or a short one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Down,
    Up,
}

/// A row that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) key: Key,
    pub(super) avail: i64,
    /// Doubled price at which a long position leaves.
    pub(super) down: Option<i64>,
    /// Doubled price at which a short position leaves.
    pub(super) up: Option<i64>,
    /// A status that halts, not a row of the tape.
    pub(super) is_status: bool,
}

impl Point {
    pub(super) fn price(&self, edge: Edge) -> Option<i64> {
        match edge {
            Edge::Down => self.down,
            Edge::Up => self.up,
        }
    }
}

/// A price that was found, and the row that gave it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) price: i64,
    pub(super) avail: i64,
}

/// How a window ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exit {
    pub(super) price: Result<i64, Null>,
    pub(super) lo: Option<i64>,
    pub(super) hi: Option<i64>,
    /// When the position is left.
    pub(super) ts: i64,
    /// Last instant that had to be looked at.
    pub(super) end: i64,
    pub(super) delay_ns: i64,
    pub(super) avail: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    /// Rows that are not excluded, by key, with the statuses that halt.
    pub(super) points: Vec<Point>,
    /// Keys of rows that are excluded.
    pub(super) excluded: Vec<Key>,
    gaps: Vec<(i64, i64)>,
}

impl Path {
    pub(super) fn of(log: &Log, instrument: u32, kind: PathKind, measures: &Measures) -> Self {
        let exclude_flags = measures.exclude_flags;
        let from = |source: u16| measures.sources.is_empty() || measures.sources.contains(&source);
        let statuses: Vec<&Status> = log
            .statuses
            .iter()
            .filter(|status| status.instrument == instrument && from(status.source))
            .collect();
        let halts = halts(&statuses);
        let is_halted = |key: Key| halts.iter().any(|(from, to)| *from < key && key < *to);
        let mut path = Self { gaps: gaps(log, instrument, kind, &from), ..Self::default() };
        let mut row = |point: Point, is_excluded: bool| {
            if is_excluded || is_halted(point.key) {
                path.excluded.push(point.key);
            } else {
                path.points.push(point);
            }
        };
        if kind == PathKind::Trade {
            let own = |print: &&Print| print.instrument == instrument && from(print.source);
            let is_mend = |print: &&Print| print.action != TradeAction::Trade;
            let mends: Vec<&Print> = log.prints.iter().filter(own).filter(is_mend).collect();
            for print in log.prints.iter().filter(own) {
                let is_withdrawn = mends.iter().any(|other| {
                    (other.instrument, other.source) == (print.instrument, print.source)
                        && other.key > print.key
                        && print.id.is_some()
                        && other.ref_id == print.id
                });
                let is_excluded = print.action != TradeAction::Trade
                    || is_withdrawn
                    || print.flags & exclude_flags != 0;
                let price = Some(print.px * 2);
                row(
                    Point {
                        key: print.key,
                        avail: print.avail,
                        down: price,
                        up: price,
                        is_status: false,
                    },
                    is_excluded,
                );
            }
        } else {
            for quote in log.quotes.iter().filter(|q| q.instrument == instrument && from(q.source))
            {
                let both = quote.bid.zip(quote.ask);
                let is_crossed = both.is_some_and(|(bid, ask)| bid > ask);
                let mid = both.map(|(bid, ask)| bid + ask);
                let (down, up) = match kind {
                    PathKind::Mid => (mid, mid),
                    _ => (quote.bid.map(|px| px * 2), quote.ask.map(|px| px * 2)),
                };
                row(
                    Point { key: quote.key, avail: quote.avail, down, up, is_status: false },
                    is_crossed || quote.flags & exclude_flags != 0,
                );
            }
        }
        let halting = statuses.iter().filter(|status| status.is_halt);
        path.points.extend(halting.map(|status| Point {
            key: status.key,
            avail: status.avail,
            down: None,
            up: None,
            is_status: true,
        }));
        path.points.sort_by_key(|point| point.key);
        path
    }

    /// Rows up to an instant, it included.
    pub(super) fn up_to(&self, instant: i64) -> &[Point] {
        let end = self.points.partition_point(|point| point.key.0 <= instant);
        self.points.get(..end).unwrap_or_default()
    }

    /// Rows after a key, up to an instant, it included.
    pub(super) fn between(&self, after: Key, until: i64) -> &[Point] {
        let until = self.up_to(until);
        let start = until.partition_point(|point| point.key <= after);
        until.get(start..).unwrap_or_default()
    }

    /// Whether there is a row of the tape at or before an instant.
    pub(super) fn has_row_by(&self, instant: i64) -> bool {
        self.up_to(instant).iter().any(|point| !point.is_status)
    }

    /// Whether rows are known to be lost in `[from, to]`.
    pub(super) fn has_gap(&self, from: i64, to: i64) -> bool {
        self.gaps.iter().any(|(f, t)| *f <= to && *t >= from)
    }

    /// Whether rows are known to be lost in `(from, to]`.
    pub(super) fn has_gap_after(&self, from: i64, to: i64) -> bool {
        self.gaps.iter().any(|(f, t)| *f <= to && *t > from)
    }

    /// Whether rows are known to be lost in `[from, to)`.
    pub(super) fn has_gap_before(&self, from: i64, to: i64) -> bool {
        self.gaps.iter().any(|(f, t)| *f < to && *t >= from)
    }

    pub(super) fn last_at(&self, instant: i64) -> Option<&Point> {
        self.up_to(instant).last()
    }

    /// The latest price at an instant, rows at the instant included.
    pub(super) fn at(&self, instant: i64, edge: Edge) -> Result<Found, Null> {
        self.price_of(self.last_at(instant), instant, edge)
    }

    /// The latest price strictly before a key, among the rows that a decider had read.
    pub(super) fn before(&self, key: Key, edge: Edge, seq: Option<u64>) -> Result<Found, Null> {
        let is_read = |point: &Point| seq.is_none_or(|high| point.key.1 <= high);
        let earlier = self.points.partition_point(|point| point.key < key);
        let last = self.points.iter().take(earlier).rev().find(|point| is_read(point));
        self.price_of(last, key.0, edge)
    }

    fn price_of(&self, last: Option<&Point>, instant: i64, edge: Edge) -> Result<Found, Null> {
        let point = last.ok_or(Null::NoQuote)?;
        if self.has_gap(point.key.0, instant) {
            return Err(Null::Gap);
        }
        let price = point.price(edge).ok_or(Null::NoQuote)?;
        Ok(Found { price, avail: point.avail })
    }

    /// The price at which a position is left at the end of a window.
    pub(super) fn exit(
        &self,
        end: i64,
        edge: Edge,
        max_delay_ns: i64,
        clock_bound_ns: i64,
    ) -> Exit {
        let at_end = Exit {
            price: Err(Null::NoQuote),
            lo: None,
            hi: None,
            ts: end,
            end: end + clock_bound_ns,
            delay_ns: 0,
            avail: None,
        };
        let Some(last) = self.last_at(end) else { return at_end };
        if self.has_gap(last.key.0, end) {
            return Exit { price: Err(Null::Gap), ..at_end };
        }
        if let Some(price) = last.price(edge) {
            let (lo, hi) = self.extremes(end, edge, clock_bound_ns, price);
            return Exit { price: Ok(price), lo, hi, avail: Some(last.avail), ..at_end };
        }
        let deadline = end + max_delay_ns;
        let after = self.between((end, u64::MAX), deadline);
        let next = after.iter().find(|point| point.price(edge).is_some());
        let ts = next.map_or(deadline, |point| point.key.0);
        let late = Exit { ts, end: ts + clock_bound_ns, delay_ns: ts - end, ..at_end };
        if self.has_gap(last.key.0, ts) {
            return Exit { price: Err(Null::Gap), ..late };
        }
        let Some((point, price)) = next.and_then(|point| Some((point, point.price(edge)?))) else {
            let why = if last.is_status { Null::Halt } else { Null::NoQuote };
            return Exit { price: Err(why), ..late };
        };
        let exact = Some(price);
        Exit { price: Ok(price), lo: exact, hi: exact, avail: Some(point.avail), ..late }
    }

    /// Lowest and highest price that the exit may have had while clocks disagree by so much.
    fn extremes(&self, end: i64, edge: Edge, bound: i64, price: i64) -> (Option<i64>, Option<i64>) {
        let near = self
            .between((end - bound - 1, u64::MAX), end + bound)
            .iter()
            .filter_map(|point| point.price(edge));
        let before = self.at(end - bound, edge).ok().map(|found| found.price);
        let all: Vec<i64> =
            if bound > 0 { near.chain(before).chain([price]).collect() } else { vec![price] };
        (all.iter().min().copied(), all.iter().max().copied())
    }
}

/// From a status that halts to the next one that does not.
fn halts(statuses: &[&Status]) -> Vec<(Key, Key)> {
    let mut halts = Vec::new();
    let mut since: Option<Key> = None;
    for status in statuses {
        match (since, status.is_halt) {
            (None, true) => since = Some(status.key),
            (Some(from), false) => {
                halts.push((from, status.key));
                since = None;
            }
            _ => {}
        }
    }
    halts.extend(since.map(|from| (from, (i64::MAX, u64::MAX))));
    halts
}

fn gaps(log: &Log, instrument: u32, kind: PathKind, from: &dyn Fn(u16) -> bool) -> Vec<(i64, i64)> {
    let table = if kind == PathKind::Trade { "trades" } else { "quotes" };
    let has_delivered = |source: u16, before: Key| {
        if kind == PathKind::Trade {
            log.prints
                .iter()
                .any(|p| p.instrument == instrument && p.source == source && p.key < before)
        } else {
            log.quotes
                .iter()
                .any(|q| q.instrument == instrument && q.source == source && q.key < before)
        }
    };
    let concerns = |loss: &&super::log::Loss| {
        let is_about = loss.table.as_deref().is_none_or(|about| about == table);
        let is_ours = match (loss.instrument, loss.source) {
            (Some(id), _) => id == instrument,
            (None, Some(source)) => has_delivered(source, loss.key),
            (None, None) => true,
        };
        is_about && is_ours && loss.source.is_none_or(from)
    };
    log.losses.iter().filter(concerns).map(|loss| (loss.from, loss.to)).collect()
}
