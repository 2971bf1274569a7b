//! Labels that were known later than declared.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Labels whose `ts_avail` is more than `limit` behind their `ts_latest_end`. Later revisions are not applicable: they come
/// when their cause does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LabelDelay {
    declared: Slot,
    known: Slot,
    revision: Slot,
    limit: i64,
    longest: Option<i64>,
}

impl LabelDelay {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "label_delay",
        doc: "a label that was known later than the end that it declared, by more than the limit",
        dimension: Dimension::Timeliness,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Hindsight,
        form: Form::Row,
        params: &[
            ParamSpec::new("declared", ParamType::Column, Some("ts_latest_end"), "declared end"),
            ParamSpec::new("known", ParamType::Column, Some("ts_avail"), "when it was known"),
            ParamSpec::new("limit", ParamType::Duration, Some("1m"), "delay that is no violation"),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::LabelDelay(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            declared: slots.of(params.text("declared")),
            known: slots.of(params.text("known")),
            revision: slots.of("revision"),
            limit: params.int("limit"),
            longest: None,
        }
    }
}

impl Judge for LabelDelay {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (declared, declared_nulls) = rows.integers(self.declared)?;
        let (known, known_nulls) = rows.integers(self.known)?;
        let revision = rows.optional(self.revision);
        let (limit, mut longest) = (self.limit, self.longest);
        marks.sweep(&[declared_nulls, known_nulls], |row| {
            if revision.is_some_and(|r| r.i64(row).is_some_and(|n| n > 0)) {
                return (false, false);
            }
            let ends = known.get(row).zip(declared.get(row));
            let delay = ends.map_or(0, |(known, end)| known.saturating_sub(*end));
            (true, delay > limit)
        });
        for row in marks.violations() {
            let ends = known.get(row).zip(declared.get(row));
            longest = longest.max(ends.map(|(known, end)| known.saturating_sub(*end)));
        }
        self.longest = longest;
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.longest = self.longest.max(right.longest);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.effect = self.longest.map(|ns| ("longest_delay_ns", ns as f64));
    }
}
