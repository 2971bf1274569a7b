//! Writes a log of a small trading day, the same bytes in every run:
//! `cargo run -p capture --example write_log -- FOLDER [--unclean] [--archive]`.
//!
//! `--unclean` ends without closing the log, as a killed process does; `--archive` also puts what is sealed into Parquet.
//! `read_log` prints the rows.
#![expect(clippy::print_stdout, reason = "an example that says what it did")]

use capture::{ArchivePolicy, Codec, Drive, FixedClock, Log, Options, Producer, ProducerSpec};
use contract::{
    Aggressor, Amount, DecisionAction, Decisions, Draft, EventId, Flags, InstrumentId, Price, Side,
    SourceId, TableBuilder, TradeAction, Trades, UtcNanos,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The log chooses nothing at random: what it needs to be unguessable comes from here.
const SEED: u64 = 7;
const SECOND: i64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().ok_or("usage: write_log FOLDER [--unclean] [--archive]")?);
    let flags: Vec<String> = args.collect();
    let has = |flag: &str| flags.iter().any(|f| f == flag);

    let now = UtcNanos::parse("2024-08-09T01:00:00Z")?;
    let options = Options {
        segment_bytes: 1 << 20,
        // One row a batch is mostly metadata, which compresses well; a thousand rows are better left as they are.
        codecs: BTreeMap::from([("decisions".to_owned(), Codec::Zstd)]),
        // A program leaves this out: then two threads of the log do what `step` does here.
        drive: Drive::Steps,
        ballast: false,
        ..Options::default()
    };
    let clock = Arc::new(FixedClock(now));
    let (log, report) = Log::open(Arc::new(durable::RealFs), &dir, options, clock, SEED)?;
    println!("log {}, {}", report.log_id, report.start.word());

    let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "feed"))?;
    let mut desk = log.open_producer(ProducerSpec::new(EventId::from_bytes([2; 16]), "desk"))?;
    // The hours around midnight, so that the archive has two dates.
    let start = now.nanos() - 7200 * SECOND;
    for minute in 0..100 {
        let at = start + minute * 60 * SECOND;
        // Both come back at once: they are durable when the group is, and the tickets would say so.
        drop(feed.append(&tape(at, 400)?)?);
        drop(desk.append(&decision(at + SECOND, minute)?)?);
        if minute % 10 == 9 {
            // Five trades that the feed has lost on its side, and a sign of life of both.
            drop(feed.skip(5, "the venue's stream was cut")?);
            drop((feed.beat()?, desk.beat()?));
        }
        log.step();
    }
    let ack = feed.append_durable(&tape(start + 6000 * SECOND, 3)?)?;
    println!("the last trades are durable as rows {:?} of the log", ack.stored);
    if has("--archive") {
        let run = log.archive_once(&ArchivePolicy::now())?;
        println!("segments {:?} are archived: {} rows", run.segments, run.rows);
    }
    if has("--unclean") {
        // Nothing of what an end in order does: no last frame, no seal.
        std::mem::forget((log, feed, desk));
        return Ok(());
    }
    close(log, [feed, desk])
}

fn close<const N: usize>(
    log: Log,
    producers: [Producer; N],
) -> Result<(), Box<dyn std::error::Error>> {
    for producer in producers {
        producer.close()?;
    }
    Ok(log.close()?)
}

/// Trades a millisecond apart; every tenth arrived before the one in front of it.
fn tape(from: i64, rows: i64) -> Result<Draft<Trades>, Box<dyn std::error::Error>> {
    let mut out = TableBuilder::<Trades>::new(UtcNanos::from_nanos(from));
    for n in 0..rows {
        let arrived = from + n * 1_000_000 - if n % 10 == 9 { 5_000_000 } else { 0 };
        out.set_now(UtcNanos::from_nanos(arrived));
        out.set(&Trades::SOURCE_ID, SourceId::new(1))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(if n % 3 == 0 { 1 } else { 2 }))
            .set(&Trades::FLAGS, Flags::LAST.bits())
            .set(&Trades::PX, Price::parse("101.25")?)
            .set(&Trades::SIZE, 0.5)
            .set(&Trades::AGGRESSOR, if n % 2 == 0 { Aggressor::Buyer } else { Aggressor::Seller })
            .set(&Trades::ACTION, TradeAction::Trade)
            .end_row()?;
    }
    Ok(out.finish()?)
}

/// A decision to buy one.
fn decision(at: i64, n: i64) -> Result<Draft<Decisions>, Box<dyn std::error::Error>> {
    let at = UtcNanos::from_nanos(at);
    let mut out = TableBuilder::<Decisions>::new(at);
    out.set(&Decisions::DECISION_ID, EventId::v7(u64::try_from(n)?, [0; 10]))
        .set(&Decisions::SOURCE_ID, SourceId::new(2))
        .set(&Decisions::STRATEGY_ID, if n % 2 == 0 { "momentum" } else { "carry" })
        .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Decisions::TS_EVENT, at)
        .set(&Decisions::ACTION, DecisionAction::Enter)
        .set(&Decisions::SIDE, Side::Buy)
        .set(&Decisions::QTY, Amount::from_units(1))
        .end_row()?;
    Ok(out.finish()?)
}
