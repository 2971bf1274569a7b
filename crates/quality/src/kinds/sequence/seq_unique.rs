//! Numbers that come twice.

use super::numbers::{COLUMN, Numbers, PER, RESETS};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Rows, Slot};
use crate::verdict::NotEvaluated;
use contract::{Causality, Flags, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every row of a number but the first.
///
/// Exact. Numbers seen are kept as ranges, so memory grows with the holes in them, not with the rows: 32 bytes a range, up to
/// `limit` ranges; beyond it the check is not evaluated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SeqUnique {
    numbers: Numbers,
    flags: Option<Slot>,
    limit: usize,
    ranges: usize,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<(u16, u32), Stream>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stream {
    /// First and last number of each range seen; no two touch.
    #[serde(with = "crate::pairs")]
    seen: BTreeMap<i128, i128>,
    highest: Option<(i128, Option<i64>)>,
    /// The number of the message whose last row has not come.
    open: Option<i128>,
}

impl SeqUnique {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "seq_unique",
        doc: "a number of a source that came before",
        dimension: Dimension::Uniqueness,
        severity: Severity::Error,
        action: Action::Reject,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            COLUMN,
            PER,
            RESETS,
            ParamSpec::new(
                "messages",
                ParamType::Switch,
                Some("false"),
                "rows of one message, up to the one flagged LAST, share a number",
            ),
            ParamSpec::new(
                "limit",
                ParamType::Count,
                Some("1048576"),
                "ranges of numbers kept; beyond them the check is not evaluated",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::SeqUnique(Self {
                numbers: Numbers::new(params, slots),
                flags: params.switch("messages").then(|| slots.of("flags")),
                limit: params.count("limit"),
                ranges: 0,
                streams: BTreeMap::new(),
            })
        },
    };
}

impl Stream {
    /// Whether the number was seen; takes it in.
    fn take(&mut self, number: i128) -> bool {
        let below = self.seen.range(..=number).next_back().map(|(from, to)| (*from, *to));
        if below.is_some_and(|(_, to)| number <= to) {
            return true;
        }
        let joins_below = below.filter(|(_, to)| number.checked_sub(1) == Some(*to));
        let from = joins_below.map_or(number, |(from, _)| from);
        let above = number.checked_add(1).and_then(|next| self.seen.remove(&next));
        self.seen.insert(from, above.unwrap_or(number));
        false
    }
}

impl Judge for SeqUnique {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let numbers = self.numbers.columns(rows)?;
        let flags = self.flags.map(|slot| rows.column(slot)).transpose()?;
        let last = i64::from(Flags::LAST.bits());
        for row in 0..rows.len() {
            let Some(number) = numbers.at(row) else { continue };
            let stream = self.streams.entry(number.key).or_default();
            let before = stream.seen.len();
            if stream.highest.is_some_and(|(highest, day)| number.resets(highest, day)) {
                stream.seen.clear();
                (stream.open, stream.highest) = (None, None);
            }
            let is_of_message = flags.is_some() && stream.open == Some(number.value);
            let is_again = !is_of_message && stream.take(number.value);
            if let Some(flags) = &flags {
                let closes = flags.i64(row).is_none_or(|f| f & last != 0);
                if !is_again {
                    stream.open = Some(number.value).filter(|_| !closes);
                }
            }
            if stream.highest.is_none_or(|(highest, _)| number.value > highest) {
                stream.highest = Some((number.value, number.day));
            }
            marks.judge(row, is_again);
            self.ranges = self.ranges + stream.seen.len() - before;
            if self.ranges > self.limit {
                self.streams.clear();
                return Err(NotEvaluated::Limit(format!("{} ranges of numbers", self.limit)));
            }
        }
        Ok(())
    }
}
