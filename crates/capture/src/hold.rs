//! Named requests to keep segments.

use crate::error::ReadError;
use crate::log::Log;
use crate::sync::lock;
use contract::Json;
use durable::{Access, Fs, FsError, FsErrorKind, Mode, PublishError, publish};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A named request to keep the segments of a range, until it is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its name.
    pub name: String,
    /// Numbers whose segments stay.
    pub seqs: Range<u64>,
}

fn path_of(dir: &Path, name: &str) -> Result<PathBuf, ReadError> {
    contract::Name::parse(name).map_err(|error| ReadError::Cursor {
        name: name.to_owned(),
        expected: "the name of a hold",
        found: error.to_string(),
    })?;
    Ok(dir.join("holds").join(format!("{name}.json")))
}

/// All holds of a log, by name. A file that cannot be understood holds everything: better too much than too little.
pub(crate) fn holds(fs: &dyn Fs, dir: &Path) -> Result<Vec<Hold>, FsError> {
    let mut out = Vec::new();
    for (name, bytes) in named(fs, &dir.join("holds"))? {
        let parsed = serde_json::from_slice::<serde_json::Value>(&bytes).ok().and_then(|json| {
            let number = |key: &str| json.get(key)?.as_str()?.parse::<u64>().ok();
            Some(number("first_seq")?..number("end_seq")?)
        });
        out.push(Hold { name, seqs: parsed.unwrap_or(0..u64::MAX) });
    }
    Ok(out)
}

/// Names and contents of the JSON files in a folder; none where there is no folder.
pub(crate) fn named(fs: &dyn Fs, folder: &Path) -> Result<Vec<(String, Vec<u8>)>, FsError> {
    let paths = match fs.read_dir(folder) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut out = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".json"));
        let Some(name) = name.filter(|n| !n.starts_with('.')).map(str::to_owned) else { continue };
        let file = fs.open(&path, Access::Read)?;
        out.push((name, crate::store::read_all(file.as_ref())?));
    }
    Ok(out)
}

impl Log {
    /// Keeps the segments of a range from being dropped; a hold of the same name is replaced.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn hold(&self, name: &str, seqs: Range<u64>) -> Result<(), ReadError> {
        let path = path_of(&self.inner.dir, name)?;
        // A drop that is under way looked at the holds before.
        let _upkeep = lock(&self.inner.upkeep);
        let json = Json::object([
            ("end_seq", Json::from(seqs.end.to_string())),
            ("first_seq", Json::from(seqs.start.to_string())),
        ]);
        let saved = publish(self.inner.fs.as_ref(), &path, Mode::Replace, |file| {
            file.write_all(json.to_string().as_bytes()).map_err(PublishError::from)
        });
        saved.map(|_| ()).map_err(|error| match error {
            PublishError::Fs(error) => ReadError::Fs(error),
            other => ReadError::Cursor {
                name: name.to_owned(),
                expected: "a hold that can be written",
                found: other.to_string(),
            },
        })
    }

    /// Releases a hold; one that is not there is released already.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn release(&self, name: &str) -> Result<(), ReadError> {
        let path = path_of(&self.inner.dir, name)?;
        crate::spare::remove(self.inner.fs.as_ref(), &path)?;
        self.inner.fs.sync_dir(&self.inner.dir.join("holds"))?;
        Ok(())
    }

    /// The holds of the log, by name.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn holds(&self) -> Result<Vec<Hold>, ReadError> {
        Ok(holds(self.inner.fs.as_ref(), &self.inner.dir)?)
    }
}
