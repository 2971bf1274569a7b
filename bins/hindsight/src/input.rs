//! Tables in: files and pipes that identify themselves.
//!
//! The first bytes say what an input is, the schema metadata say which table it holds, and no input that ended early
//! is taken for a whole one.

mod framing;
mod guard;
mod source;
mod tap;

pub use framing::Framed;
pub use source::{RawSource, ReadOptions, Source};

pub(crate) use guard::install_panic_hook;
pub(crate) use tap::Tap;

use crate::error::{CliError, Failure, did_you_mean};
use contract::TableSpec;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `-`.
    Stdin,
    /// A path.
    File(PathBuf),
}

/// A positional input, `PATH`, `TABLE=PATH` or `-`.
#[derive(Debug, Clone)]
pub struct InputArg {
    /// The table that the user says it is.
    pub table: Option<&'static TableSpec>,
    /// Where it comes from.
    pub place: Place,
}

impl InputArg {
    /// Parses an argument.
    ///
    /// ```
    /// let input = hindsight::InputArg::parse("trades=tape.parquet".as_ref())?;
    /// assert_eq!(input.table.map(|table| table.name), Some("trades"));
    /// assert_eq!(input.name(), "tape.parquet");
    /// # Ok::<(), hindsight::CliError>(())
    /// ```
    ///
    /// # Errors
    /// [`CliError::UnknownTable`] for `WORD=PATH` whose word names no table, unless there is a file of that whole
    /// name.
    pub fn parse(text: &OsStr) -> Result<Self, CliError> {
        let bytes = text.as_bytes();
        if let Some(at) = bytes.iter().position(|byte| *byte == b'=') {
            let (word, path) = (bytes.get(..at), bytes.get(at + 1..));
            let word = word.and_then(|word| std::str::from_utf8(word).ok()).unwrap_or_default();
            let is_word = !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_word && !Path::new(text).exists() {
                let table = table(word)?;
                let path = OsStr::from_bytes(path.unwrap_or_default());
                return Ok(Self { table: Some(table), place: Place::of(path) });
            }
        }
        Ok(Self { table: None, place: Place::of(text) })
    }

    /// A file that says itself which table it is.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self { table: None, place: Place::File(path.to_owned()) }
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.place {
            Place::Stdin => "standard input".to_owned(),
            Place::File(path) => path.display().to_string(),
        }
    }
}

impl Place {
    fn of(text: &OsStr) -> Self {
        if text == "-" { Self::Stdin } else { Self::File(PathBuf::from(text)) }
    }
}

/// Parses all inputs of a command; none at all means standard input.
///
/// # Errors
/// As [`InputArg::parse`], and [`CliError::StdinTwice`].
pub fn parse_inputs(texts: &[OsString]) -> Result<Vec<InputArg>, CliError> {
    let mut inputs =
        texts.iter().map(|text| InputArg::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if inputs.is_empty() {
        inputs.push(InputArg { table: None, place: Place::Stdin });
    }
    let found = inputs.iter().filter(|input| input.place == Place::Stdin).count();
    if found > 1 { Err(CliError::StdinTwice { found }) } else { Ok(inputs) }
}

/// The table with this name.
///
/// # Errors
/// [`CliError::UnknownTable`] with the nearest names.
pub(crate) fn table(name: &str) -> Result<&'static TableSpec, CliError> {
    contract::table(name).ok_or_else(|| CliError::UnknownTable {
        found: contract::excerpt(name.as_bytes()),
        near: did_you_mean(name, contract::TABLES.iter().map(|table| table.name)),
    })
}

/// The text of a file, and what messages call it.
///
/// # Errors
/// [`CliError::NotText`], or what the file system says.
pub(crate) fn file_text(path: &Path) -> Result<(String, String), CliError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| CliError::reading(path, e))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(CliError::NotText { path: name }),
    }
}

/// What the first bytes of an input say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `FF FF FF FF`.
    IpcStream,
    /// `ARROW1`.
    IpcFile,
    /// `PAR1`.
    Parquet,
    /// Anything else, with what it looks like.
    Other(&'static str),
}

impl Kind {
    /// Recognises an input by at most its first 8 bytes.
    ///
    /// ```
    /// assert_eq!(hindsight::Kind::of(b"PAR1\x15\x04"), hindsight::Kind::Parquet);
    /// assert_eq!(hindsight::Kind::of(b"\x1f\x8b\x08"), hindsight::Kind::Other("gzip"));
    /// ```
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let starts = |magic: &[u8]| head.starts_with(magic);
        if starts(&[0xff; 4]) {
            Self::IpcStream
        } else if starts(b"ARROW1") {
            Self::IpcFile
        } else if starts(b"PAR1") {
            Self::Parquet
        } else if starts(b"PK\x03\x04") {
            Self::Other("a zip archive")
        } else if starts(b"\x1f\x8b") {
            Self::Other("gzip")
        } else if starts(b"\x28\xb5\x2f\xfd") {
            Self::Other("zstd")
        } else if starts(b"DBN") {
            Self::Other("DBN")
        } else if starts(b"{") {
            Self::Other("JSON")
        } else if std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0')) {
            Self::Other("text")
        } else {
            Self::Other("bytes of no known format")
        }
    }
}

/// An input that was opened, its first bytes looked at.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What messages call it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The bytes that were looked at.
    pub head: Vec<u8>,
    /// The rest of a pipe, or a file whose position is behind `head`.
    pub file: File,
    /// Length of a regular file.
    pub len: Option<u64>,
    /// Device and inode of a regular file.
    pub identity: Option<(u64, u64)>,
}

/// Opens an input and reads its first bytes.
///
/// # Errors
/// [`CliError`] for a path that cannot be opened or read, a directory, or an input without bytes.
pub(crate) fn open(input: &InputArg) -> Result<Opened, Failure> {
    let name = input.name();
    let (mut file, path) = match &input.place {
        Place::Stdin => {
            use std::os::fd::AsFd;
            let owned = io::stdin()
                .as_fd()
                .try_clone_to_owned()
                .map_err(|e| CliError::reading(Path::new("standard input"), e))?;
            (File::from(owned), PathBuf::from("standard input"))
        }
        Place::File(path) => {
            (File::open(path).map_err(|e| CliError::reading(path, e))?, path.clone())
        }
    };
    let metadata = file.metadata().map_err(|e| CliError::reading(&path, e))?;
    if metadata.is_dir() {
        return Err(CliError::IsDirectory { path: name }.into());
    }
    let is_regular = metadata.is_file();
    let mut head = vec![0_u8; 8];
    let mut filled = 0;
    while let Some(rest) = head.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(CliError::reading(&path, e).into()),
        }
    }
    head.truncate(filled);
    if head.is_empty() {
        return Err(CliError::EmptyInput { input: name }.into());
    }
    Ok(Opened {
        kind: Kind::of(&head),
        name,
        head,
        file,
        len: is_regular.then_some(metadata.len()),
        identity: is_regular.then(|| (metadata.dev(), metadata.ino())),
    })
}
