//! An expression as a lazy expression of Polars.

use super::expression::{Binary, Function, Node, Part};
use super::kernels::{self, Choice, Unary};
use super::typing::{Kind, kind};
use polars::prelude::{DataType, Expr, NULL, col, lit};

/// The value of the node as Polars computes it: `Float64` without NaN and infinity, or `Boolean`.
///
/// Types were checked before, so the kinds that `column` gives are those that the node was checked with; columns of
/// floats went through [`clean_float`].
pub(super) fn compile(node: &Node, column: &impl Fn(&str) -> Kind) -> Expr {
    let float = |node: &Node| as_float(node, column);
    match &node.part {
        // A bare literal has a type of its own that adapts to its neighbour; here every number is `Float64`.
        Part::Number(value) => lit(*value).cast(DataType::Float64),
        Part::Truth(value) => lit(*value),
        Part::Column(name) => match column(name) {
            Kind::Float | Kind::Truth => col(name.as_str()),
            Kind::Int => col(name.as_str()).cast(DataType::Int64),
        },
        Part::Negative(inner) => kernels::unary(Unary::Negative, float(inner)),
        Part::Not(inner) => compile(inner, column).not(),
        Part::Binary(operator, left, right) => binary(*operator, left, right, column),
        Part::Call(function, arguments) => call(*function, arguments, column),
    }
}

/// A column of floats as `Float64`, with null for what is not finite: in an input that is as good as missing.
pub(super) fn clean_float(column: &str) -> Expr {
    kernels::finite(col(column).cast(DataType::Float64))
}

/// The node as `Float64`: integers are widened, exactly below 2^53 and to the nearest above.
fn as_float(node: &Node, column: &impl Fn(&str) -> Kind) -> Expr {
    let value = compile(node, column);
    match kind(node, column) {
        Ok(Kind::Int) => value.cast(DataType::Float64),
        _ => value,
    }
}

fn binary(operator: Binary, left: &Node, right: &Node, column: &impl Fn(&str) -> Kind) -> Expr {
    let floats = || (as_float(left, column), as_float(right, column));
    // Integers and truths compare as what they are; a mixed pair as floats.
    let compared = || match (kind(left, column), kind(right, column)) {
        (Ok(a), Ok(b)) if a == b => (compile(left, column), compile(right, column)),
        _ => floats(),
    };
    match operator {
        Binary::Add => kernels::arithmetic(|a, b| a + b, floats()),
        Binary::Subtract => kernels::arithmetic(|a, b| a - b, floats()),
        Binary::Multiply => kernels::arithmetic(|a, b| a * b, floats()),
        Binary::Divide => kernels::arithmetic(|a, b| a / b, floats()),
        Binary::And => compile(left, column).and(compile(right, column)),
        Binary::Or => compile(left, column).or(compile(right, column)),
        Binary::Less => pair(compared(), Expr::lt),
        Binary::LessEqual => pair(compared(), Expr::lt_eq),
        Binary::Greater => pair(compared(), Expr::gt),
        Binary::GreaterEqual => pair(compared(), Expr::gt_eq),
        Binary::Equal => pair(compared(), Expr::eq),
        Binary::Unequal => pair(compared(), Expr::neq),
    }
}

fn pair(sides: (Expr, Expr), compare: fn(Expr, Expr) -> Expr) -> Expr {
    compare(sides.0, sides.1)
}

fn call(function: Function, arguments: &[Node], column: &impl Fn(&str) -> Kind) -> Expr {
    let float = |node: &Node| as_float(node, column);
    // `coalesce` and `if` of truths stay truths.
    let is_truth = |nodes: &[Node]| nodes.iter().all(|node| kind(node, column) == Ok(Kind::Truth));
    let alike = |nodes: &[Node]| -> Vec<Expr> {
        let is_truth = is_truth(nodes);
        nodes.iter().map(|n| if is_truth { compile(n, column) } else { float(n) }).collect()
    };
    match (function, arguments) {
        (Function::Abs, [x]) => kernels::unary(Unary::Abs, float(x)),
        (Function::Sign, [x]) => kernels::unary(Unary::Sign, float(x)),
        (Function::Sqrt, [x]) => kernels::unary(Unary::Sqrt, float(x)),
        (Function::Ln, [x]) => kernels::unary(Unary::Ln, float(x)),
        (Function::Exp, [x]) => kernels::unary(Unary::Exp, float(x)),
        (Function::Clip, [x, low, high]) => {
            let at_least = kernels::choice(Choice::Max, float(x), float(low));
            kernels::choice(Choice::Min, at_least, float(high))
        }
        (Function::Min, [first, rest @ ..]) => rest
            .iter()
            .fold(float(first), |least, node| kernels::choice(Choice::Min, least, float(node))),
        (Function::Max, [first, rest @ ..]) => rest
            .iter()
            .fold(float(first), |most, node| kernels::choice(Choice::Max, most, float(node))),
        (Function::IsNull, [x]) => compile(x, column).is_null(),
        (Function::If, [condition, rest @ ..]) => {
            let mut values = alike(rest).into_iter();
            let (yes, no) = (values.next(), values.next());
            let dtype = if is_truth(rest) { DataType::Boolean } else { DataType::Float64 };
            match (yes, no) {
                (Some(yes), Some(no)) => {
                    kernels::select(dtype, compile(condition, column), yes, no)
                }
                _ => lit(NULL),
            }
        }
        (Function::Coalesce, nodes) => {
            let mut values = alike(nodes).into_iter();
            let first = values.next().unwrap_or_else(|| lit(NULL));
            values.fold(first, Expr::fill_null)
        }
        // The parser counted the arguments.
        _ => lit(NULL),
    }
}
