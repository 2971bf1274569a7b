//! Labels against what really happened, which the simulator worked out by a path of its own.

use super::Done;
use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::world::World;
use crate::context::Context;
use crate::error::Failure;
use std::collections::BTreeMap;

/// Targets of the demo's rules that the simulator knows the truth of.
const TARGETS: [&str; 2] = ["forward_executable", "barrier"];
/// The share of labels that must be known to be right.
const BAR: f64 = 0.98;

/// Class by decision.
type Classes = BTreeMap<[u8; 16], i64>;

pub(super) fn check(world: &World, run: &Done, context: &Context) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for target in TARGETS {
        let found =
            classes(&run.dir().join("labels").join("labels.parquet"), target, true, context)?;
        let truth = classes(&world.truth("labels"), target, false, context)?;
        let without = truth.keys().filter(|id| !found.contains_key(*id)).count();
        let both = found.iter().filter_map(|(id, class)| Some((class, truth.get(id)?)));
        let (n, same) = both.fold((0, 0), |(n, same), (a, b)| (n + 1, same + u64::from(a == b)));
        let low = labeling::clopper_pearson(same, n, 0.95).map_or(0.0, |(low, _)| low);
        lines.push(Line::new(
            Verdict::of(low >= BAR),
            format!("labels {target} are the truth"),
            format!(
                "{same} of {n}, so at least {:.2} % (95 %); bar {:.0} %; {without} more have a truth and no label",
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
    lines.push(grades(run, context)?);
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

/// Shares of the grades, and what is significant about them.
fn grades(run: &Done, context: &Context) -> Result<Line, Failure> {
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
    let said = format!(
        "{}; of {cells} cells tested {positive} are significantly above 0 and {negative} below, false discoveries controlled",
        said.join(", ")
    );
    Ok(Line::new(Verdict::of(n > 0 && cells > 0), format!("{n} grades"), said))
}
