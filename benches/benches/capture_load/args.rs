//! The command line.

use crate::Failure;
use std::path::PathBuf;
use std::time::Duration;

const SCENARIOS: [&str; 10] = [
    "closed", "flow", "append", "rotation", "wake", "open", "replay", "archive", "memory", "peers",
];

/// What to run, and how much of it.
#[derive(Debug, Clone)]
pub(crate) struct Args {
    pub(crate) dir: PathBuf,
    pub(crate) scenarios: Vec<String>,
    /// Producers of the scenarios that do not say how many; `closed` goes through 1, 8, 64 and 256 without it.
    pub(crate) producers: Option<usize>,
    /// Rows of a batch.
    pub(crate) batch: Option<usize>,
    pub(crate) seconds: Duration,
    /// Capacity of a segment.
    pub(crate) segment_bytes: u64,
    /// Tickets that a pipelined producer holds.
    pub(crate) window: usize,
    pub(crate) nats_server: Option<PathBuf>,
    /// Whether this is the process that `open` kills.
    pub(crate) is_child: bool,
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut args = Self {
            dir: PathBuf::new(),
            scenarios: Vec::new(),
            producers: None,
            batch: None,
            seconds: Duration::from_secs(5),
            segment_bytes: 64 << 20,
            window: 64,
            nats_server: None,
            is_child: false,
        };
        while let Some(word) = words.next() {
            let mut value =
                || words.next().ok_or_else(|| format!("{word}: expected a value, found none"));
            match word.as_str() {
                // The second is looked up where rows are made.
                "--bench" | "--quotes" => {}
                "--producers" => args.producers = Some(value()?.parse()?),
                "--batch" => args.batch = Some(value()?.parse()?),
                "--seconds" => args.seconds = Duration::from_secs(value()?.parse()?),
                "--segment" => args.segment_bytes = value()?.parse::<u64>()? << 20,
                "--window" => args.window = value()?.parse()?,
                "--nats-server" => args.nats_server = Some(value()?.into()),
                "--child" => args.is_child = true,
                flag if flag.starts_with("--") => {
                    return Err(format!("option: found `{flag}`").into());
                }
                _ if args.dir.as_os_str().is_empty() => args.dir = word.into(),
                _ => args.scenarios.push(word),
            }
        }
        if args.dir.as_os_str().is_empty() {
            return Err("expected a folder on the disk to measure".into());
        }
        if args.scenarios.is_empty() {
            args.scenarios = SCENARIOS.map(str::to_owned).to_vec();
        }
        Ok(args)
    }
}
