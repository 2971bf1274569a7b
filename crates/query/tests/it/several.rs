//! Questions over several contract tables at once.

use crate::log_kit::{ask, book, feed, number, open, session, tape};
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use durable::SimFs;

const START: i64 = 1_723_075_200_000_000_000;

/// 30 trades and 20 quotes.
fn filled(fs: &SimFs) -> capture::Log {
    let log = open(fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 30)).unwrap();
    feed.append_durable(&book(START + 1000, 20)).unwrap();
    while log.step() {}
    log
}

#[tokio::test]
async fn aggregates_over_joins_and_unions_of_two_tables_have_an_answer() {
    let fs = SimFs::new();
    let _log = filled(&fs);
    let session = session(&fs);
    for (sql, expected) in [
        ("SELECT count(*) FROM trades, quotes", 600),
        ("SELECT count(*) FROM trades t CROSS JOIN (SELECT 1 FROM quotes) q", 600),
        ("SELECT count(*) FROM (SELECT px FROM trades UNION ALL SELECT bid_px FROM quotes)", 50),
        (
            "SELECT count(DISTINCT seq) FROM (SELECT seq, px FROM trades UNION SELECT seq, bid_px FROM quotes)",
            50,
        ),
        (
            "SELECT count(*) FROM trades t JOIN quotes q ON t.instrument_id = q.instrument_id AND t.seq < q.seq",
            600,
        ),
    ] {
        assert_eq!(number(&session, sql).await, expected, "{sql}");
    }
    session
        .query("CREATE VIEW ticks AS SELECT px FROM trades UNION ALL SELECT bid_px FROM quotes")
        .await
        .unwrap();
    assert_eq!(number(&session, "SELECT count(px) FROM ticks").await, 50);
    let max = "SELECT max(px) FROM ticks";
    let by_hand = "SELECT greatest((SELECT max(px) FROM trades), (SELECT max(bid_px) FROM quotes))";
    let value =
        |batch: &arrow_array::RecordBatch| batch.column(0).as_primitive::<Int64Type>().value(0);
    assert_eq!(value(&ask(&session, max).await), value(&ask(&session, by_hand).await));
}

#[tokio::test]
async fn a_union_is_of_a_unit_that_every_branch_has() {
    let fs = SimFs::new();
    let _log = filled(&fs);
    let session = session(&fs);
    let unit = async |sql: &str| {
        let batch = ask(&session, sql).await;
        batch.schema().field(0).metadata().get("hindsight.unit").cloned()
    };
    let price = unit("SELECT px FROM trades").await;
    assert!(price.is_some());
    let same = "SELECT px AS v FROM trades UNION ALL SELECT bid_px FROM quotes";
    assert_eq!(unit(same).await, price);
    for other in ["CAST(source_id AS BIGINT)", "CAST(7 AS BIGINT)", "px + 1"] {
        let mixed = format!("SELECT px AS v FROM trades UNION ALL SELECT {other} FROM trades");
        assert_eq!(unit(&mixed).await, None, "{mixed}");
        let mixed = format!("SELECT {other} AS v FROM trades UNION ALL SELECT px FROM trades");
        assert_eq!(unit(&mixed).await, None, "{mixed}");
        let most = format!(
            "SELECT max(v) FROM (SELECT px AS v FROM trades UNION ALL SELECT {other} FROM trades)"
        );
        assert_eq!(unit(&most).await, None, "{most}");
    }
}
