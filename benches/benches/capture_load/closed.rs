//! Producers who wait for each acknowledgement before they append again.

use crate::args::Args;
use crate::baseline::{Baseline, between};
use crate::rig::{self, PATIENCE};
use crate::rows::{Rows, batches};
use crate::times::Spread;
use crate::{Failure, bar, tell};
use capture::{Options, Producer, ProducerSpec};
use std::time::{Duration, Instant};

/// What a run of appends did.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) append: Spread,
    pub(crate) ack: Spread,
    pub(crate) rows: u64,
    pub(crate) seconds: f64,
    pub(crate) syncs: u64,
    pub(crate) bytes: u64,
}

impl Run {
    pub(crate) fn acks(&self) -> f64 {
        self.ack.len() as f64 / self.seconds
    }

    pub(crate) fn rows_a_second(&self) -> f64 {
        self.rows as f64 / self.seconds
    }

    /// Mean bytes of a write.
    pub(crate) fn group(&self) -> usize {
        let mean = self.bytes.checked_div(self.syncs).unwrap_or(0).max(4096);
        usize::try_from(mean.next_multiple_of(4096)).unwrap_or(usize::MAX)
    }

    pub(crate) fn print(&self, what: &str) {
        println!(
            "{what}: {:.0} acks/s, {:.0} rows/s, {:.1} MB/s; {} syncs, mean group {} B in {:.1} batches, {:.0} B/row",
            self.acks(),
            self.rows_a_second(),
            self.bytes as f64 / self.seconds / 1e6,
            self.syncs,
            self.bytes.checked_div(self.syncs).unwrap_or(0),
            self.ack.len() as f64 / self.syncs.max(1) as f64,
            self.bytes as f64 / self.rows.max(1) as f64
        );
        println!("  append: {}", self.append);
        println!("  ack:    {}", self.ack);
    }
}

/// One producer's loop, with up to `window` tickets open.
fn produce(
    mut producer: Producer,
    batches: &[Rows],
    window: usize,
    end: Instant,
) -> Result<Run, Failure> {
    let mut run = Run::default();
    let mut open = std::collections::VecDeque::with_capacity(window);
    for (table, batch) in batches.iter().cycle() {
        let begin = Instant::now();
        if begin >= end {
            break;
        }
        let ticket = producer.append_batch(table, batch)?;
        run.append.push(begin.elapsed());
        run.rows += batch.num_rows() as u64;
        open.push_back((begin, ticket));
        if open.len() >= window
            && let Some((begin, ticket)) = open.pop_front()
        {
            ticket.wait(PATIENCE)?;
            run.ack.push(begin.elapsed());
        }
    }
    for (begin, ticket) in open {
        ticket.wait(PATIENCE)?;
        run.ack.push(begin.elapsed());
    }
    Ok(run)
}

/// Runs producers on a log until the time is over.
pub(crate) fn load(
    args: &Args,
    options: Options,
    producers: usize,
    rows: usize,
    window: usize,
    seconds: Duration,
) -> Result<Run, Failure> {
    let place = rig::fresh(&args.dir, "load")?;
    let (log, _, counts) = rig::open(&place, options)?;
    let batches = batches(rows, args.is_quotes)?;
    let open = |n| log.open_producer(ProducerSpec::new(rig::id(n), "load"));
    let opened = (0..producers).map(open).collect::<Result<Vec<_>, _>>()?;
    let (syncs, bytes) = (counts.syncs(), counts.written());
    let begin = Instant::now();
    let end = begin + seconds;
    let runs = std::thread::scope(|scope| -> Result<Vec<Run>, Failure> {
        let batches = &batches;
        let threads: Vec<_> = opened
            .into_iter()
            .map(|producer| scope.spawn(move || produce(producer, batches, window, end)))
            .collect();
        threads.into_iter().map(|t| t.join().map_err(|_| "a producer panicked")?).collect()
    })?;
    let mut total = Run { seconds: begin.elapsed().as_secs_f64(), ..Run::default() };
    (total.syncs, total.bytes) = (counts.syncs() - syncs, counts.written() - bytes);
    for run in runs {
        total.append.merge(run.append);
        total.ack.merge(run.ack);
        total.rows += run.rows;
    }
    log.close()?;
    std::fs::remove_dir_all(&place)?;
    Ok(total)
}

/// A short run tells the size of the groups; then the run between two baselines of that size.
pub(crate) fn measured(
    args: &Args,
    options: &Options,
    producers: usize,
    rows: usize,
    window: usize,
) -> Result<(Run, Baseline), Failure> {
    let pilot = Duration::from_secs(1);
    let group = load(args, options.clone(), producers, rows, window, pilot)?.group();
    between(&args.dir, group, || load(args, options.clone(), producers, rows, window, args.seconds))
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let counts = args.producers.map_or_else(|| vec![1, 8, 64, 256], |n| vec![n]);
    let rows = args.batch.unwrap_or(1);
    let options = Options { segment_bytes: args.segment_bytes, ..Options::default() };
    for n in counts {
        let (run, base) = measured(args, &options, n, rows, 1)?;
        run.print(&format!("closed loop, {n} producers, {rows} row(s) a batch"));
        base.print();
        let (share, half, most) = match n {
            1 => (0.75, 1.3, 1.5),
            2..=64 => (0.5, 2.2, 2.5),
            _ => (0.4, f64::INFINITY, f64::INFINITY),
        };
        let ratio = run.acks() / (n as f64 * base.rate());
        bar("acks/s over N R", ratio, ratio >= share, &format!(">= {share}"));
        let p50 = run.ack.micros(0.5) / base.times.micros(0.5);
        let p99 = run.ack.micros(0.99) / base.times.micros(0.99);
        if half.is_finite() {
            bar("ack p50 over F50", p50, p50 <= half, &format!("<= {half}"));
            bar("ack p99 over F99", p99, p99 <= most, &format!("<= {most}"));
        } else {
            println!("  ack p50 over F50 {p50:.2}, p99 over F99 {p99:.2}");
        }
        if n == 64 {
            bar("ack p99 over F99, the issue's", p99, p99 <= 2.0, "<= 2");
        }
        tell(args, &format!("closed/{n}/acks"), run.acks(), n as f64 * base.rate(), "/s");
        for (word, q) in [("p50", 0.5), ("p99", 0.99)] {
            let (ours, disk) = (run.ack.micros(q), base.times.micros(q));
            tell(args, &format!("closed/{n}/{word}"), ours, disk, "us");
        }
        let append = run.append.micros(0.99);
        bar("append call p99, us", append, append < 50.0, "< 50");
    }
    Ok(())
}
