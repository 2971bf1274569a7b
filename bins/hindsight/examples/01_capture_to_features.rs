//! A service in small: every event goes into a log, and features are made of what the log hands out.
//!
//! `cargo run -p hindsight --example 01_capture_to_features`
#![allow(clippy::print_stdout, reason = "what an example is for; a test takes it in too")]

use capture::{Filter, FixedClock, Item, Log, Options, ProducerSpec, Visibility};
use contract::{CaptureVerdict, EventId, Principal, Purpose, ReadContext, UtcNanos};
use features::{Catalogue, Spec, Sweep};
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

const SPEC: &str = r#"features = ["book__spread_bps__now", "flow__imb_vol__10s"]"#;
const TABLES: [&str; 4] = ["statuses", "trades", "quotes", "decisions"];

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    // A service gives its own clock, and a seed that nobody can guess.
    let clock = Arc::new(FixedClock(UtcNanos::parse("2026-04-01T00:00:00Z")?));
    let (dir, options) = (folder.path().join("log"), Options::default());
    let (log, found) = Log::open(Arc::new(durable::RealFs), &dir, options, clock, 7)?;
    assert!(found.lost.is_empty());

    // One producer a table here; a minute of a market stands for the feed and the strategies.
    let mut producers = BTreeMap::new();
    for (n, table) in (1_u8..).zip(TABLES) {
        let id = EventId::from_bytes([n; 16]);
        producers.insert(table, log.open_producer(ProducerSpec::new(id, table))?);
    }
    let market = Simulation::new(&Scenario::preset("small")?, 7).clean();
    for slice in market.skip(10).take(2) {
        for (table, rows) in slice.tables() {
            let Some(producer) = producers.get_mut(table).filter(|_| rows.num_rows() > 0) else {
                continue;
            };
            let ticket = producer.append_at(producer.next_pseq(), table, rows)?;
            ticket.wait(Duration::from_mins(1))?; // on the disk when it returns; a ticket is a future too
        }
    }
    for producer in producers.into_values() {
        producer.close()?;
    }

    // Any process may read: who and why is on record.
    let ctx =
        ReadContext { principal: Principal::parse("desk")?, purpose: Purpose::parse("live")? };
    let mut reader = log.reader(&ctx, log.start(), Visibility::Durable, Filter::default())?;
    let plan = Spec::parse(SPEC)?.resolve(&Catalogue::builtin())?;
    let mut sweep = Sweep::new(plan, features::Options::default());
    let mut rows = 0;
    loop {
        match reader.next()? {
            Item::Batch(batch) => {
                let Some(batch) = batch.parse()? else { continue };
                let out = sweep.push_record_batch(0, &batch.into_record_batch())?;
                rows += out.rows.map_or(0, |rows| rows.len());
            }
            Item::CaughtUp => break,
            _ => {} // gaps, and what producers say of themselves
        }
    }
    let (rest, _) = sweep.finish()?;
    rows += rest.rows.map_or(0, |rows| rows.len());
    let ledger = log.completeness(&ctx, 0..u64::MAX)?;
    println!("{rows} feature rows of {:?} rows in the log", ledger.rows);
    assert_eq!(ledger.verdict, CaptureVerdict::Complete);
    assert_eq!(Some(&(rows as u64)), ledger.rows.get("decisions")); // one row a decision
    log.close()?;
    Ok(())
}
