//! The inputs of a run: opened, told apart, checked, and put into the order of a log.

use super::merge::{in_order, seqs};
use super::{bug, count, stopped};
use crate::cli::InputArgs;
use crate::commands::order::Rising;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::input::{RawSource, ReadOptions, Source, parse_inputs};
use crate::progress::Progress;
use crate::rejects::RejectSink;
use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use contract::{
    Adjustments, Admitted, AnyBatch, Decisions, Executions, FeeSchedules, FeedMarks, Instruments,
    LedgerGaps, Origin, Postings, Quotes, References, Reject, Sessions, Statuses, Table, TableSpec,
    Trades, admit_any,
};
use labeling::{Inputs, LabelError, PathKind, RuleBook};
use std::collections::BTreeMap;

/// Tables that are read.
const TABLES: [&str; 13] = [
    Decisions::SPEC.name,
    Executions::SPEC.name,
    Quotes::SPEC.name,
    Trades::SPEC.name,
    Statuses::SPEC.name,
    Postings::SPEC.name,
    FeedMarks::SPEC.name,
    LedgerGaps::SPEC.name,
    Instruments::SPEC.name,
    Sessions::SPEC.name,
    Adjustments::SPEC.name,
    FeeSchedules::SPEC.name,
    References::SPEC.name,
];

/// Inputs that were opened.
pub(super) struct Files {
    sources: Vec<Source>,
    /// Device and inode of every regular file.
    pub(super) identities: Vec<(u64, u64)>,
    rows_total: Option<u64>,
}

/// All rows of all inputs.
pub(super) struct Read {
    pub(super) inputs: Inputs,
    /// Rows read.
    pub(super) rows: u64,
    /// Decisions that broke a rule of their table.
    pub(super) refused_decisions: u64,
    /// Rows that did, by code.
    pub(super) rejects: BTreeMap<String, u64>,
    /// What is to be said about the inputs.
    pub(super) notes: Vec<String>,
}

impl Files {
    /// Opens every input and checks that the rules can work with them.
    pub(super) fn open(
        inputs: &InputArgs,
        book: &RuleBook,
        context: &Context,
    ) -> Result<Self, Failure> {
        let options: ReadOptions = context.read_options(inputs.read.trust_eof);
        let mut sources: Vec<Source> = Vec::new();
        for input in parse_inputs(&inputs.files)? {
            let source = Source::from_raw(RawSource::open(&input, &options)?, &input)?;
            if !TABLES.contains(&source.spec().name) {
                let (expected, found) = (TABLES.join(", "), source.spec().name.to_owned());
                return Err(stopped(LabelError::Table { expected, found }).in_input(source.name()));
            }
            sources.push(source);
        }
        let has = |table: &str| sources.iter().any(|source| source.spec().name == table);
        if !has(Decisions::SPEC.name) {
            let why = "of which every row is labelled";
            return Err(CliError::MissingInput { table: Decisions::SPEC.name, why }.into());
        }
        // The sets of a book agree on the path.
        let is_trade =
            book.specs().next().is_some_and(|spec| spec.base().measures.path == PathKind::Trade);
        let path = if is_trade { Trades::SPEC.name } else { Quotes::SPEC.name };
        if !has(path) {
            let why = "which is the path of prices that the rules ask for";
            return Err(CliError::MissingInput { table: path, why }.into());
        }
        let identities = sources.iter().filter_map(Source::identity).collect();
        let rows_total = sources.iter().map(Source::rows_total).sum();
        Ok(Self { sources, identities, rows_total })
    }

    /// Names of the tables, in the order of the inputs.
    pub(super) fn tables(&self) -> Vec<&'static str> {
        self.sources.iter().map(|source| source.spec().name).collect()
    }

    /// Reads every row, gives back those that break a rule of their table, and puts the rest into the order of a log.
    ///
    /// - **Cost:** everything stands in memory.
    pub(super) fn read(
        self,
        rejects: &mut RejectSink,
        progress: &mut Progress,
        context: &Context,
    ) -> Result<Read, Failure> {
        progress.expect_rows(self.rows_total);
        let mut read = Read {
            inputs: Inputs::default(),
            rows: 0,
            refused_decisions: 0,
            rejects: BTreeMap::new(),
            notes: Vec::new(),
        };
        let mut tables: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
        for source in self.sources {
            let rank = TABLES.iter().position(|name| *name == source.spec().name);
            let part = Part::read(source, &mut read, rejects, progress, context)?;
            tables.entry(rank.unwrap_or(TABLES.len())).or_default().push(part);
        }
        let events = || tables.values().flatten().filter(|part| part.spec.is_event());
        let logged = events().filter(|part| part.has_seq).count();
        let is_log = logged > 0 && logged == events().count();
        if logged > 0 && !is_log {
            read.notes.push(
                "some inputs have seq and some not: all rows were numbered anew, in the order of receipt".to_owned(),
            );
        }
        let mut batches: Vec<RecordBatch> = Vec::new();
        for (_, parts) in tables {
            context.stop.check()?;
            batches.extend(in_order(parts, is_log)?);
        }
        if !is_log {
            let unused: usize = batches.iter().map(marks).sum();
            if unused > 0 {
                read.notes.push(format!(
                    "md_seq_high of {unused} decisions was not used: it counts rows of a log, and these were numbered anew"
                ));
            }
        }
        let batches = if is_log {
            one_log(&batches)?;
            batches
        } else {
            labeling::number(&batches).map_err(stopped)?
        };
        for batch in &batches {
            read.inputs.push(batch).map_err(stopped)?;
        }
        Ok(read)
    }
}

/// The rows of one input that can be used.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) spec: &'static TableSpec,
    pub(super) schema: SchemaRef,
    /// Whether a log has numbered its rows.
    pub(super) has_seq: bool,
    pub(super) batches: Vec<AnyBatch>,
}

impl Part {
    fn read(
        source: Source,
        read: &mut Read,
        rejects: &mut RejectSink,
        progress: &mut Progress,
        context: &Context,
    ) -> Result<Self, Failure> {
        let (spec, schema) = (source.spec(), source.schema().clone());
        // `seq` stands first where it is.
        let numbered = spec.schema(true);
        let first = |schema: &Schema| schema.fields().first().map(|field| field.name().clone());
        let has_seq = spec.is_event() && first(&schema) == first(&numbered);
        let name = source.name().to_owned();
        let mut raw = source.into_raw();
        let mut part = Self { name, spec, schema, has_seq, batches: Vec::new() };
        tracing::info!(stage = "labeling", table = spec.name, input = part.name, "reading");
        // Keys are looked for inside one batch, and which rows come in one batch must not matter.
        let is_keyed = spec.key != ["seq"] && !spec.key.is_empty();
        let mut held: Vec<RecordBatch> = Vec::new();
        let mut order = Order::default();
        let mut first_row = 0;
        while let Some(batch) = raw.next_batch()? {
            context.stop.check()?;
            tracing::debug!(stage = "labeling", rows = batch.num_rows(), "batch");
            progress.stats.rows_in += count(batch.num_rows());
            progress.tick();
            if is_keyed {
                held.push(batch);
                continue;
            }
            let rows = count(batch.num_rows());
            part.admit(&batch, first_row, &mut order, read, rejects)?;
            first_row += rows;
        }
        if let Some(batch) = held.first() {
            let whole = arrow_select::concat::concat_batches(&batch.schema(), &held);
            let whole = whole.map_err(|e| bug(&e))?;
            first_row += count(whole.num_rows());
            part.admit(&whole, 0, &mut order, read, rejects)?;
        }
        read.rows += first_row;
        if raw.is_trusted() {
            let note = "had no end marker; taken for whole because of --trust-eof";
            read.notes.push(format!("{} {note}", part.name));
        }
        Ok(part)
    }

    fn admit(
        &mut self,
        batch: &RecordBatch,
        first_row: u64,
        order: &mut Order,
        read: &mut Read,
        rejects: &mut RejectSink,
    ) -> Result<(), Failure> {
        if self.has_seq {
            if let Some(seqs) = seqs(batch) {
                order.seq.follow(&self.name, seqs, first_row)?;
            }
        }
        let origin = Origin::new("labeling", &self.name).at(first_row);
        let Admitted { good, rejects: refused, .. } = admit_any(self.spec, batch, &origin)
            .map_err(|error| Failure::from(error).in_input(&self.name))?;
        if self.spec.name == Decisions::SPEC.name {
            read.refused_decisions += count(refused.len());
        }
        for reject in &refused {
            *read.rejects.entry(reject.code.clone()).or_default() += 1;
        }
        rejects.push(&refused)?;
        if !self.has_seq {
            order.stamps(self, &good, first_row, &refused)?;
        }
        if !good.is_empty() {
            self.batches.push(good);
        }
        Ok(())
    }
}

/// The last key of an input.
#[derive(Default)]
struct Order {
    seq: Rising,
    ts_avail: Option<i64>,
}

impl Order {
    fn stamps(
        &mut self,
        part: &Part,
        batch: &AnyBatch,
        first_row: u64,
        refused: &[Reject],
    ) -> Result<(), CliError> {
        let stamps = batch.ts_avail().filter(|_| part.spec.is_event());
        for (at, ts) in stamps.iter().flat_map(|stamps| stamps.values()).enumerate() {
            if let Some(last) = self.ts_avail.filter(|last| *last > *ts) {
                let time = |ts| contract::UtcNanos::from_nanos(ts).to_string();
                let mut row = first_row + count(at);
                for reject in refused {
                    row += u64::from(reject.position <= row);
                }
                return Err(CliError::UnsortedInput {
                    input: part.name.clone(),
                    row,
                    column: "ts_avail",
                    expected: format!("{} or later", time(last)),
                    found: time(*ts),
                });
            }
            self.ts_avail = Some(*ts);
        }
        Ok(())
    }
}

/// Decisions that say how much of a log they had seen.
fn marks(batch: &RecordBatch) -> usize {
    let table = batch.schema_ref().metadata().get(contract::meta::TABLE);
    let is_decisions = table.is_some_and(|table| table == Decisions::SPEC.name);
    let column = batch.column_by_name(Decisions::MD_SEQ_HIGH.name()).filter(|_| is_decisions);
    column.map_or(0, |column| column.len() - column.null_count())
}

/// Refuses a number that two rows have.
fn one_log(batches: &[RecordBatch]) -> Result<(), CliError> {
    let tables = || {
        batches.iter().filter_map(|batch| {
            let name = batch.schema_ref().metadata().get(contract::meta::TABLE)?;
            let spec = contract::table(name).filter(|spec| spec.is_event())?;
            Some((spec, seqs(batch)?))
        })
    };
    let mut all: Vec<u64> = Vec::new();
    for (_, seqs) in tables() {
        all.extend(seqs.values());
    }
    all.sort_unstable();
    let Some(seq) = all.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    }) else {
        return Ok(());
    };
    let owners: Vec<&'static str> = tables()
        .flat_map(|(spec, seqs)| seqs.values().iter().filter(|n| **n == seq).map(|_| spec.name))
        .collect();
    let first = owners.first().copied().unwrap_or_default();
    let second = owners.last().copied().unwrap_or_default();
    Err(CliError::SeqTwice { seq, first, second })
}
