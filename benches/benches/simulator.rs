//! Making a simulated market against writing it to Parquet.
//!
//! `cargo bench -p benches --bench simulator [-- PRESET]`, preset `small` unless named. Each slice is made, then
//! written, so both see the same machine in the same moments; one thread each, in processor time. The bar of the design: making takes at
//! most twice as long as writing the same batches (all event and truth tables, zstd 3, row groups of 65,536 rows).
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

use benches::{BarLine, is_bench, timed};
use contract::arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

const BAR: f64 = 0.5;
const SEED: u64 = 1;

/// One open file a table.
struct Files<'a> {
    folder: &'a Path,
    open: BTreeMap<&'static str, ArrowWriter<File>>,
}

impl Files<'_> {
    fn write(&mut self, table: &'static str, batch: &RecordBatch) -> Result<(), Box<dyn Error>> {
        let writer = match self.open.entry(table) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                    .set_max_row_group_row_count(Some(65_536))
                    .build();
                let file = File::create(self.folder.join(format!("{table}.parquet")))?;
                slot.insert(ArrowWriter::try_new(file, batch.schema(), Some(properties))?)
            }
        };
        Ok(writer.write(batch)?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    if !is_bench() {
        return Ok(());
    }
    let preset = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let preset = preset.unwrap_or_else(|| "small".to_owned());
    let folder = tempfile::tempdir()?;
    let mut files = Files { folder: folder.path(), open: BTreeMap::new() };
    let (mut making, mut writing) = (Duration::ZERO, Duration::ZERO);
    let (mut rows, mut decisions, mut slices) = (0, 0, 0_u32);
    let mut run = Simulation::new(&Scenario::preset(&preset)?, SEED);
    while let Some(slice) = timed(&mut making, || run.next()) {
        slices += 1;
        for (table, batch) in slice.tables().chain(slice.truth()) {
            rows += batch.num_rows();
            decisions += if table == "decisions" { batch.num_rows() } else { 0 };
            timed(&mut writing, || files.write(table, batch))?;
        }
    }
    let bytes = timed(&mut writing, || -> Result<u64, Box<dyn Error>> {
        let mut bytes = 0;
        for (_, mut writer) in files.open {
            writer.finish()?;
            bytes += u64::try_from(writer.bytes_written())?;
        }
        Ok(bytes)
    })?;
    let ratio = making.as_secs_f64() / writing.as_secs_f64();
    let per_second = rows as f64 / making.as_secs_f64() / 1e6;
    println!(
        "simulator/{preset}: {rows} rows, {decisions} decisions, {slices} slices, {bytes} bytes of Parquet"
    );
    println!("making  {:.2} s ({per_second:.2} M rows/s)", making.as_secs_f64());
    println!("writing {:.2} s", writing.as_secs_f64());
    let verdict = if ratio <= BAR { "holds" } else { "MISSED" };
    println!("ratio   {ratio:.2} (bar {BAR:.1}: {verdict})");
    let (ours, peer) = (making.as_secs_f64(), writing.as_secs_f64());
    println!("{}", BarLine { name: &format!("simulator/{preset}"), ours, peer, unit: "s" });
    Ok(())
}
