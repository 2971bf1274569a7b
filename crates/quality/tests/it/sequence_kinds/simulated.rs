//! Faults planted by the simulator: what is found is what was planted, and nothing on the clean market.

use super::rule;
use crate::support::{MARKET, broken};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampNanosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, StringArray};
use contract::{
    Bars, BookDeltas, Decisions, Draft, EventTable, Executions, Quotes, Trades, UtcNanos,
};
use quality::{Context, Report};
use simulator::{FaultKind, Injector, Scenario, Simulation, Slice};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static CLEAN: LazyLock<Vec<Slice>> =
    LazyLock::new(|| Simulation::new(&Scenario::parse(MARKET).unwrap(), 51).collect());

/// Reference tables and statuses of the market.
static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
    let mut context = Context::new();
    let market = Simulation::new(&Scenario::parse(MARKET).unwrap(), 51);
    for (name, batch) in market.references().unwrap() {
        if Context::TABLES.contains(&name) {
            context.add(&batch).unwrap();
        }
    }
    for slice in CLEAN.iter() {
        if let Some(statuses) = slice.table("statuses") {
            context.add(statuses).unwrap();
        }
    }
    context
});

fn dirty(kind: FaultKind, rate: f64, magnitude: Option<f64>) -> Vec<Slice> {
    let mut injector = Injector::new(51).with(kind, rate, magnitude);
    let last = CLEAN.len() - 1;
    CLEAN.iter().enumerate().map(|(at, slice)| injector.push(slice, at == last)).collect()
}

/// One table of a run, numbered in order of availability.
fn log<T: EventTable>(slices: &[Slice]) -> Vec<RecordBatch> {
    let mut seq = 1;
    let batches = slices.iter().map(|slice| {
        let draft: Draft<T> = slice.draft().unwrap();
        let rows = draft.len() as u64;
        let batch = draft.with_seq(seq).into_record_batch();
        seq += rows;
        batch
    });
    batches.collect()
}

fn found<T: EventTable>(slices: &[Slice], kind: &str, params: &str) -> (Vec<u64>, Report) {
    broken(&rule(T::SPEC.name, kind, params), &log::<T>(slices), &CONTEXT)
}

/// What a row is known by: source, instrument and a number of the venue.
type Place = (u16, u32, u64);

/// A row as it came.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    seq: u64,
    place: Place,
    avail: i64,
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).unwrap().as_ref()
}

/// Rows of a table with their place; rows without number have 0.
fn read(batches: &[RecordBatch], number: &str) -> Vec<Row> {
    let mut out = Vec::new();
    for batch in batches {
        let seq = column(batch, "seq").as_primitive::<UInt64Type>();
        let source = column(batch, "source_id").as_primitive::<UInt16Type>();
        let instrument = column(batch, "instrument_id").as_primitive::<UInt32Type>();
        let numbers = column(batch, number).as_primitive::<UInt64Type>();
        let avail = column(batch, "ts_avail").as_primitive::<TimestampNanosecondType>();
        for row in 0..batch.num_rows() {
            let n = if numbers.is_valid(row) { numbers.value(row) } else { 0 };
            let place = (source.value(row), instrument.value(row), n);
            out.push(Row { seq: seq.value(row), place, avail: avail.value(row) });
        }
    }
    out
}

/// A planted fault.
#[derive(Debug, Clone)]
struct Planted {
    fault: u64,
    operation: String,
    clean_row: Option<usize>,
    source: u16,
    ts_from: i64,
    before: Option<String>,
    after: Option<String>,
}

fn planted(slices: &[Slice], table: &str) -> Vec<Planted> {
    let mut out = Vec::new();
    for batch in slices.iter().filter_map(|s| s.table("truth_faults")) {
        let words = |name: &str| {
            let words = column(batch, name).as_dictionary::<Int32Type>();
            let words = words.downcast_dict::<StringArray>().unwrap();
            words.into_iter().map(|w| w.unwrap().to_owned()).collect::<Vec<_>>()
        };
        let text = |name: &str, row: usize| {
            let array = column(batch, name).as_string::<i32>();
            array.is_valid(row).then(|| array.value(row).to_owned())
        };
        let (tables, operations) = (words("table_name"), words("operation"));
        let clean = column(batch, "clean_row").as_primitive::<UInt64Type>();
        for row in (0..batch.num_rows()).filter(|row| tables[*row] == table) {
            out.push(Planted {
                fault: column(batch, "fault_id").as_primitive::<UInt64Type>().value(row),
                operation: operations[row].clone(),
                clean_row: clean.is_valid(row).then(|| usize::try_from(clean.value(row)).unwrap()),
                source: column(batch, "source_id").as_primitive::<UInt16Type>().value(row),
                ts_from: column(batch, "ts_from")
                    .as_primitive::<TimestampNanosecondType>()
                    .value(row),
                before: text("before", row),
                after: text("after", row),
            });
        }
    }
    out
}

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * super::SECOND;

/// Numbers of the rows that a predicate picks.
fn seqs(rows: &[Row], mut pick: impl FnMut(&Row) -> bool) -> Vec<u64> {
    rows.iter().filter(|row| pick(row)).map(|row| row.seq).collect()
}

/// Rows that come after a lost number of their stream, and after a row of it.
fn after_lost(rows: &[Row], lost: &BTreeSet<Place>) -> Vec<u64> {
    let mut first: BTreeMap<(u16, u32), u64> = BTreeMap::new();
    seqs(rows, |row| {
        let (source, instrument, n) = row.place;
        let started = *first.entry((source, instrument)).or_insert(n) < n;
        started && lost.contains(&(source, instrument, n - 1))
    })
}

#[test]
fn a_clean_market_breaks_no_exact_rule() {
    fn none<T: EventTable>(kind: &str, params: &str) {
        let (rows, report) = found::<T>(&CLEAN, kind, params);
        let finding = &report.findings()[0];
        assert!(rows.is_empty(), "{} {kind}: {finding:?}", T::SPEC.name);
        let word = finding.verdict().word();
        assert_eq!(word, "pass", "{} {kind}", T::SPEC.name);
    }
    for kind in ["gap", "out_of_order", "seq_unique"] {
        none::<Trades>(kind, "");
        none::<Quotes>(kind, "");
        none::<BookDeltas>(kind, "");
    }
    none::<BookDeltas>("chain", "");
    none::<Trades>("key_unique", "columns = [\"source_id\", \"instrument_id\", \"trade_id\"]");
    none::<Decisions>("key_unique", "columns = [\"decision_id\"]");
    none::<Executions>(
        "key_unique",
        "columns = [\"source_id\", \"account_ref\", \"exec_id\", \"exec_type\"]",
    );
    none::<Trades>("content_dup", "columns = [\"px\", \"size\", \"trade_id\", \"venue_seq\"]");
    none::<Executions>("qty_conserved", "");
    none::<Quotes>("stale", "columns = [\"bid_px\", \"ask_px\", \"bid_size\", \"ask_size\"]");
    none::<Bars>("scale", "");
    none::<Trades>("split_suspect", "");
    none::<Quotes>("late", "");
    none::<Quotes>("clock_step", "");
    none::<Quotes>("latency", "limit = \"1s\"");
}

#[test]
fn lost_rows_are_the_gaps() {
    let slices = dirty(FaultKind::Lost, 0.01, None);
    let clean = read(&log::<Quotes>(&CLEAN), "venue_seq");
    let lost: BTreeSet<Place> =
        planted(&slices, "quotes").iter().map(|p| clean[p.clean_row.unwrap()].place).collect();
    let rows = read(&log::<Quotes>(&slices), "venue_seq");
    let (gaps, report) = found::<Quotes>(&slices, "gap", "");
    assert_eq!(gaps, after_lost(&rows, &lost));
    assert!(gaps.len() > 20);
    assert_eq!(report.findings()[0].severity(), contract::Severity::Critical);
    assert!(found::<Quotes>(&slices, "out_of_order", "").0.is_empty());
}

#[test]
fn lost_messages_of_a_book_break_its_chain() {
    let slices = dirty(FaultKind::SequenceGap, 400.0, Some(12.0));
    let clean = log::<BookDeltas>(&CLEAN);
    let clean_rows = read(&clean, "venue_seq");
    let lost: BTreeSet<Place> = planted(&slices, "book_deltas")
        .iter()
        .map(|p| clean_rows[p.clean_row.unwrap()].place)
        .collect();
    let dirty = log::<BookDeltas>(&slices);
    let (gaps, _) = found::<BookDeltas>(&slices, "gap", "");
    assert_eq!(gaps, after_lost(&read(&dirty, "venue_seq"), &lost));
    // Of a message all rows are lost, or the chain holds; a message that is a snapshot follows nothing.
    let ids = |batches: &[RecordBatch]| read(batches, "final_update_id");
    let kept: BTreeSet<Place> = ids(&dirty).iter().map(|r| r.place).collect();
    let gone: BTreeSet<Place> =
        ids(&clean).iter().map(|r| r.place).filter(|p| !kept.contains(p)).collect();
    let snapshots: BTreeSet<u64> = dirty
        .iter()
        .flat_map(|batch| {
            let seq = column(batch, "seq").as_primitive::<UInt64Type>();
            let flags = column(batch, "flags").as_primitive::<UInt16Type>();
            let is_snapshot =
                |row: &usize| flags.value(*row) & contract::Flags::SNAPSHOT.bits() != 0;
            (0..batch.num_rows()).filter(is_snapshot).map(|row| seq.value(row)).collect::<Vec<_>>()
        })
        .collect();
    let mut told = BTreeSet::new();
    let rows = ids(&dirty);
    let expected: Vec<u64> = after_lost(&rows, &gone)
        .into_iter()
        .filter(|seq| !snapshots.contains(seq))
        .filter(|seq| told.insert(rows[usize::try_from(*seq - 1).unwrap()].place))
        .collect();
    let (broken, _) = found::<BookDeltas>(&slices, "chain", "");
    assert_eq!(broken, expected);
    assert!(broken.len() > 10, "{broken:?}");
}

#[test]
fn rows_that_came_twice_are_found_by_number_and_by_content() {
    let slices = dirty(FaultKind::Duplicated, 0.01, Some(0.05));
    let clean = read(&log::<Trades>(&CLEAN), "venue_seq");
    let copies: BTreeSet<(Place, i64)> = planted(&slices, "trades")
        .iter()
        .map(|p| (clean[p.clean_row.unwrap()].place, p.after.as_ref().unwrap().parse().unwrap()))
        .collect();
    let rows = read(&log::<Trades>(&slices), "venue_seq");
    let expected = seqs(&rows, |row| copies.contains(&(row.place, row.avail)));
    assert!(expected.len() > 10);
    assert_eq!(found::<Trades>(&slices, "seq_unique", "").0, expected);
    let content = "columns = [\"px\", \"size\", \"trade_id\", \"venue_seq\"]\nwindow = \"100ms\"";
    assert_eq!(found::<Trades>(&slices, "content_dup", content).0, expected);
    let key = "columns = [\"source_id\", \"instrument_id\", \"trade_id\"]";
    assert_eq!(found::<Trades>(&slices, "key_unique", key).0, expected);
    assert!(found::<Trades>(&slices, "gap", "").0.is_empty());
}

#[test]
fn swapped_rows_are_out_of_order_and_their_gaps_are_recovered() {
    let slices = dirty(FaultKind::OutOfOrder, 0.05, None);
    let clean = read(&log::<Trades>(&CLEAN), "venue_seq");
    let faults = planted(&slices, "trades");
    let number = |text: &Option<String>| text.as_ref().unwrap().parse::<i64>().unwrap();
    let moved = |is_later: bool| -> BTreeSet<Place> {
        let picked = faults.iter().filter(|p| (number(&p.after) > number(&p.before)) == is_later);
        picked.map(|p| clean[p.clean_row.unwrap()].place).collect()
    };
    let (later, earlier) = (moved(true), moved(false));
    let rows = read(&log::<Trades>(&slices), "venue_seq");
    let expected = seqs(&rows, |row| later.contains(&row.place));
    assert!(expected.len() > 20);
    assert_eq!(found::<Trades>(&slices, "out_of_order", "").0, expected);
    let (gaps, report) = found::<Trades>(&slices, "gap", "");
    assert_eq!(gaps, seqs(&rows, |row| earlier.contains(&row.place)));
    assert_eq!(report.findings()[0].severity(), contract::Severity::Error);
    assert_eq!(report.findings()[0].effect(), Some(("missing", 0.0)));
}

#[test]
fn a_feed_that_stood_still_is_stale_on_its_next_row() {
    let slices = dirty(FaultKind::Stale, 200.0, Some(20.0));
    let clean = read(&log::<Quotes>(&CLEAN), "venue_seq");
    let mut ends: BTreeMap<u64, Place> = BTreeMap::new();
    for p in planted(&slices, "quotes") {
        ends.insert(p.fault, clean[p.clean_row.unwrap()].place);
    }
    let rows = read(&log::<Quotes>(&slices), "venue_seq");
    // The row after each silence, where the other venue had at least three rows in it, the first more than 5 s before its
    // end; that is the row itself, or the other venue's last row of the day. In the second venue's lunch there is none.
    let was_stale = |before: &Row, row: &Row| {
        let peers = rows.iter().filter(|p| p.place.1 == row.place.1 && p.place.0 != row.place.0);
        let during: Vec<i64> = peers
            .map(|p| p.avail)
            .filter(|ts| (before.avail..row.avail).contains(ts) && ts / DAY == before.avail / DAY)
            .collect();
        let same_day = before.avail / DAY == row.avail / DAY;
        let until = if same_day { Some(row.avail) } else { during.last().copied() };
        let span = until.zip(during.first()).map_or(0, |(until, first)| until - first);
        during.len() >= 3 && span > 5 * super::SECOND
    };
    let after: BTreeSet<u64> = ends
        .values()
        .filter_map(|(s, i, n)| {
            let mine = || rows.iter().filter(|row| (row.place.0, row.place.1) == (*s, *i));
            let next = mine().find(|row| row.place.2 > *n)?;
            let before = mine().rfind(|row| row.place.2 < *n)?;
            was_stale(before, next).then_some(next.seq)
        })
        .collect();
    let columns = "columns = [\"bid_px\", \"ask_px\", \"bid_size\", \"ask_size\"]";
    let of = |more: &str| -> BTreeSet<u64> {
        let params = format!("{columns}\nafter = \"5s\"\n{more}");
        found::<Quotes>(&slices, "stale", &params).0.into_iter().collect()
    };
    assert!(after.len() >= 5, "{after:?}");
    assert_eq!(of("expected = 0"), after);
    // By habit, nothing that is natural for a slow instrument, and hardly less of what was planted.
    let by_habit = of("");
    assert!(by_habit.is_subset(&after), "{by_habit:?} {after:?}");
    assert!(by_habit.len() * 10 >= after.len() * 9, "{} of {}", by_habit.len(), after.len());
}

#[test]
fn late_rows_are_those_that_were_held_up() {
    let slices = dirty(FaultKind::Late, 0.01, Some(5.0));
    let clean = read(&log::<Quotes>(&CLEAN), "venue_seq");
    let held: BTreeSet<Place> =
        planted(&slices, "quotes").iter().map(|p| clean[p.clean_row.unwrap()].place).collect();
    let rows = read(&log::<Quotes>(&slices), "venue_seq");
    let (late, _) = found::<Quotes>(&slices, "late", "lateness = \"1s\"");
    let expected = seqs(&rows, |row| held.contains(&row.place));
    // Nothing else is late; a row held up while its stream stood still is behind nothing.
    assert!(late.iter().all(|seq| expected.contains(seq)));
    assert!(late.len() * 10 >= expected.len() * 9, "{} of {}", late.len(), expected.len());
}

#[test]
fn a_clock_that_steps_is_one_step_and_its_source_is_suspect_from_then_on() {
    for (kind, magnitude) in [(FaultKind::ClockStep, 0.25), (FaultKind::SlowRecorder, 1.27)] {
        let slices = dirty(kind, 10.0, Some(magnitude));
        let episode = planted(&slices, "quotes").first().cloned().unwrap();
        assert_eq!(episode.operation, "episode");
        let rows = read(&log::<Quotes>(&slices), "venue_seq");
        let moved = seqs(&rows, |r| r.place.0 == episode.source && r.avail >= episode.ts_from);
        let (steps, _) = found::<Quotes>(&slices, "clock_step", "");
        assert_eq!(steps, moved[..1], "{kind:?}");
        let (suspect, _) = found::<Quotes>(&slices, "clock_suspect", "bound = \"100ms\"");
        assert_eq!(suspect, moved, "{kind:?}");
        assert!(found::<Quotes>(&CLEAN, "clock_suspect", "bound = \"100ms\"").0.is_empty());
    }
}

#[test]
fn bars_of_another_scale_are_found() {
    let slices = dirty(FaultKind::WrongScale, 0.05, Some(100.0));
    let wrong: BTreeSet<usize> =
        planted(&slices, "bars").iter().map(|p| p.clean_row.unwrap()).collect();
    // No row is lost or added: a row's place is its number.
    let expected: Vec<u64> = wrong.iter().map(|row| *row as u64 + 1).collect();
    let (found, _) = found::<Bars>(&slices, "scale", "");
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
}

#[test]
fn reports_and_decisions_that_came_again_break_their_keys() {
    let slices = dirty(FaultKind::ProducerRestart, 200.0, Some(30.0));
    let again = planted(&slices, "decisions");
    let keys: BTreeSet<(u64, usize)> =
        again.iter().map(|p| (p.fault, p.clean_row.unwrap())).collect();
    let (found_rows, _) = found::<Decisions>(&slices, "key_unique", "columns = [\"decision_id\"]");
    assert!(!keys.is_empty());
    assert_eq!(found_rows.len(), keys.len());
    let slices = dirty(FaultKind::ZombieProducer, 200.0, Some(5.0));
    let copies = planted(&slices, "executions").len();
    let key = "columns = [\"source_id\", \"account_ref\", \"exec_id\", \"exec_type\"]";
    let (found_rows, _) = found::<Executions>(&slices, "key_unique", key);
    assert!(copies > 0);
    assert_eq!(found_rows.len(), copies);
}

#[test]
fn a_split_that_nobody_told_is_suspected_on_the_first_trade_after_it() {
    // The market's own split is 7:1 for ALPHA on the second day; here nobody knows it.
    let mut context = Context::new();
    let market = Simulation::new(&Scenario::parse(MARKET).unwrap(), 51);
    for (name, batch) in market.references().unwrap() {
        if matches!(name, "instruments" | "sessions") {
            context.add(&batch).unwrap();
        }
    }
    context.add(&contract::Draft::<contract::Adjustments>::empty().into_record_batch()).unwrap();
    let batches = log::<Trades>(&CLEAN);
    let (found, _) = broken(&rule("trades", "split_suspect", ""), &batches, &context);
    let rows = read(&batches, "venue_seq");
    // Midnight before the second day.
    let night = UtcNanos::parse("2026-03-29T00:00:00Z").unwrap().nanos();
    let first = |source: u16| {
        let alpha = |r: &&Row| r.place.0 == source && r.place.1 == alpha_id() && r.avail > night;
        rows.iter().find(alpha).map(|row| row.seq)
    };
    let mut expected: Vec<u64> = [1, 2].into_iter().filter_map(first).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

/// The second instrument of the market.
fn alpha_id() -> u32 {
    let ids: BTreeSet<u32> =
        read(&log::<Trades>(&CLEAN), "venue_seq").iter().map(|r| r.place.1).collect();
    ids.into_iter().nth(1).unwrap()
}

#[test]
fn spikes_are_found_at_once_and_in_hindsight() {
    let slices = dirty(FaultKind::Spike, 0.005, Some(0.05));
    let wrong: BTreeSet<usize> =
        planted(&slices, "trades").iter().map(|p| p.clean_row.unwrap()).collect();
    let expected: BTreeSet<u64> = wrong.iter().map(|row| *row as u64 + 1).collect();
    assert!(expected.len() > 10);
    for kind in ["spike", "spike_centred", "round_trip"] {
        let (found, _) = found::<Trades>(&slices, kind, "");
        let found: BTreeSet<u64> = found.into_iter().collect();
        let hits = found.intersection(&expected).count();
        // Spikes in the first rows of a session are not judged by the causal gate.
        assert!(hits * 100 >= expected.len() * 85, "{kind}: {hits} of {}", expected.len());
        let false_alarms = found.len() - hits;
        assert!(false_alarms * 20 <= expected.len(), "{kind}: {false_alarms} false alarms");
    }
}
