//! The data files: one a split and period, in order of time.

use super::facts::Parts;
use super::{BuildError, BuildOptions};
use crate::assembly::Assembly;
use crate::canonical::{Instant, Int, Sha256};
use crate::layout::file;
use crate::manifest::{DataFile, Manifest};
use crate::parquet_file::{ROW_GROUP, encode};
use crate::role::Split;
use crate::spec::FilePeriod;
use crate::store::{PublishError, SealedFile, Staging, Version};
use arrow_array::RecordBatch;
use contract::{Hash, RowDigest, UtcNanos};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Row groups of one file; what is more goes into the next part of the period.
const GROUPS_OF_A_FILE: usize = 16;

/// A file to be written.
struct Part {
    path: String,
    split: Split,
    rows: Vec<usize>,
}

/// A file whose bytes are there, or that need not be written.
struct Encoded {
    rows: RecordBatch,
    digest: RowDigest,
    /// `None`: the parent has it.
    bytes: Option<Vec<u8>>,
}

/// Writes the data files and returns how many were taken over from the parent.
pub(super) fn write(
    assembly: &Assembly<'_>,
    staging: &Staging,
    options: &BuildOptions<'_>,
    parts: &mut Parts,
) -> Result<u64, BuildError> {
    let mut reused = 0;
    let files = cut(assembly);
    let parent = options.parent.filter(|parent| is_alike(&parent.manifest, assembly));
    let held = |path: &str, digest: &RowDigest| {
        let files = parent.into_iter().flat_map(|parent| &parent.manifest.files);
        let hash = Sha256(Hash::from_bytes(digest.to_bytes()));
        files.into_iter().find(|file| file.path == path && file.logical_hash == hash)
    };
    let threads = options.threads.max(1);
    for wave in files.chunks(threads) {
        let encoded = in_parallel(wave, |part| {
            let rows = assembly.rows(&part.rows)?;
            let digest = RowDigest::of_columns(&rows);
            let bytes = match held(&part.path, &digest) {
                Some(_) => None,
                None => Some(encode(&rows)?),
            };
            Ok(Encoded { rows, digest, bytes })
        })?;
        for (part, encoded) in wave.iter().zip(encoded) {
            let held = held(&part.path, &encoded.digest);
            let (bytes, sha256) = if let Some(file) = held_intact(staging, parent, held)? {
                reused += 1;
                (file.bytes, file.sha256)
            } else {
                // A parent's file that is not what its manifest says is written anew.
                let bytes = encoded.bytes.map_or_else(|| encode(&encoded.rows), Ok)?;
                put(staging, &part.path, &bytes)?
            };
            let plan = assembly.plan;
            let of = |at: &usize| &plan.rows[*at];
            let ends = [part.rows.first(), part.rows.last()];
            let seqs = part.rows.iter().map(|at| Some(of(at).seq));
            let seqs = crate::inputs::span(seqs).unwrap_or_default();
            parts.add(
                DataFile {
                    path: part.path.clone(),
                    split: part.split.word().to_owned(),
                    rows: part.rows.len() as u64,
                    bytes,
                    sha256,
                    logical_hash: Sha256(Hash::from_bytes(encoded.digest.to_bytes())),
                    ts_cutoff: ends.map(|at| Instant(at.map_or(0, |at| of(at).cutoff))),
                    seq: seqs.map(Int),
                },
                &encoded.digest,
                part.split,
                &encoded.rows,
            )?;
        }
    }
    Ok(reused)
}

/// The parent's file, taken over; `None` when there is none, or when it is damaged.
fn held_intact(
    staging: &Staging,
    parent: Option<&Version>,
    held: Option<&DataFile>,
) -> Result<Option<SealedFile>, BuildError> {
    let (Some(parent), Some(file)) = (parent, held) else { return Ok(None) };
    match staging.reuse(parent, &file.path, file.sha256) {
        Ok(sealed) => Ok(Some(sealed)),
        Err(PublishError::Reuse { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn put(
    staging: &Staging,
    path: &str,
    bytes: &[u8],
) -> Result<(u64, Sha256), BuildError> {
    let mut file = staging.create(path)?;
    let written = file.write_all(bytes);
    written.map_err(|source| BuildError::Write { path: path.to_owned(), source })?;
    let sealed = file.seal()?;
    Ok((sealed.bytes, sealed.sha256))
}

/// Whether files of the parent with equal rows have equal bytes.
fn is_alike(parent: &Manifest, assembly: &Assembly<'_>) -> bool {
    let schema = crate::documents::schema_json(&assembly.schema);
    let code = super::facts::versions();
    parent.schema_fingerprint == Sha256::of(schema.as_bytes())
        && parent.code.datasets == code.0
        && parent.code.parquet == code.1
}

/// Rows of each file, in the order of their paths within a split.
fn cut(assembly: &Assembly<'_>) -> Vec<Part> {
    let plan = assembly.plan;
    let mut parts: Vec<Part> = Vec::new();
    for split in Split::ALL {
        let mut period = String::new();
        let mut number = 0;
        for at in plan.members(split) {
            let date = UtcNanos::from_nanos(plan.rows[at].cutoff).date();
            let of_row = match plan.spec().export.file_period {
                FilePeriod::Day => date,
                FilePeriod::Month => date.get(..7).unwrap_or(&date).to_owned(),
            };
            let is_full = |part: &Part| part.rows.len() >= ROW_GROUP * GROUPS_OF_A_FILE;
            let is_new = of_row != period;
            number = if is_new { 0 } else { number };
            match parts.last_mut() {
                Some(part) if !is_new && part.split == split && !is_full(part) => {
                    part.rows.push(at);
                }
                _ => {
                    let path = format!("{}/{split}/{of_row}-{number:03}.parquet", file::DATA);
                    parts.push(Part { path, split, rows: vec![at] });
                    number += 1;
                }
            }
            period = of_row;
        }
    }
    parts
}

/// The results in the order of the parts, each made on a thread of its own.
fn in_parallel<T: Send>(
    parts: &[Part],
    make: impl Fn(&Part) -> Result<T, BuildError> + Sync,
) -> Result<Vec<T>, BuildError> {
    if let [part] = parts {
        return Ok(vec![make(part)?]);
    }
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Result<T, BuildError>>>> =
        parts.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..parts.len() {
            scope.spawn(|| {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if let (Some(part), Some(slot)) = (parts.get(at), slots.get(at)) {
                    let made = make(part);
                    *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(made);
                }
            });
        }
    });
    slots
        .into_iter()
        .map(|slot| {
            let made = slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
            made.unwrap_or(Err(BuildError::Thread))
        })
        .collect()
}
