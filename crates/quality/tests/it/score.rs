//! The score, worked out by hand, and the laws that it keeps.
#![expect(
    clippy::float_cmp,
    reason = "scores are rounded to six decimals, so equal ones have equal bits"
)]

use crate::support::{quotes, rules};
use contract::QualityMode;
use proptest::prelude::*;
use quality::{Context, Dimension, Report, RuleSet, TableState, Verdict};

const TWO: &str = "
[[check]]
id = \"crossed\"
kind = \"crossed\"
[[check]]
id = \"bid\"
kind = \"null_rate\"
column = \"bid_px\"
";

fn report(rules: &RuleSet, rows: &str) -> Report {
    let context = Context::new();
    let mut state = TableState::new(rules, QualityMode::Final);
    state.observe(&quotes(rows), &context).unwrap();
    state.finish(&context)
}

#[test]
fn a_table_without_fault_has_the_full_score() {
    let found = report(&rules("quotes", TWO), "1 2, 1 2").score();
    assert_eq!((found.score, found.coverage), (100.0, 1.0));
    // Wilson at one-sided 95 %, no hit in n = 2: z^2/(n + z^2) = 2.705543 / 4.705543 = 0.574969.
    // crossed: 1 - 0.574969; null_rate (Warn, weight .25): 1 - 0.143742. Weights .2 and .2, so each is one half.
    // 100 * sqrt(0.425031 * 0.856258) = 60.3273.
    assert!((found.score_low - 60.3273).abs() < 1e-3, "{}", found.score_low);
}

#[test]
fn the_score_is_the_weighted_geometric_mean_of_its_dimensions() {
    // crossed 1 of 4 two-sided rows: 1 - 0.25; nulls 1 of 5 at .25: 1 - 0.05. sqrt(0.75 * 0.95) = 0.844097.
    // A failing Error check caps it at 79.
    let found = report(&rules("quotes", TWO), "1 2, 2 1, 1 2, 1 2, - 2");
    assert_eq!(found.score().score, 79.0);
    assert_eq!(found.dimension(Dimension::Consistency), Some(0.75));
    assert_eq!(found.dimension(Dimension::Completeness), Some(0.95));
    assert_eq!(found.dimension(Dimension::Accuracy), None);
    let warn = TWO.replace("kind = \"crossed\"", "kind = \"crossed\"\nseverity = \"warn\"");
    // As a Warn it counts a quarter and does not cap: sqrt((1 - 0.0625) * 0.95) = 0.943729.
    let found = report(&rules("quotes", &warn), "1 2, 2 1, 1 2, 1 2, - 2").score();
    assert!((found.score - 94.372_930_44).abs() < 1e-6, "{}", found.score);
}

#[test]
fn what_is_normal_for_a_source_costs_nothing_and_does_not_fail() {
    let body = "[[check]]\nid = \"crossed\"\nkind = \"crossed\"\nmax_rates = { 1 = 0.5 }";
    let found = report(&rules("quotes", body), "2 1, 1 2, 1 2");
    assert_eq!(found.findings()[0].verdict(), &Verdict::Pass);
    assert_eq!(found.score().score, 100.0);
    let found = report(&rules("quotes", body), "2 1, 2 1, 1 2"); // 2 - 1.5 of 3 are too many
    assert_eq!(found.findings()[0].verdict(), &Verdict::Fail);
    assert_eq!(found.dimension(Dimension::Consistency), Some(1.0 - 0.5 / 3.0));
}

#[test]
fn a_check_that_did_not_run_lowers_coverage_and_never_passes() {
    let body =
        format!("{TWO}[[check]]\nid = \"absent\"\nkind = \"null_rate\"\ncolumn = \"x_mine\"");
    let found = report(&rules("quotes", &body), "1 2, 1 2");
    assert_eq!(found.findings()[2].verdict().to_string(), "not_evaluated (no column `x_mine`)");
    // completeness 1 of 2 and consistency 1 of 1, both .2: 0.75.
    assert_eq!(found.score().coverage, 0.75);
    assert_eq!(found.misses(&found.rules().gate()).len(), 2); // coverage, and score_low of two rows
}

#[test]
fn an_empty_table_is_not_applicable_and_has_no_score() {
    let found = report(&rules("quotes", TWO), "");
    assert_eq!(found.findings()[0].verdict(), &Verdict::NotApplicable);
    assert_eq!((found.rows(), found.score().score), (0, 0.0));
}

/// A quote of small prices, an empty bid among them.
fn rows() -> impl Strategy<Value = Vec<(Option<u8>, u8)>> {
    prop::collection::vec((prop::option::weighted(0.9, 1_u8..5), 1_u8..5), 1..40)
}

fn text(rows: &[(Option<u8>, u8)]) -> String {
    let row = |(bid, ask): &(Option<u8>, u8)| {
        format!("{} {ask}", bid.map_or("-".to_owned(), |b| b.to_string()))
    };
    rows.iter().map(row).collect::<Vec<_>>().join(",")
}

proptest! {
    #[test]
    fn breaking_one_more_row_never_raises_a_score(rows in rows(), at in any::<prop::sample::Index>()) {
        let rules = rules("quotes", TWO);
        let before = report(&rules, &text(&rows)).score();
        let mut worse = rows.clone();
        worse[at.index(rows.len())] = (Some(9), 1);
        // A row that had no bid was a violation of another rule: only a row that kept all rules counts.
        let kept = rows[at.index(rows.len())];
        prop_assume!(kept.0.is_some_and(|bid| bid <= kept.1));
        let after = report(&rules, &text(&worse)).score();
        prop_assert!(after.score <= before.score && after.score_low <= before.score_low);
    }

    #[test]
    fn bounds_hold_and_order_of_rows_does_not_matter(rows in rows(), turn in any::<prop::sample::Index>()) {
        let rules = rules("quotes", TWO);
        let found = report(&rules, &text(&rows)).score();
        prop_assert!(0.0 <= found.score_low && found.score_low <= found.score && found.score <= 100.0);
        let mut turned = rows.clone();
        turned.rotate_left(turn.index(rows.len()));
        prop_assert_eq!(report(&rules, &text(&turned)).score(), found);
    }
}
