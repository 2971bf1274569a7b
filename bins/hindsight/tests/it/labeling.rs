//! `labeling run`, `show`, `validate`, `diff` and `check`: labels of a simulated desk, the audit of them, or a typed error.

use crate::support::{decisions, listing, read_stream, run, run_with, stream};
use contract::arrow_array::RecordBatch;
use contract::{Batch, Draft, LabelTests, Labels, Outcomes, Quotes};
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

/// A volatility that two minutes can know, and a horizon that ends inside them.
const RULES: &str = r#"
id = "short"
version = 1
[measures]
max_life = "10m"
horizon = "5s"
max_exit_delay = "20s"
offsets = ["0s", "1s"]
[sigma]
from = "path"
window = "20s"
step = "1s"
min_steps = 5
[triple_barrier.touch]
covers = { decisions = ["enter", "increase"], basis = ["realized", "marked"] }
barriers = { profit_bps = 10, loss_bps = 10, vertical = "zero" }
[meta.worth_it]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["realized", "marked"] }
min_edge_bps = 0
[fill.filled]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["realized", "marked", "counterfactual"] }
[grade]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["realized", "marked"] }
base = { by = "r_net_sigma", cuts = [-1.5, -0.5, 0.5, 1.5] }
cap.no_profit = { when = { net_pnl = { at_most = 0 } }, to = "neutral" }
"#;

/// A rule that is better for the worse, a key that does not exist, a horizon that is no duration.
const WRONG: &str = r#"id = "wrong"
version = 1
[measures]
max_life = "1d"
horizon = "soon"
[grade]
covers = { decisions = ["enter"], basis = ["realized", "marked"] }
base = { by = "r_net_sigma", cuts = [-1, 0, 1, 2] }
cap.upside_down = { when = { net_pnl = { above = 0 } }, to = "neutral" }
colour = 1
"#;

/// What the desk left behind.
const DESK: [&str; 9] = [
    "m/decisions.parquet",
    "m/executions.parquet",
    "m/quotes.parquet",
    "m/statuses.parquet",
    "m/feed_marks.parquet",
    "m/postings.parquet",
    "m/instruments.parquet",
    "m/sessions.parquet",
    "m/fee_schedules.parquet",
];

const QUOTES: &str = "\
source_id,instrument_id,ts_recv,ts_avail,bid_px,ask_px,bid_size,ask_size
1,7,2026-03-02T14:29:59Z,2026-03-02T14:29:59Z,99,101,1,1
1,7,2026-03-02T14:30:00.5Z,2026-03-02T14:30:00.5Z,103,104,1,1
1,7,2026-03-02T14:30:02Z,2026-03-02T14:30:02Z,90,91,1,1
1,7,2026-03-02T14:31:00Z,2026-03-02T14:31:00Z,90,91,1,1
";

/// The sign of the mid a second after the decision.
const AHEAD: &str = r#"
id = "ahead"
version = 1
measures = { anchor = "decision", horizon = "1s", max_life = "1m", offsets = ["0s", "1s"] }
[fixed_horizon.ahead]
covers = { decisions = ["enter"], basis = ["counterfactual"] }
"#;

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

fn simulate(dir: &Path) {
    write(dir, "short.toml", SHORT);
    let args = ["simulator", "run", "--scenario", "short.toml", "--seed", "7", "-o", "m"];
    let done = run(dir, &args);
    assert_eq!(done.code, 0, "{}", done.err);
    write(dir, "rules.toml", RULES);
}

/// Three decisions, of which every other one enters, and a few quotes.
fn by_hand(dir: &Path) {
    std::fs::write(dir.join("decisions.arrows"), stream(&[decisions(0..3)])).unwrap();
    write(dir, "quotes.csv", QUOTES);
    convert(dir, "quotes");
    write(dir, "ahead.toml", AHEAD);
}

fn convert(dir: &Path, name: &str) {
    let (csv, parquet) = (format!("{name}.csv"), format!("{name}.parquet"));
    let done = run(dir, &["feeds", "convert", "--as", "quotes", &csv, "-o", &parquet, "--force"]);
    assert_eq!(done.code, 0, "{}", done.err);
}

fn table<T: contract::Table>(dir: &Path, path: &str) -> Draft<T> {
    let done = run(dir, &["cat", path]);
    assert_eq!(done.code, 0, "{}", done.err);
    Draft::<T>::parse(&read_stream(&done.out)).unwrap()
}

#[test]
fn a_label_is_that_of_the_price_at_the_end_of_its_window() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let args = ["labeling", "run", "--rules", "ahead.toml", "decisions.arrows", "quotes.parquet"];
    let done = run(dir.path(), &[&args[..], &["-o", "labels"]].concat());
    assert_eq!((done.code, done.text()), (0, ""), "{}", done.err);
    assert_eq!(
        listing(&dir.path().join("labels")),
        ["labels.parquet", "markouts.parquet", "outcomes.parquet", "pending.parquet"]
    );
    // Bought at 101, left at the bid of 103 that held a second later.
    let labels = table::<Labels>(dir.path(), "labels/labels.parquet");
    assert_eq!(labels.len(), 2);
    assert_eq!(labels.cell(&Labels::CLASS, 0).unwrap(), Some(1));
    let value = labels.cell(&Labels::VALUE, 0).unwrap().unwrap();
    assert!((value - 2.0 / 101.0 * 1e4).abs() < 1e-9, "{value}");
    for part in ["labeling run: 3 decisions from 7 rows by ahead version 1", "outcomes 2, labels 2"]
    {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }

    // The same through a pipe, and one table to standard output.
    let quotes = run(dir.path(), &["cat", "quotes.parquet"]).out;
    let args = ["labeling", "run", "--rules", "ahead.toml", "decisions.arrows", "-"];
    let piped = run_with(dir.path(), &[&args[..], &["--stream", "labels"]].concat(), &quotes);
    assert_eq!(piped.code, 0, "{}", piped.err);
    assert_eq!(read_stream(&piped.out), labels.into_record_batch());
}

#[test]
fn every_decision_has_one_place_in_every_target_and_batches_and_threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let go = |words: &[&str], to: &str| {
        let args = ["labeling", "run", "--rules", "rules.toml", "-o", to];
        let done = run(dir.path(), &[&args[..], words, &DESK].concat());
        assert_eq!((done.code, done.text()), (0, ""), "{}", done.err);
        let files: Vec<(String, Vec<u8>)> = listing(&dir.path().join(to))
            .into_iter()
            .map(|name| (name.clone(), std::fs::read(dir.path().join(to).join(name)).unwrap()))
            .collect();
        (files, done.err)
    };
    let (first, said) = go(&["--metrics-file", "metrics.txt", "--log-format", "json"], "a");
    let closing = said.lines().last().unwrap();
    assert!(closing.starts_with(r#"{"schema":"hindsight.labeling.v1""#), "{closing}");
    let number = |text: &str, key: &str| -> u64 {
        let rest = text.split(&format!("\"{key}\":")).nth(1).unwrap();
        rest.split([',', '}']).next().unwrap().parse().unwrap()
    };
    let n = number(closing, "decisions");
    assert!(n > 100, "{n} decisions");
    let targets: Vec<&str> = closing.split(r#"{"target":"#).skip(1).collect();
    assert_eq!(targets.len(), 4, "{closing}");
    for target in targets {
        let places = ["labelled", "pending", "rejected", "not_applicable"];
        assert_eq!(places.map(|key| number(target, key)).iter().sum::<u64>(), n, "{target}");
        assert!(number(target, "labelled") > 20, "{target}");
    }
    for (words, to) in [
        (&["--batch-rows", "97", "--threads", "2"][..], "b"),
        (&["--batch-rows", "1000", "--threads", "3"], "c"),
    ] {
        assert!(go(words, to).0 == first, "{words:?} changed the output");
    }
    let metrics = std::fs::read_to_string(dir.path().join("metrics.txt")).unwrap();
    for name in ["hindsight_labels_total{target=\"grade\"", "hindsight_labels_pending_rows "] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    for line in metrics.lines().filter(|line| line.starts_with("# HELP hindsight_label")) {
        assert!(line.split(' ').count() > 4, "{line} is explained");
    }

    // Labels that know the future are refused where features are made.
    let args = ["features", "run", "m/decisions.parquet", "a/labels.parquet", "-f", "csv"];
    let refused = run(dir.path(), &args);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("error[features/hindsight-input]"), "{}", refused.err);
}

#[test]
fn several_files_of_one_table_are_merged_and_their_order_does_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let whole = read_stream(&run(dir.path(), &["cat", "m/quotes.parquet"]).out);
    let quotes = Draft::<Quotes>::parse(&whole).unwrap();
    // Runs of rows go to one file and the other in turn; rows of one receipt stay together.
    let mut parts: [Vec<RecordBatch>; 2] = [Vec::new(), Vec::new()];
    let (stamps, mut start, mut turn) = (quotes.ts_recv(), 0, 0);
    for row in 1..=quotes.len() {
        let ends = row == quotes.len() || stamps.value(row) > stamps.value(row - 1);
        if row == quotes.len() || (row - start >= 50 && ends) {
            parts[turn % 2].push(whole.slice(start, row - start));
            (start, turn) = (row, turn + 1);
        }
    }
    assert!(turn > 4, "{turn} runs");
    for (part, name) in parts.iter().zip(["q0.arrows", "q1.arrows"]) {
        std::fs::write(dir.path().join(name), stream(part)).unwrap();
    }
    let others = ["m/decisions.parquet", "m/executions.parquet", "m/instruments.parquet"];
    let labels = |quotes: &[&str]| {
        let args = ["labeling", "run", "--rules", "rules.toml", "--stream", "labels"];
        let done = run(dir.path(), &[&args[..], &others, quotes].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        read_stream(&done.out)
    };
    let expected = labels(&["m/quotes.parquet"]);
    assert!(expected.num_rows() > 100, "{} labels", expected.num_rows());
    for pair in [["q0.arrows", "q1.arrows"], ["q1.arrows", "q0.arrows"]] {
        assert_eq!(labels(&pair), expected);
    }
}

#[test]
fn what_does_not_end_waits_in_pending_and_an_empty_table_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    // A window of two minutes, of which one has passed.
    let open = AHEAD.replace("\"1s\", max_life = \"1m\"", "\"2m\", max_life = \"2m\"");
    write(dir.path(), "ahead.toml", &open);
    let args = ["labeling", "run", "--rules", "ahead.toml", "quotes.parquet"];
    let with = |rest: &[&str]| run(dir.path(), &[&args[..], rest].concat());
    let done = with(&["decisions.arrows", "-o", "labels", "--pending", "waits.csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(table::<Labels>(dir.path(), "labels/labels.parquet").len(), 0);
    assert_eq!(table::<Outcomes>(dir.path(), "labels/outcomes.parquet").len(), 0);
    let waits = std::fs::read_to_string(dir.path().join("waits.csv")).unwrap();
    assert_eq!(waits.lines().count(), 3, "{waits}");
    let none = with(&["decisions.arrows", "--stream", "labels", "--fail-if-empty"]);
    assert_eq!((none.code, none.text()), (4, ""), "{}", none.err);

    std::fs::write(dir.path().join("none.arrows"), stream(&[decisions(0..0)])).unwrap();
    let done = with(&["none.arrows", "-o", "empty"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("labeling run: 0 decisions from 4 rows"), "{}", done.err);
}

#[test]
fn a_decision_without_market_data_is_a_reject() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    write(dir.path(), "quotes.csv", &QUOTES.replace("1,7,", "1,8,"));
    convert(dir.path(), "quotes");
    let args = ["labeling", "run", "--rules", "ahead.toml", "decisions.arrows", "quotes.parquet"];
    let stopped = run(dir.path(), &[&args[..], &["--stream", "labels"]].concat());
    assert_eq!((stopped.code, stopped.text()), (5, ""), "{}", stopped.err);
    assert!(stopped.err.contains("error[cli/too-many-rejects]"), "{}", stopped.err);
    let done = run(dir.path(), &[&args[..], &["-o", "labels"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let said = "rejects: labeling/no-path 2, in labels/rejects.parquet";
    assert!(done.err.contains(said), "{}", done.err);
    let rejects = run(dir.path(), &["cat", "labels/rejects.parquet", "-f", "jsonl"]);
    assert!(rejects.text().contains(r#""code":"labeling/no-path""#), "{}", rejects.text());
}

#[test]
fn a_request_that_cannot_be_answered_is_a_typed_error_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    by_hand(dir.path());
    let mut back: Vec<&str> = QUOTES.lines().collect();
    back.swap(1, 2);
    write(dir.path(), "back.csv", &format!("{}\n", back.join("\n")));
    convert(dir.path(), "back");
    write(dir.path(), "wrong.toml", WRONG);
    write(dir.path(), "empty.arrows", "");
    let other = AHEAD.replace("1s\"]", "2s\"]");
    write(dir.path(), "other.toml", &other);
    let numbered =
        Draft::<Quotes>::parse(&read_stream(&run(dir.path(), &["cat", "quotes.parquet"]).out))
            .unwrap()
            .with_seq(5)
            .into_record_batch();
    let swapped = [numbered.slice(2, 2), numbered.slice(0, 2)];
    std::fs::write(dir.path().join("seq.arrows"), stream(&[numbered])).unwrap();
    std::fs::write(dir.path().join("swapped.arrows"), stream(&swapped)).unwrap();
    let logged = Draft::<contract::Decisions>::parse(&decisions(0..3)).unwrap();
    let logged = logged.with_seq(4).into_record_batch();
    std::fs::write(dir.path().join("logged.arrows"), stream(&[logged])).unwrap();
    let hash = "0".repeat(64);
    let before = listing(dir.path());
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (vec!["absent.parquet", "quotes.parquet"], 1, "error[cli/not-found]"),
        (vec!["empty.arrows", "quotes.parquet"], 5, "error[cli/empty-input]"),
        (vec!["m", "quotes.parquet"], 2, "error[cli/is-a-directory]"),
        (
            vec!["quotes.parquet"],
            2,
            "error[cli/missing-input]: expected an input of table `decisions`, of which every row is labelled, found none",
        ),
        (
            vec!["decisions.arrows"],
            2,
            "error[cli/missing-input]: expected an input of table `quotes`",
        ),
        (
            vec!["decisions.arrows", "quotes.parquet", "m/depths.parquet"],
            2,
            "error[labeling/unexpected-table]: m/depths.parquet: expected one of the tables decisions,",
        ),
        (
            vec!["decisions.arrows", "back.parquet"],
            2,
            "error[cli/unsorted-input]: back.parquet, row 1: expected ts_avail 2026-03-02T14:30:00.500000000Z or later",
        ),
        (
            vec!["decisions.arrows", "swapped.arrows"],
            2,
            "error[cli/unsorted-input]: swapped.arrows, row 2: expected seq above 8, found 5",
        ),
        (
            vec!["logged.arrows", "seq.arrows"],
            2,
            "error[cli/seq-twice]: expected each seq once, as in one log, found 5 in `decisions` and `quotes`",
        ),
        (
            vec!["--rules", "wrong.toml", "decisions.arrows", "quotes.parquet"],
            2,
            "--> wrong.toml:10:1",
        ),
        (
            vec!["--rules", "other.toml", "decisions.arrows", "quotes.parquet"],
            2,
            "error[labeling/rule-set-conflict]",
        ),
        (
            vec!["--pin", &hash, "decisions.arrows", "quotes.parquet"],
            6,
            "error[labeling/pinned-hash]",
        ),
        (vec!["--pin", "12", "decisions.arrows", "quotes.parquet"], 2, "error[cli/bad-value]"),
    ];
    for (words, code, said) in cases {
        let args = ["labeling", "run", "--rules", "ahead.toml", "-o", "labels"];
        let done = run(dir.path(), &[&args[..], &words].concat());
        assert_eq!((done.code, done.text()), (code, ""), "{words:?}: {}", done.err);
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
        assert_eq!(listing(dir.path()), before, "{words:?} left something behind");
    }
    let args = ["labeling", "run", "decisions.arrows", "quotes.parquet", "--stream", "decisions"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("--stream: expected outcomes, labels,"), "{}", done.err);
}

#[test]
fn validate_says_every_mistake_with_its_place_and_show_what_holds() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "wrong.toml", WRONG);
    write(dir.path(), "rules.toml", RULES);
    write(dir.path(), "broken.toml", "id = \n");
    let wrong = run(dir.path(), &["labeling", "validate", "wrong.toml", "broken.toml", "no.toml"]);
    assert_eq!((wrong.code, wrong.text()), (1, ""), "{}", wrong.err);
    for said in [
        "error[labeling/malformed-value]: measures.horizon",
        "--> wrong.toml:5:11",
        "5 | horizon = \"soon\"",
        "error[labeling/wrong-side]",
        "--> wrong.toml:9:",
        "error[labeling/unknown-key]: grade.colour",
        "--> wrong.toml:10:1",
        "error[labeling/malformed-spec]",
        "--> broken.toml:1:",
        "error[cli/not-found]: no.toml",
    ] {
        assert!(wrong.err.contains(said), "{said}: {}", wrong.err);
    }
    let wrong = run(dir.path(), &["labeling", "validate", "wrong.toml"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);

    let good = run(dir.path(), &["labeling", "validate", "rules.toml"]);
    assert_eq!(good.code, 0, "{}", good.err);
    assert!(good.text().contains("rules.toml  short version 1"), "{}", good.text());
    let hash = good.text().lines().nth(1).unwrap().rsplit(' ').next().unwrap();
    // Layout and comments are no part of a hash.
    write(dir.path(), "same.toml", &format!("# the same\n{}", RULES.replace(" = ", "=")));
    for command in [["labeling", "validate"], ["labeling", "show"]] {
        let pinned = run(dir.path(), &[&command[..], &["same.toml", "--pin", hash]].concat());
        assert_eq!(pinned.code, 0, "{}", pinned.err);
        write(dir.path(), "moved.toml", &RULES.replace("0.5, 1.5]", "0.6, 1.5]"));
        let moved = run(dir.path(), &[&command[..], &["moved.toml", "--pin", hash]].concat());
        assert_eq!(moved.code, 6, "{}", moved.err);
        assert!(moved.err.contains("error[labeling/pinned-hash]: moved.toml"), "{}", moved.err);
    }

    let shown = run(dir.path(), &["labeling", "show", "rules.toml", "-f", "json"]);
    assert!(shown.text().contains(&format!("\"hash\":\"{hash}\"")), "{}", shown.text());
    let measures = run(dir.path(), &["labeling", "show", "--measures"]);
    assert!(
        measures.text().contains("net_pnl             quote currency  higher"),
        "{}",
        measures.text()
    );
    // The text to start from is a rule set.
    let text = run(dir.path(), &["labeling", "show", "--text"]);
    std::fs::write(dir.path().join("start.toml"), &text.out).unwrap();
    assert_eq!(run(dir.path(), &["labeling", "validate", "start.toml"]).code, 0);
}

#[test]
fn the_project_names_its_rules_and_nobody_else_does() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let later =
        AHEAD.replace("version = 1", "version = 2\neffective_from = \"2027-01-01T00:00:00Z\"");
    write(dir.path(), "later.toml", &later);
    for (rules, found) in [
        ("\"ahead.toml\"", vec!["ahead version 1"]),
        ("[\"ahead.toml\", \"later.toml\"]", vec!["ahead version 1", "ahead version 2"]),
    ] {
        write(dir.path(), "hindsight.toml", &format!("[labeling]\nrules = {rules}\n"));
        let done = run(dir.path(), &["labeling", "validate"]);
        assert_eq!(done.code, 0, "{}", done.err);
        for set in found {
            assert!(done.text().contains(set), "{set}: {}", done.text());
        }
    }
    write(dir.path(), "hindsight.toml", "[labeling]\nrules = [1]\n");
    let done = run(dir.path(), &["labeling", "validate"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("expected a path in quotes, or a list of them"), "{}", done.err);
}

#[test]
fn a_diff_counts_what_moves_and_its_gate_says_no() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    write(
        dir.path(),
        "new.toml",
        &RULES.replace("0.5, 1.5]", "0.1, 0.2]").replace("n = 1", "n = 2"),
    );
    let args = ["labeling", "run", "--rules", "rules.toml", "-o", "labels"];
    assert_eq!(run(dir.path(), &[&args[..], &DESK].concat()).code, 0);
    let same = run(dir.path(), &["labeling", "diff", "rules.toml", "rules.toml"]);
    assert!(same.text().ends_with("nothing changes\n"), "{}", same.text());
    let dry =
        ["labeling", "diff", "rules.toml", "new.toml", "--outcomes", "labels/outcomes.parquet"];
    let with = ["--decisions", "m/decisions.parquet", "--max-changed-share"];
    let open = run(dir.path(), &[&dry[..], &with, &["100%"]].concat());
    assert_eq!(open.code, 0, "{}", open.err);
    for said in ["rules alone change", "dry run: ", "all strategies: ", "before \\ after"] {
        assert!(open.text().contains(said), "{said}: {}", open.text());
    }
    let shut = run(dir.path(), &[&dry[..], &with, &["0", "-f", "json"]].concat());
    assert_eq!(shut.code, 3, "{}", shut.err);
    assert!(shut.err.contains("error[labeling/changed-too-much]"), "{}", shut.err);
    assert!(shut.text().starts_with(r#"{"schema":"hindsight.rule_diff.v1""#), "{}", shut.text());
    write(dir.path(), "path.toml", &RULES.replace("horizon = \"5s\"", "horizon = \"6s\""));
    let args =
        ["labeling", "diff", "rules.toml", "path.toml", "--outcomes", "labels/outcomes.parquet"];
    let other = run(dir.path(), &args);
    assert_eq!(other.code, 2);
    assert!(other.err.contains("error[labeling/other-measures]"), "{}", other.err);
}

#[test]
fn the_audit_agrees_and_finds_a_class_that_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let args = ["labeling", "run", "--rules", "rules.toml", "-f", "arrow", "-o", "labels"];
    assert_eq!(run(dir.path(), &[&args[..], &DESK].concat()).code, 0);
    let check = ["labeling", "check", "--rules", "rules.toml"];
    let with = |words: &[&str]| run(dir.path(), &[&check[..], &DESK, words].concat());
    let good = with(&["--labels", "labels", "--sample", "400", "-o", "checked"]);
    assert_eq!(good.code, 0, "{}{}", good.text(), good.err);
    for said in ["decisions, of 416  400", "passed\n", "0 contradictions", "cells: "] {
        assert!(good.text().contains(said), "{said}: {}", good.text());
    }
    assert_eq!(
        listing(&dir.path().join("checked")),
        ["label_audits.parquet", "label_tests.parquet"]
    );
    let tests = table::<LabelTests>(dir.path(), "checked/label_tests.parquet");
    let verdicts: Vec<&str> =
        (0..tests.len()).map(|row| tests.cell(&LabelTests::VERDICT, row).unwrap()).collect();
    assert!(verdicts.contains(&"insufficient"), "{verdicts:?}");
    // Labels made now are the labels of the run.
    let now = with(&["--sample", "400", "-f", "json"]);
    assert_eq!(now.code, 0, "{}", now.err);
    assert!(now.text().contains(r#""decisions":{"n":400,"#), "{}", now.text());

    // A sample that can say nothing is no pass.
    let few = with(&["--labels", "labels", "--sample", "20"]);
    assert_eq!(few.code, 3);
    assert!(few.err.contains("error[cli/not-accurate]"), "{}", few.err);

    // Every class of one target moved by one.
    let path = dir.path().join("labels/labels.arrow");
    let labels = table::<Labels>(dir.path(), "labels/labels.arrow");
    let batch = labels.as_any().clone().into_record_batch();
    let at = batch.schema().index_of("class").unwrap();
    let classes: contract::arrow_array::Int8Array = (0..labels.len())
        .map(|row| {
            let moved = labels.cell(&Labels::TARGET, row).unwrap() == "filled";
            let class = labels.cell(&Labels::CLASS, row).unwrap();
            class.map(|class| if moved { 1 - class } else { class })
        })
        .collect();
    let mut columns = batch.columns().to_vec();
    columns[at] = std::sync::Arc::new(classes);
    let damaged = RecordBatch::try_new(batch.schema(), columns).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(path.with_extension("arrows"), stream(&[damaged])).unwrap();
    let bad = with(&["--labels", "labels", "--sample", "400", "-o", "bad"]);
    assert_eq!(bad.code, 3, "{}", bad.text());
    assert!(bad.text().contains("failed") && bad.text().contains("  class  "), "{}", bad.text());
    assert!(bad.err.contains("labels `filled` that differ"), "{}", bad.err);
    assert_eq!(listing(&dir.path().join("bad")).len(), 2, "the findings are kept");
}

#[test]
fn rows_of_a_log_are_taken_by_seq() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let quotes = table::<Quotes>(dir.path(), "quotes.parquet");
    let decided = Draft::<contract::Decisions>::parse(&decisions(0..3)).unwrap();
    // One quote, three decisions, three quotes.
    let first = quotes.slice(0, 1).with_seq(0).into_record_batch();
    let rest = quotes.slice(1, 3).with_seq(4).into_record_batch();
    let decided: Batch<contract::Decisions> = decided.with_seq(1);
    std::fs::write(dir.path().join("q0.arrows"), stream(&[first])).unwrap();
    std::fs::write(dir.path().join("q1.arrows"), stream(&[rest])).unwrap();
    std::fs::write(dir.path().join("d.arrows"), stream(&[decided.into_record_batch()])).unwrap();
    let args = ["labeling", "run", "--rules", "ahead.toml", "--stream", "labels", "-f", "csv"];
    let logged = run(dir.path(), &[&args[..], &["q1.arrows", "d.arrows", "q0.arrows"]].concat());
    assert_eq!(logged.code, 0, "{}", logged.err);
    let drafts = run(dir.path(), &[&args[..], &["decisions.arrows", "quotes.parquet"]].concat());
    assert_eq!(logged.text(), drafts.text());
    // Some with and some without: numbered anew, and it is said.
    let mixed =
        run(dir.path(), &[&args[..], &["decisions.arrows", "q0.arrows", "q1.arrows"]].concat());
    assert_eq!(mixed.text(), drafts.text());
    assert!(mixed.err.contains("all rows were numbered anew"), "{}", mixed.err);
}

#[test]
fn the_rows_of_a_label_are_the_decision_and_the_prices_it_was_made_of() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let csv = run(dir.path(), &["cat", "decisions.arrows", "-f", "csv"]);
    let at = csv.text().lines().next().unwrap().split(',').position(|name| name == "decision_id");
    let id = csv.text().lines().nth(1).unwrap().split(',').nth(at.unwrap()).unwrap();
    let args =
        ["labeling", "explain", "--rules", "ahead.toml", "decisions.arrows", "quotes.parquet"];
    let of =
        |id: &str, rest: &[&str]| run(dir.path(), &[&args[..], &["--decision", id], rest].concat());
    let said = of(id, &[]);
    assert_eq!(said.code, 0, "{}", said.err);
    let text = said.text();
    let label = text.split("\nlabels ahead, revision 0\n").nth(1).unwrap();
    assert!(label.contains("the decision") && label.contains("bid_px 103"), "{text}");
    assert!(!label.contains("bid_px 90"), "the price after the window is not read: {text}");
    let json = of(id, &["-f", "json"]);
    assert!(json.text().contains(r#""name":"ahead","revision":0"#), "{}", json.text());
    let unknown = of("01913448-5b80-7000-8000-000000000001", &[]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("error[cli/unknown-decision]"), "{}", unknown.err);
    assert_eq!(of("first", &[]).code, 2);
}
