//! Prices that jump out of the tape, seen at once.

use super::prices::{Now, Prices, tick};
use crate::anomaly::{Judgement, SpikeGate, SpikeRule};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A price that the gate of its source and instrument rejects: [`SpikeGate`] says which.
///
/// The window restarts when the instrument's calendar opens another session and when trading of the source was stopped since the
/// row before, where calendars and statuses are known: what is found then is a price, no spike. The tick is that of the
/// instrument row valid and known then, 0 where none is known. Cancelled and corrected prints are not applicable, nor are prices
/// before the window is full enough. Memory: the window of each stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Spike {
    prices: Prices,
    rule: SpikeRule,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Stream>,
}

/// The window of a source and instrument.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stream {
    gate: SpikeGate<i64>,
    now: Now,
    /// When its last price happened.
    last: i64,
}

impl Spike {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "spike",
        doc: "a price too far from the last accepted prices",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Quarantine,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("px"), "the price"),
            ParamSpec::new(
                "window",
                ParamType::Count,
                Some("50"),
                "accepted prices to compare with",
            ),
            ParamSpec::new(
                "k",
                ParamType::Number,
                Some("5"),
                "MAD beyond which a price is rejected",
            ),
            ParamSpec::new("min_n", ParamType::Count, Some("20"), "accepted prices that it takes"),
            ParamSpec::new(
                "reseed",
                ParamType::Count,
                Some("5"),
                "rejections on one side that are a move",
            ),
            ParamSpec::new("floor_ticks", ParamType::Number, Some("1"), "smallest MAD, in ticks"),
            ParamSpec::new(
                "floor_bps",
                ParamType::Number,
                Some("2"),
                "smallest MAD, in bps of the median",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Spike(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let rule = SpikeRule {
            window: params.count("window"),
            k: params.number("k"),
            min_n: params.count("min_n"),
            reseed: params.count("reseed"),
            floor_ticks: params.number("floor_ticks"),
            floor_bps: params.number("floor_bps"),
        };
        let prices = Prices::new(params.text("column"), slots);
        Self { prices, rule, streams: BTreeMap::new() }
    }
}

impl Judge for Spike {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let prices = self.prices.columns(rows)?;
        for row in 0..rows.len() {
            let Some((px, ts, avail)) = prices.at(row) else { continue };
            let key = rows.stream(row);
            let stream = match self.streams.entry(key) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    let gate = SpikeGate::new(self.rule);
                    let gate = gate.map_err(|e| NotEvaluated::WrongType(e.to_string()))?;
                    free.insert(Stream { gate, now: Now::default(), last: ts })
                }
            };
            let is_other = stream.now.advance(context, key.1, ts);
            // A print while trading is stopped does not say when that began.
            let stops = context.is_halted(key, ts, avail);
            if is_other || (!stops && context.was_halted(key, stream.last, ts, avail)) {
                stream.gate.open_session();
            }
            if !stops {
                stream.last = stream.last.max(ts);
            }
            match stream.gate.push(px, tick(context, key.1, ts, avail)) {
                Judgement::NotJudged => {}
                Judgement::Accepted => marks.pass(row),
                Judgement::Rejected { .. } => marks.fail(row),
            }
        }
        Ok(())
    }
}
