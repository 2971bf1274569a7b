//! A capture log as tables: its segments and its archive, one row once.
//!
//! # One moment a statement
//! A statement sees each log as it was when its first table was planned: [`capture::stock`] reads the manifest, then the
//! mark of durability `S`. From these two the numbers below `S` are cut into two parts that touch and do not overlap:
//! `A`, the ranges that the manifest's archive records cover, and `L`, the rest.
//!
//! Rows of `A` come from the files that those records name. A recorded file is never changed and never removed, and all
//! its rows have numbers within the range of its record, so each of them is read once. Rows of `L` come from a
//! [`capture::Reader`] over each range of `L`, which hands out every row of a range of numbers once, wherever it stands when
//! the reader comes to it: in its segment, or, when another process has archived and dropped the segment since the
//! manifest was read, in the file of a later record. A segment that is archived and not dropped yet lies in `A`, and no
//! reader is sent there. So no row below `S` is lost or doubled, whatever the writer does meanwhile.
//!
//! The order matters: rows were durable before they were archived, so a mark that is read after the manifest covers what
//! the manifest names. Where the mark is older all the same, because it is not synced and the power went, `S` is the end
//! of the last record. Rows at or above `S` are not shown, so that all tables of the log show the same moment.

pub(crate) mod bounds;
pub(crate) mod grant;
mod ledger;
mod pieces;
mod scan;
mod table;
mod zones;

use crate::answer::Notes;
use crate::catalogue::LogEntry;
use crate::error::QueryError;
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf};
use capture::Stock;
use contract::{Name, TABLES, TableSpec};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, col, lit};
use datafusion::scalar::ScalarValue;
use ledger::{LEDGER_TABLES, LedgerTable};
use std::sync::{Arc, Mutex, PoisonError};
use table::LogTable;

pub(crate) use zones::Learnt;

/// The tables of a capture log.
#[derive(Debug)]
pub(crate) struct LogShelf {
    place: Arc<Place>,
}

/// A log as one statement sees it.
#[derive(Debug)]
struct Place {
    shared: Arc<Shared>,
    entry: LogEntry,
    notes: Notes,
    /// The moment, once the first table was planned.
    stock: Mutex<Option<Arc<Stock>>>,
}

impl Place {
    /// What stands where; the same for all tables of the statement.
    fn stock(&self) -> Result<Arc<Stock>, QueryError> {
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stock) = stock.as_ref() {
            return Ok(Arc::clone(stock));
        }
        let found = Arc::new(capture::stock(&self.shared.fs, &self.entry.folder)?);
        *stock = Some(Arc::clone(&found));
        Ok(found)
    }

    /// The name that the gate knows the log by: the one that it has in SQL.
    fn name(&self) -> Result<Name, QueryError> {
        Name::parse(&self.entry.schema).map_err(|e| QueryError::Bug { message: e.to_string() })
    }
}

impl LogShelf {
    pub(crate) fn new(shared: &Arc<Shared>, entry: LogEntry, notes: Notes) -> Self {
        let shared = Arc::clone(shared);
        Self { place: Arc::new(Place { shared, entry, notes, stock: Mutex::new(None) }) }
    }

    fn event_table(&self, name: &str) -> Option<Arc<LogTable>> {
        let spec = event_tables().find(|spec| spec.name == name)?;
        Some(Arc::new(LogTable::new(Arc::clone(&self.place), spec)))
    }
}

/// Tables whose rows a log can hold.
fn event_tables() -> impl Iterator<Item = &'static TableSpec> {
    TABLES.iter().copied().filter(|spec| spec.is_event())
}

fn ledger_table(name: &str) -> Option<&'static TableSpec> {
    LEDGER_TABLES.contains(&name).then(|| contract::table(name)).flatten()
}

impl Shelf for LogShelf {
    fn schema(&self) -> &str {
        &self.place.entry.schema
    }

    fn names(&self) -> Vec<String> {
        let events = event_tables().map(|spec| spec.name);
        let mut names: Vec<String> = events.chain(LEDGER_TABLES).map(str::to_owned).collect();
        names.sort();
        names
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        if let Some(spec) = ledger_table(name) {
            return Ok(Some(Arc::new(LedgerTable::new(Arc::clone(&self.place), spec))));
        }
        Ok(self.event_table(name).map(|table| table as Arc<dyn TableProvider>))
    }

    /// The table behind a filter, which the optimizer pushes into the scan as it does any other.
    fn table_as_of(
        &self,
        name: &str,
        as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        if ledger_table(name).is_some() {
            return Err(QueryError::NoAsOf { table: name.to_owned() });
        }
        let Some(table) = self.event_table(name) else { return Ok(None) };
        let filter = match as_of {
            AsOf::Seq(seq) => {
                let end = self.place.stock()?.durable_seq;
                // Rows to come would have numbers up to it: the same question would have another answer then.
                if seq >= end {
                    return Err(QueryError::Argument {
                        function: "as_of",
                        argument: "bound",
                        expected: format!("a number that the log has, below {end}"),
                        found: seq.to_string(),
                    });
                }
                col("seq").lt_eq(lit(seq))
            }
            AsOf::Instant(instant) => {
                let zone = Some(contract::UTC.into());
                let instant = ScalarValue::TimestampNanosecond(Some(instant.nanos()), zone);
                col("ts_avail").lt(Expr::Literal(instant, None))
            }
        };
        let plan = LogicalPlanBuilder::scan(name, provider_as_source(table), None)
            .and_then(|scan| scan.filter(filter))
            .and_then(LogicalPlanBuilder::build)
            .map_err(|e| QueryError::Bug { message: e.to_string() })?;
        Ok(Some(Arc::new(ViewTable::new(plan, None))))
    }
}
