//! Where the files of an archive stand: `<table>/date=YYYY-MM-DD/<first seq>-<end seq>.parquet`.

use super::error::ArchiveError;
use crate::format::manifest::ArchivedFile;
use contract::UtcNanos;
use durable::{Fs, FsErrorKind, NodeKind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const DAY_NS: i64 = 86_400_000_000_000;

/// UTC days since 1970.
pub(super) fn day_of(ts: i64) -> i64 {
    ts.div_euclid(DAY_NS)
}

/// Path relative to the archive's folder, with `/`; `ts` is any instant of the day.
pub(super) fn relative(table: &str, ts: i64, first_seq: u64, end_seq: u64) -> String {
    let date = UtcNanos::from_nanos(ts).date();
    format!("{table}/date={date}/{first_seq:020}-{end_seq:020}.parquet")
}

/// The place of a recorded file.
pub(super) fn place(dir: &Path, relative: &str) -> PathBuf {
    relative.split('/').fold(dir.to_path_buf(), |path, name| path.join(name))
}

/// Files of the archive's layout that no record names: published, but the process died before the record.
///
/// - **Shape:** paths relative to `dir`, sorted; temporary files and whatever has another kind of name are not listed.
pub(crate) fn unrecorded(
    fs: &dyn Fs,
    dir: &Path,
    known: &[ArchivedFile],
) -> Result<Vec<String>, ArchiveError> {
    let known: BTreeSet<&str> = known.iter().map(|file| file.path.as_str()).collect();
    let mut out = Vec::new();
    for table in entries(fs, dir, NodeKind::Folder)? {
        for date in entries(fs, &dir.join(&table), NodeKind::Folder)? {
            if !date.strip_prefix("date=").is_some_and(is_date) {
                continue;
            }
            for file in entries(fs, &dir.join(&table).join(&date), NodeKind::File)? {
                let relative = format!("{table}/{date}/{file}");
                if is_file(&file) && !known.contains(relative.as_str()) {
                    out.push(relative);
                }
            }
        }
    }
    out.sort();
    Ok(out)
}

/// Names in a folder of one kind; none where there is no folder. A name that is no text is none of ours.
fn entries(fs: &dyn Fs, dir: &Path, kind: NodeKind) -> Result<Vec<String>, ArchiveError> {
    let paths = match fs.read_dir(dir) {
        Err(error) if error.kind == FsErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut out = Vec::new();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        match fs.metadata(&dir.join(name)) {
            Ok(found) if found.kind == kind => out.push(name.to_owned()),
            Ok(_) => {}
            // A link to nothing, or gone since it was listed.
            Err(error) if error.kind == FsErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(out)
}

fn is_date(text: &str) -> bool {
    let is_pattern = |(byte, at): (u8, usize)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().zip(0..).all(is_pattern)
}

fn is_file(name: &str) -> bool {
    let number = |text: &str| text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit());
    name.strip_suffix(".parquet")
        .and_then(|name| name.split_once('-'))
        .is_some_and(|(first, end)| number(first) && number(end))
}
