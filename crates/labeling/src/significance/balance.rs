//! Shares of classes under overlap.

use super::CONFIDENCE;
use super::mean::MethodTest;
use crate::clopper_pearson::share_interval;
use crate::special::chi_square_upper;

/// Shares of the classes -2 to 2.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Shares {
    /// Labels.
    pub(crate) n: usize,
    /// Effective labels.
    pub(crate) n_eff: f64,
    counts: [usize; 5],
}

impl Shares {
    /// Counts of classes; those outside -2 to 2 are left out.
    pub(crate) fn of(classes: impl Iterator<Item = i8>, n_eff: f64) -> Self {
        let mut shares = Self { n_eff, ..Self::default() };
        for class in classes {
            if let Some(count) =
                usize::try_from(class + 2).ok().and_then(|at| shares.counts.get_mut(at))
            {
                *count += 1;
                shares.n += 1;
            }
        }
        shares
    }

    /// Share of each class.
    pub(crate) fn shares(&self) -> [f64; 5] {
        self.counts.map(|count| if self.n == 0 { 0.0 } else { count as f64 / self.n as f64 })
    }

    /// Share of each class with its exact interval at the effective size.
    pub(crate) fn intervals(&self) -> Vec<(i8, MethodTest)> {
        (-2..).zip(self.shares()).map(|(class, share)| (class, self.interval(share))).collect()
    }

    fn interval(&self, share: f64) -> MethodTest {
        let (n, n_eff) = (self.n, self.n_eff);
        if n == 0 {
            return MethodTest { n, n_eff, ..MethodTest::default() };
        }
        let ci = Some(share_interval(share * n_eff, n_eff, CONFIDENCE));
        MethodTest { n, n_eff, effect: Some(share), ci, p_value: None }
    }

    /// Whether the shares differ from given ones: chi-square on effective counts. The effect is Cohen's w.
    pub(crate) fn against(&self, base: &[f64; 5]) -> MethodTest {
        let (n, n_eff) = (self.n, self.n_eff);
        let classes = base.iter().filter(|share| **share > 0.0).count();
        if n == 0 || classes < 2 {
            return MethodTest { n, n_eff, ..MethodTest::default() };
        }
        let w2 = chi_square(&self.shares(), base);
        let p_value = Some(chi_square_upper(n_eff * w2, classes as f64 - 1.0));
        // A class that the base says never comes has no finite distance.
        let effect = Some(w2.sqrt()).filter(|w| w.is_finite());
        MethodTest { n, n_eff, effect, ci: None, p_value }
    }
}

/// Sum of squared differences of shares over the expected ones; infinite where a share was to be 0 and is not.
pub(crate) fn chi_square(found: &[f64; 5], expected: &[f64; 5]) -> f64 {
    found
        .iter()
        .zip(expected)
        .map(|(f, e)| match (*f > 0.0, *e > 0.0) {
            (_, true) => (f - e) * (f - e) / e,
            (true, false) => f64::INFINITY,
            (false, false) => 0.0,
        })
        .sum()
}
