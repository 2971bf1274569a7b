//! When each venue trades each instrument, in true time.

use crate::scenario::{Day, Dur, Spec};
use crate::universe::Universe;
use contract::UtcNanos;

/// What a venue does with an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed,
    /// Orders are collected, nothing is quoted.
    Auction,
    Trading,
    Lunch,
    Halt,
    CloseAuction,
}

/// From `ts` on, this phase holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) ts: i64,
    pub(crate) phase: Phase,
    /// Ticks by which the price moves at this moment; `None`: drawn (the night).
    pub(crate) gap: Option<i64>,
}

/// The run's times.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// By instrument, then venue.
    marks: Vec<Vec<Vec<Mark>>>,
    /// Split factor of an instrument at the first mark of a day.
    pub(crate) splits: Vec<(usize, i64, i64)>,
    pub(crate) funding: Vec<i64>,
    pub(crate) first_open: i64,
}

/// Local time of a day as an instant.
pub(crate) fn instant(day: &Day, local: Dur) -> i64 {
    midnight(day) + local.0 - offset(day, local)
}

/// Offset from UTC in force at a local time, in nanoseconds.
pub(crate) fn offset(day: &Day, local: Dur) -> i64 {
    match &day.offset_change {
        Some(change) if local >= change.at => change.utc_offset.0,
        _ => day.utc_offset.map_or(0, |d| d.0),
    }
}

fn midnight(day: &Day) -> i64 {
    // `check` has parsed the same text before.
    UtcNanos::parse(&format!("{}T00:00:00Z", day.date)).map_or(0, UtcNanos::nanos)
}

impl Calendar {
    pub(crate) fn new(spec: &Spec, universe: &Universe) -> Self {
        let marks = (universe.listings.iter())
            .map(|listing| {
                (0..universe.venues.len())
                    .map(|venue| timeline(spec, &listing.symbol, venue))
                    .collect()
            })
            .collect();
        let at = |symbol: &str| universe.listings.iter().position(|l| l.symbol == symbol);
        let splits = (spec.splits.iter())
            .filter_map(|s| {
                let day = spec.days.iter().find(|d| d.date == s.date)?;
                Some((at(&s.symbol)?, instant(day, day.auction), s.num))
            })
            .collect();
        let funding =
            spec.days.iter().flat_map(|d| d.funding.iter().map(|f| instant(d, *f))).collect();
        let first = spec.days.first().map_or(0, |d| instant(d, d.auction));
        let slice = spec.slice.0;
        let start = (first - 1_000_000_000).div_euclid(slice) * slice;
        // After the close: labels mature, late reports come in.
        let last = spec.days.last().map_or(0, |d| instant(d, d.close));
        let end = (last + spec.horizon.0 + 90_000_000_000).div_euclid(slice) * slice + slice;
        let first_open = spec.days.first().map_or(0, |d| instant(d, d.open));
        Self { start, end, marks, splits, funding, first_open }
    }

    pub(crate) fn marks(&self, instrument: usize, venue: usize) -> &[Mark] {
        self.marks.get(instrument).and_then(|m| m.get(venue)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn phase(&self, instrument: usize, venue: usize, ts: i64) -> Phase {
        let marks = self.marks(instrument, venue);
        let next = marks.partition_point(|m| m.ts <= ts);
        next.checked_sub(1).and_then(|at| marks.get(at)).map_or(Phase::Closed, |m| m.phase)
    }

    /// The next moment after `ts` at which continuous trading at the first venue stops, for any reason.
    pub(crate) fn next_stop(&self, instrument: usize, ts: i64) -> i64 {
        let marks = self.marks(instrument, 0);
        let from = marks.partition_point(|m| m.ts <= ts);
        marks.iter().skip(from).find(|m| m.phase != Phase::Trading).map_or(i64::MAX, |m| m.ts)
    }

    /// The next scheduled end of continuous trading: what a desk can know.
    pub(crate) fn next_close(&self, instrument: usize, ts: i64) -> i64 {
        let marks = self.marks(instrument, 0);
        let from = marks.partition_point(|m| m.ts <= ts);
        marks.iter().skip(from).find(|m| m.phase == Phase::CloseAuction).map_or(i64::MAX, |m| m.ts)
    }

    /// Whether anything happens in this span.
    pub(crate) fn is_idle(&self, from: i64, to: i64) -> bool {
        self.marks.iter().flatten().all(|marks| {
            let before = marks.partition_point(|m| m.ts <= from);
            let inside = marks.get(before).is_some_and(|m| m.ts < to);
            let closed = before
                .checked_sub(1)
                .and_then(|at| marks.get(at))
                .is_none_or(|m| m.phase == Phase::Closed);
            // Late reports and labels of the last minutes come after the close.
            let settled = before
                .checked_sub(1)
                .and_then(|at| marks.get(at))
                .is_none_or(|m| from - m.ts > 120_000_000_000);
            closed && settled && !inside
        })
    }
}

fn timeline(spec: &Spec, symbol: &str, venue: usize) -> Vec<Mark> {
    let mut out = Vec::new();
    for day in &spec.days {
        let mut push =
            |local: Dur, phase, gap| out.push(Mark { ts: instant(day, local), phase, gap });
        push(day.auction, Phase::Auction, Some(0));
        push(day.open, Phase::Trading, None);
        if let Some([from, to]) = day.lunch.filter(|_| venue == 1) {
            push(from, Phase::Lunch, Some(0));
            push(to, Phase::Trading, Some(0));
        }
        push(day.close_auction, Phase::CloseAuction, Some(0));
        push(day.close, Phase::Closed, Some(0));
        for halt in spec.halts.iter().filter(|h| h.symbol == symbol && h.date == day.date) {
            halted(
                &mut out,
                instant(day, halt.at),
                instant(day, Dur(halt.at.0 + halt.lasts.0)),
                halt.gap_ticks,
            );
        }
    }
    out
}

/// Puts a halt over a timeline: what would have held at its end holds from there on.
fn halted(marks: &mut Vec<Mark>, from: i64, to: i64, gap: i64) {
    let before = marks.iter().rev().find(|m| m.ts <= from).map_or(Phase::Closed, |m| m.phase);
    let after = marks.iter().rev().find(|m| m.ts <= to).map_or(Phase::Closed, |m| m.phase);
    if before == Phase::Closed {
        return;
    }
    marks.retain(|m| m.ts < from || m.ts > to);
    marks.push(Mark { ts: from, phase: Phase::Halt, gap: Some(0) });
    marks.push(Mark { ts: to, phase: after, gap: Some(gap) });
    marks.sort_by_key(|m| m.ts);
}
