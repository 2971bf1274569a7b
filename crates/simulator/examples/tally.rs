//! Counts what a preset makes: `cargo run -p simulator --example tally -- small 7 2`.
#![expect(clippy::print_stdout, reason = "an example that prints a table")]

use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let preset = args.next().unwrap_or_else(|| "small".to_owned());
    let seed = args.next().map_or(Ok(1), |s| s.parse())?;
    let threads = args.next().map_or(Ok(1), |s| s.parse())?;
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    let mut market = 0;
    for slice in Simulation::new(&Scenario::preset(&preset)?, seed).with_threads(threads) {
        market += slice.market_rows();
        for (table, batch) in slice.tables().chain(slice.truth()) {
            *rows.entry(table).or_default() += batch.num_rows();
        }
    }
    for (table, n) in &rows {
        println!("{table:20} {n:>10}");
    }
    println!("{:20} {market:>10}", "market rows");
    Ok(())
}
