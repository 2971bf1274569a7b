//! The engine against the answers worked out by hand, and against the audit.

use crate::cases::{cases, check_all, rules};
use crate::scenario::log;
use crate::tables::Rows;
use contract::{Batch, Labels, Markouts, Outcomes};
use labeling::{AuditPlan, Inputs, LabelSpec, Options, Resolved, Run, audit, run};
use std::sync::Arc;

/// Tables of a run as the audit reads them.
pub(crate) fn tables(run: &Run) -> Rows {
    let mut rows = Rows::default();
    if let Some(batch) = &run.outcomes {
        let batch = batch.clone().into_record_batch();
        rows.outcomes.push(Batch::<Outcomes>::parse(&batch).unwrap());
    }
    if let Some(batch) = &run.labels {
        rows.labels.push(Batch::<Labels>::parse(&batch.clone().into_record_batch()).unwrap());
    }
    if let Some(batch) = &run.markouts {
        rows.markouts.push(Batch::<Markouts>::parse(&batch.clone().into_record_batch()).unwrap());
    }
    rows
}

fn labelled(inputs: &Inputs, rules: &Arc<Resolved>) -> Rows {
    tables(&run(LabelSpec::of(Arc::clone(rules)), inputs, Options::default()).unwrap())
}

#[test]
fn every_case_has_the_answer_worked_out_by_hand() {
    check_all(&labelled);
}

#[test]
fn engine_and_audit_agree_on_every_case() {
    let mut found = Vec::new();
    for case in cases() {
        let (inputs, rules) = (log(case.log), rules(case.measures, case.targets));
        let rows = labelled(&inputs, &rules);
        let of = |_: &str, _: i64| Some(Arc::clone(&rules));
        let plan = AuditPlan { seed: 7, simple: 100, stratified: 2 };
        let report = audit(&inputs, &of, rows.tables(), plan);
        let of_case = report.disagreements.iter();
        found.extend(of_case.map(|d| {
            format!(
                "{}: {}.{} of {}: engine {}, audit {}",
                case.name, d.table, d.column, d.row, d.engine, d.audit
            )
        }));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
