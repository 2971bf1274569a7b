//! Labels against what really happened, which the simulator worked out by a path of its own.

use super::Done;
use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::context::Context;
use crate::error::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// Targets of the demo's rules that the simulator knows the truth of, and what decisions they speak of.
const TARGETS: [(&str, &[&str]); 2] = [
    ("forward_executable", &["enter", "exit", "increase", "reduce", "reverse", "skip"]),
    ("barrier", &["enter", "increase", "reverse"]),
];
/// The share of labels that must be known to be right.
const BAR: f64 = 0.98;

/// Class by decision.
type Classes = BTreeMap<[u8; 16], i64>;

pub(super) fn check(world: &World, run: &Done, context: &Context) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let actions = actions(run, context)?;
    let labels = run.dir().join("labels").join("labels.parquet");
    for (target, covers) in TARGETS {
        let found = classes(&labels, target, true, context)?;
        let known = rows(&labels, target, context)?;
        let truth = classes(&world.truth("labels"), target, false, context)?;
        // A truth about a decision that the rules speak of, and no row that says why it has no label.
        let missing = truth
            .keys()
            .filter(|id| !known.contains(*id))
            .filter(|id| actions.get(*id).is_some_and(|a| covers.contains(&a.as_str())))
            .count();
        let undecided = known.iter().filter(|id| !found.contains_key(*id)).count();
        let both = found.iter().filter_map(|(id, class)| Some((class, truth.get(id)?)));
        let (n, same) = both.fold((0, 0), |(n, same), (a, b)| (n + 1, same + u64::from(a == b)));
        let low = labeling::clopper_pearson(same, n, 0.95).map_or(0.0, |(low, _)| low);
        lines.push(Line::new(
            Verdict::of(low >= BAR && missing == 0),
            format!("labels {target} are the truth"),
            format!(
                "{same} of {n}, so at least {:.2} % (95 %); bar {:.0} %; {missing} missing, {undecided} say why there is none",
                low * 100.0,
                BAR * 100.0
            ),
        ));
    }
    let fact = |name: &str| run.fact("audit", name);
    let low = fact("at_least").parse::<f64>().unwrap_or(0.0);
    lines.push(Line::new(
        Verdict::of(low >= BAR),
        "a second implementation agrees",
        format!(
            "{} of {} decisions, at least {:.2} %",
            fact("agree"),
            fact("audited"),
            low * 100.0
        ),
    ));
    lines.push(grades(world, run, context)?);
    Ok(lines)
}

fn classes(
    path: &std::path::Path,
    target: &str,
    is_ours: bool,
    context: &Context,
) -> Result<Classes, Failure> {
    let mut classes = Classes::new();
    let mut revisions: BTreeMap<[u8; 16], i64> = BTreeMap::new();
    for batch in batches(path, context)? {
        let columns = Columns(&batch);
        let (ids, names) = (columns.ids("decision_id")?, columns.words("target")?);
        let of = columns.whole("class")?;
        let revision = if is_ours {
            columns.whole("revision").unwrap_or_default()
        } else {
            vec![Some(0); ids.len()]
        };
        for (((id, name), class), revision) in ids.into_iter().zip(names).zip(of).zip(revision) {
            let (Some(id), Some(class)) = (id, class) else { continue };
            let revision = revision.unwrap_or(0);
            if name == target && revisions.get(&id).is_none_or(|known| *known <= revision) {
                revisions.insert(id, revision);
                classes.insert(id, class);
            }
        }
    }
    Ok(classes)
}

/// Decisions that have a row of a target, with a class or with the reason why there is none.
fn rows(
    path: &std::path::Path,
    target: &str,
    context: &Context,
) -> Result<BTreeSet<[u8; 16]>, Failure> {
    let mut ids = BTreeSet::new();
    for batch in batches(path, context)? {
        let columns = Columns(&batch);
        let names = columns.words("target")?;
        let own = columns.ids("decision_id")?.into_iter().zip(names);
        ids.extend(own.filter(|(_, name)| name == target).filter_map(|(id, _)| id));
    }
    Ok(ids)
}

/// What each stored decision was.
fn actions(run: &Done, context: &Context) -> Result<BTreeMap<[u8; 16], String>, Failure> {
    let mut actions = BTreeMap::new();
    for batch in batches(&run.dir().join("tables").join("decisions.parquet"), context)? {
        let columns = Columns(&batch);
        let words = columns.words("action")?;
        actions.extend(columns.ids("decision_id")?.into_iter().flatten().zip(words));
    }
    Ok(actions)
}

/// Shares of the grades, and what is significant about them.
fn grades(world: &World, run: &Done, context: &Context) -> Result<Line, Failure> {
    let grades = classes(&run.dir().join("labels").join("labels.parquet"), "grade", true, context)?;
    let mut shares = [0_u64; 5];
    for class in grades.values() {
        if let Some(share) = usize::try_from(class + 2).ok().and_then(|at| shares.get_mut(at)) {
            *share += 1;
        }
    }
    let (mut cells, mut positive, mut negative) = (0, 0, 0);
    for batch in batches(&run.dir().join("audit").join("label_tests.parquet"), context)? {
        for verdict in Columns(&batch).words("verdict")? {
            cells += 1;
            positive += u64::from(verdict == "positive");
            negative += u64::from(verdict == "negative");
        }
    }
    let n: u64 = shares.iter().sum();
    let words = ["bad", "poor", "neutral", "good", "excellent"];
    let percent = |share: u64| format!("{:.0} %", 100.0 * share as f64 / n.max(1) as f64);
    let said: Vec<String> = words
        .iter()
        .zip(shares)
        .map(|(word, share)| format!("{word} {}", percent(share)))
        .collect();
    // Its own measure of how much a market moves makes the simulator's grade another one: near, and seldom two steps off.
    let truth = classes(&world.truth("labels"), "grade_forward", false, context)?;
    let steps = grades.iter().filter_map(|(id, class)| Some((class - truth.get(id)?).abs()));
    let (both, near) = steps.fold((0, 0), |(n, near), d| (n + 1, near + u64::from(d <= 1)));
    let low = labeling::clopper_pearson(near, both, 0.95).map_or(0.0, |(low, _)| low);
    let said = format!(
        "at least {:.2} % within a step of the simulator's; {}; of {cells} cells tested {positive} are significantly above 0 and {negative} below, false discoveries controlled",
        low * 100.0,
        said.join(", ")
    );
    Ok(Line::new(Verdict::of(low >= BAR && cells > 0), format!("{n} grades"), said))
}
