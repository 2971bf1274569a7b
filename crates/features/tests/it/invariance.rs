//! The same bits however the rows come: batch cuts, order of tables, threads, restarts, sweeping anew.

use crate::golden::{Cells, DEFAULT_SET, EVENTS, REFERENCES, cells, log, rows};
use contract::arrow_array::RecordBatch;
use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{TimestampNanosecondType, UInt64Type};
use contract::{Batch, Decisions, meta};
use features::{Arrival, Catalogue, Coverage, Options, Plan, Spec, Sweep};
use std::sync::Arc;

const CASES: [&str; 4] = ["btcusdt", "eurusd", "hour", "planted"];

type Bits = Vec<(u64, String, Result<u64, u8>)>;

fn plan() -> Arc<Plan> {
    Arc::new(Spec::parse(DEFAULT_SET).unwrap().resolve(&Catalogue::builtin()).unwrap())
}

fn begun(case: &str, options: Options) -> Sweep {
    let mut sweep = Sweep::new(plan(), options);
    for name in REFERENCES {
        if let Some(batch) = rows(case, name) {
            sweep.push_record_batch(0, &batch).unwrap();
        }
    }
    sweep
}

fn bits(cells: Cells) -> Bits {
    cells.into_iter().map(|((id, name), cell)| (id, name, cell.map(f64::to_bits))).collect()
}

fn table(row: &RecordBatch) -> &str {
    &row.schema_ref().metadata()[meta::TABLE]
}

/// Rows in the order of the log, up to `batch` of one table at a time.
fn live(mut sweep: Sweep, log: &[RecordBatch], batch: usize) -> Bits {
    let mut out = Vec::new();
    for run in log.chunk_by(|a, b| table(a) == table(b)) {
        for part in run.chunks(batch) {
            let joined = arrow_select::concat::concat_batches(part[0].schema_ref(), part).unwrap();
            out.extend(sweep.push_record_batch(0, &joined).unwrap().rows);
        }
    }
    out.extend(sweep.finish().unwrap().0.rows);
    bits(cells(&out))
}

/// Whole tables one after the other, each by availability, `batch` rows at a time.
fn sorted(case: &str, options: Options, tables: &[&str], batch: usize) -> Bits {
    let mut sweep = begun(case, Options { arrival: Arrival::Sorted, ..options });
    for name in tables {
        let Some(table) = rows(case, name) else { continue };
        for from in (0..table.num_rows()).step_by(batch) {
            let part = table.slice(from, batch.min(table.num_rows() - from));
            let out = sweep.push_record_batch(0, &part).unwrap();
            assert!(out.rejects.is_empty(), "{case}: {}", out.rejects[0]);
        }
    }
    let (rest, report) = sweep.finish().unwrap();
    assert_eq!(report.rows, report.decisions);
    bits(cells(&rest.rows.into_iter().collect::<Vec<_>>()))
}

#[track_caller]
fn same(case: &str, found: &Bits, expected: &Bits) {
    assert_eq!(found.len(), expected.len(), "{case}");
    let differ: Vec<_> = found.iter().zip(expected).filter(|(a, b)| a != b).collect();
    assert!(differ.is_empty(), "{case}: {} cells, the first {:?}", differ.len(), differ[0]);
}

#[test]
fn batches_of_any_size_and_tables_in_any_order_give_the_same_bits() {
    // Statuses and marks have no clock of their own, so they come before what they are about.
    let forward = ["statuses", "feed_marks", "quotes", "trades", "depths", "decisions"];
    let backward = ["statuses", "feed_marks", "decisions", "depths", "trades", "quotes"];
    assert_eq!(forward.len(), EVENTS.len());
    for case in CASES {
        let log = log(case);
        let one = live(begun(case, Options::default()), &log, 1);
        same(case, &live(begun(case, Options::default()), &log, 64), &one);
        for (tables, batch) in [(forward, 1 << 20), (backward, 7), (backward, 64), (forward, 2)] {
            same(case, &sorted(case, Options::default(), &tables, batch), &one);
        }
    }
}

#[test]
fn threads_and_sweeping_every_decision_anew_give_the_same_bits() {
    for case in CASES {
        let log = log(case);
        let one = live(begun(case, Options::default()), &log, 1);
        let options = Options { threads: 4, ..Options::default() };
        let tables = ["statuses", "feed_marks", "decisions", "depths", "trades", "quotes"];
        same(case, &sorted(case, options, &tables, 1 << 20), &one);
        let options = Options { anew: true, ..Options::default() };
        same(case, &live(begun(case, options), &log, 1), &one);
    }
}

/// What `feed_marks` and first rows say of coverage up to a place in the log.
fn coverage_of(case: &str, log: &[RecordBatch]) -> Coverage {
    let mut sweep = begun(case, Options::default());
    for row in log {
        sweep.push_record_batch(0, row).unwrap();
    }
    sweep.coverage().clone()
}

#[test]
fn a_start_one_lookback_before_a_decision_gives_its_bits() {
    for case in CASES {
        let log = log(case);
        let whole = live(begun(case, Options::default()), &log, 1);
        let back = plan().lookback_ns();
        let avail = |row: &RecordBatch| {
            let at = row.schema_ref().index_of("ts_avail").unwrap();
            row.column(at).as_primitive::<TimestampNanosecondType>().value(0)
        };
        let decisions: Vec<usize> =
            (0..log.len()).filter(|at| table(&log[*at]) == "decisions").collect();
        for at in decisions {
            let from = avail(&log[at]) - back;
            let start = log.partition_point(|row| avail(row) < from);
            // Marks and statuses are few and are read whole; ticks from one lookback before.
            let few = |row: &&RecordBatch| matches!(table(row), "statuses" | "feed_marks");
            let before: Vec<RecordBatch> = log[..start].iter().filter(few).cloned().collect();
            let mut part = before;
            part.extend(log[start..at].iter().filter(|r| table(r) != "decisions").cloned());
            part.push(log[at].clone());
            let sweep =
                begun(case, Options::default()).with_coverage(coverage_of(case, &log[..start]));
            let found = live(sweep, &part, 1);
            let id = found[0].0;
            let expected: Bits = whole.iter().filter(|(d, ..)| *d == id).cloned().collect();
            same(case, &found, &expected);
        }
    }
}

#[test]
fn a_decider_who_had_read_less_sees_less() {
    for case in ["btcusdt", "hour"] {
        let log = log(case);
        // The decision says that it had read everything but the last 20 rows before it.
        let with_high = |anew: bool| {
            let options = Options { anew, ..Options::default() };
            let mut sweep = begun(case, options);
            let mut out = Vec::new();
            for (at, row) in log.iter().enumerate() {
                let row = if table(row) == "decisions" {
                    let high = log[at.saturating_sub(20)]
                        .column(0)
                        .as_primitive::<contract::arrow_array::types::UInt64Type>()
                        .value(0);
                    decided_with(row, high)
                } else {
                    row.clone()
                };
                out.extend(sweep.push_record_batch(0, &row).unwrap().rows);
            }
            let (rest, report) = sweep.finish().unwrap();
            out.extend(rest.rows);
            (bits(cells(&out)), report.swept_anew)
        };
        let (quick, few) = with_high(false);
        let (slow, all) = with_high(true);
        same(case, &quick, &slow);
        // An hour of few rows has a grid instant among the last twenty; 75 s of many have not.
        assert!(few < all || case == "hour", "{case}: {few} of {all} decisions were swept anew");
        assert_ne!(quick, live(begun(case, Options::default()), &log, 1));
    }
}

/// The decision with `md_seq_high`.
fn decided_with(row: &RecordBatch, high: u64) -> RecordBatch {
    let at = row.schema_ref().index_of("md_seq_high").unwrap();
    let mut columns = row.columns().to_vec();
    columns[at] = Arc::new(contract::arrow_array::UInt64Array::from(vec![high]));
    RecordBatch::try_new(row.schema(), columns).unwrap()
}

#[test]
fn what_a_decider_peeks_at_is_what_its_decision_gets() {
    for case in CASES {
        let mut sweep = begun(case, Options::default());
        let log = log(case);
        let mut last_seq = 0;
        for row in &log {
            if table(row) != "decisions" {
                sweep.push_record_batch(0, row).unwrap();
                last_seq = row.column(0).as_primitive::<UInt64Type>().value(0);
                continue;
            }
            let decision = Batch::<Decisions>::parse(&decided_with(row, last_seq)).unwrap();
            let Some(id) = decision.cell(&Decisions::INSTRUMENT_ID, 0).unwrap() else { continue };
            let cutoff = decision.ts_event().value(0).min(decision.ts_recv().value(0));
            let peeked = sweep.peek(id.get(), cutoff).unwrap();
            let answered = sweep.push(&decision).unwrap().rows.unwrap();
            for name in answered.feature_names() {
                assert_eq!(peeked.why(0, name), answered.why(0, name), "{case} {name}");
                if let (Some(a), Some(b)) = (peeked.feature(name), answered.feature(name)) {
                    assert_eq!(a.value(0).to_bits(), b.value(0).to_bits(), "{case} {name}");
                }
            }
        }
    }
}

/// Features whose lookback is a few minutes, so that an hour of rows is forgotten many times.
const SHORT: &str = r#"features = [
    "book__ofi_qty__10s", "book__spread_tw_bps__10s", "book__two_sided_share__1m", "book__qi_tw__1m",
    "book__quote_rate_per_s__10s", "book__mid_moves__1m", "flow__n_trades__10s", "flow__signed_vol_qty__1m",
    "flow__sign_autocorr__1m", "flow__max_size_share__1m", "flow__vwap_dev_bps__1m", "liq__eff_spread_bps__1m",
    "liq__roll_bps__1m", "liq__depth_turnover__1m", "price__dist_high__1m", "price__zscore__1m",
    "price__efficiency__1m", "vol__rv__1m", "vol__range_bps__1m",
]"#;

#[test]
fn rows_that_are_forgotten_are_not_missed() {
    let plan = Arc::new(Spec::parse(SHORT).unwrap().resolve(&Catalogue::builtin()).unwrap());
    for case in CASES {
        let log = log(case);
        let swept = |forget_every: usize, arrival: Arrival| {
            let options =
                Options { forget_every, arrival, keep_ns: 1_000_000_000, ..Options::default() };
            live(Sweep::new(Arc::clone(&plan), options), &log, 1)
        };
        let kept = swept(usize::MAX, Arrival::Log);
        assert!(kept.iter().any(|(.., cell)| cell.is_ok()), "{case}");
        for every in [1, 7, 50] {
            same(case, &swept(every, Arrival::Log), &kept);
        }
    }
}
