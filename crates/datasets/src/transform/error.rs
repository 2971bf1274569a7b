//! Why a transform could not be fitted or applied.

use crate::folder::FolderError;
use contract::{Diagnostic, Fault};

/// A transform that cannot be fitted on these rows, or not be applied to them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// A pattern of the spec that no feature is of.
    #[error("transform `{kind}`: expected a feature of the form `{pattern}`, found none")]
    NoFeature {
        /// The kind of transform.
        kind: &'static str,
        /// The pattern.
        pattern: String,
    },
    /// Two transforms of one kind, or two ways of imputing, for one feature.
    #[error("{feature}: expected one `{first}`, found `{second}` too")]
    Twice {
        /// The feature.
        feature: String,
        /// What is there.
        first: String,
        /// What would come on top.
        second: String,
    },
    /// A column of a type that the transform has no meaning for.
    #[error("{feature}, transform `{kind}`: expected {expected}, found {found}")]
    Type {
        /// The feature.
        feature: String,
        /// The kind of transform.
        kind: String,
        /// What it works on.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A parameter that is missing, unknown or out of range.
    #[error("{feature}, transform `{kind}`: expected {expected}, found {found}")]
    Parameter {
        /// The feature.
        feature: String,
        /// The kind of transform.
        kind: String,
        /// What the parameter must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A feature without a value in all train rows.
    #[error("{feature}, transform `{kind}`: expected a value in the train rows, found nulls only")]
    NoValues {
        /// The feature.
        feature: String,
        /// The kind of transform.
        kind: &'static str,
    },
    /// Values that are infinite or no number, or so large that a sum of them is.
    #[error("{feature}, transform `{kind}`: expected finite values, found {found}")]
    NotFinite {
        /// The feature.
        feature: String,
        /// The kind of transform.
        kind: &'static str,
        /// How many, or which parameter came out infinite.
        found: String,
    },
    /// A column that must be there.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Arrow could not put the output together.
    #[error("transformed rows: arrow refused them")]
    Arrow(#[from] arrow_schema::ArrowError),
}

impl Diagnostic for TransformError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoFeature { .. } => "datasets/transform-no-feature",
            Self::Twice { .. } => "datasets/transform-twice",
            Self::Type { .. } => "datasets/transform-type",
            Self::Parameter { .. } => "datasets/transform-parameter",
            Self::NoValues { .. } => "datasets/transform-no-values",
            Self::NotFinite { .. } => "datasets/transform-not-finite",
            Self::Folder(error) => error.code(),
            Self::Arrow(_) => "datasets/transform-arrow",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Folder(error) => error.fault(),
            Self::Arrow(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
