//! Nulls in a column.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Rows whose column is null; every row is applicable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NullRate {
    column: Slot,
}

impl NullRate {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "null_rate",
        doc: "a null, where there are more of them than `max_rate` allows",
        dimension: Dimension::Completeness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[ParamSpec::new("column", ParamType::Column, Some("!"), "the column")],
        needs: &[],
        build: |params, slots| AnyJudge::NullRate(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self { column: slots.of(params.text("column")) }
    }
}

impl Judge for NullRate {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let column = rows.column(self.column)?;
        marks.sweep_nulls(column.nulls);
        Ok(())
    }
}
