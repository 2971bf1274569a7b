//! Versions of instruments.

use arrow_array::Array;
use contract::{Draft, Instruments, UnknownWord};
use std::collections::BTreeMap;

/// What checks read of one version of an instrument.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instrument {
    valid_from: i64,
    valid_to: i64,
    ts_avail: i64,
    revision: u16,
    pub(crate) tick_size: Option<i64>,
    /// In units of 1e-9.
    pub(crate) lot_size: Option<i128>,
    pub(crate) allows_nonpositive_px: bool,
    pub(crate) calendar: Option<String>,
    pub(crate) quote_ccy: String,
    pub(crate) settle_ccy: Option<String>,
}

/// Instruments by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct InstrumentBook {
    versions: BTreeMap<u32, Vec<Instrument>>,
}

impl InstrumentBook {
    pub(crate) fn add(&mut self, rows: &Draft<Instruments>) -> Result<(), UnknownWord> {
        for row in 0..rows.len() {
            let ticks = rows.col(&Instruments::TICK_SIZE);
            let lots = rows.col(&Instruments::LOT_SIZE);
            let version = Instrument {
                valid_from: rows.col(&Instruments::VALID_FROM).value(row),
                valid_to: rows
                    .cell(&Instruments::VALID_TO, row)?
                    .map_or(i64::MAX, contract::UtcNanos::nanos),
                ts_avail: rows.col(&Instruments::TS_AVAIL).value(row),
                revision: rows.col(&Instruments::REVISION).value(row),
                tick_size: ticks.is_valid(row).then(|| ticks.value(row)).filter(|t| *t > 0),
                lot_size: lots.is_valid(row).then(|| lots.value(row)).filter(|l| *l > 0),
                allows_nonpositive_px: rows.col(&Instruments::ALLOWS_NONPOSITIVE_PX).value(row),
                calendar: rows.cell(&Instruments::CALENDAR_ID, row)?.map(str::to_owned),
                quote_ccy: rows.cell(&Instruments::QUOTE_CCY, row)?.to_owned(),
                settle_ccy: rows.cell(&Instruments::SETTLE_CCY, row)?.map(str::to_owned),
            };
            let id = rows.col(&Instruments::INSTRUMENT_ID).value(row);
            let versions = self.versions.entry(id).or_default();
            versions.push(version);
        }
        Ok(())
    }

    /// The version that holds at an instant, as is known in the end; of several the one with the greatest revision.
    pub(crate) fn at(&self, id: u32, ts: i64) -> Option<&Instrument> {
        self.known_at(id, ts, i64::MAX)
    }

    /// The version that holds at `ts` and was known by `ts_avail`; of several the one with the greatest revision.
    pub(crate) fn known_at(&self, id: u32, ts: i64, ts_avail: i64) -> Option<&Instrument> {
        version(self.versions.get(&id)?, ts, ts_avail)
    }
}

fn version(versions: &[Instrument], ts: i64, ts_avail: i64) -> Option<&Instrument> {
    let holds = |v: &&Instrument| v.valid_from <= ts && ts < v.valid_to && v.ts_avail <= ts_avail;
    versions.iter().filter(holds).max_by_key(|v| (v.revision, v.valid_from))
}

/// Versions of instruments, looked up row by row: rows of one instrument in a row cost one search.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    book: &'a InstrumentBook,
    last: Option<(u32, &'a [Instrument])>,
}

impl<'a> Lookup<'a> {
    pub(crate) const fn new(book: &'a InstrumentBook) -> Self {
        Self { book, last: None }
    }

    /// As [`InstrumentBook::known_at`].
    pub(crate) fn at(&mut self, id: u32, ts: i64, ts_avail: i64) -> Option<&'a Instrument> {
        let versions = match self.last {
            Some((last, versions)) if last == id => versions,
            _ => {
                let versions = self.book.versions.get(&id).map_or(&[][..], Vec::as_slice);
                self.last = Some((id, versions));
                versions
            }
        };
        version(versions, ts, ts_avail)
    }
}
