//! `hindsight completions` and `hindsight man`, both made from the argument definitions.

use crate::cli::{CompletionsArgs, ManArgs};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Pending, print};
use std::io::{self, Write};

pub(super) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::run::command(), "hindsight", &mut script);
    print(&String::from_utf8_lossy(&script))
}

pub(super) fn man(args: &ManArgs, context: &Context) -> Result<(), Failure> {
    let directory = &args.folder;
    let found = std::fs::metadata(directory).map_err(|e| CliError::reading(directory, e))?;
    if !found.is_dir() {
        return Err(CliError::NotDirectory { path: directory.display().to_string() }.into());
    }
    let mut pages = Vec::new();
    collect(&crate::run::command().disable_help_subcommand(true), "hindsight", &mut pages)
        .map_err(|e| CliError::writing(directory, e))?;
    for (name, page) in &pages {
        let path = directory.join(name);
        let mut file = Pending::create(&path, args.force)?;
        file.write_all(page).map_err(|e| CliError::writing(&path, e))?;
        file.publish()?;
    }
    context.console.note(&format!(
        "man: wrote {} pages to {}\n  next: man -l {}/hindsight.1",
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
