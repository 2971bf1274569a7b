//! Why derived features cannot be declared, resolved or evaluated.

use crate::bridge::BridgeError;
use crate::cross::CrossError;
use contract::{Diagnostic, Fault};

/// Line and column in a declaration, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// Why derived features cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivedError {
    /// The text is no TOML of this form.
    #[error("{message}")]
    Declaration {
        /// What the parser says.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A value of a key that does not fit.
    #[error("{key}: expected {expected}, found {found}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// A name that no feature can have.
    #[error("name: expected `<family>__<measure>__<window>` in lower case, found `{name}`")]
    Name {
        /// The name.
        name: String,
        /// Where.
        place: Place,
    },
    /// A name that is taken.
    #[error("derived feature `{name}`: expected a new name, found it {taken}")]
    Duplicate {
        /// The name.
        name: String,
        /// By what: another derived feature, or a column of the table.
        taken: &'static str,
        /// Where.
        place: Place,
    },
    /// The text of an expression cannot be read.
    #[error("derived feature `{name}`: expected {expected}, found {found}")]
    Expression {
        /// The feature.
        name: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// Where.
        place: Place,
    },
    /// No function has this name.
    #[error("derived feature `{name}`: no function `{function}`")]
    UnknownFunction {
        /// The feature.
        name: String,
        /// The function.
        function: String,
        /// Functions with a near name.
        near: Vec<String>,
        /// Where.
        place: Place,
    },
    /// A function with too few or too many arguments.
    #[error("derived feature `{name}`: `{function}` takes {expected} arguments, found {found}")]
    Arguments {
        /// The feature.
        name: String,
        /// The function.
        function: &'static str,
        /// How many it takes.
        expected: String,
        /// How many there are.
        found: usize,
        /// Where.
        place: Place,
    },
    /// An expression beyond what is worked on.
    #[error("derived feature `{name}`: expected at most {most} {what}")]
    TooBig {
        /// The feature.
        name: String,
        /// The limit.
        most: usize,
        /// Of what.
        what: &'static str,
        /// Where.
        place: Place,
    },
    /// No column and no derived feature has this name.
    #[error("derived feature `{name}`: no column `{column}`")]
    UnknownColumn {
        /// The feature.
        name: String,
        /// The column.
        column: String,
        /// Columns and derived features with a near name.
        near: Vec<String>,
        /// Where.
        place: Place,
    },
    /// A column that needs the future of its decision.
    #[error(
        "derived feature `{name}`: expected a column known at the decision, found `{column}`, {why}"
    )]
    Hindsight {
        /// The feature.
        name: String,
        /// The column.
        column: String,
        /// What gives it away.
        why: &'static str,
        /// Where.
        place: Place,
    },
    /// A table that needs the future of its decisions.
    #[error(
        "table `{table}`: expected a table known at the decision, found one marked `hindsight`"
    )]
    HindsightTable {
        /// The table, if its schema says.
        table: String,
    },
    /// A column of a type that expressions do not know.
    #[error(
        "derived feature `{name}`: expected `{column}` to be Float64, Boolean or an integer of at most 63 bits, found `{found}`"
    )]
    ColumnType {
        /// The feature.
        name: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// Where.
        place: Place,
    },
    /// A part of an expression of another type than its place asks for.
    #[error("derived feature `{name}`: {what} takes {expected}, found {found}")]
    Type {
        /// The feature.
        name: String,
        /// The operator or function.
        what: String,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// Where.
        place: Place,
    },
    /// Derived features that need each other.
    #[error("derived features: expected no cycle, found {}", .names.join(" -> "))]
    Cycle {
        /// The features in order; the first one again at the end.
        names: Vec<String>,
        /// Where the first one is declared.
        place: Place,
    },
    /// The rows are not those of the table that the features were resolved against.
    #[error("batch {batch}: expected `{expected}`, found {found}")]
    Rows {
        /// The batch, from 0.
        batch: usize,
        /// The column with its type.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The rows do not cross to Polars, or not back.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// A cross-section has no answer.
    #[error("derived feature `{name}`: {source}")]
    Cross {
        /// The feature.
        name: String,
        /// Why.
        source: CrossError,
    },
    /// Polars refused what was checked before: a defect of ours.
    #[error("the evaluation failed: {message}")]
    Evaluation {
        /// What Polars says.
        message: String,
    },
}

impl DerivedError {
    /// Where in the text of the declaration.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Declaration { place, .. } => *place,
            Self::Value { place, .. }
            | Self::Name { place, .. }
            | Self::Duplicate { place, .. }
            | Self::Expression { place, .. }
            | Self::UnknownFunction { place, .. }
            | Self::Arguments { place, .. }
            | Self::TooBig { place, .. }
            | Self::UnknownColumn { place, .. }
            | Self::Hindsight { place, .. }
            | Self::ColumnType { place, .. }
            | Self::Type { place, .. }
            | Self::Cycle { place, .. } => Some(*place),
            _ => None,
        }
    }
}

impl Diagnostic for DerivedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Declaration { .. } => "analytics/derived-declaration",
            Self::Value { .. } => "analytics/derived-value",
            Self::Name { .. } => "analytics/derived-name",
            Self::Duplicate { .. } => "analytics/derived-duplicate",
            Self::Expression { .. } => "analytics/derived-expression",
            Self::UnknownFunction { .. } => "analytics/derived-unknown-function",
            Self::Arguments { .. } => "analytics/derived-arguments",
            Self::TooBig { .. } => "analytics/derived-too-big",
            Self::UnknownColumn { .. } => "analytics/derived-unknown-column",
            Self::Hindsight { .. } => "analytics/derived-hindsight-column",
            Self::HindsightTable { .. } => "analytics/derived-hindsight-table",
            Self::ColumnType { .. } => "analytics/derived-column-type",
            Self::Type { .. } => "analytics/derived-type",
            Self::Cycle { .. } => "analytics/derived-cycle",
            Self::Rows { .. } => "analytics/derived-rows",
            Self::Bridge(error) => error.code(),
            Self::Cross { source, .. } => source.code(),
            Self::Evaluation { .. } => "analytics/derived-evaluation",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Bridge(error) => error.fault(),
            Self::Cross { source, .. } => source.fault(),
            Self::Evaluation { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFunction { near, .. } | Self::UnknownColumn { near, .. }
                if !near.is_empty() =>
            {
                Some(format!("near names: {}", near.join(", ")))
            }
            Self::Bridge(error) => error.help(),
            Self::Cross { source, .. } => source.help(),
            _ => None,
        }
    }
}
