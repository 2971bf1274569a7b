//! What a profile makes of a column's type.

use arrow_schema::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

/// What a column's type lets a profile say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Bool,
    Float,
    Integer,
    Instant { nanos: i64 },
    Decimal { scale: i8 },
    Text,
    Counted,
    Unsupported,
}

/// How much of a column a profile has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileReading {
    /// Its values.
    Values,
    /// Rows and nulls only: binary and nested columns.
    Counts,
    /// Rows and nulls only, because the type is not one of the contract's.
    Unsupported,
}

impl Kind {
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Float32 | DataType::Float64 => Self::Float,
            integer if integer.is_integer() => Self::Integer,
            DataType::Timestamp(unit, _) => Self::Instant {
                nanos: match unit {
                    TimeUnit::Second => 1_000_000_000,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                },
            },
            DataType::Decimal128(_, scale) => Self::Decimal { scale: *scale },
            DataType::Utf8 | DataType::LargeUtf8 => Self::Text,
            DataType::Dictionary(_, of) if matches!(**of, DataType::Utf8 | DataType::LargeUtf8) => {
                Self::Text
            }
            DataType::Null
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::FixedSizeBinary(_)
            | DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..) => Self::Counted,
            _ => Self::Unsupported,
        }
    }

    pub(super) fn reading(self) -> ProfileReading {
        match self {
            Self::Counted => ProfileReading::Counts,
            Self::Unsupported => ProfileReading::Unsupported,
            _ => ProfileReading::Values,
        }
    }

    pub(super) fn has_numbers(self) -> bool {
        matches!(self, Self::Float | Self::Integer | Self::Instant { .. } | Self::Decimal { .. })
    }
}
