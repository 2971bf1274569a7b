//! Memory, disk, threads, cancellation.

use crate::kit::{answer, error, lines, options, parquet};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use contract::{Diagnostic as _, Fault};
use durable::RealFs;
use query::{Catalogue, Options, Session};
use std::path::Path;
use std::sync::Arc;

const ROWS: i64 = 200_000;

/// Numbers in a scattered order, with 32 characters each.
fn rows() -> RecordBatch {
    let n = || (0..ROWS).map(|k| (k * 7_919) % ROWS);
    let columns: [(&str, ArrayRef); 2] = [
        ("n", Arc::new(Int64Array::from_iter_values(n()))),
        ("t", Arc::new(StringArray::from_iter_values(n().map(|n| format!("{n:032}"))))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn open(dir: &Path, change: impl FnOnce(Options) -> Options) -> Session {
    let path = dir.join("rows.parquet");
    if !path.exists() {
        std::fs::write(&path, parquet(&rows())).unwrap();
    }
    let catalogue = Catalogue::default().with_file("rows", &path).unwrap();
    Session::new(Arc::new(RealFs), catalogue, change(options())).unwrap()
}

/// Files anywhere below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

const SORT: &str = "SELECT n, t FROM rows ORDER BY t DESC";
const GROUP: &str =
    "SELECT count(*) FROM (SELECT t, sum(n) AS s FROM rows GROUP BY t) WHERE s >= 0";

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_goes_to_the_spill_folder_and_is_gone_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let spill = dir.path().join("spill");
    std::fs::create_dir(&spill).unwrap();
    let limited =
        |options| Options { memory_bytes: 6 << 20, spill_folder: Some(spill.clone()), ..options };
    let session = open(dir.path(), limited);
    let mut sorted = answer(&session, SORT).await;
    let mut last = None;
    let (mut rows, mut most) = (0, 0);
    while let Some(batch) = sorted.next().await.unwrap() {
        most = most.max(files(&spill).len());
        let n = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        for n in n.values() {
            assert!(last.is_none_or(|last| last > *n));
            last = Some(*n);
        }
        rows += batch.num_rows();
    }
    assert_eq!(i64::try_from(rows).unwrap(), ROWS);
    assert!(most > 0, "nothing was spilled: the test shows nothing");
    drop(sorted);
    assert_eq!(files(&spill), [] as [&str; 0]);
    assert_eq!(lines(&session, GROUP).await, [ROWS.to_string()]);
    assert_eq!(files(&spill), [] as [&str; 0]);
    // Rows of some hundred bytes: a batch of them takes a large part of the limit.
    let wide = "SELECT count(*) FROM (SELECT n, w, lag(n) OVER (ORDER BY w, n) AS before \
                FROM (SELECT n, repeat(t, 16) AS w FROM rows)) WHERE before < n";
    assert_eq!(lines(&session, wide).await, [(ROWS - 1).to_string()]);
    drop(session);
    assert_eq!(std::fs::read_dir(&spill).unwrap().count(), 0, "a folder is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_without_a_spill_folder_ends_with_the_word_for_memory() {
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), |options| Options { memory_bytes: 4 << 20, ..options });
    for sql in [SORT, GROUP] {
        let error = error(&session, sql).await;
        assert_eq!(
            (error.code(), error.fault()),
            ("query/memory", Fault::Environment { retry: false }),
            "{sql}: {error}"
        );
    }
    // What was held is free again.
    assert_eq!(lines(&session, "SELECT count(DISTINCT n % 10) FROM rows").await, ["10"]);
    assert_eq!(files(dir.path()).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_on_equal_columns_and_the_first_of_an_order_do_not_spill() {
    let dir = tempfile::tempdir().unwrap();
    let spill = dir.path().join("spill");
    std::fs::create_dir(&spill).unwrap();
    let limited =
        |options| Options { memory_bytes: 6 << 20, spill_folder: Some(spill.clone()), ..options };
    let session = open(dir.path(), limited);
    for sql in [
        "SELECT count(a.t || b.t) FROM rows a JOIN rows b ON a.n = b.n",
        "SELECT n, t FROM rows ORDER BY t DESC LIMIT 190000",
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code(), "query/memory", "{sql}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spill_folder_beyond_its_limit_may_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let spill = dir.path().join("spill");
    std::fs::create_dir(&spill).unwrap();
    let limited = |options| Options {
        memory_bytes: 6 << 20,
        spill_folder: Some(spill.clone()),
        spill_bytes: 1 << 20,
        ..options
    };
    let session = open(dir.path(), limited);
    let error = error(&session, SORT).await;
    assert_eq!((error.code(), error.fault()), ("query/spill", Fault::Environment { retry: true }));
    assert_eq!(files(&spill), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_an_answer_stops_its_work_and_removes_its_spill() {
    let dir = tempfile::tempdir().unwrap();
    let spill = dir.path().join("spill");
    std::fs::create_dir(&spill).unwrap();
    let limited =
        |options| Options { memory_bytes: 6 << 20, spill_folder: Some(spill.clone()), ..options };
    let session = open(dir.path(), limited);
    let mut sorted = answer(&session, SORT).await;
    assert!(sorted.next().await.unwrap().is_some());
    assert!(!files(&spill).is_empty(), "nothing was spilled: the test shows nothing");
    drop(sorted);
    // Tasks of the engine end at their next step.
    for _ in 0..10_000 {
        if files(&spill).is_empty() {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    panic!("{:?}", files(&spill));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_would_never_end_ends_when_it_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), |options| Options { threads: 2, ..options });
    // 40,000,000,000 rows.
    let sql = "SELECT a.n + b.n AS s FROM rows a CROSS JOIN rows b WHERE a.n + b.n >= 0";
    let mut endless = answer(&session, sql).await;
    assert!(endless.next().await.unwrap().is_some());
    drop(endless);
    assert_eq!(lines(&session, "SELECT count(*) FROM rows").await, [ROWS.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_their_order_do_not_depend_on_threads_or_batches() {
    let dir = tempfile::tempdir().unwrap();
    for sql in [
        "SELECT n, t FROM rows WHERE n % 1000 = 7 ORDER BY n",
        "SELECT n % 10 AS d, count(*) AS c, sum(n) AS s, max(t) AS t FROM rows GROUP BY 1 ORDER BY 1",
        "SELECT a.n FROM rows a JOIN rows b ON a.n = b.n + 1 WHERE b.n < 50 ORDER BY a.n DESC",
    ] {
        let mut answers = Vec::new();
        for (threads, batch_rows) in [(1, 8_192), (2, 8_192), (2, 100)] {
            let session = open(dir.path(), |options| Options { threads, batch_rows, ..options });
            answers.push(lines(&session, sql).await);
        }
        assert!(!answers[0].is_empty());
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{sql}");
    }
}
