//! How a column of a type crosses.

use arrow_schema::{DataType, TimeUnit};

/// How a column crosses between Arrow and Polars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Both sides read the same buffers.
    ///
    /// One exception, for a slice whose first row is not a multiple of eight: its validity bitmap, one bit a row, is
    /// copied to begin at a byte.
    ZeroCopy,
    /// Part of the column is written anew.
    Copy {
        /// What, and why.
        reason: &'static str,
    },
    /// The column does not cross.
    Refused {
        /// Why.
        reason: &'static str,
    },
}

/// Views.
const BACK: Route = Route::Copy {
    reason: "Polars reads the same views; the way back writes offsets and values, and views of them",
};
/// Text and bytes.
const VIEWS: Route = Route::Copy {
    reason: "Polars reads text and bytes through views: 16 bytes a row are written, the values stay shared; the way \
             back writes offsets and values",
};
/// Fixed bytes.
const FIXED: Route = Route::Copy {
    reason: "Polars has no bytes of fixed width: 16 bytes a row are written, values above 12 bytes stay shared; the \
             way back checks the width of every row and writes the values",
};
/// Dictionaries.
const DICTIONARY: Route = Route::Copy {
    reason: "categories of Polars live in a table of the process, which no library may lean on, so a dictionary \
             becomes text: a view of 16 bytes a row is written, the words stay shared; the way back writes the text of \
             every row and then numbers its words in the order of first use",
};
/// Lists.
const LIST: Route = Route::Copy {
    reason: "offsets of Polars have 64 bits and begin anywhere: 8 bytes a row are written, so that only items in reach \
             cross; items go the way of their own type",
};
/// Structs of something that is copied.
const STRUCT: Route = Route::Copy { reason: "a field of the struct is copied" };

/// How a column of this Arrow type crosses; the table stands in the documentation of [`to_polars`](crate::to_polars).
///
/// ```
/// use analytics::{Route, route};
/// use arrow_schema::{DataType, TimeUnit};
/// assert_eq!(route(&DataType::Float64), Route::ZeroCopy);
/// assert!(matches!(route(&DataType::FixedSizeBinary(16)), Route::Copy { .. }));
/// // The workspace has one type of time.
/// assert!(matches!(route(&DataType::Timestamp(TimeUnit::Microsecond, None)), Route::Refused { .. }));
/// ```
#[must_use]
pub fn route(data_type: &DataType) -> Route {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64 => Route::ZeroCopy,
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) if **zone == *contract::UTC => {
            Route::ZeroCopy
        }
        DataType::Timestamp(..) => {
            Route::Refused { reason: "the one type of time is `Timestamp(ns, UTC)`" }
        }
        DataType::Decimal128(precision, scale)
            if (1..=38).contains(precision)
                && u8::try_from(*scale).is_ok_and(|s| s <= *precision) =>
        {
            Route::ZeroCopy
        }
        DataType::Decimal128(..) => Route::Refused {
            reason: "Polars knows decimals with 0 <= scale <= precision <= 38 only",
        },
        DataType::Utf8View | DataType::BinaryView => BACK,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => VIEWS,
        DataType::FixedSizeBinary(_) => FIXED,
        DataType::Dictionary(key, value)
            if **key == DataType::Int32 && **value == DataType::Utf8 =>
        {
            DICTIONARY
        }
        DataType::Dictionary(..) => Route::Refused {
            reason: "the one dictionary of the contract is `Dictionary(Int32, Utf8)`",
        },
        DataType::List(item) | DataType::LargeList(item) => match route(item.data_type()) {
            refused @ Route::Refused { .. } => refused,
            _ => LIST,
        },
        DataType::Struct(fields) if fields.is_empty() => {
            Route::Refused { reason: "a struct without fields holds nothing" }
        }
        DataType::Struct(fields) => fields.iter().fold(Route::ZeroCopy, |worst, field| {
            match (worst, route(field.data_type())) {
                (Route::Refused { .. }, _) | (_, Route::ZeroCopy) => worst,
                (_, refused @ Route::Refused { .. }) => refused,
                (_, Route::Copy { .. }) => STRUCT,
            }
        }),
        _ => Route::Refused { reason: "no table of the contract has a column of this type" },
    }
}
