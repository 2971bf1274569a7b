//! Time, as an argument.

use contract::UtcNanos;
use std::fmt::Debug;

/// Where a log takes the time from: evidence in its records, never an order.
pub trait Clock: Send + Sync + Debug {
    /// Now, in nanoseconds since 1970 UTC.
    fn now(&self) -> UtcNanos;
}

/// A clock that stands still, for tests and for replays.
///
/// ```
/// use capture::{Clock, FixedClock};
/// let clock = FixedClock(contract::UtcNanos::parse("2024-08-08T23:54:15Z")?);
/// assert_eq!(clock.now(), clock.0);
/// # Ok::<(), contract::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedClock(pub UtcNanos);

impl Clock for FixedClock {
    fn now(&self) -> UtcNanos {
        self.0
    }
}
