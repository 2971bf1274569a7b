//! How sure a difference of two arms is, when rows of one session are no independent rows.

use super::draws::Draws;
use super::metric::{Metric, Tally};

/// What resampling sessions says about a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Resampled {
    /// 95 % interval of the relative gain.
    pub(crate) gain: Option<(f64, f64)>,
    /// Two-sided p-value of no difference.
    pub(crate) p_value: f64,
    /// Mean length of a block, in sessions.
    pub(crate) block: f64,
}

/// Resamples sessions in blocks of geometric length, both arms alike, and takes each metric anew.
///
/// - **Shape:** a pair of tallies a session, in order of time. None for fewer than 2 sessions.
/// - **Cost:** sessions x replicates.
/// - **Source:** Politis and Romano (1994); the mean block is that of `labeling::block_length` over the sessions'
///   differences.
pub(crate) fn resample(
    sessions: &[(Tally, Tally)],
    metric: Metric,
    replicates: u32,
    draws: &mut Draws,
) -> Option<Resampled> {
    let n = sessions.len();
    let whole = sum(sessions.iter())?;
    let difference = |(arm, other): &(Tally, Tally)| arm.value(metric) - other.value(metric);
    let observed = difference(&whole);
    if n < 2 || replicates == 0 || !observed.is_finite() {
        return None;
    }
    let levels: Vec<f64> = sessions
        .iter()
        .map(|(arm, other)| arm.level(metric) - other.level(metric))
        .map(|level| if level.is_finite() { level } else { 0.0 })
        .collect();
    let block = labeling::block_length(&levels);
    let (mut gains, mut as_far, mut done) = (Vec::new(), 0.0, 0.0);
    for _ in 0..replicates {
        let mut at = draws.below(n);
        let mut chosen = Vec::with_capacity(n);
        for _ in 0..n {
            chosen.push(at);
            at = if draws.unit() < 1.0 / block { draws.below(n) } else { (at + 1) % n };
        }
        let Some(drawn) = sum(chosen.into_iter().map(|at| &sessions[at])) else { continue };
        let found = difference(&drawn);
        if !found.is_finite() {
            continue;
        }
        done += 1.0;
        as_far += f64::from(u8::from((found - observed).abs() >= observed.abs()));
        gains.extend(metric.gain(drawn.0.value(metric), drawn.1.value(metric)));
    }
    gains.sort_unstable_by(f64::total_cmp);
    let gain = (!gains.is_empty()).then(|| (quantile(&gains, 0.025), quantile(&gains, 0.975)));
    Some(Resampled { gain, p_value: (1.0 + as_far) / (done + 1.0), block })
}

fn sum<'a>(mut sessions: impl Iterator<Item = &'a (Tally, Tally)>) -> Option<(Tally, Tally)> {
    let mut total = sessions.next()?.clone();
    for (arm, other) in sessions {
        total.0.merge(arm);
        total.1.merge(other);
    }
    Some(total)
}

/// Linear between neighbours, as `numpy.quantile` does.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let low = place as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::metric::Predicted;

    /// One row a session: right or wrong in each arm.
    fn session(arm: bool, other: bool) -> (Tally, Tally) {
        let one = |is_right: bool| {
            let mut tally = Tally::new(2);
            let class = usize::from(!is_right);
            tally.add(0, &Predicted { likeliest: class, decided: class, loss: 0.5 }, 1.0);
            tally
        };
        (one(arm), one(other))
    }

    #[test]
    fn interval_of_independent_sessions_is_that_of_a_binomial() {
        // 400 sessions; the arm is right in 240, the other in 200 of them, drawn apart.
        let mut draws = Draws::new(5, 9);
        let mut arm: Vec<bool> = (0..400).map(|at| at < 240).collect();
        let mut other: Vec<bool> = (0..400).map(|at| at < 200).collect();
        draws.shuffle(&mut arm);
        draws.shuffle(&mut other);
        let sessions: Vec<_> = arm.iter().zip(&other).map(|(a, b)| session(*a, *b)).collect();
        let found = resample(&sessions, Metric::Accuracy, 4_000, &mut draws).unwrap();
        let (low, high) = found.gain.unwrap();
        // Ratio of shares .6 and .5: log ratio has variance (1 - .6)/240 + (1 - .5)/200 less twice the covariance, which
        // is that of the shuffled pairs and small; 1.2 exp(-+1.96 x .0645) - 1.
        assert!((low - 0.057).abs() < 0.05 && (high - 0.362).abs() < 0.07, "{low} {high}");
        assert!(found.p_value < 0.02, "{}", found.p_value);
    }

    #[test]
    fn sessions_that_hang_together_widen_the_interval() {
        // Runs of 25 sessions whose winner a coin chose, against the same sessions in random order.
        let mut coins = Draws::new(11, 0);
        let winners: Vec<bool> = (0..40).map(|_| coins.unit() < 0.5).collect();
        let mut runs: Vec<_> =
            (0..1_000).map(|at| session(winners[at / 25], !winners[at / 25])).collect();
        let width = |sessions: &[(Tally, Tally)]| {
            let mut draws = Draws::new(1, 1);
            let found = resample(sessions, Metric::Accuracy, 1_000, &mut draws).unwrap();
            found.gain.map(|(low, high)| high - low).unwrap()
        };
        let together = width(&runs);
        Draws::new(2, 2).shuffle(&mut runs);
        assert!(together > 2.0 * width(&runs), "{together}");
    }

    #[test]
    fn equal_arms_have_no_difference_and_one_session_no_interval() {
        let sessions: Vec<_> = (0..50).map(|at| session(at % 3 == 0, at % 3 == 0)).collect();
        let found = resample(&sessions, Metric::Accuracy, 200, &mut Draws::new(1, 1)).unwrap();
        assert_eq!((found.gain, found.p_value), (Some((0.0, 0.0)), 1.0));
        let one = resample(&sessions[..1], Metric::Accuracy, 200, &mut Draws::new(1, 1));
        assert_eq!(one, None);
    }
}
