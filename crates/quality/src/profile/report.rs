//! What a profile says about a table.

use super::distinct::DistinctCount;
use super::kind::ProfileReading;
use serde::Serialize;
use std::fmt;

/// A table in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableProfile {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnProfile>,
}

/// A column in numbers. What a type does not have is none, and so is what needs more values than there are.
///
/// Minimum, maximum, mean, deviation and quantiles are those of the finite values. NaN and infinities are counted apart;
/// infinities are also distinct values, NaN is none. -0.0 is +0.0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
    /// Whether its values were read.
    pub reading: ProfileReading,
    /// Rows.
    pub rows: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// Rows that are NaN.
    pub nan: u64,
    /// Rows that are positive infinity.
    pub infinite_above: u64,
    /// Rows that are negative infinity.
    pub infinite_below: u64,
    /// Different values.
    pub distinct: Option<DistinctCount>,
    /// The least value; of text by bytes.
    pub min: Option<Value>,
    /// The greatest value; of text by bytes.
    pub max: Option<Value>,
    /// The mean, rounded once: to the nearest double, of instants to the nearest tick.
    pub mean: Option<Value>,
    /// The standard deviation with `n - 1`, to the nearest double; in nanoseconds for instants.
    pub sd: Option<f64>,
    /// At 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99; none without values.
    pub quantiles: Vec<Quantile>,
    /// Up to ten most frequent texts, by count and then by bytes; none once [`distinct`](Self::distinct) is an estimate.
    pub top: Option<Vec<Frequent>>,
    /// Share of true among the values of a truth column.
    pub true_share: Option<f64>,
}

/// A type-7 quantile from buckets that are 2^-7 wide, relative to the distance from the column's origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantile {
    /// Which one, in 0 to 1.
    pub share: f64,
    /// An estimate, within the least and greatest value.
    pub value: Value,
    /// The exact quantile is not below it.
    pub low: Value,
    /// The exact quantile is not above it.
    pub high: Value,
}

/// A text and how often it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frequent {
    /// The text.
    pub value: String,
    /// Rows that hold it.
    pub count: u64,
}

/// A value of a column, or something measured in its unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Value {
    /// A double.
    Number(f64),
    /// A whole number.
    Integer(i128),
    /// `unscaled / 10^scale`.
    Decimal {
        /// The digits.
        unscaled: i128,
        /// How many stand behind the point.
        scale: i8,
    },
    /// Nanoseconds since 1970 in UTC, whatever the unit of the column.
    Instant(i128),
    /// A text.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(out, "{value}"),
            Self::Integer(value) | Self::Decimal { unscaled: value, scale: 0 } => {
                write!(out, "{value}")
            }
            Self::Decimal { unscaled, scale } if *scale < 0 => write!(out, "{unscaled}e{}", -scale),
            Self::Decimal { unscaled, scale } => {
                let digits = usize::from(scale.unsigned_abs());
                let sign = if *unscaled < 0 { "-" } else { "" };
                let text = format!("{:0width$}", unscaled.unsigned_abs(), width = digits + 1);
                let (whole, behind) =
                    text.split_at_checked(text.len() - digits).unwrap_or(("", ""));
                write!(out, "{sign}{whole}.{behind}")
            }
            Self::Instant(nanos) => write!(out, "{nanos} ns"),
            Self::Text(text) => out.write_str(text),
        }
    }
}
