//! Numbers that come after greater ones.

use super::numbers::{COLUMN, Numbers, PER, RESETS};
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec};
use crate::marks::Marks;
use crate::rows::Rows;
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row whose number is below the highest before it.
///
/// Each of several late rows is one; the rows after them, back above the highest, are none. An equal number is none either:
/// that is `seq_unique`. Memory: one number a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OutOfOrder {
    numbers: Numbers,
    /// Highest number and its day.
    #[serde(with = "crate::pairs")]
    highest: BTreeMap<(u16, u32), (i128, Option<i64>)>,
}

impl OutOfOrder {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "out_of_order",
        doc: "a row whose number is below one that came before",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[COLUMN, PER, RESETS],
        needs: &[],
        build: |params, slots| {
            AnyJudge::OutOfOrder(Self {
                numbers: Numbers::new(params, slots),
                highest: BTreeMap::new(),
            })
        },
    };
}

impl Judge for OutOfOrder {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let numbers = self.numbers.columns(rows)?;
        for row in 0..rows.len() {
            let Some(number) = numbers.at(row) else { continue };
            let seen = (number.value, number.day);
            let highest = self.highest.entry(number.key).or_insert(seen);
            let is_below = number.value < highest.0 && !number.resets(highest.0, highest.1);
            if !is_below {
                *highest = seen;
            }
            marks.judge(row, is_below);
        }
        Ok(())
    }
}
