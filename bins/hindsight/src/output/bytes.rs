//! Where encoded bytes go, and what went wrong on the way.

use super::pending::Pending;
use super::{OutputPlan, Target};
use crate::error::{CliError, Failure};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Remembers the first failed write, because encoders wrap it in errors of their own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<io::Error>>>);

impl Trouble {
    fn note(&self, error: &io::Error) {
        let copy = match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(error.kind(), error.to_string()),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(copy);
    }

    fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Bytes on their way to standard output or a file that is not there yet.
#[derive(Debug)]
pub struct ByteSink {
    place: Place,
    trouble: Trouble,
}

#[derive(Debug)]
enum Place {
    Stdout(BufWriter<File>),
    File(Box<BufWriter<Pending>>, PathBuf),
}

/// What is needed to explain a failed write once the sink itself is inside an encoder.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    trouble: Trouble,
    path: PathBuf,
    is_stdout: bool,
}

impl Witness {
    /// The failure behind an encoder's error; `None` when no write failed and the encoder is to blame.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let error = self.trouble.take()?;
        Some(if self.is_stdout && error.kind() == io::ErrorKind::BrokenPipe {
            Failure::ReaderGone
        } else {
            CliError::writing(&self.path, error).into()
        })
    }

    /// What messages call the output.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// Large enough that a message header and its body usually leave in one call.
const BUFFER: usize = 256 << 10;

impl ByteSink {
    /// Opens the place of a plan.
    ///
    /// # Errors
    /// [`CliError`] when the place cannot be written to.
    pub fn open(plan: &OutputPlan) -> Result<Self, Failure> {
        match &plan.target {
            Target::Stdout => Self::stdout(),
            Target::File(path) => {
                let pending = Pending::create(path, plan.force)?;
                let place =
                    Place::File(Box::new(BufWriter::with_capacity(BUFFER, pending)), path.clone());
                Ok(Self { place, trouble: Trouble::default() })
            }
        }
    }

    /// Standard output, without the line buffer of `std`.
    ///
    /// # Errors
    /// [`CliError`] when the program was started without one.
    pub fn stdout() -> Result<Self, Failure> {
        use std::os::fd::AsFd;
        let owned = io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|e| CliError::writing("standard output".as_ref(), e))?;
        let writer = BufWriter::with_capacity(BUFFER, File::from(owned));
        Ok(Self { place: Place::Stdout(writer), trouble: Trouble::default() })
    }

    /// A copy of what is needed to explain a failed write.
    pub(crate) fn witness(&self) -> Witness {
        let (path, is_stdout) = match &self.place {
            Place::Stdout(_) => (PathBuf::from("standard output"), true),
            Place::File(_, path) => (path.clone(), false),
        };
        Witness { trouble: self.trouble.clone(), path, is_stdout }
    }

    /// The failure behind an error of a direct write.
    #[must_use]
    pub fn failure(&self, error: io::Error) -> Failure {
        self.trouble.note(&error);
        let witness = self.witness();
        witness.failure().unwrap_or_else(|| CliError::writing(&witness.path, error).into())
    }

    /// Whether people look at it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.place, Place::Stdout(_)) && io::stdout().is_terminal()
    }

    /// Hands the last bytes over; a file appears under its name only now.
    ///
    /// # Errors
    /// [`Failure::ReaderGone`] when the reader of standard output went away, [`CliError::WriteFailed`] and its kin
    /// otherwise; then no file appears.
    pub fn publish(mut self) -> Result<Option<PathBuf>, Failure> {
        if let Err(error) = self.flush() {
            return Err(self.failure(error));
        }
        match self.place {
            Place::Stdout(_) => Ok(None),
            Place::File(writer, path) => {
                let pending = writer
                    .into_inner()
                    .map_err(|error| CliError::writing(&path, error.into_error()))?;
                pending.publish()?;
                Ok(Some(path))
            }
        }
    }
}

impl Write for ByteSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = match &mut self.place {
            Place::Stdout(writer) => writer.write(bytes),
            Place::File(writer, _) => writer.write(bytes),
        };
        result.inspect_err(|error| self.trouble.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = match &mut self.place {
            Place::Stdout(writer) => writer.flush(),
            Place::File(writer, _) => writer.flush(),
        };
        result.inspect_err(|error| self.trouble.note(error))
    }
}
