//! The same rows in other pieces, another order, another arrival: nothing may be remembered.

use super::draw::Draw;
use super::local::{Local, options};
use super::{Cells, Certifier};
use crate::error::SweepError;
use crate::plan::Plan;
use crate::run::Inputs;
use crate::sweep::{Arrival, Input, Options, Output, Sweep};
use contract::{Batch, CausalityPart, EventTable};
use std::sync::Arc;

/// Decisions that are swept alone, each.
const ALONE: usize = 4;
/// Most rows of one table in a piece.
const PIECE: u64 = 7;

impl<E: From<SweepError>> Certifier<'_, E> {
    /// C6.
    pub(super) fn shuffle(&mut self, local: &Local, base: &Cells) -> Result<(), E> {
        let order = self.draw.order(local.seqs.len());
        let seqs: Vec<u64> =
            order.into_iter().take(ALONE).filter_map(|at| local.seqs.get(at)).copied().collect();
        for seq in seqs {
            let alone = self.alone(local, seq)?;
            let found = self.sweep(&alone.inputs)?;
            self.compare(CausalityPart::Shuffle, base, &found, &|_| true);
        }
        for (arrival, threads, anew) in
            [(Arrival::Log, 1, false), (Arrival::Sorted, 2, false), (Arrival::Sorted, 1, true)]
        {
            let plan = (self.prepare)(&local.inputs)?;
            let how = Options { anew, ..options(arrival, threads) };
            let found = self.in_pieces(plan, &local.inputs, how)?;
            if let Some(found) = found {
                self.compare(CausalityPart::Shuffle, base, &found, &|_| true);
            }
        }
        Ok(())
    }

    /// Cells of a sweep that takes a few rows at a time, in the order of availability over all tables; `None` if rows
    /// came late, which a log that was sorted differently may do.
    fn in_pieces(
        &mut self,
        plan: Arc<Plan>,
        inputs: &Inputs,
        how: Options,
    ) -> Result<Option<Cells>, SweepError> {
        self.swept += inputs.rows();
        let mut sweep = Sweep::new(plan, how).with_coverage(self.first.coverage.clone());
        let cells = pieces(&mut sweep, inputs, &mut self.draw)?;
        let (last, report) = sweep.finish()?;
        let mut cells = cells;
        if let Some(rows) = &last.rows {
            cells.add(rows)?;
        }
        Ok((report.late == 0).then_some(cells))
    }
}

/// Pushes inputs in small pieces, merged by `(ts_avail, seq)`; cells that came out on the way.
pub(crate) fn pieces(
    sweep: &mut Sweep,
    inputs: &Inputs,
    draw: &mut Draw,
) -> Result<Cells, SweepError> {
    for batch in &inputs.instruments {
        sweep.push(batch)?;
    }
    for batch in &inputs.roles {
        sweep.push(batch)?;
    }
    for batch in &inputs.sessions {
        sweep.push(batch)?;
    }
    for batch in &inputs.scheduled_events {
        sweep.push(batch)?;
    }
    for batch in &inputs.ledger_gaps {
        sweep.push(batch)?;
    }
    let mut order: Vec<(i64, u64, Place)> = Vec::new();
    place(&inputs.statuses, 0, &mut order);
    place(&inputs.feed_marks, 1, &mut order);
    place(&inputs.quotes, 2, &mut order);
    place(&inputs.trades, 3, &mut order);
    place(&inputs.depths, 4, &mut order);
    place(&inputs.decisions, 5, &mut order);
    order.sort_unstable();
    let mut cells = Cells::default();
    let mut rest = order.as_slice();
    while let Some((_, _, first)) = rest.first() {
        // Rows of one table that follow each other, a few at most.
        let most = draw.below(PIECE) + 1;
        let follows = |(n, (_, _, place)): &(u64, &(i64, u64, Place))| {
            *n < most && first.is_followed_by(place, *n)
        };
        let n = (0..).zip(rest).take_while(follows).count().max(1);
        let out = match first.table {
            0 => push(sweep, &inputs.statuses, *first, n)?,
            1 => push(sweep, &inputs.feed_marks, *first, n)?,
            2 => push(sweep, &inputs.quotes, *first, n)?,
            3 => push(sweep, &inputs.trades, *first, n)?,
            4 => push(sweep, &inputs.depths, *first, n)?,
            _ => push(sweep, &inputs.decisions, *first, n)?,
        };
        if let Some(rows) = out.and_then(|out| out.rows) {
            cells.add(&rows)?;
        }
        rest = rest.get(n..).unwrap_or(&[]);
    }
    Ok(cells)
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    table: u8,
    batch: usize,
    row: usize,
}

impl Place {
    fn is_followed_by(&self, other: &Self, n: u64) -> bool {
        self.table == other.table
            && self.batch == other.batch
            && other.row.checked_sub(self.row) == usize::try_from(n).ok()
    }
}

fn place<T: EventTable>(batches: &[Batch<T>], table: u8, into: &mut Vec<(i64, u64, Place)>) {
    for (batch, rows) in batches.iter().enumerate() {
        let keys = rows.ts_avail().values().iter().zip(rows.seq().values());
        into.extend(
            keys.enumerate().map(|(row, (ts, seq))| (*ts, *seq, Place { table, batch, row })),
        );
    }
}

fn push<T: Input>(
    sweep: &mut Sweep,
    batches: &[Batch<T>],
    first: Place,
    n: usize,
) -> Result<Option<Output>, SweepError> {
    let Some(batch) = batches.get(first.batch) else { return Ok(None) };
    sweep.push(&batch.slice(first.row, n)).map(Some)
}
