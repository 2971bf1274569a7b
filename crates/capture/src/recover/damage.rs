//! What is lost: copied aside, recorded, declared.

use crate::entry::Entry as Frame;
use crate::error::OpenError;
use crate::format::frame::Kind;
use crate::format::manifest::{DamageEntry, Entry};
use crate::format::segment::{End, FIRST_GROUP};
use crate::note::Note;
use crate::recover::state::Segment;
use crate::store::{Manifest, archived, sealed};
use crate::window::segment_path;
use durable::{Access, Fs, FsErrorKind, Mode, PublishError, publish, read_exact_at};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Most bytes of damage that are copied; beyond it the file itself is the evidence, and it is never written again.
const COPY_LIMIT: u64 = 64 << 20;

/// Whether a record declares this damage already, so that a start that was cut short is repeated without counting twice.
pub(crate) fn is_same(entry: &Entry, damage: &DamageEntry) -> bool {
    matches!(entry, Entry::Damage(known)
        if known.segment == damage.segment && known.bytes == damage.bytes && known.frames == damage.frames)
}

/// The control frame that declares damage.
pub(crate) fn lost_frame(damage: &DamageEntry) -> Frame {
    let note = Note::Lost(Box::new(damage.clone()));
    Frame::plain(Kind::Lost, note.encode(), note)
}

/// Copies damaged bytes into quarantine and returns where they lie, relative to the log.
pub(crate) fn quarantine(
    fs: &dyn Fs,
    dir: &Path,
    damage: &DamageEntry,
) -> Result<Option<String>, OpenError> {
    let [first, end] = damage.bytes;
    let path = segment_path(dir, damage.segment);
    let file = match fs.open(&path, Access::Read) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let end = end.min(file.len()?).min(first.saturating_add(COPY_LIMIT));
    if first >= end {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(end - first).unwrap_or(0)];
    read_exact_at(file.as_ref(), &mut bytes, first)?;
    let name = format!("{:020}-{first}-{end}.bin", damage.segment);
    keep_copy(fs, dir, &name, &bytes).map(Some)
}

/// Publishes bytes below `quarantine/`.
pub(crate) fn keep_copy(
    fs: &dyn Fs,
    dir: &Path,
    name: &str,
    bytes: &[u8],
) -> Result<String, OpenError> {
    let path = dir.join("quarantine").join(name);
    publish(fs, &path, Mode::Replace, |file| file.write_all(bytes).map_err(PublishError::from))?;
    Ok(format!("quarantine/{name}"))
}

/// Finds out whose rows segments held that are not there, from what stands before and behind them. What cannot be
/// found out stays unknown, and the verdict damaged.
pub(crate) fn name_owners(fs: &Arc<dyn Fs>, dir: &Path, missing: &mut [DamageEntry]) {
    let found = match crate::verify::survey(fs, dir, None) {
        Ok(report) => report.damages,
        Err(error) => {
            tracing::warn!(%error, "the owners of missing segments are not known");
            return;
        }
    };
    for hole in found.into_iter().filter(|d| !d.producers.is_empty() && d.tables.is_none()) {
        let touches =
            |d: &&mut DamageEntry| d.frames[0] < hole.frames[1] && hole.frames[0] < d.frames[1];
        if let Some(damage) = missing.iter_mut().rev().find(touches) {
            damage.producers.extend(hole.producers);
        }
    }
}

/// Segments that should be there and are not: numbers between two that are, or that the manifest sealed and nobody
/// dropped.
pub(crate) fn missing_segments(
    manifest: &Manifest,
    segments: &[Segment],
    unreadable: &[u64],
) -> Vec<DamageEntry> {
    let there: BTreeSet<u64> = segments.iter().map(|s| s.segment).collect();
    let last = there.iter().next_back().copied();
    let sealed_numbers: BTreeSet<u64> = sealed(manifest.entries()).map(|s| s.segment).collect();
    let first = there.iter().next().into_iter().chain(sealed_numbers.iter().next()).min().copied();
    let end = last.into_iter().chain(sealed_numbers.iter().next_back().copied()).max();
    let (Some(first), Some(end)) = (first, end) else { return Vec::new() };
    let is_archived = |segment: u64| {
        archived(manifest.entries())
            .any(|run| (run.segments[0]..=run.segments[1]).contains(&segment))
    };
    // A start that failed before its header leaves a number that nothing lived under.
    let never_lived = |segment: u64| {
        segments.iter().any(|s| {
            s.segment == segment + 1
                && s.header.prev_end == End::SyncFailed
                && s.header.prev_cut <= FIRST_GROUP
        }) || manifest.sealed(segment).is_some_and(|s| s.cut == 0)
    };
    (first..=end)
        .filter(|n| !there.contains(n) && !manifest.is_dropped(*n))
        .filter(|n| unreadable.contains(n) || !is_archived(*n))
        .filter(|n| !never_lived(*n))
        .map(|segment| {
            let sealed = manifest.sealed(segment);
            let next = segments.iter().find(|s| s.segment > segment).map(|s| s.header);
            let before = segments.iter().rev().find(|s| s.segment < segment).map(|s| s.header);
            let (frames, seqs, cut) = match (sealed, before, next) {
                (Some(s), ..) => ([s.base_frame, s.end_frame], [s.first_seq, s.end_seq], s.cut),
                (None, before, Some(next)) => {
                    // Its end, where it was sealed; else no less than its start.
                    let from = before.map_or((0, 0), |b| {
                        manifest
                            .sealed(b.segment_no)
                            .map_or((b.base_frame, b.base_seq), |s| (s.end_frame, s.end_seq))
                    });
                    ([from.0, next.base_frame], [from.1, next.base_seq], next.prev_cut)
                }
                (None, ..) => ([0, 0], [0, 0], 0),
            };
            DamageEntry {
                segment,
                bytes: [0, cut],
                frames,
                seqs,
                tables: None,
                producers: Vec::new(),
                quarantine: None,
            }
        })
        .collect()
}
