//! `hindsight labeling validate`.

use super::rules::{RuleSet, bound, named, pinned};
use crate::cli::LabelingValidateArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Document, Grid, print};
use labeling::LabelSpec;
use std::fmt::Write as _;

/// Prints what the sets are and what is odd about them; mistakes are errors, all of them at once.
pub(in crate::commands) fn validate(
    args: &LabelingValidateArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("labeling validate", &args.report)?;
    let sets = named(&args.files, context)?;
    bound(&sets)?;
    pinned(&sets, &args.pins)?;
    if json {
        let documents: Vec<Document> = sets.iter().map(document).collect();
        let document = Document::new("hindsight.rule_sets.v1").with("rule_sets", documents);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["file", "rule set", "in force", "targets", "strategies", "hash"]);
    let mut warnings = String::new();
    for RuleSet { name, spec } in &sets {
        let strategies: Vec<&str> = spec.strategies().map(|(name, _)| name).collect();
        grid.row([
            name.clone(),
            title(spec),
            in_force(spec),
            targets(spec).join(" "),
            if strategies.is_empty() { "-".to_owned() } else { strategies.join(" ") },
            spec.hash().to_string(),
        ]);
        for warning in spec.warnings() {
            let _ = writeln!(warnings, "warning: {name}: {warning}");
        }
    }
    let n = sets.iter().map(|set| set.spec.warnings().len()).sum::<usize>();
    let mut text = grid.to_text();
    text.push_str(&warnings);
    let _ = writeln!(text, "{} rule sets, proven monotone; {n} warnings", sets.len());
    print(&text)
}

/// `id version`.
pub(super) fn title(spec: &LabelSpec) -> String {
    format!("{} version {}", spec.id(), spec.version())
}

/// From when to when.
pub(super) fn in_force(spec: &LabelSpec) -> String {
    let to = spec.effective_to().map_or_else(String::new, |to| to.to_string());
    format!("{}..{to}", spec.effective_from())
}

fn targets(spec: &LabelSpec) -> Vec<String> {
    spec.base().targets.iter().map(|target| target.name.to_string()).collect()
}

fn document(set: &RuleSet) -> Document {
    let RuleSet { name, spec } = set;
    let strategies: Vec<&str> = spec.strategies().map(|(name, _)| name).collect();
    let warnings: Vec<String> = spec.warnings().iter().map(ToString::to_string).collect();
    Document::object()
        .with("file", name.as_str())
        .with("id", spec.id())
        .with("version", u64::from(spec.version()))
        .with("effective_from", spec.effective_from().to_string())
        .with("effective_to", spec.effective_to().map(|to| to.to_string()))
        .with("hash", spec.hash().to_string())
        .with("targets", targets(spec))
        .with("strategies", strategies)
        .with("warnings", warnings)
}
