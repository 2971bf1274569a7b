//! Numbers of a source that are missing.

use super::numbers::{COLUMN, Number, Numbers, PER, RESETS};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec};
use crate::marks::Marks;
use crate::rows::Rows;
use crate::verdict::NotEvaluated;
use contract::{Causality, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Holes that one stream may have open before the oldest is given up as lost.
const MAX_HOLES: usize = 4_096;

/// A row whose number jumps over others.
///
/// The row that opens the hole is the violation; whether the hole is filled later does not change that, because nobody knew it
/// then. So of two rows that come in the wrong order the greater number, which came first, is a violation here, and the
/// other one of `out_of_order`. Rows that fill a hole are counted (`recovered`), in whatever order; a hole that stays raises
/// the finding to `Critical`. What a source never sent after its last row is not known. When numbers start again (`resets`),
/// the holes before stay lost; with `resets = "never"` a count that starts again looks like old rows until it passes the
/// highest number: `out_of_order` sees them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Gap {
    numbers: Numbers,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Stream>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stream {
    /// Highest number and its day.
    highest: Option<(i128, Option<i64>)>,
    /// Missing numbers `[from, to)`, in order.
    holes: Vec<(i128, i128)>,
    missing: u64,
    recovered: u64,
}

impl Gap {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "gap",
        doc: "a row whose number jumps over others; `Critical` when they never come",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[COLUMN, PER, RESETS],
        needs: &[],
        build: |params, slots| {
            AnyJudge::Gap(Self { numbers: Numbers::new(params, slots), streams: BTreeMap::new() })
        },
    };
}

impl Stream {
    /// Whether the number opens a hole.
    fn see(&mut self, number: Number) -> bool {
        let value = number.value;
        let Some((highest, day)) = self.highest else {
            self.highest = Some((value, number.day));
            return false;
        };
        if value <= highest {
            if !self.fill(value) && number.resets(highest, day) {
                self.holes.clear();
                self.highest = Some((value, number.day));
            }
            return false;
        }
        self.highest = Some((value, number.day));
        let next = highest.saturating_add(1);
        if value == next {
            return false;
        }
        let missing = u64::try_from(value.saturating_sub(next)).unwrap_or(u64::MAX);
        self.missing = self.missing.saturating_add(missing);
        self.holes.push((next, value));
        if self.holes.len() > MAX_HOLES {
            self.holes.remove(0);
        }
        true
    }

    /// Whether the number was missing; it is not any more.
    fn fill(&mut self, number: i128) -> bool {
        let at = self.holes.partition_point(|(_, to)| *to <= number);
        let Some((from, to)) = self.holes.get(at).copied().filter(|(from, _)| *from <= number)
        else {
            return false;
        };
        self.recovered += 1;
        let rest = [(from, number), (number.saturating_add(1), to)];
        self.holes.splice(at..=at, rest.into_iter().filter(|(from, to)| from < to));
        true
    }
}

impl Judge for Gap {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let numbers = self.numbers.columns(rows)?;
        for row in 0..rows.len() {
            if let Some(number) = numbers.at(row) {
                marks.judge(row, self.streams.entry(number.key).or_default().see(number));
            }
        }
        Ok(())
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        let (missing, recovered) = self
            .streams
            .values()
            .fold((0_u64, 0_u64), |(m, r), s| (m.saturating_add(s.missing), r + s.recovered));
        let lost = missing.saturating_sub(recovered);
        end.effect = Some(("missing", lost as f64));
        end.is_critical = lost > 0;
        if missing > 0 {
            end.detail = Some(Json::object([
                ("missing", Json::from(missing)),
                ("recovered", Json::from(recovered)),
            ]));
        }
    }
}
