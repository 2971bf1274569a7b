//! `feeds convert` and `feeds inspect`: rows in = rows out + rejects, whatever stands in the file.

use crate::support::{decisions, digest, listing, read_stream, run, run_with, stream};

/// Three trades by hand: the second has a negative size, the third no zone on a time.
const TAPE: &str = "\
source_id,instrument_id,ts_recv,ts_avail,px,size,aggressor,action
1,7,2024-08-08T23:54:15.030314667Z,2024-08-08T23:54:15.030314667Z,61700.1,0.002,A,T
1,7,2024-08-08T23:54:15.040000000Z,2024-08-08T23:54:15.040000000Z,61700.2,-1,B,T
1,7,2024-08-08T23:54:16,2024-08-08T23:54:16Z,61700.3,1,B,T
";

#[test]
fn rows_in_are_rows_out_and_rejects_with_their_reasons() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tape.csv"), TAPE).unwrap();
    let done =
        run(dir.path(), &["feeds", "convert", "--as", "trades", "tape.csv", "-o", "t.parquet"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.err.contains("feeds convert: 3 rows in = 1 rows out + 2 rejects; rows in t.parquet, rejects in t.rejects.arrow"),
        "{}",
        done.err
    );
    let good = run(dir.path(), &["cat", "t.parquet", "-f", "jsonl"]);
    assert!(good.text().contains(r#""px":"61700.1","size":0.002,"#), "{}", good.text());
    let rejects = run(dir.path(), &["cat", "t.rejects.arrow", "-f", "jsonl"]);
    let lines: Vec<&str> = rejects.text().lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].contains(r#""code":"contract/negative-size""#)
            && lines[0].contains(r#""position":"3""#),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains(r#""code":"contract/time-without-zone""#)
            && lines[1].contains(r#""position":"4""#),
        "{}",
        lines[1]
    );
}

#[test]
fn without_a_place_the_first_reject_stops_the_command_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tape.csv"), TAPE).unwrap();
    let args = ["feeds", "convert", "--as", "trades", "tape.csv", "-f", "jsonl"];
    let stopped = run(dir.path(), &args);
    assert_eq!((stopped.code, stopped.text()), (5, ""), "{}", stopped.err);
    assert!(
        stopped.err.contains("error[cli/too-many-rejects]: expected at most 0 rejects"),
        "{}",
        stopped.err
    );
    // The size is licensed data: the message names the cell and keeps its value.
    assert!(
        stopped.err.contains("tape.csv, row 3: trades.size (contract/negative-size)"),
        "{}",
        stopped.err
    );
}

#[test]
fn an_allowance_is_kept_to_the_row() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tape.csv"), TAPE).unwrap();
    for (allowed, code) in [("1", 5), ("2", 0), ("66.66%", 5), ("66.67%", 0), ("x", 2)] {
        let done = run(
            dir.path(),
            &[
                "feeds",
                "convert",
                "--as",
                "trades",
                "tape.csv",
                "-o",
                "t.arrow",
                "--force",
                "--max-rejects",
                allowed,
            ],
        );
        assert_eq!(done.code, code, "--max-rejects {allowed}: {}", done.err);
        let has_output = dir.path().join("t.arrow").exists();
        assert_eq!(has_output, code == 0, "--max-rejects {allowed}");
        if has_output {
            std::fs::remove_file(dir.path().join("t.arrow")).unwrap();
        }
    }
}

#[test]
fn a_file_of_bad_rows_alone_is_incomplete_even_with_a_place() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.jsonl"), "{\"px\":1}\nno json\n").unwrap();
    let done = run(dir.path(), &["feeds", "convert", "--as", "trades", "a.jsonl", "-o", "t.arrow"]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert!(done.err.contains("error[cli/all-rejected]"), "{}", done.err);
    assert_eq!(listing(dir.path()), ["a.jsonl", "t.rejects.arrow"]);
}

#[test]
fn text_out_and_in_again_gives_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..40), decisions(40..100)]);
    for form in ["csv", "jsonl"] {
        let text = run_with(dir.path(), &["cat", "-", "-f", form], &whole);
        assert_eq!(text.code, 0, "{}", text.err);
        let back = run_with(
            dir.path(),
            &["feeds", "convert", "--as", "decisions", "--from", form, "-"],
            &text.out,
        );
        assert_eq!(back.code, 0, "{form}: {}", back.err);
        assert_eq!(digest(&read_stream(&back.out)), digest(&read_stream(&whole)), "{form}");
    }
}

#[test]
fn a_csv_that_was_cut_is_incomplete_and_a_bad_header_refused() {
    let dir = tempfile::tempdir().unwrap();
    // Header and first trade; `T` may have been `TX`.
    let cut = TAPE.split_inclusive('\n').take(2).collect::<String>();
    let cut = cut.trim_end();
    let refused = run_with(
        dir.path(),
        &["feeds", "convert", "--as", "trades", "--from", "csv", "-"],
        cut.as_bytes(),
    );
    assert_eq!(refused.code, 5);
    assert!(refused.err.contains("error[cli/unfinished-line]: standard input"), "{}", refused.err);
    let header = TAPE.replace("aggressor", "agressor");
    let refused = run_with(
        dir.path(),
        &["feeds", "convert", "--as", "trades", "--from", "csv", "-"],
        header.as_bytes(),
    );
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(
        refused.err.contains("agressor") && refused.err.contains("aggressor`"),
        "{}",
        refused.err
    );
}

#[test]
fn every_kind_of_bad_input_is_a_typed_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("empty.csv"), "").unwrap();
    std::fs::write(path("latin.csv"), b"source_id\n\xe9\n").unwrap();
    std::fs::write(path("a.zip"), b"PK\x03\x04....").unwrap();
    std::fs::write(path("text.txt"), "hello\n").unwrap();
    std::fs::write(path("cut.parquet"), b"PAR1 and no more").unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    for (args, code, word) in [
        (&["feeds", "convert", "--as", "trades", "empty.csv"][..], 5, "cli/empty-input"),
        (&["feeds", "convert", "--as", "trades", "latin.csv"], 5, "contract/not-utf8"),
        (&["feeds", "convert", "--as", "trades", "a.zip"], 2, "cli/unknown-format"),
        (&["feeds", "convert", "--as", "trades", "text.txt"], 2, "cli/unknown-format"),
        (&["feeds", "convert", "text.txt"], 2, "cli/unknown-format"),
        (&["feeds", "convert", "--as", "trade", "text.txt"], 2, "cli/unknown-table"),
        (&["feeds", "convert", "--as", "trades", "folder"], 2, "cli/is-a-directory"),
        (&["feeds", "convert", "--as", "trades", "none.csv"], 1, "cli/not-found"),
        (&["cat", "cut.parquet"], 5, "cli/truncated-file"),
        (&["cat", "a.zip"], 2, "cli/unrecognised-input"),
        (&["cat", "folder"], 2, "cli/is-a-directory"),
    ] {
        let done = run(dir.path(), args);
        assert_eq!((done.code, done.text()), (code, ""), "{args:?}: {}", done.err);
        assert!(done.err.contains(word), "{args:?}: {}", done.err);
    }
}

#[test]
fn inspect_says_what_files_are_and_ends_by_the_worst_of_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..7)])).unwrap();
    std::fs::write(dir.path().join("tape.csv"), TAPE).unwrap();
    let done = run(dir.path(), &["feeds", "inspect", "a.arrows", "trades=tape.csv", "-f", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let text = done.text();
    for part in [
        r#"{"schema":"hindsight.inspection.v1","files":[{"input":"a.arrows","format":"Arrow IPC stream","tables":[{"table":"decisions","count":7}],"rejects":[],"#,
        r#""format":"text","tables":[{"table":"trades","count":1}],"rejects":[{"code":"contract/negative-size","count":1},{"code":"contract/time-without-zone","count":1}],"first_available":"2024-08-08T23:54:15.030314667Z""#,
    ] {
        assert!(text.contains(part), "{part}\nin\n{text}");
    }
    std::fs::write(dir.path().join("cut.arrows"), &stream(&[decisions(0..7)])[..900]).unwrap();
    let done = run(dir.path(), &["feeds", "inspect", "a.arrows", "cut.arrows"]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert!(done.err.contains("error[cli/truncated-stream]: cut.arrows"), "{}", done.err);
}

/// The folder of real market data, where this machine has it.
pub(crate) fn data() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("HINDSIGHT_DATA").map(std::path::PathBuf::from);
    if folder.is_none() {
        println!("not run: HINDSIGHT_DATA names no folder of market data");
    }
    folder
}

#[test]
fn a_binance_recording_gives_the_rows_that_its_readme_counts() {
    let Some(data) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = data.join("hftbacktest-binance-l2/usdm/btcusdt_20240808.gz");
    let file = file.to_str().unwrap();
    std::fs::create_dir(dir.path().join("out")).unwrap();
    let done = run(dir.path(), &["feeds", "convert", "--from", "binance", file, "--tables", "out"]);
    assert_eq!(done.code, 0, "{}", done.err);
    // Counts of the README: 21,313 trades, 66,089 best quotes; no unreadable line.
    for part in ["+ 0 rejects", "trades: 21313 rows", "quotes: 66089 rows"] {
        assert!(done.err.contains(part), "{part} in {}", done.err);
    }
    let only = run(
        dir.path(),
        &["feeds", "convert", "--from", "binance", "--as", "trades", file, "-o", "t.parquet"],
    );
    assert_eq!(only.code, 0, "{}", only.err);
    assert!(only.err.contains("21313 rows in = 21313 rows out + 0 rejects"), "{}", only.err);
    assert!(only.err.contains("66089 rows of quotes were not asked for"), "{}", only.err);
}

#[test]
fn a_lean_zip_is_known_by_its_path_and_says_which_clock_it_was_read_by() {
    let Some(data) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let folder = data.join("lean-fx-two-venues/forex/fxcm/tick/eurusd");
    let Some(file) = std::fs::read_dir(&folder).ok().and_then(|mut entries| entries.next()) else {
        panic!("{} has no file", folder.display());
    };
    let file = file.unwrap().path();
    let done = run(dir.path(), &["feeds", "inspect", file.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}{}", done.text(), done.err);
    assert!(
        done.text().contains("quotes") && done.text().contains("stamps by clock"),
        "{}",
        done.text()
    );
    // A zip that was cut is never taken for whole.
    let bytes = std::fs::read(&file).unwrap();
    let folder = dir.path().join("forex/fxcm/tick/eurusd");
    std::fs::create_dir_all(&folder).unwrap();
    let cut = folder.join(file.file_name().unwrap());
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let done = run(dir.path(), &["feeds", "convert", cut.to_str().unwrap(), "-o", "q.parquet"]);
    assert!(matches!(done.code, 2 | 5), "{}", done.err);
    assert!(!dir.path().join("q.parquet").exists());
}
