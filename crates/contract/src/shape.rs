//! Why a record batch does not have the shape of a table.

use crate::diagnostic::{Diagnostic, Fault};
use arrow_schema::DataType;

/// Why a record batch does not have the shape of a table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The batch says that it is another table.
    #[error("expected table `{expected}`, found `{found}`")]
    WrongTable {
        /// The table asked for.
        expected: &'static str,
        /// The table named in the metadata.
        found: String,
    },
    /// Written by a later, breaking version.
    #[error(
        "{table}: expected schema version {supported} or an additive successor, found version `{found}`"
    )]
    UnsupportedVersion {
        /// The table.
        table: &'static str,
        /// The version of this program.
        supported: u16,
        /// The version named in the metadata.
        found: String,
    },
    /// A required column is not there.
    #[error("{table}.{column}: expected a column of type `{expected}`, found none{near}")]
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Its type.
        expected: DataType,
        /// The nearest names among the columns that are there, as ` (did you mean ..)`, or nothing.
        near: String,
    },
    /// A column stands there twice.
    #[error("{table}.{column}: expected the column once, found it twice")]
    DuplicateColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A column of another type, unit, zone or scale.
    #[error("{table}.{column}: expected `{expected}`, found `{found}`")]
    WrongType {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Its type.
        expected: DataType,
        /// What was found.
        found: DataType,
    },
    /// Bytes of another length than the column's.
    #[error("{table}.{column}, row {row}: expected {expected} bytes, found {found}")]
    WrongWidth {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Row in the batch.
        row: usize,
        /// Its width.
        expected: usize,
        /// What was found.
        found: usize,
    },
    /// A null where the table allows none.
    #[error("{table}.{column}, row {row}: expected a value, found null")]
    Null {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Row in the batch, or item in its lists.
        row: usize,
    },
    /// Text or lists beyond the 32-bit offsets of the contract's types.
    #[error("{table}.{column}: expected at most 2^31 bytes or items in one batch, found more")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A batch that should be a draft carries `seq`, or one from a log lacks it.
    #[error("{table}.seq: expected {expected}, found {found}")]
    Seq {
        /// The table.
        table: &'static str,
        /// `no such column` or `a column of type UInt64`.
        expected: &'static str,
        /// The opposite.
        found: &'static str,
    },
}

impl Diagnostic for ShapeError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongTable { .. } => "contract/wrong-table",
            Self::UnsupportedVersion { .. } => "contract/unsupported-version",
            Self::MissingColumn { .. } => "contract/missing-column",
            Self::DuplicateColumn { .. } => "contract/duplicate-column",
            Self::WrongType { .. } => "contract/wrong-type",
            Self::WrongWidth { .. } => "contract/wrong-width",
            Self::Null { .. } => "contract/null-required",
            Self::TooLarge { .. } => "contract/too-large",
            Self::Seq { .. } => "contract/seq",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::WrongType {
                expected: DataType::Timestamp(..),
                found: DataType::Timestamp(_, None),
                ..
            } => Some("say which zone the times are in, and convert them to UTC before".into()),
            Self::WrongType {
                expected: DataType::Timestamp(..),
                found: DataType::Timestamp(..),
                ..
            } => Some(
                "convert the times to nanoseconds; a coarser unit is never scaled in silence"
                    .into(),
            ),
            _ => None,
        }
    }
}
