//! Lines of a Binance recorder become trades, quotes and book deltas, each bad one a reject.

use contract::arrow_array::Array;
use contract::{
    Aggressor, BookDeltas, BookSide, DeltaAction, Diagnostic, Draft, Fault, Flags, InstrumentId,
    Price, Quotes, Reject, SourceId, Trades, UtcNanos,
};
use feeds::{Binance, FeedError, Report, Spec};
use proptest::prelude::*;
use std::io::Write;

const SOURCE: SourceId = SourceId::new(1);
const BTC: InstrumentId = InstrumentId::new(7);

/// One source whose one instrument has this symbol.
pub(crate) fn spec(symbol: &str) -> Spec {
    let symbol = symbol.to_ascii_lowercase();
    Spec::parse(&format!("format = 'binance'\n[source.x]\nid = 1\n[instrument]\n'x/{symbol}' = 7"))
        .unwrap()
}

/// Everything that was read of an input.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) trades: Vec<Draft<Trades>>,
    pub(crate) quotes: Vec<Draft<Quotes>>,
    pub(crate) deltas: Vec<Draft<BookDeltas>>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) report: Report,
    pub(crate) error: Option<FeedError>,
}

impl Read {
    fn n_trades(&self) -> usize {
        self.trades.iter().map(Draft::len).sum()
    }

    fn n_quotes(&self) -> usize {
        self.quotes.iter().map(Draft::len).sum()
    }

    fn n_deltas(&self) -> usize {
        self.deltas.iter().map(Draft::len).sum()
    }

    /// Depth messages, or snapshots: what LAST closes.
    fn closed(&self, is_snapshot: bool) -> usize {
        let flags = self.deltas.iter().flat_map(|d| d.flags().values().iter());
        let flags = flags.map(|bits| Flags::from_bits(*bits)).filter(|f| f.has(Flags::LAST));
        flags.filter(|f| f.has(Flags::SNAPSHOT) == is_snapshot).count()
    }

    fn messages(&self) -> usize {
        self.n_trades() + self.n_quotes() + self.closed(false) + self.closed(true)
    }

    fn lines(&self) -> usize {
        usize::try_from(self.report.lines).unwrap()
    }
}

pub(crate) fn read(spec: Spec, bytes: &[u8]) -> Read {
    let mut binance = Binance::new(spec);
    let mut read = Read::default();
    let result = binance.push("in", &mut &bytes[..], &mut |output| {
        for batch in output.rows {
            match batch.spec().name {
                "trades" => read.trades.push(Draft::try_from_any(batch).unwrap()),
                "quotes" => read.quotes.push(Draft::try_from_any(batch).unwrap()),
                _ => read.deltas.push(Draft::try_from_any(batch).unwrap()),
            }
        }
        read.rejects.extend(output.rejects);
    });
    read.error = result.err();
    read.report = binance.finish();
    read
}

/// The rows of a small input that is read to its end.
fn small(text: &str) -> (Draft<Trades>, Draft<Quotes>, Draft<BookDeltas>, Vec<Reject>) {
    let mut read = read(spec("BTCUSDT"), text.as_bytes());
    assert!(read.error.is_none(), "{:?}", read.error);
    let trades = read.trades.pop().unwrap_or_else(Draft::empty);
    let quotes = read.quotes.pop().unwrap_or_else(Draft::empty);
    (trades, quotes, read.deltas.pop().unwrap_or_else(Draft::empty), read.rejects)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/../../fixtures/binance/{name}.lines", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// A file of the data pack, where the pack is at hand.
pub(crate) fn pack(path: &str) -> Option<Vec<u8>> {
    super::support::data().map(|root| std::fs::read(root.join(path)).unwrap())
}

#[expect(clippy::unnecessary_wraps, reason = "what a nullable cell gives")]
fn at(text: &str) -> Option<UtcNanos> {
    Some(UtcNanos::parse(text).unwrap())
}

const TRADE: &str = r#"1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256323,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#;
const QUOTE: &str = r#"1723161255088169167 {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256314}}"#;
const DEPTH: &str = r#"1723161255130314667 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":12006,"u":17557,"pu":11937,"b":[["58710.20","0.014"],["61510.90","0.000"]],"a":[["61800.30","2.5"]]}}"#;
const SPOT_DEPTH: &str = r#"1723161254036059768 {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":203,"u":207,"b":[["55653.87000000","0.00000000"]],"a":[]}}"#;
const SPOT_QUOTE: &str = r#"1723161254087891268 {"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}"#;
const SNAPSHOT: &str = r#"1723161255319702566 {"lastUpdateId":17000,"E":1723161256501,"T":1723161256493,"bids":[["61800.20","2.909"]],"asks":[["61800.30","1.5"],["61800.40","0.25"]]}"#;

#[test]
fn a_trade_keeps_three_clocks_and_names_the_aggressor() {
    let seller = TRADE.replace("\"m\":false", "\"m\":true").replace("MARKET", "ADL");
    let (trades, _, _, rejects) = small(&format!("{TRADE}\n{seller}\n"));
    assert_eq!(rejects, []);
    assert_eq!(trades.len(), 2);
    assert_eq!(trades.cell(&Trades::SOURCE_ID, 0), Ok(SOURCE));
    assert_eq!(trades.cell(&Trades::INSTRUMENT_ID, 0), Ok(BTC));
    assert_eq!(trades.cell(&Trades::TS_EVENT, 0), Ok(at("2024-08-08T23:54:16.322Z")));
    assert_eq!(trades.cell(&Trades::TS_VENUE_SEND, 0), Ok(at("2024-08-08T23:54:16.323Z")));
    let recv = at("2024-08-08T23:54:15.088176367Z");
    assert_eq!(trades.cell(&Trades::TS_RECV, 0), Ok(recv)); // before the event: kept as it is
    assert_eq!(trades.cell(&Trades::TS_AVAIL, 0).ok(), recv);
    assert_eq!(trades.cell(&Trades::CLOCK_OFFSET_NS, 0), Ok(None));
    assert_eq!(trades.cell(&Trades::FLAGS, 0), Ok(128));
    assert_eq!(trades.cell(&Trades::PX, 0), Ok(Price::from_nanos(61_800_300_000_000)));
    assert_eq!(trades.cell(&Trades::SIZE, 0), Ok(0.006));
    assert_eq!(trades.cell(&Trades::AGGRESSOR, 0), Ok(Aggressor::Buyer));
    assert_eq!(trades.cell(&Trades::AGGRESSOR, 1), Ok(Aggressor::Seller));
    assert_eq!(trades.cell(&Trades::TRADE_ID, 0), Ok(Some("5266583935")));
    assert_eq!(trades.cell(&Trades::SALE_COND, 0), Ok(None));
    assert_eq!(trades.cell(&Trades::SALE_COND, 1), Ok(Some(2)));
}

#[test]
fn words_of_x_other_than_market_become_sale_conditions() {
    for (word, expected) in
        [("MARKET", None), ("INSURANCE_FUND", Some(1)), ("ADL", Some(2)), ("NA", Some(3))]
    {
        let (trades, ..) = small(&TRADE.replace("MARKET", word));
        assert_eq!(trades.cell(&Trades::SALE_COND, 0), Ok(expected), "{word}");
    }
}

#[test]
fn a_best_quote_of_futures_has_times_and_one_of_spot_has_none() {
    let (_, quotes, _, rejects) = small(&format!("{SPOT_QUOTE}\n{QUOTE}\n"));
    assert_eq!(rejects, []);
    assert_eq!(quotes.cell(&Quotes::TS_EVENT, 0), Ok(None));
    assert_eq!(quotes.cell(&Quotes::TS_VENUE_SEND, 0), Ok(None));
    assert_eq!(quotes.cell(&Quotes::TS_EVENT, 1), Ok(at("2024-08-08T23:54:16.313Z")));
    assert_eq!(quotes.cell(&Quotes::TS_VENUE_SEND, 1), Ok(at("2024-08-08T23:54:16.314Z")));
    assert_eq!(quotes.cell(&Quotes::UPDATE_ID, 0), Ok(Some(50_093_239_212)));
    assert_eq!(quotes.cell(&Quotes::BID_PX, 0), Ok(Some(Price::from_nanos(61_837_630_000_000))));
    assert_eq!(quotes.cell(&Quotes::ASK_SIZE, 0), Ok(Some(1.546_98)));
    assert_eq!(quotes.cell(&Quotes::FLAGS, 0), Ok(128));
}

#[test]
fn an_empty_side_is_null_and_not_zero() {
    let line = QUOTE.replace("61800.30", "0.00").replace("2.510", "0.000");
    let (_, quotes, _, rejects) = small(&line);
    assert_eq!(rejects, []);
    assert_eq!(quotes.cell(&Quotes::ASK_PX, 0), Ok(None));
    assert_eq!(quotes.cell(&Quotes::ASK_SIZE, 0), Ok(None));
    assert_eq!(quotes.cell(&Quotes::BID_SIZE, 0), Ok(Some(2.507)));
}

#[test]
fn a_depth_message_is_a_row_a_level_and_last_closes_it() {
    let (_, _, deltas, rejects) = small(&format!("{SPOT_DEPTH}\n{DEPTH}\n"));
    assert_eq!(rejects, []);
    assert_eq!(deltas.len(), 4);
    let sides: Vec<_> = (0..4).map(|row| deltas.cell(&BookDeltas::SIDE, row).unwrap()).collect();
    assert_eq!(sides, [BookSide::Bid, BookSide::Bid, BookSide::Bid, BookSide::Ask]);
    assert_eq!(deltas.flags().values(), &[128, 0, 0, 128]);
    assert_eq!(deltas.col(&BookDeltas::SIZE).values(), &[0.0, 0.014, 0.0, 2.5]);
    assert_eq!(deltas.cell(&BookDeltas::ACTION, 2), Ok(DeltaAction::Modify));
    assert_eq!(deltas.cell(&BookDeltas::PX, 2), Ok(Some(Price::from_nanos(61_510_900_000_000))));
    let ids = |row| {
        [
            &BookDeltas::FIRST_UPDATE_ID,
            &BookDeltas::FINAL_UPDATE_ID,
            &BookDeltas::PREV_FINAL_UPDATE_ID,
        ]
        .map(|id| deltas.cell(id, row).unwrap())
    };
    assert_eq!(ids(3), [Some(12_006), Some(17_557), Some(11_937)]);
    assert_eq!(ids(0), [Some(203), Some(207), None]);
    // Futures say when it happened; spot only when it was sent.
    assert_eq!(deltas.cell(&BookDeltas::TS_EVENT, 3), Ok(at("2024-08-08T23:54:16.298Z")));
    assert_eq!(deltas.cell(&BookDeltas::TS_EVENT, 0), Ok(at("2024-08-08T23:54:15.308Z")));
    assert_eq!(deltas.cell(&BookDeltas::TS_VENUE_SEND, 0), Ok(at("2024-08-08T23:54:15.308Z")));
}

#[test]
fn a_depth_message_without_levels_is_one_row_that_keeps_the_chain() {
    let line = r#"1723161254036059768 {"stream":"btcusdt@depth","data":{"E":1723161255308,"s":"BTCUSDT","U":203,"u":207,"pu":202,"b":[],"a":[]}}"#;
    let (_, _, deltas, rejects) = small(line);
    assert_eq!(rejects, []);
    assert_eq!(deltas.len(), 1);
    assert_eq!(deltas.cell(&BookDeltas::ACTION, 0), Ok(DeltaAction::None));
    assert_eq!(deltas.cell(&BookDeltas::SIDE, 0), Ok(BookSide::None));
    assert_eq!(deltas.cell(&BookDeltas::PX, 0), Ok(None));
    assert_eq!(deltas.cell(&BookDeltas::PREV_FINAL_UPDATE_ID, 0), Ok(Some(202)));
    assert_eq!(deltas.cell(&BookDeltas::FLAGS, 0), Ok(128));
}

#[test]
fn a_rest_snapshot_clears_first_and_marks_every_row() {
    let (_, _, deltas, rejects) = small(SNAPSHOT);
    assert_eq!(rejects, []);
    let actions: Vec<_> =
        (0..4).map(|row| deltas.cell(&BookDeltas::ACTION, row).unwrap()).collect();
    assert_eq!(actions[0], DeltaAction::Clear);
    assert!(actions[1..].iter().all(|a| *a == DeltaAction::Modify));
    let snapshot = Flags::SNAPSHOT.bits();
    assert_eq!(deltas.flags().values(), &[snapshot, snapshot, snapshot, snapshot | 128]);
    assert_eq!(deltas.cell(&BookDeltas::FINAL_UPDATE_ID, 0), Ok(Some(17_000)));
    assert_eq!(deltas.cell(&BookDeltas::FIRST_UPDATE_ID, 0), Ok(None));
    assert_eq!(deltas.cell(&BookDeltas::TS_EVENT, 0), Ok(at("2024-08-08T23:54:16.493Z")));
}

#[track_caller]
fn check_reject(line: &str, code: &str, table: &str, column: &str, expected: &str, found: &str) {
    let text = format!("{TRADE}\n{line}\n{TRADE}\n");
    let (trades, _, _, rejects) = small(&text);
    assert_eq!(trades.len(), 2, "the lines around are read");
    assert_eq!(rejects.len(), 1, "{rejects:?}");
    let reject = &rejects[0];
    let about = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!(
        (reject.code.as_str(), reject.table.as_str(), about(&reject.column).as_str()),
        (code, table, column)
    );
    assert_eq!(
        (about(&reject.expected).as_str(), about(&reject.observed).as_str()),
        (expected, found)
    );
    assert_eq!(reject.position, 2); // the line, from 1
    assert_eq!(reject.source_id, Some(1));
    assert_eq!(reject.payload.as_deref(), Some(line.as_bytes()));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn each_bad_line_is_a_reject_that_says_why() {
    let in_trade = |from: &str, to: &str| TRADE.replace(from, to);
    check_reject(
        &in_trade("\"0.006\"", "\"-0.006\""),
        "contract/negative-size",
        "trades",
        "size",
        "a size of at least 0",
        "-0.006",
    );
    check_reject(
        &in_trade("61800.30", "61800.3000000001"),
        "contract/precision",
        "trades",
        "px",
        "at most 9 decimals",
        "61800.3000000001",
    );
    check_reject(
        &in_trade("61800.30", "99999999999"),
        "contract/overflow",
        "trades",
        "px",
        "a value within ±9223372036.854775807",
        "99999999999",
    );
    check_reject(
        &in_trade("61800.30", "abc"),
        "contract/malformed-value",
        "trades",
        "px",
        "decimal digits",
        "abc",
    );
    check_reject(
        &in_trade("\"61800.30\"", "61800.30"),
        "contract/malformed-value",
        "trades",
        "px",
        "a decimal in quotes",
        r#"61800.30,"q":"0.006","X":"MARKET","m":false}}"#,
    );
    check_reject(
        &in_trade("\"t\":5266583935,", ""),
        "feeds/missing-field",
        "trades",
        "trade_id",
        "the field `t`",
        "no such field",
    );
    check_reject(
        &in_trade("\"t\":5266583935", "\"t\":1,\"t\":2"),
        "contract/duplicate-key",
        "trades",
        "trade_id",
        "each field once",
        "t",
    );
    check_reject(
        &in_trade("0.006", "0"),
        "contract/out-of-range",
        "trades",
        "size",
        "a size above 0",
        "0",
    );
    check_reject(
        &in_trade("@trade", "@aggTrade"),
        "feeds/unknown-channel",
        "unknown",
        "*",
        "a channel `trade`, `bookTicker` or `depth`",
        "btcusdt@aggTrade",
    );
    // Partial books have other rules than changes, so `depth5` is no `depth`.
    check_reject(
        &DEPTH.replace("@depth@", "@depth5@"),
        "feeds/unknown-channel",
        "unknown",
        "*",
        "a channel `trade`, `bookTicker` or `depth`",
        "btcusdt@depth5@0ms",
    );
    check_reject(
        &TRADE.replace("btcusdt@", "ethusdt@").replace("BTCUSDT", "ETHUSDT"),
        "feeds/unknown-symbol",
        "trades",
        "instrument_id",
        "a symbol of the specification",
        "ETHUSDT",
    );
    check_reject(
        &in_trade("\"BTCUSDT\"", "\"ETHUSDT\""),
        "feeds/symbol-mismatch",
        "trades",
        "instrument_id",
        "the symbol of the stream, `btcusdt`",
        "ETHUSDT",
    );
    check_reject(
        &in_trade("1723161255088176367", "17231612550881763x7"),
        "contract/malformed-value",
        "unknown",
        "ts_recv",
        "nanoseconds since 1970 and a space before the JSON",
        "17231612550881763x7",
    );
    check_reject(
        &in_trade("1723161255088176367", "1723161255088"),
        "feeds/unit-suspect",
        "unknown",
        "ts_recv",
        "nanoseconds since 1970",
        "1723161255088",
    );
    check_reject(
        &in_trade("\"T\":1723161256322", "\"T\":1723161256"),
        "feeds/unit-suspect",
        "trades",
        "ts_event",
        "milliseconds since 1970",
        "1723161256",
    );
    check_reject(
        &DEPTH.replace("\"2.5\"", "\"-2.5\""),
        "contract/negative-size",
        "book_deltas",
        "size",
        "a size of at least 0",
        "-2.5",
    );
    check_reject(
        r#"1723161255088176367 {"code":-1121,"msg":"Invalid symbol."}"#,
        "feeds/missing-field",
        "unknown",
        "*",
        "the field `stream` or `lastUpdateId`",
        "no such field",
    );
    check_reject(
        &format!("{TRADE} x"),
        "feeds/malformed-json",
        "unknown",
        "*",
        "the end of the line",
        "x",
    );
}

#[test]
fn bytes_that_are_no_text_are_a_reject_with_its_bytes() {
    let bad =
        [&b"1723161255088176367 {\"stream\":\"btc\xff\"}"[..], b"\n", TRADE.as_bytes()].concat();
    let read = read(spec("BTCUSDT"), &bad);
    assert_eq!(read.rejects.len(), 1);
    assert_eq!(read.rejects[0].code, "feeds/not-utf8");
    assert_eq!(read.rejects[0].payload.as_deref(), bad.split(|b| *b == b'\n').next());
    assert_eq!(read.n_trades(), 1);
}

#[test]
fn half_a_line_at_the_end_is_a_reject_and_a_whole_one_without_line_feed_is_not() {
    let (trades, _, _, rejects) = small(&format!("{TRADE}\n{TRADE}"));
    assert_eq!((trades.len(), rejects.len()), (2, 0));
    for cut in 1..TRADE.len() {
        let (trades, _, _, rejects) = small(&format!("{TRADE}\n{}", &TRADE[..cut]));
        assert_eq!(trades.len(), 1, "cut at {cut}");
        assert_eq!(rejects.len(), 1, "cut at {cut}");
        assert_eq!((rejects[0].code.as_str(), rejects[0].position), ("feeds/incomplete-line", 2));
    }
}

#[test]
fn a_line_above_one_mebibyte_costs_itself_alone() {
    let long = format!("1723161255088176367 {{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    let (trades, _, _, rejects) = small(&format!("{TRADE}\n{long}\n{TRADE}\n"));
    assert_eq!(trades.len(), 2);
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].code, "contract/line-too-long");
    assert_eq!(rejects[0].payload.as_deref(), Some(&long.as_bytes()[..Reject::MAX_PAYLOAD]));
}

#[test]
fn a_snapshot_without_symbol_is_of_the_only_one_there_is() {
    let two =
        "format = 'binance'\n[source.x]\nid = 1\n[instrument]\n'x/btcusdt' = 7\n'x/ethusdt' = 8";
    let listed = read(Spec::parse(two).unwrap(), SNAPSHOT.as_bytes());
    assert_eq!(listed.rejects.len(), 1);
    assert_eq!(listed.rejects[0].code, "feeds/unknown-symbol");
    // Where none is listed, it is of the one that was named before.
    let derived =
        || Spec::parse("format = 'binance'\ninstruments = 'derived'\n[source.x]\nid = 1").unwrap();
    assert_eq!(read(derived(), SNAPSHOT.as_bytes()).rejects.len(), 1);
    let after = read(derived(), format!("{DEPTH}\n{SNAPSHOT}\n").as_bytes());
    assert_eq!(after.rejects, []);
    let instruments = after.deltas[0].instrument_id().values();
    assert!(instruments.iter().all(|id| *id == instruments[0]));
}

#[test]
fn the_source_is_the_only_one_or_named_by_a_folder_of_the_path() {
    let mut binance = Binance::new(Spec::parse(Spec::BINANCE).unwrap());
    let mut sources = Vec::new();
    for path in ["spot/btc.txt", "a/usdm/2024/btc.txt", "cm\\btc.txt"] {
        binance
            .push(path, &mut SPOT_QUOTE.as_bytes(), &mut |output| {
                let quotes = Draft::<Quotes>::try_from_any(output.rows[0].clone()).unwrap();
                sources.push((quotes.source_id().value(0), quotes.instrument_id().value(0)));
            })
            .unwrap();
    }
    assert_eq!(sources.iter().map(|(source, _)| *source).collect::<Vec<_>>(), [41, 40, 42]);
    // The same symbol on two markets is two instruments.
    assert_ne!(sources[0].1, sources[1].1);
    let error = binance.push("btc.txt", &mut &b"x"[..], &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "btc.txt: expected a source of the spec, found `no folder named for one` \
         (sources: `binance/cm`, `binance/spot`, `binance/usdm`)"
    );
    let error = binance.push("spot/btc.txt", &mut &b""[..], &mut |_| {}).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("feeds/empty-input", Fault::Incomplete));
}

#[test]
fn a_receive_time_that_goes_back_is_kept_and_flagged() {
    let earlier = TRADE.replace("1723161255088176367", "1723161255088176366");
    let (trades, _, _, rejects) = small(&format!("{TRADE}\n{earlier}\n"));
    assert_eq!(rejects, []);
    assert_eq!(trades.flags().values(), &[128, 128 | Flags::CLOCK_SUSPECT.bits()]);
    assert_eq!(trades.ts_avail().value(1), 1_723_161_255_088_176_366);
}

#[test]
fn members_in_another_order_and_escapes_mean_the_same() {
    let turned = r#"1723161255088176367 { "data" : {"m":false,"q":"0.006","\u0070":"61800.30","t":5266583935,"x":[{"y":null}],"s":"BTCUSDT","T":1723161256322,"E":1723161256323}, "stream" : "btcusdt\u0040trade" }"#;
    let (plain, ..) = small(TRADE);
    let (trades, _, _, rejects) = small(turned);
    assert_eq!(rejects, []);
    assert_eq!(trades.into_record_batch(), plain.into_record_batch());
}

#[test]
fn the_committed_lines_of_three_markets_are_read_whole() {
    for (name, symbol, rows) in
        [("usdm", "BTCUSDT", 3), ("spot", "BTCUSDT", 3), ("cm", "BTCUSD_PERP", 3)]
    {
        let bytes = fixture(name);
        let plain = read(spec(symbol), &bytes);
        assert_eq!(plain.rejects, [], "{name}");
        assert_eq!((plain.n_trades(), plain.n_quotes(), plain.closed(false)), (rows, rows, rows));
        // Two gzip members in a row are one stream.
        let half = bytes.iter().position(|b| *b == b'\n').unwrap() + 5;
        let packed = [gzip(&bytes[..half]), gzip(&bytes[half..])].concat();
        let zipped = read(spec(symbol), &packed);
        assert!(zipped.error.is_none());
        assert_eq!(
            zipped.deltas[0].clone().into_record_batch(),
            plain.deltas[0].clone().into_record_batch()
        );
        assert_eq!(zipped.report.lines, 9);
    }
}

#[test]
fn a_cut_gzip_gives_its_good_rows_and_says_that_it_is_incomplete() {
    let text: String = std::iter::repeat_n(format!("{TRADE}\n"), 2_000).collect();
    let packed = gzip(text.as_bytes());
    for keep in [packed.len() / 3, packed.len() / 2, packed.len() - 9, packed.len() - 1] {
        let read = read(spec("BTCUSDT"), &packed[..keep]);
        let error = read.error.as_ref().unwrap();
        assert_eq!((error.code(), error.fault()), ("feeds/truncated-input", Fault::Incomplete));
        assert!(read.n_trades() > 0);
        assert_eq!(read.n_trades() + read.rejects.len(), read.lines());
        assert!(read.rejects.len() <= 1);
        assert!(
            read.rejects.iter().all(|r| r.code == "feeds/incomplete-line"),
            "{:?}",
            read.rejects
        );
    }
}

#[test]
fn a_damaged_gzip_is_an_error_behind_its_rows() {
    let text: String = std::iter::repeat_n(format!("{TRADE}\n"), 50).collect();
    let mut packed = gzip(text.as_bytes());
    let crc = packed.len() - 8;
    packed[crc] ^= 1;
    let read = read(spec("BTCUSDT"), &packed);
    let error = read.error.as_ref().unwrap();
    assert_eq!((error.code(), error.fault()), ("feeds/corrupt-input", Fault::Input));
    assert_eq!(read.n_trades(), 50);
}

proptest! {
    #[test]
    fn every_line_is_a_message_or_a_reject_whatever_bytes_change(
        market in 0_usize..3,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let (name, symbol) = [("usdm", "BTCUSDT"), ("spot", "BTCUSDT"), ("cm", "BTCUSD_PERP")][market];
        let mut bytes = [fixture(name), SNAPSHOT.as_bytes().to_vec()].concat();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let read = read(spec(symbol), &bytes);
        prop_assert_eq!(read.messages() + read.rejects.len(), read.lines());
        for reject in &read.rejects {
            prop_assert!(reject.payload.is_some() && reject.column.is_some() && reject.observed.is_some());
        }
    }

    #[test]
    fn any_bytes_behind_a_gzip_head_are_an_error_or_rows(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut packed = gzip(&fixture("usdm"));
        for (at, byte) in flips {
            let at = at.index(packed.len() - 2) + 2;
            packed[at] = byte;
        }
        let read = read(spec("BTCUSDT"), &packed);
        prop_assert_eq!(read.messages() + read.rejects.len(), read.lines());
        prop_assert!(read.error.is_some() || read.lines() == 9);
    }
}

/// What the README of the data pack says of a file.
struct Expected {
    path: &'static str,
    symbol: &'static str,
    messages: usize,
    trades: usize,
    quotes: usize,
    depths: usize,
    levels: usize,
    ties: usize,
    first: &'static str,
    last: &'static str,
    /// Milliseconds.
    offset: [f64; 3],
    with_send: u64,
    snapshot_line: usize,
}

pub(crate) const FILES: [(&str, &str); 3] = [
    ("hftbacktest-binance-l2/usdm/btcusdt_20240808.gz", "BTCUSDT"),
    ("hftbacktest-binance-l2/spot/btcusdt_20240808.gz", "BTCUSDT"),
    ("hftbacktest-binance-l2/cm/btcusd_perp_20240808.gz", "BTCUSD_PERP"),
];

const EXPECTED: [Expected; 3] = [
    Expected {
        path: FILES[0].0,
        symbol: FILES[0].1,
        messages: 93_954,
        trades: 21_313,
        quotes: 66_089,
        depths: 6_551,
        levels: 443_521,
        ties: 16_053,
        first: "2024-08-08T23:54:15.030314667Z",
        last: "2024-08-08T23:59:59.833492584Z",
        offset: [-1_272.549, -1_269.539, -1_181.297],
        with_send: 93_954,
        snapshot_line: 55,
    },
    Expected {
        path: FILES[1].0,
        symbol: FILES[1].1,
        messages: 41_249,
        trades: 9_757,
        quotes: 28_040,
        depths: 3_451,
        levels: 124_090,
        ties: 6_534,
        first: "2024-08-08T23:54:13.937085768Z",
        last: "2024-08-08T23:59:59.999231384Z",
        offset: [-1_275.018, -1_272.339, -1_249.979],
        with_send: 13_208,
        snapshot_line: 8,
    },
    Expected {
        path: FILES[2].0,
        symbol: FILES[2].1,
        messages: 48_270,
        trades: 2_286,
        quotes: 19_136,
        depths: 26_847,
        levels: 296_013,
        ties: 1_574,
        first: "2024-08-08T23:54:16.172216566Z",
        last: "2024-08-08T23:59:59.994891784Z",
        offset: [-1_272.694, -1_268.354, -1_225.630],
        with_send: 48_270,
        snapshot_line: 37,
    },
];

#[test]
fn the_real_recordings_give_the_rows_ties_and_clock_offset_that_the_data_pack_states() {
    for expected in &EXPECTED {
        let Some(bytes) = pack(expected.path) else { return };
        let read = read(spec(expected.symbol), &bytes);
        assert!(read.error.is_none());
        assert_eq!(read.rejects, []);
        assert_eq!(read.lines(), expected.messages);
        assert_eq!(read.n_trades(), expected.trades);
        assert_eq!(read.n_quotes(), expected.quotes);
        assert_eq!((read.closed(false), read.closed(true)), (expected.depths, 1));
        // A thousand levels a side and the row `R` belong to the snapshot; no message is without levels.
        assert_eq!(read.n_deltas(), expected.levels + 2_001);
        let report = &read.report;
        assert_eq!(report.rows["book_deltas"], read.n_deltas() as u64);
        assert_eq!(report.flags.get("CLOCK_SUSPECT"), None); // receive times never go back
        let span = [expected.first, expected.last].map(|t| at(t).unwrap().nanos());
        assert_eq!(report.ts_avail_ns, Some((span[0], span[1])));

        let offset = &report.clock_offsets["x"];
        assert_eq!(offset.len(), expected.with_send);
        let found = [offset.min_ns(), offset.median_ns(), offset.max_ns()].map(Option::unwrap);
        for (found, expected) in found.into_iter().zip(expected.offset) {
            assert!((found as f64 / 1e6 - expected).abs() < 0.000_6, "{found} ns, {expected} ms");
        }

        let mut before = None;
        let mut ties = 0;
        for trades in &read.trades {
            for event in trades.ts_event().values() {
                ties += usize::from(before.replace(*event) == Some(*event));
            }
        }
        assert_eq!(ties, expected.ties);
        let crossed = read.quotes.iter().flat_map(|q| {
            let (bid, ask) = (q.col(&Quotes::BID_PX), q.col(&Quotes::ASK_PX));
            assert_eq!(bid.null_count() + ask.null_count(), 0);
            bid.values().iter().zip(ask.values()).filter(|(b, a)| b >= a).collect::<Vec<_>>()
        });
        assert_eq!(crossed.count(), 0);
    }
}

#[test]
fn the_snapshot_stands_where_the_data_pack_says() {
    for expected in &EXPECTED {
        let Some(bytes) = pack(expected.path) else { return };
        let mut lines = String::new();
        std::io::Read::read_to_string(
            &mut flate2::read::GzDecoder::new(bytes.as_slice()),
            &mut lines,
        )
        .unwrap();
        let head: String = lines.split_inclusive('\n').take(expected.snapshot_line - 1).collect();
        assert_eq!(read(spec(expected.symbol), head.as_bytes()).closed(true), 0);
        let head: String = lines.split_inclusive('\n').take(expected.snapshot_line).collect();
        assert_eq!(read(spec(expected.symbol), head.as_bytes()).closed(true), 1);
    }
}
