//! Splits, and since when they were known.

use contract::{AdjustmentKind, Adjustments, Draft, UnknownWord};
use std::collections::BTreeMap;

/// One split or stock dividend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Split {
    ts_effective: i64,
    ts_avail: i64,
}

/// Actions that change the scale of prices, by instrument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    splits: BTreeMap<u32, Vec<Split>>,
}

impl Actions {
    pub(crate) fn add(&mut self, rows: &Draft<Adjustments>) -> Result<(), UnknownWord> {
        for row in 0..rows.len() {
            let kind = rows.cell(&Adjustments::KIND, row)?;
            let rescales = matches!(
                kind,
                AdjustmentKind::Split | AdjustmentKind::StockDividend | AdjustmentKind::SpinOff
            );
            if !rescales {
                continue;
            }
            let split = Split {
                ts_effective: rows.col(&Adjustments::TS_EFFECTIVE).value(row),
                ts_avail: rows.col(&Adjustments::TS_AVAIL).value(row),
            };
            let list =
                self.splits.entry(rows.col(&Adjustments::INSTRUMENT_ID).value(row)).or_default();
            let at = list.partition_point(|s| *s <= split);
            list.insert(at, split);
        }
        Ok(())
    }

    /// Whether an action that takes effect in `(from, to]` was known at `ts_avail`.
    pub(crate) fn has_split(&self, instrument: u32, from: i64, to: i64, ts_avail: i64) -> bool {
        let list = self.splits.get(&instrument).map_or(&[][..], Vec::as_slice);
        list.iter().any(|s| s.ts_effective > from && s.ts_effective <= to && s.ts_avail <= ts_avail)
    }
}
