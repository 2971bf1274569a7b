//! Who may read a log, and how a read ends.

use crate::log_kit::{ask, feed, open, session_with, tape};
use capture::ArchivePolicy;
use contract::{
    Denied, Diagnostic, Fault, Gate, Grant, Outcome, ReadContext, Resource, ResourceKind,
};
use durable::SimFs;
use query::Options;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: i64 = 1_723_075_200_000_000_000;

/// Writes down what it is asked, and refuses a kind.
#[derive(Debug, Default)]
struct Book {
    refuses: Option<ResourceKind>,
    opened: Mutex<Vec<Resource>>,
    closed: Mutex<Vec<Outcome>>,
}

impl Gate for Book {
    fn open(&self, ctx: &ReadContext, what: &Resource) -> Result<Grant, Denied> {
        if self.refuses == Some(what.kind) {
            return Err(Denied {
                principal: ctx.principal.clone(),
                purpose: ctx.purpose.clone(),
                kind: what.kind,
                name: what.name.clone(),
                reason: "embargo".to_owned(),
            });
        }
        self.opened.lock().unwrap().push(what.clone());
        Ok(Grant { id: 7, reason: "test".to_owned() })
    }

    fn close(&self, grant: Grant, outcome: Outcome) {
        assert_eq!(grant.id, 7);
        self.closed.lock().unwrap().push(outcome);
    }
}

fn with(gate: &Arc<Book>) -> Options {
    Options { gate: Arc::clone(gate) as Arc<dyn Gate>, ..crate::session::options() }
}

/// 40,000 trades, most of them archived.
fn filled(fs: &SimFs) -> capture::Log {
    let log = open(fs);
    let mut feed = feed(&log);
    for at in 0..40 {
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    log
}

#[tokio::test]
async fn an_answer_that_statistics_could_give_is_read_behind_the_gate() {
    let fs = SimFs::new();
    drop(filled(&fs));
    // The start seals what the last writer left: now every row is in the archive, whose footers know the answer.
    let log = open(&fs);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    let gate = Arc::new(Book::default());
    let session = session_with(&fs, with(&gate));
    let sql = "SELECT count(*), min(seq), max(ts_avail) FROM trades";
    assert_eq!(ask(&session, sql).await.num_rows(), 1);
    let closed = gate.closed.lock().unwrap();
    assert!(!closed.is_empty() && closed.iter().all(|outcome| outcome.is_complete), "{closed:?}");
    assert_eq!(closed.iter().map(|outcome| outcome.rows).sum::<u64>(), 40_000, "{closed:?}");
}

#[tokio::test]
async fn a_refused_read_is_no_answer_and_reads_nothing() {
    let fs = SimFs::new();
    let _log = filled(&fs);
    for kind in [ResourceKind::Log, ResourceKind::Archive] {
        let gate = Arc::new(Book { refuses: Some(kind), ..Book::default() });
        let session = session_with(&fs, with(&gate));
        let before = fs.trace();
        let error = session.query("SELECT * FROM trades").await.unwrap_err();
        assert_eq!(error.code(), "contract/access-denied", "{error}");
        assert_eq!(error.fault(), Fault::Gate);
        if kind == ResourceKind::Log {
            assert_eq!(fs.trace(), before, "the file system was asked");
        }
        let (opened, closed) = (gate.opened.lock().unwrap(), gate.closed.lock().unwrap());
        assert_eq!(opened.len(), closed.len());
    }
}

#[tokio::test]
async fn the_gate_is_told_what_is_read_and_how_it_ended() {
    let fs = SimFs::new();
    let _log = filled(&fs);
    let gate = Arc::new(Book::default());
    let session = session_with(&fs, with(&gate));
    let rows = ask(&session, "SELECT * FROM trades").await;
    assert_eq!(rows.num_rows(), 40_000);
    let opened = gate.opened.lock().unwrap().clone();
    let asked: Vec<_> = opened
        .iter()
        .map(|what| (what.kind, what.name.as_str(), what.tables[0].as_str()))
        .collect();
    assert_eq!(
        asked,
        [(ResourceKind::Log, "log", "trades"), (ResourceKind::Archive, "log", "trades")]
    );
    let closed = gate.closed.lock().unwrap().clone();
    assert_eq!(closed.len(), 2, "{closed:?}");
    assert!(closed.iter().all(|outcome| outcome.is_complete && outcome.bytes > 0), "{closed:?}");
    assert_eq!(closed.iter().map(|outcome| outcome.rows).sum::<u64>(), 40_000);
}

#[tokio::test]
async fn a_dropped_answer_stops_its_readers() {
    let fs = SimFs::new();
    let log = open(&fs);
    let mut feed = feed(&log);
    for at in 0..40 {
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    let gate = Arc::new(Book::default());
    let session = session_with(&fs, Options { batch_rows: 100, ..with(&gate) });
    let mut answer = session.query("SELECT * FROM trades").await.unwrap();
    answer.next().await.unwrap().unwrap();
    assert!(gate.closed.lock().unwrap().is_empty());
    drop(answer);
    // The reader's thread holds the grant; when it ends, the grant is closed.
    while gate.closed.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let outcome = gate.closed.lock().unwrap()[0];
    assert!(!outcome.is_complete && outcome.rows < 40_000, "{outcome:?}");
}
