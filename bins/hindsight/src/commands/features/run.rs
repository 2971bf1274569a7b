//! `hindsight features run`.

use super::feed::Feed;
use super::inputs::{Inputs, is_decisions};
use super::rounds::Rounds;
use super::{count, plan, stopped};
use crate::cli::FeaturesRunArgs;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{OutputPlan, TableOutput, Target};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use arrow_array::RecordBatch;
use contract::{Batch, Features, Observe, Unlogged, format_duration_ns};
use features::{Arrival, Options, Output, Plan, Report, Sweep};
use std::path::Path;
use std::sync::Arc;

/// Rows a batch of the output.
const OUT_ROWS: usize = 8_192;
/// Reasons for nulls that the closing line names.
const TOLD: usize = 3;

/// Writes one row a decision, in the order `(ts_cutoff, seq)`.
///
/// - **Point in time:** a cell depends on rows with `ts_avail` before the cut-off of its decision alone.
pub(in crate::commands) fn run(
    args: &FeaturesRunArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let plan = Arc::new(plan(&args.spec, context)?);
    let inputs = Inputs::open(&args.inputs, &plan, context)?;
    let to = &args.output;
    let path = to.output.as_deref();
    let mut out = OutputPlan::data("features run", to.format, path, to.force, &inputs.identities)?;
    out.all = to.all;
    let rejects = RejectSink::new(
        args.rejects.rejects.as_deref(),
        path.filter(|path| *path != Path::new("-")),
        context.allowance()?,
        to.force,
        &inputs.identities,
    )?;
    if to.dry_run {
        context.console.note(&format!(
            "features run: would answer every decision with {} features (lookback {}, set {}) from {} and write {} to {}",
            plan.len(),
            format_duration_ns(plan.lookback_ns()),
            plan.hash(),
            plan.required_tables().join(", "),
            out.format.word(),
            out.target.name()
        ));
        return Ok(());
    }
    let mut progress = context.progress("features");
    progress.expect_rows(inputs.rows_total);
    let rounds = Rounds::new(inputs.events);
    let options = options(rounds.logs(), context.threads());
    let sweep = Sweep::new(Arc::clone(&plan), options);
    let mut run = Run { plan, out, output: None, rejects, progress, refused_decisions: 0 };
    let (sweep, mut notes) = run.read(sweep, inputs.whole, rounds, context)?;
    context.stop.check()?;
    let (rest, report) = run.progress.time(|| sweep.finish()).map_err(stopped)?;
    run.take(rest)?;
    notes.splice(0..0, run.notes(&report));
    run.finish(args, &report, notes, context)
}

/// Files are sorted.
#[expect(
    clippy::field_reassign_with_default,
    reason = "options of another crate have no literal: more may come"
)]
fn options(logs: u8, threads: usize) -> Options {
    let mut options = Options::default();
    options.arrival = Arrival::Sorted;
    options.logs = logs;
    options.threads = threads;
    options
}

struct Run {
    plan: Arc<Plan>,
    out: OutputPlan,
    output: Option<TableOutput>,
    rejects: RejectSink,
    progress: Progress,
    /// Decisions that broke a rule of their table.
    refused_decisions: u64,
}

impl Run {
    /// Pushes every input; what is to be said about them.
    fn read(
        &mut self,
        mut sweep: Sweep,
        whole: Vec<Feed>,
        mut rounds: Rounds,
        context: &Context,
    ) -> Result<(Sweep, Vec<String>), Failure> {
        let mut notes = Vec::new();
        let mut told = |feed: &Feed| {
            if feed.is_trusted() {
                notes.push(format!(
                    "{} had no end marker; taken for whole because of --trust-eof",
                    feed.name()
                ));
            }
        };
        let mut rejected = 0;
        for mut feed in whole {
            tracing::info!(
                stage = "features",
                table = feed.spec().name,
                input = feed.name(),
                "reading"
            );
            for batch in feed.load_all(&mut self.rejects)? {
                let batch = batch.into_record_batch();
                self.push(&mut sweep, 0, &batch)?;
            }
            rejected += feed.rows_rejected();
            self.progress.stats.rows_in += feed.rows_read();
            told(&feed);
        }
        let before = self.progress.stats.rows_in;
        while let Some(round) = rounds.next(&mut self.rejects)? {
            for piece in &round.pieces {
                context.stop.check()?;
                self.push(&mut sweep, piece.log, &piece.batch)?;
            }
            if let Some(ts) = round.before_ns {
                let out = self.progress.time(|| sweep.advance(ts)).map_err(stopped)?;
                self.take(out)?;
            }
            let read: u64 = rounds.feeds().iter().map(Feed::rows_read).sum();
            self.progress.stats.rows_in = before + read;
            self.progress.tick();
        }
        for feed in rounds.feeds() {
            rejected += feed.rows_rejected();
            if is_decisions(feed.spec()) {
                self.refused_decisions += feed.rows_rejected();
            }
            told(feed);
        }
        rejected += rounds.repeated_decisions;
        self.refused_decisions += rounds.repeated_decisions;
        self.progress.stats.rejects += rejected;
        if rounds.unused_marks > 0 {
            notes.push(format!(
                "md_seq_high of {} decisions was not used: it counts rows of a log, and they have no seq",
                rounds.unused_marks
            ));
        }
        Ok((sweep, notes))
    }

    fn push(&mut self, sweep: &mut Sweep, log: u8, batch: &RecordBatch) -> Result<(), Failure> {
        tracing::debug!(stage = "features", rows = batch.num_rows(), "batch");
        let out = self.progress.time(|| sweep.push_record_batch(log, batch)).map_err(stopped)?;
        self.take(out)
    }

    fn take(&mut self, out: Output) -> Result<(), Failure> {
        self.progress.stats.rejects += count(out.rejects.len());
        self.rejects.push(&out.rejects)?;
        match out.rows {
            Some(rows) => self.write(&rows),
            None => Ok(()),
        }
    }

    fn write(&mut self, rows: &Batch<Features, Unlogged>) -> Result<(), Failure> {
        let output = if let Some(output) = &mut self.output {
            output
        } else {
            let schema = rows.slice(0, 0).into_record_batch().schema();
            self.output.insert(TableOutput::open(&self.out, &schema)?)
        };
        let mut at = 0;
        while at < rows.len() {
            let n = OUT_ROWS.min(rows.len() - at);
            output.write(rows.slice(at, n).as_any())?;
            at += n;
        }
        self.progress.stats.rows_out += count(rows.len());
        Ok(())
    }

    /// What a reader of the closing line wants to know of the run.
    fn notes(&self, report: &Report) -> Vec<String> {
        let read: Vec<String> =
            report.rows_read.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
        let mut notes = vec![
            format!(
                "{} features, lookback {}, set {}",
                self.plan.len(),
                format_duration_ns(self.plan.lookback_ns()),
                self.plan.hash()
            ),
            format!("events read: {}", read.join(", ")),
        ];
        let nulls: u64 = report.nulls.values().sum();
        let cells = report.rows.saturating_mul(count(self.plan.len()));
        if nulls > 0 {
            let mut reasons = std::collections::BTreeMap::<&str, u64>::new();
            for ((_, reason), n) in &report.nulls {
                *reasons.entry(reason).or_default() += n;
            }
            let mut reasons: Vec<(u64, &str)> =
                reasons.into_iter().map(|(reason, n)| (n, reason)).collect();
            reasons.sort_by(|a, b| b.cmp(a));
            let named: Vec<String> =
                reasons.iter().take(TOLD).map(|(n, reason)| format!("{reason} {n}")).collect();
            let more = if reasons.len() > TOLD { ", .." } else { "" };
            notes.push(format!("null cells: {nulls} of {cells} ({}{more})", named.join(", ")));
        }
        let odd = [
            (report.filtered, "rows skipped because of their flags"),
            (report.late, "rows late"),
            (report.amended, "trades corrected or cancelled"),
            (report.unmatched, "corrections of trades outside the lookback"),
            (report.sizes_rounded, "sizes rounded to 9 decimals"),
            (report.swept_anew, "decisions answered by sweeping their rows anew"),
        ];
        notes.extend(odd.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        notes
    }

    /// Publishes everything, rejects first: they say why, whatever comes of the rest.
    fn finish(
        mut self,
        args: &FeaturesRunArgs,
        report: &Report,
        mut notes: Vec<String>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let rejects_path = self.rejects.finish(self.progress.stats.rows_in)?;
        report.observe(&mut context.metrics);
        if args.output.fail_if_empty && report.rows == 0 {
            return Err(CliError::NothingToDo.into());
        }
        if self.output.is_none() {
            let nothing = self.plan.no_rows().map_err(stopped)?;
            self.write(&nothing)?;
        }
        if let Some(output) = self.output.take() {
            output.finish()?;
        }
        self.progress.end();
        self.progress.stats.observe(&mut context.metrics);
        let decisions = report.decisions + self.refused_decisions;
        let of_decisions = decisions.saturating_sub(report.rows);
        let others = self.progress.stats.rejects.saturating_sub(of_decisions);
        if others > 0 {
            notes.push(format!("{others} rows of inputs rejected besides decisions"));
        }
        let next = match &self.out.target {
            Target::File(path) => Some(format!("hindsight cat {} -f table", path.display())),
            Target::Stdout => None,
        };
        context.console.closing(&Closing {
            stage: "features run",
            rows_in: decisions,
            rows_out: report.rows,
            rejects: of_decisions,
            output: self.out.target.name(),
            rejects_path: rejects_path.map(|path| path.display().to_string()),
            notes,
            next,
        });
        Ok(())
    }
}
