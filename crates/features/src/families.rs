//! The features of this crate, a file a family, and the measures that they share.

mod book;
mod cross;
mod depth;
mod flow;
mod liq;
mod price;
pub(crate) mod quotes;
pub(crate) mod returns;
mod tape;
mod time;
mod vol;

use crate::catalogue::Template;
use crate::null::Null;

/// Every template, by family.
pub(crate) fn all() -> Vec<Template> {
    let families = [
        price::templates(),
        book::templates(),
        depth::templates(),
        flow::templates(),
        liq::templates(),
        vol::templates(),
        time::templates(),
        cross::templates(),
    ];
    families.into_iter().flatten().collect()
}

/// A size from its sum in units of 1e-9.
fn qty(nanos: i128) -> f64 {
    nanos as f64 / 1e9
}

/// A quotient of exact integers; null when the denominator is exactly zero.
fn ratio(numerator: i128, denominator: i128) -> Result<f64, Null> {
    if denominator == 0 {
        return Err(Null::ZeroDenominator);
    }
    Ok(numerator as f64 / denominator as f64)
}

/// Rule `K`: at least 80 % of the entries, or of the time, are valid.
fn enough(valid: i128, all: i128) -> Result<(), Null> {
    if valid.saturating_mul(5) >= all.saturating_mul(4) { Ok(()) } else { Err(Null::TooFewValid) }
}

/// The product, if it fits.
fn product(a: i128, b: i128) -> Result<i128, Null> {
    a.checked_mul(b).ok_or(Null::Overflow)
}
