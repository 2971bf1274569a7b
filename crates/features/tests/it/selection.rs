//! Selection, through public paths only.

mod laws;
mod leaks;
mod market;
mod oracle;
mod refusals;
mod simulated;

use std::num::NonZeroUsize;

fn threads(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}
