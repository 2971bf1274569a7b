//! The levels of a book that a row of `depths` shows.

/// Levels shown a side.
pub(super) const LEVELS: usize = 10;

/// One level shown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Shown {
    pub(super) px: i64,
    pub(super) size: f64,
    pub(super) ct: Option<u32>,
    pub(super) is_set: bool,
}

/// Ten levels a side, best first and without holes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Top {
    pub(super) bids: [Shown; LEVELS],
    pub(super) asks: [Shown; LEVELS],
}

impl Top {
    /// The best level of each side, where there is one.
    pub(super) fn best(&self) -> (Option<Shown>, Option<Shown>) {
        let first = |side: &[Shown; LEVELS]| side.first().copied().filter(|s| s.is_set);
        (first(&self.bids), first(&self.asks))
    }
}
