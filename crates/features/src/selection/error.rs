//! Why a selection was refused.

use contract::{BuildError, Diagnostic, Fault};

/// Why features could not be screened, ranked or confirmed. Nothing is written then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// Two inputs that go row by row differ in length.
    #[error("{what}: expected {expected} rows, found {found}")]
    Length {
        /// Which input.
        what: String,
        /// Rows of the inputs before it.
        expected: usize,
        /// Its own rows.
        found: usize,
    },
    /// A value that is NaN or infinite and not null.
    #[error("{what}, row {row}: expected a finite number or null, found `{found}`")]
    NotFinite {
        /// Which column.
        what: String,
        /// The row.
        row: usize,
        /// The value.
        found: f64,
    },
    /// No row to learn from.
    #[error("{what}: expected at least one row, found none")]
    NoRows {
        /// Which input.
        what: String,
    },
    /// No feature at all, or none that the screen kept.
    #[error("features: expected at least one {what}, found none")]
    NoFeatures {
        /// Which kind of feature is missing.
        what: &'static str,
    },
    /// Two columns of one name.
    #[error("feature `{name}`: expected one column, found two")]
    Twice {
        /// The name.
        name: String,
    },
    /// A target without variation: there is nothing to explain.
    #[error("target of {what}: expected at least two different values, found one")]
    OneClass {
        /// Which rows.
        what: String,
    },
    /// A weight that is no label uniqueness.
    #[error("weights, row {row}: expected a number in (0, 1], found `{found}`")]
    Weight {
        /// The row.
        row: usize,
        /// The value.
        found: f64,
    },
    /// A label interval without length.
    #[error(
        "label interval, row {row}: expected `ts_from` before `ts_to`, found {ts_from} and {ts_to}"
    )]
    Interval {
        /// The row.
        row: usize,
        /// Its start, nanoseconds.
        ts_from: i64,
        /// Its end, nanoseconds.
        ts_to: i64,
    },
    /// Rows that are not in order of time.
    #[error("label interval, row {row}: expected `ts_from` of at least {previous}, found {found}")]
    Order {
        /// The row.
        row: usize,
        /// Start of the row before it, nanoseconds.
        previous: i64,
        /// Its own start, nanoseconds.
        found: i64,
    },
    /// A training label that lives while a test label lives.
    #[error(
        "fold {fold}: expected no overlap, found training row {train_row} overlapping test row {test_row}"
    )]
    LeakyFolds {
        /// The fold, from 0.
        fold: usize,
        /// A training row.
        train_row: usize,
        /// The first test row whose label interval it overlaps.
        test_row: usize,
    },
    /// A fold names a row that is not there, or one row twice.
    #[error("fold {fold}: expected different rows below {rows}, found row {row}")]
    FoldRow {
        /// The fold, from 0.
        fold: usize,
        /// The row.
        row: usize,
        /// Rows of the sample.
        rows: usize,
    },
    /// A fold without training or test rows, or no fold.
    #[error("fold {fold}: expected training and test rows, found {train} and {test}")]
    EmptyFold {
        /// The fold, from 0.
        fold: usize,
        /// Training rows.
        train: usize,
        /// Test rows.
        test: usize,
    },
    /// More neighbours asked for than rows can give.
    #[error("{what}: expected k below the {rows} complete rows, found {k}")]
    KTooLarge {
        /// Which column.
        what: String,
        /// Neighbours asked for.
        k: usize,
        /// Complete rows.
        rows: usize,
    },
    /// A group names a column that is not there.
    #[error("group {group}: expected columns below {columns}, found {found}")]
    Group {
        /// The group, from 0.
        group: usize,
        /// The column.
        found: usize,
        /// Columns of the matrix.
        columns: usize,
    },
    /// Subsampling by session needs two halves.
    #[error("sessions: expected at least 2 to subsample by, found {found}")]
    Sessions {
        /// Different sessions.
        found: usize,
    },
    /// A setting that cannot be used.
    #[error("selection.{key}: expected {expected}, found `{found}`")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A learner failed, or predicted something that is no prediction.
    #[error("learner `{learner}`: {what}")]
    Learner {
        /// Its name.
        learner: String,
        /// What went wrong.
        what: String,
    },
    /// The scores do not make up the table.
    #[error("feature_scores: the rows do not make up the table")]
    Table(#[source] BuildError),
}

impl Diagnostic for SelectionError {
    fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "features/selection-length",
            Self::NotFinite { .. } => "features/selection-not-finite",
            Self::NoRows { .. } => "features/selection-no-rows",
            Self::NoFeatures { .. } => "features/selection-no-features",
            Self::Twice { .. } => "features/selection-name-twice",
            Self::OneClass { .. } => "features/one-class",
            Self::Weight { .. } => "features/weight-range",
            Self::Interval { .. } => "features/empty-label",
            Self::Order { .. } => "features/unsorted-sample",
            Self::LeakyFolds { .. } => "features/leaky-folds",
            Self::FoldRow { .. } => "features/fold-row",
            Self::EmptyFold { .. } => "features/empty-fold",
            Self::KTooLarge { .. } => "features/k-too-large",
            Self::Group { .. } => "features/selection-group",
            Self::Sessions { .. } => "features/too-few-sessions",
            Self::Setting { .. } => "features/selection-setting",
            Self::Learner { .. } => "features/learner-failed",
            Self::Table(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::LeakyFolds { .. } => Fault::Gate,
            Self::Table(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
