//! Rows behind the newest ones.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row that came after its time.
///
/// By event: `ts_event` is further behind the newest one of its source and instrument than `lateness`. By watermark: `ts_avail`
/// is further behind the source's watermark in force: the last one of `feed_marks` (of the context, about all tables) with
/// a `seq` below the row's. Memory: one instant a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Late {
    is_by_watermark: bool,
    time: Slot,
    lateness: i64,
    #[serde(with = "crate::pairs")]
    newest: BTreeMap<(u16, u32), i64>,
}

impl Late {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "late",
        doc: "a row further behind the newest event, or behind the watermark, than allowed",
        dimension: Dimension::Timeliness,
        severity: Severity::Info,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new(
                "by",
                ParamType::Word(&["event", "watermark"]),
                Some("event"),
                "what a row may be behind: the newest `ts_event` of its stream, or its source's watermark",
            ),
            ParamSpec::new(
                "lateness",
                ParamType::Duration,
                Some("1s"),
                "how far behind a row may be, for sources whose row in `sources` states no `allowed_lateness_ns`",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            let is_by_watermark = params.text("by") == "watermark";
            AnyJudge::Late(Self {
                is_by_watermark,
                time: slots.of(if is_by_watermark { "ts_avail" } else { "ts_event" }),
                lateness: params.int("lateness"),
                newest: BTreeMap::new(),
            })
        },
    };
}

impl Judge for Late {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if self.is_by_watermark && !context.has("feed_marks") {
            return Err(NotEvaluated::MissingContext("feed_marks".to_owned()));
        }
        let times = rows.column(self.time)?;
        for row in 0..rows.len() {
            let Some(ts) = times.i64(row) else { continue };
            let stream = rows.stream(row);
            let bound = if self.is_by_watermark {
                let Some(mark) = context.watermark(stream.0, rows.id(row)) else { continue };
                mark
            } else {
                let newest = self.newest.entry(stream).or_insert(ts);
                *newest = (*newest).max(ts);
                *newest
            };
            let lateness = context.lateness_ns(stream.0).unwrap_or(self.lateness);
            marks.judge(row, ts < bound.saturating_sub(lateness));
        }
        Ok(())
    }
}
