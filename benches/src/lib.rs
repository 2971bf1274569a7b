//! Workloads that cross crates, and what they are measured and checked against.
//!
//! What it is: seeded rows of every table of the contract, files of them for readers in other languages, and the
//! programs under `benches/` that compare stages with peers in one run. What it is not: no stage depends on it, and
//! nothing here is part of a product.
//!
//! ```
//! use benches::{Rng, random_table};
//! let spec = contract::table("quotes").expect("a table of the contract");
//! let rows = random_table(spec, &mut Rng::new(7), 100)?;
//! assert_eq!(rows.len(), 100);
//! assert_eq!(rows.seq().map(|seq| seq.value(0)), Some(0));
//! # Ok::<(), benches::InteropError>(())
//! ```
#![forbid(unsafe_code)]

mod bar;
mod files;
mod interop;
mod measure;
mod random;
mod rng;
mod sample;

pub use bar::BarLine;
pub use files::{read_parquet, write_parquet};
pub use interop::{InteropError, TableCheck, verify, write_files};
pub use measure::{Times, is_bench, timed};
pub use random::random_table;
pub use rng::Rng;
pub use sample::sample_decisions;
