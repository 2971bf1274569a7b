//! Exact interval of a share.

use crate::special::beta_quantile;
use contract::{Diagnostic, Fault};

/// Most trials that the interval is checked for.
const MOST: u64 = 1_000_000;

/// Two-sided interval of a probability that was seen to hold in `hits` of `trials`, exact for any true value.
///
/// - **Units:** shares in [0, 1]; `confidence` in (0, 1), usually 0.95.
/// - **Source:** Clopper and Pearson (1934), Biometrika 26(4); quantiles of the beta distribution by bisection.
///
/// # Errors
/// [`IntervalError`] without trials, for more than 10^6, for more hits than trials, or another confidence.
///
/// ```
/// // The bar of 98 % for an audit of 1,000 labels: 10 disagreements pass, 15 do not.
/// assert!(labeling::clopper_pearson(990, 1_000, 0.95)?.0 >= 0.98);
/// assert!(labeling::clopper_pearson(985, 1_000, 0.95)?.0 < 0.98);
/// # Ok::<(), labeling::IntervalError>(())
/// ```
pub fn clopper_pearson(
    hits: u64,
    trials: u64,
    confidence: f64,
) -> Result<(f64, f64), IntervalError> {
    if trials == 0 || trials > MOST || hits > trials {
        return Err(IntervalError::Counts { hits, trials });
    }
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(IntervalError::Confidence(confidence));
    }
    Ok(share_interval(hits as f64, trials as f64, confidence))
}

/// The same for effective counts, which are no whole numbers.
pub(crate) fn share_interval(hits: f64, trials: f64, confidence: f64) -> (f64, f64) {
    let (misses, tail) = ((trials - hits).max(0.0), (1.0 - confidence) / 2.0);
    let low = if hits > 0.0 { beta_quantile(hits, misses + 1.0, tail) } else { 0.0 };
    // By the mirrored side, so that a bound near 1 comes from a number near 0.
    let high = if misses > 0.0 { 1.0 - beta_quantile(misses, hits + 1.0, tail) } else { 1.0 };
    (low, high)
}

/// Why an interval was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalError {
    /// Counts that are none of a sample.
    #[error("interval: expected 1 to 1000000 trials and no more hits, found {hits} of {trials}")]
    Counts {
        /// Hits.
        hits: u64,
        /// Trials.
        trials: u64,
    },
    /// A confidence that is no probability.
    #[error("interval: expected a confidence in (0, 1), found `{0}`")]
    Confidence(f64),
}

impl Diagnostic for IntervalError {
    fn code(&self) -> &'static str {
        match self {
            Self::Counts { .. } => "labeling/interval-counts",
            Self::Confidence(_) => "labeling/interval-confidence",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}
