//! Integers never wrap, and clauses are never passed over.

use crate::kit::{error, lines, session};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};
use contract::Diagnostic as _;
use durable::{Fs, SimFs};
use query::{Catalogue, Session};
use std::sync::Arc;

/// `n` has values near both ends of 64 bits, `u` near the upper end; groups 0 and 1 take turns.
fn near_the_ends() -> Session {
    let n = [i64::MAX, i64::MAX, -1, i64::MIN, 1, 7];
    let n: Int64Array = n.into_iter().map(Some).chain([None]).collect();
    let u = UInt64Array::from(vec![u64::MAX, 1, 2, 3, 4, 5, 0]);
    let g = Int64Array::from(vec![0, 1, 0, 1, 0, 1, 2]);
    let columns: [(&str, ArrayRef); 3] =
        [("g", Arc::new(g)), ("n", Arc::new(n)), ("u", Arc::new(u))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    crate::kit::put(fs.as_ref(), "/ends.parquet", &crate::kit::parquet(&batch));
    let catalogue = Catalogue::default().with_file("ends", "/ends.parquet").unwrap();
    session(&fs, catalogue)
}

#[tokio::test]
async fn sums_of_groups_windows_and_distinct_values_are_right() {
    let session = near_the_ends();
    let right = [
        // Parts overflow, the whole does not.
        ("SELECT sum(n) FROM ends WHERE n <> 7", (i64::MAX - 1).to_string()),
        ("SELECT sum(n) FROM ends WHERE n IS NULL", "null".to_owned()),
        ("SELECT sum(n) FROM ends WHERE g > 5", "null".to_owned()),
        ("SELECT sum(DISTINCT n), count(DISTINCT u) FROM ends", "6,7".to_owned()),
        ("SELECT sum(DISTINCT n), sum(DISTINCT u) FROM ends WHERE u < 9", format!("{},15", 6)),
        ("SELECT sum(CAST(u AS DECIMAL(38,0))) FROM ends", "18446744073709551630".to_owned()),
        ("SELECT sum(n) FILTER (WHERE u = 3) FROM ends", i64::MIN.to_string()),
        ("SELECT sum(1.5) FROM ends", "10.5".to_owned()),
    ];
    for (sql, expected) in right {
        assert_eq!(lines(&session, sql).await, [expected], "{sql}");
    }
    let groups = "SELECT g, sum(n) FROM ends GROUP BY g ORDER BY g";
    let first = format!("0,{}", i64::MAX);
    assert_eq!(lines(&session, groups).await, [first, "1,6".to_owned(), "2,null".to_owned()]);
    // The window moves on from a value that it has no room for with its neighbour gone.
    let windows = "SELECT sum(n) OVER (ORDER BY u ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM ends \
                   WHERE u BETWEEN 3 AND 5";
    let expected = [i64::MIN.to_string(), (i64::MIN + 1).to_string(), "8".to_owned()];
    assert_eq!(lines(&session, windows).await, expected);
}

#[tokio::test]
async fn sums_of_decimals_are_right_or_an_error() {
    let session = near_the_ends();
    let nines = "9".repeat(38);
    let of = |values: &[&str]| {
        let rows: Vec<String> =
            values.iter().map(|v| format!("(CAST('{v}' AS DECIMAL(38,0)))")).collect();
        format!("(VALUES {}) v(x)", rows.join(", "))
    };
    let half = "50000000000000000000000000000000000000";
    let quarter = "85070591730234615865843651857942052864";
    for (sql, expected) in [
        (
            format!("SELECT sum(x) FROM {}", of(&[half, "1"])),
            "50000000000000000000000000000000000001",
        ),
        (format!("SELECT sum(x) FROM {}", of(&[&nines, &format!("-{nines}"), "7"])), "7"),
        (format!("SELECT sum(DISTINCT x) FROM {}", of(&["4", "4", "-9"])), "-5"),
        ("SELECT sum(CAST(1.25 AS DECIMAL(10,2))) FROM ends".to_owned(), "8.75"),
        ("SELECT sum(CAST(g AS DECIMAL(10,2))) FROM ends WHERE g > 5".to_owned(), "null"),
    ] {
        assert_eq!(lines(&session, &sql).await, [expected], "{sql}");
    }
    for sql in [
        format!("SELECT sum(x) FROM {}", of(&[&nines, &nines])),
        format!("SELECT sum(x) FROM {}", of(&[half, half])),
        // Four times 2^126 is 2^128, which would be 0.
        format!("SELECT sum(x) FROM {}", of(&[quarter; 4])),
        format!("SELECT x % 2, sum(x) FROM {} GROUP BY x % 2", of(&[quarter; 4])),
        format!("SELECT x % 2, sum(x) FROM {} GROUP BY x % 2", of(&[&nines, &nines])),
        format!("SELECT sum(x) OVER () FROM {}", of(&[&nines, "1"])),
        format!("SELECT sum(DISTINCT x) FROM {}", of(&[&nines, "1"])),
    ] {
        let error = error(&session, &sql).await;
        assert_eq!(error.code(), "query/execution", "{sql}: {error}");
        assert!(error.to_string().starts_with("sum: expected"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_that_names_the_value() {
    let session = near_the_ends();
    let max = i128::from(i64::MAX);
    for (sql, found) in [
        ("SELECT sum(n) FROM ends WHERE n > 0", (2 * max + 8).to_string()),
        ("SELECT g % 2, sum(n) FROM ends WHERE n > 0 GROUP BY g % 2", (max + 1).to_string()),
        ("SELECT sum(u) FROM ends", "18446744073709551630".to_owned()),
        ("SELECT n + 1 FROM ends", format!("{max} + 1")),
        ("SELECT n * 2 FROM ends WHERE n > 0", format!("{max} * 2")),
        ("SELECT u - CAST(1 AS BIGINT UNSIGNED) FROM ends", "0 - 1".to_owned()),
        ("SELECT -n FROM ends", i64::MIN.to_string()),
        ("SELECT 9223372036854775807 + 1", format!("{max} + 1")),
        ("SELECT g FROM ends GROUP BY g HAVING max(n) + 1 > 0", format!("{max} + 1")),
        ("SELECT g FROM ends WHERE n + 1 > 0", format!("{max} + 1")),
        ("SELECT a.g FROM ends a JOIN ends b ON a.n * 2 = b.n", format!("{max} * 2")),
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code(), "query/execution", "{sql}: {error}");
        assert!(error.to_string().contains(&found), "{sql}: {error}");
    }
}

#[tokio::test]
async fn arithmetic_that_fits_is_what_it_was() {
    let session = near_the_ends();
    let sql = "SELECT u + 1 AS a, u * 2 - 1, -u FROM (SELECT CAST(u AS BIGINT) AS u FROM ends WHERE u BETWEEN 1 AND 2)";
    assert_eq!(lines(&session, sql).await, ["2,1,-1", "3,3,-2"]);
    let schema =
        session.query("SELECT n + 1, sum(n) FROM ends GROUP BY n + 1").await.unwrap().schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["ends.n + Int64(1)", "sum(ends.n)"]);
    let plain = "SELECT 1.5 + 1, DATE '2026-07-01' + INTERVAL '1 day', 7 / 2, 7 % 4";
    assert_eq!(lines(&session, plain).await, ["2.5,2026-07-02,3,3"]);
}

#[tokio::test]
async fn clauses_that_would_be_passed_over_are_refused_with_their_place() {
    let session = near_the_ends();
    for (sql, word) in [
        ("SELECT *\nFROM ends TABLESAMPLE (10 PERCENT)", "TABLESAMPLE"),
        ("SELECT * FROM ends PARTITION (p0)", "PARTITION"),
        ("EXPLAIN SELECT * FROM ends TABLESAMPLE (10)", "TABLESAMPLE"),
    ] {
        let error = error(&session, sql).await;
        assert_eq!(error.code(), "query/plan", "{sql}: {error}");
        assert!(error.to_string().contains(word), "{sql}: {error}");
    }
    let error = error(&session, "SELECT *\nFROM ends TABLESAMPLE (10 PERCENT)").await;
    assert_eq!(error.place().map(|place| place.line), Some(2));
}
