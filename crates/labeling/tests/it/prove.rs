//! The proof at load sees a broken evaluator, and what is odd about rules.

use crate::grade::grade_of;
use crate::spec::SKETCH;
use contract::Diagnostic;
use labeling::{LabelSpec, prove, prove_with};

#[test]
fn the_sketch_is_proven_cell_by_cell() {
    let proof = prove(&grade_of(SKETCH, "a")).unwrap();
    // 4 cuts on r_net_sigma, one limit on each of net_pnl, mae_sigma, is_vs_expected, rel_net_bps: 9 x 3^4.
    assert_eq!((proof.cells, proof.warnings.len()), (729, 0));
}

#[test]
fn an_evaluator_broken_by_hand_is_caught_and_both_cells_are_named() {
    let grade = grade_of(SKETCH, "a");
    // Axes in the order of the table: net_pnl, r_net_sigma, mae_sigma, is_vs_expected, rel_net_bps. A demotion that
    // looks only at good outcomes by a condition on the base would take from the best more than one level.
    let names: Vec<&str> = grade.axes().iter().map(|axis| axis.measure().name()).collect();
    assert_eq!(names, ["net_pnl", "r_net_sigma", "mae_sigma", "is_vs_expected", "rel_net_bps"]);
    let broken = |cells: &[usize]| {
        let class = grade.class_at(cells);
        if cells == [2, 8, 2, 2, 2] { class - 2 } else { class }
    };
    let error = prove_with(&grade, broken).unwrap_err();
    assert_eq!(error.code(), "labeling/not-monotone");
    // The first cell in order from which a step leads to the broken one: the step of net_pnl from 0, where the cap
    // holds the class at 0, does not fall; that of r_net_sigma from the cut 1.5 falls from 2 to 0.
    assert_eq!(
        error.to_string(),
        "expected no lower class for a better `r_net_sigma`, found class 0 at (net_pnl > 0, r_net_sigma > 1.5, \
         mae_sigma > -2, is_vs_expected < 2, rel_net_bps > 0) and 2 at (net_pnl > 0, r_net_sigma = 1.5, mae_sigma > \
         -2, is_vs_expected < 2, rel_net_bps > 0)"
    );
}

#[test]
fn odd_rules_are_warned_of() {
    let text = r#"
        id = "odd"
        version = 1
        measures = { max_life = "1d" }
        [grade]
        base = { by = "net_pnl", cuts = [-2, -1, 1, 2] }
        demote.never = { when = { net_pnl = { below = -2 } }, levels = 1 }
        cap.first = { when = { mae_bps = { below = -10 } }, to = "good" }
        cap.second = { when = { mae_bps = { below = -10 } }, to = "good" }
        cap.gain = { when = { mae_bps = { at_most = 0 } }, to = "neutral" }
        floor.gain = { when = { mfe_bps = { at_least = 5 } }, to = "good" }
    "#;
    let warnings: Vec<String> =
        LabelSpec::parse(text).unwrap().warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "grade.cap.second: changes the class of no outcome",
            "grade.demote.never: changes the class of no outcome",
            "grade.floor.gain: `cap.gain` is lower and wins where both hold (net_pnl < -2, mae_bps < -10, mfe_bps = 5)",
            "grade.cap.first: has the same limits as `cap.second`",
        ]
    );
}
