//! What knows the future says so, whatever a statement makes of it.

use crate::kit::{NOW, answer, lines, parquet, put, session, times};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, UInt64Array};
use arrow_schema::Schema;
use contract::meta;
use durable::{Fs, SimFs};
use query::{Catalogue, Session};
use std::collections::HashMap;
use std::sync::Arc;

/// Three rows of a number, a moment and a value; `word` is what the table says of its causality.
fn rows(word: &str) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("seq", Arc::new(UInt64Array::from(vec![1, 2, 3]))),
        ("ts", times(&[Some(NOW), Some(NOW + 1), Some(NOW + 2)])),
        ("x", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let metadata = HashMap::from([(meta::CAUSALITY.to_owned(), word.to_owned())]);
    let schema = Schema::new_with_metadata(rows.schema().fields().clone(), metadata);
    rows.with_schema(Arc::new(schema)).unwrap()
}

fn open() -> Session {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    put(fs.as_ref(), "/fates.parquet", &parquet(&rows("hindsight")));
    put(fs.as_ref(), "/acts.parquet", &parquet(&rows("event")));
    let catalogue = Catalogue::default().with_file("fates", "/fates.parquet").unwrap();
    session(&fs, catalogue.with_file("acts", "/acts.parquet").unwrap())
}

async fn is_marked(session: &Session, sql: &str) -> bool {
    let mut answer = answer(session, sql).await;
    let says = |schema: &Schema| schema.metadata().get(meta::CAUSALITY).cloned();
    let schema = says(&answer.schema());
    let batch = answer.next().await.unwrap().unwrap_or_else(|| panic!("{sql}: no row"));
    assert_eq!(says(batch.schema_ref()), schema, "{sql}");
    schema.as_deref() == Some("hindsight")
}

#[tokio::test]
async fn no_statement_washes_the_mark_of_hindsight_off() {
    let s = open();
    lines(&s, "CREATE VIEW best AS SELECT max(x) AS y FROM fates").await;
    for sql in [
        "SELECT * FROM fates",
        "SELECT x FROM fates",
        "SELECT x + 1 AS y FROM fates",
        "SELECT sum(x) AS y FROM fates",
        "SELECT a.seq, f.x FROM acts a JOIN fates f ON f.seq = a.seq",
        "SELECT seq, x FROM acts UNION ALL SELECT seq, x FROM fates",
        "SELECT seq FROM acts WHERE x IN (SELECT x FROM fates WHERE x > 1)",
        "SELECT seq, (SELECT max(x) FROM fates) AS y FROM acts",
        "WITH f AS (SELECT x FROM fates) SELECT count(*) AS n FROM f",
        "SELECT y FROM best",
        "SELECT seq, right_x FROM asof_join('acts', 'fates', 'ts', 'ts')",
        "SELECT seq FROM asof_join('acts', 'SELECT seq, ts FROM fates', 'ts', 'ts')",
    ] {
        assert!(is_marked(&s, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn what_reads_no_such_table_is_not_marked() {
    let s = open();
    for sql in [
        "SELECT * FROM acts",
        "SELECT a.x FROM acts a JOIN acts b ON a.seq = b.seq",
        "SELECT seq, right_x FROM asof_join('acts', 'acts', 'ts', 'ts')",
    ] {
        assert!(!is_marked(&s, sql).await, "{sql}");
    }
}
