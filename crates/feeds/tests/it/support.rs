//! Zips made here, and the real ones where `HINDSIGHT_DATA` says where they lie.

use contract::{AnyBatch, Bars, Draft, Quotes, Reject, Table, Trades};
use feeds::{FeedError, Lean, Report, Spec};
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The lines that a function writes for the numbers of a range.
pub(crate) fn text(
    numbers: Range<u32>,
    line: impl Fn(&mut String, u32) -> std::fmt::Result,
) -> String {
    let mut text = String::new();
    for number in numbers {
        line(&mut text, number).unwrap();
        text.push('\n');
    }
    text
}

/// A zip with these members.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// All that came of the files pushed.
#[derive(Default)]
pub(crate) struct Imported {
    pub(crate) rows: Vec<AnyBatch>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) report: Report,
    pub(crate) error: Option<FeedError>,
}

impl Imported {
    fn drafts<T: Table>(&self) -> Vec<Draft<T>> {
        let of_table = self.rows.iter().filter(|batch| batch.spec().name == T::SPEC.name);
        of_table.map(|batch| Draft::<T>::try_from_any(batch.clone()).unwrap()).collect()
    }

    pub(crate) fn quotes(&self) -> Vec<Draft<Quotes>> {
        self.drafts()
    }

    pub(crate) fn trades(&self) -> Vec<Draft<Trades>> {
        self.drafts()
    }

    pub(crate) fn bars(&self) -> Vec<Draft<Bars>> {
        self.drafts()
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.iter().map(AnyBatch::len).sum()
    }

    /// Codes of the rejects, in order.
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.rejects.iter().map(|reject| reject.code.as_str()).collect()
    }
}

/// Imports files by a spec, each a path and its bytes.
pub(crate) fn import(spec: &str, files: &[(&str, &[u8])]) -> Imported {
    let mut lean = Lean::new(Spec::parse(spec).unwrap());
    let mut imported = Imported::default();
    for (path, bytes) in files {
        let result = lean.push(path, &mut &bytes[..], &mut |out| {
            imported.rows.extend(out.rows);
            imported.rejects.extend(out.rejects);
        });
        if let Err(error) = result {
            imported.error = Some(error);
            break;
        }
    }
    imported.report = lean.finish();
    imported
}

/// The folder with the real files; without it the tests that need them say so and end.
#[expect(clippy::disallowed_methods, reason = "where the real files lie differs by machine")]
pub(crate) fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("HINDSIGHT_DATA").map(PathBuf::from);
    if folder.is_none() {
        let mut err = std::io::stderr().lock();
        writeln!(err, "skipped: HINDSIGHT_DATA does not say where the real files are").unwrap();
    }
    folder
}

/// The zips at or below a folder or path, in order, each with the path that the importer sees.
pub(crate) fn zips(root: &Path, under: &str) -> Vec<(String, Vec<u8>)> {
    let mut open = vec![root.join(under)];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|end| end == "zip") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no zip below {under}");
    found
}

/// Imports all zips below a folder by the built-in spec.
pub(crate) fn import_folder(root: &Path, under: &str) -> Imported {
    let files = zips(root, under);
    let files: Vec<(&str, &[u8])> = files.iter().map(|(p, b)| (p.as_str(), &b[..])).collect();
    import(Spec::LEAN, &files)
}
