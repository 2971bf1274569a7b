//! Tables that a sweep takes.

use super::Sweep;
use crate::error::SweepError;
use contract::{
    Batch, Decisions, Depths, FeedMarks, Instruments, LedgerGaps, Quotes, Roles, ScheduledEvents,
    Sessions, Statuses, Table, Trades,
};

/// A table that a sweep takes; no other can be pushed.
pub trait Input: Table + sealed::Sealed {
    #[doc(hidden)]
    fn take(sweep: &mut Sweep, log: u8, batch: &Batch<Self>) -> Result<(), SweepError>
    where
        Self: Sized;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! inputs {
    ($($table:ident: |$sweep:ident, $log:ident, $batch:ident| $take:expr;)*) => {$(
        impl sealed::Sealed for $table {}
        impl Input for $table {
            fn take($sweep: &mut Sweep, $log: u8, $batch: &Batch<Self>) -> Result<(), SweepError> {
                $take
            }
        }
    )*};
}

fn word(table: &'static str) -> impl Fn(contract::UnknownWord) -> SweepError {
    move |source| SweepError::Word { table, source }
}

inputs! {
    Quotes: |sweep, log, batch| sweep.take_quotes(log, batch);
    Trades: |sweep, log, batch| sweep.take_trades(log, batch);
    Depths: |sweep, log, batch| sweep.take_depths(log, batch);
    Decisions: |sweep, log, batch| sweep.take_decisions(log, batch);
    Statuses: |sweep, log, batch| sweep.take_statuses(log, batch);
    FeedMarks: |sweep, log, batch| sweep.take_marks(log, batch);
    LedgerGaps: |sweep, _log, batch| sweep.take_ledger_gaps(batch);
    Instruments: |sweep, _log, batch| {
        let late = sweep.reference.add_instruments(batch, sweep.answered).map_err(word("instruments"))?;
        sweep.late_reference("instruments", batch.len(), &late);
        Ok(())
    };
    Roles: |sweep, _log, batch| {
        let late = sweep.reference.add_roles(batch, sweep.answered).map_err(word("roles"))?;
        sweep.late_reference("roles", batch.len(), &late);
        Ok(())
    };
    Sessions: |sweep, _log, batch| {
        let late = sweep.reference.add_sessions(batch, sweep.answered).map_err(word("sessions"))?;
        sweep.late_reference("sessions", batch.len(), &late);
        Ok(())
    };
    ScheduledEvents: |sweep, _log, batch| {
        let late = sweep.reference.add_events(batch, sweep.answered).map_err(word("scheduled_events"))?;
        sweep.late_reference("scheduled_events", batch.len(), &late);
        Ok(())
    };
}

impl Sweep {
    /// Takes a record batch of any table that a sweep reads, told by its metadata.
    ///
    /// # Errors
    /// [`SweepError::Table`] for another table, [`SweepError::Hindsight`] for one that knows the future, and as
    /// [`push`](Self::push).
    pub fn push_record_batch(
        &mut self,
        log: u8,
        batch: &contract::arrow_array::RecordBatch,
    ) -> Result<super::Output, SweepError> {
        let schema = batch.schema_ref();
        let table = schema.metadata().get(contract::meta::TABLE).map_or("", String::as_str);
        refuse_hindsight(table, schema)?;
        macro_rules! dispatch {
            ($($name:ident)*) => {
                match table {
                    $(name if name == $name::SPEC.name => {
                        self.push_from(log, &Batch::<$name>::parse(batch)?)
                    })*
                    other => Err(SweepError::Table {
                        expected: [$($name::SPEC.name),*].join(", "),
                        found: contract::excerpt(other.as_bytes()),
                    }),
                }
            };
        }
        dispatch! {
            Quotes Trades Depths Decisions Statuses FeedMarks LedgerGaps Instruments Roles Sessions ScheduledEvents
        }
    }
}

/// Refuses a schema that is marked, as a whole or in one column, as knowing the future.
///
/// [`Sweep::push_record_batch`] does so for every batch; a caller may do so before any work.
///
/// # Errors
/// [`SweepError::Hindsight`].
pub fn refuse_hindsight(
    table: &str,
    schema: &contract::arrow_schema::Schema,
) -> Result<(), SweepError> {
    let marked = |metadata: &std::collections::HashMap<String, String>| {
        metadata.get(contract::meta::CAUSALITY).is_some_and(|word| word == "hindsight")
    };
    if marked(schema.metadata()) {
        return Err(SweepError::Hindsight { table: table.to_owned(), column: None });
    }
    match schema.fields().iter().find(|field| marked(field.metadata())) {
        Some(field) => Err(SweepError::Hindsight {
            table: table.to_owned(),
            column: Some(field.name().clone()),
        }),
        None => Ok(()),
    }
}
