//! Input that cannot be used comes back with a reason, or stops the sweep with a typed error; nothing is lost.

use contract::arrow_array::RecordBatch;
use contract::testing::{decisions, quotes, trades};
use contract::{Batch, Diagnostic, Quotes, Table, table};
use features::{Arrival, Catalogue, MarketTable, Null, Options, Spec, Sweep};

fn sweep(features: &str, arrival: Arrival) -> Sweep {
    let spec = Spec::parse(&format!("features = [{features}]")).unwrap();
    let plan = spec.resolve(&Catalogue::builtin()).unwrap();
    Sweep::new(plan, Options { arrival, ..Options::default() })
}

const SPREAD: &str = "\"book__spread_bps__now\"";

#[test]
fn a_row_behind_the_log_clock_is_late() {
    let mut sweep = sweep(SPREAD, Arrival::Log);
    sweep.push(&quotes("200 99 101").with_seq(0)).unwrap();
    let out = sweep.push(&quotes("100 98 102").with_seq(1)).unwrap();
    assert_eq!(
        out.rejects[0].to_string(),
        "quotes, row 1: quotes.ts_avail: expected 200 or later, found `100` (features/late-row)"
    );
    let (_, report) = sweep.finish().unwrap();
    assert_eq!((report.late, report.rows_read["quotes"]), (1, 2));
}

#[test]
fn rows_out_of_order_stop_a_sorted_sweep() {
    let mut sweep = sweep(SPREAD, Arrival::Sorted);
    let error = sweep.push(&quotes("200 99 101, 100 98 102").with_seq(0)).unwrap_err();
    assert_eq!(error.code(), "features/unsorted-input");
    assert_eq!(
        error.to_string(),
        "quotes, row 1: expected (ts_avail, seq) after (200, 0), found (100, 1)"
    );
}

#[test]
fn sizes_that_vanish_or_overflow_are_rejects_and_the_other_rows_go_on() {
    let mut sweep = sweep("\"flow__n_trades__1s\"", Arrival::Log);
    let tape = "1 1e-12 B, 2 1e15 B, 3 1e12 B, 4 0.1 A";
    let out = sweep.push(&trades(tape).with_seq(0)).unwrap();
    let found: Vec<String> = out.rejects.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "trades, row 0: trades.size: expected a size of 0, or from 1e-9 to 1e14, found \
             `0.000000000001` (features/unusable-size)",
            "trades, row 1: trades.size: expected a size of 0, or from 1e-9 to 1e14, found \
             `1000000000000000` (features/unusable-size)",
        ]
    );
    let (_, report) = sweep.finish().unwrap();
    assert_eq!((report.rejected, report.rows_read["trades"]), (2, 4));
}

#[test]
fn values_that_could_not_be_summed_are_rejects() {
    let mut sweep = sweep("\"flow__n_trades__1s\"", Arrival::Log);
    // 1e9 x 1e14 is more than 8.5e19 of currency.
    let out = sweep.push(&trades("1 1e14 B 1000000000, 2 1 B 100").with_seq(0)).unwrap();
    assert_eq!(out.rejects.len(), 1);
    assert_eq!(out.rejects[0].code, "features/overflow");
}

#[test]
fn a_table_that_knows_the_future_is_refused() {
    let mut sweep = sweep(SPREAD, Arrival::Log);
    let labels =
        RecordBatch::new_empty(std::sync::Arc::new(table("labels").unwrap().schema(false)));
    let error = sweep.push_record_batch(0, &labels).unwrap_err();
    assert_eq!(error.code(), "features/hindsight-input");
    let bars =
        RecordBatch::new_empty(std::sync::Arc::new(table("executions").unwrap().schema(true)));
    let error = sweep.push_record_batch(0, &bars).unwrap_err();
    assert_eq!(error.code(), "features/unexpected-table");
}

#[test]
fn a_column_that_knows_the_future_is_refused() {
    let rows = quotes("100 99 101").with_seq(0).into_record_batch();
    let fields: Vec<_> = rows
        .schema()
        .fields()
        .iter()
        .map(|f| {
            let marked = [(meta_causality(), "hindsight".to_owned())].into_iter().collect();
            if f.name() == "bid_ct" {
                f.as_ref().clone().with_metadata(marked)
            } else {
                f.as_ref().clone()
            }
        })
        .collect();
    let schema =
        contract::arrow_schema::Schema::new_with_metadata(fields, rows.schema().metadata().clone());
    let rows = RecordBatch::try_new(std::sync::Arc::new(schema), rows.columns().to_vec()).unwrap();
    let error = sweep(SPREAD, Arrival::Log).push_record_batch(0, &rows).unwrap_err();
    assert_eq!(
        error.to_string(),
        "quotes.bid_ct: expected a causal input, found one marked `hindsight`"
    );
}

fn meta_causality() -> String {
    contract::meta::CAUSALITY.to_owned()
}

#[test]
fn every_decision_gets_its_row_also_an_unknown_or_missing_instrument_and_equal_instants() {
    let mut sweep = sweep(SPREAD, Arrival::Log);
    sweep.push(&quotes("100 99 101").with_seq(0)).unwrap();
    let out = sweep.push(&decisions(&[200, 200, 200]).with_seq(1)).unwrap();
    assert_eq!(out.rows.unwrap().len(), 3);
    let (_, report) = sweep.finish().unwrap();
    assert_eq!((report.decisions, report.rows), (3, 3));
}

#[test]
fn a_decision_long_after_its_cutoff_is_a_reject_and_counted() {
    let plan = Spec::parse(&format!("features = [{SPREAD}]")).unwrap();
    let plan = plan.resolve(&Catalogue::builtin()).unwrap();
    let mut sweep = Sweep::new(plan, Options { keep_ns: 50, ..Options::default() });
    sweep.push(&quotes("100 99 101, 900 99 101").with_seq(0)).unwrap();
    let late = decisions(&[100]).into_record_batch();
    // Decided at 100, received and available at 900.
    let columns = late
        .schema()
        .fields()
        .iter()
        .zip(late.columns())
        .map(|(f, c)| {
            if f.name() == "ts_avail" || f.name() == "ts_recv" {
                let at = contract::arrow_array::TimestampNanosecondArray::from(vec![900]);
                std::sync::Arc::new(at.with_timezone("UTC")) as contract::arrow_array::ArrayRef
            } else {
                c.clone()
            }
        })
        .collect();
    let late = RecordBatch::try_new(late.schema(), columns).unwrap();
    let late = contract::Draft::<contract::Decisions>::parse(&late).unwrap().with_seq(2);
    let out = sweep.push(&late).unwrap();
    assert!(out.rows.is_none());
    assert_eq!(out.rejects[0].code, "features/late-decision");
    let (_, report) = sweep.finish().unwrap();
    assert_eq!((report.decisions, report.rows, report.rejected), (1, 0, 1));
}

#[test]
fn one_sided_and_crossed_quotes_say_why() {
    for (tape, expected) in [
        ("100 99 -", Null::NullInput),
        ("100 102 101", Null::OutOfDomain),
        ("100 -5 2", Null::OutOfDomain), // a mid below 0 has no relative spread
    ] {
        let mut sweep = sweep(SPREAD, Arrival::Log);
        sweep.push(&quotes(tape).with_seq(0)).unwrap();
        let rows = sweep.push(&decisions(&[200]).with_seq(1)).unwrap().rows.unwrap();
        let why = rows.why(0, "book__spread_bps__now").unwrap().map(std::num::NonZeroU8::get);
        assert_eq!(why, Some(expected.code()), "{tape}");
    }
}

#[test]
fn a_batch_of_another_log_than_announced_is_refused() {
    let mut sweep = sweep(SPREAD, Arrival::Log);
    let batch: Batch<Quotes> = quotes("100 99 101").with_seq(0);
    let error = sweep.push_from(1, &batch).unwrap_err();
    assert_eq!(error.to_string(), "expected a log below 1, found `1`");
    assert_eq!(MarketTable::Quotes.name(), Quotes::SPEC.name);
}

#[test]
fn mistyped_features_name_the_nearest_and_where_they_stand() {
    let text = "features = [\n  \"book__spread_bps__now\",\n  \"book__ofi_qyt__10s\",\n]";
    let error = Spec::parse(text).unwrap().resolve(&Catalogue::builtin()).unwrap_err();
    assert_eq!(error.code(), "features/unknown-feature");
    assert_eq!(error.to_string(), "no feature `book__ofi_qyt__10s`");
    assert_eq!(error.place().map(|p| (p.line, p.column)), Some((3, 3)));
    assert!(error.help().unwrap().starts_with("use `book__ofi_qty__10s`"), "{:?}", error.help());
}

#[test]
fn impossible_requests_say_what_is_possible() {
    for (features, code, message) in [
        (
            "\"book__spread_bps__5m\"",
            "features/impossible-window",
            "feature `book__spread_bps__5m`: expected `now`",
        ),
        (
            "\"cross__beta_mkt__g300x1s\"",
            "features/unknown-role",
            "feature `cross__beta_mkt__g300x1s`: expected a role of the list `roles`, found `mkt`",
        ),
        (
            "\"book__sweep_buy_bps_q1__now\"",
            "features/missing-size",
            "feature `book__sweep_buy_bps_q1__now`: expected its size in the list `sizes`, found 0 of them",
        ),
        (
            "\"book__qi__now\", \"book__qi__now\"",
            "features/duplicate-feature",
            "feature `book__qi__now`: expected it once, found it again",
        ),
        ("", "features/empty-spec", "features: expected at least one, found none"),
    ] {
        let spec = Spec::parse(&format!("features = [{features}]")).unwrap();
        let error = spec.resolve(&Catalogue::builtin()).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    }
}
