//! Jumps across a session break that look like a split.

use super::cells::{Cells, Made};
use super::prices::is_old;
use crate::context::{Context, SessionAt};
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The first price after a session break whose ratio to the last one before it is near a small rational, without a split,
/// stock dividend or spin-off that takes effect in the break and was known by the row's `ts_avail`.
///
/// Rationals: n and 1/n for n from 2 to 10 and 12, 15, 20, 25, 30, 40, 50, 100, and p/q in lowest terms for p and q from 2 to 5. The break
/// is where the instrument's calendar has another session, or, where no calendar is known, at least `pause` without a
/// price. Applicable: first prices after a break; cancels, corrections and rows behind the last price are none. Memory: a key, a price and a time a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SplitSuspect {
    first: Slot,
    last: Slot,
    event: Slot,
    avail: Slot,
    action: Slot,
    by: Cells,
    pause: i64,
    within: f64,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<Vec<u8>, Stream>,
    #[serde(skip)]
    key: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stream {
    px: i64,
    ts: i64,
}

/// Most streams.
const MAX_STREAMS: usize = 262_144;

/// Ratios above 1, as numerator and denominator.
const RATIOS: [(i64, i64); 21] = [
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (6, 1),
    (7, 1),
    (8, 1),
    (9, 1),
    (10, 1),
    (12, 1),
    (15, 1),
    (20, 1),
    (25, 1),
    (30, 1),
    (40, 1),
    (50, 1),
    (100, 1),
    (3, 2),
    (4, 3),
    (5, 2),
    (5, 3),
];

impl SplitSuspect {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "split_suspect",
        doc: "a jump across a session break by a small rational, without a known split",
        dimension: Dimension::Accuracy,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "first",
                ParamType::Column,
                Some("px"),
                "price to compare after a break; `open` of bars",
            ),
            ParamSpec::new(
                "last",
                ParamType::Column,
                Some("px"),
                "price to compare before a break; `close` of bars",
            ),
            ParamSpec::new(
                "by",
                ParamType::Columns,
                Some("source_id,instrument_id"),
                "columns that make a stream of prices",
            ),
            ParamSpec::new(
                "pause",
                ParamType::Duration,
                Some("1h"),
                "shortest silence that is a session break where no calendar is known",
            ),
            ParamSpec::new(
                "within",
                ParamType::Number,
                Some("0.02"),
                "relative distance to a rational",
            ),
        ],
        needs: &["adjustments"],
        build: |params, slots| {
            AnyJudge::SplitSuspect(Self {
                first: slots.of(params.text("first")),
                last: slots.of(params.text("last")),
                event: slots.of("ts_event"),
                avail: slots.of("ts_avail"),
                action: slots.of("action"),
                by: Cells::new(params, "by", slots),
                pause: params.int("pause"),
                within: params.number("within"),
                streams: BTreeMap::new(),
                key: Vec::new(),
            })
        },
    };

    fn is_break(&self, context: &Context, instrument: u32, from: i64, to: i64) -> bool {
        match (context.session(instrument, from), context.session(instrument, to)) {
            (SessionAt::Unknown, _) | (_, SessionAt::Unknown) => {
                to.saturating_sub(from) >= self.pause
            }
            (before, after) => before != after,
        }
    }

    fn is_near(&self, before: i64, after: i64) -> bool {
        let (low, high) = if before < after { (before, after) } else { (after, before) };
        let ratio = high as f64 / low as f64;
        RATIOS.iter().any(|(p, q)| {
            let rational = *p as f64 / *q as f64;
            (ratio / rational - 1.0).abs() <= self.within
        })
    }
}

impl Judge for SplitSuspect {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("adjustments") {
            return Err(NotEvaluated::MissingContext("adjustments".to_owned()));
        }
        let (first, last) = (rows.column(self.first)?, rows.column(self.last)?);
        let (events, avails) = (rows.column(self.event)?, rows.column(self.avail)?);
        let (by, action) = (self.by.columns(rows)?, rows.optional(self.action));
        for row in 0..rows.len() {
            let prices = first.i64(row).zip(last.i64(row)).filter(|(f, l)| *f > 0 && *l > 0);
            let Some((first_px, last_px)) = prices else { continue };
            let Some(avail) = avails.i64(row).filter(|_| !is_old(action, row)) else { continue };
            let ts = events.i64(row).unwrap_or(avail);
            self.key.clear();
            if by.write(row, &mut self.key) != Made::Whole {
                continue;
            }
            let (_, instrument) = rows.stream(row);
            let next = Stream { px: last_px, ts };
            let Some(before) = self.streams.get(self.key.as_slice()).copied() else {
                if self.streams.len() >= MAX_STREAMS {
                    return Err(NotEvaluated::Limit(format!("{MAX_STREAMS} streams")));
                }
                self.streams.insert(self.key.clone(), next);
                continue;
            };
            if ts < before.ts {
                continue;
            }
            if self.is_break(context, instrument, before.ts, ts) {
                let is_suspect = self.is_near(before.px, first_px)
                    && !context.knows_split(instrument, before.ts, ts, avail);
                marks.judge(row, is_suspect);
            }
            if let Some(stream) = self.streams.get_mut(self.key.as_slice()) {
                *stream = next;
            }
        }
        Ok(())
    }
}
