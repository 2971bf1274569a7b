//! Why a batch or a frame does not cross.

use contract::{Diagnostic, Fault};

/// Why a batch or a frame does not cross. Nothing is half done: no frame and no batch is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The type has no route.
    #[error("{column}: expected a type that crosses, found `{data_type}`: {reason}")]
    Refused {
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// Two columns of one name, which Polars cannot hold.
    #[error("{column}: expected one column of this name, found two")]
    Twice {
        /// The name.
        column: String,
    },
    /// The schema asks for a column that the frame does not have.
    #[error("{column}: expected the column, found none of this name")]
    Missing {
        /// The name.
        column: String,
        /// Names of the frame that are near.
        near: Vec<String>,
    },
    /// The frame has a column that the schema does not name.
    #[error("{column}: expected no such column, since the schema does not name it")]
    Extra {
        /// The name.
        column: String,
    },
    /// A column of another type than the schema says.
    #[error("{column}: expected `{expected}`, found `{found}`")]
    Type {
        /// The column, and the place in it where it is nested.
        column: String,
        /// The type of the schema.
        expected: String,
        /// The type of the frame.
        found: String,
    },
    /// A null where the schema has none.
    #[error("{column}, row {row}: expected a value, found null")]
    Null {
        /// The column, and the place in it where it is nested.
        column: String,
        /// The row of its chunk, or the item of a list, from 0.
        row: usize,
    },
    /// Bytes of another width than the column has.
    #[error("{column}, row {row}: expected {expected} bytes, found {found}")]
    Width {
        /// The column.
        column: String,
        /// The row of its chunk, from 0.
        row: usize,
        /// The width.
        expected: usize,
        /// The length of the value.
        found: usize,
    },
    /// More bytes or items in one chunk than offsets of 32 bits reach over.
    #[error("{column}: expected at most 2147483647 bytes or items in a chunk, found {found}")]
    TooLong {
        /// The column.
        column: String,
        /// How many there are.
        found: usize,
    },
    /// A batch whose columns are not those of the schema.
    #[error("batch {batch}, column {column}: expected `{expected}`, found `{found}`")]
    Batches {
        /// The batch, from 0.
        batch: usize,
        /// The column, from 0.
        column: usize,
        /// Name and type of the schema.
        expected: String,
        /// Name and type of the batch.
        found: String,
    },
    /// One of the two libraries refused what the other gave it: a defect of ours.
    #[error("{column}: the Arrow C data interface failed: {message}")]
    Interface {
        /// The column; empty for the whole frame.
        column: String,
        /// What the library says.
        message: String,
    },
}

impl Diagnostic for BridgeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "analytics/bridge-refused-type",
            Self::Twice { .. } => "analytics/bridge-duplicate-column",
            Self::Missing { .. } => "analytics/bridge-missing-column",
            Self::Extra { .. } => "analytics/bridge-extra-column",
            Self::Type { .. } => "analytics/bridge-type",
            Self::Null { .. } => "analytics/bridge-null",
            Self::Width { .. } => "analytics/bridge-width",
            Self::TooLong { .. } => "analytics/bridge-too-long",
            Self::Batches { .. } => "analytics/bridge-batches-differ",
            Self::Interface { .. } => "analytics/bridge-interface",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Interface { .. } => Fault::Bug,
            _ => Fault::Input,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Missing { near, .. } if !near.is_empty() => {
                Some(format!("columns of the frame with a near name: {}", near.join(", ")))
            }
            _ => None,
        }
    }
}
