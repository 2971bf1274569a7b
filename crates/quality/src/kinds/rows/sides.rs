//! Bid against ask: crossed, locked, and quotes of one side.

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

/// The columns of the two sides.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sides {
    bid: Slot,
    ask: Slot,
}

impl Sides {
    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { bid: slots.of(params.text("bid")), ask: slots.of(params.text("ask")) }
    }

    /// Two-sided quotes are applicable; those that `breaks` says of, given bid and ask, violate.
    fn sweep(
        self,
        rows: &Rows<'_>,
        marks: &mut Marks,
        breaks: impl Fn(&i64, &i64) -> bool,
    ) -> Result<(), NotEvaluated> {
        let (bid, bid_nulls) = rows.integers(self.bid)?;
        let (ask, ask_nulls) = rows.integers(self.ask)?;
        let pairs = |row: usize| bid.get(row).zip(ask.get(row)).is_some_and(|(b, a)| breaks(b, a));
        marks.sweep(&[bid_nulls, ask_nulls], |row| (true, pairs(row)));
        Ok(())
    }
}

/// What kinds of both sides have in common.
const fn spec(
    name: &'static str,
    doc: &'static str,
    severity: Severity,
    build: fn(&Params, &mut Slots) -> AnyJudge,
) -> KindSpec {
    KindSpec {
        name,
        doc,
        dimension: Dimension::Consistency,
        severity,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: SIDES,
        needs: &[],
        build,
    }
}

/// Two-sided quotes whose bid is above the ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Crossed(Sides);

impl Crossed {
    pub(crate) const SPEC: KindSpec =
        spec("crossed", "bid above ask", Severity::Error, |params, slots| {
            AnyJudge::Crossed(Self(Sides::new(params, slots)))
        });
}

impl Judge for Crossed {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        self.0.sweep(rows, marks, |bid, ask| bid > ask)
    }
}

/// Two-sided quotes whose bid is the ask: normal at many venues, and counted because it tells them apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Locked(Sides);

impl Locked {
    pub(crate) const SPEC: KindSpec =
        spec("locked", "bid equal to ask", Severity::Info, |params, slots| {
            AnyJudge::Locked(Self(Sides::new(params, slots)))
        });
}

impl Judge for Locked {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        self.0.sweep(rows, marks, |bid, ask| bid == ask)
    }
}

/// Quotes with exactly one side; a quote with none is an empty book and not applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OneSided(Sides);

impl OneSided {
    pub(crate) const SPEC: KindSpec = spec(
        "one_sided",
        "a bid without an ask, or an ask without a bid",
        Severity::Info,
        |params, slots| AnyJudge::OneSided(Self(Sides::new(params, slots))),
    );
}

impl Judge for OneSided {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (bid, ask) = (rows.column(self.0.bid)?, rows.column(self.0.ask)?);
        marks.sweep(&[], |row| {
            let (bid, ask) = (bid.is_valid(row), ask.is_valid(row));
            (bid || ask, bid != ask)
        });
        Ok(())
    }
}
