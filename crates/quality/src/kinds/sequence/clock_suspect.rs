//! Rows of a source whose clock is ahead of ours.

use super::clocks::{Clocks, ROWS, WINDOW};
use crate::clock::Reading;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::Rows;
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// A row of a source whose estimated offset is below minus its bound: it was received before it happened, by more than
/// clocks may differ.
///
/// The bound is `clock_bound_ns` of `sources` where the context has one, otherwise the parameter. Every row of the window is
/// suspect, not only the row that was too early: no time is shifted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClockSuspect {
    clocks: Clocks,
    bound: i64,
}

impl ClockSuspect {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "clock_suspect",
        doc: "the source's estimated clock offset is below minus its bound",
        dimension: Dimension::Timeliness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "bound",
                ParamType::Duration,
                Some("1ms"),
                "bound of a source for which `sources` states none",
            ),
            WINDOW,
            ROWS,
        ],
        needs: &[],
        build: |params, slots| {
            let clocks = Clocks::new(params, slots);
            AnyJudge::ClockSuspect(Self { clocks, bound: params.int("bound") })
        },
    };
}

impl Judge for ClockSuspect {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let columns = self.clocks.columns(rows)?;
        for row in 0..rows.len() {
            let (source, _) = rows.stream(row);
            if let Reading::Judged { offset_ns, .. } = self.clocks.read(&columns, source, row) {
                let bound = context.clock_bound_ns(source).unwrap_or(self.bound);
                marks.judge(row, i128::from(offset_ns) < -i128::from(bound));
            }
        }
        Ok(())
    }
}
