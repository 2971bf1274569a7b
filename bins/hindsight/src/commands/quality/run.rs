//! `hindsight quality run`.

use super::check::misses;
use super::examined::reviewed;
use super::facts::{contexts, facts};
use super::findings::{SCHEMA, document, lines};
use super::rules::of_streams;
use super::sides::{ReportFile, Sides};
use super::streams::{Go, Pass, Piece, Stream};
use super::{count, mode, now, number, stopped};
use crate::cli::QualityRunArgs;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Format, OutputPlan, TableOutput, Target};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use arrow_array::RecordBatch;
use contract::{Observe as _, Origin, QualityMode, UtcNanos};
use quality::{EventCounts, Report, Scorer, Stats};
use std::path::{Path, PathBuf};

/// Checks that the closing line names for what they cost.
const TOLD: usize = 3;

/// Writes accepted rows with flags and score, in the order in which they came; rows in = rows out + rejects.
///
/// - **Point in time:** in live mode flags and score of a row rest on it and on rows before it. The output of the final
///   mode says that it knows the future, and `features` refuses it.
/// - **Cost:** batch by batch; the final mode reads files twice and holds what comes out of a pipe.
pub(in crate::commands) fn run(
    args: &QualityRunArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let now = now(args.now.as_deref())?;
    let contexts = contexts(&args.checks, &args.inputs)?;
    let mut stream = Stream::open_one(&args.inputs, context)?;
    let rules = of_streams(&args.checks, std::slice::from_ref(&stream), context)?;
    let rules = rules.into_iter().next().ok_or(CliError::NothingToDo)?;
    let options = context.read_options(args.inputs.read.trust_eof);
    let (facts, known) = facts(&contexts, &options, context)?;
    let mut identities = stream.identities();
    identities.extend(known);
    let to = &args.output;
    let path = to.output.as_deref();
    let mut plan = OutputPlan::data("quality run", to.format, path, to.force, &identities)?;
    plan.all = to.all;
    let sides = Sides::plan(args, &identities, now)?;
    let report_file = args.report.as_deref();
    let report_file =
        report_file.map(|path| ReportFile::plan(path, to.force, &identities)).transpose()?;
    let rejects = RejectSink::new(
        args.rejects.rejects.as_deref(),
        path.filter(|path| *path != Path::new("-")),
        context.allowance()?,
        to.force,
        &identities,
    )?;
    let mode = mode(context);
    if to.dry_run {
        context.console.note(&format!(
            "quality run: would judge table {} by {} checks of {} version {} ({}) and write {} to {}",
            stream.spec().name,
            rules.checks().len(),
            rules.name(),
            rules.version(),
            rules.hash(),
            plan.format.word(),
            plan.target.name()
        ));
        return Ok(());
    }
    let mut progress = context.progress("quality");
    progress.expect_rows(stream.rows_total());
    let origin = Origin::new("quality", stream.names());
    let scorer = match mode {
        QualityMode::Live => Scorer::new(&rules, mode, origin).with_context(facts),
        QualityMode::Final => {
            let (pass, progress) = (Pass::First, &mut progress);
            reviewed(&mut stream, &rules, mode, &facts, pass, progress, context)?.scorer(origin)
        }
    };
    let mut run = Run {
        now,
        plan,
        output: None,
        sides,
        rejects,
        progress,
        counts: EventCounts::default(),
        late: 0,
    };
    let scorer = run.read(&mut stream, scorer, context)?;
    run.finish(args, &stream, scorer, report_file, context)
}

struct Run {
    now: UtcNanos,
    plan: OutputPlan,
    output: Option<TableOutput>,
    sides: Sides,
    rejects: RejectSink,
    progress: Progress,
    counts: EventCounts,
    /// Flags of rows that had left.
    late: u64,
}

impl Run {
    fn read(
        &mut self,
        stream: &mut Stream,
        mut scorer: Scorer,
        context: &Context,
    ) -> Result<Scorer, Failure> {
        stream.pass(Pass::Last, context, &mut |piece| {
            self.push(&mut scorer, &piece)?;
            Ok(Go::On)
        })?;
        if self.output.is_none() {
            // A table without rows has the columns of one with rows.
            let rows = RecordBatch::new_empty(stream.schema().clone());
            let input = &stream.name();
            self.push(&mut scorer, &Piece { rows, input, first_row: 0, is_live: false })?;
        }
        Ok(scorer)
    }

    fn push(&mut self, scorer: &mut Scorer, piece: &Piece<'_>) -> Result<(), Failure> {
        tracing::debug!(stage = "quality", rows = piece.rows.num_rows(), "batch");
        let judged = self.progress.time(|| scorer.push(&piece.rows, self.now));
        let out = judged.map_err(|error| stopped(&error).in_input(piece.input))?;
        self.rejects.push(&out.rejects)?;
        self.counts.add(&out.events);
        self.late += count(out.late.len());
        self.sides.events(&out.events)?;
        self.sides.repairs(scorer.state().rules().table(), &out.repairs)?;
        let output = match &mut self.output {
            Some(output) => output,
            None => self.output.insert(TableOutput::open(&self.plan, &out.rows.schema())?),
        };
        output.write_raw(&out.rows)?;
        if piece.is_live {
            output.flush()?;
            self.sides.flush()?;
        }
        let stats = &mut self.progress.stats;
        stats.rows_in += count(piece.rows.num_rows());
        stats.rows_out += count(out.rows.num_rows());
        stats.rejects += count(out.rejects.len());
        self.progress.tick();
        Ok(())
    }

    /// Publishes everything, rejects first: they say why, whatever comes of the rest.
    fn finish(
        mut self,
        args: &QualityRunArgs,
        stream: &Stream,
        scorer: Scorer,
        report_file: Option<ReportFile>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        context.stop.check()?;
        let (closing, report) = scorer.finish(self.now).map_err(|error| stopped(&error))?;
        self.counts.add(&closing.events);
        self.sides.events(&closing.events)?;
        self.late += count(closing.late.len());
        let rejects_path = self.rejects.finish(self.progress.stats.rows_in)?;
        if args.output.fail_if_empty && self.progress.stats.rows_out == 0 {
            return Err(CliError::NothingToDo.into());
        }
        let input = stream.names();
        let written = self.sides.finish()?;
        if let Some(file) = report_file {
            file.write(|format| match format {
                Format::Json => {
                    let tables = vec![document(&input, &report)];
                    vec![Document::new(SCHEMA).with("tables", tables)]
                }
                _ => lines(&input, &report).collect(),
            })?;
        }
        if let Some(output) = self.output.take() {
            output.finish()?;
        }
        self.progress.end();
        self.progress.stats.observe(&mut context.metrics);
        report.observe(&mut context.metrics);
        self.counts.observe(&mut context.metrics);
        let mut notes = self.notes(&report, &closing.stats, written);
        notes.extend(stream.notes.iter().cloned());
        let next = (!stream.has_stdin()).then(|| {
            let words: Vec<&str> = input.split(", ").collect();
            format!("hindsight quality report {}", words.join(" "))
        });
        context.console.closing(&Closing {
            stage: "quality run",
            rows_in: self.progress.stats.rows_in,
            rows_out: self.progress.stats.rows_out,
            rejects: self.progress.stats.rejects,
            output: match &self.plan.target {
                Target::Stdout => self.plan.target.name(),
                Target::File(path) => path.display().to_string(),
            },
            rejects_path: rejects_path.map(|path| path.display().to_string()),
            notes,
            next,
        });
        Ok(())
    }

    /// What a reader of the closing line wants to know of the run.
    fn notes(
        &self,
        report: &Report,
        stats: &Stats,
        written: Vec<(&'static str, PathBuf, u64)>,
    ) -> Vec<String> {
        let (rules, score) = (report.rules(), report.score());
        let misses = misses(report);
        let gate = if misses.is_empty() { "met".to_owned() } else { misses.join(", ") };
        let mut notes = vec![
            format!("rules {} version {} ({})", rules.name(), rules.version(), rules.hash()),
            format!(
                "score {}, at least {} (95 %), coverage {}; gate: {gate}",
                number(score.score),
                number(score.score_low),
                number(score.coverage)
            ),
        ];
        let costly: Vec<String> = report
            .costliest()
            .iter()
            .take(TOLD)
            .map(|(finding, points)| format!("{} {}", finding.check().id(), number(*points)))
            .collect();
        if !costly.is_empty() {
            notes.push(format!("points lost: {}", costly.join(", ")));
        }
        let odd = [
            (stats.quarantined, "rows quarantined"),
            (stats.repairs, "cells repaired"),
            (self.late, "flags came when their rows had left; --mode final puts them on the rows"),
        ];
        let is_live = report.mode() == QualityMode::Live;
        let odd = odd.iter().take(if is_live { 3 } else { 2 });
        notes.extend(odd.filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        let written = written.into_iter();
        notes.extend(written.map(|(what, path, n)| format!("{n} {what} in {}", path.display())));
        notes
    }
}
