//! Features and labels become a version: split, purged, checked for leaks, published, and read back.
//!
//! `cargo run -p hindsight --example 04_rows_to_dataset`
#![allow(clippy::print_stdout, reason = "what an example is for; a test takes it in too")]
use contract::{AllowLocal, Batch, EventId, Name, Origin, Purpose, UtcNanos};
use datasets::{
    BuildOptions, BuildPlan, CommitFacts, Evidence, Folder, Inputs, Spec, Split, Store, Weigh,
    build,
};
use durable::RealFs;
use features::Catalogue;
use labeling::LabelSpec;
use simulator::{Scenario, Simulation};
use std::{error::Error, sync::Arc};
const FEATURES: &str = r#"features = ["book__*__now", "flow__imb_vol__10s"]"#;
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
        let lives = labeling::Lives::within(starts, ends, groups);
        Ok(lives.map_err(|e| e.to_string())?.overlap().uniqueness)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let market = Simulation::new(&Scenario::preset("small")?, 7).clean().skip(10).take(20);
    let tables = ["decisions", "quotes", "trades"];
    let slices = market.flat_map(|slice| tables.map(|table| slice.table(table).cloned()));
    let batches: Vec<_> = slices.flatten().collect();
    let (mut seen, mut ahead) = (features::Inputs::default(), labeling::Inputs::default());
    for rows in labeling::number(&batches)? {
        seen.add(&rows)?;
        ahead.push(&rows)?;
    }
    let plan = features::Spec::parse(FEATURES)?.resolve(&Catalogue::builtin())?;
    let rows = features::run(plan, &seen, features::Options::default())?.rows.ok_or("no rows")?;
    let made = labeling::run(LabelSpec::parse(RULES)?, &ahead, labeling::Options::default())?;
    let (labels, outcomes) = (made.labels.ok_or("none")?, made.outcomes.ok_or("none")?);
    let (mut inputs, memory) = (Inputs::new(), Origin::new("datasets", "memory"));
    let mut tables: Vec<_> = seen.decisions.iter().map(Batch::as_any).collect();
    tables.extend([rows.as_any(), labels.as_any(), outcomes.as_any()]);
    for table in tables.into_iter().cloned() {
        assert!(inputs.push(&table.into_record_batch(), &memory)?.is_empty()); // no reject
    }
    let plan = BuildPlan::new(&inputs, &Spec::parse(SPEC)?, &Kernel)?;
    let (place, name) = (tempfile::tempdir()?, Name::parse("ahead")?);
    let gate = Arc::new(AllowLocal { reason: "own data".to_owned() });
    let store = Store::open(Arc::new(RealFs), place.path(), gate)?;
    let now = UtcNanos::parse("2026-04-01T00:00:00Z")?; // a service gives its clock
    let staging = store.stage(&name, "6f9c0d52", now)?; // a name of its own for each build
    let (proof, options) = (Evidence::default(), BuildOptions::default());
    let built = build(&name, &inputs, &plan, &staging, &proof, &options)?;
    assert!(built.refusals(plan.spec()).is_empty());
    let facts = CommitFacts::new(now, EventId::from_bytes([0; 16]), Purpose::parse("research")?);
    let published = staging.publish(&built.manifest_text, &facts)?;
    let folder = Folder::new(Arc::new(RealFs), &published.path);
    let train = built.manifest.files.iter().find(|data| data.split == "train").ok_or("none")?;
    let mut batches = folder.batches(&train.path, None)?;
    let read = batches.try_fold(0, |n, rows| rows.map(|rows| n + rows.num_rows() as u64))?;
    println!("ahead@{}: {read} rows to learn from", published.ordinal);
    assert_eq!(read, plan.rows(Split::Train)); // what was planned is what a reader finds
    Ok(())
}
