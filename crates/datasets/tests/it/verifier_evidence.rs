//! Reports that are handed in: missing, of something else, or bad.

use crate::version_kit::{FEATURES, Kit, audit};
use contract::{CausalityPart, Hash, PartResult, Reaction};

#[track_caller]
fn outcome(plant: impl FnOnce(&mut Kit), check: &str) -> (String, String) {
    let mut kit = Kit::lawful();
    plant(&mut kit);
    let certificate = kit.certify().unwrap();
    let outcome = &certificate.check(check).unwrap().outcome;
    (outcome.word().to_owned(), outcome.detail().to_owned())
}

#[test]
fn causality_report_decides_by_what_it_says_of_these_features() {
    let found = |plant: fn(&mut contract::CausalityReport)| {
        outcome(|kit| plant(kit.causality.as_mut().unwrap()), "causality")
    };
    let fail = |text: &str| ("fail".to_owned(), text.to_owned());
    assert_eq!(
        found(|report| report.spec_hash = Hash::from_bytes([8; 32])),
        fail("the report is about another set of features: 1")
    );
    assert_eq!(
        found(|report| report.features[1].moved = 5),
        fail(&format!("feature `{}` moved: 5", FEATURES[1]))
    );
    assert_eq!(
        found(|report| report.parts.push(PartResult {
            part: CausalityPart::FarPast,
            compared: 9,
            violations: 2
        })),
        fail("farpast perturbations moved cells: 2")
    );
    assert_eq!(
        found(|report| drop(report.features.remove(0))),
        fail(&format!("feature `{}` is not in the report: 1", FEATURES[0]))
    );
    assert_eq!(
        found(|report| report.features[0].reaction = Reaction::Unreactive),
        ("warn".to_owned(), format!("do not react to their inputs: {}", FEATURES[0]))
    );
    assert_eq!(
        found(|report| report.rows_perturbed_next_minute = 0),
        ("not evaluated".to_owned(), "too little was perturbed to prove anything".to_owned())
    );
    assert_eq!(outcome(|kit| kit.causality = None, "causality").0, "not evaluated");
    // A feature that is not above the limit needs no report.
    assert_eq!(outcome(|kit| kit.causality = None, "too_good").0, "pass");
}

#[test]
fn audits_count_by_target_rules_and_measures_and_the_latest_decides() {
    let word = |audits: Vec<datasets::AuditVerdict>| outcome(|kit| kit.audits = audits, "labels").0;
    let with = |change: fn(&mut datasets::AuditVerdict)| {
        let mut audit = audit(1, true);
        change(&mut audit);
        audit
    };
    assert_eq!(word(vec![]), "not evaluated");
    assert_eq!(word(vec![audit(1, false)]), "fail");
    assert_eq!(word(vec![audit(1, false), audit(2, true)]), "pass");
    assert_eq!(word(vec![audit(2, false), audit(1, true)]), "fail");
    assert_eq!(word(vec![with(|a| a.n = 0)]), "fail");
    assert_eq!(word(vec![with(|a| a.target = "swing.grade".to_owned())]), "not evaluated");
    assert_eq!(word(vec![with(|a| a.rules_hash = Hash::from_bytes([9; 32]))]), "not evaluated");
    assert_eq!(word(vec![with(|a| a.measures_hash = Hash::from_bytes([9; 32]))]), "not evaluated");
    // Labels by two sets of rules, of which one was audited.
    let found = outcome(
        |kit| {
            kit.manifest = |manifest| {
                manifest.code.rules_hashes.push(datasets::Sha256(Hash::from_bytes([4; 32])));
            };
        },
        "labels",
    );
    assert_eq!(
        found,
        ("not evaluated".to_owned(), format!("no audit of rules {}", "04".repeat(32)))
    );
}
