//! A store of datasets as SQL tables.

mod facts;

use crate::catalogue::StoreEntry;
use crate::error::QueryError;
use crate::parquet_table::{ParquetTable, Part};
use crate::reads::{GrantNo, Reads};
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf, TableFacts, VersionFacts};
use arrow_schema::{DataType, Field};
use contract::{DatasetEventKind, Name};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::table_schema::TableSchema;
use datasets::layout::file;
use datasets::{CommitRecord, Manifest, Sha256, Store, StoreError, VersionAt, VersionRef};
use durable::{FsErrorKind, NodeKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The column of a version's rows that says in which split a row is.
const SPLIT: &str = "split";

/// Tables beside the rows of a version, by the word behind the `/`, and the file that holds each.
const SIDES: [(&str, &str); 3] =
    [("lineage", file::LINEAGE), ("dropped", file::DROPPED), ("folds", file::FOLDS)];

/// The versions of a store.
///
/// `entries` is the latest version that was published and not withdrawn, `entries@7`, `entries@2d711642` and
/// `entries@champion` are what a [`VersionRef`] means, and `entries@7/lineage`, `/dropped` and `/folds` are the tables
/// beside its rows. The rows are those of all splits, and a column `split` stands behind the version's own: so these keep
/// the places that its schema gives them, and a filter on `split` opens the files of that split alone.
#[derive(Debug)]
pub(crate) struct StoreShelf {
    shared: Arc<Shared>,
    entry: StoreEntry,
    reads: Reads,
    store: OnceLock<Store>,
    /// Versions that the statement names, by reference: each is resolved and granted once.
    opened: Mutex<BTreeMap<String, Arc<Opened>>>,
}

/// A version that the gate has granted.
#[derive(Debug)]
struct Opened {
    record: CommitRecord,
    manifest: Manifest,
    root: PathBuf,
    grant: GrantNo,
}

/// A name in SQL, taken apart.
struct Wanted<'a> {
    reference: &'a str,
    side: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn parse(name: &'a str) -> Self {
        match name.split_once('/') {
            Some((reference, side)) => Self { reference, side: Some(side) },
            None => Self { reference: name, side: None },
        }
    }
}

impl StoreShelf {
    pub(crate) fn new(shared: &Arc<Shared>, entry: StoreEntry, reads: Reads) -> Self {
        let shared = Arc::clone(shared);
        Self { shared, entry, reads, store: OnceLock::new(), opened: Mutex::default() }
    }

    fn store(&self) -> Result<&Store, QueryError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let (fs, gate) = (Arc::clone(&self.shared.fs), Arc::clone(&self.shared.options.gate));
        let store = Store::open(fs, &self.entry.folder, gate)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// The reference that a name means; `None` for a name that is none, or of no dataset of this store.
    fn reference(&self, text: &str) -> Result<Option<VersionRef>, QueryError> {
        let reference = match VersionRef::parse(text) {
            Ok(reference) => reference,
            // With an `@` nothing else can be meant.
            Err(error) if text.contains('@') => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let is_known = text.contains('@') || self.store()?.names()?.contains(&reference.name);
        Ok(is_known.then_some(reference))
    }

    /// Opens a version, once a statement.
    fn open(&self, reference: &VersionRef) -> Result<Arc<Opened>, QueryError> {
        let key = reference.to_string();
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(&key) {
            return Ok(Arc::clone(known));
        }
        let version = self.store()?.open_version(&self.shared.options.context, reference)?;
        let (record, manifest) = (version.record.clone(), version.manifest.clone());
        let root = version.folder.root().to_path_buf();
        let grant = self.reads.hold(version);
        let new = Arc::new(Opened { record, manifest, root, grant });
        opened.insert(key, Arc::clone(&new));
        Ok(new)
    }

    fn provider(
        &self,
        wanted: &Wanted<'_>,
        version: &Opened,
    ) -> Result<Arc<dyn TableProvider>, QueryError> {
        let table = match wanted.side {
            None => self.rows(version)?,
            Some(side) => self.side(side, version)?,
        };
        self.reads.read_by(version.grant, table.readers());
        Ok(Arc::new(table))
    }

    /// The rows of all splits.
    fn rows(&self, version: &Opened) -> Result<ParquetTable, QueryError> {
        let mut parts = Vec::with_capacity(version.manifest.files.len());
        for file in &version.manifest.files {
            let word = ScalarValue::Utf8(Some(file.split.clone()));
            let split = ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(word));
            let part = Part {
                rows: Some(file.rows),
                values: vec![split],
                ..self.part(version, &file.path, Some(file.bytes), file.sha256)?
            };
            parts.push(Arc::new(part));
        }
        let Some(first) = parts.first() else {
            return Err(QueryError::Damaged {
                path: version.root.join(file::MANIFEST).display().to_string(),
                expected: "a data file".to_owned(),
                found: "none".to_owned(),
            });
        };
        let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let split = Arc::new(Field::new(SPLIT, words, false));
        let schema = TableSchema::builder(first.schema(&self.shared)?)
            .with_table_partition_cols(vec![split])
            .build();
        Ok(ParquetTable::new(&self.shared, schema, parts, &self.reads))
    }

    /// A table beside the rows.
    fn side(&self, side: &str, version: &Opened) -> Result<ParquetTable, QueryError> {
        let at = format!("{}@{}", version.manifest.name, version.record.version);
        let known = SIDES.iter().filter(|(_, path)| version.manifest.documents.contains_key(*path));
        let Some((_, path)) = known.clone().find(|(word, _)| *word == side) else {
            let near = contract::nearest(side, known.clone().map(|(word, _)| *word));
            let all = known.map(|(word, _)| *word);
            let words: Vec<&str> = if near.is_empty() { all.collect() } else { near };
            let near = words.into_iter().map(|word| format!("{at}/{word}")).collect();
            return Err(QueryError::UnknownTable {
                name: format!("{at}/{side}"),
                near,
                place: None,
            });
        };
        let sha256 = version.manifest.documents.get(*path).copied().unwrap_or(Sha256::of(b""));
        let part = Arc::new(self.part(version, path, None, sha256)?);
        let schema = TableSchema::from(part.schema(&self.shared)?);
        Ok(ParquetTable::new(&self.shared, schema, vec![part], &self.reads))
    }

    /// A file of a version that is there, and as long as its record says, if it says.
    fn part(
        &self,
        version: &Opened,
        path: &str,
        bytes: Option<u64>,
        sha256: Sha256,
    ) -> Result<Part, QueryError> {
        let full = version.root.join(path);
        let len = length(&self.shared, &full, bytes)?;
        Ok(Part {
            name: format!("{}@{}/{path}", version.manifest.name, version.record.version),
            path: full,
            bytes: len,
            rows: None,
            sha256: Some(*sha256.0.as_bytes()),
            values: Vec::new(),
            footer: OnceLock::new(),
        })
    }
}

/// The length of a file that must be there.
fn length(shared: &Shared, path: &Path, expected: Option<u64>) -> Result<u64, QueryError> {
    let damaged = |found: String| QueryError::Damaged {
        path: path.display().to_string(),
        expected: expected.map_or_else(|| "a file".to_owned(), |n| format!("{n} bytes")),
        found,
    };
    match shared.fs.metadata(path) {
        Ok(found) if found.kind != NodeKind::File => Err(damaged("no file".to_owned())),
        Ok(found) if expected.is_some_and(|n| n != found.len) => {
            Err(damaged(format!("{} bytes", found.len)))
        }
        Ok(found) => Ok(found.len),
        Err(e) if e.kind == FsErrorKind::NotFound => Err(damaged("none".to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// The version of a dataset that was the latest at a bound.
fn latest_at(name: &Name, history: &[CommitRecord], as_of: AsOf) -> Option<VersionRef> {
    let is_within = |record: &&CommitRecord| match as_of {
        AsOf::Seq(last) => record.ordinal <= last,
        AsOf::Instant(before) => record.ts.0 < before.nanos(),
    };
    // The clock of a publisher may go back, its numbers do not.
    let known: Vec<&CommitRecord> = history.iter().filter(is_within).collect();
    let hides = |kind| matches!(kind, DatasetEventKind::Withdrawn | DatasetEventKind::Erased);
    let is_hidden = |version: u64| known.iter().any(|r| r.version == version && hides(r.kind));
    let published = |r: &&&CommitRecord| r.kind == DatasetEventKind::Published;
    let latest = known.iter().rev().filter(published).find(|r| !is_hidden(r.ordinal))?;
    Some(VersionRef::ordinal(name.clone(), latest.ordinal))
}

impl Shelf for StoreShelf {
    fn schema(&self) -> &str {
        &self.entry.schema
    }

    /// Names of datasets; versions are found by theirs, and listed by `system.versions`.
    fn names(&self) -> Vec<String> {
        let names = self.store().and_then(|store| Ok(store.names()?)).unwrap_or_default();
        names.iter().map(ToString::to_string).collect()
    }

    fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        let wanted = Wanted::parse(name);
        let Some(reference) = self.reference(wanted.reference)? else { return Ok(None) };
        let version = self.open(&reference)?;
        self.provider(&wanted, &version).map(Some)
    }

    fn table_as_of(
        &self,
        name: &str,
        as_of: AsOf,
    ) -> Result<Option<Arc<dyn TableProvider>>, QueryError> {
        let wanted = Wanted::parse(name);
        let Some(reference) = self.reference(wanted.reference)? else { return Ok(None) };
        let history = self.store()?.history(&reference.name)?;
        let unknown = || StoreError::UnknownVersion {
            name: reference.name.to_string(),
            at: reference.at.to_string(),
            records: u64::try_from(history.len()).unwrap_or(u64::MAX),
            near: "; it was not published by then".to_owned(),
        };
        let at = match &reference.at {
            VersionAt::Latest => latest_at(&reference.name, &history, as_of).ok_or_else(unknown)?,
            // A reference moves, and where it pointed then is not asked: a number or a hash is the same at any time.
            _ => {
                let record = self.store()?.resolve(&reference)?;
                let is_within = match as_of {
                    AsOf::Seq(last) => record.ordinal <= last,
                    AsOf::Instant(before) => record.ts.0 < before.nanos(),
                };
                if !is_within {
                    return Err(unknown().into());
                }
                VersionRef::ordinal(reference.name.clone(), record.ordinal)
            }
        };
        let version = self.open(&at)?;
        self.provider(&wanted, &version).map(Some)
    }

    fn facts(&self, name: &str) -> Result<TableFacts, QueryError> {
        facts::of_latest(self.store()?, name)
    }

    fn is_store(&self) -> bool {
        true
    }

    fn versions(&self) -> Result<Vec<VersionFacts>, QueryError> {
        facts::of_all(self.store()?, self.shared.fs.as_ref())
    }
}
