//! Rows of the engine to batches of the contract.

use crate::book::{LEVELS, Level, Side};
use crate::columns::{Columns, bytes, counts, flags, prices, sizes, times, words};
use crate::rows::{
    BarPrice, BarRow, DeltaAction, DeltaRow, DepthRow, QuoteRow, Stamp, StatusRow, TapeAction,
    Timed, TradeRow,
};
use crate::universe::Universe;
use contract::arrow_array::{
    Float64Array, Int64Array, RecordBatch, StringArray, UInt16Array, UInt32Array,
};
use contract::{Amount, Bars, BookDeltas, Column, Depths, Flags, Quotes, Statuses, Trades, kind};

/// Sources: market data of venue n has n + 1, its broker reports n + 11.
pub(crate) const BROKER: u16 = 11;
pub(crate) const DESK: u16 = 21;
pub(crate) const BOOKS: u16 = 22;
pub(crate) const NEWS: u16 = 31;

/// The currency of everything: one is enough to prove exactness.
pub(crate) const CCY: &str = "USD";

/// What rows need to become contract rows.
#[derive(Debug, Clone)]
pub(crate) struct Emitter {
    lots: Vec<f64>,
    lot_nanos: Vec<i64>,
    ids: Vec<u32>,
    pub(crate) accounts: [[u8; 16]; 4],
    venues: Vec<String>,
    multipliers: Vec<i64>,
}

/// Envelope columns; `source` is added to the venue's number.
macro_rules! envelope {
    ($columns:ident, $table:ident, $self:ident, $rows:ident, $source:expr, $flags:expr) => {
        $columns.put(
            &$table::SOURCE_ID,
            UInt16Array::from_iter_values($rows.iter().map(|r| u16::from(r.at.venue) + $source)),
        );
        $columns.put(
            &$table::INSTRUMENT_ID,
            UInt32Array::from_iter_values($rows.iter().map(|r| $self.id(&r.at))),
        );
        $columns.put(&$table::TS_EVENT, times($rows.iter().map(|r| r.at.event)));
        $columns.put(&$table::TS_VENUE_SEND, times($rows.iter().map(|r| r.at.event + 10_000)));
        $columns.put(&$table::TS_RECV, times($rows.iter().map(|r| r.at.recv)));
        $columns.put(&$table::TS_AVAIL, times($rows.iter().map(Timed::avail)));
        $columns.put(&$table::FLAGS, UInt16Array::from_iter_values($rows.iter().map($flags)));
    };
}

mod own;

impl Emitter {
    pub(crate) fn new(universe: &Universe, accounts: [[u8; 16]; 4]) -> Self {
        let listings = &universe.listings;
        Self {
            lots: listings.iter().map(|l| l.lot as f64 / 1e9).collect(),
            lot_nanos: listings.iter().map(|l| l.lot).collect(),
            ids: listings.iter().map(|l| l.id).collect(),
            accounts,
            venues: universe.venues.iter().map(|v| v.name.clone()).collect(),
            multipliers: listings.iter().map(|l| l.multiplier).collect(),
        }
    }

    fn id(&self, at: &Stamp) -> u32 {
        self.ids[usize::from(at.instrument)]
    }

    fn size(&self, at: &Stamp, lots: u32) -> f64 {
        f64::from(lots) * self.lots[usize::from(at.instrument)]
    }

    /// Own quantity in 1e-9 of an instrument unit.
    fn qty(&self, instrument: u16, lots: i64) -> Amount {
        let nanos = i128::from(lots) * i128::from(self.lot_nanos[usize::from(instrument)]);
        Amount::from_nanos(nanos).unwrap_or(Amount::ZERO)
    }

    pub(crate) fn trades(&self, rows: &[TradeRow]) -> RecordBatch {
        let mut c = Columns::<Trades>::new(rows.len());
        envelope!(c, Trades, self, rows, 1, |r| if r.is_last { Flags::LAST.bits() } else { 0 });
        c.put(&Trades::PX, prices(rows.iter().map(|r| r.px)));
        c.put(&Trades::SIZE, sizes(rows.iter().map(|r| self.size(&r.at, r.lots))));
        c.put(
            &Trades::AGGRESSOR,
            bytes(rows.iter().map(|r| match r.aggressor {
                Some(Side::Buy) => b'B',
                Some(Side::Sell) => b'A',
                None => b'N',
            })),
        );
        c.put(
            &Trades::ACTION,
            bytes(rows.iter().map(|r| match r.action {
                TapeAction::Trade => b'T',
                TapeAction::Cancel => b'X',
                TapeAction::Correct => b'C',
            })),
        );
        c.put(
            &Trades::TRADE_ID,
            StringArray::from_iter_values(rows.iter().map(|r| r.trade_id.to_string())),
        );
        let refs = rows.iter().map(|r| r.ref_id.map(|id| id.to_string()));
        c.put(&Trades::REF_TRADE_ID, refs.collect::<StringArray>());
        c.put(&Trades::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.put(
            &Trades::VENUE,
            words(
                rows.iter().map(|r| self.venues.get(usize::from(r.at.venue)).map(String::as_str)),
            ),
        );
        c.finish()
    }

    pub(crate) fn quotes(&self, rows: &[QuoteRow]) -> RecordBatch {
        let mut c = Columns::<Quotes>::new(rows.len());
        envelope!(c, Quotes, self, rows, 1, |_| Flags::LAST.bits() | Flags::TOB.bits());
        c.put(&Quotes::BID_PX, rows.iter().map(|r| r.top.map(|t| t.0)).collect::<Int64Array>());
        c.put(&Quotes::ASK_PX, rows.iter().map(|r| r.top.map(|t| t.2)).collect::<Int64Array>());
        c.put(
            &Quotes::BID_SIZE,
            rows.iter()
                .map(|r| r.top.map(|t| self.size(&r.at, t.1.lots)))
                .collect::<Float64Array>(),
        );
        c.put(
            &Quotes::ASK_SIZE,
            rows.iter()
                .map(|r| r.top.map(|t| self.size(&r.at, t.3.lots)))
                .collect::<Float64Array>(),
        );
        c.put(
            &Quotes::BID_CT,
            rows.iter().map(|r| r.top.map(|t| t.1.orders)).collect::<UInt32Array>(),
        );
        c.put(
            &Quotes::ASK_CT,
            rows.iter().map(|r| r.top.map(|t| t.3.orders)).collect::<UInt32Array>(),
        );
        c.put(&Quotes::UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&Quotes::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.finish()
    }

    pub(crate) fn depths(&self, rows: &[DepthRow]) -> RecordBatch {
        let mut c = Columns::<Depths>::new(rows.len());
        envelope!(c, Depths, self, rows, 1, |_| Flags::LAST.bits() | Flags::MBP.bits());
        for (k, names) in DEPTHS.iter().enumerate() {
            let step = i64::try_from(k).unwrap_or(0);
            let level = |side: &[Level; LEVELS]| side[k];
            c.put(
                &names.bid_px,
                rows.iter()
                    .map(|r| r.top.map(|(bid, _, tick)| bid - step * tick))
                    .collect::<Int64Array>(),
            );
            c.put(
                &names.ask_px,
                rows.iter()
                    .map(|r| r.top.map(|(_, ask, tick)| ask + step * tick))
                    .collect::<Int64Array>(),
            );
            let bid_sizes =
                rows.iter().map(|r| r.top.map(|_| self.size(&r.at, level(&r.bids).lots)));
            c.put(&names.bid_size, bid_sizes.collect::<Float64Array>());
            let ask_sizes =
                rows.iter().map(|r| r.top.map(|_| self.size(&r.at, level(&r.asks).lots)));
            c.put(&names.ask_size, ask_sizes.collect::<Float64Array>());
            c.put(
                &names.bid_ct,
                rows.iter().map(|r| r.top.map(|_| level(&r.bids).orders)).collect::<UInt32Array>(),
            );
            c.put(
                &names.ask_ct,
                rows.iter().map(|r| r.top.map(|_| level(&r.asks).orders)).collect::<UInt32Array>(),
            );
        }
        c.put(&Depths::UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&Depths::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.put(&Depths::BOOK_STATE, bytes(rows.iter().map(|_| b'O')));
        c.finish()
    }

    pub(crate) fn deltas(&self, rows: &[DeltaRow]) -> RecordBatch {
        let mut c = Columns::<BookDeltas>::new(rows.len());
        envelope!(c, BookDeltas, self, rows, 1, |r| {
            let last = if r.is_last { Flags::LAST } else { Flags::NONE };
            last.with(if r.is_snapshot { Flags::SNAPSHOT } else { Flags::NONE })
                .with(Flags::MBP)
                .bits()
        });
        c.put(
            &BookDeltas::ACTION,
            bytes(rows.iter().map(|r| match r.action {
                DeltaAction::Modify => b'M',
                DeltaAction::Clear => b'R',
            })),
        );
        c.put(
            &BookDeltas::SIDE,
            bytes(rows.iter().map(|r| match r.side {
                Some(Side::Buy) => b'B',
                Some(Side::Sell) => b'A',
                None => b'N',
            })),
        );
        c.put(&BookDeltas::PX, rows.iter().map(|r| r.px).collect::<Int64Array>());
        c.put(&BookDeltas::SIZE, sizes(rows.iter().map(|r| self.size(&r.at, r.lots))));
        c.put(&BookDeltas::FIRST_UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&BookDeltas::FINAL_UPDATE_ID, counts(rows.iter().map(|r| r.update_id)));
        c.put(&BookDeltas::PREV_FINAL_UPDATE_ID, counts(rows.iter().map(|r| r.update_id - 1)));
        c.put(&BookDeltas::VENUE_SEQ, counts(rows.iter().map(|r| r.venue_seq)));
        c.finish()
    }

    pub(crate) fn bars(&self, rows: &[BarRow]) -> RecordBatch {
        let mut c = Columns::<Bars>::new(rows.len());
        envelope!(c, Bars, self, rows, 1, |_| Flags::LAST.bits());
        c.put(&Bars::TS_OPEN, times(rows.iter().map(|r| r.open_ts)));
        c.put(&Bars::TS_CLOSE, times(rows.iter().map(|r| r.close_ts)));
        c.put(&Bars::STEP_NS, prices(rows.iter().map(|r| r.close_ts - r.open_ts)));
        c.put(
            &Bars::PRICE_TYPE,
            words(rows.iter().map(|r| {
                Some(match r.price {
                    BarPrice::Trade => "trade",
                    BarPrice::Bid => "bid",
                    BarPrice::Ask => "ask",
                })
            })),
        );
        c.put(&Bars::OPEN, prices(rows.iter().map(|r| r.open)));
        c.put(&Bars::HIGH, prices(rows.iter().map(|r| r.high)));
        c.put(&Bars::LOW, prices(rows.iter().map(|r| r.low)));
        c.put(&Bars::CLOSE, prices(rows.iter().map(|r| r.close)));
        let traded = |r: &BarRow| r.price == BarPrice::Trade;
        let volume = |r: &BarRow| r.lots as f64 * self.lots[usize::from(r.at.instrument)];
        let px_lots = |r: &BarRow| r.px_lots as f64 / 1e9;
        c.put(
            &Bars::VOLUME,
            rows.iter().map(|r| traded(r).then(|| volume(r))).collect::<Float64Array>(),
        );
        let notional = |r: &BarRow| {
            let at = usize::from(r.at.instrument);
            px_lots(r) * self.lots[at] * self.multipliers[at] as f64
        };
        c.put(
            &Bars::NOTIONAL,
            rows.iter().map(|r| traded(r).then(|| notional(r))).collect::<Float64Array>(),
        );
        c.put(
            &Bars::VWAP,
            rows.iter()
                .map(|r| traded(r).then(|| px_lots(r) / r.lots as f64))
                .collect::<Float64Array>(),
        );
        c.put(
            &Bars::N_TRADES,
            rows.iter().map(|r| traded(r).then_some(r.n_trades)).collect::<UInt32Array>(),
        );
        c.put(&Bars::IS_FINAL, flags(rows.iter().map(|_| true)));
        c.put(&Bars::REVISION, UInt16Array::from_iter_values(rows.iter().map(|_| 0)));
        c.finish()
    }

    pub(crate) fn statuses(&self, rows: &[StatusRow]) -> RecordBatch {
        let mut c = Columns::<Statuses>::new(rows.len());
        envelope!(c, Statuses, self, rows, 1, |_| Flags::LAST.bits());
        c.put(&Statuses::ACTION, words(rows.iter().map(|r| Some(r.action))));
        c.put(&Statuses::REASON, words(rows.iter().map(|r| r.reason)));
        c.put(&Statuses::IS_TRADING, flags(rows.iter().map(|r| r.is_trading)));
        c.put(&Statuses::IS_QUOTING, flags(rows.iter().map(|r| r.is_quoting)));
        c.put(&Statuses::REVISION, UInt16Array::from_iter_values(rows.iter().map(|_| 0)));
        c.finish()
    }
}

pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

type Px = Column<Depths, kind::Opt<kind::Px>>;
type Size = Column<Depths, kind::Opt<kind::Size>>;
type Count = Column<Depths, kind::Opt<kind::U32>>;

/// The six columns of one level.
struct DepthColumns {
    bid_px: Px,
    bid_size: Size,
    bid_ct: Count,
    ask_px: Px,
    ask_size: Size,
    ask_ct: Count,
}

macro_rules! depth {
    ($($bid_px:ident $bid_size:ident $bid_ct:ident $ask_px:ident $ask_size:ident $ask_ct:ident;)*) => {
        /// The columns of `depths`, best level first.
        static DEPTHS: [DepthColumns; LEVELS] = [$(DepthColumns {
            bid_px: Depths::$bid_px,
            bid_size: Depths::$bid_size,
            bid_ct: Depths::$bid_ct,
            ask_px: Depths::$ask_px,
            ask_size: Depths::$ask_size,
            ask_ct: Depths::$ask_ct,
        }),*];
    };
}
depth! {
    BID_PX_00 BID_SIZE_00 BID_CT_00 ASK_PX_00 ASK_SIZE_00 ASK_CT_00;
    BID_PX_01 BID_SIZE_01 BID_CT_01 ASK_PX_01 ASK_SIZE_01 ASK_CT_01;
    BID_PX_02 BID_SIZE_02 BID_CT_02 ASK_PX_02 ASK_SIZE_02 ASK_CT_02;
    BID_PX_03 BID_SIZE_03 BID_CT_03 ASK_PX_03 ASK_SIZE_03 ASK_CT_03;
    BID_PX_04 BID_SIZE_04 BID_CT_04 ASK_PX_04 ASK_SIZE_04 ASK_CT_04;
    BID_PX_05 BID_SIZE_05 BID_CT_05 ASK_PX_05 ASK_SIZE_05 ASK_CT_05;
    BID_PX_06 BID_SIZE_06 BID_CT_06 ASK_PX_06 ASK_SIZE_06 ASK_CT_06;
    BID_PX_07 BID_SIZE_07 BID_CT_07 ASK_PX_07 ASK_SIZE_07 ASK_CT_07;
    BID_PX_08 BID_SIZE_08 BID_CT_08 ASK_PX_08 ASK_SIZE_08 ASK_CT_08;
    BID_PX_09 BID_SIZE_09 BID_CT_09 ASK_PX_09 ASK_SIZE_09 ASK_CT_09;
}
