//! Others who promise that an acknowledged record is on the disk, with the same writers on the same disk.

use crate::args::Args;
use crate::baseline::between;
use crate::closed::load;
use crate::nats::Server;
use crate::rig;
use crate::times::Spread;
use crate::{Failure, bar, tell};
use capture::Options;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a peer's record: less than our frame of one row, in the peers' favour.
const RECORD: usize = 512;

/// Runs writers who wait for each acknowledgement; `connect` makes the writer of a thread.
fn closed<W: FnMut() -> Result<(), Failure>>(
    writers: usize,
    seconds: Duration,
    connect: impl Fn(usize) -> Result<W, Failure> + Sync,
) -> Result<(f64, Spread), Failure> {
    let begin = Instant::now();
    let end = begin + seconds;
    let parts = std::thread::scope(|scope| -> Result<Vec<Spread>, Failure> {
        let connect = &connect;
        let threads: Vec<_> = (0..writers)
            .map(|n| {
                scope.spawn(move || -> Result<Spread, Failure> {
                    let mut write = connect(n)?;
                    let mut times = Spread::default();
                    loop {
                        let begin = Instant::now();
                        if begin >= end {
                            return Ok(times);
                        }
                        write()?;
                        times.push(begin.elapsed());
                    }
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().map_err(|_| "a writer panicked")?).collect()
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let mut all = Spread::default();
    for part in parts {
        all.merge(part);
    }
    Ok((all.len() as f64 / seconds, all))
}

fn nats(program: &Path, dir: &Path, writers: usize, seconds: Duration) -> Result<f64, Failure> {
    let server = Server::start(program, dir)?;
    let mut admin = server.connect(writers)?;
    let stream = br#"{"name":"load","subjects":["load.*"],"storage":"file","retention":"limits","discard":"old"}"#;
    admin.request("$JS.API.STREAM.CREATE.load", stream)?;
    let payload = vec![0x5A_u8; RECORD];
    let (rate, times) = closed(writers, seconds, |n| {
        let mut client = server.connect(n)?;
        let (subject, payload) = (format!("load.{n}"), payload.clone());
        Ok(move || client.request(&subject, &payload).map(drop))
    })?;
    println!("  NATS {}, sync_interval always: {rate:.0} acks/s; {times}", admin.version);
    Ok(rate)
}

fn sqlite(dir: &Path, writers: usize, seconds: Duration) -> Result<f64, Failure> {
    std::fs::create_dir_all(dir)?;
    let open = || -> Result<rusqlite::Connection, rusqlite::Error> {
        let db = rusqlite::Connection::open(dir.join("load.db"))?;
        db.busy_timeout(Duration::from_mins(1))?;
        db.pragma_update(None, "synchronous", "FULL")?;
        Ok(db)
    };
    let db = open()?;
    let mode: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    db.execute_batch("CREATE TABLE load (seq INTEGER PRIMARY KEY, writer INTEGER, body BLOB)")?;
    let payload = vec![0x5A_u8; RECORD];
    let (rate, times) = closed(writers, seconds, |n| {
        let (db, payload, n) = (open()?, payload.clone(), i64::try_from(n)?);
        Ok(move || {
            let mut insert = db.prepare("INSERT INTO load (writer, body) VALUES (?1, ?2)")?;
            insert.execute(rusqlite::params![n, payload])?;
            Ok(())
        })
    })?;
    println!(
        "  SQLite {}, {mode}, synchronous FULL: {rate:.0} acks/s; {times}",
        rusqlite::version()
    );
    Ok(rate)
}

/// Keeps nothing of what okaywal hands over: writing is what is measured.
#[derive(Debug)]
struct Forgetful;

impl okaywal::LogManager for Forgetful {
    fn recover(&mut self, _: &mut okaywal::Entry<'_>) -> std::io::Result<()> {
        Ok(())
    }

    fn checkpoint_to(
        &mut self,
        _: okaywal::EntryId,
        _: &mut okaywal::SegmentReader,
        _: &okaywal::WriteAheadLog,
    ) -> std::io::Result<()> {
        Ok(())
    }
}

fn okay(dir: &Path, writers: usize, seconds: Duration) -> Result<f64, Failure> {
    let wal = okaywal::WriteAheadLog::recover(dir, Forgetful)?;
    let payload = vec![0x5A_u8; RECORD];
    let (rate, times) = closed(writers, seconds, |_| {
        let (wal, payload) = (wal.clone(), payload.clone());
        Ok(move || {
            let mut entry = wal.begin_entry()?;
            entry.write_chunk(&payload)?;
            entry.commit()?;
            Ok(())
        })
    })?;
    wal.shutdown()?;
    println!("  okaywal 0.3.1: {rate:.0} acks/s; {times}");
    Ok(rate)
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let writers = args.producers.unwrap_or(64);
    let options = Options { segment_bytes: args.segment_bytes, ..Options::default() };
    let seconds = args.seconds;
    println!("peers, {writers} writers in closed loop, one record each time");
    let (found, base) = between(&args.dir, 64 << 10, || {
        let ours = load(args, options.clone(), writers, 1, 1, seconds)?;
        ours.print("  capture, one decision");
        let sqlite = sqlite(&rig::fresh(&args.dir, "sqlite")?, writers, seconds)?;
        let okay = okay(&rig::fresh(&args.dir, "okaywal")?, writers, seconds)?;
        let nats = match &args.nats_server {
            Some(program) => {
                Some(nats(program, &rig::fresh(&args.dir, "nats")?, writers, seconds)?)
            }
            None => None,
        };
        // The same disk, a minute later.
        let again = load(args, options.clone(), writers, 1, 1, seconds)?;
        Ok((ours.acks().midpoint(again.acks()), sqlite, okay, nats))
    })?;
    base.print();
    for name in ["sqlite", "okaywal", "nats"] {
        rig::fresh(&args.dir, name)?;
    }
    let (ours, sqlite, okay, nats) = found;
    println!("  capture, mean of before and after the peers: {ours:.0} acks/s");
    match nats {
        Some(nats) => {
            bar("over NATS", ours / nats, ours >= 10.0 * nats, ">= 10");
            tell(args, "peers/nats", ours, nats, "/s");
        }
        None => println!("  NATS was not measured: no --nats-server"),
    }
    bar("over SQLite", ours / sqlite, ours >= 10.0 * sqlite, ">= 10");
    bar("over okaywal", ours / okay, ours >= okay, ">= 1");
    tell(args, "peers/sqlite", ours, sqlite, "/s");
    tell(args, "peers/okaywal", ours, okay, "/s");
    Ok(())
}
