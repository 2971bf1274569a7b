//! Spreads that are wide for the time of day.

use crate::context::{Context, DAY_NS};
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A spread above a multiple of the median of the same time of day in past sessions.
///
/// A session is a UTC day of `ts_event` (`ts_avail` where that is null); times of day are slots of `slot`; the median is
/// that of all positive spreads of the source and instrument in that slot on the last `sessions` days that had any, exact, the middle of
/// two for an even number. Applicable are positive spreads with at least `min_sessions` such days before them. A row of a
/// past day counts for its own day, and for medians from the next day on. Memory: distinct spreads a slot and day; beyond `limit` of them the check is not evaluated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WideSpread {
    slots: [Slot; 4],
    times: f64,
    slot_ns: i64,
    sessions: usize,
    min_sessions: usize,
    limit: usize,
    kept: usize,
    #[serde(with = "crate::pairs")]
    history: BTreeMap<(u16, u32, i64), History>,
}

/// Spreads of one stream and slot by day, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct History {
    days: VecDeque<Day>,
    /// Day for which the median below holds, and twice that median.
    median: Option<(i64, Option<i128>)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Day {
    day: i64,
    #[serde(with = "crate::pairs")]
    counts: BTreeMap<i64, u64>,
}

impl WideSpread {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "wide_spread",
        doc: "a spread above a multiple of the median of the same time of day in past sessions",
        dimension: Dimension::Accuracy,
        severity: Severity::Info,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new("bid", ParamType::Column, Some("bid_px"), "column of the bid"),
            ParamSpec::new("ask", ParamType::Column, Some("ask_px"), "column of the ask"),
            ParamSpec::new(
                "times",
                ParamType::Number,
                Some("5"),
                "multiple of the median that is allowed",
            ),
            ParamSpec::new("slot", ParamType::Duration, Some("5m"), "length of a time of day"),
            ParamSpec::new("sessions", ParamType::Count, Some("20"), "past sessions that count"),
            ParamSpec::new(
                "min_sessions",
                ParamType::Count,
                Some("5"),
                "past sessions that it takes",
            ),
            ParamSpec::new(
                "limit",
                ParamType::Count,
                Some("1048576"),
                "distinct spreads kept, slot by slot and day by day; beyond them the check is not evaluated",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::WideSpread(Self {
                slots: [
                    slots.of(params.text("bid")),
                    slots.of(params.text("ask")),
                    slots.of("ts_event"),
                    slots.of("ts_avail"),
                ],
                times: params.number("times"),
                slot_ns: params.int("slot").clamp(1, DAY_NS),
                sessions: params.count("sessions").max(1),
                min_sessions: params.count("min_sessions").max(1),
                limit: params.count("limit"),
                kept: 0,
                history: BTreeMap::new(),
            })
        },
    };
}

impl History {
    /// Twice the median of the days before one, where there are enough.
    fn twice_median(&mut self, day: i64, sessions: usize, min_sessions: usize) -> Option<i128> {
        if let Some((known, median)) = self.median
            && known == day
        {
            return median;
        }
        let past = self.days.iter().rev().filter(|d| d.day < day).take(sessions);
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        let mut days = 0;
        for past in past {
            days += 1;
            for (spread, n) in &past.counts {
                *counts.entry(*spread).or_default() += n;
            }
        }
        let median = (days >= min_sessions).then(|| twice_median(&counts)).flatten();
        self.median = Some((day, median));
        median
    }

    /// Takes in a spread; how many more (or fewer) distinct ones are kept.
    fn take(&mut self, day: i64, spread: i64, sessions: usize) -> (usize, usize) {
        let at = self.days.partition_point(|d| d.day < day);
        if self.days.get(at).is_none_or(|d| d.day != day) {
            self.days.insert(at, Day { day, counts: BTreeMap::new() });
        }
        let mut added = 0;
        if let Some(found) = self.days.get_mut(at) {
            let before = found.counts.len();
            *found.counts.entry(spread).or_default() += 1;
            added = found.counts.len() - before;
        }
        let mut dropped = 0;
        // The day that runs, and as many before it as count.
        while self.days.len() > sessions + 1 {
            dropped += self.days.pop_front().map_or(0, |d| d.counts.len());
        }
        (added, dropped)
    }
}

fn twice_median(counts: &BTreeMap<i64, u64>) -> Option<i128> {
    let total: u64 = counts.values().sum();
    let place = |at: u64| {
        let mut seen = 0;
        counts.iter().find_map(|(value, n)| {
            seen += n;
            (seen > at).then_some(i128::from(*value))
        })
    };
    Some(place(total.checked_sub(1)? / 2)? + place(total / 2)?)
}

impl Judge for WideSpread {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let [bid, ask, event, avail] = self.slots;
        let (bid, ask) = (rows.column(bid)?, rows.column(ask)?);
        let (event, avail) = (rows.column(event)?, rows.column(avail)?);
        for row in 0..rows.len() {
            let sides = bid.i64(row).zip(ask.i64(row));
            let Some(spread) = sides.and_then(|(b, a)| a.checked_sub(b)).filter(|s| *s > 0) else {
                continue;
            };
            let Some(ts) = event.i64(row).or_else(|| avail.i64(row)) else { continue };
            let (day, time) = (ts.div_euclid(DAY_NS), ts.rem_euclid(DAY_NS));
            let (source, instrument) = rows.stream(row);
            let key = (source, instrument, time / self.slot_ns);
            let history = self.history.entry(key).or_default();
            if let Some(twice) = history.twice_median(day, self.sessions, self.min_sessions) {
                marks.judge(row, 2.0 * spread as f64 > self.times * twice as f64);
            }
            let (added, dropped) = history.take(day, spread, self.sessions);
            self.kept = (self.kept + added).saturating_sub(dropped);
            if self.kept > self.limit {
                self.history.clear();
                return Err(NotEvaluated::Limit(format!("{} distinct spreads", self.limit)));
            }
        }
        Ok(())
    }
}
