//! Decisions become outcomes and grades, and a second implementation says whether they are right.
//!
//! `cargo run -p hindsight --example 03_grades_that_agree`
#![allow(clippy::print_stdout, reason = "what an example is for; a test takes it in too")]

use contract::Labels;
use labeling::{AuditPlan, Inputs, LabelSpec, Options, RuleBook, Tables, audit, run};
use simulator::{Scenario, Simulation};
use std::collections::BTreeMap;
use std::error::Error;

const RULES: &str = r#"
id = "desk"
version = 1
measures = { anchor = "decision", path = "executable", horizon = "10s", max_life = "11s", entry_wait = "10s", offsets = [], allowed_lateness = "1s", max_exit_delay = "0ns", sources = [1] }
sigma = { from = "path", window = "2m", step = "1s", min_steps = 30, floor_bps = 0.1 }
[grade]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["counterfactual"] }
base = { by = "r_net_sigma", cuts = [-1.5, -0.5, 0.5, 1.5] }
"#;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let market = Simulation::new(&Scenario::preset("small")?, 7).clean();
    let mut batches: Vec<_> = market.references()?.into_iter().map(|(_, rows)| rows).collect();
    for slice in market.skip(10).take(20) {
        batches.extend(slice.tables().map(|(_, rows)| rows.clone()));
    }
    let read = ["decisions", "quotes", "statuses", "instruments", "sessions", "fee_schedules"];
    batches.retain(|rows| {
        let name = rows.schema_ref().metadata().get(contract::meta::TABLE);
        name.is_some_and(|name| read.contains(&name.as_str()))
    });
    let mut inputs = Inputs::default();
    for rows in labeling::number(&batches)? {
        inputs.push(&rows)?;
    }

    let rules = RuleBook::from(LabelSpec::parse(RULES)?);
    let out = run(rules.clone(), &inputs, Options::default())?;
    let labels = out.labels.as_ref().ok_or("no labels")?;
    let mut grades: BTreeMap<i8, u32> = BTreeMap::new();
    for row in 0..labels.len() {
        if let Some(class) = labels.cell(&Labels::CLASS, row)? {
            *grades.entry(class).or_default() += 1;
        }
    }
    println!("grades from -2 to 2: {grades:?}");
    assert_eq!(grades.len(), 5);

    // It reads the tables alone, and shares no code with the engine.
    let of = |strategy: &str, cutoff: i64| rules.resolve(strategy, cutoff);
    let outcomes = [out.outcomes.ok_or("none")?.with_seq(0)];
    let labels = [out.labels.ok_or("none")?.with_seq(0)];
    let tables = Tables { outcomes: &outcomes, labels: &labels, markouts: &[] };
    let plan = AuditPlan { seed: 1, simple: 300, stratified: 2 };
    let report = audit(&inputs, &of, tables, plan);
    let (low, _) = report.decisions.interval();
    println!("{} of {} decisions agree", report.decisions.n_agree, report.decisions.n);
    assert!(low > 0.98, "{low}");
    Ok(())
}
