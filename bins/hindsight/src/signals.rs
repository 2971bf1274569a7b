//! The first SIGINT or SIGTERM stops the work cleanly, a second one at once.

use crate::error::{CliError, Failure};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

/// Whether a signal asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Heard>);

#[derive(Debug, Default)]
struct Heard {
    signal: AtomicI32,
    /// The command notices by itself and ends in order, however long that takes.
    in_order: AtomicBool,
}

/// How long the work may take to notice before the handler cleans up in its place: it may sit in a read that no
/// signal interrupts.
const GRACE: Duration = Duration::from_millis(500);

impl Stop {
    /// Listens for signals from now on.
    ///
    /// When the platform refuses, the program runs on with the default of ending at once.
    #[must_use]
    pub fn listen() -> Self {
        let stop = Self::default();
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return stop };
        let seen = stop.clone();
        let listener = std::thread::Builder::new().name("signals".into());
        // Without the thread the signals have been caught all the same, and checks between batches see none.
        let _ = listener.spawn(move || {
            for signal in signals.forever() {
                if seen.0.signal.swap(signal, Ordering::SeqCst) != 0 {
                    crate::output::remove_pending();
                    std::process::exit(128 + signal);
                }
                let seen = seen.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(GRACE);
                    if seen.0.in_order.load(Ordering::SeqCst) {
                        return;
                    }
                    crate::output::remove_pending();
                    crate::console::say(&format!(
                        "stopped by {} while waiting for input; nothing was published\n",
                        name(signal)
                    ));
                    std::process::exit(128 + signal);
                });
            }
        });
        stop
    }

    /// An error once a signal has arrived.
    ///
    /// # Errors
    /// [`CliError::Stopped`] with the signal.
    pub fn check(&self) -> Result<(), Failure> {
        match self.0.signal.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => {
                let state = "nothing was published".to_owned();
                Err(CliError::Stopped { signal: name(signal), state }.into())
            }
        }
    }

    /// The name of the signal, once one has arrived.
    #[must_use]
    pub fn signal(&self) -> Option<&'static str> {
        let signal = self.0.signal.load(Ordering::Relaxed);
        (signal != 0).then(|| name(signal))
    }

    /// Promises that the command looks at [`signal`](Self::signal) often, never waits for input where it does not, and
    /// ends in order: the handler leaves it the time. A second signal still ends at once.
    pub fn ends_in_order(&self) {
        self.0.in_order.store(true, Ordering::SeqCst);
    }

    /// Takes the promise back and forgets a SIGINT: a prompt lives on when the statement that it stopped has ended.
    pub fn again(&self) {
        self.0.in_order.store(false, Ordering::SeqCst);
        let _ = self.0.signal.compare_exchange(SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
    }
}

fn name(signal: i32) -> &'static str {
    if signal == SIGINT { "SIGINT" } else { "SIGTERM" }
}
