//! `quality run`, `check`, `report`, `explain`, `show`, `validate`, `profile`, `compare` and `drift`: quotes by hand, of which
//! one is crossed, one locked and one one-sided, or a typed error.

use crate::support::{listing, read_stream, run, run_with, stream};
use contract::arrow_array::RecordBatch;
use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{UInt8Type, UInt64Type};
use contract::{Draft, Quotes};
use std::fmt::Write as _;
use std::path::Path;

const QUOTES: &str = "\
source_id,instrument_id,ts_recv,ts_avail,bid_px,ask_px,bid_size,ask_size
1,7,2026-03-02T14:30:00Z,2026-03-02T14:30:00Z,99,101,1,1
2,7,2026-03-02T14:30:01Z,2026-03-02T14:30:01Z,100,102,1,1
1,7,2026-03-02T14:30:02Z,2026-03-02T14:30:02Z,104,103,1,1
1,7,2026-03-02T14:30:03Z,2026-03-02T14:30:03Z,100,100,1,1
1,7,2026-03-02T14:30:04Z,2026-03-02T14:30:04Z,100,,1,
1,8,2026-03-02T14:30:05Z,2026-03-02T14:30:05Z,100,101,1,1
";

/// Crossed leaves, one-sided is bit 1.
const RULES: &str = r#"
name = "desk"
version = 3
table = "quotes"
[[check]]
id = "crossed"
kind = "crossed"
action = "reject"
[[check]]
id = "one_sided"
kind = "one_sided"
severity = "warn"
[[check]]
id = "locked"
kind = "locked"
action = "quarantine"
[gate]
score = 90
score_low = 0
coverage = 1
"#;

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).unwrap();
}

/// The quotes of a text as rows 10 and following of a log.
fn log(dir: &Path, text: &str, name: &str) -> RecordBatch {
    write(dir, "quotes.csv", text);
    let args = ["feeds", "convert", "--as", "quotes", "quotes.csv", "-f", "arrow"];
    let done = run(dir, &args);
    assert_eq!(done.code, 0, "{}", done.err);
    let rows = Draft::<Quotes>::parse(&read_stream(&done.out)).unwrap().with_seq(10);
    let rows = rows.into_record_batch();
    std::fs::write(dir.join(name), stream(std::slice::from_ref(&rows))).unwrap();
    rows
}

fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), QUOTES, "q.arrows");
    write(dir.path(), "rules.toml", RULES);
    dir
}

fn numbers<T: contract::arrow_array::types::ArrowPrimitiveType>(
    rows: &RecordBatch,
    name: &str,
) -> Vec<T::Native> {
    rows.column_by_name(name).unwrap().as_primitive::<T>().values().to_vec()
}

#[test]
fn rows_out_carry_flags_and_score_and_rejects_their_rule() {
    let dir = desk();
    let args = ["quality", "run", "q.arrows", "--rules", "rules.toml", "--rejects", "r.arrow"];
    let sides = ["--events", "e.arrow", "--report", "r.json", "--metrics-file", "m.txt"];
    let done = run(dir.path(), &[&args[..], &sides].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let rows = read_stream(&done.out);
    assert_eq!(numbers::<UInt64Type>(&rows, "seq"), [10, 11, 13, 14, 15]);
    assert_eq!(numbers::<UInt64Type>(&rows, "quality_flags"), [0, 0, 4, 2, 0]);
    let scores = numbers::<UInt8Type>(&rows, "quality_score");
    assert!(scores[0] == 100 && scores[3] < 100 && scores[4] == 100, "{scores:?}");
    assert_eq!(rows.schema().metadata()["hindsight.causality"], "causal");
    let closing = "quality run: 6 rows in = 5 rows out + 1 rejects; rows in standard output";
    assert!(done.err.contains(closing), "{}", done.err);
    assert!(done.err.contains("1 rows quarantined"), "{}", done.err);
    let rejects = run(dir.path(), &["cat", "r.arrow", "-f", "jsonl"]);
    for part in [r#""check_id":"crossed""#, r#""seq":"12""#, r#""code":"quality/broken-rule""#] {
        assert!(rejects.text().contains(part), "{part}: {}", rejects.text());
    }
    let events = run(dir.path(), &["cat", "e.arrow", "-f", "jsonl"]);
    assert!(events.text().contains(r#""kind":"score""#), "{}", events.text());
    let report = std::fs::read_to_string(dir.path().join("r.json")).unwrap();
    assert!(report.starts_with(r#"{"schema":"hindsight.quality_report.v1""#), "{report}");
    let metrics = std::fs::read_to_string(dir.path().join("m.txt")).unwrap();
    for name in [
        r#"hindsight_quality_score_ratio{table="quotes",dimension="all"}"#,
        r#"hindsight_quality_coverage_ratio{table="quotes"} 1"#,
        r#"hindsight_quality_events_total{kind="violation",severity="error"}"#,
        r#"hindsight_stage_rows_total{stage="quality",direction="rejected"} 1"#,
    ] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }

    // What left for a broken rule stops the command where it has no place to go.
    let stopped = run(dir.path(), &args[..5]);
    assert_eq!(stopped.code, 5, "{}", stopped.err);
    // Rows that were cleaned before keep one pair of columns, and nothing more leaves.
    std::fs::write(dir.path().join("c.arrows"), stream(std::slice::from_ref(&rows))).unwrap();
    let again = run(dir.path(), &["quality", "run", "c.arrows", "--rules", "rules.toml"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(read_stream(&again.out).schema().fields(), rows.schema().fields());
}

#[test]
fn a_pipe_files_and_batches_give_the_same_rows_and_findings() {
    let dir = desk();
    let all = read_stream(&std::fs::read(dir.path().join("q.arrows")).unwrap());
    std::fs::write(dir.path().join("a.arrows"), stream(&[all.slice(0, 1), all.slice(1, 2)]))
        .unwrap();
    std::fs::write(dir.path().join("b.arrows"), stream(&[all.slice(3, 3)])).unwrap();
    let bytes = std::fs::read(dir.path().join("q.arrows")).unwrap();
    for mode in ["live", "final"] {
        let rest = ["--rules", "rules.toml", "--max-rejects", "1", "--mode", mode, "-f", "csv"];
        let args = |inputs: &[&'static str]| [&["quality", "run"], inputs, &rest].concat();
        let whole = run(dir.path(), &args(&["q.arrows"]));
        assert_eq!(whole.code, 0, "{}", whole.err);
        assert_eq!(whole.text().lines().count(), 6);
        let halves = run(dir.path(), &args(&["a.arrows", "b.arrows"]));
        assert_eq!(halves.text(), whole.text(), "{}", halves.err);
        let piped = run_with(dir.path(), &args(&["-"]), &bytes);
        assert_eq!(piped.text(), whole.text(), "{}", piped.err);
    }
    let done = run(dir.path(), &["cat", "q.arrows", "-o", "q.parquet"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let events = |rows: &str, name: &str| {
        let at = ["--now", "2026-03-02T15:00:00Z", "--events", name, "--batch-rows", rows];
        let args = ["quality", "run", "q.parquet", "--rules", "rules.toml", "--max-rejects", "1"];
        let done = run(dir.path(), &[&args[..], &at, &["-f", "csv"]].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        std::fs::read_to_string(dir.path().join(name)).unwrap()
    };
    assert_eq!(events("2", "two.jsonl"), events("8192", "many.jsonl"));
}

#[test]
fn the_gate_says_which_table_misses_what_by_how_much() {
    let dir = desk();
    let args = ["quality", "check", "q.arrows", "--rules", "rules.toml"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.text().contains("missed: score"), "{}", done.text());
    assert!(done.err.contains("error[cli/below-gate]"), "{}", done.err);
    assert!(
        done.err.contains("found quotes: score ") && done.err.contains(" below 90 by "),
        "{}",
        done.err
    );
    write(dir.path(), "kind.toml", &RULES.replace("score = 90", "score = 0"));
    let args = ["quality", "check", "q.arrows", "--rules", "kind.toml"];
    assert_eq!(run(dir.path(), &args).code, 0);
    // A check that could not run lowers the coverage, and the coverage is part of the gate.
    let tick = RULES.replace("score = 90", "score = 0").replace("locked", "tick");
    write(dir.path(), "tick.toml", &tick.replace("action = \"quarantine\"\n", ""));
    let done = run(dir.path(), &["quality", "check", "q.arrows", "--rules", "tick.toml"]);
    assert_eq!(done.code, 3, "{}", done.err);
    assert!(done.err.contains("coverage "), "{}", done.err);

    // Several tables, one row each.
    let decisions = crate::support::decisions(0..3);
    std::fs::write(dir.path().join("d.arrows"), stream(&[decisions])).unwrap();
    let args = ["quality", "check", "q.arrows", "d.arrows", "--rules", "kind.toml", "-f", "json"];
    let done = run(dir.path(), &args);
    for part in [r#""table":"quotes""#, r#""table":"decisions""#, r#""rows":6"#, r#""rows":3"#] {
        assert!(done.text().contains(part), "{part}: {}", done.text());
    }
}

#[test]
fn a_report_names_the_costliest_checks_with_their_rows() {
    let dir = desk();
    let args = ["quality", "report", "q.arrows", "--rules", "rules.toml"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    let cost = done.text().split("what it costs\n").nth(1).unwrap();
    let first = cost.lines().nth(1).unwrap();
    assert!(first.starts_with("crossed ") && first.ends_with(" 12"), "{first}");
    for part in ["rows of q.arrows, seq 10 to 15", "by source", "consistency", "3 checks, 3 failed"]
    {
        assert!(done.text().contains(part), "{part}: {}", done.text());
    }
    let lines = run(dir.path(), &[&args[..], &["-f", "jsonl"]].concat());
    let lines: Vec<&str> = lines.text().lines().collect();
    assert!(lines[0].contains(r#""line":"table""#), "{}", lines[0]);
    assert_eq!(lines.iter().filter(|line| line.contains(r#""line":"check""#)).count(), 3);
    let json = run(dir.path(), &[&args[..], &["-f", "json"]].concat());
    assert!(json.text().contains(r#""sample_seqs":["12"]"#), "{}", json.text());
}

#[test]
fn ten_thousand_checks_stream_as_lines() {
    let dir = tempfile::tempdir().unwrap();
    let (mut args, mut rules) = (vec!["quality".to_owned(), "report".to_owned()], Vec::new());
    for spec in contract::TABLES.iter().take(20) {
        let empty = RecordBatch::new_empty(std::sync::Arc::new(spec.schema(false)));
        let input = format!("{}.arrows", spec.name);
        std::fs::write(dir.path().join(&input), stream(&[empty])).unwrap();
        let column = spec.columns.first().unwrap().name;
        let mut text = format!("name = \"many\"\nversion = 1\ntable = \"{}\"\n", spec.name);
        for n in 0..512 {
            let _ = writeln!(
                text,
                "[[check]]\nid = \"c{n}\"\nkind = \"null_rate\"\ncolumn = \"{column}\""
            );
        }
        write(dir.path(), &format!("{}.toml", spec.name), &text);
        args.push(input);
        rules.extend(["--rules".to_owned(), format!("{}.toml", spec.name)]);
    }
    args.extend(rules);
    args.extend(["-f".to_owned(), "jsonl".to_owned()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    let checks = done.text().lines().filter(|line| line.contains(r#""line":"check""#)).count();
    assert_eq!(checks, 10_240);
}

#[test]
fn a_row_is_explained_with_what_checks_read_and_its_stream() {
    let dir = desk();
    let args = ["quality", "explain", "q.arrows", "--rules", "rules.toml", "--seq", "12"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    for part in [
        "quotes seq 12: q.arrows, row 2, source 1, instrument 7",
        "flags 1",
        "bid_px 104, ask_px 103",
    ] {
        assert!(done.text().contains(part), "{part}: {}", done.text());
    }
    let line = |id: &str| done.text().lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line("crossed ").contains(" broken "), "{}", done.text());
    assert!(line("locked ").contains(" kept "), "{}", done.text());
    // Rows of other sources and instruments are no neighbours.
    let around = done.text().split("rows of its stream\n").nth(1).unwrap();
    let seqs: Vec<&str> = around
        .lines()
        .skip(1)
        .map(|line| line.trim_start_matches('>').split_whitespace().next().unwrap())
        .collect();
    assert_eq!(seqs, ["10", "12", "13", "14"]);
    let one_sided = ["quality", "explain", "q.arrows", "--rules", "rules.toml", "--seq", "14"];
    let done = run(dir.path(), &[&one_sided[..], &["-f", "json"]].concat());
    let crossed = done.text().split(r#""check":"crossed""#).nth(1).unwrap();
    assert!(crossed.contains(r#""says":"not_applicable""#), "{}", done.text());
    assert!(done.text().contains(r#""broken":["one_sided"]"#), "{}", done.text());

    // Through a pipe; and a table without seq is numbered by position.
    let bytes = std::fs::read(dir.path().join("q.arrows")).unwrap();
    let args = ["quality", "explain", "-", "--rules", "rules.toml", "--seq", "12"];
    assert!(run_with(dir.path(), &args, &bytes).text().contains("row 2, source 1"));
    let done =
        run(dir.path(), &["feeds", "convert", "--as", "quotes", "quotes.csv", "-o", "p.parquet"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let args = ["quality", "explain", "p.parquet", "--rules", "rules.toml", "--seq", "2"];
    assert!(run(dir.path(), &args).text().contains("quotes row 2: p.parquet, row 2"));
}

#[test]
fn rules_are_shown_resolved_and_mistakes_with_their_place() {
    let dir = desk();
    let shown = run(dir.path(), &["quality", "show", "--rules", "rules.toml"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.text().contains("quotes: desk version 3, rules.toml"), "{}", shown.text());
    let kinds = run(dir.path(), &["quality", "show", "--kinds"]);
    for part in ["crossed", "bid above ask", "column of the bid"] {
        assert!(kinds.text().contains(part), "{part}: {}", kinds.text());
    }
    let text = run(dir.path(), &["quality", "show", "--table", "quotes", "--text"]);
    write(dir.path(), "own.toml", text.text());
    let valid = run(dir.path(), &["quality", "validate", "own.toml", "rules.toml"]);
    assert_eq!(valid.code, 2, "two files for one table: {}", valid.text());
    let valid = run(dir.path(), &["quality", "validate", "own.toml"]);
    assert_eq!(valid.code, 0, "{}", valid.err);
    for (from, to, code, place) in [
        ("kind = \"crossed\"", "kind = \"crosed\"", "quality/rules-unknown-kind", "bad.toml:7:8"),
        ("severity = \"warn\"", "severity = \"bad\"", "quality/rules-value", "bad.toml:12:12"),
        ("severity =", "severty =", "quality/rules-unknown-key", "bad.toml:12:1"),
        ("table = \"quotes\"", "table = \"quote\"", "quality/rules-unknown-name", "bad.toml:4:9"),
        ("id = \"locked\"", "id = \"crossed\"", "quality/rules-same-id", "bad.toml:14:6"),
        ("score = 90", "score = 900", "quality/rules-value", "bad.toml:18:9"),
        ("version = 3", "version = ", "quality/rules-toml", "bad.toml:3:"),
    ] {
        write(dir.path(), "bad.toml", &RULES.replace(from, to));
        let done = run(dir.path(), &["quality", "validate", "bad.toml"]);
        assert_eq!(done.code, 2, "{to}: {}", done.err);
        assert!(done.err.contains(&format!("error[{code}]")), "{to}: {}", done.err);
        assert!(done.err.contains(place), "{to}, {place}: {}", done.err);
    }
}

#[test]
fn rules_and_mode_of_a_project_hold_without_flags() {
    let dir = desk();
    write(dir.path(), "hindsight.toml", "[quality]\nrules = \"rules.toml\"\nmode = \"final\"\n");
    let done = run(dir.path(), &["quality", "run", "q.arrows", "--max-rejects", "1"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(read_stream(&done.out).schema().metadata()["hindsight.causality"], "hindsight");
    assert!(done.err.contains("rules desk version 3"), "{}", done.err);
}

#[test]
fn a_profile_says_what_columns_hold_in_the_units_of_people() {
    let dir = desk();
    let done = run(dir.path(), &["quality", "profile", "q.arrows"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let ask = done.text().lines().find(|line| line.starts_with("ask_px ")).unwrap();
    let cells: Vec<&str> = ask.split_whitespace().collect();
    // One null, five values of which two are 101, from 100 to 103.
    assert_eq!((cells[2], cells[5], cells[6]), ("1", "4", "100"), "{ask}");
    assert!(
        done.text().ends_with("6 rows, 24 columns\n") || done.text().contains("quotes: 6 rows")
    );
    let wrong = run(dir.path(), &["quality", "profile", "q.arrows", "--origin", "nothing=1"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("error[quality/profile-origin]"), "{}", wrong.err);
}

/// A minute of quotes, one a second, from a price.
fn minutes(dir: &Path, n: usize, px: f64, name: &str) {
    let mut text = format!("{}\n", QUOTES.lines().next().unwrap());
    for at in 0..n {
        let (minute, second) = (at / 60 % 60, at % 60);
        let hour = 10 + at / 3600;
        let ts = format!("2026-03-02T{hour:02}:{minute:02}:{second:02}Z");
        let bid = px + f64::from(u32::try_from(at * 7 % 13).unwrap()) / 100.0;
        let _ = writeln!(text, "1,7,{ts},{ts},{bid:.2},{:.2},1,1", bid + 0.01);
    }
    log(dir, &text, name);
}

#[test]
fn sources_are_compared_and_windows_against_a_reference() {
    let dir = tempfile::tempdir().unwrap();
    minutes(dir.path(), 4_000, 100.0, "a.arrows");
    minutes(dir.path(), 4_000, 100.0, "b.arrows");
    minutes(dir.path(), 4_000, 100.09, "c.arrows");
    let args = ["quality", "compare", "a.arrows", "b.arrows", "--max-age", "1m", "--same-instant"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().starts_with("instrument 7, a.arrows less b.arrows: "), "{}", done.text());
    let json = run(dir.path(), &[&args[..], &["-f", "json"]].concat());
    assert!(json.text().contains(r#""median_abs":"0""#), "{}", json.text());
    let one = run(dir.path(), &["quality", "compare", "a.arrows", "--max-age", "1m"]);
    assert!(one.err.contains("error[quality/comparison-sources]"), "{}", one.err);

    let drift = |current: &str| {
        let args =
            ["quality", "drift", "a.arrows", current, "--blocks", "100", "--columns", "bid_px"];
        let done = run(dir.path(), &args);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().to_owned()
    };
    assert!(drift("b.arrows").contains("1 columns: 0 drifted"), "{}", drift("b.arrows"));
    assert!(drift("c.arrows").contains("1 columns: 1 drifted"), "{}", drift("c.arrows"));
}

#[test]
fn a_request_that_cannot_be_answered_is_a_typed_error_and_leaves_nothing() {
    let dir = desk();
    write(dir.path(), "empty.arrows", "");
    write(dir.path(), "text.csv", QUOTES);
    write(dir.path(), "bad.toml", "name = 1");
    std::fs::write(dir.path().join("d.arrows"), stream(&[crate::support::decisions(0..3)]))
        .unwrap();
    let roles = contract::table("roles").unwrap();
    let empty = RecordBatch::new_empty(std::sync::Arc::new(roles.schema(false)));
    std::fs::write(dir.path().join("roles.arrows"), stream(&[empty])).unwrap();
    let all = read_stream(&std::fs::read(dir.path().join("q.arrows")).unwrap());
    let swapped = [all.slice(3, 3), all.slice(0, 3)];
    std::fs::write(dir.path().join("swapped.arrows"), stream(&swapped)).unwrap();
    let before = listing(dir.path());
    let rules = ["--rules", "rules.toml"];
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (vec!["run", "absent.parquet"], 1, "error[cli/not-found]"),
        (vec!["run", "empty.arrows"], 5, "error[cli/empty-input]"),
        (vec!["run", "text.csv"], 2, "hindsight feeds convert --as TABLE text.csv"),
        (vec!["run", "nothing=q.arrows"], 2, "error[cli/unknown-table]"),
        (vec!["run", "q.arrows", "d.arrows"], 2, "error[cli/mixed-tables]"),
        (vec!["run", "q.arrows", "--rules", "absent.toml"], 1, "error[cli/not-found]"),
        (vec!["run", "q.arrows", "--rules", "bad.toml"], 2, "error[quality/rules-value]"),
        (vec!["run", "d.arrows", "--rules", "rules.toml"], 2, "error[cli/bad-value]: --rules"),
        (vec!["run", "q.arrows", "--now", "noon"], 2, "error[cli/bad-value]: --now"),
        (vec!["run", "q.arrows", "--report", "report.txt"], 2, "error[cli/bad-value]: --report"),
        (vec!["run", "q.arrows", "-o", "q.arrows"], 2, "error[cli/output-is-input]"),
        (vec!["run", "q.arrows", "-f", "json"], 2, "error[cli/format-not-for-command]"),
        (vec!["check", "roles.arrows"], 2, "error[cli/no-rules]: roles.arrows"),
        (vec!["check", "q.arrows", "--context", "absent"], 1, "error[cli/not-found]"),
        // Two readers of standard input, which is empty here: said before it is read.
        (vec!["check", "-", "--context", "-"], 2, "error[cli/stdin-twice]"),
        (vec!["run", "quotes=-", "--context", "-"], 2, "error[cli/stdin-twice]"),
        (vec!["drift", "-", "quotes=-"], 2, "error[cli/stdin-twice]"),
        (vec!["compare", "-", "quotes=-", "--max-age", "1m"], 2, "error[cli/stdin-twice]"),
        (
            vec!["check", "swapped.arrows"],
            2,
            "error[cli/unsorted-input]: swapped.arrows, row 3: expected seq above 15, found 10",
        ),
        (vec!["report", "q.arrows", "-f", "csv"], 2, "error[cli/format-not-for-command]"),
        (
            vec!["explain", "q.arrows", "--seq", "9"],
            2,
            "error[cli/unknown-row]: expected the seq of a row of q.arrows, found 9, where rows are 10 to 15",
        ),
        (vec!["show", "--table", "nothing"], 2, "error[cli/unknown-table]"),
        (vec!["show", "--table", "roles", "--text"], 2, "error[quality/rules-unknown-name]"),
        (vec!["validate"], 2, "error[cli/bad-value]"),
        (vec!["drift", "q.arrows", "d.arrows"], 2, "error[cli/mixed-tables]"),
        (vec!["drift", "q.arrows", "q.arrows", "--blocks", "a/b"], 2, "error[cli/bad-value]"),
        (vec!["compare", "q.arrows", "--max-age", "soon"], 2, "error[cli/bad-value]"),
        (vec!["compare", "d.arrows", "d.arrows", "--max-age", "1m"], 2, "error[cli/mixed-tables]"),
    ];
    for (words, code, said) in cases {
        let mut args = vec!["quality"];
        args.extend(&words);
        let takes_rules = matches!(words[0], "run" | "check" | "report" | "explain");
        if takes_rules && !words.contains(&"--rules") && words[1] != "roles.arrows" {
            args.extend(rules);
        }
        let done = run(dir.path(), &args);
        assert_eq!(done.code, code, "{words:?}: {}", done.err);
        assert!(done.err.contains(said), "{words:?}: {}", done.err);
        assert_eq!(listing(dir.path()), before, "{words:?}");
    }
    // No row is no error, unless the caller says so.
    std::fs::write(dir.path().join("none.arrows"), stream(&[all.slice(0, 0)])).unwrap();
    let args = ["quality", "run", "none.arrows", "--rules", "rules.toml"];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(read_stream(&done.out).column_by_name("quality_score").is_some());
    assert_eq!(run(dir.path(), &[&args[..], &["--fail-if-empty"]].concat()).code, 4);
}
