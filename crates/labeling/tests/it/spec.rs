//! Rule sets: what they say, what they refuse and where, and what their hashes cover.

use contract::Diagnostic;
use labeling::{LabelSpec, Measure, Overnight, Sigma, TargetKind};

/// The sketch of the design page, whole.
pub(crate) const SKETCH: &str = r#"
id = "intraday"
version = 3
effective_from = "2026-01-01T00:00:00Z"
measures = { anchor = "fills", path = "executable", horizon = "decision", horizon_default = "15m", max_life = "1d", lots = "fifo" }
sigma = { from = "path", window = "30m", step = "10s", min_steps = 60, floor_bps = 0.5 }
[triple_barrier.tb2]
covers = { decisions = ["enter", "increase"], basis = ["realized", "marked"] }
barriers = { profit_sigma = 2, loss_sigma = 1, vertical = "zero" }
[grade]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["realized", "marked"] }
base = { by = "r_net_sigma", cuts = [-1.5, -0.5, 0.5, 1.5] }
max_demotion = 2
demote.deep_drawdown = { when = { mae_sigma = { below = -2 } }, levels = 1 }
demote.overpaid = { when = { is_vs_expected = { above = 2 } }, levels = 1 }
demote.lost_to_benchmark = { when = { rel_net_bps = { below = 0 } }, levels = 1, not_below = "neutral" }
cap.no_profit = { when = { net_pnl = { at_most = 0 } }, to = "neutral" }
floor.made_money = { when = { net_pnl = { above = 0 } }, to = "poor" }
[strategy.mm-btc.grade]
base = { by = "r_net_sigma", cuts = [-1.0, -0.3, 0.3, 1.0] }
"#;

#[test]
fn the_sketch_of_the_design_page_is_read() {
    let spec = LabelSpec::parse(SKETCH).unwrap();
    let set = spec.resolve("momentum");
    assert_eq!((spec.id(), spec.version(), set.version), ("intraday", 3, 3));
    assert_eq!(set.measures.max_life_ns, 86_400_000_000_000);
    assert_eq!(set.measures.overnight, Overnight::Hold);
    let sigma = Sigma::Path {
        window_ns: 1_800_000_000_000,
        step_ns: 10_000_000_000,
        min_steps: 60,
        floor_bps: 0.5,
    };
    assert_eq!(set.measures.sigma, sigma);
    let names: Vec<&str> = set.targets.iter().map(|t| &*t.name).collect();
    assert_eq!(names, ["grade", "tb2"]);
    let TargetKind::Grade(grade) = &set.targets[0].kind else { panic!("no grade") };
    assert_eq!(grade.rules().base.by, Measure::RNetSigma);
    assert_eq!(spec.warnings(), []);
}

#[test]
fn the_default_text_is_a_rule_set_without_warnings() {
    let spec = LabelSpec::parse(LabelSpec::default_text()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(spec.warnings(), []);
}

#[test]
fn every_fault_is_listed_with_its_place() {
    let errors = LabelSpec::parse("id = 3\nmeasures = { max_lif = \"1d\" }").unwrap_err();
    let found: Vec<String> =
        errors.iter().map(|e| format!("{}: {e} ({})", e.place(), e.code())).collect();
    assert_eq!(
        found,
        [
            "line 1, column 1: version: expected a whole number from 1, found none (labeling/missing-key)",
            "line 1, column 6: id: expected a text, found `3` (labeling/malformed-value)",
            "line 2, column 12: measures.max_life: expected a duration, such as `1d`, found none (labeling/missing-key)",
            "line 2, column 14: measures.max_lif: expected no such key (is it `max_life`?) (labeling/unknown-key)",
        ]
    );
}
