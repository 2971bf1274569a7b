//! Bid equal to ask, and quotes of one side.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

const SIDES: &[ParamSpec] = &[
    ParamSpec::new("bid", ParamType::Column, Some("bid_px"), "column of the bid"),
    ParamSpec::new("ask", ParamType::Column, Some("ask_px"), "column of the ask"),
];

/// Two-sided quotes whose bid is the ask: normal at many venues, and counted because it tells them apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Locked {
    bid: Slot,
    ask: Slot,
}

impl Locked {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "locked",
        doc: "bid equal to ask",
        dimension: Dimension::Consistency,
        severity: Severity::Info,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: SIDES,
        needs: &[],
        build: |params, slots| AnyJudge::Locked(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { bid: slots.of(params.text("bid")), ask: slots.of(params.text("ask")) }
    }
}

impl Judge for Locked {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (bid, bid_nulls) = rows.integers(self.bid)?;
        let (ask, ask_nulls) = rows.integers(self.ask)?;
        let pairs = |row: usize| bid.get(row).zip(ask.get(row)).is_some_and(|(b, a)| b == a);
        marks.sweep(&[bid_nulls, ask_nulls], |row| (true, pairs(row)));
        Ok(())
    }
}

/// Quotes with exactly one side; a quote with none is an empty book and not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OneSided {
    bid: Slot,
    ask: Slot,
}

impl OneSided {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "one_sided",
        doc: "a bid without an ask, or an ask without a bid",
        dimension: Dimension::Consistency,
        severity: Severity::Info,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: SIDES,
        needs: &[],
        build: |params, slots| AnyJudge::OneSided(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { bid: slots.of(params.text("bid")), ask: slots.of(params.text("ask")) }
    }
}

impl Judge for OneSided {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (bid, ask) = (rows.column(self.bid)?, rows.column(self.ask)?);
        marks.sweep(&[], |row| {
            let (bid, ask) = (bid.is_valid(row), ask.is_valid(row));
            (bid || ask, bid != ask)
        });
        Ok(())
    }
}
