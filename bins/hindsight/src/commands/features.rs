//! `hindsight features`: one row of point-in-time features a decision, and what each feature means.

mod check;
mod feed;
mod inputs;
mod list;
mod reference;
mod rounds;
mod run;
mod select;
mod show;

pub(super) use check::{certified, check, document as causality_document, gate as causality_gate};
pub(super) use list::list;
pub(crate) use reference::reference;
pub(super) use run::run;
pub(super) use select::select;
pub(super) use show::show;

use super::{bug, count};
use crate::cli::SpecArgs;
use crate::config::FEATURES_SPEC;
use crate::context::Context;
use crate::error::{ErrorReport, Failure, Place};
use crate::input::file_text;
use features::{Catalogue, Plan, Spec, SpecError, SweepError};

/// The feature set that flags and configuration name, against the catalogue.
pub(super) fn plan(args: &SpecArgs, context: &Context) -> Result<Plan, Failure> {
    let catalogue = Catalogue::builtin();
    let Some(path) = context.config.path(&FEATURES_SPEC) else {
        let roles: Vec<&str> = args.roles.iter().map(String::as_str).collect();
        let resolved = Spec::default_set(&roles).resolve(&catalogue);
        return resolved.map_err(|error| ErrorReport::new(&error).into());
    };
    let (name, text) = file_text(path)?;
    let resolved = Spec::parse(&text).and_then(|spec| spec.resolve(&catalogue));
    resolved.map_err(|error| refused(&error, &name, &text))
}

/// The report of a mistake in a feature set, with its place in the file.
fn refused(error: &SpecError, file: &str, text: &str) -> Failure {
    let mut report = ErrorReport::new(error);
    // What the parser of TOML says may have several lines.
    report.message = report.message.replace('\n', ", ");
    let Some(place) = error.place() else { return Failure::from(report).in_input(file) };
    report.at(Place::at(file, text, place.line, place.column)).into()
}

/// The error of a name on the command line that no feature has.
fn unknown(name: &str, near: Vec<String>) -> Failure {
    let name = contract::excerpt(name.as_bytes());
    let place = features::Place { line: 1, column: 1 };
    ErrorReport::new(&SpecError::UnknownFeature { name, place, near }).into()
}

/// An error of the engine as this program reports it.
pub(super) fn stopped(error: SweepError) -> Failure {
    match error {
        SweepError::Shape(shape) => shape.into(),
        other => ErrorReport::new(&other).into(),
    }
}
