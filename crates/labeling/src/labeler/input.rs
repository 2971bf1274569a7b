//! Tables that a labeler takes.

use super::{Held, Labeler};
use crate::error::LabelError;
use crate::intake::{Decode, Decoded};
use contract::{
    Adjustments, Batch, Decisions, Executions, FeeSchedules, FeedMarks, Instruments, LedgerGaps,
    Origin, Postings, Quotes, References, Reject, Sessions, Statuses, Table, Trades,
};

/// A table that a labeler takes; no other can be pushed.
pub trait Input: Table + sealed::Sealed {
    #[doc(hidden)]
    fn take(labeler: &mut Labeler, batch: &Batch<Self>) -> Result<(), LabelError>
    where
        Self: Sized;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! inputs {
    ($($table:ident: |$labeler:ident, $batch:ident| $take:expr;)*) => {$(
        impl sealed::Sealed for $table {}
        impl Input for $table {
            fn take($labeler: &mut Labeler, $batch: &Batch<Self>) -> Result<(), LabelError> {
                $take
            }
        }
    )*};
}

inputs! {
    Quotes: |labeler, batch| labeler.take_events(batch);
    Trades: |labeler, batch| labeler.take_events(batch);
    Statuses: |labeler, batch| labeler.take_events(batch);
    Decisions: |labeler, batch| labeler.take_events(batch);
    Executions: |labeler, batch| labeler.take_events(batch);
    Postings: |labeler, batch| labeler.take_events(batch);
    FeedMarks: |labeler, batch| labeler.take_events(batch);
    LedgerGaps: |labeler, batch| labeler.take_events(batch);
    Instruments: |labeler, batch| labeler.facts.add_instruments(batch);
    Sessions: |labeler, batch| labeler.facts.add_sessions(batch);
    Adjustments: |labeler, batch| labeler.facts.add_adjustments(batch);
    FeeSchedules: |labeler, batch| labeler.facts.add_fees(batch);
    References: |labeler, batch| labeler.facts.add_references(batch);
}

impl Labeler {
    /// Takes a record batch of any table that a labeler reads, told by its metadata.
    ///
    /// # Errors
    /// [`LabelError::Table`] for another table, and as [`push`](Self::push).
    pub fn push_record_batch(
        &mut self,
        batch: &contract::arrow_array::RecordBatch,
    ) -> Result<super::Output, LabelError> {
        let schema = batch.schema_ref();
        let table = schema.metadata().get(contract::meta::TABLE).map_or("", String::as_str);
        macro_rules! dispatch {
            ($($name:ident)*) => {
                match table {
                    $(name if name == $name::SPEC.name => self.push(&Batch::<$name>::parse(batch)?),)*
                    other => Err(LabelError::Table {
                        expected: [$($name::SPEC.name),*].join(", "),
                        found: contract::excerpt(other.as_bytes()),
                    }),
                }
            };
        }
        dispatch! {
            Quotes Trades Statuses Decisions Executions Postings FeedMarks LedgerGaps
            Instruments Sessions Adjustments FeeSchedules References
        }
    }

    fn take_events<T: Decode>(&mut self, batch: &Batch<T>) -> Result<(), LabelError> {
        let decoded = self.decode(batch)?;
        let mut events = decoded.events.into_iter().peekable();
        let mut refused = decoded.refused.into_iter().peekable();
        let clocks = decoded.clocks;
        for at in 0..batch.len() {
            let row = Row {
                clock: clocks.get(at).copied(),
                event: events.next_if(|(row, _)| *row == at).map(|(_, event)| event),
                refused: refused.next_if(|refused| refused.row == at),
            };
            self.take_row(T::SPEC.name, row)?;
        }
        Ok(())
    }

    pub(crate) fn decode<T: Decode>(&mut self, batch: &Batch<T>) -> Result<Decoded, LabelError> {
        T::decode(batch, &mut self.words, self.global.exclude)
    }

    /// Takes rows of a reference table; nothing is said.
    pub(crate) fn push_whole<T: Input>(&mut self, batch: &Batch<T>) -> Result<(), LabelError> {
        T::take(self, batch)
    }

    /// One row: what it does never depends on those behind it.
    pub(crate) fn take_row(&mut self, table: &'static str, row: Row) -> Result<(), LabelError> {
        let read = self.report.rows_read.entry(table).or_default();
        let position = *read;
        *read += 1;
        let before = self.clock;
        if let Some(clock) = row.clock {
            self.tick(clock)?;
        }
        if let Some(refused) = row.refused {
            let origin = Origin::new("labeling", table);
            let reject = Reject::new(&origin, table, position, refused.code).about(
                refused.column,
                refused.expected,
                refused.found,
            );
            self.report.rejected += 1;
            if table == Decisions::SPEC.name {
                self.report.decisions += 1;
                self.report.rejected_decisions += 1;
            }
            self.rejects.push(reject);
        }
        if let Some(event) = row.event {
            self.admit(Held { event, table, position }, before)?;
        }
        self.since_forget += 1;
        if self.since_forget >= self.forget_every {
            self.since_forget = 0;
            self.forget();
        }
        Ok(())
    }
}

/// A row of an event table that was taken apart.
#[derive(Debug)]
pub(crate) struct Row {
    /// What moves the log clock.
    pub(crate) clock: Option<i64>,
    pub(crate) event: Option<crate::rows::Event>,
    pub(crate) refused: Option<crate::intake::Refused>,
}
