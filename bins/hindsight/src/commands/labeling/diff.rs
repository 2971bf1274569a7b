//! `hindsight labeling diff`.

use super::rules::{RuleSet, read as read_rules};
use super::validate::title;
use super::{percent, share, stored};
use crate::cli::LabelingDiffArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{ErrorReport, Failure};
use crate::output::{Document, Grid, print};
use contract::{Decisions, Outcomes};
use labeling::{Change, DryRun, DryRunOptions, SpecDiff, Transitions, diff as compare, dry_run};
use std::fmt::Write as _;

/// Classes of a transition matrix, the last one being none.
const CLASSES: [&str; 6] = ["bad", "poor", "neutral", "good", "excellent", "no class"];

/// Prints what changes; the gate comes after the report.
pub(in crate::commands) fn diff(
    args: &LabelingDiffArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("labeling diff", &args.report)?;
    let most = args.max_changed_share.as_deref();
    let most = most.map(|text| share("--max-changed-share", text)).transpose()?;
    let (old, new) = match (read_rules(&args.old), read_rules(&args.new)) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            // Mistakes of both, at once.
            let mut all = Vec::new();
            for failure in [old.err(), new.err()].into_iter().flatten() {
                match failure {
                    Failure::Errors(reports) => all.extend(reports),
                    gone @ Failure::ReaderGone => return Err(gone),
                }
            }
            return Err(Failure::Errors(all));
        }
    };
    let found = compare(&old.spec, &new.spec);
    let dry = if args.outcomes.is_empty() { None } else { Some(dry(args, &old, &new, context)?) };
    let text = if json {
        format!("{}\n", document(&old, &new, &found, dry.as_ref()))
    } else {
        table(&old, &new, &found, dry.as_ref())
    };
    print(&text)?;
    if let (Some(dry), Some(most)) = (&dry, most) {
        dry.gate(most).map_err(|error| Failure::from(ErrorReport::new(&error)))?;
    }
    Ok(())
}

fn dry(
    args: &LabelingDiffArgs,
    old: &RuleSet,
    new: &RuleSet,
    context: &Context,
) -> Result<DryRun, Failure> {
    let trust_eof = args.read.trust_eof;
    let outcomes = stored::read::<Outcomes>(&args.outcomes, trust_eof, context)?;
    let mut options = DryRunOptions {
        target: args.target.clone(),
        examples: args.examples,
        ..DryRunOptions::default()
    };
    if !args.decisions.is_empty() {
        for batch in stored::read::<Decisions>(&args.decisions, trust_eof, context)? {
            for row in 0..batch.len() {
                let cells = batch
                    .cell(&Decisions::DECISION_ID, row)
                    .and_then(|id| Ok((id, batch.cell(&Decisions::ACTION, row)?)));
                let (id, action) =
                    cells.map_err(|error| Failure::from(ErrorReport::new(&error)))?;
                options.actions.insert(id, action);
            }
        }
    }
    dry_run(&old.spec, &new.spec, &outcomes, &options)
        .map_err(|error| ErrorReport::new(&error).into())
}

fn reaches(change: &Change) -> String {
    let others = change.reaches_others.then_some("all others");
    let named: Vec<&str> = change.strategies.iter().map(String::as_str).chain(others).collect();
    named.join(", ")
}

fn table(old: &RuleSet, new: &RuleSet, found: &SpecDiff, dry: Option<&DryRun>) -> String {
    let mut text = format!(
        "{}: {} ({})\n{}: {} ({})\n\n",
        old.name,
        title(&old.spec),
        old.spec.hash(),
        new.name,
        title(&new.spec),
        new.spec.hash()
    );
    if found.changes.is_empty() {
        text.push_str("nothing changes\n");
    } else {
        let mut grid = Grid::new(["key", "before", "after", "strategies"]);
        for change in &found.changes {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let (before, after) = (value(&change.before), value(&change.after));
            grid.row([change.path.clone(), before, after, reaches(change)]);
        }
        text.push_str(&grid.to_text());
        let needs = if found.needs_path {
            "measures change: the path is needed again"
        } else {
            "rules alone change: stored outcomes can be graded again"
        };
        let _ = writeln!(text, "{} keys change; {needs}", found.changes.len());
    }
    let Some(dry) = dry else { return text };
    let rows = &dry.rows;
    let _ = writeln!(
        text,
        "\ndry run: {} outcomes graded, {} change ({}); not covered {}, superseded {}, void {}, of other measures {}",
        rows.graded,
        dry.overall.changed(),
        percent(dry.overall.changed_share()),
        rows.not_covered,
        rows.superseded,
        rows.void,
        rows.other_measures
    );
    matrix(&mut text, "all strategies", &dry.overall);
    for (strategy, transitions) in &dry.by_strategy {
        matrix(&mut text, strategy, transitions);
    }
    if !dry.examples.is_empty() {
        let class = |class: Option<i8>| {
            let at = class.and_then(|class| usize::try_from(class + 2).ok()).unwrap_or(5);
            CLASSES.get(at).copied().unwrap_or("no class")
        };
        let mut grid = Grid::new(["decision", "strategy", "before", "after"]);
        for example in &dry.examples {
            let (before, after) = (class(example.before), class(example.after));
            let id = example.decision_id.to_string();
            grid.row([id.as_str(), example.strategy.as_str(), before, after]);
        }
        let _ = write!(text, "\n{}", grid.to_text());
    }
    text
}

fn matrix(text: &mut String, who: &str, transitions: &Transitions) {
    let _ = writeln!(
        text,
        "\n{who}: {} of {} change ({})",
        transitions.changed(),
        transitions.rows(),
        percent(transitions.changed_share())
    );
    let header = std::iter::once("before \\ after").chain(CLASSES).chain(["rows"]);
    let mut grid = Grid::new(header);
    for ((class, to), rows) in CLASSES.iter().zip(&transitions.0).zip(transitions.before()) {
        let cells = to.iter().copied().chain([rows]).map(|n| n.to_string());
        grid.row(std::iter::once((*class).to_owned()).chain(cells));
    }
    let cells = transitions.after().into_iter().chain([transitions.rows()]);
    grid.row(std::iter::once("rows".to_owned()).chain(cells.map(|n| n.to_string())));
    text.push_str(&grid.to_text());
}

fn document(old: &RuleSet, new: &RuleSet, found: &SpecDiff, dry: Option<&DryRun>) -> Document {
    let set = |set: &RuleSet| {
        Document::object()
            .with("file", set.name.as_str())
            .with("id", set.spec.id())
            .with("version", u64::from(set.spec.version()))
            .with("hash", set.spec.hash().to_string())
    };
    let changes: Vec<Document> = found
        .changes
        .iter()
        .map(|change| {
            Document::object()
                .with("key", change.path.as_str())
                .with("before", change.before.clone())
                .with("after", change.after.clone())
                .with("reaches_others", change.reaches_others)
                .with("strategies", change.strategies.clone())
        })
        .collect();
    Document::new("hindsight.rule_diff.v1")
        .with("old", set(old))
        .with("new", set(new))
        .with("changes", changes)
        .with("needs_path", found.needs_path)
        .with("dry_run", dry.map(dry_document))
}

fn dry_document(dry: &DryRun) -> Document {
    let transitions = |who: Option<&str>, transitions: &Transitions| {
        let matrix: Vec<Document> =
            transitions.0.iter().map(|to| Document::from(to.to_vec())).collect();
        Document::object()
            .with("strategy", who)
            .with("rows", transitions.rows())
            .with("changed", transitions.changed())
            .with("changed_share", transitions.changed_share())
            .with("matrix", Document::List(matrix))
    };
    let class = |class: Option<i8>| class.map(|class| class.to_string());
    let examples: Vec<Document> = dry
        .examples
        .iter()
        .map(|example| {
            Document::object()
                .with("decision_id", example.decision_id.to_string())
                .with("strategy", example.strategy.as_str())
                .with("before", class(example.before))
                .with("after", class(example.after))
        })
        .collect();
    let named: Vec<Document> =
        dry.by_strategy.iter().map(|(who, t)| transitions(Some(who), t)).collect();
    Document::object()
        .with("graded", dry.rows.graded)
        .with("not_covered", dry.rows.not_covered)
        .with("superseded", dry.rows.superseded)
        .with("void", dry.rows.void)
        .with("other_measures", dry.rows.other_measures)
        .with("classes", CLASSES.to_vec())
        .with("overall", transitions(None, &dry.overall))
        .with("by_strategy", named)
        .with("examples", examples)
}
