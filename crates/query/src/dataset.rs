//! A store of datasets as SQL tables.

mod facts;

use crate::catalogue::StoreEntry;
use crate::error::QueryError;
use crate::footer::footer;
use crate::parquet_scan::{DataFile, check_len, damaged};
use crate::parquet_table::ParquetTable;
use crate::reads::{Reads, Totals};
use crate::session::Shared;
use crate::shelf::{AsOf, Shelf, TableFacts, VersionFacts};
use arrow_schema::{DataType, Field};
use contract::{DatasetEventKind, Name, UtcNanos};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::table_schema::TableSchema;
use datasets::layout::file;
use datasets::{CommitRecord, Manifest, Store, StoreError, VersionAt, VersionRef};
use durable::FsErrorKind;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    totals: Arc<Totals>,
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
        let store = Store::existing(fs, &self.entry.folder, gate)?;
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
        let totals = self.reads.hold(version);
        let new = Arc::new(Opened { record, manifest, root, totals });
        opened.insert(key, Arc::clone(&new));
        Ok(new)
    }

    fn provider(
        &self,
        wanted: &Wanted<'_>,
        version: &Opened,
    ) -> Result<Arc<dyn TableProvider>, QueryError> {
        let at = format!("{}@{}", version.manifest.name, version.record.version);
        let (table, name) = match wanted.side {
            None => (self.rows(version, &at)?, at),
            Some(side) => (self.side(side, version, &at)?, format!("{at}/{side}")),
        };
        Ok(Arc::new(table.of_version(name, &version.totals)))
    }

    /// The rows of all splits.
    fn rows(&self, version: &Opened, at: &str) -> Result<ParquetTable, QueryError> {
        let root = &version.root;
        let Some(first) = version.manifest.files.first() else {
            let (expected, found) = ("a data file".to_owned(), "none".to_owned());
            return Err(damaged(&root.join(file::MANIFEST), expected, found));
        };
        let fs = self.shared.fs.as_ref();
        for file in &version.manifest.files {
            check_len(fs, &root.join(&file.path), file.bytes)?;
        }
        let (_, schema) = footer(&self.shared, &root.join(&first.path))?;
        let place = schema.fields().len();
        let one = |file: &datasets::DataFile| {
            let word = ScalarValue::Utf8(Some(file.split.clone()));
            let split = ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(word));
            DataFile {
                path: root.join(&file.path),
                bytes: file.bytes,
                rows: Some(file.rows),
                ranges: vec![(place, split.clone(), split.clone())],
                sha256: Some(file.sha256.0),
                name: Some(format!("{at}/{}", file.path)),
                values: vec![split],
            }
        };
        let files = version.manifest.files.iter().map(one).collect();
        let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let split = Arc::new(Field::new(SPLIT, words, false));
        let schema = TableSchema::builder(schema).with_table_partition_cols(vec![split]).build();
        Ok(ParquetTable::new(&self.shared, schema, files))
    }

    /// A table beside the rows.
    fn side(&self, side: &str, version: &Opened, at: &str) -> Result<ParquetTable, QueryError> {
        let hash = |path: &str| version.manifest.documents.get(path);
        let known = || SIDES.iter().filter(|(_, path)| hash(path).is_some()).map(|(word, _)| *word);
        let path = SIDES.iter().find(|(word, _)| *word == side).map(|(_, path)| *path);
        let Some((path, sha256)) = path.and_then(|path| Some((path, hash(path)?))) else {
            let near = contract::nearest(side, known());
            let words: Vec<&str> = if near.is_empty() { known().collect() } else { near };
            let near = words.into_iter().map(|word| format!("{at}/{word}")).collect();
            let name = format!("{at}/{side}");
            return Err(QueryError::UnknownTable { name, near, place: None });
        };
        let full = version.root.join(path);
        let bytes = match self.shared.fs.metadata(&full) {
            Ok(found) => found.len,
            Err(error) if error.kind == FsErrorKind::NotFound => {
                return Err(damaged(&full, "a file".to_owned(), "no file".to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
        let (meta, schema) = footer(&self.shared, &full)?;
        let file = DataFile {
            path: full,
            bytes,
            rows: u64::try_from(meta.file_metadata().num_rows()).ok(),
            ranges: Vec::new(),
            sha256: Some(sha256.0),
            name: Some(format!("{at}/{path}")),
            values: Vec::new(),
        };
        Ok(ParquetTable::new(&self.shared, TableSchema::from(schema), vec![file]))
    }
}

/// The version of a dataset that was the latest before an instant.
fn latest_at(name: &Name, history: &[CommitRecord], before: UtcNanos) -> Option<VersionRef> {
    let is_within = |record: &&CommitRecord| record.ts.0 < before.nanos();
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
        let before = match as_of {
            AsOf::Instant(before) => before,
            // The number of a version is no number of a log, and looks like one.
            AsOf::Seq(seq) => {
                return Err(QueryError::Argument {
                    function: "as_of",
                    argument: "bound",
                    expected: format!("an instant: `{name}` is of no log; a version is `NAME@7`"),
                    found: seq.to_string(),
                });
            }
        };
        let history = self.store()?.history(&reference.name)?;
        let unknown = || StoreError::UnknownVersion {
            name: reference.name.to_string(),
            at: reference.at.to_string(),
            records: u64::try_from(history.len()).unwrap_or(u64::MAX),
            near: "; it was not published by then".to_owned(),
        };
        let at = if reference.at == VersionAt::Latest {
            latest_at(&reference.name, &history, before).ok_or_else(unknown)?
        } else {
            // A reference moves, and where it pointed then is not asked: a number or a hash is the same at any time.
            let record = self.store()?.resolve(&reference)?;
            if record.ts.0 >= before.nanos() {
                return Err(unknown().into());
            }
            VersionRef::ordinal(reference.name.clone(), record.ordinal)
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
