//! Exact quantiles of a column that fits into memory.

use super::error::ProfileError;
use crate::quantile;

/// Rows of a column whose quantiles may be exact.
const ROWS: usize = 4_194_304;

/// The type-7 quantiles of the values that are not NaN, at shares in 0 to 1.
///
/// - **Shape:** one answer a share, in order; none without values. -0.0 counts as +0.0, an infinity as the end it is.
/// - **Cost:** a copy and a sort.
/// - **Source:** Hyndman and Fan 1996, definition 7: linear between order statistics, numpy's default.
///
/// # Errors
/// [`ProfileError::Rows`] above 4,194,304 values, [`ProfileError::Share`] for a share outside 0 to 1.
///
/// ```
/// let median = quality::exact_quantiles(&[4.0, 1.0, f64::NAN, 2.0, 3.0], &[0.5])?;
/// assert_eq!(median, [Some(2.5)]);
/// # Ok::<(), quality::ProfileError>(())
/// ```
pub fn exact_quantiles(values: &[f64], shares: &[f64]) -> Result<Vec<Option<f64>>, ProfileError> {
    if values.len() > ROWS {
        return Err(ProfileError::Rows { expected: ROWS, found: values.len() });
    }
    if let Some(share) = shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(ProfileError::Share(*share));
    }
    let mut sorted: Vec<f64> = values.iter().filter(|x| !x.is_nan()).map(|x| x + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(shares.iter().map(|share| quantile(&sorted, *share)).collect())
}
