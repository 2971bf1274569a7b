//! Bits of `outcome_flags` and `label_flags`.

/// Remarks about an outcome or label, the bits of `outcome_flags` and `label_flags`.
///
/// ```
/// use labeling::OutcomeFlags;
/// let flags = OutcomeFlags::FEE_ASSUMED.with(OutcomeFlags::UNIT_QTY);
/// assert!(flags.has(OutcomeFlags::UNIT_QTY));
/// assert_eq!(flags.words(), ["FEE_ASSUMED", "UNIT_QTY"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OutcomeFlags(u32);

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal;)+) => {
        impl OutcomeFlags {
            $($(#[doc = $doc])+ pub const $name: Self = Self(1 << $bit);)+

            /// Names of the remarks, by bit.
            #[must_use]
            pub fn words(self) -> Vec<&'static str> {
                let all = [$((Self::$name, stringify!($name)),)+];
                all.into_iter().filter(|(bit, _)| self.has(*bit)).map(|(_, word)| word).collect()
            }
        }
    };
}

flags! {
    /// The window ended in a halt or without the side: the first executable price after it was taken.
    EXIT_AFTER_HALT = 0;
    /// A booked fee is an estimate.
    FEE_ESTIMATED = 1;
    /// A fee is that of a trade that was not made.
    FEE_ASSUMED = 2;
    /// A fee is missing and no schedule says what it may be: it counts as 0 with an open bound.
    FEE_UNKNOWN = 3;
    /// Spreads of fills use our own clock.
    CLOCK_RECV = 4;
    /// A fill was stamped before its decision, within the tolerance of the clocks.
    CLAMPED = 5;
    /// The decision has no quantity: one unit was taken.
    UNIT_QTY = 6;
    /// A trade at the decision's own quote, whatever became of it.
    FORWARD = 7;
    /// The value of not acting: results are negated.
    NEGATED = 8;
    /// The order was not filled in full when the wait was over.
    FILL_CENSORED = 9;
    /// A fill was inferred at reconciliation, not received.
    INFERRED = 10;
}

impl OutcomeFlags {
    /// Nothing to remark.
    pub const NONE: Self = Self(0);

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
