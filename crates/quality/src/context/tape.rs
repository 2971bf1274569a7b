//! Trades, to be added up again.

use arrow_array::Array;
use contract::{Draft, TradeAction, Trades, UnknownWord};
use std::collections::BTreeMap;

/// Trades by source and instrument, in order of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape {
    streams: BTreeMap<(u16, u32), Vec<Print>>,
    /// Prints that were cancelled (`None`) or corrected, by source, instrument and id.
    mended: BTreeMap<(u16, u32, String), Option<(i64, i128)>>,
    /// First and last instant of each source.
    spans: BTreeMap<u16, (i64, i64)>,
}

#[derive(Debug, Clone)]
struct Print {
    ts: i64,
    px: i64,
    /// In units of 1e-9.
    size: i128,
    id: Option<Box<str>>,
}

/// What the trades of a window add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aggregate {
    /// Open, high, low and close.
    pub(crate) px: [i64; 4],
    /// In units of 1e-9.
    pub(crate) size: i128,
}

impl Tape {
    pub(crate) fn add(&mut self, rows: &Draft<Trades>) -> Result<(), UnknownWord> {
        let events = rows.ts_event();
        for row in 0..rows.len() {
            let action = rows.cell(&Trades::ACTION, row)?;
            let (source, id) = (rows.source_id().value(row), rows.instrument_id().value(row));
            let (px, size) =
                (rows.col(&Trades::PX).value(row), size_nanos(rows.cell(&Trades::SIZE, row)?));
            if action != TradeAction::Trade {
                if let Some(meant) = rows.cell(&Trades::REF_TRADE_ID, row)? {
                    let values = (action == TradeAction::Correct).then_some((px, size));
                    self.mended.insert((source, id, meant.to_owned()), values);
                }
                continue;
            }
            let ts_avail = rows.ts_avail().value(row);
            let ts = if events.is_valid(row) { events.value(row) } else { ts_avail };
            let span = self.spans.entry(source).or_insert((ts, ts));
            *span = (span.0.min(ts), span.1.max(ts));
            let id_text = rows.cell(&Trades::TRADE_ID, row)?.map(Box::from);
            let prints = self.streams.entry((source, id)).or_default();
            let at = match prints.last() {
                Some(last) if last.ts > ts => prints.partition_point(|p| p.ts <= ts),
                _ => prints.len(),
            };
            prints.insert(at, Print { ts, px, size, id: id_text });
        }
        Ok(())
    }

    /// First and last instant of a source's trades.
    pub(crate) fn span(&self, source: u16) -> Option<(i64, i64)> {
        self.spans.get(&source).copied()
    }

    /// The only source, where there is one.
    pub(crate) fn only_source(&self) -> Option<u16> {
        let mut sources = self.spans.keys();
        sources.next().copied().filter(|_| sources.next().is_none())
    }

    /// What the trades of `[from, to)` add up to; `None` without any.
    pub(crate) fn aggregate(&self, stream: (u16, u32), from: i64, to: i64) -> Option<Aggregate> {
        let prints = self.streams.get(&stream)?;
        let first = prints.partition_point(|p| p.ts < from);
        let until = prints.partition_point(|p| p.ts < to);
        let values = prints.get(first..until)?.iter().filter_map(|p| self.value(stream, p));
        values.fold(None, |sum: Option<Aggregate>, (px, size)| {
            let Some(sum) = sum else {
                return Some(Aggregate { px: [px; 4], size });
            };
            let [open, high, low, _] = sum.px;
            Some(Aggregate {
                px: [open, high.max(px), low.min(px), px],
                size: sum.size.saturating_add(size),
            })
        })
    }

    fn value(&self, (source, id): (u16, u32), print: &Print) -> Option<(i64, i128)> {
        if self.mended.is_empty() {
            return Some((print.px, print.size));
        }
        let Some(text) = &print.id else { return Some((print.px, print.size)) };
        match self.mended.get(&(source, id, text.to_string())) {
            Some(mended) => *mended,
            None => Some((print.px, print.size)),
        }
    }
}

/// A size in units of 1e-9, the finest that a source states; whole units of that are exact up to 9 million.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole and finite: the cast is exact or saturates"
)]
pub(crate) fn size_nanos(size: f64) -> i128 {
    let units = size * 1e9;
    if units.is_finite() { units.round() as i128 } else { 0 }
}
