//! `hindsight quality report`.

use super::examined::examined;
use super::facts::{contexts, facts};
use super::findings::{SCHEMA, document, lines, text};
use super::mode;
use super::rules::of_streams;
use super::streams::Stream;
use crate::cli::QualityReportArgs;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{ByteSink, Document, Format};
use contract::Observe as _;
use std::io::Write as _;

/// Prints everything that the score of each table rests on; a low score is no error here.
///
/// - **Cost:** inputs are read once, batch by batch; lines are printed table by table.
pub(in crate::commands) fn report(
    args: &QualityReportArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let format = args.format.unwrap_or(Format::Table);
    if !matches!(format, Format::Table | Format::Json | Format::Jsonl) {
        let (command, found) = ("quality report", format.word());
        let expected = "table, json, jsonl";
        return Err(CliError::FormatNotForCommand { command, expected, found }.into());
    }
    let contexts = contexts(&args.checks, &args.inputs)?;
    let mut streams = Stream::open_all(&args.inputs, context)?;
    let rules = of_streams(&args.checks, &streams, context)?;
    let options = context.read_options(args.inputs.read.trust_eof);
    let (facts, _) = facts(&contexts, &options, context)?;
    let mode = mode(context);
    let mut progress = context.progress("quality");
    progress.expect_rows(streams.iter().map(Stream::rows_total).sum());
    let mut sink = ByteSink::stdout()?;
    let mut documents: Vec<Document> = Vec::new();
    for (at, (stream, rules)) in streams.iter_mut().zip(&rules).enumerate() {
        let report = examined(stream, rules, mode, &facts, &mut progress, context)?;
        let input = stream.names();
        let written = match format {
            Format::Json => {
                documents.push(document(&input, &report));
                Ok(())
            }
            Format::Jsonl => {
                let mut lines = lines(&input, &report);
                lines.try_for_each(|line| writeln!(sink, "{line}")).and_then(|()| sink.flush())
            }
            _ => {
                let between = if at > 0 { "\n" } else { "" };
                write!(sink, "{between}{}", text(&input, &report)).and_then(|()| sink.flush())
            }
        };
        written.map_err(|error| sink.failure(error))?;
    }
    progress.end();
    progress.stats.observe(&mut context.metrics);
    for note in streams.iter().flat_map(|stream| &stream.notes) {
        context.console.note(&format!("quality report: {note}"));
    }
    if format == Format::Json {
        let whole = Document::new(SCHEMA).with("tables", documents);
        writeln!(sink, "{whole}")
            .and_then(|()| sink.flush())
            .map_err(|error| sink.failure(error))?;
    }
    Ok(())
}
