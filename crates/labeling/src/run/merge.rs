//! The tables of a log, put back into its one order.

use crate::error::LabelError;
use crate::inputs::Inputs;
use crate::intake::{Decode, Decoded};
use crate::labeler::{Labeler, Row};
use crate::rows::What;
use contract::Batch;
use std::collections::VecDeque;

/// After how many rows what came out is taken.
const STEP: usize = 1 << 16;

/// Reads the next batch of a table.
type Next<'a> = Box<dyn FnMut(&mut Labeler) -> Result<Option<Rows>, LabelError> + 'a>;

/// A table that is read batch by batch.
struct Cursor<'a> {
    table: &'static str,
    next: Next<'a>,
    rows: Rows,
    is_done: bool,
}

/// Rows of a table that were taken apart, each with its `seq`.
#[derive(Default)]
struct Rows {
    rows: VecDeque<(u64, Row)>,
}

impl<'a> Cursor<'a> {
    fn new<T: Decode>(batches: &'a [Batch<T>], seqs: fn(&Batch<T>) -> Vec<u64>) -> Self {
        let mut batches = batches.iter();
        let next = move |labeler: &mut Labeler| -> Result<Option<Rows>, LabelError> {
            let Some(batch) = batches.next() else { return Ok(None) };
            let decoded = labeler.decode(batch)?;
            Ok(Some(rows(&seqs(batch), decoded)))
        };
        Self { table: T::SPEC.name, next: Box::new(next), rows: Rows::default(), is_done: false }
    }

    /// `seq` of the next row.
    fn peek(&mut self, labeler: &mut Labeler) -> Result<Option<u64>, LabelError> {
        while self.rows.rows.is_empty() && !self.is_done {
            match (self.next)(labeler)? {
                Some(rows) => self.rows = rows,
                None => self.is_done = true,
            }
        }
        Ok(self.rows.rows.front().map(|(seq, _)| *seq))
    }
}

/// Pairs every row with its event, its refusal, or neither.
fn rows(seqs: &[u64], decoded: Decoded) -> Rows {
    let mut events = decoded.events.into_iter().peekable();
    let mut refused = decoded.refused.into_iter().peekable();
    let clocks = decoded.clocks;
    let rows = seqs.iter().enumerate().map(|(at, seq)| {
        let row = Row {
            clock: clocks.get(at).copied(),
            event: events.next_if(|(row, _)| *row == at).map(|(_, event)| event),
            refused: refused.next_if(|refused| refused.row == at),
        };
        (*seq, row)
    });
    Rows { rows: rows.collect() }
}

fn instrument(what: &What) -> Option<u32> {
    match what {
        What::Quote { instrument, .. } | What::Status { instrument, .. } => Some(*instrument),
        What::Trade(row) => Some(row.instrument),
        What::Decision(row) => Some(row.instrument.unwrap_or(0)),
        What::Execution(row) => Some(row.instrument),
        What::Posting(row) => Some(row.instrument),
        What::Gap(_) => None,
    }
}

fn seqs<T: contract::EventTable>(batch: &Batch<T>) -> Vec<u64> {
    batch.seq().values().to_vec()
}

fn gap_seqs(batch: &Batch<contract::LedgerGaps>) -> Vec<u64> {
    batch.col(&contract::LedgerGaps::SEQ).values().to_vec()
}

/// Pushes everything in the order of `seq`; of a shard, only the rows of its instruments, but every clock.
pub(crate) fn feed(
    labeler: &mut Labeler,
    inputs: &Inputs,
    shard: Option<(usize, usize)>,
    mut take: impl FnMut(&mut Labeler),
) -> Result<(), LabelError> {
    macro_rules! whole {
        ($($field:ident)*) => {$( for batch in &inputs.$field { labeler.push_whole(batch)?; } )*};
    }
    whole!(instruments sessions adjustments fee_schedules references);
    let mut cursors = [
        Cursor::new(&inputs.decisions, seqs),
        Cursor::new(&inputs.executions, seqs),
        Cursor::new(&inputs.quotes, seqs),
        Cursor::new(&inputs.trades, seqs),
        Cursor::new(&inputs.statuses, seqs),
        Cursor::new(&inputs.postings, seqs),
        Cursor::new(&inputs.feed_marks, seqs),
        Cursor::new(&inputs.ledger_gaps, gap_seqs),
    ];
    // Benchmarks belong to every shard.
    let benchmarks = labeler.benchmarks();
    let mut since = 0_usize;
    loop {
        let mut next: Option<(u64, usize)> = None;
        let mut second = u64::MAX;
        for (at, cursor) in cursors.iter_mut().enumerate() {
            let Some(seq) = cursor.peek(labeler)? else { continue };
            match next {
                Some((first, _)) if seq >= first => second = second.min(seq),
                Some((first, _)) => {
                    second = first;
                    next = Some((seq, at));
                }
                None => next = Some((seq, at)),
            }
        }
        let Some(cursor) = next.and_then(|(_, at)| cursors.get_mut(at)) else { break };
        // As long as no other table comes in between.
        while let Some((seq, _)) = cursor.rows.rows.front() {
            if *seq > second {
                break;
            }
            let Some((_, mut row)) = cursor.rows.rows.pop_front() else { break };
            if let (Some((shard, shards)), Some(event)) = (shard, &row.event) {
                let id = instrument(&event.what);
                let is_ours = id.is_none_or(|id| id as usize % shards == shard);
                let is_shared = matches!(event.what, What::Quote { instrument, .. } if benchmarks.contains(&instrument));
                if !is_ours && !is_shared {
                    row.event = None;
                }
                if !is_ours {
                    row.refused = None;
                }
            }
            if let (Some((shard, _)), true) = (shard, row.refused.is_some()) {
                // What no instrument is known of is said once.
                if shard != 0 {
                    row.refused = None;
                }
            }
            labeler.take_row(cursor.table, row)?;
            since += 1;
            if since >= STEP {
                since = 0;
                take(labeler);
            }
        }
    }
    take(labeler);
    Ok(())
}
