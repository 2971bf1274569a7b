//! Fills that name an unknown decision, come in a wrong currency, or lack their fee.

use super::given::{Only, When, only_is, only_where};
use crate::context::{Context, Lookup};
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Column by which reports of the venue are told apart.
const TYPE: &str = "exec_type";

/// Fills whose decision was not given.
///
/// A fill without a decision was started by the venue or by hand, and is not applicable; so are reports that are no fill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fk {
    column: Slot,
    only: Only,
}

impl Fk {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "fk",
        doc: "a row that names a decision which does not exist",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("decision_id"), "id of the decision"),
            only_where(Some(TYPE)),
            only_is(Some("trade,trade_correct,trade_cancel")),
        ],
        needs: &["decisions"],
        build: |params, slots| AnyJudge::Fk(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let only = Only::of(params, slots, TYPE);
        Self { column: slots.of(params.text("column")), only }
    }
}

impl Judge for Fk {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("decisions") {
            return Err(NotEvaluated::MissingContext("the table `decisions`".to_owned()));
        }
        let (picked, column) = (self.only.read(rows)?, rows.column(self.column)?);
        let Lane::Bytes(ids) = column.lane else {
            return Err(rows.wrong_type(self.column, "16 bytes", column.array.data_type()));
        };
        marks.sweep(&[column.nulls], |row| {
            let speaks = picked.has(row);
            (speaks, speaks && column.is_valid(row) && !context.knows_decision(ids.value(row)))
        });
        Ok(())
    }
}

/// Fills in a currency that is neither the one that the instrument is quoted in nor the one that it settles in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Currency {
    column: Slot,
    only: Only,
    when: When,
}

impl Currency {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "currency",
        doc: "a fill in neither the quote nor the settlement currency of its instrument",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("ccy"), "the currency"),
            only_where(Some(TYPE)),
            only_is(Some("trade,trade_correct")),
        ],
        needs: &["instruments"],
        build: |params, slots| AnyJudge::Currency(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let only = Only::of(params, slots, TYPE);
        Self { column: slots.of(params.text("column")), only, when: When::of(slots) }
    }
}

impl Judge for Currency {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("instruments") {
            return Err(NotEvaluated::MissingContext("the table `instruments`".to_owned()));
        }
        let (picked, column) = (self.only.read(rows)?, rows.column(self.column)?);
        if !matches!(column.lane, Lane::Text(_) | Lane::Words(..)) {
            return Err(rows.wrong_type(self.column, "text", column.array.data_type()));
        }
        let times = self.when.read(rows)?;
        let instruments = rows.instruments().unwrap_or(&[]);
        let mut book = Lookup::new(&context.instruments);
        for (row, id) in instruments.iter().enumerate().filter(|(row, _)| picked.has(*row)) {
            let (ts, ts_avail) = times.at(row);
            if let Some(ccy) = column.text(row)
                && let Some(instrument) = book.at(*id, ts, ts_avail)
            {
                let settles = instrument.settle_ccy.as_deref() == Some(ccy);
                marks.judge(row, ccy != instrument.quote_ccy && !settles);
            }
        }
        Ok(())
    }
}

/// Fills without a fee. A fee of 0 is one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MissingFee {
    column: Slot,
    only: Only,
}

impl MissingFee {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "missing_fee",
        doc: "a fill without its fee",
        dimension: Dimension::Completeness,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("fee"), "the fee"),
            only_where(Some(TYPE)),
            only_is(Some("trade")),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::MissingFee(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let only = Only::of(params, slots, TYPE);
        Self { column: slots.of(params.text("column")), only }
    }
}

impl Judge for MissingFee {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (picked, column) = (self.only.read(rows)?, rows.column(self.column)?);
        marks.sweep(&[], |row| (picked.has(row), !column.is_valid(row)));
        Ok(())
    }
}
