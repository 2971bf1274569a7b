//! Records of runs that the manifest has lost, from the files that the runs wrote.

use super::error::ArchiveError;
use super::name::{place, unrecorded};
use super::source::Source;
use super::tally::{Digests, Tally, spec_of};
use super::verify::{count, hash_of, mismatch};
use crate::format::manifest::{ArchivedEntry, ArchivedFile};
use contract::EventId;
use durable::Fs;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the numbers of a run begin and end, as far as anything else says.
pub(crate) type Edges<'a> = dyn Fn([u64; 2]) -> [Option<u64>; 2] + 'a;

/// The runs of files that no record names, some of whose segments are gone.
///
/// A run is recorded before its segments are dropped: where one is gone the record was there, and with it every file.
/// Files of segments that are all still there are taken over by the next run, or not at all.
///
/// # Errors
/// [`ArchiveError`] when a file does not hold what its footer says: a record without it would hide its rows.
pub(crate) fn lost_runs(
    fs: &dyn Fs,
    dir: &Path,
    log_id: EventId,
    known: &[ArchivedEntry],
    is_gone: &dyn Fn(u64) -> bool,
    edges: &Edges<'_>,
) -> Result<Vec<ArchivedEntry>, ArchiveError> {
    let files: Vec<ArchivedFile> = known.iter().flat_map(|run| run.files.clone()).collect();
    let mut runs: BTreeMap<[u64; 2], Vec<ArchivedFile>> = BTreeMap::new();
    for relative in unrecorded(fs, dir, &files)? {
        let footer = Footer::read(fs, &place(dir, &relative))?;
        let [first, last] = footer.segments;
        if footer.log_id == log_id.to_string() && (first..=last).any(is_gone) {
            let file = footer.file(fs, dir, relative)?;
            runs.entry(footer.segments).or_default().push(file);
        }
    }
    let run = |(segments, mut files): ([u64; 2], Vec<ArchivedFile>)| {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let [start, end] = edges(segments);
        let first = files.iter().map(|file| file.first_seq).min().unwrap_or(0);
        let last = files.iter().map(|file| file.end_seq).max().unwrap_or(0);
        let seqs = [start.unwrap_or(first).min(first), end.unwrap_or(last).max(last)];
        ArchivedEntry { segments, seqs, files }
    };
    Ok(runs.into_iter().map(run).collect())
}

/// What a file says of itself.
struct Footer {
    table: String,
    log_id: String,
    segments: [u64; 2],
    rows: String,
    first_seq: String,
    end_seq: String,
    digest: String,
}

impl Footer {
    fn read(fs: &dyn Fs, path: &Path) -> Result<Self, ArchiveError> {
        let (builder, _) = Source::open(fs, path)?;
        let words = builder.metadata().file_metadata().key_value_metadata();
        let word = |key: &str| {
            let name = format!("hindsight.{key}");
            let found = words.into_iter().flatten().find(|word| word.key == name);
            let value = found.and_then(|word| word.value.clone());
            value.ok_or_else(|| mismatch(path, format!("the key {name}"), "no such key".to_owned()))
        };
        let text = word("segments")?;
        let segments = text.split_once('-').and_then(|(first, last)| {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then_some([first, last])
        });
        let segments =
            segments.ok_or_else(|| mismatch(path, "segments FIRST-LAST".to_owned(), text))?;
        Ok(Self {
            table: word("table")?,
            log_id: word("log_id")?,
            segments,
            rows: word("rows")?,
            first_seq: word("first_seq")?,
            end_seq: word("end_seq")?,
            digest: word("digest")?,
        })
    }

    /// The record of the file, whose rows are counted.
    fn file(
        &self,
        fs: &dyn Fs,
        dir: &Path,
        relative: String,
    ) -> Result<ArchivedFile, ArchiveError> {
        let path = place(dir, &relative);
        let tallies = count(fs, &path, spec_of(&self.table)?, Digests::Rows)?;
        let days: Vec<&Tally> = tallies.0.values().collect();
        let says = |rows: &str, first: &str, end: &str, digest: &str| {
            format!("{rows} rows of one day, seq {first}..{end}, digest {digest}")
        };
        let expected = says(&self.rows, &self.first_seq, &self.end_seq, &self.digest);
        let [tally] = days[..] else {
            return Err(mismatch(&path, expected, format!("rows of {} days", days.len())));
        };
        let [rows, first, end] =
            [tally.rows, tally.first_seq, tally.end_seq].map(|n| n.to_string());
        let found = says(&rows, &first, &end, &tally.digest.to_string());
        if found != expected {
            return Err(mismatch(&path, expected, found));
        }
        Ok(tally.record(&self.table, relative, hash_of(fs, &path)?))
    }
}
