//! What a model is judged by.

use serde::Deserialize;

/// A measure of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean over the classes of the share that was found.
    BalancedAccuracy,
    /// Mean over the classes of the harmonic mean of precision and recall.
    MacroF1,
    /// Mean of minus the logarithm of the probability of what came.
    LogLoss,
    /// Share of rows that were right: to be read beside the majority rate.
    Accuracy,
}

impl Metric {
    /// Its word in claims and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::MacroF1 => "macro_f1",
            Self::LogLoss => "log_loss",
            Self::Accuracy => "accuracy",
        }
    }

    /// How much better a value is than another, as a share of the other; none when that is no positive number.
    #[must_use]
    pub fn gain(self, value: f64, other: f64) -> Option<f64> {
        let better = if self == Self::LogLoss { other - value } else { value - other };
        (other > 0.0).then(|| better / other).filter(|gain| gain.is_finite())
    }
}

/// Weights of rows by gold and predicted class.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    k: usize,
    cells: Vec<f64>,
}

impl Confusion {
    /// An empty one for so many classes.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, cells: vec![0.0; k * k] }
    }

    /// Adds a row.
    pub fn add(&mut self, gold: usize, predicted: usize, weight: f64) {
        self.cells[gold * self.k + predicted] += weight;
    }

    fn merge(&mut self, other: &Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(a, b)| *a += b);
    }

    fn gold(&self, class: usize) -> f64 {
        self.cells[class * self.k..(class + 1) * self.k].iter().sum()
    }

    fn predicted(&self, class: usize) -> f64 {
        self.cells.iter().skip(class).step_by(self.k).sum()
    }

    fn right(&self, class: usize) -> f64 {
        self.cells[class * self.k + class]
    }

    /// Share of the weight that was right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        (0..self.k).map(|class| self.right(class)).sum::<f64>() / self.cells.iter().sum::<f64>()
    }

    /// Mean recall of the classes that are there.
    #[must_use]
    pub fn balanced_accuracy(&self) -> f64 {
        mean((0..self.k).filter(|c| self.gold(*c) > 0.0).map(|c| self.right(c) / self.gold(c)))
    }

    /// Mean F1 of the classes that are there or were predicted.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        let both = |class: usize| self.gold(class) + self.predicted(class);
        mean((0..self.k).filter(|c| both(*c) > 0.0).map(|c| 2.0 * self.right(c) / both(c)))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}

/// What was predicted for a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Predicted {
    /// The likeliest class.
    pub(crate) likeliest: usize,
    /// The class by the claim's rule of decision.
    pub(crate) decided: usize,
    /// Minus the logarithm of the probability of what came.
    pub(crate) loss: f64,
}

/// All that the metrics of a set of rows need.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    likeliest: Confusion,
    decided: Confusion,
    loss: f64,
    weight: f64,
}

impl Tally {
    pub(crate) fn new(k: usize) -> Self {
        Self { likeliest: Confusion::new(k), decided: Confusion::new(k), loss: 0.0, weight: 0.0 }
    }

    pub(crate) fn add(&mut self, gold: usize, predicted: &Predicted, weight: f64) {
        self.likeliest.add(gold, predicted.likeliest, weight);
        self.decided.add(gold, predicted.decided, weight);
        self.loss += weight * predicted.loss;
        self.weight += weight;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.likeliest.merge(&other.likeliest);
        self.decided.merge(&other.decided);
        self.loss += other.loss;
        self.weight += other.weight;
    }

    pub(crate) fn value(&self, metric: Metric) -> f64 {
        match metric {
            Metric::BalancedAccuracy => self.decided.balanced_accuracy(),
            Metric::MacroF1 => self.decided.macro_f1(),
            Metric::LogLoss => self.loss / self.weight,
            Metric::Accuracy => self.likeliest.accuracy(),
        }
    }

    /// One number a set of rows whose run in time shows for how long differences last.
    pub(crate) fn level(&self, metric: Metric) -> f64 {
        match metric {
            Metric::LogLoss => -self.loss / self.weight,
            Metric::Accuracy => self.likeliest.accuracy(),
            Metric::BalancedAccuracy | Metric::MacroF1 => self.decided.accuracy(),
        }
    }
}
