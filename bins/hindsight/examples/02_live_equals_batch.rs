//! The same bits row by row, as they would come live, and in one run over tables in memory.
//!
//! `cargo run -p hindsight --example 02_live_equals_batch`
#![allow(clippy::print_stdout, reason = "what an example is for; a test takes it in too")]

use contract::Batch;
use contract::arrow_array::RecordBatch;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::UInt64Type;
use features::{Catalogue, Inputs, Options, Spec, Sweep, run};
use simulator::{Scenario, Simulation};
use std::error::Error;

const SPEC: &str = r#"features = ["book__*__now", "book__ofi_qty__{1s,10s}", "vol__rv__1m"]"#;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // Two minutes of a market, numbered as a log would number them.
    let market = Simulation::new(&Scenario::preset("small")?, 7).clean();
    let tables = ["statuses", "trades", "quotes", "decisions"];
    let batches: Vec<RecordBatch> = market
        .skip(10)
        .take(4)
        .flat_map(|slice| tables.map(|table| slice.table(table).cloned()))
        .flatten()
        .collect();
    let numbered = labeling::number(&batches)?;
    let plan =
        || -> Result<_, Box<dyn Error>> { Ok(Spec::parse(SPEC)?.resolve(&Catalogue::builtin())?) };

    // Batch.
    let mut inputs = Inputs::default();
    for batch in &numbered {
        inputs.add(batch)?;
    }
    let batch = run(plan()?, &inputs, Options::default())?.rows.ok_or("no rows")?;

    // Live: one row at a time, in the order of the log.
    let mut rows: Vec<(u64, RecordBatch)> = Vec::new();
    for batch in &numbered {
        let seq = batch.column_by_name("seq").ok_or("numbered rows")?;
        let seq = seq.as_primitive::<UInt64Type>().values().iter().enumerate();
        rows.extend(seq.map(|(row, seq)| (*seq, batch.slice(row, 1))));
    }
    rows.sort_by_key(|(seq, _)| *seq);
    let mut sweep = Sweep::new(plan()?, Options::default());
    let mut live: Vec<RecordBatch> = Vec::new();
    for (_, row) in &rows {
        live.extend(sweep.push_record_batch(0, row)?.rows.map(Batch::into_record_batch));
    }
    live.extend(sweep.finish()?.0.rows.map(Batch::into_record_batch));

    let mut at = 0;
    let batch = batch.into_record_batch();
    for rows in &live {
        assert_eq!(batch.slice(at, rows.num_rows()), *rows); // bit for bit, nulls and reasons too
        at += rows.num_rows();
    }
    assert_eq!(at, batch.num_rows());
    println!("{at} rows of {} columns, live and in batch", batch.num_columns());
    Ok(())
}
