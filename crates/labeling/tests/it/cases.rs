//! Scenarios with answers worked out by hand, for the engine and the audit alike.

mod execution;
mod labels;
mod lots;
mod path;
mod window;

use std::sync::Arc;

use contract::{Amount, DecisionAction, Hash, OutcomeBasis};
use labeling::{
    Anchor, Barrier, Benchmark, Covers, Inputs, Measures, Overnight, PathKind, Resolved, Sigma,
    Target, TargetKind, Vertical,
};

use crate::answers;
use crate::scenario::log;
use crate::tables::Rows;

/// A log, the rules that it is labelled by, and what must come out.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) log: &'static str,
    pub(crate) measures: Measures,
    pub(crate) targets: Vec<Target>,
    pub(crate) expected: &'static str,
}

/// Anything that labels a whole log.
pub(crate) type Subject<'s> = dyn Fn(&Inputs, &Arc<Resolved>) -> Rows + 's;

/// Every case, in order of subject.
pub(crate) fn cases() -> Vec<Case> {
    [lots::cases(), path::cases(), window::cases(), execution::cases(), labels::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Puts every case to a subject.
pub(crate) fn check_all(subject: &Subject<'_>) {
    for case in cases() {
        let rows = subject(&log(case.log), &rules(case.measures, case.targets));
        answers::check(case.name, &rows, case.expected);
    }
}

/// A case with the plain measures and no target.
fn plain(name: &'static str, log: &'static str, expected: &'static str) -> Case {
    Case { name, log, measures: measures(), targets: Vec::new(), expected }
}

impl Case {
    fn with(mut self, change: impl FnOnce(&mut Measures)) -> Self {
        change(&mut self.measures);
        self
    }

    fn target(mut self, name: &str, kind: TargetKind) -> Self {
        self.targets.push(target(name, kind));
        self
    }
}

/// Own fills, the executable path, the decision's horizon, 20 ns to be filled, 50 ns for a late exit.
pub(crate) fn measures() -> Measures {
    Measures {
        anchor: Anchor::Fills,
        path: PathKind::Executable,
        horizon_ns: None,
        horizon_default_ns: 100,
        max_life_ns: 1_000,
        entry_wait_ns: Some(20),
        entry_delay_ns: 0,
        max_exit_delay_ns: 50,
        overnight: Overnight::Hold,
        offsets_ns: Vec::new(),
        sigma: Sigma::References,
        benchmark: Benchmark::None,
        clock_bound_ns: 0,
        clock_tolerance_ns: 0,
        allowed_lateness_ns: 0,
        keep_ns: 10_000,
        exclude_flags: 4 | 4_096 | 16_384,
        sources: Vec::new(),
    }
}

/// A target that covers everything.
pub(crate) fn target(name: &str, kind: TargetKind) -> Target {
    let covers = Covers {
        decisions: vec![
            DecisionAction::Enter,
            DecisionAction::Exit,
            DecisionAction::Increase,
            DecisionAction::Reduce,
            DecisionAction::Reverse,
            DecisionAction::Hold,
            DecisionAction::Skip,
        ],
        basis: vec![OutcomeBasis::Realized, OutcomeBasis::Marked, OutcomeBasis::Counterfactual],
    };
    Target { name: name.into(), covers, kind, rules_hash: Hash::from_bytes([2; 32]) }
}

pub(crate) fn rules(measures: Measures, targets: Vec<Target>) -> Arc<Resolved> {
    Arc::new(Resolved {
        id: "test".into(),
        version: 1,
        measures,
        measures_hash: Hash::from_bytes([1; 32]),
        targets,
        rules_hash: Hash::from_bytes([3; 32]),
    })
}

fn bps(text: &str) -> Barrier {
    Barrier::Bps(Amount::parse(text).unwrap())
}

fn barriers(profit: Option<Barrier>, loss: Option<Barrier>) -> TargetKind {
    TargetKind::TripleBarrier { profit, loss, vertical: Vertical::Zero, profit_as_limit: false }
}
