//! `features run`, `list` and `show`: one row a decision from what was available before it, or a typed error.

use crate::support::{decisions, hindsight, listing, read_stream, run, run_with, stream};
use contract::arrow_array::{Array, RecordBatch};
use contract::{Batch, Features, Quotes, Unlogged};
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

const SET: &str = r#"features = [
    "book__spread_bps__now", "book__ofi_qty__{1s,10s}", "price__log_ret__1s",
    "flow__n_trades__10s", "time__*",
]
"#;

/// Quotes of instrument 7 by hand, each beside the decisions of `support`, which are cut off at 14:30:00.000000250.
const BOOK: &str = "\
source_id,instrument_id,ts_recv,ts_avail,bid_px,ask_px,bid_size,ask_size
1,7,2026-03-02T14:29:59Z,2026-03-02T14:29:59Z,99,101,1,1
1,7,2026-03-02T14:30:00.000000249Z,2026-03-02T14:30:00.000000249Z,99.5,100.5,1,1
1,7,2026-03-02T14:30:00.000000250Z,2026-03-02T14:30:00.000000250Z,10,20,1,1
";

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

fn simulate(dir: &Path) {
    write(dir, "short.toml", SHORT);
    let args = ["simulator", "run", "--scenario", "short.toml", "--seed", "7", "-o", "m"];
    let done = run(dir, &args);
    assert_eq!(done.code, 0, "{}", done.err);
    write(dir, "set.toml", SET);
}

/// What the set above needs of a simulated market.
const MARKET: [&str; 8] = [
    "m/decisions.parquet",
    "m/quotes.parquet",
    "m/trades.parquet",
    "m/instruments.parquet",
    "m/sessions.parquet",
    "m/scheduled_events.parquet",
    "m/statuses.parquet",
    "m/feed_marks.parquet",
];

/// Three decisions and the quotes above.
fn by_hand(dir: &Path) {
    std::fs::write(dir.join("decisions.arrows"), stream(&[decisions(0..3)])).unwrap();
    write(dir, "book.csv", BOOK);
    let done =
        run(dir, &["feeds", "convert", "--as", "quotes", "book.csv", "-o", "quotes.parquet"]);
    assert_eq!(done.code, 0, "{}", done.err);
    write(dir, "spread.toml", "features = [\"book__spread_bps__now\"]\n");
}

fn answer(dir: &Path, words: &[&str]) -> Batch<Features, Unlogged> {
    let done = run(dir, &[&["features", "run"], words].concat());
    assert_eq!(done.code, 0, "{words:?}: {}", done.err);
    Batch::<Features, Unlogged>::parse(&read_stream(&done.out)).unwrap()
}

#[test]
fn a_value_is_that_of_the_last_quote_before_the_cutoff() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let rows = answer(dir.path(), &["--spec", "spread.toml", "decisions.arrows", "quotes.parquet"]);
    // The quote at the cut-off itself is the future; the one a nanosecond before it is 1.0 wide on 100.
    let spread = rows.feature("book__spread_bps__now").unwrap();
    assert_eq!((0..3).map(|row| spread.value(row)).collect::<Vec<_>>(), [100.0; 3]);
    assert_eq!(rows.len(), 3);
    // The same through a pipe.
    let quotes = run(dir.path(), &["cat", "quotes.parquet"]).out;
    let piped = run_with(
        dir.path(),
        &["features", "run", "--spec", "spread.toml", "decisions.arrows", "-"],
        &quotes,
    );
    assert_eq!(piped.code, 0, "{}", piped.err);
    assert_eq!(read_stream(&piped.out), rows.into_record_batch());
}

#[test]
fn every_decision_has_one_row_and_batches_and_threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let go = |words: &[&str], to: &str| {
        let done = run(
            dir.path(),
            &[&["features", "run", "--spec", "set.toml", "-o", to], words, &MARKET].concat(),
        );
        assert_eq!((done.code, done.text()), (0, ""), "{}", done.err);
        (std::fs::read(dir.path().join(to)).unwrap(), done.err)
    };
    let (first, said) = go(&["--metrics-file", "metrics.txt"], "a.parquet");
    let counted = run(dir.path(), &["cat", "m/decisions.parquet", "-f", "csv"]);
    let n = counted.text().lines().count() - 1;
    assert!(n > 10, "{n} decisions");
    assert!(
        said.contains(&format!(
            "features run: {n} rows in = {n} rows out + 0 rejects; rows in a.parquet"
        )),
        "{said}"
    );
    assert!(said.contains("md_seq_high of"), "{said}");
    for (words, to) in [
        (&["--batch-rows", "97", "--threads", "2"][..], "b.parquet"),
        (&["--batch-rows", "1000", "--threads", "4"], "c.parquet"),
    ] {
        assert!(go(words, to).0 == first, "{words:?} changed the output");
    }
    let metrics = std::fs::read_to_string(dir.path().join("metrics.txt")).unwrap();
    assert!(metrics.contains("\nhindsight_features_lookahead_violations_total 0\n"), "{metrics}");
    assert!(metrics.contains(&format!("\nhindsight_features_rows_total {n}\n")), "{metrics}");
    assert!(metrics.contains("hindsight_features_null_cells_total{family=\""), "{metrics}");
    for line in metrics.lines().filter(|line| line.starts_with("# HELP hindsight_features")) {
        assert!(line.split(' ').count() > 4, "{line} is explained");
    }

    // Every source of every row was available before its cut-off.
    let rows = answer(dir.path(), &[&["--spec", "set.toml"][..], &MARKET].concat());
    let (cutoff, last) = (rows.col(&Features::TS_CUTOFF), rows.col(&Features::SRC_TS_AVAIL_MAX));
    let read: Vec<usize> = (0..rows.len()).filter(|row| last.is_valid(*row)).collect();
    assert!(read.len() > n / 2 && read.iter().all(|row| last.value(*row) < cutoff.value(*row)));
}

#[test]
fn several_files_of_one_table_are_merged_in_the_order_of_availability() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let whole = read_stream(&run(dir.path(), &["cat", "m/quotes.parquet"]).out);
    let quotes = Batch::<Quotes, Unlogged>::parse(&whole).unwrap();
    // Runs of rows go to one file and the other in turn; rows of one instant stay together.
    let mut parts: [Vec<RecordBatch>; 2] = [Vec::new(), Vec::new()];
    let (stamps, mut start, mut turn) = (quotes.ts_avail().values(), 0, 0);
    for row in 1..=quotes.len() {
        let is_end = row == quotes.len();
        if is_end || (row - start >= 50 && stamps[row] != stamps[row - 1]) {
            parts[turn % 2].push(whole.slice(start, row - start));
            (start, turn) = (row, turn + 1);
        }
    }
    assert!(turn > 4, "{turn} runs");
    for (part, name) in parts.iter().zip(["q0.arrows", "q1.arrows"]) {
        std::fs::write(dir.path().join(name), stream(part)).unwrap();
    }
    let others = [&["--spec", "set.toml", "--batch-rows", "200"], &MARKET[2..]].concat();
    let expected =
        answer(dir.path(), &[&others[..], &["m/decisions.parquet", "m/quotes.parquet"]].concat());
    for pair in [["q0.arrows", "q1.arrows"], ["q1.arrows", "q0.arrows"]] {
        let found = answer(dir.path(), &[&others[..], &["m/decisions.parquet"], &pair].concat());
        assert_eq!(
            found.as_any().clone().into_record_batch(),
            expected.clone().into_record_batch()
        );
    }
}

#[test]
fn a_decision_that_is_sent_again_is_answered_once_wherever_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    let twice = stream(&[decisions(0..3), decisions(1..2), decisions(3..4), decisions(0..1)]);
    std::fs::write(dir.path().join("twice.arrows"), twice).unwrap();
    let args = [
        "features",
        "run",
        "--spec",
        "spread.toml",
        "quotes.parquet",
        "-o",
        "f.parquet",
        "--force",
    ];
    for (files, rejects) in [(&["twice.arrows"][..], 2), (&["twice.arrows", "decisions.arrows"], 5)]
    {
        let done = run(dir.path(), &[&args[..], files].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        let n = 4 + rejects;
        assert!(
            done.err.contains(&format!("{n} rows in = 4 rows out + {rejects} rejects")),
            "{}",
            done.err
        );
        let rejects = run(dir.path(), &["cat", "f.rejects.arrow", "-f", "jsonl"]);
        assert!(
            rejects.text().contains(r#""code":"contract/duplicate-key""#),
            "{}",
            rejects.text()
        );
    }
}

#[test]
fn rows_that_cannot_be_used_are_rejects_with_their_place_and_reason() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    // 9e9 is a price of the contract and too large for exact sums.
    let book = format!("{BOOK}1,7,2026-03-02T14:30:01Z,2026-03-02T14:30:01Z,1,9000000000,1,1\n");
    write(dir.path(), "book.csv", &book);
    let args =
        ["feeds", "convert", "--as", "quotes", "book.csv", "-o", "quotes.parquet", "--force"];
    assert_eq!(run(dir.path(), &args).code, 0);
    let args = ["features", "run", "--spec", "spread.toml", "decisions.arrows", "quotes.parquet"];
    let stopped = run(dir.path(), &[&args[..], &["-f", "csv"]].concat());
    assert_eq!((stopped.code, stopped.text()), (5, ""), "{}", stopped.err);
    assert!(stopped.err.contains("error[cli/too-many-rejects]"), "{}", stopped.err);
    for rows in ["1", "2", "8192"] {
        let done = run(
            dir.path(),
            &[&args[..], &["-o", "f.parquet", "--force", "--batch-rows", rows]].concat(),
        );
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(
            done.err.contains(
                "3 rows in = 3 rows out + 0 rejects; rows in f.parquet, rejects in f.rejects.arrow"
            ),
            "{}",
            done.err
        );
        assert!(done.err.contains("1 rows of inputs rejected besides decisions"), "{}", done.err);
        let rejects = run(dir.path(), &["cat", "f.rejects.arrow", "-f", "jsonl"]);
        let text = rejects.text();
        assert!(
            text.contains(r#""code":"features/overflow""#) && text.contains(r#""position":"3""#),
            "--batch-rows {rows}: {text}"
        );
    }
}

#[test]
fn a_request_that_cannot_be_answered_is_a_typed_error_before_any_work() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    by_hand(dir.path());
    let mut back: Vec<&str> = BOOK.lines().collect();
    back.swap(1, 2);
    write(dir.path(), "back.csv", &format!("{}\n", back.join("\n")));
    let args = ["feeds", "convert", "--as", "quotes", "back.csv", "-o", "back.parquet"];
    assert_eq!(run(dir.path(), &args).code, 0);
    write(dir.path(), "role.toml", "features = [\"cross__beta_mkt__g300x1s\"]\n");
    write(
        dir.path(),
        "twice.toml",
        "features = [\"book__spread_bps__now\", \"book__spread_bps__now\"]\n",
    );
    write(dir.path(), "none.toml", "features = []\n");
    write(dir.path(), "key.toml", "features = [\"book__spread_bps__now\"]\ncolour = 1\n");
    let spread = |rest: &[&'static str]| [&["--spec", "spread.toml"], rest].concat();
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (
            spread(&["decisions.arrows"]),
            2,
            "error[features/missing-input]: expected an input of table `quotes`, which `book__spread_bps__now` reads, found none",
        ),
        (
            spread(&["quotes.parquet"]),
            2,
            "error[features/missing-input]: expected an input of table `decisions`",
        ),
        (
            spread(&["decisions.arrows", "quotes.parquet", "m/trades.parquet"]),
            2,
            "found `trades`, which no feature of the set reads",
        ),
        (
            spread(&["decisions.arrows", "quotes.parquet", "m/executions.parquet"]),
            2,
            "error[features/unread-input]",
        ),
        (
            spread(&["decisions.arrows", "quotes.parquet", "m/truth/signal.parquet"]),
            2,
            "error[features/hindsight-input]: m/truth/signal.parquet: truth_signal: expected a causal input",
        ),
        (
            spread(&["decisions.arrows", "quotes=m/truth/signal.parquet"]),
            2,
            "error[features/hindsight-input]",
        ),
        (
            spread(&["decisions.arrows", "back.parquet"]),
            2,
            "error[features/unsorted-input]: back.parquet: quotes, row 1: expected (ts_avail, seq) after",
        ),
        (spread(&["decisions.arrows", "book.csv"]), 2, "error[cli/unrecognised-input]"),
        (spread(&["decisions.arrows", "none.parquet"]), 1, "error[cli/not-found]"),
        (
            vec!["--spec", "none.toml", "decisions.arrows"],
            2,
            "error[features/empty-spec]: none.toml: features: expected at least one",
        ),
        (vec!["--spec", "gone.toml", "decisions.arrows"], 1, "error[cli/not-found]: gone.toml"),
        (vec!["--spec", "role.toml", "decisions.arrows"], 2, "help: add `roles = [\"mkt\"]`"),
        (vec!["--spec", "twice.toml", "decisions.arrows"], 2, "--> twice.toml:1:38"),
        (vec!["--spec", "key.toml", "decisions.arrows"], 2, "error[features/malformed-spec]"),
        (vec!["--spec", "spread.toml", "--roles", "mkt"], 2, "cannot be used with"),
        (
            vec!["--roles", "no__role", "decisions.arrows"],
            2,
            "error[features/malformed-value]: roles",
        ),
    ];
    let before = listing(dir.path());
    for (words, code, said) in cases {
        let done =
            run(dir.path(), &[&["features", "run", "-o", "out.parquet"], &words[..]].concat());
        assert_eq!((done.code, done.text()), (code, ""), "{words:?}: {}", done.err);
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
    }
    assert_eq!(listing(dir.path()), before);
}

#[test]
fn a_mistyped_feature_is_shown_in_its_line_with_the_nearest_name() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "set.toml", "roles = []\n\nfeatures = [\"book__spread_bsp__now\"]\n");
    let done = run(dir.path(), &["features", "run", "--spec", "set.toml", "none.arrows"]);
    assert_eq!(done.code, 2);
    assert_eq!(
        done.err,
        "error[features/unknown-feature]: no feature `book__spread_bsp__now`\n\
         \x20--> set.toml:3:13\n\
         3 | features = [\"book__spread_bsp__now\"]\n\
         \x20 |             ^^^^^^^^^^^^^^^^^^^^^^^\n\
         \x20 = help: use `book__spread_bps__now`\n\
         \x20 = more: hindsight explain features/unknown-feature\n"
    );
    // The project's file may name the set; then paths are relative to that file.
    write(dir.path(), "hindsight.toml", "[features]\nspec = \"set.toml\"\n");
    let by_project = run(dir.path(), &["features", "run", "none.arrows"]);
    assert!(by_project.err.contains("no feature `book__spread_bsp__now`"), "{}", by_project.err);
    // A set changes the result, so nothing private to a machine may name it.
    let private = hindsight(dir.path())
        .args(["features", "run", "none.arrows"])
        .env("HINDSIGHT_FEATURES__SPEC", "other.toml")
        .output()
        .unwrap();
    assert_eq!(private.status.code(), Some(2));
    let said = String::from_utf8(private.stderr).unwrap();
    assert!(said.contains("config/result-key-outside-project"), "{said}");
}

#[test]
fn no_decision_is_an_empty_table_of_the_whole_shape() {
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path());
    std::fs::write(dir.path().join("no.arrows"), stream(&[decisions(0..1).slice(0, 0)])).unwrap();
    let words = ["--spec", "spread.toml", "no.arrows", "quotes.parquet"];
    let rows = answer(dir.path(), &words);
    assert_eq!(rows.len(), 0);
    assert_eq!(rows.feature_names().collect::<Vec<_>>(), ["book__spread_bps__now"]);
    let empty = run(dir.path(), &[&["features", "run", "--fail-if-empty"], &words[..]].concat());
    assert_eq!(empty.code, 4, "{}", empty.err);
    let planned = run(dir.path(), &[&["features", "run", "--dry-run"], &words[..]].concat());
    assert_eq!((planned.code, planned.text()), (0, ""));
    assert!(
        planned.err.contains("1 features") && planned.err.contains("decisions, quotes"),
        "{}",
        planned.err
    );
}

#[test]
fn the_catalogue_is_listed_by_family_and_pattern() {
    let dir = tempfile::tempdir().unwrap();
    let all = run(dir.path(), &["features", "list"]);
    assert_eq!(all.code, 0, "{}", all.err);
    let stems: Vec<&str> = all.text().lines().filter_map(|line| line.split(' ').next()).collect();
    for family in ["price", "book", "flow", "liq", "vol", "time", "cross"] {
        assert!(stems.iter().any(|stem| stem.starts_with(&format!("{family}__"))), "{family}");
    }
    let some = run(dir.path(), &["features", "list", "book__spread_*__now", "time", "-f", "json"]);
    let text = some.text();
    assert!(
        text.starts_with(
            r#"{"schema":"hindsight.features.v1","features":[{"feature":"book__spread_bps","#
        ),
        "{text}"
    );
    assert!(text.contains(r#""family":"time""#) && !text.contains(r#""family":"flow""#), "{text}");
    let wrong = run(dir.path(), &["features", "list", "bok"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("error[features/unknown-feature]: no feature `bok`")
            && wrong.err.contains("help: use `book`"),
        "{}",
        wrong.err
    );
    assert_eq!(run(dir.path(), &["features", "list", "-f", "csv"]).code, 2);
}

#[test]
fn what_a_feature_declares_is_shown_with_its_role_and_without_a_window() {
    let dir = tempfile::tempdir().unwrap();
    let shown = run(dir.path(), &["features", "show", "cross__beta_mkt__g300x1s"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    for part in [
        "cross__beta_mkt__g300x1s\n",
        "\nroles       mkt\n",
        "\ninputs      quotes roles\n",
        "\nwarm-up     5m\n",
    ] {
        assert!(shown.text().contains(part), "{part} in {}", shown.text());
    }
    let json = run(dir.path(), &["features", "show", "book__spread_bps", "-f", "json"]);
    let text = json.text();
    assert!(
        text.starts_with(r#"{"schema":"hindsight.feature.v1","name":"book__spread_bps__now","#),
        "{text}"
    );
    for part in [
        r#""unit":"bps""#,
        r#""inputs":["quotes"]"#,
        r#""lookback":"1m""#,
        r#""formula":"1e4 (a - b) / m""#,
        r#""version":1"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for (name, said) in [
        ("book__spread_bsp__now", "help: use `book__spread_bps__now`"),
        ("book__spread_bps__5m", "help: use `book__spread_tw_bps__5m`"),
        ("book__*", "error[features/unknown-feature]"),
        ("a\"b", "error[features/unknown-feature]"),
    ] {
        let wrong = run(dir.path(), &["features", "show", name]);
        assert_eq!((wrong.code, wrong.text()), (2, ""), "{name}");
        assert!(wrong.err.contains(said), "{name}: {}", wrong.err);
    }
    // Every measure that is listed can be shown.
    let list = run(dir.path(), &["features", "list"]);
    let stems: Vec<String> = list
        .text()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|word| word.contains("__"))
        .map(|stem| stem.replace("{r}", "mkt"))
        .collect();
    assert!(stems.len() > 50, "{}", stems.len());
    for stem in stems.iter().step_by(7) {
        let shown = run(dir.path(), &["features", "show", stem]);
        assert_eq!(shown.code, 0, "{stem}: {}", shown.err);
    }
}

#[test]
fn the_certificate_is_printed_by_part_and_its_gate_is_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    let args = ["features", "check", "--spec", "set.toml", "--budget", "0.001%"];
    let done = run(dir.path(), &[&args[..], &MARKET].concat());
    assert_eq!(done.code, 0, "{}{}", done.text(), done.err);
    let text = done.text();
    assert!(text.contains(": causal\n"), "{text}");
    for part in ["order", "future", "far_past", "undeclared", "shuffle"] {
        let line = text.lines().find(|line| line.starts_with(part)).unwrap_or_default();
        assert!(line.ends_with("  0") && !line.contains("  0  "), "{part}: {line}");
    }
    // Two sampled decisions are too few for every feature to react.
    let strict =
        run(dir.path(), &[&args[..], &["--require-reaction", "-f", "json"], &MARKET].concat());
    assert!(
        strict.text().starts_with(r#"{"schema":"hindsight.causality.v1","causal":true,"#),
        "{}",
        strict.text()
    );
    assert_eq!(strict.code, 3, "{}", strict.err);
    assert!(strict.err.contains("error[cli/not-causal]"), "{}", strict.err);
    // Where nothing can be changed, nothing is proved.
    by_hand(dir.path());
    let none = stream(&[decisions(0..1).slice(0, 0)]);
    std::fs::write(dir.path().join("no.arrows"), none).unwrap();
    let empty = run(
        dir.path(),
        &["features", "check", "--spec", "spread.toml", "no.arrows", "quotes.parquet"],
    );
    assert_eq!(empty.code, 3, "{}", empty.err);
    let bad = run(dir.path(), &["features", "check", "--budget", "ten", "no.arrows"]);
    assert!(bad.code == 2 && bad.err.contains("--budget: expected a percentage"), "{}", bad.err);
}

#[test]
fn scores_are_written_for_features_that_are_joined_to_labels() {
    let dir = tempfile::tempdir().unwrap();
    simulate(dir.path());
    write(
        dir.path(),
        "few.toml",
        "features = [\"book__spread_bps__now\", \"book__ofi_qty__{1s,10s}\"]\n",
    );
    let args = [
        "features",
        "run",
        "--spec",
        "few.toml",
        "m/decisions.parquet",
        "m/quotes.parquet",
        "-o",
        "f.parquet",
    ];
    assert_eq!(run(dir.path(), &args).code, 0);
    write(
        dir.path(),
        "quick.toml",
        "min_rows = 20\nshifts = 19\npairs = 2\nreplicates = 19\nrepeats = 1\nmax_drift = 1.0\n",
    );
    let select = |words: &[&str]| {
        let args = [
            "features",
            "select",
            "f.parquet",
            "--labels",
            "m/truth/labels.parquet",
            "--settings",
            "quick.toml",
            "--folds",
            "2",
        ];
        run(dir.path(), &[&args[..], words].concat())
    };
    let several = select(&[]);
    assert_eq!((several.code, several.text()), (2, ""));
    assert!(
        several.err.contains("error[cli/no-labels]") && several.err.contains("`direction_mid`"),
        "{}",
        several.err
    );
    let unknown = select(&["--target", "direction"]);
    assert_eq!((unknown.code, unknown.text()), (2, ""), "{}", unknown.err);
    let found = select(&["--target", "direction_mid", "-f", "csv"]);
    // One day is one session, and whether a choice is stable is asked of halves of sessions.
    assert_eq!((found.code, found.text()), (2, ""), "{}", found.err);
    assert!(found.err.contains("error[features/too-few-sessions]"), "{}", found.err);
    let foreign = run(
        dir.path(),
        &["features", "select", "m/quotes.parquet", "--labels", "m/truth/labels.parquet"],
    );
    assert_eq!(foreign.code, 2);
    assert!(foreign.err.contains("error[cli/mixed-tables]"), "{}", foreign.err);
}
