//! What no segment holds: dropped rows come from the archive, the rest is a gap.

use super::{Reader, Source};
use crate::error::ReadError;
use crate::gap::Gap;
use crate::item::Item;
use crate::scan::Hole;
use crate::sync::lock;
use contract::GapKind;
use std::ops::Range;

/// Numbers that no segment holds, from where the reader stands.
#[derive(Debug)]
pub(super) struct Absent {
    pub(super) end: u64,
    /// Where the frames should be; none before the oldest segment.
    pub(super) hole: Option<Hole>,
}

impl Reader {
    /// Hands out one archived run, or one gap: a reader over years of archive holds one run of it.
    pub(super) fn pass_absent(&mut self, absent: Absent) -> Result<bool, ReadError> {
        let seqs = self.next_seq..absent.end;
        if absent.hole.as_ref().is_none_or(|hole| hole.is_absent) && !seqs.is_empty() {
            let at = self.take_archived(&seqs)?;
            if let Some(next) = self.next_archived(&seqs)?.filter(|_| at == seqs.start) {
                // A run is gone, and a later one is not.
                self.pending.push_back(Item::Gap(Gap {
                    seqs: Some(seqs.start..next),
                    ..Gap::new(GapKind::Damaged, self.now())
                }));
                self.next_seq = next;
                self.absent = Some(absent);
                return Ok(true);
            }
            if at > seqs.start {
                self.next_seq = at;
                self.absent = (at < seqs.end).then_some(absent);
                return Ok(true);
            }
        }
        let hole = absent.hole.as_ref();
        if !seqs.is_empty() || hole.is_some_and(|h| !h.is_absent) {
            if let Some(hole) = hole {
                self.found_damage(&hole.frames);
            }
            self.pending.push_back(Item::Gap(Gap {
                seqs: Some(seqs.start..seqs.end.max(seqs.start)),
                segment_no: hole.map(|h| h.segment),
                bytes: hole.map(|h| h.bytes.clone()),
                ..Gap::new(GapKind::Damaged, self.now())
            }));
        }
        self.next_seq = self.next_seq.max(seqs.end);
        Ok(true)
    }

    /// Damage that nobody has declared yet is declared by who finds it, if it is the log's own process.
    pub(super) fn found_damage(&self, frames: &Range<u64>) {
        let Source::Own(inner) = &self.source else { return };
        let is_known = lock(&inner.manifest).declares(frames);
        if !is_known && let Err(error) = inner.verify() {
            tracing::error!(%error, "damage was found and could not be looked into");
        }
    }

    /// Takes the rows of the archived run that goes on where the reader stands, and what was declared among them;
    /// returns up to where it reaches.
    #[cfg(feature = "archive")]
    fn take_archived(&mut self, seqs: &Range<u64>) -> Result<u64, ReadError> {
        let (fs, dir) = self.place();
        let run = self
            .archived()?
            .into_iter()
            .find(|r| r.seqs[0] <= seqs.start && r.seqs[1] > seqs.start);
        let Some(run) = run else { return Ok(seqs.start) };
        let end = run.seqs[1].min(seqs.end);
        let wanted = seqs.start..self.filter.end_seq.map_or(end, |e| e.min(end));
        let mut items: Vec<(u64, Item)> = Vec::new();
        for gap in self.declared(&wanted)? {
            items.extend(gap.seq.map(|seq| (seq, Item::Gap(gap))));
        }
        let filter = self.filter.clone();
        let wants = |table: &str| filter.wants_table(table);
        let files: Vec<_> = run.files.iter().collect();
        let folder = crate::archiving::folder(&dir);
        let read = files
            .iter()
            .filter(|f| f.first_seq < wanted.end && wanted.start < f.end_seq && wants(&f.table));
        self.work.bytes += read.map(|file| file.bytes).sum::<u64>();
        for batch in crate::archive::read(fs.as_ref(), &folder, &files, wanted, &wants)? {
            if !self.filter.wants_producer(batch.producer_id) {
                continue;
            }
            let granted = self.granted(batch.rows.as_ref().clone())?;
            if let Some(rows) = self.filter.rows(granted)? {
                let batch = crate::item::LoggedBatch { rows: std::sync::Arc::new(rows), ..batch };
                items.push((batch.first_seq, Item::Batch(batch)));
            }
        }
        items.sort_by_key(|(seq, _)| *seq);
        self.pending.extend(items.into_iter().map(|(_, item)| item));
        Ok(end)
    }

    /// Where the next recorded run in the range begins.
    #[cfg(feature = "archive")]
    fn next_archived(&self, seqs: &Range<u64>) -> Result<Option<u64>, ReadError> {
        let starts = self.archived()?.into_iter().map(|run| run.seqs[0]);
        Ok(starts.filter(|start| seqs.start < *start && *start < seqs.end).min())
    }

    #[cfg(not(feature = "archive"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with an archive")]
    fn next_archived(&self, _: &Range<u64>) -> Result<Option<u64>, ReadError> {
        Ok(None)
    }

    /// Recorded runs, in the order of the log.
    #[cfg(feature = "archive")]
    fn archived(&self) -> Result<Vec<crate::format::manifest::ArchivedEntry>, ReadError> {
        use crate::store::{archived, read_manifest};
        let mut runs = match &self.source {
            Source::Own(inner) => lock(&inner.manifest).archived(),
            Source::Other(other) => {
                let parsed = read_manifest(other.fs.as_ref(), &other.dir)?;
                let entries: Vec<_> =
                    parsed.map_or_else(Vec::new, |p| p.entries.into_iter().map(|e| e.1).collect());
                archived(entries.iter()).cloned().collect()
            }
        };
        runs.sort_by_key(|run| run.seqs);
        Ok(runs)
    }

    /// Skips and losses that were declared in a range whose frames are gone, as the ledger keeps them: a skip that was
    /// continued stands where it was last continued.
    #[cfg(feature = "archive")]
    fn declared(&self, seqs: &Range<u64>) -> Result<Vec<Gap>, ReadError> {
        let mut gaps = match &self.source {
            Source::Own(inner) => lock(&inner.ledger).gaps(),
            Source::Other(other) => crate::survey::gaps(&other.fs, &other.dir)?,
        };
        gaps.retain(|gap| {
            gap.seq.is_some_and(|seq| seqs.contains(&seq))
                && gap.producer_id.is_none_or(|p| self.filter.wants_producer(p))
        });
        Ok(gaps)
    }

    #[cfg(not(feature = "archive"))]
    fn take_archived(&mut self, seqs: &Range<u64>) -> Result<u64, ReadError> {
        Err(ReadError::Vanished(seqs.clone()))
    }
}
