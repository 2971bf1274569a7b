//! Bits of `outcome_flags` and `label_flags`.

/// Set of remarks about an outcome or label, the bits of `outcome_flags` and `label_flags`.
///
/// ```
/// use labeling::OutcomeFlags;
/// let flags = OutcomeFlags::FEE_ASSUMED.with(OutcomeFlags::UNIT_QTY);
/// assert!(flags.has(OutcomeFlags::UNIT_QTY));
/// assert_eq!(flags.bits(), 8 + 32);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OutcomeFlags(u32);

impl OutcomeFlags {
    /// Nothing to remark.
    pub const NONE: Self = Self(0);
    /// The window ended in a halt or without the side: the first price after it was taken.
    pub const EXIT_AFTER_HALT: Self = Self(1);
    /// A booked fee is an estimate.
    pub const FEE_ESTIMATED: Self = Self(2);
    /// A fee has no schedule: it counts as 0 with an open bound.
    pub const FEE_UNKNOWN: Self = Self(4);
    /// A fee is that of a trade that was not made.
    pub const FEE_ASSUMED: Self = Self(8);
    /// A fill stood before its decision, within the tolerance of the clocks.
    pub const CLAMPED: Self = Self(16);
    /// The decision has no quantity: one unit was taken.
    pub const UNIT_QTY: Self = Self(32);

    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The union.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The union, if this holds.
    #[must_use]
    pub const fn with_if(self, other: Self, holds: bool) -> Self {
        if holds { self.with(other) } else { self }
    }

    /// Whether every bit of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
