//! The promise that an append gives back.

use crate::error::AppendError;
use crate::sync::lock;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What an acknowledgement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Level {
    /// The kernel has taken the bytes: they survive the death of the process, not a power cut.
    Buffered,
    /// The `fdatasync` that covers the rows has returned: they survive a power cut, if the disk is honest.
    #[default]
    Durable,
}

impl Level {
    /// The word in output and in configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buffered => "buffered",
            Self::Durable => "durable",
        }
    }
}

/// Rows that were acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The level reached.
    pub level: Level,
    /// The producer's numbers that are covered, those that were there before included.
    pub pseq: Range<u64>,
    /// Numbers in the log of the rows stored by this call; empty when all were duplicates.
    pub stored: Vec<Range<u64>>,
    /// Rows that were there before.
    pub duplicates: u64,
}

#[derive(Debug)]
enum Slot {
    Open {
        waker: Option<Waker>,
        /// A thread waits: a wake-up that nobody waits for is a system call too.
        is_awaited: bool,
    },
    Done(Result<Ack, AppendError>),
}

#[derive(Debug)]
pub(crate) struct Promise {
    slot: Mutex<Slot>,
    done: Condvar,
}

impl Promise {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            slot: Mutex::new(Slot::Open { waker: None, is_awaited: false }),
            done: Condvar::new(),
        })
    }

    pub(crate) fn complete(&self, result: Result<Ack, AppendError>) {
        let mut slot = lock(&self.slot);
        if let Slot::Open { waker, is_awaited } = &mut *slot {
            let (waker, is_awaited) = (waker.take(), *is_awaited);
            *slot = Slot::Done(result);
            drop(slot);
            if is_awaited {
                self.done.notify_all();
            }
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// The promise of an acknowledgement. Wait for it, poll it as a future on any executor, or drop it: nothing is
/// cancelled.
#[derive(Debug)]
#[must_use = "an append is acknowledged by its ticket"]
pub struct Ticket {
    pub(crate) promise: Arc<Promise>,
    pub(crate) first_seq: Option<u64>,
}

impl Ticket {
    /// Number in the log of the first row that this append stores, known before it is durable; `None` when all rows
    /// were there before. A decider keeps it as the last market data that it has seen.
    #[must_use]
    pub fn first_seq(&self) -> Option<u64> {
        self.first_seq
    }

    /// The result, if it is there.
    #[must_use]
    pub fn try_result(&self) -> Option<Result<Ack, AppendError>> {
        match &*lock(&self.promise.slot) {
            Slot::Done(result) => Some(result.clone()),
            Slot::Open { .. } => None,
        }
    }

    /// Waits for the acknowledgement.
    ///
    /// # Errors
    /// [`AppendError::Timeout`] when it does not come in time, and the ticket may be waited for again; else what
    /// happened to the rows.
    pub fn wait(&self, timeout: Duration) -> Result<Ack, AppendError> {
        let mut slot = lock(&self.promise.slot);
        if let Slot::Open { is_awaited, .. } = &mut *slot {
            *is_awaited = true;
        }
        let waited = self
            .promise
            .done
            .wait_timeout_while(slot, timeout, |slot| matches!(slot, Slot::Open { .. }));
        let (slot, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*slot {
            Slot::Done(result) => result.clone(),
            Slot::Open { .. } => Err(AppendError::Timeout),
        }
    }
}

impl Future for Ticket {
    type Output = Result<Ack, AppendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *lock(&self.promise.slot) {
            Slot::Done(result) => Poll::Ready(result.clone()),
            Slot::Open { waker, .. } => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
