//! `datasets build`, `list`, `show`, `diff`, `verify`, `export`, `trace`, `pin`, `withdraw` and `gc`: a desk of 400
//! decisions whose every number is known, or a typed error.

use crate::market::Market;
use crate::support::{Run, run, stream};
use contract::LabelStatus;
use std::path::{Path, PathBuf};

const SPEC: &str = r#"
kind = "signal"
[[target]]
name = "grade"
task = "ordinal"
[weights]
use = ["uniqueness"]
[split]
strategy = "chronological"
fractions = [0.6, 0.2, 0.2]
embargo = "2m"
[gate]
allow_not_evaluated = ["causality", "labels"]
"#;

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

/// A folder with the three tables and a spec.
fn desk(market: &Market) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for (name, table) in
        [("d", market.decisions()), ("f", market.features()), ("l", market.labels())]
    {
        std::fs::write(dir.join(format!("{name}.arrows")), stream(&[table])).unwrap();
    }
    write(dir, "entries.toml", SPEC);
    folder
}

fn build(dir: &Path, more: &[&str]) -> Run {
    let mut args = vec!["datasets", "build", "d.arrows", "f.arrows", "l.arrows", "--store", "sets"];
    args.extend(more);
    run(dir, &args)
}

fn datasets(dir: &Path, args: &[&str]) -> Run {
    let mut all = vec!["datasets"];
    all.extend(args);
    all.extend(["--store", "sets"]);
    run(dir, &all)
}

fn out(done: &Run) -> String {
    assert_eq!(done.code, 0, "{}", done.err);
    String::from_utf8(done.out.clone()).unwrap()
}

fn json(done: &Run) -> serde_json::Value {
    serde_json::from_str(&out(done)).unwrap()
}

#[test]
fn a_version_is_built_shown_verified_exported_and_traced() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    let made = json(&build(dir, &["--spec", "entries.toml", "-f", "json"]));
    let version = &made["versions"][0];
    assert_eq!((&version["dataset"], &version["ordinal"]), (&"entries".into(), &1.into()));
    let rows: u64 =
        version["splits"].as_array().unwrap().iter().map(|s| s["rows"].as_u64().unwrap()).sum();
    let dropped: u64 =
        version["dropped"].as_array().unwrap().iter().map(|d| d["rows"].as_u64().unwrap()).sum();
    assert_eq!((rows + dropped, version["selected"].as_u64()), (400, Some(400)));
    assert_eq!(version["certificate"]["verdict"], "waived");
    // Again: the same bytes, the same number.
    let again = json(&build(dir, &["--spec", "entries.toml", "--threads", "3", "-f", "json"]));
    assert_eq!(again["versions"][0]["manifest_hash"], version["manifest_hash"]);
    assert_eq!(again["versions"][0]["is_new"], false);
    let shown = out(&datasets(dir, &["show", "entries"]));
    assert!(
        shown.starts_with(&format!("entries@1, {rows} rows for signal models, deployable\n")),
        "{shown}"
    );
    let manifest = json(&datasets(dir, &["show", "entries@1", "-f", "json"]));
    assert_eq!(manifest["selected"], 400);
    let verified = out(&datasets(dir, &["verify", "entries@latest"]));
    assert!(verified.contains("every hash as recorded"), "{verified}");
    assert!(verified.contains("as it was stored: causality, labels"), "{verified}");
    let train = out(&datasets(dir, &["export", "entries", "-f", "csv", "--roles", "key,label"]));
    let train_rows = manifest["splits"]["train"]["rows"].as_u64().unwrap();
    assert_eq!(train.lines().count() as u64, train_rows + 1);
    assert_eq!(
        train.lines().next(),
        Some("row_id,ts_cutoff,seq,instrument_id,strategy_id,label__grade,label__end")
    );
    let id = Market::id(0).to_string();
    let traced = json(&datasets(dir, &["trace", "entries", "--row", &id, "-f", "json"]));
    assert_eq!((&traced["split"], &traced["seq"]), (&"train".into(), &"9".into()));
    assert_eq!(traced["own_seqs"], serde_json::json!(["9"]));
    // Decision 0 is at 9 of the log; features of row 0 read 0 to 8, its label 9 to 19.
    let held = json(&datasets(dir, &["trace", "--record", "5", "-f", "json"]));
    assert_eq!(held["versions"][0]["rows"], 1);
    let list = out(&datasets(dir, &["list", "entries"]));
    assert_eq!(list.lines().count(), 2);
    let events = out(&datasets(dir, &["list", "entries", "-f", "jsonl"]));
    assert_eq!(events.lines().count(), 1);
    let event: serde_json::Value = serde_json::from_str(events.trim()).unwrap();
    assert_eq!((&event["kind"], &event["dataset"]), (&"published".into(), &"entries".into()));
}

#[test]
fn a_look_at_test_is_recorded_and_one_at_train_is_not() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    assert_eq!(build(dir, &["--spec", "entries.toml"]).code, 0);
    let looks = dir.join("sets/entries/runs/looks.ndjson");
    out(&datasets(dir, &["export", "entries", "-f", "csv"]));
    assert!(!looks.exists());
    out(&datasets(dir, &["export", "entries", "--split", "test", "-f", "csv"]));
    let text = std::fs::read_to_string(looks).unwrap();
    let look: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!((&look["split"], &look["version"]), (&"test".into(), &1.into()));
}

#[test]
fn a_corrected_label_makes_a_version_that_diff_explains() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    assert_eq!(build(dir, &["--spec", "entries.toml"]).code, 0);
    let class = if Market::class(10) == 1 { -1 } else { 1 };
    let market =
        Market { revisions: vec![(10, 1, Some(class), 6, LabelStatus::Final)], ..Market::of(400) };
    std::fs::write(dir.join("l.arrows"), stream(&[market.labels()])).unwrap();
    assert_eq!(build(dir, &["--spec", "entries.toml"]).code, 0);
    let found = json(&datasets(dir, &["diff", "entries@1", "entries@2", "-f", "json"]));
    assert_eq!(found["class"], "labels_revised");
    let text = out(&datasets(dir, &["diff", "entries@1", "entries@2"]));
    assert!(text.contains("labels_revised"), "{text}");
}

#[test]
fn what_the_certificate_does_not_say_refuses_and_publishes_nothing() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    let strict = SPEC.split("[gate]").next().unwrap();
    write(dir, "strict.toml", strict);
    // The first of two would pass: nothing of either is published.
    let refused = build(dir, &["--spec", "entries.toml", "--spec", "strict.toml"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(
        refused.err.contains("error[cli/dataset-refused]: strict: not fit to be used: causality")
    );
    let versions: Vec<PathBuf> = std::fs::read_dir(dir.join("sets"))
        .unwrap()
        .map(|e| e.unwrap().path().join("log"))
        .collect();
    assert!(versions.iter().all(|log| std::fs::read_dir(log).map_or(0, Iterator::count) == 0));
    let list = out(&datasets(dir, &["list"]));
    assert_eq!(list.lines().count(), 1, "{list}");
}

#[test]
fn mistakes_are_named_with_what_is_near_and_end_with_two() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    let check = |spec: &str, expected: &str| {
        write(dir, "wrong.toml", spec);
        let done = build(dir, &["--spec", "wrong.toml"]);
        assert_eq!(done.code, 2, "{}", done.err);
        assert!(done.err.contains(expected), "{}", done.err);
        assert!(!dir.join("sets").exists());
    };
    check(
        &SPEC.replace("grade", "grades"),
        "no target of the labels fits `grades` (is it `grade`?)",
    );
    check(&SPEC.replace("signal", "signals"), "unknown kind of model `signals` (is it `signal`?)");
    check(&SPEC.replace("embargo = \"2m\"", ""), "`0s` must be written, there is no default");
    check(
        &SPEC.replace("[split]", "[features]\ninclude = [\"nope__*\"]\n[split]"),
        "no feature fits `nope__*`",
    );
    // All mistakes at once.
    let two = SPEC.replace("signal", "signals").replace("ordinal", "ordinary");
    check(&two, "unknown task `ordinary` (is it `ordinal`?)");
    check(&two, "unknown kind of model `signals`");
    let twice = build(dir, &["--spec", "a=entries.toml", "--spec", "a=entries.toml"]);
    assert_eq!((twice.code, twice.err.contains("found `a` twice")), (2, true), "{}", twice.err);
    let without = run(
        dir,
        &["datasets", "build", "d.arrows", "l.arrows", "--spec", "entries.toml", "--store", "sets"],
    );
    assert_eq!(
        (without.code, without.err.contains("rows of the table `features`, found none")),
        (2, true)
    );
    for command in [&["show", "entries"][..], &["list"]] {
        let none = datasets(dir, command);
        let expected = "store `sets`: expected a folder of datasets, found no folder";
        assert_eq!((none.code, none.err.contains(expected)), (2, true), "{}", none.err);
    }
    write(dir, "report.json", "{\"schema\": \"other\"}");
    let report = build(dir, &["--spec", "entries.toml", "--causality", "report.json"]);
    assert_eq!((report.code, report.err.contains("cli/report-file")), (2, true), "{}", report.err);
}

#[test]
fn a_damaged_file_ends_verify_with_six_and_withdrawn_versions_say_why() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    let made = json(&build(dir, &["--spec", "entries.toml", "-f", "json"]));
    let path = dir.join(made["versions"][0]["path"].as_str().unwrap());
    let file = path.join("data/train/2026-03-02-000.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let done = datasets(dir, &["verify", "entries"]);
    assert_eq!(done.code, 6, "{}", done.err);
    assert!(done.err.contains("data/train/2026-03-02-000.parquet"), "{}", done.err);
    let gone = datasets(dir, &["withdraw", "entries@1", "--reason", "a bad day"]);
    assert_eq!(gone.code, 0, "{}", gone.err);
    let shown = datasets(dir, &["show", "entries@1"]);
    assert_eq!((shown.code, shown.err.contains("a bad day")), (3, true), "{}", shown.err);
}

#[test]
fn a_plan_of_collection_touches_nothing_until_yes() {
    let folder = desk(&Market::of(400));
    let dir = folder.path();
    let day = |n: u32| format!("2026-07-{n:02}T00:00:00Z");
    for n in 1..=3 {
        let spec = SPEC.replace("2m", &format!("{n}m"));
        write(dir, "entries.toml", &spec);
        let done = build(dir, &["--spec", "entries.toml", "--now", &day(n)]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
    assert_eq!(datasets(dir, &["pin", "entries@1"]).code, 0);
    let plan = |yes: bool| {
        let mut args = vec!["gc", "--keep", "1", "--now", "2026-08-01T00:00:00Z", "-f", "json"];
        args.extend(yes.then_some("--yes"));
        json(&datasets(dir, &args))
    };
    let first = plan(false);
    // 1 is pinned, 3 is the newest: 2 may go.
    assert!(
        first["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|i| i["why"] == "version 2: nothing keeps it")
    );
    assert_eq!(datasets(dir, &["verify", "entries@2"]).code, 0);
    assert_eq!(plan(true)["removed"], true);
    let gone = datasets(dir, &["show", "entries@2"]);
    assert!(gone.err.contains("datasets/collected"), "{}", gone.err);
    assert_eq!(datasets(dir, &["verify", "entries@1"]).code, 0);
    assert_eq!(datasets(dir, &["verify", "entries@3"]).code, 0);
}
