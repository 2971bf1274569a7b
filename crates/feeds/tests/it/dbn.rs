//! DBN files against what another reader finds in them, and damaged ones.

use contract::{
    AnyBatch, Bars, BookDeltas, Depths, Diagnostic, Draft, Fault, Flags, Hash, Instruments, Price,
    Quotes, Reject, Statuses, Symbols, Table, Trades, UtcNanos,
};
use feeds::{Dbn, FeedError, Report, Spec};
use proptest::prelude::*;
use serde_json::Value;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dbn")
}

/// Names of the committed files.
const COMMITTED: [&str; 16] = [
    "multi-frame.definition.v1.dbn.frag.zst",
    "test_data.bbo-1s.v3.dbn.zst",
    "test_data.cbbo-1s.v2.dbn.zst",
    "test_data.cmbp-1.v3.dbn.zst",
    "test_data.definition.v1.dbn.zst",
    "test_data.definition.v2.dbn.frag",
    "test_data.definition.v3.dbn.zst",
    "test_data.mbo.v3.dbn",
    "test_data.mbp-1.v3.dbn.zst",
    "test_data.mbp-10.v1.dbn.zst",
    "test_data.ohlcv-1d.v3.dbn.zst",
    "test_data.ohlcv-1s.dbn",
    "test_data.statistics.v3.dbn.zst",
    "test_data.status.v3.dbn.zst",
    "test_data.tbbo.v2.dbn.zst",
    "test_data.trades.dbn",
];

fn committed(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// Every conformance file with its content: those of the data pack where it is at hand, else the committed ones.
fn files(vectors: &Value) -> Vec<(String, Vec<u8>)> {
    let Some(pack) = super::support::data() else {
        return COMMITTED.iter().map(|name| ((*name).to_owned(), committed(name))).collect();
    };
    let pack = pack.join("dbn-conformance");
    let names = vectors["files"].as_object().unwrap().keys();
    names.map(|name| (name.clone(), std::fs::read(pack.join(name)).unwrap())).collect()
}

fn vectors() -> Value {
    serde_json::from_slice(&committed("vectors.json")).unwrap()
}

struct Read {
    rows: Vec<AnyBatch>,
    rejects: Vec<Reject>,
    report: Report,
    error: Option<FeedError>,
}

impl Read {
    /// The rows of a table; small files make one batch.
    fn table<T: Table>(&self) -> Draft<T> {
        let mut found = self.rows.iter().filter(|b| b.spec().name == T::SPEC.name);
        let batch = found.next().cloned().map(|b| Draft::try_from_any(b).unwrap());
        assert!(found.next().is_none());
        batch.unwrap_or_else(Draft::empty)
    }
}

fn spec(version: Option<u64>) -> Spec {
    let version = version.map_or(String::new(), |v| format!("dbn_version = {v}\n"));
    let text = "instruments = 'derived'\n[source.dbn]\nid = 60\ndelay = '250ms'\n";
    Spec::parse(&format!("format = 'dbn'\n{version}{text}")).unwrap()
}

fn read(spec: Spec, name: &str, bytes: &[u8]) -> Read {
    let mut dbn = Dbn::new(spec);
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    let error = dbn
        .push(name, &mut &bytes[..], &mut |output| {
            rows.extend(output.rows);
            rejects.extend(output.rejects);
        })
        .err();
    Read { rows, rejects, report: dbn.finish(), error }
}

/// A stamp of the other reader; its sentinel is null.
fn stamp(cell: &Value) -> Option<UtcNanos> {
    let nanos = cell.as_u64().unwrap();
    (nanos != u64::MAX).then(|| UtcNanos::from_nanos(i64::try_from(nanos).unwrap()))
}

fn px(cell: &Value) -> Option<Price> {
    let nanos = cell.as_i64().unwrap();
    (nanos != i64::MAX).then(|| Price::from_nanos(nanos))
}

fn size(cell: &Value) -> Option<f64> {
    let size = cell.as_u64().unwrap();
    (size != u64::from(u32::MAX)).then_some(size as f64)
}

fn ct(cell: &Value) -> Option<u32> {
    cell.as_u64().map(|ct| u32::try_from(ct).unwrap())
}

/// The flags as published, with our doubt about the clock where the vendor has one about its stamp.
fn flags(cell: &Value) -> u16 {
    let bits = u16::try_from(cell.as_u64().unwrap()).unwrap();
    if bits & 8 == 0 { bits } else { bits | Flags::CLOCK_SUSPECT.bits() }
}

/// Send time: receipt less the delta.
fn sent(record: &Value) -> Option<UtcNanos> {
    let delta = record.get("ts_in_delta")?.as_i64().unwrap();
    stamp(&record["ts_recv"])?.checked_add_ns(-delta)
}

/// The number that a spec derives for a symbol.
fn instrument(symbol: &str) -> u32 {
    let hash = Hash::of(format!("dbn/{symbol}").as_bytes());
    u32::from_be_bytes(*hash.as_bytes().first_chunk().unwrap()) >> 1
}

/// Stamps, flags and identity of a row with a receive stamp.
macro_rules! check_envelope {
    ($table:ident, $draft:expr, $row:expr, $record:expr, $symbol:expr) => {{
        let (draft, row, record) = ($draft, $row, $record);
        assert_eq!(draft.source_id().value(row), 60);
        assert_eq!(draft.instrument_id().value(row), instrument($symbol));
        assert_eq!(draft.cell(&$table::TS_EVENT, row), Ok(stamp(&record["ts_event"])));
        assert_eq!(draft.cell(&$table::TS_VENUE_SEND, row), Ok(sent(record)));
        assert_eq!(draft.cell(&$table::TS_RECV, row), Ok(stamp(&record["ts_recv"])));
        assert_eq!(draft.cell(&$table::TS_AVAIL, row).ok(), stamp(&record["ts_recv"]));
        if record.get("flags").is_some() {
            assert_eq!(draft.flags().value(row), flags(&record["flags"]));
        }
    }};
}

fn check_trades(found: &Read, records: &[Value]) {
    let draft = found.table::<Trades>();
    assert_eq!(draft.len(), records.len());
    for (row, record) in records.iter().enumerate() {
        check_envelope!(Trades, &draft, row, record, "ESH1");
        assert_eq!(draft.cell(&Trades::PX, row).ok(), px(&record["price"]));
        assert_eq!(draft.cell(&Trades::SIZE, row).ok(), size(&record["size"]));
        assert_eq!(
            draft.col(&Trades::AGGRESSOR).value(row),
            record["side"].as_str().unwrap().as_bytes()[0]
        );
        assert_eq!(draft.cell(&Trades::VENUE_SEQ, row), Ok(record["sequence"].as_u64()));
        assert_eq!(draft.cell(&Trades::VENUE, row), Ok(Some("GLBX")));
        assert_eq!(draft.cell(&Trades::TRADE_ID, row), Ok(None));
    }
}

fn check_quotes(found: &Read, records: &[Value]) {
    let draft = found.table::<Quotes>();
    assert_eq!(draft.len(), records.len());
    for (row, record) in records.iter().enumerate() {
        check_envelope!(Quotes, &draft, row, record, "ESH1");
        assert_eq!(draft.cell(&Quotes::BID_PX, row), Ok(px(&record["bid_px_00"])));
        assert_eq!(draft.cell(&Quotes::ASK_PX, row), Ok(px(&record["ask_px_00"])));
        assert_eq!(draft.cell(&Quotes::BID_SIZE, row), Ok(size(&record["bid_sz_00"])));
        assert_eq!(draft.cell(&Quotes::ASK_SIZE, row), Ok(size(&record["ask_sz_00"])));
        assert_eq!(draft.cell(&Quotes::BID_CT, row), Ok(record.get("bid_ct_00").and_then(ct)));
        assert_eq!(draft.cell(&Quotes::ASK_CT, row), Ok(record.get("ask_ct_00").and_then(ct)));
        let sequence = record.get("sequence").and_then(Value::as_u64);
        assert_eq!(draft.cell(&Quotes::VENUE_SEQ, row), Ok(sequence));
        let venue = record.get("bid_pb_00").map(|_| "GLBX");
        assert_eq!(draft.cell(&Quotes::BID_VENUE, row), Ok(venue));
        assert_eq!(draft.cell(&Quotes::ASK_VENUE, row), Ok(venue));
    }
}

fn check_depths(found: &Read, records: &[Value]) {
    let draft = found.table::<Depths>();
    assert_eq!(draft.len(), records.len());
    let events: Vec<contract::DepthEvent> = draft.events().unwrap();
    for (row, (record, event)) in records.iter().zip(events).enumerate() {
        check_envelope!(Depths, &draft, row, record, "ESH1");
        for (side, levels) in [("bid", event.bids), ("ask", event.asks)] {
            for (at, level) in levels.iter().enumerate() {
                let cell = |what: &str| &record[format!("{side}_{what}_{at:02}")];
                assert_eq!(
                    (level.px, level.size, level.ct),
                    (px(cell("px")), size(cell("sz")), ct(cell("ct")))
                );
            }
        }
        assert_eq!(draft.cell(&Depths::VENUE_SEQ, row), Ok(record["sequence"].as_u64()));
        assert_eq!(draft.col(&Depths::BOOK_STATE).value(row), b'O');
    }
}

fn check_deltas(found: &Read, records: &[Value]) {
    let draft = found.table::<BookDeltas>();
    assert_eq!(draft.len(), records.len());
    for (row, record) in records.iter().enumerate() {
        check_envelope!(BookDeltas, &draft, row, record, "ESH1");
        let letter = |name: &str| record[name].as_str().unwrap().as_bytes()[0];
        assert_eq!(draft.col(&BookDeltas::ACTION).value(row), letter("action"));
        assert_eq!(draft.col(&BookDeltas::SIDE).value(row), letter("side"));
        assert_eq!(draft.cell(&BookDeltas::PX, row), Ok(px(&record["price"])));
        assert_eq!(draft.cell(&BookDeltas::SIZE, row).ok(), size(&record["size"]));
        assert_eq!(draft.cell(&BookDeltas::ORDER_ID, row), Ok(record["order_id"].as_u64()));
        assert_eq!(draft.cell(&BookDeltas::VENUE_SEQ, row), Ok(record["sequence"].as_u64()));
        let channel_id = draft.cell(&BookDeltas::CHANNEL_ID, row).map(|id| id.map(u64::from));
        assert_eq!(channel_id, Ok(record["channel_id"].as_u64()));
    }
}

fn check_bars(found: &Read, records: &[Value]) {
    let draft = found.table::<Bars>();
    assert_eq!(draft.len(), records.len());
    for (row, record) in records.iter().enumerate() {
        let step_ns = match record["rtype"].as_u64() {
            Some(32) => 1_000_000_000,
            Some(33) => 60_000_000_000,
            Some(34) => 3_600_000_000_000,
            other => panic!("{other:?}"),
        };
        let open = stamp(&record["ts_event"]).unwrap();
        let close = open.checked_add_ns(step_ns).unwrap();
        assert_eq!(draft.instrument_id().value(row), instrument("ESH1"));
        assert_eq!(draft.cell(&Bars::TS_OPEN, row), Ok(open)); // the stamp is the start
        assert_eq!(draft.cell(&Bars::TS_CLOSE, row), Ok(close));
        assert_eq!(draft.cell(&Bars::TS_EVENT, row), Ok(Some(close)));
        assert_eq!(draft.cell(&Bars::TS_RECV, row), Ok(None));
        assert_eq!(draft.cell(&Bars::TS_AVAIL, row).ok(), close.checked_add_ns(250_000_000));
        assert_eq!(draft.cell(&Bars::CLOCK_OFFSET_NS, row), Ok(Some(0)));
        assert_eq!(draft.flags().value(row), Flags::BACKFILL.with(Flags::LAST).bits());
        assert_eq!(draft.cell(&Bars::STEP_NS, row), Ok(step_ns));
        for (column, name) in [
            (&Bars::OPEN, "open"),
            (&Bars::HIGH, "high"),
            (&Bars::LOW, "low"),
            (&Bars::CLOSE, "close"),
        ] {
            assert_eq!(draft.cell(column, row).ok(), px(&record[name]), "{name}");
        }
        assert_eq!(draft.cell(&Bars::VOLUME, row), Ok(record["volume"].as_u64().map(|v| v as f64)));
        assert_eq!(draft.cell(&Bars::IS_FINAL, row), Ok(true));
    }
}

fn check_statuses(found: &Read, records: &[Value]) {
    let draft = found.table::<Statuses>();
    assert_eq!(draft.len(), records.len());
    for (row, record) in records.iter().enumerate() {
        check_envelope!(Statuses, &draft, row, record, "ESH1");
        // Numbers of the status schema in Databento's documentation.
        let action = match record["action"].as_u64() {
            Some(1) => "pre_open",
            Some(2) => "pre_cross",
            Some(6) => "new_price_indication",
            Some(7) => "trading",
            Some(8) => "halt",
            Some(9) => "pause",
            Some(12) => "close",
            Some(15) => "not_available",
            other => panic!("{other:?}"),
        };
        assert_eq!(draft.cell(&Statuses::ACTION, row), Ok(action));
        let reason = match record["reason"].as_u64() {
            Some(0) => None,
            Some(1) => Some("scheduled"),
            other => panic!("{other:?}"),
        };
        assert_eq!(draft.cell(&Statuses::REASON, row), Ok(reason));
        let event = match record["trading_event"].as_u64() {
            Some(0) => None,
            Some(1) => Some("no_cancel"),
            Some(2) => Some("change_trading_session"),
            other => panic!("{other:?}"),
        };
        assert_eq!(draft.cell(&Statuses::TRADING_EVENT, row), Ok(event));
        assert_eq!(draft.cell(&Statuses::IS_TRADING, row), Ok(record["is_trading"].as_bool()));
        assert_eq!(draft.cell(&Statuses::IS_QUOTING, row), Ok(record["is_quoting"].as_bool()));
        let short = record["is_short_sell_restricted"].as_bool();
        assert_eq!(draft.cell(&Statuses::IS_SHORT_RESTRICTED, row), Ok(short));
    }
}

fn check_instruments(found: &Read, records: &[Value]) {
    let draft = found.table::<Instruments>();
    assert_eq!(draft.len(), records.len());
    let mut before = std::collections::BTreeMap::new();
    for (row, record) in records.iter().enumerate() {
        let text = |name: &str| record[name].as_str().unwrap();
        let symbol = text("raw_symbol");
        assert_eq!(draft.cell(&Instruments::RAW_SYMBOL, row), Ok(symbol));
        assert_eq!(draft.col(&Instruments::INSTRUMENT_ID).value(row), instrument(symbol));
        assert_eq!(draft.cell(&Instruments::TS_AVAIL, row).ok(), stamp(&record["ts_recv"]));
        assert_eq!(draft.cell(&Instruments::VENUE, row), Ok(text("exchange")));
        let quote_ccy = Some(text("currency")).filter(|c| !c.is_empty()).unwrap_or("XXX");
        assert_eq!(draft.cell(&Instruments::QUOTE_CCY, row), Ok(quote_ccy));
        let tick = px(&record["min_price_increment"]).filter(|t| t.nanos() > 0);
        assert_eq!(draft.cell(&Instruments::TICK_SIZE, row), Ok(tick));
        assert_eq!(draft.cell(&Instruments::STRIKE, row), Ok(px(&record["strike_price"])));
        assert_eq!(draft.cell(&Instruments::EXPIRY, row), Ok(stamp(&record["expiration"])));
        let class = match text("instrument_class") {
            "K" => "equity",
            "P" | "C" => "option",
            "F" => "future",
            "T" | "S" => "other",
            other => panic!("{other}"),
        };
        let found = draft.cell(&Instruments::ASSET_CLASS, row).unwrap();
        assert_eq!(contract::Vocabulary::word(found), class);
        // A second definition of an instrument is a revision.
        let revision = before.entry(symbol).and_modify(|n| *n += 1).or_insert(0_u16);
        assert_eq!(draft.cell(&Instruments::REVISION, row), Ok(*revision));
    }
}

#[test]
fn every_conformance_file_gives_the_records_that_another_reader_finds() {
    let vectors = vectors();
    let mut n_files = 0;
    for (name, bytes) in files(&vectors) {
        let file = &vectors["files"][&name];
        let records = vectors["lists"][usize::try_from(file["records"].as_u64().unwrap()).unwrap()]
            .as_array()
            .unwrap();
        let version = name.contains(".frag").then(|| file["version"].as_u64().unwrap());
        let found = read(spec(version), &name, &bytes);
        n_files += 1;
        if name.contains("statistics") || name.contains("imbalance") {
            let error = found.error.unwrap();
            assert_eq!(
                (error.code(), error.fault()),
                ("feeds/unsupported-schema", Fault::Input),
                "{name}"
            );
            continue;
        }
        assert!(found.error.is_none(), "{name}: {:?}", found.error);
        assert_eq!(found.rejects, [], "{name}");
        assert_eq!(found.report.lines, records.len() as u64, "{name}");
        let check = match name.split('.').nth(1).unwrap() {
            "trades" => check_trades,
            "mbp-10" => check_depths,
            "mbo" => check_deltas,
            "status" => check_statuses,
            "definition" => check_instruments,
            schema if schema.starts_with("ohlcv") => check_bars,
            _ => check_quotes,
        };
        println!("{name}: {} records", records.len());
        check(&found, records);

        let symbols = found.table::<Symbols>();
        let mappings = file["mappings"].as_array().unwrap();
        assert_eq!(symbols.len(), mappings.len(), "{name}");
        let mut rows: Vec<_> = (0..symbols.len())
            .map(|row| {
                let day = |t: UtcNanos| t.date();
                (
                    symbols.col(&Symbols::INSTRUMENT_ID).value(row),
                    day(symbols.cell(&Symbols::VALID_FROM, row).unwrap()),
                    day(symbols.cell(&Symbols::VALID_TO, row).unwrap().unwrap()),
                    symbols.cell(&Symbols::VENDOR_SYMBOL, row).unwrap().to_owned(),
                )
            })
            .collect();
        let mut expected: Vec<_> = mappings
            .iter()
            .map(|m| {
                let text = |at: usize| m[at].as_str().unwrap().to_owned();
                (instrument(&text(0)), text(1), text(2), text(3))
            })
            .collect();
        rows.sort();
        expected.sort();
        assert_eq!(rows, expected, "{name}");
    }
    assert!(n_files == COMMITTED.len() || n_files == vectors["files"].as_object().unwrap().len());
}

#[test]
fn a_vendor_number_means_what_the_mapping_of_the_day_says() {
    // MSFT is 6819 on 2021-10-04, 6830 on 10-05, 6811 on 10-06.
    let found = read(spec(None), "d", &committed("test_data.definition.v3.dbn.zst"));
    let symbols = found.table::<Symbols>();
    let numbers: Vec<_> =
        (0..3).map(|row| symbols.cell(&Symbols::VENDOR_SYMBOL, row).unwrap()).collect();
    assert_eq!(numbers, ["6819", "6830", "6811"]);
    let msft = instrument("MSFT");
    assert!(symbols.col(&Symbols::INSTRUMENT_ID).values().iter().all(|id| *id == msft));

    // The same trades under a mapping of another day have no symbol.
    let mut bytes = committed("test_data.trades.dbn");
    let date = bytes.windows(4).rposition(|w| w == 20_201_228_u32.to_le_bytes()).unwrap();
    bytes[date..date + 4].copy_from_slice(&20_201_227_u32.to_le_bytes());
    bytes[date + 4..date + 8].copy_from_slice(&20_201_228_u32.to_le_bytes());
    let found = read(spec(None), "t", &bytes);
    assert_eq!(
        found.rejects.iter().map(|r| r.code.as_str()).collect::<Vec<_>>(),
        ["feeds/unmapped-instrument"; 2]
    );
    assert_eq!(found.rejects[0].observed.as_deref(), Some("5482 on 2020-12-28"));
    assert_eq!(found.rejects[0].position, 1);
}

#[test]
fn sentinels_become_null() {
    let whole = committed("test_data.mbo.v3.dbn");
    let n = whole.len();
    // The last record: its price stands 24 bytes behind its start.
    let mut bytes = whole.clone();
    bytes[n - 56 + 24..n - 56 + 32].copy_from_slice(&i64::MAX.to_le_bytes());
    let found = read(spec(None), "m", &bytes);
    assert_eq!(found.table::<BookDeltas>().len(), 1);
    assert_eq!(found.rejects[0].code, "contract/conditional-missing");
    // A clear has no price, whatever stands there.
    bytes[n - 56 + 38] = b'R';
    let found = read(spec(None), "m", &bytes);
    assert_eq!(found.table::<BookDeltas>().cell(&BookDeltas::PX, 1), Ok(None));
    // No receive stamp.
    let mut bytes = whole;
    bytes[n - 56 + 40..n - 56 + 48].copy_from_slice(&u64::MAX.to_le_bytes());
    let found = read(spec(None), "m", &bytes);
    assert_eq!(found.rejects[0].code, "contract/null-required");
    assert_eq!(found.rejects[0].column.as_deref(), Some("ts_recv"));
}

#[test]
fn the_predecessor_other_versions_and_other_bytes_are_refused_by_name() {
    let code = |name: &str, bytes: &[u8]| read(spec(None), name, bytes).error.unwrap().code();
    assert_eq!(code("a", &committed("test_data.trades.dbz")), "feeds/unsupported-schema");
    assert_eq!(code("b", b""), "feeds/empty-input");
    assert_eq!(code("c", b"ts,px\n1,2\n"), "feeds/corrupt-input");
    assert_eq!(code("d", &committed("test_data.definition.v2.dbn.frag")), "feeds/corrupt-input");
    let mut bytes = committed("test_data.trades.dbn");
    bytes[3] = 4;
    assert_eq!(code("e", &bytes), "feeds/unsupported-schema");
    // A header that says it is 4 GiB long is not allocated.
    bytes[3] = 2;
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(code("f", &bytes), "feeds/too-large");
}

#[test]
fn a_record_of_another_length_or_type_is_a_reject_and_the_next_one_is_read() {
    let whole = committed("test_data.trades.dbn");
    let n = whole.len();
    let record = whole[n - 96..n - 48].to_vec();
    // Half as long again: no multiple of eight, so the next record would stand askew.
    let long = [&[15][..], &record[1..], &[0; 12]].concat();
    let mut other = record.clone();
    other[1] = 0xee;
    let bytes = [&whole[..n - 96], &long, &other, &whole[n - 48..]].concat();
    let found = read(spec(None), "t", &bytes);
    assert!(found.error.is_none());
    assert_eq!(found.table::<Trades>().len(), 1);
    let why: Vec<_> = found
        .rejects
        .iter()
        .map(|r| (r.position, r.code.as_str(), r.observed.as_deref().unwrap()))
        .collect();
    assert_eq!(
        why,
        [
            (1, "feeds/malformed-record", "type 0 of 60 bytes"),
            (2, "feeds/malformed-record", "type 238 of 48 bytes"),
        ]
    );
    assert_eq!(found.rejects[0].payload.as_deref(), Some(&long[..]));
    assert_eq!(found.report.lines, 3);
}

#[test]
fn a_short_definition_that_would_be_upgraded_is_a_reject() {
    // The decoder's upgrade panics on it.
    let mut bytes = committed("test_data.definition.v2.dbn.frag");
    bytes.truncate(48);
    bytes[0] = 12;
    let found = read(spec(Some(2)), "x.frag", &bytes);
    assert_eq!(found.rejects.len(), 1);
    assert_eq!(found.rejects[0].code, "feeds/malformed-record");
}

#[test]
fn a_cut_stream_gives_its_good_rows_and_says_that_it_is_incomplete() {
    let bytes = committed("test_data.trades.dbn");
    let found = read(spec(None), "t", &bytes[..bytes.len() - 1]);
    let error = found.error.as_ref().unwrap();
    assert_eq!((error.code(), error.fault()), ("feeds/truncated-input", Fault::Incomplete));
    assert_eq!(found.table::<Trades>().len(), 1);
    assert_eq!(found.rejects[0].code, "feeds/incomplete-record");
    assert_eq!(found.report.lines, 2);
    for name in [
        "test_data.trades.dbn",
        "multi-frame.definition.v1.dbn.frag.zst",
        "test_data.mbp-1.v3.dbn.zst",
    ] {
        let whole = committed(name);
        let version = name.contains("frag").then_some(1);
        let rows = read(spec(version), name, &whole).report.lines;
        for keep in 1..whole.len() {
            let found = read(spec(version), name, &whole[..keep]);
            // Only between two frames does a cut file look whole; it holds fewer records then.
            assert!(found.error.is_some() || found.report.lines < rows, "{name} cut at {keep}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_bytes_change_every_record_is_a_row_or_a_reject(
        file in 0_usize..COMMITTED.len(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
        unpack in any::<bool>(),
    ) {
        let name = COMMITTED[file];
        let mut bytes = committed(name);
        if unpack && bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            bytes = zstd::stream::decode_all(&bytes[..]).unwrap();
        }
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let version = name.contains("frag").then_some(1 + (file as u64 % 3));
        let found = read(spec(version), name, &bytes);
        let is_event = |b: &&AnyBatch| b.spec().name != "symbols";
        let rows: usize = found.rows.iter().filter(is_event).map(AnyBatch::len).sum();
        let told = rows as u64 + found.rejects.len() as u64 + found.report.merged_lines;
        prop_assert_eq!(told, found.report.lines);
    }
}
