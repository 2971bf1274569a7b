//! Views: names of questions, kept in a session.

use crate::kit::{error, lines, publish, session};
use contract::Diagnostic as _;
use durable::{Fs, SimFs};
use query::Catalogue;
use std::sync::Arc;

#[tokio::test]
async fn a_view_shows_the_moment_of_the_statement_that_asks_it() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    publish(&fs, "entries", 0, &[("train", vec![(1, 7, 0.5)])]);
    let catalogue = Catalogue::default().with_store("datasets", crate::kit::STORE).unwrap();
    let session = session(&fs, catalogue);
    let made =
        "CREATE VIEW wide AS SELECT seq, book__spread_bps__now AS bps FROM entries WHERE seq > 0";
    assert_eq!(lines(&session, made).await, [] as [&str; 0]);
    lines(&session, "CREATE VIEW \"Sum\" AS SELECT sum(bps) AS s FROM wide").await;
    assert_eq!(session.views(), ["Sum", "wide"]);
    assert_eq!(lines(&session, "SELECT s FROM \"Sum\"").await, ["0.5"]);
    publish(&fs, "entries", 5, &[("train", vec![(1, 7, 0.5), (2, 7, 4.0)])]);
    assert_eq!(lines(&session, "SELECT s FROM \"Sum\"").await, ["4.5"]);
    assert_eq!(
        lines(&session, "SELECT w.seq FROM public.wide w JOIN wide v ON w.seq = v.seq").await,
        ["1", "2"]
    );
    let names = session.tables().unwrap();
    assert!(names.iter().any(|t| t.schema == "public" && t.name == "wide"));
    let sql = "SELECT right_bps, asof_found FROM asof_join('SELECT ts_cutoff FROM entries WHERE seq = 2', 'SELECT seq, bps, ts_cutoff FROM wide JOIN entries USING (seq)', 'ts_cutoff', 'ts_cutoff')";
    assert_eq!(lines(&session, sql).await, ["0.5,found"]);
}

#[tokio::test]
async fn views_are_replaced_and_dropped_by_name() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    publish(&fs, "entries", 0, &[("train", vec![(1, 7, 0.5)])]);
    let catalogue = Catalogue::default().with_store("datasets", crate::kit::STORE).unwrap();
    let session = session(&fs, catalogue);
    lines(&session, "CREATE VIEW one AS SELECT 1 AS n").await;
    let taken = error(&session, "CREATE VIEW one AS SELECT 2 AS n").await;
    assert!(taken.to_string().contains("found one of a view"), "{taken}");
    lines(&session, "CREATE VIEW IF NOT EXISTS one AS SELECT 3 AS n").await;
    assert_eq!(lines(&session, "SELECT n FROM one").await, ["1"]);
    lines(&session, "CREATE OR REPLACE VIEW one AS SELECT 2 AS n").await;
    assert_eq!(lines(&session, "SELECT n FROM one").await, ["2"]);
    let table = error(&session, "CREATE VIEW entries AS SELECT 1").await;
    assert!(table.to_string().contains("found one of a table"), "{table}");
    let schema = error(&session, "CREATE VIEW datasets.x AS SELECT 1").await;
    assert_eq!(schema.code(), "query/plan");
    let columns = error(&session, "CREATE VIEW x (a) AS SELECT 1").await;
    assert_eq!(columns.code(), "query/plan");
    // A view whose question does not plan is none.
    assert_eq!(
        error(&session, "CREATE VIEW x AS SELECT * FROM noone").await.code(),
        "query/unknown-table"
    );
    let missing = error(&session, "DROP VIEW onne").await;
    assert_eq!(missing.help().unwrap(), "did you mean one?");
    lines(&session, "DROP VIEW IF EXISTS onne").await;
    lines(&session, "DROP VIEW one").await;
    assert_eq!(session.views(), [] as [&str; 0]);
    assert_eq!(error(&session, "SELECT n FROM one").await.code(), "query/unknown-table");
}

#[tokio::test]
async fn a_view_that_leads_back_to_itself_is_refused() {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let session = session(&fs, Catalogue::default());
    lines(&session, "CREATE VIEW a AS SELECT 1 AS n").await;
    lines(&session, "CREATE VIEW b AS SELECT n FROM a").await;
    lines(&session, "CREATE OR REPLACE VIEW a AS SELECT n FROM b").await;
    let error = error(&session, "SELECT n FROM a").await;
    assert_eq!(error.code(), "query/plan");
    assert!(error.to_string().contains("found the view itself"), "{error}");
}
