//! The log with its own threads on a real file system.

use crate::rig::{TestClock, clock, id, options, reading, tape};
use capture::{Cursor, Drive, Filter, Item, Log, Options, ProducerSpec, Ticket, Visibility};
use contract::CaptureVerdict;
use durable::RealFs;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

fn threads(dir: &Path, options: Options) -> Log {
    threads_at(dir, options, clock())
}

fn threads_at(dir: &Path, options: Options, clock: Arc<TestClock>) -> Log {
    let options = Options { drive: Drive::Threads, ..options };
    Log::open(Arc::new(RealFs), dir, options, clock, 7).unwrap().0
}

/// Unparks the thread that waits: all that an executor needs.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on(mut ticket: Ticket) -> capture::Ack {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match Pin::new(&mut ticket).poll(&mut context) {
            Poll::Ready(result) => return result.unwrap(),
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn many_producers_append_at_once_and_each_finds_its_rows_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = threads(&folder.path().join("log"), options());
    std::thread::scope(|scope| {
        for n in 1..=8 {
            let log = &log;
            scope.spawn(move || {
                let mut hand = log.open_producer(ProducerSpec::new(id(n), "p")).unwrap();
                let mut flying = Vec::new();
                for at in 0..25 {
                    flying.push(hand.append(&tape(at * 20, 20)).unwrap());
                }
                // Half of them by an executor, half by waiting.
                for (at, ticket) in flying.into_iter().enumerate() {
                    let ack = if at % 2 == 0 {
                        block_on(ticket)
                    } else {
                        ticket.wait(Duration::from_secs(60)).unwrap()
                    };
                    assert_eq!(ack.pseq.start, at as u64 * 20);
                }
                hand.close().unwrap();
            });
        }
    });
    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    let mut next: BTreeMap<_, u64> = BTreeMap::new();
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => break,
            Item::Batch(batch) => {
                let expected = next.entry(batch.producer_id).or_default();
                assert_eq!(batch.first_pseq, *expected);
                *expected += batch.rows.num_rows() as u64;
            }
            _ => {}
        }
    }
    assert!(next.len() == 8 && next.values().all(|n| *n == 500), "{next:?}");
    let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
    assert_eq!((all.verdict, all.rows["trades"]), (CaptureVerdict::Complete, 4000));
    log.close().unwrap();
}

#[test]
fn a_tail_is_woken_by_each_group_and_ends_with_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = threads(&folder.path().join("log"), options());
    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    let tail = std::thread::spawn(move || {
        let mut seen = 0;
        loop {
            match reader.next().unwrap() {
                Item::Batch(batch) => seen += batch.rows.num_rows(),
                Item::CaughtUp if !reader.wait(Duration::from_secs(30)) => return seen,
                _ => {}
            }
        }
    });
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    for at in 0..20 {
        feed.append_durable(&tape(at * 3, 3)).unwrap();
    }
    let started = Instant::now();
    log.close().unwrap();
    assert_eq!(tail.join().unwrap(), 60);
    // It was told, and did not wait for its time to pass.
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_last_event_is_acknowledged_and_visible_without_a_further_one() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let log = threads(&dir, options());
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    feed.append(&tape(0, 1)).unwrap().wait(Duration::from_secs(60)).unwrap();
    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    let mut rows = 0;
    loop {
        match reader.next().unwrap() {
            Item::Batch(batch) => rows += batch.rows.num_rows(),
            Item::CaughtUp => break,
            _ => {}
        }
    }
    assert_eq!(rows, 1);
}

#[test]
fn a_slow_reader_holds_nobody_up_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Memory for a few batches only, and segments that are archived and dropped behind its back.
    let log = threads(&folder.path().join("log"), Options { credit_bytes: 1 << 19, ..options() });
    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let mut next = 0;
    let mut take = |items: usize| {
        for _ in 0..items {
            match reader.next().unwrap() {
                Item::Batch(batch) => {
                    assert_eq!(batch.first_pseq, next);
                    next += batch.rows.num_rows() as u64;
                }
                Item::Gap(gap) => panic!("{gap:?}"),
                _ => {}
            }
        }
        next
    };
    for at in 0..40 {
        feed.append_durable(&tape(at * 1000, 1000)).unwrap();
        take(1);
        if at == 30 {
            log.archive_once(&capture::ArchivePolicy::now()).unwrap();
            assert!(!log.drop_archived(Duration::ZERO).unwrap().dropped.is_empty());
        }
    }
    assert_eq!(take(200), 40_000);
    log.close().unwrap();
}

#[test]
fn rows_are_shown_before_they_are_durable_to_who_asks_for_it() {
    let fs = durable::SimFs::new();
    let (log, _) = crate::rig::open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    drop(feed.append(&tape(0, 3)).unwrap());
    let count = |visibility| {
        let mut reader =
            log.reader(&reading(), log.start(), visibility, Filter::default()).unwrap();
        let mut rows = 0;
        loop {
            match reader.next().unwrap() {
                Item::Batch(batch) => rows += batch.rows.num_rows(),
                Item::CaughtUp => return rows,
                _ => {}
            }
        }
    };
    assert_eq!((count(Visibility::Durable), count(Visibility::Appended)), (0, 3));
    log.step();
    assert_eq!((count(Visibility::Durable), count(Visibility::Appended)), (3, 3));
}

#[test]
fn clocks_that_jump_change_no_number_and_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let log = threads_at(&folder.path().join("log"), options(), Arc::clone(&clock));
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let hour = 3_600_000_000_000;
    for (at, now) in [5 * hour, 4 * hour, 6 * hour, 0, 5 * hour].into_iter().enumerate() {
        clock.set(now);
        feed.append_durable(&tape(at as i64 * 10, 10)).unwrap();
    }
    let items = crate::rig::read_all(&log);
    let stamps: Vec<i64> =
        crate::rig::batches(&items).iter().map(|b| b.ts_append.nanos()).collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    assert_eq!(crate::rig::rows(&items), (0..50).map(|n| (n, n as i64)).collect::<Vec<_>>());
}

#[test]
fn a_reader_takes_what_its_filter_names_and_goes_on_where_its_cursor_stands() {
    let fs = durable::SimFs::new();
    let (log, _) = crate::rig::open(&fs);
    let mut feed = log.open_producer(ProducerSpec::new(id(1), "feed")).unwrap();
    let mut desk = log.open_producer(ProducerSpec::new(id(2), "desk")).unwrap();
    for at in 0..4 {
        let seen = feed.append_durable(&tape(at * 10, 5)).unwrap();
        desk.append_durable(&crate::rig::decision(at * 10 + 7, id(9), seen.stored[0].start))
            .unwrap();
    }
    let count = |filter: Filter| {
        let mut reader = log.reader(&reading(), log.start(), Visibility::Durable, filter).unwrap();
        let mut tables = BTreeMap::new();
        loop {
            match reader.next().unwrap() {
                Item::Batch(b) => {
                    *tables.entry(b.table.to_string()).or_insert(0) += b.rows.num_rows()
                }
                Item::CaughtUp => return tables.into_iter().collect::<Vec<_>>(),
                _ => {}
            }
        }
    };
    let named = |table: &str, rows: usize| vec![(table.to_owned(), rows)];
    assert_eq!(
        count(Filter { tables: vec!["decisions".into()], ..Filter::default() }),
        named("decisions", 4)
    );
    assert_eq!(count(Filter { producers: vec![id(1)], ..Filter::default() }), named("trades", 20));
    assert_eq!(count(Filter { instruments: vec![2], ..Filter::default() }), []);
    assert_eq!(count(Filter { instruments: vec![1], ..Filter::default() }).len(), 2);
    assert_eq!(count(Filter { end_seq: Some(5), ..Filter::default() }), named("trades", 3));

    // In the middle of a batch.
    let cursor = Cursor { log_id: log.log_id(), next_seq: 4 };
    let rest = crate::rig::read_from(&log, cursor);
    assert_eq!(crate::rig::batches(&rest)[0].seqs(), 4..7);

    let mut reader =
        log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
    while !matches!(reader.next().unwrap(), Item::Batch(_)) {}
    let path = Path::new("/log");
    reader.cursor().save(&fs, path, "features").unwrap();
    let cursor = Cursor::load(&fs, path, "features").unwrap().unwrap();
    assert_eq!(cursor, reader.cursor());
    let rest = crate::rig::read_from(&log, cursor);
    assert_eq!(crate::rig::batches(&rest).iter().map(|b| b.rows.num_rows()).sum::<usize>(), 19);
    assert_eq!(Cursor::load(&fs, path, "nobody").unwrap(), None);
    let foreign = Cursor { log_id: id(5), next_seq: 0 };
    let error =
        log.reader(&reading(), foreign, Visibility::Durable, Filter::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cursor: expected log {}, found {}", log.log_id(), id(5))
    );
}
