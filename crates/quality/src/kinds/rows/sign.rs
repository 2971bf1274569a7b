//! Sizes and prices that cannot be.

use super::given::{ByColumn, Columns, Only, When, only_is, only_where};
use crate::context::{Context, Lookup};
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Severity, Type};
use serde::{Deserialize, Serialize};

/// Sizes below 0, or 0 where a size of 0 says nothing, and prices of 0 and below where the instrument has none.
///
/// An instrument that is not known has none, as the contract assumes where a registration says nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sign {
    sizes: Columns,
    prices: Columns,
    allows_zero: bool,
    /// Rows that may have a size of 0 all the same.
    except: Only,
    when: When,
    found: ByColumn,
}

impl Sign {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "sign",
        doc: "a size below 0, or a price of 0 or below where the instrument does not allow it",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Reject,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "sizes",
                ParamType::Columns,
                None,
                "sizes; unsaid: every public size of the table",
            ),
            ParamSpec::new(
                "prices",
                ParamType::Columns,
                None,
                "prices; unsaid: every price column of the table",
            ),
            ParamSpec::new(
                "allows_zero",
                ParamType::Switch,
                Some("true"),
                "whether a size may be 0; if not, it still may in rows whose cell of `where` is one of `is`",
            ),
            only_where(None),
            only_is(None),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Sign(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        Self {
            sizes: Columns::of("sizes", params, slots, |c| c.ty == Type::Size),
            prices: Columns::of("prices", params, slots, |c| c.ty == Type::Px),
            allows_zero: params.switch("allows_zero"),
            except: Only::of(params, slots, ""),
            when: When::of(slots),
            found: ByColumn::default(),
        }
    }
}

impl Judge for Sign {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let (sizes, prices) = (self.sizes.absent(rows), self.prices.absent(rows));
        let has_none = (self.sizes.is_empty() || sizes.is_some())
            && (self.prices.is_empty() || prices.is_some());
        if let Some(reason) = sizes.or(prices).filter(|_| has_none) {
            return Err(reason);
        }
        let except = self.except.read(rows)?;
        let zero_is_fine =
            |row: usize| self.allows_zero || (self.except.is_some() && except.has(row));
        for entry in self.sizes.read(rows) {
            let (slot, column) = entry?;
            let found = match column.lane {
                Lane::F64(sizes) => marks.sweep(&[column.nulls], |row| {
                    let size = sizes.get(row).copied().unwrap_or(0.0);
                    (size.is_finite(), size < 0.0 || (size == 0.0 && !zero_is_fine(row)))
                }),
                Lane::I128(_) | Lane::I64(_) => marks.sweep(&[column.nulls], |row| {
                    let size = column.int(row).unwrap_or(0);
                    (true, size < 0 || (size == 0 && !zero_is_fine(row)))
                }),
                _ => {
                    let found = column.array.data_type();
                    return Err(rows.wrong_type(slot, "Float64, Int64 or a decimal", found));
                }
            };
            self.found.add(rows.name(slot), found);
        }
        let times = self.when.read(rows)?;
        let instruments = rows.instruments().unwrap_or(&[]);
        let mut book = Lookup::new(&context.instruments);
        for entry in self.prices.read(rows) {
            let (slot, _) = entry?;
            let (prices, nulls) = rows.integers(slot)?;
            let found = marks.sweep(&[nulls], |row| {
                let is_low = prices.get(row).is_some_and(|px| *px <= 0);
                // Such prices are rare, so only they ask for their instrument.
                let mut is_allowed = || {
                    let (ts, ts_avail) = times.at(row);
                    let id = instruments.get(row).copied().unwrap_or(0);
                    book.at(id, ts, ts_avail).is_some_and(|i| i.allows_nonpositive_px)
                };
                (true, is_low && nulls.is_none_or(|n| n.is_valid(row)) && !is_allowed())
            });
            self.found.add(rows.name(slot), found);
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.found.merge(&right.found);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        end.detail = self.found.detail();
    }
}
