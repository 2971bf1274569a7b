//! `hindsight labeling`: what came of decisions, by rules that are proven, and an audit of it.

mod check;
mod closing;
mod diff;
mod explain;
mod inputs;
mod merge;
mod rules;
mod run;
mod show;
mod stored;
mod tables;
mod validate;

pub(super) use check::{audited, check, gate as audit_gate};
pub(super) use diff::diff;
pub(super) use explain::explain;
pub(super) use rules::book;
pub(super) use run::run;
pub(super) use show::show;
pub(super) use validate::validate;

use super::{bug, count};
use crate::error::{CliError, ErrorReport, Failure};
use labeling::LabelError;

/// An error of the engine as this program reports it.
fn stopped(error: LabelError) -> Failure {
    match error {
        LabelError::Shape(shape) => shape.into(),
        other => ErrorReport::new(&other).into(),
    }
}

/// A share as people read it.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A share, `5%` or `0.05`.
fn share(flag: &'static str, text: &str) -> Result<f64, CliError> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok().map(|percent| percent / 100.0),
        None => text.parse().ok(),
    };
    number.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| CliError::BadValue {
        flag,
        expected: "a share from 0 to 1, as 0.05 or 5%",
        found: contract::excerpt(text.as_bytes()),
    })
}
