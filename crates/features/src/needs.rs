//! What a feature asks for, declared before it is evaluated.

use crate::instrument::{BAR_NS, TICK_RULE_NS};
use crate::measure::Measure;
use crate::rows::{DELAY_NS, MarketTable, Series};
use crate::window::{ROWS_SPAN, SECOND, Window};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose rows are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The instrument of the decision.
    Own,
    /// The instrument that plays this role for it.
    Role(String),
}

/// One thing that a feature asks for.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) who: Who,
    pub(crate) ask: Ask,
}

#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// Sum of a measure over a window, leaving out its first `inner` rows.
    Sum { measure: Arc<dyn Measure>, window: Window, inner: u32 },
    /// Number of rows of a series in a window.
    Count { series: Series, window: Window },
    /// Smallest and largest mid or size in a window.
    Extreme { series: Series, window: Window },
    /// The quote seen by the cut-off `t - lag`.
    Quote { lag_ns: i64 },
    /// The quote in force at the open of the session, or the first valid one after it.
    OpenQuote,
    /// The book.
    Depth,
    /// The last trade, with or without what quotes say of it.
    Trade { signed: bool },
    /// The last trade of known sign.
    SignedTrade,
    /// Signs of the last trades.
    Run,
    /// The mid before its last `n` changes.
    MidBefore { n: u32 },
    /// When prices or sizes last changed.
    Change,
    /// Grid instants one by one, the span that coverage must reach over, and whether trades are looked at.
    Grid { n: u32, cover_ns: i64, trades: bool },
    /// Closed bars one by one.
    Bars { n: u32 },
    /// Exponentially weighted sums.
    Decayed { series: Series, half_life: i64 },
    /// The session and the local clock.
    Session,
    /// The instrument's own row.
    Instrument,
    /// Scheduled events.
    Events,
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub(crate) usize);
    )*};
}
handles! {
    /// Handle of a sum or count.
    SumOf
    /// Handle of the smallest and largest value.
    RangeOf
    /// Handle of a quote.
    QuoteOf
    /// Handle of a book.
    DepthOf
    /// Handle of a trade.
    TradeOf
    /// Handle of a number that a state gives: a run of signs, an instant, twice a mid.
    NumberOf
    /// Handle of grid instants.
    GridOf
    /// Handle of bars.
    BarsOf
    /// Handle of exponentially weighted sums.
    DecayedOf
    /// Handle of a session.
    SessionOf
    /// Handle of the instrument's row.
    InstrumentOf
    /// Handle of scheduled events.
    EventsOf
}

/// Everything that a feature asks for; what is not in it cannot be seen when the feature is evaluated.
///
/// Inputs, lookback and warm-up of the feature follow from it.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    pub(crate) list: Vec<Need>,
}

impl Needs {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks about the instrument of the decision.
    pub fn own(&mut self) -> Asker<'_> {
        Asker { needs: self, who: Who::Own }
    }

    /// Asks about the instrument that plays a role for it, as the table `roles` says at the cut-off.
    pub fn peer(&mut self, role: &str) -> Asker<'_> {
        Asker { needs: self, who: Who::Role(role.to_owned()) }
    }

    /// How far before the cut-off a row may lie and still count, given how long a state holds.
    #[must_use]
    pub fn lookback_ns(&self, max_age_ns: i64) -> i64 {
        self.list.iter().map(|n| n.ask.lookback_ns(max_age_ns)).max().unwrap_or(0)
    }

    /// Tables of ticks that are read.
    #[must_use]
    pub fn tables(&self) -> BTreeSet<MarketTable> {
        self.list.iter().flat_map(|n| n.ask.tables().iter().copied()).collect()
    }

    /// Reference tables that are read.
    #[must_use]
    pub fn reference_tables(&self) -> BTreeSet<&'static str> {
        let mut tables = BTreeSet::new();
        for need in &self.list {
            if let Who::Role(_) = need.who {
                tables.insert("roles");
            }
            match &need.ask {
                Ask::Session | Ask::OpenQuote => tables.extend(["instruments", "sessions"]),
                Ask::Instrument => {
                    tables.insert("instruments");
                }
                Ask::Events => tables.extend(["instruments", "scheduled_events"]),
                Ask::Sum { window: Window::Session, .. }
                | Ask::Count { window: Window::Session, .. }
                | Ask::Extreme { window: Window::Session, .. } => {
                    tables.extend(["instruments", "sessions"]);
                }
                _ => {}
            }
        }
        tables
    }

    /// Whether a quote, book or trade in force is asked for, whose age counts.
    pub(crate) fn has_state(&self) -> bool {
        self.list.iter().any(|n| {
            matches!(n.ask, Ask::Quote { .. } | Ask::Depth | Ask::Trade { .. } | Ask::SignedTrade)
        })
    }

    /// Roles that are asked about.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<&str> {
        self.list
            .iter()
            .filter_map(|n| match &n.who {
                Who::Own => None,
                Who::Role(role) => Some(role.as_str()),
            })
            .collect()
    }

    /// The longest window, which coverage must reach over.
    #[must_use]
    pub fn warm_up_ns(&self) -> i64 {
        self.list.iter().map(|n| n.ask.window_ns()).max().unwrap_or(0)
    }
}

/// Declares what is asked about one instrument.
#[derive(Debug)]
pub struct Asker<'a> {
    needs: &'a mut Needs,
    who: Who,
}

impl Asker<'_> {
    fn ask(&mut self, ask: Ask) -> usize {
        self.needs.list.push(Need { who: self.who.clone(), ask });
        self.needs.list.len() - 1
    }

    /// The exact sum of a measure over a window; of a level, its integral over time.
    pub fn sum(&mut self, measure: Arc<dyn Measure>, window: Window) -> SumOf {
        SumOf(self.ask(Ask::Sum { measure, window, inner: 0 }))
    }

    /// The sum without the first `inner` rows of the window, for measures that look at neighbours.
    pub fn sum_inside(&mut self, measure: Arc<dyn Measure>, window: Window, inner: u32) -> SumOf {
        SumOf(self.ask(Ask::Sum { measure, window, inner }))
    }

    /// The number of rows of a series in a window, cancelled trades among them.
    pub fn count(&mut self, series: Series, window: Window) -> SumOf {
        SumOf(self.ask(Ask::Count { series, window }))
    }

    /// Twice the smallest and largest mid of the valid quotes in a window.
    pub fn mid_range(&mut self, window: Window) -> RangeOf {
        RangeOf(self.ask(Ask::Extreme { series: Series::Quotes, window }))
    }

    /// The smallest and largest size of the trades in a window.
    pub fn size_range(&mut self, window: Window) -> RangeOf {
        RangeOf(self.ask(Ask::Extreme { series: Series::Trades, window }))
    }

    /// The quote in force.
    pub fn quote(&mut self) -> QuoteOf {
        QuoteOf(self.ask(Ask::Quote { lag_ns: 0 }))
    }

    /// The quote seen by the cut-off `t - lag`.
    pub fn quote_before(&mut self, lag_ns: i64) -> QuoteOf {
        QuoteOf(self.ask(Ask::Quote { lag_ns: lag_ns.max(0) }))
    }

    /// The first valid quote of the session.
    pub fn open_quote(&mut self) -> QuoteOf {
        QuoteOf(self.ask(Ask::OpenQuote))
    }

    /// The book in force.
    pub fn depth(&mut self) -> DepthOf {
        DepthOf(self.ask(Ask::Depth))
    }

    /// The last trade that was not cancelled.
    pub fn trade(&mut self) -> TradeOf {
        TradeOf(self.ask(Ask::Trade { signed: true }))
    }

    /// The same, of whose sign and prevailing quote nothing is read.
    pub(crate) fn print(&mut self) -> TradeOf {
        TradeOf(self.ask(Ask::Trade { signed: false }))
    }

    /// The last trade of known sign that was not cancelled.
    pub fn signed_trade(&mut self) -> TradeOf {
        TradeOf(self.ask(Ask::SignedTrade))
    }

    /// Length of the current run of equal signs, at most 64, with the sign.
    pub fn run(&mut self) -> NumberOf {
        NumberOf(self.ask(Ask::Run))
    }

    /// Twice the mid before its last `n` changes.
    pub fn mid_before_changes(&mut self, n: u32) -> NumberOf {
        NumberOf(self.ask(Ask::MidBefore { n }))
    }

    /// The instant at which prices or sizes of the quote last changed.
    pub fn last_change(&mut self) -> NumberOf {
        NumberOf(self.ask(Ask::Change))
    }

    /// The last `n` instants of the 1 s grid, one by one.
    pub fn grid(&mut self, n: u32) -> GridOf {
        let cover_ns = i64::from(n).saturating_mul(SECOND);
        GridOf(self.ask(Ask::Grid { n, cover_ns, trades: true }))
    }

    /// The same, of whose trades nothing is read.
    pub(crate) fn mids(&mut self, n: u32) -> GridOf {
        self.mids_covered(n, i64::from(n).saturating_mul(SECOND))
    }

    /// The last `n` instants, where the oldest serve the returns of the others only: coverage may begin later.
    pub(crate) fn mids_covered(&mut self, n: u32, cover_ns: i64) -> GridOf {
        GridOf(self.ask(Ask::Grid { n, cover_ns, trades: false }))
    }

    /// The last `n` closed bars of one minute, one by one.
    pub fn bars(&mut self, n: u32) -> BarsOf {
        BarsOf(self.ask(Ask::Bars { n }))
    }

    /// Exponentially weighted number of trades.
    pub fn decayed_trades(&mut self, half_life_ns: i64) -> DecayedOf {
        DecayedOf(self.ask(Ask::Decayed { series: Series::Trades, half_life: half_life_ns }))
    }

    /// Exponentially weighted sum of squared returns on the 1 s grid, and of their weights.
    pub fn decayed_squares(&mut self, half_life_ns: i64) -> DecayedOf {
        DecayedOf(self.ask(Ask::Decayed { series: Series::Grid, half_life: half_life_ns }))
    }

    /// The session that contains the cut-off, and the local clock.
    pub fn session(&mut self) -> SessionOf {
        SessionOf(self.ask(Ask::Session))
    }

    /// The instrument's row of the table `instruments`.
    pub fn instrument(&mut self) -> InstrumentOf {
        InstrumentOf(self.ask(Ask::Instrument))
    }

    /// Scheduled events around the cut-off.
    pub fn events(&mut self) -> EventsOf {
        EventsOf(self.ask(Ask::Events))
    }
}

impl Ask {
    /// What a row may depend on beyond its own window.
    pub(crate) fn lookback_ns(&self, max_age: i64) -> i64 {
        // A trade's sign depends on a quote or price of the last minute before it.
        let trade = max_age.max(TICK_RULE_NS);
        let of_series = |series: Series, window: i64| match series {
            Series::Quotes | Series::Depths => window.saturating_add(max_age),
            Series::Trades => window.saturating_add(trade),
            // The first return needs the instant before, the first pair two before.
            Series::Grid => window.saturating_add(3 * SECOND).saturating_add(trade),
            Series::Later => window.saturating_add(DELAY_NS).saturating_add(trade),
            Series::Bars => window,
        };
        // Neighbours of trades are taken inside the window, so prices, sizes and times need nothing before it.
        let is_tape =
            self.tables() == [MarketTable::Trades] && self.series() == Some(Series::Trades);
        match self {
            Self::Sum { window, .. }
            | Self::Count { window, .. }
            | Self::Extreme { window, .. }
                if is_tape =>
            {
                window.span_ns()
            }
            Self::Sum { measure, window, .. } => of_series(measure.series(), window.span_ns()),
            Self::Count { series, window } | Self::Extreme { series, window } => {
                of_series(*series, window.span_ns())
            }
            Self::Quote { lag_ns } => max_age.saturating_add(*lag_ns),
            Self::OpenQuote => Window::Session.span_ns().saturating_add(max_age),
            Self::Depth | Self::Trade { signed: false } => max_age,
            Self::Trade { signed: true } | Self::SignedTrade => max_age.saturating_add(trade),
            Self::Run => of_series(Series::Trades, max_age.saturating_mul(65)),
            Self::MidBefore { .. } => of_series(Series::Quotes, ROWS_SPAN),
            Self::Change => max_age.saturating_mul(2),
            Self::Grid { n, .. } => of_series(Series::Grid, i64::from(*n).saturating_mul(SECOND)),
            Self::Bars { n } => {
                of_series(Series::Bars, i64::from(*n).saturating_mul(BAR_NS).saturating_add(BAR_NS))
            }
            Self::Decayed { series, half_life } => {
                of_series(*series, crate::recursion::lookback_ns(*half_life))
            }
            Self::Session | Self::Instrument | Self::Events => 0,
        }
    }

    /// What coverage must reach over.
    pub(crate) fn window_ns(&self) -> i64 {
        match self {
            Self::Sum { window, .. }
            | Self::Count { window, .. }
            | Self::Extreme { window, .. } => {
                match window {
                    // A row count is its own warm-up.
                    Window::Rows(_) | Window::Session => 0,
                    Window::HalfLife(ns) => ns.saturating_mul(40),
                    other => other.span_ns(),
                }
            }
            Self::Quote { lag_ns } => *lag_ns,
            Self::Grid { cover_ns, .. } => *cover_ns,
            Self::Bars { n } => i64::from(*n).saturating_mul(BAR_NS),
            Self::Decayed { half_life, .. } => half_life.saturating_mul(40),
            _ => 0,
        }
    }

    /// Tables whose rows matter.
    pub(crate) fn tables(&self) -> &'static [MarketTable] {
        use MarketTable as M;
        match self {
            Self::Sum { measure, .. } => measure.tables(),
            Self::Count { series, .. } | Self::Extreme { series, .. } => match series {
                Series::Trades | Series::Bars => &[M::Trades],
                Series::Grid => &[M::Quotes],
                other => other.tables(),
            },
            Self::Quote { .. } | Self::OpenQuote | Self::MidBefore { .. } | Self::Change => {
                &[M::Quotes]
            }
            Self::Depth => &[M::Depths],
            Self::Trade { signed: false } | Self::Bars { .. } => &[M::Trades],
            Self::Trade { signed: true }
            | Self::SignedTrade
            | Self::Run
            | Self::Grid { trades: true, .. } => &[M::Quotes, M::Trades],
            Self::Grid { trades: false, .. } => &[M::Quotes],
            Self::Decayed { series, .. } => match series {
                Series::Trades => &[M::Trades],
                _ => &[M::Quotes],
            },
            Self::Session | Self::Instrument | Self::Events => &[],
        }
    }

    /// Tables that must cover the window: a sign can be found without quotes, a window of trades cannot do without trades.
    pub(crate) fn covering(&self) -> &'static [MarketTable] {
        match self {
            Self::Sum { measure, .. } => measure.covering(),
            Self::Trade { .. } | Self::SignedTrade | Self::Run => &[MarketTable::Trades],
            other => other.tables(),
        }
    }

    /// Series whose rows must be kept, with whether extremes are wanted.
    pub(crate) fn series(&self) -> Option<Series> {
        match self {
            Self::Sum { measure, .. } => Some(measure.series()),
            Self::Count { series, .. }
            | Self::Extreme { series, .. }
            | Self::Decayed { series, .. } => Some(*series),
            Self::Quote { .. } | Self::OpenQuote | Self::MidBefore { .. } | Self::Change => {
                Some(Series::Quotes)
            }
            Self::Depth => Some(Series::Depths),
            Self::Trade { .. } | Self::SignedTrade | Self::Run => Some(Series::Trades),
            Self::Grid { .. } => Some(Series::Grid),
            Self::Bars { .. } => Some(Series::Bars),
            Self::Session | Self::Instrument | Self::Events => None,
        }
    }

    /// The same question, for finding out which features share an answer.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Sum { measure, window, inner } => {
                format!("sum {} {window} {inner}", measure.name())
            }
            other => format!("{other:?}"),
        }
    }
}
