//! One statement and its answer.

use crate::args::ExplainForm;
use crate::engine::{Engine, Running, Word};
use crate::error::SqlError;
use crate::output::Output;
use contract::{Observe as _, Sink as _};
use hindsight::{CliError, Console, Context, Document, Failure, OutputPlan, Progress, Target};
use query::{Meter, Note};
use std::time::{Duration, Instant};

/// A statement, and the text in which its errors are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// What messages call the text.
    pub(crate) name: &'a str,
    /// The whole text.
    pub(crate) text: &'a str,
    /// The statement, at its place in the text.
    pub(crate) sql: &'a str,
    /// Whether the plan is asked for instead.
    pub(crate) explain: Option<ExplainForm>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) rows: u64,
    pub(crate) elapsed: Duration,
    rows_read: u64,
    bytes_read: u64,
    lost: Vec<String>,
    /// Whether the output says itself which table it is.
    names_itself: bool,
}

/// What an answer must be, besides right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demands {
    /// Whether it may lack rows that a log has lost.
    pub(crate) allow_lost: bool,
    /// Whether it must have a row.
    pub(crate) fail_if_empty: bool,
}

impl Request<'_> {
    /// What is sent to the engine, and how many lines of it are not the user's.
    fn to_engine(self) -> (String, usize) {
        match self.explain {
            None => (self.sql.to_owned(), 0),
            Some(ExplainForm::Plan) => (format!("EXPLAIN\n{}", self.sql), 1),
            Some(ExplainForm::Analyze) => (format!("EXPLAIN ANALYZE\n{}", self.sql), 1),
        }
    }
}

/// An error once a signal has arrived, which is answered in order from then on: the statement lets go of its files first.
fn heard(context: &Context) -> Result<(), Failure> {
    if context.stop.signal().is_some() {
        context.stop.ends_in_order();
    }
    context.stop.check()
}

/// Carries out a statement without an answer, as CREATE VIEW.
pub(crate) fn prepare(
    engine: &Engine,
    request: &Request<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let (sql, before) = request.to_engine();
    let mut running = engine.start(sql);
    loop {
        heard(context)?;
        match running.next() {
            Ok(Word::End(_)) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                return Err(engine.told(&error, request.name, request.text, before));
            }
        }
    }
}

/// Answers a statement into an output, whole or not at all.
///
/// Rows that a log has lost end it, unless they are allowed for, and so does the lack of any row where one is asked for.
pub(crate) fn answer(
    engine: &Engine,
    request: &Request<'_>,
    plan: &OutputPlan,
    demands: Demands,
    context: &mut Context,
) -> Result<Told, Failure> {
    let start = Instant::now();
    let mut progress = context.progress("query");
    let (sql, before) = request.to_engine();
    let mut work = Work { engine, running: engine.start(sql), output: None, meter: None };
    let result = work.finish(request, plan, before, &mut progress, context);
    let result = result.and_then(|notes| {
        let lost = losses(&notes);
        if let Some(error) = refusal(&notes).filter(|_| !demands.allow_lost) {
            return Err(error.into());
        }
        let output = work.output.take();
        if demands.fail_if_empty && output.as_ref().is_none_or(|output| output.rows() == 0) {
            // Rows may be missing because they are lost.
            for lost in &lost {
                context.console.note(&format!("query: without {lost}"));
            }
            return Err(CliError::NothingToDo.into());
        }
        let names_itself = output.as_ref().is_some_and(Output::names_itself);
        if let Some(output) = output {
            output.finish(&notes)?;
        }
        Ok((lost, names_itself))
    });
    progress.end();
    progress.stats.duration.record_ns(ns(start.elapsed()));
    progress.stats.observe(&mut context.metrics);
    let bytes_read = progress.bytes_in.unwrap_or(0);
    context.metrics.counter("hindsight_query_bytes_read_total", &[], bytes_read);
    let (lost, names_itself) = result?;
    Ok(Told {
        lost,
        names_itself,
        rows: progress.stats.rows_out,
        elapsed: start.elapsed(),
        rows_read: progress.stats.rows_in,
        bytes_read,
    })
}

/// A statement at work and what it has written. The work stops before the output is dropped.
struct Work<'a> {
    engine: &'a Engine,
    running: Running,
    output: Option<Output>,
    meter: Option<Meter>,
}

impl Work<'_> {
    fn finish(
        &mut self,
        request: &Request<'_>,
        plan: &OutputPlan,
        before: usize,
        progress: &mut Progress,
        context: &Context,
    ) -> Result<Vec<Note>, Failure> {
        let mut is_behind = false;
        loop {
            heard(context)?;
            let word = self.running.next();
            if let Some(meter) = &self.meter {
                progress.stats.rows_in = meter.rows_read();
                progress.bytes_in = Some(meter.bytes_read());
            }
            let told = |e| self.engine.told(&e, request.name, request.text, before);
            match word.map_err(told)? {
                Word::Columns(schema, meter) => {
                    self.meter = Some(meter);
                    self.output = Some(Output::open(plan, &schema)?);
                }
                Word::Rows(batch) => {
                    if let Some(output) = &mut self.output {
                        output.write(&batch)?;
                        progress.stats.rows_out = output.rows();
                        is_behind = true;
                    }
                }
                Word::End(notes) => {
                    heard(context)?;
                    return Ok(notes);
                }
                Word::Quiet => {
                    if let Some(output) = self.output.as_mut().filter(|_| is_behind) {
                        output.flush()?;
                        is_behind = false;
                    }
                }
            }
            progress.tick();
        }
    }
}

impl Told {
    /// Says how it ended on standard error.
    pub(crate) fn say(&self, plan: &OutputPlan, console: Console) {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let mut text = format!(
            "query: {} {rows} in {}; {} rows and {} bytes read\n",
            self.rows,
            plan.target.name(),
            self.rows_read,
            self.bytes_read
        );
        for lost in &self.lost {
            text.extend(["  without ", lost.as_str(), "\n"]);
        }
        let next = match &plan.target {
            Target::File(path) if plan.format.is_binary() => {
                // A name that is a table's of the contract would promise its columns.
                let name = if self.names_itself { "" } else { "answer=" };
                Some(format!("hindsight-query {name}{} -q ..", path.display()))
            }
            _ => None,
        };
        if let Some(next) = &next {
            text.extend(["  next: ", next.as_str(), "\n"]);
        }
        let document = Document::new("hindsight.closing.v1")
            .with("stage", "query")
            .with("rows_in", self.rows_read)
            .with("rows_out", self.rows)
            .with("rejects", 0_u64)
            .with("output", plan.target.name())
            .with("notes", self.lost.clone())
            .with("next", next)
            .with("bytes_in", self.bytes_read)
            .with("elapsed_ns", ns(self.elapsed));
        console.report(&text, &document);
    }
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Losses in words.
fn losses(notes: &[Note]) -> Vec<String> {
    let lost = notes.iter().filter_map(|note| match note {
        Note::Lost { log, table, seqs } => {
            let rows = table
                .as_ref()
                .map_or_else(|| "rows".to_owned(), |table| format!("rows of {table}"));
            Some(format!("{rows} of log `{log}`, seq {} to {} (exclusive)", seqs.start, seqs.end))
        }
        _ => None,
    });
    lost.collect()
}

/// The error for rows that are not there.
fn refusal(notes: &[Note]) -> Option<SqlError> {
    let lost = losses(notes);
    (!lost.is_empty()).then(|| SqlError::LostRows { found: lost.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_rows_are_told_with_their_log_table_and_numbers() {
        let lost = |table: Option<&str>| Note::Lost {
            log: "live".to_owned(),
            table: table.map(str::to_owned),
            seqs: 7..9,
        };
        let error = refusal(&[lost(Some("trades")), lost(None)]).unwrap();
        assert_eq!(
            error.to_string(),
            "expected every row, found lost ones: rows of trades of log `live`, seq 7 to 9 (exclusive); rows of log \
             `live`, seq 7 to 9 (exclusive)"
        );
        assert_eq!(hindsight::Failure::from(error).exit().code(), 5);
        assert!(refusal(&[]).is_none());
    }

    #[test]
    fn an_explained_statement_keeps_its_columns() {
        let request = Request {
            name: "-q",
            text: "SELECT 1",
            sql: "SELECT 1",
            explain: Some(ExplainForm::Analyze),
        };
        assert_eq!(request.to_engine(), ("EXPLAIN ANALYZE\nSELECT 1".to_owned(), 1));
    }
}
