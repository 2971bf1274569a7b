//! A session by itself.

use contract::{Principal, Purpose, ReadContext};
use query::{Catalogue, Options, Session};
use std::sync::Arc;

pub(crate) fn options() -> Options {
    let principal = Principal::parse("desk").unwrap();
    Options::new(ReadContext { principal, purpose: Purpose::parse("research").unwrap() })
}

#[tokio::test]
async fn a_statement_without_a_table_has_an_answer() {
    let session = Session::new(Arc::new(durable::RealFs), Catalogue::default(), options()).unwrap();
    let rows = session.query("SELECT 1 AS one").await.unwrap().collect().await.unwrap();
    assert_eq!(rows.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 1);
}
