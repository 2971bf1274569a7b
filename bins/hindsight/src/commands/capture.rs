//! `hindsight capture`: a log of events, written, read, judged, verified and archived.

mod acks;
mod append;
mod archive;
mod compare;
mod ledger;
mod merge;
mod read;
mod rows;
mod sources;
mod verify;

pub(super) use acks::Acks;
pub(super) use append::{LIE, append, appended};
pub(super) use archive::archive;
pub(super) use ledger::ledger;
pub(super) use read::read;
pub(super) use rows::TableRows;
pub(super) use verify::{verified, verify};

use crate::error::{CliError, ErrorReport, Failure, did_you_mean};
use capture::{Clock, Completeness, Drive, Gap, Log, OpenError, Options, RecoveryReport};
use contract::{
    Diagnostic, EventId, Hash, Principal, Purpose, ReadContext, UtcNanos, Vocabulary as _,
};
use durable::{Fs, RealFs};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The clock of the machine.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcNanos {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UtcNanos::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

pub(super) fn fs() -> Arc<dyn Fs> {
    Arc::new(RealFs)
}

/// An error of a library as this program reports it.
pub(super) fn failure(error: &dyn Diagnostic) -> Failure {
    ErrorReport::new(error).into()
}

/// Who reads: the user of this command.
#[expect(clippy::expect_used, reason = "INVARIANT: literals that keep the rule of names")]
pub(super) fn reading() -> ReadContext {
    ReadContext {
        principal: Principal::parse("local").expect("a name"),
        purpose: Purpose::parse("command-line").expect("a name"),
    }
}

/// Opens a log for writing.
pub(super) fn open(dir: &Path, options: Options) -> Result<(Log, RecoveryReport), OpenError> {
    // Seeded by the operating system for each process.
    let seed = RandomState::new().hash_one(dir);
    Log::open(fs(), dir, options, Arc::new(SystemClock), seed)
}

/// Opens a log that must be there, moved step by step by this command alone.
fn open_existing(dir: &Path) -> Result<(Log, RecoveryReport), Failure> {
    let options = Options { create: false, drive: Drive::Steps, ..Options::default() };
    open(dir, options).map_err(|error| failure(&error))
}

/// The ledger of a log, without its lock.
pub(super) fn completeness(dir: &Path, seqs: Range<u64>) -> Result<Completeness, Failure> {
    let now = SystemClock.now();
    capture::completeness(&fs(), dir, &Options::default(), &reading(), now, seqs)
        .map_err(|error| failure(&error))
}

/// The identity that a name stands for: the same everywhere and always.
pub(super) fn id_of(name: &str) -> EventId {
    let hash = Hash::of(format!("hindsight producer\n{name}").as_bytes());
    let mut bytes = [0; 16];
    for (slot, byte) in bytes.iter_mut().zip(hash.as_bytes()) {
        *slot = *byte;
    }
    // RFC 9562, version 8: bytes of our own making.
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EventId::from_bytes(bytes)
}

/// Producers of a log by name or UUID.
fn producers(dir: &Path, words: &[String]) -> Result<Vec<EventId>, Failure> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let known = completeness(dir, 0..0)?.producers;
    let mut ids = Vec::new();
    for word in words {
        let named = known.iter().filter(|p| p.name == *word).map(|p| p.producer_id);
        let before = ids.len();
        ids.extend(named);
        if ids.len() > before {
            continue;
        }
        let id = EventId::parse(word).map_err(|_| CliError::BadValue {
            flag: "--producer",
            expected: "the name of a producer of this log, or a UUID",
            found: format!(
                "{}{}",
                contract::excerpt(word.as_bytes()),
                did_you_mean(word, known.iter().map(|p| p.name.as_str()))
            ),
        })?;
        ids.push(id);
    }
    Ok(ids)
}

/// A length of time on the command line.
fn duration(flag: &'static str, text: &str) -> Result<Duration, CliError> {
    let ns = contract::parse_duration_ns(text).ok().and_then(|ns| u64::try_from(ns).ok());
    ns.map(Duration::from_nanos).ok_or_else(|| CliError::BadValue {
        flag,
        expected: "a length of time as in 100ms, 1h or 30d",
        found: contract::excerpt(text.as_bytes()),
    })
}

/// A gap in one line.
fn describe(gap: &Gap) -> String {
    let mut text = gap.kind.word().to_owned();
    let mut add = |what: &str, range: Option<&Range<u64>>| {
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            let _ = write!(text, ", {what} {} to {} (exclusive)", range.start, range.end);
        }
    };
    add("seq", gap.seqs.as_ref());
    add("row", gap.pseqs.as_ref());
    if let Some(segment) = gap.segment_no {
        let _ = write!(text, ", segment {segment}");
    }
    if let Some(producer) = gap.producer_id {
        let _ = write!(text, ", producer {producer}");
    }
    if let Some(table) = &gap.table {
        let _ = write!(text, ", table {table}");
    }
    if let Some(reason) = &gap.reason {
        let _ = write!(text, ": {}", contract::excerpt(reason.as_bytes()));
    }
    text
}

/// What a start found that its user should know; nothing after an orderly end.
fn start_note(report: &RecoveryReport) -> Option<String> {
    let lost = report.lost.len();
    match report.start {
        capture::Start::Torn => Some(format!(
            "the last writer did not end in order: {} rows that it had not acknowledged were kept, nothing acknowledged is lost",
            report.rows_salvaged
        )),
        capture::Start::Damaged => Some(format!(
            "the log is damaged, {lost} losses were put on record: `hindsight capture ledger DIR --gaps` lists them"
        )),
        _ => None,
    }
}
