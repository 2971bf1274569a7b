//! Prices of another scale.

use super::cells::{Cells, Made};
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

/// A price that is larger or smaller than the last accepted one of its stream by a factor.
///
/// Compared are integers: `px >= factor x last`, or `px x factor <= last`. A violating price is not accepted; after `reseed` of them
/// in a row it is, so that a real change of scale is flagged `reseed` times and then believed. Null, zero and negative
/// prices are not applicable. Memory: a key and a price a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scale {
    price: Slot,
    by: Cells,
    factor: i128,
    reseed: u64,
    #[serde(with = "crate::pairs")]
    streams: BTreeMap<Vec<u8>, Stream>,
    #[serde(skip)]
    key: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Stream {
    last: i64,
    refused: u64,
}

/// Most streams.
const MAX_STREAMS: usize = 262_144;

impl Scale {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "scale",
        doc: "a price that differs from the one before by a factor",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("close"), "the price"),
            ParamSpec::new(
                "by",
                ParamType::Columns,
                Some("source_id,instrument_id,price_type,step_ns"),
                "columns that make a stream of prices",
            ),
            ParamSpec::new(
                "factor",
                ParamType::Count,
                Some("10"),
                "smallest factor that is a violation",
            ),
            ParamSpec::new(
                "reseed",
                ParamType::Count,
                Some("3"),
                "violations in a row after which the next price is the new scale",
            ),
        ],
        needs: &[],
        build: |params, slots| {
            AnyJudge::Scale(Self {
                price: slots.of(params.text("column")),
                by: Cells::new(params, "by", slots),
                factor: i128::from(params.int("factor").max(2)),
                reseed: u64::try_from(params.int("reseed")).unwrap_or(0),
                streams: BTreeMap::new(),
                key: Vec::new(),
            })
        },
    };
}

impl Judge for Scale {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (prices, by) = (rows.column(self.price)?, self.by.columns(rows)?);
        for row in 0..rows.len() {
            let Some(px) = prices.i64(row).filter(|px| *px > 0) else { continue };
            self.key.clear();
            if by.write(row, &mut self.key) != Made::Whole {
                continue;
            }
            let Some(stream) = self.streams.get_mut(self.key.as_slice()) else {
                if self.streams.len() >= MAX_STREAMS {
                    return Err(NotEvaluated::Limit(format!("{MAX_STREAMS} streams")));
                }
                self.streams.insert(self.key.clone(), Stream { last: px, refused: 0 });
                continue;
            };
            let (wide, last) = (i128::from(px), i128::from(stream.last));
            let is_off = wide >= last * self.factor || wide * self.factor <= last;
            let is_refused = is_off && stream.refused < self.reseed;
            marks.judge(row, is_refused);
            if is_refused {
                stream.refused += 1;
            } else {
                *stream = Stream { last: px, refused: 0 };
            }
        }
        Ok(())
    }
}
