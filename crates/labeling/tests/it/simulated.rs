//! The audit on a simulated desk: identities that hold whatever happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::{Float64Type, Int8Type, Int32Type};
use contract::arrow_array::{Array as _, StringArray};
use contract::{Batch, EventId, LabelStatus, OutcomeBasis, Table};
use labeling::{
    Anchor, AuditedOutcome, Auditor, Barrier, Cuts, Fate, Inputs, Measure, Resolved, Scalar,
    TargetKind, Vertical,
};
use simulator::{Scenario, Simulation, Slice};

use crate::cases::{measures, rules, target};

const SECOND: i64 = 1_000_000_000;

/// Three slices of continuous trading, numbered table by table.
fn desk() -> Inputs {
    let scenario = Scenario::preset("small").unwrap();
    let mut inputs = Inputs::default();
    let mut seq = 1;
    let simulation = Simulation::new(&scenario, 7).clean();
    for slice in simulation.skip(10).take(3) {
        take(&slice, &mut inputs.quotes, &mut seq);
        take(&slice, &mut inputs.statuses, &mut seq);
        take(&slice, &mut inputs.feed_marks, &mut seq);
        take(&slice, &mut inputs.decisions, &mut seq);
        take(&slice, &mut inputs.executions, &mut seq);
        take(&slice, &mut inputs.postings, &mut seq);
    }
    let simulation = Simulation::new(&scenario, 7).clean();
    for (name, batch) in simulation.references().unwrap() {
        match name {
            "instruments" => {
                inputs.instruments.push(Batch::<contract::Instruments>::parse(&batch).unwrap());
            }
            "fee_schedules" => {
                inputs.fee_schedules.push(Batch::<contract::FeeSchedules>::parse(&batch).unwrap());
            }
            _ => {}
        }
    }
    inputs
}

fn take<T: Table>(slice: &Slice, into: &mut Vec<Batch<T>>, seq: &mut u64) {
    let draft = slice.draft::<T>().unwrap();
    let rows = u64::try_from(draft.len()).unwrap();
    into.push(draft.with_seq(*seq));
    *seq += rows;
}

fn by(anchor: Anchor) -> Arc<Resolved> {
    let mut measures = measures();
    measures.anchor = anchor;
    measures.horizon_default_ns = SECOND;
    measures.max_life_ns = 60 * SECOND;
    measures.entry_wait_ns = Some(SECOND / 2);
    measures.max_exit_delay_ns = SECOND;
    measures.clock_tolerance_ns = SECOND;
    measures.offsets_ns = vec![0, SECOND];
    rules(measures, vec![target("meta", TargetKind::Meta { min_edge_bps: 0.0 })])
}

fn outcomes(anchor: Anchor, most: usize) -> Vec<AuditedOutcome> {
    let (auditor, rules) = (Auditor::new(&desk()), by(anchor));
    let of = |_: &str, _: i64| Some(Arc::clone(&rules));
    let ids = auditor.decisions().into_iter().take(most);
    ids.filter_map(|id| match auditor.decision(id, &of).unwrap().outcome {
        Fate::Is(row) => Some(row),
        _ => None,
    })
    .collect()
}

fn money(row: &AuditedOutcome, measure: Measure) -> Option<i128> {
    match row.readings.get(measure).value {
        Ok(Scalar::Money(amount)) => Some(amount),
        _ => None,
    }
}

fn number(row: &AuditedOutcome, measure: Measure) -> Option<f64> {
    match row.readings.get(measure).value {
        Ok(Scalar::Number(number)) => Some(number),
        _ => None,
    }
}

/// Checks identities, and says how many rows had the parts of each.
fn identities(rows: &[AuditedOutcome]) -> (usize, usize) {
    let (mut excursions, mut shortfalls) = (0, 0);
    for row in rows {
        assert!(row.ts_cutoff < row.ts_end && row.ts_end <= row.ts_latest_end, "{row:?}");
        assert!(row.ts_end <= row.ts_until && row.ts_until <= row.ts_avail, "{row:?}");
        let parts = [Measure::GrossPnl, Measure::Fees, Measure::Carry].map(|m| money(row, m));
        if let [Some(gross), Some(fees), Some(carry)] = parts {
            assert_eq!(money(row, Measure::NetPnl), Some(gross - fees + carry));
        }
        if let (Some(mae), Some(mfe)) = (number(row, Measure::MaeBps), number(row, Measure::MfeBps))
        {
            assert!(mae <= 0.0 && 0.0 <= mfe, "{row:?}");
            if let Some(capture) = number(row, Measure::MfeCapture) {
                assert!(capture <= 1.0, "{row:?}");
            }
            excursions += 1;
        }
        let parts =
            [Measure::IsDelay, Measure::IsTrading, Measure::IsOpportunity, Measure::IsExplicit];
        if let [Some(a), Some(b), Some(c), Some(d)] = parts.map(|m| money(row, m)) {
            assert_eq!(money(row, Measure::IsTotal), Some(a + b + c + d));
            shortfalls += 1;
        }
        let parts = [Measure::IsSpread, Measure::IsDrift].map(|m| money(row, m));
        if let [Some(spread), Some(drift)] = parts {
            assert_eq!(money(row, Measure::IsTrading), Some(spread + drift));
        }
        for measure in Measure::ALL.iter().filter(|m| m.is_bounded()) {
            let reading = row.readings.get(*measure);
            let of = |scalar: Scalar| match scalar {
                Scalar::Money(n) => n as f64,
                Scalar::Number(x) => x,
                Scalar::Whole(n) => n as f64,
            };
            if let Ok(value) = reading.value {
                assert!(reading.lo.is_none_or(|lo| of(lo) <= of(value)), "{measure:?} {row:?}");
                assert!(reading.hi.is_none_or(|hi| of(value) <= of(hi)), "{measure:?} {row:?}");
            }
        }
    }
    (excursions, shortfalls)
}

#[test]
fn identities_hold_on_the_fills_of_a_simulated_desk() {
    let rows = outcomes(Anchor::Fills, 150);
    let (excursions, shortfalls) = identities(&rows);
    assert!(excursions > 30 && shortfalls > 30, "{excursions} {shortfalls} of {}", rows.len());
    let of = |basis| rows.iter().filter(|row| row.basis == basis).count();
    assert!(of(OutcomeBasis::Counterfactual) > 0);
    assert!(of(OutcomeBasis::Realized) + of(OutcomeBasis::Marked) > 0);
}

#[test]
fn identities_hold_on_forward_outcomes_of_a_simulated_desk() {
    let rows = outcomes(Anchor::Decision, 150);
    let (excursions, _) = identities(&rows);
    assert!(excursions > 30, "{excursions} of {}", rows.len());
    assert!(rows.iter().all(|row| row.basis == OutcomeBasis::Counterfactual));
    assert!(rows.iter().all(|row| row.status != LabelStatus::Provisional));
}

/// Class and value of the truth, by decision and target.
fn truth() -> Vec<(EventId, String, i8, f64)> {
    let scenario = Scenario::preset("small").unwrap();
    let mut rows = Vec::new();
    for slice in Simulation::new(&scenario, 7).clean().skip(10).take(3) {
        let Some(table) = slice.table("truth_labels") else { continue };
        let column = |name: &str| table.column_by_name(name).unwrap();
        let ids = column("decision_id").as_fixed_size_binary();
        let targets = column("target").as_dictionary::<Int32Type>();
        let targets = targets.downcast_dict::<StringArray>().unwrap();
        let classes = column("class").as_primitive::<Int8Type>();
        let values = column("value").as_primitive::<Float64Type>();
        for n in (0..table.num_rows()).filter(|n| classes.is_valid(*n)) {
            let id = EventId::from_bytes(ids.value(n).try_into().unwrap());
            let target = targets.into_iter().nth(n).unwrap().unwrap();
            rows.push((id, target.to_owned(), classes.value(n), values.value(n)));
        }
    }
    rows
}

#[test]
fn forward_and_barrier_labels_are_those_of_the_simulated_truth() {
    let auditor = Auditor::new(&desk());
    let mut measures = by(Anchor::Decision).measures.clone();
    measures.horizon_default_ns = SECOND;
    let own = Some(Barrier::Decision);
    let kind = TargetKind::TripleBarrier {
        profit: own,
        loss: own,
        vertical: Vertical::Zero,
        profit_as_limit: false,
    };
    let forward = TargetKind::FixedHorizon { cuts: Cuts::None };
    let rules =
        rules(measures, vec![target("forward_executable", forward), target("barrier", kind)]);
    let of = |_: &str, _: i64| Some(Arc::clone(&rules));
    let (mut compared, mut differ) = (BTreeMap::<String, usize>::new(), Vec::new());
    for (id, target, class, value) in truth() {
        let Some(audited) = auditor.decision(id, &of) else { continue };
        let label = audited.labels.iter().find(|(name, _)| *name == target);
        let Some((_, Fate::Is(label))) = label else { continue };
        *compared.entry(target.clone()).or_default() += 1;
        let is_near =
            label.value.is_some_and(|x| (x - value).abs() <= 1e-12 * value.abs().max(1.0));
        if label.class != Some(class) || !is_near {
            differ.push((id, target, class, value, label.clone()));
        }
    }
    let most = |target: &str| compared.get(target).copied().unwrap_or(0);
    assert!(most("forward_executable") > 150 && most("barrier") > 50, "{compared:?}");
    assert!(differ.is_empty(), "{} of {compared:?}, {:#?}", differ.len(), differ.first());
}
