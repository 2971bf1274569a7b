//! Bars and rows for comparisons, and the two-venue FX files where `HINDSIGHT_DATA` says where they lie.

use contract::{
    Bars, Draft, InstrumentId, Price, PriceType, Quotes, SourceId, TableBuilder, UtcNanos,
};
use quality::{BarMid, CompareBy, SourceRows};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Start, close of the bid, close of the ask.
pub(crate) type Bar = (i64, i64, i64);

pub(crate) const HOUR: i64 = 3_600_000_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A bid and an ask bar a row, in 1e-9.
pub(crate) fn bars(instrument: u32, step_ns: i64, rows: &[Bar]) -> Draft<Bars> {
    let mut table = TableBuilder::<Bars>::new(UtcNanos::from_nanos(0));
    for (start, bid, ask) in rows {
        let (open, close) = (UtcNanos::from_nanos(*start), UtcNanos::from_nanos(start + step_ns));
        for (price_type, px) in [(PriceType::Bid, *bid), (PriceType::Ask, *ask)] {
            let px = Price::from_nanos(px);
            table.set_now(close);
            table
                .set(&Bars::SOURCE_ID, SourceId::new(1))
                .set(&Bars::INSTRUMENT_ID, InstrumentId::new(instrument))
                .set(&Bars::TS_EVENT, close)
                .set(&Bars::TS_OPEN, open)
                .set(&Bars::TS_CLOSE, close)
                .set(&Bars::STEP_NS, step_ns)
                .set(&Bars::PRICE_TYPE, price_type)
                .set(&Bars::OPEN, px)
                .set(&Bars::HIGH, px)
                .set(&Bars::LOW, px)
                .set(&Bars::CLOSE, px)
                .set(&Bars::IS_FINAL, true);
            table.end_row().unwrap();
        }
    }
    table.finish().unwrap()
}

/// Quotes: time, bid, ask in 1e-9.
pub(crate) fn quotes(instrument: u32, rows: &[(i64, Option<i64>, Option<i64>)]) -> Draft<Quotes> {
    let mut table = TableBuilder::<Quotes>::new(UtcNanos::from_nanos(0));
    for (ts, bid, ask) in rows {
        table.set_now(UtcNanos::from_nanos(*ts));
        table
            .set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(instrument))
            .set(&Quotes::BID_PX, bid.map(Price::from_nanos))
            .set(&Quotes::ASK_PX, ask.map(Price::from_nanos));
        table.end_row().unwrap();
    }
    table.finish().unwrap()
}

/// A source of bars.
pub(crate) fn source(name: &str, step_ns: i64, rows: &[(u32, Vec<Bar>)]) -> SourceRows {
    let mut source = SourceRows::new(name, CompareBy::Available);
    for (instrument, rows) in rows {
        source.bars(&bars(*instrument, step_ns, rows), BarMid::BidAsk).unwrap();
    }
    source
}

/// The folder with the real files; without it the tests that need them say so and end.
#[expect(clippy::disallowed_methods, reason = "where the real files lie differs by machine")]
pub(crate) fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("HINDSIGHT_DATA").map(PathBuf::from);
    if folder.is_none() {
        let mut err = std::io::stderr().lock();
        writeln!(err, "skipped: HINDSIGHT_DATA does not say where the real files are").unwrap();
    }
    folder
}

fn text(path: &Path) -> String {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn nanos(text: &str) -> i64 {
    Price::parse(text).unwrap().nanos()
}

fn midnight(day: &str) -> i64 {
    let (year, month, day) = (&day[..4], &day[4..6], &day[6..8]);
    UtcNanos::parse(&format!("{year}-{month}-{day}T00:00:00Z")).unwrap().nanos()
}

/// Minute bars of one folder between two days: local stamps as if they were UTC.
pub(crate) fn minutes(folder: &Path, days: (&str, &str)) -> Vec<Bar> {
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let day = path.file_name().unwrap().to_str().unwrap()[..8].to_owned();
        if (days.0..=days.1).contains(&day.as_str()) {
            for line in text(&path).lines() {
                let cells: Vec<&str> = line.split(',').collect();
                let ts = midnight(&day) + cells[0].parse::<i64>().unwrap() * 1_000_000;
                rows.push((ts, nanos(cells[4]), nanos(cells[9])));
            }
        }
    }
    rows.sort_unstable();
    rows
}

/// Hourly bars of one file.
pub(crate) fn hours(path: &Path) -> Vec<Bar> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let (day, clock) = cells[0].split_once(' ').unwrap();
        let hour: i64 = clock.split_once(':').unwrap().0.parse().unwrap();
        (midnight(day) + hour * HOUR, nanos(cells[4]), nanos(cells[9]))
    };
    text(path).lines().filter(|line| !line.trim().is_empty()).map(row).collect()
}
