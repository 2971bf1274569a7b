//! `hindsight quality`: how far a table can be trusted.

mod check;
mod compare;
mod drift;
mod examined;
mod explain;
mod facts;
mod findings;
mod neighbours;
mod place;
mod profile;
mod report;
mod rules;
mod run;
mod show;
mod sides;
mod streams;
mod validate;

pub(super) use check::{check, judged};
pub(super) use compare::compare;
pub(super) use drift::drift;
pub(super) use explain::explain;
pub(super) use findings::{SCHEMA as REPORT_SCHEMA, document as report_document};
pub(super) use profile::profile;
pub(super) use report::report;
pub(super) use run::run;
pub(super) use show::show;
pub(super) use validate::validate;

use super::{bug, count, now};
use crate::config::QUALITY_MODE;
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use contract::{Diagnostic, QualityMode, Vocabulary};

/// Whether checks may look ahead, as flags and configuration say.
fn mode(context: &Context) -> QualityMode {
    QualityMode::from_word(context.config.word(&QUALITY_MODE)).unwrap_or(QualityMode::Live)
}

/// Reads the rules that the configuration names.
///
/// # Errors
/// Their mistakes, all at once.
pub(super) fn read_rules(context: &Context) -> Result<(), Failure> {
    rules::named(&[], context).map(drop)
}

/// An error of the library as this program reports it.
fn stopped(error: &dyn Diagnostic) -> Failure {
    ErrorReport::new(error).into()
}

/// A number with as many digits as say something, at most six behind the point.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
