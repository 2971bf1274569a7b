//! Why a batch or a part was refused.

use contract::{Diagnostic, Fault, Hash};

/// Why a batch, a part or a saved state was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// `seq` does not rise.
    #[error("{table}.seq, row {row}: expected more than {last}, found `{found}`")]
    Order {
        /// The table.
        table: String,
        /// The row in the batch.
        row: usize,
        /// The number before it.
        last: u64,
        /// Its number.
        found: u64,
    },
    /// Parts that are no neighbours.
    #[error("parts {} to {} are not followed by parts {} to {}", left.0, left.1, right.0, right.1)]
    NotAdjacent {
        /// Numbers of the first and last part on the left.
        left: (u64, u64),
        /// Numbers of the first and last part on the right.
        right: (u64, u64),
    },
    /// Two states of different rules or modes.
    #[error("states of different rules or modes: expected rules {expected}, found {found}")]
    OtherRules {
        /// Rules of the state.
        expected: Hash,
        /// Rules of the other.
        found: Hash,
    },
    /// A part that holds rows back cannot be saved.
    #[error("part {part} waits for the part before it: merge it first, then save")]
    SavePart {
        /// Number of the part.
        part: u64,
    },
    /// The bytes are no saved state.
    #[error("a saved state: {what}")]
    Saved {
        /// What is wrong.
        what: String,
    },
    /// The bytes were written by a later version.
    #[error("a saved state: expected format {known} or earlier, found {found}")]
    LaterFormat {
        /// Latest format that this version reads.
        known: u16,
        /// Format of the bytes.
        found: u16,
    },
}

impl Diagnostic for CheckError {
    fn code(&self) -> &'static str {
        match self {
            Self::Order { .. } => "quality/order",
            Self::NotAdjacent { .. } => "quality/not-adjacent",
            Self::OtherRules { .. } => "quality/other-rules",
            Self::SavePart { .. } => "quality/save-part",
            Self::Saved { .. } => "quality/saved-state",
            Self::LaterFormat { .. } => "quality/later-format",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Saved { .. } => Fault::Integrity,
            _ => Fault::Input,
        }
    }
}
