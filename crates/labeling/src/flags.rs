//! Flags of outcomes and labels.

/// Bits of `outcome_flags` and `label_flags`.
///
/// ```
/// use labeling::OutcomeFlags;
/// let flags = OutcomeFlags::FEE_ASSUMED | OutcomeFlags::FORWARD;
/// assert_eq!(OutcomeFlags::words(flags), ["FEE_ASSUMED", "FORWARD"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct OutcomeFlags;

macro_rules! flags {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal;)+) => {
        impl OutcomeFlags {
            $($(#[doc = $doc])+ pub const $name: u32 = 1 << $bit;)+

            /// Names of the bits that are set, by bit.
            #[must_use]
            pub fn words(flags: u32) -> Vec<&'static str> {
                let all = [$((Self::$name, stringify!($name)),)+];
                all.into_iter().filter(|(bit, _)| flags & bit != 0).map(|(_, word)| word).collect()
            }
        }
    };
}

flags! {
    /// The window ended in a halt or without a price, and the first executable price after it was taken.
    EXIT_AFTER_HALT = 0;
    /// A fee is an estimate.
    FEE_ESTIMATED = 1;
    /// A fee was assumed for a trade that was not made.
    FEE_ASSUMED = 2;
    /// A fee is missing, and no schedule says what it may be.
    FEE_UNKNOWN = 3;
    /// Spreads use our own clock.
    CLOCK_RECV = 4;
    /// A fill was stamped before its decision, within the tolerance.
    CLAMPED = 5;
    /// The decision named no quantity; one unit was taken.
    UNIT_QTY = 6;
    /// A trade at the decision's own quote, whatever became of it.
    FORWARD = 7;
    /// The value of not acting: results are negated.
    NEGATED = 8;
    /// The order was not filled in full when the wait was over: its time to fill is only a bound.
    FILL_CENSORED = 9;
    /// A fill was inferred at reconciliation, not received.
    INFERRED = 10;
}
