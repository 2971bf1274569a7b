//! The inputs of a command, by table; each can be read as often as it takes.

use super::{bug, count};
use crate::cli::InputArgs;
use crate::commands::order::Rising;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{InputArg, Place, ReadOptions, Source, parse_inputs};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use contract::TableSpec;

/// Rows a batch that is judged, whatever the batches of a file are: findings are counted by batch, and how a file was
/// written must not change them.
const ROWS: usize = 8_192;

/// All inputs of one table, in the order given.
pub(super) struct Stream {
    spec: &'static TableSpec,
    schema: SchemaRef,
    options: ReadOptions,
    inputs: Vec<Input>,
    rows_total: Option<u64>,
    /// What is to be said about the inputs.
    pub(super) notes: Vec<String>,
}

struct Input {
    arg: InputArg,
    identity: Option<(u64, u64)>,
    /// Open until the first pass takes it.
    source: Option<Source>,
    /// What came out of a pipe, which cannot be read again.
    held: Vec<RecordBatch>,
}

/// A batch on its way through.
pub(super) struct Piece<'a> {
    pub(super) rows: RecordBatch,
    pub(super) input: &'a str,
    /// Place of its first row in the input.
    pub(super) first_row: u64,
    /// Whether more rows may be long in coming.
    pub(super) is_live: bool,
}

/// Whether a pass goes on.
#[derive(PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

/// Whether a pass is followed by another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Last,
}

impl Stream {
    /// Opens every input and sorts them by table, in the order in which tables come.
    pub(super) fn open_all(args: &InputArgs, context: &Context) -> Result<Vec<Self>, Failure> {
        let options = context.read_options(args.read.trust_eof);
        let mut streams: Vec<Self> = Vec::new();
        for arg in parse_inputs(&args.files)? {
            let source = Source::open(&arg, &options)?;
            let spec = source.spec();
            let at = streams.iter().position(|stream| stream.spec.name == spec.name);
            let Some(stream) = at.and_then(|at| streams.get_mut(at)) else {
                streams.push(Self::new(arg, source, options));
                continue;
            };
            if source.schema().fields() != stream.schema.fields() {
                let (name, schema) = (source.name(), source.schema());
                return Err(CliError::mixed_columns(name, &stream.schema, schema).into());
            }
            stream.add(arg, source);
        }
        Ok(streams)
    }

    /// As [`open_all`](Self::open_all), where one table is expected.
    pub(super) fn open_one(args: &InputArgs, context: &Context) -> Result<Self, Failure> {
        let mut streams = Self::open_all(args, context)?.into_iter();
        let first = streams.next().ok_or(CliError::NothingToDo)?;
        match streams.next() {
            None => Ok(first),
            Some(other) => Err(CliError::MixedTables {
                input: other.name(),
                expected: first.spec.name.to_owned(),
                found: other.spec.name.to_owned(),
            }
            .into()),
        }
    }

    fn new(arg: InputArg, source: Source, options: ReadOptions) -> Self {
        let (spec, schema) = (source.spec(), source.schema().clone());
        let (inputs, notes) = (Vec::new(), Vec::new());
        let mut stream = Self { spec, schema, options, inputs, rows_total: Some(0), notes };
        stream.add(arg, source);
        stream
    }

    fn add(&mut self, arg: InputArg, source: Source) {
        self.rows_total = self.rows_total.zip(source.rows_total()).map(|(a, b)| a + b);
        let identity = source.identity();
        self.inputs.push(Input { arg, identity, source: Some(source), held: Vec::new() });
    }

    /// The table.
    pub(super) fn spec(&self) -> &'static TableSpec {
        self.spec
    }

    /// The schema of every batch.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether a log has numbered its rows.
    pub(super) fn has_seq(&self) -> bool {
        let first = self.schema.fields().first().map(|field| field.name().as_str());
        self.spec.is_event() && first == Some("seq")
    }

    /// What messages call the first input.
    pub(super) fn name(&self) -> String {
        self.inputs.first().map_or_else(String::new, |input| input.arg.name())
    }

    /// What messages and findings call all of them.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> = self.inputs.iter().map(|input| input.arg.name()).collect();
        names.join(", ")
    }

    /// Whether standard input is among them.
    pub(super) fn has_stdin(&self) -> bool {
        self.inputs.iter().any(|input| input.arg.place == Place::Stdin)
    }

    /// Device and inode of every regular file.
    pub(super) fn identities(&self) -> Vec<(u64, u64)> {
        self.inputs.iter().filter_map(|input| input.identity).collect()
    }

    /// Rows of all, where every format tells it.
    pub(super) fn rows_total(&self) -> Option<u64> {
        self.rows_total
    }

    /// Hands over every row in order, in batches that do not depend on how files were written; a pipe's as they come.
    ///
    /// A pass that is not the last holds what comes out of a pipe.
    pub(super) fn pass(
        &mut self,
        pass: Pass,
        context: &Context,
        each: &mut dyn FnMut(Piece<'_>) -> Result<Go, Failure>,
    ) -> Result<(), Failure> {
        let mut order = Rising::default();
        for input in &mut self.inputs {
            let name = input.arg.name();
            tracing::info!(
                stage = "quality",
                table = self.spec.name,
                input = name.as_str(),
                "reading"
            );
            let is_pipe = input.identity.is_none();
            let mut hand = Hand { input: &name, first_row: 0, is_live: is_pipe, each: &mut *each };
            if input.source.is_none() && is_pipe {
                for rows in input.held.clone() {
                    if hand.over(rows)? == Go::Stop {
                        return Ok(());
                    }
                }
                continue;
            }
            let mut source = match input.source.take() {
                Some(source) => source,
                None => Source::open(&input.arg, &self.options)?,
            };
            let mut waiting = Waiting::default();
            let mut row = 0;
            while let Some(batch) = source.next_batch()? {
                context.stop.check()?;
                if let Some(seqs) = batch.seq() {
                    order.follow(&name, seqs, row)?;
                }
                row += count(batch.len());
                let rows = batch.into_record_batch();
                if is_pipe {
                    if pass == Pass::First {
                        input.held.push(rows.clone());
                    }
                    if hand.over(rows)? == Go::Stop {
                        return Ok(());
                    }
                    continue;
                }
                waiting.push(rows);
                while let Some(rows) = waiting.take(ROWS)? {
                    if hand.over(rows)? == Go::Stop {
                        return Ok(());
                    }
                }
            }
            if let Some(rows) = waiting.rest()?
                && hand.over(rows)? == Go::Stop
            {
                return Ok(());
            }
            let note = format!("{name} had no end marker; taken for whole because of --trust-eof");
            if source.is_trusted() && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(())
    }
}

/// Hands batches over and counts their rows.
struct Hand<'a, 'b> {
    input: &'a str,
    first_row: u64,
    is_live: bool,
    each: &'a mut (dyn FnMut(Piece<'_>) -> Result<Go, Failure> + 'b),
}

impl Hand<'_, '_> {
    fn over(&mut self, rows: RecordBatch) -> Result<Go, Failure> {
        let first_row = self.first_row;
        self.first_row += count(rows.num_rows());
        (self.each)(Piece { rows, input: self.input, first_row, is_live: self.is_live })
    }
}

/// Rows that wait until there are enough for a batch.
#[derive(Default)]
struct Waiting {
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl Waiting {
    fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.batches.push(batch);
    }

    /// The first `rows` rows; `None` while there are fewer.
    fn take(&mut self, rows: usize) -> Result<Option<RecordBatch>, Failure> {
        if self.rows < rows {
            return Ok(None);
        }
        let mut taken: Vec<RecordBatch> = Vec::new();
        let mut left = rows;
        let mut rest: Vec<RecordBatch> = Vec::new();
        for batch in self.batches.drain(..) {
            let n = batch.num_rows().min(left);
            if n > 0 {
                taken.push(batch.slice(0, n));
            }
            if n < batch.num_rows() {
                rest.push(batch.slice(n, batch.num_rows() - n));
            }
            left -= n;
        }
        self.batches = rest;
        self.rows -= rows;
        joined(&taken).map(Some)
    }

    /// What is left; `None` when nothing is.
    fn rest(mut self) -> Result<Option<RecordBatch>, Failure> {
        let rows = self.rows;
        if rows == 0 { Ok(None) } else { self.take(rows) }
    }
}

fn joined(batches: &[RecordBatch]) -> Result<RecordBatch, Failure> {
    match batches {
        [one] => Ok(one.clone()),
        [first, ..] => arrow_select::concat::concat_batches(&first.schema(), batches)
            .map_err(|error| bug(&error)),
        [] => Err(CliError::NothingToDo.into()),
    }
}
