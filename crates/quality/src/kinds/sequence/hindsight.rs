//! Prices that stand out from those on both sides: judged when their session is over.

use super::prices::{Now, Prices, tick};
use crate::anomaly::{
    AnomalyError, CentredRule, Judgement, RoundTripRule, round_trip, spike_centred,
};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::{LateMark, Marks};
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const COLUMN: ParamSpec = ParamSpec::new("column", ParamType::Column, Some("px"), "the price");

const LIMIT: ParamSpec = ParamSpec::new(
    "limit",
    ParamType::Count,
    Some("4194304"),
    "prices kept of open sessions, 16 bytes each; beyond them the check is not evaluated",
);

/// The prices of the open sessions.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OpenSessions {
    prices: Prices,
    limit: usize,
    kept: usize,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Session>,
}

/// One session of one source and instrument.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Session {
    now: Now,
    tick: i64,
    ids: Vec<u64>,
    px: Vec<i64>,
}

type Kernel<'a> = &'a dyn Fn(&[i64], i64) -> Result<Vec<Judgement>, AnomalyError>;

impl OpenSessions {
    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            prices: Prices::new(params.text("column"), slots),
            limit: params.count("limit"),
            kept: 0,
            streams: BTreeMap::new(),
        }
    }

    /// Keeps the prices of a batch, and judges the sessions that it ends.
    fn take(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        late: &mut Vec<LateMark>,
        kernel: Kernel<'_>,
    ) -> Result<(), NotEvaluated> {
        let prices = self.prices.columns(rows)?;
        for row in 0..rows.len() {
            let Some((px, ts, _)) = prices.at(row) else { continue };
            let (source, instrument) = rows.stream(row);
            let session = self.streams.entry((source, instrument)).or_default();
            if session.now.advance_or_day(context, instrument, ts) {
                self.kept -= session.ids.len();
                session.end(source, late, kernel)?;
                session.tick = tick(context, instrument, ts, i64::MAX);
            }
            session.ids.push(rows.id(row));
            session.px.push(px);
            self.kept += 1;
            if self.kept > self.limit {
                self.streams.clear();
                return Err(NotEvaluated::Limit(format!("{} prices of open sessions", self.limit)));
            }
        }
        Ok(())
    }

    fn close(&mut self, end: &mut End, kernel: Kernel<'_>) {
        for ((source, _), session) in &mut self.streams {
            // Parameters that the kernel refuses were refused with the first session or are now.
            if let Err(reason) = session.end(*source, &mut end.late, kernel) {
                end.verdict = Some(crate::verdict::Verdict::NotEvaluated(reason));
            }
        }
        end.late.sort_by_key(|mark| mark.id);
    }
}

impl Session {
    fn end(
        &mut self,
        source: u16,
        late: &mut Vec<LateMark>,
        kernel: Kernel<'_>,
    ) -> Result<(), NotEvaluated> {
        let found = kernel(&self.px, self.tick);
        let found = found.map_err(|e| NotEvaluated::WrongType(e.to_string()))?;
        late.extend(self.ids.iter().zip(found).filter(|(_, j)| *j != Judgement::NotJudged).map(
            |(id, judgement)| LateMark {
                id: *id,
                source,
                is_applicable: true,
                is_violated: judgement.is_rejected(),
            },
        ));
        self.ids.clear();
        self.px.clear();
        Ok(())
    }
}

/// Prices far from the nearest of three rolling medians of their session: see [`spike_centred`].
///
/// A session is one of the instrument's calendar, or a UTC day of `ts_event` where none is known. All marks come late, when a
/// row of the next session comes or the stream ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SpikeCentred {
    sessions: OpenSessions,
    rule: CentredRule,
}

impl SpikeCentred {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "spike_centred",
        doc: "a price far from the medians before, around and after it",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Sequence,
        params: &[
            COLUMN,
            ParamSpec::new("window", ParamType::Count, Some("50"), "neighbours of a median, even"),
            ParamSpec::new(
                "k",
                ParamType::Number,
                Some("10"),
                "MAD beyond which a price is a spike",
            ),
            LIMIT,
        ],
        needs: &[],
        build: |params, slots| {
            let rule = CentredRule { window: params.count("window"), k: params.number("k") };
            AnyJudge::SpikeCentred(Self { sessions: OpenSessions::new(params, slots), rule })
        },
    };
}

impl Judge for SpikeCentred {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let rule = self.rule;
        self.sessions.take(rows, context, &mut marks.late, &|px, _| spike_centred(px, rule))
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        let rule = self.rule;
        self.sessions.close(end, &|px, _| spike_centred(px, rule));
    }
}

/// Prices between a jump and its return: see [`round_trip`]. Sessions as for `spike_centred`; the tick is that of the
/// session's first row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RoundTrip {
    sessions: OpenSessions,
    rule: RoundTripRule,
}

impl RoundTrip {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "round_trip",
        doc: "a jump that comes back within a few rows",
        dimension: Dimension::Accuracy,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Sequence,
        params: &[
            COLUMN,
            ParamSpec::new(
                "rows",
                ParamType::Count,
                Some("3"),
                "rows within which a price is back",
            ),
            ParamSpec::new("k", ParamType::Number, Some("5"), "MAD beyond which a step is a jump"),
            ParamSpec::new(
                "back",
                ParamType::Number,
                Some("0.25"),
                "share of the jump that is back",
            ),
            ParamSpec::new(
                "window",
                ParamType::Count,
                Some("50"),
                "rows that the MAD is taken from",
            ),
            ParamSpec::new("min_n", ParamType::Count, Some("20"), "rows that it takes"),
            ParamSpec::new("floor_ticks", ParamType::Number, Some("1"), "smallest MAD, in ticks"),
            ParamSpec::new("floor_bps", ParamType::Number, Some("2"), "smallest MAD, in bps"),
            LIMIT,
        ],
        needs: &[],
        build: |params, slots| {
            let rule = RoundTripRule {
                rows: params.count("rows"),
                k: params.number("k"),
                back: params.number("back"),
                window: params.count("window"),
                min_n: params.count("min_n"),
                floor_ticks: params.number("floor_ticks"),
                floor_bps: params.number("floor_bps"),
            };
            AnyJudge::RoundTrip(Self { sessions: OpenSessions::new(params, slots), rule })
        },
    };
}

impl Judge for RoundTrip {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let rule = self.rule;
        self.sessions.take(rows, context, &mut marks.late, &|px, tick| round_trip(px, tick, rule))
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        let rule = self.rule;
        self.sessions.close(end, &|px, tick| round_trip(px, tick, rule));
    }
}
