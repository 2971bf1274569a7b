//! One function a command.

mod capture;
mod cat;
mod config;
mod datasets;
mod demo;
mod doctor;
mod explain;
mod features;
mod feeds;
mod init;
mod job;
mod labeling;
mod order;
mod pages;
mod quality;
mod simulator;

pub(crate) use features::reference as features_reference;
pub use pages::{print_completions, write_man};

use crate::cli::{
    CaptureCommand, Command, ConfigCommand, DatasetsCommand, FeaturesCommand, FeedsCommand,
    LabelingCommand, QualityCommand, ReportArgs, SimulatorCommand,
};
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::Format;
use arrow_schema::ArrowError;
use contract::UtcNanos;
use std::time::SystemTime;

/// Carries a command out.
pub(crate) fn dispatch(command: &Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Cat(args) => cat::cat(args, context),
        Command::Feeds(FeedsCommand::Convert(args)) => feeds::convert(args, context),
        Command::Feeds(FeedsCommand::Inspect(args)) => feeds::inspect(args, context),
        Command::Capture(CaptureCommand::Append(args)) => capture::append(args, context),
        Command::Capture(CaptureCommand::Read(args)) => capture::read(args, context),
        Command::Capture(CaptureCommand::Ledger(args)) => capture::ledger(args),
        Command::Capture(CaptureCommand::Verify(args)) => capture::verify(args),
        Command::Capture(CaptureCommand::Archive(args)) => capture::archive(args),
        Command::Features(FeaturesCommand::Run(args)) => features::run(args, context),
        Command::Features(FeaturesCommand::List(args)) => features::list(args),
        Command::Features(FeaturesCommand::Show(args)) => features::show(args),
        Command::Features(FeaturesCommand::Check(args)) => features::check(args, context),
        Command::Features(FeaturesCommand::Select(args)) => features::select(args, context),
        Command::Labeling(LabelingCommand::Run(args)) => labeling::run(args, context),
        Command::Labeling(LabelingCommand::Show(args)) => labeling::show(args, context),
        Command::Labeling(LabelingCommand::Validate(args)) => labeling::validate(args, context),
        Command::Labeling(LabelingCommand::Diff(args)) => labeling::diff(args, context),
        Command::Labeling(LabelingCommand::Check(args)) => labeling::check(args, context),
        Command::Labeling(LabelingCommand::Explain(args)) => labeling::explain(args, context),
        Command::Quality(QualityCommand::Run(args)) => quality::run(args, context),
        Command::Quality(QualityCommand::Check(args)) => quality::check(args, context),
        Command::Quality(QualityCommand::Report(args)) => quality::report(args, context),
        Command::Quality(QualityCommand::Explain(args)) => quality::explain(args, context),
        Command::Quality(QualityCommand::Profile(args)) => quality::profile(args, context),
        Command::Quality(QualityCommand::Compare(args)) => quality::compare(args, context),
        Command::Quality(QualityCommand::Drift(args)) => quality::drift(args, context),
        Command::Quality(QualityCommand::Show(args)) => quality::show(args, context),
        Command::Quality(QualityCommand::Validate(args)) => quality::validate(args, context),
        Command::Datasets(DatasetsCommand::Build(args)) => datasets::build(args, context),
        Command::Datasets(DatasetsCommand::List(args)) => datasets::list(args, context),
        Command::Datasets(DatasetsCommand::Show(args)) => datasets::show(args, context),
        Command::Datasets(DatasetsCommand::Diff(args)) => datasets::diff(args, context),
        Command::Datasets(DatasetsCommand::Verify(args)) => datasets::verify(args, context),
        Command::Datasets(DatasetsCommand::Export(args)) => datasets::export(args, context),
        Command::Datasets(DatasetsCommand::Trace(args)) => datasets::trace(args, context),
        Command::Datasets(DatasetsCommand::Claim(args)) => datasets::claim(args, context),
        Command::Datasets(DatasetsCommand::Pin(args)) => datasets::pin(args, context),
        Command::Datasets(DatasetsCommand::Withdraw(args)) => datasets::withdraw(args, context),
        Command::Datasets(DatasetsCommand::Gc(args)) => datasets::gc(args, context),
        Command::Simulator(SimulatorCommand::Replay(args)) => simulator::replay(args, context),
        Command::Simulator(SimulatorCommand::Run(args)) => simulator::run(args, context),
        Command::Simulator(SimulatorCommand::Truth(args)) => simulator::truth(args, context),
        Command::Config(ConfigCommand::Show(args)) => config::show(args, context),
        Command::Config(ConfigCommand::Check) => config::check(context),
        Command::Demo(args) => demo::demo(args, context),
        Command::Run(args) => job::run(args, context),
        Command::Explain(args) => explain::explain(args),
        Command::Init(args) => init::init(args, context),
        Command::Doctor(args) => doctor::doctor(args, context),
        Command::Status(args) => job::status(args, context),
        Command::Completions(args) => pages::completions(args),
        Command::Man(args) => pages::man(args, context),
    }
}

/// The moment that a flag names, else that of the clock.
fn now(text: Option<&str>) -> Result<UtcNanos, CliError> {
    let Some(text) = text else {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok(UtcNanos::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)));
    };
    instant("--now", text)
}

/// Whether a report is one JSON document.
///
/// # Errors
/// [`CliError::FormatNotForCommand`] for a format of data commands.
fn is_json(command: &'static str, report: &ReportArgs) -> Result<bool, CliError> {
    match report.format {
        None | Some(Format::Table) => Ok(false),
        Some(Format::Json) => Ok(true),
        Some(other) => Err(CliError::FormatNotForCommand {
            command,
            expected: "table, json",
            found: other.word(),
        }),
    }
}

/// An instant that a flag names.
fn instant(flag: &'static str, text: &str) -> Result<UtcNanos, CliError> {
    UtcNanos::parse(text).map_err(|_| CliError::BadValue {
        flag,
        expected: "an RFC 3339 time with an offset",
        found: contract::excerpt(text.as_bytes()),
    })
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// An operation on arrays that cannot fail did.
fn bug(error: &ArrowError) -> Failure {
    let (path, reason) = ("tables".to_owned(), error.to_string());
    CliError::EncodeFailed { path, format: "arrow", reason }.into()
}
