//! Fewer bytes for a narrow question, and the same rows as for one that cannot be pushed.

use crate::log_kit::{ask, cost, feed, open, session, session_with, tape, tape_of, text, texts};
use capture::ArchivePolicy;
use durable::SimFs;
use query::Options;
use std::time::Duration;

const HOUR: i64 = 3_600_000_000_000;
const START: i64 = 1_723_075_200_000_000_000; // 2024-08-08T00:00:00Z

/// A day of trades, an hour of one instrument after the other; the first part archived.
fn day(fs: &SimFs) -> capture::Log {
    let log = open(fs);
    let mut feed = feed(&log);
    for at in 0..24 {
        let instrument = u32::try_from(at % 3).unwrap() + 1;
        for part in 0..4 {
            feed.append_durable(&tape_of(instrument, START + at * HOUR + part, 1000)).unwrap();
        }
        while log.step() {}
        if at == 15 {
            log.archive_once(&ArchivePolicy { memory: 1, ..ArchivePolicy::now() }).unwrap();
            log.archive_once(&ArchivePolicy::now()).unwrap();
            log.drop_archived(Duration::ZERO).unwrap();
        }
    }
    log
}

/// Predicates, and the same ones behind something that cannot be pushed.
const SAME: [(&str, &str); 9] = [
    ("seq = 50000", "seq + 0 = 50000"),
    ("seq BETWEEN 100 AND 120", "seq + 0 BETWEEN 100 AND 120"),
    ("seq < 30 OR seq = 95000", "seq + 0 < 30 OR seq + 0 = 95000"),
    ("instrument_id = 2", "instrument_id + 0 = 2"),
    ("instrument_id IN (1, 3) AND seq > 90000", "instrument_id + 0 IN (1, 3) AND seq + 0 > 90000"),
    (
        "ts_avail < TIMESTAMP '2024-08-08T03:00:00Z'",
        "coalesce(ts_avail, ts_avail) < TIMESTAMP '2024-08-08T03:00:00Z'",
    ),
    (
        "ts_avail >= TIMESTAMP '2024-08-08T22:00:00Z'",
        "coalesce(ts_avail, ts_avail) >= TIMESTAMP '2024-08-08T22:00:00Z'",
    ),
    (
        "instrument_id = 1 AND ts_avail >= TIMESTAMP '2024-08-08T03:00:00Z' AND ts_avail < \
         TIMESTAMP '2024-08-08T04:00:00Z'",
        "instrument_id + 0 = 1 AND coalesce(ts_avail, ts_avail) >= TIMESTAMP \
         '2024-08-08T03:00:00Z' AND coalesce(ts_avail, ts_avail) < TIMESTAMP '2024-08-08T04:00:00Z'",
    ),
    ("instrument_id = 7", "instrument_id + 0 = 7"),
];

#[tokio::test]
async fn a_pushed_predicate_gives_the_rows_of_one_that_is_not() {
    let fs = SimFs::new();
    let log = day(&fs);
    for threads in [1, 3] {
        let session = session_with(&fs, Options { threads, ..crate::session::options() });
        // Twice: what was learnt the first time prunes the second.
        for round in 0..2 {
            for (pushed, kept) in SAME {
                let rows = |filter| format!("SELECT * FROM trades WHERE {filter} ORDER BY seq");
                let (pushed_rows, kept_rows) =
                    (ask(&session, &rows(pushed)).await, ask(&session, &rows(kept)).await);
                assert!(
                    pushed_rows == kept_rows,
                    "{pushed}, threads {threads}, round {round}: {} and {} rows",
                    pushed_rows.num_rows(),
                    kept_rows.num_rows()
                );
            }
        }
    }
    drop(log);
}

#[tokio::test]
async fn a_narrow_question_reads_a_part_of_the_bytes() {
    let fs = SimFs::new();
    let _log = day(&fs);
    let session = session(&fs);
    let all = "SELECT * FROM trades";
    let narrow = [
        "SELECT * FROM trades WHERE seq = 100",
        "SELECT * FROM trades WHERE seq > 95000",
        "SELECT * FROM trades WHERE ts_avail < TIMESTAMP '2024-08-08T01:00:00Z'",
    ];
    let (_, bytes) = cost(&session, all).await;
    for sql in narrow {
        let (rows, read) = cost(&session, sql).await;
        assert!(rows > 0, "{sql}");
        assert!(read * 3 < bytes, "{sql}: {read} of {bytes} bytes");
    }
    // The first full read has learnt what the sealed segments hold.
    let late = "SELECT * FROM trades WHERE ts_avail >= TIMESTAMP '2024-08-08T23:00:00Z'";
    let (rows, read) = cost(&session, late).await;
    assert_eq!(rows, 4000);
    assert!(read * 3 < bytes, "{read} of {bytes} bytes");
}

#[tokio::test]
async fn what_a_scan_prunes_stands_in_its_plan() {
    let fs = SimFs::new();
    let _log = day(&fs);
    let session = session(&fs);
    let plan = texts(&session, "EXPLAIN SELECT px FROM trades WHERE seq > 95000").await.join("\n");
    assert!(plan.contains("LogScanExec: table=trades, seq=["), "{plan}");
    assert!(plan.contains("where=seq >= 95001"), "{plan}");
    assert!(plan.contains("segments=1 of "), "{plan}");
    assert!(!plan.contains("ArchiveScanExec"), "{plan}");
    let plan = texts(&session, "EXPLAIN SELECT px FROM trades WHERE seq = 100").await.join("\n");
    assert!(plan.contains("ArchiveScanExec: table=trades, files=1 of 2"), "{plan}");
    assert!(!plan.contains("LogScanExec"), "{plan}");
    let done = text(&session, "EXPLAIN ANALYZE SELECT px FROM trades").await;
    for metric in ["bytes_scanned=", "segments_pruned=0", "frames_skipped=", "frames_read="] {
        assert!(done.contains(metric), "{metric}: {done}");
    }
}

#[tokio::test]
async fn a_limit_ends_the_reading() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    for at in 0..40 {
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    let session = session(&fs);
    let (_, all) = cost(&session, "SELECT * FROM trades").await;
    let (rows, read) = cost(&session, "SELECT * FROM trades LIMIT 5").await;
    assert_eq!(rows, 5);
    assert!(read * 2 < all, "{read} of {all} bytes");
}
