//! Rows of one input on their way into the common order of several.

use crate::error::Failure;
use crate::input::RawSource;
use arrow_array::RecordBatch;
use contract::{
    BookDeltas, Decisions, Depths, Executions, Postings, Quotes, Statuses, Table, TableSpec, Trades,
};

/// What comes first in a slice of time: the market before those who act on it, a trade before the quote it leaves behind.
const FIRST: [&str; 5] = [
    Statuses::SPEC.name,
    Trades::SPEC.name,
    BookDeltas::SPEC.name,
    Quotes::SPEC.name,
    Depths::SPEC.name,
];
const LAST: [&str; 3] = [Decisions::SPEC.name, Executions::SPEC.name, Postings::SPEC.name];

/// Place of a table in a slice.
pub(super) fn rank(table: &TableSpec) -> usize {
    let place = |names: &[&str]| names.iter().position(|name| *name == table.name);
    match (place(&FIRST), place(&LAST)) {
        (Some(at), _) => at,
        (None, Some(at)) => FIRST.len() + 1 + at,
        (None, None) => FIRST.len(),
    }
}

/// An input, read as far as is needed.
pub(super) struct Line {
    /// Which of the inputs.
    pub(super) at: usize,
    raw: RawSource,
    /// Rows that keep the rules and were not taken yet, and when each was available.
    rows: Option<(RecordBatch, Vec<i64>)>,
    is_over: bool,
}

/// Rows that keep the rules, of the input with this number.
type Admit<'a> = dyn FnMut(usize, &RecordBatch) -> Result<RecordBatch, Option<Failure>> + 'a;

impl Line {
    pub(super) fn new(at: usize, raw: RawSource) -> Self {
        Self { at, raw, rows: None, is_over: false }
    }

    pub(super) fn is_trusted(&self) -> bool {
        self.raw.is_trusted()
    }

    /// When the next row was available; `None` at the end.
    ///
    /// Rules that look across rows look at whole batches of the input, so the cut of the slices rejects nothing.
    pub(super) fn head(&mut self, admit: &mut Admit<'_>) -> Result<Option<i64>, Option<Failure>> {
        while self.rows.is_none() && !self.is_over {
            let Some(batch) = self.raw.next_batch().map_err(Some)? else {
                self.is_over = true;
                break;
            };
            let good = admit(self.at, &batch)?;
            let stamps = stamps(&good);
            if !stamps.is_empty() {
                self.rows = Some((good, stamps));
            }
        }
        Ok(self.rows.as_ref().and_then(|(_, stamps)| stamps.first().copied()))
    }

    /// The next rows, up to the first that was not available before an instant: the order of an input is never changed.
    pub(super) fn take_before(&mut self, end: i64) -> RecordBatch {
        let Some((rows, stamps)) = self.rows.take() else {
            return RecordBatch::new_empty(self.raw.schema().clone());
        };
        let n = stamps.iter().position(|stamp| *stamp >= end).unwrap_or(stamps.len());
        let taken = rows.slice(0, n);
        if n < stamps.len() {
            let rest = stamps.get(n..).unwrap_or_default().to_vec();
            self.rows = Some((rows.slice(n, rest.len()), rest));
        }
        taken
    }
}

fn stamps(rows: &RecordBatch) -> Vec<i64> {
    let name = rows.schema_ref().metadata().get(contract::meta::TABLE);
    let spec = name.and_then(|name| contract::table(name));
    let parsed = spec.and_then(|spec| contract::AnyBatch::parse(spec, rows).ok());
    let stamps = parsed.as_ref().and_then(contract::AnyBatch::ts_avail);
    stamps.map_or_else(Vec::new, |stamps| stamps.values().to_vec())
}
