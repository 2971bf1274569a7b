//! Rows as the engine makes them, in plain integers: ticks and lots became prices and sizes, nothing else happened.

use crate::book::{LEVELS, Level, Side};

/// Where and when a row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// By the venue's clock.
    pub(crate) event: i64,
    /// By our clock.
    pub(crate) recv: i64,
    pub(crate) instrument: u16,
    pub(crate) venue: u8,
}

/// From receipt to usable.
pub(crate) const PROCESSING_NS: i64 = 15_000;

impl Stamp {
    pub(crate) const fn avail(&self) -> i64 {
        self.recv + PROCESSING_NS
    }
}

/// A row that becomes usable at some moment.
pub(crate) trait Timed {
    fn avail(&self) -> i64;
}

macro_rules! timed {
    ($($row:ident),*) => { $(impl Timed for $row { fn avail(&self) -> i64 { self.at.avail() } })* };
}
timed!(TradeRow, QuoteRow, DepthRow, DeltaRow, BarRow, StatusRow, ExecutionRow);

#[derive(Debug, Clone, Copy)]
pub(crate) struct TradeRow {
    pub(crate) at: Stamp,
    pub(crate) px: i64,
    pub(crate) lots: u32,
    /// None in auctions.
    pub(crate) aggressor: Option<Side>,
    pub(crate) action: TapeAction,
    pub(crate) trade_id: u64,
    pub(crate) ref_id: Option<u64>,
    pub(crate) venue_seq: u64,
    pub(crate) is_last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TapeAction {
    Trade,
    Cancel,
    Correct,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct QuoteRow {
    pub(crate) at: Stamp,
    /// Bid, ask and their levels; none while the book is empty.
    pub(crate) top: Option<(i64, Level, i64, Level)>,
    pub(crate) update_id: u64,
    pub(crate) venue_seq: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct DepthRow {
    pub(crate) at: Stamp,
    /// Best bid, best ask and one tick, in 1e-9; none while the book is empty.
    pub(crate) top: Option<(i64, i64, i64)>,
    pub(crate) bids: [Level; LEVELS],
    pub(crate) asks: [Level; LEVELS],
    pub(crate) update_id: u64,
    pub(crate) venue_seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeltaAction {
    Modify,
    Clear,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct DeltaRow {
    pub(crate) at: Stamp,
    pub(crate) action: DeltaAction,
    pub(crate) side: Option<Side>,
    pub(crate) px: Option<i64>,
    pub(crate) lots: u32,
    pub(crate) update_id: u64,
    pub(crate) venue_seq: u64,
    pub(crate) is_last: bool,
    pub(crate) is_snapshot: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct BarRow {
    pub(crate) at: Stamp,
    pub(crate) open_ts: i64,
    pub(crate) close_ts: i64,
    pub(crate) price: BarPrice,
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    /// Of trade bars.
    pub(crate) lots: u64,
    pub(crate) n_trades: u32,
    /// Sum of price × lots, in 1e-9 × lots.
    pub(crate) px_lots: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BarPrice {
    Trade,
    Bid,
    Ask,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusRow {
    pub(crate) at: Stamp,
    pub(crate) action: &'static str,
    pub(crate) reason: Option<&'static str>,
    pub(crate) is_trading: bool,
    pub(crate) is_quoting: bool,
}

/// An intelligence score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewsRow {
    pub(crate) instrument: u16,
    pub(crate) doc_id: [u8; 16],
    pub(crate) published: i64,
    pub(crate) recv: i64,
    pub(crate) scored: i64,
    pub(crate) avail: i64,
    pub(crate) sentiment: f64,
    pub(crate) confidence: f64,
    /// Carries nothing.
    pub(crate) noise: f64,
    /// Of a trap: the move of the mid over the horizon that starts at `published`, in ticks.
    pub(crate) trap: Option<f64>,
}

impl Timed for NewsRow {
    fn avail(&self) -> i64 {
        self.avail
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Enter,
    Exit,
    Increase,
    Reduce,
    Reverse,
    Hedge,
    Hold,
    Skip,
    Cancel,
    Modify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Submitted,
    Denied,
    Suppressed,
}

/// How an order is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Market, immediate or cancel.
    Market,
    /// Limit, rests.
    Limit,
}

/// The market as a strategy saw it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct View {
    pub(crate) bid: i64,
    pub(crate) ask: i64,
    pub(crate) bid_lots: u32,
    pub(crate) ask_lots: u32,
    pub(crate) last: Option<i64>,
    /// When the newest of it became usable.
    pub(crate) avail: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct DecisionRow {
    pub(crate) id: [u8; 16],
    pub(crate) ts: i64,
    pub(crate) instrument: u16,
    pub(crate) strategy: u8,
    pub(crate) act: Act,
    pub(crate) standing: Standing,
    pub(crate) denied_reason: Option<&'static str>,
    pub(crate) side: Option<Side>,
    pub(crate) lots: i64,
    pub(crate) order: Option<u64>,
    pub(crate) parent: Option<[u8; 16]>,
    pub(crate) group: Option<[u8; 16]>,
    pub(crate) style: Option<Style>,
    pub(crate) limit: Option<i64>,
    pub(crate) ts_signal: i64,
    pub(crate) ts_sent: Option<i64>,
    pub(crate) horizon: i64,
    pub(crate) before: i64,
    pub(crate) target: i64,
    pub(crate) expected_bps: f64,
    pub(crate) cost_bps: f64,
    pub(crate) confidence: f64,
    pub(crate) prob: Option<f64>,
    pub(crate) is_exploration: bool,
    pub(crate) view: View,
    /// Name, value, weight, when it became usable.
    pub(crate) signals: Vec<(&'static str, f64, f64, i64)>,
    pub(crate) alternatives: Vec<(&'static str, f64, Option<f64>)>,
    pub(crate) checks: Vec<(&'static str, bool, f64, f64)>,
    pub(crate) reason: &'static str,
    /// Standard deviation of the return of one second, as the desk believes it.
    pub(crate) sigma_bps: f64,
    /// Take-profit and stop-loss prices.
    pub(crate) barriers: Option<(i64, i64)>,
}

impl Timed for DecisionRow {
    fn avail(&self) -> i64 {
        self.ts + 5_000
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Report {
    New,
    Trade,
    Replaced,
    Canceled,
    Rejected,
    Expired,
    Correct,
    Bust,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ExecutionRow {
    pub(crate) at: Stamp,
    pub(crate) exec_id: u64,
    pub(crate) report: Report,
    pub(crate) side: Side,
    pub(crate) last: Option<(i64, i64)>,
    pub(crate) ref_id: Option<u64>,
    pub(crate) decision: Option<[u8; 16]>,
    /// None for what the venue did by itself.
    pub(crate) order: Option<u64>,
    pub(crate) orig_order: Option<u64>,
    pub(crate) trade_id: Option<u64>,
    pub(crate) strategy: u8,
    pub(crate) order_lots: i64,
    pub(crate) leaves: i64,
    pub(crate) cum: i64,
    pub(crate) style: Style,
    pub(crate) limit: Option<i64>,
    pub(crate) is_maker: bool,
    pub(crate) is_liquidation: bool,
    /// Money in 1e-9; negative is a rebate.
    pub(crate) fee: Option<i128>,
    pub(crate) reject: Option<&'static str>,
    pub(crate) ts_sent: Option<i64>,
    pub(crate) ts_ack: Option<i64>,
    pub(crate) arrival: Option<(i64, i64)>,
    pub(crate) exec_quote: Option<(i64, i64)>,
}

/// A row of `truth_books`: a position after a fill, a posting or a split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BookRow {
    pub(crate) ts: i64,
    pub(crate) instrument: u16,
    pub(crate) strategy: u8,
    pub(crate) cause: &'static str,
    pub(crate) exec_id: Option<u64>,
    pub(crate) lots: i64,
    /// Money in 1e-9: paid and received since the start, of it fees and funding, and the realized result (FIFO, gross).
    pub(crate) cash: i128,
    pub(crate) fees: i128,
    pub(crate) funding: i128,
    pub(crate) realized: i128,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PostingRow {
    pub(crate) ts: i64,
    pub(crate) recv: i64,
    pub(crate) instrument: Option<u16>,
    pub(crate) strategy: u8,
    pub(crate) kind: &'static str,
    pub(crate) amount: i128,
    pub(crate) number: u64,
}

impl Timed for PostingRow {
    fn avail(&self) -> i64 {
        self.recv + PROCESSING_NS
    }
}

/// A row of `truth_signal`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalRow {
    pub(crate) decision: [u8; 16],
    pub(crate) ts: i64,
    pub(crate) instrument: u16,
    pub(crate) hidden: i64,
    pub(crate) vol: i64,
    /// None where the window leaves continuous trading.
    pub(crate) classes: Option<[f64; 3]>,
    /// The true move of the mid over the horizon, in ticks; none with `classes`.
    pub(crate) moved: Option<i64>,
}

/// A row of `truth_labels`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelRow {
    pub(crate) decision: [u8; 16],
    pub(crate) ts: i64,
    pub(crate) instrument: u16,
    pub(crate) target: &'static str,
    pub(crate) side: Option<Side>,
    pub(crate) class: Option<i8>,
    /// In basis points, or in standard deviations for grades.
    pub(crate) value: Option<f64>,
    pub(crate) entry: Option<i64>,
    pub(crate) exit: Option<i64>,
    pub(crate) ts_end: i64,
    pub(crate) reason: Option<&'static str>,
}

/// Everything one instrument made in a slice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape {
    pub(crate) trades: Vec<TradeRow>,
    pub(crate) quotes: Vec<QuoteRow>,
    pub(crate) depths: Vec<DepthRow>,
    pub(crate) deltas: Vec<DeltaRow>,
    pub(crate) bars: Vec<BarRow>,
    pub(crate) statuses: Vec<StatusRow>,
    pub(crate) news: Vec<NewsRow>,
    pub(crate) decisions: Vec<DecisionRow>,
    pub(crate) executions: Vec<ExecutionRow>,
    pub(crate) postings: Vec<PostingRow>,
    pub(crate) books: Vec<BookRow>,
    pub(crate) signals: Vec<SignalRow>,
    pub(crate) labels: Vec<LabelRow>,
}
