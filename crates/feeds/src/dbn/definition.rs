//! Definitions of instruments.

use super::rows::{Refusal, letter, px};
use contract::{
    Amount, AssetClass, BuildError, InstrumentId, Instruments, OptionRight, Price, SizeUnit,
    TableBuilder, UtcNanos,
};
use std::collections::BTreeMap;

/// How often each instrument was defined so far.
pub(super) type Revisions = BTreeMap<InstrumentId, u16>;

/// A row of `instruments`.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    record: &'a dbn::InstrumentDefMsg,
    instrument: InstrumentId,
    underlying: Option<InstrumentId>,
    revision: u16,
    at: UtcNanos,
    expiry: Option<UtcNanos>,
    symbol: &'a str,
    venue: &'a str,
    quote_ccy: &'a str,
    settle_ccy: &'a str,
    asset: &'a str,
}

impl<'a> Definition<'a> {
    /// Reads a definition; `number` finds our instrument of a symbol.
    pub(super) fn of(
        record: &'a dbn::InstrumentDefMsg,
        number: impl Fn(&str) -> Option<InstrumentId>,
        revisions: &mut Revisions,
    ) -> Result<Self, Refusal> {
        let text = |text: dbn::Result<&'a str>, column| {
            text.map_err(|_| Refusal::new("feeds/not-utf8", column, "UTF-8 text", "other bytes"))
        };
        let symbol = text(record.raw_symbol(), "raw_symbol")?;
        if symbol.is_empty() {
            return Err(Refusal::null("raw_symbol"));
        }
        let unknown = || {
            Refusal::new(
                "feeds/unknown-symbol",
                "instrument_id",
                "an instrument of the spec",
                symbol,
            )
        };
        let instrument = number(symbol).ok_or_else(unknown)?;
        let at =
            super::stamp(record.ts_recv, "ts_avail")?.ok_or_else(|| Refusal::null("ts_avail"))?;
        let underlying = text(record.underlying(), "underlying_id")?;
        let definition = Self {
            record,
            instrument,
            underlying: Some(underlying).filter(|u| !u.is_empty()).and_then(number),
            revision: revisions.get(&instrument).map_or(0, |n| n.saturating_add(1)),
            at,
            expiry: super::stamp(record.expiration, "expiry")?,
            symbol,
            venue: text(record.exchange(), "venue")?,
            quote_ccy: text(record.currency(), "quote_ccy")?,
            settle_ccy: text(record.settl_currency(), "settle_ccy")?,
            asset: text(record.asset(), "base_ccy")?,
        };
        if definition.venue.is_empty() {
            return Err(Refusal::null("venue"));
        }
        if let Some(tick) = px(record.min_price_increment).filter(|tick| *tick < 0) {
            let found = Price::from_nanos(tick).to_string();
            return Err(Refusal::new(
                "contract/out-of-range",
                "tick_size",
                "a tick above 0",
                found,
            ));
        }
        revisions.insert(instrument, definition.revision);
        Ok(definition)
    }

    /// Writes the row; every rule of the table was asked above.
    pub(super) fn write(&self, row: &mut TableBuilder<Instruments>) -> Result<(), BuildError> {
        let record = self.record;
        let class = letter(record.instrument_class);
        let price = |value: i64| px(value).filter(|v| *v > 0).map(Price::from_nanos);
        let text = |text: &'a str| Some(text).filter(|t| !t.is_empty());
        // The value of a point: the unit of measure where the venue states one.
        let multiplier = px(record.unit_of_measure_qty)
            .filter(|qty| *qty > 0)
            .and_then(|qty| Amount::from_nanos(i128::from(qty)))
            .or_else(|| positive(record.contract_multiplier))
            .unwrap_or(Amount::from_units(1));
        row.set(&Instruments::TS_AVAIL, self.at)
            .set(&Instruments::REVISION, self.revision)
            .set(&Instruments::VALID_FROM, self.at)
            .set(&Instruments::INSTRUMENT_ID, self.instrument)
            .set(&Instruments::RAW_SYMBOL, self.symbol)
            .set(&Instruments::VENUE, self.venue)
            // ISO 4217 has a code for "no currency".
            .set(&Instruments::QUOTE_CCY, text(self.quote_ccy).unwrap_or("XXX"))
            .set(&Instruments::STATUS, status(letter(record.security_update_action)))
            .set(&Instruments::ASSET_CLASS, asset_class(class))
            .set(&Instruments::SIZE_UNIT, size_unit(class))
            .set(&Instruments::MULTIPLIER, multiplier)
            .set(&Instruments::TICK_SIZE, price(record.min_price_increment))
            .set(&Instruments::STRIKE, px(record.strike_price).map(Price::from_nanos))
            .set(&Instruments::LOT_SIZE, positive(record.min_lot_size_round_lot))
            .set(&Instruments::MIN_QTY, unsigned(record.min_trade_vol))
            .set(&Instruments::BASE_CCY, text(self.asset).filter(|_| class == b'X'))
            .set(&Instruments::SETTLE_CCY, text(self.settle_ccy))
            .set(&Instruments::EXPIRY, self.expiry)
            .set(&Instruments::UNDERLYING_ID, self.underlying);
        let right = match class {
            b'C' => Some(OptionRight::Call),
            b'P' => Some(OptionRight::Put),
            _ => None,
        };
        row.set(&Instruments::OPTION_RIGHT, right);
        row.end_row()
    }
}

/// A number above 0 that is not the sentinel.
fn positive(value: i32) -> Option<Amount> {
    (value > 0 && value != i32::MAX).then(|| Amount::from_units(i64::from(value)))
}

fn unsigned(value: u32) -> Option<Amount> {
    (value > 0 && value != u32::MAX).then(|| Amount::from_units(i64::from(value)))
}

fn status(action: u8) -> &'static str {
    match action {
        b'D' => "deleted",
        b'~' => "invalid",
        _ => "active",
    }
}

fn asset_class(class: u8) -> AssetClass {
    match class {
        b'B' => AssetClass::Bond,
        b'C' | b'P' => AssetClass::Option,
        b'F' => AssetClass::Future,
        b'I' => AssetClass::Index,
        b'K' => AssetClass::Equity,
        b'X' => AssetClass::Fx,
        _ => AssetClass::Other,
    }
}

fn size_unit(class: u8) -> SizeUnit {
    match class {
        b'K' => SizeUnit::Share,
        b'X' => SizeUnit::Base,
        _ => SizeUnit::Contract,
    }
}
