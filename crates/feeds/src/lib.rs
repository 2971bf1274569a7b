//! Venue and vendor formats in, contract batches out.
//!
//! What it is: importers that turn outside files into drafts of contract tables and typed rejects, with exact
//! arithmetic and explicit clock rules; and order books built from deltas. What it is not: it opens no file and reads no
//! clock (it takes a name and bytes), and it judges no plausible value: `quality` does.
//!
//! Three nouns carry the crate. A [`Spec`] says what to import: format, sources with their [`Clock`]s, instruments. An
//! [`Importer`] takes names and bytes and hands out [`Output`]s, rows and rejects. [`Books`] turn deltas into depths.
//!
//! Every line becomes rows or a reject, never both and never neither, and the [`Report`] counts them.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod binance;
mod book;
mod calendar;
mod clock;
#[cfg(feature = "dbn")]
mod dbn;
mod envelope;
mod error;
mod importer;
mod lean;
mod report;
mod spec;
mod text;

/// What each error of this crate means and what to do about it, one section a code.
pub const ERRORS: &str = include_str!("errors.md");

#[cfg(feature = "dbn")]
pub use crate::dbn::Dbn;
pub use binance::{Binance, ClockOffset};
pub use book::{BookCounts, BookError, BookRows, BookSpec, Books};
pub use calendar::{MarketHours, SessionCloses};
pub use clock::{Clock, ClockRule, Local, LocalDate, Zone, ZoneError, tzdb_version};
pub use error::FeedError;
pub use importer::Importer;
pub use lean::{Lean, LeanPath, Resolution, Series};
pub use report::{Output, Report};
pub use spec::{Format, SourceSpec, Spec, SpecError};
pub use text::{TextFormat, read_text};
