//! Prices that are no multiple of the tick.

use super::given::{ByColumn, Columns, Only, When, only_is, only_where};
use super::steps::Steps;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity, Type};
use serde::{Deserialize, Serialize};

/// Prices with a remainder after division by the tick of the instrument's version that held and was known then.
///
/// A row is not applicable where the instrument or its tick is unknown, or every price is null.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tick {
    columns: Columns,
    only: Only,
    when: When,
    found: ByColumn,
    #[serde(skip)]
    ticks: Steps<i64>,
}

impl Tick {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "tick",
        doc: "a price that is no multiple of the instrument's tick",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Quarantine,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "columns",
                ParamType::Columns,
                None,
                "prices; unsaid: every price column of the table",
            ),
            only_where(None),
            only_is(None),
        ],
        needs: &["instruments"],
        build: |params, slots| AnyJudge::Tick(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            columns: Columns::of("columns", params, slots, |c| c.ty == Type::Px),
            only: Only::of(params, slots, ""),
            when: When::of(slots),
            found: ByColumn::default(),
            ticks: Steps::default(),
        }
    }
}

impl Judge for Tick {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if let Some(reason) = self.columns.absent(rows) {
            return Err(reason);
        }
        let picked = self.only.read(rows)?;
        let ticks = self.ticks.read(rows, context, self.when, &picked, |i| i.tick_size)?;
        for entry in self.columns.read(rows) {
            let (slot, _) = entry?;
            let (prices, nulls) = rows.integers(slot)?;
            let found = marks.sweep(&[nulls], |row| {
                let (tick, px) = (ticks.of(row), prices.get(row).copied().unwrap_or(0));
                // A tick of 0 stands for none.
                (tick > 0, tick > 0 && px % tick != 0)
            });
            self.found.add(rows.name(slot), found);
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.found.merge(&right.found);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.detail = self.found.detail();
    }
}
