//! Sources of one table against each other.

use crate::comparison::{
    CompareBy, ComparisonFinding, ComparisonReport, ComparisonSettings, SourceRows, Ties, compare,
};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::{NotEvaluated, Verdict};
use contract::{Causality, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows that one check remembers; beyond them it is not evaluated.
const MAX_ROWS: u64 = 16_777_216;

/// Pairs and instruments that a finding names.
const NAMED: usize = 16;

/// Sessions in which two sources of the table disagree beyond the band, as [`compare`] says.
///
/// - **Counts:** an applicable session is one of an instrument and two sources that has a band; a violation is one with too
///   many rows outside. A shift in time between two sources is one more violation, and one more session, of its own.
/// - **Sources** are told apart by `source_id`; their names in the finding are these numbers.
/// - **Insufficient** when rows were compared and no session has a band.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CrossSource {
    bid: Slot,
    ask: Slot,
    ts: Slot,
    by_event: bool,
    max_age: i64,
    same_instant: bool,
    /// Bits of the share.
    outside: u64,
    searches_lag: bool,
    /// Time, bid and ask of each stream, in the order of the rows.
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Vec<Quote>>,
    rows: u64,
}

/// Time, bid and ask.
type Quote = (i64, Option<i64>, Option<i64>);

impl CrossSource {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "cross_source",
        doc: "a session in which two sources of the table disagree beyond the band",
        dimension: Dimension::Consistency,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Set,
        params: &[
            ParamSpec::new("max_age", ParamType::Duration, Some("!"), "greatest age of a partner"),
            ParamSpec::new("bid", ParamType::Column, Some("bid_px"), "column of the bid"),
            ParamSpec::new("ask", ParamType::Column, Some("ask_px"), "column of the ask"),
            ParamSpec::new(
                "by",
                ParamType::Word(&["ts_avail", "ts_event"]),
                Some("ts_avail"),
                "time that counts",
            ),
            ParamSpec::new(
                "same_instant",
                ParamType::Switch,
                Some("false"),
                "a partner of the same instant counts, as for bars",
            ),
            ParamSpec::new(
                "max_outside",
                ParamType::Number,
                Some("0.05"),
                "share of a session's rows that may lie outside the band, 0 to 1",
            ),
            ParamSpec::new(
                "lags",
                ParamType::Switch,
                Some("true"),
                "a shift in time is looked for",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::CrossSource(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            bid: slots.of(params.text("bid")),
            ask: slots.of(params.text("ask")),
            ts: slots.of(params.text("by")),
            by_event: params.text("by") == "ts_event",
            max_age: params.int("max_age"),
            same_instant: params.switch("same_instant"),
            outside: params.number("max_outside").to_bits(),
            searches_lag: params.switch("lags"),
            streams: BTreeMap::new(),
            rows: 0,
        }
    }

    fn settle(&mut self) {
        if self.rows > MAX_ROWS {
            self.rows = MAX_ROWS + 1;
            self.streams.clear();
        }
    }

    fn settings(&self, context: &Context) -> ComparisonSettings {
        let mut settings = ComparisonSettings::new(self.max_age);
        if self.same_instant {
            settings.ties = Ties::SameInstantCounts;
        }
        let share = f64::from_bits(self.outside).clamp(0.0, 1.0) * 1e6;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a million is within 0 to 1e6"
        )]
        let ppm = share.round() as u32;
        settings.max_outside_ppm = ppm;
        if !self.searches_lag {
            settings.lag = None;
        }
        for ((_, instrument), rows) in &self.streams {
            let first = rows.first().map_or(0, |(ts, ..)| *ts);
            if let Some(tick) = context.instruments.at(*instrument, first).and_then(|v| v.tick_size)
            {
                settings.ticks.insert(*instrument, tick);
            }
        }
        settings
    }

    /// The sources by number, and their rows.
    fn sources(&self) -> Vec<SourceRows> {
        let by = if self.by_event { CompareBy::Event } else { CompareBy::Available };
        let mut sources: BTreeMap<u16, SourceRows> = BTreeMap::new();
        for ((source, instrument), rows) in &self.streams {
            let of =
                sources.entry(*source).or_insert_with(|| SourceRows::new(&source.to_string(), by));
            for (ts, bid, ask) in rows {
                of.push(*instrument, *ts, (*bid, *ask));
            }
        }
        sources.into_values().collect()
    }
}

/// Sessions with a band, those that fail, and rows compared.
fn count(report: &ComparisonReport) -> (u64, u64, u64) {
    let (mut judged, mut failed, mut compared) = (0, 0, 0);
    for one in report.pairs.iter().flat_map(|pair| &pair.instruments) {
        let sessions = &one.as_is.sessions;
        judged += sessions.iter().filter(|s| s.band.is_some()).count() as u64;
        failed += sessions.iter().filter(|s| s.verdict == Verdict::Fail).count() as u64;
        compared += one.as_is.differences.map_or(0, |d| d.rows);
        let is_shift = |f: &&ComparisonFinding| !matches!(f, ComparisonFinding::Outside { .. });
        let shifts = one.findings.iter().filter(is_shift).count() as u64;
        judged += shifts;
        failed += shifts;
    }
    (judged, failed, compared)
}

fn detail(report: &ComparisonReport) -> Json {
    let all = report.pairs.iter().flat_map(|pair| pair.instruments.iter().map(move |i| (pair, i)));
    let failing = all.filter(|(_, one)| one.verdict == Verdict::Fail).take(NAMED);
    let named = failing.map(|(pair, one)| {
        let lag = one.findings.iter().find_map(|finding| match finding {
            ComparisonFinding::TimeZoneSuspect { lag_ns } => Some(Json::from(*lag_ns)),
            _ => None,
        });
        Json::object([
            ("left", Json::from(pair.left.as_str())),
            ("right", Json::from(pair.right.as_str())),
            ("instrument_id", Json::from(u64::from(one.instrument_id))),
            ("outside", Json::from(one.as_is.outside)),
            ("lag_ns", lag.unwrap_or(Json::Null)),
        ])
    });
    Json::object([("pairs", Json::Array(named.collect()))])
}

impl Judge for CrossSource {
    fn judge(&mut self, rows: &Rows<'_>, _: &Context, _: &mut Marks) -> Result<(), NotEvaluated> {
        if self.rows > MAX_ROWS {
            return Ok(());
        }
        let (bid, ask) = (rows.column(self.bid)?, rows.column(self.ask)?);
        let ts = rows.column(self.ts)?;
        for row in 0..rows.len() {
            let Some(at) = ts.i64(row) else { continue };
            let quote = (at, bid.i64(row), ask.i64(row));
            self.streams.entry(rows.stream(row)).or_default().push(quote);
            self.rows += 1;
        }
        self.settle();
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.rows = self.rows.saturating_add(right.rows);
        for (stream, rows) in &right.streams {
            self.streams.entry(*stream).or_default().extend(rows);
        }
        self.settle();
    }

    fn close(&mut self, context: &Context, end: &mut End) {
        if self.rows > MAX_ROWS {
            let reason = NotEvaluated::Limit(format!("{MAX_ROWS} rows"));
            end.verdict = Some(Verdict::NotEvaluated(reason));
            return;
        }
        let sources = self.sources();
        if sources.len() < 2 {
            end.verdict = Some(Verdict::NotApplicable);
            return;
        }
        let settings = self.settings(context);
        let report = match compare(&sources, &settings) {
            Ok(report) => report,
            Err(error) => {
                let reason = NotEvaluated::WrongType(error.to_string());
                end.verdict = Some(Verdict::NotEvaluated(reason));
                return;
            }
        };
        let (judged, failed, compared) = count(&report);
        if judged == 0 && compared > 0 {
            let needed = settings.min_learn_rows;
            end.verdict = Some(Verdict::Insufficient { found: compared, needed });
            return;
        }
        end.totals = Some((judged, failed));
        if failed > 0 {
            end.effect = Some(("sessions_outside", failed as f64));
            end.detail = Some(detail(&report));
        }
    }
}
