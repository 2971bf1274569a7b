//! Silence while a market is open.

use super::runs::Runs;
use crate::context::{Context, DAY_NS};
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, Json, Severity, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Buckets that one check remembers, as runs: 30,000 instrument days of minutes and more.
const MAX_BUCKETS: u64 = 67_108_864;

/// Streams that a finding names.
const NAMED: usize = 16;

/// Buckets of an open session without an update, for each source and instrument that has any.
///
/// - **Sessions:** `calendar`: continuous trading of the instrument's calendar; an instrument without one leaves the check
///   not evaluated. `always`: every UTC day. `from_data`: what lies between a stream's first row and the table's last one.
/// - **From and until:** a stream is expected from the open of the session of its first row on, and until the close of the
///   session of the table's last row, whichever stream that is of; `until = "last_row"` expects nothing behind that row.
/// - **Buckets:** multiples of `bucket` since 1970 that lie wholly in a session. An empty one in which trading was stopped
///   at any instant is not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionCoverage {
    ts: Slot,
    fallback: Slot,
    bucket: i64,
    sessions: Sessions,
    until_close: bool,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Runs>,
    /// Buckets of all streams.
    buckets: u64,
    /// Greatest and least instant of all rows.
    span: Option<(i64, i64)>,
    is_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Sessions {
    Calendar,
    Always,
    FromData,
}

/// What a stream lacks.
#[derive(Debug, Clone, Default)]
struct Silence {
    applicable: u64,
    empty: u64,
    longest: Option<(i64, i64)>,
}

impl SessionCoverage {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "session_coverage",
        doc: "a span of an open session without an update of a source and instrument",
        dimension: Dimension::Completeness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Set,
        params: &[
            ParamSpec::new(
                "ts",
                ParamType::Column,
                Some("ts_event"),
                "time of an update; where it is null, `ts_avail`",
            ),
            ParamSpec::new("bucket", ParamType::Duration, Some("1m"), "length of a span"),
            ParamSpec::new(
                "sessions",
                ParamType::Word(&["calendar", "always", "from_data"]),
                Some("calendar"),
                "when it is open: by the instrument's calendar, every day, or between the first and the last row",
            ),
            ParamSpec::new(
                "until",
                ParamType::Word(&["close", "last_row"]),
                Some("close"),
                "end of what is expected: close of the session of the last row, or that row",
            ),
        ],
        needs: &["instruments", "sessions"],
        build: |params, slots| AnyJudge::SessionCoverage(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            ts: slots.of(params.text("ts")),
            fallback: slots.of("ts_avail"),
            bucket: params.int("bucket").max(1),
            sessions: match params.text("sessions") {
                "always" => Sessions::Always,
                "from_data" => Sessions::FromData,
                _ => Sessions::Calendar,
            },
            until_close: params.text("until") != "last_row",
            streams: BTreeMap::new(),
            buckets: 0,
            span: None,
            is_over: false,
        }
    }

    fn settle(&mut self) {
        // The buckets of all parts together, in any order, decide: their number only grows.
        if self.is_over || self.buckets > MAX_BUCKETS {
            self.is_over = true;
            self.streams.clear();
        }
    }

    /// Open spans `[from, to)` in which a stream is expected.
    fn open(
        &self,
        (_, instrument): (u16, u32),
        runs: &Runs,
        context: &Context,
    ) -> Result<Vec<(i64, i64)>, NotEvaluated> {
        let (Some((first, _)), Some((_, last_row))) = (runs.ends(), self.span) else {
            return Ok(Vec::new());
        };
        let first_row = first.saturating_mul(self.bucket);
        let cut = if self.until_close { i64::MAX } else { last_row.saturating_add(1) };
        Ok(match self.sessions {
            Sessions::FromData => vec![(first_row, last_row.saturating_add(1))],
            Sessions::Always => {
                let day = |ts: i64| ts.div_euclid(DAY_NS);
                let (from, to) = (day(first_row), day(last_row).saturating_add(1));
                vec![(from.saturating_mul(DAY_NS), to.saturating_mul(DAY_NS).min(cut))]
            }
            Sessions::Calendar => {
                let version = context.instruments.at(instrument, first_row);
                let calendar = version.and_then(|v| v.calendar.as_deref());
                let calendar =
                    calendar.filter(|c| context.calendars.knows(c)).ok_or_else(|| {
                        NotEvaluated::MissingContext(format!("sessions of instrument {instrument}"))
                    })?;
                let end = last_row.saturating_add(1);
                let sessions = context.calendars.regular(calendar, first_row, end);
                let listed =
                    sessions.filter(|s| context.instruments.at(instrument, s.start).is_some());
                listed.map(|s| (s.start, s.end.min(cut))).collect()
            }
        })
    }

    fn silence(
        &self,
        stream: (u16, u32),
        runs: &Runs,
        context: &Context,
    ) -> Result<Silence, NotEvaluated> {
        let mut out = Silence::default();
        let mut done = i64::MIN;
        for (from, to) in self.open(stream, runs, context)? {
            let first = from.div_euclid(self.bucket) + i64::from(from.rem_euclid(self.bucket) != 0);
            // What lies between rows is judged to the bucket of the last one.
            let ragged = self.sessions == Sessions::FromData && to.rem_euclid(self.bucket) != 0;
            let end = to.div_euclid(self.bucket) + i64::from(ragged);
            let first = first.max(done);
            if first >= end {
                continue;
            }
            done = end;
            out.applicable += end.abs_diff(first);
            for (from, to) in runs.holes(first, end) {
                self.add_hole(&mut out, stream, (from, to), context);
            }
        }
        Ok(out)
    }

    fn add_hole(&self, out: &mut Silence, stream: (u16, u32), hole: (i64, i64), context: &Context) {
        let ns = |bucket: i64| bucket.saturating_mul(self.bucket);
        let mut halted = 0;
        if context.is_halted_within(stream, ns(hole.0), ns(hole.1)) {
            let buckets = hole.0..hole.1;
            let is_halted =
                |b: &i64| context.is_halted_within(stream, ns(*b), ns(b.saturating_add(1)));
            halted = buckets.filter(is_halted).count() as u64;
        }
        let empty = hole.1.abs_diff(hole.0) - halted;
        out.applicable -= halted;
        out.empty += empty;
        let len = |(from, to): (i64, i64)| to.abs_diff(from);
        if empty > 0 && out.longest.is_none_or(|l| len(hole) > len(l)) {
            out.longest = Some(hole);
        }
    }

    fn detail(&self, mut all: Vec<((u16, u32), Silence)>) -> Json {
        let time = |bucket: i64| {
            Json::from(UtcNanos::from_nanos(bucket.saturating_mul(self.bucket)).to_string())
        };
        all.retain(|(_, silence)| silence.empty > 0);
        all.sort_by_key(|(stream, silence)| (std::cmp::Reverse(silence.empty), *stream));
        all.truncate(NAMED);
        let streams = all.into_iter().map(|((source, instrument), silence)| {
            let (from, to) = silence.longest.unwrap_or_default();
            Json::object([
                ("source_id", Json::from(u64::from(source))),
                ("instrument_id", Json::from(u64::from(instrument))),
                ("empty", Json::from(silence.empty)),
                ("applicable", Json::from(silence.applicable)),
                ("longest_from", time(from)),
                ("longest_to", time(to)),
            ])
        });
        Json::object([("streams", Json::Array(streams.collect()))])
    }
}

impl Judge for SessionCoverage {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        if self.is_over {
            return Ok(());
        }
        let (ts, fallback) = (rows.column(self.ts)?, rows.optional(self.fallback));
        let mut last = None;
        for row in 0..rows.len() {
            let Some(at) = ts.i64(row).or_else(|| fallback.and_then(|f| f.i64(row))) else {
                continue;
            };
            let (low, high) = self.span.unwrap_or((at, at));
            self.span = Some((low.min(at), high.max(at)));
            let place = (rows.stream(row), at.div_euclid(self.bucket));
            if last != Some(place) {
                last = Some(place);
                let runs = self.streams.entry(place.0).or_default();
                let before = runs.len();
                runs.add(place.1, place.1 + 1);
                self.buckets += runs.len() - before;
            }
        }
        self.settle();
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.is_over |= right.is_over;
        for (stream, runs) in &right.streams {
            self.streams.entry(*stream).or_default().union(runs);
        }
        self.buckets = self.streams.values().map(Runs::len).sum();
        self.span = match (self.span, right.span) {
            (Some(left), Some(right)) => Some((left.0.min(right.0), left.1.max(right.1))),
            (left, right) => left.or(right),
        };
        self.settle();
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        if self.is_over {
            let reason = NotEvaluated::Limit(format!("{MAX_BUCKETS} spans with an update"));
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let mut all = Vec::with_capacity(self.streams.len());
        for (stream, runs) in &self.streams {
            match self.silence(*stream, runs, context) {
                Ok(silence) => all.push((*stream, silence)),
                Err(reason) => {
                    end.verdict = Some(Verdict::NotEvaluated(reason));
                    return;
                }
            }
        }
        let mut empty = 0_u64;
        for ((source, _), silence) in &all {
            let counts = end.by_source.entry(*source).or_default();
            counts.applicable += silence.applicable;
            counts.violations += silence.empty;
            empty += silence.empty;
        }
        if empty > 0 {
            end.effect = Some(("empty_spans", empty as f64));
            end.detail = Some(self.detail(all));
        }
    }
}
