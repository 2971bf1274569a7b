//! `hindsight run`: the same bytes as its commands one by one, after any kill, and nothing done twice.

use crate::support::{Run, hindsight, listing, run};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const SCENARIO: &str = include_str!("job/scenario.toml");
const LABELS: &str = include_str!("job/labels.toml");
const FEATURES: &str = "features = [\"book__{spread_bps,qi}__now\", \"price__log_ret__{1s,10s}\", \"flow__imb_vol__10s\"]\n";
const ENTRIES: &str = include_str!("job/entries.toml");
const EVENTS: [&str; 5] = ["decisions", "executions", "quotes", "statuses", "trades"];
const REFERENCES: [&str; 2] = ["instruments", "fee_schedules"];

/// One market for all tests: making it takes longer than most of them.
fn market() -> &'static Path {
    static MARKET: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MARKET.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("scenario.toml"), SCENARIO).unwrap();
        let args =
            ["simulator", "run", "--scenario", "scenario.toml", "--seed", "7", "-o", "market"];
        let done = run(dir.path(), &args);
        assert_eq!(done.code, 0, "{}", done.err);
        let path = dir.path().join("market");
        (dir, path)
    });
    path
}

/// A project over the market.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let sources: Vec<String> = EVENTS
        .iter()
        .chain(&REFERENCES)
        .map(|table| format!("\"{}\"", market().join(format!("{table}.parquet")).display()))
        .collect();
    write("features.toml", FEATURES);
    write("labels.toml", LABELS);
    write("entries.toml", ENTRIES);
    write(
        "hindsight.toml",
        &format!(
            "[run]\nsources = [{}]\n[features]\nspec = \"features.toml\"\ncheck = \"2%\"\n[labeling]\nrules = \"labels.toml\"\ncheck = 300\n[datasets]\nspecs = \"entries.toml\"\n",
            sources.join(", ")
        ),
    );
    dir
}

fn json(done: &Run) -> serde_json::Value {
    assert_eq!(done.code, 0, "{}", done.err);
    serde_json::from_slice(&done.out).unwrap()
}

/// What a run made: manifest and content hash.
fn hashes(document: &serde_json::Value) -> (String, String) {
    let of = |name: &str| document["datasets"][0][name].as_str().unwrap().to_owned();
    (of("manifest_hash"), of("content_hash"))
}

/// Steps that were done, by name.
fn done_steps(document: &serde_json::Value) -> Vec<String> {
    let steps = document["steps"].as_array().unwrap().iter();
    let done = steps.filter(|step| step["is_done"] == true);
    done.map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

/// The hashes of a run that nobody disturbed.
fn undisturbed() -> &'static (String, String) {
    static HASHES: OnceLock<(String, String)> = OnceLock::new();
    HASHES.get_or_init(|| {
        let dir = project();
        hashes(&json(&run(dir.path(), &["run", "-f", "json"])))
    })
}

#[test]
fn a_second_run_does_nothing_and_a_changed_spec_redoes_what_depends_on_it() {
    let dir = project();
    let before = listing(dir.path());
    let planned = json(&run(dir.path(), &["run", "--dry-run", "-f", "json"]));
    assert_eq!(listing(dir.path()), before, "a plan touches nothing");
    assert_eq!(planned["steps"].as_array().unwrap().len(), 10);
    assert_eq!(planned["steps"][0]["why"], "new");
    let first = json(&run(dir.path(), &["run", "-f", "json"]));
    assert_eq!(done_steps(&first).len(), 10);
    assert_eq!(hashes(&first), *undisturbed());
    let again = json(&run(dir.path(), &["run", "-f", "json", "--threads", "1"]));
    // What was built is looked at each time.
    assert_eq!((done_steps(&again), hashes(&again)), (vec!["verify".to_owned()], hashes(&first)));
    // A dataset's spec: built and verified anew, nothing else.
    let spec = ENTRIES.replace("embargo = \"1s\"", "embargo = \"2s\"");
    std::fs::write(dir.path().join("entries.toml"), spec).unwrap();
    let planned = json(&run(dir.path(), &["run", "--dry-run", "-f", "json"]));
    assert_eq!(done_steps(&planned), ["datasets", "verify"]);
    let datasets =
        planned["steps"].as_array().unwrap().iter().find(|s| s["step"] == "datasets").unwrap();
    assert_eq!(datasets["why"], "spec entries has changed");
    let changed = json(&run(dir.path(), &["run", "-f", "json"]));
    assert_eq!(done_steps(&changed), ["datasets", "verify"]);
    assert_ne!(hashes(&changed).0, hashes(&first).0);
    // A file that somebody touched is noticed, and made again.
    std::fs::write(dir.path().join("run/features/features.parquet"), "not these").unwrap();
    std::fs::write(dir.path().join("entries.toml"), ENTRIES).unwrap();
    let mended = json(&run(dir.path(), &["run", "-f", "json"]));
    assert_eq!(done_steps(&mended), ["features", "datasets", "verify"]);
    assert_eq!(hashes(&mended), hashes(&first));
    // What another version of the program made is made anew.
    let record = dir.path().join("run/steps/labels.json");
    let text = std::fs::read_to_string(&record).unwrap();
    let own = format!("\"program\": \"{} ", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&own), "{text}");
    std::fs::write(&record, text.replace(&own, "\"program\": \"0.0.0 ")).unwrap();
    let planned = json(&run(dir.path(), &["run", "--dry-run", "-f", "json"]));
    let steps = planned["steps"].as_array().unwrap();
    let first_open = steps.iter().find(|step| step["is_done"] == true).unwrap();
    assert_eq!(
        (&first_open["step"], &first_open["why"]),
        (&"labels".into(), &"program has changed".into())
    );
}

#[test]
fn the_commands_one_by_one_and_in_pipes_give_the_same_bytes() {
    let dir = project();
    let p = dir.path();
    let ok = |args: &[&str]| {
        let done = run(p, args);
        assert_eq!(done.code, 0, "{args:?}: {}", done.err);
        done
    };
    let place = |table: &str| market().join(format!("{table}.parquet")).display().to_string();
    let events: Vec<String> = EVENTS.iter().map(|table| place(table)).collect();
    let mut append =
        vec!["capture", "append", "log", "--merge", "100ms", "--rejects", "log.rejects.arrow"];
    append.extend(events.iter().map(String::as_str));
    ok(&append);
    for table in EVENTS {
        ok(&["capture", "read", "log", "--table", table, "-o", &format!("{table}.parquet")]);
    }
    let check = ["features", "check", "-f", "json", "--budget", "2%", "--rejects", "c.arrow"];
    let tables = ["decisions.parquet", "quotes.parquet", "trades.parquet", "statuses.parquet"];
    let report = ok(&[&check[..], &tables].concat());
    std::fs::write(p.join("causality.json"), &report.out).unwrap();
    // Features of quotes that come through two pipes.
    let bin = env!("CARGO_BIN_EXE_hindsight");
    let pipe = format!(
        "'{bin}' -q capture read log --table quotes | '{bin}' -q features run decisions.parquet - trades.parquet statuses.parquet --rejects f.arrow | '{bin}' -q cat - -o features.parquet"
    );
    let mut shell = std::process::Command::new("bash");
    shell.args(["-o", "pipefail", "-ec", &pipe]).current_dir(p).env_remove("HINDSIGHT_DATA");
    let piped = shell.output().unwrap();
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
    let references: Vec<String> = REFERENCES.iter().map(|table| place(table)).collect();
    let mut inputs =
        vec!["decisions.parquet", "executions.parquet", "quotes.parquet", "statuses.parquet"];
    inputs.extend(references.iter().map(String::as_str));
    ok(&[&["labeling", "run", "-o", "labels"][..], &inputs].concat());
    let audit = [
        "labeling",
        "check",
        "--labels",
        "labels",
        "--sample",
        "300",
        "-o",
        "audit",
        "--rejects",
        "a.arrow",
    ];
    ok(&[&audit[..], &inputs].concat());
    let context: Vec<String> = ["instruments", "statuses", "decisions"]
        .iter()
        .flat_map(|t| {
            [
                "--context".to_owned(),
                if *t == "instruments" { place(t) } else { format!("{t}.parquet") },
            ]
        })
        .collect();
    let mut quality = vec![
        "quality",
        "run",
        "decisions.parquet",
        "-o",
        "judged.parquet",
        "--events",
        "events.parquet",
    ];
    let last = ok(&["capture", "read", "log", "--table", "decisions", "-f", "jsonl"]);
    let stamps =
        last.text().lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let now = stamps.map(|row| row["ts_avail"].as_str().unwrap().to_owned()).max().unwrap();
    quality.extend(["--now", &now]);
    quality.extend(context.iter().map(String::as_str));
    ok(&quality);
    let built = ok(&[
        "datasets",
        "build",
        "--spec",
        "entries.toml",
        "--causality",
        "causality.json",
        "--completeness",
        "complete",
        "--store",
        "sets",
        "-f",
        "json",
        "judged.parquet",
        "events.parquet",
        "features.parquet",
        "labels/labels.parquet",
        "labels/outcomes.parquet",
        "labels/pending.parquet",
        "audit/label_audits.parquet",
        "executions.parquet",
    ]);
    let built: serde_json::Value = serde_json::from_slice(&built.out).unwrap();
    let version = &built["versions"][0];
    assert_eq!(version["content_hash"].as_str().unwrap(), undisturbed().1);
    assert_eq!(version["manifest_hash"].as_str().unwrap(), undisturbed().0);
}

#[test]
fn a_log_that_is_there_is_read_and_not_touched() {
    let dir = project();
    let p = dir.path();
    let place = |table: &str| market().join(format!("{table}.parquet")).display().to_string();
    let events: Vec<String> = EVENTS.iter().map(|table| place(table)).collect();
    let mut append =
        vec!["capture", "append", "log", "--merge", "100ms", "--rejects", "log.rejects.arrow"];
    append.extend(events.iter().map(String::as_str));
    let made = run(p, &append);
    assert_eq!(made.code, 0, "{}", made.err);
    let before = listing(&p.join("log"));
    let config = std::fs::read_to_string(p.join("hindsight.toml")).unwrap();
    let references: Vec<String> =
        REFERENCES.iter().map(|table| format!("\"{}\"", place(table))).collect();
    let rest = config.split_once("[features]").unwrap().1;
    let config = format!(
        "[run]\nsources = [{}]\n[capture]\ndir = \"log\"\n[features]{rest}",
        references.join(", ")
    );
    std::fs::write(p.join("hindsight.toml"), config).unwrap();
    let done = json(&run(p, &["run", "-f", "json"]));
    assert_eq!(hashes(&done), *undisturbed());
    assert!(!p.join("run/log").exists());
    assert_eq!(listing(&p.join("log")), before);
    // Rows that come to it later are seen.
    let planned = json(&run(p, &["run", "--dry-run", "-f", "json"]));
    assert_eq!(done_steps(&planned), ["verify"]);
    let more = run(p, &["capture", "append", "log", &place("bars"), "--rejects", "more.arrow"]);
    assert_eq!(more.code, 0, "{}", more.err);
    let planned = json(&run(p, &["run", "--dry-run", "-f", "json"]));
    assert_eq!(done_steps(&planned).first().map(String::as_str), Some("tables"));
}

#[test]
fn files_of_a_venue_and_their_tables_give_the_same_dataset() {
    let Some(data) = std::env::var_os("HINDSIGHT_DATA") else {
        println!("not run: HINDSIGHT_DATA is not set");
        return;
    };
    let ticks = Path::new(&data).join("lean-fx-two-venues/forex");
    let dir = tempfile::tempdir().unwrap();
    let p = dir.path();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/real/fx");
    for file in ["hindsight.toml", "features.toml", "labels.toml", "signal.toml"] {
        std::fs::copy(own.join(file), p.join(file)).unwrap();
    }
    let mut feeds = Vec::new();
    for venue in ["fxcm", "oanda"] {
        let zip = ticks.join(venue).join("tick/eurusd/20140501_quote.zip").display().to_string();
        std::fs::create_dir(p.join(venue)).unwrap();
        let table = format!("{venue}/quotes.parquet");
        let done =
            run(p, &["--no-config", "feeds", "convert", "--from", "lean", &zip, "-o", &table]);
        assert_eq!(done.code, 0, "{}", done.err);
        feeds.push(format!("\"{zip}\""));
    }
    let desk = [
        "--no-config",
        "simulator",
        "replay",
        "oanda/quotes.parquet",
        "--rate",
        "60",
        "--horizon",
        "5m",
        "--drift",
        "1m",
        "--seed",
        "7",
        "-o",
        "desk",
    ];
    let done = run(p, &desk);
    assert_eq!(done.code, 0, "{}", done.err);
    let by_tables = json(&run(p, &["run", "-f", "json"]));
    let config = std::fs::read_to_string(p.join("hindsight.toml")).unwrap();
    let tables = "\"fxcm/quotes.parquet\", \"oanda/quotes.parquet\", ";
    assert!(config.contains(tables), "{config}");
    let config = config
        .replace(tables, "")
        .replace("[run]\n", &format!("[run]\nfeeds = [{}]\n", feeds.join(", ")));
    std::fs::write(p.join("hindsight.toml"), config).unwrap();
    let by_feeds = json(&run(p, &["run", "--dir", "again", "-f", "json"]));
    assert_eq!(done_steps(&by_feeds).first().map(String::as_str), Some("convert"));
    let rows = |document: &serde_json::Value| {
        document["datasets"][0]["rows"].as_str()?.parse::<u64>().ok()
    };
    assert!(rows(&by_feeds).is_some_and(|n| n > 1_000));
    assert_eq!(rows(&by_feeds), rows(&by_tables));
}

/// Starts a run and kills it (SIGKILL) a seeded moment after it has begun a step; whether it died of that.
fn kill_in(dir: &Path, step: &str, moment: Duration) -> bool {
    let mut child = hindsight(dir)
        .args(["run", "-f", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (sender, receiver) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let begun = format!("run: {step:<10} ");
    while receiver.recv().is_ok_and(|line| !line.starts_with(&begun)) {}
    let until = Instant::now() + moment;
    while receiver.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
    child.kill().unwrap();
    let code = child.wait().unwrap().code();
    reader.join().unwrap();
    code.is_none()
}

#[test]
fn killed_in_every_step_and_taken_up_again_the_bytes_are_the_same() {
    let expected = undisturbed();
    let dir = project();
    let steps = [
        "log",
        "log",
        "tables",
        "features",
        "causality",
        "labels",
        "audit",
        "quality",
        "datasets",
        "datasets",
        "latency",
    ];
    for (round, step) in (0_u64..).zip(steps) {
        let mut moment = Duration::from_millis((round * 7_919 + 613) % 400);
        let mut attempts = 0;
        while !kill_in(dir.path(), step, moment) {
            // The step was faster than that: it is done again and killed sooner.
            attempts += 1;
            assert!(attempts < 20, "{step} was never killed");
            moment /= 2;
            std::fs::remove_file(dir.path().join(format!("run/steps/{step}.json"))).unwrap();
        }
    }
    let done = json(&run(dir.path(), &["run", "-f", "json"]));
    assert_eq!(hashes(&done), *expected);
    let left: Vec<String> = listing(&dir.path().join("run"))
        .into_iter()
        .filter(|name| name.strip_suffix(".tmp").is_some())
        .collect();
    assert_eq!(left, Vec::<String>::new());
    // Neither lost nor doubled.
    let ledger = json(&run(dir.path(), &["capture", "ledger", "run/log", "-f", "json"]));
    assert_eq!(ledger["verdict"], "complete");
}

#[test]
fn what_cannot_be_done_says_what_to_do_and_ends_with_its_code() {
    let dir = project();
    let config = std::fs::read_to_string(dir.path().join("hindsight.toml")).unwrap();
    let check = |text: &str, args: &[&str], code: i32, expected: &str| {
        std::fs::write(dir.path().join("hindsight.toml"), text).unwrap();
        let done = run(dir.path(), args);
        assert_eq!(done.code, code, "{}", done.err);
        assert!(done.err.contains(expected), "{}", done.err);
        assert!(!dir.path().join("run/steps").exists(), "nothing was begun");
    };
    check(&config.replace("sources =", "source ="), &["run"], 2, "is it `run.sources`?");
    check(&config.replace("quotes.parquet", "quotez.parquet"), &["run"], 1, "error[cli/not-found]");
    check(&config.replace("entries.toml", "entriez.toml"), &["run"], 1, "entriez.toml");
    check(&config, &["run", "entrees"], 2, "found `entrees` (is it `entries`?)");
    check("[datasets]\nspecs = \"entries.toml\"\n", &["run"], 2, "error[cli/no-sources]");
    let none = config.split("[datasets]").next().unwrap();
    check(none, &["run"], 2, "error[cli/no-datasets]");
    check(&config, &["run", "--dir", "."], 2, "error[cli/not-a-run]");
    let again = config.replace(
        "sources = [",
        &format!("sources = [\"{}\", ", market().join("decisions.parquet").display()),
    );
    check(&again, &["run"], 2, "error[cli/source-twice]");
    for args in [&["run"][..], &["run", "--dry-run"]] {
        check(&config.replace("labels.toml", "labelz.toml"), args, 1, "labelz.toml");
        check(&config.replace("features.toml", "featurez.toml"), args, 1, "featurez.toml");
        let quality = format!("{config}[quality]\nrules = \"none.toml\"\n");
        check(&quality, args, 1, "none.toml");
        let trades = market().join("trades.parquet").display().to_string();
        check(
            &config.replace(&format!(", \"{trades}\""), ""),
            args,
            2,
            "expected an input of table `trades`",
        );
    }
    std::fs::write(dir.path().join("entries.toml"), ENTRIES.replace("ahead", "ahed")).unwrap();
    check(&config, &["run", "--dry-run"], 2, "found `ahed` (is it `ahead`?)");
    let wrong = ENTRIES.replace("chronological", "chronologic");
    std::fs::write(dir.path().join("entries.toml"), wrong).unwrap();
    check(&config, &["run"], 2, "is it `chronological`?");
}

#[test]
fn every_source_that_changes_changes_what_it_should() {
    let dir = project();
    let p = dir.path();
    // A copy of the reference tables, so that one can be changed.
    let config = std::fs::read_to_string(p.join("hindsight.toml")).unwrap();
    let own = market().join("instruments.parquet").display().to_string();
    std::fs::copy(&own, p.join("instruments.parquet")).unwrap();
    std::fs::write(p.join("hindsight.toml"), config.replace(&own, "instruments.parquet")).unwrap();
    json(&run(p, &["run", "-f", "json"]));
    // The same rows with another tick size, which checks read.
    let shown = run(p, &["--no-config", "cat", "instruments.parquet", "-f", "jsonl"]);
    let changed = |line: &str| {
        let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["tick_size"] = "7.5".into();
        row.to_string()
    };
    let other: Vec<String> = shown.text().lines().map(changed).collect();
    std::fs::write(p.join("instruments.jsonl"), other.join("\n")).unwrap();
    let made = run(
        p,
        &[
            "--no-config",
            "feeds",
            "convert",
            "instruments.jsonl",
            "--as",
            "instruments",
            "-o",
            "instruments.parquet",
            "--force",
        ],
    );
    assert_eq!(made.code, 0, "{}", made.err);
    let changed = json(&run(p, &["run", "-f", "json"]));
    assert!(done_steps(&changed).contains(&"quality".to_owned()), "{:?}", done_steps(&changed));
    let fresh = json(&run(p, &["run", "--dir", "fresh", "-f", "json"]));
    assert_eq!(hashes(&changed).1, hashes(&fresh).1);
}

#[test]
fn what_was_built_is_looked_at_and_rejects_are_told() {
    let dir = project();
    let p = dir.path();
    let first = run(p, &["run"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(first.text().contains("rejects "), "{}", first.text());
    assert!(first.err.contains("rows rejected by "), "{}", first.err);
    assert!(first.err.contains(".rejects.arrow"), "{}", first.err);
    let versions = p.join("run/datasets/entries/versions");
    let version = std::fs::read_dir(&versions).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(version.join("_lineage/dropped.parquet")).unwrap();
    let done = run(p, &["run"]);
    assert_eq!(done.code, 6, "{}", done.err);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let dir = project();
    let p = dir.path();
    for (path, text) in [
        ("other/steps/todo.md", "x"),
        ("other/features/mine.txt", "y"),
        ("other/.cache.tmp/z", "z"),
    ] {
        std::fs::create_dir_all(p.join(path).parent().unwrap()).unwrap();
        std::fs::write(p.join(path), text).unwrap();
    }
    let before = listing(&p.join("other"));
    let done = run(p, &["run", "--dir", "other"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("error[cli/not-a-run]"), "{}", done.err);
    assert_eq!(listing(&p.join("other")), before);
}

#[test]
fn a_full_disk_asks_for_space_and_the_same_command_goes_on() {
    let dir = project();
    // A small file system of its own, where the machine lets us have one.
    let place = dir.path().join("small");
    std::fs::create_dir(&place).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
        .arg(&place)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("not run: no file system could be mounted");
        return;
    }
    let full = run(dir.path(), &["run", "--dir", "small/run"]);
    let more =
        std::process::Command::new("mount").args(["-o", "remount,size=2g"]).arg(&place).status();
    let again = run(dir.path(), &["run", "--dir", "small/run", "-f", "json"]);
    let gone = std::process::Command::new("umount").arg("-l").arg(&place).status();
    assert_eq!(full.code, 75, "{}", full.err);
    assert!(full.err.contains("space"), "{}", full.err);
    assert!(more.is_ok_and(|status| status.success()) && gone.is_ok_and(|status| status.success()));
    assert_eq!(hashes(&json(&again)), *undisturbed());
}

#[test]
fn status_says_where_every_stage_stands_and_what_cannot_be_read() {
    let dir = project();
    let lines = |done: &Run| -> Vec<String> {
        done.text().lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let has = |done: &Run, start: &str| lines(done).iter().any(|line| line.starts_with(start));
    let before = run(dir.path(), &["status"]);
    assert_eq!(before.code, 0, "{}", before.err);
    for line in ["project there", "capture none", "run: log not done", "datasets none"] {
        assert!(has(&before, line), "{line}\n{}", before.text());
    }
    assert!(before.err.contains("next: hindsight run"), "{}", before.err);
    assert_eq!(run(dir.path(), &["run"]).code, 0);
    // From a folder inside the project as well: what a run makes lies beside the project's file.
    std::fs::create_dir(dir.path().join("notes")).unwrap();
    let after = run(&dir.path().join("notes"), &["status"]);
    for line in
        ["capture complete", "run: labels done", "run: verify done", "dataset entries@1 published"]
    {
        assert!(has(&after, line), "{line}\n{}", after.text());
    }
    let again = json(&run(&dir.path().join("notes"), &["run", "--dry-run", "-f", "json"]));
    let open = |step: &serde_json::Value| step["is_done"] == true && step["step"] != "verify";
    assert!(!again["steps"].as_array().unwrap().iter().any(open), "{again}");
    let document = json(&run(dir.path(), &["status", "-f", "json"]));
    assert_eq!(document["schema"], "hindsight.status.v1");
    // Damage is a line, and the exit code that of its error; the rest is told all the same.
    std::fs::remove_file(dir.path().join("run/features/features.parquet")).unwrap();
    std::fs::write(dir.path().join("run/log/MANIFEST"), "no manifest\n").unwrap();
    let damaged = run(dir.path(), &["status"]);
    assert_ne!(damaged.code, 0);
    for line in ["capture cannot be read", "run: features gone", "dataset entries@1 published"] {
        assert!(has(&damaged, line), "{line}\n{}{}", damaged.text(), damaged.err);
    }
}

#[test]
fn marks_of_another_log_are_left_out_and_told() {
    let dir = project();
    assert_eq!(run(dir.path(), &["run"]).code, 0);
    let marks = |path: &str| -> usize {
        let done = run(dir.path(), &["-q", "cat", path, "-f", "jsonl"]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().lines().filter(|line| line.contains("\"md_seq_high\":\"")).count()
    };
    let given = marks(market().join("decisions.parquet").to_str().unwrap());
    assert!(given > 100);
    assert_eq!(marks("run/tables/decisions.parquet"), 0);
    let steps = json(&run(dir.path(), &["run", "-f", "json"]));
    let facts = steps["steps"][0]["facts"].to_string();
    assert!(facts.contains("marks_left_out"), "{facts}");
    // Files one after another are those of a decider who reads this very log: what he says is kept.
    let decisions = market().join("decisions.parquet");
    let decisions = decisions.to_str().unwrap();
    let args = ["-q", "capture", "append", "live", decisions, "--rejects", "twice.arrow"];
    assert_eq!(run(dir.path(), &args).code, 0);
    let args = ["-q", "capture", "read", "live", "--table", "decisions", "-o", "live.parquet"];
    assert_eq!(run(dir.path(), &args).code, 0);
    assert!(marks("live.parquet") > 100);
}

#[test]
fn lists_of_the_command_line_are_those_of_a_file_and_a_changed_allowance_is_looked_at_again() {
    let dir = project();
    let sources = |value: &str| {
        let done = run(dir.path(), &["run", "--dry-run", "--set", &format!("run.sources={value}")]);
        (done.code, done.err)
    };
    // A comma belongs to the name where quotes say so; without them it separates.
    let (code, said) = sources("[\"a,b.parquet\", 'c.parquet']");
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("a,b.parquet: expected") && said.contains("c.parquet: expected"),
        "{said}"
    );
    let (_, said) = sources("a,b.parquet");
    assert!(said.contains(" a: expected") && said.contains(" b.parquet: expected"), "{said}");
    let (code, said) = sources("[\"a.parquet\"");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("run.sources") && said.contains("a list of them"), "{said}");

    assert_eq!(run(dir.path(), &["run"]).code, 0);
    let plan =
        json(&run(dir.path(), &["run", "--dry-run", "--set", "rejects.max=0", "-f", "json"]));
    assert!(plan["steps"][0]["why"].as_str().unwrap().contains("rejects.max"), "{plan}");
    // And what it says of them names no flag that `run` has not.
    let done = run(dir.path(), &["run", "--set", "rejects.max=0"]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert!(
        done.err.contains("key `rejects.max`") && !done.err.contains("--rejects"),
        "{}",
        done.err
    );
}
