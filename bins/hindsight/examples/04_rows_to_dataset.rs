//! Features and labels become a version: split, purged, certified, published, and read back.
//!
//! `cargo run -p hindsight --example 04_rows_to_dataset`
#![allow(clippy::print_stdout, reason = "what an example is for; a test takes it in too")]

use contract::{AllowLocal, EventId, Name, Origin, Purpose, UtcNanos};
use datasets::{
    BuildOptions, BuildPlan, CommitFacts, Evidence, Inputs, Spec, Split, Store, Weigh, build,
};
use features::Catalogue;
use labeling::LabelSpec;
use simulator::{Scenario, Simulation};
use std::{error::Error, sync::Arc};

const RULES: &str = r#"
id = "ahead"
version = 1
measures = { anchor = "decision", horizon = "2s", max_life = "3s", entry_wait = "2s", max_exit_delay = "0ns", offsets = [], allowed_lateness = "1s", sources = [1] }
[fixed_horizon.ahead]
covers = { decisions = ["enter", "exit", "increase", "reduce", "reverse", "skip", "hold"], basis = ["counterfactual"] }
"#;
const SPEC: &str = r#"
kind = "signal"
features = { include = ["*"] }
target = [{ name = "ahead", task = "ordinal" }]
weights = { use = ["uniqueness"] }
split = { strategy = "chronological", fractions = [0.5, 0.25, 0.25], embargo = "1s" }
gate = { allow_not_evaluated = ["labels", "causality", "too_good"] } # `hindsight run` gives their reports
card = { licence = "CC0-1.0", contact = "desk@example.com" }
"#;

/// Uniqueness by the kernel of `labeling`; `datasets` does not depend on it.
struct Kernel;

impl Weigh for Kernel {
    fn uniqueness(&self, starts: &[i64], ends: &[i64], groups: &[u32]) -> Result<Vec<f64>, String> {
        let lives = labeling::Lives::within(starts, ends, groups).map_err(|e| e.to_string())?;
        Ok(lives.overlap().uniqueness)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let market = Simulation::new(&Scenario::preset("small")?, 7).clean();
    let tables = ["decisions", "quotes", "trades"];
    let mut batches = Vec::new();
    for slice in market.skip(10).take(20) {
        batches.extend(tables.iter().filter_map(|table| slice.table(table).cloned()));
    }
    let (mut seen, mut ahead) = (features::Inputs::default(), labeling::Inputs::default());
    for rows in labeling::number(&batches)? {
        seen.add(&rows)?;
        ahead.push(&rows)?;
    }
    let set = features::Spec::parse(r#"features = ["book__*__now", "flow__imb_vol__10s"]"#)?;
    let plan = set.resolve(&Catalogue::builtin())?;
    let rows = features::run(plan, &seen, features::Options::default())?.rows.ok_or("no rows")?;
    let made = labeling::run(LabelSpec::parse(RULES)?, &ahead, labeling::Options::default())?;
    let (labels, outcomes) = (made.labels.ok_or("none")?, made.outcomes.ok_or("none")?);
    let (mut inputs, memory) = (Inputs::new(), Origin::new("datasets", "memory"));
    let decisions = seen.decisions.iter().map(contract::Batch::as_any);
    for table in decisions.chain([rows.as_any(), labels.as_any(), outcomes.as_any()]) {
        assert!(inputs.push(&table.clone().into_record_batch(), &memory)?.is_empty()); // no reject
    }

    let plan = BuildPlan::new(&inputs, &Spec::parse(SPEC)?, &Kernel)?;
    let (folder, name) = (tempfile::tempdir()?, Name::parse("ahead")?);
    let gate = AllowLocal { reason: "own data".to_owned() };
    let store = Store::open(Arc::new(durable::RealFs), folder.path(), Arc::new(gate))?;
    let now = UtcNanos::parse("2026-04-01T00:00:00Z")?; // a service gives its clock
    let staging = store.stage(&name, "6f9c0d52", now)?; // a name of its own for each build
    let evidence = Evidence::default();
    let built = build(&name, &inputs, &plan, &staging, &evidence, &BuildOptions::default())?;
    assert!(built.refusals(plan.spec()).is_empty());
    let facts = CommitFacts::new(now, EventId::from_bytes([0; 16]), Purpose::parse("research")?);
    let published = staging.publish(&built.manifest_text, &facts)?;
    println!("ahead@{}: {} rows to learn from", published.ordinal, plan.rows(Split::Train));
    assert!(plan.rows(Split::Train) > 100 && published.path.is_dir());
    Ok(())
}
