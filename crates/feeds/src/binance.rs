//! Lines of a Binance recorder: `<receive ns> <JSON>`, plain or gzip.

mod clock;
mod columns;
mod lines;
mod message;
mod number;
mod scan;

pub use clock::ClockOffset;

use columns::Columns;
use contract::{
    BookDeltas, BuildError, Diagnostic, Draft, Envelope, Fault, Flags, InstrumentId, Origin,
    Quotes, Reject, SourceId, Trades, UtcNanos,
};
use flate2::bufread::MultiGzDecoder;
use lines::{Line, Lines, MAX_LINE};
use message::{Body, Levels, Message, NO_TABLE, Refusal};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

/// What the lines of a recorder are of.
///
/// ```
/// use contract::{InstrumentId, SourceId};
/// use feeds::BinanceSpec;
/// let spec = BinanceSpec::new(SourceId::new(1)).with_symbol("BTCUSDT", InstrumentId::new(7));
/// assert_eq!(spec.instrument("btcusdt"), Some(InstrumentId::new(7)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinanceSpec {
    source_id: SourceId,
    symbols: Vec<(String, InstrumentId)>,
    unit_ns: i64,
    earliest_ns: i64,
    latest_ns: i64,
}

/// Nanoseconds in the venue's default unit, a millisecond.
const MS: i64 = 1_000_000;
/// 1990-01-01 and 2100-01-01 in nanoseconds: a stamp outside was scaled by the wrong unit.
const EARLIEST_NS: i64 = 631_152_000 * 1_000_000_000;
const LATEST_NS: i64 = 4_102_444_800 * 1_000_000_000;

impl BinanceSpec {
    /// Lines of one source; its venue times are milliseconds.
    #[must_use]
    pub fn new(source_id: SourceId) -> Self {
        Self {
            source_id,
            symbols: Vec::new(),
            unit_ns: MS,
            earliest_ns: EARLIEST_NS,
            latest_ns: LATEST_NS,
        }
    }

    /// Adds a symbol, in either case. A REST snapshot that does not name its symbol is of the only one there is.
    #[must_use]
    pub fn with_symbol(mut self, symbol: impl Into<String>, instrument: InstrumentId) -> Self {
        self.symbols.push((symbol.into(), instrument));
        self
    }

    /// Venue times are in a unit of this many nanoseconds: 1,000 for streams asked for in microseconds.
    #[must_use]
    pub fn with_unit_ns(self, unit_ns: i64) -> Self {
        Self { unit_ns, ..self }
    }

    /// Stamps outside `[earliest, latest)` are refused as of another unit; 1990 to 2100 by default.
    #[must_use]
    pub fn with_limits(self, earliest: UtcNanos, latest: UtcNanos) -> Self {
        Self { earliest_ns: earliest.nanos(), latest_ns: latest.nanos(), ..self }
    }

    /// The instrument of a symbol, in either case.
    #[must_use]
    pub fn instrument(&self, symbol: &str) -> Option<InstrumentId> {
        self.find(symbol.as_bytes())
    }

    fn find(&self, symbol: &[u8]) -> Option<InstrumentId> {
        let same =
            |(name, _): &&(String, InstrumentId)| name.as_bytes().eq_ignore_ascii_case(symbol);
        self.symbols.iter().find(same).map(|(_, instrument)| *instrument)
    }

    fn only(&self) -> Option<InstrumentId> {
        match self.symbols.as_slice() {
            [(_, instrument)] => Some(*instrument),
            _ => None,
        }
    }
}

/// Rows of a part of the input, in its order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BinanceRows {
    /// Prints.
    pub trades: Draft<Trades>,
    /// Best bids and asks.
    pub quotes: Draft<Quotes>,
    /// Changes of the book, and snapshots.
    pub book_deltas: Draft<BookDeltas>,
    /// Lines that yield no row.
    pub rejects: Vec<Reject>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct BinanceReport {
    /// Lines, empty ones not counted.
    pub lines: u64,
    /// Messages of each kind that became rows.
    pub trades: u64,
    /// Best quotes.
    pub quotes: u64,
    /// Depth messages; their rows are `delta_rows` together with those of the snapshots.
    pub depths: u64,
    /// REST snapshots.
    pub snapshots: u64,
    /// Rows of `book_deltas`.
    pub delta_rows: u64,
    /// Depth messages without levels.
    pub bare_depths: u64,
    /// Lines whose receive time lies before that of the line before; their rows have CLOCK_SUSPECT.
    pub receive_went_back: u64,
    /// Rejects by code.
    pub rejects: BTreeMap<String, u64>,
    /// First receive time.
    pub first_recv: Option<UtcNanos>,
    /// Last receive time.
    pub last_recv: Option<UtcNanos>,
    /// Receive time minus send time.
    pub clock_offset: ClockOffset,
}

/// Why the rest of an input could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BinanceError {
    /// The compressed stream ends early; everything before was handed out.
    #[error("{input}, line {line}: expected more compressed data, found the end of the file")]
    Truncated {
        /// The input.
        input: String,
        /// The line at which it ends, from 1.
        line: u64,
    },
    /// The compressed stream is damaged.
    #[error("{input}, line {line}: expected intact gzip data, found damage")]
    Damaged {
        /// The input.
        input: String,
        /// The line at which reading stopped, from 1.
        line: u64,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// The input could not be read.
    #[error("{input}, line {line}: the input could not be read")]
    Read {
        /// The input.
        input: String,
        /// The line at which reading stopped, from 1.
        line: u64,
        /// What the reader says.
        #[source]
        source: io::Error,
    },
    /// Rows could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Diagnostic for BinanceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "feeds/truncated-input",
            Self::Damaged { .. } => "feeds/damaged-input",
            Self::Read { .. } => "feeds/read-failed",
            Self::Build(error) => error.code(),
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Truncated { .. } => Fault::Incomplete,
            Self::Damaged { .. } => Fault::Input,
            Self::Read { .. } => Fault::Environment { retry: false },
            Self::Build(_) => Fault::Bug,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Truncated { .. } => {
                Some("the rows before it are good; fetch the file again for the rest".into())
            }
            _ => None,
        }
    }
}

/// Rows after which a part is handed out.
const PART_ROWS: usize = 65_536;
/// Rejects after which a part is handed out, so that a file of bad lines is held in parts too.
const PART_REJECTS: usize = 1_024;

/// Reads lines of a Binance recorder.
///
/// - **Shape:** a trade is a row of `trades`, a best quote one of `quotes`; a depth message is a row of
///   `book_deltas` a level, bids before asks, or one row `N` without levels; a REST snapshot is one row `R` and then
///   its levels, all with SNAPSHOT. LAST closes each message. Fields that no table has are passed over.
/// - **Units:** sizes stay in the venue's unit: base currency, or contracts in COIN-M.
/// - **Point in time:** `ts_recv` and `ts_avail` are the stamp before the JSON, `ts_venue_send` is `E`, `ts_event`
///   is `T`, or `E` for spot depth, or null for spot best quotes. Nothing is shifted: a recorder whose clock is
///   slow receives before the event, and [`BinanceReport::clock_offset`] says by how much.
/// - **Cost:** memory of one part, 65,536 rows or one message, and of one line of at most 1 MiB.
/// - **Source:** Binance API documentation, "Individual Symbol Book Ticker", "Trade", "Diff. Book Depth".
///
/// ```
/// use contract::{InstrumentId, Price, SourceId, Trades};
/// use feeds::{BinanceLines, BinanceSpec};
/// let spec = BinanceSpec::new(SourceId::new(1)).with_symbol("BTCUSDT", InstrumentId::new(7));
/// let text = r#"1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,
/// "T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#;
/// let mut lines = BinanceLines::new(spec);
/// let mut trades = 0;
/// lines.read("usdm.txt", text.replace('\n', " ").as_bytes(), |rows| {
///     assert_eq!(rows.trades.cell(&Trades::PX, 0), Ok(Price::from_nanos(61_800_300_000_000)));
///     trades += rows.trades.len();
/// })?;
/// assert_eq!(trades, 1);
/// assert_eq!(lines.report().clock_offset.median_ns(), Some(-1_233_823_633)); // 1.2 s slow
/// # Ok::<(), feeds::BinanceError>(())
/// ```
#[derive(Debug)]
pub struct BinanceLines {
    spec: BinanceSpec,
    columns: Columns,
    levels: Levels,
    rejects: Vec<Reject>,
    report: BinanceReport,
    last_recv_ns: i64,
}

impl BinanceLines {
    /// A reader without input yet.
    #[must_use]
    pub fn new(spec: BinanceSpec) -> Self {
        Self {
            spec,
            columns: Columns::default(),
            levels: Levels::default(),
            rejects: Vec::new(),
            report: BinanceReport::default(),
            last_recv_ns: i64::MIN,
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn report(&self) -> &BinanceReport {
        &self.report
    }

    /// Reads an input to its end, plain or gzip, and hands out its rows in parts.
    ///
    /// # Errors
    /// [`BinanceError`] when the input cannot be read to its end. What stands before the place was handed out; a
    /// line cut there is a reject.
    pub fn read(
        &mut self,
        name: &str,
        reader: impl Read,
        mut each: impl FnMut(BinanceRows),
    ) -> Result<(), BinanceError> {
        let origin = Origin::new("feeds", name);
        let mut reader = BufReader::with_capacity(64 << 10, reader);
        let is_gzip = starts_with_gzip_magic(&mut reader).map_err(|source| BinanceError::Read {
            input: name.to_owned(),
            line: 1,
            source,
        })?;
        let result = if is_gzip {
            self.read_lines(&origin, MultiGzDecoder::new(reader), &mut each)
        } else {
            self.read_lines(&origin, reader, &mut each)
        };
        let part = self.part()?;
        if !part.is_empty() {
            each(part);
        }
        result
    }

    fn read_lines(
        &mut self,
        origin: &Origin,
        reader: impl Read,
        each: &mut impl FnMut(BinanceRows),
    ) -> Result<(), BinanceError> {
        let mut lines = Lines::new(reader);
        let mut position = 0_u64;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                Err(source) => return Err(broken(&origin.input, position + 1, source)),
            };
            self.line(origin, position, line);
            position += 1;
            if self.columns.len() >= PART_ROWS || self.rejects.len() >= PART_REJECTS {
                each(self.part()?);
            }
        }
    }

    fn part(&mut self) -> Result<BinanceRows, BuildError> {
        let (trades, quotes, book_deltas) = self.columns.finish()?;
        Ok(BinanceRows { trades, quotes, book_deltas, rejects: std::mem::take(&mut self.rejects) })
    }

    fn line(&mut self, origin: &Origin, position: u64, line: Line<'_>) {
        let (bytes, is_closed) = match line {
            Line::Text { bytes, is_closed } => (bytes, is_closed),
            Line::TooLong { head } => {
                self.report.lines += 1;
                let expected = format!("a line of at most {MAX_LINE} bytes");
                let reject = Reject::new(origin, NO_TABLE, position, "feeds/line-too-long")
                    .about("*", expected, "a longer one")
                    .with_raw(head);
                return self.refuse(reject);
            }
        };
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        self.report.lines += 1;
        let mut levels = std::mem::take(&mut self.levels);
        let outcome = self.take(bytes, &mut levels);
        self.levels = levels;
        if let Err(refusal) = outcome {
            let is_cut = !is_closed && !is_whole(bytes);
            let code = if is_cut { "feeds/incomplete-line" } else { refusal.code };
            let reject = Reject::new(origin, refusal.table, position, code)
                .about(refusal.column, refusal.expected.as_bytes(), refusal.found)
                .with_raw(bytes);
            self.refuse(reject);
        }
    }

    fn refuse(&mut self, mut reject: Reject) {
        reject.source_id = Some(self.spec.source_id.get());
        *self.report.rejects.entry(reject.code.clone()).or_default() += 1;
        self.rejects.push(reject);
    }

    fn take<'a>(&mut self, line: &'a [u8], levels: &mut Levels) -> Result<(), Refusal<'a>> {
        let refusal = |code, column, expected: &'static str, found: &'a [u8]| Refusal {
            table: NO_TABLE,
            code,
            column,
            expected: expected.into(),
            found: found.into(),
        };
        if let Err(error) = std::str::from_utf8(line) {
            let found = line.get(error.valid_up_to()..).unwrap_or_default();
            let found = found.get(..8).unwrap_or(found);
            return Err(refusal("feeds/not-utf8", "*", "UTF-8 text", found));
        }
        let space = memchr::memchr(b' ', line).unwrap_or(line.len());
        let (stamp, json) = line.split_at(space);
        let recv_ns = nanos(stamp).ok_or_else(|| {
            let expected = "nanoseconds since 1970 and a space before the JSON";
            refusal("feeds/malformed-value", "ts_recv", expected, stamp)
        })?;
        if !(self.spec.earliest_ns..self.spec.latest_ns).contains(&recv_ns) {
            return Err(refusal("feeds/unit-suspect", "ts_recv", "nanoseconds since 1970", stamp));
        }
        let message = message::parse(json, levels)?;
        self.admit(recv_ns, &message, levels)
    }

    /// Turns a message that can be read into rows, if its stamps and symbol can be used.
    fn admit<'a>(
        &mut self,
        recv_ns: i64,
        message: &Message<'a>,
        levels: &Levels,
    ) -> Result<(), Refusal<'a>> {
        let instrument = match &message.symbol {
            Some(symbol) => self.spec.find(symbol),
            None => self.spec.only(),
        };
        let Some(instrument) = instrument else {
            return Err(Refusal {
                table: table(&message.body),
                code: "feeds/unknown-symbol",
                column: "instrument_id",
                expected: "a symbol of the specification".into(),
                found: message.symbol.clone().unwrap_or_else(|| b"no symbol".into()),
            });
        };
        let sent = self.stamp(message.sent, "ts_venue_send", message)?;
        let event = self.stamp(message.event, "ts_event", message)?;
        let mut envelope = Envelope::new(self.spec.source_id, instrument);
        envelope.ts_event = event;
        envelope.ts_venue_send = sent;
        envelope.ts_recv = Some(UtcNanos::from_nanos(recv_ns));
        envelope.ts_avail = envelope.ts_recv;
        if recv_ns < self.last_recv_ns {
            envelope.flags = Flags::CLOCK_SUSPECT;
            self.report.receive_went_back += 1;
        }
        self.last_recv_ns = recv_ns;
        self.columns.push(envelope, message, levels);
        let report = &mut self.report;
        match message.body {
            Body::Trade { .. } => report.trades += 1,
            Body::BestQuote { .. } => report.quotes += 1,
            Body::Depth { .. } => {
                let rows = levels.len().max(1);
                report.depths += 1;
                report.delta_rows += rows as u64;
                report.bare_depths += u64::from(levels.len() == 0);
            }
            Body::Snapshot { .. } => {
                report.snapshots += 1;
                report.delta_rows += levels.len() as u64 + 1;
            }
        }
        if let Some(sent) = sent {
            report.clock_offset.add(recv_ns, sent.nanos());
        }
        report.first_recv.get_or_insert(UtcNanos::from_nanos(recv_ns));
        report.last_recv = envelope.ts_recv;
        Ok(())
    }

    fn stamp<'a>(
        &self,
        count: Option<u64>,
        column: &'static str,
        message: &Message<'a>,
    ) -> Result<Option<UtcNanos>, Refusal<'a>> {
        let Some(count) = count else { return Ok(None) };
        let nanos =
            i64::try_from(count).ok().and_then(|c| UtcNanos::from_unit(c, self.spec.unit_ns));
        match nanos {
            Some(at) if (self.spec.earliest_ns..self.spec.latest_ns).contains(&at.nanos()) => {
                Ok(Some(at))
            }
            _ => Err(Refusal {
                table: table(&message.body),
                code: "feeds/unit-suspect",
                column,
                expected: format!("a time in units of {} ns", self.spec.unit_ns).into(),
                found: count.to_string().into_bytes().into(),
            }),
        }
    }
}

impl BinanceRows {
    /// Whether there is neither a row nor a reject.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trades.is_empty()
            && self.quotes.is_empty()
            && self.book_deltas.is_empty()
            && self.rejects.is_empty()
    }
}

fn table(body: &Body) -> &'static str {
    match body {
        Body::Trade { .. } => "trades",
        Body::BestQuote { .. } => "quotes",
        Body::Depth { .. } | Body::Snapshot { .. } => "book_deltas",
    }
}

/// Whether the JSON of a line that does not end in a line feed is all there.
fn is_whole(line: &[u8]) -> bool {
    let space = memchr::memchr(b' ', line).unwrap_or(line.len());
    let json = line.get(space..).unwrap_or_default();
    serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok()
}

/// Decimal digits as nanoseconds since 1970.
fn nanos(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

fn starts_with_gzip_magic(reader: &mut impl io::BufRead) -> io::Result<bool> {
    loop {
        match reader.fill_buf() {
            Ok(head) => return Ok(head.starts_with(&[0x1f, 0x8b])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn broken(input: &str, line: u64, source: io::Error) -> BinanceError {
    let input = input.to_owned();
    match source.kind() {
        io::ErrorKind::UnexpectedEof => BinanceError::Truncated { input, line },
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            BinanceError::Damaged { input, line, source }
        }
        _ => BinanceError::Read { input, line, source },
    }
}
