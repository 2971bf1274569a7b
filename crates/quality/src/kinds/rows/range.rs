//! Values outside their range.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::decimal::Decimal;
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use arrow_schema::DataType;
use contract::{Causality, Severity};
use serde::{Deserialize, Serialize};

/// Values below the one end or above the other.
///
/// Integers, prices and decimals are compared as integers, so that an end is exact however many digits it has. A float is
/// compared with the double nearest to the end, as a literal in Python is; NaN and infinities are the business of
/// `nonfinite` and not applicable here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Range {
    column: Slot,
    is_price: bool,
    has_end: bool,
    /// Smallest and greatest allowed, in whole numbers and in units of 1e-9.
    plain: (i128, i128),
    nano: (i128, i128),
    /// Bits of the smallest and greatest allowed double.
    double: (u64, u64),
}

impl Range {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "range",
        doc: "a value below `min` or above `max`",
        dimension: Dimension::Validity,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new("column", ParamType::Column, Some("!"), "the column"),
            ParamSpec::new("min", ParamType::Decimal, None, "lower end, in the column's unit"),
            ParamSpec::new("max", ParamType::Decimal, None, "upper end, in the column's unit"),
            ParamSpec::new(
                "ends",
                ParamType::Word(&["[]", "[)", "(]", "()"]),
                Some("[]"),
                "square where an end belongs to the range, round where it does not",
            ),
        ],
        needs: &[],
        build: |params, slots| AnyJudge::Range(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let name = params.text("column");
        let column = slots.spec().and_then(|spec| spec.column(name));
        let (min, max) = (params.text("min"), params.text("max"));
        let ends = params.text("ends");
        let (opens, closes) = (ends.starts_with('('), ends.ends_with(')'));
        let whole = |scale| {
            let low = Decimal::parse(min).map_or(i128::MIN, |d| match (d.floor(scale), opens) {
                ((low, true), false) => low,
                ((low, _), _) => low.saturating_add(1),
            });
            let high = Decimal::parse(max).map_or(i128::MAX, |d| match (d.floor(scale), closes) {
                ((high, true), true) => high.saturating_sub(1),
                ((high, _), _) => high,
            });
            (low, high)
        };
        let low =
            min.parse().map_or(f64::NEG_INFINITY, |x: f64| if opens { x.next_up() } else { x });
        let high =
            max.parse().map_or(f64::INFINITY, |x: f64| if closes { x.next_down() } else { x });
        Self {
            column: slots.of(name),
            is_price: column.is_some_and(|c| c.ty == contract::Type::Px),
            has_end: params.has("min") || params.has("max"),
            plain: whole(0),
            nano: whole(9),
            double: (low.to_bits(), high.to_bits()),
        }
    }
}

/// Ends in a narrower type; where no value of it is inside, ends that none can meet.
fn narrow<T: TryFrom<i128> + Into<i128> + Copy>(
    (low, high): (i128, i128),
    least: T,
    most: T,
) -> (T, T) {
    let (floor, ceiling): (i128, i128) = (least.into(), most.into());
    if low > ceiling || high < floor || low > high {
        return (most, least);
    }
    let low = T::try_from(low.max(floor)).unwrap_or(least);
    let high = T::try_from(high.min(ceiling)).unwrap_or(most);
    (low, high)
}

impl Judge for Range {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !self.has_end {
            return Err(NotEvaluated::MissingContext("`min` or `max`".to_owned()));
        }
        let column = rows.column(self.column)?;
        let whole = if self.is_price { self.nano } else { self.plain };
        macro_rules! sweep {
            ($values:expr, $ty:ty) => {{
                let (low, high) = narrow::<$ty>(whole, <$ty>::MIN, <$ty>::MAX);
                marks.sweep_values($values, column.nulls, |v: $ty| (true, v < low || v > high));
            }};
        }
        match column.lane {
            Lane::F64(values) => {
                let (low, high) = (f64::from_bits(self.double.0), f64::from_bits(self.double.1));
                marks.sweep_values(values, column.nulls, |x: f64| {
                    (x.is_finite(), x < low || x > high)
                });
            }
            Lane::I64(values) | Lane::Ts(values) => sweep!(values, i64),
            Lane::U64(values) => sweep!(values, u64),
            Lane::U32(values) => sweep!(values, u32),
            Lane::U16(values) => sweep!(values, u16),
            Lane::U8(values) => sweep!(values, u8),
            Lane::I32(values) => sweep!(values, i32),
            Lane::I8(values) => sweep!(values, i8),
            Lane::I128(values) => {
                let (low, high) = match column.array.data_type() {
                    DataType::Decimal128(_, 9) => self.nano,
                    DataType::Decimal128(_, 0) => self.plain,
                    other => return Err(rows.wrong_type(self.column, "a scale of 9 or 0", other)),
                };
                marks.sweep_values(values, column.nulls, |v: i128| (true, v < low || v > high));
            }
            Lane::Bool(_) | Lane::Text(_) | Lane::Words(..) | Lane::Bytes(_) => {
                return Err(rows.wrong_type(self.column, "a number", column.array.data_type()));
            }
        }
        Ok(())
    }
}
