//! Measures and targets as words, so that a failing case can be read, cut down and run again.

use std::sync::Arc;

use contract::{Amount, DecisionAction, OutcomeBasis};
use labeling::{
    Anchor, Barrier, Benchmark, Cuts, LabelSpec, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};

use crate::cases::{measures, rules, target};

/// A grade of measures that are known more often than those of the default text.
const GRADE: &str = r#"
    id = "fuzz"
    version = 1
    measures = { max_life = "1d" }
    [grade]
    covers = { decisions = ["enter"], basis = ["realized", "marked"] }
    base = { by = "ret_net_bps", cuts = [-100, -5, 5, 100] }
    max_demotion = 3
    errors = "uniform"
    demote.drawdown = { when = { mae_bps = { below = -150 } }, levels = 1 }
    demote.costly = { when = { is_total_bps = { above = 80 } }, levels = 1, not_below = "poor" }
    demote.slipped = { when = { slippage_ticks = { above = 3 } }, levels = 2, null_as = "worst" }
    floor.captured = { when = { mfe_capture = { at_least = 0.5 } }, to = "neutral" }
    cap.no_profit = { when = { net_pnl = { at_most = 0 } }, to = "neutral" }
"#;

/// Rules of words such as `path=mid`, `h=50` or `t=tb:20bps:30bps:sign`.
pub(super) fn parse(text: &str) -> Arc<Resolved> {
    let mut m = measures();
    let mut targets: Vec<Target> = Vec::new();
    for word in text.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap();
        if key == "t" {
            let mut made = labelled_as(value);
            made.name = format!("t{}", targets.len()).as_str().into();
            targets.push(made);
        } else {
            set(&mut m, key, value);
        }
    }
    rules(m, targets)
}

fn set(m: &mut Measures, key: &str, value: &str) {
    let ns = || value.parse::<i64>().unwrap();
    match key {
        "anchor" => m.anchor = Anchor::Decision,
        "path" => m.path = if value == "mid" { PathKind::Mid } else { PathKind::Trade },
        "h" => m.horizon_ns = Some(ns()),
        "life" => m.max_life_ns = ns(),
        "wait" => m.entry_wait_ns = (value != "h").then(ns),
        "delay" => m.entry_delay_ns = ns(),
        "exitdelay" => m.max_exit_delay_ns = ns(),
        "flat" => m.overnight = Overnight::Flat { margin_ns: ns() },
        "offsets" => m.offsets_ns = value.split(',').map(|o| o.parse().unwrap()).collect(),
        "sigma" => {
            let of: Vec<i64> = value.split(':').map(|n| n.parse().unwrap()).collect();
            m.sigma = Sigma::Path {
                window_ns: of[0],
                step_ns: of[1],
                min_steps: usize::try_from(of[2]).unwrap(),
                floor_bps: 0.5,
            };
        }
        "bench" => {
            m.benchmark =
                if value == "refs" { Benchmark::References } else { Benchmark::DoNothing };
        }
        "clock" => m.clock_bound_ns = ns(),
        "tol" => m.clock_tolerance_ns = ns(),
        "late" => m.allowed_lateness_ns = ns(),
        "keep" => m.keep_ns = ns(),
        _ => panic!("setting `{key}`"),
    }
}

fn barrier(text: &str) -> Option<Barrier> {
    if let Some(bps) = text.strip_suffix("bps") {
        return Some(Barrier::Bps(Amount::parse(bps).unwrap()));
    }
    match text.strip_suffix("sigma") {
        Some(sigmas) => Some(Barrier::Sigma(sigmas.parse().unwrap())),
        None => (text == "own").then_some(Barrier::Decision),
    }
}

fn labelled_as(text: &str) -> Target {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |at: usize| parts[at].parse::<f64>().unwrap();
    let kind = match parts[0] {
        "fh" => TargetKind::FixedHorizon {
            cuts: match parts[1].strip_suffix("bps") {
                Some(bps) => Cuts::Bps(bps.parse().unwrap()),
                None => parts[1]
                    .strip_suffix("sigma")
                    .map_or(Cuts::None, |n| Cuts::Sigma(n.parse().unwrap())),
            },
        },
        "tb" => TargetKind::TripleBarrier {
            profit: barrier(parts[1]),
            loss: barrier(parts[2]),
            vertical: if parts[3] == "sign" { Vertical::Sign } else { Vertical::Zero },
            profit_as_limit: parts.contains(&"limit"),
        },
        "meta" => TargetKind::Meta { min_edge_bps: number(1) },
        "fill" => TargetKind::Fill { min_fill_ratio: number(1) },
        "grade" => {
            let text = if parts[1] == "default" { LabelSpec::default_text() } else { GRADE };
            let of_text = LabelSpec::parse(text).unwrap().resolve("momentum");
            let is_grade = |t: &&Target| matches!(t.kind, TargetKind::Grade(_));
            of_text.targets.iter().find(is_grade).unwrap().kind.clone()
        }
        kind => panic!("target `{kind}`"),
    };
    let mut made = target("", kind);
    match parts.last() {
        Some(&"real") => {
            made.covers.basis = vec![OutcomeBasis::Realized, OutcomeBasis::Marked];
        }
        Some(&"counter") => made.covers.basis = vec![OutcomeBasis::Counterfactual],
        Some(&"enter") => made.covers.decisions = vec![DecisionAction::Enter],
        _ => {}
    }
    made
}
