//! `causality`: the features stage perturbed what must not matter, and no cell moved.

use super::tally::{Tally, size, some};
use super::{Evidence, Subject};
use crate::certificate::{CheckResult, Outcome};
use contract::Reaction;

pub(super) fn check(subject: &Subject<'_>, evidence: &Evidence<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "causality",
        "records that must not matter were perturbed, no feature moved, and every feature reacts to its own inputs",
    );
    let Some(report) = evidence.causality else {
        return tally.finish(Outcome::NotEvaluated("no causality report was handed in".to_owned()));
    };
    tally.count("rows_perturbed", report.rows_perturbed);
    tally.count("features", size(subject.features.len()));
    let recorded = subject.manifest.code.feature_spec_hash.map(|hash| hash.0);
    let mut hashes = [recorded, evidence.feature_spec_hash].into_iter().flatten().peekable();
    if hashes.peek().is_none() {
        let why = "the features that went in carry no hash of their set".to_owned();
        return tally.finish(Outcome::NotEvaluated(why));
    }
    if hashes.any(|hash| hash != report.spec_hash) {
        tally.fault("the report is about another set of features", 1);
    }
    for part in report.parts.iter().filter(|part| part.violations > 0) {
        tally.fault(
            &format!("{:?} perturbations moved cells", part.part).to_lowercase(),
            part.violations,
        );
    }
    for feature in report.features.iter().filter(|feature| feature.moved > 0) {
        tally.fault(&format!("feature `{}` moved", feature.feature), feature.moved);
    }
    let mut unreactive = Vec::new();
    for name in &subject.features {
        match report.features.iter().find(|feature| feature.feature == *name) {
            None => tally.fault(&format!("feature `{name}` is not in the report"), 1),
            Some(found) => {
                tally.count("cells", found.compared);
                match found.reaction {
                    Reaction::Unreactive => unreactive.push(name.as_str()),
                    Reaction::Reactive => {}
                    _ => tally.count("lookback_longer_than_needed", 1),
                }
            }
        }
    }
    let otherwise = if !report.is_causal() {
        Outcome::NotEvaluated("too little was perturbed to prove anything".to_owned())
    } else if unreactive.is_empty() {
        Outcome::Pass
    } else {
        Outcome::Warn(format!("do not react to their inputs: {}", some(unreactive)))
    };
    tally.finish(otherwise)
}
