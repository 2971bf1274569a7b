//! `hindsight capture archive`.

use super::{duration, failure, open_existing, start_note};
use crate::cli::ArchiveArgs;
use crate::commands::is_json;
use crate::error::{CliError, Failure};
use crate::output::{Document, Grid, print};
use capture::{ArchiveFile, ArchivePolicy, DropReport, KeptReason, Log};
use std::fmt::Write as _;
use std::time::Duration;

/// What one command did, over all its runs.
#[derive(Default)]
struct Done {
    segments: Vec<u64>,
    files: Vec<ArchiveFile>,
    rows: u64,
    dropped: Option<DropReport>,
}

/// Archives until no run is due, then drops what the archive holds, if asked to.
pub(in crate::commands) fn archive(args: &ArchiveArgs) -> Result<(), Failure> {
    let json = is_json("capture archive", &args.report)?;
    let mut policy = if args.all { ArchivePolicy::now() } else { ArchivePolicy::default() };
    if let Some(bytes) = args.min_bytes {
        policy.min_bytes = bytes;
    }
    if let Some(age) = &args.max_age {
        policy.max_age = duration("--max-age", age)?;
    }
    let retention = match &args.min_retention {
        Some(text) => duration("--min-retention", text)?,
        None => Duration::from_hours(24),
    };
    let (log, start) = open_existing(&args.log)?;
    let mut done = Done::default();
    let worked = work(&log, args, &policy, retention, &mut done);
    let closed = log.close();
    // What was published stays, whatever failed after it.
    let text = if json { format!("{}\n", document(&done)) } else { text(&done, args) };
    print(&text)?;
    worked?;
    closed.map_err(|error| failure(&error))?;
    if let Some(note) = start_note(&start).filter(|_| start.start == capture::Start::Damaged) {
        let path = args.log.display().to_string();
        return Err(CliError::DamagedLog { path, found: note }.into());
    }
    let mut kept = done.dropped.iter().flat_map(|report| &report.kept);
    let differs = |(segment, reason): &(u64, KeptReason)| match reason {
        KeptReason::ArchiveDiffers { cause } => Some(format!("segment {segment}: {cause}")),
        _ => None,
    };
    match kept.find_map(differs) {
        Some(found) => {
            Err(CliError::DamagedLog { path: args.log.display().to_string(), found }.into())
        }
        None => Ok(()),
    }
}

fn work(
    log: &Log,
    args: &ArchiveArgs,
    policy: &ArchivePolicy,
    retention: Duration,
    done: &mut Done,
) -> Result<(), Failure> {
    loop {
        let run = log.archive_once(policy).map_err(|error| failure(&error))?;
        if run.segments.is_empty() {
            break;
        }
        done.segments.extend(run.segments);
        done.rows += run.rows;
        done.files.extend(run.files);
    }
    if args.drop {
        done.dropped = Some(log.drop_archived(retention).map_err(|error| failure(&error))?);
    }
    Ok(())
}

fn why(reason: &KeptReason) -> String {
    match reason {
        KeptReason::NotArchived => "not archived".to_owned(),
        KeptReason::TooYoung { until } => format!("to be kept until {until}"),
        KeptReason::Newest => "the newest sealed one".to_owned(),
        KeptReason::Held { name } => format!("held by `{name}`"),
        KeptReason::Cursor { name } => format!("cursor `{name}` stands before its end"),
        KeptReason::ArchiveDiffers { cause } => format!("the archive differs: {cause}"),
        KeptReason::Behind { segment } => format!("segment {segment} before it stays"),
        _ => "another reason".to_owned(),
    }
}

fn text(done: &Done, args: &ArchiveArgs) -> String {
    let mut text = String::new();
    if done.segments.is_empty() {
        let hint = if args.all {
            "nothing is sealed that is not archived"
        } else {
            "no run is due; --all archives everything that is sealed"
        };
        let _ = writeln!(text, "archived nothing: {hint}");
    } else {
        let _ = writeln!(
            text,
            "archived {} segments, {} rows in {} files below {}",
            done.segments.len(),
            done.rows,
            done.files.len(),
            args.log.join("archive").display()
        );
        let mut grid = Grid::new(["file", "rows", "bytes"]);
        for file in &done.files {
            grid.row([file.path.clone(), file.rows.to_string(), file.bytes.to_string()]);
        }
        if !done.files.is_empty() {
            let _ = write!(text, "\n{}", grid.to_text());
        }
    }
    if let Some(report) = &done.dropped {
        let _ = writeln!(
            text,
            "\ndropped {} segments, kept {}",
            report.dropped.len(),
            report.kept.len()
        );
        let mut grid = Grid::new(["kept", "because"]);
        for (segment, reason) in &report.kept {
            grid.row([segment.to_string(), why(reason)]);
        }
        if !report.kept.is_empty() {
            let _ = write!(text, "\n{}", grid.to_text());
        }
    }
    text
}

fn document(done: &Done) -> Document {
    let numbers = |list: &[u64]| list.iter().map(u64::to_string).collect::<Vec<String>>();
    let files: Vec<Document> = done
        .files
        .iter()
        .map(|f| {
            Document::object()
                .with("table", f.table.as_str())
                .with("path", f.path.as_str())
                .with("rows", f.rows)
                .with("bytes", f.bytes)
                .with("sha256", f.sha256.to_string())
        })
        .collect();
    let dropped = done.dropped.as_ref().map(|report| numbers(&report.dropped));
    let kept = done.dropped.as_ref().map(|report| {
        let one = |(segment, reason): &(u64, KeptReason)| {
            Document::object().with("segment", segment.to_string()).with("because", why(reason))
        };
        report.kept.iter().map(one).collect::<Vec<Document>>()
    });
    Document::new("hindsight.archive.v1")
        .with("segments", numbers(&done.segments))
        .with("rows", done.rows)
        .with("files", files)
        .with("dropped", dropped)
        .with("kept", kept)
}
