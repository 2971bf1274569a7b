//! Growing rows of the three tables.

use super::message::{Body, Level, Levels, Message};
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::builder::{
    Float64Builder, Int64Builder, StringBuilder, UInt32Builder, UInt64Builder,
};
use contract::arrow_array::{Float64Array, Int64Array, UInt8Array};
use contract::{AnyBatch, BookDeltas, BuildError, Draft, Envelope, Flags, Quotes, Trades};
use std::fmt::Write;

#[derive(Debug, Default)]
struct TradeColumns {
    envelope: EnvelopeColumns,
    px: Vec<i64>,
    size: Vec<f64>,
    aggressor: Vec<u8>,
    trade_id: StringBuilder,
    sale_cond: UInt32Builder,
}

#[derive(Debug, Default)]
struct QuoteColumns {
    envelope: EnvelopeColumns,
    bid_px: Int64Builder,
    ask_px: Int64Builder,
    bid_size: Float64Builder,
    ask_size: Float64Builder,
    update_id: Vec<u64>,
}

#[derive(Debug, Default)]
struct DeltaColumns {
    envelope: EnvelopeColumns,
    action: Vec<u8>,
    side: Vec<u8>,
    px: Int64Builder,
    size: Vec<f64>,
    first: UInt64Builder,
    last: Vec<u64>,
    prev: UInt64Builder,
}

/// Rows read and not yet handed out.
#[derive(Debug, Default)]
pub(super) struct Columns {
    trades: TradeColumns,
    quotes: QuoteColumns,
    deltas: DeltaColumns,
}

impl Columns {
    /// Rows of all three tables.
    pub(super) fn len(&self) -> usize {
        self.trades.envelope.len() + self.quotes.envelope.len() + self.deltas.envelope.len()
    }

    /// Adds the rows of a message; `envelope` carries no structural flag yet.
    pub(super) fn push(&mut self, envelope: Envelope, message: &Message<'_>, levels: &Levels) {
        match message.body {
            Body::Trade { id, px, size, buyer_is_maker, sale_cond } => {
                let rows = &mut self.trades;
                rows.envelope.push(&envelope.flagged(envelope.flags.with(Flags::LAST)));
                rows.px.push(px.nanos());
                rows.size.push(size);
                // The maker rests; the other one took.
                rows.aggressor.push(if buyer_is_maker { b'A' } else { b'B' });
                // Writing to memory cannot fail.
                let _ = write!(rows.trade_id, "{id}");
                rows.trade_id.append_value("");
                rows.sale_cond.append_option(sale_cond);
            }
            Body::BestQuote { update_id, bid, ask } => {
                let rows = &mut self.quotes;
                rows.envelope.push(&envelope.flagged(envelope.flags.with(Flags::LAST)));
                rows.bid_px.append_option(bid.map(|b| b.px.nanos()));
                rows.ask_px.append_option(ask.map(|a| a.px.nanos()));
                rows.bid_size.append_option(bid.map(|b| b.size));
                rows.ask_size.append_option(ask.map(|a| a.size));
                rows.update_id.push(update_id);
            }
            Body::Depth { first, last, prev } => {
                let bare = levels.len() == 0;
                self.deltas.message(
                    &envelope,
                    bare.then_some(b'N'),
                    levels,
                    Some(first),
                    last,
                    prev,
                );
            }
            Body::Snapshot { last } => {
                let envelope = envelope.flagged(envelope.flags.with(Flags::SNAPSHOT));
                self.deltas.message(&envelope, Some(b'R'), levels, None, last, None);
            }
        }
    }

    /// The rows so far, leaving none behind.
    pub(super) fn finish(&mut self) -> Result<[AnyBatch; 3], BuildError> {
        Ok([
            self.trades.finish()?.into_any(),
            self.quotes.finish()?.into_any(),
            self.deltas.finish()?.into_any(),
        ])
    }
}

impl DeltaColumns {
    /// One row for `bare`, if there is one, then one a level; LAST on the last.
    fn message(
        &mut self,
        envelope: &Envelope,
        bare: Option<u8>,
        levels: &Levels,
        first: Option<u64>,
        last: u64,
        prev: Option<u64>,
    ) {
        let n = usize::from(bare.is_some()) + levels.len();
        self.envelope.push_n(envelope, n);
        self.envelope.close_message();
        if let Some(action) = bare {
            self.action.push(action);
            self.side.push(b'N');
            self.px.append_null();
            self.size.push(0.0);
        }
        self.side(b'B', &levels.bids);
        self.side(b'A', &levels.asks);
        match first {
            Some(first) => self.first.append_value_n(first, n),
            None => self.first.append_nulls(n),
        }
        self.last.resize(self.last.len() + n, last);
        match prev {
            Some(prev) => self.prev.append_value_n(prev, n),
            None => self.prev.append_nulls(n),
        }
    }

    fn side(&mut self, side: u8, levels: &[Level]) {
        self.action.resize(self.action.len() + levels.len(), b'M');
        self.side.resize(self.side.len() + levels.len(), side);
        for level in levels {
            self.px.append_value(level.px.nanos());
        }
        self.size.extend(levels.iter().map(|level| level.size));
    }

    fn finish(&mut self) -> Result<Draft<BookDeltas>, BuildError> {
        self.envelope
            .finish::<BookDeltas>()
            .with(&BookDeltas::ACTION, UInt8Array::from(std::mem::take(&mut self.action)))
            .with(&BookDeltas::SIDE, UInt8Array::from(std::mem::take(&mut self.side)))
            .with(&BookDeltas::PX, self.px.finish())
            .with(&BookDeltas::SIZE, Float64Array::from(std::mem::take(&mut self.size)))
            .with(&BookDeltas::FIRST_UPDATE_ID, self.first.finish())
            .with(&BookDeltas::FINAL_UPDATE_ID, std::mem::take(&mut self.last).into())
            .with(&BookDeltas::PREV_FINAL_UPDATE_ID, self.prev.finish())
            .finish()
    }
}

impl TradeColumns {
    fn finish(&mut self) -> Result<Draft<Trades>, BuildError> {
        let action = vec![b'T'; self.px.len()];
        self.envelope
            .finish::<Trades>()
            .with(&Trades::PX, Int64Array::from(std::mem::take(&mut self.px)))
            .with(&Trades::SIZE, Float64Array::from(std::mem::take(&mut self.size)))
            .with(&Trades::AGGRESSOR, UInt8Array::from(std::mem::take(&mut self.aggressor)))
            .with(&Trades::ACTION, UInt8Array::from(action))
            .with(&Trades::TRADE_ID, self.trade_id.finish())
            .with(&Trades::SALE_COND, self.sale_cond.finish())
            .finish()
    }
}

impl QuoteColumns {
    fn finish(&mut self) -> Result<Draft<Quotes>, BuildError> {
        self.envelope
            .finish::<Quotes>()
            .with(&Quotes::BID_PX, self.bid_px.finish())
            .with(&Quotes::ASK_PX, self.ask_px.finish())
            .with(&Quotes::BID_SIZE, self.bid_size.finish())
            .with(&Quotes::ASK_SIZE, self.ask_size.finish())
            .with(&Quotes::UPDATE_ID, std::mem::take(&mut self.update_id).into())
            .finish()
    }
}
