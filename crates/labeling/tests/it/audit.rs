//! The audit against answers worked out by hand, and against tables that were tampered with.

use std::sync::Arc;

use contract::arrow_array::{Array as _, Float64Array, RecordBatch};
use contract::{Batch, Outcomes};
use labeling::{
    AuditPlan, AuditRow, Auditor, Disagreement, Inputs, Resolved, Tables, audit, compare,
};

use crate::cases::{cases, check_all, rules};
use crate::scenario::{id, log};
use crate::tables::Rows;

fn audited(inputs: &Inputs, rules: &Arc<Resolved>) -> Rows {
    let auditor = Auditor::new(inputs);
    let mut rows = Rows::default();
    for id in auditor.decisions() {
        rows.add(&auditor.decision(id, &|_, _| Some(Arc::clone(rules))).unwrap());
    }
    rows
}

#[test]
fn every_case_has_the_answer_worked_out_by_hand() {
    check_all(&audited);
}

#[test]
fn a_log_agrees_with_its_own_tables() {
    for case in cases() {
        let (inputs, rules) = (log(case.log), rules(case.measures, case.targets));
        let rows = audited(&inputs, &rules);
        let of = |_: &str, _: i64| Some(Arc::clone(&rules));
        let plan = AuditPlan { seed: 7, simple: 100, stratified: 2 };
        let report = audit(&inputs, &of, rows.tables(), plan);
        assert_eq!(report.disagreements, [], "{}", case.name);
        assert_eq!(report.decisions.n, report.decisions.n_agree, "{}", case.name);
    }
}

/// The first case, with the rules it has.
fn first() -> (Inputs, Arc<Resolved>, Rows) {
    let case = cases().remove(0);
    let (inputs, rules) = (log(case.log), rules(case.measures, case.targets));
    let rows = audited(&inputs, &rules);
    (inputs, rules, rows)
}

fn differences(inputs: &Inputs, rules: &Arc<Resolved>, tables: Tables<'_>) -> Vec<Disagreement> {
    let audited = Auditor::new(inputs).decision(id("d1"), &|_, _| Some(Arc::clone(rules)));
    compare(tables, &audited.unwrap())
}

/// The outcomes with every value of a column of numbers multiplied.
fn scaled(batch: &Batch<Outcomes>, column: &str, factor: f64) -> Batch<Outcomes> {
    let batch = batch.clone().into_record_batch();
    let at = batch.schema().index_of(column).unwrap();
    let mut columns = batch.columns().to_vec();
    let numbers = columns[at].as_any().downcast_ref::<Float64Array>().unwrap();
    columns[at] = Arc::new(numbers.iter().map(|x| x.map(|x| x * factor)).collect::<Float64Array>());
    Batch::<Outcomes>::parse(&RecordBatch::try_new(batch.schema(), columns).unwrap()).unwrap()
}

#[test]
fn a_changed_cell_is_found_and_the_last_bits_of_a_float_are_not() {
    let (inputs, rules, mut rows) = first();
    let honest = rows.outcomes[0].clone();
    rows.outcomes[0] = scaled(&honest, "mae_bps", 1.0 + 1e-14);
    assert_eq!(differences(&inputs, &rules, rows.tables()), []);
    rows.outcomes[0] = scaled(&honest, "mae_bps", 1.0 + 1e-11);
    let found = differences(&inputs, &rules, rows.tables());
    let cells: Vec<(&str, &str)> = found.iter().map(|d| (d.table, d.column.as_str())).collect();
    assert_eq!(cells, [("outcomes", "mae_bps")]);
}

#[test]
fn a_missing_row_is_found() {
    let (inputs, rules, mut rows) = first();
    rows.outcomes.clear();
    let found = differences(&inputs, &rules, rows.tables());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].table, found[0].column.as_str()), ("outcomes", "*"));
}

#[test]
fn a_surplus_row_is_found() {
    let (mut inputs, rules, rows) = first();
    // Of a log that ends at the decision nothing is over: the engine's row is one too many.
    inputs.quotes.truncate(1);
    inputs.executions.clear();
    let found = differences(&inputs, &rules, rows.tables());
    assert_eq!((found[0].table, found[0].column.as_str()), ("outcomes", "*"));
}

#[test]
fn the_report_counts_labels_by_target_and_names_who_differs() {
    let case = cases().into_iter().find(|case| case.name == "fill").unwrap();
    let (inputs, rules) = (log(case.log), rules(case.measures, case.targets));
    let mut rows = audited(&inputs, &rules);
    // Labels by decision and target: any, most, all of d1, then of d2. The second is lost.
    rows.labels.remove(1);
    let plan = AuditPlan { seed: 7, simple: 100, stratified: 1 };
    let of = |_: &str, _: i64| Some(Arc::clone(&rules));
    let report = audit(&inputs, &of, rows.tables(), plan);
    assert_eq!((report.decisions.n, report.decisions.n_agree), (2, 1));
    let most = report.targets["most"];
    assert_eq!((most.n, most.n_agree), (2, 1));
    assert_eq!(report.targets["any"].n_agree, 2);
    // One decision for each of: any 1, any 0, most 0, all 0 of the marked d1, all 0 of the counterfactual d2.
    assert_eq!(report.strata.len(), 5);
    assert!(report.strata.values().all(|agreement| agreement.n == 1));
    let row = AuditRow {
        audit_id: id("audit"),
        ts_avail: contract::UtcNanos::from_nanos(2_000),
        measures_hash: rules.measures_hash,
        rules_hash: rules.rules_hash,
        bar: 0.98,
    };
    let table = report.label_audits("most", row).unwrap();
    assert_eq!(table.cell(&contract::LabelAudits::N_AGREE, 0), Ok(1));
    assert_eq!(table.cell(&contract::LabelAudits::VERDICT, 0), Ok("failed"));
    let named = table.cell(&contract::LabelAudits::DISAGREEMENTS, 0).unwrap().unwrap();
    assert_eq!(named, [id("d1").to_string()]);
    // binomtest(1, 2).proportion_ci(0.95, "exact"): 1 - sqrt(0.975).
    let low = table.col(&contract::LabelAudits::AGREEMENT_LOW).value(0);
    assert!((low - (1.0 - 0.975_f64.sqrt())).abs() < 1e-12, "{low}");
}

#[test]
fn the_audit_shares_only_contract_and_the_types_of_settings_measures_and_grades() {
    let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut files = vec![format!("{src}/audit.rs")];
    for entry in std::fs::read_dir(format!("{src}/audit")).unwrap() {
        files.push(entry.unwrap().path().display().to_string());
    }
    assert!(files.len() > 10, "{files:?}");
    let shared = [
        "audit",
        "clopper_pearson",
        "flags",
        "grade",
        "inputs",
        "measure",
        "null",
        "settings",
        "Null",
    ];
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for part in text.split("crate::").skip(1) {
            let module: String =
                part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(shared.contains(&module.as_str()), "{file} uses crate::{module}");
        }
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("use ")) {
            let root = line.trim_start_matches("use ").split("::").next().unwrap();
            let allowed = ["arrow_buffer", "contract", "crate", "rand_chacha", "std", "super"]
                .contains(&root);
            assert!(allowed, "{file}: `{line}`");
        }
    }
}
