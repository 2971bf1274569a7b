//! Why a plan was refused.

use contract::{Diagnostic, Fault, nearest};

/// A plan that cannot be, or cannot be applied to these rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A method that looks at later rows, in a plan that features may use or in a stream.
    #[error("{column}: `{method}` looks at later rows; it is for label paths and reports")]
    UsesFuture {
        /// The column.
        column: String,
        /// The method.
        method: &'static str,
    },
    /// A column that the plan names and the rows do not have.
    #[error("expected a column `{column}`, found none{near}")]
    MissingColumn {
        /// The column.
        column: String,
        /// The nearest names.
        near: String,
    },
    /// A column of a type that cannot be read or filled.
    #[error("{column}: expected {expected}, found `{found}`")]
    Type {
        /// The column.
        column: String,
        /// Types that work.
        expected: &'static str,
        /// The type found.
        found: String,
    },
    /// A parameter outside its range.
    #[error("{what}: expected {expected}, found `{found}`")]
    Parameter {
        /// The parameter, with its column.
        what: String,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// The dataset's manifest holds another plan.
    #[error("the manifest holds the plan {manifest}, and this is {plan}")]
    NotInManifest {
        /// The hash in the manifest.
        manifest: String,
        /// The hash of this plan.
        plan: String,
    },
    /// Output that Arrow refuses.
    #[error("imputation: {0}")]
    Output(String),
}

impl PlanError {
    pub(crate) fn missing<'a>(column: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let near = nearest(column, names);
        let near = if near.is_empty() {
            String::new()
        } else {
            format!(" (is it `{}`?)", near.join("`, `"))
        };
        Self::MissingColumn { column: column.to_owned(), near }
    }
}

impl Diagnostic for PlanError {
    fn code(&self) -> &'static str {
        match self {
            Self::UsesFuture { .. } => "quality/plan-uses-future",
            Self::MissingColumn { .. } => "quality/plan-missing-column",
            Self::Type { .. } => "quality/plan-column-type",
            Self::Parameter { .. } => "quality/plan-parameter",
            Self::NotInManifest { .. } => "quality/plan-not-in-manifest",
            Self::Output(_) => "quality/plan-output",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotInManifest { .. } => Fault::Integrity,
            Self::Output(_) => Fault::Bug,
            _ => Fault::Input,
        }
    }
}
