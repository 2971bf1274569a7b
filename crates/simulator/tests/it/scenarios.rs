//! Scenarios: what is refused, and that presets hold what they promise.

use crate::rows::{SHORT, all, i, run};
use contract::{
    Bars, BookDeltas, Clocks, Decisions, Depths, Diagnostic as _, Executions, FeedMarks,
    Intelligence, Origin, PortfolioSnapshots, Positions, Postings, Quotes, References, Statuses,
    Table, Trades, admit,
};
use simulator::{FaultKind, PRESETS, Scenario, ScenarioError, Simulation, Slice};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn mistakes_name_their_key_and_what_was_expected() {
    let cases = [
        ("slice = \"10s\"", "slice = \"1ms\"", "scenario.slice: expected at least 1s, found 1ms"),
        (
            "tick = \"0.25\"",
            "tick = \"0.3\"",
            "scenario.instruments[0].px: expected a multiple of the tick, at least 20 ticks, found 4512.25",
        ),
        (
            "symbol = \"BETA\"\ndate",
            "symbol = \"OMEGA\"\ndate",
            "scenario.halts.symbol: expected the symbol of an instrument, found OMEGA",
        ),
        ("version = 1", "version = 9", "scenario.version: expected 1, found 9"),
        ("num = 7", "num = 1", "scenario.splits.num: expected 2 to 100, found 1"),
        (
            "open = \"591m\"",
            "open = \"1m\"",
            "scenario.days.open: expected auction < open < close_auction < close, all within the day, found 2026-03-28",
        ),
    ];
    for (from, to, expected) in cases {
        let text = SHORT.replacen(from, to, 1);
        assert_ne!(text, SHORT, "{from}");
        assert_eq!(Scenario::parse(&text).unwrap_err().to_string(), expected);
    }
    let unknown =
        Scenario::parse(&SHORT.replace("name = \"short\"", "name = \"short\"\nspeed = 1"))
            .unwrap_err();
    assert_eq!(unknown.code(), "simulator/scenario-syntax");
    assert!(unknown.to_string().contains("unknown field `speed`"), "{unknown}");
    assert_eq!(
        Scenario::preset("huge").unwrap_err(),
        ScenarioError::UnknownPreset("huge".to_owned())
    );
}

#[test]
fn equal_meaning_has_an_equal_hash() {
    let hash = |text: &str| Scenario::parse(text).unwrap().hash();
    assert_eq!(hash(SHORT), hash(&SHORT.replace("5s", "5000ms")));
    assert_ne!(hash(SHORT), hash(&SHORT.replace("0.9", "0.8")));
}

#[test]
fn presets_parse_and_only_faultless_is_clean() {
    for (name, _) in PRESETS {
        let scenario = Scenario::preset(name).unwrap();
        assert_eq!(scenario.name(), name);
        assert_eq!(scenario.has_faults(), name != "faultless", "{name}");
    }
}

#[test]
fn every_kind_of_fault_is_planted_by_a_preset() {
    let text: String = PRESETS.iter().map(|(_, text)| *text).collect();
    for kind in FaultKind::ALL {
        assert!(text.contains(&format!("kind = \"{}\"", kind.word())), "{}", kind.word());
    }
}

fn no_reject<T: Table>(slices: &[Slice]) -> usize {
    let mut rows = 0;
    for slice in slices {
        let Some(batch) = slice.table(T::SPEC.name) else { continue };
        let admitted = admit::<T>(batch, &Origin::new("test", "slice")).unwrap();
        assert!(admitted.rejects.is_empty(), "{}: {:?}", T::SPEC.name, admitted.rejects.first());
        assert_eq!(admitted.good.len(), batch.num_rows());
        rows += batch.num_rows();
    }
    assert!(rows > 0, "{} is empty", T::SPEC.name);
    rows
}

#[test]
fn a_clean_run_is_admitted_without_a_reject_and_in_order() {
    let slices = run(SHORT, 21);
    no_reject::<Statuses>(&slices);
    no_reject::<Trades>(&slices);
    no_reject::<Quotes>(&slices);
    no_reject::<Depths>(&slices);
    no_reject::<BookDeltas>(&slices);
    no_reject::<Bars>(&slices);
    no_reject::<FeedMarks>(&slices);
    no_reject::<Clocks>(&slices);
    no_reject::<References>(&slices);
    no_reject::<Intelligence>(&slices);
    no_reject::<Decisions>(&slices);
    no_reject::<Executions>(&slices);
    no_reject::<PortfolioSnapshots>(&slices);
    no_reject::<Positions>(&slices);
    no_reject::<Postings>(&slices);
    for slice in &slices {
        for (name, batch) in slice.tables() {
            let times: Vec<i64> =
                crate::rows::rows(batch).iter().map(|r| crate::rows::i(r, "ts_avail")).collect();
            assert!(times.is_sorted(), "{name}");
            assert!(
                times.iter().all(|t| (slice.from().nanos()..slice.to().nanos()).contains(t)),
                "{name}"
            );
        }
    }
}

#[test]
fn truth_says_that_it_needs_the_future() {
    let slice = Simulation::new(&Scenario::parse(SHORT).unwrap(), 1).last().unwrap();
    let tables: BTreeSet<&str> = slice.truth().map(|(name, _)| name).collect();
    assert_eq!(
        tables,
        BTreeSet::from([
            "truth_books",
            "truth_ceiling",
            "truth_labels",
            "truth_ledger",
            "truth_signal"
        ])
    );
    for (name, batch) in slice.truth() {
        let metadata = batch.schema().metadata().clone();
        assert_eq!(metadata["hindsight.causality"], "hindsight", "{name}");
        assert_eq!(metadata["hindsight.table"], name);
    }
}

#[test]
fn the_ledger_counts_every_row_that_was_emitted() {
    let slices = run(SHORT, 22);
    for table in ["trades", "quotes", "decisions", "executions"] {
        let rows = all(&slices, table).len() as u64;
        let counted: u64 = all(&slices, "truth_ledger")
            .iter()
            .filter(|r| r["table_name"] == table)
            .map(|r| r["rows"].parse::<u64>().unwrap())
            .sum();
        assert_eq!(counted, rows, "{table}");
    }
}

#[test]
fn everything_that_the_desk_can_do_happens() {
    let slices = run(SHORT, 23);
    let words = |table: &str, column: &str| -> BTreeSet<String> {
        all(&slices, table).iter().filter_map(|r| r.get(column).cloned()).collect()
    };
    let set =
        |words: &[&str]| -> BTreeSet<String> { words.iter().map(|w| (*w).to_owned()).collect() };
    let actions = set(&[
        "enter", "exit", "increase", "reduce", "reverse", "hedge", "hold", "skip", "cancel",
        "modify",
    ]);
    assert_eq!(words("decisions", "action"), actions);
    assert_eq!(words("decisions", "status"), set(&["submitted", "denied", "suppressed"]));
    let reports = set(&[
        "new",
        "trade",
        "replaced",
        "canceled",
        "rejected",
        "expired",
        "trade_correct",
        "trade_cancel",
    ]);
    assert_eq!(words("executions", "exec_type"), reports);
    assert_eq!(words("executions", "liquidity"), set(&["maker", "taker"]));
    assert_eq!(words("postings", "kind"), set(&["deposit", "fee", "funding"]));
    assert_eq!(
        words("statuses", "action"),
        set(&["pre_open", "trading", "pause", "halt", "quoting", "close"])
    );
    let venue_acts =
        all(&slices, "executions").iter().filter(|r| !r.contains_key("decision_id")).count();
    assert_eq!(venue_acts, 1, "one liquidation without decision");
}

#[test]
fn decisions_name_the_last_market_row_that_they_had_read() {
    let slices = run(SHORT, 24);
    // Every event row in the order of a log: availability, then table.
    let mut seq = 0_u64;
    let mut market: Vec<(i64, u64)> = Vec::new();
    let mut checked = 0;
    for slice in &slices {
        let mut order: Vec<(i64, usize)> = Vec::new();
        for (rank, (_, batch)) in slice.tables().enumerate() {
            order.extend(
                crate::rows::rows(batch).iter().map(|r| (crate::rows::i(r, "ts_avail"), rank)),
            );
        }
        order.sort_unstable();
        for (ts, rank) in order {
            seq += 1;
            if rank < 6 {
                market.push((ts, seq));
            }
        }
        for d in slice.table("decisions").map(crate::rows::rows).unwrap_or_default() {
            let looked = crate::rows::i(&d, "ts_event") - 200_000;
            let expected =
                market[..market.partition_point(|(ts, _)| *ts < looked)].last().unwrap().1;
            assert_eq!(d["md_seq_high"], expected.to_string());
            checked += 1;
        }
    }
    assert!(checked > 500, "{checked}");
}

fn references(text: &str, table: &str) -> Vec<crate::rows::Row> {
    let simulation = Simulation::new(&Scenario::parse(text).unwrap(), 1);
    let tables = simulation.references().unwrap();
    tables
        .iter()
        .find(|(name, _)| *name == table)
        .map(|(_, batch)| crate::rows::rows(batch))
        .unwrap()
}

#[test]
fn a_day_with_a_clock_change_has_both_offsets_and_no_hole() {
    // Clocks went forward at 02:00 local time, 01:00 UTC (1774746000 s): 03:00 follows 02:00.
    let (_, small) = PRESETS.iter().find(|(name, _)| *name == "small").unwrap();
    let rows: Vec<_> = references(small, "sessions")
        .into_iter()
        .filter(|s| s["local_date"] == "2026-03-29" && s["calendar_id"] == "XSIM")
        .collect();
    let found: Vec<(String, i64, i64, i64)> = rows
        .iter()
        .map(|s| {
            (
                s["phase"].clone(),
                i(s, "ts_start") / 1_000_000_000,
                i(s, "ts_end") / 1_000_000_000,
                i(s, "utc_offset_s"),
            )
        })
        .collect();
    let change = 1_774_746_000;
    let expected = [
        ("auction", change - 900, change - 600, 3600),
        ("regular", change - 600, change, 3600),
        ("regular", change, change + 28 * 60, 7200),
        ("auction", change + 28 * 60, change + 29 * 60, 7200),
    ];
    assert_eq!(
        found,
        expected.map(|(phase, from, to, offset)| (phase.to_owned(), from, to, offset))
    );
}

#[test]
fn venues_trade_in_their_sessions_alone_and_pause_for_lunch() {
    let slices = run(SHORT, 25);
    let offset = |source: &str| if source == "1" { -350_000 } else { 1_200_000 };
    let sessions = references(SHORT, "sessions");
    let trades = all(&slices, "trades");
    let mut by_session = BTreeMap::<(String, String), usize>::new();
    for t in trades.iter().filter(|t| t["action"] == "T") {
        let venue = if t["source_id"] == "1" { "XSIM" } else { "XALT" };
        // Drift grows to some milliseconds in a day; a closing print stands at the end of its session.
        let ts = i(t, "ts_event") - offset(&t["source_id"]);
        let open = sessions.iter().find(|s| {
            s["calendar_id"] == venue
                && i(s, "ts_start") - 10_000_000 <= ts
                && ts < i(s, "ts_end") + 10_000_000
        });
        let session = open.unwrap_or_else(|| panic!("off session: {t:?}"));
        *by_session.entry((venue.to_owned(), session["ts_start"].clone())).or_default() += 1;
    }
    // Two regular phases and two auctions at the first venue, one more at the second, which pauses.
    let regular = |venue: &str| {
        sessions.iter().filter(|s| s["calendar_id"] == venue && s["phase"] == "regular").count()
    };
    assert_eq!((regular("XSIM"), regular("XALT")), (2, 3));
    assert!(by_session.keys().filter(|(venue, _)| venue == "XALT").count() >= 3);
}

#[test]
fn the_second_venue_stays_within_its_bound_and_keeps_its_own_clock() {
    let text = format!(
        "{SHORT}\n[[venues]]\nname = \"XSIM\"\n[[venues]]\nname = \"XALT\"\nclock_offset = \"40ms\"\nclock_drift_ppm = 100.0\ndelay = \"12ms\"\nbound_ticks = 2\nnoise_rate = 1.0"
    );
    let slices = run(&text, 26);
    // Quotes in true time: the clock of the second venue is 40 ms and 0.1 ms a second ahead of ours.
    let start = slices[0].from().nanos();
    let truth = |q: &crate::rows::Row| {
        let ts = i(q, "ts_event");
        if q["source_id"] == "1" {
            ts
        } else {
            ts - 40_000_000 - (ts - start - 40_000_000) / 10_001
        }
    };
    let mut quotes: Vec<(i64, crate::rows::Row)> =
        all(&slices, "quotes").into_iter().map(|q| (truth(&q), q)).collect();
    quotes.sort_by_key(|(ts, _)| *ts);
    let mut bids: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut widest = 0;
    let mut last = (0, String::new());
    for (ts, q) in &quotes {
        let key = (q["instrument_id"].clone(), q["source_id"].clone());
        match q.get("bid_px") {
            Some(px) => bids.insert(key.clone(), px.parse().unwrap()),
            None => bids.remove(&key),
        };
        // Both venues may move within one moment, which the clock's rounding spreads over some nanoseconds.
        if ts - last.0 < 1_000 && last.1 == key.0 {
            continue;
        }
        last = (*ts, key.0.clone());
        let tick = if key.0 == "1" { 250_000_000 } else { 10_000_000 };
        let pair = ["1", "2"].map(|source| bids.get(&(key.0.clone(), source.to_owned())).copied());
        if let [Some(a), Some(b)] = pair {
            let apart = (a - b).abs() / tick;
            // One tick more at the very moment of a move, before the second row of it.
            assert!(apart <= 3, "{apart} ticks at {ts}");
            widest = widest.max(apart);
        }
    }
    assert!(widest >= 1);
    // The floor of receipt less event is delay less offset: 12 - 40 ms, and less by the drift later on.
    let latency: Vec<i64> = all(&slices, "trades")
        .iter()
        .filter(|t| t["source_id"] == "2")
        .map(|t| i(t, "ts_recv") - i(t, "ts_event"))
        .collect();
    assert!(latency.iter().all(|l| *l < 0), "receipt precedes the event");
    let clocks: Vec<i64> = all(&slices, "clocks")
        .iter()
        .filter(|c| c["source_id"] == "2")
        .map(|c| i(c, "offset_ns"))
        .collect();
    assert_eq!(clocks[1] - clocks[0], 1_000_000, "100 ppm over a slice of 10 s");
}
