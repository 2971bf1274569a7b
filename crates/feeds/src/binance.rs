//! Lines of a Binance recorder: `<receive ns> <JSON>`, plain or gzip.

mod clock;
mod columns;
mod level;
mod lines;
mod message;
mod number;
mod scan;

pub use clock::ClockOffset;

use crate::error::FeedError;
use crate::report::{Output, Report};
use crate::spec::Spec;
use columns::Columns;
use contract::{Envelope, Flags, InstrumentId, Origin, Reject, SourceId, UtcNanos};
use flate2::bufread::MultiGzDecoder;
use lines::{Line, Lines, MAX_LINE};
use message::{Body, Levels, Message, NO_TABLE, Refusal};
use std::io::{self, BufReader, Read};

/// Rejects after which an output is handed out, so that a file of bad lines is held in parts too.
const MAX_REJECTS: usize = 1_024;

/// Nanoseconds in the venue's own unit, a millisecond.
const MS: i64 = 1_000_000;

/// 1990-01-01 and 2100-01-01: a stamp outside was scaled by the wrong unit.
const LIMITS: std::ops::Range<i64> = 631_152_000_000_000_000..4_102_444_800_000_000_000;

/// Importer of the lines of a Binance recorder: `trades`, `quotes` and `book_deltas`.
///
/// The source of an input is the only one of the spec, or the one whose name ends in a folder of the path; the
/// instrument is `<source>/<symbol>` in lower case. A REST snapshot that does not name its symbol is of the only
/// instrument listed or, where none is, of the only one that the input has named before.
///
/// - **Shape:** a trade is a row of `trades`, a best quote one of `quotes`; a depth message is a row of
///   `book_deltas` a level, bids before asks, or one row `N` without levels; a REST snapshot is one row `R` and then
///   its levels, all with SNAPSHOT. LAST closes each message. Fields that no table has are passed over.
/// - **Units:** sizes stay in the venue's unit: base currency, or contracts in COIN-M.
/// - **Point in time:** `ts_recv` and `ts_avail` are the stamp before the JSON, `ts_venue_send` is `E`, `ts_event`
///   is `T`, or `E` for spot depth, or null for spot best quotes. Nothing is shifted: a recorder whose clock is
///   slow receives before the event, and [`Report::clock_offsets`] says by how much. A receive time before that of
///   the line before is kept and flagged CLOCK_SUSPECT.
/// - **Cost:** one pass; memory for one batch or message and one line of at most 1 MiB.
/// - **Source:** Binance API documentation, "Trade Streams", "Individual Symbol Book Ticker", "Diff. Book Depth".
///
/// ```
/// use contract::{Draft, Price, Trades};
/// use feeds::{Binance, Spec};
/// let text = r#"1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,
/// "T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#;
/// let mut binance = Binance::new(Spec::parse(Spec::BINANCE)?);
/// let mut rows = Vec::new();
/// binance.push("usdm/btcusdt.txt", &mut text.replace('\n', " ").as_bytes(), &mut |out| rows.extend(out.rows))?;
/// let trades = Draft::<Trades>::try_from_any(rows.remove(0))?;
/// assert_eq!(trades.cell(&Trades::PX, 0)?, Price::parse("61800.3")?);
/// let report = binance.finish();
/// assert_eq!(report.clock_offsets["binance/usdm"].median_ns(), Some(-1_233_823_633)); // 1.2 s slow
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Binance {
    spec: Spec,
    report: Report,
}

impl Binance {
    /// An importer.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        Self { spec, report: Report::default() }
    }

    /// Imports one input, plain or gzip, and hands out its rows batch by batch.
    ///
    /// # Errors
    /// [`FeedError`] when the input cannot be read to its end. What stands before that place was handed out; a line
    /// cut there is a reject.
    pub fn push(
        &mut self,
        input: &str,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let (name, source) = self.spec.source_for(input)?;
        let mut reader = BufReader::with_capacity(64 << 10, reader);
        let is_gzip = match head(&mut reader) {
            Ok(Head::Empty) => return Err(FeedError::Empty { input: input.to_owned() }),
            Ok(Head::Gzip) => true,
            Ok(Head::Plain) => false,
            Err(error) => return Err(FeedError::reading(input, FORMAT, error)),
        };
        self.report.files += 1;
        let mut import = Import {
            source_id: source.source_id,
            symbols: Symbols { source: name, seen: Vec::new() },
            origin: Origin::new("feeds", input),
            columns: Columns::default(),
            levels: Levels::default(),
            rejects: Vec::new(),
            last_recv_ns: i64::MIN,
            offset: ClockOffset::default(),
            spec: &self.spec,
            report: &mut self.report,
        };
        let outcome = if is_gzip {
            import.read(MultiGzDecoder::new(reader), each)
        } else {
            import.read(reader, each)
        };
        let flushed = import.flush(each);
        let Import { offset, symbols, .. } = import;
        if !offset.is_empty() {
            let all = self.report.clock_offsets.entry(symbols.source).or_default();
            all.merge(&offset);
        }
        outcome.and(flushed)
    }

    /// The report over all that was pushed.
    #[must_use]
    pub fn finish(self) -> Report {
        self.report
    }
}

/// What an input is said to be where it is not.
const FORMAT: &str = "lines of text, plain or gzip";

/// Instruments of the symbols of one input.
#[derive(Debug)]
struct Symbols {
    source: String,
    seen: Vec<(Vec<u8>, InstrumentId)>,
}

impl Symbols {
    /// The instrument of a symbol, looked up once.
    fn find(&mut self, spec: &Spec, symbol: &[u8]) -> Option<InstrumentId> {
        let same = |(name, _): &&(Vec<u8>, InstrumentId)| name.eq_ignore_ascii_case(symbol);
        if let Some((_, instrument)) = self.seen.iter().find(same) {
            return Some(*instrument);
        }
        let text = std::str::from_utf8(symbol).ok()?.to_ascii_lowercase();
        let instrument = spec.instrument(&format!("{}/{text}", self.source))?;
        self.seen.push((symbol.to_vec(), instrument));
        Some(instrument)
    }

    /// The instrument of a message that does not name its symbol.
    fn only(&self, spec: &Spec) -> Option<InstrumentId> {
        let is_ours = |name: &str| {
            name.strip_prefix(self.source.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let mut listed = spec.listed().filter(|(name, _)| is_ours(name));
        match (listed.next(), listed.next(), self.seen.as_slice()) {
            (Some((_, only)), None, _) => Some(only),
            (None, None, [(_, only)]) => Some(*only),
            _ => None,
        }
    }
}

/// The import of one input.
struct Import<'a> {
    source_id: SourceId,
    symbols: Symbols,
    origin: Origin,
    columns: Columns,
    levels: Levels,
    rejects: Vec<Reject>,
    last_recv_ns: i64,
    offset: ClockOffset,
    spec: &'a Spec,
    report: &'a mut Report,
}

impl Import<'_> {
    fn read(&mut self, reader: impl Read, each: &mut dyn FnMut(Output)) -> Result<(), FeedError> {
        let mut lines = Lines::new(reader);
        let mut number = 0_u64;
        loop {
            number += 1;
            match lines.next() {
                Ok(Some(line)) => self.line(number, line),
                Ok(None) => return Ok(()),
                Err(error) => return Err(FeedError::reading(&self.origin.input, FORMAT, error)),
            }
            if self.columns.len() >= self.spec.batch_rows || self.rejects.len() >= MAX_REJECTS {
                self.flush(each)?;
            }
        }
    }

    fn flush(&mut self, each: &mut dyn FnMut(Output)) -> Result<(), FeedError> {
        let mut rows = self
            .columns
            .finish()
            .map_err(|source| FeedError::Build { input: self.origin.input.clone(), source })?
            .to_vec();
        rows.retain(|batch| !batch.is_empty());
        let output = Output { rows, rejects: std::mem::take(&mut self.rejects) };
        if !output.rows.is_empty() || !output.rejects.is_empty() {
            self.report.count(&output);
            each(output);
        }
        Ok(())
    }

    fn line(&mut self, number: u64, line: Line<'_>) {
        let (bytes, is_closed) = match line {
            Line::Text { bytes, is_closed } => (bytes, is_closed),
            Line::TooLong { head } => {
                self.report.lines += 1;
                let expected = format!("a line of at most {MAX_LINE} bytes");
                let reject = Reject::new(&self.origin, NO_TABLE, number, "contract/line-too-long")
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
            let reject = Reject::new(&self.origin, refusal.table, number, code)
                .about(refusal.column, refusal.expected.as_bytes(), refusal.found)
                .with_raw(bytes);
            self.refuse(reject);
        }
    }

    fn refuse(&mut self, mut reject: Reject) {
        reject.source_id = Some(self.source_id.get());
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
            refusal("contract/malformed-value", "ts_recv", expected, stamp)
        })?;
        if !LIMITS.contains(&recv_ns) {
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
            Some(symbol) => self.symbols.find(self.spec, symbol),
            None => self.symbols.only(self.spec),
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
        let sent = stamp(message.sent, "ts_venue_send", &message.body)?;
        let event = stamp(message.event, "ts_event", &message.body)?;
        let mut envelope = Envelope::new(self.source_id, instrument);
        envelope.ts_event = event;
        envelope.ts_venue_send = sent;
        envelope.ts_recv = Some(UtcNanos::from_nanos(recv_ns));
        envelope.ts_avail = envelope.ts_recv;
        if recv_ns < self.last_recv_ns {
            envelope.flags = Flags::CLOCK_SUSPECT;
        }
        self.last_recv_ns = recv_ns;
        self.columns.push(envelope, message, levels);
        if let Some(sent) = sent {
            self.offset.add(recv_ns, sent.nanos());
        }
        Ok(())
    }
}

fn stamp(
    count: Option<u64>,
    column: &'static str,
    body: &Body,
) -> Result<Option<UtcNanos>, Refusal<'static>> {
    let Some(count) = count else { return Ok(None) };
    let at = i64::try_from(count).ok().and_then(|count| UtcNanos::from_unit(count, MS));
    match at {
        Some(at) if LIMITS.contains(&at.nanos()) => Ok(Some(at)),
        _ => Err(Refusal {
            table: table(body),
            code: "feeds/unit-suspect",
            column,
            expected: "milliseconds since 1970".into(),
            found: count.to_string().into_bytes().into(),
        }),
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

enum Head {
    Empty,
    Gzip,
    Plain,
}

fn head(reader: &mut impl io::BufRead) -> io::Result<Head> {
    loop {
        match reader.fill_buf() {
            Ok(&[]) => return Ok(Head::Empty),
            Ok(&[0x1f, 0x8b, ..]) => return Ok(Head::Gzip),
            Ok(_) => return Ok(Head::Plain),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
