//! Look-ups on DuckDB's as-of benchmarks, against Polars and DuckDB in the same run.
//!
//! `cargo bench -p features --bench asof`. The bar: not slower than Polars on presorted tables, and ten times as fast as
//! DuckDB. Compare `asof/sorted` (left and right by key and time) with `asof/polars_by_key`, `asof/by_time` with
//! `asof/polars_by_time`; `asof/unsorted` asks in random order and `asof/kept` asks a `History` again. A round goes from
//! the columns to the sum of the values found. The peers run in Python (benches/peers/asof.py), on all processors, in the
//! environment that `cargo xtask interop` makes or by the Python that `HINDSIGHT_PYTHON` names; without it only ours are
//! measured. Baselines: `-- --save-baseline before`, then `-- --baseline before`.
#![expect(clippy::unwrap_used, reason = "a bench ends at its first fault")]
#![expect(clippy::print_stdout, reason = "it says which peers it has")]
#![expect(clippy::disallowed_methods, reason = "a program that is told where its peers are")]

#[path = "../tests/it/asof/duckdb.rs"]
mod duckdb;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use duckdb::Side;
use features::{Found, History, Instants, MaxAge, asof};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

fn sum(found: impl Iterator<Item = Found>, build: &Side) -> u64 {
    found.filter_map(Found::row).map(|row| u64::from(build.values[row as usize])).sum()
}

fn instants(side: &Side) -> Instants<'_> {
    Instants::keyed(&side.keys, &side.ts)
}

fn join(probe: &Side, build: &Side) -> u64 {
    let matches = asof(instants(probe), instants(build), MaxAge::UNBOUNDED).unwrap();
    sum(matches.iter(), build)
}

/// The peers, each round asked for by a line.
struct Peers {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peers {
    fn start() -> Option<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../interop-venv/bin/python");
        let python = std::env::var_os("HINDSIGHT_PYTHON").map_or(target, PathBuf::from);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/peers/asof.py");
        let mut child = Command::new(python)
            .args([script.as_os_str(), "serve".as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let to = child.stdin.take()?;
        let from = BufReader::new(child.stdout.take()?);
        let mut peers = Self { child, to, from };
        println!("peers: {}", peers.line());
        Some(peers)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn round(&mut self, workload: &str, peer: &str, checksum: u64) -> Duration {
        writeln!(self.to, "{workload} {peer}").unwrap();
        let line = self.line();
        let (found, seconds) = line.split_once(' ').unwrap();
        assert_eq!(found.parse(), Ok(checksum), "{workload} {peer}");
        Duration::from_secs_f64(seconds.parse().unwrap())
    }

    fn stop(mut self) {
        drop(self.to);
        self.child.wait().unwrap();
    }
}

struct Tables {
    /// As the peers are asked: rows of left and right in the benchmark.
    name: &'static str,
    probe: Side,
    build: Side,
    checksum: u64,
}

fn ours(group: &mut BenchmarkGroup<'_, WallTime>, tables: &Tables) {
    let Tables { name, probe, build, checksum } = tables;
    let mut run = |variant: &str, join: &dyn Fn() -> u64| {
        assert_eq!(join(), *checksum, "{variant}/{name}");
        group.bench_function(format!("{variant}/{name}"), |b| b.iter(|| black_box(join())));
    };
    let (left, right) = (probe.by_key(), build.by_key());
    run("sorted", &|| join(&left, &right));
    let history = History::try_new(instants(&right)).unwrap();
    run("kept", &|| sum(history.answers(instants(&left), MaxAge::UNBOUNDED).unwrap(), &right));
    let (left, right) = (probe.by_time(), build.by_time());
    run("by_time", &|| join(&left, &right));
    let shuffled = probe.shuffled();
    run("unsorted", &|| join(&shuffled, &right));
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("asof");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    let mut peers = Peers::start();
    if peers.is_none() {
        println!("skip    peers: no environment with Polars and DuckDB");
    }
    let (scaling, small_probe) = (duckdb::scaling(100_000), duckdb::small_probe());
    for (name, (mut probe, build), checksum) in
        [("5_000_000", scaling, 124_996_250_025), ("100_000", small_probe, 4_560_929_499)]
    {
        // The queries are inclusive.
        probe.ts.iter_mut().for_each(|ts| *ts += 1);
        let tables = Tables { name, probe, build, checksum };
        group.throughput(Throughput::Elements(tables.probe.ts.len() as u64));
        ours(&mut group, &tables);
        if let Some(peers) = &mut peers {
            for peer in ["polars_by_key", "polars_by_time", "duckdb"] {
                group.bench_function(format!("{peer}/{name}"), |b| {
                    b.iter_custom(|rounds| {
                        (0..rounds).map(|_| peers.round(name, peer, checksum)).sum()
                    });
                });
            }
        }
    }
    group.finish();
    if let Some(peers) = peers {
        peers.stop();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
