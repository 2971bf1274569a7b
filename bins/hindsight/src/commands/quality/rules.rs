//! The rules of each table: those of a file, else the built-in ones.

use super::place::place;
use super::streams::Stream;
use crate::cli::ChecksArgs;
use crate::config::QUALITY_RULES;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::file_text;
use quality::{RuleError, RuleSet};
use std::path::{Path, PathBuf};

/// What messages call the rules that come with the program.
pub(super) const BUILT_IN: &str = "built in";

/// Rules and where they come from.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) name: String,
    pub(super) set: RuleSet,
}

/// The rules of some files, else those that flags and configuration name.
///
/// # Errors
/// The mistakes of every file at once; two files for one table.
pub(super) fn named(files: &[PathBuf], context: &Context) -> Result<Vec<Rules>, Failure> {
    let files = if files.is_empty() { context.config.paths(&QUALITY_RULES) } else { files };
    let (mut all, mut mistakes) = (Vec::<Rules>::new(), Vec::new());
    for path in files {
        match read(path) {
            Ok(rules) => all.push(rules),
            Err(Failure::Errors(reports)) => mistakes.extend(reports),
            Err(other) => return Err(other),
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::Errors(mistakes));
    }
    for (at, rules) in all.iter().enumerate() {
        let same = |other: &&Rules| other.set.table() == rules.set.table();
        if let Some(first) = all.iter().take(at).find(same) {
            let found = format!(
                "rules for `{}` in {} and in {}",
                rules.set.table(),
                first.name,
                rules.name
            );
            let expected = "one file a table";
            return Err(CliError::BadValue { flag: "--rules", expected, found }.into());
        }
    }
    Ok(all)
}

/// The rules of every stream, in their order.
pub(super) fn of_streams(
    args: &ChecksArgs,
    streams: &[Stream],
    context: &Context,
) -> Result<Vec<RuleSet>, Failure> {
    let named = named(&[], context)?;
    let is_asked = |rules: &Rules| streams.iter().any(|s| s.spec().name == rules.set.table());
    if let Some(idle) = named.iter().find(|rules| !args.rules.is_empty() && !is_asked(rules)) {
        let found = format!("{}, which is for `{}`", idle.name, idle.set.table());
        let expected = "rules of a table among the inputs";
        return Err(CliError::BadValue { flag: "--rules", expected, found }.into());
    }
    streams.iter().map(|stream| of_table(&named, stream)).collect()
}

fn of_table(named: &[Rules], stream: &Stream) -> Result<RuleSet, Failure> {
    let table = stream.spec().name;
    if let Some(rules) = named.iter().find(|rules| rules.set.table() == table) {
        return Ok(rules.set.clone());
    }
    if !RuleSet::built_in_tables().any(|known| known == table) {
        return Err(CliError::NoRules { input: stream.name(), table }.into());
    }
    built_in(table)
}

/// The rules that come with the program.
pub(super) fn built_in(table: &str) -> Result<RuleSet, Failure> {
    RuleSet::built_in(table).map_err(|error| ErrorReport::new(&error).into())
}

/// The rules of a file.
fn read(path: &Path) -> Result<Rules, Failure> {
    let (name, text) = file_text(path)?;
    match RuleSet::parse(&text) {
        Ok(set) => Ok(Rules { name, set }),
        Err(error) => Err(refused(&error, &name, &text)),
    }
}

/// The report of a mistake in rules, with its place in the file.
fn refused(error: &RuleError, file: &str, text: &str) -> Failure {
    let mut report = ErrorReport::new(error);
    if let RuleError::Toml { message } = error {
        // The parser draws a picture of its own: its last line says what is wrong.
        let said = message.lines().next_back().unwrap_or_default();
        report.message = format!("rules: {said}");
    }
    match place(error, file, text) {
        Some(place) => report.at(place).into(),
        None => Failure::from(report).in_input(file),
    }
}
