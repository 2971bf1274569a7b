//! Rule sets of a command: read, every mistake said at once, and held against their pins.

use crate::cli::RulesArgs;
use crate::config::LABELING_RULES;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure, Place};
use crate::input::file_text;
use contract::Hash;
use labeling::{LabelSpec, LabelSpecErrors, RuleBook};
use std::path::{Path, PathBuf};

/// What messages call the rule set that comes with the program.
pub(super) const BUILT_IN: &str = "the built-in set";

/// A rule set and where it came from.
#[derive(Debug, Clone)]
pub(super) struct RuleSet {
    pub(super) name: String,
    pub(super) spec: LabelSpec,
}

/// The book that flags and configuration name.
pub(in crate::commands) fn book(args: &RulesArgs, context: &Context) -> Result<RuleBook, Failure> {
    let sets = named(&[], context)?;
    pinned(&sets, &args.pins)?;
    bound(&sets)
}

/// The sets of some files, else those of the configuration, else the built-in one.
///
/// # Errors
/// Every mistake of every file at once.
pub(super) fn named(files: &[PathBuf], context: &Context) -> Result<Vec<RuleSet>, Failure> {
    let files = if files.is_empty() { context.config.paths(&LABELING_RULES) } else { files };
    if files.is_empty() {
        return Ok(vec![built_in()?]);
    }
    let (mut sets, mut mistakes) = (Vec::new(), Vec::new());
    for path in files {
        match read(path) {
            Ok(set) => sets.push(set),
            Err(Failure::Errors(reports)) => mistakes.extend(reports),
            Err(other) => return Err(other),
        }
    }
    if mistakes.is_empty() { Ok(sets) } else { Err(Failure::Errors(mistakes)) }
}

/// The set of a file.
pub(super) fn read(path: &Path) -> Result<RuleSet, Failure> {
    let (name, text) = file_text(path)?;
    let spec = LabelSpec::parse(&text).map_err(|errors| refused(&errors, &name, &text))?;
    Ok(RuleSet { name, spec })
}

fn built_in() -> Result<RuleSet, Failure> {
    let text = LabelSpec::default_text();
    let spec = LabelSpec::parse(text).map_err(|errors| refused(&errors, BUILT_IN, text))?;
    Ok(RuleSet { name: BUILT_IN.to_owned(), spec })
}

/// Sets as one book: each with one meaning, one in force at a time.
pub(super) fn bound(sets: &[RuleSet]) -> Result<RuleBook, Failure> {
    RuleBook::new(sets.iter().map(|set| set.spec.clone()).collect())
        .map_err(|error| ErrorReport::new(&error).into())
}

/// Checks that every set is one of those that were pinned.
pub(super) fn pinned(sets: &[RuleSet], pins: &[String]) -> Result<(), Failure> {
    let pins = pins
        .iter()
        .map(|text| {
            Hash::parse(text).map_err(|_| CliError::BadValue {
                flag: "--pin",
                expected: "64 hexadecimal digits, as `labeling show` prints them",
                found: contract::excerpt(text.as_bytes()),
            })
        })
        .collect::<Result<Vec<Hash>, _>>()?;
    let Some(first) = pins.first() else { return Ok(()) };
    let others = sets.iter().filter(|set| !pins.contains(&set.spec.hash()));
    let mut found = Vec::new();
    for set in others {
        if let Err(error) = set.spec.pin(*first) {
            let mut report = ErrorReport::new(&error);
            report.message = format!("{}: {}", set.name, report.message);
            found.push(report);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::Errors(found)) }
}

/// The reports of all mistakes in a rule set, each with its place.
fn refused(errors: &LabelSpecErrors, file: &str, text: &str) -> Failure {
    let report = |error: &labeling::LabelSpecError| {
        let mut report = ErrorReport::new(error);
        // What the parser of TOML says may have several lines.
        report.message = report.message.replace('\n', ", ");
        let place = error.place();
        report.at(Place::at(file, text, place.line, place.column))
    };
    Failure::Errors(errors.iter().map(report).collect())
}
