//! The program as a whole: help, usage, messages, pipes, signals and exit codes.

use crate::support::{Run, at_work, decisions, hindsight, listing, run, run_with, stream};
use std::io::{Read, Write};
use std::process::Stdio;

#[test]
fn help_goes_to_standard_output_and_a_usage_error_to_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["--help"][..],
        &["-h"],
        &["cat", "--help"],
        &["help"],
        &["config", "show", "--help"],
        &["--version"],
    ] {
        let done = run(dir.path(), args);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}");
        assert!(done.text().contains("hindsight"), "{args:?}");
        assert!(!done.out.contains(&0x1b), "{args:?}: no escape byte in a pipe");
    }
    for args in [
        &[][..],
        &["caat"],
        &["cat", "--no-such-flag"],
        &["config"],
        &["explain"],
        &["cat", "-f", "yaml"],
    ] {
        let done = run(dir.path(), args);
        assert_eq!((done.code, done.text()), (2, ""), "{args:?}");
        assert!(!done.err.is_empty(), "{args:?}");
    }
}

#[test]
fn errors_as_json_are_one_object_a_line_with_the_exit_code_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["cat", "none.parquet", "--log-format", "json"]);
    assert_eq!(done.code, 1);
    assert_eq!(
        done.err,
        "{\"schema\":\"hindsight.error.v1\",\"code\":\"cli/not-found\",\"fault\":\"environment\",\"exit\":1,\
         \"message\":\"none.parquet: expected a file or folder that exists, found nothing at this path\",\"file\":null,\"line\":null,\
         \"column\":null,\"table\":null,\"field\":null,\"row\":null,\"expected\":null,\"found\":null,\
         \"help\":\"paths on the command line are relative to the working directory, those in a file to the file\",\"causes\":[]}\n"
    );
    let usage = run(dir.path(), &["caat", "--log-format", "json"]);
    assert_eq!(usage.code, 2);
    assert!(
        usage.err.starts_with("{\"schema\":\"hindsight.error.v1\",\"code\":\"cli/usage\","),
        "{}",
        usage.err
    );
    assert_eq!(usage.err.lines().count(), 1, "{}", usage.err);
}

#[test]
fn an_error_of_the_schema_names_table_column_expected_and_found() {
    use contract::arrow_array::{Int64Array, RecordBatch};
    let dir = tempfile::tempdir().unwrap();
    let batch = decisions(0..2);
    let at = batch.schema().index_of("qty").unwrap();
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    fields[at] = std::sync::Arc::new(
        fields[at].as_ref().clone().with_data_type(contract::arrow_schema::DataType::Int64),
    );
    let mut columns = batch.columns().to_vec();
    columns[at] = std::sync::Arc::new(Int64Array::from(vec![1, 2]));
    let schema = contract::arrow_schema::Schema::new_with_metadata(
        fields,
        batch.schema().metadata().clone(),
    );
    let wrong = RecordBatch::try_new(std::sync::Arc::new(schema), columns).unwrap();
    let done = run_with(dir.path(), &["cat", "-", "--log-format", "json"], &stream(&[wrong]));
    assert_eq!(done.code, 2, "{}", done.err);
    for part in [
        "\"code\":\"contract/wrong-type\"",
        "\"table\":\"decisions\",\"field\":\"qty\"",
        "\"expected\":\"Decimal128(38, 9)\",\"found\":\"Int64\"",
    ] {
        assert!(done.err.contains(part), "{part} in {}", done.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..20_000)])).unwrap();
    let mut child = hindsight(dir.path())
        .args(["cat", "a.arrows", "-f", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0_u8; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let done = Run::from(child.wait_with_output().unwrap());
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}

#[test]
fn a_signal_stops_cleanly_even_while_the_input_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..100), decisions(100..200)]);
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = hindsight(dir.path())
            .args(["cat", "-", "-o", "out.parquet"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&whole[..whole.len() / 2]).unwrap();
        stdin.flush().unwrap();
        // The temporary file shows that the program is at work and listens.
        while !at_work(dir.path()) {
            std::thread::yield_now();
        }
        let killed = std::process::Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let done = Run::from(child.wait_with_output().unwrap());
        drop(stdin);
        assert_eq!(done.code, code, "{}", done.err);
        assert!(done.err.contains(&format!("stopped by SIG{signal}")), "{}", done.err);
        assert_eq!(listing(dir.path()), Vec::<String>::new(), "SIG{signal} leaves nothing behind");
    }
}

#[test]
fn a_killed_program_leaves_no_file_under_the_name_of_its_output() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..100), decisions(100..200)]);
    let mut child = hindsight(dir.path())
        .args(["cat", "-", "-o", "out.arrows"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&whole[..whole.len() - 8]).unwrap();
    while !at_work(dir.path()) {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!dir.path().join("out.arrows").exists());
    // What the dead run left is taken over by the next one.
    drop(stdin);
    let again = run_with(dir.path(), &["cat", "-", "-o", "out.arrows"], &whole);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(listing(dir.path()), ["out.arrows"]);
}

#[test]
fn a_stage_that_dies_in_a_pipe_fails_the_stage_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..50), decisions(50..90), decisions(90..300)]);
    for part in 1..20 {
        let cut = whole.len() * part / 20;
        let first = run_with(dir.path(), &["cat", "-"], &whole[..cut]);
        assert_ne!(first.code, 0, "cut at {cut}");
        let second = run_with(dir.path(), &["cat", "-", "-o", "out.parquet"], &first.out);
        assert_ne!(second.code, 0, "cut at {cut}: the stage behind takes it for whole");
        assert_eq!(listing(dir.path()), Vec::<String>::new());
    }
}

#[test]
fn nothing_to_do_is_exit_4_only_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let empty = stream(&[decisions(0..0)]);
    assert_eq!(run_with(dir.path(), &["cat", "-"], &empty).code, 0);
    let done = run_with(dir.path(), &["cat", "-", "--fail-if-empty", "-o", "a.arrow"], &empty);
    assert_eq!(done.code, 4, "{}", done.err);
    assert_eq!(listing(dir.path()), Vec::<String>::new());
    let header = run_with(dir.path(), &["cat", "-", "-f", "csv"], &empty);
    assert!(header.text().starts_with("source_id,instrument_id,ts_event,"), "{}", header.text());
}

#[test]
fn binary_output_to_a_terminal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..3)])).unwrap();
    // `script` of util-linux gives the command a terminal; where it is missing the test says so.
    let mut script = std::process::Command::new("script");
    for (name, _) in
        std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("HINDSIGHT_"))
    {
        script.env_remove(name);
    }
    let Ok(output) = script
        .args(["-qec", &format!("{} cat a.arrows", env!("CARGO_BIN_EXE_hindsight")), "/dev/null"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
    else {
        println!("not run: no program `script` here to make a terminal");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("cli/binary-to-terminal"), "{text}");
}

#[test]
fn counters_are_prometheus_text_and_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let done = run_with(
        dir.path(),
        &["cat", "-", "--metrics-file", "m.prom"],
        &stream(&[decisions(0..9), decisions(9..12)]),
    );
    assert_eq!(done.code, 0, "{}", done.err);
    let text = std::fs::read_to_string(dir.path().join("m.prom")).unwrap();
    for line in [
        "# TYPE hindsight_stage_rows_total counter",
        "hindsight_stage_rows_total{stage=\"cat\",direction=\"in\"} 12",
        "hindsight_stage_rows_total{stage=\"cat\",direction=\"out\"} 12",
        "hindsight_stage_rows_total{stage=\"cat\",direction=\"rejected\"} 0",
        // Two batches and the end.
        "hindsight_stage_duration_seconds_count{stage=\"cat\"} 3",
        "hindsight_stage_duration_seconds_bucket{stage=\"cat\",le=\"+Inf\"} 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[test]
fn progress_as_json_ends_with_a_line_that_says_done() {
    let dir = tempfile::tempdir().unwrap();
    let done = run_with(
        dir.path(),
        &["cat", "-", "--progress", "json", "-o", "a.arrow"],
        &stream(&[decisions(0..9)]),
    );
    let line = done.err.lines().find(|line| line.contains("hindsight.progress.v1")).unwrap();
    assert!(
        line.contains(
            "\"stage\":\"cat\",\"rows_in\":9,\"rows_out\":9,\"rejects\":0,\"rows_total\":null,"
        ),
        "{line}"
    );
    assert!(line.ends_with("\"done\":true}"), "{line}");
    let quiet =
        run_with(dir.path(), &["cat", "-", "-q", "-o", "b.arrow"], &stream(&[decisions(0..9)]));
    assert_eq!(quiet.err, "");
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(dir.path(), &["completions", shell]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.text().contains("doctor"), "{shell}");
    }
    assert_eq!(run(dir.path(), &["man", "none"]).code, 1);
    std::fs::create_dir(dir.path().join("man")).unwrap();
    assert_eq!(run(dir.path(), &["man", "man"]).code, 0);
    let pages = listing(&dir.path().join("man"));
    for page in
        ["hindsight.1", "hindsight-cat.1", "hindsight-config-show.1", "hindsight-feeds-convert.1"]
    {
        assert!(pages.iter().any(|name| name == page), "{page} in {pages:?}");
    }
}

#[test]
fn doctor_is_content_here_and_fails_under_a_broken_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let done = run(dir.path(), &["doctor"]);
    assert_eq!(done.code, 0, "{}{}", done.text(), done.err);
    assert!(done.text().contains("working directory  ok"), "{}", done.text());
    std::fs::write(dir.path().join("hindsight.toml"), "[ui]\ncolour = 1\n").unwrap();
    let done = run(dir.path(), &["doctor", "-f", "json"]);
    assert!(
        done.text().contains("{\"check\":\"configuration\",\"verdict\":\"fail\""),
        "{}",
        done.text()
    );
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(done.err.contains("error[config/unknown-key]"), "{}", done.err);
}

#[test]
fn an_output_that_cannot_be_written_is_a_fault_of_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..9)]);
    let done = run_with(dir.path(), &["cat", "-", "-o", "no/such/dir.arrow"], &whole);
    assert_eq!(done.code, 1, "{}", done.err);
    let done =
        run_with(dir.path(), &["cat", "-", "-o", "/dev/full", "-f", "arrow", "--force"], &whole);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("cli/not-regular"), "{}", done.err);
    // A full device behind standard output: try again later.
    std::fs::write(dir.path().join("a.arrows"), &whole).unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = hindsight(dir.path());
    let done =
        Run::from(command.args(["cat", "a.arrows", "-f", "csv"]).stdout(full).output().unwrap());
    assert_eq!(done.code, 75, "{}", done.err);
    assert!(done.err.contains("error[cli/disk-full]: standard output"), "{}", done.err);
}
