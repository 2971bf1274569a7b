//! Differences of rule sets, and what they would change in stored labels.

use crate::grade::{grade_of, readings};
use crate::outcomes::{Row, batch, id};
use crate::spec::SKETCH;
use contract::{DecisionAction, Diagnostic, Fault, LabelStatus, OutcomeBasis};
use labeling::{DryRunOptions, Example, LabelSpec, RowCounts, diff, dry_run};

fn spec(text: &str) -> LabelSpec {
    LabelSpec::parse(text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn changes_name_their_path_and_whom_they_reach() {
    let text = SKETCH
        .replace("version = 3", "version = 4")
        .replace("cuts = [-1.5, -0.5, 0.5, 1.5]", "cuts = [-1.5, -0.5, 0.5, 1.6]")
        .replace("cap.no_profit", "cap.no_gain");
    let diff = diff(&spec(SKETCH), &spec(&text));
    assert!(!diff.needs_path);
    let found: Vec<String> = diff
        .changes
        .iter()
        .map(|c| format!("{c} ({}, {})", c.reaches_others, c.strategies.join(" ")))
        .collect();
    assert_eq!(
        found,
        [
            "targets.grade.base.cuts: [\"-1.5\",\"-0.5\",\"0.5\",\"1.5\"] -> [\"-1.5\",\"-0.5\",\"0.5\",\"1.6\"] (true, )",
            "targets.grade.cap.no_gain.to: none -> neutral (true, mm-btc)",
            "targets.grade.cap.no_gain.when.net_pnl.at_most: none -> 0 (true, mm-btc)",
            "targets.grade.cap.no_profit.to: neutral -> none (true, mm-btc)",
            "targets.grade.cap.no_profit.when.net_pnl.at_most: 0 -> none (true, mm-btc)",
            "version: 3 -> 4 (true, mm-btc)",
        ]
    );
}

#[test]
fn a_change_of_measures_needs_the_path() {
    let text = SKETCH.replace("max_life = \"1d\"", "max_life = \"2d\"");
    let diff = diff(&spec(SKETCH), &spec(&text));
    assert!(diff.needs_path);
    assert_eq!(
        diff.changes[0].to_string(),
        "measures.max_life_ns: 86400000000000 -> 172800000000000"
    );
}

/// Five outcomes that the top cut of 1.5 or 1.9 tells apart, and some that do not count.
fn rows() -> Vec<Row> {
    let rest = "mae_sigma -1, is_vs_expected 1, rel_net_bps 1, net_pnl 1";
    let row = |id, strategy, sigma: &str| {
        Row::new(id, strategy, readings(&format!("r_net_sigma {sigma}, {rest}")))
    };
    let mut rows = vec![
        row(1, "a", "1.6"),           // excellent, then good
        row(2, "a", "2"),             // excellent
        row(3, "b", "1.5"),           // excellent, then good
        row(4, "b", "0"),             // neutral
        row(5, "b", "1.4..GAP..1.7"), // none, then good
        row(6, "mm-btc", "1.6"),      // has its own cuts
        row(7, "a", "1.6"),           // withdrawn
        row(8, "a", "1.6"),           // not covered
        row(9, "a", "1.6"),           // revised: neutral
        row(9, "a", "0"),
    ];
    rows[6].status = LabelStatus::Void;
    rows[7].basis = OutcomeBasis::Counterfactual;
    rows[9].revision = 1;
    rows
}

#[test]
fn a_dry_run_counts_what_changes() {
    let (old, new) = (spec(SKETCH), spec(&SKETCH.replace("0.5, 1.5]", "0.5, 1.9]")));
    let outcomes = [batch(&rows(), old.base().measures_hash)];
    let options = DryRunOptions { examples: 2, ..DryRunOptions::default() };
    let run = dry_run(&old, &new, &outcomes, &options).unwrap();
    let counts = RowCounts { graded: 7, not_covered: 1, superseded: 1, void: 1, other_measures: 0 };
    assert_eq!(run.rows, counts);
    assert_eq!((run.overall.rows(), run.overall.changed()), (7, 3));
    assert_eq!(run.overall.before(), [0, 0, 2, 0, 4, 1]);
    assert_eq!(run.overall.after(), [0, 0, 2, 3, 2, 0]);
    assert_eq!(run.overall.0[4], [0, 0, 0, 2, 2, 0]);
    let changed: Vec<(&str, u64)> =
        run.by_strategy.iter().map(|(name, t)| (name.as_str(), t.changed())).collect();
    assert_eq!(changed, [("a", 1), ("b", 2), ("mm-btc", 0)]);
    let example = |n, strategy: &str| Example {
        decision_id: id(n),
        strategy: strategy.to_owned(),
        before: Some(2),
        after: Some(1),
    };
    assert_eq!(run.examples, [example(1, "a"), example(3, "b")]);
    assert_eq!(run.gate(0.5), Ok(()));
    let error = run.gate(0.4).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("labeling/changed-too-much", Fault::Gate));
}

#[test]
fn a_dry_run_is_the_difference_of_two_full_runs() {
    let text = SKETCH.replace("0.5, 1.5]", "0.5, 1.9]");
    let (old, new) = (spec(SKETCH), spec(&text));
    let rows: Vec<Row> = rows().into_iter().take(6).collect();
    let outcomes = [batch(&rows, old.base().measures_hash)];
    let run = dry_run(&old, &new, &outcomes, &DryRunOptions::default()).unwrap();
    let full = |text: &str| -> Vec<Option<i8>> {
        rows.iter().map(|row| grade_of(text, row.strategy).grade(&row.readings).class).collect()
    };
    let changed = full(SKETCH).iter().zip(&full(&text)).filter(|(a, b)| a != b).count();
    assert_eq!(run.overall.changed(), changed as u64);
    assert_eq!(run.examples.len(), changed);
}

#[test]
fn decisions_that_the_target_does_not_speak_of_are_left_out_where_they_are_known() {
    let (old, new) = (spec(SKETCH), spec(&SKETCH.replace("0.5, 1.5]", "0.5, 1.9]")));
    let outcomes = [batch(&rows()[..2], old.base().measures_hash)];
    let actions = [(id(1), DecisionAction::Hold)].into_iter().collect();
    let options = DryRunOptions { actions, ..DryRunOptions::default() };
    let run = dry_run(&old, &new, &outcomes, &options).unwrap();
    assert_eq!((run.rows.graded, run.rows.not_covered), (1, 1));
}

#[test]
fn outcomes_of_other_measures_are_not_graded() {
    let (old, new) =
        (spec(SKETCH), spec(&SKETCH.replace("max_life = \"1d\"", "max_life = \"2d\"")));
    let outcomes = [batch(&rows()[..2], old.base().measures_hash)];
    let options = DryRunOptions::default();
    let error = dry_run(&old, &new, &outcomes, &options).unwrap_err();
    assert_eq!(error.code(), "labeling/other-measures");
    let outcomes = [batch(&rows()[..2], new.base().measures_hash)];
    let run = dry_run(&old, &old, &outcomes, &options).unwrap();
    assert_eq!((run.rows.graded, run.rows.other_measures), (0, 2));
}
