//! Rows of the tables that records of a stream become.

use super::levels::{Depth, Quote};
use super::words::Words;
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::builder::{Int64Builder, UInt64Builder};
use contract::arrow_array::{Float64Array, Int64Array, TimestampNanosecondArray, UInt8Array};
use contract::{
    AnyBatch, Bars, BookDeltas, BuildError, Envelope, Flags, Instruments, Price, PriceType,
    Statuses, TableBuilder, Trades, UTC, UtcNanos, Vocabulary,
};

/// Why a record became no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) column: &'static str,
    pub(super) expected: &'static str,
    pub(super) found: String,
}

impl Refusal {
    #[cold]
    pub(super) fn new(
        code: &'static str,
        column: &'static str,
        expected: &'static str,
        found: impl Into<String>,
    ) -> Self {
        Self { code, column, expected, found: found.into() }
    }

    #[cold]
    pub(super) fn null(column: &'static str) -> Self {
        Self::new("contract/null-required", column, "a value", "null")
    }
}

/// A price, or `None` for the sentinel.
pub(super) fn px(price: i64) -> Option<i64> {
    (price != dbn::UNDEF_PRICE).then_some(price)
}

/// A size, or `None` for the sentinel.
pub(super) fn size(size: u32) -> Option<f64> {
    (size != dbn::UNDEF_ORDER_SIZE).then_some(f64::from(size))
}

/// A letter of a record; they are ASCII.
#[expect(clippy::cast_sign_loss, reason = "the bits of a byte that C calls a signed char")]
pub(super) fn letter(c: std::ffi::c_char) -> u8 {
    c as u8
}

fn side(c: std::ffi::c_char, column: &'static str) -> Result<u8, Refusal> {
    match letter(c) {
        letter @ (b'A' | b'B' | b'N') => Ok(letter),
        other => {
            let found = contract::excerpt(&[other]);
            Err(Refusal::new("contract/out-of-vocabulary", column, "A B N", found))
        }
    }
}

#[derive(Debug, Default)]
struct TradeColumns {
    envelope: EnvelopeColumns,
    px: Vec<i64>,
    size: Vec<f64>,
    aggressor: Vec<u8>,
    venue_seq: UInt64Builder,
    venue: Words,
}

#[derive(Debug, Default)]
struct DeltaColumns {
    envelope: EnvelopeColumns,
    action: Vec<u8>,
    side: Vec<u8>,
    px: Int64Builder,
    size: Vec<f64>,
    order_id: Vec<u64>,
    venue_seq: Vec<u64>,
    channel_id: Vec<u16>,
}

#[derive(Debug, Default)]
struct BarColumns {
    envelope: EnvelopeColumns,
    open_ns: Vec<i64>,
    close_ns: Vec<i64>,
    step_ns: Vec<i64>,
    prices: [Vec<i64>; 4],
    volume: Vec<f64>,
    seen: std::collections::BTreeSet<(u32, i64, i64)>,
}

/// Rows read and not yet handed out.
#[derive(Debug)]
pub(super) struct Tables {
    trades: TradeColumns,
    pub(super) quotes: Quote,
    pub(super) depths: Depth,
    deltas: DeltaColumns,
    bars: BarColumns,
    statuses: TableBuilder<Statuses>,
    instruments: TableBuilder<Instruments>,
}

impl Default for Tables {
    fn default() -> Self {
        let now = UtcNanos::from_nanos(0);
        Self {
            trades: TradeColumns::default(),
            quotes: Quote::default(),
            depths: Depth::default(),
            deltas: DeltaColumns::default(),
            bars: BarColumns::default(),
            statuses: TableBuilder::new(now),
            instruments: TableBuilder::new(now),
        }
    }
}

impl Tables {
    /// Rows of all tables.
    pub(super) fn len(&self) -> usize {
        self.trades.envelope.len()
            + self.quotes.len()
            + self.depths.len()
            + self.deltas.envelope.len()
            + self.bars.envelope.len()
            + self.statuses.len()
            + self.instruments.len()
    }

    pub(super) fn trade(
        &mut self,
        record: &dbn::TradeMsg,
        envelope: &Envelope,
        venue: &str,
    ) -> Result<(), Refusal> {
        let px = px(record.price).ok_or_else(|| Refusal::null("px"))?;
        let size = size(record.size).ok_or_else(|| Refusal::null("size"))?;
        if size == 0.0 {
            return Err(Refusal::new("contract/out-of-range", "size", "a size above 0", "0"));
        }
        if letter(record.action) != b'T' {
            let found = contract::excerpt(&[letter(record.action)]);
            return Err(Refusal::new("contract/out-of-vocabulary", "action", "T", found));
        }
        let aggressor = side(record.side, "aggressor")?;
        let rows = &mut self.trades;
        rows.envelope.push(envelope);
        rows.px.push(px);
        rows.size.push(size);
        rows.aggressor.push(aggressor);
        rows.venue_seq.append_value(u64::from(record.sequence));
        rows.venue.push(Some(venue));
        Ok(())
    }

    pub(super) fn delta(
        &mut self,
        record: &dbn::MboMsg,
        envelope: &Envelope,
    ) -> Result<(), Refusal> {
        let action = letter(record.action);
        if !matches!(action, b'A' | b'M' | b'C' | b'F' | b'T' | b'R' | b'N') {
            let found = contract::excerpt(&[action]);
            let expected = "A M C F T R N";
            return Err(Refusal::new("contract/out-of-vocabulary", "action", expected, found));
        }
        let side = side(record.side, "side")?;
        // A clear or an empty row is about no price, whatever stands in the field.
        let px = px(record.price).filter(|_| !matches!(action, b'R' | b'N'));
        if px.is_none() && !matches!(action, b'R' | b'N') {
            let expected = "a price unless action is `R` or `N`";
            return Err(Refusal::new("contract/conditional-missing", "px", expected, "null"));
        }
        let size = size(record.size).or(px.is_none().then_some(0.0));
        let size = size.ok_or_else(|| Refusal::null("size"))?;
        let rows = &mut self.deltas;
        rows.envelope.push(envelope);
        rows.action.push(action);
        rows.side.push(side);
        rows.px.append_option(px);
        rows.size.push(size);
        rows.order_id.push(record.order_id);
        rows.venue_seq.push(u64::from(record.sequence));
        rows.channel_id.push(u16::from(record.channel_id));
        Ok(())
    }

    /// A bar whose envelope is that of its end.
    pub(super) fn bar(
        &mut self,
        record: &dbn::OhlcvMsg,
        envelope: &Envelope,
        open_ns: i64,
        step_ns: i64,
    ) -> Result<(), Refusal> {
        let named = [
            (record.open, "open"),
            (record.high, "high"),
            (record.low, "low"),
            (record.close, "close"),
        ];
        for (price, column) in named {
            px(price).ok_or_else(|| Refusal::null(column))?;
        }
        let (open, high, low, close) = (record.open, record.high, record.low, record.close);
        if low > open.min(close).min(high) {
            let found = Price::from_nanos(low).to_string();
            let expected = "low at most open, high and close";
            return Err(Refusal::new("contract/ohlc-order", "low", expected, found));
        }
        if high < open.max(close) {
            let found = Price::from_nanos(high).to_string();
            let expected = "high at least open, low and close";
            return Err(Refusal::new("contract/ohlc-order", "high", expected, found));
        }
        let rows = &mut self.bars;
        if !rows.seen.insert((envelope.instrument_id.get(), step_ns, open_ns)) {
            let found = UtcNanos::from_nanos(open_ns).to_string();
            let expected = "a bar of its own time";
            return Err(Refusal::new("contract/duplicate-key", "ts_open", expected, found));
        }
        rows.envelope.push(envelope);
        rows.open_ns.push(open_ns);
        rows.close_ns.push(open_ns + step_ns);
        rows.step_ns.push(step_ns);
        for (column, (price, _)) in rows.prices.iter_mut().zip(named) {
            column.push(price);
        }
        rows.volume.push(record.volume as f64);
        Ok(())
    }

    pub(super) fn status(
        &mut self,
        record: &dbn::StatusMsg,
        envelope: &Envelope,
    ) -> Result<(), BuildError> {
        let action = match record.action() {
            Ok(dbn::StatusAction::NotAvailableForTrading) => "not_available".to_owned(),
            Ok(action) => words(&format!("{action:?}")),
            Err(_) => format!("other_{}", record.action),
        };
        let reason = match record.reason() {
            Ok(reason) => words(&format!("{reason:?}")),
            Err(_) => format!("other_{}", record.reason),
        };
        let event = match record.trading_event() {
            Ok(event) => words(&format!("{event:?}")),
            Err(_) => format!("other_{}", record.trading_event),
        };
        let said = |word: &str| (word != "none").then(|| word.to_owned());
        let row = &mut self.statuses;
        row.set(&Statuses::SOURCE_ID, envelope.source_id)
            .set(&Statuses::INSTRUMENT_ID, envelope.instrument_id)
            .set(&Statuses::TS_EVENT, envelope.ts_event)
            .set(&Statuses::TS_RECV, envelope.ts_recv)
            .set(&Statuses::TS_AVAIL, envelope.ts_avail.unwrap_or(UtcNanos::from_nanos(0)))
            .set(&Statuses::CLOCK_OFFSET_NS, envelope.clock_offset_ns)
            .set(&Statuses::FLAGS, envelope.flags.bits())
            .set(&Statuses::ACTION, action.as_str())
            .set(&Statuses::REASON, said(&reason).as_deref())
            .set(&Statuses::TRADING_EVENT, said(&event).as_deref())
            .set(&Statuses::IS_TRADING, record.is_trading())
            .set(&Statuses::IS_QUOTING, record.is_quoting())
            .set(&Statuses::IS_SHORT_RESTRICTED, record.is_short_sell_restricted());
        row.end_row()
    }

    pub(super) fn instruments(&mut self) -> &mut TableBuilder<Instruments> {
        &mut self.instruments
    }

    /// The rows so far, a batch a table, leaving none behind.
    pub(super) fn finish(&mut self) -> Result<Vec<AnyBatch>, BuildError> {
        let mut out = Vec::new();
        if !self.instruments.is_empty() {
            out.push(self.instruments.finish()?.into_any());
        }
        if self.trades.envelope.len() > 0 {
            out.push(self.trades.finish()?);
        }
        if self.quotes.len() > 0 {
            out.push(self.quotes.finish()?);
        }
        if self.depths.len() > 0 {
            out.push(self.depths.finish()?);
        }
        if self.deltas.envelope.len() > 0 {
            out.push(self.deltas.finish()?);
        }
        if self.bars.envelope.len() > 0 {
            out.push(self.bars.finish()?);
        }
        if !self.statuses.is_empty() {
            out.push(self.statuses.finish()?.into_any());
        }
        Ok(out)
    }
}

impl TradeColumns {
    fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        let action = vec![b'T'; self.px.len()];
        let draft = self
            .envelope
            .finish::<Trades>()
            .with(&Trades::PX, Int64Array::from(std::mem::take(&mut self.px)))
            .with(&Trades::SIZE, Float64Array::from(std::mem::take(&mut self.size)))
            .with(&Trades::AGGRESSOR, UInt8Array::from(std::mem::take(&mut self.aggressor)))
            .with(&Trades::ACTION, UInt8Array::from(action))
            .with(&Trades::VENUE_SEQ, self.venue_seq.finish())
            .with(&Trades::VENUE, self.venue.finish())
            .finish()?;
        Ok(draft.into_any())
    }
}

impl DeltaColumns {
    fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        let draft = self
            .envelope
            .finish::<BookDeltas>()
            .with(&BookDeltas::ACTION, UInt8Array::from(std::mem::take(&mut self.action)))
            .with(&BookDeltas::SIDE, UInt8Array::from(std::mem::take(&mut self.side)))
            .with(&BookDeltas::PX, self.px.finish())
            .with(&BookDeltas::SIZE, Float64Array::from(std::mem::take(&mut self.size)))
            .with(&BookDeltas::ORDER_ID, std::mem::take(&mut self.order_id).into())
            .with(&BookDeltas::VENUE_SEQ, std::mem::take(&mut self.venue_seq).into())
            .with(&BookDeltas::CHANNEL_ID, std::mem::take(&mut self.channel_id).into())
            .finish()?;
        Ok(draft.into_any())
    }
}

impl BarColumns {
    fn finish(&mut self) -> Result<AnyBatch, BuildError> {
        self.seen.clear();
        let n = self.step_ns.len();
        let stamps = |nanos: &mut Vec<i64>| {
            TimestampNanosecondArray::from(std::mem::take(nanos)).with_timezone(UTC)
        };
        let mut price_type = Words::default();
        (0..n).for_each(|_| price_type.push(Some(PriceType::Trade.word())));
        let [open, high, low, close] = &mut self.prices;
        let prices = |column: &mut Vec<i64>| Int64Array::from(std::mem::take(column));
        let draft = self
            .envelope
            .finish::<Bars>()
            .with(&Bars::TS_OPEN, stamps(&mut self.open_ns))
            .with(&Bars::TS_CLOSE, stamps(&mut self.close_ns))
            .with(&Bars::STEP_NS, prices(&mut self.step_ns))
            .with(&Bars::PRICE_TYPE, price_type.finish())
            .with(&Bars::OPEN, prices(open))
            .with(&Bars::HIGH, prices(high))
            .with(&Bars::LOW, prices(low))
            .with(&Bars::CLOSE, prices(close))
            .with(&Bars::VOLUME, Float64Array::from(std::mem::take(&mut self.volume)))
            .with(&Bars::IS_FINAL, vec![true; n].into())
            .finish()?;
        Ok(draft.into_any())
    }
}

/// `PreOpen` as `pre_open`.
fn words(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The flags of a record; an unreliable receive stamp is also a doubt about the clock.
pub(super) fn flags(bits: dbn::FlagSet) -> Flags {
    let flags = Flags::from_bits(u16::from(bits.raw()));
    if flags.has(Flags::BAD_TS_RECV) { flags.with(Flags::CLOCK_SUSPECT) } else { flags }
}
