//! Places of data: from arguments, else from the configuration, else those of the last run.

use crate::args::Args;
use contract::meta;
use hindsight::{CliError, Context, ErrorReport, Failure, InputArg, Key, RawSource, ReadOptions};
use query::{Catalogue, CatalogueError};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What can be asked, and the files that an output must not be.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) catalogue: Catalogue,
    /// Device and inode of each file.
    pub(crate) inputs: Vec<(u64, u64)>,
}

impl Places {
    /// The places that arguments and configuration name; each is there.
    pub(crate) fn find(args: &Args, context: &Context) -> Result<Self, Failure> {
        let mut places = Self { catalogue: Catalogue::default(), inputs: Vec::new() };
        let (mut logs, mut stores) = (args.log.clone(), args.store.clone());
        if logs.is_empty() && stores.is_empty() && args.files.is_empty() {
            logs.extend(found("capture.dir", "log", context));
            stores.extend(found("datasets.store", "datasets", context));
        }
        for log in &logs {
            let (name, folder) = named(log, "log");
            check_folder(&folder)?;
            places.add(|catalogue| catalogue.with_log(&name, folder))?;
        }
        for store in &stores {
            let (name, folder) = named(store, "datasets");
            check_folder(&folder)?;
            places.add(|catalogue| catalogue.with_store(&name, folder))?;
        }
        for file in &args.files {
            places.add_file(file)?;
        }
        Ok(places)
    }

    fn add(
        &mut self,
        with: impl FnOnce(Catalogue) -> Result<Catalogue, CatalogueError>,
    ) -> Result<(), Failure> {
        let before = std::mem::take(&mut self.catalogue);
        self.catalogue = with(before).map_err(|error| ErrorReport::new(&error))?;
        Ok(())
    }

    fn add_file(&mut self, argument: &OsStr) -> Result<(), Failure> {
        let (name, path) = split(argument);
        if path == Path::new("-") {
            let (expected, found) = ("the path of a file", "-".to_owned());
            return Err(CliError::BadValue { flag: "FILE", expected, found }.into());
        }
        let metadata = std::fs::metadata(&path).map_err(|e| CliError::reading(&path, e))?;
        if metadata.is_dir() {
            return Err(CliError::IsDirectory { path: path.display().to_string() }.into());
        }
        self.inputs.push((metadata.dev(), metadata.ino()));
        let table = match name {
            Some(name) => name,
            None => own_name(&path)?,
        };
        self.add(|catalogue| catalogue.with_file(&table, path))
    }
}

/// The table that a file says it is.
fn own_name(path: &Path) -> Result<String, Failure> {
    let input = InputArg::file(path);
    let source = RawSource::open(&input, &ReadOptions::default())?;
    let name = source.schema().metadata().get(meta::TABLE);
    let unnamed = || CliError::UnnamedTable { input: path.display().to_string() };
    Ok(name.ok_or_else(unnamed)?.clone())
}

/// The place that a key names, else the one of this name that `hindsight run` has made in its folder.
fn found(key: &str, name: &str, context: &Context) -> Option<OsString> {
    let configured = |key| context.config.path(Key::find(key)?);
    let made = || configured("run.dir").unwrap_or_else(|| Path::new("run")).join(name);
    let path = match configured(key) {
        Some(path) => path.to_owned(),
        None => Some(made()).filter(|path| path.is_dir())?,
    };
    // The name stands in front, so that a `=` in the path is none of ours.
    let mut text = OsString::from(format!("{name}="));
    text.push(path);
    Some(text)
}

fn named(argument: &OsStr, default: &str) -> (String, PathBuf) {
    let (name, path) = split(argument);
    (name.unwrap_or_else(|| default.to_owned()), path)
}

/// `NAME=PATH`, or a path; one that is there as it stands is a path.
fn split(argument: &OsStr) -> (Option<String>, PathBuf) {
    let bytes = argument.as_bytes();
    let parts = bytes.iter().position(|byte| *byte == b'=').and_then(|at| {
        let word = std::str::from_utf8(bytes.get(..at)?).ok()?;
        let is_word = word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        is_word.then_some((word.to_owned(), bytes.get(at + 1..)?))
    });
    match parts {
        Some((word, path)) if !Path::new(argument).exists() => {
            (Some(word), PathBuf::from(OsStr::from_bytes(path)))
        }
        _ => (None, PathBuf::from(argument)),
    }
}

fn check_folder(path: &Path) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path).map_err(|e| CliError::reading(path, e))?;
    if metadata.is_dir() {
        Ok(())
    } else {
        Err(CliError::NotDirectory { path: path.display().to_string() }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_first_equals_sign_and_is_a_word() {
        for (argument, name, path) in [
            ("trades.parquet", None, "trades.parquet"),
            ("trades=a.parquet", Some("trades"), "a.parquet"),
            ("live=dir=odd/log", Some("live"), "dir=odd/log"),
            ("./a=b", None, "./a=b"),
            ("A=b", None, "A=b"),
        ] {
            let expected = (name.map(str::to_owned), PathBuf::from(path));
            assert_eq!(split(OsStr::new(argument)), expected, "{argument}");
        }
    }
}
