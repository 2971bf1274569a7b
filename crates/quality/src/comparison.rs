//! Two or more sources of one table, side by side.

mod band;
mod far;
mod join;
mod lag;
mod partner;
mod pieces;
mod report;
mod rows;
mod run;
mod settings;
mod tally;

pub use band::Band;
pub use far::FarSource;
pub use join::NotCompared;
pub use lag::{LagReport, LagScore};
pub use partner::{Partner, Uncompared};
pub use pieces::LagPiece;
pub use report::{
    ComparisonFinding, ComparisonReport, ComparisonView, Differences, InstrumentComparison,
    PairComparison, SessionComparison,
};
pub use rows::{BarMid, CompareBy, SourceRows};
pub use run::compare;
pub use settings::{ComparisonSettings, LagSearch, SessionCut, Ties};

use contract::{Diagnostic, Fault, UnknownWord};

/// Why sources could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComparisonError {
    /// A setting that no comparison can work with.
    #[error("comparison.{setting}: expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// Fewer than two sources, or two of one name.
    #[error("comparison: expected two or more sources of different names, found {found}")]
    Sources {
        /// Names that came.
        found: String,
    },
    /// Sources whose rows are ordered by different times.
    #[error(
        "comparison: expected sources by one time, found {left} by `{left_by}` and {right} by `{right_by}`"
    )]
    Times {
        /// A source.
        left: String,
        /// Its time.
        left_by: &'static str,
        /// Another source.
        right: String,
        /// Its time.
        right_by: &'static str,
    },
    /// Bars of two lengths in one source.
    #[error("bars.step_ns: expected bars of {expected} ns alone, found one of {found} ns")]
    Steps {
        /// Length of the first bar.
        expected: i64,
        /// Another length.
        found: i64,
    },
    /// A cell holds none of the words of its column.
    #[error("{table}: {source}")]
    Word {
        /// The table.
        table: &'static str,
        /// The word.
        source: UnknownWord,
    },
    /// Two reports hold the same instrument of the same pair.
    #[error(
        "comparison: expected an instrument in one report, found {left} and {right} on {instrument_id} in both"
    )]
    Twice {
        /// First source.
        left: String,
        /// Second source.
        right: String,
        /// The instrument.
        instrument_id: u32,
    },
}

impl Diagnostic for ComparisonError {
    fn code(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "quality/comparison-setting",
            Self::Sources { .. } => "quality/comparison-sources",
            Self::Times { .. } => "quality/comparison-times",
            Self::Steps { .. } => "quality/comparison-steps",
            Self::Word { source, .. } => source.code(),
            Self::Twice { .. } => "quality/comparison-twice",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
