//! `hindsight datasets`: immutable, certified training sets.

mod build;
mod certificate;
mod claim;
mod diff;
mod error;
mod evidence;
mod export;
mod gc;
mod list;
mod mark;
mod show;
mod store;
mod tables;
mod trace;
mod verify;

pub(super) use build::{Made, build, built};
pub(super) use claim::claim;
pub(super) use diff::diff;
pub(super) use export::export;
pub(super) use gc::gc;
pub(super) use list::{latest, list};
pub(super) use mark::{pin, withdraw};
pub(super) use show::show;
pub(super) use trace::trace;
pub(super) use verify::{verified, verify};

use super::count;
use crate::error::{CliError, ErrorReport, Failure};
use contract::Diagnostic;

/// The error of a flag with a value that it cannot have.
fn bad_value(flag: &'static str, expected: &'static str, found: &str) -> CliError {
    CliError::BadValue { flag, expected, found: contract::excerpt(found.as_bytes()) }
}

/// An error of the library as this program reports it.
fn stopped(error: &dyn Diagnostic) -> Failure {
    ErrorReport::new(error).into()
}
