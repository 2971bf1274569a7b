//! Events of many files in one order, a few batches of each in memory.

use super::feed::{Feed, decision_ids, only, repeated, stamps};
use super::inputs::{is_decisions, rank};
use super::{bug, count};
use crate::error::Failure;
use crate::rejects::RejectSink;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt64Array, new_null_array};
use arrow_schema::{ArrowError, Schema};
use contract::{AnyBatch, Decisions, FeedMarks, Origin, Table, TableSpec};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Rows that belong together, in order.
pub(super) struct Piece {
    /// 0 for rows that a log has numbered, and for all where it has numbered none.
    pub(super) log: u8,
    is_decisions: bool,
    pub(super) batch: RecordBatch,
}

/// Events up to an instant.
pub(super) struct Round {
    /// Every event before it is in this round or an earlier one; `None` at the end.
    pub(super) before_ns: Option<i64>,
    /// Marks and statuses first, decisions last.
    pub(super) pieces: Vec<Piece>,
}

/// Events of all inputs, round by round, in the order of `ts_avail`.
///
/// - **Shape:** tables are apart; within one, rows are in the order `(ts_avail, seq)`, whatever file they come from.
/// - **Numbers:** rows without `seq` are numbered in the order of availability; at one instant by table, file, row.
///   Decisions are numbered for themselves, so that market data more or less does not change them.
/// - **Cost:** in memory stand the batches of each file up to the instant that the shortest of them reaches.
pub(super) struct Rounds {
    feeds: Vec<Feed>,
    next_event: u64,
    next_decision: u64,
    /// `md_seq_high` of decisions without `seq`, which counts rows of a log that is not here.
    pub(super) unused_marks: u64,
    /// Decisions of several files, and how many of them came again.
    decisions: HashSet<[u8; 16]>,
    decision_rows: u64,
    pub(super) repeated_decisions: u64,
}

impl Rounds {
    pub(super) fn new(feeds: Vec<Feed>) -> Self {
        Self {
            feeds,
            next_event: 0,
            next_decision: 0,
            unused_marks: 0,
            decisions: HashSet::new(),
            decision_rows: 0,
            repeated_decisions: 0,
        }
    }

    /// Logs that rows come from: one, or two where a log has numbered some of the inputs alone.
    pub(super) fn logs(&self) -> u8 {
        let mixed = self.feeds.iter().any(Feed::has_seq) && self.feeds.iter().any(|f| !f.has_seq());
        if mixed { 2 } else { 1 }
    }

    pub(super) fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// The next round; `None` when there is nothing more.
    pub(super) fn next(&mut self, rejects: &mut RejectSink) -> Result<Option<Round>, Failure> {
        let before_ns = loop {
            for feed in self.feeds.iter_mut().filter(|feed| feed.is_empty()) {
                feed.load(rejects)?;
            }
            let open = self.feeds.iter().filter(|feed| !feed.is_done());
            let Some(end) = open.filter_map(Feed::last_ts).min() else { break None };
            if self.feeds.iter().filter_map(Feed::first_ts).any(|first| first < end) {
                break Some(end);
            }
            // All that is here is of one instant, of which there may be more.
            for feed in &mut self.feeds {
                if !feed.is_done() && feed.last_ts() == Some(end) {
                    feed.load(rejects)?;
                }
            }
        };
        if before_ns.is_none() && self.feeds.iter().all(Feed::is_empty) {
            return Ok(None);
        }
        let taken: Vec<Vec<AnyBatch>> = self
            .feeds
            .iter_mut()
            .map(|feed| match before_ns {
                Some(ts) => feed.take_before(ts),
                None => feed.take_all(),
            })
            .collect();
        let mut pieces = self.pieces(taken).map_err(|e| bug(&e))?;
        if self.feeds.iter().filter(|feed| is_decisions(feed.spec())).count() > 1 {
            self.drop_repetitions(&mut pieces, rejects)?;
        }
        Ok(Some(Round { before_ns, pieces }))
    }

    /// Leaves out decisions of one file that another had before; within a file that was done when it was read.
    fn drop_repetitions(
        &mut self,
        pieces: &mut [Piece],
        rejects: &mut RejectSink,
    ) -> Result<(), Failure> {
        let origin = Origin::new("features", Decisions::SPEC.name);
        for piece in pieces.iter_mut().filter(|piece| piece.is_decisions) {
            let ids = decision_ids(&piece.batch, true)?;
            let is_new: Vec<bool> = ids.into_iter().map(|id| self.decisions.insert(id)).collect();
            let old = is_new.iter().enumerate().filter(|(_, is_new)| !**is_new);
            let found: Vec<_> =
                old.map(|(at, _)| repeated(&origin.at(self.decision_rows), count(at))).collect();
            self.decision_rows += count(is_new.len());
            if !found.is_empty() {
                self.repeated_decisions += count(found.len());
                rejects.push(&found)?;
                piece.batch = only(&piece.batch, is_new, Decisions::SPEC)?.into_record_batch();
            }
        }
        Ok(())
    }

    fn pieces(&mut self, taken: Vec<Vec<AnyBatch>>) -> Result<Vec<Piece>, ArrowError> {
        let mut numbers = self.number(&taken);
        let logs = self.logs();
        // By table and log: the batches of each file.
        let mut groups: BTreeMap<(usize, u8), Vec<Vec<RecordBatch>>> = BTreeMap::new();
        for ((feed, batches), numbers) in self.feeds.iter().zip(taken).zip(&mut numbers) {
            if batches.is_empty() {
                continue;
            }
            let log = u8::from(logs > 1 && !feed.has_seq());
            let mut of_file = Vec::with_capacity(batches.len());
            let mut at = 0;
            for batch in batches {
                let rows = batch.len();
                let batch = batch.into_record_batch();
                of_file.push(if feed.has_seq() {
                    batch
                } else {
                    let seqs = numbers.slice(at, rows);
                    let (batch, unused) = numbered(feed.spec(), &batch, seqs)?;
                    self.unused_marks += unused;
                    batch
                });
                at += rows;
            }
            groups.entry((push_rank(feed.spec()), log)).or_default().push(of_file);
        }
        let mut pieces = Vec::new();
        for ((place, log), mut files) in groups {
            let is_decisions = place == push_rank(Decisions::SPEC);
            let batches = match files.len() {
                1 => files.pop().unwrap_or_default(),
                _ => vec![merged(&files)?],
            };
            pieces.extend(batches.into_iter().map(|batch| Piece { log, is_decisions, batch }));
        }
        Ok(pieces)
    }

    /// Numbers for the rows of each file without `seq`.
    fn number(&mut self, taken: &[Vec<AnyBatch>]) -> Vec<UInt64Array> {
        let mut numbers: Vec<Vec<u64>> = vec![Vec::new(); taken.len()];
        for is_decision in [false, true] {
            let mut lines: Vec<Line> = Vec::new();
            for (file, (feed, batches)) in self.feeds.iter().zip(taken).enumerate() {
                if !feed.has_seq() && is_decisions(feed.spec()) == is_decision {
                    let ts: Vec<i64> = batches.iter().flat_map(stamps).copied().collect();
                    lines.push(Line { rank: rank(feed.spec()), file, ts, at: 0 });
                }
            }
            let next = if is_decision { &mut self.next_decision } else { &mut self.next_event };
            while let Some(first) = lines.iter().filter_map(Line::head).min() {
                // Rows of one file run on until another file comes first.
                let other = lines.iter().filter(|l| l.file != first.2).filter_map(Line::head).min();
                let Some(line) = lines.iter_mut().find(|l| l.file == first.2) else { break };
                let rest = line.ts.get(line.at..).unwrap_or_default();
                let run = match other {
                    None => rest.len(),
                    Some(other) => rest.partition_point(|t| (*t, line.rank, line.file) < other),
                };
                line.at += run;
                if let Some(numbers) = numbers.get_mut(line.file) {
                    numbers.extend((*next..).take(run));
                }
                *next += count(run);
            }
        }
        numbers.into_iter().map(UInt64Array::from).collect()
    }
}

/// Instants of one file, as far as they have numbers.
struct Line {
    rank: usize,
    file: usize,
    ts: Vec<i64>,
    at: usize,
}

impl Line {
    fn head(&self) -> Option<(i64, usize, usize)> {
        self.ts.get(self.at).map(|ts| (*ts, self.rank, self.file))
    }
}

/// In which order tables of a round are pushed: what says where data is missing, the market, then the questions.
fn push_rank(table: &TableSpec) -> usize {
    if table.name == FeedMarks::SPEC.name { 0 } else { rank(table) + 1 }
}

/// The same rows with `seq`, and without marks that count rows of another log; how many those were.
fn numbered(
    spec: &TableSpec,
    batch: &RecordBatch,
    seqs: UInt64Array,
) -> Result<(RecordBatch, u64), ArrowError> {
    let schema = batch.schema();
    let (mut columns, mut unused) = (batch.columns().to_vec(), 0);
    if is_decisions(spec) {
        let at = spec.columns.iter().position(|c| c.name == Decisions::MD_SEQ_HIGH.name());
        if let Some(column) = at.and_then(|at| columns.get_mut(at)) {
            unused = count(column.len() - column.null_count());
            *column = new_null_array(column.data_type(), column.len());
        }
    }
    let with_seq = spec.schema(true);
    let fields: Vec<_> =
        with_seq.fields().first().into_iter().chain(schema.fields()).cloned().collect();
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let arrays: Vec<ArrayRef> =
        std::iter::once(Arc::new(seqs) as ArrayRef).chain(columns).collect();
    Ok((RecordBatch::try_new(Arc::new(schema), arrays)?, unused))
}

/// Rows of several files of one table in one batch, by `(ts_avail, seq)`.
fn merged(files: &[Vec<RecordBatch>]) -> Result<RecordBatch, ArrowError> {
    let batches: Vec<&RecordBatch> = files.iter().flatten().collect();
    let mut keys: Vec<(i64, u64, usize, usize)> = Vec::new();
    for (at, batch) in batches.iter().enumerate() {
        let table = batch.schema_ref().metadata().get(contract::meta::TABLE);
        let Some(spec) = table.and_then(|table| contract::table(table)) else { continue };
        let parsed = AnyBatch::parse(spec, batch)
            .map_err(|error| ArrowError::SchemaError(error.to_string()))?;
        let seqs = parsed.seq().map_or(&[][..], |seq| seq.values());
        let rows = stamps(&parsed).iter().zip(seqs).enumerate();
        keys.extend(rows.map(|(row, (ts, seq))| (*ts, *seq, at, row)));
    }
    keys.sort_unstable();
    let places: Vec<(usize, usize)> = keys.into_iter().map(|(_, _, at, row)| (at, row)).collect();
    arrow_select::interleave::interleave_record_batch(&batches, &places)
}
