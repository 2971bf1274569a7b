//! What learns and what tests have nothing in common, by the true ends of labels.

use super::columns::{Columns, batches};
use super::report::{Line, Verdict};
use super::version::Version;
use super::world::World;
use crate::context::Context;
use crate::error::Failure;
use datasets::Split;
use std::collections::BTreeMap;

/// The target of the version.
const TARGET: &str = "forward_executable";

pub(super) fn check(
    world: &World,
    versions: &[(&str, &Version)],
    context: &Context,
) -> Result<Vec<Line>, Failure> {
    let mut ends: BTreeMap<[u8; 16], i64> = BTreeMap::new();
    for batch in batches(&world.truth("labels"), context)? {
        let columns = Columns(&batch);
        let cells = columns.words("target")?.into_iter().zip(columns.times("ts_end")?);
        for (id, (target, end)) in columns.ids("decision_id")?.into_iter().zip(cells) {
            if let (Some(id), Some(end), TARGET) = (id, end, target.as_str()) {
                ends.insert(id, end);
            }
        }
    }
    Ok(versions.iter().map(|(name, version)| line(name, version, &ends)).collect())
}

fn line(name: &str, version: &Version, ends: &BTreeMap<[u8; 16], i64>) -> Line {
    let of = |split: Split| version.rows.iter().filter(move |row| row.split == split);
    let (mut lives, mut least) = (0_u64, i64::MAX);
    for (learns, tests) in [
        (Split::Train, Split::Validation),
        (Split::Train, Split::Test),
        (Split::Validation, Split::Test),
    ] {
        // What a row that tests sees begins so early.
        let Some(seen) = of(tests).map(|row| row.ts - version.lookback_ns).min() else { continue };
        for end in of(learns).filter_map(|row| ends.get(&row.id)) {
            lives += u64::from(*end > seen);
            least = least.min(seen - end);
        }
    }
    let known = version.rows.iter().filter(|row| ends.contains_key(&row.id)).count();
    Line::new(
        Verdict::of(lives == 0 && known == version.rows.len() && known > 0),
        format!("{name}: no true label lives into what a later split looks back on"),
        format!("{lives} of {known} rows; the nearest ends {:.1} s before it", least as f64 / 1e9),
    )
}
