//! A table as it was known.

use crate::log_kit::{ask, book, feed, number, open, session, tape};
use capture::ArchivePolicy;
use durable::SimFs;
use query::QueryError;
use std::time::Duration;

const START: i64 = 1_723_075_200_000_000_000; // 2024-08-08T00:00:00Z

#[tokio::test]
async fn as_of_is_a_filter_by_hand_and_later_rows_change_nothing() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    let mut answers: Vec<(String, arrow_array::RecordBatch)> = Vec::new();
    for at in 0..12 {
        feed.append_durable(&tape(START + at * 2000, 1000)).unwrap();
        feed.append_durable(&book(START + at * 2000 + 1000, 10)).unwrap();
        while log.step() {}
        if at % 4 == 3 {
            log.archive_once(&ArchivePolicy::now()).unwrap();
            log.drop_archived(Duration::ZERO).unwrap();
        }
        let session = session(&fs);
        for (asked, found) in &answers {
            assert!(ask(&session, asked).await == *found, "{asked} after {at}");
        }
        let instant = format!("2024-08-08T00:00:00.{:09}Z", at * 2000 + 500);
        for (bound, filter) in [
            (format!("{}", at * 1000 + 7), format!("seq <= {}", at * 1000 + 7)),
            (format!("TIMESTAMP '{instant}'"), format!("ts_avail < TIMESTAMP '{instant}'")),
            (format!("'{instant}'"), format!("ts_avail < TIMESTAMP '{instant}'")),
        ] {
            let asked = format!("SELECT * FROM as_of('trades', {bound}) ORDER BY seq");
            let by_hand = format!("SELECT * FROM log.trades WHERE {filter} ORDER BY seq");
            let (found, expected) = (ask(&session, &asked).await, ask(&session, &by_hand).await);
            assert!(found == expected, "{asked}: {} rows", found.num_rows());
            assert!(found.num_rows() > 0, "{asked}");
            answers.push((asked, found));
        }
    }
}

#[tokio::test]
async fn as_of_can_be_joined_and_aliased_and_takes_a_schema() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 10)).unwrap();
    let session = session(&fs);
    let sql =
        "SELECT count(*) FROM as_of('log.trades', 4) AS then JOIN trades ON then.seq = trades.seq";
    assert_eq!(number(&session, sql).await, 4); // numbers 1 to 4: number 0 is the producer's
    assert_eq!(number(&session, "SELECT count(*) FROM as_of('trades', 0)").await, 0);
}

#[tokio::test]
async fn a_number_that_the_log_does_not_have_yet_is_refused_and_a_date_is_its_midnight() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 10)).unwrap();
    let session = session(&fs);
    assert_eq!(number(&session, "SELECT count(*) FROM as_of('trades', 10)").await, 10);
    for ahead in [11, 99_999] {
        let error = session
            .query(&format!("SELECT count(*) FROM as_of('trades', {ahead})"))
            .await
            .unwrap_err();
        let expected = format!(
            "as_of, argument bound: expected a number that the log has, below 11, found {ahead}"
        );
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(number(&session, "SELECT count(*) FROM as_of('trades', '2024-08-08')").await, 0);
    assert_eq!(number(&session, "SELECT count(*) FROM as_of('trades', '2024-08-09')").await, 10);
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let fs = SimFs::new();
    let _log = open(&fs);
    let session = session(&fs);
    for (call, code, says) in [
        ("as_of('trades')", "query/argument", "2 arguments"),
        ("as_of(trades, 1)", "", ""),
        ("as_of(5, 1)", "query/argument", "a name in quotes"),
        ("as_of('trades', -1)", "query/argument", "found"),
        ("as_of('trades', 'noon')", "query/argument", "noon"),
        ("as_of('trades', NULL)", "query/argument", "NULL"),
        ("as_of('trade', 1)", "query/unknown-table", "trade"),
        ("as_of('log.trade', 1)", "query/unknown-table", "log.trade"),
    ] {
        let error = session.query(&format!("SELECT * FROM {call}")).await.unwrap_err();
        if !code.is_empty() {
            assert_eq!(contract::Diagnostic::code(&error), code, "{call}: {error}");
            assert!(error.to_string().contains(says), "{call}: {error}");
        }
        if let QueryError::UnknownTable { name, near, .. } = &error {
            let full = if name.contains('.') { "log.trades" } else { "trades" };
            assert_eq!(near, &[full], "{call}");
        }
    }
}
