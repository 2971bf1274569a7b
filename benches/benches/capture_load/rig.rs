//! A log on the disk that is measured.

use crate::Failure;
use crate::counting::{CountingFs, Counts};
use capture::{Clock, Log, Options, RecoveryReport};
use contract::{EventId, Principal, Purpose, ReadContext, UtcNanos};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longer than any acknowledgement takes.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The clock of the machine.
#[derive(Debug)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> UtcNanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UtcNanos::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

pub(crate) fn reading() -> Result<ReadContext, Failure> {
    Ok(ReadContext { principal: Principal::parse("load")?, purpose: Purpose::parse("bench")? })
}

pub(crate) fn id(n: usize) -> EventId {
    EventId::v7(n as u64 + 1, [3; 10])
}

/// Opens a log and waits until its segments are prepared.
pub(crate) fn open(
    dir: &Path,
    options: Options,
) -> Result<(Log, RecoveryReport, Arc<Counts>), Failure> {
    let fs = CountingFs::default();
    let counts = Arc::clone(&fs.counts);
    let (log, report) = Log::open(Arc::new(fs), dir, options, Arc::new(WallClock), 7)?;
    std::thread::sleep(Duration::from_millis(300));
    Ok((log, report, counts))
}

/// An empty place for a log; what an earlier run left is removed.
pub(crate) fn fresh(dir: &Path, name: &str) -> Result<std::path::PathBuf, Failure> {
    let path = dir.join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    Ok(path)
}
