//! Cells against the slow exact reference of `fixtures/features/golden`.

use contract::arrow_array::{RecordBatch, UInt64Array};
use contract::{Batch, Features, Origin, TextTable, Unlogged, table};
use features::{Catalogue, Null, Options, Output, Spec, Sweep};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

fn folder(case: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/features/golden").join(case)
}

/// Rows of one table, with `seq` where it is an event table.
pub(crate) fn rows(case: &str, name: &str) -> Option<RecordBatch> {
    let text = fs::read_to_string(folder(case).join(format!("{name}.ndjson"))).ok()?;
    let mut rows = TextTable::new(table(name).unwrap(), Origin::new("features", name), None);
    for (line, text) in (1..).zip(text.lines()) {
        rows.json_line(line, text.as_bytes());
    }
    let admitted = rows.take().unwrap();
    assert!(admitted.rejects.is_empty(), "{case}/{name}: {}", admitted.rejects[0]);
    Some(admitted.good.into_record_batch())
}

pub(crate) const EVENTS: [&str; 6] =
    ["quotes", "trades", "depths", "statuses", "feed_marks", "decisions"];
pub(crate) const REFERENCES: [&str; 4] = ["instruments", "sessions", "roles", "scheduled_events"];

/// What a decision's cells are: by decision and feature.
pub(crate) type Cells = BTreeMap<(u64, String), Result<f64, u8>>;

pub(crate) fn cells(out: &[Batch<Features, Unlogged>]) -> Cells {
    let mut all = Cells::new();
    for rows in out {
        let names: Vec<String> = rows.feature_names().map(str::to_owned).collect();
        for row in 0..rows.len() {
            let id = rows.cell(&Features::DECISION_ID, row).unwrap();
            let id = u64::from_be_bytes(id.as_bytes()[8..].try_into().unwrap());
            for name in &names {
                let cell = match rows.why(row, name).unwrap() {
                    Some(code) => Err(code.get()),
                    None => Ok(match rows.feature(name) {
                        Some(column) => column.value(row),
                        None => f64::from(category(rows, name, row)),
                    }),
                };
                all.insert((id, name.clone()), cell);
            }
        }
    }
    all
}

fn category(rows: &Batch<Features, Unlogged>, name: &str, row: usize) -> u16 {
    use contract::arrow_array::{Array, UInt16Array};
    let (_, array) = rows.as_any().dynamic().find(|(field, _)| field.name() == name).unwrap();
    let array: &dyn Array = array.as_ref();
    array.as_any().downcast_ref::<UInt16Array>().unwrap().value(row)
}

/// The rows of a case swept one by one in the order of the log.
fn swept(case: &str, spec: &Spec) -> Cells {
    let plan = spec.resolve(&Catalogue::builtin()).unwrap();
    let mut sweep = Sweep::new(plan, Options::default());
    for name in REFERENCES {
        if let Some(batch) = rows(case, name) {
            sweep.push_record_batch(0, &batch).unwrap();
        }
    }
    let mut out = Vec::new();
    for row in log(case) {
        let pushed = sweep.push_record_batch(0, &row).unwrap();
        assert!(pushed.rejects.is_empty(), "{case}: {}", pushed.rejects[0]);
        out.extend(pushed.rows);
    }
    let (rest, report): (Output, _) = sweep.finish().unwrap();
    out.extend(rest.rows);
    assert_eq!(report.lookahead_violations, 0);
    cells(&out)
}

/// Every event of a case as a batch of one row, in the order of `seq`.
pub(crate) fn log(case: &str) -> Vec<RecordBatch> {
    let tables: Vec<RecordBatch> = EVENTS.iter().filter_map(|name| rows(case, name)).collect();
    let mut order: Vec<(u64, usize, usize)> = Vec::new();
    for (at, batch) in tables.iter().enumerate() {
        let seqs = seqs(batch);
        order.extend(seqs.iter().enumerate().map(|(row, seq)| (*seq, at, row)));
    }
    order.sort_unstable();
    order.into_iter().map(|(_, at, row)| tables[at].slice(row, 1)).collect()
}

fn seqs(batch: &RecordBatch) -> Vec<u64> {
    let column = batch.column_by_name("seq").unwrap();
    column.as_any().downcast_ref::<UInt64Array>().unwrap().values().to_vec()
}

fn expected(case: &str) -> Cells {
    let text = fs::read_to_string(folder(case).join("expected.csv")).unwrap();
    let mut lines = text.lines();
    let ids: Vec<u64> = lines
        .next()
        .unwrap()
        .split(',')
        .skip(1)
        .map(|id| u64::from_str_radix(id, 16).unwrap())
        .collect();
    let mut all = Cells::new();
    for line in lines {
        let mut words = line.split(',');
        let name = words.next().unwrap();
        for (id, word) in ids.iter().zip(words) {
            let cell = match word.strip_prefix("null:") {
                Some(code) => Err(code.parse().unwrap()),
                // What the documents leave open is not compared.
                None if word == "open" || word.is_empty() => continue,
                None => Ok(word.parse().unwrap()),
            };
            all.insert((*id, name.to_owned()), cell);
        }
    }
    all
}

fn cancels(name: &str) -> bool {
    ["time__", "price__efficiency", "price__ret_autocorr", "vol__semi_skew"]
        .iter()
        .any(|stem| name.starts_with(stem))
}

/// Compares every cell that the reference gives, and shows the first differences by feature.
#[track_caller]
fn check(case: &str, spec: &str) {
    let found = swept(case, &Spec::parse(spec).unwrap());
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut compared, mut values) = (0, 0);
    for ((id, name), expected) in expected(case) {
        let Some(found) = found.get(&(id, name.clone())) else {
            wrong.entry(name).or_default().push(format!("{id:x}: missing"));
            continue;
        };
        compared += 1;
        values += usize::from(expected.is_ok());
        let same = match (expected, *found) {
            // Sines, and sums of returns that cancel, are as near 0 as their parts are rounded.
            (Ok(a), Ok(b)) => {
                let floor = if cancels(&name) { 2e-15 } else { 0.0 };
                (a - b).abs() <= 1e-12 * a.abs() + floor
            }
            (a, b) => a == b,
        };
        if !same {
            let word = |cell: Result<f64, u8>| match cell {
                Ok(value) => format!("{value:?}"),
                Err(code) => Null::from_code(code).map_or("?", Null::word).to_owned(),
            };
            wrong.entry(name).or_default().push(format!(
                "{id:x}: expected {}, found {}",
                word(expected),
                word(*found)
            ));
        }
    }
    let report: Vec<String> = wrong
        .iter()
        .map(|(name, all)| {
            format!("{name} ({}): {}", all.len(), all[..all.len().min(3)].join("; "))
        })
        .collect();
    assert!(wrong.is_empty(), "{case}: {} of {compared}\n{}", wrong.len(), report.join("\n"));
    assert!(values > 100, "{case}: {values} values of {compared} cells");
}

pub(crate) const DEFAULT_SET: &str =
    "features = [\"*\"]\nroles = [\"mkt\"]\nsizes = [\"0.1\", \"1\", \"10\"]";

#[test]
fn bitcoin_on_two_markets() {
    check("btcusdt", DEFAULT_SET);
}

#[test]
fn euro_on_two_venues() {
    check("eurusd", DEFAULT_SET);
}

#[test]
fn an_hour() {
    check("hour", DEFAULT_SET);
}

#[test]
fn planted_cases() {
    check("planted", DEFAULT_SET);
}

#[test]
fn the_default_set_is_the_catalogue_of_the_reference_and_nothing_else() {
    let spec = Spec::parse(DEFAULT_SET).unwrap();
    let plan = spec.resolve(&Catalogue::builtin()).unwrap();
    let ours: BTreeSet<String> = plan.features().map(|f| f.declaration().name.clone()).collect();
    let theirs: BTreeSet<String> = expected("planted").into_keys().map(|(_, name)| name).collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 200);
}
