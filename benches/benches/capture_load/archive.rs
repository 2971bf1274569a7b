//! Sealed segments into verified Parquet, against writing the same sorted rows.

use crate::args::Args;
use crate::replay::fill;
use crate::rig;
use crate::{Failure, bar, tell};
use capture::{ArchivePolicy, Options};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::time::Instant;

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let place = rig::fresh(&args.dir, "archive")?;
    let batch = args.batch.unwrap_or(100);
    fill(&place, 2_000_000 / batch * batch, batch, args.segment_bytes)?;
    let (log, ..) = rig::open(&place, Options::default())?;
    let begin = Instant::now();
    let report = log.archive_once(&ArchivePolicy::now())?;
    let ours = begin.elapsed();
    let mut plain = std::time::Duration::ZERO;
    let (mut rows, mut bytes) = (0, 0);
    for file in &report.files {
        let input = File::open(place.join("archive").join(&file.path))?;
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(input)?.with_batch_size(65_536).build()?;
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        let Some(first) = batches.first() else { continue };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_max_row_group_row_count(Some(1 << 20))
            .build();
        let path = args.dir.join("plain.parquet");
        let begin = Instant::now();
        let mut writer =
            ArrowWriter::try_new(File::create(&path)?, first.schema(), Some(properties))?;
        for batch in &batches {
            writer.write(batch)?;
            rows += batch.num_rows();
        }
        writer.into_inner()?.sync_all()?;
        plain += begin.elapsed();
        bytes += std::fs::metadata(&path)?.len();
        std::fs::remove_file(&path)?;
    }
    if rows as u64 != report.rows {
        return Err(format!("rows: expected {}, found {rows}", report.rows).into());
    }
    let size: u64 = report.files.iter().map(|f| f.bytes).sum();
    println!(
        "archive of {rows} quotes: {:.2} s, {:.0} rows/s, {:.1} B/row in {} file(s)",
        ours.as_secs_f64(),
        rows as f64 / ours.as_secs_f64(),
        size as f64 / rows as f64,
        report.files.len()
    );
    println!(
        "  plain ArrowWriter and fsync: {:.2} s, {:.0} rows/s, {:.1} B/row",
        plain.as_secs_f64(),
        rows as f64 / plain.as_secs_f64(),
        bytes as f64 / rows as f64
    );
    let ratio = plain.as_secs_f64() / ours.as_secs_f64();
    bar("rows/s over the plain writer's", ratio, ratio >= 0.4, ">= 0.4");
    tell(args, "archive", ours.as_secs_f64(), plain.as_secs_f64(), "s");
    log.close()?;
    std::fs::remove_dir_all(&place)?;
    Ok(())
}
