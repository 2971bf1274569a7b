//! A capture process of our own, killed at a seeded moment, and its log taken up again.

use super::report::{Line, Verdict};
use super::world::World;
use crate::claim::Draws;
use crate::cli::{DemoArgs, Sabotage};
use crate::commands::capture as log;
use crate::context::Context;
use crate::error::{CliError, Failure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What of an acknowledgement is compared.
#[derive(Deserialize)]
struct Ack {
    producer: String,
    last_pseq: String,
}

pub(super) fn check(
    world: &World,
    args: &DemoArgs,
    context: &Context,
) -> Result<Vec<Line>, Failure> {
    let program =
        std::env::current_exe().map_err(|e| CliError::reading(Path::new("hindsight"), e))?;
    let log_dir = world.dir().join("crash");
    let rejects = world.dir().join("crash.rejects.arrow");
    let inputs: Vec<PathBuf> =
        ["decisions", "executions", "trades"].map(|t| world.table(t)).to_vec();
    let command = |is_piped: bool| {
        let mut command = Command::new(&program);
        command.args(["-q", "--no-config", "capture", "append"]).arg(&log_dir).args(&inputs);
        if is_piped && args.sabotage == Some(Sabotage::Acknowledgement) {
            command.args(["--level", "queued"]).env(log::LIE, "1");
        }
        command.args(["--merge", "100ms", "--resume", "--force", "--rejects"]).arg(&rejects);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(if is_piped { Stdio::piped() } else { Stdio::null() });
        command
    };
    let started = |e| CliError::reading(&program, e);
    let mut child = command(true).spawn().map_err(started)?;
    // So many acknowledgements it may give before it dies.
    let most = 50 + Draws::new(args.seed, 9).below(400);
    let mut acked: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = 0;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let Ok(ack) =
                line.map_err(|_| ()).and_then(|l| serde_json::from_str::<Ack>(&l).map_err(|_| ()))
            else {
                break;
            };
            lines += 1;
            let Ok(last) = ack.last_pseq.parse::<u64>() else { break };
            let end = acked.entry(ack.producer).or_default();
            *end = last.saturating_add(1).max(*end);
            if lines == most {
                // SIGKILL: nothing of it is caught or finished.
                let _ = child.kill();
            }
        }
    }
    let died = child.wait().map_err(started)?;
    let before = log::completeness(&log_dir, 0..u64::MAX)?;
    let held: BTreeMap<&str, u64> =
        before.producers.iter().map(|p| (p.name.as_str(), p.end_pseq)).collect();
    let there = |name: &String| held.get(name.as_str()).copied().unwrap_or(0);
    let lost: u64 = acked.iter().map(|(name, end)| end.saturating_sub(there(name))).sum();
    context.stop.check()?;
    let again = command(false).status().map_err(started)?;
    let after = log::completeness(&log_dir, 0..u64::MAX)?;
    let whole = log::completeness(&world.dir().join("run").join("log"), 0..u64::MAX)?;
    let tables = ["decisions", "executions", "trades"];
    let same = tables.iter().all(|t| after.rows.get(*t) == whole.rows.get(*t));
    let rows: u64 = after.rows.values().sum();
    let kept: u64 = before.rows.values().sum();
    Ok(vec![
        Line::new(
            Verdict::of(died.code().is_none() && lost == 0 && lines >= most),
            "killed by SIGKILL: every acknowledged row is in the log",
            format!(
                "after {lines} acknowledgements, {kept} rows are there, {lost} acknowledged ones are not"
            ),
        ),
        Line::new(
            Verdict::of(again.success() && same),
            "taken up again by the same command: every row once",
            format!(
                "{rows} rows, {} gaps, as many of each table as in the log that nobody killed",
                after.gaps.len()
            ),
        ),
    ])
}
