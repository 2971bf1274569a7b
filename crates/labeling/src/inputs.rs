//! The tables that labels are made of.

use crate::error::LabelError;
use contract::{
    Adjustments, Batch, Decisions, Executions, FeeSchedules, FeedMarks, Instruments, LedgerGaps,
    Postings, Quotes, References, Sessions, Statuses, Table, Trades,
};

/// The tables that a run reads: events of one log, each table in the order of its `seq`, and reference data.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// What was decided.
    pub decisions: Vec<Batch<Decisions>>,
    /// What became of orders.
    pub executions: Vec<Batch<Executions>>,
    /// Best bid and ask.
    pub quotes: Vec<Batch<Quotes>>,
    /// Public trades, for `path = "trade"`.
    pub trades: Vec<Batch<Trades>>,
    /// Halts.
    pub statuses: Vec<Batch<Statuses>>,
    /// Funding, borrow, dividends.
    pub postings: Vec<Batch<Postings>>,
    /// Gaps of sources.
    pub feed_marks: Vec<Batch<FeedMarks>>,
    /// Gaps of the log.
    pub ledger_gaps: Vec<Batch<LedgerGaps>>,
    /// Multipliers, ticks, currencies.
    pub instruments: Vec<Batch<Instruments>>,
    /// Trading sessions, for `overnight = "flat"`.
    pub sessions: Vec<Batch<Sessions>>,
    /// Splits, dividends, spin-offs.
    pub adjustments: Vec<Batch<Adjustments>>,
    /// Fees, for estimates.
    pub fee_schedules: Vec<Batch<FeeSchedules>>,
    /// Scales by decision.
    pub references: Vec<Batch<References>>,
}

impl Inputs {
    /// Adds a batch of any table that is read, told by its metadata.
    ///
    /// # Errors
    /// [`LabelError::Table`] for another table, [`LabelError::Shape`] for one that is not what it says.
    pub fn push(&mut self, batch: &contract::arrow_array::RecordBatch) -> Result<(), LabelError> {
        let schema = batch.schema_ref();
        let table = schema.metadata().get(contract::meta::TABLE).map_or("", String::as_str);
        macro_rules! dispatch {
            ($($field:ident: $name:ident),*) => {
                match table {
                    $(name if name == $name::SPEC.name => self.$field.push(Batch::<$name>::parse(batch)?),)*
                    other => return Err(LabelError::Table {
                        expected: [$($name::SPEC.name),*].join(", "),
                        found: contract::excerpt(other.as_bytes()),
                    }),
                }
            };
        }
        dispatch!(
            decisions: Decisions, executions: Executions, quotes: Quotes, trades: Trades,
            statuses: Statuses, postings: Postings, feed_marks: FeedMarks, ledger_gaps: LedgerGaps,
            instruments: Instruments, sessions: Sessions, adjustments: Adjustments,
            fee_schedules: FeeSchedules, references: References
        );
        Ok(())
    }
}
