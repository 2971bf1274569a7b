//! The subscriber for what libraries log; the only global of the program besides its panic hook.

use crate::console::Console;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt;

/// Whether a text is a log filter.
pub(crate) fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}

/// Starts to log to standard error: `HINDSIGHT_LOG` if set, else warnings, `-v` changes of state, `-vv` batches.
pub(crate) fn start(verbose: u8, console: Console) {
    let level = match verbose {
        _ if console.quiet => "error",
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("HINDSIGHT_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    // A second start, as in tests that run the library twice in one process, keeps the first subscriber.
    let _ = if console.json {
        builder.json().flatten_event(true).finish().try_init()
    } else {
        builder.without_time().finish().try_init()
    };
}
