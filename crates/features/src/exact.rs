//! From what a tape says to integers, and from integers to one rounded number.

/// Units of a size of 1.
pub(crate) const NANO: i64 = 1_000_000_000;

/// A public size in integer units of 1e-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NanoSize {
    pub(crate) nanos: i128,
    /// Whether decimals behind the ninth were cut.
    pub(crate) rounded: bool,
}

/// The largest size of one row: twice of it, held for a day, fits in 127 bits.
const MAX_SIZE: f64 = 1e14;

/// A size in units of 1e-9: the shortest decimal that reads back as this number, times 1e9, ties to even.
///
/// `None` when it is negative, not finite, above 1e14, or positive and rounds to nothing.
///
/// The short way is the same answer: `k / 1e9 == size` says that the decimal `k`e-9 reads back as this number, and two
/// decimals of at most 15 digits cannot share one.
#[expect(
    clippy::float_cmp,
    reason = "that the decimal reads back as this very number is the proof"
)]
#[inline]
pub(crate) fn nano_size(size: f64) -> Option<NanoSize> {
    if !size.is_finite() || size < 0.0 {
        return None;
    }
    if size.fract() == 0.0 && size < MAX_SIZE {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e14")]
        return Some(NanoSize {
            nanos: i128::from(size as i64) * i128::from(NANO),
            rounded: false,
        });
    }
    if size < 1e6 {
        let scaled = round(size * 1e9);
        if scaled < 1e15 && scaled / 1e9 == size {
            #[expect(clippy::cast_possible_truncation, reason = "below 1e15")]
            return Some(NanoSize { nanos: i128::from(scaled as i64), rounded: false });
        }
    }
    decimal_nanos(size)
}

/// The nearest whole number, ties to even, of a magnitude below 2^51.
///
/// Adding 1.5 x 2^52 leaves no bit for a fraction, so the addition itself rounds; a call of the platform's function would
/// cost more than the rest.
fn round(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (x + SHIFT) - SHIFT
}

/// By the decimal text, which Rust writes in the shortest form that reads back.
fn decimal_nanos(size: f64) -> Option<NanoSize> {
    if size > MAX_SIZE {
        return None;
    }
    let text = format!("{size}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole: i128 = whole.parse().ok()?;
    let (kept, cut) = fraction.split_at_checked(9).unwrap_or((fraction, ""));
    let mut nanos: i128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    for _ in kept.len()..9 {
        nanos *= 10;
    }
    let rounded = cut.bytes().any(|b| b != b'0');
    let half = cut.strip_prefix('5').is_some_and(|rest| rest.bytes().all(|b| b == b'0'));
    let above = cut.as_bytes().first().is_some_and(|b| *b >= b'5') && !half;
    nanos += i128::from(above || (half && nanos % 2 == 1));
    let nanos = whole.checked_mul(i128::from(NANO))?.checked_add(nanos)?;
    if nanos == 0 && size > 0.0 { None } else { Some(NanoSize { nanos, rounded }) }
}

/// 2^60, the grid of returns and ratios.
pub(crate) const BITS_60: f64 = (1_u64 << 60) as f64;
/// 2^100, the grid of products of two returns.
pub(crate) const BITS_100: f64 = BITS_60 * (1_u64 << 40) as f64;
/// 2^120, the grid of fourth powers.
pub(crate) const BITS_120: f64 = BITS_60 * BITS_60;

/// The nearest multiple of 2^-60, ties to even, of a number of magnitude below 8; others give 0 and are kept out before.
#[expect(clippy::cast_possible_truncation, reason = "magnitude below 2^63 by the guard")]
pub(crate) fn fix60(x: f64) -> i64 {
    let scaled = x * BITS_60;
    if x.abs() >= 7.999 {
        return 0;
    }
    // From 2^52 on every f64 is whole.
    if scaled.abs() < 2_251_799_813_685_248.0 {
        round(scaled) as i64
    } else {
        scaled.round_ties_even() as i64
    }
}

/// The nearest multiple of 1/`grid`, ties to even, if it fits in 126 bits.
#[expect(clippy::cast_possible_truncation, reason = "magnitude below 2^126 by the guard")]
pub(crate) fn fix(x: f64, grid: f64) -> Option<i128> {
    let scaled = (x * grid).round_ties_even();
    (scaled.abs() < 8.507_059_173_023_462e37).then_some(scaled as i128)
}

/// `ln(to / from)` of two positive integers, without losing the digits of a small return.
///
/// A fall by more than half is taken from below, since `log1p` close to -1 has lost them.
pub(crate) fn log_ret(from: i64, to: i64) -> f64 {
    log_quotient(from.into(), to.into())
}

/// As [`log_ret`], of larger integers whose difference fits.
pub(crate) fn log_quotient(from: i128, to: i128) -> f64 {
    let change = |from: i128, to: i128| (to - from) as f64 / from as f64;
    if to < from / 2 {
        -crate::math::log1p(change(to, from))
    } else {
        crate::math::log1p(change(from, to))
    }
}

/// Sample variance (`n - 1`) times 1 unit², from totals modulo 2^128 that may have wrapped.
///
/// Shifting by the mean makes the true sums small, and wrapping arithmetic gives small true values exactly.
pub(crate) fn variance(n: i128, sum: i128, squares: i128) -> Option<f64> {
    let (s1, s2) = centred(n, sum, squares)?;
    Some((s2 - s1 * s1 / n as f64) / (n - 1) as f64)
}

/// Sums of `x - c` and `(x - c)²` as f64, with `c` the rounded mean; `None` for fewer than two.
fn centred(n: i128, sum: i128, squares: i128) -> Option<(f64, f64)> {
    if n < 2 {
        return None;
    }
    let c = sum.div_euclid(n);
    let s1 = sum.wrapping_sub(n.wrapping_mul(c));
    let s2 = squares
        .wrapping_sub(c.wrapping_mul(sum).wrapping_mul(2))
        .wrapping_add(n.wrapping_mul(c.wrapping_mul(c)));
    Some((s1 as f64, s2 as f64))
}

/// Sample covariance from totals modulo 2^128, as [`variance`].
pub(crate) fn covariance(n: i128, sum_x: i128, sum_y: i128, products: i128) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let (cx, cy) = (sum_x.div_euclid(n), sum_y.div_euclid(n));
    let sx = sum_x.wrapping_sub(n.wrapping_mul(cx)) as f64;
    let sy = sum_y.wrapping_sub(n.wrapping_mul(cy)) as f64;
    let sxy = products
        .wrapping_sub(cx.wrapping_mul(sum_y))
        .wrapping_sub(cy.wrapping_mul(sum_x))
        .wrapping_add(n.wrapping_mul(cx.wrapping_mul(cy))) as f64;
    Some((sxy - sx * sy / n as f64) / (n - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_size_is_the_decimal_that_the_venue_wrote() {
        let nanos = |x: f64| nano_size(x).map(|s| (s.nanos, s.rounded));
        assert_eq!(nanos(0.1), Some((100_000_000, false)));
        assert_eq!(nanos(0.1 + 0.2), Some((300_000_000, true))); // 0.30000000000000004
        assert_eq!(nanos(31.115_892_870_000_003), Some((31_115_892_870, true)));
        assert_eq!(nanos(1e-9), Some((1, false)));
        assert_eq!(nanos(1.5e-9), Some((2, true))); // ties to even
        assert_eq!(nanos(2.5e-9), Some((2, true)));
        assert_eq!(nanos(1e-12), None); // would vanish
        assert_eq!(nanos(0.0), Some((0, false)));
        assert_eq!(nanos(1e8), Some((100_000_000_000_000_000, false)));
        assert_eq!(nanos(1e12), Some((1_000_000_000_000_000_000_000, false)));
        assert_eq!(nanos(1e15), None);
        assert_eq!((nanos(f64::NAN), nanos(-1.0), nanos(f64::INFINITY)), (None, None, None));
    }

    #[test]
    fn a_constant_window_has_variance_zero_even_where_squares_have_wrapped() {
        let x = 2 * 61_700_100_000_000_i128;
        let square = x.wrapping_mul(x);
        let squares = (0..5_000).fold(0_i128, |s, _| s.wrapping_add(square));
        assert_eq!(variance(5_000, x * 5_000, squares), Some(0.0));
    }

    proptest! {
        /// The short way and the definition agree.
        #[test]
        fn decimals_of_nine_places_take_the_short_way(k in 0_i64..1_000_000_000_000_000) {
            let size = k as f64 / 1e9;
            prop_assert_eq!(nano_size(size), Some(NanoSize { nanos: k.into(), rounded: false }));
            prop_assert_eq!(decimal_nanos(size).map(|s| s.nanos), Some(i128::from(k)));
        }

        #[test]
        fn variance_and_covariance_equal_the_two_pass_formula(
            pairs in prop::collection::vec((0_i64..1_000_000, -1_000_000_i64..1_000_000), 2..40),
            offset in prop::sample::select(vec![0_i128, 1 << 62, -(1 << 70)]),
        ) {
            let n = pairs.len() as i128;
            let mean = |f: &dyn Fn(&(i64, i64)) -> i64| pairs.iter().map(|p| f(p) as f64).sum::<f64>() / n as f64;
            let (mx, my) = (mean(&|p| p.0), mean(&|p| p.1));
            let var = pairs.iter().map(|p| (p.0 as f64 - mx).powi(2)).sum::<f64>() / (n - 1) as f64;
            let cov = pairs.iter().map(|p| (p.0 as f64 - mx) * (p.1 as f64 - my)).sum::<f64>() / (n - 1) as f64;
            let (mut sx, mut sy, mut sxx, mut sxy) = (0_i128, 0_i128, 0_i128, 0_i128);
            for (x, y) in &pairs {
                let (x, y) = (i128::from(*x) + offset, i128::from(*y));
                sx = sx.wrapping_add(x);
                sy = sy.wrapping_add(y);
                sxx = sxx.wrapping_add(x.wrapping_mul(x));
                sxy = sxy.wrapping_add(x.wrapping_mul(y));
            }
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
            prop_assert!(near(variance(n, sx, sxx).unwrap(), var));
            prop_assert!(near(covariance(n, sx, sy, sxy).unwrap(), cov));
        }
    }
}
