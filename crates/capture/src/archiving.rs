//! Sealed segments into the archive, and out of the log.

use crate::error::ReadError;
use crate::inner::Inner;
use crate::sync::lock;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The archive of a log.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("archive")
}

impl Inner {
    /// Counts archived rows of a range by table: from the records where a file lies inside it whole, else from the rows.
    pub(crate) fn count_archived(
        &self,
        seqs: Range<u64>,
        rows: &mut BTreeMap<String, u64>,
    ) -> Result<(), ReadError> {
        for run in lock(&self.manifest).archived() {
            for file in &run.files {
                if file.end_seq <= seqs.start || file.first_seq >= seqs.end {
                    continue;
                }
                let is_whole = seqs.start <= file.first_seq && file.end_seq <= seqs.end;
                let count = if is_whole {
                    file.rows
                } else {
                    let wants = |_: &str| true;
                    let dir = folder(&self.dir);
                    let read = crate::archive::read(
                        self.fs.as_ref(),
                        &dir,
                        &[file],
                        seqs.clone(),
                        &wants,
                    )?;
                    read.iter().map(|b| b.rows.num_rows() as u64).sum()
                };
                *rows.entry(file.table.clone()).or_default() += count;
            }
        }
        Ok(())
    }
}
