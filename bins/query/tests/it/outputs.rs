//! Formats, and files that appear whole or not at all.

use crate::market::{Market, column, read};
use crate::support::{listing, run};

/// One row of every kind of cell.
const CELLS: &str = "SELECT 1 AS int, 9007199254740993 AS big, 1.5 AS half, CAST(NULL AS VARCHAR) AS none, '' AS empty, \
                     'a,\"b\"' AS text, true AS yes, CAST('2.500' AS DECIMAL(10,3)) AS dec, \
                     arrow_cast('2026-03-30T07:00:00.000000250Z', 'Timestamp(Nanosecond, Some(\"UTC\"))') AS at, \
                     make_array(1, 2) AS list";

#[test]
fn cells_have_one_text_form_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let csv = run(dir.path(), &["-q", CELLS, "-f", "csv"]);
    assert_eq!(
        csv.text(),
        "int,big,half,none,empty,text,yes,dec,at,list\n\
         1,9007199254740993,1.5,,\"\",\"a,\"\"b\"\"\",true,2.5,2026-03-30T07:00:00.000000250Z,\"[\"\"1\"\",\"\"2\"\"]\"\n",
        "{}",
        csv.err
    );
    let row = r#"{"int":"1","big":"9007199254740993","half":1.5,"none":null,"empty":"","text":"a,\"b\"","yes":true,"dec":"2.5","at":"2026-03-30T07:00:00.000000250Z","list":["1","2"]}"#;
    let jsonl = run(dir.path(), &["-q", CELLS, "-f", "jsonl"]);
    assert_eq!(jsonl.text(), format!("{row}\n"), "{}", jsonl.err);
    let json = run(dir.path(), &["-q", CELLS, "-f", "json"]).json();
    assert_eq!(json["schema"], "hindsight.query.v1");
    assert_eq!(json["rows"][0], serde_json::from_str::<serde_json::Value>(row).unwrap());
    assert_eq!(json["row_count"], 1);
    assert_eq!(json["columns"][3]["name"], "none");
    assert_eq!(json["lost"], serde_json::json!([]));
}

#[test]
fn an_answer_without_rows_has_its_columns_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let text = |format| {
        let done = run(dir.path(), &["-q", "SELECT 1 AS x, 'a' AS y WHERE false", "-f", format]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().to_owned()
    };
    assert_eq!(text("table"), "x  y\n0 rows\n");
    assert_eq!(text("csv"), "x,y\n");
    assert_eq!(text("jsonl"), "");
    let json: serde_json::Value = serde_json::from_str(&text("json")).unwrap();
    assert_eq!(
        (json["columns"][1]["name"].as_str(), json["row_count"].as_u64()),
        (Some("y"), Some(0))
    );
}

#[test]
fn a_file_is_a_table_that_the_rest_of_the_family_reads() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let (log, at) = (market.log().display().to_string(), dir.path().join("t.parquet"));
    let sql = "SELECT * FROM trades ORDER BY seq";
    let done = run(dir.path(), &["--log", &log, "-q", sql, "-o", "t.parquet"]);
    assert_eq!((done.code, done.text()), (0, ""), "{}", done.err);
    let written = read(&at);
    let schema = written[0].schema();
    assert_eq!(schema.metadata()["hindsight.table"], "trades");
    assert_eq!(schema.fields(), contract::table("trades").unwrap().schema(true).fields());
    // The file is a table of its own.
    let again =
        run(dir.path(), &["t.parquet", "-q", "SELECT count(*) AS n FROM trades", "-f", "csv"]);
    let rows = column(&written, "seq").len();
    assert_eq!(again.text(), format!("n\n{rows}\n"), "{}", again.err);
    for file in ["t.arrow", "t.arrows", "t.csv", "t.jsonl", "t.json"] {
        let done = run(
            dir.path(),
            &["--log", &log, "-q", "SELECT seq, px FROM trades LIMIT 3", "-o", file],
        );
        assert_eq!(done.code, 0, "{file}: {}", done.err);
        assert!(dir.path().join(file).metadata().unwrap().len() > 0, "{file}");
    }
    for file in ["t=t.arrow", "t=t.arrows"] {
        let done = run(dir.path(), &[file, "-q", "SELECT count(*) AS n FROM t", "-f", "csv"]);
        assert_eq!(done.text(), "n\n3\n", "{file}: {}", done.err);
    }
}

#[test]
fn prices_print_with_their_scale_and_letters_as_letters() {
    let market = Market::get();
    let log = market.log().display().to_string();
    let low = "SELECT min(px) AS low, max(px) AS high FROM trades WHERE seq = (SELECT min(seq) FROM trades)";
    let low = run(market.dir(), &["--log", &log, "-q", low, "-f", "csv"]);
    let sql = "SELECT px, px AS price, px + 0 AS raw, aggressor FROM trades ORDER BY seq LIMIT 1";
    let done = run(market.dir(), &["--log", &log, "-q", sql, "-f", "jsonl"]);
    let row: serde_json::Value = serde_json::from_str(done.text().trim()).unwrap();
    let raw: i64 = row["raw"].as_str().unwrap().parse().unwrap();
    let expected = contract::Price::from_nanos(raw).to_string();
    assert_eq!(
        low.text(),
        format!("low,high\n{expected},{expected}\n"),
        "the smallest price is a price"
    );
    assert_eq!((&row["px"], &row["price"]), (&expected.clone().into(), &expected.into()));
    assert!(["A", "B", "N"].contains(&row["aggressor"].as_str().unwrap()), "{row}");
}

#[test]
fn an_output_that_exists_is_an_input_or_cannot_be_is_refused_before_any_work() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("there.csv"), "mine").unwrap();
    let code = |args: &[&str]| {
        let done = run(dir.path(), args);
        (done.code, done.err.split(']').next().unwrap_or_default().to_owned())
    };
    let exists = "error[cli/output-exists".to_owned();
    assert_eq!(code(&["-q", "SELECT 1 AS x", "-o", "there.csv"]), (2, exists));
    assert_eq!(std::fs::read_to_string(dir.path().join("there.csv")).unwrap(), "mine");
    assert_eq!(code(&["-q", "SELECT 1 AS x", "-o", "there.csv", "--force"]).0, 0);
    assert_eq!(std::fs::read_to_string(dir.path().join("there.csv")).unwrap(), "x\n1\n");
    std::fs::copy(market.file("executions"), dir.path().join("e.parquet")).unwrap();
    let input = "error[cli/output-is-input".to_owned();
    let same = ["e.parquet", "-q", "SELECT * FROM executions", "-o", "e.parquet", "--force"];
    assert_eq!(code(&same), (2, input));
    let failed = code(&["-q", "SELECT CAST('x' AS INT) AS x", "-o", "new.csv"]);
    assert_eq!(failed.0, 2, "{}", failed.1);
    assert_eq!(listing(dir.path()), ["e.parquet", "there.csv"]);
}

#[test]
fn two_columns_of_one_name_are_refused_where_names_tell_them_apart() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "SELECT a.x, b.x FROM (VALUES (1)) a(x) CROSS JOIN (VALUES (2)) b(x)";
    for format in ["jsonl", "json", "arrow", "parquet"] {
        let done = run(dir.path(), &["-q", sql, "-f", format]);
        assert_eq!((done.code, done.out.len()), (2, 0), "{format}: {}", done.err);
        assert!(done.err.contains("error[sql/duplicate-column]: column `x`"), "{}", done.err);
    }
    assert_eq!(run(dir.path(), &["-q", sql, "-f", "csv"]).text(), "x,x\n1,2\n");
}

#[test]
fn a_plan_prints_as_text_with_what_was_read() {
    let market = Market::get();
    let log = market.log().display().to_string();
    let sql = "SELECT count(*) AS n FROM trades";
    let plan = run(market.dir(), &["--log", &log, "-q", sql, "--explain"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    assert!(plan.text().contains("physical_plan\n"), "{}", plan.text());
    assert!(!plan.text().contains('\u{fffd}'), "{}", plan.text());
    let analyzed = run(market.dir(), &["--log", &log, "-q", sql, "--explain=analyze"]);
    assert!(analyzed.text().contains("output_rows"), "{}", analyzed.text());
    let json = run(market.dir(), &["--log", &log, "-q", sql, "--explain", "-f", "json"]).json();
    assert_eq!(json["columns"][0]["name"], "plan_type");
}

#[test]
fn counters_messages_and_progress_have_machine_forms() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "SELECT count(*) AS n FROM generate_series(1, 3000) a CROSS JOIN generate_series(1, 100000) b WHERE a.value % 7 = b.value % 11";
    let args = [
        "-q",
        sql,
        "--progress",
        "json",
        "--log-format",
        "json",
        "--metrics-file",
        "m.prom",
        "-f",
        "csv",
    ];
    let done = run(dir.path(), &args);
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<serde_json::Value> =
        done.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = &lines[lines.len() - 2];
    assert_eq!((&last["schema"], &last["done"]), (&"hindsight.progress.v1".into(), &true.into()));
    assert!(last["bytes_in"].is_u64() && last["elapsed_ns"].is_u64(), "{last}");
    let closing = &lines[lines.len() - 1];
    assert_eq!(
        (&closing["schema"], &closing["rows_out"]),
        (&"hindsight.closing.v1".into(), &1.into())
    );
    let metrics = std::fs::read_to_string(dir.path().join("m.prom")).unwrap();
    assert!(
        metrics.contains("hindsight_stage_rows_total{stage=\"query\",direction=\"out\"} 1\n"),
        "{metrics}"
    );
    assert!(metrics.contains("# TYPE hindsight_query_bytes_read_total counter\n"), "{metrics}");
    let wrong = run(dir.path(), &["-q", "SELECT x", "--log-format", "json"]);
    let error: serde_json::Value = serde_json::from_str(wrong.err.trim()).unwrap();
    assert_eq!(
        (&error["schema"], &error["line"], &error["column"]),
        (&"hindsight.error.v1".into(), &1.into(), &8.into())
    );
}

#[test]
fn a_pipe_gets_every_row_and_no_escape_byte() {
    let dir = tempfile::tempdir().unwrap();
    let sql = "SELECT value FROM generate_series(1, 100)";
    let done = run(dir.path(), &["-q", sql, "--color", "always"]);
    assert_eq!(done.text().lines().count(), 102);
    assert!(!done.out.contains(&0x1b));
}

#[test]
fn a_value_without_a_text_form_is_an_error_of_the_statement() {
    let dir = tempfile::tempdir().unwrap();
    for (value, found) in [
        (
            "to_timestamp_seconds(9223372036854775807)",
            "9223372036854775807 of type Timestamp(s, \"UTC\")",
        ),
        ("arrow_cast(2147483647, 'Date32')", "2147483647 of type Date32"),
        ("arrow_cast(9223372036854775807, 'Date64')", "9223372036854775807 of type Date64"),
    ] {
        let sql = format!("SELECT {value} AS x");
        for format in ["table", "csv", "jsonl", "json"] {
            let done = run(dir.path(), &["-q", &sql, "-f", format]);
            assert_eq!((done.code, done.text()), (2, ""), "{format}: {}", done.err);
            let said = format!(
                "error[sql/no-text-form]: column `x`, row 0: expected a value with a text form, found {found}\n"
            );
            assert!(done.err.contains(&said), "{format}: {}", done.err);
        }
        let held = run(dir.path(), &["-q", &sql, "-o", "x.arrow", "--force"]);
        assert_eq!(held.code, 0, "{}", held.err);
    }
    let sql = "SELECT arrow_cast(value, 'Date32') AS day FROM generate_series(2147483646, 2147483647) WHERE value > 0";
    let late = format!("SELECT arrow_cast(1, 'Date32') AS day UNION ALL {sql}");
    let done = run(dir.path(), &["-q", &late, "-o", "x.csv"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("column `day`, row 1: "), "{}", done.err);
    let sql = "SELECT arrow_cast(1, 'Timestamp(Second, Some(\"Mars/Olympus\"))') AS x";
    let zone = run(dir.path(), &["-q", sql, "-f", "csv"]);
    assert_eq!(zone.code, 2, "{}", zone.err);
    assert!(zone.err.contains("column `x`: expected a type with a text form"), "{}", zone.err);
    assert_eq!(listing(dir.path()), ["x.arrow"]);
}

#[test]
fn the_closing_line_names_a_command_that_reads_the_file() {
    let market = Market::get();
    let dir = tempfile::tempdir().unwrap();
    let log = market.log().display().to_string();
    for (sql, file, table) in [
        ("SELECT 7 AS x", "u.parquet", "answer"),
        ("SELECT seq, px FROM trades", "trades.parquet", "answer"),
        ("SELECT seq, px FROM trades", "part.arrow", "answer"),
        ("SELECT * FROM trades", "whole.parquet", "trades"),
    ] {
        let done = run(dir.path(), &["--log", &log, "-q", sql, "-o", file]);
        assert_eq!(done.code, 0, "{}", done.err);
        let next = done.err.lines().find_map(|line| line.strip_prefix("  next: hindsight-query "));
        let argument = next.unwrap().strip_suffix(" -q ..").unwrap();
        let count = format!("SELECT count(*) AS n FROM {table}");
        let again = run(dir.path(), &[argument, "-q", &count, "-f", "csv"]);
        assert_eq!(again.code, 0, "{file}: {}", again.err);
    }
}
