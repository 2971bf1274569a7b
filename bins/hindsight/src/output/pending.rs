//! A file that is written beside its place and takes it only when it is whole.

use crate::error::{CliError, Failure};
use durable::{FsErrorKind, Mode, Publish, PublishError, RealFs, temporary_name};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Temporary files that are open now, for the signal handler.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary file of this process; the last act before a stop by signal.
pub(crate) fn remove_pending() {
    for path in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left to hear about a file that cannot be removed.
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
    }
}

/// Tells the signal handler of a temporary file or directory.
pub(super) fn remember(path: &Path) {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// Tells the signal handler that it is gone.
pub(super) fn forget(path: &Path) {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|open| open != path);
}

/// A file in the making: [`durable::Publish`], known to the signal handler.
///
/// Dropped without [`publish`](Self::publish), it leaves nothing behind.
#[derive(Debug)]
pub struct Pending {
    file: Option<Publish<'static>>,
    path: PathBuf,
}

impl Pending {
    /// Starts the file; `force` replaces one that exists when it is published.
    ///
    /// # Errors
    /// [`CliError`] when the name is taken or the directory does not let us write.
    pub fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        let mode = if force { Mode::Replace } else { Mode::New };
        let file = Publish::begin(&RealFs, path, mode).map_err(|e| refused(path, e))?;
        if let Some(temporary) = temporary_name(path) {
            remember(&temporary);
        }
        Ok(Self { file: Some(file), path: path.to_owned() })
    }

    /// Gives the file its name, durably.
    ///
    /// # Errors
    /// [`CliError::OutputExists`] when a file took the name in the meantime and is not to be replaced;
    /// [`CliError::WriteFailed`] and its kin otherwise. No file appears then, unless
    /// the sync of its folder alone failed: the whole file stands there, and a power cut may undo it.
    pub fn publish(mut self) -> Result<(), Failure> {
        match self.file.take() {
            Some(file) => file.commit().map(|_| ()).map_err(|e| refused(&self.path, e)),
            None => Ok(()),
        }
    }
}

/// The error of a publication as the command line words it.
fn refused(path: &Path, error: PublishError) -> Failure {
    let name = path.display().to_string();
    match error {
        PublishError::Fs(error) if error.kind == FsErrorKind::AlreadyExists => {
            CliError::OutputExists { path: name }.into()
        }
        PublishError::Fs(error) => CliError::writing(path, error.source).into(),
        PublishError::NoName(_) => CliError::IsDirectory { path: name }.into(),
        other => CliError::WriteFailed { path: name, source: io::Error::other(other) }.into(),
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::Error::other("the file is published")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // Bytes of a file that has no name yet help nobody before it is published.
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // The publication removes its temporary file itself.
        self.file = None;
        if let Some(temporary) = temporary_name(&self.path) {
            forget(&temporary);
        }
    }
}
