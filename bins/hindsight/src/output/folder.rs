//! A directory that is filled beside its place and takes it only when every file in it is whole.

use super::pending::{forget, remember};
use crate::error::{CliError, Failure};
use durable::{Fs, RealFs};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A directory in the making.
///
/// Dropped without [`publish`](Self::publish), it leaves nothing behind.
#[derive(Debug)]
pub struct Folder {
    temporary: PathBuf,
    path: PathBuf,
    is_published: bool,
}

impl Folder {
    /// Starts a directory that must not exist, beside its place.
    ///
    /// # Errors
    /// [`CliError::OutputExists`], or what the file system says.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            return Err(CliError::OutputExists { path: path.display().to_string() }.into());
        }
        let name = path
            .file_name()
            .ok_or_else(|| CliError::OutputExists { path: path.display().to_string() })?;
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(temporary);
        std::fs::create_dir(&temporary).map_err(|e| CliError::writing(path, e))?;
        remember(&temporary);
        Ok(Self { temporary, path: path.to_owned(), is_published: false })
    }

    /// Where a file of the directory is written until then; folders above it are made.
    ///
    /// # Errors
    /// What the file system says.
    pub fn place(&self, file: &Path) -> Result<PathBuf, Failure> {
        let place = self.temporary.join(file);
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent).map_err(|e| CliError::writing(parent, e))?;
        }
        Ok(place)
    }

    /// Gives the directory its name, durably.
    ///
    /// # Errors
    /// [`CliError::OutputExists`] when something took the name in the meantime; what the file system says.
    pub fn publish(mut self) -> Result<(), Failure> {
        let refused = |error: durable::FsError| match error.source.kind() {
            io::ErrorKind::AlreadyExists => {
                CliError::OutputExists { path: self.path.display().to_string() }
            }
            _ => CliError::writing(&self.path, error.source),
        };
        RealFs.sync_dir(&self.temporary).map_err(refused)?;
        RealFs.rename_noreplace(&self.temporary, &self.path).map_err(refused)?;
        self.is_published = true;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        RealFs.sync_dir(parent.unwrap_or(Path::new("."))).map_err(refused)?;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        forget(&self.temporary);
        if !self.is_published {
            // Nothing better can be done here; the name says that it is temporary.
            let _ = std::fs::remove_dir_all(&self.temporary);
        }
    }
}
