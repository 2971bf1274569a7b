//! What a log's handle, its producers, its readers and its threads share.

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::options::Options;
use crate::queue::{Limits, Queue};
use crate::seal::SealJob;
use crate::shown::Shown;
use crate::spare::Spares;
use crate::stats::Stats;
use crate::store::Manifest;
use crate::writer::Writer;
use contract::{EventId, UtcNanos};
use durable::{Fs, FsLock};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

/// What a log's handle, its producers, its readers and its threads share.
///
/// Locks are taken in this order: upkeep, writer, jobs, manifest, spares, queue, ledger, shown, health, stats. Wakers run when none is held; the
/// clock is read under some, and must not call back.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) dir: PathBuf,
    pub(crate) options: Options,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) seed: u64,
    pub(crate) log_id: EventId,
    pub(crate) segment_bytes: u64,
    pub(crate) queue: Mutex<Queue>,
    /// Something was queued, or the log is to end.
    pub(crate) work: Condvar,
    /// Credit or room was given back.
    pub(crate) room: Condvar,
    /// A segment was left or taken, or the log is to end: the chores need not wait for their turn.
    pub(crate) due: Condvar,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) spares: Mutex<Spares>,
    /// Accounts of what is durable.
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) shown: Mutex<Shown>,
    /// Something more may be shown.
    pub(crate) news: Condvar,
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) jobs: Mutex<VecDeque<SealJob>>,
    pub(crate) health: Mutex<Health>,
    pub(crate) stats: Mutex<Stats>,
    /// Producers with a handle in this process, and its incarnation: the log beats for no other.
    pub(crate) live: Mutex<BTreeMap<EventId, u32>>,
    /// One archive run, drop, hold or verification at a time.
    pub(crate) upkeep: Mutex<()>,
    pub(crate) lock: Mutex<Option<Box<dyn FsLock>>>,
}

/// How a log is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Health {
    /// Files that were left behind after a failed write or sync, with the cause.
    pub degraded: Vec<String>,
    /// Chores that failed and are tried again: preparing, sealing.
    pub chores: Option<String>,
    /// Why the log has failed for good.
    pub poisoned: Option<String>,
    /// Free and needed bytes while the disk is full.
    pub disk_full: Option<(u64, u64)>,
    /// Damage that was declared since the log was made.
    pub damages: u64,
    /// Producers who were told that rows are durable which are not there.
    pub acked_lost: Vec<String>,
}

impl Inner {
    pub(crate) fn now(&self) -> UtcNanos {
        self.clock.now()
    }

    /// Bytes of a group.
    pub(crate) fn group_bytes(&self) -> u64 {
        self.options.group_bytes.min(self.segment_bytes / 4)
    }

    pub(crate) fn frame_limit(&self) -> u64 {
        self.options.frame_limit(self.segment_bytes)
    }

    pub(crate) fn limits(&self) -> Limits {
        let waste = self.group_bytes().max(self.frame_limit()) + 2 * crate::format::BLOCK;
        Limits {
            credit_bytes: self.options.credit_bytes,
            credit_rows: self.options.credit_rows,
            segment_bytes: self.segment_bytes,
            waste,
        }
    }
}
