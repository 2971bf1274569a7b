//! How many rows a gain needs to be seen, and whether two classifiers differ.

/// Normal quantiles of a two-sided test at 5 % and of a power of 80 %.
const Z_TEST: f64 = 1.959_963_984_540_054;
const Z_POWER: f64 = 0.841_621_233_572_914_4;
/// Share of rows on which one of two classifiers is right and the other wrong, as the claim assumes.
const DISCORDANT: f64 = 0.2;

/// Independent rows that a relative gain over a baseline needs for a power of 80 % at 5 %, two-sided, when the
/// classifiers differ on 20 % of the rows.
///
/// - **Units:** rows, or the sum of the uniqueness of rows that overlap.
/// - **Source:** McNemar's test; Connor (1987), Biometrics 43(1), formula for paired proportions:
///   `(z_a sqrt(d) + z_b sqrt(d - g^2))^2 / g^2` with d the discordant share and g the gain in points.
///
/// ```
/// assert_eq!(hindsight::effective_rows_needed(0.40, 0.05).map(f64::round), Some(3922.0));
/// ```
#[must_use]
pub fn effective_rows_needed(baseline: f64, relative: f64) -> Option<f64> {
    let gain = baseline * relative;
    let rest = DISCORDANT - gain * gain;
    if !(gain > 0.0 && rest > 0.0) {
        return None;
    }
    let sum = Z_TEST * DISCORDANT.sqrt() + Z_POWER * rest.sqrt();
    Some(sum * sum / (gain * gain))
}

/// Two-sided p-value of McNemar's test without correction, from the weights of rows that only one classifier got right.
///
/// With weights of uniqueness the counts are those of as many independent rows. Without a discordant row it is 1.
///
/// - **Source:** McNemar (1947), Psychometrika 12(2); chi-square with one degree of freedom.
#[must_use]
pub fn mcnemar(only_first: f64, only_second: f64) -> f64 {
    let discordant = only_first + only_second;
    if discordant <= 0.0 {
        return 1.0;
    }
    let square = (only_first - only_second) * (only_first - only_second) / discordant;
    libm::erfc((square / 2.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_needed_are_those_of_the_design() {
        // datasets.md 12.5: +5 % relative, 80 % power, 20 % discordant pairs.
        for (baseline, expected) in
            [(0.25, 10_044.0), (0.40, 3_922.0), (0.55, 2_073.0), (0.70, 1_279.0)]
        {
            let found = effective_rows_needed(baseline, 0.05).unwrap();
            assert!((found - expected).abs() < 0.5, "{baseline}: {found}");
        }
        assert_eq!(effective_rows_needed(0.0, 0.05), None);
        // A gain of more than the root of the discordant share cannot be.
        assert_eq!(effective_rows_needed(0.5, 0.9), None);
    }

    #[test]
    fn power_is_eighty_percent_at_the_number_needed() {
        // By simulation: 3922 pairs, right only in the first 11 %, only in the second 9 %: a gain of 2 points on .40.
        let mut draws = crate::claim::draws::Draws::new(3, 0);
        let mut found = 0;
        for _ in 0..2_000 {
            let (mut b, mut c) = (0.0, 0.0);
            for _ in 0..3_922 {
                let u = draws.unit();
                if u < 0.11 {
                    b += 1.0;
                } else if u < 0.20 {
                    c += 1.0;
                }
            }
            found += i32::from(mcnemar(b, c) < 0.05);
        }
        // Binomial(2000, .8): standard deviation 17.9.
        assert!((found - 1_600).abs() < 72, "{found}");
    }
}
