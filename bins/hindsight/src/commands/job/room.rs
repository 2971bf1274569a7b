//! Where a step works: a folder beside its place, which it takes when everything in it is whole.

use super::error::JobError;
use super::steps::STEPS;
use crate::error::{CliError, Failure};
use durable::{Fs as _, FsError, FsErrorKind, FsLock, PublishError, RealFs};
use std::io;
use std::path::{Path, PathBuf};

/// Says that a folder is that of a run: what lies in it may be replaced.
const MARK: &str = ".hindsight-run";

/// Makes a folder that of a run.
pub(super) fn mark(dir: &Path) -> Result<(), Failure> {
    let path = dir.join(MARK);
    let text = "A folder of `hindsight run`, which replaces what lies in it.\n";
    std::fs::write(&path, text).map_err(|e| CliError::writing(&path, e).into())
}

/// The folder of a run, held against other runs.
pub(super) struct Home {
    dir: PathBuf,
    _lock: Box<dyn FsLock>,
}

impl Home {
    /// Makes the folder where it is not there, locks it, and removes what a killed run left behind.
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        let failed = |error: FsError| Failure::from(CliError::writing(dir, error.source));
        is_ours(dir)?;
        RealFs.create_dir_all(dir).map_err(failed)?;
        mark(dir)?;
        RealFs.create_dir_all(&dir.join("steps")).map_err(failed)?;
        let lock = RealFs.lock(&dir.join("lock")).map_err(|error| match error.kind {
            FsErrorKind::Locked => JobError::Locked { path: dir.display().to_string() }.into(),
            _ => failed(error),
        })?;
        let entries = std::fs::read_dir(dir).map_err(|e| CliError::reading(dir, e))?;
        for entry in entries {
            let path = entry.map_err(|e| CliError::reading(dir, e))?.path();
            if STEPS.iter().any(|step| is_left(step.name, &path)) {
                remove(&path)?;
            }
        }
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// Where a step works, not there yet.
    pub(super) fn room(&self, step: &str) -> PathBuf {
        self.dir.join(format!(".{step}.tmp"))
    }

    /// Gives what a step made its name, durably; what had the name before is gone.
    pub(super) fn publish(&self, step: &str) -> Result<(), Failure> {
        let (room, place) = (self.room(step), self.dir.join(step));
        let failed = |error: FsError| Failure::from(CliError::writing(&place, error.source));
        RealFs.sync_dir(&room).map_err(failed)?;
        remove(&place)?;
        RealFs.rename_noreplace(&room, &place).map_err(failed)?;
        RealFs.sync_dir(&self.dir).map_err(failed)
    }
}

/// Whether a killed step left this: its room, or what a command was about to make the room of.
fn is_left(step: &str, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == format!(".{step}.tmp")
        || (name.starts_with(&format!("..{step}.tmp.")) && name.ends_with(".tmp"))
}

/// Refuses a folder that holds other things: what a run makes replaces what has its name.
pub(super) fn is_ours(dir: &Path) -> Result<(), Failure> {
    if dir.join(MARK).is_file() {
        return Ok(());
    }
    let mut entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|e| CliError::reading(dir, e))?,
    };
    let Some(entry) = entries.next() else { return Ok(()) };
    let found = entry.map_err(|e| CliError::reading(dir, e))?.file_name();
    let (path, found) = (dir.display().to_string(), found.to_string_lossy().into_owned());
    Err(JobError::NotARun { path, found }.into())
}

/// Makes the folder of a step.
pub(super) fn make(room: &Path) -> Result<(), Failure> {
    std::fs::create_dir(room).map_err(|e| CliError::writing(room, e).into())
}

/// Takes a file or a folder away, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    let gone =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match gone {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(CliError::writing(path, e).into()),
        _ => Ok(()),
    }
}

/// What the operating system said.
pub(super) fn io(error: PublishError) -> io::Error {
    match error {
        PublishError::Fs(error) => error.source,
        other => io::Error::other(other),
    }
}
