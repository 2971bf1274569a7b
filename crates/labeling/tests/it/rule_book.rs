//! The book of rule sets: validity, conflicts, pins, and the table.

use crate::spec::SKETCH;
use contract::{Diagnostic, Fault, Hash, RuleSets, UtcNanos};
use labeling::{LabelSpec, RuleBook};

fn spec(id: &str, version: u32, from: &str, more: &str) -> LabelSpec {
    let text = format!(
        "id = \"{id}\"\nversion = {version}\neffective_from = \"{from}T00:00:00Z\"\n{more}\n[measures]\nmax_life = \"1d\"\n"
    );
    LabelSpec::parse(&text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn at(date: &str) -> i64 {
    UtcNanos::parse(&format!("{date}T00:00:00Z")).unwrap().nanos()
}

#[test]
fn a_decision_is_graded_by_the_set_in_force_at_its_cutoff() {
    let to = "effective_to = \"2026-03-01T00:00:00Z\"";
    let book = RuleBook::new(vec![
        spec("a", 2, "2026-02-01", to),
        spec("b", 1, "2026-04-01", ""),
        spec("a", 1, "2026-01-01", ""),
    ])
    .unwrap();
    let found =
        |cutoff: i64| book.resolve("x", cutoff).map(|set| (set.id.to_string(), set.version));
    let set = |id: &str, version| Some((id.to_owned(), version));
    assert_eq!(found(at("2026-01-01") - 1), None);
    assert_eq!(found(at("2026-01-01")), set("a", 1));
    assert_eq!(found(at("2026-02-01") - 1), set("a", 1));
    assert_eq!(found(at("2026-02-01")), set("a", 2));
    assert_eq!(found(at("2026-03-01")), None);
    assert_eq!(found(at("2026-04-01")), set("b", 1));
}

#[test]
fn one_name_never_means_two_things() {
    let (old, new) = (SKETCH, SKETCH.replace("-1.5", "-1.4"));
    let [old, new] = [old, &new].map(|text| LabelSpec::parse(text).unwrap());
    let error = RuleBook::new(vec![old.clone(), new]).unwrap_err();
    assert_eq!(error.code(), "labeling/rule-set-conflict");
    // The same set twice is one.
    let commented = LabelSpec::parse(&format!("# again\n{SKETCH}")).unwrap();
    assert_eq!(RuleBook::new(vec![old, commented]).unwrap().specs().count(), 1);
}

#[test]
fn two_sets_are_not_in_force_at_once() {
    let to = "effective_to = \"2026-02-02T00:00:00Z\"";
    let overlap = |specs: Vec<LabelSpec>| RuleBook::new(specs).unwrap_err().to_string();
    assert_eq!(
        overlap(vec![spec("a", 1, "2026-01-01", to), spec("a", 2, "2026-02-01", "")]),
        "rule sets `a` version 1 and `a` version 2: expected one in force at a time, found both at \
         2026-02-01T00:00:00.000000000Z"
    );
    assert_eq!(
        overlap(vec![spec("a", 1, "2026-01-01", ""), spec("a", 2, "2026-01-01", "")]),
        "rule sets `a` version 1 and `a` version 2: expected one in force at a time, found both at \
         2026-01-01T00:00:00.000000000Z"
    );
    let error = RuleBook::new(vec![spec("a", 1, "2026-01-01", ""), spec("b", 1, "2026-02-01", "")]);
    assert_eq!(error.unwrap_err().code(), "labeling/rule-set-overlap");
    assert_eq!(RuleBook::new(Vec::new()).unwrap_err().code(), "labeling/no-rule-set");
}

#[test]
fn keys_that_are_read_once_agree() {
    let other = LabelSpec::parse(
        "id = \"a\"\nversion = 2\neffective_from = \"2026-02-01T00:00:00Z\"\nmeasures = { max_life = \"1d\", keep = \"2d\" }",
    )
    .unwrap();
    let error = RuleBook::new(vec![spec("a", 1, "2026-01-01", ""), other]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rule sets `a` version 1 and `a` version 2: expected the same `measures.keep`, found others"
    );
}

#[test]
fn a_pinned_set_is_that_set() {
    let spec = LabelSpec::parse(SKETCH).unwrap();
    assert_eq!(spec.pin(spec.hash()), Ok(()));
    let error = spec.pin(Hash::from_bytes([1; 32])).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("labeling/pinned-hash", Fault::Integrity));
}

#[test]
fn the_table_holds_each_set_whole() {
    let book = RuleBook::from(LabelSpec::parse(SKETCH).unwrap());
    let rows = book.rule_sets(UtcNanos::from_nanos(5)).unwrap();
    let cell = |row| rows.cell(&RuleSets::BODY, row).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows.cell(&RuleSets::RULE_SET, 0), Ok("intraday"));
    assert_eq!(rows.cell(&RuleSets::VERSION, 0), Ok(3));
    assert_eq!(rows.cell(&RuleSets::TS_EFFECTIVE, 0).map(UtcNanos::nanos), Ok(at("2026-01-01")));
    assert_eq!(rows.cell(&RuleSets::RULES_HASH, 0), Ok(Hash::of(cell(0).as_bytes())));
}

#[test]
fn codes_that_other_tests_see_are_explained() {
    let codes = [
        "changed-too-much",
        "global-key",
        "missing-measure",
        "no-rule-set",
        "not-monotone",
        "other-measures",
        "pinned-hash",
        "rule-set-conflict",
        "rule-set-overlap",
    ];
    for code in codes {
        let section = format!("\n## labeling/{code}\n");
        assert!(labeling::ERRORS.contains(&section), "{code} is not explained");
    }
}
