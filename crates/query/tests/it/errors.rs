//! What a user is told.

use crate::kit::{error, lines, options, parquet, put, session};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use contract::{Diagnostic as _, Fault, UtcNanos};
use durable::{Fs, SimFs};
use query::{Catalogue, Options, Place, QueryError, Session};
use std::collections::BTreeSet;
use std::sync::Arc;

fn catalogue(fs: &Arc<dyn Fs>) -> Catalogue {
    let columns: [(&str, ArrayRef); 2] = [
        ("decision_id", Arc::new(Int64Array::from(vec![1, 0]))),
        ("venue", Arc::new(StringArray::from(vec!["x", "9"]))),
    ];
    put(fs.as_ref(), "/d.parquet", &parquet(&RecordBatch::try_from_iter(columns).unwrap()));
    Catalogue::default().with_file("fates", "/d.parquet").unwrap()
}

fn open() -> Session {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let catalogue = catalogue(&fs);
    session(&fs, catalogue)
}

/// A place by line and column.
fn at(place: (u64, u64)) -> Place {
    Place { line: place.0, column: place.1 }
}

/// Code, message, place and help of the error of a statement.
#[track_caller]
fn is(
    error: &QueryError,
    code: &str,
    message: &str,
    place: Option<(u64, u64)>,
    help: Option<&str>,
) {
    assert_eq!(error.to_string(), message);
    assert_eq!((error.code(), error.place()), (code, place.map(at)), "{message}");
    assert_eq!(error.help().as_deref(), help, "{message}");
}

#[tokio::test]
async fn a_mistyped_name_is_found_in_the_text_with_the_names_that_are_near() {
    let s = open();
    let e = error(&s, "SELECT *\nFROM fate").await;
    is(&e, "query/unknown-table", "no table `fate`", Some((2, 6)), Some("did you mean fates?"));
    let e = error(&s, "SELECT * FROM files.fate").await;
    is(
        &e,
        "query/unknown-table",
        "no table `files.fate`",
        Some((1, 15)),
        Some("did you mean files.fates?"),
    );
    let e = error(&s, "SELECT * FROM nowhere.fates").await;
    is(
        &e,
        "query/unknown-table",
        "no table `nowhere.fates`",
        Some((1, 15)),
        Some("did you mean files.fates?"),
    );
    let e = error(&s, "SELECT * FROM weather").await;
    is(&e, "query/unknown-table", "no table `weather`", Some((1, 15)), None);
    let e = error(&s, "SELECT decison_id FROM fates").await;
    is(
        &e,
        "query/unknown-column",
        "no column `decison_id`",
        Some((1, 8)),
        Some("did you mean decision_id?"),
    );
    let e = error(&s, "SELECT f.venu FROM fates f").await;
    is(&e, "query/unknown-column", "no column `f.venu`", Some((1, 8)), Some("did you mean venue?"));
    let e = error(&s, "SELECT cuont(*) FROM fates").await;
    is(
        &e,
        "query/unknown-function",
        "no function `cuont`",
        Some((1, 8)),
        Some("did you mean count, cot?"),
    );
    let e = error(&s, "SELECT * FROM asof_jion('a', 'b')").await;
    assert_eq!(e.code(), "query/unknown-function");
}

#[tokio::test]
async fn what_is_no_sql_says_what_was_expected_and_where() {
    let s = open();
    let e = error(&s, "SELECT a\nFORM fates WHERE").await;
    assert_eq!((e.code(), e.fault()), ("query/syntax", Fault::Input));
    assert_eq!(e.place().map(|p| p.line), Some(2), "{e}");
    assert!(!e.to_string().contains("Line:") && !e.to_string().contains("ParserError"), "{e}");
    let e = error(&s, "SELECT 'open").await;
    assert_eq!((e.code(), e.place()), ("query/syntax", Some(at((1, 8)))), "{e}");
    let e = error(&s, "  ").await;
    is(&e, "query/plan", "expected a statement, found none", None, None);
    let e = error(&s, "SELECT 1; SELECT 2").await;
    is(&e, "query/plan", "expected one statement, found 2: ask them one by one", None, None);
    assert_eq!(lines(&s, "SELECT 1;").await, ["1"]);
    let deep = format!("SELECT {}1{}", "(".repeat(400), ")".repeat(400));
    assert_eq!(error(&s, &deep).await.code(), "query/syntax");
}

#[tokio::test]
async fn what_means_nothing_is_a_plan_error_without_the_hidden_catalogue() {
    let s = open();
    for sql in [
        "SELECT venue + interval '1 day' FROM fates",
        "SELECT venue, count(*) FROM fates",
        "SELECT fates.decision_id FROM fates f",
        "SELECT a.venue FROM fates a JOIN fates b ON venue = venue",
        "SELECT sum(venue) FROM fates",
    ] {
        let e = error(&s, sql).await;
        assert!(["query/plan", "query/unknown-column"].contains(&e.code()), "{sql}: {e}");
        assert!(!e.to_string().contains("hindsight."), "{sql}: {e}");
    }
}

#[tokio::test]
async fn values_that_cannot_be_worked_on_are_execution_errors() {
    let s = open();
    let e = error(&s, "SELECT 10 / decision_id FROM fates").await;
    is(&e, "query/execution", "expected a divisor other than 0, found 0", None, None);
    let e = error(&s, "SELECT CAST(venue AS BIGINT) FROM fates").await;
    assert_eq!((e.code(), e.fault()), ("query/execution", Fault::Input), "{e}");
    assert_eq!(lines(&s, "SELECT TRY_CAST(venue AS BIGINT) FROM fates").await, ["null", "9"]);
}

#[tokio::test]
async fn whatever_would_change_something_is_refused_by_its_first_word() {
    let s = open();
    for (sql, word) in [
        ("INSERT INTO fates VALUES (1, 'y')", "INSERT"),
        ("UPDATE fates SET venue = 'y'", "UPDATE"),
        ("DELETE FROM fates", "DELETE"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/d.parquet'", "CREATE"),
        ("COPY fates TO 'x.csv'", "COPY"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("RESET datafusion.execution.batch_size", "RESET"),
        ("DROP TABLE fates", "DROP"),
        ("EXPLAIN INSERT INTO fates VALUES (1, 'y')", "INSERT"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("CREATE FUNCTION f(INT) RETURNS INT RETURN $1", "CREATE"),
    ] {
        let e = error(&s, sql).await;
        let message = format!("expected a statement that reads, found {word}");
        is(&e, "query/not-reading", &message, None, None);
    }
    let hidden = error(&s, "WITH x AS (INSERT INTO fates VALUES (1, 'y')) SELECT 1").await;
    assert_eq!(hidden.fault(), Fault::Input, "{hidden}");
    for sql in [
        "SHOW TABLES",
        "DESCRIBE fates",
        "SHOW COLUMNS FROM fates",
        "EXPLAIN ANALYZE SELECT 1",
        "VALUES (1)",
    ] {
        assert!(!lines(&s, sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn functions_whose_answer_changes_by_itself_are_refused() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let s = session(&fs, Catalogue::default());
    for sql in ["now()", "current_timestamp", "current_date", "today()", "current_time"] {
        let e = error(&s, &format!("SELECT {sql}")).await;
        assert_eq!((e.code(), e.fault()), ("query/not-repeatable", Fault::Input), "{sql}: {e}");
        assert!(e.help().unwrap().contains("Options::now"));
    }
    let now = Some(UtcNanos::parse("2026-07-01T12:00:00.000000001Z").unwrap());
    let with_clock =
        Session::new(Arc::clone(&fs), Catalogue::default(), Options { now, ..options() });
    let with_clock = with_clock.unwrap();
    assert_eq!(
        lines(&with_clock, "SELECT now(), current_date, now() - INTERVAL '1 day'").await,
        ["2026-07-01T12:00:00.000000001Z,2026-07-01,2026-06-30T12:00:00.000000001Z"]
    );
    for s in [&s, &with_clock] {
        for sql in ["SELECT random()", "SELECT uuid()", "SELECT 1 WHERE random() < 2"] {
            assert_eq!(error(s, sql).await.code(), "query/not-repeatable", "{sql}");
        }
    }
}

/// Every `query/..` word that stands in quotes in a source of the crate.
fn codes() -> BTreeSet<String> {
    fn walk(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, text);
            } else if path.extension().is_some_and(|e| e == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text.split('"').filter(|part| part.starts_with("query/")).map(str::to_owned).collect()
}

#[test]
fn every_code_is_explained_and_every_explanation_is_of_a_code_in_order() {
    let sections: Vec<&str> =
        query::ERRORS.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(sections.is_sorted());
    assert_eq!(sections.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>(), codes());
    for section in query::ERRORS.split("\n## ").skip(1) {
        assert!(section.len() > 150, "{section}");
    }
}

#[tokio::test]
async fn a_filter_that_has_no_value_blames_the_statement_and_not_the_file() {
    let s = open();
    for sql in [
        "SELECT venue FROM fates WHERE 1 / decision_id = 1",
        "SELECT decision_id FROM fates WHERE CAST(venue AS BIGINT) = 9",
    ] {
        let e = error(&s, sql).await;
        assert_eq!((e.code(), e.fault()), ("query/execution", Fault::Input), "{sql}: {e}");
    }
}
