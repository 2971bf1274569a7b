//! Times of two workloads in one run, as a ratio.

use std::fmt;
use std::time::{Duration, Instant};

/// What the processor has spent on this thread, where the system tells (Linux).
///
/// A busy machine makes the clock on the wall run on while this thread waits for its turn, and a long piece of work
/// waits more often than a short one; the processor's time knows neither.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Whether `cargo bench` started this program; `cargo test --all-targets` starts it too, and then there is nothing to
/// measure.
#[must_use]
pub fn is_bench() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Runs a piece of work on this thread and adds its time to `total`.
///
/// - **Units:** time of the processor where the system tells it, else time on the wall.
pub fn timed<V>(total: &mut Duration, work: impl FnOnce() -> V) -> V {
    let (begin, before) = (Instant::now(), processor_time());
    let out = work();
    *total += match (before, processor_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begin.elapsed(),
    };
    out
}

/// The times of one workload over several rounds.
///
/// ```
/// use benches::Times;
/// use std::time::Duration;
/// let mut ours = Times::default();
/// ours.push(Duration::from_millis(30));
/// ours.push(Duration::from_millis(20));
/// let mut peer = Times::default();
/// peer.push(Duration::from_millis(10));
/// assert_eq!(ours.over(&peer), 2.0); // the least of each
/// assert_eq!(ours.to_string(), "20.0 ms (to 30.0 ms, 2 rounds)");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds a round.
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The shortest round: what the work takes where nothing else disturbs it.
    #[must_use]
    pub fn least(&self) -> Duration {
        self.0.iter().min().copied().unwrap_or_default()
    }

    /// How many times as long as another workload, by the shortest rounds.
    #[must_use]
    pub fn over(&self, peer: &Self) -> f64 {
        self.least().as_secs_f64() / peer.least().as_secs_f64()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        let most = self.0.iter().max().copied().unwrap_or_default();
        write!(f, "{:.1} ms (to {:.1} ms, {} rounds)", ms(self.least()), ms(most), self.0.len())
    }
}
