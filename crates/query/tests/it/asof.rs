//! `asof_join` against DuckDB, against a naive search, and where it is refused.

use crate::kit::{batches, error, lines, options, parquet, plan, put, session, times, ts_type};
use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use contract::{Diagnostic as _, Fault};
use durable::{Fs, SimFs};
use proptest::prelude::*;
use query::{Catalogue, Options, Session};
use std::sync::Arc;

/// A row: `seq`, instant, key.
type Row = (u64, Option<i64>, Option<u32>);

fn batch(rows: &[Row]) -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("seq", DataType::UInt64, false),
        Field::new("ts", ts_type(), true),
        Field::new("id", DataType::UInt32, true),
    ]);
    let ts: Vec<Option<i64>> = rows.iter().map(|r| r.1).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|r| Some(r.0)).collect::<UInt64Array>()),
        times(&ts),
        Arc::new(rows.iter().map(|r| r.2).collect::<UInt32Array>()),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn both(left: &RecordBatch, right: &RecordBatch) -> (Arc<dyn Fs>, Catalogue) {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    put(fs.as_ref(), "/f/l.parquet", &parquet(left));
    put(fs.as_ref(), "/f/r.parquet", &parquet(right));
    let catalogue = Catalogue::default();
    let catalogue = catalogue.with_file("l", "/f/l.parquet").unwrap();
    (fs, catalogue.with_file("r", "/f/r.parquet").unwrap())
}

fn open(left: &[Row], right: &[Row]) -> Session {
    let (fs, catalogue) = both(&batch(left), &batch(right));
    session(&fs, catalogue)
}

fn fixture(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../../fixtures/query/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn rows_of(name: &str) -> Vec<Row> {
    let row = |cells: Vec<String>| {
        (cells[0].parse().unwrap(), cells[1].parse().ok(), cells[2].parse().ok())
    };
    fixture(name).into_iter().map(row).collect()
}

#[tokio::test]
async fn answers_are_those_of_duckdb() {
    let session = open(&rows_of("asof_left"), &rows_of("asof_right"));
    let sql = "SELECT k.seq, k.right_seq, k.asof_age_ns, k.asof_found, p.right_seq AS any_seq
               FROM asof_join('l', 'r', 'ts', 'ts', 'id', '10ns') k
               JOIN asof_join('l', 'r', 'ts', 'ts') p ON k.seq = p.seq
               ORDER BY k.seq";
    let expected: Vec<String> = fixture("asof_expected")
        .into_iter()
        .map(|cells| {
            let cells = cells.iter().map(|c| if c.is_empty() { "null" } else { c.as_str() });
            cells.collect::<Vec<_>>().join(",")
        })
        .collect();
    assert!(expected.len() > 50);
    assert_eq!(lines(&session, sql).await, expected);
}

#[tokio::test]
async fn the_last_earlier_row_of_the_key_is_found_and_the_same_instant_is_not() {
    let left = [
        (1, Some(200), Some(7)),
        (2, Some(201), Some(7)),
        (3, Some(900), Some(9)),
        (4, None, Some(7)),
        (5, Some(900), None),
    ];
    // Two rows at 200: the one that came later wins, whatever the order of the file.
    let right = [
        (12, Some(200), Some(7)),
        (11, Some(200), Some(7)),
        (10, Some(100), Some(7)),
        (13, None, Some(7)),
        (14, Some(100), None),
    ];
    let session = open(&left, &right);
    let sql = "SELECT seq, right_seq, right_ts IS NULL AS nothing, asof_age_ns, asof_found
               FROM asof_join('l', 'r', 'ts', 'ts', 'id', INTERVAL '1 second') ORDER BY seq";
    assert_eq!(
        lines(&session, sql).await,
        [
            "1,10,false,100,found",
            "2,12,false,1,found",
            "3,null,true,null,no_history",
            "4,null,true,null,no_time",
            "5,null,true,null,no_history",
        ]
    );
    let stale = "SELECT seq, right_seq, asof_age_ns, asof_found
                 FROM asof_join('l', 'r', 'ts', 'ts', 'id', '99ns') WHERE seq <= 2 ORDER BY seq";
    assert_eq!(lines(&session, stale).await, ["1,null,100,stale", "2,12,1,found"]);
}

#[tokio::test]
async fn columns_are_those_of_the_left_then_the_right_under_their_prefix() {
    let session = open(&[(1, Some(2), Some(7))], &[(9, Some(1), Some(7))]);
    let batches = batches(&session, "SELECT * FROM asof_join('l', 'r', 'ts', 'ts', 'id')").await;
    let batch = &batches.unwrap()[0];
    let schema = batch.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(
        names,
        ["seq", "ts", "id", "right_seq", "right_ts", "right_id", "asof_age_ns", "asof_found"]
    );
    assert_eq!(schema.field(1), &Field::new("ts", ts_type(), true));
    assert_eq!(schema.field(4), &Field::new("right_ts", ts_type(), true));
    assert_eq!(batch.column(3).as_primitive::<UInt64Type>().value(0), 9);
    // Joined a second time, the names of the first join are in the way.
    let twice =
        "SELECT * FROM asof_join('SELECT 1 AS seq, ts, ts AS right_ts FROM l', 'r', 'ts', 'ts')";
    let collision = error(&session, twice).await;
    assert_eq!(collision.code(), "query/plan");
    assert!(collision.to_string().contains("found `right_ts` twice"), "{collision}");
}

#[tokio::test]
async fn sides_may_be_questions_and_filters_on_the_left_go_down_to_it() {
    let session = open(
        &[(1, Some(200), Some(7)), (2, Some(300), Some(8))],
        &[(10, Some(100), Some(7)), (11, Some(150), Some(8))],
    );
    let join = "asof_join('SELECT seq, ts, id FROM l', 'SELECT seq, ts AS at, id FROM files.r WHERE seq > 10', 'ts', 'at', 'id')";
    let sql = format!("SELECT j.seq, j.right_seq FROM {join} AS j ORDER BY 1");
    assert_eq!(lines(&session, &sql).await, ["1,null", "2,11"]);
    let sql = "SELECT seq, asof_found FROM asof_join('l', 'r', 'ts', 'ts') WHERE seq + 0 = 2 AND right_seq > 3";
    let plan = plan(&session, sql).await;
    let (above, below) = plan.split_once("AsOfJoinExec").unwrap();
    assert!(above.contains("right_seq") && !above.contains("seq@0 + 0"), "{plan}");
    assert!(below.contains("+ 0") || below.contains("seq@0 = 2"), "{plan}");
    // The right side gives no column that nobody asks for.
    assert!(below.contains("projection=[seq, ts]"), "{plan}");
    assert_eq!(lines(&session, sql).await, ["2,found"]);
    let count = "SELECT count(*) FROM asof_join('l', 'r', 'ts', 'ts')";
    assert_eq!(lines(&session, count).await, ["2"]);
}

#[tokio::test]
async fn keys_of_text_match_whatever_their_layout() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let side = |key: ArrayRef, ts: Option<i64>| {
        let columns: Vec<(&str, ArrayRef)> =
            vec![("seq", Arc::new(UInt64Array::from(vec![1]))), ("ts", times(&[ts])), ("k", key)];
        parquet(&RecordBatch::try_from_iter(columns).unwrap())
    };
    let words: DictionaryArray<arrow_array::types::Int32Type> = ["mom"].into_iter().collect();
    put(fs.as_ref(), "/a.parquet", &side(Arc::new(words), Some(2)));
    put(fs.as_ref(), "/b.parquet", &side(Arc::new(StringArray::from(vec!["mom"])), Some(1)));
    put(fs.as_ref(), "/c.parquet", &side(Arc::new(Int32Array::from(vec![1])), Some(1)));
    let mut catalogue = Catalogue::default();
    for name in ["a", "b", "c"] {
        catalogue = catalogue.with_file(name, format!("/{name}.parquet")).unwrap();
    }
    let session = session(&fs, catalogue);
    let sql = "SELECT k, right_k, asof_found FROM asof_join('a', 'b', 'ts', 'ts', 'k')";
    assert_eq!(lines(&session, sql).await, ["mom,mom,found"]);
    let kinds = error(&session, "SELECT * FROM asof_join('a', 'c', 'ts', 'ts', 'k')").await;
    assert_eq!(kinds.code(), "query/argument");
    assert!(kinds.to_string().contains("of the same kind on both sides"), "{kinds}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_by_name() {
    let session = open(&[(1, Some(2), Some(7))], &[(9, Some(1), Some(7))]);
    let check = async |args: &str, code: &str, text: &str| {
        let error = error(&session, &format!("SELECT * FROM asof_join({args})")).await;
        assert_eq!((error.code(), error.fault()), (code, Fault::Input), "{args}: {error}");
        assert!(error.to_string().contains(text), "{args}: {error}");
    };
    let argument = "query/argument";
    check("'l', 'r', 'ts'", argument, "asof_join, argument count: expected asof_join(left,").await;
    check(
        "'l', 'r', 'tz', 'ts'",
        argument,
        "left_time: expected a column of the left side (is it `ts`?)",
    )
    .await;
    check(
        "'l', 'r', 'seq', 'ts'",
        argument,
        "expected a column of Timestamp(ns, UTC), found `seq of UInt64`",
    )
    .await;
    check(
        "'l', 'r', 'ts', 'ts', 'key'",
        argument,
        "argument by: expected a column of the left side",
    )
    .await;
    check("'l', 'r', 'ts', 'ts', 'id', '5'", argument, "argument max_age").await;
    check("'l', 'r', 'ts', 'ts', 'id', '0s'", argument, "argument max_age").await;
    check("'l', 'r', 'ts', 'ts', NULL, INTERVAL '1 month'", argument, "argument max_age").await;
    check("'l', 7, 'ts', 'ts'", argument, "argument right: expected a text").await;
    check("'l', 'SELECT ts FROM r', 'ts', 'ts'", argument, "integer column `seq`").await;
    check("'l', 'rr', 'ts', 'ts'", "query/unknown-table", "no table `rr`").await;
    check("'l', 'SELECT tz FROM r', 'ts', 'ts'", "query/unknown-column", "no column `tz`").await;
    check("'l', 'DROP VIEW r', 'ts', 'ts'", "query/plan", "asof_join, right:").await;
    check("'l', 'SELECT 1; SELECT 2', 'ts', 'ts'", "query/plan", "expected one statement, found 2")
        .await;
}

#[tokio::test]
async fn right_rows_that_cannot_be_ordered_are_refused() {
    let twice = [(9, Some(1), Some(7)), (9, Some(1), Some(7))];
    let session = open(&[(1, Some(2), Some(7))], &twice);
    let sql = "SELECT * FROM asof_join('l', 'r', 'ts', 'ts', 'id')";
    let error = error(&session, sql).await;
    assert_eq!(error.code(), "query/execution");
    assert!(error.to_string().contains("with `seq` 9, found two"), "{error}");
    // The same of two keys is no matter.
    let session = open(&[(1, Some(2), Some(7))], &[(9, Some(1), Some(7)), (9, Some(1), Some(8))]);
    assert_eq!(lines(&session, &sql.replace('*', "right_seq")).await, ["9"]);
}

/// The last earlier right row of a key, by looking at all of them.
fn naive(
    left: &Row,
    right: &[Row],
    keyed: bool,
    max_age: Option<i64>,
) -> (Option<u64>, &'static str) {
    let Some(t) = left.1 else { return (None, "no_time") };
    let is_of = |row: &&Row| {
        row.1.is_some_and(|ts| ts < t) && (!keyed || (row.2.is_some() && row.2 == left.2))
    };
    match right.iter().filter(is_of).max_by_key(|row| (row.1, row.0)) {
        None => (None, "no_history"),
        Some(row) if max_age.is_some_and(|age| t - row.1.unwrap() > age) => (None, "stale"),
        Some(row) => (Some(row.0), "found"),
    }
}

fn side(n: usize) -> impl Strategy<Value = Vec<(Option<i64>, Option<u32>)>> {
    let ts = prop_oneof![9 => (-20_i64..20).prop_map(Some), 1 => Just(None)];
    let key = prop_oneof![9 => (0_u32..3).prop_map(Some), 1 => Just(None)];
    proptest::collection::vec((ts, key), 0..n)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_two_tables_are_joined_as_a_search_through_all_rows_does(
        left in side(30), right in side(40), keyed: bool,
        max_age in prop_oneof![Just(None), (1_i64..30).prop_map(Some)],
        batch_rows in 1_usize..9, threads in 1_usize..3,
    ) {
        let number = |rows: Vec<(Option<i64>, Option<u32>)>| -> Vec<Row> {
            // Numbers that do not follow the order of the file.
            let n = rows.len() as u64;
            rows.into_iter().enumerate().map(|(k, (ts, key))| ((k as u64 * 7 + 3) % n.max(1) * 50 + k as u64, ts, key)).collect()
        };
        let (left, right) = (number(left), number(right));
        let (fs, catalogue) = both(&batch(&left), &batch(&right));
        let options = Options { batch_rows, threads, ..options() };
        let session = Session::new(fs, catalogue, options).unwrap();
        let by = if keyed { "'id'" } else { "''" };
        let age = max_age.map_or_else(|| "NULL".to_owned(), |age| format!("'{age}ns'"));
        let sql = format!("SELECT seq, right_seq, asof_found FROM asof_join('l', 'r', 'ts', 'ts', {by}, {age}) ORDER BY seq");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let found = runtime.block_on(lines(&session, &sql));
        let mut expected: Vec<(u64, String)> = left.iter().map(|row| {
            let (seq, word) = naive(row, &right, keyed, max_age);
            let seq = seq.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
            (row.0, format!("{},{seq},{word}", row.0))
        }).collect();
        expected.sort();
        prop_assert_eq!(found, expected.into_iter().map(|(_, line)| line).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_right_side_beyond_the_limit_ends_with_the_word_for_memory() {
    let right: Vec<Row> = (0_u64..50_000).map(|k| (k, Some(k.cast_signed()), Some(7))).collect();
    let (fs, catalogue) = both(&batch(&[(1, Some(2), Some(7))]), &batch(&right));
    let options = Options { memory_bytes: 256 << 10, ..options() };
    let session = Session::new(fs, catalogue, options).unwrap();
    let sql = "SELECT count(*) FROM asof_join('l', 'r', 'ts', 'ts', 'id')";
    let error = error(&session, sql).await;
    assert_eq!(
        (error.code(), error.fault()),
        ("query/memory", Fault::Environment { retry: false })
    );
}
