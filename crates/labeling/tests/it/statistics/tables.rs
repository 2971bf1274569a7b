//! From labels to tables.

use contract::{
    Batch, Draft, EventId, Hash, InstrumentId, LabelKind, LabelStatus, LabelTests, LabelWeights,
    Labels, Side, TableBuilder, Unlogged, UtcNanos,
};
use labeling::{
    DecisionInfo, Path, Period, SignificanceOptions, Verdict, WeightOptions, cells, label_tests,
    label_weights, significance,
};

/// One label of a test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: u8,
    pub(crate) target: &'static str,
    pub(crate) revision: u16,
    pub(crate) status: LabelStatus,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) class: Option<i8>,
    pub(crate) value: Option<f64>,
}

impl Row {
    pub(crate) fn new(id: u8, from: i64, until: i64) -> Self {
        let (target, status) = ("grade", LabelStatus::Final);
        Self { id, target, revision: 0, status, from, until, class: Some(1), value: Some(1.0) }
    }
}

pub(crate) fn id(number: u8) -> EventId {
    EventId::v7(7, [number; 10])
}

pub(crate) fn batch(rows: &[Row]) -> Draft<Labels> {
    let mut table = TableBuilder::<Labels>::new(UtcNanos::from_nanos(0));
    let at = UtcNanos::from_nanos;
    for row in rows {
        table
            .set(&Labels::DECISION_ID, id(row.id))
            .set(&Labels::MEASURES_HASH, Hash::of(b"measures"))
            .set(&Labels::INPUTS_HASH, Hash::of(b"inputs"))
            .set(&Labels::REVISION, row.revision)
            .set(&Labels::STATUS, row.status)
            .set(&Labels::CODE_VERSION, "0.1.0")
            .set(&Labels::TS_CUTOFF, at(row.from))
            .set(&Labels::TS_END, at(row.until))
            .set(&Labels::TS_UNTIL, at(row.until))
            .set(&Labels::TS_LATEST_END, at(row.until))
            .set(&Labels::TS_AVAIL, at(row.until + 5))
            .set(&Labels::CAUSE, [].as_slice())
            .set(&Labels::TARGET, row.target)
            .set(&Labels::KIND, LabelKind::Grade)
            .set(&Labels::RULES_HASH, Hash::of(b"rules"))
            .set(&Labels::RULES_FIRED, [].as_slice())
            .set(&Labels::REASONS, [].as_slice())
            .set(&Labels::LABEL_FLAGS, 0_u32)
            .set(&Labels::CLASS, row.class)
            .set(&Labels::VALUE, row.value);
        table.end_row().unwrap();
    }
    table.finish().unwrap()
}

pub(crate) fn info(number: u8, side: Side) -> DecisionInfo {
    DecisionInfo {
        decision_id: id(number),
        strategy: "momentum".into(),
        version: "3".into(),
        instrument: InstrumentId::new(1),
        side: Some(side),
    }
}

#[test]
fn weights_go_by_target_and_latest_revision() {
    let labels = batch(&[
        Row::new(2, 10, 30),
        Row::new(1, 0, 90), // superseded by its revision
        Row { revision: 1, ..Row::new(1, 0, 20) },
        Row { target: "tb", ..Row::new(1, 0, 40) }, // another target does not overlap
        Row { status: LabelStatus::Void, ..Row::new(3, 0, 30) },
        Row { status: LabelStatus::Indeterminate, class: None, ..Row::new(4, 0, 30) },
    ]);
    let path = Path::try_new(None, &[10, 20, 30]).unwrap().with_returns(&[1.0, 0.5, 0.25]).unwrap();
    let options = WeightOptions { path: Some(&path), oldest: Some(0.0), ..WeightOptions::new() };
    let weights = label_weights(&labels, &options).unwrap();
    let rows: Vec<_> = (0..weights.len())
        .map(|row| {
            (
                weights.cell(&LabelWeights::TARGET, row).unwrap(),
                weights.cell(&LabelWeights::DECISION_ID, row).unwrap(),
                weights.cell(&LabelWeights::REVISION, row).unwrap(),
                weights.cell(&LabelWeights::UNIQUENESS, row).unwrap(),
                weights.cell(&LabelWeights::RETURN_WEIGHT, row).unwrap(),
                weights.cell(&LabelWeights::DECAY_WEIGHT, row).unwrap(),
                weights.cell(&LabelWeights::TS_AVAIL, row).unwrap().nanos(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            // Both live from 10 to 20; at 20 they share 0.5.
            ("grade", id(1), 1, Some(0.75), Some(1.25), Some(0.5), 35),
            ("grade", id(2), 0, Some(0.75), Some(0.5), Some(1.0), 35),
            ("tb", id(1), 0, Some(1.0), Some(1.75), Some(1.0), 45),
        ]
    );
}

#[test]
fn weights_count_overlap_within_the_groups_given() {
    let labels = batch(&[Row::new(1, 0, 20), Row::new(2, 10, 30)]);
    let of = |groups| {
        let options = WeightOptions { groups, ..WeightOptions::new() };
        label_weights(&labels, &options)
            .map(|weights| weights.col(&LabelWeights::UNIQUENESS).value(0))
    };
    assert_eq!(of(None), Ok(0.75));
    assert_eq!(of(Some(&[1, 1])), Ok(0.75));
    assert_eq!(of(Some(&[1, 2])), Ok(1.0));
    let error = of(Some(&[1])).unwrap_err();
    assert_eq!(error.to_string(), "groups: expected 2 rows, found 1");
}

#[test]
fn no_label_gives_an_empty_table() {
    assert_eq!(label_weights(&batch(&[]), &WeightOptions::new()).unwrap().len(), 0);
    assert_eq!(label_tests(&[]).unwrap().len(), 0);
}

fn period(from: i64, to: i64) -> Period {
    Period { from: UtcNanos::from_nanos(from), to: UtcNanos::from_nanos(to) }
}

#[test]
fn cells_are_every_group_in_every_period() {
    let labels = batch(&[Row::new(1, 0, 20), Row::new(2, 99, 130), Row::new(3, 100, 130)]);
    let mut decisions = vec![info(1, Side::Buy), info(2, Side::Buy), info(3, Side::Sell)];
    let periods = [period(0, 100), period(100, 200), period(200, 300)];
    let found = cells(&labels, &decisions, &periods).unwrap();
    let sizes: Vec<usize> = found.iter().map(|cell| cell.labels.len()).collect();
    assert_eq!(sizes, [2, 1, 0]);
    let known: Vec<i64> = found.iter().map(|cell| cell.ts_avail.nanos()).collect();
    assert_eq!(known, [135, 135, 300]);
    assert!(found[0].name.starts_with("momentum@3/grade/1970-01-01T"), "{}", found[0].name);
    assert_eq!(found[1].labels[0].side, Some(Side::Sell));
    decisions.pop();
    let error = cells(&labels, &decisions, &periods).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("labels, row 2: expected a decision that is described, found {}", id(3))
    );
}

#[test]
fn table_has_a_row_a_method_and_a_verdict_a_cell() {
    let rows: Vec<Row> = (0..60_u8)
        .map(|n| Row {
            value: Some(1.0 + f64::from(n % 5)),
            class: Some(i8::from(n % 2 == 0)),
            ..Row::new(n, i64::from(n) * 10, i64::from(n) * 10 + 10)
        })
        .collect();
    let decisions: Vec<_> = (0..60).map(|n| info(n, Side::Buy)).collect();
    let found = cells(&batch(&rows), &decisions, &[period(0, 600), period(600, 700)]).unwrap();
    let options = SignificanceOptions { replicates: 99, ..SignificanceOptions::new(5) };
    let tests = significance(&found, &options).unwrap();
    assert_eq!(tests[0].verdict, Verdict::Positive);
    let table: Batch<LabelTests, Unlogged> = label_tests(&tests).unwrap();
    let words = |row| {
        let method = table.cell(&LabelTests::METHOD, row).unwrap().to_owned();
        (method, table.cell(&LabelTests::VERDICT, row).unwrap().to_owned())
    };
    let all: Vec<(String, String)> = (0..table.len()).map(words).collect();
    let first: Vec<(&str, &str)> =
        all.iter().take(11).map(|(m, v)| (m.as_str(), v.as_str())).collect();
    assert_eq!(
        first,
        [
            ("combined", "positive"),
            ("t_test", "reported"),
            ("stationary_bootstrap", "reported"),
            ("newey_west", "reported"),
            ("placebo_sides", "reported"),
            ("class_balance", "reported"),
            ("class_share:-2", "reported"),
            ("class_share:-1", "reported"),
            ("class_share:0", "reported"),
            ("class_share:1", "reported"),
            ("class_share:2", "reported"),
        ]
    );
    // The second cell is empty, and its rows are there.
    assert_eq!(table.len(), 11 + 6);
    assert_eq!(all[11], ("combined".to_owned(), "insufficient".to_owned()));
    assert_eq!(table.cell(&LabelTests::N, 0).unwrap(), 60);
    assert_eq!(table.cell(&LabelTests::N_EFF, 0).unwrap(), Some(60.0));
    assert_eq!(table.cell(&LabelTests::EFFECT, 0).unwrap(), Some(3.0));
    assert_eq!(table.cell(&LabelTests::Q_VALUE, 1).unwrap(), None);
    assert_eq!(table.cell(&LabelTests::SEED, 0).unwrap(), 5);
    assert_eq!(table.cell(&LabelTests::TS_AVAIL, 0).unwrap().nanos(), 700);
}
