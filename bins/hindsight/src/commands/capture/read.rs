//! `hindsight capture read`.

use super::{completeness, describe, failure, fs, producers, reading};
use crate::cli::ReadLogArgs;
use crate::console::Closing;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::table;
use crate::output::{Format, OutputPlan, TableOutput, Target};
use crate::progress::Progress;
use capture::{Cursor, Filter, Gap, Item, LogReader, Options, ReadError, Reader};
use contract::{GapKind, Observe, TableSpec};
use std::sync::Arc;
use std::time::Duration;

/// Gaps that are told one by one.
const TOLD: usize = 20;
/// How often a signal is looked for while nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// The least pause between two looks that found nothing.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes the rows of one table in the order of the log.
///
/// - **Point in time:** `ts_avail` is at least the largest receipt that the log had sequenced before the row.
pub(in crate::commands) fn read(args: &ReadLogArgs, context: &mut Context) -> Result<(), Failure> {
    let spec = table(&args.table)?;
    if !spec.is_event() {
        return Err(CliError::BadValue {
            flag: "--table",
            expected: "a table of events, as a log holds them",
            found: spec.name.to_owned(),
        }
        .into());
    }
    let to = &args.output;
    let mut plan =
        OutputPlan::data("capture read", to.format, to.output.as_deref(), to.force, &[])?;
    plan.all = to.all;
    let cursor = match &args.cursor {
        Some(name) => {
            Cursor::load(fs().as_ref(), &args.log, name).map_err(|error| failure(&error))?
        }
        None => None,
    };
    let from = cursor.map_or(args.from_seq.unwrap_or(0), |cursor| cursor.next_seq);
    let filter = Filter {
        tables: vec![spec.name.to_owned()],
        instruments: args.instrument.clone(),
        producers: producers(&args.log, &args.producer)?,
        end_seq: args.to_seq,
        before: None,
    };
    let options = Options::default();
    let reader = LogReader::open(fs(), &args.log, &options, &reading(), from, filter)
        .map_err(|error| failure(&error))?;
    if let Some(cursor) = cursor.filter(|cursor| cursor.log_id != reader.log_id()) {
        let (expected, found) = (reader.log_id(), cursor.log_id);
        return Err(failure(&ReadError::OtherLog { expected, found }));
    }
    if to.dry_run {
        context.console.note(&format!(
            "capture read: would write table {} from seq {from} on as {} to {}",
            spec.name,
            plan.format.word(),
            plan.target.name()
        ));
        return Ok(());
    }
    if args.follow {
        context.stop.ends_in_order();
    }
    let progress = context.progress("capture read");
    let mut run = Run { args, spec, plan, reader, output: None, gaps: Vec::new(), progress };
    let signal = run.copy(context)?;
    run.finish(signal, context)
}

struct Run<'a> {
    args: &'a ReadLogArgs,
    spec: &'static TableSpec,
    plan: OutputPlan,
    reader: Reader,
    output: Option<TableOutput>,
    gaps: Vec<Gap>,
    progress: Progress,
}

impl Run<'_> {
    /// Copies until the end, or under `--follow` until a signal, which it returns.
    fn copy(&mut self, context: &Context) -> Result<Option<&'static str>, Failure> {
        let mut is_new = true;
        loop {
            if self.args.follow {
                if let Some(signal) = context.stop.signal() {
                    return Ok(Some(signal));
                }
            } else {
                context.stop.check()?;
            }
            let reader = &mut self.reader;
            let item = self.progress.time(|| reader.next()).map_err(|error| failure(&error))?;
            match item {
                Item::Batch(batch) => {
                    let rows = batch.rows.num_rows() as u64;
                    self.progress.stats.rows_in += rows;
                    let Some(rows_of_table) = batch.parse()? else { continue };
                    if self.output.is_none() {
                        let schema = rows_of_table.slice(0, 0).into_record_batch().schema();
                        self.output = Some(TableOutput::open(&self.plan, &schema)?);
                    }
                    if let Some(output) = self.output.as_mut() {
                        output.write(&rows_of_table)?;
                    }
                    self.progress.stats.rows_out += rows;
                    self.progress.tick();
                    is_new = true;
                }
                Item::Gap(gap) => {
                    let is_other = gap.table.as_deref().is_some_and(|t| t != self.spec.name);
                    if !is_other {
                        self.tell(gap, context);
                    }
                    is_new = true;
                }
                Item::CaughtUp => {
                    if std::mem::take(&mut is_new) {
                        self.settle()?;
                    }
                    let next = self.reader.cursor().next_seq;
                    let is_over = self.args.to_seq.is_some_and(|end| next >= end);
                    if !self.args.follow || is_over {
                        return Ok(None);
                    }
                    if self.reader.wait(TICK) {
                        std::thread::sleep(PAUSE);
                    }
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, gap: Gap, context: &Context) {
        if self.gaps.len() < TOLD {
            context.console.note(&format!("capture read: gap: {}", describe(&gap)));
        }
        self.gaps.push(gap);
    }

    /// Hands over what was written so far; then the cursor may say so.
    fn settle(&mut self) -> Result<(), Failure> {
        let is_stream = self.plan.target == Target::Stdout
            && matches!(self.plan.format, Format::Arrow | Format::Csv | Format::Jsonl);
        if !self.args.follow || !is_stream {
            return Ok(());
        }
        if let Some(output) = self.output.as_mut() {
            output.flush()?;
        }
        self.save_cursor()
    }

    fn save_cursor(&self) -> Result<(), Failure> {
        let Some(name) = &self.args.cursor else { return Ok(()) };
        let cursor = self.reader.cursor();
        cursor.save(fs().as_ref(), &self.args.log, name).map_err(|error| failure(&error))
    }

    fn finish(
        mut self,
        signal: Option<&'static str>,
        context: &mut Context,
    ) -> Result<(), Failure> {
        let rows = self.progress.stats.rows_out;
        if self.args.output.fail_if_empty && rows == 0 {
            return Err(CliError::NothingToDo.into());
        }
        let output = match self.output.take() {
            Some(output) => output,
            None => TableOutput::open(&self.plan, &Arc::new(self.spec.schema(true)))?,
        };
        output.finish()?;
        self.save_cursor()?;
        self.progress.end();
        self.progress.stats.observe(&mut context.metrics);
        let undeclared = self.undeclared()?;
        let next_seq = self.reader.cursor().next_seq;
        let mut notes = vec![format!("up to seq {next_seq} (exclusive)")];
        if !self.gaps.is_empty() {
            notes.push(format!(
                "{} gaps, {undeclared} of them damage that no record declares",
                self.gaps.len()
            ));
        }
        let next = match &self.plan.target {
            Target::File(path) => Some(format!("hindsight cat {} -f table", path.display())),
            Target::Stdout => None,
        };
        context.console.closing(&Closing {
            stage: "capture read",
            rows_in: self.progress.stats.rows_in,
            rows_out: rows,
            output: self.plan.target.name(),
            notes,
            next,
            ..Closing::default()
        });
        if undeclared > 0 {
            let found = format!("{undeclared} places that cannot be read");
            return Err(
                CliError::DamagedLog { path: self.args.log.display().to_string(), found }.into()
            );
        }
        match signal {
            Some(signal) => {
                let state = format!("the output is whole and holds {rows} rows");
                Err(CliError::Stopped { signal, state }.into())
            }
            None => Ok(()),
        }
    }

    /// How many of the gaps are damage that the ledger does not name.
    fn undeclared(&self) -> Result<usize, Failure> {
        let is_found = |gap: &&Gap| gap.kind == GapKind::Damaged && gap.seq.is_none();
        if !self.gaps.iter().any(|gap| is_found(&gap)) {
            return Ok(0);
        }
        let known = completeness(&self.args.log, 0..0)?.gaps;
        let is_declared =
            |gap: &Gap| known.iter().any(|known| known.seq.is_some() && known.covers(gap));
        Ok(self.gaps.iter().filter(is_found).filter(|gap| !is_declared(gap)).count())
    }
}
