//! Files that survive a crash: the file system behind a small trait, a simulated one that loses power, and atomic
//! publish.
//!
//! What it is: everything that must be right about `fsync`, rename and directories, in one place, so that a log or a
//! store can be tested against every crash. What it is not: it knows no table, no Arrow and no format, and it reads no
//! clock.
//!
//! Three nouns carry the crate. [`Fs`] is what a durable program needs of a file system; [`RealFs`] is the one of the
//! machine; [`Publish`] writes a file that appears whole under its name, or not at all.
//!
//! ```
//! use durable::{Fs, Mode, Publish, RealFs};
//! use std::io::Write;
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("decisions.parquet");
//! let mut file = Publish::begin(&RealFs, &path, Mode::New)?;
//! file.write_all(b"PAR1")?;
//! assert!(!path.exists()); // nothing under the name yet
//! let published = file.commit()?;
//! assert_eq!((published.bytes, std::fs::read(&path)?), (4, b"PAR1".to_vec()));
//! assert!(Publish::begin(&RealFs, &path, Mode::New).is_err()); // never overwritten unless asked
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! - `sim`: `SimFs`, a file system in memory that loses power, fails and fills up on demand, and `LyingFs`, which proves
//!   that a crash test notices.
#![forbid(unsafe_code)]

mod error;
mod fs;
mod publish;
mod real;
#[cfg(feature = "sim")]
mod sabotage;
#[cfg(feature = "sim")]
mod sim;

/// What each error of this crate means and what to do about it, one section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use error::{FsError, FsErrorKind, Op};
pub use fs::{
    Access, Fs, FsFile, FsLock, Identity, Metadata, NodeKind, read_exact_at, write_all_at,
};
pub use publish::{Mode, Publish, PublishError, Published, publish, temporary_name};
pub use real::RealFs;
#[cfg(feature = "sim")]
pub use sabotage::{Lie, LyingFs};
#[cfg(feature = "sim")]
pub use sim::{Call, Failure, Fault, SimFs};
