//! What happened around versions: lines of runs, and looks at held-out rows. Not hashed, and no version depends on them.

use super::{Store, StoreError, Version};
use crate::canonical::{Instant, to_canonical};
use crate::export::TestLook;
use contract::{EventId, Name};
use durable::{Access, FsErrorKind, write_all_at};
use std::path::{Path, PathBuf};

/// The file of looks at test rows.
const LOOKS: &str = "looks.ndjson";

/// A look, as it is recorded.
#[derive(serde::Serialize)]
struct Look<'a> {
    at: Instant,
    version: u64,
    manifest: crate::canonical::Sha256,
    split: &'a str,
    rows: u64,
}

impl Store {
    /// Appends a line to the file of a run, `runs/<run>.ndjson`, and makes it durable; returns the file's path.
    ///
    /// # Errors
    /// [`StoreError::Fs`].
    pub fn append_run(&self, name: &Name, run: EventId, line: &str) -> Result<PathBuf, StoreError> {
        let path = self.runs(name).join(format!("{run}.ndjson"));
        self.append_line(&path, line)?;
        Ok(path)
    }

    /// Records that somebody looked at test rows: every look spends them.
    ///
    /// # Errors
    /// [`StoreError::Fs`].
    pub fn record_look(
        &self,
        version: &Version,
        look: TestLook,
        at: Instant,
    ) -> Result<(), StoreError> {
        let line = to_canonical(&Look {
            at,
            version: version.record.ordinal,
            manifest: version.record.manifest,
            split: look.split.word(),
            rows: look.rows,
        });
        let line = line.map_err(|source| StoreError::Document { what: LOOKS, source })?;
        let name = Name::parse(&version.manifest.name)
            .map_err(|_| StoreError::Syntax { text: version.manifest.name.clone() })?;
        self.append_line(&self.runs(&name).join(LOOKS), &line)
    }

    fn runs(&self, name: &Name) -> PathBuf {
        self.place(name).dataset.join("runs")
    }

    fn append_line(&self, path: &Path, line: &str) -> Result<(), StoreError> {
        let fs = self.fs.as_ref();
        if let Some(folder) = path.parent() {
            for created in fs.create_dir_all(folder)? {
                if let Some(above) = created.parent() {
                    fs.sync_dir(above)?;
                }
            }
        }
        let file = match fs.open(path, Access::ReadWrite) {
            Ok(file) => file,
            Err(error) if error.kind == FsErrorKind::NotFound => fs.create_new(path)?,
            Err(error) => return Err(error.into()),
        };
        let end = file.len()?;
        write_all_at(file.as_ref(), format!("{line}\n").as_bytes(), end)?;
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            fs.sync_dir(folder)?;
        }
        Ok(())
    }
}
