//! `simulator run` and `simulator truth`.

use crate::support::{at_work, hindsight, listing, run};
use std::collections::BTreeMap;
use std::path::Path;

/// Two minutes of one short day.
const SHORT: &str = r#"
version = 1
name = "short"

[[days]]
date = "2026-03-30"
utc_offset = "2h"
auction = "539m"
open = "540m"
close_auction = "542m"
close = "543m"
"#;

/// Every file below a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in listing(dir) {
        let path = dir.join(&name);
        if path.is_dir() {
            all.extend(
                files(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)),
            );
        } else {
            all.insert(name, std::fs::read(path).unwrap());
        }
    }
    all
}

#[test]
fn a_run_is_a_directory_that_depends_on_scenario_and_seed_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("short.toml"), SHORT).unwrap();
    let simulate = |seed: &str, threads: &str, to: &str| {
        let args = [
            "simulator",
            "run",
            "--scenario",
            "short.toml",
            "--seed",
            seed,
            "--threads",
            threads,
            "-o",
            to,
        ];
        let done = run(dir.path(), &args);
        assert_eq!((done.code, done.text()), (0, ""), "{}", done.err);
        files(&dir.path().join(to))
    };
    let first = simulate("7", "1", "a");
    for file in [
        "trades.parquet",
        "decisions.parquet",
        "instruments.parquet",
        "truth/signal.parquet",
        "truth/labels.parquet",
    ] {
        assert!(first.contains_key(file), "{file} in {:?}", first.keys());
    }
    assert!(first == simulate("7", "2", "b"), "another number of threads, other bytes");
    assert!(first != simulate("8", "2", "c"), "another seed, the same bytes");
    assert_eq!(listing(dir.path()), ["a", "b", "c", "short.toml"]);

    // Every event table is one of the contract, each row by its rules.
    let tables: Vec<String> =
        first.keys().filter(|name| !name.contains('/')).map(|name| format!("a/{name}")).collect();
    let mut args = vec!["feeds", "inspect"];
    args.extend(tables.iter().map(String::as_str));
    let looked = run(dir.path(), &args);
    assert_eq!(looked.code, 0, "{}", looked.err);
    assert!(!looked.text().contains(" rejects contract/"), "{}", looked.text());

    let overview = run(dir.path(), &["simulator", "truth", "a", "-f", "json"]);
    assert!(
        overview.text().starts_with(r#"{"schema":"hindsight.truth.v1","tables":[{"table":"books""#),
        "{}",
        overview.text()
    );
    let labels = run(dir.path(), &["simulator", "truth", "a", "--table", "labels", "-f", "csv"]);
    assert_eq!(labels.code, 0, "{}", labels.err);
    assert!(labels.text().starts_with("decision_id,"), "{}", labels.text());
    let mistyped = run(dir.path(), &["simulator", "truth", "a", "--table", "lables"]);
    assert_eq!(mistyped.code, 2);
    assert!(mistyped.err.contains("found `lables` (is it `labels`?)"), "{}", mistyped.err);
}

#[test]
fn an_existing_directory_stays_and_a_bad_scenario_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("there")).unwrap();
    std::fs::write(dir.path().join("bad.toml"), "version = 1\nname = 'x'\ncolour = 2\n").unwrap();
    for (args, code, word) in [
        (&["simulator", "run", "-o", "there"][..], 2, "cli/output-exists"),
        (
            &["simulator", "run", "--scenario", "bad.toml", "-o", "new"],
            2,
            "simulator/scenario-syntax",
        ),
        (&["simulator", "run", "--scenario", "none.toml", "-o", "new"], 1, "cli/not-found"),
        (&["simulator", "run", "--preset", "smal", "-o", "new"], 2, "config/bad-value"),
        (&["simulator", "truth", "there"], 2, "cli/no-run"),
        (&["simulator", "truth", "none"], 1, "cli/not-found"),
    ] {
        let done = run(dir.path(), args);
        assert_eq!((done.code, done.text()), (code, ""), "{args:?}: {}", done.err);
        assert!(done.err.contains(word), "{args:?}: {}", done.err);
    }
    assert_eq!(listing(dir.path()), ["bad.toml", "there"]);
}

#[test]
fn a_run_that_is_stopped_leaves_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("short.toml"), SHORT).unwrap();
    let mut child = hindsight(dir.path())
        .args(["simulator", "run", "--scenario", "short.toml", "--speed", "1x", "-o", "a", "-q"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !at_work(dir.path()) {
        std::thread::yield_now();
    }
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(listing(dir.path()), ["short.toml"]);
}

#[test]
fn a_stream_holds_the_rows_of_the_table_in_the_directory_and_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("short.toml"), SHORT).unwrap();
    let words = ["simulator", "run", "--scenario", "short.toml", "--seed", "7"];
    let streamed = run(dir.path(), &[&words[..], &["--stream", "quotes", "-f", "csv"]].concat());
    assert_eq!(streamed.code, 0, "{}", streamed.err);
    let made = run(dir.path(), &[&words[..], &["-f", "csv", "-o", "made"]].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    let expected = std::fs::read_to_string(dir.path().join("made/quotes.csv")).unwrap();
    assert!(expected.lines().count() > 1);
    assert_eq!(streamed.text(), expected);
    let unknown = run(dir.path(), &[&words[..], &["--stream", "qoutes"]].concat());
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("(is it `quotes`?)"), "{}", unknown.err);
}

#[test]
fn a_replay_writes_decisions_and_executions_that_labeling_reads() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("short.toml"), SHORT).unwrap();
    let at = dir.path();
    let made = run(at, &["simulator", "run", "--scenario", "short.toml", "--clean", "-o", "m"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let line = "simulator replay m/quotes.parquet --rate 3600 --horizon 5s --seed 3 -o";
    let replay = |to: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.push(to);
        run(at, &words)
    };
    let one = replay("one");
    assert_eq!(one.code, 0, "{}", one.err);
    assert_eq!(replay("two").code, 0);
    assert_eq!(files(&at.join("one")), files(&at.join("two")));
    let names: Vec<String> = files(&at.join("one")).into_keys().collect();
    assert_eq!(names, ["decisions.parquet", "executions.parquet"]);
    let words = "labeling run one/decisions.parquet one/executions.parquet m/quotes.parquet \
                 --stream labels -f csv";
    let labels = run(at, &words.split_whitespace().collect::<Vec<_>>());
    assert_eq!(labels.code, 0, "{}", labels.err);
    // A header, and many labels.
    assert!(labels.text().lines().count() > 50, "{}", labels.err);
    let wrong = run(at, &["simulator", "replay", "m/trades.parquet", "-o", "three"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    assert!(wrong.err.contains("expected table `quotes`"), "{}", wrong.err);
}
