//! Best quotes and ten levels.

use super::rows::{Refusal, px, size};
use super::words::Words;
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::UInt8Array;
use contract::arrow_array::builder::{Float64Builder, Int64Builder, UInt32Builder, UInt64Builder};
use contract::{AnyBatch, BuildError, ColumnSet, DepthSide, Depths, Envelope, Quotes};

/// One side of a level, with the sentinels gone: without a price there is neither size nor count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    px: Option<i64>,
    size: Option<f64>,
    ct: Option<u32>,
}

impl Side {
    pub(super) fn new(price: i64, quantity: u32, ct: Option<u32>) -> Self {
        let px = px(price);
        Self { px, size: px.and(size(quantity)), ct: px.and(ct).filter(|ct| *ct != u32::MAX) }
    }
}

#[derive(Debug, Default)]
struct SideColumns {
    px: Int64Builder,
    size: Float64Builder,
    ct: UInt32Builder,
}

impl SideColumns {
    fn push(&mut self, side: Side) {
        self.px.append_option(side.px);
        self.size.append_option(side.size);
        self.ct.append_option(side.ct);
    }
}

/// Rows of `quotes`.
#[derive(Debug, Default)]
pub(super) struct Quote {
    envelope: EnvelopeColumns,
    bid: SideColumns,
    ask: SideColumns,
    venue_seq: UInt64Builder,
    bid_venue: Words,
    ask_venue: Words,
}

impl Quote {
    pub(super) fn len(&self) -> usize {
        self.envelope.len()
    }

    /// A quote of one venue, or of the venues of its sides.
    pub(super) fn push(
        &mut self,
        envelope: &Envelope,
        [bid, ask]: [Side; 2],
        sequence: Option<u32>,
        venues: [Option<&str>; 2],
    ) {
        self.envelope.push(envelope);
        self.bid.push(bid);
        self.ask.push(ask);
        self.venue_seq.append_option(sequence.map(u64::from));
        let [bid_venue, ask_venue] = venues;
        self.bid_venue.push(bid_venue.filter(|_| bid.px.is_some()));
        self.ask_venue.push(ask_venue.filter(|_| ask.px.is_some()));
    }

    pub(super) fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        let draft = self
            .envelope
            .finish::<Quotes>()
            .with(&Quotes::BID_PX, self.bid.px.finish())
            .with(&Quotes::ASK_PX, self.ask.px.finish())
            .with(&Quotes::BID_SIZE, self.bid.size.finish())
            .with(&Quotes::ASK_SIZE, self.ask.size.finish())
            .with(&Quotes::BID_CT, self.bid.ct.finish())
            .with(&Quotes::ASK_CT, self.ask.ct.finish())
            .with(&Quotes::VENUE_SEQ, self.venue_seq.finish())
            .with(&Quotes::BID_VENUE, self.bid_venue.finish())
            .with(&Quotes::ASK_VENUE, self.ask_venue.finish())
            .finish()?;
        Ok(draft.into_any())
    }
}

/// Rows of `depths`.
#[derive(Debug, Default)]
pub(super) struct Depth {
    envelope: EnvelopeColumns,
    bids: [SideColumns; 10],
    asks: [SideColumns; 10],
    venue_seq: UInt64Builder,
    book_state: Vec<u8>,
}

impl Depth {
    pub(super) fn len(&self) -> usize {
        self.envelope.len()
    }

    pub(super) fn push(
        &mut self,
        record: &dbn::Mbp10Msg,
        envelope: &Envelope,
    ) -> Result<(), Refusal> {
        let bids = record.levels.each_ref().map(|l| Side::new(l.bid_px, l.bid_sz, Some(l.bid_ct)));
        let asks = record.levels.each_ref().map(|l| Side::new(l.ask_px, l.ask_sz, Some(l.ask_ct)));
        for (levels, column) in [(&bids, "bid_px_00"), (&asks, "ask_px_00")] {
            let set = levels.iter().filter(|l| l.px.is_some()).count();
            if levels.iter().take(set).any(|l| l.px.is_none()) {
                let expected = "levels without holes";
                return Err(Refusal::new("contract/pair-mismatch", column, expected, "a hole"));
            }
        }
        self.envelope.push(envelope);
        for (columns, side) in [(&mut self.bids, &bids), (&mut self.asks, &asks)] {
            for (column, level) in columns.iter_mut().zip(side) {
                column.push(*level);
            }
        }
        self.venue_seq.append_value(u64::from(record.sequence));
        let best = |side: &[Side; 10]| side.first().and_then(|l| l.px);
        let is_crossed = best(&bids).zip(best(&asks)).is_some_and(|(bid, ask)| bid > ask);
        self.book_state.push(if is_crossed { b'X' } else { b'O' });
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        let mut set = self.envelope.finish::<Depths>();
        set = side(set, &mut self.bids, &DepthSide::BIDS);
        set = side(set, &mut self.asks, &DepthSide::ASKS);
        let draft = set
            .with(&Depths::VENUE_SEQ, self.venue_seq.finish())
            .with(&Depths::BOOK_STATE, UInt8Array::from(std::mem::take(&mut self.book_state)))
            .finish()?;
        Ok(draft.into_any())
    }
}

fn side(
    mut set: ColumnSet<Depths>,
    columns: &mut [SideColumns; 10],
    names: &DepthSide,
) -> ColumnSet<Depths> {
    for ((px, size, ct), column) in names.columns().zip(columns) {
        set = set
            .with(px, column.px.finish())
            .with(size, column.size.finish())
            .with(ct, column.ct.finish());
    }
    set
}
