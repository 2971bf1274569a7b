//! What the disk takes for the same writes, without a log.

use crate::Failure;
use crate::times::Spread;
use durable::{Fs as _, RealFs, write_all_at};
use std::path::Path;
use std::time::{Duration, Instant};

const FILE: u64 = 64 << 20;
const LENGTH: Duration = Duration::from_secs(3);

/// Writes of one size, each with its `fdatasync`, before and after a run.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    pub(crate) bytes: usize,
    pub(crate) times: Spread,
    /// Largest ratio of the two medians.
    pub(crate) drift: f64,
}

impl Baseline {
    /// Syncs a second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.times.total().as_secs_f64()
    }

    pub(crate) fn bandwidth(&self) -> f64 {
        self.rate() * self.bytes as f64
    }

    pub(crate) fn is_void(&self) -> bool {
        self.drift > 2.0
    }

    pub(crate) fn print(&self) {
        println!(
            "  baseline: {} B + fdatasync: R {:.0}/s ({:.1} MB/s), F50 {:.0} us, F99 {:.0} us, drift {:.2}{}",
            self.bytes,
            self.rate(),
            self.bandwidth() / 1e6,
            self.times.micros(0.5),
            self.times.micros(0.99),
            self.drift,
            if self.is_void() { " VOID" } else { "" }
        );
    }
}

fn once(dir: &Path, bytes: usize) -> Result<Spread, Failure> {
    let mut times = Spread::default();
    let block = vec![0x5A; bytes];
    let path = dir.join("baseline.bin");
    let mut total = Duration::ZERO;
    while total < LENGTH {
        if path.exists() {
            RealFs.unlink(&path)?;
        }
        let file = RealFs.create_new(&path)?;
        file.allocate(FILE)?;
        file.sync_all()?;
        let mut at = 0;
        while at + bytes as u64 <= FILE && total < LENGTH {
            let begin = Instant::now();
            write_all_at(file.as_ref(), &block, at)?;
            file.sync_data()?;
            let took = begin.elapsed();
            total += took;
            times.push(took);
            at += bytes as u64;
        }
    }
    RealFs.unlink(&path)?;
    Ok(times)
}

/// Runs something between two baselines; repeats it, at most 3 times, while the disk was not the same before and after.
pub(crate) fn between<V>(
    dir: &Path,
    bytes: usize,
    mut work: impl FnMut() -> Result<V, Failure>,
) -> Result<(V, Baseline), Failure> {
    let mut tries = 0;
    loop {
        let mut before = once(dir, bytes)?;
        let out = work()?;
        let after = once(dir, bytes)?;
        let (a, b) = (before.micros(0.5), after.micros(0.5));
        let drift = (a / b).max(b / a);
        before.merge(after);
        let baseline = Baseline { bytes, times: before, drift };
        tries += 1;
        if !baseline.is_void() || tries == 3 {
            return Ok((out, baseline));
        }
        println!("  void: the disk's F50 was {a:.0} us before and {b:.0} us after");
    }
}
