//! Where a reader goes on.

use crate::error::ReadError;
use contract::{EventId, Json};
use durable::{Access, Fs, FsErrorKind, Mode, PublishError, publish};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where a reader goes on. For exactly-once, keep it in the same transaction as what was made of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The log, so that a cursor cannot be used on another.
    pub log_id: EventId,
    /// First number that has not been read.
    pub next_seq: u64,
}

fn path_of(dir: &Path, name: &str) -> Result<PathBuf, ReadError> {
    contract::Name::parse(name).map_err(|_| ReadError::Cursor {
        name: name.to_owned(),
        expected: "1 to 64 of a-z, 0-9, `_`, `-` and `.`, starting with a letter or digit",
        found: name.to_owned(),
    })?;
    Ok(dir.join("cursors").join(format!("{name}.json")))
}

fn parse(bytes: &[u8]) -> Option<Cursor> {
    let json = serde_json::from_slice::<serde_json::Value>(bytes).ok()?;
    let log_id = EventId::parse(json.get("log_id")?.as_str()?).ok()?;
    let next_seq = json.get("next_seq")?.as_str()?.parse().ok()?;
    Some(Cursor { log_id, next_seq })
}

/// Names of the saved cursors and where they stand; one that cannot be understood stands at the start.
#[cfg(feature = "archive")]
pub(crate) fn all(fs: &dyn Fs, dir: &Path) -> Result<Vec<(String, u64)>, durable::FsError> {
    let files = crate::hold::named(fs, &dir.join("cursors"))?;
    Ok(files.into_iter().map(|(n, bytes)| (n, parse(&bytes).map_or(0, |c| c.next_seq))).collect())
}

impl Cursor {
    /// Saves the cursor under a name in the log's folder, at once and durably.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn save(&self, fs: &dyn Fs, dir: &Path, name: &str) -> Result<(), ReadError> {
        let path = path_of(dir, name)?;
        let json = Json::object([
            ("log_id", Json::from(self.log_id.to_string())),
            ("next_seq", Json::from(self.next_seq.to_string())),
        ]);
        let saved = publish(fs, &path, Mode::Replace, |file| {
            file.write_all(json.to_string().as_bytes()).map_err(PublishError::from)
        });
        saved.map(|_| ()).map_err(|error| match error {
            PublishError::Fs(error) => ReadError::Fs(error),
            other => ReadError::Cursor {
                name: name.to_owned(),
                expected: "a file that can be written",
                found: other.to_string(),
            },
        })
    }

    /// A saved cursor; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn load(fs: &dyn Fs, dir: &Path, name: &str) -> Result<Option<Self>, ReadError> {
        let file = match fs.open(&path_of(dir, name)?, Access::Read) {
            Err(error) if error.kind == FsErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let bytes = crate::store::read_all(file.as_ref())?;
        parse(&bytes).map(Some).ok_or_else(|| ReadError::Cursor {
            name: name.to_owned(),
            expected: "{\"log_id\", \"next_seq\"}",
            found: String::from_utf8_lossy(bytes.get(..bytes.len().min(64)).unwrap_or_default())
                .into_owned(),
        })
    }
}
