//! Resident memory while the credit is used up, against the bound that `Options` states.

use crate::args::Args;
use crate::rig::{self, PATIENCE};
use crate::rows::batches;
use crate::{Failure, bar, tell};
use capture::{Options, ProducerSpec};
use std::time::Instant;

/// A figure of this process in bytes.
fn status(key: &str) -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|l| l.strip_prefix(key)).ok_or("no such line")?;
    let kib: u64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse()?;
    Ok(kib << 10)
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let options = Options { segment_bytes: args.segment_bytes, ..Options::default() };
    let (credit, segment) = (options.credit_bytes, options.segment_bytes);
    let place = rig::fresh(&args.dir, "memory")?;
    let (log, ..) = rig::open(&place, options)?;
    let rows = args.batch.unwrap_or(1_000);
    let prepared = batches(rows, args.is_quotes)?;
    // Resets the high-water mark.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let idle = status("VmRSS:")?;
    let end = Instant::now() + args.seconds;
    let appended = std::thread::scope(|scope| -> Result<u64, Failure> {
        let (log, prepared) = (&log, &prepared);
        let threads: Vec<_> = (0..args.producers.unwrap_or(4))
            .map(|n| {
                scope.spawn(move || -> Result<u64, Failure> {
                    let mut producer = log.open_producer(ProducerSpec::new(rig::id(n), "load"))?;
                    let (mut appended, mut last) = (0, None);
                    for (table, batch) in prepared.iter().cycle() {
                        if Instant::now() >= end {
                            break;
                        }
                        // Not shared with what the log keeps, as of a producer that builds its rows anew.
                        let columns = batch
                            .columns()
                            .iter()
                            .map(|c| arrow_select::concat::concat(&[c.as_ref()]));
                        let fresh = arrow_array::RecordBatch::try_new(
                            batch.schema(),
                            columns.collect::<Result<_, _>>()?,
                        )?;
                        last = Some(producer.append_batch(table, &fresh)?);
                        appended += batch.num_rows() as u64;
                    }
                    if let Some(ticket) = last {
                        ticket.wait(PATIENCE)?;
                    }
                    Ok(appended)
                })
            })
            .collect();
        let mut total = 0;
        for thread in threads {
            total += thread.join().map_err(|_| "a producer panicked")??;
        }
        Ok(total)
    })?;
    let above = status("VmHWM:")?.saturating_sub(idle);
    println!("memory while {appended} rows in batches of {rows} press against the credit");
    println!("  idle {} MiB, above it at most {} MiB", idle >> 20, above >> 20);
    let limit = 2 * credit + 2 * segment;
    let ratio = above as f64 / limit as f64;
    bar("above idle over 2 credits and 2 segments", ratio, ratio <= 1.0, "<= 1");
    tell(args, "memory", above as f64, limit as f64, "B");
    log.close()?;
    std::fs::remove_dir_all(&place)?;
    Ok(())
}
