//! Another process writes, is killed at any moment, and is read from outside meanwhile.

use crate::rig::{clock, id, options, reading, tape};
use capture::{ArchivePolicy, Drive, Filter, Item, Level, Log, LogReader, Options, ProducerSpec};
use durable::{Fs, RealFs};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DIR: &str = "HINDSIGHT_CHILD_DIR";
const ACKED: &str = "HINDSIGHT_CHILD_ACKED";
const LEVEL: &str = "HINDSIGHT_CHILD_LEVEL";
const ROWS: u64 = 40;

fn real() -> Arc<dyn Fs> {
    Arc::new(RealFs)
}

fn open(dir: &Path) -> Log {
    let options = Options { drive: Drive::Threads, spares: 2, ..options() };
    Log::open(real(), dir, options, clock(), u64::from(std::process::id())).unwrap().0
}

/// Not a test of its own: what the child of the tests below does, until it is killed.
#[test]
fn child_that_appends() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let last_acked = std::env::var(ACKED).ok().and_then(|text| text.parse().ok());
    let is_buffered = std::env::var(LEVEL).is_ok();
    let level = if is_buffered { Level::Buffered } else { Level::Durable };
    let log = open(Path::new(&dir));
    let spec = ProducerSpec { level, last_acked, ..ProducerSpec::new(id(1), "feed") };
    let mut feed = log.open_producer(spec).unwrap();
    assert_eq!(feed.acked_lost(), []);
    let mut out = std::io::stdout();
    let mut flying = VecDeque::new();
    for turn in 0_u64.. {
        let next = feed.next_pseq();
        let rows = tape(i64::try_from(next).unwrap(), i64::try_from(ROWS).unwrap());
        flying.push_back(feed.append(&rows).unwrap());
        if flying.len() > 4 {
            let ack = flying.pop_front().unwrap().wait(Duration::from_secs(60)).unwrap();
            // A line is written whole: the parent must not take half a number.
            out.write_all(format!("ack {}\n", ack.pseq.end).as_bytes()).unwrap();
        }
        if turn % 150 == 149 && !is_buffered {
            log.archive_once(&ArchivePolicy::now()).unwrap();
            log.drop_archived(Duration::ZERO).unwrap();
        }
    }
}

fn spawn(dir: &Path, acked: Option<u64>, is_buffered: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "process::child_that_appends", "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(acked) = acked {
        command.env(ACKED, acked.to_string());
    }
    if is_buffered {
        command.env(LEVEL, "buffered");
    }
    command.spawn().unwrap()
}

/// Lets a child run for a while after its first acknowledgement, kills it, and returns the end of what it was told.
fn killed(mut child: Child, after: Duration) -> u64 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (send, receive) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut acked = 0;
        for line in lines.map_while(Result::ok) {
            if let Some(end) = line.strip_prefix("ack ").and_then(|end| end.parse().ok()) {
                acked = end;
                drop(send.send(()));
            }
        }
        acked
    });
    receive.recv_timeout(Duration::from_secs(60)).expect("a first acknowledgement");
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    listener.join().unwrap()
}

/// Every row up to here, once, in order, with what it said.
fn whole(log: &Log, acked: u64, round: u64) -> u64 {
    let mut reader =
        log.reader(&reading(), log.start(), Default::default(), Filter::default()).unwrap();
    let mut next = 0;
    loop {
        match reader.next().unwrap() {
            Item::CaughtUp => break,
            Item::Gap(gap) => panic!("round {round}: {gap:?}"),
            Item::Batch(batch) => {
                assert_eq!(batch.first_pseq, next, "round {round}");
                let rows = contract::Batch::<contract::Trades>::parse(&batch.rows).unwrap();
                let stamps = rows.ts_avail().values().iter();
                assert!(
                    stamps.zip(next..).all(|(t, n)| u64::try_from(*t) == Ok(n)),
                    "round {round}"
                );
                next += batch.rows.num_rows() as u64;
            }
            _ => {}
        }
    }
    assert!(next >= acked, "round {round}: {acked} rows were acknowledged, {next} are there");
    next
}

fn kill_rounds(rounds: u64, is_buffered: bool) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let mut acked = None;
    let mut rows = 0;
    for round in 0..rounds {
        let child = spawn(&dir, acked.filter(|_| !is_buffered), is_buffered);
        let end = killed(child, Duration::from_millis(round * 7919 % 90));
        acked = end.checked_sub(1);
        let is_full_check = rounds < 50 || round % 25 == 24;
        let log = open(&dir);
        let all = log.completeness(&reading(), 0..u64::MAX).unwrap();
        assert!(all.producers[0].rows_durable >= end, "round {round}: {end} acknowledged, {all:?}");
        if is_full_check {
            rows = whole(&log, end, round);
            assert_eq!(all.rows["trades"], rows, "round {round}");
            let verified = capture::verify(&real(), &dir).unwrap();
            assert!(verified.is_whole(), "round {round}: {:?}", verified.problems);
        }
        log.close().unwrap();
    }
    (rounds, rows)
}

#[test]
fn a_killed_writer_loses_nothing_that_it_was_told_is_durable() {
    kill_rounds(6, false);
}

#[test]
fn a_killed_writer_loses_nothing_that_it_was_told_the_kernel_has() {
    kill_rounds(3, true);
}

#[test]
#[ignore = "long: run by `cargo xtask torture capture`"]
fn torture_kill() {
    let rounds = std::env::var("HINDSIGHT_TORTURE_ROUNDS").ok().and_then(|t| t.parse().ok());
    let (rounds, rows) = kill_rounds(rounds.unwrap_or(1000), false);
    eprintln!("{rounds} kills, {rows} rows, none lost, none twice");
}

#[test]
fn another_process_follows_the_log_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let mut child = spawn(&dir, None, false);
    let until = Instant::now() + Duration::from_secs(60);
    let mut reader = loop {
        match LogReader::open(real(), &dir, &options(), &reading(), 0, Filter::default()) {
            Ok(reader) => break reader,
            Err(error) if Instant::now() > until => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut next = 0;
    while next < 5000 {
        assert!(Instant::now() < until, "{next} rows in a minute");
        match reader.next().unwrap() {
            Item::CaughtUp => {
                reader.wait(Duration::from_millis(200));
            }
            Item::Gap(gap) => panic!("{gap:?}"),
            Item::Batch(batch) => {
                assert_eq!(batch.first_pseq, next);
                next += batch.rows.num_rows() as u64;
            }
            _ => {}
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
