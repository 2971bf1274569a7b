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

pub(super) use check::check;
pub(super) use list::list;
pub(crate) use reference::reference;
pub(super) use run::run;
pub(super) use select::select;
pub(super) use show::show;

use crate::cli::SpecArgs;
use crate::config::FEATURES_SPEC;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure, Place};
use features::{Catalogue, Plan, Spec, SpecError, SweepError};

/// The feature set that flags and configuration name, against the catalogue.
fn plan(args: &SpecArgs, context: &Context) -> Result<Plan, Failure> {
    let catalogue = Catalogue::builtin();
    let Some(path) = context.config.path(&FEATURES_SPEC) else {
        let roles: Vec<&str> = args.roles.iter().map(String::as_str).collect();
        let resolved = Spec::default_set(&roles).resolve(&catalogue);
        return resolved.map_err(|error| ErrorReport::new(&error).into());
    };
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| CliError::reading(path, e))?;
    let text = String::from_utf8(bytes).map_err(|_| CliError::NotText { path: name.clone() })?;
    let resolved = Spec::parse(&text).and_then(|spec| spec.resolve(&catalogue));
    resolved.map_err(|error| refused(&error, &name, &text))
}

/// The report of a mistake in a feature set, with its place in the file.
fn refused(error: &SpecError, file: &str, text: &str) -> Failure {
    let mut report = ErrorReport::new(error);
    // What the parser of TOML says may have several lines.
    report.message = report.message.replace('\n', ", ");
    let Some(place) = error.place() else { return Failure::from(report).in_input(file) };
    let line_start: usize =
        text.split_inclusive('\n').take(place.line.saturating_sub(1)).map(str::len).sum();
    let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let before: usize = line.chars().take(place.column.saturating_sub(1)).map(char::len_utf8).sum();
    let meant = line.get(before..).unwrap_or_default();
    // A name stands in quotes, and all of it is meant.
    let width = meant.strip_prefix('"').and_then(|rest| rest.find('"')).map_or(1, |end| end + 2);
    let start = line_start + before;
    report.at(Place::of(file, text, start..start + width, String::new())).into()
}

/// The error of a name on the command line that no feature has.
fn unknown(name: &str, near: Vec<String>) -> Failure {
    let name = contract::excerpt(name.as_bytes());
    let place = features::Place { line: 1, column: 1 };
    ErrorReport::new(&SpecError::UnknownFeature { name, place, near }).into()
}

/// An error of the engine as this program reports it.
fn stopped(error: SweepError) -> Failure {
    match error {
        SweepError::Shape(shape) => shape.into(),
        other => ErrorReport::new(&other).into(),
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
