//! Numbers of a source that are missing.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Json, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Holes that one stream may have open before the oldest is given up as lost.
const MAX_HOLES: usize = 4_096;

/// A row whose number jumps over others.
///
/// The row that opens the hole is the violation. Rows that fill it later are counted, and a hole that stays raises the
/// finding to `Critical`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Gap {
    column: Slot,
    per: Per,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Stream>,
}

/// What has numbers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Per {
    Stream,
    Source,
}

impl Per {
    pub(super) const WORDS: &[&str] = &["stream", "source"];

    pub(super) fn of(params: &Params) -> Self {
        if params.text("per") == "source" { Self::Source } else { Self::Stream }
    }

    pub(super) fn key(self, rows: &Rows<'_>, row: usize) -> (u16, u32) {
        let (source, instrument) = rows.stream(row);
        (source, if self == Self::Source { 0 } else { instrument })
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stream {
    highest: Option<i128>,
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
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("venue_seq"), "numbers without holes"),
            ParamSpec::new(
                "per",
                ParamType::Word(Per::WORDS),
                Some("stream"),
                "what has numbers of its own: source and instrument, or the source",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Gap(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let column = slots.of(params.text("column"));
        Self { column, per: Per::of(params), streams: BTreeMap::new() }
    }
}

impl Stream {
    /// Whether the number opens a hole.
    fn see(&mut self, number: i128) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(number);
            return false;
        };
        if number <= highest {
            self.fill(number);
            return false;
        }
        self.highest = Some(number);
        let next = highest + 1;
        if number == next {
            return false;
        }
        self.missing += u64::try_from(number - next).unwrap_or(u64::MAX);
        self.holes.push((next, number));
        if self.holes.len() > MAX_HOLES {
            self.holes.remove(0);
        }
        true
    }

    fn fill(&mut self, number: i128) {
        let found = self.holes.iter().position(|(from, to)| (*from..*to).contains(&number));
        let Some((at, (from, to))) = found.and_then(|at| Some((at, *self.holes.get(at)?))) else {
            return;
        };
        self.recovered += 1;
        let rest = [(from, number), (number + 1, to)];
        self.holes.splice(at..=at, rest.into_iter().filter(|(from, to)| from < to));
    }
}

impl Judge for Gap {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let column = rows.column(self.column)?;
        for row in 0..rows.len() {
            if let Some(number) = column.int(row) {
                let stream = self.streams.entry(self.per.key(rows, row)).or_default();
                marks.judge(row, stream.see(number));
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
