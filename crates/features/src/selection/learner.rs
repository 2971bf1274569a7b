//! The model behind permutation importance.

use super::{SelectionError, Target};
use ndarray::{Array2, ArrayView2, ShapeBuilder};

/// What a learner is given to fit: rows of training only.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// A row a decision, a column a feature; no NaN. Permutation importance hands in columns with training mean 0 and
    /// training standard deviation 1, nulls at 0.
    pub features: ArrayView2<'a, f64>,
    /// The target, a row a decision.
    pub target: Target<'a>,
    /// Classes of the whole sample, numbered from 0; 0 when the target is a number. Some may be absent here.
    pub classes: usize,
    /// Weight of each row, above 0.
    pub weights: &'a [f64],
}

/// A model that can be fitted and asked. Any learner can stand behind permutation importance.
///
/// Both functions are to be pure: the same lesson gives the same model on any thread, or results depend on more than the
/// seed.
///
/// ```
/// use features::selection::{Learner, Lesson, SelectionError, Target};
/// use features::selection::ndarray::{Array2, ArrayView2};
///
/// /// Predicts the mean, whatever the features.
/// struct Mean;
///
/// impl Learner for Mean {
///     type Model = f64;
///     fn name(&self) -> String {
///         "mean".to_owned()
///     }
///     fn fit(&self, lesson: Lesson<'_>) -> Result<f64, SelectionError> {
///         match lesson.target {
///             Target::Values(y) => Ok(y.iter().sum::<f64>() / y.len() as f64),
///             _ => Err(SelectionError::Learner { learner: self.name(), what: "expected numbers".to_owned() }),
///         }
///     }
///     fn predict(&self, model: &f64, features: ArrayView2<'_, f64>) -> Result<Array2<f64>, SelectionError> {
///         Ok(Array2::from_elem((features.nrows(), 1), *model))
///     }
/// }
///
/// let features = Array2::zeros((2, 1));
/// let lesson = Lesson { features: features.view(), target: Target::Values(&[1.0, 3.0]), classes: 0, weights: &[1.0; 2] };
/// assert_eq!(Mean.fit(lesson), Ok(2.0));
/// ```
pub trait Learner: Sync {
    /// What was learnt.
    type Model: Send + Sync;

    /// Name and settings: part of the hash of a selection.
    fn name(&self) -> String;

    /// Learns from training rows.
    ///
    /// # Errors
    /// [`SelectionError::Learner`] when nothing can be learnt from them.
    fn fit(&self, lesson: Lesson<'_>) -> Result<Self::Model, SelectionError>;

    /// Predicts: one column with the number, or one column a class with its probability.
    ///
    /// # Errors
    /// [`SelectionError::Learner`] when the features are not those that were learnt from.
    fn predict(
        &self,
        model: &Self::Model,
        features: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, SelectionError>;
}

/// Weights a column with each output, an intercept and what they add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// One row an output, one column a feature.
    pub coefficients: Array2<f64>,
    /// One number an output.
    pub intercepts: Vec<f64>,
}

impl Linear {
    /// The outputs for some rows: one column an output, in one order of additions.
    pub(super) fn outputs(&self, features: &ArrayView2<'_, f64>) -> Array2<f64> {
        let mut out = Array2::zeros((features.nrows(), self.intercepts.len()).f());
        for (at, mut column) in out.columns_mut().into_iter().enumerate() {
            column.fill(self.intercepts[at]);
            for (weight, feature) in self.coefficients.row(at).iter().zip(features.columns()) {
                column.scaled_add(*weight, &feature);
            }
        }
        out
    }

    pub(super) fn check(
        &self,
        learner: String,
        features: &ArrayView2<'_, f64>,
    ) -> Result<(), SelectionError> {
        let (expected, found) = (self.coefficients.ncols(), features.ncols());
        if expected == found {
            return Ok(());
        }
        let what = format!("expected {expected} features, found {found}");
        Err(SelectionError::Learner { learner, what })
    }
}
