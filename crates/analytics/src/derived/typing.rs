//! The type of every part of an expression.

use super::expression::{Binary, Function, Node, Part};
use arrow_schema::DataType;
use std::fmt;

/// The type of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Float64`.
    Float,
    /// `Int64`: a column of integers. Two of them compare exactly; everything else widens them to `Float64`.
    Int,
    /// `Boolean`.
    Truth,
}

impl Kind {
    /// The kind of a column, where expressions know its type.
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Float64 | DataType::Float32 => Some(Self::Float),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Some(Self::Int),
            DataType::Boolean => Some(Self::Truth),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float => "Float64",
            Self::Int => "Int64",
            Self::Truth => "Boolean",
        })
    }
}

/// A part of another type than its place asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WrongType {
    pub(super) at: usize,
    pub(super) what: String,
    pub(super) expected: &'static str,
    pub(super) found: Kind,
}

/// The type of a part; `column` knows the type of every column that the expression names.
pub(super) fn kind(node: &Node, column: &impl Fn(&str) -> Kind) -> Result<Kind, WrongType> {
    let number = |node: &Node, what: &str| match kind(node, column)? {
        Kind::Truth => Err(wrong(node, what, "a number", Kind::Truth)),
        number => Ok(number),
    };
    let truth = |node: &Node, what: &str| match kind(node, column)? {
        Kind::Truth => Ok(Kind::Truth),
        found => Err(wrong(node, what, "Boolean", found)),
    };
    Ok(match &node.part {
        Part::Number(_) => Kind::Float,
        Part::Truth(_) => Kind::Truth,
        Part::Column(name) => column(name),
        Part::Negative(inner) => {
            number(inner, "`-`")?;
            Kind::Float
        }
        Part::Not(inner) => truth(inner, "`not`")?,
        Part::Binary(operator, left, right) => {
            let what = format!("`{}`", operator.word());
            match operator {
                Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide => {
                    number(left, &what)?;
                    number(right, &what)?;
                    Kind::Float
                }
                Binary::And | Binary::Or => {
                    truth(left, &what)?;
                    truth(right, &what)?
                }
                Binary::Equal | Binary::Unequal if kind(left, column)? == Kind::Truth => {
                    truth(right, &what)?
                }
                _ => {
                    number(left, &what)?;
                    number(right, &what)?;
                    Kind::Truth
                }
            }
        }
        Part::Call(function, arguments) => {
            let what = format!("`{}`", function.name());
            match (function, arguments.as_slice()) {
                (Function::IsNull, [inner]) => {
                    kind(inner, column)?;
                    Kind::Truth
                }
                (Function::If, [condition, yes, no]) => {
                    truth(condition, "`if`, condition")?;
                    alike(&[yes, no], &what, column)?
                }
                (Function::Coalesce, arguments) => {
                    alike(&arguments.iter().collect::<Vec<_>>(), &what, column)?
                }
                (_, arguments) => {
                    for argument in arguments {
                        number(argument, &what)?;
                    }
                    Kind::Float
                }
            }
        }
    })
}

/// Boolean where all are, `Float64` where all are numbers.
fn alike(nodes: &[&Node], what: &str, column: &impl Fn(&str) -> Kind) -> Result<Kind, WrongType> {
    let kinds = nodes.iter().map(|node| kind(node, column)).collect::<Result<Vec<_>, _>>()?;
    let is_truth = kinds.first() == Some(&Kind::Truth);
    let odd = nodes.iter().zip(&kinds).find(|(_, kind)| (**kind == Kind::Truth) != is_truth);
    match odd {
        Some((node, found)) if is_truth => Err(wrong(node, what, "Boolean like the first", *found)),
        Some((node, found)) => Err(wrong(node, what, "a number like the first", *found)),
        None if is_truth => Ok(Kind::Truth),
        None => Ok(Kind::Float),
    }
}

fn wrong(node: &Node, what: &str, expected: &'static str, found: Kind) -> WrongType {
    WrongType { at: node.at, what: what.to_owned(), expected, found }
}
