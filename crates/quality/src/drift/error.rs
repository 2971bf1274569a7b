//! Why a comparison could not be made.

use contract::{Diagnostic, Fault};

/// Why two tables could not be compared at all; a column that could not comes back as a finding that says so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// A column that the blocks are made from is not there, or cannot be read.
    #[error("drift blocks: no integer or time column `{0}`")]
    BlockColumn(String),
    /// A row that belongs to no block.
    #[error("drift blocks: column `{column}` is null in row {row} of its batch")]
    BlockNull {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
    },
    /// Blocks without length.
    #[error("drift blocks: expected a length of at least 1, found `{0}`")]
    BlockLength(i64),
    /// Merged windows have rows of the same places.
    #[error("drift blocks: block {block} would hold {rows} rows, more than its length of {length}")]
    BlockOverfull {
        /// The block.
        block: i64,
        /// Rows in it.
        rows: u64,
        /// Rows that fit.
        length: u32,
    },
    /// A window of another reference.
    #[error("drift: the window was made for another reference")]
    OtherReference,
    /// More rows on a side than a comparison can count.
    #[error("drift: more than 2147483647 rows on one side")]
    TooManyRows,
    /// An option outside its range.
    #[error("drift, {name}: expected {expected}, found `{found}`")]
    Option {
        /// Its name.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What came.
        found: String,
    },
}

impl Diagnostic for DriftError {
    fn code(&self) -> &'static str {
        match self {
            Self::BlockColumn(_) => "quality/drift-block-column",
            Self::BlockNull { .. } => "quality/drift-block-null",
            Self::BlockLength(_) => "quality/drift-block-length",
            Self::BlockOverfull { .. } => "quality/drift-block-overfull",
            Self::OtherReference => "quality/drift-other-reference",
            Self::TooManyRows => "quality/drift-too-many-rows",
            Self::Option { .. } => "quality/drift-option",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
