//! The ledger as tables of the contract, and back.

use super::Ledger;
use super::account::Account;
use crate::gap::{self, Gap};
use crate::runs::Runs;
use contract::arrow_array::RecordBatch;
use contract::{
    BuildError, Draft, EventId, GapKind, LedgerGaps, LedgerProducers, LedgerRuns, ProducerState,
    ShapeError, Table, TableBuilder, UnknownWord, UtcNanos, meta,
};

/// Why stored tables are no ledger of this log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum LedgerError {
    /// Columns or versions.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A word outside its closed set.
    #[error("ledger: {0}")]
    Word(#[from] UnknownWord),
    /// A table that is no part of a ledger.
    #[error("ledger: expected a table of the ledger, found `{0}`")]
    Table(String),
    /// Rows of another log.
    #[error("ledger: expected log {expected}, found {found}")]
    Log {
        /// This log.
        expected: EventId,
        /// The log named in the row.
        found: EventId,
    },
    /// Runs or gaps of a producer without a row of its own.
    #[error("ledger: expected a row of producer {0}, found only its runs or gaps")]
    Producer(EventId),
    /// The ranges do not add up to the numbers beside them.
    #[error("ledger: {what} of producer {producer}: expected {expected}, found {found}")]
    Sum {
        /// Whose.
        producer: EventId,
        /// Which number.
        what: &'static str,
        /// As the producer's row says.
        expected: u64,
        /// As its ranges say.
        found: u64,
    },
}

impl Ledger {
    /// The whole state as `ledger_producers`, `ledger_runs` and `ledger_gaps`.
    ///
    /// Runs are durable rows above `next_pseq`; gaps hold skips, losses and what is missing.
    pub(crate) fn snapshot(
        &self,
        as_of_seq: u64,
        now: UtcNanos,
    ) -> Result<[RecordBatch; 3], BuildError> {
        let mut runs = TableBuilder::<LedgerRuns>::new(now);
        for (id, account) in &self.accounts {
            for run in account.durable.iter().filter(|run| run.start > account.first) {
                runs.set(&LedgerRuns::PRODUCER_ID, *id)
                    .set(&LedgerRuns::FIRST_PSEQ, run.start)
                    .set(&LedgerRuns::END_PSEQ, run.end)
                    .end_row()?;
            }
        }
        Ok([
            crate::completeness::draft(&self.accounts(as_of_seq, now))?.into_record_batch(),
            runs.finish()?.into_record_batch(),
            gap::draft(self.log_id, &self.gaps())?.into_record_batch(),
        ])
    }

    /// The state that a snapshot holds; each table may come in several batches, in any order.
    pub(crate) fn restore(log_id: EventId, batches: &[RecordBatch]) -> Result<Self, LedgerError> {
        let (mut producers, mut runs, mut gaps) = (Vec::new(), Vec::new(), Vec::new());
        for batch in batches {
            match batch.schema().metadata().get(meta::TABLE).map_or("", String::as_str) {
                name if name == LedgerProducers::SPEC.name => {
                    producers.push(Draft::<LedgerProducers>::parse(batch)?);
                }
                name if name == LedgerRuns::SPEC.name => {
                    runs.push(Draft::<LedgerRuns>::parse(batch)?);
                }
                name if name == LedgerGaps::SPEC.name => {
                    gaps.push(Draft::<LedgerGaps>::parse(batch)?);
                }
                other => return Err(LedgerError::Table(other.to_owned())),
            }
        }
        let mut ledger = Self::new(log_id);
        for (table, row) in rows(&producers) {
            ledger.restore_producer(table, row)?;
        }
        for (table, row) in rows(&runs) {
            let range = table.cell(&LedgerRuns::FIRST_PSEQ, row)?
                ..table.cell(&LedgerRuns::END_PSEQ, row)?;
            ledger.restored(table.cell(&LedgerRuns::PRODUCER_ID, row)?)?.durable.insert(range);
        }
        for (table, row) in rows(&gaps) {
            let (found, gap) = gap::from_row(table, row)?;
            same_log(log_id, found)?;
            ledger.restore_gap(gap)?;
        }
        for account in ledger.accounts.values_mut() {
            account.settle_restored();
        }
        for (table, row) in rows(&producers) {
            ledger.verify(table, row)?;
        }
        Ok(ledger)
    }

    fn restored(&mut self, producer: EventId) -> Result<&mut Account, LedgerError> {
        self.accounts.get_mut(&producer).ok_or(LedgerError::Producer(producer))
    }

    fn restore_producer(
        &mut self,
        table: &Draft<LedgerProducers>,
        row: usize,
    ) -> Result<(), LedgerError> {
        same_log(self.log_id, table.cell(&LedgerProducers::LOG_ID, row)?)?;
        let first = table.cell(&LedgerProducers::FIRST_PSEQ, row)?;
        let mut account = Account::new(
            table.cell(&LedgerProducers::PRODUCER_NAME, row)?,
            table.cell(&LedgerProducers::MODE, row)?,
            table.cell(&LedgerProducers::EPOCH, row)?,
            first,
        );
        account.is_closed = table.cell(&LedgerProducers::STATE, row)? == ProducerState::Closed;
        account.promised = table.cell(&LedgerProducers::PROMISED_PSEQ, row)?;
        account.durable.insert(first..table.cell(&LedgerProducers::NEXT_PSEQ, row)?);
        account.duplicate = table.cell(&LedgerProducers::ROWS_DUPLICATE, row)?;
        account.rejected = table.cell(&LedgerProducers::ROWS_REJECTED, row)?;
        // Snapshots of version 1 did not count them.
        account.late = table.cell(&LedgerProducers::ROWS_LATE, row)?.unwrap_or(0);
        account.ts_first = table.cell(&LedgerProducers::TS_FIRST, row)?;
        account.ts_last = table.cell(&LedgerProducers::TS_LAST, row)?;
        account.ts_beat = table.cell(&LedgerProducers::TS_BEAT, row)?;
        self.accounts.insert(table.cell(&LedgerProducers::PRODUCER_ID, row)?, account);
        Ok(())
    }

    fn restore_gap(&mut self, gap: Gap) -> Result<(), LedgerError> {
        let Some((producer, pseqs)) = gap.producer_id.zip(gap.pseqs.clone()) else {
            self.record(gap);
            return Ok(());
        };
        match gap.kind {
            GapKind::Missing => {
                self.restored(producer)?.missing.push(pseqs, gap.ts_declared);
            }
            GapKind::Skipped => {
                self.restored(producer)?.skipped.insert(pseqs.clone());
                self.skips.insert((producer, pseqs.start), gap);
            }
            GapKind::Damaged => {
                let account = self.restored(producer)?;
                if !gap.is_repaired {
                    account.lost.insert(pseqs.start.max(account.first)..pseqs.end);
                }
                self.record(gap);
            }
            GapKind::Torn => self.record(gap),
        }
        Ok(())
    }

    /// Compares the ranges with the counts that were stored beside them.
    fn verify(&self, table: &Draft<LedgerProducers>, row: usize) -> Result<(), LedgerError> {
        let producer = table.cell(&LedgerProducers::PRODUCER_ID, row)?;
        let Some(account) = self.accounts.get(&producer) else { return Ok(()) };
        let fates = [
            ("rows_durable", &LedgerProducers::ROWS_DURABLE, account.durable.count()),
            ("rows_skipped", &LedgerProducers::ROWS_SKIPPED, account.skipped.count()),
            ("rows_missing", &LedgerProducers::ROWS_MISSING, account.missing.count()),
            ("rows_lost", &LedgerProducers::ROWS_LOST, account.lost.count()),
        ];
        let sum = fates.iter().fold(0_u64, |sum, (_, _, n)| sum.saturating_add(*n));
        for (what, column, found) in fates {
            let expected = table.cell(column, row)?;
            if expected != found {
                return Err(LedgerError::Sum { producer, what, expected, found });
            }
        }
        let expected = account.end - account.first;
        if expected != sum {
            return Err(LedgerError::Sum { producer, what: "rows in all", expected, found: sum });
        }
        Ok(())
    }
}

impl Account {
    /// Lost is what an open gap names and neither came back nor was skipped; the end follows from the ranges.
    fn settle_restored(&mut self) {
        let there: Vec<_> = self.durable.iter().chain(self.skipped.iter()).collect();
        for run in there {
            self.lost.remove(run);
        }
        let ends = [&self.durable, &self.skipped, &self.lost].map(Runs::end);
        let seen = ends.into_iter().max().unwrap_or(0).max(self.missing.end());
        self.end = self.first.max(seen).max(self.promised.unwrap_or(0));
    }
}

fn same_log(expected: EventId, found: EventId) -> Result<(), LedgerError> {
    if expected == found { Ok(()) } else { Err(LedgerError::Log { expected, found }) }
}

fn rows<T: Table>(tables: &[Draft<T>]) -> impl Iterator<Item = (&Draft<T>, usize)> {
    tables.iter().flat_map(|table| (0..table.len()).map(move |row| (table, row)))
}
