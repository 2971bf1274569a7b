//! Jumps of a source's clock against ours.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The row at which `ts_recv - ts_event` of a source is seen to have jumped.
///
/// Down: the difference is more than `limit` below every one of the last `rows` rows, which no way through a network explains: seen
/// on the first row. Up: each of the last `rows` rows is more than `limit` above the fastest of the `rows` rows before them: seen on
/// the last of these, because a single slow row proves nothing. After a jump the model starts anew, so one jump is one
/// violation. Rows before there are enough to compare with are not applicable. Memory: `rows` differences a source, twice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClockStep {
    event: Slot,
    recv: Slot,
    limit: i64,
    rows: usize,
    #[serde(with = "crate::pairs")]
    sources: BTreeMap<u16, Window>,
}

/// The last differences of a source, newest last, at most twice `rows`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Window {
    newest: VecDeque<i64>,
    before: VecDeque<i64>,
    /// Smallest of `newest`, and of `before`.
    low: Option<i64>,
    low_before: Option<i64>,
}

/// Most rows of a window.
const MAX_ROWS: i64 = 4_096;

impl ClockStep {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "clock_step",
        doc: "the difference between receipt and event of a source jumped",
        dimension: Dimension::Timeliness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new("limit", ParamType::Duration, Some("50ms"), "largest jump that is none"),
            ParamSpec::new(
                "rows",
                ParamType::Count,
                Some("50"),
                "rows compared with as many, at most 4096",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::ClockStep(Self {
                event: slots.of("ts_event"),
                recv: slots.of("ts_recv"),
                limit: params.int("limit"),
                rows: usize::try_from(params.int("rows").clamp(1, MAX_ROWS)).unwrap_or(1),
                sources: BTreeMap::new(),
            })
        },
    };
}

impl Window {
    /// Whether the difference shows a jump; `None` while there is nothing to compare with.
    fn see(&mut self, delta: i64, limit: i64, rows: usize) -> Option<bool> {
        let is_known = self.newest.len() == rows;
        let all = self.low.into_iter().chain(self.low_before).min();
        if is_known && all.is_some_and(|low| delta < low.saturating_sub(limit)) {
            *self = Self::default();
            self.push(delta, rows);
            return Some(true);
        }
        self.push(delta, rows);
        let jumped_up = self.before.len() == rows
            && self
                .low
                .zip(self.low_before)
                .is_some_and(|(now, was)| now > was.saturating_add(limit));
        if jumped_up {
            self.before.clear();
            self.low_before = None;
        }
        is_known.then_some(jumped_up)
    }

    fn push(&mut self, delta: i64, rows: usize) {
        self.newest.push_back(delta);
        self.low = Some(self.low.map_or(delta, |low| low.min(delta)));
        if self.newest.len() > rows
            && let Some(old) = self.newest.pop_front()
        {
            if self.low == Some(old) {
                self.low = self.newest.iter().copied().min();
            }
            self.before.push_back(old);
            self.low_before = Some(self.low_before.map_or(old, |low| low.min(old)));
        }
        if self.before.len() > rows
            && let Some(old) = self.before.pop_front()
            && self.low_before == Some(old)
        {
            self.low_before = self.before.iter().copied().min();
        }
    }
}

impl Judge for ClockStep {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (event, recv) = (rows.column(self.event)?, rows.column(self.recv)?);
        for row in 0..rows.len() {
            let times = recv.i64(row).zip(event.i64(row));
            let Some(delta) = times.and_then(|(r, e)| r.checked_sub(e)) else { continue };
            let (source, _) = rows.stream(row);
            let window = self.sources.entry(source).or_default();
            if let Some(jumped) = window.see(delta, self.limit, self.rows) {
                marks.judge(row, jumped);
            }
        }
        Ok(())
    }
}
