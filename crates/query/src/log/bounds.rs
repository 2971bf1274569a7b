//! What a predicate says about the columns by which a log is laid out.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::scalar::ScalarValue;
use std::collections::BTreeSet;
use std::fmt;

/// Bounds that every row has which a predicate lets pass; both ends are included.
///
/// They may be wider than the predicate, never narrower: the engine tests every row again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// `seq`.
    pub(crate) seq: (u64, u64),
    /// Delivered `ts_avail`, nanoseconds.
    pub(crate) avail: (i64, i64),
    /// `instrument_id`; `None` is any, also none.
    pub(crate) instruments: Option<BTreeSet<u32>>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { seq: (0, u64::MAX), avail: (i64::MIN, i64::MAX), instruments: None }
    }
}

impl Bounds {
    /// Bounds of rows that pass all of these.
    pub(crate) fn of(filters: &[Expr]) -> Self {
        filters.iter().map(of).fold(Self::default(), Self::and)
    }

    /// Whether no row can be within.
    pub(crate) fn is_empty(&self) -> bool {
        self.seq.0 > self.seq.1
            || self.avail.0 > self.avail.1
            || self.instruments.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// The first number behind `seq`.
    pub(crate) fn end_seq(&self) -> u64 {
        self.seq.1.saturating_add(1)
    }

    fn and(self, other: Self) -> Self {
        let instruments = match (self.instruments, other.instruments) {
            (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
            (a, b) => a.or(b),
        };
        Self {
            seq: (self.seq.0.max(other.seq.0), self.seq.1.min(other.seq.1)),
            avail: (self.avail.0.max(other.avail.0), self.avail.1.min(other.avail.1)),
            instruments,
        }
    }

    fn or(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let instruments = self.instruments.zip(other.instruments);
        Self {
            seq: (self.seq.0.min(other.seq.0), self.seq.1.max(other.seq.1)),
            avail: (self.avail.0.min(other.avail.0), self.avail.1.max(other.avail.1)),
            instruments: instruments.map(|(a, b)| a.union(&b).copied().collect()),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let any = Self::default();
        if self.seq.0 > any.seq.0 {
            parts.push(format!("seq >= {}", self.seq.0));
        }
        if self.seq.1 < any.seq.1 {
            parts.push(format!("seq <= {}", self.seq.1));
        }
        let instant = |ns| contract::UtcNanos::from_nanos(ns).to_string();
        if self.avail.0 > any.avail.0 {
            parts.push(format!("ts_avail >= {}", instant(self.avail.0)));
        }
        if self.avail.1 < any.avail.1 {
            parts.push(format!("ts_avail <= {}", instant(self.avail.1)));
        }
        if let Some(instruments) = &self.instruments {
            let shown: Vec<String> = instruments.iter().take(8).map(u32::to_string).collect();
            let more = if instruments.len() > shown.len() { ", .." } else { "" };
            parts.push(format!("instrument_id in ({}{more})", shown.join(", ")));
        }
        f.write_str(&parts.join(" and "))
    }
}

fn of(expr: &Expr) -> Bounds {
    match expr {
        Expr::Alias(alias) => of(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => of(left).and(of(right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => of(left).or(of(right)),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(value, _)) => compared(&column.name, *op, value),
            (Expr::Literal(value, _), Expr::Column(column)) => {
                op.swap().map_or_else(Bounds::default, |op| compared(&column.name, op, value))
            }
            _ => Bounds::default(),
        },
        Expr::Between(between) if !between.negated => {
            match (&*between.expr, &*between.low, &*between.high) {
                (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => compared(
                    &column.name,
                    Operator::GtEq,
                    low,
                )
                .and(compared(&column.name, Operator::LtEq, high)),
                _ => Bounds::default(),
            }
        }
        Expr::InList(list) if !list.negated => {
            let Expr::Column(column) = &*list.expr else { return Bounds::default() };
            let mut bounds: Option<Bounds> = None;
            for value in &list.list {
                let Expr::Literal(value, _) = value else { return Bounds::default() };
                let one = compared(&column.name, Operator::Eq, value);
                bounds = Some(match bounds {
                    Some(before) => before.or(one),
                    None => one,
                });
            }
            bounds.unwrap_or_default()
        }
        _ => Bounds::default(),
    }
}

fn compared(column: &str, op: Operator, value: &ScalarValue) -> Bounds {
    let mut bounds = Bounds::default();
    match column {
        "seq" => {
            if let Some((low, high)) = whole(value).and_then(|value| range(op, value)) {
                let clamp = |n: i128, or| u64::try_from(n).unwrap_or(or);
                bounds.seq = if high < 0 || low > i128::from(u64::MAX) {
                    (1, 0)
                } else {
                    (clamp(low, 0), clamp(high, u64::MAX))
                };
            }
        }
        "ts_avail" => {
            if let Some((low, high)) = instant(value).and_then(|value| range(op, value)) {
                let clamp = |n: i128, or| i64::try_from(n).unwrap_or(or);
                bounds.avail = (clamp(low, i64::MIN), clamp(high, i64::MAX));
            }
        }
        "instrument_id" if op == Operator::Eq => {
            if let Some(value) = whole(value) {
                bounds.instruments = Some(u32::try_from(value).into_iter().collect());
            }
        }
        _ => {}
    }
    bounds
}

/// Values that compare so with this one.
fn range(op: Operator, value: i128) -> Option<(i128, i128)> {
    match op {
        Operator::Eq => Some((value, value)),
        Operator::Lt => Some((i128::MIN, value - 1)),
        Operator::LtEq => Some((i128::MIN, value)),
        Operator::Gt => Some((value + 1, i128::MAX)),
        Operator::GtEq => Some((value, i128::MAX)),
        _ => None,
    }
}

fn whole(value: &ScalarValue) -> Option<i128> {
    match value {
        ScalarValue::UInt64(value) => value.map(i128::from),
        ScalarValue::UInt32(value) => value.map(i128::from),
        ScalarValue::Int64(value) => value.map(i128::from),
        ScalarValue::Int32(value) => value.map(i128::from),
        _ => None,
    }
}

fn instant(value: &ScalarValue) -> Option<i128> {
    match value {
        ScalarValue::TimestampNanosecond(value, _) => value.map(i128::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    fn bounds(filter: Expr) -> Bounds {
        Bounds::of(&[filter])
    }

    #[test]
    fn comparisons_bound_a_column_from_both_sides_and_either_side_of_the_operator() {
        assert_eq!(bounds(col("seq").lt(lit(5_u64))).seq, (0, 4));
        assert_eq!(bounds(lit(5_u64).lt(col("seq"))).seq, (6, u64::MAX));
        assert_eq!(bounds(col("seq").between(lit(2_u64), lit(3_u64))).seq, (2, 3));
        assert_eq!(bounds(col("seq").gt_eq(lit(2_i64)).and(col("seq").eq(lit(9_i64)))).seq, (9, 9));
        assert!(bounds(col("seq").lt(lit(0_u64))).is_empty());
        assert!(bounds(col("seq").gt(lit(u64::MAX))).is_empty());
        let at = ScalarValue::TimestampNanosecond(Some(7), Some("UTC".into()));
        assert_eq!(bounds(col("ts_avail").lt(Expr::Literal(at, None))).avail, (i64::MIN, 6));
    }

    #[test]
    fn or_is_as_wide_as_both_and_what_is_not_understood_is_no_bound() {
        let either = col("seq").eq(lit(5_u64)).or(col("seq").eq(lit(9_u64)));
        assert_eq!(bounds(either).seq, (5, 9));
        let unlike = col("seq").eq(lit(5_u64)).or(col("px").eq(lit(1.0)));
        assert_eq!(bounds(unlike), Bounds::default());
        assert_eq!(bounds((col("seq") + lit(0_u64)).eq(lit(5_u64))), Bounds::default());
        assert_eq!(bounds(col("seq").eq(lit(5_u64)).is_not_true()), Bounds::default());
        assert_eq!(bounds(col("seq").not_eq(lit(5_u64))), Bounds::default());
    }

    #[test]
    fn instruments_are_sets() {
        let set = |ids: &[u32]| Some(ids.iter().copied().collect::<BTreeSet<_>>());
        let of = |ids: &[u32]| {
            col("instrument_id").in_list(ids.iter().map(|id| lit(*id)).collect(), false)
        };
        assert_eq!(bounds(of(&[3, 1])).instruments, set(&[1, 3]));
        assert_eq!(bounds(of(&[3, 1]).and(of(&[1, 2]))).instruments, set(&[1]));
        assert_eq!(bounds(of(&[3]).or(of(&[1]))).instruments, set(&[1, 3]));
        assert_eq!(bounds(of(&[3]).or(col("seq").eq(lit(1_u64)))).instruments, None);
        assert_eq!(bounds(col("instrument_id").in_list(vec![lit(3_u32)], true)).instruments, None);
    }
}
