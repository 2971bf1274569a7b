//! Failures that a test plans.

use crate::error::Op;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// `EIO`; nothing changes.
    Io,
    /// `ENOSPC`; nothing changes.
    NoSpace,
    /// A write takes this many bytes at most, at least one; no error. Other calls succeed.
    Short(usize),
    /// A sync of a file returns `EIO` and forgets what was pending, while reads still show it and the next sync
    /// succeeds, as Linux does (Rebello et al., USENIX ATC 2020). Other calls fail as with [`Io`](Failure::Io).
    ForgetAndFail,
}

/// A call that is about to run.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Its number, from 0.
    pub number: u64,
    /// Which one.
    pub op: Op,
    /// On which path; the target of a rename.
    pub path: &'a Path,
}

type Matcher = Arc<dyn Fn(&Call<'_>) -> bool + Send + Sync>;

/// A planned failure: which calls, and how.
///
/// ```
/// use durable::{Failure, Fault, Fs, FsErrorKind, Op, SimFs};
/// use std::path::Path;
/// let fs = SimFs::new();
/// fs.fail(Fault::new(Failure::NoSpace).on(Op::Write).at("log"));
/// let file = fs.create_new(Path::new("log"))?;
/// assert_eq!(file.write_at(b"x", 0).unwrap_err().kind, FsErrorKind::NoSpace);
/// assert_eq!(file.write_at(b"x", 0)?, 1); // once only, unless told otherwise
/// # Ok::<(), durable::FsError>(())
/// ```
#[derive(Clone)]
pub struct Fault {
    matches: Vec<Matcher>,
    skip: u64,
    times: u64,
    failure: Failure,
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Fault");
        out.field("failure", &self.failure).field("skip", &self.skip).field("times", &self.times);
        out.finish_non_exhaustive()
    }
}

impl Fault {
    /// The next call fails so, whatever it is.
    #[must_use]
    pub fn new(failure: Failure) -> Self {
        Self { matches: Vec::new(), skip: 0, times: 1, failure }
    }

    /// Only calls of this kind.
    #[must_use]
    pub fn on(self, op: Op) -> Self {
        self.when(move |call| call.op == op)
    }

    /// Only calls whose path contains this text.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.when(move |call| call.path.to_string_lossy().contains(&path))
    }

    /// Only calls that `matches` says yes to.
    #[must_use]
    pub fn when(mut self, matches: impl Fn(&Call<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.matches.push(Arc::new(matches));
        self
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Fails this many matching calls.
    #[must_use]
    pub fn times(mut self, calls: u64) -> Self {
        self.times = calls;
        self
    }

    /// The failure of this call, if it is one of those.
    pub(super) fn of(&mut self, call: &Call<'_>) -> Option<Failure> {
        if self.times == 0 || !self.matches.iter().all(|matches| matches(call)) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.failure)
    }
}
