//! A file that is written beside its place and takes it only when it is whole.

use crate::error::{CliError, Failure};
use rustix::fs::{CWD, RenameFlags};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Temporary files that are open now, for the signal handler.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every temporary file of this process; the last act before a stop by signal.
pub(crate) fn remove_pending() {
    for path in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // Nobody is left to hear about a file that cannot be removed.
        let _ = std::fs::remove_file(path);
    }
}

/// A file in the making: temporary file in the same directory, fsync, rename, fsync of the directory.
///
/// Dropped without [`publish`](Self::publish), it leaves nothing behind.
#[derive(Debug)]
pub struct Pending {
    file: Option<File>,
    temp: PathBuf,
    path: PathBuf,
    force: bool,
}

impl Pending {
    /// Starts the file; `force` replaces one that exists when it is published.
    ///
    /// # Errors
    /// [`CliError`] when the directory does not let us write.
    pub fn create(path: &Path, force: bool) -> Result<Self, CliError> {
        let name = path.file_name().ok_or_else(|| CliError::IsDirectory {
            path: path.display().to_string(),
        })?;
        let mut temp_name = OsString::from(".");
        temp_name.push(name);
        temp_name.push(format!(".{}.tmp", std::process::id()));
        let temp = path.with_file_name(temp_name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temp)
            .map_err(|e| CliError::writing(path, e))?;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(temp.clone());
        Ok(Self { file: Some(file), temp, path: path.to_owned(), force })
    }

    /// Gives the file its name, durably.
    ///
    /// # Errors
    /// [`CliError::OutputExists`] when a file took the name in the meantime and is not to be replaced;
    /// [`CliError::WriteFailed`] and its kin otherwise. No file appears then.
    pub fn publish(mut self) -> Result<(), Failure> {
        let io = |e: io::Error| CliError::writing(&self.path, e);
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(io)?;
        }
        let renamed = if self.force {
            std::fs::rename(&self.temp, &self.path)
        } else {
            rename_new(&self.temp, &self.path)
        };
        match renamed {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                return Err(CliError::OutputExists { path: self.path.display().to_string() }.into());
            }
            Err(e) => return Err(io(e).into()),
        }
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = File::open(parent.unwrap_or(Path::new("."))).map_err(io)?;
        directory.sync_all().map_err(io)?;
        Ok(())
    }
}

/// A rename that never replaces.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems do not know the flag; a hard link refuses an existing name as well.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        other => other.map_err(io::Error::from),
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
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.file = None;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.temp);
        // Gone already when it was published.
        let _ = std::fs::remove_file(&self.temp);
    }
}
