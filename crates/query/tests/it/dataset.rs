//! Versions of datasets as tables.

use crate::kit::{
    NOW, STORE, answer, batches, error, facts, lines, options, overwrite, plan, publish, session,
    store, version_rows,
};
use contract::{
    Denied, Diagnostic as _, Fault, Gate, Grant, Name, Outcome, ReadContext, Resource, ResourceKind,
};
use datasets::VersionRef;
use durable::{Fs, SimFs};
use query::{Catalogue, Options, QueryError, Session};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

type Rows = Vec<(u64, u32, f64)>;

fn first() -> [(&'static str, Rows); 2] {
    [("train", vec![(1, 7, 0.5), (2, 7, 0.25)]), ("test", vec![(5, 8, 2.0)])]
}

fn second() -> [(&'static str, Rows); 3] {
    [
        ("train", vec![(1, 7, 0.5), (2, 7, 0.75)]),
        ("validation", vec![(4, 7, 3.0)]),
        ("test", vec![(5, 8, 2.0)]),
    ]
}

/// `entries` with two versions, the first of them the champion.
fn fs() -> Arc<dyn Fs> {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    publish(&fs, "entries", 0, &first());
    publish(&fs, "entries", 10, &second());
    let champion = Name::parse("champion").unwrap();
    let version = VersionRef::parse("entries@1").unwrap();
    store(&fs).move_ref(&champion, &version, &facts(20)).unwrap();
    fs
}

fn places() -> Catalogue {
    Catalogue::default().with_store("datasets", STORE).unwrap()
}

fn files_of(fs: &Arc<dyn Fs>, version: &str) -> PathBuf {
    let record = store(fs).resolve(&VersionRef::parse(version).unwrap()).unwrap();
    let mut folder = record.manifest.to_string();
    folder.truncate(16);
    Path::new(STORE).join("entries/versions").join(folder)
}

#[tokio::test]
async fn a_dataset_by_name_is_its_latest_version_with_the_split_behind_its_columns() {
    let session = session(&fs(), places());
    let rows =
        lines(&session, "SELECT seq, split, book__spread_bps__now FROM entries ORDER BY seq");
    assert_eq!(rows.await, ["1,train,0.5", "2,train,0.75", "4,validation,3.0", "5,test,2.0"]);
    let answer = answer(&session, "SELECT * FROM datasets.entries").await;
    let schema = answer.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["seq", "ts_cutoff", "instrument_id", "book__spread_bps__now", "split"]);
    // The version's own fields, with their metadata, unchanged.
    let own = version_rows(&[]).schema();
    assert_eq!(&schema.fields()[..4], &own.fields()[..]);
    for batch in answer.collect().await.unwrap() {
        assert_eq!(batch.schema(), schema);
    }
}

#[tokio::test]
async fn a_version_is_named_by_number_hash_and_reference() {
    let fs = fs();
    let session = session(&fs, places());
    let record = store(&fs).resolve(&VersionRef::parse("entries@1").unwrap()).unwrap();
    let digits = &record.manifest.to_string()[..8];
    for name in [
        "datasets.\"entries@1\"".to_owned(),
        "\"entries@champion\"".to_owned(),
        format!("\"entries@{digits}\""),
        "dataset('entries@1')".to_owned(),
        "dataset('datasets.entries@champion')".to_owned(),
        "dataset('entries@1', '')".to_owned(),
    ] {
        let sql = format!("SELECT seq, book__spread_bps__now FROM {name} ORDER BY seq");
        assert_eq!(lines(&session, &sql).await, ["1,0.5", "2,0.25", "5,2.0"], "{name}");
    }
    let latest = lines(&session, "SELECT count(*) FROM dataset('entries')").await;
    assert_eq!(latest, ["4"]);
}

#[tokio::test]
async fn a_folder_that_is_no_store_is_said_to_be_none() {
    let fs = fs();
    for (folder, found) in [
        ("elsewhere".to_owned(), "no folder"),
        (format!("{STORE}/entries"), "none of them a dataset"),
    ] {
        let places = Catalogue::default().with_store("datasets", folder).unwrap();
        let session = session(&fs, places);
        for sql in ["SELECT * FROM entries", "SELECT * FROM datasets.\"entries@1\""] {
            let error = session.query(sql).await.unwrap_err();
            assert_eq!(error.code(), "datasets/no-store", "{sql}: {error}");
            assert!(error.to_string().contains(found), "{sql}: {error}");
        }
    }
}

#[tokio::test]
async fn tables_beside_the_rows_are_named_behind_a_slash_or_as_an_argument() {
    let session = session(&fs(), places());
    let count = "SELECT count(*), min(seq) FROM";
    assert_eq!(lines(&session, &format!("{count} \"entries@1/lineage\"")).await, ["3,1"]);
    assert_eq!(lines(&session, &format!("{count} dataset('entries@1', 'lineage')")).await, ["3,1"]);
    assert_eq!(lines(&session, &format!("{count} dataset('entries', 'dropped')")).await, ["1,99"]);
    let wrong = error(&session, "SELECT * FROM dataset('entries@1', 'linage')").await;
    assert_eq!(wrong.code(), "query/unknown-table");
    assert_eq!(wrong.help().unwrap(), "did you mean entries@1/lineage?");
}

#[tokio::test]
async fn a_filter_on_split_opens_the_files_of_that_split_alone() {
    let fs = fs();
    let session = session(&fs, places());
    let sql = "SELECT seq FROM entries WHERE split = 'train' AND seq > 1";
    let plan = plan(&session, sql).await;
    assert!(plan.contains("entries@2/data/train/2026-07-01-000.parquet"), "{plan}");
    assert!(!plan.contains("/test/") && !plan.contains("/validation/"), "{plan}");
    // The other files are not touched: they could be gone.
    let all = answer(&session, "SELECT seq FROM entries WHERE split IN ('test', 'train')").await;
    assert_eq!(all.schema().fields().len(), 1);
    assert_eq!(lines(&session, sql).await, ["2"]);
    let none = lines(&session, "SELECT seq FROM entries WHERE split = 'holdout'").await;
    assert_eq!(none, [] as [&str; 0]);
    // The same rows where the engine cannot see the split in the filter.
    let hidden =
        "SELECT seq FROM entries WHERE concat(split, instrument_id) = 'train7' ORDER BY seq";
    assert_eq!(lines(&session, hidden).await, ["1", "2"]);
}

#[tokio::test]
async fn a_count_reads_no_byte_of_the_files() {
    let session = session(&fs(), places());
    let mut answer = answer(&session, "SELECT count(*) FROM entries").await;
    while answer.next().await.unwrap().is_some() {}
    assert_eq!(answer.bytes_read(), 0);
}

#[tokio::test]
async fn withdrawn_collected_and_unknown_versions_end_with_the_words_of_the_store() {
    let fs = fs();
    let session = session(&fs, places());
    let code = async |sql: &str| {
        let error = error(&session, sql).await;
        (error.code(), error.fault())
    };
    let unknown = error(&session, "SELECT * FROM \"entires@1\"").await;
    assert_eq!(unknown.code(), "datasets/unknown-dataset");
    assert!(unknown.to_string().contains("nearest: `entries`"), "{unknown}");
    assert_eq!(
        code("SELECT * FROM \"entries@9\"").await,
        ("datasets/unknown-version", Fault::Input)
    );
    assert_eq!(code("SELECT * FROM \"entries@champ\"").await.0, "datasets/unknown-version");
    assert_eq!(code("SELECT * FROM datasets.\"@\"").await.0, "datasets/version-syntax");
    let version = VersionRef::parse("entries@2").unwrap();
    store(&fs).withdraw(&version, "late fills", &facts(30)).unwrap();
    assert_eq!(code("SELECT * FROM \"entries@2\"").await, ("datasets/withdrawn", Fault::Gate));
    // And the name means the one before from now on.
    assert_eq!(lines(&session, "SELECT count(*) FROM entries").await, ["3"]);
    overwrite_nothing(&fs, &files_of(&fs, "entries@1").join("collected"));
    assert_eq!(code("SELECT * FROM entries").await, ("datasets/collected", Fault::Input));
}

fn overwrite_nothing(fs: &Arc<dyn Fs>, path: &Path) {
    fs.create_new(path).unwrap();
}

#[tokio::test]
async fn a_file_of_another_length_or_hash_is_damage_that_names_it() {
    let fs = fs();
    let path = files_of(&fs, "entries@2").join("data/test/2026-07-01-000.parquet");
    let whole = {
        let file = fs.open(&path, durable::Access::Read).unwrap();
        let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
        durable::read_exact_at(file.as_ref(), &mut bytes, 0).unwrap();
        bytes
    };
    let session = session(&fs, places());
    overwrite(fs.as_ref(), &path, &whole[..whole.len() - 1]);
    let damaged = error(&session, "SELECT * FROM entries").await;
    assert_eq!((damaged.code(), damaged.fault()), ("query/damaged", Fault::Integrity));
    let expected = format!(
        "{}: expected {} bytes, found {} bytes",
        path.display(),
        whole.len(),
        whole.len() - 1
    );
    assert_eq!(damaged.to_string(), expected);
    fs.unlink(&path).unwrap();
    let gone = error(&session, "SELECT * FROM entries").await;
    assert!(gone.to_string().ends_with("found no file"), "{gone}");

    // Of the right length: a value is changed, which only its hash shows.
    let mut changed = whole.clone();
    let at = changed.windows(8).position(|w| w == 2.0_f64.to_le_bytes()).unwrap();
    changed[at] ^= 1;
    fs.create_new(&path).unwrap();
    overwrite(fs.as_ref(), &path, &changed);
    let checking =
        Session::new(Arc::clone(&fs), places(), Options { verify: true, ..options() }).unwrap();
    let found = error(&checking, "SELECT * FROM entries").await;
    assert_eq!(found.code(), "query/damaged");
    assert!(found.to_string().contains("expected sha256"), "{found}");
    // The files of the other splits are whole.
    let rows = lines(&checking, "SELECT count(seq + 0) FROM entries WHERE split = 'train'").await;
    assert_eq!(rows, ["2"]);

    // Bytes that do not decode: found without hashes, and named by them.
    let mut torn = whole.clone();
    let middle = torn.len() / 4;
    torn[4..middle].fill(0xff);
    overwrite(fs.as_ref(), &path, &torn);
    let damaged = error(&session, "SELECT * FROM entries").await;
    assert_eq!(damaged.code(), "query/damaged");
    assert!(damaged.to_string().starts_with(&path.display().to_string()), "{damaged}");
}

#[derive(Debug, Default)]
struct Noting(Mutex<Vec<String>>);

impl Gate for Noting {
    fn open(&self, ctx: &ReadContext, what: &Resource) -> Result<Grant, Denied> {
        assert_eq!(what.kind, ResourceKind::Dataset);
        self.0.lock().unwrap().push(format!("open {}", what.name));
        if what.name.as_str() == "secret" {
            return Err(Denied {
                principal: ctx.principal.clone(),
                purpose: ctx.purpose.clone(),
                kind: what.kind,
                name: what.name.clone(),
                reason: "not for research".to_owned(),
            });
        }
        Ok(Grant { id: 1, reason: "test".to_owned() })
    }

    fn close(&self, _grant: Grant, outcome: Outcome) {
        let bytes = if outcome.bytes > 0 { "some" } else { "no" };
        let text = format!("close {} rows, {bytes} bytes, {}", outcome.rows, outcome.is_complete);
        self.0.lock().unwrap().push(text);
    }
}

#[tokio::test]
async fn the_gate_is_asked_once_a_statement_and_told_how_it_ended() {
    let fs = fs();
    publish(&fs, "secret", 40, &first());
    let gate = Arc::new(Noting::default());
    let options = Options { gate: Arc::clone(&gate) as Arc<dyn Gate>, ..options() };
    let session = Session::new(fs, places(), options).unwrap();
    let heard = || std::mem::take(&mut *gate.0.lock().unwrap());
    let sql = "SELECT a.seq FROM entries a JOIN entries b ON a.seq = b.seq";
    assert_eq!(lines(&session, sql).await.len(), 4);
    assert_eq!(heard(), ["open entries", "close 8 rows, some bytes, true"]);
    // Names are listed without asking.
    assert_eq!(session.tables().unwrap().len(), 4);
    lines(&session, "SHOW TABLES").await;
    lines(&session, "SELECT * FROM system.versions").await;
    assert_eq!(heard(), [] as [&str; 0]);
    drop(answer(&session, "SELECT * FROM entries").await);
    assert_eq!(heard(), ["open entries", "close 0 rows, no bytes, false"]);
    // A statement that does not plan gives the grant back.
    error(&session, "SELECT nothing FROM entries").await;
    assert_eq!(heard(), ["open entries", "close 0 rows, no bytes, false"]);
    let denied = error(&session, "SELECT * FROM secret").await;
    assert_eq!((denied.code(), denied.fault()), ("contract/access-denied", Fault::Gate));
    assert_eq!(heard(), ["open secret"]);
}

#[tokio::test]
async fn versions_and_tables_are_listed_with_what_their_records_say() {
    let fs = fs();
    let session = session(&fs, places());
    let sql = "SELECT dataset, version, published, state, rows, rows_train, rows_validation, rows_test, refs \
               FROM system.versions ORDER BY version";
    assert_eq!(
        lines(&session, sql).await,
        [
            "entries,1,2026-07-01T00:00:00Z,live,3,2,0,1,champion",
            "entries,2,2026-07-01T00:00:00.000000010Z,live,4,2,1,1,latest"
        ]
    );
    let sql = "SELECT schema, \"table\", rows, bytes > 0, first_seq, last_seq FROM system.tables";
    assert_eq!(lines(&session, sql).await, ["datasets,entries,4,true,1,5"]);
    let version = VersionRef::parse("entries@2").unwrap();
    store(&fs).withdraw(&version, "late fills", &facts(30)).unwrap();
    let states =
        lines(&session, "SELECT version, state, refs FROM system.versions ORDER BY 1").await;
    assert_eq!(states, ["1,live,champion, latest", "2,withdrawn,"]);
}

#[tokio::test]
async fn as_of_a_dataset_is_the_version_that_was_the_latest_then() {
    let fs = fs();
    let session = session(&fs, places());
    let count = async |of: &str| {
        let sql = format!("SELECT count(*) FROM as_of({of})");
        lines(&session, &sql).await.join("")
    };
    // Published at 0 and 10 ns behind the hour: an instant shows what was published before it.
    assert_eq!(count("'entries', '2026-07-01T00:00:00.000000011Z'").await, "4");
    assert_eq!(count("'entries', '2026-07-01T00:00:00.000000010Z'").await, "3");
    assert_eq!(count("'datasets.entries', '2026-07-01T00:00:00.000000001Z'").await, "3");
    assert_eq!(count("'entries/dropped', '2026-07-01T00:00:00.000000001Z'").await, "1");
    assert_eq!(count("'entries@1', '2026-07-01T00:00:00.000000011Z'").await, "3");
    for of in ["'entries', '2026-07-01T00:00:00Z'", "'entries@2', '2026-07-01T00:00:00.000000010Z'"]
    {
        let error = error(&session, &format!("SELECT * FROM as_of({of})")).await;
        assert_eq!(error.code(), "datasets/unknown-version", "{of}");
        assert!(error.to_string().ends_with("it was not published by then"), "{error}");
    }
    // The number of a version looks like one of a log.
    let number = error(&session, "SELECT * FROM as_of('entries', 1)").await;
    assert_eq!(number.code(), "query/argument");
    assert!(number.to_string().contains("expected an instant"), "{number}");
    // What was withdrawn since is not shown again, and what was withdrawn by then was not the latest.
    let version = VersionRef::parse("entries@2").unwrap();
    store(&fs).withdraw(&version, "late fills", &facts(30)).unwrap();
    let late = "SELECT * FROM as_of('entries', '2026-07-01T00:00:00.000000011Z')";
    assert_eq!(error(&session, late).await.code(), "datasets/withdrawn");
    assert_eq!(count("'entries', '2026-07-01T00:00:00.000000031Z'").await, "3");
}

#[tokio::test]
async fn the_same_name_in_two_stores_needs_its_schema() {
    let fs = fs();
    fs.create_dir_all(Path::new("/night")).unwrap();
    let catalogue = places().with_store("night", "/night").unwrap();
    let session = session(&fs, catalogue);
    // Only one of the stores knows the version.
    assert_eq!(lines(&session, "SELECT count(*) FROM \"entries@1\"").await, ["3"]);
    let unknown = error(&session, "SELECT count(*) FROM night.entries").await;
    assert_eq!(unknown.code(), "query/unknown-table");
    assert_eq!(unknown.help().unwrap(), "did you mean datasets.entries?");
    assert!(matches!(unknown, QueryError::UnknownTable { name, .. } if name == "night.entries"));
    let both = Catalogue::default().with_store("a", STORE).unwrap().with_store("b", STORE).unwrap();
    let session = crate::kit::session(&fs, both);
    let ambiguous = error(&session, "SELECT count(*) FROM \"entries@1\"").await;
    assert_eq!(ambiguous.code(), "query/ambiguous-table");
    assert_eq!(lines(&session, "SELECT count(*) FROM b.\"entries@1\"").await, ["3"]);
    assert_eq!(lines(&session, "SELECT count(*) FROM dataset('a.entries@1')").await, ["3"]);
    let _ = (batches(&session, "SELECT 1").await, NOW);
}
