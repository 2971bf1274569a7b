//! What the program itself costs: its start, a stream through it, stages in one process and through pipes, progress.
//!
//! Every figure is a ratio to something in the same run. Processor time is that of all children, in hundredths of a second.
#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const HINDSIGHT: &str = env!("CARGO_BIN_EXE_hindsight");
const STARTS: usize = 200;
const ROUNDS: usize = 5;

fn main() -> Outcome<()> {
    if !std::env::args().any(|word| word == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    version(dir)?;
    hindsight(dir, &["simulator", "run", "--preset", "small", "--seed", "7", "-o", "market"])?;
    copies(dir)?;
    whole(dir)?;
    pipes(dir)?;
    progress(dir)
}

/// The start of the program against that of one which does nothing.
fn version(dir: &Path) -> Outcome<()> {
    let (source, empty) = (dir.join("empty.rs"), dir.join("empty"));
    std::fs::write(&source, "fn main() {}\n")?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    run(Command::new(rustc).arg("-O").arg(&source).arg("-o").arg(&empty))?;
    let (mut ours, mut peer) = (f64::MAX, f64::MAX);
    for _ in 0..STARTS {
        peer = peer.min(seconds(|| run(&mut Command::new(&empty)))?);
        ours = ours.min(seconds(|| run(Command::new(HINDSIGHT).arg("--version")))?);
    }
    say("cli/version", ours, peer);
    Ok(())
}

/// A stream that nobody changes, against `cat`; the ratio is that of bytes a second.
fn copies(dir: &Path) -> Outcome<()> {
    hindsight(dir, &["cat", "market/quotes.parquet", "-f", "arrow", "-o", "quotes.arrows"])?;
    let file = dir.join("quotes.arrows");
    let (mut ours, mut peer) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        peer = peer.min(seconds(|| piped(&mut [Command::new("cat").arg(&file)], dir))?);
        let mut own = Command::new(HINDSIGHT);
        ours = ours.min(seconds(|| piped(&mut [own.arg("-q").arg("cat").arg(&file)], dir))?);
    }
    println!("cli/cat: {} bytes", std::fs::metadata(&file)?.len());
    say("cli/cat", ours, peer);
    Ok(())
}

/// `run` against its steps, each as a command of its own.
fn whole(dir: &Path) -> Outcome<()> {
    for (name, text) in [
        ("features.toml", "features = [\"book__{spread_bps,qi}__now\", \"flow__imb_vol__10s\"]\n"),
        ("labels.toml", LABELS),
        ("entries.toml", ENTRIES),
        ("hindsight.toml", PROJECT),
    ] {
        std::fs::write(dir.join(name), text)?;
    }
    let (mut ours, mut peer) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        remove(&dir.join("run"))?;
        let all = processor(|| hindsight(dir, &["run"]))?;
        // What times the decisions is no command: it is done again alone, and taken off.
        std::fs::remove_file(dir.join("run/steps/latency.json"))?;
        let again = processor(|| hindsight(dir, &["run"]))?;
        let nothing = processor(|| hindsight(dir, &["run"]))?;
        ours = ours.min(all - (again - nothing));
        remove(&dir.join("hand"))?;
        std::fs::create_dir(dir.join("hand"))?;
        peer = peer.min(processor(|| by_hand(dir))?);
    }
    say("cli/run", ours, peer);
    Ok(())
}

/// The commands that `run` stands for, over the same files.
fn by_hand(dir: &Path) -> Outcome<()> {
    let of = |words: &str| -> Outcome<()> {
        hindsight(dir, &words.split_whitespace().collect::<Vec<_>>())
    };
    let events = "market/decisions.parquet market/executions.parquet market/quotes.parquet market/trades.parquet market/statuses.parquet";
    of(&format!(
        "capture append hand/log {events} --merge 100ms --resume --rejects hand/log.rejects.arrow"
    ))?;
    for table in ["decisions", "executions", "quotes", "statuses", "trades"] {
        of(&format!("capture read hand/log --table {table} -o hand/{table}.parquet"))?;
    }
    let seen =
        "hand/decisions.parquet hand/quotes.parquet hand/trades.parquet hand/statuses.parquet";
    of(&format!("features run {seen} --spec features.toml -o hand/features.parquet"))?;
    let words = format!("-q features check {seen} --spec features.toml --budget 5% -f json");
    let checked = own(dir).args(words.split_whitespace()).output()?;
    std::fs::write(dir.join("hand/causality.json"), checked.stdout)?;
    let lived = "hand/decisions.parquet hand/executions.parquet hand/quotes.parquet hand/statuses.parquet market/instruments.parquet";
    of(&format!("labeling run {lived} --rules labels.toml -o hand/labels"))?;
    of(&format!(
        "labeling check {lived} --rules labels.toml --labels hand/labels -o hand/audit --sample 1000 --each-kind 2"
    ))?;
    let context = "--context market/instruments.parquet --context hand/statuses.parquet --context hand/decisions.parquet";
    for table in ["decisions", "executions", "quotes", "statuses", "trades"] {
        of(&format!("quality report hand/{table}.parquet {context} -f json"))?;
    }
    of(&format!(
        "quality run hand/decisions.parquet {context} --rejects hand/q.rejects.arrow --events hand/quality_events.parquet --now 2026-04-01T00:00:00Z -o hand/scored.parquet"
    ))?;
    of(
        "datasets build --spec entries.toml --causality hand/causality.json --store hand/datasets \
        --rejects hand/d.rejects.arrow hand/scored.parquet hand/quality_events.parquet hand/features.parquet \
        hand/labels/labels.parquet hand/labels/outcomes.parquet hand/labels/pending.parquet \
        hand/audit/label_audits.parquet hand/executions.parquet",
    )?;
    of("datasets verify entries@1 --causality hand/causality.json --store hand/datasets")
}

/// Features over quotes that come through two more processes, against the same from the file.
fn pipes(dir: &Path) -> Outcome<()> {
    let rest = FEATURES;
    let (mut ours, mut peer) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        peer = peer.min(processor(|| {
            piped(&mut [own(dir).arg("-q").args(rest).arg("market/quotes.parquet")], dir)
        })?);
        ours = ours.min(processor(|| {
            piped(
                &mut [
                    own(dir).args(["-q", "cat", "market/quotes.parquet", "-f", "arrow"]),
                    own(dir).args(["-q", "cat", "-"]),
                    own(dir).arg("-q").args(rest).arg("-"),
                ],
                dir,
            )
        })?);
    }
    say("cli/pipes", ours, peer);
    Ok(())
}

/// A line of progress a second against none.
fn progress(dir: &Path) -> Outcome<()> {
    let one = |form: &str| {
        let words =
            ["--progress", form].into_iter().chain(FEATURES).chain(["market/quotes.parquet"]);
        let words: Vec<&str> = words.collect();
        processor(|| (0..5).try_for_each(|_| run(own(dir).args(&words))))
    };
    let (mut ours, mut peer) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        peer = peer.min(one("none")?);
        ours = ours.min(one("json")?);
    }
    say("cli/progress", ours, peer);
    Ok(())
}

fn own(dir: &Path) -> Command {
    let mut command = Command::new(HINDSIGHT);
    command.current_dir(dir);
    command
}

fn hindsight(dir: &Path, words: &[&str]) -> Outcome<()> {
    run(own(dir).arg("-q").args(words))
}

fn run(command: &mut Command) -> Outcome<()> {
    let done = command.stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr)).into())
}

/// Runs commands into one another, and the last one into a process that throws everything away.
fn piped(commands: &mut [&mut Command], dir: &Path) -> Outcome<()> {
    let mut children = Vec::new();
    let mut input = Stdio::null();
    for command in commands {
        let mut child = command.stdin(input).stdout(Stdio::piped()).spawn()?;
        input = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        children.push(child);
    }
    let sink = Command::new("cat").current_dir(dir).stdin(input).stdout(Stdio::null()).status()?;
    for mut child in children {
        if !child.wait()?.success() {
            return Err("a stage of a pipe failed".into());
        }
    }
    if sink.success() { Ok(()) } else { Err("the end of a pipe failed".into()) }
}

fn remove(path: &PathBuf) -> Outcome<()> {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    Ok(())
}

fn seconds(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Processor time of the children that ended meanwhile, of the user and of the system.
fn processor(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let before = children()?;
    work()?;
    Ok((children()? - before) / 100.0)
}

/// Fields 16 and 17 of `/proc/self/stat`, in ticks of a hundredth of a second.
fn children() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit_once(')').ok_or("no fields")?.1;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| -> Outcome<f64> { Ok(fields.get(at).ok_or("too short")?.parse()?) };
    Ok(field(13)? + field(14)?)
}

fn say(name: &str, ours: f64, peer: f64) {
    println!("bar {name} ours={ours:.6}s peer={peer:.6}s ratio={:.3}", ours / peer);
}

/// Features of everything but the quotes, which come last.
const FEATURES: [&str; 11] = [
    "features",
    "run",
    "--spec",
    "features.toml",
    "market/decisions.parquet",
    "market/trades.parquet",
    "--force",
    "--rejects",
    "pipe.rejects.arrow",
    "-o",
    "pipe.parquet",
];

const PROJECT: &str = r#"
[run]
sources = ["market/decisions.parquet", "market/executions.parquet", "market/quotes.parquet", "market/trades.parquet", "market/statuses.parquet", "market/instruments.parquet"]
[features]
spec = "features.toml"
check = "5%"
[labeling]
rules = "labels.toml"
[datasets]
specs = ["entries.toml"]
"#;

const LABELS: &str = r#"
id = "desk"
version = 1
measures = { anchor = "decision", path = "executable", horizon = "2s", max_life = "3s", entry_wait = "2s", offsets = [], allowed_lateness = "1s", max_exit_delay = "0ns", sources = [1] }
sigma = { from = "path", window = "30s", step = "1s", min_steps = 10, floor_bps = 0.1 }
[fixed_horizon.ahead]
covers = { decisions = ["enter", "exit", "increase", "reduce", "reverse", "skip", "hold"], basis = ["counterfactual"] }
"#;

const ENTRIES: &str = r#"
kind = "signal"
features = { include = ["*"] }
target = [{ name = "ahead", task = "ordinal" }]
weights = { use = ["uniqueness"] }
split = { strategy = "chronological", fractions = [0.5, 0.25, 0.25], embargo = "1s" }
card = { licence = "CC0-1.0", contact = "desk@example.com" }
"#;
