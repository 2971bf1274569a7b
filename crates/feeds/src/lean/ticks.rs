//! Ticks: single quotes and trades.

use super::field::{Refusal, price, since_midnight, size, split};
use super::{Context, Kept, Rows};
use crate::clock::LocalDate;
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::builder::{
    Float64Builder, Int64Builder, StringDictionaryBuilder, UInt32Builder,
};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{Float64Array, UInt8Array};
use contract::{AnyBatch, BuildError, Flags};

fn date(context: &Context<'_>) -> Result<LocalDate, Refusal> {
    context.path.date.ok_or_else(|| Refusal::stamp("feeds/unrecognised-path", "a date in the path"))
}

/// A `suspicious` mark.
fn suspicious(text: &[u8]) -> Result<Flags, Refusal> {
    match text {
        b"0" => Ok(Flags::NONE),
        b"1" => Ok(Flags::VENDOR_SUSPECT),
        _ => Err(Refusal::cell("contract/malformed-value", "flags", "0 or 1", text)),
    }
}

fn word<'a>(text: &'a [u8], column: &'static str) -> Result<Option<&'a str>, Refusal> {
    let refuse = |_| Refusal::cell("contract/not-utf8", column, "UTF-8", text);
    std::str::from_utf8(text).map(|t| (!t.is_empty()).then_some(t)).map_err(refuse)
}

#[derive(Debug, Clone, Default)]
struct Side {
    px: Option<i64>,
    size: Option<f64>,
    venue: Option<String>,
}

/// A bid that waits for the ask of the same stamp.
#[derive(Debug)]
struct Waiting {
    since_midnight_ns: i64,
    side: Side,
    flags: Flags,
}

/// Quotes of any security.
///
/// An equity line holds one side and zeros for the other. A bid line and the next ask line with the same stamp are one
/// quote; a lone line keeps the other side's last value.
#[derive(Default)]
pub(super) struct Quotes {
    envelope: EnvelopeColumns,
    bid_px: Int64Builder,
    ask_px: Int64Builder,
    bid_size: Float64Builder,
    ask_size: Float64Builder,
    bid_venue: StringDictionaryBuilder<Int32Type>,
    ask_venue: StringDictionaryBuilder<Int32Type>,
    bid: Side,
    ask: Side,
    waiting: Option<Waiting>,
}

impl Quotes {
    fn add(
        &mut self,
        context: &mut Context<'_>,
        since_midnight_ns: i64,
        flags: Flags,
    ) -> Result<(), Refusal> {
        let (t, suspect) = context.at(date(context)?, since_midnight_ns)?;
        let envelope = context.envelope(t, flags.with(suspect).with(Flags::LAST), None)?;
        self.envelope.push(&envelope);
        for (side, px, size, venue) in [
            (&self.bid, &mut self.bid_px, &mut self.bid_size, &mut self.bid_venue),
            (&self.ask, &mut self.ask_px, &mut self.ask_size, &mut self.ask_venue),
        ] {
            px.append_option(side.px);
            // A size stands beside a price only.
            size.append_option(side.size.filter(|_| side.px.is_some()));
            venue.append_option(side.venue.as_deref());
        }
        Ok(())
    }

    /// Writes the bid that found no ask.
    fn lone(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        match self.waiting.take() {
            Some(waiting) => {
                self.bid = waiting.side;
                self.add(context, waiting.since_midnight_ns, waiting.flags)
            }
            None => Ok(()),
        }
    }

    fn equity(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal> {
        let [ms, bid_px, bid_size, ask_px, ask_size, venue, _condition, mark] =
            split::<8>(line, &[8])?;
        let since_midnight_ns = since_midnight(ms)?;
        let venue = word(venue, "bid_venue")?.map(str::to_owned);
        let flags = suspicious(mark)?;
        let side = |px: &[u8],
                    px_column,
                    size_text: &[u8],
                    size_column|
         -> Result<Option<Side>, Refusal> {
            let px = price(px, px_column, true)?;
            let size = size(size_text, size_column, false)?;
            Ok((px != 0).then(|| Side { px: Some(px), size, venue: venue.clone() }))
        };
        let bid = side(bid_px, "bid_px", bid_size, "bid_size")?;
        let ask = side(ask_px, "ask_px", ask_size, "ask_size")?;
        // The stamp of a line is checked when it comes, so that a waiting bid cannot fail later.
        context.at(date(context)?, since_midnight_ns)?;
        match (bid, ask) {
            (Some(side), None) => {
                self.lone(context)?;
                self.waiting = Some(Waiting { since_midnight_ns, side, flags });
                Ok(Kept::Rows)
            }
            (None, Some(ask)) => {
                let pair = self.waiting.take_if(|w| w.since_midnight_ns == since_midnight_ns);
                let kept = if let Some(pair) = &pair {
                    self.bid = pair.side.clone();
                    Kept::Merged
                } else {
                    self.lone(context)?;
                    Kept::Rows
                };
                self.ask = ask;
                self.add(context, since_midnight_ns, pair.map_or(flags, |p| p.flags.with(flags)))?;
                Ok(kept)
            }
            (Some(bid), Some(ask)) => {
                self.lone(context)?;
                (self.bid, self.ask) = (bid, ask);
                self.add(context, since_midnight_ns, flags)?;
                Ok(Kept::Rows)
            }
            (None, None) => Err(Refusal::line("feeds/no-side", "a bid or an ask that is not 0")),
        }
    }

    /// `ms, bid, ask` or `ms, bid, bid size, ask, ask size`.
    fn both(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal> {
        let fields = split::<5>(line, &[3, 5])?;
        let zero = context.path.zero_is_unknown();
        let three = fields[3].is_empty() && fields[4].is_empty();
        let [ms, bid_px, second, third, fourth] = fields;
        let (ask_px, sizes) = if three { (second, None) } else { (third, Some((second, fourth))) };
        let since_midnight_ns = since_midnight(ms)?;
        let bid = price(bid_px, "bid_px", false)?;
        let ask = price(ask_px, "ask_px", false)?;
        let (bid_size, ask_size) = match sizes {
            Some((b, a)) => (size(b, "bid_size", zero)?, size(a, "ask_size", zero)?),
            None => (None, None),
        };
        self.bid = Side { px: Some(bid), size: bid_size, venue: None };
        self.ask = Side { px: Some(ask), size: ask_size, venue: None };
        self.add(context, since_midnight_ns, Flags::NONE)?;
        Ok(Kept::Rows)
    }
}

impl Rows for Quotes {
    fn line(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal> {
        if context.path.is_equity() { self.equity(context, line) } else { self.both(context, line) }
    }

    fn end(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        self.lone(context)
    }

    fn len(&self) -> usize {
        self.envelope.len()
    }

    fn take(&mut self) -> Result<AnyBatch, BuildError> {
        use contract::Quotes as T;
        let set = self
            .envelope
            .finish::<T>()
            .with(&T::BID_PX, self.bid_px.finish())
            .with(&T::ASK_PX, self.ask_px.finish())
            .with(&T::BID_SIZE, self.bid_size.finish())
            .with(&T::ASK_SIZE, self.ask_size.finish())
            .with(&T::BID_VENUE, self.bid_venue.finish())
            .with(&T::ASK_VENUE, self.ask_venue.finish());
        Ok(set.finish()?.into_any())
    }
}

/// Trades of any security.
#[derive(Default)]
pub(super) struct Trades {
    envelope: EnvelopeColumns,
    px: Vec<i64>,
    size: Vec<f64>,
    sale_cond: UInt32Builder,
    venue: StringDictionaryBuilder<Int32Type>,
}

impl Rows for Trades {
    fn line(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal> {
        let is_equity = context.path.is_equity();
        let fields = split::<6>(line, if is_equity { &[6] } else { &[3] })?;
        let [ms, px, quantity, venue, condition, mark] = fields;
        let since_midnight_ns = since_midnight(ms)?;
        let px = price(px, "px", is_equity)?;
        let quantity = match size(quantity, "size", false)? {
            Some(size) if size > 0.0 => size,
            _ => {
                return Err(Refusal::cell(
                    "contract/out-of-range",
                    "size",
                    "a size above 0",
                    quantity,
                ));
            }
        };
        let (mut flags, mut cond, mut place) = (Flags::LAST, None, None);
        if is_equity {
            flags = flags.with(suspicious(mark)?);
            place = word(venue, "venue")?;
            if let Some(text) = word(condition, "sale_cond")? {
                let refuse = |_| {
                    Refusal::cell(
                        "contract/malformed-value",
                        "sale_cond",
                        "hexadecimal digits",
                        condition,
                    )
                };
                cond = Some(u32::from_str_radix(text, 16).map_err(refuse)?);
            }
        }
        let (t, suspect) = context.at(date(context)?, since_midnight_ns)?;
        self.envelope.push(&context.envelope(t, flags.with(suspect), None)?);
        self.px.push(px);
        self.size.push(quantity);
        self.sale_cond.append_option(cond);
        self.venue.append_option(place);
        Ok(Kept::Rows)
    }

    fn end(&mut self, _context: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn len(&self) -> usize {
        self.envelope.len()
    }

    fn take(&mut self) -> Result<AnyBatch, BuildError> {
        use contract::Trades as T;
        let rows = self.envelope.len();
        let set = self
            .envelope
            .finish::<T>()
            .with(&T::PX, std::mem::take(&mut self.px).into())
            .with(&T::SIZE, Float64Array::from(std::mem::take(&mut self.size)))
            // The files do not say who took liquidity.
            .with(&T::AGGRESSOR, UInt8Array::from(vec![b'N'; rows]))
            .with(&T::ACTION, UInt8Array::from(vec![b'T'; rows]))
            .with(&T::SALE_COND, self.sale_cond.finish())
            .with(&T::VENUE, self.venue.finish());
        Ok(set.finish()?.into_any())
    }
}
