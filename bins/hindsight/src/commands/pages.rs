//! `hindsight completions` and `hindsight man`, both made from the argument definitions.

use crate::cli::{CompletionsArgs, ManArgs};
use crate::console::Console;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Pending, print};
use std::io::{self, Write};
use std::path::Path;

pub(super) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    print_completions(crate::run::command(), "hindsight", args.shell)
}

/// Prints the completion script of a program to standard output.
///
/// # Errors
/// As [`print()`].
pub fn print_completions(
    mut command: clap::Command,
    name: &str,
    shell: clap_complete::Shell,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    print(&String::from_utf8_lossy(&script))
}

pub(super) fn man(args: &ManArgs, context: &Context) -> Result<(), Failure> {
    let command = crate::run::command().disable_help_subcommand(true);
    write_man(&command, "hindsight", &args.folder, args.force, context.console)
}

/// Writes the man pages of a program, one a command, into a directory that exists.
///
/// # Errors
/// [`CliError`] when the directory is not there or a page is, unless `force` replaces it.
pub fn write_man(
    command: &clap::Command,
    name: &str,
    directory: &Path,
    force: bool,
    console: Console,
) -> Result<(), Failure> {
    let found = std::fs::metadata(directory).map_err(|e| CliError::reading(directory, e))?;
    if !found.is_dir() {
        return Err(CliError::NotDirectory { path: directory.display().to_string() }.into());
    }
    let mut pages = Vec::new();
    collect(command, name, &mut pages).map_err(|e| CliError::writing(directory, e))?;
    for (page_name, page) in &pages {
        let path = directory.join(page_name);
        let mut file = Pending::create(&path, force)?;
        file.write_all(page).map_err(|e| CliError::writing(&path, e))?;
        file.publish()?;
    }
    console.note(&format!(
        "man: wrote {} pages to {}\n  next: man -l {}/{name}.1",
        pages.len(),
        directory.display(),
        directory.display()
    ));
    Ok(())
}

/// The page of a command and of each below it: `hindsight-config-show.1`.
fn collect(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> io::Result<()> {
    let mut page = Vec::new();
    let titled = command.clone().name(name.to_owned()).bin_name(name.replace('-', " "));
    clap_mangen::Man::new(titled).render(&mut page)?;
    pages.push((format!("{name}.1"), page));
    for sub in command.get_subcommands() {
        collect(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}
