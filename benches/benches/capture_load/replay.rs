//! Reading a whole log back, warm, against reading and checking its bytes.

use crate::args::Args;
use crate::rig;
use crate::rows::batches;
use crate::{Failure, bar, tell};
use benches::Times;
use capture::{Filter, Item, LogReader, Options, ProducerSpec};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: usize = 5;

/// A closed log of so many rows of market data.
pub(crate) fn fill(place: &Path, rows: usize, batch: usize, segment: u64) -> Result<(), Failure> {
    let options = Options { segment_bytes: segment, ..Options::default() };
    let (log, ..) = rig::open(place, options)?;
    let mut producer = log.open_producer(ProducerSpec::new(rig::id(0), "load"))?;
    let batches = batches(batch, true)?;
    let mut last = None;
    for (table, rows) in batches.iter().cycle().take(rows / batch) {
        last = Some(producer.append_batch(table, rows)?);
    }
    if let Some(ticket) = last {
        ticket.wait(rig::PATIENCE)?;
    }
    log.close()?;
    Ok(())
}

fn segments(place: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = std::fs::read_dir(place.join("segments"))?;
    Ok(folder.map(|e| Ok(e?.path())).collect::<Result<_, std::io::Error>>()?)
}

/// Reads all bytes in parts of 1 MiB, and does something with them.
fn pass(paths: &[PathBuf], mut each: impl FnMut(&[u8])) -> Result<u64, Failure> {
    let mut part = vec![0; 1 << 20];
    let mut total = 0;
    for path in paths {
        let file = File::open(path)?;
        let mut at = 0;
        loop {
            let n = file.read_at(&mut part, at)?;
            if n == 0 {
                break;
            }
            each(part.get(..n).unwrap_or_default());
            at += n as u64;
        }
        total += at;
    }
    Ok(total)
}

fn read_all(place: &Path) -> Result<u64, Failure> {
    let fs = Arc::new(durable::RealFs);
    let options = Options::default();
    let context = rig::reading()?;
    let mut reader = LogReader::open(fs, place, &options, &context, 0, Filter::default())?;
    let mut rows = 0;
    loop {
        match reader.next()? {
            Item::Batch(batch) => rows += batch.rows.num_rows() as u64,
            Item::Gap(gap) => return Err(format!("a gap in a whole log: {gap:?}").into()),
            Item::CaughtUp => return Ok(rows),
            _ => {}
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    for batch in args.batch.map_or_else(|| vec![100, 1_000], |batch| vec![batch]) {
        let place = rig::fresh(&args.dir, "replay")?;
        let wanted = 2_000_000 / batch * batch;
        fill(&place, wanted, batch, args.segment_bytes)?;
        let paths = segments(&place)?;
        let (mut ours, mut crc, mut bytes) = (Times::default(), Times::default(), Times::default());
        let (mut rows, mut size, mut sum) = (0, 0, 0_u64);
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            rows = read_all(&place)?;
            ours.push(begin.elapsed());
            let begin = Instant::now();
            size = pass(&paths, |part| sum += u64::from(crc32c::crc32c(part)))?;
            crc.push(begin.elapsed());
            let begin = Instant::now();
            pass(&paths, |part| sum += u64::from(part.first().copied().unwrap_or(0)))?;
            bytes.push(begin.elapsed());
        }
        if rows != wanted as u64 {
            return Err(format!("rows: expected {wanted}, found {rows}").into());
        }
        println!(
            "replay of {rows} quotes in batches of {batch}, {} segments, {size} B ({} B/row), warm ({sum:x})",
            paths.len(),
            size / rows
        );
        let rate = rows as f64 / ours.least().as_secs_f64();
        println!(
            "  rows:           {ours}, {:.2} M rows/s, {:.0} MB/s",
            rate / 1e6,
            size as f64 / ours.least().as_secs_f64() / 1e6
        );
        println!("  bytes and CRC:  {crc}");
        println!("  bytes:          {bytes}");
        let (of_crc, of_bytes) = (crc.over(&ours), bytes.over(&ours));
        bar("checksum pass over replay", of_crc, of_crc >= 0.5, ">= 0.5");
        let is_held = rate >= 5e6 || of_bytes >= 0.7;
        bar("M rows/s", rate / 1e6, is_held, ">= 5, or 0.7 of reading the bytes");
        println!("  reading the bytes over replay {of_bytes:.2}");
        let (ours, peer) = (ours.least().as_secs_f64(), crc.least().as_secs_f64());
        tell(args, &format!("replay/{batch}/crc"), ours, peer, "s");
        tell(args, &format!("replay/{batch}/rows"), rate, 5e6, "/s");
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}
