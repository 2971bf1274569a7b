//! The manifest as a file that only grows.

use crate::error::ReadError;
use crate::format::manifest::{self, ArchivedEntry, Entry, LogEntry, Parsed, SealedEntry};
use contract::{EventId, Hash};
use durable::{
    Access, Fs, FsError, FsErrorKind, FsFile, Mode, PublishError, publish, write_all_at,
};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Size above which the manifest is written anew, without what nothing needs any more.
const CONDENSE_ABOVE: u64 = 4 << 20;

/// The manifest of a log that this process writes.
#[derive(Debug)]
pub(crate) struct Manifest {
    file: Box<dyn FsFile>,
    len: u64,
    next_n: u64,
    needs_newline: bool,
    entries: Vec<(u64, Entry)>,
    /// Length above which it is written anew.
    condense_above: u64,
    /// A write or sync failed: what the file holds is unknown until it is read again.
    failed: Option<String>,
}

pub(crate) fn manifest_path(dir: &Path) -> PathBuf {
    dir.join("MANIFEST")
}

/// Reads a manifest without changing it; `None` when there is none.
pub(crate) fn read_manifest(fs: &dyn Fs, dir: &Path) -> Result<Option<Parsed>, FsError> {
    let file = match fs.open(&manifest_path(dir), Access::Read) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    Ok(Some(manifest::parse(&read_all(file.as_ref())?)))
}

/// Reads the manifest of a log that must be there, and which log it is.
pub(crate) fn named_manifest(fs: &dyn Fs, dir: &Path) -> Result<(Parsed, EventId), ReadError> {
    let Some(parsed) = read_manifest(fs, dir)? else {
        return Err(ReadError::Missing(dir.to_path_buf()));
    };
    let id = log_id(parsed.entries.iter().map(|(_, entry)| entry));
    let id = id.ok_or_else(|| ReadError::DamagedManifest(dir.to_path_buf()))?;
    Ok((parsed, id))
}

/// All bytes of a file.
pub(crate) fn read_all(file: &dyn FsFile) -> Result<Vec<u8>, FsError> {
    let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    durable::read_exact_at(file, &mut bytes, 0)?;
    Ok(bytes)
}

fn publish_entries(
    fs: &dyn Fs,
    dir: &Path,
    mode: Mode,
    entries: &[Entry],
) -> Result<(), PublishError> {
    let text: String = (0..).zip(entries).map(|(n, e)| manifest::encode(n, e)).collect();
    publish(fs, &manifest_path(dir), mode, |file| {
        file.write_all(text.as_bytes()).map_err(PublishError::from)
    })?;
    Ok(())
}

impl Manifest {
    /// Makes the manifest of a new log, which exists from then on.
    pub(crate) fn create(fs: &dyn Fs, dir: &Path, log: LogEntry) -> Result<Self, PublishError> {
        publish_entries(fs, dir, Mode::New, &[Entry::Log(log)])?;
        Ok(Self::open(fs, dir)?)
    }

    /// Replaces a manifest that lost a record.
    pub(crate) fn rebuild(
        fs: &dyn Fs,
        dir: &Path,
        entries: &[Entry],
    ) -> Result<Self, PublishError> {
        publish_entries(fs, dir, Mode::Replace, entries)?;
        Ok(Self::open(fs, dir)?)
    }

    /// Opens an existing manifest for appending.
    pub(crate) fn open(fs: &dyn Fs, dir: &Path) -> Result<Self, FsError> {
        let file = fs.open(&manifest_path(dir), Access::ReadWrite)?;
        let bytes = read_all(file.as_ref())?;
        let parsed = manifest::parse(&bytes);
        let len = bytes.len() as u64;
        Ok(Self {
            len,
            next_n: parsed.next_n,
            needs_newline: !parsed.ends_in_newline,
            entries: parsed.entries,
            file,
            failed: None,
            condense_above: CONDENSE_ABOVE.max(2 * len),
        })
    }

    /// Opens a manifest and writes it anew: after a sync that failed, a record can be readable and yet not be on the
    /// disk, and what follows must not rest on it. On a full disk it is taken as it is.
    pub(crate) fn renew(fs: &dyn Fs, dir: &Path) -> Result<Self, PublishError> {
        let found = Self::open(fs, dir)?;
        match Self::rebuild(fs, dir, &found.entries().cloned().collect::<Vec<_>>()) {
            Err(PublishError::Fs(error)) if error.kind == FsErrorKind::NoSpace => Ok(found),
            renewed => renewed,
        }
    }

    /// Appends a record and makes it durable. After a record that failed, the file is left and written anew from the
    /// records that are known to be safe.
    pub(crate) fn record(
        &mut self,
        fs: &dyn Fs,
        dir: &Path,
        entry: Entry,
    ) -> Result<(), PublishError> {
        if self.failed.is_some() {
            *self = Self::rebuild(fs, dir, &self.entries().cloned().collect::<Vec<_>>())?;
        }
        Ok(self.append(entry)?)
    }

    fn append(&mut self, entry: Entry) -> Result<(), FsError> {
        let line = manifest::encode(self.next_n, &entry);
        let line = if self.needs_newline { format!("\n{line}") } else { line };
        let written = write_all_at(self.file.as_ref(), line.as_bytes(), self.len)
            .and_then(|()| self.file.sync_data());
        match &written {
            Ok(()) => {
                self.len += line.len() as u64;
                self.entries.push((self.next_n, entry));
                self.next_n += 1;
                self.needs_newline = false;
            }
            // Nothing was lost with a disk that is full: the next record starts a fresh line.
            Err(error) if error.kind == FsErrorKind::NoSpace && error.op == durable::Op::Write => {
                self.len = self.file.len()?;
                self.needs_newline = true;
            }
            Err(error) => self.failed = Some(error.to_string()),
        }
        written
    }

    /// Writes the manifest anew when it has grown long.
    pub(crate) fn condense(&mut self, fs: &dyn Fs, dir: &Path) -> Result<(), PublishError> {
        if self.len > self.condense_above && self.failed.is_none() {
            *self = Self::rebuild(fs, dir, &manifest::condense(&self.entries))?;
            // What stays has to stay; the next time is when as much again has come.
            self.condense_above = CONDENSE_ABOVE.max(2 * self.len);
        }
        Ok(())
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    pub(crate) fn sealed(&self, segment: u64) -> Option<&SealedEntry> {
        sealed(self.entries()).find(|s| s.segment == segment)
    }

    /// The hash that a segment is chained to: a record that was lost is made again as it was.
    pub(crate) fn seal_before(&self, segment: u64) -> Option<Hash> {
        let before = sealed(self.entries()).filter(|s| s.segment < segment);
        before.max_by_key(|s| s.segment).map(|s| s.seal_hash)
    }

    #[cfg(feature = "archive")]
    pub(crate) fn archived(&self) -> Vec<ArchivedEntry> {
        archived(self.entries()).cloned().collect()
    }

    /// Whether a record declares all of these frames damaged.
    pub(crate) fn declares(&self, frames: &std::ops::Range<u64>) -> bool {
        self.entries().any(|entry| {
            matches!(entry, Entry::Damage(d) if d.frames[0] <= frames.start && frames.end <= d.frames[1])
        })
    }

    pub(crate) fn is_dropped(&self, segment: u64) -> bool {
        self.entries().any(|e| matches!(e, Entry::Dropped { segment: s } if *s == segment))
    }
}

pub(crate) fn sealed<'a>(
    entries: impl Iterator<Item = &'a Entry>,
) -> impl Iterator<Item = &'a SealedEntry> {
    entries.filter_map(|e| match e {
        Entry::Sealed(sealed) => Some(sealed),
        _ => None,
    })
}

pub(crate) fn archived<'a>(
    entries: impl Iterator<Item = &'a Entry>,
) -> impl Iterator<Item = &'a ArchivedEntry> {
    entries.filter_map(|e| match e {
        Entry::Archived(run) => Some(run),
        _ => None,
    })
}

/// The log's own record.
pub(crate) fn log_entry<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Option<&'a LogEntry> {
    entries.into_iter().find_map(|e| match e {
        Entry::Log(log) => Some(log),
        _ => None,
    })
}

/// The identity that the files of a log carry.
pub(crate) fn log_id<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Option<EventId> {
    log_entry(entries).map(|log| log.log_id)
}

impl crate::inner::Inner {
    /// Makes a record durable.
    pub(crate) fn record(&self, entry: Entry) -> Result<(), PublishError> {
        crate::sync::lock(&self.manifest).record(self.fs.as_ref(), &self.dir, entry)
    }
}
