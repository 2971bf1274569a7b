//! Why rows could not be split.

use super::RuleLosses;
use crate::role::Split;
use contract::{Diagnostic, Fault};

/// Why rows could not be split, or train not be cut into folds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// Rows out of order, or one twice.
    #[error(
        "split, row {row}: expected rows in the order of (ts_cutoff, seq, row_id), each once, \
         found one that does not follow the row before it"
    )]
    Order {
        /// The row, from 0.
        row: usize,
    },
    /// A label that ends before it starts.
    #[error("split, row {row}: expected a label end at or after the cut-off {cutoff}, found {end}")]
    LabelEnd {
        /// The row, from 0.
        row: usize,
        /// Its cut-off, in nanoseconds.
        cutoff: i64,
        /// The end of its label, in nanoseconds.
        end: i64,
    },
    /// A row without a place for each grouping column.
    #[error(
        "split, row {row}: expected {expected} group values, one a `group_by` column, found {found}"
    )]
    Groups {
        /// The row, from 0.
        row: usize,
        /// Columns of `group_by`.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
    /// Features that reach into the future.
    #[error("split: expected a reach of the features of at least 0 ns, found {found} ns")]
    Reach {
        /// What came.
        found: i64,
    },
    /// Shares of the rows that do not share them out.
    #[error("split.fractions: expected three numbers above 0 that sum to 1, found {found}")]
    Fractions {
        /// What came.
        found: String,
    },
    /// Boundaries the wrong way round.
    #[error(
        "split.boundaries: expected validation to start before test, found validation at \
         {validation} and test at {test}"
    )]
    Boundaries {
        /// Start of validation.
        validation: String,
        /// Start of test.
        test: String,
    },
    /// A cut by time without purge.
    #[error("split.purge: expected `labels_features` or `labels` in a split by time, found `none`")]
    NotPurged,
    /// A split by group without a column to group by.
    #[error("split.group_by: expected at least one column for a grouped split, found none")]
    NoGroupColumn,
    /// A split without rows.
    #[error(
        "split `{split}`: expected at least 1 row, found none of {rows} before the purge: {lost}"
    )]
    Empty {
        /// The split.
        split: Split,
        /// Rows that it had before the purge.
        rows: usize,
        /// Where they went.
        lost: RuleLosses,
    },
    /// A fold without learners.
    #[error(
        "fold {fold} of {folds}: expected at least 1 row to fit on, found none of {rows} before the purge: {lost}"
    )]
    EmptyFold {
        /// The fold, from 0.
        fold: usize,
        /// Number of folds.
        folds: usize,
        /// Rows that it could have learned from before the purge.
        rows: usize,
        /// Where they went.
        lost: RuleLosses,
    },
    /// A parameter of the folds outside its range.
    #[error("folds.{key}: expected {expected}, found {found}")]
    FoldSetting {
        /// The key.
        key: &'static str,
        /// Its range.
        expected: &'static str,
        /// What came.
        found: u64,
    },
    /// Fewer cut-offs than blocks.
    #[error(
        "folds: expected at least one row in each of {blocks} blocks, found none in block {block}: \
         {rows} rows, and those of one cut-off stay together"
    )]
    EmptyBlock {
        /// The block, from 0.
        block: usize,
        /// Number of blocks.
        blocks: usize,
        /// Rows of train.
        rows: usize,
    },
    /// More folds than anybody would fit.
    #[error("folds: expected at most {most} folds, found {found}")]
    TooManyFolds {
        /// How many it would be; the greatest number of 64 bits when it is more.
        found: u64,
        /// How many are allowed.
        most: u64,
    },
    /// Nothing that could be held out and leave something to learn from.
    #[error(
        "folds: expected at least one fold with rows to hold out and rows to fit on, found none in {rows} rows"
    )]
    NoFold {
        /// Rows of train.
        rows: usize,
    },
    /// Folds by a column that rows are not grouped by.
    #[error("folds.by: expected a column of split.group_by, found `{column}`")]
    FoldColumn {
        /// The column.
        column: &'static str,
    },
    /// Lives, roles or weights of another number of rows.
    #[error("weights: expected {expected} {what}, one a row, found {found}")]
    Length {
        /// What was counted.
        what: &'static str,
        /// Number of rows.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// The kernel of the weights refused the rows.
    #[error("weights: {message}")]
    Weights {
        /// What it says.
        message: String,
    },
}

impl Diagnostic for SplitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Order { .. } => "datasets/split-order",
            Self::LabelEnd { .. } => "datasets/split-label-end",
            Self::Groups { .. } => "datasets/split-groups",
            Self::Reach { .. } => "datasets/split-reach",
            Self::Fractions { .. } => "datasets/split-fractions",
            Self::Boundaries { .. } => "datasets/split-boundaries",
            Self::NotPurged => "datasets/split-not-purged",
            Self::NoGroupColumn => "datasets/split-no-group-column",
            Self::Empty { .. } => "datasets/split-empty",
            Self::EmptyFold { .. } => "datasets/fold-empty",
            Self::FoldSetting { .. } => "datasets/fold-setting",
            Self::EmptyBlock { .. } => "datasets/fold-block",
            Self::TooManyFolds { .. } => "datasets/fold-too-many",
            Self::NoFold { .. } => "datasets/fold-none",
            Self::FoldColumn { .. } => "datasets/fold-column",
            Self::Length { .. } => "datasets/weights-length",
            Self::Weights { .. } => "datasets/weights-refused",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
