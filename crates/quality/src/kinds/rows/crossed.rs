//! Bid above ask.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Two-sided quotes whose bid is above the ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Crossed {
    bid: Slot,
    ask: Slot,
}

impl Crossed {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "crossed",
        doc: "bid above ask",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("bid", ParamType::Column, Some("bid_px"), "column of the bid"),
            ParamSpec::new("ask", ParamType::Column, Some("ask_px"), "column of the ask"),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Crossed(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { bid: slots.of(params.text("bid")), ask: slots.of(params.text("ask")) }
    }
}

impl Judge for Crossed {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (bid, bid_nulls) = rows.integers(self.bid)?;
        let (ask, ask_nulls) = rows.integers(self.ask)?;
        let pairs = |row: usize| bid.get(row).zip(ask.get(row)).is_some_and(|(b, a)| b > a);
        marks.sweep(&[bid_nulls, ask_nulls], |row| (true, pairs(row)));
        Ok(())
    }
}
