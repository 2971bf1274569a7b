//! Why a measure has no value.

/// Why a measure has no value; the lowest code wins where several apply.
///
/// The codes are the bytes of the column `null_reasons`, in which 0 means that the value is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Null {
    /// Rows are known to be lost where the measure would look.
    Gap = 1,
    /// Trading was halted, and did not resume in time.
    Halt = 2,
    /// The price is too old.
    Stale = 3,
    /// There was no price to execute at.
    NoQuote = 4,
    /// An amount in another currency, and no rate.
    NoFx = 5,
    /// The denominator is zero.
    Div0 = 6,
    /// Too little history for the scale.
    WarmUp = 7,
    /// The order ended before the event.
    Censored = 8,
    /// A split, dividend or spin-off lies in the window.
    CorporateAction = 9,
    /// Clocks disagree.
    Clock = 10,
    /// The measure has no meaning for this outcome.
    NotApplicable = 11,
}

impl Null {
    /// Every reason, by code.
    pub const ALL: [Self; 11] = [
        Self::Gap,
        Self::Halt,
        Self::Stale,
        Self::NoQuote,
        Self::NoFx,
        Self::Div0,
        Self::WarmUp,
        Self::Censored,
        Self::CorporateAction,
        Self::Clock,
        Self::NotApplicable,
    ];

    /// The byte in `null_reasons`.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason of a byte, if it is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|null| null.code() == code)
    }

    /// The word in `reasons` of labels and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gap => "GAP",
            Self::Halt => "HALT",
            Self::Stale => "STALE",
            Self::NoQuote => "NO_QUOTE",
            Self::NoFx => "NO_FX",
            Self::Div0 => "DIV0",
            Self::WarmUp => "WARMUP",
            Self::Censored => "CENSORED",
            Self::CorporateAction => "CORPORATE_ACTION",
            Self::Clock => "CLOCK",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}
