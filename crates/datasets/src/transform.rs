//! Transforms of features: fitted on train rows, stored in the manifest, applied by an export. Rows in files stay raw.

mod apply;
mod error;
mod fit;

pub use apply::FeatureTransforms;
pub use error::TransformError;
pub use fit::{TransformFit, fit_transforms};

/// Behind a feature's name: the column that is true where the feature was null before it was imputed.
pub(crate) const MASK: &str = "__is_missing";

/// Field metadata of a transformed feature: kinds of the transforms, in order, by commas.
pub(crate) const APPLIED: &str = "hindsight.transform";

/// Names of parameters in [`FittedTransform`](crate::FittedTransform).
mod parameter {
    /// What nulls become.
    pub(super) const VALUE: &str = "value";
    /// What is taken off.
    pub(super) const MEAN: &str = "mean";
    /// What is divided by; 1 for a constant feature.
    pub(super) const STD: &str = "std";
    /// 1 for a feature that had one value only, else 0.
    pub(super) const CONSTANT: &str = "constant";
}
