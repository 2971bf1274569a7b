//! Sums that do not depend on the order of the terms: rounded once, at the end.

/// A sum of floats without error: partial sums that do not overlap (Shewchuk 1997, as `math.fsum` of Python).
///
/// The result is the exact sum, rounded once to the nearest float, ties to even. So it depends neither on the order of
/// the rows nor on how they were cut into batches. It is not finite when a partial sum is not.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExactSum {
    /// Increasing in magnitude; no two share a bit.
    partials: Vec<f64>,
    /// What could not be held exactly: infinite or no number.
    beyond: f64,
}

impl ExactSum {
    pub(crate) fn of(terms: impl IntoIterator<Item = f64>) -> f64 {
        let mut sum = Self::default();
        for term in terms {
            sum.add(term);
        }
        sum.rounded()
    }

    fn add(&mut self, term: f64) {
        let mut high = term;
        let mut kept = 0;
        for at in 0..self.partials.len() {
            let partial = self.partials[at];
            let (large, small) =
                if high.abs() < partial.abs() { (partial, high) } else { (high, partial) };
            high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                self.partials[kept] = low;
                kept += 1;
            }
        }
        self.partials.truncate(kept);
        if high.is_finite() {
            self.partials.push(high);
        } else {
            self.beyond += high;
        }
    }

    fn rounded(&self) -> f64 {
        if self.beyond != 0.0 {
            return self.beyond;
        }
        let mut rest = self.partials.iter().rev().copied();
        let Some(mut high) = rest.next() else { return 0.0 };
        let mut low = 0.0;
        for partial in rest.by_ref() {
            let sum = high + partial;
            low = partial - (sum - high);
            high = sum;
            if low != 0.0 {
                break;
            }
        }
        // Half a unit in the last place: what lies below decides.
        if let Some(next) = rest.next()
            && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
        {
            let twice = low * 2.0;
            let sum = high + twice;
            #[expect(clippy::float_cmp, reason = "whether the addition was exact")]
            if twice == sum - high {
                return sum;
            }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller] // expected: `math.fsum` of Python 3.12
    fn check(terms: &[f64], expected: f64) {
        for turn in 0..terms.len() {
            let turned = terms.iter().cycle().skip(turn).take(terms.len()).copied();
            assert_eq!(ExactSum::of(turned).to_bits(), expected.to_bits(), "{terms:?} from {turn}");
        }
    }

    #[test]
    fn sums_are_those_of_fsum_in_any_order() {
        check(&[0.1; 10], 1.0);
        check(&[1e308, 1.0, -1e308, 1e-300], 1.0);
        check(&[1e16, 1.0, 1e-16], 10_000_000_000_000_002.0); // above the half: up
        check(&[1e16, 1.0, -1e-16], 1e16); // below the half: down
        check(&[1e100, 1.0, -1e100, 1e-20], 1.0);
        assert_eq!(ExactSum::of([]).to_bits(), 0.0_f64.to_bits());
        assert!(!ExactSum::of([1.0, f64::INFINITY, 2.0]).is_finite());
        assert!(!ExactSum::of([f64::MAX, f64::MAX]).is_finite());
    }
}
