//! One line of the recorder: a stamp, then a message of a Binance stream or a REST snapshot.

use super::level::plain_level;
use super::number::{BadSize, parse_size};
use super::scan::{Malformed, Scanner};
use contract::{DecimalError, Price};
use std::borrow::Cow;

/// A price level as it stands in a depth message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    pub(super) px: Price,
    pub(super) size: f64,
}

/// Room for the levels of one message, used again and again.
#[derive(Debug, Default)]
pub(super) struct Levels {
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

impl Levels {
    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.bids.len() + self.asks.len()
    }
}

/// What a line says. Times are in the venue's unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message<'a> {
    /// Text of the symbol; a REST snapshot may lack it.
    pub(super) symbol: Option<Cow<'a, [u8]>>,
    /// `E`.
    pub(super) sent: Option<u64>,
    /// `T`.
    pub(super) event: Option<u64>,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Trade {
        id: u64,
        px: Price,
        size: f64,
        buyer_is_maker: bool,
        sale_cond: Option<u32>,
    },
    BestQuote {
        update_id: u64,
        bid: Option<Level>,
        ask: Option<Level>,
    },
    /// The levels stand in [`Levels`].
    Depth {
        first: u64,
        last: u64,
        prev: Option<u64>,
    },
    /// The levels stand in [`Levels`].
    Snapshot {
        last: u64,
    },
}

/// Why a line yields no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal<'a> {
    pub(super) table: &'static str,
    pub(super) code: &'static str,
    pub(super) column: &'static str,
    pub(super) expected: Cow<'static, str>,
    pub(super) found: Cow<'a, [u8]>,
}

/// The table of a line that could not be read far enough to know it.
pub(super) const NO_TABLE: &str = "unknown";

/// Which table a channel feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Trade,
    BestQuote,
    Depth,
}

impl Channel {
    fn of(name: &[u8]) -> Option<Self> {
        match name {
            b"trade" => Some(Self::Trade),
            b"bookTicker" => Some(Self::BestQuote),
            b"depth" => Some(Self::Depth),
            _ if name.starts_with(b"depth@") => Some(Self::Depth),
            _ => None,
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Trade => "trades",
            Self::BestQuote => "quotes",
            Self::Depth => "book_deltas",
        }
    }
}

/// Refusals of one table.
#[derive(Clone, Copy)]
struct Table(&'static str);

impl Table {
    #[cold]
    fn malformed<'a>(self, column: &'static str, error: Malformed<'a>) -> Refusal<'a> {
        let found = error.rest.get(..64).unwrap_or(error.rest);
        Refusal {
            table: self.0,
            code: if column.is_empty() {
                "feeds/malformed-json"
            } else {
                "contract/malformed-value"
            },
            column: if column.is_empty() { "*" } else { column },
            expected: error.expected.into(),
            found: if found.is_empty() { b"the end of the line".into() } else { found.into() },
        }
    }

    #[cold]
    fn missing<'a>(self, column: &'static str, field: &str) -> Refusal<'a> {
        Refusal {
            table: self.0,
            code: "feeds/missing-field",
            column,
            expected: format!("the field `{field}`").into(),
            found: b"no such field".into(),
        }
    }

    #[cold]
    fn duplicate<'a>(self, column: &'static str, field: Cow<'a, [u8]>) -> Refusal<'a> {
        Refusal {
            table: self.0,
            code: "contract/duplicate-key",
            column,
            expected: "each field once".into(),
            found: field,
        }
    }

    #[cold]
    fn price<'a>(
        self,
        column: &'static str,
        error: &DecimalError,
        text: Cow<'a, [u8]>,
    ) -> Refusal<'a> {
        let (code, expected) = match error {
            DecimalError::Precision(_) => ("contract/precision", "at most 9 decimals".to_owned()),
            DecimalError::Range { limit, .. } => {
                ("contract/overflow", format!("a value within ±{limit}"))
            }
            _ => ("contract/malformed-value", "decimal digits".to_owned()),
        };
        Refusal { table: self.0, code, column, expected: expected.into(), found: text }
    }

    #[cold]
    fn size<'a>(self, column: &'static str, error: BadSize, text: Cow<'a, [u8]>) -> Refusal<'a> {
        let (code, expected) = match error {
            BadSize::Malformed => ("contract/malformed-value", "decimal digits"),
            BadSize::Negative => ("contract/negative-size", "a size of at least 0"),
            BadSize::Overflow => ("contract/overflow", "a finite number"),
        };
        Refusal { table: self.0, code, column, expected: expected.into(), found: text }
    }

    fn read_px<'a>(
        self,
        scan: &mut Scanner<'a>,
        column: &'static str,
    ) -> Result<Price, Refusal<'a>> {
        let text = scan.string("a decimal in quotes").map_err(|e| self.malformed(column, e))?;
        match Price::parse_bytes(&text) {
            Ok(px) => Ok(px),
            Err(error) => Err(self.price(column, &error, text)),
        }
    }

    fn read_size<'a>(
        self,
        scan: &mut Scanner<'a>,
        column: &'static str,
    ) -> Result<f64, Refusal<'a>> {
        let text = scan.string("a decimal in quotes").map_err(|e| self.malformed(column, e))?;
        match parse_size(&text) {
            Ok(size) => Ok(size),
            Err(error) => Err(self.size(column, error, text)),
        }
    }

    fn read_levels<'a>(
        self,
        scan: &mut Scanner<'a>,
        into: &mut Vec<Level>,
    ) -> Result<(), Refusal<'a>> {
        let broken = |e| self.malformed("px", e);
        scan.expect(b'[', "a list of levels").map_err(broken)?;
        let mut first = true;
        while scan.item(first).map_err(broken)? {
            first = false;
            if let Some(level) = scan.accept_form(plain_level) {
                into.push(level);
                continue;
            }
            scan.expect(b'[', "a level").map_err(broken)?;
            let px = self.read_px(scan, "px")?;
            scan.expect(b',', "`,` and a size").map_err(broken)?;
            let size = self.read_size(scan, "size")?;
            // Older streams put an empty list behind the size.
            while scan.item(false).map_err(broken)? {
                scan.skip().map_err(broken)?;
            }
            into.push(Level { px, size });
        }
        Ok(())
    }
}

/// Sets a field once.
fn put<'a, V>(
    slot: &mut Option<V>,
    value: V,
    table: Table,
    column: &'static str,
    key: Cow<'a, [u8]>,
) -> Result<(), Refusal<'a>> {
    if slot.replace(value).is_some() { Err(table.duplicate(column, key)) } else { Ok(()) }
}

/// Reads the JSON part of a line; levels go to `levels`.
pub(super) fn parse<'a>(text: &'a [u8], levels: &mut Levels) -> Result<Message<'a>, Refusal<'a>> {
    levels.clear();
    let none = Table(NO_TABLE);
    let broken = |e| none.malformed("", e);
    let mut scan = Scanner::new(text);
    scan.expect(b'{', "`{`").map_err(broken)?;
    let before = scan;
    let key = scan.key(true).map_err(broken)?;
    let message = match key.as_deref() {
        Some(b"stream" | b"data") => {
            scan = before;
            wrapped(&mut scan, levels)?
        }
        Some(_) => {
            scan = before;
            snapshot(&mut scan, levels)?
        }
        None => return Err(none.missing("*", "stream")),
    };
    scan.end().map_err(broken)?;
    Ok(message)
}

/// `"stream": "<symbol>@<channel>", "data": {..}}`.
fn wrapped<'a>(scan: &mut Scanner<'a>, levels: &mut Levels) -> Result<Message<'a>, Refusal<'a>> {
    let none = Table(NO_TABLE);
    let broken = |e| none.malformed("", e);
    let mut stream: Option<(Cow<'a, [u8]>, Channel)> = None;
    let mut message: Option<Message<'a>> = None;
    let mut deferred: Option<&'a [u8]> = None;
    let mut first = true;
    while let Some(key) = scan.key(first).map_err(broken)? {
        first = false;
        match &*key {
            b"stream" => {
                let name = scan.string("the name of a stream").map_err(broken)?;
                let parts = split(&name);
                put(&mut stream, parts.ok_or_else(|| unknown_channel(name))?, none, "*", key)?;
            }
            b"data" => {
                if message.is_some() || deferred.is_some() {
                    return Err(none.duplicate("*", key));
                }
                match &stream {
                    Some((_, channel)) => message = Some(data(scan, *channel, levels)?),
                    None => deferred = Some(scan.skip().map_err(broken)?),
                }
            }
            _ => {
                scan.skip().map_err(broken)?;
            }
        }
    }
    let Some((symbol, channel)) = stream else { return Err(none.missing("*", "stream")) };
    if let Some(text) = deferred {
        message = Some(data(&mut Scanner::new(text), channel, levels)?);
    }
    let table = Table(channel.table());
    let Some(mut message) = message else { return Err(table.missing("*", "data")) };
    match &message.symbol {
        Some(own) if !own.eq_ignore_ascii_case(&symbol) => Err(Refusal {
            table: table.0,
            code: "feeds/symbol-mismatch",
            column: "instrument_id",
            expected: format!("the symbol of the stream, `{}`", String::from_utf8_lossy(&symbol))
                .into(),
            found: own.clone(),
        }),
        Some(_) => Ok(message),
        None => {
            message.symbol = Some(symbol);
            Ok(message)
        }
    }
}

/// Symbol and channel of a stream's name, or `None` for a channel that has no table here.
fn split<'a>(name: &Cow<'a, [u8]>) -> Option<(Cow<'a, [u8]>, Channel)> {
    let at = name.iter().position(|b| *b == b'@')?;
    let channel = Channel::of(name.get(at + 1..)?)?;
    let symbol = match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.get(..at)?),
        Cow::Owned(name) => Cow::Owned(name.get(..at)?.to_vec()),
    };
    Some((symbol, channel))
}

#[cold]
fn unknown_channel(name: Cow<'_, [u8]>) -> Refusal<'_> {
    Refusal {
        table: NO_TABLE,
        code: "feeds/unknown-channel",
        column: "*",
        expected: "a channel `trade`, `bookTicker` or `depth`".into(),
        found: name,
    }
}

fn data<'a>(
    scan: &mut Scanner<'a>,
    channel: Channel,
    levels: &mut Levels,
) -> Result<Message<'a>, Refusal<'a>> {
    let table = Table(channel.table());
    scan.expect(b'{', "`{`").map_err(|e| table.malformed("", e))?;
    match channel {
        Channel::Trade => trade(scan, table),
        Channel::BestQuote => best_quote(scan, table),
        Channel::Depth => depth(scan, table, levels),
    }
}

/// Fields that several messages share.
#[derive(Default)]
struct Shared<'a> {
    symbol: Option<Cow<'a, [u8]>>,
    sent: Option<u64>,
    event: Option<u64>,
}

impl<'a> Shared<'a> {
    /// Reads a shared field, or passes over one that no table has.
    fn read(
        &mut self,
        key: Cow<'a, [u8]>,
        scan: &mut Scanner<'a>,
        table: Table,
    ) -> Result<(), Refusal<'a>> {
        match &*key {
            b"E" => {
                let sent = scan.integer().map_err(|e| table.malformed("ts_venue_send", e))?;
                put(&mut self.sent, sent, table, "ts_venue_send", key)
            }
            b"T" => {
                let event = scan.integer().map_err(|e| table.malformed("ts_event", e))?;
                put(&mut self.event, event, table, "ts_event", key)
            }
            b"s" | b"symbol" => {
                let symbol =
                    scan.string("a symbol").map_err(|e| table.malformed("instrument_id", e))?;
                put(&mut self.symbol, symbol, table, "instrument_id", key)
            }
            _ => scan.skip().map(|_| ()).map_err(|e| table.malformed("", e)),
        }
    }
}

fn trade<'a>(scan: &mut Scanner<'a>, table: Table) -> Result<Message<'a>, Refusal<'a>> {
    let mut shared = Shared::default();
    let (mut id, mut px, mut size, mut maker) = (None, None, None, None);
    let mut kind: Option<Option<u32>> = None;
    let mut first = true;
    while let Some(key) = scan.key(first).map_err(|e| table.malformed("", e))? {
        first = false;
        match &*key {
            b"t" => {
                let value = scan.integer().map_err(|e| table.malformed("trade_id", e))?;
                put(&mut id, value, table, "trade_id", key)?;
            }
            b"p" => put(&mut px, table.read_px(scan, "px")?, table, "px", key)?,
            b"q" => put(&mut size, table.read_size(scan, "size")?, table, "size", key)?,
            b"m" => {
                let value = scan.boolean().map_err(|e| table.malformed("aggressor", e))?;
                put(&mut maker, value, table, "aggressor", key)?;
            }
            b"X" => {
                let word = scan.string("a word").map_err(|e| table.malformed("sale_cond", e))?;
                put(&mut kind, sale_cond(&word), table, "sale_cond", key)?;
            }
            _ => shared.read(key, scan, table)?,
        }
    }
    let size = size.ok_or_else(|| table.missing("size", "q"))?;
    if size == 0.0 {
        return Err(Refusal {
            table: table.0,
            code: "contract/out-of-range",
            column: "size",
            expected: "a size above 0".into(),
            found: b"0".into(),
        });
    }
    shared.sent.ok_or_else(|| table.missing("ts_venue_send", "E"))?;
    shared.event.ok_or_else(|| table.missing("ts_event", "T"))?;
    Ok(Message {
        symbol: shared.symbol,
        sent: shared.sent,
        event: shared.event,
        body: Body::Trade {
            id: id.ok_or_else(|| table.missing("trade_id", "t"))?,
            px: px.ok_or_else(|| table.missing("px", "p"))?,
            size,
            buyer_is_maker: maker.ok_or_else(|| table.missing("aggressor", "m"))?,
            sale_cond: kind.flatten(),
        },
    })
}

/// What `X` says beside an ordinary market trade.
fn sale_cond(word: &[u8]) -> Option<u32> {
    match word {
        b"MARKET" => None,
        b"INSURANCE_FUND" => Some(1),
        b"ADL" => Some(2),
        _ => Some(3),
    }
}

fn best_quote<'a>(scan: &mut Scanner<'a>, table: Table) -> Result<Message<'a>, Refusal<'a>> {
    let mut shared = Shared::default();
    let mut update_id = None;
    let (mut bid_px, mut bid_size, mut ask_px, mut ask_size) = (None, None, None, None);
    let mut first = true;
    while let Some(key) = scan.key(first).map_err(|e| table.malformed("", e))? {
        first = false;
        match &*key {
            b"u" => {
                let value = scan.integer().map_err(|e| table.malformed("update_id", e))?;
                put(&mut update_id, value, table, "update_id", key)?;
            }
            b"b" => put(&mut bid_px, table.read_px(scan, "bid_px")?, table, "bid_px", key)?,
            b"B" => put(&mut bid_size, table.read_size(scan, "bid_size")?, table, "bid_size", key)?,
            b"a" => put(&mut ask_px, table.read_px(scan, "ask_px")?, table, "ask_px", key)?,
            b"A" => put(&mut ask_size, table.read_size(scan, "ask_size")?, table, "ask_size", key)?,
            _ => shared.read(key, scan, table)?,
        }
    }
    let bid = Level {
        px: bid_px.ok_or_else(|| table.missing("bid_px", "b"))?,
        size: bid_size.ok_or_else(|| table.missing("bid_size", "B"))?,
    };
    let ask = Level {
        px: ask_px.ok_or_else(|| table.missing("ask_px", "a"))?,
        size: ask_size.ok_or_else(|| table.missing("ask_size", "A"))?,
    };
    // The venue writes an empty side as price 0 and size 0.
    let present = |level: &Level| level.px.nanos() != 0 || level.size != 0.0;
    Ok(Message {
        symbol: shared.symbol,
        sent: shared.sent,
        event: shared.event,
        body: Body::BestQuote {
            update_id: update_id.ok_or_else(|| table.missing("update_id", "u"))?,
            bid: Some(bid).filter(present),
            ask: Some(ask).filter(present),
        },
    })
}

fn depth<'a>(
    scan: &mut Scanner<'a>,
    table: Table,
    levels: &mut Levels,
) -> Result<Message<'a>, Refusal<'a>> {
    let mut shared = Shared::default();
    let (mut first_id, mut last_id, mut prev_id) = (None, None, None);
    let (mut bids, mut asks) = (None, None);
    let mut first = true;
    while let Some(key) = scan.key(first).map_err(|e| table.malformed("", e))? {
        first = false;
        match &*key {
            b"U" => {
                let id = scan.integer().map_err(|e| table.malformed("first_update_id", e))?;
                put(&mut first_id, id, table, "first_update_id", key)?;
            }
            b"u" => {
                let id = scan.integer().map_err(|e| table.malformed("final_update_id", e))?;
                put(&mut last_id, id, table, "final_update_id", key)?;
            }
            b"pu" => {
                let id = scan.integer().map_err(|e| table.malformed("prev_final_update_id", e))?;
                put(&mut prev_id, id, table, "prev_final_update_id", key)?;
            }
            b"b" => {
                put(&mut bids, (), table, "px", key)?;
                table.read_levels(scan, &mut levels.bids)?;
            }
            b"a" => {
                put(&mut asks, (), table, "px", key)?;
                table.read_levels(scan, &mut levels.asks)?;
            }
            _ => shared.read(key, scan, table)?,
        }
    }
    shared.sent.ok_or_else(|| table.missing("ts_venue_send", "E"))?;
    bids.ok_or_else(|| table.missing("px", "b"))?;
    asks.ok_or_else(|| table.missing("px", "a"))?;
    Ok(Message {
        symbol: shared.symbol,
        sent: shared.sent,
        // Spot depth says when it was sent and nothing else.
        event: shared.event.or(shared.sent),
        body: Body::Depth {
            first: first_id.ok_or_else(|| table.missing("first_update_id", "U"))?,
            last: last_id.ok_or_else(|| table.missing("final_update_id", "u"))?,
            prev: prev_id,
        },
    })
}

/// A bare REST answer: `"lastUpdateId": .., "bids": [..], "asks": [..]}`.
fn snapshot<'a>(scan: &mut Scanner<'a>, levels: &mut Levels) -> Result<Message<'a>, Refusal<'a>> {
    let table = Table("book_deltas");
    let mut shared = Shared::default();
    let (mut last_id, mut bids, mut asks) = (None, None, None);
    let mut first = true;
    while let Some(key) = scan.key(first).map_err(|e| table.malformed("", e))? {
        first = false;
        match &*key {
            b"lastUpdateId" => {
                let id = scan.integer().map_err(|e| table.malformed("final_update_id", e))?;
                put(&mut last_id, id, table, "final_update_id", key)?;
            }
            b"bids" => {
                put(&mut bids, (), table, "px", key)?;
                table.read_levels(scan, &mut levels.bids)?;
            }
            b"asks" => {
                put(&mut asks, (), table, "px", key)?;
                table.read_levels(scan, &mut levels.asks)?;
            }
            _ => shared.read(key, scan, table)?,
        }
    }
    let Some(last) = last_id else {
        // Neither a stream message nor a snapshot.
        let table = if bids.is_some() && asks.is_some() { table } else { Table(NO_TABLE) };
        return Err(table.missing("*", "stream` or `lastUpdateId"));
    };
    bids.ok_or_else(|| table.missing("px", "bids"))?;
    asks.ok_or_else(|| table.missing("px", "asks"))?;
    Ok(Message {
        symbol: shared.symbol,
        sent: shared.sent,
        event: shared.event,
        body: Body::Snapshot { last },
    })
}
