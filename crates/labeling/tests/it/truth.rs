//! The engine against what really happened on a simulated desk.

use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{
    Float64Type, Int8Type, Int32Type, Int64Type, TimestampNanosecondType, UInt32Type,
};
use contract::arrow_array::{Array, RecordBatch, StringArray};
use contract::{EventId, LabelStatus, Labels, References, TableBuilder, UtcNanos};
use labeling::{AuditPlan, Inputs, LabelSpec, Options, Run, audit, number, run};
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;

/// What the simulator says of a decision and target.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    id: [u8; 16],
    target: String,
    class: Option<i8>,
    value: Option<f64>,
    entry: Option<i64>,
    exit: Option<i64>,
    side: Option<String>,
    reason: Option<String>,
    instrument: u32,
    ts_end: i64,
}

fn word(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name).unwrap();
    if let Some(text) = column.as_string_opt::<i32>() {
        return text.is_valid(row).then(|| text.value(row).to_owned());
    }
    let words = column.as_dictionary::<Int32Type>();
    let values: &StringArray = words.values().as_string();
    words.key(row).map(|key| values.value(key).to_owned())
}

fn truths(batch: &RecordBatch) -> Vec<Truth> {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let ids = column("decision_id").as_fixed_size_binary();
    let classes = column("class").as_primitive::<Int8Type>();
    let values = column("value").as_primitive::<Float64Type>();
    let whole = |name: &str, row: usize| {
        let array = column(name).as_primitive::<Int64Type>();
        array.is_valid(row).then(|| array.value(row))
    };
    (0..batch.num_rows())
        .map(|row| Truth {
            id: ids.value(row).try_into().unwrap(),
            target: word(batch, "target", row).unwrap(),
            class: classes.is_valid(row).then(|| classes.value(row)),
            value: values.is_valid(row).then(|| values.value(row)),
            entry: whole("entry_px", row),
            exit: whole("exit_px", row),
            side: word(batch, "side", row),
            reason: word(batch, "reason", row),
            instrument: column("instrument_id").as_primitive::<UInt32Type>().value(row),
            ts_end: column("ts_end").as_primitive::<TimestampNanosecondType>().value(row),
        })
        .collect()
}

/// A desk as its log would have it, and the truth about it.
pub(crate) fn desk(preset: &str, seed: u64, slices: usize, is_clean: bool) -> (Inputs, Vec<Truth>) {
    let scenario = Scenario::preset(preset).unwrap();
    let simulation = || {
        let all = Simulation::new(&scenario, seed);
        if is_clean { all.clean() } else { all }
    };
    let mut tables: BTreeMap<&str, Vec<RecordBatch>> = BTreeMap::new();
    let mut truth = Vec::new();
    for slice in simulation().take(slices) {
        for (name, batch) in slice.tables() {
            let is_read =
                ["decisions", "executions", "quotes", "statuses", "postings", "feed_marks"];
            if is_read.contains(&name) {
                tables.entry(name).or_default().push(batch.clone());
            }
        }
        if let Some(batch) = slice.table("truth_labels") {
            truth.extend(truths(batch));
        }
    }
    for (name, batch) in simulation().references().unwrap() {
        if ["instruments", "fee_schedules", "sessions", "adjustments"].contains(&name) {
            tables.entry(name).or_default().push(batch);
        }
    }
    let batches: Vec<RecordBatch> = tables.into_values().flatten().collect();
    let mut inputs = Inputs::default();
    for batch in number(&batches).unwrap() {
        inputs.push(&batch).unwrap();
    }
    (inputs, truth)
}

/// The volatility that the simulator divided by, from its own grade: what a desk's risk model would have given.
fn references(truth: &[Truth], taker_bps: f64, horizon_s: f64) -> contract::Batch<References> {
    let mut rows = TableBuilder::<References>::new(UtcNanos::from_nanos(0));
    for t in truth.iter().filter(|t| t.target == "grade_forward") {
        let (Some(entry), Some(exit), Some(value)) = (t.entry, t.exit, t.value) else { continue };
        let sign = if t.side.as_deref() == Some("buy") { 1.0 } else { -1.0 };
        let net = sign * (exit - entry) as f64 / entry as f64 * 1e4 - 2.0 * taker_bps;
        let sigma = net / (value * horizon_s.sqrt());
        rows.set(&References::DECISION_ID, EventId::from_bytes(t.id))
            .set(&References::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&References::SIGMA_BPS, sigma);
        rows.end_row().unwrap();
    }
    let draft = rows.finish().unwrap();
    contract::Batch::<References>::parse(&draft.into_record_batch()).unwrap()
}

const FORWARD: &str = r#"
id = "forward"
version = 1
measures = { anchor = "decision", path = "executable", horizon = "decision", horizon_default = "10s", max_life = "1h", offsets = [], allowed_lateness = "1s", max_exit_delay = "0ns", sources = [1] }
sigma = { from = "references" }
[fixed_horizon.forward_executable]
covers = { decisions = ["enter", "exit", "increase", "reduce", "reverse", "skip"], basis = ["counterfactual"] }
[triple_barrier.barrier]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["counterfactual"] }
barriers = { profit = "decision", loss = "decision" }
[grades.grade_forward]
covers = { decisions = ["enter", "exit", "increase", "reduce", "reverse", "skip"], basis = ["counterfactual"] }
base = { by = "r_net_sigma", cuts = [-1.5, -0.5, 0.5, 1.5] }
"#;

/// Class, value and status by decision and target.
type Found = BTreeMap<([u8; 16], String), (Option<i8>, Option<f64>, LabelStatus)>;

/// The last revision of every label.
fn labels(run: &Run) -> Found {
    let mut out = BTreeMap::new();
    let mut revisions: BTreeMap<([u8; 16], String), u16> = BTreeMap::new();
    let rows = run.labels.as_ref().unwrap();
    for row in 0..rows.len() {
        let key = (
            *rows.cell(&Labels::DECISION_ID, row).unwrap().as_bytes(),
            rows.cell(&Labels::TARGET, row).unwrap().to_owned(),
        );
        let revision = rows.cell(&Labels::REVISION, row).unwrap();
        if revisions.get(&key).is_some_and(|known| *known > revision) {
            continue;
        }
        revisions.insert(key.clone(), revision);
        let class = rows.cell(&Labels::CLASS, row).unwrap();
        let value = rows.cell(&Labels::VALUE, row).unwrap();
        out.insert(key, (class, value, rows.cell(&Labels::STATUS, row).unwrap()));
    }
    out
}

/// The last price of the exiting side up to an instant: in the order in which the venue made the quotes, as the
/// simulator keeps them, and in the order in which they were received, as a log does.
fn exits(inputs: &Inputs, t: &Truth) -> Option<(i64, i64)> {
    let is_long = t.side.as_deref() == Some("buy");
    let (mut made, mut received) = (None::<(i64, i64)>, None::<(i64, i64)>);
    for batch in &inputs.quotes {
        let column = if is_long { &contract::Quotes::BID_PX } else { &contract::Quotes::ASK_PX };
        let side = batch.col(column);
        for row in 0..batch.len() {
            let (recv, event) = (batch.ts_recv().value(row), batch.ts_event().value(row));
            let is_ours = batch.instrument_id().value(row) == t.instrument
                && batch.source_id().value(row) == 1;
            if !is_ours || recv > t.ts_end || side.is_null(row) {
                continue;
            }
            for (at, last) in [(event, &mut made), (recv, &mut received)] {
                if last.is_none_or(|(known, _)| at >= known) {
                    *last = Some((at, side.value(row)));
                }
            }
        }
    }
    Some((made?.1, received?.1))
}

#[test]
fn without_faults_every_label_is_the_truth() {
    let (mut inputs, truth) = desk("small", 7, 25, true);
    inputs.references.push(references(&truth, 0.3, 10.0));
    let spec = LabelSpec::parse(FORWARD).unwrap_or_else(|error| panic!("{error}"));
    let run = run(spec, &inputs, Options::default()).unwrap();
    let found = labels(&run);
    let (mut same, mut without, mut fees, mut order) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut unexplained = Vec::new();
    for t in truth.iter().filter(|t| t.target != "direction_mid") {
        let Some((class, value, _)) = found.get(&(t.id, t.target.clone())) else { continue };
        let Some(true_class) = t.class else {
            // The simulator gives no class to a window that leaves continuous trading, and says why.
            assert!(t.reason.is_some(), "{t:?}");
            without += 1;
            continue;
        };
        let (a, b) = (t.value.unwrap(), value.unwrap_or(f64::NAN));
        let is_grade = t.target == "grade_forward";
        let is_near = (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        if Some(true_class) == *class && (is_near || is_grade) {
            same += 1;
        } else if is_grade && (a - b).abs() < 1e-4 {
            // The simulator takes both fees on the entry's notional; we take that of the exit on the exit's.
            fees += 1;
        } else if exits(&inputs, t).is_some_and(|(made, received)| made != received) {
            order += 1;
        } else {
            unexplained.push(format!("{t:?}: {class:?} {value:?}"));
        }
    }
    println!("{same} same, {without} without a true class, {fees} by fees, {order} by order");
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert!(same > 3_000, "{same}");
    // What is left when both read the quotes in one order.
    assert!(f64::from(fees) / f64::from(same + fees) < 0.002, "{fees} of {same}");
    assert!(f64::from(order) / f64::from(same + order) < 0.005, "{order} of {same}");
}

#[test]
fn engine_and_audit_agree_on_a_desk_with_faults() {
    let (inputs, _) = desk("faults", 11, 8, false);
    let text = LabelSpec::default_text();
    let spec = LabelSpec::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let book = labeling::RuleBook::of(spec);
    let of = |strategy: &str, cutoff: i64| book.resolve(strategy, cutoff);
    let run = run(book.clone(), &inputs, Options::default()).unwrap();
    let rows = crate::engine::tables(&run);
    let plan = AuditPlan { seed: 3, simple: 40, stratified: 0 };
    let report = audit(&inputs, &of, rows.tables(), plan);
    let shown: Vec<String> =
        report.disagreements.iter().take(40).map(|d| format!("{d:?}")).collect();
    assert!(
        report.disagreements.is_empty(),
        "{} of {:?}\n{}",
        report.disagreements.len(),
        report.decisions,
        shown.join("\n")
    );
}
