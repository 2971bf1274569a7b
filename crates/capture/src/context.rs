//! Everything that surrounded a decision.

use crate::error::ReadError;
use crate::filter::Filter;
use crate::gap::Gap;
use crate::item::{Item, LoggedBatch};
use crate::log::Log;
use crate::reader::{Reader, Visibility};
use arrow_array::{Array, BooleanArray, RecordBatch};
use contract::{Batch, Decisions, EventId, Executions, ReadContext, UtcNanos};
use std::sync::Arc;

/// How much of what surrounded a decision is wanted, on the axis of `ts_avail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Nanoseconds before the decision became available.
    pub before_ns: i64,
    /// Nanoseconds after it, itself included.
    pub after_ns: i64,
}

/// A decision with everything that the log knows about it.
#[derive(Debug, Clone)]
pub struct DecisionContext {
    /// The decision: one row, with everything that its maker recorded. A decision that was sent again after a retry
    /// has the same id; this is the first.
    pub decision: LoggedBatch,
    /// When it became available.
    pub ts_avail: UtcNanos,
    /// The highest number of market data that the decider had read, as it says. Rows of `surroundings` up to this
    /// number had been seen; others were only in the log.
    pub md_seq_high: Option<u64>,
    /// Reports of the venue about it: those with its id, and those of its order that name no decision.
    pub executions: Vec<LoggedBatch>,
    /// Raw events about its instrument, or about none, around it, in the order of the log; the decision and its
    /// executions are among them.
    pub surroundings: Vec<LoggedBatch>,
    /// What is not there: gaps in the log that reach into the surroundings.
    pub gaps: Vec<Gap>,
}

impl Log {
    /// The raw events that surrounded a decision; `None` when the log holds no decision with this id.
    ///
    /// - **Point in time:** surroundings are selected by delivered `ts_avail`, in `[t - before_ns, t + after_ns)`.
    /// - **Cost:** one pass over the decisions, and one over the log; archived rows included.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn context(
        &self,
        ctx: &ReadContext,
        decision_id: EventId,
        around: Around,
    ) -> Result<Option<DecisionContext>, ReadError> {
        let open = |filter| self.reader(ctx, self.start(), Visibility::Durable, filter);
        find(&open, decision_id, around)
    }
}

/// The same over any way to open readers from the start of a log.
pub(crate) fn find(
    open: &dyn Fn(Filter) -> Result<Reader, ReadError>,
    decision_id: EventId,
    around: Around,
) -> Result<Option<DecisionContext>, ReadError> {
    let tables = vec!["decisions".to_owned()];
    let mut reader = open(Filter { tables, ..Filter::default() })?;
    let found = loop {
        match reader.next()? {
            Item::CaughtUp => return Ok(None),
            Item::Batch(batch) => {
                if let Some(found) = decision(&batch, decision_id)? {
                    break found;
                }
            }
            _ => {}
        }
    };
    let (decision, about) = found;
    let mut out = DecisionContext {
        decision,
        ts_avail: about.ts_avail,
        md_seq_high: about.md_seq_high,
        executions: Vec::new(),
        surroundings: Vec::new(),
        gaps: Vec::new(),
    };
    let from = about.ts_avail.nanos().saturating_sub(around.before_ns);
    let to = about.ts_avail.nanos().saturating_add(around.after_ns);
    let mut reader = open(Filter::default())?;
    loop {
        match reader.next()? {
            Item::CaughtUp => return Ok(Some(out)),
            Item::Gap(gap) => {
                let is_near = gap.ts_avail.is_none_or(|t| (from..to).contains(&t.nanos()));
                if is_near {
                    out.gaps.push(gap);
                }
            }
            Item::Batch(batch) => {
                if batch.table.as_ref() == "executions" {
                    out.executions.extend(about.executions(&batch, decision_id)?);
                }
                out.surroundings.extend(about.near(&batch, from, to)?);
            }
            Item::Control(_) => {}
        }
    }
}

/// What links other rows to a decision.
struct About {
    ts_avail: UtcNanos,
    md_seq_high: Option<u64>,
    instrument_id: Option<u32>,
    order_id: Option<String>,
}

fn decision(
    batch: &LoggedBatch,
    decision_id: EventId,
) -> Result<Option<(LoggedBatch, About)>, ReadError> {
    let rows = Batch::<Decisions>::parse(&batch.rows)?;
    let ids = rows.col(&Decisions::DECISION_ID);
    let Some(row) = (0..rows.len()).find(|r| ids.value(*r) == decision_id.as_bytes()) else {
        return Ok(None);
    };
    let instruments = rows.col(&Decisions::INSTRUMENT_ID);
    let orders = rows.col(&Decisions::ORDER_ID);
    let seen = rows.col(&Decisions::MD_SEQ_HIGH);
    let about = About {
        ts_avail: UtcNanos::from_nanos(rows.ts_avail().value(row)),
        md_seq_high: seen.is_valid(row).then(|| seen.value(row)),
        instrument_id: instruments.is_valid(row).then(|| instruments.value(row)),
        order_id: orders.is_valid(row).then(|| orders.value(row).to_owned()),
    };
    Ok(Some((one(batch, row), about)))
}

/// One row of a batch as a batch.
fn one(batch: &LoggedBatch, row: usize) -> LoggedBatch {
    LoggedBatch {
        first_seq: batch.first_seq + row as u64,
        first_pseq: batch.first_pseq + row as u64,
        rows: Arc::new(batch.rows.slice(row, 1)),
        ..batch.clone()
    }
}

impl About {
    fn executions(
        &self,
        batch: &LoggedBatch,
        decision_id: EventId,
    ) -> Result<Option<LoggedBatch>, ReadError> {
        let rows = Batch::<Executions>::parse(&batch.rows)?;
        let ids = rows.col(&Executions::DECISION_ID);
        let orders = rows.col(&Executions::ORDER_ID);
        let keep = (0..rows.len()).map(|row| {
            Some(if ids.is_valid(row) {
                ids.value(row) == decision_id.as_bytes()
            } else {
                orders.is_valid(row) && self.order_id.as_deref() == Some(orders.value(row))
            })
        });
        kept(batch, &keep.collect())
    }

    /// Rows about the same instrument, or about none, whose `ts_avail` lies in the range.
    fn near(
        &self,
        batch: &LoggedBatch,
        from: i64,
        to: i64,
    ) -> Result<Option<LoggedBatch>, ReadError> {
        let Some(any) = batch.parse()? else { return Ok(None) };
        let Some(stamps) = any.ts_avail() else { return Ok(None) };
        let instruments = any.instrument_id();
        let keep = (0..any.len()).map(|row| {
            let is_near = (from..to).contains(&stamps.value(row));
            let instrument = instruments.filter(|i| i.is_valid(row)).map(|i| i.value(row));
            Some(is_near && (instrument.is_none() || instrument == self.instrument_id))
        });
        kept(batch, &keep.collect())
    }
}

fn kept(batch: &LoggedBatch, keep: &BooleanArray) -> Result<Option<LoggedBatch>, ReadError> {
    let Some(first) = (0..keep.len()).find(|row| keep.value(*row)) else { return Ok(None) };
    let rows: RecordBatch = arrow_select::filter::filter_record_batch(&batch.rows, keep)?;
    Ok(Some(LoggedBatch {
        first_seq: batch.first_seq + first as u64,
        first_pseq: batch.first_pseq + first as u64,
        rows: Arc::new(rows),
        ..batch.clone()
    }))
}
