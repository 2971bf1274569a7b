//! Probabilities of classes from a linear model.

use super::learner::Linear;
use super::{Learner, Lesson, SelectionError, Target};
use crate::math::{exp, log};
use ndarray::{Array2, ArrayView2, Axis};
use std::collections::VecDeque;

/// Multinomial logistic regression: the least of `c` times the weighted log loss plus half the squared coefficients; the
/// intercepts are free. Two classes share one set of coefficients, more have one set each.
///
/// A class without training rows has probability 0.
///
/// - **Cost:** some 20 to 200 passes over the rows (L-BFGS, Liu and Nocedal 1989), each `rows x columns x classes`.
/// - **Source:** `sklearn.linear_model.LogisticRegression`.
///
/// ```
/// use features::selection::{Learner, Lesson, Logistic, Target};
/// use features::selection::ndarray::array;
/// let x = array![[-1.0], [-1.0], [1.0], [1.0]];
/// let target = Target::Classes(&[0, 1, 0, 1]); // the feature says nothing
/// let lesson = Lesson { features: x.view(), target, classes: 2, weights: &[1.0; 4] };
/// let learner = Logistic { c: 1.0 };
/// let model = learner.fit(lesson)?;
/// let p = learner.predict(&model, x.view())?;
/// assert!((p[[0, 1]] - 0.5).abs() < 1e-9);
/// # Ok::<(), features::selection::SelectionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logistic {
    /// Weight of the loss against the penalty, above 0.
    pub c: f64,
}

impl Default for Logistic {
    /// `c` 1.
    fn default() -> Self {
        Self { c: 1.0 }
    }
}

/// What was learnt: a linear model over the classes that had training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticModel {
    /// The classes that had training rows, ascending.
    pub present: Vec<u32>,
    /// Classes of the sample.
    pub classes: usize,
    /// One output for two classes (that of the second), else one a class.
    pub linear: Linear,
}

impl Logistic {
    fn fault(self, what: &str) -> SelectionError {
        SelectionError::Learner { learner: self.name(), what: what.to_owned() }
    }
}

impl Learner for Logistic {
    type Model = LogisticModel;

    fn name(&self) -> String {
        format!("logistic(c={})", self.c)
    }

    fn fit(&self, lesson: Lesson<'_>) -> Result<LogisticModel, SelectionError> {
        if !(self.c > 0.0 && self.c.is_finite()) {
            return Err(self.fault("expected c above 0"));
        }
        let Target::Classes(codes) = lesson.target else {
            return Err(self.fault("expected a target of classes, found numbers"));
        };
        if lesson.features.nrows() != codes.len() || lesson.weights.len() != codes.len() {
            return Err(self.fault("expected a target and a weight for every row"));
        }
        let (dense, present) = super::sample::number(codes);
        if present.len() < 2 {
            return Err(SelectionError::OneClass { what: "the training rows".to_owned() });
        }
        let outputs = if present.len() == 2 { 1 } else { present.len() };
        let problem = Problem {
            features: lesson.features,
            codes: &dense,
            weights: lesson.weights,
            outputs,
            c: self.c,
        };
        let solved = minimum(&problem).ok_or_else(|| {
            self.fault("expected finite features of moderate size, found no minimum")
        })?;
        let linear = problem.linear(&solved);
        Ok(LogisticModel { present, classes: lesson.classes, linear })
    }

    fn predict(
        &self,
        model: &LogisticModel,
        features: ArrayView2<'_, f64>,
    ) -> Result<Array2<f64>, SelectionError> {
        model.linear.check(self.name(), &features)?;
        let mut outputs = model.linear.outputs(&features);
        let mut out = Array2::zeros((features.nrows(), model.classes));
        for (mut row, mut p) in outputs.rows_mut().into_iter().zip(out.rows_mut()) {
            let mut put = |class: u32, value: f64| {
                if let Some(cell) = p.get_mut(class as usize) {
                    *cell = value;
                }
            };
            if let (1, [first, second]) = (row.len(), model.present.as_slice()) {
                let rise = sigmoid(row[0]);
                put(*first, 1.0 - rise);
                put(*second, rise);
            } else {
                let mut all = row.to_vec();
                soft_max(&mut all);
                row.iter_mut().zip(&all).for_each(|(cell, &value)| *cell = value);
                model.present.iter().zip(&all).for_each(|(&class, &value)| put(class, value));
            }
        }
        Ok(out)
    }
}

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + exp(-z))
    } else {
        let e = exp(z);
        e / (1.0 + e)
    }
}

/// Turns outputs into probabilities and returns the logarithm of the sum of their exponentials.
fn soft_max(outputs: &mut [f64]) -> f64 {
    let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for output in outputs.iter_mut() {
        *output = exp(*output - largest);
        sum += *output;
    }
    for output in outputs.iter_mut() {
        *output /= sum;
    }
    largest + log(sum)
}

/// What is minimised: the penalised loss over coefficients and intercepts, one output after the other.
struct Problem<'a> {
    features: ArrayView2<'a, f64>,
    codes: &'a [u32],
    weights: &'a [f64],
    outputs: usize,
    c: f64,
}

impl Problem<'_> {
    fn linear(&self, at: &[f64]) -> Linear {
        let width = self.features.ncols();
        let coefficients =
            Array2::from_shape_fn((self.outputs, width), |(o, j)| at[o * (width + 1) + j]);
        let intercepts = (0..self.outputs).map(|o| at[o * (width + 1) + width]).collect();
        Linear { coefficients, intercepts }
    }

    /// Value and slope at a point.
    fn value(&self, at: &[f64]) -> (f64, Vec<f64>) {
        let width = self.features.ncols();
        let linear = self.linear(at);
        let mut residuals = linear.outputs(&self.features);
        let mut loss = 0.0;
        for (row, mut outputs) in residuals.axis_iter_mut(Axis(0)).enumerate() {
            let (class, weight) = (self.codes[row] as usize, self.c * self.weights[row]);
            if self.outputs == 1 {
                let z = outputs[0];
                let signed = if class == 1 { z } else { -z };
                // log(1 + exp(-signed)) without overflow.
                let tail = log(1.0 + exp(-signed.abs()));
                loss += weight * (tail + (-signed).max(0.0));
                outputs[0] = weight * (sigmoid(z) - class as f64);
            } else {
                let mut p = outputs.to_vec();
                let of_class = p[class];
                loss += weight * (soft_max(&mut p) - of_class);
                for (output, (number, value)) in outputs.iter_mut().zip(p.iter().enumerate()) {
                    *output = weight * (value - f64::from(u8::from(number == class)));
                }
            }
        }
        let mut slope = vec![0.0; at.len()];
        for (number, residual) in residuals.columns().into_iter().enumerate() {
            let begin = number * (width + 1);
            for (j, feature) in self.features.columns().into_iter().enumerate() {
                let coefficient = at[begin + j];
                loss += 0.5 * coefficient * coefficient;
                slope[begin + j] = feature.dot(&residual) + coefficient;
            }
            slope[begin + width] = residual.sum();
        }
        (loss, slope)
    }
}

/// Steps back that shape the search direction.
const MEMORY: usize = 12;
const STEPS: usize = 2_000;

/// The point at which the slope vanishes; `None` if it is not reached.
fn minimum(problem: &Problem<'_>) -> Option<Vec<f64>> {
    let mut at = vec![0.0; problem.outputs * (problem.features.ncols() + 1)];
    let (mut value, mut slope) = problem.value(&at);
    let size = |v: &[f64]| v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let total: f64 = problem.weights.iter().sum::<f64>() * problem.c;
    let (sought, enough) = (1e-9 * total.max(1.0), 1e-5 * total.max(1.0));
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..STEPS {
        if !value.is_finite() {
            return None;
        }
        if size(&slope) <= sought {
            return Some(at);
        }
        let direction = downhill(&slope, &memory);
        let descent = dot(&direction, &slope);
        let mut step = if memory.is_empty() { 1.0 / size(&slope).max(1.0) } else { 1.0 };
        let found = loop {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(a, d)| a + step * d).collect();
            let (next_value, next_slope) = problem.value(&next);
            // Near the minimum the values differ by rounding only.
            if next_value <= value + 1e-4 * step * descent + 1e-13 * value.abs() {
                break Some((next, next_value, next_slope));
            }
            step *= 0.5;
            if step < 1e-12 {
                break None;
            }
        };
        let Some((next, next_value, next_slope)) = found else { break };
        let moved: Vec<f64> = next.iter().zip(&at).map(|(n, a)| n - a).collect();
        let bent: Vec<f64> = next_slope.iter().zip(&slope).map(|(n, a)| n - a).collect();
        let curvature = dot(&moved, &bent);
        if curvature > 1e-12 * dot(&bent, &bent) {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((moved, bent, curvature));
        }
        (at, value, slope) = (next, next_value, next_slope);
    }
    (size(&slope) <= enough).then_some(at)
}

/// The search direction of L-BFGS (two loops over the memory).
fn downhill(slope: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q: Vec<f64> = slope.iter().map(|s| -s).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (moved, bent, curvature) in memory.iter().rev() {
        let share = dot(moved, &q) / curvature;
        q.iter_mut().zip(bent).for_each(|(q, b)| *q -= share * b);
        shares.push(share);
    }
    if let Some((_, bent, curvature)) = memory.back() {
        let scale = curvature / dot(bent, bent);
        for q in &mut q {
            *q *= scale;
        }
    }
    for ((moved, bent, curvature), share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(bent, &q) / curvature;
        q.iter_mut().zip(moved).for_each(|(q, m)| *q += (share - back) * m);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
