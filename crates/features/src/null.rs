//! Why a feature has no value.

use std::num::NonZeroU8;

/// Why a feature has no value at a decision; the lowest code wins where several apply.
///
/// The codes are the bytes of the column `null_reasons`, in which 0 means that the value is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Null {
    /// The feature has no meaning here: outside a session, no such role, nothing scheduled.
    NotApplicable = 1,
    /// No fitted parameters were known.
    NotFitted = 2,
    /// The input has no row of the instrument before the cut-off, or the instrument is unknown.
    NoHistory = 3,
    /// Trading or quoting was halted.
    Halted = 4,
    /// A gap, known before the cut-off, lies in the window.
    Gap = 5,
    /// The source is covered for less than the window.
    WarmUp = 6,
    /// The state is older than its `max_age`.
    Stale = 7,
    /// The latest value is missing.
    NullInput = 8,
    /// Fewer valid entries, or less valid time, than the rule asks for.
    TooFewValid = 9,
    /// The window holds no row.
    Empty = 10,
    /// The denominator is exactly zero.
    ZeroDenominator = 11,
    /// The formula is not defined for these inputs: a crossed book, a positive Roll covariance.
    OutOfDomain = 12,
    /// The exact sum does not fit.
    Overflow = 13,
    /// A user's feature gave NaN or infinity.
    NonFinite = 14,
}

impl Null {
    /// Every reason, by code.
    pub const ALL: [Self; 14] = [
        Self::NotApplicable,
        Self::NotFitted,
        Self::NoHistory,
        Self::Halted,
        Self::Gap,
        Self::WarmUp,
        Self::Stale,
        Self::NullInput,
        Self::TooFewValid,
        Self::Empty,
        Self::ZeroDenominator,
        Self::OutOfDomain,
        Self::Overflow,
        Self::NonFinite,
    ];

    /// The byte in `null_reasons`.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this code; `None` for 0 (a value) and for codes not in use.
    ///
    /// ```
    /// use features::Null;
    /// assert_eq!(Null::from_code(6), Some(Null::WarmUp));
    /// assert_eq!(Null::from_code(0), None);
    /// ```
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        let at = usize::from(NonZeroU8::new(code)?.get()) - 1;
        Self::ALL.get(at).copied()
    }

    /// The word for tables and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::NotFitted => "not_fitted",
            Self::NoHistory => "no_history",
            Self::Halted => "halted",
            Self::Gap => "gap",
            Self::WarmUp => "warm_up",
            Self::Stale => "stale",
            Self::NullInput => "null_input",
            Self::TooFewValid => "too_few_valid",
            Self::Empty => "empty",
            Self::ZeroDenominator => "zero_denominator",
            Self::OutOfDomain => "out_of_domain",
            Self::Overflow => "overflow",
            Self::NonFinite => "non_finite",
        }
    }
}
