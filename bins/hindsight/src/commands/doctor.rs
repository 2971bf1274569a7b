//! `hindsight doctor`: is this machine fit, and is the configuration?

use super::is_json;
use crate::cli::ReportArgs;
use crate::context::Context;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, Pending, print};
use std::io::Write;
use std::path::Path;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

struct Check {
    name: &'static str,
    verdict: Verdict,
    finding: String,
}

/// Below this much free space a day of simulated data does not fit.
const ROOM: u64 = 4 << 30;

pub(super) fn doctor(args: &ReportArgs, context: &Context) -> Result<(), Failure> {
    let json = is_json("doctor", args)?;
    let checks = [configuration(context), write(), room(), memory(), clock(), zones()];
    if json {
        let lines: Vec<Document> = checks
            .iter()
            .map(|check| {
                Document::object()
                    .with("check", check.name)
                    .with("verdict", check.verdict.word())
                    .with("finding", check.finding.as_str())
            })
            .collect();
        let document = Document::new("hindsight.doctor.v1")
            .with("version", env!("CARGO_PKG_VERSION"))
            .with("checks", lines);
        print(&format!("{document}\n"))?;
    } else {
        let mut grid = Grid::new(["check", "verdict", "finding"]);
        for check in &checks {
            grid.row([check.name, check.verdict.word(), &check.finding]);
        }
        print(&grid.to_text())?;
    }
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    if failed == 0 {
        return Ok(());
    }
    // What is wrong with the configuration is said in full.
    let failure = Failure::from(CliError::DoctorFailed { failed, checks: checks.len() });
    Err(match failure {
        Failure::Errors(reports) => {
            Failure::Errors(context.mistakes.iter().cloned().chain(reports).collect())
        }
        other => other,
    })
}

fn configuration(context: &Context) -> Check {
    let mistakes = context.mistakes.len();
    let (verdict, finding) = match (&context.layers.project, mistakes) {
        (_, 1..) => (Verdict::Fail, format!("{mistakes} mistakes: hindsight config check")),
        (Some(path), 0) => (Verdict::Ok, path.display().to_string()),
        (None, 0) => (Verdict::Warn, "no hindsight.toml here or above: hindsight init".to_owned()),
    };
    Check { name: "configuration", verdict, finding }
}

/// Writes, syncs, renames and removes a small file, as every output does.
fn write() -> Check {
    let path = format!(".hindsight-doctor-{}", std::process::id());
    let path = Path::new(&path);
    let attempt = || -> Result<(), Failure> {
        let mut file = Pending::create(path, true)?;
        file.write_all(b"doctor").map_err(|e| CliError::writing(path, e))?;
        file.publish()?;
        let back = std::fs::read(path).map_err(|e| CliError::reading(path, e))?;
        std::fs::remove_file(path).map_err(|e| CliError::writing(path, e))?;
        if back == b"doctor" {
            Ok(())
        } else {
            let source = std::io::Error::other("other bytes were read back");
            Err(CliError::ReadFailed { path: path.display().to_string(), source }.into())
        }
    };
    let (verdict, finding) = match attempt() {
        Ok(()) => (Verdict::Ok, "written, synced, renamed and read back".to_owned()),
        Err(failure) => (Verdict::Fail, failure.to_string()),
    };
    Check { name: "working directory", verdict, finding }
}

fn room() -> Check {
    let (verdict, finding) = match rustix::fs::statvfs(".") {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let verdict = if free < ROOM { Verdict::Warn } else { Verdict::Ok };
            let note = if free < ROOM { "; a simulated day needs 4" } else { "" };
            (verdict, format!("{} GiB{note}", free >> 30))
        }
        Err(e) => (Verdict::Warn, format!("cannot be read: {e}")),
    };
    Check { name: "free space", verdict, finding }
}

fn memory() -> Check {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Check { name: "threads", verdict: Verdict::Ok, finding: threads.to_string() }
}

fn zones() -> Check {
    let finding = format!("tzdb {}, compiled in", feeds::tzdb_version());
    Check { name: "time zones", verdict: Verdict::Ok, finding }
}

/// The wall clock is asked here alone: a clock before this version was written is wrong for every stamp.
fn clock() -> Check {
    /// 2026-01-01T00:00:00Z.
    const BUILT: u64 = 1_767_225_600;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |since| since.as_secs());
    let stamp = i64::try_from(seconds)
        .ok()
        .and_then(|s| s.checked_mul(1_000_000_000))
        .map(|ns| contract::UtcNanos::from_nanos(ns).to_string())
        .unwrap_or_default();
    if seconds < BUILT {
        let finding = format!("{stamp} lies before this program was made: set the clock");
        return Check { name: "clock", verdict: Verdict::Fail, finding };
    }
    Check { name: "clock", verdict: Verdict::Ok, finding: stamp }
}
