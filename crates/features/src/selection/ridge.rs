//! Linear regression with a penalty on the size of the coefficients.

use super::learner::Linear;
use super::{Learner, Lesson, SelectionError, Target};
use ndarray::{Array1, Array2, ArrayView2};

/// Ridge regression: the least weighted squares plus `alpha` times the squared coefficients; the intercept is free.
///
/// - **Cost:** `rows x columns^2 / 2` for the products of columns, `columns^3 / 6` to solve.
/// - **Source:** Hoerl, Kennard (1970), Technometrics 12(1); `sklearn.linear_model.Ridge`.
///
/// ```
/// use features::selection::{Learner, Lesson, Ridge, Target};
/// use features::selection::ndarray::array;
/// let x = array![[-1.0], [0.0], [1.0]];
/// let lesson = Lesson { features: x.view(), target: Target::Values(&[1.0, 3.0, 5.0]), classes: 0, weights: &[1.0; 3] };
/// let model = Ridge { alpha: 2.0 }.fit(lesson)?;
/// assert_eq!(model.coefficients[[0, 0]], 1.0); // (1 * 2 + 1 * 2) / (1 + 1 + alpha)
/// assert_eq!(model.intercepts, [3.0]);
/// # Ok::<(), features::selection::SelectionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ridge {
    /// Weight of the penalty, above 0.
    pub alpha: f64,
}

impl Default for Ridge {
    /// `alpha` 1.
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Ridge {
    fn fault(self, what: &str) -> SelectionError {
        SelectionError::Learner { learner: self.name(), what: what.to_owned() }
    }
}

impl Learner for Ridge {
    type Model = Linear;

    fn name(&self) -> String {
        format!("ridge(alpha={})", self.alpha)
    }

    fn fit(&self, lesson: Lesson<'_>) -> Result<Linear, SelectionError> {
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return Err(self.fault("expected alpha above 0"));
        }
        let Target::Values(target) = lesson.target else {
            return Err(self.fault("expected a target of numbers, found classes"));
        };
        let total: f64 = lesson.weights.iter().sum();
        if lesson.features.nrows() != target.len()
            || lesson.weights.len() != target.len()
            || total <= 0.0
        {
            return Err(self.fault("expected a target and a weight for every row"));
        }
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            values.zip(lesson.weights).map(|(v, w)| v * w).sum::<f64>() / total
        };
        let means: Vec<f64> =
            lesson.features.columns().into_iter().map(|c| mean(&mut c.iter().copied())).collect();
        let target_mean = mean(&mut target.iter().copied());
        // Rows times the root of their weight, around the means: products of columns are weighted then.
        let roots: Array1<f64> = lesson.weights.iter().map(|w| w.sqrt()).collect();
        let around = |values: Array1<f64>, mean: f64| (values - mean) * &roots;
        let columns: Vec<Array1<f64>> = lesson
            .features
            .columns()
            .into_iter()
            .zip(&means)
            .map(|(column, &mean)| around(column.to_owned(), mean))
            .collect();
        let target = around(target.iter().copied().collect(), target_mean);
        let n = columns.len();
        let mut gram = Array2::zeros((n, n));
        for i in 0..n {
            for j in 0..=i {
                gram[[i, j]] = columns[i].dot(&columns[j]);
            }
            gram[[i, i]] += self.alpha;
        }
        let products = columns.iter().map(|column| column.dot(&target)).collect();
        let solved = solve(gram, products).ok_or_else(|| {
            self.fault("expected finite features of moderate size, found a singular matrix")
        })?;
        let shift: f64 = solved.iter().zip(&means).map(|(c, m)| c * m).sum();
        let coefficients = Array2::from_shape_fn((1, n), |(_, at)| solved[at]);
        Ok(Linear { coefficients, intercepts: vec![target_mean - shift] })
    }

    fn predict(
        &self,
        model: &Linear,
        features: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, SelectionError> {
        model.check(self.name(), &features)?;
        Ok(model.outputs(&features))
    }
}

/// Solves a symmetric positive definite system given by its lower triangle (Cholesky); `None` if it is not one.
fn solve(mut a: Array2<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[[i, k]] * a[[j, k]]).sum();
            let rest = a[[i, j]] - sum;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return None;
                }
                a[[i, i]] = rest.sqrt();
            } else {
                a[[i, j]] = rest / a[[j, j]];
            }
        }
    }
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| a[[i, k]] * b[k]).sum();
        b[i] = (b[i] - sum) / a[[i, i]];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[[k, i]] * b[k]).sum();
        b[i] = (b[i] - sum) / a[[i, i]];
    }
    Some(b)
}
