//! Contract tables from Parquet, decoded ahead of their reader on a thread of their own.

use crate::Result;
use contract::arrow_array::RecordBatch;
use contract::{Batch, EventTable, Features, Unlogged};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Rows a batch.
const ROWS: usize = 1 << 15;
/// Batches that wait for the reader.
const AHEAD: usize = 8;

/// A file and the columns that a sweep reads of it.
pub(crate) struct Wanted {
    file: &'static str,
    columns: &'static [&'static str],
}

pub(crate) const QUOTES: Wanted = Wanted {
    file: "quotes.parquet",
    columns: &[
        "seq",
        "source_id",
        "instrument_id",
        "ts_avail",
        "flags",
        "bid_px",
        "ask_px",
        "bid_size",
        "ask_size",
    ],
};
pub(crate) const TRADES: Wanted = Wanted {
    file: "trades.parquet",
    columns: &[
        "seq",
        "source_id",
        "instrument_id",
        "ts_avail",
        "flags",
        "px",
        "size",
        "aggressor",
        "action",
    ],
};
pub(crate) const DECISIONS: Wanted = Wanted {
    file: "decisions.parquet",
    columns: &[
        "seq",
        "source_id",
        "instrument_id",
        "ts_event",
        "ts_recv",
        "ts_avail",
        "flags",
        "decision_id",
        "strategy_id",
        "action",
        "status",
    ],
};

fn batches(
    folder: &Path,
    wanted: &Wanted,
    rows: usize,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send + 'static> {
    let file = File::open(folder.join(wanted.file))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted.columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(rows).build()?;
    Ok(reader.map(|batch| Ok(batch?)))
}

/// The rows of a file, batch by batch, from a thread that is a few batches ahead.
pub(crate) struct Source<T> {
    from: Receiver<Result<Batch<T>>>,
}

impl<T: EventTable> Source<T> {
    pub(crate) fn open(folder: &Path, wanted: &Wanted) -> Result<Self> {
        let batches = batches(folder, wanted, ROWS)?;
        let (to, from) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            for batch in batches {
                // A reader that has stopped needs no more rows.
                let parsed = batch.and_then(|batch| Ok(Batch::<T>::parse(&batch)?));
                if to.send(parsed).is_err() {
                    break;
                }
            }
        });
        Ok(Self { from })
    }
}

impl<T> Iterator for Source<T> {
    type Item = Result<Batch<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.from.recv().ok()
    }
}

/// All rows of a file as one batch.
pub(crate) fn all<T: EventTable>(folder: &Path, wanted: &Wanted) -> Result<Batch<T>> {
    let mut parts = batches(folder, wanted, usize::MAX >> 1)?;
    let batch = parts.next().ok_or("no row")??;
    if parts.next().is_some() {
        return Err("more than one batch".into());
    }
    Ok(Batch::<T>::parse(&batch)?)
}

/// Feature rows to a file.
pub(crate) fn write(path: &Path, rows: &Batch<Features, Unlogged>) -> Result<()> {
    let rows = rows.clone().into_record_batch();
    let mut writer = ArrowWriter::try_new(File::create(path)?, rows.schema(), None)?;
    writer.write(&rows)?;
    writer.close()?;
    Ok(())
}
