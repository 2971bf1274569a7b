//! Rows of two versions, joined by id, out of files that differ.

use super::error::DiffError;
use crate::layout::{column, dropped, file};
use crate::manifest::{DataFile, Manifest};
use crate::view::{Columns, VersionView};
use arrow_array::Array as _;
use contract::{EventId, RowDigest};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many rows or cells are shown of each kind.
pub(super) const EXAMPLES: usize = 8;

/// Data files, by split and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FileChanges {
    /// Files that both have.
    pub equal: u64,
    /// Those among them that have another path now.
    pub renamed: u64,
    /// Files that the first has alone.
    pub only_before: u64,
    /// Files that the second has alone.
    pub only_after: u64,
    /// Files whose rows were read.
    pub read: u64,
}

/// Rows that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowGroup {
    /// What it is: a split, a reason, or a way from split to split.
    pub what: String,
    /// How many.
    pub rows: u64,
    /// The lowest ids: at most 8.
    pub examples: Vec<String>,
}

/// Rows that came, went or moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RowChanges {
    /// Rows of the first.
    pub before: u64,
    /// Rows of the second.
    pub after: u64,
    /// Rows that both have.
    pub shared: u64,
    /// Rows that the second has alone, by their split.
    pub added: Vec<RowGroup>,
    /// The same rows, by the reason for which the first dropped them; `absent`: it did not know of them.
    pub added_before: Vec<RowGroup>,
    /// Rows that the first has alone, by the reason for which the second dropped them; `absent`: it does not know of them.
    pub removed: Vec<RowGroup>,
    /// Rows that both have in different splits, as `train to test`.
    pub moved: Vec<RowGroup>,
}

/// A row that both versions have, by its places in their lists of files that differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) before: Place,
    pub(super) after: Place,
    pub(super) row_id: EventId,
}

/// File and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) row: usize,
}

/// What came of the join.
pub(super) struct Join<'a> {
    pub(super) changes: RowChanges,
    pub(super) files: FileChanges,
    pub(super) shared: u64,
    /// Files of each version that the other does not have.
    pub(super) before: Vec<&'a DataFile>,
    pub(super) after: Vec<&'a DataFile>,
    /// Rows that both have, in the order of the first's files.
    pub(super) pairs: Vec<Pair>,
}

pub(super) fn join<'a>(
    before: VersionView<'a>,
    after: VersionView<'a>,
    same_schema: bool,
) -> Result<Join<'a>, DiffError> {
    let (old, new) = unequal(before.manifest, after.manifest);
    let mut join = Join {
        changes: RowChanges { before: before.rows(), after: after.rows(), ..Default::default() },
        files: FileChanges {
            equal: (before.manifest.files.len() - old.len()) as u64,
            renamed: renamed(before.manifest, after.manifest),
            only_before: old.len() as u64,
            only_after: new.len() as u64,
            read: 0,
        },
        shared: before.rows(),
        before: old,
        after: new,
        pairs: Vec::new(),
    };
    if same_schema && same_rows(before.manifest, after.manifest) {
        join.changes.shared = join.shared;
        return Ok(join);
    }
    join.files.read = join.files.only_before + join.files.only_after;
    let old = places(before, &join.before)?;
    let new = places(after, &join.after)?;
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (Some(left), Some(right)) if left.0 == right.0 => {
                join.pairs.push(Pair { row_id: left.0, before: left.1, after: right.1 });
                old.next();
                new.next();
            }
            (Some(left), right) if right.is_none_or(|right| left.0 < right.0) => {
                removed.push(*left);
                old.next();
            }
            (_, Some(right)) => {
                added.push(*right);
                new.next();
            }
            _ => break,
        }
    }
    join.shared -= removed.len() as u64;
    join.changes.shared = join.shared;
    join.changes.removed = by_reason(after, &removed)?;
    join.changes.added_before = by_reason(before, &added)?;
    let split_of =
        |(row_id, place): &(EventId, Place)| (*row_id, join.after[place.file].split.clone());
    join.changes.added = grouped(added.iter().map(split_of));
    let ways = join.pairs.iter().filter_map(|pair| {
        let (from, to) = (&join.before[pair.before.file].split, &join.after[pair.after.file].split);
        (from != to).then(|| (pair.row_id, format!("{from} to {to}")))
    });
    join.changes.moved = grouped(ways);
    join.pairs.sort_unstable_by_key(|pair| pair.before);
    Ok(join)
}

/// Files of each manifest without their like in the other: same split, same bytes.
fn unequal<'a>(
    before: &'a Manifest,
    after: &'a Manifest,
) -> (Vec<&'a DataFile>, Vec<&'a DataFile>) {
    let known = |manifest: &'a Manifest| -> BTreeSet<_> {
        manifest.files.iter().map(|file| (file.split.as_str(), file.sha256)).collect()
    };
    let alone = |manifest: &'a Manifest, other: &BTreeSet<_>| {
        let files = manifest.files.iter();
        files.filter(|file| !other.contains(&(file.split.as_str(), file.sha256))).collect()
    };
    (alone(before, &known(after)), alone(after, &known(before)))
}

/// Files that both have, under different paths.
fn renamed(before: &Manifest, after: &Manifest) -> u64 {
    let known: BTreeSet<_> = after.files.iter().map(|file| (&file.split, file.sha256)).collect();
    let named: BTreeSet<_> = after.files.iter().map(|file| (&file.path, file.sha256)).collect();
    let files = before.files.iter().filter(|file| known.contains(&(&file.split, file.sha256)));
    files.filter(|file| !named.contains(&(&file.path, file.sha256))).count() as u64
}

/// Whether each split has the same rows in both, by the sums of the digests of its files.
///
/// The sums are believed where they add up to the digest of the version.
fn same_rows(before: &Manifest, after: &Manifest) -> bool {
    let sums = |manifest: &Manifest| {
        let mut all = RowDigest::default();
        let mut by_split: BTreeMap<String, ([u8; 32], u64)> = BTreeMap::new();
        let mut digests: BTreeMap<&str, (RowDigest, u64)> = BTreeMap::new();
        for file in &manifest.files {
            let hash = file.logical_hash.0.as_bytes();
            all.add_hash(hash);
            let (digest, rows) = digests.entry(&file.split).or_default();
            digest.add_hash(hash);
            *rows += file.rows;
        }
        for (split, (digest, rows)) in digests {
            by_split.insert(split.to_owned(), (digest.to_bytes(), rows));
        }
        (all.to_bytes() == *manifest.logical_hash.0.as_bytes()).then_some(by_split)
    };
    before.logical_hash == after.logical_hash
        && sums(before).is_some_and(|sums_before| Some(sums_before) == sums(after))
}

/// Ids and places of the rows of some files, by id.
fn places(view: VersionView<'_>, files: &[&DataFile]) -> Result<Vec<(EventId, Place)>, DiffError> {
    let mut places = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let mut found = 0;
        for batch in view.folder.batches(&file.path, Some(&[column::ROW_ID]))? {
            let batch = batch?;
            let ids = Columns::of(&batch, &file.path).ids(column::ROW_ID)?;
            places.extend(ids.iter().zip(found..).map(|(id, row)| (id, Place { file: at, row })));
            found += batch.num_rows();
        }
        if found as u64 != file.rows {
            return Err(DiffError::Rows {
                path: file.path.clone(),
                expected: file.rows,
                found: found as u64,
            });
        }
    }
    places.sort_unstable();
    for (one, next) in places.iter().zip(places.iter().skip(1)) {
        if one.0 == next.0 {
            let path = |place: Place| files[place.file].path.clone();
            let (path, other) = (path(one.1), path(next.1));
            return Err(DiffError::Doubled { path, other, row_id: one.0 });
        }
    }
    Ok(places)
}

/// Rows that a version does not have, by what it says of them.
fn by_reason(view: VersionView<'_>, rows: &[(EventId, Place)]) -> Result<Vec<RowGroup>, DiffError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut reasons: BTreeMap<EventId, String> = BTreeMap::new();
    if view.has(file::DROPPED) {
        let wanted = [column::ROW_ID, dropped::REASON];
        for batch in view.folder.batches(file::DROPPED, Some(&wanted))? {
            let batch = batch?;
            let columns = Columns::of(&batch, file::DROPPED);
            let words = columns.text(dropped::REASON)?;
            for (at, id) in columns.ids(column::ROW_ID)?.iter().enumerate() {
                let is_one = rows.binary_search_by_key(&id, |row| row.0).is_ok();
                if is_one && words.is_valid(at) {
                    reasons.insert(id, words.value(at).to_owned());
                }
            }
        }
    }
    let reason = |id: EventId| reasons.get(&id).map_or("absent", String::as_str).to_owned();
    Ok(grouped(rows.iter().map(|(id, _)| (*id, reason(*id)))))
}

/// Groups by name, from rows in the order of their ids.
fn grouped(rows: impl Iterator<Item = (EventId, String)>) -> Vec<RowGroup> {
    let mut groups: BTreeMap<String, RowGroup> = BTreeMap::new();
    for (row_id, what) in rows {
        let group = groups.entry(what).or_insert_with_key(|what| RowGroup {
            what: what.clone(),
            rows: 0,
            examples: Vec::new(),
        });
        group.rows += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(row_id.to_string());
        }
    }
    groups.into_values().collect()
}
