//! The rules that come with Hindsight, on a simulated day without and with planted faults.

use crate::support::MARKET;
use contract::QualityMode;
use quality::{Context, Finding, Form, RuleSet, TableState, Verdict};
use simulator::{FaultKind, Injector, Scenario, Simulation, Slice};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_table_with_rules_is_of_the_contract_and_its_rules_can_be_read() {
    let tables: Vec<&str> = RuleSet::built_in_tables().collect();
    assert_eq!(tables.len(), 11);
    for table in tables {
        let rules = RuleSet::built_in(table).unwrap();
        assert_eq!((rules.table(), rules.name()), (table, table));
        for check in rules.checks() {
            assert!(check.id().starts_with(&format!("{table}.")), "{}", check.id());
        }
    }
}

/// Everything that checks look up in these slices.
fn context(simulation: &Simulation, slices: &[Slice]) -> Context {
    let mut context = Context::new();
    for (name, batch) in simulation.references().unwrap() {
        if ["instruments", "sessions", "sources"].contains(&name) {
            context.add(&batch).unwrap();
        }
    }
    for slice in slices {
        context.add(slice.table("statuses").unwrap()).unwrap();
        context.add(slice.table("decisions").unwrap()).unwrap();
    }
    context
}

/// Rows that break each check of a row kind among a table's rules that come with Hindsight.
fn violations(table: &str, slices: &[Slice], context: &Context) -> BTreeMap<String, u64> {
    let rules = RuleSet::built_in(table).unwrap();
    let mut state = TableState::new(&rules, QualityMode::Final);
    for batch in slices.iter().filter_map(|slice| slice.table(table)) {
        state.observe(batch, context).unwrap();
    }
    let report = state.finish(context);
    let of_rows = |f: &&Finding| f.check().kind().form == Form::Row;
    for finding in report.findings().iter().filter(of_rows) {
        let verdict = finding.verdict();
        assert!(
            !matches!(verdict, Verdict::NotEvaluated(_)),
            "{}: {verdict}",
            finding.check().id()
        );
    }
    let count = |f: &Finding| (f.check().id().to_owned(), f.counts().violations);
    report.findings().iter().filter(of_rows).map(count).collect()
}

#[test]
fn clean_days_break_no_exact_rule_and_each_planted_fault_is_found_once() {
    let simulation = Simulation::new(&Scenario::parse(MARKET).unwrap(), 51);
    let references = simulation.clone();
    let clean: Vec<Slice> = simulation.collect();
    let context = context(&references, &clean);
    // What a market does without any fault: rows of one side at the open, locked quotes of two venues, size 0 nowhere.
    let natural = ["quotes.one_sided", "quotes.locked", "depths.one_sided", "depths.locked"];
    let mut before = BTreeMap::new();
    for table in
        ["trades", "quotes", "depths", "book_deltas", "bars", "statuses", "decisions", "executions"]
    {
        for (check, found) in violations(table, &clean, &context) {
            assert!(
                found == 0 || natural.contains(&check.as_str()),
                "{check}: {found} in clean rows"
            );
            before.insert(check, found);
        }
    }
    let planted = [
        (FaultKind::NegativeSize, 0.01, "trades", "trades.sign"),
        (FaultKind::ZeroSize, 0.01, "trades", "trades.sign"),
        (FaultKind::HaltPrint, 1.0, "trades", "trades.halt_print"),
        (FaultKind::OffSession, 1.0, "trades", "trades.off_session"),
        (FaultKind::Crossed, 0.01, "quotes", "quotes.crossed"),
        (FaultKind::Locked, 0.01, "quotes", "quotes.locked"),
        (FaultKind::OneSided, 0.01, "quotes", "quotes.one_sided"),
        (FaultKind::MissingFee, 0.05, "executions", "executions.missing_fee"),
        (FaultKind::OrphanFill, 0.05, "executions", "executions.fk"),
        (FaultKind::WrongCurrency, 0.05, "executions", "executions.currency"),
    ];
    for (kind, rate, table, check) in planted {
        let mut injector = Injector::new(7).with(kind, rate, None);
        let last = clean.len() - 1;
        let dirty: Vec<Slice> =
            clean.iter().enumerate().map(|(at, slice)| injector.push(slice, at == last)).collect();
        // One record a changed cell or inserted row; a fault that changes two cells is one fault.
        let faults: BTreeSet<u64> = dirty.iter().flat_map(|slice| ids(slice, kind)).collect();
        assert!(!faults.is_empty(), "{}: nothing was planted", kind.word());
        let found = violations(table, &dirty, &context);
        assert_eq!(found[check] - before[check], faults.len() as u64, "{}", kind.word());
        for (other, count) in &found {
            let expected = if other == check { continue } else { before[other] };
            let is_natural = natural.contains(&other.as_str());
            assert!(is_natural || *count == expected, "{}: {count} of {other}", kind.word());
        }
    }
}

/// Faults of a kind that a slice records.
fn ids(slice: &Slice, kind: FaultKind) -> Vec<u64> {
    let truth = slice.table("truth_faults").unwrap();
    let kinds = arrow_array::cast::AsArray::as_dictionary_opt::<arrow_array::types::Int32Type>(
        truth.column_by_name("kind").unwrap(),
    );
    let ids = truth.column_by_name("fault_id").unwrap();
    let ids = arrow_array::cast::AsArray::as_primitive::<arrow_array::types::UInt64Type>(ids);
    let words = kinds.map(|k| k.downcast_dict::<arrow_array::StringArray>().unwrap()).unwrap();
    let words = words.into_iter();
    words.zip(ids.values()).filter(|(w, _)| *w == Some(kind.word())).map(|(_, id)| *id).collect()
}
