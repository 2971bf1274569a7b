//! Opening a log whose writer was killed, with many sealed segments.

use crate::args::Args;
use crate::rig;
use crate::rows::batches;
use crate::{Failure, bar, tell};
use capture::{Log, Options, ProducerSpec};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEALED: u64 = 1_000;
const SEGMENT: u64 = 1 << 20;

fn options() -> Options {
    Options { segment_bytes: SEGMENT, ..Options::default() }
}

/// The process that is killed: appends until then.
pub(crate) fn fill_forever(args: &Args) -> Result<(), Failure> {
    let (log, ..) = rig::open(&args.dir, options())?;
    let mut producer = log.open_producer(ProducerSpec::new(rig::id(0), "load"))?;
    let rows = batches(2_000, true)?;
    for (table, batch) in rows.iter().cycle() {
        producer.append_batch(table, batch)?.wait(rig::PATIENCE)?;
    }
    Ok(())
}

fn segments(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = std::fs::read_dir(dir.join("segments"))?;
    let mut paths = folder.map(|e| Ok(e?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn sealed(dir: &Path) -> u64 {
    let text = std::fs::read_to_string(dir.join("MANIFEST")).unwrap_or_default();
    text.matches("\"type\":\"sealed\"").count() as u64
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let place = rig::fresh(&args.dir, "open")?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--bench", "--child"])
        .arg(&place)
        .stdout(Stdio::null())
        .spawn()?;
    let begin = Instant::now();
    while sealed(&place) < SEALED && begin.elapsed() < Duration::from_secs(150) {
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    let found = sealed(&place);

    let fs = crate::counting::CountingFs::default();
    let counts = Arc::clone(&fs.counts);
    let begin = Instant::now();
    let (log, report) = Log::open(Arc::new(fs), &place, options(), Arc::new(rig::WallClock), 9)?;
    let took = begin.elapsed();
    let read = counts.read();
    println!(
        "open after kill -9: {found} sealed segments of 1 MiB, start `{}`, {} walked, {:.1} ms",
        report.start.word(),
        report.walked.len(),
        took.as_secs_f64() * 1e3
    );
    let manifest = std::fs::metadata(place.join("MANIFEST"))?.len();
    let headers = 2 * 4096 * segments(&place)?.len() as u64;
    let limit = 2 * SEGMENT + headers + manifest;
    println!(
        "  segments {} B, all files {read} B; two segments, headers and manifest {limit} B",
        report.bytes_read
    );
    bar("bytes read over the limit", read as f64 / limit as f64, read <= limit, "<= 1");

    // A checksum over as many bytes of the same files.
    let begin = Instant::now();
    let (mut left, mut sum) = (read, 0_u64);
    for path in segments(&place)? {
        let bytes = std::fs::read(path)?;
        let n = usize::try_from(left.min(bytes.len() as u64))?;
        let Some(part) = bytes.get(..n) else { break };
        sum += u64::from(crc32c::crc32c(part));
        left -= n as u64;
        if left == 0 {
            break;
        }
    }
    let pass = begin.elapsed();
    println!(
        "  reading and checksum of as many bytes: {:.1} ms ({sum:x})",
        pass.as_secs_f64() * 1e3
    );
    let ratio = took.as_secs_f64() / pass.as_secs_f64();
    bar("open over that", ratio, ratio <= 2.0, "<= 2");
    tell(args, "open/bytes", read as f64, limit as f64, "B");
    tell(args, "open/time", took.as_secs_f64(), pass.as_secs_f64(), "s");
    log.close()?;
    std::fs::remove_dir_all(&place)?;
    Ok(())
}
