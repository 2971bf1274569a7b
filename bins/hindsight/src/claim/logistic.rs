//! Multinomial logistic regression.

mod minimize;

use super::matrix::Matrix;
use minimize::minimize;

/// Cells are cut at so many standard deviations, so that one odd tick does not steer a model.
const CLIP: f64 = 8.0;
/// Norm of the gradient of the mean loss at which a fit ends.
const TOLERANCE: f64 = 1e-8;
const MOST_STEPS: usize = 5_000;

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Learners<'a> {
    /// Features of all rows.
    pub features: &'a Matrix,
    /// The rows that are learned from.
    pub rows: &'a [usize],
    /// Class of each of them, from 0.
    pub classes: &'a [usize],
    /// Weight of each of them, at least 0.
    pub weights: &'a [f64],
    /// Number of classes.
    pub n_classes: usize,
}

/// A linear model of the probabilities of classes.
///
/// It minimises (sum of `w_i` x log-loss + penalty / 2 x sum of squared coefficients) / sum of `w_i` over features that
/// are standardised on the learners (mean 0, standard deviation 1, cut at 8 of them, nulls at 0); intercepts are not
/// penalised. In scikit-learn's words: `LogisticRegression(C=1/penalty)`
/// (of two classes `C=2/penalty`, which has one vector where this has two) with `sample_weight`, behind `StandardScaler`.
/// A class without a learner has no coefficients and probability 0.
///
/// - **Point in time:** scales and coefficients come from the learners alone. The same rows give the same bits.
/// - **Cost:** rows x features x classes a step; some hundred steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    means: Vec<f64>,
    scales: Vec<f64>,
    present: Vec<usize>,
    n_classes: usize,
    /// For each present class the coefficients and then the intercept.
    coefficients: Vec<f64>,
    /// Euclidean norm of the gradient at the end.
    pub gradient_norm: f64,
    /// Steps that it took.
    pub steps: usize,
}

impl Logistic {
    /// Fits a model; none without a learner of positive weight.
    #[must_use]
    pub fn fit(learners: &Learners<'_>, penalty: f64) -> Option<Self> {
        let total: f64 = learners.weights.iter().sum();
        let mut mass = vec![0.0; learners.n_classes];
        for (class, weight) in learners.classes.iter().zip(learners.weights) {
            mass[*class] += weight;
        }
        let present: Vec<usize> = (0..learners.n_classes).filter(|c| mass[*c] > 0.0).collect();
        if present.is_empty() || total.is_nan() || total <= 0.0 {
            return None;
        }
        let (means, scales) = standard(learners);
        let width = learners.features.columns();
        let mut x = Vec::with_capacity(learners.rows.len() * width);
        for row in learners.rows {
            scale(learners.features.row(*row), &means, &scales, &mut x);
        }
        let mut place = vec![usize::MAX; learners.n_classes];
        present.iter().enumerate().for_each(|(at, class)| place[*class] = at);
        let y: Vec<usize> = learners.classes.iter().map(|class| place[*class]).collect();
        let problem = Problem {
            x: &x,
            y: &y,
            weights: learners.weights,
            total,
            width,
            k: present.len(),
            penalty,
        };
        // The intercepts start at the shares of the classes, which is where features that say nothing leave them.
        let mut start = vec![0.0; present.len() * (width + 1)];
        for (at, class) in present.iter().enumerate() {
            start[at * (width + 1) + width] = (mass[*class] / total).ln();
        }
        let end = minimize(|at, slope| problem.value(at, slope), start, TOLERANCE, MOST_STEPS);
        Some(Self {
            means,
            scales,
            present,
            n_classes: learners.n_classes,
            coefficients: end.place,
            gradient_norm: end.gradient_norm,
            steps: end.steps,
        })
    }

    /// Probability of each class for a row of features.
    #[must_use]
    pub fn probabilities(&self, features: &[f64]) -> Vec<f64> {
        let mut x = Vec::with_capacity(features.len());
        scale(features, &self.means, &self.scales, &mut x);
        let mut scores: Vec<f64> = self
            .coefficients
            .chunks_exact(x.len() + 1)
            .map(|class| class[x.len()] + dot(&class[..x.len()], &x))
            .collect();
        softmax(&mut scores);
        let mut out = vec![0.0; self.n_classes];
        self.present.iter().zip(scores).for_each(|(class, p)| out[*class] = p);
        out
    }
}

/// Mean and standard deviation of each column over the learners, whatever their weight; a column without variation has
/// scale 0 and says nothing.
fn standard(learners: &Learners<'_>) -> (Vec<f64>, Vec<f64>) {
    let width = learners.features.columns();
    let (mut n, mut means, mut squares) = (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
    for row in learners.rows {
        for (at, cell) in learners.features.row(*row).iter().enumerate() {
            if cell.is_finite() {
                n[at] += 1.0;
                let off: f64 = cell - means[at];
                means[at] += off / n[at];
                squares[at] += off * (cell - means[at]);
            }
        }
    }
    let scales = squares
        .iter()
        .zip(&n)
        .zip(&means)
        .map(|((square, n), mean)| {
            let deviation = if *n > 0.0 { (square / n).sqrt() } else { 0.0 };
            // Rounding of equal values is no variation.
            if deviation > 1e-12 * mean.abs() { deviation } else { 0.0 }
        })
        .collect();
    (means, scales)
}

fn scale(cells: &[f64], means: &[f64], scales: &[f64], out: &mut Vec<f64>) {
    out.extend(cells.iter().zip(means).zip(scales).map(|((cell, mean), scale)| {
        if *scale > 0.0 && cell.is_finite() {
            ((cell - mean) / scale).clamp(-CLIP, CLIP)
        } else {
            0.0
        }
    }));
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Turns scores into probabilities; returns the log of the sum of their exponentials.
fn softmax(scores: &mut [f64]) -> f64 {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
    most + sum.ln()
}

struct Problem<'a> {
    x: &'a [f64],
    y: &'a [usize],
    weights: &'a [f64],
    total: f64,
    width: usize,
    k: usize,
    penalty: f64,
}

impl Problem<'_> {
    /// The mean loss, and its gradient.
    fn value(&self, at: &[f64], slope: &mut [f64]) -> f64 {
        slope.fill(0.0);
        let (width, step) = (self.width, self.width + 1);
        let mut loss = 0.0;
        let mut p = vec![0.0; self.k];
        for (row, (class, weight)) in self.y.iter().zip(self.weights).enumerate() {
            let x = &self.x[row * width..(row + 1) * width];
            for (score, part) in p.iter_mut().zip(at.chunks_exact(step)) {
                *score = part[width] + dot(&part[..width], x);
            }
            let gold = p[*class];
            loss += weight * (softmax(&mut p) - gold);
            p[*class] -= 1.0;
            for (off, part) in p.iter().zip(slope.chunks_exact_mut(step)) {
                let off = off * weight;
                let (line, intercept) = part.split_at_mut(width);
                line.iter_mut().zip(x).for_each(|(s, x)| *s += off * x);
                intercept[0] += off;
            }
        }
        for (part, slopes) in at.chunks_exact(step).zip(slope.chunks_exact_mut(step)) {
            for (b, s) in part[..width].iter().zip(slopes) {
                loss += self.penalty / 2.0 * b * b;
                *s += self.penalty * b;
            }
        }
        for s in slope.iter_mut() {
            *s /= self.total;
        }
        loss / self.total
    }
}

#[cfg(test)]
mod tests;
