//! `labels`: an independent implementation agrees with the labels.

use super::tally::{Tally, some};
use super::{AuditVerdict, Evidence, Subject};
use crate::certificate::{CheckResult, Outcome};
use contract::Hash;
use std::collections::BTreeMap;

pub(super) fn check(subject: &Subject<'_>, evidence: &Evidence<'_>) -> CheckResult {
    let mut tally = Tally::new(
        "labels",
        "for every target, and all rules and measures of its labels, the latest audit by an independent implementation \
         passed",
    );
    let code = &subject.manifest.code;
    let is_ours = |audit: &&AuditVerdict| {
        let (rules, measures) = (audit.rules_hash, audit.measures_hash);
        code.rules_hashes.iter().any(|hash| hash.0 == rules)
            && code.measures_hashes.iter().any(|hash| hash.0 == measures)
            && subject.manifest.targets.iter().any(|target| target.name == audit.target)
    };
    let mut latest: BTreeMap<(&str, Hash, Hash), &AuditVerdict> = BTreeMap::new();
    for audit in evidence.label_audits.iter().filter(is_ours) {
        let family = (audit.target.as_str(), audit.rules_hash, audit.measures_hash);
        let known = latest.entry(family).or_insert(audit);
        if audit.ts_avail >= known.ts_avail {
            *known = audit;
        }
    }
    for audit in latest.values() {
        tally.count("audits", 1);
        tally.count("labels", audit.n);
        if !audit.passed || audit.n == 0 {
            tally.fault(&format!("the audit of `{}` did not pass", audit.target), 1);
        }
    }
    let mut alone: Vec<String> = Vec::new();
    for target in &subject.manifest.targets {
        if !latest.keys().any(|(name, _, _)| *name == target.name) {
            alone.push(format!("target `{}`", target.name));
        }
    }
    for hash in &code.rules_hashes {
        if !latest.keys().any(|(_, rules, _)| *rules == hash.0) {
            alone.push(format!("rules {hash}"));
        }
    }
    for hash in &code.measures_hashes {
        if !latest.keys().any(|(_, _, measures)| *measures == hash.0) {
            alone.push(format!("measures {hash}"));
        }
    }
    if alone.is_empty() {
        tally.finish(Outcome::Pass)
    } else {
        let names = some(alone.iter().map(String::as_str));
        tally.finish(Outcome::NotEvaluated(format!("no audit of {names}")))
    }
}
