//! Bars of trades and of quotes.

use super::field::{Refusal, date_and_time, price, since_midnight, size, split};
use super::{Context, Kept, Resolution, Rows, Series};
use crate::clock::DAY_NS;
use crate::envelope::EnvelopeColumns;
use contract::arrow_array::builder::{Float64Builder, StringDictionaryBuilder};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{BooleanArray, TimestampNanosecondArray};
use contract::{AnyBatch, BuildError, Flags, PriceType, UTC, UtcNanos, Vocabulary as _};
use std::collections::BTreeSet;

/// Bars: a line of trades is one row, a line of quotes one for the bids and one for the asks.
#[derive(Default)]
pub(super) struct Bars {
    envelope: EnvelopeColumns,
    ts_open: Vec<i64>,
    ts_close: Vec<i64>,
    step_ns: Vec<i64>,
    price_type: StringDictionaryBuilder<Int32Type>,
    prices: [Vec<i64>; 4],
    volume: Float64Builder,
    close_size: Float64Builder,
    starts: Starts,
}

/// Starts of the bars of the last three days. A start is a key, so a second bar of the same start is refused: a repeated
/// line, or the second pass through an hour that daylight saving repeats.
#[derive(Debug, Default)]
struct Starts {
    recent: BTreeSet<i64>,
}

impl Starts {
    const WINDOW_NS: i64 = 3 * DAY_NS;

    fn add(&mut self, start: UtcNanos) -> Result<(), Refusal> {
        let start = start.nanos();
        let latest = self.recent.last().copied().unwrap_or(start).max(start);
        let oldest = latest.saturating_sub(Self::WINDOW_NS);
        if start < oldest {
            let expected = "a bar at most three days before the latest";
            return Err(Refusal::stamp("feeds/out-of-order", expected));
        }
        if !self.recent.insert(start) {
            return Err(Refusal::stamp("contract/duplicate-key", "one bar of a start"));
        }
        while self.recent.first().is_some_and(|first| *first < oldest) {
            self.recent.pop_first();
        }
        Ok(())
    }
}

/// Open, high, low, close, in this order.
type Prices = [i64; 4];

struct Span {
    open: UtcNanos,
    close: UtcNanos,
    step_ns: i64,
    flags: Flags,
}

fn prices(texts: [&[u8]; 4], is_equity: bool) -> Result<Prices, Refusal> {
    let [open, high, low, close] = texts;
    let prices = [
        price(open, "open", is_equity)?,
        price(high, "high", is_equity)?,
        price(low, "low", is_equity)?,
        price(close, "close", is_equity)?,
    ];
    let [o, h, l, c] = prices;
    if l > o.min(c).min(h) {
        return Err(Refusal::cell(
            "contract/ohlc-order",
            "low",
            "low at most open, high and close",
            low,
        ));
    }
    if h < o.max(c) {
        return Err(Refusal::cell(
            "contract/ohlc-order",
            "high",
            "high at least open, low and close",
            high,
        ));
    }
    Ok(prices)
}

/// Start and end of a bar from its stamp, which is its start.
fn span(context: &mut Context<'_>, stamp: &[u8]) -> Result<Span, Refusal> {
    let resolution = context.path.resolution;
    let (date, since_midnight_ns) = match (resolution, context.path.date) {
        (Resolution::Hour | Resolution::Daily, _) => date_and_time(stamp)?,
        (_, Some(date)) => (date, since_midnight(stamp)?),
        (_, None) => return Err(Refusal::stamp("feeds/unrecognised-path", "a date in the path")),
    };
    let (open, flags) = context.at(date, since_midnight_ns)?;
    let step_ns = match resolution {
        Resolution::Tick | Resolution::Second => 1_000_000_000,
        Resolution::Minute => 60_000_000_000,
        Resolution::Hour => 3_600_000_000_000,
        Resolution::Daily => DAY_NS,
    };
    let close = if resolution == Resolution::Daily {
        let session = context.closes.close(context.path, date).filter(|close| *close > open);
        match session {
            Some(close) => close,
            // Midnight is skipped in some zones once a year; the day then ends where the next one starts.
            None => match context.at(date.next(), 0) {
                Ok((midnight, _)) => midnight,
                Err(_) => context.at(date.next(), 3_600_000_000_000)?.0,
            },
        }
    } else {
        let refuse = || Refusal::stamp("contract/overflow", "a time before 2262");
        open.checked_add_ns(step_ns).ok_or_else(refuse)?
    };
    Ok(Span { open, close, step_ns, flags })
}

impl Bars {
    fn add(
        &mut self,
        context: &Context<'_>,
        span: &Span,
        price_type: PriceType,
        prices: Prices,
        volume: Option<f64>,
        close_size: Option<f64>,
    ) -> Result<(), Refusal> {
        // A bar is known at its end, whatever the clocks say.
        self.envelope.push(&context.envelope(span.close, span.flags, Some(span.close))?);
        self.ts_open.push(span.open.nanos());
        self.ts_close.push(span.close.nanos());
        self.step_ns.push(span.step_ns);
        self.price_type.append_value(price_type.word());
        for (column, px) in self.prices.iter_mut().zip(prices) {
            column.push(px);
        }
        self.volume.append_option(volume);
        self.close_size.append_option(close_size);
        Ok(())
    }
}

impl Rows for Bars {
    fn line(&mut self, context: &mut Context<'_>, line: &[u8]) -> Result<Kept, Refusal> {
        let (is_equity, zero) = (context.path.is_equity(), context.path.zero_is_unknown());
        if context.path.series == Series::Trade {
            let [stamp, open, high, low, close, volume] = split::<6>(line, &[6])?;
            let span = span(context, stamp)?;
            let prices = prices([open, high, low, close], is_equity)?;
            let volume = size(volume, "volume", zero)?;
            self.starts.add(span.open)?;
            self.add(context, &span, PriceType::Trade, prices, volume, None)?;
            self.envelope.close_message();
            return Ok(Kept::Rows);
        }
        let [stamp, bo, bh, bl, bc, bs, ao, ah, al, ac, a_size] = split::<11>(line, &[11])?;
        let span = span(context, stamp)?;
        let side = |texts: [&[u8]; 4],
                    size_text: &[u8]|
         -> Result<Option<(Prices, Option<f64>)>, Refusal> {
            // A side without a quote in the whole bar is four empty fields.
            if texts.iter().all(|t| t.is_empty()) {
                return Ok(None);
            }
            let size =
                if size_text.is_empty() { None } else { size(size_text, "close_size", zero)? };
            Ok(Some((prices(texts, is_equity)?, size)))
        };
        let (bid, ask) = (side([bo, bh, bl, bc], bs)?, side([ao, ah, al, ac], a_size)?);
        if bid.is_none() && ask.is_none() {
            return Err(Refusal::line("feeds/no-side", "a bid or an ask"));
        }
        self.starts.add(span.open)?;
        for (side, price_type) in [(bid, PriceType::Bid), (ask, PriceType::Ask)] {
            if let Some((prices, close_size)) = side {
                self.add(context, &span, price_type, prices, None, close_size)?;
            }
        }
        self.envelope.close_message();
        Ok(Kept::Rows)
    }

    fn end(&mut self, _context: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn len(&self) -> usize {
        self.envelope.len()
    }

    fn take(&mut self) -> Result<AnyBatch, BuildError> {
        use contract::Bars as T;
        let rows = self.envelope.len();
        let stamps = |column: &mut Vec<i64>| {
            TimestampNanosecondArray::from(std::mem::take(column)).with_timezone(UTC)
        };
        let [open, high, low, close] = self.prices.each_mut().map(std::mem::take);
        let set = self
            .envelope
            .finish::<T>()
            .with(&T::TS_OPEN, stamps(&mut self.ts_open))
            .with(&T::TS_CLOSE, stamps(&mut self.ts_close))
            .with(&T::STEP_NS, std::mem::take(&mut self.step_ns).into())
            .with(&T::PRICE_TYPE, self.price_type.finish())
            .with(&T::OPEN, open.into())
            .with(&T::HIGH, high.into())
            .with(&T::LOW, low.into())
            .with(&T::CLOSE, close.into())
            .with(&T::VOLUME, self.volume.finish())
            .with(&T::CLOSE_SIZE, self.close_size.finish())
            .with(&T::IS_FINAL, BooleanArray::from(vec![true; rows]));
        Ok(set.finish()?.into_any())
    }
}
