//! From arguments to an exit code.

use crate::cli::{Cli, GlobalArgs};
use crate::commands;
use crate::config::{Config, Layers, find_project_file};
use crate::console::{Console, say};
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::exit::Exit;
use crate::output::Pending;
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// A program of the family: its arguments, and what it does once they, the configuration and the signals are at hand.
pub trait Program: Parser {
    /// Flags that every program and command takes.
    fn global(&self) -> &GlobalArgs;

    /// Flags of its own that stand for configuration keys: name of the flag, key, text.
    fn flags(&self) -> Vec<(String, String, String)>;

    /// Whether it runs under a configuration with mistakes: where they are its subject, or of no concern.
    fn works_without_config(&self) -> bool;

    /// The definition of every argument.
    #[must_use]
    fn arguments() -> clap::Command {
        Self::command()
    }

    /// Does the work.
    ///
    /// # Errors
    /// [`Failure`], which decides the exit code.
    fn work(&self, context: &mut Context) -> Result<(), Failure>;
}

impl Program for Cli {
    fn global(&self) -> &GlobalArgs {
        &self.global
    }

    fn flags(&self) -> Vec<(String, String, String)> {
        self.command.flags()
    }

    fn works_without_config(&self) -> bool {
        self.command.works_without_config()
    }

    fn work(&self, context: &mut Context) -> Result<(), Failure> {
        commands::dispatch(&self.command, context)
    }
}

/// Runs `hindsight` with these arguments, the first being its own name.
///
/// Results go to standard output, everything else to standard error.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    start::<Cli>(args)
}

/// Runs a program of the family with these arguments, the first being its own name: it has the same configuration,
/// messages, counters, signals and exit codes as `hindsight`.
#[must_use]
pub fn start<P: Program>(args: impl IntoIterator<Item = OsString>) -> Exit {
    crate::input::install_panic_hook();
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match P::arguments().try_get_matches_from(&args).and_then(|m| P::from_arg_matches(&m))
    {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &args),
    };
    let early = Console { json: asks_for_json(&args), ..Console::default() };
    if let Some(directory) = &cli.global().directory
        && let Err(e) = std::env::set_current_dir(directory)
    {
        let failure = Failure::from(CliError::reading(directory, e));
        early.failure(&failure);
        return failure.exit();
    }
    let layers = match layers(&cli) {
        Ok(layers) => layers,
        Err(failure) => {
            early.failure(&failure);
            return failure.exit();
        }
    };
    let (config, mistakes) = Config::resolve(&layers);
    let mut context = Context::new(cli.global(), config, layers);
    let result = check(&cli, mistakes, &mut context).and_then(|()| cli.work(&mut context));
    let written = write_metrics(&context);
    let mut exit = Exit::Success;
    for failure in [result.err(), written.err()].into_iter().flatten() {
        context.console.failure(&failure);
        exit = exit.or(failure.exit());
    }
    exit
}

/// The definition of every argument.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Refuses to work under a configuration with mistakes, except where the mistakes are the subject.
fn check(
    program: &impl Program,
    mistakes: Vec<ErrorReport>,
    context: &mut Context,
) -> Result<(), Failure> {
    context.mistakes = mistakes;
    if context.mistakes.is_empty() || program.works_without_config() {
        Ok(())
    } else {
        Err(Failure::Errors(std::mem::take(&mut context.mistakes)))
    }
}

fn layers(cli: &impl Program) -> Result<Layers, Failure> {
    let global = cli.global();
    let variables = std::env::vars_os();
    let env: Vec<(String, String)> = variables
        .map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
        .filter(|(name, _)| name.starts_with("HINDSIGHT_"))
        .collect();
    let (mut project, mut user) = (None, None);
    if !global.no_config {
        project = match &global.config {
            Some(path) => Some(path.clone()),
            None => std::env::current_dir().ok().and_then(|dir| find_project_file(&dir)),
        };
        user = user_file().filter(|path| path.is_file());
    }
    // A flag of its own is nearer than `--set`.
    let mut flags = cli.flags();
    flags.extend(global.flags().map_err(|error| ErrorReport::new(&error))?);
    Ok(Layers { flags, env, project, user })
}

/// `$XDG_CONFIG_HOME/hindsight/config.toml`, or the same below `$HOME/.config`.
fn user_file() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(base.join("hindsight").join("config.toml"))
}

fn usage(error: &clap::Error, args: &[OsString]) -> Exit {
    if !error.use_stderr() {
        // Help and version: results, so a reader that went away is no error.
        return match crate::output::print(&error.render().to_string()) {
            Ok(()) => Exit::Success,
            Err(failure) => {
                Console::default().failure(&failure);
                failure.exit()
            }
        };
    }
    if asks_for_json(args) {
        let text = error.render().to_string();
        let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim()).to_owned();
        let failure = Failure::from(CliError::Usage(message));
        Console { json: true, ..Console::default() }.failure(&failure);
    } else {
        say(&error.render().to_string());
    }
    Exit::Input
}

/// Whether arguments that do not parse ask for JSON all the same.
fn asks_for_json(args: &[OsString]) -> bool {
    args.iter().any(|arg| arg == "--log-format=json")
        || args.windows(2).any(|pair| matches!(pair, [a, b] if a == "--log-format" && b == "json"))
}

fn write_metrics(context: &Context) -> Result<(), Failure> {
    let Some(path) = context.metrics_file() else { return Ok(()) };
    let mut file = Pending::create(path, true)?;
    file.write_all(context.metrics.to_text().as_bytes()).map_err(|e| CliError::writing(path, e))?;
    file.publish()
}
