//! What a feature looks back over, as the last part of its name.

use contract::{Diagnostic, Fault, format_duration_ns, parse_duration_ns};
use std::fmt;

/// One second, the step of the grid.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// How far windows of a number of rows look back at most.
pub(crate) const ROWS_SPAN: i64 = 3_600 * SECOND;
/// How far a session looks back at most.
pub(crate) const SESSION_SPAN: i64 = 86_400 * SECOND;

/// What a feature looks back over, seen from a cut-off `t`. No window can end after `t`.
///
/// ```
/// use features::Window;
/// assert_eq!("10s".parse::<Window>()?, Window::Span(10_000_000_000));
/// assert_eq!("g300x1s".parse::<Window>()?, Window::Grid { n: 300, step_ns: 1_000_000_000 });
/// assert_eq!(Window::Rows(50).to_string(), "n50");
/// assert!("300".parse::<Window>().is_err());
/// # Ok::<(), features::WindowError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Window {
    /// `now`: the state at the cut-off.
    Now,
    /// `10s`: rows available in `[t - T, t)`, in nanoseconds.
    Span(i64),
    /// `sess`: from the open of the session to `t`.
    Session,
    /// `n50`: the last rows of the table itself.
    Rows(u32),
    /// `g300x1s`: the last instants of a grid at or before `t`.
    Grid {
        /// How many.
        n: u32,
        /// Step of the grid in nanoseconds.
        step_ns: i64,
    },
    /// `b20x1m`: the last closed bars.
    Bars {
        /// How many.
        n: u32,
        /// Length of a bar in nanoseconds.
        step_ns: i64,
    },
    /// `hl60s`: exponential weights with this half-life in nanoseconds.
    HalfLife(i64),
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "window: expected `now`, `sess`, a duration as `10s`, `n50`, `g300x1s`, `b20x1m` or `hl60s`, found `{found}`"
)]
pub struct WindowError {
    found: String,
}

impl Diagnostic for WindowError {
    fn code(&self) -> &'static str {
        "features/malformed-window"
    }

    fn fault(&self) -> Fault {
        Fault::Input
    }
}

impl std::str::FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let refused = || WindowError { found: contract::excerpt(text.as_bytes()) };
        let positive = |text: &str| parse_duration_ns(text).ok().filter(|ns| *ns > 0);
        let count = |text: &str| {
            let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
            if plain { text.parse::<u32>().ok().filter(|n| *n > 0) } else { None }
        };
        let counted = |text: &str| {
            let (n, step) = text.split_once('x')?;
            Some((count(n)?, positive(step)?))
        };
        let window = match text {
            "now" => Some(Self::Now),
            "sess" => Some(Self::Session),
            _ => {
                if let Some(rest) = text.strip_prefix("hl") {
                    positive(rest).map(Self::HalfLife)
                } else if let Some(rest) = text.strip_prefix('g') {
                    counted(rest).map(|(n, step_ns)| Self::Grid { n, step_ns })
                } else if let Some(rest) = text.strip_prefix('b') {
                    counted(rest).map(|(n, step_ns)| Self::Bars { n, step_ns })
                } else if let Some(rest) = text.strip_prefix('n') {
                    count(rest).map(Self::Rows)
                } else {
                    positive(text).map(Self::Span)
                }
            }
        };
        window.filter(|w| w.to_string() == text).ok_or_else(refused)
    }
}

impl fmt::Display for Window {
    /// The one spelling of the window: `60s` is written `1m`, and only that is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Session => f.write_str("sess"),
            Self::Span(ns) => f.write_str(&token(*ns)),
            Self::Rows(n) => write!(f, "n{n}"),
            Self::Grid { n, step_ns } => write!(f, "g{n}x{}", token(*step_ns)),
            Self::Bars { n, step_ns } => write!(f, "b{n}x{}", token(*step_ns)),
            Self::HalfLife(ns) => write!(f, "hl{}", seconds(*ns)),
        }
    }
}

fn token(ns: i64) -> String {
    format_duration_ns(ns)
}

/// Half-lives are written in seconds where they are whole ones: `hl60s`, `hl600s`.
fn seconds(ns: i64) -> String {
    let hour = 3_600 * SECOND;
    if ns % SECOND == 0 && ns < hour { format!("{}s", ns / SECOND) } else { token(ns) }
}

impl Window {
    /// How far back rows of the window itself may lie, in nanoseconds; what links rows comes on top.
    #[must_use]
    pub const fn span_ns(self) -> i64 {
        match self {
            Self::Now => 0,
            Self::Span(ns) => ns,
            Self::Session => SESSION_SPAN,
            Self::Rows(_) => ROWS_SPAN,
            Self::Grid { n, step_ns } => (n as i64).saturating_mul(step_ns),
            // One more bar: the cut-off lies anywhere inside the open one.
            Self::Bars { n, step_ns } => (n as i64 + 1).saturating_mul(step_ns),
            Self::HalfLife(ns) => crate::recursion::lookback_ns(ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_survives_text_and_back_and_other_spellings_are_refused() {
        for text in [
            "now", "sess", "10s", "5m", "1h", "100ms", "n50", "g300x1s", "b20x1m", "b20x1d",
            "hl60s", "hl600s",
        ] {
            assert_eq!(text.parse::<Window>().map(|w| w.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "", "60s", "0s", "-5m", "n0", "n05", "n+5", "g0x1s", "gx1s", "b20", "hl1m", "5 m",
            "tomorrow", "1.5s",
        ] {
            assert_eq!(
                text.parse::<Window>(),
                Err(WindowError { found: text.to_owned() }),
                "{text}"
            );
        }
    }
}
