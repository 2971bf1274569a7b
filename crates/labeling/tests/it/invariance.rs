//! The same rows, however they come.

use crate::truth::desk;
use contract::{Batch, EventTable, Labels, Outcomes, Unlogged};
use labeling::{Inputs, LabelSpec, Labeler, Options, Output, run};

/// Everything of a row that another way to run could change.
type Row = (u16, i64, i64, String, String);

fn outcome_rows(rows: &Batch<Outcomes, Unlogged>, out: &mut Vec<Row>) {
    for row in 0..rows.len() {
        let measures = rows.feature_names().map(|name| cell(rows, name, row)).collect::<Vec<_>>();
        out.push((
            rows.cell(&Outcomes::REVISION, row).unwrap(),
            rows.cell(&Outcomes::TS_END, row).unwrap().nanos(),
            rows.cell(&Outcomes::TS_AVAIL, row).unwrap().nanos(),
            rows.cell(&Outcomes::DECISION_ID, row).unwrap().to_string(),
            format!("{} {}", rows.cell(&Outcomes::INPUTS_HASH, row).unwrap(), measures.join(" ")),
        ));
    }
}

fn cell(rows: &Batch<Outcomes, Unlogged>, name: &str, row: usize) -> String {
    use contract::DynamicColumn as C;
    use contract::arrow_array::Array;
    match rows.dynamic_column(name) {
        Some(C::Number(a)) if a.is_valid(row) => format!("{:x}", a.value(row).to_bits()),
        Some(C::Money(a)) if a.is_valid(row) => a.value(row).to_string(),
        Some(C::Instant(a)) if a.is_valid(row) => a.value(row).to_string(),
        Some(C::Whole(a)) if a.is_valid(row) => a.value(row).to_string(),
        _ => format!("{:?}", rows.why(row, name).unwrap()),
    }
}

fn label_rows(rows: &Batch<Labels, Unlogged>, out: &mut Vec<Row>) {
    for row in 0..rows.len() {
        out.push((
            rows.cell(&Labels::REVISION, row).unwrap(),
            rows.cell(&Labels::TS_END, row).unwrap().nanos(),
            rows.cell(&Labels::TS_AVAIL, row).unwrap().nanos(),
            format!(
                "{} {}",
                rows.cell(&Labels::DECISION_ID, row).unwrap(),
                rows.cell(&Labels::TARGET, row).unwrap()
            ),
            format!(
                "{:?} {:?} {:?} {}",
                rows.cell(&Labels::CLASS, row).unwrap(),
                rows.cell(&Labels::VALUE, row).unwrap().map(f64::to_bits),
                rows.cell(&Labels::CAUSE, row).unwrap(),
                rows.cell(&Labels::INPUTS_HASH, row).unwrap()
            ),
        ));
    }
}

fn take(out: &Output, rows: &mut Vec<Row>) {
    if let Some(batch) = &out.outcomes {
        outcome_rows(batch, rows);
    }
    if let Some(batch) = &out.labels {
        label_rows(batch, rows);
    }
}

fn of<T: EventTable>(
    batches: &[Batch<T>],
    table: usize,
    out: &mut Vec<(u64, usize, usize, usize)>,
) {
    for (nth, batch) in batches.iter().enumerate() {
        let seqs = batch.seq().values().iter().enumerate();
        out.extend(seqs.map(|(row, seq)| (*seq, table, nth, row)));
    }
}

/// Rows of all event tables, one a batch, in the order of the log.
fn one_by_one(inputs: &Inputs, step: usize, mut push: impl FnMut(Any<'_>)) {
    let mut places: Vec<(u64, usize, usize, usize)> = Vec::new();
    of(&inputs.decisions, 0, &mut places);
    of(&inputs.executions, 1, &mut places);
    of(&inputs.quotes, 2, &mut places);
    of(&inputs.statuses, 3, &mut places);
    of(&inputs.postings, 4, &mut places);
    of(&inputs.feed_marks, 5, &mut places);
    places.sort_unstable();
    let mut at = 0;
    while let Some((_, table, nth, row)) = places.get(at).copied() {
        // As many rows as follow each other in one batch, at most so many.
        let follows =
            |k: usize| places.get(at + k).is_some_and(|p| (p.1, p.2, p.3) == (table, nth, row + k));
        let n = (1..step).take_while(|k| follows(*k)).count() + 1;
        match table {
            0 => push(Any::Decisions(&inputs.decisions[nth], row, n)),
            1 => push(Any::Executions(&inputs.executions[nth], row, n)),
            2 => push(Any::Quotes(&inputs.quotes[nth], row, n)),
            3 => push(Any::Statuses(&inputs.statuses[nth], row, n)),
            4 => push(Any::Postings(&inputs.postings[nth], row, n)),
            _ => push(Any::Marks(&inputs.feed_marks[nth], row, n)),
        }
        at += n;
    }
}

enum Any<'a> {
    Decisions(&'a Batch<contract::Decisions>, usize, usize),
    Executions(&'a Batch<contract::Executions>, usize, usize),
    Quotes(&'a Batch<contract::Quotes>, usize, usize),
    Statuses(&'a Batch<contract::Statuses>, usize, usize),
    Postings(&'a Batch<contract::Postings>, usize, usize),
    Marks(&'a Batch<contract::FeedMarks>, usize, usize),
}

fn live(inputs: &Inputs, spec: &LabelSpec, step: usize) -> Vec<Row> {
    let mut labeler = Labeler::new(spec.clone());
    for batch in &inputs.instruments {
        labeler.push(batch).unwrap();
    }
    for batch in &inputs.sessions {
        labeler.push(batch).unwrap();
    }
    for batch in &inputs.adjustments {
        labeler.push(batch).unwrap();
    }
    for batch in &inputs.fee_schedules {
        labeler.push(batch).unwrap();
    }
    let mut rows = Vec::new();
    one_by_one(inputs, step, |any| {
        let out = match any {
            Any::Decisions(b, at, n) => labeler.push(&b.slice(at, n)),
            Any::Executions(b, at, n) => labeler.push(&b.slice(at, n)),
            Any::Quotes(b, at, n) => labeler.push(&b.slice(at, n)),
            Any::Statuses(b, at, n) => labeler.push(&b.slice(at, n)),
            Any::Postings(b, at, n) => labeler.push(&b.slice(at, n)),
            Any::Marks(b, at, n) => labeler.push(&b.slice(at, n)),
        };
        take(&out.unwrap(), &mut rows);
    });
    rows.sort();
    rows
}

#[track_caller]
fn same(found: &[Row], expected: &[Row], what: &str) {
    let missing: Vec<&Row> = expected.iter().filter(|r| found.binary_search(r).is_err()).collect();
    let surplus: Vec<&Row> = found.iter().filter(|r| expected.binary_search(r).is_err()).collect();
    let few = |rows: &[&Row]| format!("{:#?}", rows.iter().take(3).collect::<Vec<_>>());
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{what}: {} missing {}, {} more {}",
        missing.len(),
        few(&missing),
        surplus.len(),
        few(&surplus)
    );
}

#[test]
fn batches_threads_and_live_rows_give_the_same_rows() {
    let (inputs, _) = desk("faults", 5, 18, false);
    let spec = LabelSpec::parse(LabelSpec::default_text()).unwrap();
    let batch = |shards: usize| {
        let run = run(spec.clone(), &inputs, Options { shards }).unwrap();
        let mut rows = Vec::new();
        outcome_rows(run.outcomes.as_ref().unwrap(), &mut rows);
        label_rows(run.labels.as_ref().unwrap(), &mut rows);
        rows.sort();
        rows
    };
    let expected = batch(1);
    assert!(expected.len() > 200, "{}", expected.len());
    assert!(expected.iter().any(|row| row.0 > 0), "no revision");
    for shards in [2, 7] {
        same(&batch(shards), &expected, &format!("{shards} shards"));
    }
    for step in [1, 100] {
        same(&live(&inputs, &spec, step), &expected, &format!("{step} rows a batch"));
    }
}

#[test]
fn rows_that_are_appended_change_a_label_only_by_a_revision_with_a_cause() {
    let spec = LabelSpec::parse(LabelSpec::default_text()).unwrap();
    let rows = |slices: usize| {
        let (inputs, _) = desk("faults", 5, slices, false);
        let run = run(spec.clone(), &inputs, Options::default()).unwrap();
        let mut rows = Vec::new();
        label_rows(run.labels.as_ref().unwrap(), &mut rows);
        rows.sort();
        rows
    };
    let (before, after) = (rows(15), rows(18));
    assert!(!before.is_empty());
    // What was said stays as it was said.
    let kept = before.iter().filter(|row| after.binary_search(row).is_ok()).count();
    assert_eq!(kept, before.len());
    assert!(after.iter().filter(|row| row.0 > 0).all(|row| !row.4.contains("[]")));
}
