//! What a profile refuses, and in which words.

use super::{bytes_of, floats, state_of, table};
use contract::arrow_array::{Decimal128Array, Int64Array, StringArray};
use contract::{Diagnostic, Fault};
use quality::{ProfileError, ProfileOptions, ProfileState, exact_quantiles};
use std::sync::Arc;

fn named(name: &str) -> ProfileOptions {
    let mut options = ProfileOptions::default();
    options.table = Some(name.into());
    options
}

#[test]
fn a_batch_of_other_columns_is_refused_and_adds_nothing() {
    let x = || floats(vec![Some(1.0)]);
    let text = || Arc::new(StringArray::from(vec!["a"]));
    let mut state = state_of(&table(vec![("x", x()), ("side", text())]), &named("trades"));
    let before = bytes_of(&state);
    for (batch, said) in [
        (
            table(vec![("x", text()), ("side", text())]),
            "trades.x: expected `x` of type `Float64`, found `x` of type `Utf8`",
        ),
        (
            table(vec![("y", x()), ("side", text())]),
            "trades.x: expected `x` of type `Float64`, found `y` of type `Float64`",
        ),
        (
            table(vec![("x", x())]),
            "trades.side: expected `side` of type `Utf8`, found no further column",
        ),
        (
            table(vec![("x", x()), ("side", text()), ("z", x())]),
            "trades.z: expected no further column, found `z` of type `Float64`",
        ),
    ] {
        let error = state.observe(&batch).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert_eq!((error.code(), error.fault()), ("quality/profile-column", Fault::Input));
        let other = state_of(&batch, &named("trades"));
        assert_eq!(state.merge(&other).unwrap_err().to_string(), said);
        assert_eq!(bytes_of(&state), before);
    }
}

#[test]
fn profiles_of_other_tables_or_origins_do_not_merge() {
    let batch = table(vec![("x", floats(vec![Some(1.0)]))]);
    let mut state = state_of(&batch, &named("trades"));
    let error = state.merge(&state_of(&batch, &named("quotes"))).unwrap_err();
    assert_eq!(error.to_string(), "trades: expected profiles made with the same table");
    let error = state.merge(&state_of(&batch, &named("trades").with_origin("x", 2.0))).unwrap_err();
    assert_eq!(error.to_string(), "trades: expected profiles made with the same origins");
    assert_eq!(error.code(), "quality/profile-options");
}

#[test]
fn an_origin_is_finite_and_of_a_column_with_numbers() {
    let text = Arc::new(StringArray::from(vec!["a"]));
    let batch = table(vec![("x", floats(vec![Some(1.0)])), ("side", text)]);
    for (column, origin) in [("y", 1.0), ("side", 1.0), ("x", f64::INFINITY)] {
        let options = ProfileOptions::default().with_origin(column, origin);
        let error = ProfileState::try_new(&batch.schema(), &options).unwrap_err();
        assert_eq!(error.code(), "quality/profile-origin", "{column}");
    }
}

#[test]
fn exact_quantiles_refuse_shares_and_more_rows_than_declared() {
    assert_eq!(exact_quantiles(&[1.0], &[95.0]), Err(ProfileError::Share(95.0)));
    assert_eq!(exact_quantiles(&[1.0], &[f64::NAN]).unwrap_err().code(), "quality/quantile-share");
    let error = exact_quantiles(&vec![0.0; 4_194_305], &[0.5]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected at most 4194304 values for exact quantiles, found 4194305"
    );
}

#[test]
fn a_sum_that_leaves_its_range_is_an_error() {
    // Two restored states whose sums are just below 2^127 and 2^255.
    let whole = table(vec![("x", Arc::new(Int64Array::from(vec![1])))]);
    let decimal = Decimal128Array::from(vec![1]).with_precision_and_scale(38, 0).unwrap();
    let decimal = table(vec![("x", Arc::new(decimal))]);
    let most = i64::MAX;
    for (batch, one, edge) in [
        (whole, "\"sum\":[1,0]", format!("\"sum\":[{},{most}]", u64::MAX)),
        (decimal, "\"sum\":[1,0,0,0]", format!("\"sum\":[{0},{0},{0},{most}]", u64::MAX)),
    ] {
        let state = state_of(&batch, &named("books"));
        let text = bytes_of(&state);
        assert!(text.contains(one), "{text}");
        let mut full: ProfileState = serde_json::from_str(&text.replace(one, &edge)).unwrap();
        let said = "books.x: expected an exact sum in range, found an overflow";
        assert_eq!(full.clone().merge(&state).unwrap_err().to_string(), said);
        let error = full.observe(&batch).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.code()), (said, "quality/profile-overflow"));
    }
}

#[test]
fn damaged_states_are_refused() {
    let state = state_of(&table(vec![("x", floats(vec![Some(1.0)]))]), &named("t"));
    let text = bytes_of(&state);
    // The bucket of 1.0 is 1023 * 128, its limb 1088 / 32.
    for (good, bad) in [
        ("[130944,1]", "[524288,1]"),
        ("\"first\":34,\"limbs\":[1]", "\"first\":34,\"limbs\":[-1]"),
        ("\"first\":34,\"limbs\":[1]", "\"first\":72,\"limbs\":[1]"),
        ("\"rows\":", "\"rowz\":"),
    ] {
        assert!(text.contains(good), "{text}");
        let found = serde_json::from_str::<ProfileState>(&text.replacen(good, bad, 1));
        assert!(found.is_err(), "{bad}");
    }
    assert_eq!(bytes_of(&serde_json::from_str(&text).unwrap()), text);
}

#[test]
fn every_code_is_explained() {
    let errors = [
        "quality/profile-column",
        "quality/profile-options",
        "quality/profile-origin",
        "quality/profile-overflow",
        "quality/profile-sketch",
        "quality/quantile-rows",
        "quality/quantile-share",
    ];
    for code in errors {
        assert!(quality::ERRORS.contains(&format!("\n## {code}\n")), "{code}");
    }
}
