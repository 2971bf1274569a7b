//! How a log is opened.

use crate::format::frame::Codec;
use contract::{AllowLocal, Gate, Name};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Smallest capacity of a segment.
pub(crate) const MIN_SEGMENT: u64 = 1 << 20;
/// Largest capacity of a segment.
pub(crate) const MAX_SEGMENT: u64 = 1 << 30;

/// Who moves what was appended to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Drive {
    /// Two threads of the log: one commits, one prepares, seals and beats. The default.
    #[default]
    Threads,
    /// The caller, by [`Log::step`](crate::Log::step): every run with the same calls does the same I/O in the same
    /// order, which crash tests need.
    Steps,
}

/// How a log is opened. Fields are public so that a caller writes `Options { segment_bytes, ..Options::default() }`.
///
/// # Memory
/// - **Append path:** at most 2 x `credit_bytes` + 2 x `segment_bytes`, by default 256 MiB, whatever the load. A batch
///   is held twice, as rows and as the frame made of them, from its admission until it leaves the last stretch that
///   readers of the process share; frames of both kinds together are bounded by `credit_bytes`, counted in blocks of
///   4 KiB. Beside them stand the bytes of one group (`group_bytes`, or the largest frame) and, for each producer, the
///   last 4,096 ranges (about 200 KiB) and at most 64 KiB of the encoder. No segment is held in memory.
/// - **What is not counted:** rows that are slices keep the arrays alive that they were cut from. Copy a small part of
///   a large batch before it is appended.
/// - **Reader:** one part of a segment (1 MiB, or a larger frame), what a body decompresses to, and the batches that
///   the caller keeps: they share the part's memory, so one kept row keeps 1 MiB. Rows of dropped segments are read
///   from the archive run by run and wait in memory until they are handed out; `end_seq` of the filter limits them.
/// - **Archive run:** `ArchivePolicy::memory`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the log for its gate. Default `log`.
    pub name: Name,
    /// Capacity of a segment in bytes, a multiple of 4096 from 1 MiB to 1 GiB; an existing log keeps its own. Larger
    /// ones cost disk (two stand ready), smaller ones more snapshots. Default 64 MiB.
    pub segment_bytes: u64,
    /// Largest frame in bytes, refused above at admission; at most a quarter of a segment. Default 8 MiB.
    pub max_frame_bytes: u32,
    /// Bytes of rows that may wait for the disk; memory of the append path is about twice this. Default 64 MiB.
    pub credit_bytes: u64,
    /// Rows that may wait for the disk. Default 1,048,576.
    pub credit_rows: u64,
    /// How long `append` waits for credit or room before it gives up. Default 5 s.
    pub append_timeout: Duration,
    /// Bytes of a group: what one write and one `fdatasync` carry at most, unless one frame is larger. Default 1 MiB.
    pub group_bytes: u64,
    /// Age at which a segment with rows is rotated. Default 1 h.
    pub segment_age: Duration,
    /// Silence after which the last group is made provable. Default 100 ms.
    pub mark_after: Duration,
    /// How often open producers with news are noted as alive; thirty times this without news. Default 1 s.
    pub beat_every: Duration,
    /// How far ahead of the clock a receipt may be; beyond it the batch is refused. Default 1 s.
    pub max_future: Duration,
    /// How bodies of a table are stored; tables not named are stored as they are.
    pub codecs: BTreeMap<String, Codec>,
    /// Who may read. Default: a process that works on its own data.
    pub gate: Arc<dyn Gate>,
    /// Who moves what was appended to the disk.
    pub drive: Drive,
    /// Whether a missing log is created. Default true.
    pub create: bool,
    /// Whether a reserve of disk space is held, so that a full disk leaves room to finish. Default true.
    pub ballast: bool,
    /// Segments prepared ahead. Default 2.
    pub spares: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: default_name(),
            segment_bytes: 64 << 20,
            max_frame_bytes: 8 << 20,
            credit_bytes: 64 << 20,
            credit_rows: 1 << 20,
            append_timeout: Duration::from_secs(5),
            group_bytes: 1 << 20,
            segment_age: Duration::from_secs(3600),
            mark_after: Duration::from_millis(100),
            beat_every: Duration::from_secs(1),
            max_future: Duration::from_secs(1),
            codecs: BTreeMap::new(),
            gate: Arc::new(AllowLocal { reason: "own log".to_owned() }),
            drive: Drive::Threads,
            create: true,
            ballast: true,
            spares: 2,
        }
    }
}

#[expect(clippy::expect_used, reason = "INVARIANT: a literal that keeps the rule of names")]
fn default_name() -> Name {
    Name::parse("log").expect("a name")
}

impl Options {
    /// What is wrong with them: option, expected, found.
    pub(crate) fn fault(&self) -> Option<(&'static str, String, String)> {
        let segment = self.segment_bytes;
        if !(MIN_SEGMENT..=MAX_SEGMENT).contains(&segment) || !segment.is_multiple_of(4096) {
            let expected = format!("a multiple of 4096 from {MIN_SEGMENT} to {MAX_SEGMENT}");
            return Some(("segment_bytes", expected, segment.to_string()));
        }
        if self.spares == 0 {
            return Some(("spares", "at least 1".to_owned(), "0".to_owned()));
        }
        None
    }

    /// The largest frame of a log with segments of this capacity.
    pub(crate) fn frame_limit(&self, segment_bytes: u64) -> u64 {
        u64::from(self.max_frame_bytes).min(segment_bytes / 4)
    }
}
