//! A batch run: rows by cut-off, order checked, nothing lost.

use contract::testing::{decisions, quotes, trades};
use contract::{Diagnostic, Features};
use features::{
    Catalogue, Declaration, Formula, Inputs, Needs, Null, Options, Plan, Series, Spec, Sweep,
    Window, run,
};

const S: i64 = 1_000_000_000;

fn plan() -> Plan {
    let spec = Spec::parse("features = [\"book__spread_bps__now\", \"flow__n_trades__10s\"]");
    spec.unwrap().resolve(&Catalogue::builtin()).unwrap()
}

/// A quote a second and a trade every two, in one batch a table or cut in pieces of so many rows.
fn inputs(piece: usize) -> Inputs {
    let tape: Vec<String> = (1..=60).map(|s| format!("{} 99 10{}", s * S, s % 9)).collect();
    let prints: Vec<String> = (1..=30).map(|s| format!("{} 1 B", 2 * s * S + 1)).collect();
    let (quotes, trades) =
        (quotes(&tape.join(",")).with_seq(0), trades(&prints.join(",")).with_seq(100));
    let mut inputs = Inputs {
        decisions: vec![decisions(&[20 * S, 31 * S, 31 * S, 61 * S]).with_seq(200)],
        ..Inputs::default()
    };
    inputs.quotes = (0..60).step_by(piece).map(|at| quotes.slice(at, piece)).collect();
    inputs.trades = (0..30).step_by(piece).map(|at| trades.slice(at, piece)).collect();
    inputs
}

#[test]
fn rows_come_by_cutoff_whatever_the_batches() {
    for piece in [60, 7, 1] {
        let out = run(plan(), &inputs(piece), Options::default()).unwrap();
        let rows = out.rows.unwrap();
        assert_eq!(rows.col(&Features::TS_CUTOFF).values(), &[20 * S, 31 * S, 31 * S, 61 * S]);
        assert_eq!(rows.col(&Features::SEQ).values(), &[200, 201, 202, 203]);
        // Trades at 2, 4, .. seconds and a nanosecond: those of [10, 20), [21, 31) and [51, 61).
        let n = rows.feature("flow__n_trades__10s").unwrap();
        assert_eq!(n.values(), &[5.0, 5.0, 5.0, 5.0]);
        assert_eq!((out.report.decisions, out.report.rows, out.rejects.len()), (4, 4, 0));
        assert_eq!(out.report.rows_read["quotes"], 60);
    }
}

#[test]
fn a_table_out_of_order_is_refused() {
    let mut inputs = inputs(10);
    inputs.quotes.swap(1, 2);
    let refused = run(plan(), &inputs, Options::default()).unwrap_err();
    assert_eq!(refused.code(), "features/unsorted-input");
    assert_eq!(
        refused.to_string(),
        "quotes, row 20: expected (ts_avail, seq) after (30000000000, 29), found (11000000000, 10)"
    );
}

#[test]
fn no_decision_gives_no_row_and_no_table_gives_nulls() {
    let empty = run(plan(), &Inputs::default(), Options::default()).unwrap();
    assert!(empty.rows.is_none() && empty.report.rows == 0);
    let alone = Inputs { decisions: vec![decisions(&[5 * S]).with_seq(0)], ..Inputs::default() };
    let rows = run(plan(), &alone, Options::default()).unwrap().rows.unwrap();
    let why = rows.why(0, "book__spread_bps__now").unwrap();
    assert_eq!(why.map(std::num::NonZeroU8::get), Some(features::Null::NoHistory.code()));
}

#[test]
fn a_feature_of_a_user_stands_beside_those_of_the_catalogue() {
    let mut needs = Needs::new();
    let n = needs.own().count(Series::Quotes, Window::Span(10 * S));
    let declaration = Declaration::new("x_desk__n_quotes__10s", "Number of quotes in 10 s.");
    let mine = Formula::new(declaration, needs, move |at| Ok(at.sum(n)? as f64));
    let catalogue = Catalogue::builtin().with(mine).unwrap();
    let spec = "features = [\"book__spread_bps__now\", \"x_desk__n_quotes__10s\"]";
    let plan = Spec::parse(spec).unwrap().resolve(&catalogue).unwrap();
    let rows = run(plan, &inputs(60), Options::default()).unwrap().rows.unwrap();
    assert_eq!(
        rows.feature_names().collect::<Vec<_>>(),
        ["book__spread_bps__now", "x_desk__n_quotes__10s"]
    );
    // Quotes at 10, 11, .. 19 s; at 61 s, those of 51 to 60 s.
    assert_eq!(rows.feature("x_desk__n_quotes__10s").unwrap().values(), &[10.0, 10.0, 10.0, 10.0]);
}

#[test]
fn after_a_restart_an_instrument_that_was_silent_is_stale_whether_or_not_it_speaks_later() {
    let first = run(plan(), &inputs(60), Options::default()).unwrap();
    let reason = |later: &str| {
        let mut sweep =
            Sweep::new(plan(), Options::default()).with_coverage(first.coverage.clone());
        sweep.push(&quotes(later).with_seq(300)).unwrap();
        let out = sweep.push(&decisions(&[500 * S]).with_seq(400)).unwrap();
        let rows = out.rows.or(sweep.finish().unwrap().0.rows).unwrap();
        rows.why(0, "book__spread_bps__now").unwrap().and_then(|code| Null::from_code(code.get()))
    };
    assert_eq!(reason(""), Some(Null::Stale));
    assert_eq!(reason("500000000000 99 101"), Some(Null::Stale));
}
