//! Sums, mean and standard deviation with one order and little rounding.

/// Neumaier's compensated sum, in the order given.
pub(crate) fn total(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Mean and standard deviation (`ddof` 1) of ascending finite values, without a minus zero.
///
/// No mean of no value, no deviation of fewer than two; either may be infinite or NaN where `f64` does not reach.
pub(crate) fn mean_and_std(ascending: &[f64]) -> (Option<f64>, Option<f64>) {
    let (Some(first), Some(last)) = (ascending.first(), ascending.last()) else {
        return (None, None);
    };
    let n = ascending.len() as f64;
    // Equal values have no spread, and their mean is the value, whatever a division makes of their sum.
    if first.total_cmp(last).is_eq() {
        return (Some(*first), (ascending.len() > 1).then_some(0.0));
    }
    let mean = total(ascending.iter().copied()) / n;
    // Scaled, so that no square overflows or vanishes.
    let unit = binade((first - mean).abs().max((last - mean).abs()));
    let squares = total(ascending.iter().map(|value| {
        let scaled = (value - mean) / unit;
        scaled * scaled
    }));
    (Some(mean), Some(unit * (squares / (n - 1.0)).sqrt()))
}

/// The power of two at or below a positive number: to divide by it moves the point and rounds nothing.
pub(crate) fn binade(number: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    // A subnormal number has no exponent of its own.
    f64::from_bits(number.to_bits() & EXPONENT).max(f64::MIN_POSITIVE)
}
