//! Units and identities as types.

mod amount;
mod duration;
mod id;
mod price;
mod time;

pub use amount::Amount;
pub use duration::{DurationError, format_duration_ns, parse_duration_ns};
pub use id::{EventId, Hash, IdError, InstrumentId, SourceId, SpanId};
pub use price::{Price, TickError};
pub use time::{TimeError, UtcNanos};
