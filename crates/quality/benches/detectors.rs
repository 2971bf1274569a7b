//! Precision and recall of the checks on planted faults.
//!
//! `cargo bench -p quality --bench detectors -- [--seeds N] [--slices N] [--rates 0.001,0.01,0.05] [--only FAULT] [--show]`
//!
//! A simulated market is made clean, each of its rows carries its place, and one kind of fault is planted at a time. What
//! the built-in rules flag is compared with what was planted, row by row. Bounds are two-sided 95 % Clopper-Pearson. A
//! fault that leaves no row to flag (the last rows of a stream that are lost) is counted as `unseen`, not as missed.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(clippy::unwrap_used, reason = "a program of ours over rows of ours")]

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampNanosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use contract::{AnyBatch, QualityMode};
use quality::{Context, RuleSet, TableState};
use simulator::{FaultKind, Injector, Scenario, Simulation, Slice};
use statrs::distribution::{Beta, ContinuousCDF};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A fault, the table in which it shows, and the checks that should see it.
struct Case {
    fault: FaultKind,
    table: &'static str,
    checks: &'static [&'static str],
    /// Which rows should be flagged.
    rows: Expect,
    /// Whether the fault is defined exactly.
    is_exact: bool,
}

#[derive(Clone, Copy)]
enum Expect {
    /// The changed row.
    Changed,
    /// The row that came again, or that should not be there.
    Again,
    /// The row behind the hole.
    Behind,
    /// Of two swapped rows the one that came second.
    Second,
    /// The row that came late.
    Late,
    /// Every row of the source from then on.
    FromThen,
    /// The first row of the source from then on.
    First,
}

const fn case(
    fault: FaultKind,
    table: &'static str,
    checks: &'static [&'static str],
    rows: Expect,
    is_exact: bool,
) -> Case {
    Case { fault, table, checks, rows, is_exact }
}

const CASES: &[Case] = &[
    case(FaultKind::Crossed, "quotes", &["crossed"], Expect::Changed, true),
    case(FaultKind::Locked, "quotes", &["locked"], Expect::Changed, true),
    case(FaultKind::OneSided, "quotes", &["one_sided"], Expect::Changed, true),
    case(FaultKind::NegativeSize, "trades", &["sign"], Expect::Changed, true),
    case(FaultKind::ZeroSize, "trades", &["sign"], Expect::Changed, true),
    case(FaultKind::Duplicated, "trades", &["seq_unique"], Expect::Again, true),
    case(FaultKind::OutOfOrder, "trades", &["out_of_order"], Expect::Second, true),
    case(FaultKind::Lost, "quotes", &["gap"], Expect::Behind, true),
    case(FaultKind::SequenceGap, "book_deltas", &["chain"], Expect::Behind, true),
    case(FaultKind::Late, "quotes", &["late"], Expect::Late, true),
    case(FaultKind::OrphanFill, "executions", &["fk"], Expect::Changed, true),
    case(FaultKind::MissingFee, "executions", &["missing_fee"], Expect::Changed, true),
    case(FaultKind::WrongCurrency, "executions", &["currency"], Expect::Changed, true),
    case(FaultKind::RepeatedFillId, "executions", &["key_unique"], Expect::Changed, true),
    case(FaultKind::ProducerRestart, "decisions", &["key_unique"], Expect::Again, true),
    case(FaultKind::ZombieProducer, "executions", &["key_unique"], Expect::Again, true),
    case(FaultKind::HaltPrint, "trades", &["halt_print"], Expect::Again, false),
    case(FaultKind::OffSession, "trades", &["off_session"], Expect::Again, false),
    case(FaultKind::Stale, "quotes", &["stale"], Expect::Behind, false),
    case(FaultKind::ClockStep, "quotes", &["clock_step"], Expect::First, false),
    case(FaultKind::SlowRecorder, "quotes", &["clock_suspect"], Expect::FromThen, false),
    case(FaultKind::WrongScale, "bars", &["scale"], Expect::Changed, false),
    case(FaultKind::Spike, "trades", &["spike"], Expect::Changed, false),
    case(FaultKind::Spike, "trades", &["spike_centred"], Expect::Changed, false),
];

/// Found, missed and false, over runs.
#[derive(Default, Clone, Copy)]
struct Score {
    planted: u64,
    unseen: u64,
    hits: u64,
    misses: u64,
    false_alarms: u64,
    rows: u64,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    let seeds: u64 = value("--seeds").map_or(2, |v| v.parse().unwrap());
    let slices: usize = value("--slices").map_or(40, |v| v.parse().unwrap());
    let rates = value("--rates").map_or("0.001,0.01,0.05", String::as_str);
    let rates: Vec<f64> = rates.split(',').map(|r| r.parse().unwrap()).collect();
    let only = value("--only").map(String::as_str);
    println!(
        "{slices} slices of preset `small`, seeds 1 to {seeds}; rates of episodes are an hour, times 2,000"
    );
    println!(
        "{:<17} {:<14} {:>6} {:>9} {:>7} {:>7} {:>7} {:>21} {:>21} {:>10}",
        "fault",
        "check",
        "rate",
        "rows",
        "planted",
        "unseen",
        "missed",
        "recall (95 %)",
        "precision (95 %)",
        "false/M"
    );
    let mut clean = BTreeMap::new();
    for case in CASES.iter().filter(|c| only.is_none_or(|o| c.fault.word() == o)) {
        for rate in &rates {
            let mut total = Score::default();
            for seed in 1..=seeds {
                let world = clean.entry(seed).or_insert_with(|| World::new(seed, slices));
                run(case, *rate, seed, world, &mut total);
            }
            print(case, *rate, &total);
        }
    }
}

/// A clean market whose rows carry their place.
struct World {
    slices: Vec<Slice>,
    context: Context,
    /// Streams of clean rows by table: source, instrument and time of each row.
    rows: BTreeMap<&'static str, Vec<(u16, u32, i64)>>,
}

impl World {
    fn new(seed: u64, slices: usize) -> Self {
        let scenario = Scenario::preset("small").unwrap();
        let simulation = Simulation::new(&scenario, seed).clean();
        let mut context = Context::new();
        for (_, batch) in simulation.references().unwrap() {
            if batch.schema_ref().metadata().contains_key("hindsight.table") {
                context.add(&batch).unwrap();
            }
        }
        let mut rows: BTreeMap<&'static str, Vec<(u16, u32, i64)>> = BTreeMap::new();
        let mut out = Vec::new();
        for slice in simulation.take(slices) {
            let mut tagged = Vec::new();
            for (table, batch) in slice.tables() {
                let known = rows.entry(table).or_default();
                let first = known.len() as u64;
                let (sources, instruments) = keys(batch);
                let avail = avail(batch);
                known.extend((0..batch.num_rows()).map(|r| (sources[r], instruments[r], avail[r])));
                if matches!(table, "statuses" | "decisions") {
                    context.add(batch).unwrap();
                }
                tagged.push(tag(table, batch, first));
            }
            out.push(Slice::from_batches(slice.from(), slice.to(), tagged).unwrap());
        }
        Self { slices: out, context, rows }
    }
}

fn tag(table: &str, batch: &RecordBatch, first: u64) -> AnyBatch {
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("x_row", DataType::UInt64, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(UInt64Array::from_iter_values(first..first + batch.num_rows() as u64)));
    let schema = Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    AnyBatch::parse(contract::table(table).unwrap(), &batch).unwrap()
}

fn keys(batch: &RecordBatch) -> (Vec<u16>, Vec<u32>) {
    let sources = batch.column_by_name("source_id").unwrap().as_primitive::<UInt16Type>();
    let instruments = batch.column_by_name("instrument_id").unwrap().as_primitive::<UInt32Type>();
    (sources.values().to_vec(), instruments.values().to_vec())
}

fn avail(batch: &RecordBatch) -> Vec<i64> {
    let stamps = batch.column_by_name("ts_avail").unwrap();
    stamps.as_primitive::<TimestampNanosecondType>().values().to_vec()
}

fn numbered(batch: &RecordBatch, first: u64) -> RecordBatch {
    let mut fields: Vec<_> = vec![Arc::new(Field::new("seq", DataType::UInt64, false))];
    fields.extend(batch.schema_ref().fields().iter().cloned());
    let rows = first..first + batch.num_rows() as u64;
    let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from_iter_values(rows))];
    columns.extend(batch.columns().iter().cloned());
    let schema = Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn is_episode(fault: FaultKind) -> bool {
    matches!(
        fault,
        FaultKind::Stale
            | FaultKind::ClockStep
            | FaultKind::SlowRecorder
            | FaultKind::SequenceGap
            | FaultKind::ProducerRestart
            | FaultKind::ZombieProducer
    )
}

/// A planted change.
struct Planted {
    id: u64,
    operation: String,
    clean_row: Option<u64>,
    source: u16,
    from: i64,
}

fn run(case: &Case, rate: f64, seed: u64, world: &World, total: &mut Score) {
    let planted_rate = if is_episode(case.fault) { rate * 2_000.0 } else { rate };
    let mut injector = Injector::new(seed).with(case.fault, planted_rate, None);
    let rules = RuleSet::built_in(case.table).unwrap();
    let wanted: Vec<usize> = rules
        .checks()
        .iter()
        .enumerate()
        .filter(|(_, c)| case.checks.contains(&c.kind().name))
        .map(|(at, _)| at)
        .collect();
    assert!(!wanted.is_empty(), "no check of {:?} for {}", case.checks, case.table);
    let mut state = TableState::new(&rules, QualityMode::Final);
    let mut dirty: Vec<(Option<u64>, u16, i64)> = Vec::new();
    let mut planted = Vec::new();
    let mut flagged = BTreeSet::new();
    let last = world.slices.len() - 1;
    for (at, slice) in world.slices.iter().enumerate() {
        let slice = injector.push(slice, at == last);
        planted.extend(truth(&slice, case));
        let Some(batch) = slice.table(case.table) else { continue };
        let batch = numbered(batch, dirty.len() as u64);
        let places = batch.column_by_name("x_row").unwrap().as_primitive::<UInt64Type>().clone();
        let (sources, _) = keys(&batch);
        let stamps = avail(&batch);
        dirty.extend((0..batch.num_rows()).map(|row| {
            (places.is_valid(row).then(|| places.value(row)), sources[row], stamps[row])
        }));
        let flags = state.observe(&batch, &world.context).unwrap();
        let first = dirty.len() - batch.num_rows();
        for row in 0..flags.len() {
            if flags.broken(row).any(|c| wanted.contains(&c)) {
                flagged.insert((first + row) as u64);
            }
        }
        flagged.extend(flags.late().iter().filter(|f| wanted.contains(&f.check)).map(|f| f.id));
    }
    let (report, late) = state.close(&world.context);
    for at in &wanted {
        let verdict = report.findings()[*at].verdict();
        assert!(!verdict.to_string().starts_with("not_evaluated"), "{verdict}");
    }
    flagged.extend(late.iter().filter(|f| wanted.contains(&f.check)).map(|f| f.id));
    let (expected, unseen) = expected(case, &planted, &dirty, &world.rows[case.table]);
    let hits = expected.intersection(&flagged).count() as u64;
    total.planted += expected.len() as u64 + unseen;
    total.unseen += unseen;
    total.hits += hits;
    total.misses += expected.len() as u64 - hits;
    total.false_alarms += flagged.len() as u64 - hits;
    total.rows += dirty.len() as u64;
    if std::env::args().any(|a| a == "--show") {
        let missed: Vec<_> = expected.difference(&flagged).take(5).collect();
        let wrong: Vec<_> = flagged.difference(&expected).take(5).collect();
        println!("  missed {missed:?}, false {wrong:?}");
    }
}

fn truth(slice: &Slice, case: &Case) -> Vec<Planted> {
    let Some(truth) = slice.table("truth_faults") else { return Vec::new() };
    let word = |name: &str, row: usize| {
        let words = truth.column_by_name(name).unwrap();
        match words.as_dictionary_opt::<Int32Type>() {
            Some(d) => d
                .values()
                .as_string::<i32>()
                .value(usize::try_from(d.keys().value(row)).unwrap())
                .to_owned(),
            None => words.as_string::<i32>().value(row).to_owned(),
        }
    };
    let of = |name: &str| truth.column_by_name(name).unwrap();
    let ids = of("fault_id").as_primitive::<UInt64Type>();
    let places = of("clean_row").as_primitive::<UInt64Type>();
    let sources = of("source_id").as_primitive::<UInt16Type>();
    let from = of("ts_from").as_primitive::<TimestampNanosecondType>();
    (0..truth.num_rows())
        .filter(|row| {
            let table = word("table_name", *row);
            word("kind", *row) == case.fault.word()
                && (table == case.table || word("operation", *row) == "episode")
        })
        .map(|row| Planted {
            id: ids.value(row),
            operation: word("operation", row),
            clean_row: places.is_valid(row).then(|| places.value(row)),
            source: sources.value(row),
            from: from.value(row),
        })
        .collect()
}

/// Rows of the dirty stream that should be flagged, and faults that left none.
fn expected(
    case: &Case,
    planted: &[Planted],
    dirty: &[(Option<u64>, u16, i64)],
    clean: &[(u16, u32, i64)],
) -> (BTreeSet<u64>, u64) {
    let mut places: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (at, (place, ..)) in dirty.iter().enumerate() {
        if let Some(place) = place {
            places.entry(*place).or_default().push(at as u64);
        }
    }
    let mut out = BTreeSet::new();
    let mut unseen = 0;
    let rows = || planted.iter().filter_map(|p| p.clean_row);
    match case.rows {
        Expect::Changed | Expect::Late => {
            for place in rows() {
                match places.get(&place).and_then(|at| at.first()) {
                    Some(at) => _ = out.insert(*at),
                    None => unseen += 1,
                }
            }
        }
        Expect::Again => {
            for place in rows() {
                let again: Vec<u64> = places.get(&place).map_or(&[][..], |at| &at[1..]).to_vec();
                unseen += u64::from(again.is_empty());
                out.extend(again);
            }
        }
        Expect::Second => {
            let mut pairs: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
            for p in planted {
                pairs.entry(p.id).or_default().extend(p.clean_row);
            }
            for pair in pairs.values() {
                let at = pair.iter().filter_map(|place| places.get(place)?.first());
                match at.max() {
                    Some(at) => _ = out.insert(*at),
                    None => unseen += 1,
                }
            }
        }
        Expect::Behind => {
            let gone: BTreeSet<u64> = rows().filter(|place| !places.contains_key(place)).collect();
            let mut streams: BTreeMap<(u16, u32), Vec<u64>> = BTreeMap::new();
            for (place, (source, instrument, _)) in clean.iter().enumerate() {
                streams.entry((*source, *instrument)).or_default().push(place as u64);
            }
            for stream in streams.values() {
                let mut is_open = false;
                let mut has_begun = false;
                for place in stream {
                    if gone.contains(place) {
                        is_open = true;
                    } else if let Some(at) = places.get(place).and_then(|at| at.first()) {
                        if is_open && has_begun {
                            out.insert(*at);
                        } else if is_open {
                            unseen += 1;
                        }
                        is_open = false;
                        has_begun = true;
                    }
                }
                unseen += u64::from(is_open);
            }
        }
        Expect::FromThen | Expect::First => {
            for p in planted.iter().filter(|p| p.operation == "episode") {
                let mut rows = dirty.iter().enumerate();
                let mine = |(_, (_, source, stamp)): &(usize, &(Option<u64>, u16, i64))| {
                    *source == p.source && *stamp >= p.from
                };
                match case.rows {
                    Expect::First => out.extend(rows.find(mine).map(|(at, _)| at as u64)),
                    _ => out.extend(rows.filter(mine).map(|(at, _)| at as u64)),
                }
            }
        }
    }
    (out, unseen)
}

fn bounds(hits: u64, n: u64) -> (f64, f64) {
    let (k, n) = (hits as f64, n as f64);
    let low = if hits == 0 { 0.0 } else { Beta::new(k, n - k + 1.0).unwrap().inverse_cdf(0.025) };
    let high = if k >= n { 1.0 } else { Beta::new(k + 1.0, n - k).unwrap().inverse_cdf(0.975) };
    (low, high)
}

fn share(hits: u64, n: u64) -> String {
    if n == 0 {
        return "-".to_owned();
    }
    let (low, high) = bounds(hits, n);
    format!("{:.4} {:.4}-{:.4}", hits as f64 / n as f64, low, high)
}

fn print(case: &Case, rate: f64, s: &Score) {
    let mark = if case.is_exact && (s.misses > 0 || s.false_alarms > 0) { " *" } else { "" };
    println!(
        "{:<17} {:<14} {:>6} {:>9} {:>7} {:>7} {:>7} {:>21} {:>21} {:>10.1}{mark}",
        case.fault.word(),
        case.checks.join("+"),
        rate,
        s.rows,
        s.planted,
        s.unseen,
        s.misses,
        share(s.hits, s.hits + s.misses),
        share(s.hits, s.hits + s.false_alarms),
        s.false_alarms as f64 * 1e6 / s.rows.max(1) as f64,
    );
}
