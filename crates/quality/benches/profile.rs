//! A full profile of a table in memory: the load that peers are measured against.
//!
//! `python benches/peers/quality_profile.py FOLDER --load PROGRAM` makes the table, times polars on it, and this program in
//! between. `cargo bench -p quality --bench profile --profile quick -- FOLDER/profile.arrow [ROUNDS]` alone prints one JSON
//! object with the seconds of each round. Reading is done before the clock starts.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a program that measures time")]

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use quality::{ProfileOptions, ProfileState, TableProfile};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn profile(batches: &[RecordBatch]) -> Result<(TableProfile, usize)> {
    let schema = batches.first().ok_or("no batch")?.schema();
    let mut state = ProfileState::try_new(&schema, &ProfileOptions::default())?;
    for batch in batches {
        state.observe(batch)?;
    }
    Ok((state.finish(), state.state_bytes().iter().sum()))
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let Some(path) = words.next() else { return Ok(()) };
    let rounds: usize = words.next().map_or(Ok(5), |word| word.parse())?;
    let reader = FileReader::try_new(BufReader::new(File::open(path)?), None)?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..rounds {
        let start = Instant::now();
        last = Some(black_box(profile(&batches)?));
        seconds.push(start.elapsed().as_secs_f64());
    }
    let (found, bytes) = last.ok_or("no round")?;
    let means: Vec<String> =
        found.columns.iter().map(|column| format!("{:?}", column.mean)).collect();
    let sds: Vec<Option<f64>> = found.columns.iter().map(|column| column.sd).collect();
    let figures = serde_json::json!({
        "rows": found.rows, "columns": found.columns.len(), "seconds": seconds, "state_bytes": bytes,
        "means": means, "sds": sds,
    });
    println!("{figures}");
    Ok(())
}
