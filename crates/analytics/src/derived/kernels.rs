//! Steps that Polars has not, or has with another rule for null, NaN and infinity.
//!
//! Each works row by row on whole columns. `ln` and `exp` come from `libm`, so that a derived feature has the same bits
//! on every machine.

use polars::prelude::arity::binary_elementwise_values;
use polars::prelude::{
    BooleanChunked, ChunkApply, ChunkFullNull as _, Column, DataType, Expr, Field, Float64Chunked,
    IntoColumn, PlSmallStr, PolarsResult, Schema,
};

/// A step over one value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unary {
    Negative,
    Abs,
    Sign,
    Sqrt,
    Ln,
    Exp,
}

impl Unary {
    /// The value; not finite where there is none.
    fn of(self, x: f64) -> f64 {
        match self {
            Self::Negative => -x,
            Self::Abs => x.abs(),
            Self::Sign if x == 0.0 => 0.0,
            Self::Sign => 1.0_f64.copysign(x),
            Self::Sqrt => x.sqrt(),
            // Of zero it is minus infinity, of a negative number NaN.
            Self::Ln => libm::log(x),
            Self::Exp => libm::exp(x),
        }
    }
}

/// A step that takes one of two values; null where one of them is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice {
    Min,
    Max,
}

/// The same column with null for what is not finite.
pub(super) fn finite(expr: Expr) -> Expr {
    expr.map_with_fmt_str(|column| finite_column(&column), float_like_first, "finite")
}

/// One step over a column of floats.
pub(super) fn unary(step: Unary, expr: Expr) -> Expr {
    let run = move |column: Column| {
        let values = column.f64()?;
        let out: Float64Chunked = match step {
            // These keep a finite value finite.
            Unary::Negative | Unary::Abs | Unary::Sign => values.apply_values(|x| step.of(x)),
            _ => values.iter().map(|x| x.map(|x| step.of(x)).filter(|y| y.is_finite())).collect(),
        };
        Ok(out.with_name(column.name().clone()).into_column())
    };
    expr.map_with_fmt_str(run, float_like_first, format!("{step:?}"))
}

/// Two columns of floats as one, with null for what is not finite.
///
/// Polars' own operators divide by a number as they multiply with its reciprocal, and simplify `x + 0` and `0 - x`: a unit
/// in the last place, or the sign of a zero, would depend on whether a side is a literal.
pub(super) fn arithmetic(operator: fn(f64, f64) -> f64, (a, b): (Expr, Expr)) -> Expr {
    let run = move |columns: &mut [Column]| {
        let [a, b] = columns else { return arity(columns.len(), 2) };
        let (name, rows) = (a.name().clone(), longest(&[a, b]));
        let (left, right) = (a.f64()?, b.f64()?);
        let out = match (left.len() == rows, right.len() == rows) {
            (true, true) => binary_elementwise_values(left, right, operator),
            (true, false) => match right.get(0) {
                Some(right) => left.apply_values(|left| operator(left, right)),
                None => Float64Chunked::full_null(name.clone(), rows),
            },
            (false, true) => match left.get(0) {
                Some(left) => right.apply_values(|right| operator(left, right)),
                None => Float64Chunked::full_null(name.clone(), rows),
            },
            (false, false) => Float64Chunked::full_null(name.clone(), rows),
        };
        finite_column(&out.with_name(name).into_column())
    };
    a.map_many(run, &[b], float_like_first_of)
}

/// The lesser or greater of two columns; the first where they are equal.
pub(super) fn choice(choice: Choice, a: Expr, b: Expr) -> Expr {
    let run = move |columns: &mut [Column]| {
        let [a, b] = columns else { return arity(columns.len(), 2) };
        let name = a.name().clone();
        let rows = longest(&[a, b]);
        let (a, b) = (floats(a, rows)?, floats(b, rows)?);
        let pick = |pair: (Option<f64>, Option<f64>)| match (pair, choice) {
            ((Some(a), Some(b)), Choice::Min) => Some(if b < a { b } else { a }),
            ((Some(a), Some(b)), Choice::Max) => Some(if b > a { b } else { a }),
            _ => None,
        };
        let out: Float64Chunked = a.iter().zip(b.iter()).map(pick).collect();
        Ok(out.with_name(name).into_column())
    };
    a.map_many(run, &[b], float_like_first_of)
}

/// `yes` where the condition holds, `no` where it does not, null where it is null; both of this type.
pub(super) fn select(dtype: DataType, condition: Expr, yes: Expr, no: Expr) -> Expr {
    let is_truth = dtype == DataType::Boolean;
    let run = move |columns: &mut [Column]| {
        let [condition, yes, no] = columns else { return arity(columns.len(), 3) };
        let name = condition.name().clone();
        let rows = longest(&[condition, yes, no]);
        let condition = truths(condition, rows)?;
        if is_truth {
            let (yes, no) = (truths(yes, rows)?, truths(no, rows)?);
            let out: BooleanChunked =
                condition.iter().zip(yes.iter().zip(no.iter())).map(pick).collect();
            return Ok(out.with_name(name).into_column());
        }
        let (yes, no) = (floats(yes, rows)?, floats(no, rows)?);
        let out: Float64Chunked =
            condition.iter().zip(yes.iter().zip(no.iter())).map(pick).collect();
        Ok(out.with_name(name).into_column())
    };
    condition.map_many(run, &[yes, no], move |_, fields| {
        let name = fields.first().map_or(PlSmallStr::EMPTY, |field| field.name().clone());
        Ok(Field::new(name, dtype.clone()))
    })
}

fn pick<T>((condition, (yes, no)): (Option<bool>, (Option<T>, Option<T>))) -> Option<T> {
    if condition? { yes } else { no }
}

/// Literals come as a column of one row.
fn longest(columns: &[&mut Column]) -> usize {
    let lengths = || columns.iter().map(|column| column.len());
    // Beside an empty column, a literal has no row to stand for.
    if lengths().any(|n| n == 0) { 0 } else { lengths().max().unwrap_or(0) }
}

fn floats(column: &Column, rows: usize) -> PolarsResult<Float64Chunked> {
    Ok(stretched(column, rows).f64()?.clone())
}

fn truths(column: &Column, rows: usize) -> PolarsResult<BooleanChunked> {
    Ok(stretched(column, rows).bool()?.clone())
}

fn stretched(column: &Column, rows: usize) -> Column {
    if column.len() == rows { column.clone() } else { column.new_from_index(0, rows) }
}

fn arity(found: usize, expected: usize) -> PolarsResult<Column> {
    let message = format!("expected {expected} columns, found {found}");
    Err(polars::prelude::PolarsError::ComputeError(message.into()))
}

fn finite_column(column: &Column) -> PolarsResult<Column> {
    let values = column.f64()?;
    // One pass without a branch; it reads the value under a null too, which only costs the second pass.
    let all = values
        .downcast_iter()
        .all(|chunk| chunk.values().iter().fold(true, |all, x| all & x.is_finite()));
    if all {
        return Ok(column.clone());
    }
    let out: Float64Chunked = values.iter().map(|x| x.filter(|x| x.is_finite())).collect();
    Ok(out.with_name(column.name().clone()).into_column())
}

#[expect(clippy::unnecessary_wraps, reason = "the form that Polars asks for")]
fn float_like_first(_: &Schema, field: &Field) -> PolarsResult<Field> {
    Ok(Field::new(field.name().clone(), DataType::Float64))
}

#[expect(clippy::unnecessary_wraps, reason = "the form that Polars asks for")]
fn float_like_first_of(_: &Schema, fields: &[Field]) -> PolarsResult<Field> {
    let name = fields.first().map_or(PlSmallStr::EMPTY, |field| field.name().clone());
    Ok(Field::new(name, DataType::Float64))
}
