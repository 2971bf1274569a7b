//! What a call of `append` costs its caller, against the encoding alone.

use crate::args::Args;
use crate::rig::{self, PATIENCE};
use crate::rows::batches;
use crate::times::Spread;
use crate::{Failure, bar, tell};
use arrow_array::RecordBatch;
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use capture::{Options, ProducerSpec};
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Arrow's own encoding of a batch with dictionaries, and its checksum: what nobody can save.
fn encode(context: &mut IpcWriteContext, batch: &RecordBatch) -> Result<u32, Failure> {
    let options = IpcWriteOptions::try_new(16, false, arrow_ipc::MetadataVersion::V5)?;
    let mut tracker = DictionaryTracker::new(false);
    let ipc = IpcDataGenerator::default();
    let mut bytes = Vec::new();
    // Numbers the dictionaries; a writer does it once a stream.
    for field in batch.schema_ref().fields() {
        if matches!(field.data_type(), arrow_schema::DataType::Dictionary(..)) {
            tracker.next_dict_id();
        }
    }
    let (dictionaries, rows) = ipc.encode(batch, &mut tracker, &options, context)?;
    for message in dictionaries.into_iter().chain([rows]) {
        write_message(&mut bytes, message, &options)?;
    }
    Ok(crc32c::crc32c(&bytes))
}

/// Adds the time that this thread had the processor: on a busy machine the committer often takes it in between.
fn on_processor(
    total: &mut Duration,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(time).map_err(|_| "a time before the thread")
    };
    let begin = now()?;
    work()?;
    *total += now()?.saturating_sub(begin);
    Ok(())
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let options = Options { segment_bytes: args.segment_bytes, ..Options::default() };
    for rows in args.batch.map_or_else(|| vec![1, 100], |rows| vec![rows]) {
        let place = rig::fresh(&args.dir, "append")?;
        let (log, ..) = rig::open(&place, options.clone())?;
        let mut producer = log.open_producer(ProducerSpec::new(rig::id(0), "load"))?;
        let batches = batches(rows, args.is_quotes)?;
        let (mut ours, mut arrow) = (Spread::default(), Spread::default());
        let (mut ours_cpu, mut arrow_cpu) = (Duration::ZERO, Duration::ZERO);
        let end = Instant::now() + args.seconds;
        let (mut sum, mut context) = (0_u64, IpcWriteContext::default());
        context.set_reserve_scratch(true);
        while Instant::now() < end {
            let mut tickets = Vec::with_capacity(batches.len());
            on_processor(&mut ours_cpu, || -> Result<(), Failure> {
                for (table, batch) in &batches {
                    let begin = Instant::now();
                    tickets.push(producer.append_batch(table, batch)?);
                    ours.push(begin.elapsed());
                }
                Ok(())
            })?;
            for ticket in tickets {
                ticket.wait(PATIENCE)?;
            }
            on_processor(&mut arrow_cpu, || -> Result<(), Failure> {
                for (_, batch) in &batches {
                    let begin = Instant::now();
                    sum += u64::from(encode(&mut context, batch)?);
                    arrow.push(begin.elapsed());
                }
                Ok(())
            })?;
        }
        println!("append call, {rows} row(s) a batch (checksums {sum:x})");
        println!("  append: {ours}");
        println!("  encode: {arrow}");
        let each = |total: Duration, times: &Spread| total.as_secs_f64() * 1e6 / times.len() as f64;
        let (a, b) = (each(ours_cpu, &ours), each(arrow_cpu, &arrow));
        println!(
            "  time of the processor a call: append {a:.1} us, encode {b:.1} us, ratio {:.2}",
            a / b
        );
        let p50 = ours.micros(0.5) / arrow.micros(0.5);
        let p99 = ours.micros(0.99) / arrow.micros(0.99);
        bar("append p50 over encode p50", p50, p50 <= 1.5, "<= 1.5");
        bar("append p99 over encode p99", p99, p99 <= 10.0, "<= 10");
        let p99 = ours.micros(0.99);
        bar("append p99, us", p99, p99 < 50.0, "< 50");
        let (half, most) = (format!("append/{rows}/p50"), format!("append/{rows}/p99"));
        tell(args, &half, ours.micros(0.5), arrow.micros(0.5), "us");
        tell(args, &most, ours.micros(0.99), arrow.micros(0.99), "us");
        producer.close()?;
        log.close()?;
        std::fs::remove_dir_all(&place)?;
    }
    Ok(())
}
