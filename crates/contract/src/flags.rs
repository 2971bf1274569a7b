//! The bit set in the `flags` column of every event table.

/// Bits of `flags`: those of DBN, and ours above them.
///
/// ```
/// use contract::Flags;
/// let flags = Flags::LAST.with(Flags::BACKFILL);
/// assert_eq!(flags.bits(), 128 + 256);
/// assert!(flags.has(Flags::BACKFILL));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u16);

impl Flags {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// Closes the rows of one source message.
    pub const LAST: Self = Self(128);
    /// A top-of-book message.
    pub const TOB: Self = Self(64);
    /// Comes from a snapshot or a replay.
    pub const SNAPSHOT: Self = Self(32);
    /// An aggregated price level, not a single order.
    pub const MBP: Self = Self(16);
    /// The source says that its receive stamp is unreliable.
    pub const BAD_TS_RECV: Self = Self(8);
    /// The source says that the book may be wrong.
    pub const MAYBE_BAD_BOOK: Self = Self(4);
    /// `ts_recv` is unknown and `ts_avail` derived.
    pub const BACKFILL: Self = Self(256);
    /// Came later than the source's allowed lateness.
    pub const LATE: Self = Self(512);
    /// May repeat an earlier row.
    pub const DUP_SUSPECT: Self = Self(1024);
    /// A stamp is in doubt.
    pub const CLOCK_SUSPECT: Self = Self(2048);
    /// The vendor marked the row as doubtful.
    pub const VENDOR_SUSPECT: Self = Self(4096);
    /// Inferred, not received.
    pub const INFERRED: Self = Self(8192);
    /// Set aside by a quality rule.
    pub const QUARANTINED: Self = Self(16384);
    /// Changed by a repair.
    pub const REPAIRED: Self = Self(32768);

    /// The set with these bits; unknown ones are kept.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The union.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
