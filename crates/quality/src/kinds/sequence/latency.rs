//! Rows that took too long.

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

/// A row that took longer than `limit` more than the fastest row of its source's window.
///
/// The latency is corrected for skew: `ts_recv - ts_event` less its running minimum, so a clock that is off by a constant does
/// not matter. The first rows of a source, before the window has `rows` rows, are not applicable, because their latency
/// may still be too small.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Latency {
    clocks: Clocks,
    limit: i64,
}

impl Latency {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "latency",
        doc: "latency, corrected for skew, above the limit",
        dimension: Dimension::Timeliness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "limit",
                ParamType::Duration,
                Some("!"),
                "longest latency of the source",
            ),
            WINDOW,
            ROWS,
        ],
        needs: &[],
        build: |params, slots| {
            let clocks = Clocks::new(params, slots);
            AnyJudge::Latency(Self { clocks, limit: params.int("limit") })
        },
    };
}

impl Judge for Latency {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let columns = self.clocks.columns(rows)?;
        for row in 0..rows.len() {
            let (source, _) = rows.stream(row);
            if let Reading::Judged { latency_ns, is_settled: true, .. } =
                self.clocks.read(&columns, source, row)
            {
                marks.judge(row, i128::from(latency_ns) > i128::from(self.limit));
            }
        }
        Ok(())
    }
}
