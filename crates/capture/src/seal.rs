//! Segments that will not change any more: hashed, recorded, and cut to what they hold.

use crate::format::manifest::{self, Entry, SealedEntry};
use crate::format::segment::End;
use crate::inner::Inner;
use crate::sync::lock;
use crate::window::segment_path;
use contract::Hash;
use durable::{Access, FsError, FsErrorKind, FsFile, PublishError};
use sha2::{Digest as _, Sha256};

/// A segment to seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SealJob {
    pub(crate) segment: u64,
    pub(crate) base_frame: u64,
    pub(crate) end_frame: u64,
    pub(crate) first_seq: u64,
    pub(crate) end_seq: u64,
    pub(crate) cut: u64,
    pub(crate) end: End,
}

/// SHA-256 of the first bytes of a file; what lies beyond its end counts as zeros.
pub(crate) fn hash_file(file: &dyn FsFile, len: u64) -> Result<Hash, FsError> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; 1 << 20];
    let mut at = 0;
    while at < len {
        let want = usize::try_from(len - at).unwrap_or(usize::MAX).min(part.len());
        let Some(buffer) = part.get_mut(..want) else { break };
        let n = file.read_at(buffer, at)?;
        if n == 0 {
            buffer.fill(0);
            hasher.update(&*buffer);
            at += want as u64;
        } else {
            hasher.update(buffer.get(..n).unwrap_or_default());
            at += n as u64;
        }
    }
    Ok(Hash::from_bytes(hasher.finalize().into()))
}

impl Inner {
    /// Seals one waiting segment; says whether there was one.
    ///
    /// A segment whose bytes cannot be read stays unsealed until the next start, and so do those after it: the chain
    /// has no holes.
    pub(crate) fn seal_one(&self) -> Result<bool, PublishError> {
        // Hashing a segment takes a while, and the writer must not wait for it: no lock is held meanwhile. One thread
        // seals, so the job is still the first one afterwards.
        let Some(job) = lock(&self.jobs).front().copied() else { return Ok(false) };
        self.seal(&job)?;
        lock(&self.jobs).pop_front();
        Ok(true)
    }

    fn seal(&self, job: &SealJob) -> Result<(), PublishError> {
        let path = segment_path(&self.dir, job.segment);
        if lock(&self.manifest).sealed(job.segment).is_none() {
            let file = self.fs.open(&path, Access::Read)?;
            let file_hash = hash_file(file.as_ref(), job.cut)?;
            let mut manifest = lock(&self.manifest);
            let last = manifest.seal_before(job.segment);
            let seal_hash =
                manifest::seal_hash(last.as_ref(), self.log_id, job.segment, job.cut, &file_hash);
            manifest.record(
                self.fs.as_ref(),
                &self.dir,
                Entry::Sealed(SealedEntry {
                    segment: job.segment,
                    base_frame: job.base_frame,
                    end_frame: job.end_frame,
                    first_seq: job.first_seq,
                    end_seq: job.end_seq,
                    cut: job.cut,
                    end: job.end,
                    sealed_ns: self.now().nanos(),
                    file_hash,
                    seal_hash,
                }),
            )?;
        }
        // After a failed sync or an unclean stop the file is evidence and stays as it is.
        if matches!(job.end, End::Full | End::Closed) {
            let file = match self.fs.open(&path, Access::ReadWrite) {
                Err(error) if error.kind == FsErrorKind::NotFound => return Ok(()),
                other => other?,
            };
            if file.len()? > job.cut {
                file.set_len(job.cut)?;
            }
        }
        Ok(())
    }
}
