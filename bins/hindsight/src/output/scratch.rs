//! A folder for what does not fit into memory, gone when the work is.

use super::pending::{forget, remember};
use crate::error::{CliError, Failure};
use std::path::{Path, PathBuf};

/// A folder of this process for intermediate files.
///
/// It is removed with all that is in it when it is dropped, and by the signal handler when the work is stopped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder inside one that exists.
    ///
    /// # Errors
    /// [`CliError`] when `parent` is not there, is no directory or does not let us write.
    pub fn create(parent: &Path) -> Result<Self, Failure> {
        let mut name = format!("hindsight-{}", std::process::id());
        loop {
            let path = parent.join(&name);
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    remember(&path);
                    return Ok(Self(path));
                }
                // Left behind by a process that was killed and had the same number.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => name.push('+'),
                Err(e) => return Err(CliError::writing(parent, e).into()),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to hear about a folder that cannot be removed.
        let _ = std::fs::remove_dir_all(&self.0);
        forget(&self.0);
    }
}
