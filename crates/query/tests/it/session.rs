//! A session by itself.

pub(crate) use crate::kit::options;
use crate::kit::{lines, session};
use durable::{Fs, SimFs};
use query::Catalogue;
use std::sync::Arc;

#[tokio::test]
async fn a_statement_without_a_table_has_an_answer() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let session = session(&fs, Catalogue::default());
    assert_eq!(lines(&session, "SELECT 1 AS one").await, ["1"]);
}
