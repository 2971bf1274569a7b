//! Databento Binary Encoding, versions 1 to 3.

mod definition;
mod frame;
mod levels;
mod rows;
mod symbols;
mod words;

use crate::error::FeedError;
use crate::report::{Output, Report};
use crate::spec::{SourceSpec, Spec};
use contract::{Envelope, Flags, InstrumentId, Origin, Reject, UtcNanos};
use dbn::decode::dbn::fsm::{DbnFsm, DbnFsmBuilder, ProcessResult};
use dbn::{RecordHeader, Schema, VersionUpgradePolicy, rtype};
use frame::{Frame, Frames, HEADER, MAX_METADATA, Sizes};
use levels::Side;
use rows::{Refusal, Tables, flags};
use std::io::{BufReader, Read};
use symbols::SymbolMap;

/// Rejects after which an output is handed out.
const MAX_REJECTS: usize = 1_024;

/// What an input is said to be where it is not.
const FORMAT: &str = "DBN, plain or zstd";
const SCHEMAS: &str = "mbo, mbp-1, mbp-10, tbbo, trades, bbo, cbbo, cmbp-1, ohlcv, status or definition in DBN 1 to 3";

/// Importer of DBN files: `trades`, `quotes`, `depths`, `book_deltas`, `bars`, `statuses`, `instruments` and `symbols`.
///
/// The source is the only one of the spec, or the one whose name ends in a folder of the path; the instrument is
/// `<source>/<symbol>`. A vendor number means what the dated mappings of the header, or mapping records before it,
/// say for the day of the record; a definition names its symbol itself. A fragment, which has no header, needs
/// `dbn_version` in the spec.
///
/// - **Shape:** a record is a row of the table of its kind: trades of `trades`; mbp-1, tbbo, bbo, cbbo and cmbp-1 of
///   `quotes`; mbp-10 of `depths`; mbo of `book_deltas`; ohlcv of `bars`; status of `statuses`; definition of
///   `instruments`. Each interval of a header's mappings is a row of `symbols`. The vendor's sentinels become null,
///   its flags are kept, and BAD_TS_RECV also sets CLOCK_SUSPECT.
/// - **Point in time:** `ts_recv` and `ts_avail` are the capture server's stamp, `ts_venue_send` is it less
///   `ts_in_delta`. A bar's stamp is its start and it has no receive stamp: its event is its end, it is available
///   after the source's delay, and it has BACKFILL.
/// - **Cost:** one pass; memory for one batch and one header.
/// - **Source:** Databento, "Databento Binary Encoding"; crate `dbn`, which decodes what was checked here.
///
/// ```
/// use contract::Diagnostic;
/// use feeds::{Dbn, Spec};
/// let mut dbn = Dbn::new(Spec::parse(Spec::DBN)?);
/// let error = dbn.push("trades.dbn", &mut &b"not DBN"[..], &mut |_| {}).unwrap_err();
/// assert_eq!(error.code(), "feeds/corrupt-input");
/// # Ok::<(), feeds::SpecError>(())
/// ```
#[derive(Debug)]
pub struct Dbn {
    spec: Spec,
    report: Report,
    symbols: SymbolMap,
    definitions: definition::Revisions,
}

impl Dbn {
    /// An importer.
    #[must_use]
    pub fn new(spec: Spec) -> Self {
        Self {
            spec,
            report: Report::default(),
            symbols: SymbolMap::default(),
            definitions: definition::Revisions::default(),
        }
    }

    /// Imports one input and hands out its rows batch by batch.
    ///
    /// # Errors
    /// [`FeedError`] for another format or schema, and for a stream that ends early or whose records cannot be told
    /// apart any more. Batches handed out before are good.
    pub fn push(
        &mut self,
        input: &str,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let (name, source) = self.spec.source_for(input)?;
        let mut reader = BufReader::with_capacity(64 << 10, reader);
        let magic = head(&mut reader).map_err(|e| FeedError::reading(input, FORMAT, e))?;
        let corrupt = |detail: String| FeedError::Corrupt {
            input: input.to_owned(),
            expected: FORMAT,
            detail,
        };
        match magic.as_slice() {
            [] => Err(FeedError::Empty { input: input.to_owned() }),
            // A DBZ file, the predecessor, starts with a skippable zstd frame.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Err(FeedError::Unsupported {
                input: input.to_owned(),
                expected: SCHEMAS,
                found: "a DBZ file, the predecessor of DBN".to_owned(),
            }),
            [0x28, 0xb5, 0x2f, 0xfd] => {
                let mut zstd = zstd::stream::read::Decoder::with_buffer(reader)
                    .map_err(|e| corrupt(e.to_string()))?;
                zstd.window_log_max(27).map_err(|e| corrupt(e.to_string()))?;
                self.read(input, &name, &source, Frames::new(zstd), each)
            }
            _ => self.read(input, &name, &source, Frames::new(reader), each),
        }
    }

    /// The report over all that was pushed.
    #[must_use]
    pub fn finish(self) -> Report {
        self.report
    }

    fn read<R: Read>(
        &mut self,
        input: &str,
        name: &str,
        source: &SourceSpec,
        mut frames: Frames<R>,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        self.report.files += 1;
        let (mut fsm, sizes, metadata) = open(input, &self.spec, &mut frames)?;
        let number = |spec: &Spec, symbol: &str| spec.instrument(&format!("{name}/{symbol}"));
        if let Some(metadata) = &metadata {
            let rows = self
                .symbols
                .add(metadata, |symbol| number(&self.spec, symbol), source.source_id)
                .map_err(|source| FeedError::Build { input: input.to_owned(), source })?;
            if let Some(rows) = rows {
                let output = Output { rows: vec![rows], rejects: Vec::new() };
                self.report.count(&output);
                each(output);
            }
        }
        let mut import = Import {
            name,
            source,
            spec: &self.spec,
            report: &mut self.report,
            symbols: &mut self.symbols,
            definitions: &mut self.definitions,
            origin: Origin::new("feeds", input),
            tables: Tables::default(),
            rejects: Vec::new(),
            venues: Venues::default(),
        };
        let outcome = import.records(&mut frames, &mut fsm, sizes, each);
        let flushed = import.flush(each);
        outcome.and(flushed)
    }
}

/// The first four bytes, or fewer.
fn head<R: Read>(reader: &mut BufReader<R>) -> std::io::Result<Vec<u8>>
where
    BufReader<R>: std::io::BufRead,
{
    use std::io::BufRead;
    loop {
        match reader.fill_buf() {
            Ok(bytes) => return Ok(bytes.get(..4).unwrap_or(bytes).to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

type Opened = (DbnFsm<RecordHeader>, Sizes, Option<dbn::Metadata>);

/// Reads the header, or takes the version of a fragment from the spec.
fn open<R: Read>(input: &str, spec: &Spec, frames: &mut Frames<R>) -> Result<Opened, FeedError> {
    let reading = |error| FeedError::reading(input, FORMAT, error);
    let corrupt =
        |detail: String| FeedError::Corrupt { input: input.to_owned(), expected: FORMAT, detail };
    let unsupported = |found: String| FeedError::Unsupported {
        input: input.to_owned(),
        expected: SCHEMAS,
        found,
    };
    let builder = DbnFsmBuilder::new().upgrade_policy(VersionUpgradePolicy::UpgradeToV3);
    let prelude = frames.peek(8).map_err(reading)?.to_vec();
    let (version, length) = match prelude.as_slice() {
        [b'D', b'B', b'N', version, a, b, c, d] => (*version, u32::from_le_bytes([*a, *b, *c, *d])),
        [b'D', b'B', b'N', ..] => {
            let detail = "within the header".to_owned();
            return Err(FeedError::Truncated { input: input.to_owned(), detail });
        }
        _ => {
            let Some(version) = spec.dbn_version else {
                return Err(corrupt(
                    "no header; of a fragment state `dbn_version` in the spec".to_owned(),
                ));
            };
            let fsm = builder
                .skip_metadata(true)
                .input_dbn_version(Some(version).filter(|v| (1..=3).contains(v)))
                .and_then(|builder| builder.build())
                .map_err(|e| corrupt(e.to_string()))?;
            return Ok((fsm, Sizes { version, ts_out: false }, None));
        }
    };
    if !(1..=3).contains(&version) {
        return Err(unsupported(format!("version {version}")));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_METADATA {
        let limit = u64::try_from(MAX_METADATA).unwrap_or(u64::MAX);
        return Err(FeedError::TooLarge { input: input.to_owned(), what: "of header", limit });
    }
    let mut fsm = builder.build().map_err(|e| corrupt(e.to_string()))?;
    let whole = frames.take(8 + length).map_err(reading)?;
    if whole.len() < 8 + length {
        let detail = "within the header".to_owned();
        return Err(FeedError::Truncated { input: input.to_owned(), detail });
    }
    fsm.write_all(whole);
    match fsm.process() {
        ProcessResult::Metadata(metadata) => {
            if let Some(schema @ (Schema::Imbalance | Schema::Statistics | Schema::OhlcvEod)) =
                metadata.schema
            {
                return Err(unsupported(schema.to_string()));
            }
            let sizes = Sizes { version, ts_out: metadata.ts_out };
            Ok((fsm, sizes, Some(metadata)))
        }
        ProcessResult::Err(error) => Err(corrupt(error.to_string())),
        ProcessResult::ReadMore(_) | ProcessResult::Record(()) => {
            Err(corrupt("a header of another length than it says".to_owned()))
        }
    }
}

/// Names of venues by the vendor's number.
#[derive(Default)]
struct Venues(Vec<(u16, String)>);

impl Venues {
    /// The place of a publisher's venue, looked up once.
    fn find(&mut self, publisher: u16) -> usize {
        if let Some(at) = self.0.iter().position(|(id, _)| *id == publisher) {
            return at;
        }
        let name = dbn::Publisher::try_from(publisher)
            .map_or_else(|_| publisher.to_string(), |p| p.venue().as_str().to_owned());
        self.0.push((publisher, name));
        self.0.len() - 1
    }

    fn name(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(_, name)| name)
    }
}

/// The import of one input.
struct Import<'a> {
    name: &'a str,
    source: &'a SourceSpec,
    spec: &'a Spec,
    report: &'a mut Report,
    symbols: &'a mut SymbolMap,
    definitions: &'a mut definition::Revisions,
    origin: Origin,
    tables: Tables,
    rejects: Vec<Reject>,
    venues: Venues,
}

/// Why a record yields no row.
enum Stop {
    /// It is a reject.
    Refused(Refusal),
    /// It is a word of the stream about itself.
    Control,
    /// The rest of the input is of no use either.
    Fatal(FeedError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Import<'_> {
    fn records<R: Read>(
        &mut self,
        frames: &mut Frames<R>,
        fsm: &mut DbnFsm<RecordHeader>,
        sizes: Sizes,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        let input = self.origin.input.clone();
        let mut number = 0_u64;
        loop {
            let frame = match frames.next(sizes) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) => return Err(FeedError::reading(&input, FORMAT, error)),
            };
            number += 1;
            let (bytes, stop) = match frame {
                Frame::Whole(bytes) => {
                    fsm.write_all(bytes);
                    let outcome = match fsm.process() {
                        ProcessResult::Record(()) => match fsm.last_record() {
                            Some(record) => self.record(record),
                            None => Err(Stop::Control),
                        },
                        _ => Err(Stop::Fatal(FeedError::Corrupt {
                            input: input.clone(),
                            expected: FORMAT,
                            detail: format!("record {number} cannot be decoded"),
                        })),
                    };
                    (bytes, outcome)
                }
                Frame::Odd(bytes) => (bytes, Err(odd(bytes, sizes, &input))),
                Frame::Lost(bytes) => {
                    let found =
                        format!("{} bytes", usize::from(bytes.first().copied().unwrap_or(0)) * 4);
                    let expected = "a record of at least 16 bytes";
                    let refusal = Refusal::new("feeds/malformed-record", "*", expected, found);
                    self.refuse(number, "unknown", refusal, bytes);
                    self.report.lines += 1;
                    let detail = format!("record {number} does not say where the next one starts");
                    return Err(FeedError::Corrupt { input, expected: FORMAT, detail });
                }
                Frame::Cut(bytes) => {
                    let expected = "a whole record";
                    let found = format!("{} bytes of one", bytes.len());
                    let refusal = Refusal::new("feeds/incomplete-record", "*", expected, found);
                    self.refuse(number, "unknown", refusal, bytes);
                    self.report.lines += 1;
                    let detail = format!("within record {number}");
                    return Err(FeedError::Truncated { input, detail });
                }
            };
            match stop {
                Ok(()) => {}
                Err(Stop::Control) => self.report.merged_lines += 1,
                Err(Stop::Refused(refusal)) => {
                    let table = table(bytes.get(1).copied().unwrap_or(0));
                    self.refuse(number, table, refusal, bytes);
                }
                Err(Stop::Fatal(error)) => return Err(error),
            }
            self.report.lines += 1;
            if self.tables.len() >= self.spec.batch_rows || self.rejects.len() >= MAX_REJECTS {
                self.flush(each)?;
            }
        }
    }

    fn refuse(&mut self, number: u64, table: &str, refusal: Refusal, bytes: &[u8]) {
        let mut reject = Reject::new(&self.origin, table, number, refusal.code)
            .about(refusal.column, refusal.expected, refusal.found)
            .with_raw(bytes);
        reject.source_id = Some(self.source.source_id.get());
        self.rejects.push(reject);
    }

    fn flush(&mut self, each: &mut dyn FnMut(Output)) -> Result<(), FeedError> {
        let rows = self
            .tables
            .finish()
            .map_err(|source| FeedError::Build { input: self.origin.input.clone(), source })?;
        let output = Output { rows, rejects: std::mem::take(&mut self.rejects) };
        if !output.rows.is_empty() || !output.rejects.is_empty() {
            self.report.count(&output);
            each(output);
        }
        Ok(())
    }

    fn record(&mut self, record: dbn::RecordRef<'_>) -> Result<(), Stop> {
        let header = record.header();
        match header.rtype {
            rtype::MBP_0 => {
                let Some(trade) = record.get::<dbn::TradeMsg>() else { return Err(Stop::Control) };
                let sent = Some(trade.ts_in_delta);
                let envelope = self.envelope(header, trade.ts_recv, sent, flags(trade.flags))?;
                let venue = self.venues.find(header.publisher_id);
                self.tables.trade(trade, &envelope, self.venues.name(venue))?;
            }
            rtype::MBP_1 => {
                let Some(quote) = record.get::<dbn::Mbp1Msg>() else { return Err(Stop::Control) };
                let sent = Some(quote.ts_in_delta);
                let envelope = self.envelope(header, quote.ts_recv, sent, flags(quote.flags))?;
                let [level] = &quote.levels;
                let sides = one_venue(level);
                self.tables.quotes.push(&envelope, sides, Some(quote.sequence), [None, None]);
            }
            rtype::BBO_1S | rtype::BBO_1M => {
                let Some(quote) = record.get::<dbn::BboMsg>() else { return Err(Stop::Control) };
                let envelope = self.envelope(header, quote.ts_recv, None, flags(quote.flags))?;
                let [level] = &quote.levels;
                let sides = one_venue(level);
                self.tables.quotes.push(&envelope, sides, Some(quote.sequence), [None, None]);
            }
            rtype::CMBP_1 | rtype::TCBBO => {
                let Some(quote) = record.get::<dbn::Cmbp1Msg>() else { return Err(Stop::Control) };
                let sent = Some(quote.ts_in_delta);
                let envelope = self.envelope(header, quote.ts_recv, sent, flags(quote.flags))?;
                let [level] = &quote.levels;
                self.consolidated(&envelope, level);
            }
            rtype::CBBO_1S | rtype::CBBO_1M => {
                let Some(quote) = record.get::<dbn::CbboMsg>() else { return Err(Stop::Control) };
                let envelope = self.envelope(header, quote.ts_recv, None, flags(quote.flags))?;
                let [level] = &quote.levels;
                self.consolidated(&envelope, level);
            }
            rtype::MBP_10 => {
                let Some(depth) = record.get::<dbn::Mbp10Msg>() else { return Err(Stop::Control) };
                let sent = Some(depth.ts_in_delta);
                let envelope = self.envelope(header, depth.ts_recv, sent, flags(depth.flags))?;
                self.tables.depths.push(depth, &envelope)?;
            }
            rtype::MBO => {
                let Some(delta) = record.get::<dbn::MboMsg>() else { return Err(Stop::Control) };
                let sent = Some(delta.ts_in_delta);
                let envelope = self.envelope(header, delta.ts_recv, sent, flags(delta.flags))?;
                self.tables.delta(delta, &envelope)?;
            }
            rtype::STATUS => {
                let Some(status) = record.get::<dbn::StatusMsg>() else {
                    return Err(Stop::Control);
                };
                let envelope = self.envelope(header, status.ts_recv, None, Flags::LAST)?;
                let built = self.tables.status(status, &envelope);
                built.map_err(|source| self.fatal(source))?;
            }
            rtype::INSTRUMENT_DEF => {
                let Some(record) = record.get::<dbn::InstrumentDefMsg>() else {
                    return Err(Stop::Control);
                };
                let number =
                    |symbol: &str| self.spec.instrument(&format!("{}/{symbol}", self.name));
                let row = definition::Definition::of(record, number, self.definitions)?;
                let built = row.write(self.tables.instruments());
                built.map_err(|source| self.fatal(source))?;
            }
            rtype::SYMBOL_MAPPING => {
                let Some(mapping) = record.get::<dbn::SymbolMappingMsg>() else {
                    return Err(Stop::Control);
                };
                self.learn(mapping)?;
                return Err(Stop::Control);
            }
            kind => match step_ns(kind).zip(record.get::<dbn::OhlcvMsg>()) {
                Some((step_ns, bar)) => self.bar(bar, step_ns)?,
                None => return Err(Stop::Control),
            },
        }
        Ok(())
    }

    #[cold]
    fn fatal(&self, source: contract::BuildError) -> Stop {
        Stop::Fatal(FeedError::Build { input: self.origin.input.clone(), source })
    }

    fn consolidated(&mut self, envelope: &Envelope, level: &dbn::ConsolidatedBidAskPair) {
        let (bid, ask) = (self.venues.find(level.bid_pb), self.venues.find(level.ask_pb));
        let sides = [
            Side::new(level.bid_px, level.bid_sz, None),
            Side::new(level.ask_px, level.ask_sz, None),
        ];
        let names = [Some(self.venues.name(bid)), Some(self.venues.name(ask))];
        self.tables.quotes.push(envelope, sides, None, names);
    }

    fn instrument(&mut self, vendor: u32, at_ns: i64) -> Result<InstrumentId, Refusal> {
        self.symbols.find(vendor, at_ns).ok_or_else(|| {
            let expected = "a number that a mapping gives a symbol for that day";
            let found = format!("{vendor} on {}", UtcNanos::from_nanos(at_ns).date());
            Refusal::new("feeds/unmapped-instrument", "instrument_id", expected, found)
        })
    }

    /// The envelope of a record with a receive stamp.
    fn envelope(
        &mut self,
        header: &RecordHeader,
        recv: u64,
        in_delta_ns: Option<i32>,
        flags: Flags,
    ) -> Result<Envelope, Refusal> {
        let recv = stamp(recv, "ts_recv")?.ok_or_else(|| Refusal::null("ts_recv"))?;
        let instrument = self.instrument(header.instrument_id, recv.nanos())?;
        let mut envelope = Envelope::new(self.source.source_id, instrument);
        envelope.ts_event = stamp(header.ts_event, "ts_event")?;
        envelope.ts_venue_send =
            in_delta_ns.and_then(|delta| recv.checked_add_ns(-i64::from(delta)));
        envelope.ts_recv = Some(recv);
        envelope.ts_avail = Some(recv);
        envelope.flags = flags;
        Ok(envelope)
    }

    fn bar(&mut self, bar: &dbn::OhlcvMsg, step_ns: i64) -> Result<(), Stop> {
        let Some(delay_ns) = self.source.delay_ns else {
            let (input, name) = (self.origin.input.clone(), self.name.to_owned());
            return Err(Stop::Fatal(FeedError::MissingDelay { input, name }));
        };
        let open = stamp(bar.hd.ts_event, "ts_open")?.ok_or_else(|| Refusal::null("ts_open"))?;
        let instrument = self.instrument(bar.hd.instrument_id, open.nanos())?;
        let close = open.checked_add_ns(step_ns);
        let avail = close
            .and_then(|t| t.checked_add_ns(-self.source.offset_ns))
            .and_then(|t| t.checked_add_ns(delay_ns));
        let (Some(close), Some(avail)) = (close, avail) else {
            let expected = "a time before 2262";
            let refusal = Refusal::new("contract/overflow", "ts_close", expected, open.to_string());
            return Err(refusal.into());
        };
        let mut envelope = Envelope::new(self.source.source_id, instrument);
        envelope.ts_event = Some(close);
        envelope.ts_avail = Some(avail.max(close));
        envelope.clock_offset_ns = Some(self.source.offset_ns);
        envelope.flags = Flags::BACKFILL.with(Flags::LAST);
        self.tables.bar(bar, &envelope, open.nanos(), step_ns)?;
        Ok(())
    }

    /// What a live stream says of a number before it uses it.
    fn learn(&mut self, mapping: &dbn::SymbolMappingMsg) -> Result<(), Refusal> {
        let Ok(symbol) = mapping.stype_in_symbol() else {
            return Err(Refusal::new(
                "feeds/not-utf8",
                "vendor_symbol",
                "UTF-8 text",
                "other bytes",
            ));
        };
        let Some(instrument) = self.spec.instrument(&format!("{}/{symbol}", self.name)) else {
            let expected = "an instrument of the spec";
            return Err(Refusal::new("feeds/unknown-symbol", "instrument_id", expected, symbol));
        };
        let from = stamp(mapping.start_ts, "valid_from")?.map_or(i64::MIN, UtcNanos::nanos);
        let to = stamp(mapping.end_ts, "valid_to")?.map_or(i64::MAX, UtcNanos::nanos);
        self.symbols.learn(mapping.hd.instrument_id, from, to, instrument);
        Ok(())
    }
}

/// What a record of a type or length that is not imported means.
#[cold]
fn odd(bytes: &[u8], sizes: Sizes, input: &str) -> Stop {
    let kind = bytes.get(1).copied().unwrap_or(0);
    match kind {
        rtype::IMBALANCE | rtype::STATISTICS | rtype::OHLCV_EOD | rtype::OHLCV_DEPRECATED => {
            let found = dbn::RType::try_from(kind).map_or("another", |kind| kind.as_str());
            let (input, found) = (input.to_owned(), format!("{found} records"));
            Stop::Fatal(FeedError::Unsupported { input, expected: SCHEMAS, found })
        }
        _ => {
            let found = format!("type {kind} of {} bytes", bytes.len());
            let expected = match sizes.of(kind) {
                Some(_) => "a record of the length of its type",
                None => "a record type that is imported",
            };
            Stop::Refused(Refusal::new("feeds/malformed-record", "*", expected, found))
        }
    }
}

/// A stamp in nanoseconds, or `None` for the sentinel.
fn stamp(nanos: u64, column: &'static str) -> Result<Option<UtcNanos>, Refusal> {
    if nanos == dbn::UNDEF_TIMESTAMP {
        return Ok(None);
    }
    let at = i64::try_from(nanos).map(UtcNanos::from_nanos);
    let refused =
        |_| Refusal::new("contract/overflow", column, "a time before 2262", nanos.to_string());
    at.map(Some).map_err(refused)
}

fn one_venue(level: &dbn::BidAskPair) -> [Side; 2] {
    [
        Side::new(level.bid_px, level.bid_sz, Some(level.bid_ct)),
        Side::new(level.ask_px, level.ask_sz, Some(level.ask_ct)),
    ]
}

/// The length of the bars of a record type.
fn step_ns(kind: u8) -> Option<i64> {
    const S: i64 = 1_000_000_000;
    match kind {
        rtype::OHLCV_1S => Some(S),
        rtype::OHLCV_1M => Some(60 * S),
        rtype::OHLCV_1H => Some(3_600 * S),
        rtype::OHLCV_1D => Some(86_400 * S),
        _ => None,
    }
}

fn table(kind: u8) -> &'static str {
    match kind {
        rtype::MBP_0 => "trades",
        rtype::MBP_10 => "depths",
        rtype::MBO => "book_deltas",
        rtype::STATUS => "statuses",
        rtype::INSTRUMENT_DEF => "instruments",
        rtype::SYMBOL_MAPPING => "symbols",
        kind if step_ns(kind).is_some() => "bars",
        kind if (Sizes { version: 3, ts_out: false }).of(kind).is_some() => "quotes",
        _ => "unknown",
    }
}

const _: () = assert!(HEADER == std::mem::size_of::<RecordHeader>());
