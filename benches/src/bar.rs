//! The line by which a program tells `cargo xtask bars` what it measured.

use std::fmt;

/// What one program found for one bar: ours and the peer's in one unit, so that the ratio follows.
///
/// The chore judges it; what the bar is stands in its list alone. A program that measures only one side prints
/// `bar NAME ours=..` or `bar NAME peer=..`.
///
/// ```
/// use benches::BarLine;
/// let line = BarLine { name: "feeds/ticks/real", ours: 0.534, peer: 0.136, unit: "s" };
/// assert_eq!(line.to_string(), "bar feeds/ticks/real ours=0.534000s peer=0.136000s ratio=3.926");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BarLine<'a> {
    /// Name in the list of the chore.
    pub name: &'a str,
    /// What ours took or gave.
    pub ours: f64,
    /// What the peer took or gave.
    pub peer: f64,
    /// Unit of both: `s`, `us`, `B`, `/s`, or nothing for a count.
    pub unit: &'a str,
}

impl fmt::Display for BarLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ours, peer, unit } = self;
        write!(f, "bar {name} ours={ours:.6}{unit} peer={peer:.6}{unit} ratio={:.3}", ours / peer)
    }
}
