//! Kinds that count the whole and speak at its end: counts, coverage, columns.

mod labels;
mod tables;

use crate::support::{broken, check_cuts, one};
use arrow_array::RecordBatch;
use contract::{
    Aggressor, AssetClass, CaptureVerdict, EventId, Flags, GapKind, Hash, Hop, InstrumentId,
    Instruments, LedgerBuckets, LedgerGaps, LedgerProducers, Price, ProducerMode, ProducerState,
    Quotes, SessionPhase, Sessions, SizeUnit, SourceId, Statuses, Table, TableBuilder, TradeAction,
    Trades, UtcNanos,
};
use proptest::prelude::*;
use quality::{Context, Finding, NotEvaluated, Report, RuleSet, Verdict};

pub(crate) const MINUTE: i64 = 60_000_000_000;

pub(crate) fn at(ns: i64) -> UtcNanos {
    UtcNanos::from_nanos(ns)
}

/// One trade: source, instrument, event time, price, size.
pub(crate) type Print<'a> = (u16, u32, i64, &'a str, f64);

pub(crate) fn trades(prints: &[Print<'_>]) -> RecordBatch {
    let mut rows = TableBuilder::<Trades>::new(at(0));
    for (source, instrument, ts, px, size) in prints {
        rows.set_now(at(*ts));
        rows.set(&Trades::SOURCE_ID, SourceId::new(*source))
            .set(&Trades::INSTRUMENT_ID, InstrumentId::new(*instrument))
            .set(&Trades::TS_EVENT, at(*ts))
            .set(&Trades::FLAGS, Flags::LAST.bits())
            .set(&Trades::PX, Price::parse(px).unwrap())
            .set(&Trades::SIZE, *size)
            .set(&Trades::AGGRESSOR, Aggressor::Buyer)
            .set(&Trades::ACTION, TradeAction::Trade)
            .end_row()
            .unwrap();
    }
    rows.finish().unwrap().with_seq(100).into_record_batch()
}

/// Trades of source 1 and instrument 1 at these minutes.
fn minutes(minutes: &[i64]) -> RecordBatch {
    let prints: Vec<_> = minutes.iter().map(|m| (1, 1, m * MINUTE, "10", 1.0)).collect();
    trades(&prints)
}

pub(crate) fn finding(report: &Report) -> &Finding {
    &report.findings()[0]
}

pub(crate) fn counts(report: &Report) -> (u64, u64) {
    let counts = finding(report).counts();
    (counts.applicable, counts.violations)
}

pub(crate) fn detail(report: &Report) -> String {
    finding(report).detail().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn judge(rules: &RuleSet, batch: &RecordBatch, context: &Context) -> Report {
    let (_, report) = broken(rules, std::slice::from_ref(batch), context);
    if batch.num_rows() > 0 {
        check_cuts(rules, batch, context);
    }
    report
}

pub(crate) fn with(tables: impl IntoIterator<Item = RecordBatch>) -> Context {
    let mut context = Context::new();
    for table in tables {
        context.add(&table).unwrap();
    }
    context
}

fn is_missing_context(report: &Report) -> bool {
    matches!(finding(report).verdict(), Verdict::NotEvaluated(NotEvaluated::MissingContext(_)))
}

// row_count

fn id(n: u8) -> EventId {
    EventId::from_bytes([n; 16])
}

/// Producers: number, name, rows durable, missing, lost, skipped.
fn producers(rows: &[(u8, &str, u64, u64, u64, u64)]) -> RecordBatch {
    let mut out = TableBuilder::<LedgerProducers>::new(at(0));
    for (n, name, durable, missing, lost, skipped) in rows {
        out.set(&LedgerProducers::LOG_ID, id(9))
            .set(&LedgerProducers::PRODUCER_ID, id(*n))
            .set(&LedgerProducers::PRODUCER_NAME, *name)
            .set(&LedgerProducers::MODE, ProducerMode::Strict)
            .set(&LedgerProducers::STATE, ProducerState::Closed)
            .set(&LedgerProducers::VERDICT, CaptureVerdict::Complete)
            .set(&LedgerProducers::EPOCH, 1_u32)
            .set(&LedgerProducers::FIRST_PSEQ, 0_u64)
            .set(&LedgerProducers::NEXT_PSEQ, durable + skipped)
            .set(&LedgerProducers::ROWS_DURABLE, *durable)
            .set(&LedgerProducers::ROWS_SKIPPED, *skipped)
            .set(&LedgerProducers::ROWS_MISSING, *missing)
            .set(&LedgerProducers::ROWS_LOST, *lost)
            .set(&LedgerProducers::ROWS_DUPLICATE, 0_u64)
            .set(&LedgerProducers::ROWS_REJECTED, 0_u64)
            .set(&LedgerProducers::AS_OF_SEQ, 200_u64)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().into_record_batch()
}

/// Gaps: kind, table, rows by `seq`, rows by producer number, repaired.
type Gap<'a> = (GapKind, Option<&'a str>, Option<(u64, u64)>, Option<(u64, u64)>, bool);

fn gaps(rows: &[Gap<'_>]) -> RecordBatch {
    let mut out = TableBuilder::<LedgerGaps>::new(at(0));
    for (kind, table, seqs, numbers, repaired) in rows {
        out.set(&LedgerGaps::LOG_ID, id(9))
            .set(&LedgerGaps::KIND, *kind)
            .set(&LedgerGaps::TABLE_NAME, *table)
            .set(&LedgerGaps::FIRST_SEQ, seqs.map(|s| s.0))
            .set(&LedgerGaps::END_SEQ, seqs.map(|s| s.1))
            .set(&LedgerGaps::FIRST_PSEQ, numbers.map(|s| s.0))
            .set(&LedgerGaps::END_PSEQ, numbers.map(|s| s.1))
            .set(&LedgerGaps::TS_DECLARED, at(0))
            .set(&LedgerGaps::REPAIRED, *repaired)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().into_record_batch()
}

fn buckets(rows: &[(&str, Hop, u64)]) -> RecordBatch {
    let mut out = TableBuilder::<LedgerBuckets>::new(at(0));
    for (place, (table, hop, n)) in (0..).zip(rows) {
        out.set(&LedgerBuckets::PRODUCER_ID, id(1))
            .set(&LedgerBuckets::TABLE_NAME, *table)
            .set(&LedgerBuckets::HOP, *hop)
            .set(&LedgerBuckets::TS_BUCKET, at(place * MINUTE))
            .set(&LedgerBuckets::ROWS, *n)
            .set(&LedgerBuckets::DIGEST, Hash::from_bytes([0; 32]))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().into_record_batch()
}

/// Five rows, `seq` 100 to 104.
fn five() -> RecordBatch {
    minutes(&[0, 1, 2, 3, 4])
}

#[test]
fn rows_are_held_against_the_stated_number_both_ways() {
    let few = judge(&one("trades", "row_count", "expected = 7"), &five(), &Context::new());
    assert_eq!(counts(&few), (7, 2));
    assert_eq!(finding(&few).effect(), Some(("rows_missing", 2.0)));
    assert_eq!(finding(&few).verdict(), &Verdict::Fail);
    let many = judge(&one("trades", "row_count", "expected = 4"), &five(), &Context::new());
    assert_eq!((counts(&many), finding(&many).effect()), ((5, 1), Some(("rows_missing", -1.0))));
    let same = judge(&one("trades", "row_count", "expected = 5"), &five(), &Context::new());
    assert_eq!(finding(&same).verdict(), &Verdict::Pass);
    let empty = judge(&one("trades", "row_count", "expected = 3"), &minutes(&[]), &Context::new());
    assert_eq!((counts(&empty), finding(&empty).verdict()), ((3, 3), &Verdict::Fail));
}

#[test]
fn without_a_number_or_a_ledger_rows_cannot_be_counted() {
    assert!(is_missing_context(&judge(&one("trades", "row_count", ""), &five(), &Context::new())));
    let context = with([producers(&[])]);
    let named = judge(&one("trades", "row_count", "producers = [\"a\"]"), &five(), &context);
    assert_eq!(counts(&named), (5, 5)); // nobody is called so: none of the rows was sent
}

#[test]
fn rows_of_one_source_are_held_against_its_producers() {
    let mut rows: Vec<Print<'_>> = (0..4).map(|m| (1, 1, m * MINUTE, "10", 1.0)).collect();
    rows.extend((4..7).map(|m| (2, 1, m * MINUTE, "10", 1.0)));
    let context = with([producers(&[(1, "a", 6, 0, 0, 0), (2, "b", 3, 0, 0, 0)])]);
    let of = |source: u16, name: &str| {
        let params = format!("source = {source}\nproducers = [\"{name}\"]");
        judge(&one("trades", "row_count", &params), &trades(&rows), &context)
    };
    assert_eq!(counts(&of(1, "a")), (6, 2)); // six sent, four here
    assert_eq!(finding(&of(1, "a")).by_source().map(|(s, _)| s).collect::<Vec<_>>(), [1]);
    assert_eq!(counts(&of(2, "b")), (3, 0));
}

#[test]
fn the_ledgers_buckets_are_those_of_the_table_in_the_log() {
    let rows = [("trades", Hop::Log, 4), ("trades", Hop::Log, 3), ("trades", Hop::Produced, 50)];
    let mut all = rows.to_vec();
    all.push(("quotes", Hop::Log, 90));
    let report = judge(&one("trades", "row_count", ""), &five(), &with([buckets(&all)]));
    // 4 + 3 = 7 in the log; without gaps and producers nothing else is lost.
    assert_eq!(counts(&report), (7, 2));
}

#[test]
fn lost_rows_are_those_of_gaps_of_the_table_in_the_range() {
    let rows = [
        (GapKind::Missing, Some("trades"), Some((102, 104)), None, false), // 2
        (GapKind::Damaged, None, Some((90, 101)), None, false), // 100 alone is in range: 1
        (GapKind::Torn, Some("trades"), None, Some((7, 10)), false), // 3
        (GapKind::Missing, None, None, None, false),            // says no number: 1
        (GapKind::Skipped, Some("trades"), None, Some((20, 24)), false), // 4, on purpose
        (GapKind::Missing, Some("quotes"), None, Some((0, 50)), false),
        (GapKind::Missing, Some("trades"), None, Some((0, 50)), true),
        (GapKind::Missing, Some("trades"), Some((200, 250)), None, false),
    ];
    let context = with([gaps(&rows)]);
    let report = judge(&one("trades", "row_count", ""), &five(), &context);
    assert_eq!(counts(&report), (5 + 7, 7));
    let all = judge(&one("trades", "row_count", "skipped = true"), &five(), &context);
    assert_eq!(counts(&all), (5 + 11, 11));
    // A range from 101 on: rows 101 to 104, and the damaged gap is before it.
    let later = judge(&one("trades", "row_count", "seq_from = 101"), &five(), &context);
    assert_eq!(counts(&later), (4 + 6, 6));
    assert_eq!(detail(&report), r#"{"expected":null,"lost":7,"rows":5,"skipped":4}"#);
}

#[test]
fn producers_alone_say_what_is_lost() {
    let context = with([producers(&[(1, "a", 5, 2, 1, 4)])]);
    let report = judge(&one("trades", "row_count", ""), &five(), &context);
    assert_eq!((counts(&report), finding(&report).verdict()), ((8, 3), &Verdict::Fail));
    let whole = with([producers(&[(1, "a", 5, 0, 0, 4)])]);
    let report = judge(&one("trades", "row_count", ""), &five(), &whole);
    assert_eq!(finding(&report).verdict(), &Verdict::Pass);
}

#[test]
fn losses_beyond_all_numbers_are_the_greatest_number() {
    let gap = (GapKind::Missing, Some("trades"), None, Some((0, u64::MAX)), false);
    let report = judge(&one("trades", "row_count", ""), &five(), &with([gaps(&[gap, gap])]));
    assert_eq!(counts(&report), (u64::MAX, u64::MAX));
}

// session_coverage

fn coverage(params: &str) -> RuleSet {
    one("trades", "session_coverage", params)
}

fn instrument(calendar: Option<&str>) -> RecordBatch {
    let mut rows = TableBuilder::<Instruments>::new(at(0));
    rows.set(&Instruments::TS_AVAIL, at(0))
        .set(&Instruments::VALID_FROM, at(0))
        .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(1))
        .set(&Instruments::RAW_SYMBOL, "X")
        .set(&Instruments::VENUE, "V")
        .set(&Instruments::QUOTE_CCY, "USD")
        .set(&Instruments::STATUS, "active")
        .set(&Instruments::ASSET_CLASS, AssetClass::Equity)
        .set(&Instruments::SIZE_UNIT, SizeUnit::Share)
        .set(&Instruments::CALENDAR_ID, calendar)
        .end_row()
        .unwrap();
    rows.finish().unwrap().into_record_batch()
}

/// Sessions of calendar `C` from minute to minute.
fn sessions(rows: &[(SessionPhase, i64, i64)]) -> RecordBatch {
    let mut out = TableBuilder::<Sessions>::new(at(0));
    for (phase, from, to) in rows {
        out.set(&Sessions::TS_AVAIL, at(0))
            .set(&Sessions::CALENDAR_ID, "C")
            .set(&Sessions::LOCAL_DATE, "1970-01-01")
            .set(&Sessions::PHASE, *phase)
            .set(&Sessions::TS_START, at(from * MINUTE))
            .set(&Sessions::TS_END, at(to * MINUTE))
            .set(&Sessions::UTC_OFFSET_S, 0)
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().into_record_batch()
}

fn statuses(rows: &[(i64, bool)]) -> RecordBatch {
    let mut out = TableBuilder::<Statuses>::new(at(0));
    for (ns, is_trading) in rows {
        out.set_now(at(*ns));
        out.set(&Statuses::SOURCE_ID, SourceId::new(1))
            .set(&Statuses::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Statuses::TS_EVENT, at(*ns))
            .set(&Statuses::FLAGS, Flags::LAST.bits())
            .set(&Statuses::ACTION, if *is_trading { "trading" } else { "halt" })
            .set(&Statuses::IS_TRADING, Some(*is_trading))
            .end_row()
            .unwrap();
    }
    out.finish().unwrap().with_seq(1).into_record_batch()
}

const OPEN: [(SessionPhase, i64, i64); 3] =
    [(SessionPhase::Pre, 0, 10), (SessionPhase::Regular, 10, 20), (SessionPhase::Regular, 40, 50)];

#[test]
fn silence_counts_from_open_to_close_and_not_between_sessions() {
    let context = with([instrument(Some("C")), sessions(&OPEN)]);
    // First session: 12, 13, 19 are there of 10 to 19. Second: 40 of 40 to 49.
    let rows = minutes(&[5, 12, 13, 19, 30, 40]);
    let report = judge(&coverage(""), &rows, &context);
    assert_eq!(counts(&report), (20, 7 + 9));
    let stream = r#"{"applicable":20,"empty":16,"instrument_id":1,"longest_from":"1970-01-01T00:41:00.000000000Z","longest_to":"1970-01-01T00:50:00.000000000Z","source_id":1}"#;
    assert_eq!(detail(&report), format!(r#"{{"streams":[{stream}]}}"#));
    // Until the last row: 40 alone is expected of the second session, and the minute of the row is not over.
    let live = judge(&coverage("until = \"last_row\""), &rows, &context);
    assert_eq!(counts(&live), (10, 7));
    assert_eq!(finding(&live).by_source().map(|(s, _)| s).collect::<Vec<_>>(), [1]);
}

#[test]
fn buckets_may_be_longer_and_lie_wholly_in_the_session() {
    let context = with([instrument(Some("C")), sessions(&[(SessionPhase::Regular, 11, 24)])]);
    // Buckets of 5 min wholly within 11 to 24: 15 to 20 alone.
    let report = judge(&coverage("bucket = \"5m\""), &minutes(&[11, 22]), &context);
    assert_eq!(counts(&report), (1, 1));
    let report = judge(&coverage("bucket = \"5m\""), &minutes(&[11, 19]), &context);
    assert_eq!(counts(&report), (1, 0));
}

#[test]
fn a_halt_is_not_silence() {
    let halts = statuses(&[(14 * MINUTE + 1, false), (17 * MINUTE, true)]);
    let context = with([instrument(Some("C")), sessions(&OPEN), halts]);
    // Stopped within 14, 15 and 16; 10, 11 and 18, 19 are silent without a halt.
    let report = judge(&coverage(""), &minutes(&[12, 13, 17]), &context);
    assert_eq!(counts(&report), (7, 4));
}

#[test]
fn an_instrument_without_a_calendar_leaves_the_check_open() {
    let rows = minutes(&[12]);
    for context in [
        Context::new(),
        with([instrument(None), sessions(&OPEN)]),
        with([instrument(Some("other")), sessions(&OPEN)]),
    ] {
        assert!(is_missing_context(&judge(&coverage(""), &rows, &context)));
    }
    let report =
        judge(&coverage("sessions = \"from_data\""), &minutes(&[3, 5, 8]), &Context::new());
    assert_eq!(counts(&report), (6, 3)); // 3 to 8 without 4, 6, 7
    assert_eq!(
        finding(&judge(&coverage(""), &minutes(&[]), &Context::new())).verdict(),
        &Verdict::NotApplicable
    );
}

#[test]
fn a_stream_that_dies_is_missed_while_others_go_on_and_a_late_one_is_not() {
    let rows = trades(&[
        (1, 1, 0, "10", 1.0),
        (2, 1, 0, "10", 1.0),
        (1, 1, MINUTE, "10", 1.0),
        (1, 2, 2 * MINUTE, "10", 1.0),
        (1, 1, 2 * MINUTE, "10", 1.0),
    ]);
    let report = judge(&coverage("sessions = \"from_data\""), &rows, &Context::new());
    let found: Vec<_> = finding(&report)
        .by_source()
        .map(|(source, c)| (source, c.applicable, c.violations))
        .collect();
    // Source 1: three minutes of instrument 1, one of instrument 2. Source 2: 0 of 0, 1, 2.
    assert_eq!(found, [(1, 4, 0), (2, 3, 2)]);
}

#[test]
fn always_open_means_whole_days() {
    let day = 1_440;
    let rows = minutes(&[day - 1, day]);
    let report = judge(&coverage("sessions = \"always\""), &rows, &Context::new());
    assert_eq!(counts(&report), (2_880, 2_878));
    let live =
        judge(&coverage("sessions = \"always\"\nuntil = \"last_row\""), &rows, &Context::new());
    assert_eq!(counts(&live), (1_440, 1_439));
}

#[test]
fn coinbase_trades_stop_on_all_four_pairs_on_2018_04_04() {
    let path = "/../../fixtures/quality/sets/coinbase_20180404.csv";
    let text = std::fs::read_to_string(format!("{}{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let start = UtcNanos::parse("2018-04-04T00:00:00Z").unwrap().nanos();
    let (mut rows, mut expected) = (Vec::new(), Vec::new());
    for (pair, line) in (1..).zip(text.lines().filter(|l| !l.starts_with('#'))) {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers: Vec<i64> = cells[1..4].iter().map(|c| c.parse().unwrap()).collect();
        expected.push((pair, numbers[0], numbers[1], numbers[2]));
        for run in cells[4].split(' ') {
            let (from, to) = run.split_once('-').unwrap();
            let all = from.parse::<i64>().unwrap()..=to.parse().unwrap();
            rows.extend(all.map(|minute| (1, pair, start + minute * MINUTE, "10", 1.0)));
        }
    }
    rows.sort_by_key(|r| r.2);
    let (_, report) = broken(&coverage("sessions = \"always\""), &[trades(&rows)], &Context::new());
    assert_eq!(finding(&report).verdict(), &Verdict::Fail);
    // 4 x 1,440 minutes; the empty ones as pandas counts them.
    let empty: i64 = expected.iter().map(|(_, _, empty, _)| empty).sum();
    assert_eq!(counts(&report), (4 * 1_440, u64::try_from(empty).unwrap()));
    let detail = detail(&report);
    for (pair, n, empty, last) in expected {
        assert_eq!(n + empty, 1_440);
        let from = UtcNanos::from_nanos(start + (last + 1) * MINUTE);
        let to = "2018-04-05T00:00:00.000000000Z";
        let stream = format!(
            r#""applicable":1440,"empty":{empty},"instrument_id":{pair},"longest_from":"{from}","longest_to":"{to}""#
        );
        assert!(detail.contains(&stream), "{pair}: {detail}");
        assert!((1_007..=1_012).contains(&last)); // 16:47 to 16:52
    }
}

proptest! {
    #[test]
    fn silence_is_what_a_plain_count_of_minutes_says(
        at in prop::collection::vec(0_i64..200, 1..60),
        (open, len) in (0_i64..150, 1_i64..100),
    ) {
        let mut at = at;
        at.sort_unstable();
        let context = with([instrument(Some("C")), sessions(&[(SessionPhase::Regular, open, open + len)])]);
        let (_, report) = broken(&coverage(""), &[minutes(&at)], &context);
        let overlaps = at[0] < open + len && *at.last().unwrap() >= open;
        let session = if overlaps { open..open + len } else { 0..0 };
        let empty = session.clone().filter(|m| !at.contains(m)).count() as u64;
        prop_assert_eq!(counts(&report), (session.count() as u64, empty));
    }
}

// constant, all_null

fn bids(values: &[Option<i64>]) -> RecordBatch {
    let mut rows = TableBuilder::<Quotes>::new(at(1));
    for value in values {
        rows.set(&Quotes::SOURCE_ID, SourceId::new(1))
            .set(&Quotes::INSTRUMENT_ID, InstrumentId::new(1))
            .set(&Quotes::BID_PX, value.map(Price::from_nanos))
            .set(&Quotes::BID_SIZE, value.map(|v| v as f64))
            .end_row()
            .unwrap();
    }
    rows.finish().unwrap().with_seq(1).into_record_batch()
}

#[test]
fn a_column_of_one_value_is_constant() {
    let rules = one("quotes", "constant", "column = \"bid_px\"");
    let mut values = vec![Some(7); 20];
    values.push(None);
    assert_eq!(counts(&judge(&rules, &bids(&values), &Context::new())), (1, 1));
    values.push(Some(8));
    assert_eq!(counts(&judge(&rules, &bids(&values), &Context::new())), (1, 0));
    let few = judge(&rules, &bids(&[Some(7); 19]), &Context::new());
    assert_eq!(finding(&few).verdict(), &Verdict::Insufficient { found: 19, needed: 20 });
    let none = judge(&rules, &bids(&[None; 30]), &Context::new());
    assert_eq!(finding(&none).verdict(), &Verdict::NotApplicable);
}

#[test]
fn numbers_that_are_none_neither_vary_nor_stay() {
    let rules = one("trades", "constant", "column = \"size\"\nmin_rows = 2");
    let of = |sizes: &[f64]| {
        let rows: Vec<Print<'_>> = sizes.iter().map(|_| (1, 1, 0, "10", 1.0)).collect();
        // The contract's own builder refuses what this test is about.
        let batch = trades(&rows);
        let place = batch.schema_ref().index_of("size").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[place] = std::sync::Arc::new(arrow_array::Float64Array::from(sizes.to_vec()));
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        judge(&rules, &batch, &Context::new())
    };
    assert_eq!(counts(&of(&[f64::NAN, 3.0, f64::INFINITY, 3.0])), (1, 1));
    assert_eq!(counts(&of(&[0.0, -0.0])), (1, 1));
    assert_eq!(counts(&of(&[5e-324, 1e308])), (1, 0));
    assert_eq!(finding(&of(&[f64::NAN, f64::NAN])).verdict(), &Verdict::NotApplicable);
}

#[test]
fn states_of_varied_columns_are_equal_whichever_value_came_first() {
    let rules = one("quotes", "constant", "column = \"bid_px\"");
    let state = |values: &[Option<i64>]| {
        let mut state = quality::TableState::new(&rules, contract::QualityMode::Final);
        state.observe(&bids(values), &Context::new()).unwrap();
        state.save().unwrap()
    };
    assert_eq!(state(&[Some(1), Some(2)]), state(&[Some(2), Some(1)]));
}

#[test]
fn a_column_without_values_is_all_null() {
    let rules = one("quotes", "all_null", "column = \"bid_px\"");
    assert_eq!(counts(&judge(&rules, &bids(&[None; 20]), &Context::new())), (1, 1));
    let mut values = vec![None; 30];
    values[29] = Some(1);
    assert_eq!(counts(&judge(&rules, &bids(&values), &Context::new())), (1, 0));
    let few = judge(&rules, &bids(&[None]), &Context::new());
    assert_eq!(finding(&few).verdict(), &Verdict::Insufficient { found: 1, needed: 20 });
    assert_eq!(
        finding(&judge(&rules, &bids(&[]), &Context::new())).verdict(),
        &Verdict::NotApplicable
    );
}

/// Rows of a table with dynamic columns, all of them numbers.
pub(crate) fn with_columns<T: Table>(
    fixed: &RecordBatch,
    columns: Vec<(&str, arrow_array::ArrayRef)>,
) -> RecordBatch {
    use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray};
    use arrow_schema::{Field, Schema};
    use std::sync::Arc;
    let rows = fixed.num_rows();
    let width = i32::try_from(columns.len()).unwrap();
    let reasons: Vec<u8> = (0..rows)
        .flat_map(|row| columns.iter().map(move |(_, c)| u8::from(c.is_null(row))))
        .collect();
    let reasons: ArrayRef = Arc::new(
        FixedSizeBinaryArray::try_new_with_len(width, reasons.into(), None, rows).unwrap(),
    );
    let mut fields: Vec<Field> = T::SPEC.columns.iter().map(|c| c.field(width)).collect();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in T::SPEC.columns {
        let array = fixed.column_by_name(column.name).unwrap();
        let packed = column.name == "null_reasons";
        arrays.push(if packed { Arc::clone(&reasons) } else { Arc::clone(array) });
    }
    for (name, array) in columns {
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Schema::new_with_metadata(fields, T::SPEC.metadata());
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}
