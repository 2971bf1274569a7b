//! Every way to end, provoked.

use crate::market::Market;
use crate::support::{Run, listing, program, run, run_with};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Work for minutes.
const LONG: &str = "SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 10000000) b \
                    WHERE a.value % 7 = b.value % 11";
/// One whose steps are long: it lets go of its work later than the handler of signals waits.
const SLOW_TO_END: &str = "SELECT count(*) FROM generate_series(1, 100000) a JOIN generate_series(1, 100000) b \
                           ON a.value < b.value + a.value % 7";
/// As [`LONG`], with rows on the way.
const LONG_ROWS: &str = "SELECT a.value AS x, b.value AS y FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 10000000) b";

#[track_caller]
fn check(done: &Run, code: i32, word: &str) {
    assert_eq!(done.code, code, "{}", done.err);
    assert!(done.err.contains(&format!("error[{word}]")), "{}", done.err);
    assert!(done.out.is_empty(), "{}", done.text());
}

#[test]
fn an_answer_ends_with_0_and_says_on_standard_error_what_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["-q", "SELECT 1 AS one"]);
    assert_eq!((done.code, done.text()), (0, "one\n1\n1 row\n"), "{}", done.err);
    assert!(done.err.starts_with("query: 1 row in standard output; "), "{}", done.err);
    let quiet = run(dir.path(), &["-q", "SELECT 1 AS one", "--quiet"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
    assert!(
        listing(dir.path()).is_empty(),
        "intermediate files are gone: {:?}",
        listing(dir.path())
    );
}

#[test]
fn a_statement_that_is_no_sql_points_at_the_place_in_the_text() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["-q", "SELECT 1\nFROM (VALUES (1)) v(x)\nWHERE x == = 2"]);
    check(&done, 2, "query/syntax");
    assert!(done.err.contains("--> -q:3:"), "{}", done.err);
    assert!(done.err.contains("3 | WHERE x == = 2\n"), "{}", done.err);
    assert!(done.err.contains("more: hindsight explain query/syntax"), "{}", done.err);
}

#[test]
fn a_place_is_the_same_behind_views_and_under_explain() {
    let dir = tempfile::tempdir().unwrap();
    let text = "CREATE VIEW v AS SELECT 1 AS x;\n  SELECT weather FROM v";
    for extra in [&[][..], &["--explain"], &["--explain=analyze"]] {
        let args: Vec<&str> = ["-q", text].iter().chain(extra).copied().collect();
        let done = run(dir.path(), &args);
        check(&done, 2, "query/unknown-column");
        assert!(
            done.err.contains("--> -q:2:10\n2 |   SELECT weather FROM v\n  |          ^^^^^^^"),
            "{}",
            done.err
        );
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let market = Market::get();
    let log = market.log().display().to_string();
    let table = run(market.dir(), &["--log", &log, "-q", "SELECT * FROM trade"]);
    check(&table, 2, "query/unknown-table");
    assert!(table.err.contains("trades"), "{}", table.err);
    assert!(!table.err.contains("--store DIR"), "a place is named: {}", table.err);
    let column = run(market.dir(), &["--log", &log, "-q", "SELECT pxx FROM trades"]);
    check(&column, 2, "query/unknown-column");
    assert!(column.err.contains("px"), "{}", column.err);
}

#[test]
fn no_statement_several_and_one_that_writes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    check(&run(dir.path(), &[]), 2, "sql/no-statement");
    check(&run(dir.path(), &["-q", " ; -- nothing"]), 2, "sql/no-statement");
    check(&run(dir.path(), &["-q", "SELECT 1; SELECT 2"]), 2, "sql/several-statements");
    for sql in [
        "CREATE TABLE t AS SELECT 1",
        "COPY (SELECT 1) TO 'x.csv'",
        "SET a.b = 1",
        "INSERT INTO t VALUES (1)",
    ] {
        let done = run(dir.path(), &["-q", sql]);
        assert_eq!(done.code, 2, "{sql}: {}", done.err);
    }
    assert!(listing(dir.path()).is_empty());
}

#[test]
fn usage_that_cannot_be_understood_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["--weather"][..],
        &["-q", "SELECT 1", "--example", "dataset-diff"],
        &["-q", "SELECT 1", "--memory", "much"],
        &["-q", "SELECT 1", "--purpose", "two words"],
        &["-q", "SELECT 1", "--log", "a=.", "--log", "a=."],
        &["-q", "SELECT 1", "-"],
        &["--example", "weather"],
        &["--example", "dataset-diff", "old=a@1"],
        &["-q", "SELECT 1", "-o", "x.weather"],
        // What would have no say is not passed over.
        &["--sql", "--example"],
        &["-f", "json", "--example"],
        &["-o", "x.csv", "--example"],
        &["--explain", "--example"],
        &["--fail-if-empty", "--example"],
        &["-o", "x.sql", "--sql", "--example", "quality-flags"],
        &["-f", "json", "--sql", "--example", "quality-flags"],
        &["-q", "SELECT 1", "--man", "."],
        &["--example", "quality-flags", "--man", "."],
        &["-o", "x.csv", "--man", "."],
    ] {
        let done = run(dir.path(), args);
        assert_eq!(done.code, 2, "{args:?}: {}", done.err);
        assert!(done.out.is_empty(), "{args:?}");
    }
    assert!(listing(dir.path()).is_empty(), "{:?}", listing(dir.path()));
    let list = run(dir.path(), &["-f", "json", "--example"]);
    check(&list, 2, "cli/usage");
    assert!(list.err.contains("--format: expected --example NAME"), "{}", list.err);
    let json = run(dir.path(), &["--weather", "--log-format", "json"]);
    let told: serde_json::Value = serde_json::from_str(json.err.trim()).unwrap();
    assert_eq!((json.code, told["code"].as_str()), (2, Some("cli/usage")));
}

#[test]
fn a_place_that_is_not_there_ends_with_1_and_one_of_another_kind_with_2() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "x").unwrap();
    check(&run(dir.path(), &["--log", "nowhere", "-q", "SELECT 1"]), 1, "cli/not-found");
    check(&run(dir.path(), &["nowhere.parquet", "-q", "SELECT 1"]), 1, "cli/not-found");
    check(&run(dir.path(), &["--log", "file", "-q", "SELECT 1"]), 2, "cli/not-a-directory");
    check(&run(dir.path(), &[".", "-q", "SELECT 1"]), 2, "cli/is-a-directory");
    check(&run(dir.path(), &["--spill", "nowhere", "-q", "SELECT 1"]), 1, "cli/not-found");
    check(&run(dir.path(), &["-i", "nowhere.sql"]), 1, "cli/not-found");
    std::fs::write(dir.path().join("not.sql"), b"SELECT '\xff'").unwrap();
    check(&run(dir.path(), &["-i", "not.sql"]), 2, "cli/not-text");
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let no_log = run(dir.path(), &["--log", "empty", "-q", "SELECT * FROM trades"]);
    assert_ne!(no_log.code, 0, "a folder without a log is no log without rows");
    assert!(no_log.err.starts_with("error["), "{}", no_log.err);
}

#[test]
fn no_row_ends_with_4_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "SELECT 1 AS x WHERE false";
    let done = run(dir.path(), &["-q", sql, "--fail-if-empty"]);
    assert_eq!(done.code, 4, "{}", done.err);
    assert_eq!(run(dir.path(), &["-q", sql]).code, 0);
    for format in ["table", "csv", "jsonl", "json"] {
        let done = run(dir.path(), &["-q", sql, "--fail-if-empty", "-f", format]);
        check(&done, 4, "cli/nothing-to-do");
    }
    for file in ["e.csv", "e.parquet", "e.json"] {
        let done = run(dir.path(), &["-q", sql, "--fail-if-empty", "-o", file]);
        check(&done, 4, "cli/nothing-to-do");
        assert!(listing(dir.path()).is_empty(), "{:?}", listing(dir.path()));
    }
    let done = run(dir.path(), &["-q", "SELECT 1 AS x", "--fail-if-empty", "-o", "e.csv"]);
    assert_eq!((done.code, listing(dir.path())), (0, vec!["e.csv".to_owned()]), "{}", done.err);
}

#[test]
fn more_memory_than_allowed_ends_with_1_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "SELECT array_agg(value) AS all FROM generate_series(1, 3000000)";
    let done = run(dir.path(), &["-q", sql, "--memory", "4MiB", "-o", "x.csv"]);
    check(&done, 1, "query/memory");
    assert!(listing(dir.path()).is_empty(), "{:?}", listing(dir.path()));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = program(dir.path())
        .args(["-q", LONG_ROWS, "-f", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done: Run = child.wait_with_output().unwrap().into();
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}

#[test]
fn a_signal_ends_a_long_statement_with_130_or_143_and_leaves_no_file() {
    for (signal, code, word) in [("INT", 130, "SIGINT"), ("TERM", 143, "SIGTERM")] {
        for sql in [LONG, LONG_ROWS, SLOW_TO_END] {
            let dir = tempfile::tempdir().unwrap();
            let child = program(dir.path())
                .args(["-q", sql, "-o", "rows.csv", "--progress", "none"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            until(|| listing(dir.path()).iter().any(|name| name.starts_with("hindsight-")));
            if sql == SLOW_TO_END {
                // Until it is in the middle of it.
                std::thread::sleep(Duration::from_secs(2));
            }
            if sql == LONG_ROWS {
                until(|| listing(dir.path()).iter().any(|name| name.contains("rows.csv")));
            }
            let id = child.id().to_string();
            let sent =
                std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap();
            assert!(sent.success());
            let done: Run = child.wait_with_output().unwrap().into();
            assert_eq!(done.code, code, "{}", done.err);
            // By the statement itself, not by the handler that ends what does not listen.
            let said = format!("error[cli/stopped]: stopped by {word}");
            assert!(done.err.contains(&said), "{}", done.err);
            assert!(listing(dir.path()).is_empty(), "{:?}", listing(dir.path()));
        }
    }
}

/// Waits for a state that has to come.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < end, "the state never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_damaged_file_of_the_archive_ends_with_6() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    copy(&market.log(), &log);
    let file = first(&log, "parquet").unwrap();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let done = run(
        dir.path(),
        &[
            "--log",
            "log",
            "-q",
            "SELECT sum(seq) AS x FROM quotes UNION ALL SELECT sum(seq) FROM decisions",
            "-o",
            "x.csv",
        ],
    );
    assert_eq!(done.code, 6, "{}", done.err);
    assert_eq!(listing(dir.path()), ["log"], "nothing half-written");
}

#[test]
fn rows_that_a_log_has_lost_end_with_5_unless_they_are_allowed_for() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    copy(&market.log(), &log);
    let segment = last(&log.join("segments"));
    let mut bytes = std::fs::read(&segment).unwrap();
    // In the middle of what is written: behind it a segment is zeros.
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[written / 2..written / 2 + 64].fill(0xa5);
    std::fs::write(&segment, &bytes).unwrap();
    let sql = "SELECT count(*) AS n FROM executions UNION ALL SELECT count(*) FROM trades \
               UNION ALL SELECT count(*) FROM quotes UNION ALL SELECT count(*) FROM decisions";
    let done = run(dir.path(), &["--log", "log", "-q", sql, "-o", "x.csv"]);
    check(&done, 5, "sql/lost-rows");
    assert_eq!(listing(dir.path()), ["log"], "nothing half-written");
    let allowed = run(dir.path(), &["--log", "log", "-q", sql, "-f", "json", "--allow-lost"]);
    let answer = allowed.json();
    assert!(!answer["lost"].as_array().unwrap().is_empty(), "{answer}");
    assert!(allowed.err.contains("  without rows"), "{}", allowed.err);
    // No row is left of what is asked for, and it may be because of the loss.
    let none = format!("SELECT n FROM ({sql}) WHERE n < 0");
    let args = ["--log", "log", "-q", &none, "--allow-lost", "--fail-if-empty", "-o", "x.csv"];
    let empty = run(dir.path(), &args);
    check(&empty, 4, "cli/nothing-to-do");
    assert!(empty.err.starts_with("query: without rows"), "{}", empty.err);
    assert_eq!(listing(dir.path()), ["log"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The last file that holds anything, by name.
fn last(dir: &Path) -> std::path::PathBuf {
    let holds = |path: &std::path::PathBuf| {
        std::fs::read(path).unwrap()[4096..].iter().any(|byte| *byte != 0)
    };
    let mut files: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(holds).collect();
    files.sort();
    files.pop().unwrap()
}

/// The first file of an extension, by path.
fn first(dir: &Path, extension: &str) -> Option<std::path::PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    entries.iter().find_map(|path| {
        if path.is_dir() {
            first(path, extension)
        } else {
            path.extension().is_some_and(|e| e == extension).then(|| path.clone())
        }
    })
}

#[test]
fn sql_comes_from_standard_input_and_from_files_too() {
    let dir = tempfile::tempdir().unwrap();
    let expected = "x\n2\n1 row\n";
    let piped = run_with(dir.path(), &[], b"SELECT 2 AS x;\n");
    assert_eq!((piped.code, piped.text()), (0, expected), "{}", piped.err);
    std::fs::write(dir.path().join("a.sql"), "\u{feff}-- two\nSELECT 2 AS x\n").unwrap();
    let file = run(dir.path(), &["-i", "a.sql"]);
    assert_eq!((file.code, file.text()), (0, expected), "{}", file.err);
    let wrong = run_with(dir.path(), &[], b"SELECT\n  weather");
    assert!(wrong.err.contains("--> standard input:2:3"), "{}", wrong.err);
}
