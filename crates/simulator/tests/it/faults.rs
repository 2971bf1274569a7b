//! Clean rows and recorded faults together are the dirty rows, and nothing else is.

use crate::rows::{Row, SHORT, all, f, i};
use simulator::{FaultKind, Injector, Scenario, Simulation, Slice};
use std::collections::{BTreeMap, BTreeSet};

fn faults() -> Vec<(FaultKind, f64, Option<f64>)> {
    let rate = |kind: FaultKind| match kind {
        FaultKind::Stale => 200.0,
        FaultKind::SequenceGap => 400.0,
        FaultKind::ProducerRestart | FaultKind::ZombieProducer => 100.0,
        FaultKind::ClockStep => 20.0,
        FaultKind::SlowRecorder => 15.0,
        FaultKind::SourceDrift => 12.0,
        FaultKind::HaltPrint | FaultKind::OffSession => 1.0,
        FaultKind::Leak | FaultKind::WrongScale | FaultKind::CorrectedLater => 0.2,
        FaultKind::MissingFee
        | FaultKind::OrphanFill
        | FaultKind::RepeatedFillId
        | FaultKind::WrongCurrency => 0.05,
        _ => 0.005,
    };
    FaultKind::ALL.map(|kind| (kind, rate(kind), None)).into_iter().collect()
}

fn worlds(kinds: &[(FaultKind, f64, Option<f64>)]) -> (Vec<Slice>, Vec<Slice>) {
    let text = SHORT.replace("horizon = \"5s\"", "horizon = \"5s\"\nleak_trap = true");
    let clean: Vec<Slice> = Simulation::new(&Scenario::parse(&text).unwrap(), 51).collect();
    let mut injector = kinds
        .iter()
        .fold(Injector::new(51), |i, (kind, rate, magnitude)| i.with(*kind, *rate, *magnitude));
    let last = clean.len() - 1;
    let dirty =
        clean.iter().enumerate().map(|(at, slice)| injector.push(slice, at == last)).collect();
    (clean, dirty)
}

fn add(row: &mut Row, column: &str, by: i64) {
    if row.contains_key(column) {
        let sum = i(row, column) + by;
        row.insert(column.to_owned(), sum.to_string());
    }
}

fn shift_of(record: &Row) -> i64 {
    i(record, "after") - i(record, "before")
}

/// Dirty rows as clean rows and records say they must be: by a way of its own.
fn replay(clean: &[Row], records: &[Row], table: &str) -> Vec<Row> {
    let mine: Vec<&Row> = records.iter().filter(|r| r["table_name"] == table).collect();
    let mut by_row: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    let mut inserts: BTreeMap<(i64, String, i64), Vec<&Row>> = BTreeMap::new();
    let mut episodes: BTreeMap<(String, String, Option<String>), &Row> = BTreeMap::new();
    for r in mine {
        match r["operation"].as_str() {
            "insert" => inserts
                .entry((i(r, "fault_id"), r["key"].clone(), i(r, "clean_row")))
                .or_default()
                .push(r),
            "episode" => {
                episodes
                    .entry((
                        r["kind"].clone(),
                        r["source_id"].clone(),
                        r.get("instrument_id").cloned(),
                    ))
                    .or_insert(r);
            }
            _ => by_row.entry(i(r, "clean_row")).or_default().push(r),
        }
    }
    let set = |row: &mut Row, record: &Row| {
        match record.get("after") {
            Some(after) => row.insert(record["column"].clone(), after.clone()),
            None => row.remove(&record["column"]),
        };
    };
    let mut out = Vec::new();
    for (at, original) in clean.iter().enumerate() {
        let mut row = original.clone();
        for e in episodes.values() {
            let elsewhere = e["source_id"] != original["source_id"]
                || e.get("instrument_id")
                    .is_some_and(|id| original.get("instrument_id") != Some(id));
            if elsewhere || i(original, "ts_avail") < i(e, "ts_from") {
                continue;
            }
            match e["kind"].as_str() {
                "clock_step" => {
                    add(&mut row, "ts_event", i(e, "after"));
                    add(&mut row, "ts_venue_send", i(e, "after"));
                }
                "slow_recorder" => add(&mut row, "ts_recv", -i(e, "after")),
                _ => {}
            }
        }
        let records = by_row.get(&i64::try_from(at).unwrap()).cloned().unwrap_or_default();
        let mut copies = Vec::new();
        let mut is_lost = false;
        for r in records {
            match r["operation"].as_str() {
                "drop" => is_lost = true,
                "edit" => {
                    // The shift of a recorder's clock comes on top of an edited stamp; no fault edits both here.
                    set(&mut row, r);
                }
                "delay" => {
                    add(&mut row, "ts_recv", shift_of(r));
                    add(&mut row, "ts_avail", shift_of(r));
                }
                _ => copies.push(shift_of(r)),
            }
        }
        for e in episodes.values().filter(|e| e["kind"] == "source_drift") {
            let here = e["source_id"] == original["source_id"]
                && e.get("instrument_id") == original.get("instrument_id");
            let two_sided = original.contains_key("bid_px") && original.contains_key("ask_px");
            if here && two_sided && i(original, "ts_avail") >= i(e, "ts_from") {
                let hours = (i(original, "ts_avail") - i(e, "ts_from")) as f64 / 3.6e12;
                let steps = (f(e, "before") * f(e, "magnitude") * hours / f(e, "after")).trunc();
                let steps: i64 = format!("{steps:.0}").parse().unwrap();
                add(&mut row, "bid_px", steps * i(e, "after"));
                add(&mut row, "ask_px", steps * i(e, "after"));
            }
        }
        for shift in copies {
            let mut copy = row.clone();
            add(&mut copy, "ts_recv", shift);
            add(&mut copy, "ts_avail", shift);
            out.push(copy);
        }
        if !is_lost {
            out.push(row);
        }
    }
    for ((_, _, template), cells) in inserts {
        let mut row = clean[usize::try_from(template).unwrap()].clone();
        for r in cells {
            set(&mut row, r);
        }
        out.push(row);
    }
    out
}

fn sorted(rows: Vec<Row>) -> Vec<Row> {
    let mut rows = rows;
    rows.sort();
    rows
}

const TABLES: [&str; 14] = [
    "statuses",
    "trades",
    "quotes",
    "depths",
    "book_deltas",
    "bars",
    "feed_marks",
    "clocks",
    "intelligence",
    "decisions",
    "executions",
    "portfolio_snapshots",
    "positions",
    "postings",
];

#[test]
fn clean_rows_and_recorded_faults_are_the_dirty_rows() {
    let (clean, dirty) = worlds(&faults());
    let records = all(&dirty, "truth_faults");
    let planted: BTreeSet<&str> = records.iter().map(|r| r["kind"].as_str()).collect();
    assert_eq!(
        planted,
        FaultKind::ALL.map(FaultKind::word).into_iter().collect(),
        "every kind was planted"
    );
    for table in TABLES {
        let expected = sorted(replay(&all(&clean, table), &records, table));
        let found = sorted(all(&dirty, table));
        let differing = expected.iter().zip(&found).find(|(a, b)| a != b);
        assert_eq!(differing, None, "{table}");
        assert_eq!(expected.len(), found.len(), "{table}");
    }
}

#[test]
fn a_fault_without_a_record_would_be_noticed() {
    let (clean, dirty) = worlds(&[(FaultKind::Spike, 0.01, None)]);
    let mut records = all(&dirty, "truth_faults");
    let clean = all(&clean, "trades");
    let found = sorted(all(&dirty, "trades"));
    assert_eq!(sorted(replay(&clean, &records, "trades")), found);
    records.pop();
    assert_ne!(sorted(replay(&clean, &records, "trades")), found);
}

#[test]
fn an_injector_without_faults_changes_nothing() {
    let (clean, dirty) = worlds(&[]);
    for (a, b) in clean.iter().zip(&dirty) {
        for (name, batch) in a.tables() {
            assert!(b.table(name) == Some(batch), "{name}");
        }
    }
}

#[test]
fn late_rows_leave_in_the_slice_of_their_arrival() {
    let (clean, dirty) = worlds(&[(FaultKind::Late, 0.01, Some(15.0))]);
    for slice in &dirty {
        let times: Vec<i64> = slice
            .table("quotes")
            .map(crate::rows::rows)
            .unwrap_or_default()
            .iter()
            .map(|r| i(r, "ts_avail"))
            .collect();
        assert!(times.is_sorted());
        assert!(times.first().is_none_or(|t| *t >= slice.from().nanos()));
    }
    assert_eq!(all(&dirty, "quotes").len(), all(&clean, "quotes").len());
}

#[test]
fn faults_look_like_what_they_are_called() {
    let (_, dirty) = worlds(&[
        (FaultKind::Crossed, 0.01, None),
        (FaultKind::Locked, 0.01, None),
        (FaultKind::OneSided, 0.01, None),
    ]);
    let records = all(&dirty, "truth_faults");
    let count = |kind: &str| {
        let ids: BTreeSet<&String> =
            records.iter().filter(|r| r["kind"] == kind).map(|r| &r["fault_id"]).collect();
        ids.len()
    };
    let quotes = all(&dirty, "quotes");
    let two_sided: Vec<(i64, i64)> = quotes
        .iter()
        .filter(|q| q.contains_key("bid_px") && q.contains_key("ask_px"))
        .map(|q| (i(q, "bid_px"), i(q, "ask_px")))
        .collect();
    assert_eq!(two_sided.iter().filter(|(b, a)| b > a).count(), count("crossed"));
    assert_eq!(two_sided.iter().filter(|(b, a)| b == a).count(), count("locked"));
    assert_eq!(
        quotes.iter().filter(|q| q.contains_key("bid_px") != q.contains_key("ask_px")).count(),
        count("one_sided")
    );
    assert!(count("crossed") > 20 && count("locked") > 20 && count("one_sided") > 20);
}

#[test]
fn prints_in_a_halt_and_after_the_close_are_planted_where_there_is_none() {
    let (clean, dirty) =
        worlds(&[(FaultKind::HaltPrint, 1.0, None), (FaultKind::OffSession, 1.0, None)]);
    let statuses = all(&clean, "statuses");
    let inside = |trades: &[Row], word: &str| {
        let mut n = 0;
        for s in statuses.iter().filter(|s| s["action"] == word) {
            let same = |r: &&Row| {
                r["source_id"] == s["source_id"] && r["instrument_id"] == s["instrument_id"]
            };
            let end = statuses
                .iter()
                .filter(same)
                .map(|o| i(o, "ts_event"))
                .filter(|ts| *ts > i(s, "ts_event"))
                .min()
                .unwrap_or(i64::MAX);
            n += trades
                .iter()
                .filter(same)
                .filter(|t| i(t, "ts_event") > i(s, "ts_event") && i(t, "ts_event") < end)
                .count();
        }
        n
    };
    // One halt and two closes, each at two venues; three instruments close.
    for (word, expected) in [("halt", 2), ("close", 12)] {
        assert_eq!(inside(&all(&clean, "trades"), word), 0, "{word}");
        assert_eq!(inside(&all(&dirty, "trades"), word), expected, "{word}");
    }
}
