//! Market data: one table a kind of message.

use crate::kind;
use crate::rules;
use crate::spec::{Class, Default, Tag, Unit, table};
use crate::words::{Aggressor, BookSide, BookState, DeltaAction, MarkKind, PriceType, TradeAction};

table! {
    /// Public trades: one row a print, correction or cancel.
    event Trades = "trades", version 1, instrument true kind::Instrument,
    key &["seq"], rules rules::TRADES;
    /// Price of the print.
    16 PX: kind::Px = "px", standard("dbn:price"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Quantity in the instrument's `size_unit`; 0 only with action `X`.
    17 SIZE: kind::Size = "size", standard("dbn:size"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Who took liquidity: `B` buyer, `A` seller, `N` unknown.
    18 AGGRESSOR: kind::Code<Aggressor> = "aggressor", standard("dbn:side"), class(Class::Public), tags(&[Tag::Licensed]);
    /// `T` trade, `X` cancelled, `C` corrected to these values.
    19 ACTION: kind::Code<TradeAction> = "action", standard("fix:150"), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's id of the print, as text.
    20 TRADE_ID: kind::Opt<kind::Str> = "trade_id", class(Class::Public), tags(&[Tag::Licensed]);
    /// The print that a cancel or correction means; required for actions `X` and `C`.
    21 REF_TRADE_ID: kind::Opt<kind::Str> = "ref_trade_id", class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's own sequence number.
    22 VENUE_SEQ: kind::Opt<kind::U64> = "venue_seq", standard("dbn:sequence"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bit mask of the vendor's sale conditions.
    23 SALE_COND: kind::Opt<kind::U32> = "sale_cond", class(Class::Public), tags(&[Tag::Licensed]);
    /// ISO 10383 code of the executing venue, or the vendor's own word.
    24 VENUE: kind::Opt<kind::OpenCat> = "venue", class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Best bid and ask after each event.
    event Quotes = "quotes", version 1, instrument true kind::Instrument,
    key &["seq"], rules rules::QUOTES;
    /// Best bid; null when that side is empty.
    16 BID_PX: kind::Opt<kind::Px> = "bid_px", standard("dbn:bid_px"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Best ask; null when that side is empty. The bid may exceed it.
    17 ASK_PX: kind::Opt<kind::Px> = "ask_px", standard("dbn:ask_px"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Size at the best bid; null beside a price means not reported.
    18 BID_SIZE: kind::Opt<kind::Size> = "bid_size", standard("dbn:bid_sz"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Size at the best ask; null beside a price means not reported.
    19 ASK_SIZE: kind::Opt<kind::Size> = "ask_size", standard("dbn:ask_sz"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders at the best bid.
    20 BID_CT: kind::Opt<kind::U32> = "bid_ct", standard("dbn:bid_ct"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders at the best ask.
    21 ASK_CT: kind::Opt<kind::U32> = "ask_ct", standard("dbn:ask_ct"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's id of the book update.
    22 UPDATE_ID: kind::Opt<kind::U64> = "update_id", standard("binance:u"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's own sequence number.
    23 VENUE_SEQ: kind::Opt<kind::U64> = "venue_seq", standard("dbn:sequence"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Venue of the bid in a consolidated quote.
    24 BID_VENUE: kind::Opt<kind::OpenCat> = "bid_venue", class(Class::Public), tags(&[Tag::Licensed]);
    /// Venue of the ask in a consolidated quote.
    25 ASK_VENUE: kind::Opt<kind::OpenCat> = "ask_venue", class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Ten levels of the book after each event that changed one of them, best first and without holes.
    event Depths = "depths", version 1, instrument true kind::Instrument,
    key &["seq"], rules rules::DEPTHS;
    /// Bid price of level 0, 0 the best; null when there is no such level.
    16 BID_PX_00: kind::Opt<kind::Px> = "bid_px_00", standard("dbn:bid_px_00"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 0; null beside a price means not reported.
    17 BID_SIZE_00: kind::Opt<kind::Size> = "bid_size_00", standard("dbn:bid_sz_00"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 0.
    18 BID_CT_00: kind::Opt<kind::U32> = "bid_ct_00", standard("dbn:bid_ct_00"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 0, 0 the best; null when there is no such level.
    19 ASK_PX_00: kind::Opt<kind::Px> = "ask_px_00", standard("dbn:ask_px_00"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 0; null beside a price means not reported.
    20 ASK_SIZE_00: kind::Opt<kind::Size> = "ask_size_00", standard("dbn:ask_sz_00"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 0.
    21 ASK_CT_00: kind::Opt<kind::U32> = "ask_ct_00", standard("dbn:ask_ct_00"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 1, 0 the best; null when there is no such level.
    22 BID_PX_01: kind::Opt<kind::Px> = "bid_px_01", standard("dbn:bid_px_01"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 1; null beside a price means not reported.
    23 BID_SIZE_01: kind::Opt<kind::Size> = "bid_size_01", standard("dbn:bid_sz_01"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 1.
    24 BID_CT_01: kind::Opt<kind::U32> = "bid_ct_01", standard("dbn:bid_ct_01"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 1, 0 the best; null when there is no such level.
    25 ASK_PX_01: kind::Opt<kind::Px> = "ask_px_01", standard("dbn:ask_px_01"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 1; null beside a price means not reported.
    26 ASK_SIZE_01: kind::Opt<kind::Size> = "ask_size_01", standard("dbn:ask_sz_01"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 1.
    27 ASK_CT_01: kind::Opt<kind::U32> = "ask_ct_01", standard("dbn:ask_ct_01"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 2, 0 the best; null when there is no such level.
    28 BID_PX_02: kind::Opt<kind::Px> = "bid_px_02", standard("dbn:bid_px_02"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 2; null beside a price means not reported.
    29 BID_SIZE_02: kind::Opt<kind::Size> = "bid_size_02", standard("dbn:bid_sz_02"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 2.
    30 BID_CT_02: kind::Opt<kind::U32> = "bid_ct_02", standard("dbn:bid_ct_02"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 2, 0 the best; null when there is no such level.
    31 ASK_PX_02: kind::Opt<kind::Px> = "ask_px_02", standard("dbn:ask_px_02"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 2; null beside a price means not reported.
    32 ASK_SIZE_02: kind::Opt<kind::Size> = "ask_size_02", standard("dbn:ask_sz_02"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 2.
    33 ASK_CT_02: kind::Opt<kind::U32> = "ask_ct_02", standard("dbn:ask_ct_02"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 3, 0 the best; null when there is no such level.
    34 BID_PX_03: kind::Opt<kind::Px> = "bid_px_03", standard("dbn:bid_px_03"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 3; null beside a price means not reported.
    35 BID_SIZE_03: kind::Opt<kind::Size> = "bid_size_03", standard("dbn:bid_sz_03"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 3.
    36 BID_CT_03: kind::Opt<kind::U32> = "bid_ct_03", standard("dbn:bid_ct_03"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 3, 0 the best; null when there is no such level.
    37 ASK_PX_03: kind::Opt<kind::Px> = "ask_px_03", standard("dbn:ask_px_03"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 3; null beside a price means not reported.
    38 ASK_SIZE_03: kind::Opt<kind::Size> = "ask_size_03", standard("dbn:ask_sz_03"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 3.
    39 ASK_CT_03: kind::Opt<kind::U32> = "ask_ct_03", standard("dbn:ask_ct_03"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 4, 0 the best; null when there is no such level.
    40 BID_PX_04: kind::Opt<kind::Px> = "bid_px_04", standard("dbn:bid_px_04"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 4; null beside a price means not reported.
    41 BID_SIZE_04: kind::Opt<kind::Size> = "bid_size_04", standard("dbn:bid_sz_04"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 4.
    42 BID_CT_04: kind::Opt<kind::U32> = "bid_ct_04", standard("dbn:bid_ct_04"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 4, 0 the best; null when there is no such level.
    43 ASK_PX_04: kind::Opt<kind::Px> = "ask_px_04", standard("dbn:ask_px_04"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 4; null beside a price means not reported.
    44 ASK_SIZE_04: kind::Opt<kind::Size> = "ask_size_04", standard("dbn:ask_sz_04"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 4.
    45 ASK_CT_04: kind::Opt<kind::U32> = "ask_ct_04", standard("dbn:ask_ct_04"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 5, 0 the best; null when there is no such level.
    46 BID_PX_05: kind::Opt<kind::Px> = "bid_px_05", standard("dbn:bid_px_05"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 5; null beside a price means not reported.
    47 BID_SIZE_05: kind::Opt<kind::Size> = "bid_size_05", standard("dbn:bid_sz_05"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 5.
    48 BID_CT_05: kind::Opt<kind::U32> = "bid_ct_05", standard("dbn:bid_ct_05"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 5, 0 the best; null when there is no such level.
    49 ASK_PX_05: kind::Opt<kind::Px> = "ask_px_05", standard("dbn:ask_px_05"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 5; null beside a price means not reported.
    50 ASK_SIZE_05: kind::Opt<kind::Size> = "ask_size_05", standard("dbn:ask_sz_05"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 5.
    51 ASK_CT_05: kind::Opt<kind::U32> = "ask_ct_05", standard("dbn:ask_ct_05"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 6, 0 the best; null when there is no such level.
    52 BID_PX_06: kind::Opt<kind::Px> = "bid_px_06", standard("dbn:bid_px_06"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 6; null beside a price means not reported.
    53 BID_SIZE_06: kind::Opt<kind::Size> = "bid_size_06", standard("dbn:bid_sz_06"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 6.
    54 BID_CT_06: kind::Opt<kind::U32> = "bid_ct_06", standard("dbn:bid_ct_06"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 6, 0 the best; null when there is no such level.
    55 ASK_PX_06: kind::Opt<kind::Px> = "ask_px_06", standard("dbn:ask_px_06"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 6; null beside a price means not reported.
    56 ASK_SIZE_06: kind::Opt<kind::Size> = "ask_size_06", standard("dbn:ask_sz_06"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 6.
    57 ASK_CT_06: kind::Opt<kind::U32> = "ask_ct_06", standard("dbn:ask_ct_06"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 7, 0 the best; null when there is no such level.
    58 BID_PX_07: kind::Opt<kind::Px> = "bid_px_07", standard("dbn:bid_px_07"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 7; null beside a price means not reported.
    59 BID_SIZE_07: kind::Opt<kind::Size> = "bid_size_07", standard("dbn:bid_sz_07"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 7.
    60 BID_CT_07: kind::Opt<kind::U32> = "bid_ct_07", standard("dbn:bid_ct_07"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 7, 0 the best; null when there is no such level.
    61 ASK_PX_07: kind::Opt<kind::Px> = "ask_px_07", standard("dbn:ask_px_07"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 7; null beside a price means not reported.
    62 ASK_SIZE_07: kind::Opt<kind::Size> = "ask_size_07", standard("dbn:ask_sz_07"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 7.
    63 ASK_CT_07: kind::Opt<kind::U32> = "ask_ct_07", standard("dbn:ask_ct_07"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 8, 0 the best; null when there is no such level.
    64 BID_PX_08: kind::Opt<kind::Px> = "bid_px_08", standard("dbn:bid_px_08"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 8; null beside a price means not reported.
    65 BID_SIZE_08: kind::Opt<kind::Size> = "bid_size_08", standard("dbn:bid_sz_08"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 8.
    66 BID_CT_08: kind::Opt<kind::U32> = "bid_ct_08", standard("dbn:bid_ct_08"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 8, 0 the best; null when there is no such level.
    67 ASK_PX_08: kind::Opt<kind::Px> = "ask_px_08", standard("dbn:ask_px_08"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 8; null beside a price means not reported.
    68 ASK_SIZE_08: kind::Opt<kind::Size> = "ask_size_08", standard("dbn:ask_sz_08"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 8.
    69 ASK_CT_08: kind::Opt<kind::U32> = "ask_ct_08", standard("dbn:ask_ct_08"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid price of level 9, 0 the best; null when there is no such level.
    70 BID_PX_09: kind::Opt<kind::Px> = "bid_px_09", standard("dbn:bid_px_09"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Bid size of level 9; null beside a price means not reported.
    71 BID_SIZE_09: kind::Opt<kind::Size> = "bid_size_09", standard("dbn:bid_sz_09"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the bid side of level 9.
    72 BID_CT_09: kind::Opt<kind::U32> = "bid_ct_09", standard("dbn:bid_ct_09"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask price of level 9, 0 the best; null when there is no such level.
    73 ASK_PX_09: kind::Opt<kind::Px> = "ask_px_09", standard("dbn:ask_px_09"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Ask size of level 9; null beside a price means not reported.
    74 ASK_SIZE_09: kind::Opt<kind::Size> = "ask_size_09", standard("dbn:ask_sz_09"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Orders on the ask side of level 9.
    75 ASK_CT_09: kind::Opt<kind::U32> = "ask_ct_09", standard("dbn:ask_ct_09"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's id of the book update.
    76 UPDATE_ID: kind::Opt<kind::U64> = "update_id", standard("binance:u"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's own sequence number.
    77 VENUE_SEQ: kind::Opt<kind::U64> = "venue_seq", standard("dbn:sequence"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// `O` in order, `X` crossed as received, `G` gap: all levels null until the next snapshot.
    78 BOOK_STATE: kind::Code<BookState> = "book_state", class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Changes of single orders or price levels, as the venue sent them.
    event BookDeltas = "book_deltas", version 1, instrument true kind::Instrument,
    key &["seq"], rules rules::BOOK_DELTAS;
    /// `A` add, `M` modify, `C` cancel, `F` fill, `T` trade, `R` clear, `N` none. Level feeds use `R`, `N`, and `M` with the new total.
    16 ACTION: kind::Code<DeltaAction> = "action", standard("dbn:action"), class(Class::Public), tags(&[Tag::Licensed]);
    /// `B` bid, `A` ask, `N` neither.
    17 SIDE: kind::Code<BookSide> = "side", standard("dbn:side"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Price of the order or level; null for `R` and `N`.
    18 PX: kind::Opt<kind::Px> = "px", standard("dbn:price"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Size of the order, or new total of the level; 0 removes the level.
    19 SIZE: kind::Size = "size", standard("dbn:size"), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's order id; null in level feeds.
    20 ORDER_ID: kind::Opt<kind::U64> = "order_id", standard("dbn:order_id"), class(Class::Public), tags(&[Tag::Licensed]);
    /// First update id that the message covers.
    21 FIRST_UPDATE_ID: kind::Opt<kind::U64> = "first_update_id", standard("binance:U"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Last update id that the message covers.
    22 FINAL_UPDATE_ID: kind::Opt<kind::U64> = "final_update_id", standard("binance:u"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Last update id of the message before.
    23 PREV_FINAL_UPDATE_ID: kind::Opt<kind::U64> = "prev_final_update_id", standard("binance:pu"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The venue's own sequence number.
    24 VENUE_SEQ: kind::Opt<kind::U64> = "venue_seq", standard("dbn:sequence"), unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The feed's channel.
    25 CHANNEL_ID: kind::Opt<kind::U16> = "channel_id", standard("dbn:channel_id"), class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Open, high, low and close over `[ts_open, ts_close)`.
    event Bars = "bars", version 1, instrument true kind::Instrument,
    key &["source_id", "instrument_id", "price_type", "step_ns", "ts_open"], rules rules::BARS;
    /// Start of the bar, inclusive.
    16 TS_OPEN: kind::Ts = "ts_open", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// End of the bar, exclusive; also its `ts_event`.
    17 TS_CLOSE: kind::Ts = "ts_close", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// Nominal length of the bar.
    18 STEP_NS: kind::I64 = "step_ns", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// What the prices are of; a quote bar is two rows.
    19 PRICE_TYPE: kind::Cat<PriceType> = "price_type", class(Class::Public), tags(&[Tag::Licensed]);
    /// First price.
    20 OPEN: kind::Px = "open", standard("dbn:open"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Highest price.
    21 HIGH: kind::Px = "high", standard("dbn:high"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Lowest price.
    22 LOW: kind::Px = "low", standard("dbn:low"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Last price.
    23 CLOSE: kind::Px = "close", standard("dbn:close"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Traded quantity; null means not reported.
    24 VOLUME: kind::Opt<kind::Size> = "volume", standard("dbn:volume"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Size at the last price of a quote bar.
    25 CLOSE_SIZE: kind::Opt<kind::Size> = "close_size", class(Class::Public), tags(&[Tag::Licensed]);
    /// Traded value in quote currency.
    26 NOTIONAL: kind::Opt<kind::F64> = "notional", unit(Unit::Ccy), class(Class::Public), tags(&[Tag::Licensed]);
    /// Volume-weighted average price, in price units.
    27 VWAP: kind::Opt<kind::F64> = "vwap", unit(Unit::Ccy), class(Class::Public), tags(&[Tag::Licensed]);
    /// Number of trades.
    28 N_TRADES: kind::Opt<kind::U32> = "n_trades", unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// False for a bar that is still open.
    29 IS_FINAL: kind::Bool = "is_final", class(Class::Public), tags(&[Tag::Licensed]);
    /// 0 for the first publication, rising with each later one.
    30 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Trading states of an instrument.
    event Statuses = "statuses", version 1, instrument true kind::Instrument,
    key &["seq"], rules &[];
    /// `pre_open quoting trading halt pause suspend close post_close not_available` and what venues add.
    16 ACTION: kind::OpenCat = "action", standard("dbn:action"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Why.
    17 REASON: kind::Opt<kind::OpenCat> = "reason", standard("dbn:reason"), class(Class::Public), tags(&[Tag::Licensed]);
    /// What it means for orders.
    18 TRADING_EVENT: kind::Opt<kind::OpenCat> = "trading_event", standard("dbn:trading_event"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Whether trading goes on; null means that the source does not say.
    19 IS_TRADING: kind::Opt<kind::Bool> = "is_trading", standard("dbn:is_trading"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Whether quoting goes on; null means that the source does not say.
    20 IS_QUOTING: kind::Opt<kind::Bool> = "is_quoting", standard("dbn:is_quoting"), class(Class::Public), tags(&[Tag::Licensed]);
    /// Whether short sales are restricted; null means that the source does not say.
    21 IS_SHORT_RESTRICTED: kind::Opt<kind::Bool> = "is_short_restricted", standard("dbn:is_short_sell_restricted"), class(Class::Public), tags(&[Tag::Licensed]);
    /// 0 for the first publication, rising with each correction.
    22 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Coverage of a source: where it starts and ends, how far it is complete, where it has gaps.
    event FeedMarks = "feed_marks", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["seq"], rules rules::FEED_MARKS;
    /// `start watermark gap end`.
    16 KIND: kind::Cat<MarkKind> = "kind", class(Class::Public), tags(&[Tag::Licensed]);
    /// The table meant; null means all tables of the source.
    17 ABOUT: kind::Opt<kind::OpenCat> = "about", class(Class::Public), tags(&[Tag::Licensed]);
    /// Of a watermark: no further row of the source with an earlier `ts_avail` will come.
    18 TS_MARK: kind::Opt<kind::Ts> = "ts_mark", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// Start of a gap.
    19 TS_FROM: kind::Opt<kind::Ts> = "ts_from", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// End of a gap.
    20 TS_TO: kind::Opt<kind::Ts> = "ts_to", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// First venue sequence number lost.
    21 VENUE_SEQ_FROM: kind::Opt<kind::U64> = "venue_seq_from", unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// Venue sequence number after the last one lost.
    22 VENUE_SEQ_TO: kind::Opt<kind::U64> = "venue_seq_to", unit(Unit::Count), class(Class::Public), tags(&[Tag::Licensed]);
    /// The producer concerned.
    23 PRODUCER_ID: kind::Opt<kind::Id> = "producer_id", class(Class::Public), tags(&[Tag::Licensed]);
    /// Why.
    24 REASON: kind::Opt<kind::OpenCat> = "reason", class(Class::Public), tags(&[Tag::Licensed]);
}

table! {
    /// Measurements of a source's or producer's clock at `ts_event`: evidence for rules on time accuracy.
    event Clocks = "clocks", version 1, instrument false kind::Opt<kind::Instrument>,
    key &["seq"], rules &[];
    /// What it was measured against.
    16 CLOCK_SOURCE: kind::OpenCat = "clock_source", class(Class::Public), tags(&[Tag::Licensed]);
    /// Clock minus reference.
    17 OFFSET_NS: kind::I64 = "offset_ns", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// Largest possible error of the offset.
    18 BOUND_NS: kind::I64 = "bound_ns", unit(Unit::Ns), class(Class::Public), tags(&[Tag::Licensed]);
    /// The producer whose clock it is.
    19 PRODUCER_ID: kind::Opt<kind::Id> = "producer_id", class(Class::Public), tags(&[Tag::Licensed]);
}
