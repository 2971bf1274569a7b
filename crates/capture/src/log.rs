//! The handle of a log.

use crate::clock::Clock;
use crate::completeness::Completeness;
use crate::error::{AppendError, OpenError, ReadError};
use crate::inner::{Health, Inner};
use crate::options::{Drive, Options};
use crate::producer::{Producer, ProducerSpec};
use crate::queue::State;
use crate::recover;
use crate::report::RecoveryReport;
use crate::sync::lock;
use contract::{EventId, ReadContext};
use durable::{Fs, FsErrorKind};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often chores are tried: preparing segments, sealing, beats.
const CHORE_EVERY: Duration = Duration::from_millis(100);

/// A log that this process writes: one folder, one writer, one order for all tables.
///
/// Every row that was acknowledged as durable survives a power cut, and with it every row of a smaller `seq`.
/// Dropping the handle ends it like [`close`](Log::close), with errors only in the trace.
#[derive(Debug)]
pub struct Log {
    pub(crate) inner: Arc<Inner>,
    threads: Vec<JoinHandle<()>>,
}

impl Log {
    /// Opens a log, or makes it, after finding out what the last writer left.
    ///
    /// `seed` is any number that an adversary does not know; it makes the salts by which foreign bytes never parse.
    ///
    /// - **Cost:** the headers of all segments, and one pass over the newest.
    ///
    /// # Errors
    /// [`OpenError`]. Torn tails and damage are no errors: they are in the report.
    ///
    /// ```
    /// use capture::{Log, Options, ProducerSpec, FixedClock, Start};
    /// use contract::{testing::trades, EventId, UtcNanos};
    /// use std::{sync::Arc, time::Duration};
    /// # let folder = tempfile::tempdir()?;
    /// # let dir = folder.path().join("log");
    /// let clock = Arc::new(FixedClock(UtcNanos::parse("2024-08-08T23:54:15Z")?));
    /// let options = Options { segment_bytes: 1 << 20, ..Options::default() };
    /// let (log, report) = Log::open(Arc::new(durable::RealFs), &dir, options, clock, 7)?;
    /// assert_eq!(report.start, Start::Created);
    /// let mut feed = log.open_producer(ProducerSpec::new(EventId::from_bytes([1; 16]), "binance"))?;
    /// let ticket = feed.append(&trades("90 3.0 B, 95 1.0 A"))?; // returns at once
    /// let ack = ticket.wait(Duration::from_secs(30))?; // after the fdatasync
    /// assert_eq!(ack.pseq, 0..2);
    /// log.close()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        fs: Arc<dyn Fs>,
        dir: &Path,
        options: Options,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<(Self, RecoveryReport), OpenError> {
        let (inner, report) = recover::open(fs, dir, options, clock, seed)?;
        let inner = Arc::new(inner);
        let mut log = Self { inner, threads: Vec::new() };
        match log.inner.options.drive {
            Drive::Threads => {
                log.spawn("capture-commit", Inner::commit_loop)?;
                log.spawn("capture-chores", Inner::chore_loop)?;
            }
            Drive::Steps => {
                log.inner.chores();
            }
        }
        Ok((log, report))
    }

    fn spawn(&mut self, name: &str, run: fn(&Inner)) -> Result<(), OpenError> {
        let inner = Arc::clone(&self.inner);
        let builder = std::thread::Builder::new().name(name.to_owned());
        self.threads.push(builder.spawn(move || run(&inner)).map_err(OpenError::Thread)?);
        Ok(())
    }

    /// The log's identity.
    #[must_use]
    pub fn log_id(&self) -> EventId {
        self.inner.log_id
    }

    /// All numbers below are durable, or will never be given.
    #[must_use]
    pub fn durable_seq(&self) -> u64 {
        lock(&self.inner.shown).durable_seq
    }

    /// Claims a producer: its older incarnations are fenced from here on, durably.
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn open_producer(&self, spec: ProducerSpec) -> Result<Producer, AppendError> {
        Producer::open(Arc::clone(&self.inner), spec)
    }

    /// Commits what is queued, then does one round of chores, on the caller's thread; for [`Drive::Steps`].
    ///
    /// Returns whether anything was done. When nothing is queued the last group is made provable.
    pub fn step(&self) -> bool {
        self.inner.step()
    }

    /// How the log is doing.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut health = lock(&self.inner.health).clone();
        health.disk_full = lock(&self.inner.queue).disk_full;
        health
    }

    /// Whether everything that was emitted is durable, with the evidence; rows are counted for the numbers of a range.
    ///
    /// Accounts, gaps and the verdict are those of the whole log up to now: a producer's promise is no matter of a range.
    ///
    /// - **Cost:** the accounts are in memory; rows by table are counted from frame headers and archive records.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn completeness(
        &self,
        ctx: &ReadContext,
        seqs: Range<u64>,
    ) -> Result<Completeness, ReadError> {
        self.inner.completeness(ctx, seqs)
    }

    /// Acknowledges everything, writes the last frame, seals, and gives back prepared space.
    ///
    /// # Errors
    /// [`AppendError::NotDurable`] when something could not be made durable; [`AppendError::Poisoned`] when the log
    /// had failed before.
    pub fn close(mut self) -> Result<(), AppendError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), AppendError> {
        let failed = {
            let mut queue = lock(&self.inner.queue);
            match &queue.state {
                State::Open => {
                    queue.state = State::Closed;
                    None
                }
                State::Closed => return Ok(()),
                State::Poisoned(cause) => Some(AppendError::Poisoned(Arc::clone(cause))),
            }
        };
        self.inner.work.notify_all();
        self.inner.room.notify_all();
        self.inner.due.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the log has panicked");
            }
        }
        let result = failed.map_or_else(|| self.inner.drain(), Err);
        lock(&self.inner.shown).is_over = true;
        self.inner.news.notify_all();
        lock(&self.inner.lock).take();
        result
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Err(error) = self.shut() {
            tracing::error!(%error, "the log was not closed in order");
        }
    }
}

impl Inner {
    fn commit_loop(&self) {
        loop {
            let committed = self.commit();
            if let Err(error) = &committed {
                tracing::warn!(%error, "a group waits");
            }
            let mut queue = lock(&self.queue);
            if !matches!(queue.state, State::Open) {
                return;
            }
            let has_work = !queue.entries.is_empty() && committed.is_ok();
            if has_work {
                continue;
            }
            if committed.is_err() {
                // What is queued cannot go on before the disk does.
                let waited = self.work.wait_timeout(queue, CHORE_EVERY);
                drop(waited.unwrap_or_else(std::sync::PoisonError::into_inner));
                continue;
            }
            queue.is_committer_idle = true;
            let waited = self.work.wait_timeout_while(queue, self.options.mark_after, |queue| {
                queue.entries.is_empty() && matches!(queue.state, State::Open)
            });
            let (guard, timeout) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
            queue = guard;
            queue.is_committer_idle = false;
            let is_silent = timeout.timed_out() && queue.entries.is_empty();
            drop(queue);
            if is_silent {
                // A failed mark is tried again with the next group; the log is poisoned if it must be.
                if let Err(error) = self.mark() {
                    tracing::warn!(%error, "a mark waits");
                }
            }
        }
    }

    fn chore_loop(&self) {
        let every = u32::try_from(CHORE_EVERY.as_millis().max(1)).unwrap_or(1);
        let beat = u32::try_from(self.options.beat_every.as_millis()).unwrap_or(u32::MAX);
        let mut silent: u32 = 0;
        let mut beats: u32 = 0;
        loop {
            self.chores();
            if silent >= beat {
                silent = 0;
                beats = beats.wrapping_add(1);
                self.beat_all(beats.is_multiple_of(30));
            }
            let queue = lock(&self.queue);
            if !matches!(queue.state, State::Open) {
                return;
            }
            let waited = self.due.wait_timeout_while(queue, CHORE_EVERY, |queue| {
                !queue.are_chores_due && matches!(queue.state, State::Open)
            });
            let (mut queue, waited) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
            queue.are_chores_due = false;
            // Only a wait to its end counts as time.
            if waited.timed_out() {
                silent = silent.saturating_add(every);
            }
        }
    }

    /// Prepares, seals and tidies up; what fails is tried again with the next round.
    pub(crate) fn chores(&self) -> bool {
        let mut is_done = false;
        let mut failed = None;
        loop {
            match self.prepare() {
                Ok(true) => is_done = true,
                Ok(false) => break,
                Err(error) => {
                    failed = (error.kind != FsErrorKind::NoSpace).then(|| error.to_string());
                    break;
                }
            }
        }
        loop {
            match self.seal_one() {
                Ok(true) => is_done = true,
                Ok(false) => break,
                Err(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        if let Err(error) = lock(&self.manifest).condense(self.fs.as_ref(), &self.dir) {
            failed = Some(error.to_string());
        }
        if let Some(error) = &failed {
            tracing::warn!(%error, "a chore is tried again");
        }
        lock(&self.health).chores = failed;
        is_done
    }

    /// Commits everything that is queued, or makes the last group provable; then chores.
    pub(crate) fn step(&self) -> bool {
        let mut is_done = false;
        while let Ok(true) = self.commit() {
            is_done = true;
        }
        if !is_done {
            is_done = matches!(self.mark(), Ok(true));
        }
        self.chores() || is_done
    }

    /// What remains when no thread of the log runs any more.
    fn drain(&self) -> Result<(), AppendError> {
        let not_durable =
            |error: &dyn std::fmt::Display| AppendError::NotDurable(error.to_string().into());
        loop {
            match self.commit() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    // Nothing will be tried again: whoever waits must know.
                    for (promise, result) in self.poison(&error.to_string()) {
                        promise.complete(result);
                    }
                    return Err(not_durable(&error));
                }
            }
        }
        self.write_seal().map_err(|e| not_durable(&e))?;
        self.end_active();
        self.release_spares().map_err(|e| not_durable(&e))?;
        self.chores_once_closed();
        Ok(())
    }

    /// Seals what is left; a failure leaves it to the next start.
    fn chores_once_closed(&self) {
        loop {
            match self.seal_one() {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "sealing is left to the next start");
                    return;
                }
            }
        }
    }
}
