//! A log as tables: the rows that capture hands out, whatever has become of their segments.

use crate::log_kit::{
    DIR, ask, book, by_reader, event_tables, feed, fill, number, open, open_with, session, tape,
    text,
};
use arrow_array::RecordBatch;
use capture::ArchivePolicy;
use contract::testing::decisions;
use durable::SimFs;
use std::sync::Arc;
use std::time::Duration;

const DAY: i64 = 86_400_000_000_000;
const START: i64 = 1_723_075_200_000_000_000; // 2024-08-08T00:00:00Z

/// Every table through SQL and through capture's reader.
async fn compare(fs: &SimFs, what: &str) {
    compare_tables(fs, event_tables(), what).await;
}

async fn compare_tables(
    fs: &SimFs,
    tables: impl Iterator<Item = &'static contract::TableSpec>,
    what: &str,
) {
    let session = session(fs);
    let expected = by_reader(fs);
    for spec in tables {
        let schema = Arc::new(spec.schema(true));
        let sql = format!("SELECT * FROM {} ORDER BY seq", spec.name);
        let found = ask(&session, &sql).await;
        assert_eq!(found.schema(), schema, "{what}: {}", spec.name);
        let empty = RecordBatch::new_empty(schema);
        let expected = expected.get(spec.name).unwrap_or(&empty);
        let rows = (found.num_rows(), expected.num_rows());
        assert!(found == *expected, "{what}: {}: rows {rows:?}", spec.name);
        let count = number(&session, &format!("SELECT count(*) FROM log.{}", spec.name)).await;
        assert_eq!(count, expected.num_rows() as u64, "{what}: {}", spec.name);
    }
}

#[tokio::test]
async fn live_and_archived_rows_are_one_table() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    for at in 0..24 {
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        log.step();
    }
    compare(&fs, "live").await;
    assert!(log.archive_once(&ArchivePolicy::now()).unwrap().segments.len() >= 2);
    compare(&fs, "archived and not dropped").await;
    assert!(!log.drop_archived(Duration::ZERO).unwrap().dropped.is_empty());
    compare(&fs, "dropped").await;
    assert_eq!(number(&session(&fs), "SELECT count(*) FROM trades").await, 24_000);
}

#[tokio::test]
async fn random_histories_give_the_rows_of_the_reader_at_every_step() {
    for seed in 1..=3_u64 {
        let fs = SimFs::new();
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut log = open(&fs);
        let mut producer = feed(&log);
        let mut at = START;
        for step in 0..20 {
            at += 1_000_000 + i64::from(random(9) == 0) * DAY / 12;
            let what = match random(10) {
                0..=3 => {
                    let rows = i64::try_from(1 + random(1500)).unwrap();
                    producer.append_durable(&tape(at, rows)).unwrap();
                    "trades"
                }
                4 => {
                    producer.append_durable(&book(at, 500)).unwrap();
                    "quotes"
                }
                5 => {
                    producer.append_durable(&decisions(&[at, at + 1])).unwrap();
                    producer.append_durable(&fill(at + 2)).unwrap();
                    "own"
                }
                6 => {
                    log.archive_once(&ArchivePolicy::now()).unwrap();
                    "archive"
                }
                7 => {
                    log.drop_archived(Duration::ZERO).unwrap();
                    "drop"
                }
                8 => {
                    // Not closed: the next start leaves out numbers.
                    drop((producer, log));
                    log = open(&fs);
                    producer = feed(&log);
                    "start"
                }
                _ => {
                    while log.step() {}
                    "steps"
                }
            };
            let used = ["trades", "quotes", "decisions", "executions"];
            let used = used.into_iter().filter_map(contract::table);
            compare_tables(&fs, used, &format!("seed {seed}, step {step}, {what}")).await;
        }
        compare(&fs, &format!("seed {seed}")).await;
    }
}

#[tokio::test]
async fn rows_that_are_not_durable_are_not_shown() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 10)).unwrap();
    let ticket = feed.append(&tape(START + 10, 5)).unwrap();
    assert_eq!(number(&session(&fs), "SELECT count(*) FROM trades").await, 10);
    while log.step() {}
    drop(ticket);
    assert_eq!(number(&session(&fs), "SELECT count(*) FROM trades").await, 15);
}

#[tokio::test]
async fn while_a_writer_works_every_number_is_there_once() {
    let fs = SimFs::new();
    let options =
        capture::Options { drive: capture::Drive::Threads, ..crate::log_kit::log_options() };
    let log = open_with(&fs, options);
    let mut producer = feed(&log);
    producer.append_durable(&tape(START, 10)).unwrap();
    let writer = std::thread::spawn(move || {
        for at in 1..60 {
            producer.append_durable(&tape(START + at * 1000, 700)).unwrap();
            if at % 5 == 0 {
                log.archive_once(&ArchivePolicy::now()).unwrap();
                log.drop_archived(Duration::ZERO).unwrap();
            }
        }
        producer.close().unwrap();
        log.close().unwrap();
    });
    let session = session(&fs);
    let mut last = 0;
    loop {
        let is_over = writer.is_finished();
        // Rows of one instant: the numbers of trades between the smallest and the largest have a hole only where the
        // log put a control record.
        let sql = "SELECT count(*), count(DISTINCT seq), max(seq) - min(seq) + 1 FROM trades";
        let rows = ask(&session, sql).await;
        let number = |column: usize| -> u64 {
            use datafusion::arrow::util::display::array_value_to_string;
            array_value_to_string(rows.column(column), 0).unwrap().parse().unwrap()
        };
        let (count, distinct, span) = (number(0), number(1), number(2));
        let controls = crate::log_kit::controls(&fs);
        assert_eq!(count, distinct);
        assert!(count <= span && span <= count + controls, "{count} rows over {span} numbers");
        assert!(count >= last && (count - 10) % 700 == 0, "{count} after {last}");
        last = count;
        if is_over {
            break;
        }
    }
    writer.join().unwrap();
    assert_eq!(last, 10 + 59 * 700);
}

#[tokio::test]
async fn all_tables_of_a_statement_show_one_moment() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 10)).unwrap();
    let session = session(&fs);
    let sql = "SELECT (SELECT count(*) FROM trades) - (SELECT count(*) FROM quotes)";
    let answer = session.query(sql).await.unwrap();
    // Appended after the statement was planned.
    feed.append_durable(&tape(START + 10, 5)).unwrap();
    feed.append_durable(&book(START + 20, 3)).unwrap();
    let rows = answer.collect().await.unwrap();
    let shown = datafusion::arrow::util::display::array_value_to_string(rows[0].column(0), 0);
    assert_eq!(shown.unwrap(), "10");
    assert_eq!(text(&session, sql).await, "12");
}

#[tokio::test]
async fn columns_keep_their_types_through_what_sql_does_to_rows() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    for at in 0..24 {
        feed.append_durable(&decisions(&[START + at * 1000])).unwrap();
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        log.step();
    }
    log.archive_once(&ArchivePolicy::now()).unwrap();
    let session = session(&fs);
    let spec = contract::table("decisions").unwrap();
    let field = |name: &str| spec.column(name).unwrap().field(0);
    let names = ["ts_avail", "strategy_id", "action", "qty", "decision_id"];
    let list = names.join(", ");
    let order = "ORDER BY ts_avail LIMIT 3";
    for sql in [
        format!("SELECT {list} FROM decisions GROUP BY {list} {order}"),
        format!("SELECT {list} FROM decisions ORDER BY ts_avail DESC LIMIT 3"),
        format!("SELECT {list} FROM decisions UNION ALL SELECT {list} FROM decisions {order}"),
        format!("SELECT DISTINCT {list} FROM decisions {order}"),
        format!(
            "WITH t AS (SELECT * FROM decisions) SELECT {list} FROM t WHERE strategy_id = 'test' {order}"
        ),
        format!("SELECT {list} FROM as_of('decisions', 24024) WHERE qty = 1 {order}"),
    ] {
        let rows = ask(&session, &sql).await;
        assert_eq!(rows.num_rows(), 3, "{sql}");
        for (at, name) in names.iter().enumerate() {
            assert_eq!(rows.schema().field(at).data_type(), field(name).data_type(), "{sql}");
        }
    }
}

#[tokio::test]
async fn a_folder_without_a_log_is_named() {
    let error = session(&SimFs::new()).query("SELECT * FROM trades").await.unwrap_err();
    assert!(error.to_string().contains(DIR), "{error}");
}

#[tokio::test]
async fn the_accounts_of_producers_and_the_gaps_are_tables() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 10)).unwrap();
    drop(feed.skip(5, "venue outage").unwrap());
    feed.append_durable(&tape(START + 10, 5)).unwrap();
    feed.close().unwrap();
    while log.step() {}
    let session = session(&fs);
    let rows = ask(&session, "SELECT * FROM ledger_producers").await;
    assert_eq!(*rows.schema(), contract::table("ledger_producers").unwrap().schema(false));
    let of = |column: &str| format!("SELECT {column} FROM ledger_producers");
    assert_eq!(text(&session, &of("producer_name")).await, "feed");
    assert_eq!(number(&session, &of("rows_durable")).await, 15);
    assert_eq!(number(&session, &of("rows_skipped")).await, 5);
    assert_eq!(text(&session, "SELECT reason FROM log.ledger_gaps").await, "venue outage");
    let error = session.query("SELECT * FROM as_of('ledger_gaps', 1)").await.unwrap_err();
    assert_eq!(contract::Diagnostic::code(&error), "query/no-as-of");
}
