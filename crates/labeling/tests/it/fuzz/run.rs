//! Engine against audit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contract::{Decisions, EventId, Labels, Outcomes, Pending};
use labeling::{Auditor, Fate, Inputs, LabelSpec, Options, Resolved, Run, compare, run};

use super::rules;
use super::write::Text;
use crate::engine::tables;
use crate::scenario::{id, log};

pub(super) fn labelled(inputs: &Inputs, rules: &Arc<Resolved>) -> Run {
    run(LabelSpec::of(Arc::clone(rules)), inputs, Options::default()).unwrap()
}

fn name(id: EventId) -> String {
    let bytes = id.as_bytes();
    bytes.iter().take_while(|b| **b != 0).map(|b| char::from(*b)).collect()
}

/// Where the engine's rows are not the audit's, and decisions that are not in exactly one place.
pub(super) fn disagreements(case: &Text) -> Vec<String> {
    let (inputs, rules) = (log(&case.log()), rules::parse(&case.rules));
    let engine = labelled(&inputs, &rules);
    let rows = tables(&engine);
    let auditor = Auditor::new(&inputs);
    let of = |_: &str, _: i64| Some(Arc::clone(&rules));
    let mut found = Vec::new();
    let mut pending: BTreeSet<(String, String)> = BTreeSet::new();
    if let Some(batch) = &engine.pending {
        let batch = contract::Batch::<Pending>::parse(&batch.clone().into_record_batch()).unwrap();
        for row in 0..batch.len() {
            let target = batch.cell(&Pending::TARGET, row).unwrap().to_owned();
            pending.insert((name(batch.cell(&Pending::DECISION_ID, row).unwrap()), target));
        }
    }
    let mut labels: BTreeMap<(String, String), usize> = BTreeMap::new();
    for batch in &rows.labels {
        for row in 0..batch.len() {
            let target = batch.cell(&Labels::TARGET, row).unwrap().to_owned();
            let key = (name(batch.cell(&Labels::DECISION_ID, row).unwrap()), target);
            *labels.entry(key).or_default() += 1;
        }
    }
    let mut seqs: BTreeMap<u64, String> = BTreeMap::new();
    for batch in &inputs.decisions {
        for row in 0..batch.len() {
            let id = name(batch.cell(&Decisions::DECISION_ID, row).unwrap());
            seqs.insert(batch.seq().value(row), id);
        }
    }
    let rejected: BTreeMap<String, String> = engine
        .rejects
        .iter()
        .filter(|reject| {
            reject.table == "decisions" && reject.code != "labeling/lookahead-reference"
        })
        .filter(|reject| reject.code != "labeling/duplicate-key")
        .filter_map(|reject| {
            let id = reject.seq.and_then(|seq| seqs.get(&seq))?;
            Some((id.clone(), reject.code.clone()))
        })
        .collect();
    let mut decisions = 0;
    for decision in auditor.decisions().into_iter().collect::<BTreeSet<_>>() {
        decisions += 1;
        let Some(audited) = auditor.decision(decision, &of) else { continue };
        let who = name(decision);
        for d in compare(rows.tables(), &audited) {
            // The name of the decision is cut off, so that equal faults count as one.
            let text = format!(
                "{} {}: {} {}: engine {}, audit {}",
                d.table, d.column, who, d.row, d.engine, d.audit
            );
            found.push(text);
        }
        for (target, fate) in &audited.labels {
            let key = (who.clone(), target.clone());
            let is_pending = pending.contains(&key);
            if is_pending != matches!(fate, Fate::Pending(_)) {
                found.push(format!("pending {is_pending}: {who} {target}: audit {fate:?}"));
            }
            if let Fate::Rejected(why) = fate {
                let code =
                    rejected.get(&who).map_or("none", |code| code.trim_start_matches("labeling/"));
                if code != why.trim_start_matches("labeling/") {
                    found.push(format!("reject: {who} {target}: engine {code}, audit {why}"));
                }
            }
            let places = usize::from(is_pending) + usize::from(labels.contains_key(&key));
            if places > 1 {
                found.push(format!("two places: {who} {target}: a label and pending"));
            }
        }
        if let Fate::Is(_) = audited.outcome
            && audited.labels.iter().all(|(_, fate)| !matches!(fate, Fate::Rejected(_)))
            && let Some(code) = rejected.get(&who)
        {
            found.push(format!("reject {code}: {who}: the audit has an outcome"));
        }
    }
    let report = &engine.report;
    let duplicates = seqs.len() - decisions;
    let known = report.decisions - report.rejected_decisions - report.without_rules;
    for target in &rules.targets {
        let zero = labeling::TargetReport::default();
        let t = report.targets.get(&target.name).unwrap_or(&zero);
        let pending = report.pending.get(&target.name).copied().unwrap_or(0);
        let sum = t.labelled + t.not_applicable + t.rejected + pending;
        if sum != known {
            found.push(format!(
                "conservation: {}: {known} decisions ({duplicates} repeated): {} labelled, {} not applicable, {} rejected, {pending} pending",
                target.name, t.labelled, t.not_applicable, t.rejected
            ));
        }
    }
    for batch in &rows.outcomes {
        for row in 0..batch.len() {
            let end = batch.cell(&Outcomes::TS_UNTIL, row).unwrap();
            if end > batch.cell(&Outcomes::TS_AVAIL, row).unwrap() {
                found.push("ts_until after ts_avail: outcomes".to_owned());
            }
        }
    }
    let _ = id;
    found
}
