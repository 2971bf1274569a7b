//! Ids and letters are asked for as they are printed.

use crate::kit::error;
use crate::log_kit::{feed, fill, number, open, session, tape};
use contract::Diagnostic as _;
use durable::SimFs;

const START: i64 = 1_723_075_200_000_000_000;

#[tokio::test]
async fn a_text_beside_an_id_is_that_id_and_beside_a_letter_that_letter() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    feed.append_durable(&tape(START, 30)).unwrap();
    feed.append_durable(&fill(START + 50)).unwrap();
    while log.step() {}
    let session = session(&fs);
    let count = async |sql: &str| number(&session, sql).await;
    let buys = count("SELECT count(*) FROM trades WHERE aggressor = 66").await;
    let sells = count("SELECT count(*) FROM trades WHERE aggressor = 65").await;
    assert!(buys + sells > 0, "{buys} {sells}");
    assert_eq!(count("SELECT count(*) FROM trades WHERE aggressor = 'B'").await, buys);
    assert_eq!(count("SELECT count(*) FROM trades WHERE 'A' = aggressor").await, sells);
    assert_eq!(
        count("SELECT count(*) FROM trades WHERE aggressor IN ('A', 'B')").await,
        buys + sells
    );
    assert_eq!(count("SELECT count(*) FROM trades WHERE aggressor <> 'B'").await, 30 - buys);
    let id = "(SELECT encode(arrow_cast(account_ref, 'Binary'), 'hex') FROM executions)";
    let found = crate::kit::lines(&session, &format!("SELECT coalesce({id}, '')")).await.remove(0);
    let known = if found.is_empty() {
        "00000000000000000000000000000000".to_owned()
    } else {
        found.clone()
    };
    let expected = u64::from(!found.is_empty());
    let dashed = format!(
        "{}-{}-{}-{}-{}",
        &known[..8],
        &known[8..12],
        &known[12..16],
        &known[16..20],
        &known[20..]
    );
    for text in [known, dashed] {
        assert_eq!(
            count(&format!("SELECT count(*) FROM executions WHERE account_ref = '{text}'")).await,
            expected
        );
        assert_eq!(
            count(&format!("SELECT count(*) FROM executions WHERE account_ref IN ('{text}')"))
                .await,
            expected
        );
    }
    for (sql, expected) in [
        ("SELECT * FROM trades WHERE aggressor = 'buy'", "expected one of "),
        (
            "SELECT * FROM executions WHERE decision_id = 'd1'",
            "expected 32 hexadecimal digits, or a UUID, found `d1`",
        ),
        ("SELECT * FROM executions WHERE decision_id IN ('d1')", "found `d1`"),
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code(), "query/plan", "{sql}: {error}");
        assert!(error.to_string().contains(expected), "{sql}: {error}");
    }
    // A byte that is a number stays one.
    assert_eq!(
        count("SELECT count(*) FROM (VALUES (arrow_cast(5, 'UInt8'))) v(x) WHERE x = '5'").await,
        1
    );
}
