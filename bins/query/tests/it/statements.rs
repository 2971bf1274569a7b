//! Places and what they show.

use crate::market::{Market, column, read};
use crate::support::run;
use std::fs;

#[test]
fn the_places_of_the_configuration_are_shown_when_none_is_named() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let text = format!("[capture]\ndir = \"{}\"\n", market.log().display());
    fs::write(dir.path().join("hindsight.toml"), text).unwrap();
    let count = "SELECT count(*) AS n FROM log.executions";
    let done = run(dir.path(), &["-q", count, "-f", "csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().lines().nth(1).unwrap().parse::<u64>().unwrap() > 0);
    // A place that is named stands alone.
    let other = market.file("quotes").display().to_string();
    let done = run(dir.path(), &[&other, "-q", count]);
    assert_eq!(done.code, 2, "{}", done.err);
    let ignored = run(dir.path(), &["--no-config", "-q", count]);
    assert_eq!(ignored.code, 2, "{}", ignored.err);
}

#[test]
fn the_places_of_the_last_run_are_shown_when_the_configuration_names_none() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let count = ["-q", "SELECT count(*) AS n FROM log.executions", "-f", "csv"];
    let rows = |args: &[&str]| {
        let done = run(dir.path(), args);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().lines().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let make = |folder: &str| {
        let folder = dir.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(market.log(), folder.join("log")).unwrap();
        datasets::Store::open(
            std::sync::Arc::new(durable::RealFs),
            folder.join("datasets"),
            std::sync::Arc::new(contract::AllowLocal { reason: "a test".to_owned() }),
        )
        .unwrap();
    };
    assert_eq!(run(dir.path(), &count).code, 2, "nothing is there yet");
    make("elsewhere");
    let there = ["--set", "run.dir=elsewhere"].iter().chain(&count).copied().collect::<Vec<_>>();
    assert!(rows(&there) > 0);
    make("run");
    assert!(rows(&count) > 0);
    let shelves = ["-q", "SELECT DISTINCT schema FROM system.tables", "-f", "csv"];
    assert_eq!(run(dir.path(), &shelves).text(), "schema\nlog\n");
    // A key that names a place is obeyed, also where a run has made one.
    let named = ["--set", "capture.dir=nowhere"].iter().chain(&count).copied().collect::<Vec<_>>();
    assert_eq!(run(dir.path(), &named).code, 1);
    // What is no folder was not made by a run.
    fs::remove_file(dir.path().join("run/log")).unwrap();
    fs::write(dir.path().join("run/log"), "x").unwrap();
    assert_eq!(run(dir.path(), &["-q", "SELECT 1"]).code, 0);
}

#[test]
fn an_unknown_table_without_any_place_says_how_to_name_one() {
    let dir = tempfile::tempdir().unwrap();
    for sql in ["SELECT count(*) FROM trades", "SELECT * FROM log.trades"] {
        let done = run(dir.path(), &["-q", sql]);
        assert_eq!(done.code, 2, "{}", done.err);
        for word in
            ["error[query/unknown-table]", "none was found", "--log DIR", "--store DIR", "FILE"]
        {
            assert!(done.err.contains(word), "{word}: {}", done.err);
        }
    }
    let near = run(dir.path(), &["-q", "CREATE VIEW prices AS SELECT 1; SELECT * FROM price"]);
    assert!(near.err.contains("did you mean prices? no log"), "{}", near.err);
}

#[test]
fn a_file_of_one_table_is_not_given_as_another() {
    let market = Market::get();
    let quotes = market.file("quotes").display().to_string();
    let wrong =
        run(market.dir(), &[&format!("trades={quotes}"), "-q", "SELECT count(*) FROM trades"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    assert!(wrong.err.contains("error[contract/wrong-table]"), "{}", wrong.err);
    assert!(wrong.err.contains("expected table `trades`, found `quotes`"), "{}", wrong.err);
    for name in ["quotes", "mine"] {
        let sql = format!("SELECT count(*) AS n FROM {name}");
        let done = run(market.dir(), &[&format!("{name}={quotes}"), "-q", &sql, "-f", "csv"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
}

#[test]
fn a_log_and_files_stand_side_by_side_under_their_schemas() {
    let market = Market::get();
    let log = format!("live={}", market.log().display());
    let file = market.file("executions").display().to_string();
    let sql = "SELECT (SELECT count(*) FROM live.executions) AS logged, (SELECT count(*) FROM files.executions) AS filed";
    let done = run(market.dir(), &["--log", &log, &file, "-q", sql, "-f", "json"]).json();
    let filed = column(&read(&market.file("executions")), "exec_id").len();
    assert_eq!(done["rows"][0]["filed"], filed.to_string());
    let both = run(market.dir(), &["--log", &log, &file, "-q", "SELECT * FROM executions"]);
    assert_eq!(both.code, 2, "{}", both.err);
    assert!(
        both.err.contains("live.executions") && both.err.contains("files.executions"),
        "{}",
        both.err
    );
}

#[test]
fn a_file_that_does_not_say_its_table_is_named_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), &["-q", "SELECT 7 AS x", "-o", "foreign.parquet"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let unnamed = run(dir.path(), &["foreign.parquet", "-q", "SELECT 1"]);
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.err.contains("error[cli/unnamed-table]"), "{}", unnamed.err);
    let named = run(dir.path(), &["mine=foreign.parquet", "-q", "SELECT x FROM mine", "-f", "csv"]);
    assert_eq!(named.text(), "x\n7\n", "{}", named.err);
}

#[test]
fn a_view_stands_before_the_statement_that_uses_it() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "CREATE VIEW v AS SELECT 3 AS x; CREATE VIEW w AS SELECT x + 1 AS y FROM v; SELECT y FROM w;";
    let done = run(dir.path(), &["-q", sql, "-f", "csv"]);
    assert_eq!((done.code, done.text()), (0, "y\n4\n"), "{}", done.err);
    // Alone it has no answer, not even one without rows.
    let alone = run(dir.path(), &["-q", "CREATE VIEW v AS SELECT 3 AS x"]);
    assert_eq!((alone.code, alone.text()), (0, ""), "{}", alone.err);
}

#[test]
fn threads_and_batches_change_no_row_that_is_ordered() {
    let market = Market::get();
    let log = market.log().display().to_string();
    let sql =
        "SELECT instrument_id, count(*) AS n, max(seq) AS last FROM quotes GROUP BY 1 ORDER BY 1";
    let answer = |threads: &str, rows: &str| {
        let args =
            ["--log", &log, "-q", sql, "-f", "csv", "--threads", threads, "--batch-rows", rows];
        let done = run(market.dir(), &args);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().to_owned()
    };
    let first = answer("1", "8192");
    assert_eq!(first, answer("2", "8192"));
    assert_eq!(first, answer("2", "100"));
}
