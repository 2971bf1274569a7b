//! The measures of an outcome: their names, units, and which way is better.

use crate::null::Null;

/// Which way a measure is better, so that a rule can never reward a worse value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither: no rule may use it.
    Neither,
}

/// What a measure's column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Money in the instrument's quote currency, `Decimal128(38, 9)`.
    Money,
    /// `Float64` in the unit that ends the name.
    Number,
    /// An instant, `Timestamp(ns, UTC)`.
    Instant,
    /// Nanoseconds or a count, `Int64`.
    Whole,
}

macro_rules! measures {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $scale:ident, $better:ident;)+) => {
        /// A measure of an outcome: a column of the table `outcomes`, in this order.
        ///
        /// One that has a better side also has `<name>_lo` and `<name>_hi`: numeric bounds, null where open.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Measure { $($(#[doc = $doc])+ $name,)+ }

        impl Measure {
            /// Every measure, in the order of the columns.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Number of measures.
            pub const COUNT: usize = Self::ALL.len();

            /// Name of its column.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What its column holds.
            #[must_use]
            pub const fn scale(self) -> Scale {
                match self { $(Self::$name => Scale::$scale,)+ }
            }

            /// Which way is better.
            #[must_use]
            pub const fn better(self) -> Better {
                match self { $(Self::$name => Better::$better,)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

measures! {
    /// Gross profit and loss of the lots.
    GrossPnl = "gross_pnl", Money, Higher;
    /// Gross less fees, plus carry.
    NetPnl = "net_pnl", Money, Higher;
    /// The part of net that is in the books.
    BookedPnl = "booked_pnl", Money, Higher;
    /// Fees, booked and assumed; negative is a rebate.
    Fees = "fees", Money, Neither;
    /// Funding, borrow, dividends and interest apportioned to the lots.
    Carry = "carry", Money, Neither;
    /// Net over the entry notional.
    RetNetBps = "ret_net_bps", Number, Higher;
    /// Net return in standard deviations of the planned horizon.
    RNetSigma = "r_net_sigma", Number, Higher;
    /// Worst gross result on the path, over the entry notional; at most 0.
    MaeBps = "mae_bps", Number, Higher;
    /// Best gross result on the path, over the entry notional; at least 0.
    MfeBps = "mfe_bps", Number, Higher;
    /// The worst result in standard deviations of the planned horizon.
    MaeSigma = "mae_sigma", Number, Higher;
    /// When the worst result was first reached.
    MaeTs = "mae_ts", Instant, Neither;
    /// When the best result was first reached.
    MfeTs = "mfe_ts", Instant, Neither;
    /// Gross over the best result on the path.
    MfeCapture = "mfe_capture", Number, Higher;
    /// The best over the worst result on the path.
    EdgeRatio = "edge_ratio", Number, Higher;
    /// Cost of the move between decision and arrival of the order.
    IsDelay = "is_delay", Money, Lower;
    /// Cost of the fills against the mid at arrival.
    IsTrading = "is_trading", Money, Lower;
    /// Cost of the fills against the mid at each fill.
    IsSpread = "is_spread", Money, Lower;
    /// Cost of the move of the mid between arrival and each fill, own impact included.
    IsDrift = "is_drift", Money, Lower;
    /// Cost of what was not filled.
    IsOpportunity = "is_opportunity", Money, Lower;
    /// Fees of the fills.
    IsExplicit = "is_explicit", Money, Lower;
    /// Paper portfolio less the real one: the sum of delay, trading, opportunity and fees.
    IsTotal = "is_total", Money, Lower;
    /// The total over quantity times the mid at the decision.
    IsTotalBps = "is_total_bps", Number, Lower;
    /// The total over the cost that the decision expected.
    IsVsExpected = "is_vs_expected", Number, Lower;
    /// Twice the signed distance of the fills to the mid, over the mid.
    EffSpreadBps = "eff_spread_bps", Number, Lower;
    /// Mean price of the fills against the mid at arrival, in ticks.
    SlippageTicks = "slippage_ticks", Number, Lower;
    /// Net return less that of the benchmark.
    RelNetBps = "rel_net_bps", Number, Higher;
    /// Volatility used, a square-root second.
    SigmaBps = "sigma_bps", Number, Neither;
    /// Price at which the position was entered; of fills their mean.
    EntryPx = "entry_px", Number, Neither;
    /// Price at which the position was left or valued; of fills their mean.
    ExitPx = "exit_px", Number, Neither;
    /// Share of the decision's quantity that was filled.
    FillRatio = "fill_ratio", Number, Neither;
    /// From the cut-off to the first fill.
    TimeToFillNs = "time_to_fill_ns", Whole, Neither;
    /// From entry to exit.
    HoldingNs = "holding_ns", Whole, Neither;
    /// Holding time over the planned horizon.
    HoldingRatio = "holding_ratio", Number, Neither;
    /// How long after the end of the window the first executable price came.
    ExitDelayNs = "exit_delay_ns", Whole, Neither;
    /// Rows of the path between entry and end.
    PathRows = "path_rows", Whole, Neither;
    /// Rows between entry and end that were not eligible.
    PathExcludedRows = "path_excluded_rows", Whole, Neither;
}

impl Measure {
    /// Whether it has columns for its bounds.
    #[must_use]
    pub const fn is_bounded(self) -> bool {
        !matches!(self.better(), Better::Neither)
    }

    /// Its place among [`Measure::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The measure of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|measure| measure.name() == name)
    }
}

/// A number of a measure in its own scale: money exact, in units of 1e-9; instants and counts whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// Units of 1e-9 of the quote currency.
    Money(i128),
    /// A finite number.
    Number(f64),
    /// Nanoseconds since 1970, nanoseconds, or a count.
    Whole(i64),
}

/// A measure's value and the interval that it is certain to lie in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The value, or why there is none.
    pub value: Result<Scalar, Null>,
    /// Lower numeric bound; `None` is open. Equal to the value where it is exact.
    pub lo: Option<Scalar>,
    /// Upper numeric bound; `None` is open.
    pub hi: Option<Scalar>,
}

impl Reading {
    /// A value without any doubt.
    #[must_use]
    pub const fn exact(value: Scalar) -> Self {
        Self { value: Ok(value), lo: Some(value), hi: Some(value) }
    }

    /// No value, and no bounds.
    #[must_use]
    pub const fn unknown(why: Null) -> Self {
        Self { value: Err(why), lo: None, hi: None }
    }
}

/// One reading a measure, by [`Measure::index`].
#[derive(Debug, Clone, PartialEq)]
pub struct Readings(Box<[Reading]>);

impl Readings {
    /// Nothing is known yet: every measure is `NOT_APPLICABLE`.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![Reading::unknown(Null::NotApplicable); Measure::COUNT].into())
    }

    /// The reading of a measure.
    #[must_use]
    pub fn get(&self, measure: Measure) -> Reading {
        self.0.get(measure.index()).copied().unwrap_or(Reading::unknown(Null::NotApplicable))
    }

    /// Sets the reading of a measure.
    pub fn set(&mut self, measure: Measure, reading: Reading) {
        if let Some(slot) = self.0.get_mut(measure.index()) {
            *slot = reading;
        }
    }
}

impl Default for Readings {
    fn default() -> Self {
        Self::new()
    }
}
