//! The log from the command line: appended, read, judged, damaged, verified, archived.

use crate::support::{Run, decisions, hindsight, listing, run, run_with, stream};
use contract::arrow_array::RecordBatch;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Flags of a log that is small, whatever the date of the machine is.
const SMALL: [&str; 4] = ["--segment-bytes", "1048576", "--max-future", "36500d"];

fn file(dir: &Path, name: &str, batches: &[RecordBatch]) {
    std::fs::write(dir.join(name), stream(batches)).unwrap();
}

fn append(dir: &Path, args: &[&str]) -> Run {
    run(dir, &[&["capture", "append"], args, &SMALL].concat())
}

/// What the log holds of decisions, without the column `seq`.
fn stored(dir: &Path, log: &str) -> String {
    let done = run(dir, &["capture", "read", log, "--table", "decisions", "-f", "csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    without_seq(done.text())
}

fn without_seq(text: &str) -> String {
    text.lines().flat_map(|line| [line.split_once(',').unwrap().1, "\n"]).collect()
}

fn expected(dir: &Path, rows: Range<u64>) -> String {
    let done = run_with(dir, &["cat", "-", "-f", "csv"], &stream(&[decisions(rows)]));
    assert_eq!(done.code, 0, "{}", done.err);
    done.text().to_owned()
}

/// The value of a key of an acknowledgement.
fn value<'a>(line: &'a str, key: &str) -> &'a str {
    let rest = line.split(&format!("\"{key}\":")).nth(1).unwrap();
    rest.split([',', '}']).next().unwrap().trim_matches('"')
}

#[track_caller]
fn refused(done: &Run, code: i32, word: &str) {
    assert_eq!((done.code, done.text()), (code, ""), "{}", done.err);
    assert!(done.err.contains(&format!("error[{word}]")), "{}", done.err);
}

#[test]
fn rows_are_acknowledged_line_by_line_and_come_back_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // A batch above the 8,192 rows of a frame is cut.
    file(dir, "a.arrows", &[decisions(0..20_000), decisions(20_000..20_003)]);
    let done = run(dir, &["capture", "append", "log", "a.arrows", "--max-future", "36500d"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let first = done.text().lines().next().unwrap();
    assert_eq!(
        first,
        "{\"schema\":\"hindsight.ack.v1\",\"table\":\"decisions\",\"producer\":\"a.arrows\",\
         \"producer_id\":\"c7ea5ecb-4325-8fb0-8d3e-0d11ffe5015a\",\"epoch\":1,\"first_pseq\":\"0\",\"last_pseq\":\"8191\",\
         \"first_seq\":\"1\",\"last_seq\":\"8192\",\"duplicates\":0,\"level\":\"durable\"}"
    );
    let ranges: Vec<(&str, &str)> =
        done.text().lines().map(|l| (value(l, "first_pseq"), value(l, "last_pseq"))).collect();
    assert_eq!(ranges, [("0", "8191"), ("8192", "16383"), ("16384", "19999"), ("20000", "20002")]);
    assert!(
        done.err
            .contains("capture append: 20003 rows in = 20003 rows out + 0 rejects; rows in log"),
        "{}",
        done.err
    );
    assert_eq!(stored(dir, "log"), expected(dir, 0..20_003));
    let ledger = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(ledger.code, 0, "{}", ledger.err);
    assert!(ledger.text().contains(": complete, 100 % captured\n"), "{}", ledger.text());
    assert!(
        ledger.text().contains("a.arrows  strict  closed  complete  1      20003 "),
        "{}",
        ledger.text()
    );
    assert!(ledger.text().contains("\ndecisions  20003\n"), "{}", ledger.text());
    let whole = run(dir, &["capture", "verify", "log"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    assert!(whole.text().ends_with("every byte is as it was recorded\n"), "{}", whole.text());
}

#[test]
fn a_repetition_stores_nothing_twice_and_a_silent_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "half.arrows", &[decisions(0..50)]);
    file(dir, "whole.arrows", &[decisions(0..30), decisions(30..100)]);
    assert_eq!(append(dir, &["log", "half.arrows", "--producer", "desk"]).code, 0);
    // The whole file is the same producer's: only its second half is new.
    let done = append(dir, &["log", "whole.arrows", "--producer", "desk", "--resume"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<[&str; 4]> = done
        .text()
        .lines()
        .map(|l| ["first_pseq", "last_pseq", "first_seq", "duplicates"].map(|key| value(l, key)))
        .collect();
    // Numbers 0 and 52 are the records that the producer was opened, 51 that it was closed.
    assert_eq!(lines, [["0", "29", "null", "30"], ["30", "99", "53", "20"]]);
    assert!(
        done.err.contains("50 rows were there before and were not stored again"),
        "{}",
        done.err
    );
    assert_eq!(stored(dir, "log"), expected(dir, 0..100));
    // From a number on is the same thing, said otherwise.
    file(dir, "tail.arrows", &[decisions(80..110)]);
    let tail = ["log", "tail.arrows", "--producer", "desk", "--first-pseq", "80"];
    let done = append(dir, &tail);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(value(done.text(), "duplicates"), "20");
    assert_eq!(stored(dir, "log"), expected(dir, 0..110));

    file(dir, "b.arrows", &[decisions(500..510)]);
    assert_eq!(append(dir, &["log", "b.arrows"]).code, 0);
    let again = append(dir, &["log", "b.arrows"]);
    refused(&again, 2, "cli/already-appended");
    assert!(
        again.err.contains("producer `b.arrows`: expected rows that are new, found 10"),
        "{}",
        again.err
    );
    assert_eq!(append(dir, &["log", "b.arrows", "--resume"]).code, 0);
    // Other rows under the same name and numbers.
    file(dir, "b.arrows", &[decisions(600..610)]);
    refused(&append(dir, &["log", "b.arrows", "--resume"]), 2, "capture/identity-reused");
    // A strict producer leaves nothing out; a lossy one may, and the ledger counts it.
    let hole = ["log", "b.arrows", "--producer", "gappy", "--first-pseq", "5"];
    refused(&append(dir, &hole), 2, "capture/sequence-gap");
    let done = append(dir, &[&hole[..], &["--mode", "lossy"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let gate = run(dir, &["capture", "ledger", "log", "--gaps", "-f", "csv", "--require-complete"]);
    assert_eq!(gate.code, 3, "{}", gate.err);
    assert!(gate.err.contains("error[cli/not-complete]"), "{}", gate.err);
    assert!(gate.text().lines().any(|line| line.contains(",missing,")), "{}", gate.text());
}

#[test]
fn inputs_and_places_that_cannot_be_are_refused_before_the_log_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "a.arrows", &[decisions(0..10)]);
    std::fs::write(dir.join("bad.jsonl"), "{\"source_id\":1}\n").unwrap();
    let convert = ["feeds", "convert", "bad.jsonl", "--as", "trades", "-o", "t.arrow"];
    assert_eq!(run(dir, &convert).code, 5);
    std::fs::create_dir(dir.join("data")).unwrap();
    std::fs::write(dir.join("data/x"), "mine").unwrap();
    for (args, code, word) in [
        (&["log", "none.arrows"][..], 1, "cli/not-found"),
        (&["log", "bad.jsonl"], 2, "cli/unrecognised-input"),
        (&["log", "t.rejects.arrow"], 2, "capture/unknown-table"),
        (&["log", "trades=a.arrows"], 2, "contract/"),
        (&["log", "a.arrows", "--producer", "p", "--producer-id", "7"], 2, "cli/bad-value"),
        (&["log", "a.arrows", "t.rejects.arrow", "--first-pseq", "3"], 2, "cli/bad-value"),
        (&["data", "a.arrows"], 2, "cli/not-a-log"),
        (&["a.arrows", "a.arrows"], 2, "cli/not-a-directory"),
    ] {
        let done = append(dir, args);
        assert_eq!((done.code, done.text()), (code, ""), "{args:?}: {}", done.err);
        assert!(done.err.contains(&format!("error[{word}")), "{args:?}: {}", done.err);
    }
    let unnamed = run_with(dir, &["capture", "append", "log", "-"], &stream(&[decisions(0..3)]));
    refused(&unnamed, 2, "cli/bad-value");
    let small = ["capture", "append", "log", "a.arrows", "--segment-bytes", "1000"];
    refused(&run(dir, &small), 2, "capture/bad-option");
    assert!(!dir.join("log").exists() && listing(&dir.join("data")) == ["x"]);
    for (args, word) in [
        (&["capture", "read", "none", "--table", "decisions"][..], "capture/no-log"),
        (&["capture", "read", "data", "--table", "decisions"], "capture/no-log"),
        (&["capture", "read", "data", "--table", "decision"], "cli/unknown-table"),
        (&["capture", "read", "data", "--table", "instruments"], "cli/bad-value"),
        (&["capture", "ledger", "none"], "capture/no-log"),
        (&["capture", "verify", "none"], "capture/no-log"),
        (&["capture", "verify", "none", "--declare"], "capture/no-log"),
        (&["capture", "archive", "none"], "capture/no-log"),
        (&["capture", "archive", "none", "--max-age", "long"], "cli/bad-value"),
    ] {
        refused(&run(dir, args), 2, word);
    }
    assert!(!dir.join("none").exists());
    // A receipt in the future holds back nothing: the batch is refused.
    let future = UtcFuture::stream();
    let done = run_with(
        dir,
        &["capture", "append", "log", "-", "--producer", "p", "--segment-bytes", "1048576"],
        &future,
    );
    refused(&done, 2, "capture/future-receipt");
    // Rows of one log are not those of another.
    assert_eq!(append(dir, &["log", "a.arrows"]).code, 0);
    let read = ["capture", "read", "log", "--table", "decisions", "-o", "seq.arrow"];
    assert_eq!(run(dir, &read).code, 0);
    refused(&append(dir, &["log", "seq.arrow"]), 2, "capture/has-seq");
}

/// Decisions received in the year 2200.
struct UtcFuture;

impl UtcFuture {
    fn stream() -> Vec<u8> {
        let rows = decisions(0..2);
        let at = rows.schema().index_of("ts_recv").unwrap();
        let late = contract::UtcNanos::parse("2200-01-01T00:00:00Z").unwrap().nanos();
        let stamps = contract::arrow_array::TimestampNanosecondArray::from(vec![late; 2])
            .with_data_type(rows.schema().field(at).data_type().clone());
        let avail = rows.schema().index_of("ts_avail").unwrap();
        let stamps: contract::arrow_array::ArrayRef = std::sync::Arc::new(stamps);
        let mut columns = rows.columns().to_vec();
        columns[at] = stamps.clone();
        columns[avail] = stamps;
        stream(&[RecordBatch::try_new(rows.schema(), columns).unwrap()])
    }
}

#[test]
fn a_cut_stream_leaves_what_came_before_and_an_open_account() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = stream(&[decisions(0..40), decisions(40..60)]);
    let args = [&["capture", "append", "log", "-", "--producer", "p"], &SMALL[..]].concat();
    let done = run_with(dir, &args, &whole[..whole.len() - 8]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert!(done.err.contains("error[cli/truncated-stream]"), "{}", done.err);
    assert!(done.err.contains("60 rows are acknowledged"), "{}", done.err);
    assert_eq!(done.text().lines().count(), 2);
    assert_eq!(stored(dir, "log"), expected(dir, 0..60));
    // Sent again as a whole, it is complete.
    let done = run_with(dir, &[&args[..], &["--resume"]].concat(), &whole);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(stored(dir, "log"), expected(dir, 0..60));
    let gate = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(gate.code, 0, "{}", gate.err);
}

#[test]
fn rows_too_wide_for_one_frame_go_in_parts_and_none_counts_as_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // A frame of a small log takes at most a quarter of a mebibyte.
    file(dir, "a.arrows", &[decisions(0..3_000)]);
    let done = append(dir, &["log", "a.arrows"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().lines().count() > 3, "{}", done.text());
    assert_eq!(stored(dir, "log"), expected(dir, 0..3_000));
    let ledger = run(dir, &["capture", "ledger", "log", "-f", "json"]);
    assert!(ledger.text().contains("\"rows_durable\":3000"), "{}", ledger.text());
    assert!(ledger.text().contains("\"rows_rejected\":0"), "{}", ledger.text());
}

#[test]
fn a_file_that_was_not_appended_to_its_end_is_not_complete() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let whole = stream(&[decisions(0..40), decisions(40..60)]);
    std::fs::write(dir.join("cut.arrows"), &whole[..whole.len() - 8]).unwrap();
    assert_eq!(append(dir, &["log", "cut.arrows"]).code, 5);
    let gate = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(gate.code, 3, "{}", gate.text());
    assert!(gate.text().contains(": open\n"), "{}", gate.text());
}

#[test]
fn a_row_that_breaks_the_contract_is_a_reject_and_has_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // The second batch repeats a decision of its own.
    let twice = arrow_select::concat::concat_batches(
        &decisions(0..1).schema(),
        &[decisions(5..9), decisions(5..6), decisions(9..12)],
    )
    .unwrap();
    file(dir, "a.arrows", &[decisions(0..5), twice]);
    let done = append(dir, &["log", "a.arrows"]);
    assert_eq!(done.code, 5, "{}", done.err);
    assert!(
        done.err.contains("a.arrows, row 9: decisions.decision_id (contract/duplicate-key)"),
        "{}",
        done.err
    );
    assert_eq!(stored(dir, "log"), expected(dir, 0..5));
    let again = ["log", "a.arrows", "--resume", "--rejects", "no.jsonl"];
    let done = append(dir, &again);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.err.contains("13 rows in = 12 rows out + 1 rejects; rows in log, rejects in no.jsonl"),
        "{}",
        done.err
    );
    assert_eq!(stored(dir, "log"), expected(dir, 0..12));
    assert_eq!(std::fs::read_to_string(dir.join("no.jsonl")).unwrap().lines().count(), 1);
}

/// Flips a bit in the middle of the bytes that stand for a strategy's name in a batch.
fn damage(dir: &Path, segment: &str) {
    let path = dir.join("log/segments").join(segment);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|w| w == b"momentum").unwrap();
    bytes[at] ^= 4;
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn damage_is_loud_until_it_is_on_record_and_can_be_mended() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "a.arrows", &[decisions(0..10), decisions(10..30)]);
    assert_eq!(append(dir, &["log", "a.arrows"]).code, 0);
    damage(dir, "00000000000000000000.seg");
    let read = ["capture", "read", "log", "--table", "decisions", "-f", "csv"];
    let done = run(dir, &read);
    assert_eq!(done.code, 6, "{}", done.err);
    assert!(
        done.err.contains("gap: damaged, seq 1 to 11 (exclusive), row 0 to 10"),
        "{}",
        done.err
    );
    assert!(done.err.contains("1 gaps, 1 of them damage that no record declares"), "{}", done.err);
    // Everything that can be read is there.
    let rest: String = expected(dir, 0..30)
        .lines()
        .enumerate()
        .filter(|(n, _)| !(1..11).contains(n))
        .flat_map(|(_, line)| [line, "\n"])
        .collect();
    assert_eq!(without_seq(done.text()), rest);
    let gate = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(gate.code, 3, "{}", gate.err);
    assert!(gate.text().contains(": damaged\n"), "{}", gate.text());
    let found = run(dir, &["capture", "verify", "log"]);
    assert_eq!(found.code, 6, "{}", found.err);
    assert!(
        found.err.contains("error[cli/damaged-log]") && found.err.contains("not on record yet"),
        "{}",
        found.err
    );
    let declared = run(dir, &["capture", "verify", "log", "--declare"]);
    assert_eq!(declared.code, 6, "{}", declared.err);
    assert!(declared.err.contains("now on record"), "{}", declared.err);
    // On record, it is for the ledger to judge.
    let known = run(dir, &["capture", "verify", "log", "-f", "json"]);
    assert_eq!(known.code, 0, "{}", known.err);
    assert!(
        known.text().contains("\"declared\":true") && !known.text().contains("\"declared\":false"),
        "{}",
        known.text()
    );
    let done = run(dir, &read);
    assert_eq!((done.code, without_seq(done.text())), (0, rest), "{}", done.err);
    let gaps = run(dir, &["capture", "ledger", "log", "--gaps"]);
    assert!(gaps.text().contains("damaged") && gaps.text().contains("0..10"), "{}", gaps.text());
    // The file is still there: its lost rows are taken again, and no others.
    let mended = append(dir, &["log", "a.arrows", "--resume"]);
    assert_eq!(mended.code, 0, "{}", mended.err);
    let duplicates: Vec<&str> = mended.text().lines().map(|l| value(l, "duplicates")).collect();
    assert_eq!(duplicates, ["0", "20"]);
    let gate = run(dir, &["capture", "ledger", "log", "--require-complete", "-f", "json"]);
    assert_eq!(gate.code, 0, "{}{}", gate.text(), gate.err);
    assert!(gate.text().contains("\"repaired\":true"), "{}", gate.text());
}

#[test]
fn files_of_another_log_and_cursors_of_another_log_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "a.arrows", &[decisions(0..10)]);
    assert_eq!(append(dir, &["log", "a.arrows"]).code, 0);
    assert_eq!(append(dir, &["other", "a.arrows"]).code, 0);
    let read = ["capture", "read", "log", "--table", "decisions", "-f", "csv", "--cursor"];
    let first = run(dir, &[&read[..], &["c"]].concat());
    assert_eq!((first.code, first.text().lines().count()), (0, 11), "{}", first.err);
    // A cursor goes on where the last read ended.
    let second = run(dir, &[&read[..], &["c"]].concat());
    assert_eq!((second.code, second.text().lines().count()), (0, 1), "{}", second.err);
    file(dir, "b.arrows", &[decisions(10..14)]);
    assert_eq!(append(dir, &["log", "b.arrows"]).code, 0);
    let third = run(dir, &[&read[..], &["c"]].concat());
    assert_eq!((third.code, third.text().lines().count()), (0, 5), "{}", third.err);
    // Of rows that could not be written, the cursor says nothing.
    file(dir, "d.arrows", &[decisions(14..15)]);
    assert_eq!(append(dir, &["log", "d.arrows"]).code, 0);
    std::fs::write(dir.join("there.csv"), "mine").unwrap();
    let kept =
        ["capture", "read", "log", "--table", "decisions", "--cursor", "c", "-o", "there.csv"];
    refused(&run(dir, &kept), 2, "cli/output-exists");
    let fourth = run(dir, &[&read[..], &["c"]].concat());
    assert_eq!((fourth.code, fourth.text().lines().count()), (0, 2), "{}", fourth.err);

    std::fs::copy(dir.join("log/cursors/c.json"), dir.join("other/cursors/c.json")).unwrap();
    let theirs = ["capture", "read", "other", "--table", "decisions", "--cursor", "c", "-f", "csv"];
    refused(&run(dir, &theirs), 2, "capture/other-log");
    refused(&run(dir, &[&read[..], &["Not a name"]].concat()), 2, "capture/bad-cursor");
    std::fs::copy(
        dir.join("log/segments/00000000000000000000.seg"),
        dir.join("other/segments/00000000000000000007.seg"),
    )
    .unwrap();
    refused(&append(dir, &["other", "b.arrows"]), 6, "capture/foreign-file");
}

#[test]
fn a_filter_leaves_rows_out_and_says_nothing_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "a.arrows", &[decisions(0..10)]);
    file(dir, "b.arrows", &[decisions(10..15)]);
    assert_eq!(append(dir, &["log", "a.arrows", "b.arrows"]).code, 0);
    let read = |more: &[&str]| {
        let args =
            [&["capture", "read", "log", "--table", "decisions", "-f", "jsonl"], more].concat();
        let done = run(dir, &args);
        assert_eq!(done.code, 0, "{}", done.err);
        done.text().lines().count()
    };
    assert_eq!(read(&[]), 15);
    assert_eq!(read(&["--producer", "b.arrows"]), 5);
    assert_eq!(read(&["--producer", "b.arrows", "--producer", "a.arrows"]), 15);
    assert_eq!((read(&["--instrument", "7"]), read(&["--instrument", "8"])), (15, 0));
    // Number 0 is the record that the producer was opened.
    assert_eq!(read(&["--from-seq", "3", "--to-seq", "7"]), 4);
    let unknown =
        run(dir, &["capture", "read", "log", "--table", "decisions", "--producer", "b.arrow"]);
    refused(&unknown, 2, "cli/bad-value");
    assert!(unknown.err.contains("is it `b.arrows`"), "{}", unknown.err);
    // A table that the log has no row of is a table without rows.
    let none = run(dir, &["capture", "read", "log", "--table", "trades"]);
    assert_eq!(none.code, 0, "{}", none.err);
    assert_eq!(crate::support::read_stream(&none.out).num_rows(), 0);
    let empty = ["capture", "read", "log", "--table", "trades", "--fail-if-empty"];
    assert_eq!(run(dir, &empty).code, 4);
}

/// An append that waits for rows on its standard input.
struct Live {
    child: Child,
    rows: Option<ChildStdin>,
    acks: BufReader<ChildStdout>,
}

impl Live {
    fn start(dir: &Path) -> Self {
        let mut child = hindsight(dir)
            .args([&["capture", "append", "log", "-", "--producer", "feed"], &SMALL[..]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let rows = child.stdin.take();
        let acks = BufReader::new(child.stdout.take().unwrap());
        Self { child, rows, acks }
    }

    fn write(&mut self, bytes: &[u8]) {
        let rows = self.rows.as_mut().unwrap();
        rows.write_all(bytes).unwrap();
        rows.flush().unwrap();
    }

    /// Waits for an acknowledgement.
    fn ack(&mut self) -> String {
        let mut line = String::new();
        self.acks.read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, signal: &str) {
        let mut kill = std::process::Command::new("kill");
        assert!(
            kill.args(["-s", signal, &self.child.id().to_string()]).status().unwrap().success()
        );
    }

    fn end(self) -> (Option<i32>, String) {
        let done = self.child.wait_with_output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    }
}

/// A stream in pieces: up to the first batch, and each further one.
fn pieces(batches: &[RecordBatch]) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut sent = 0;
    for upto in 1..=batches.len() {
        let bytes = stream(&batches[..upto]);
        let end = bytes.len() - 8;
        pieces.push(bytes[sent..end].to_vec());
        sent = end;
    }
    pieces
}

#[test]
fn rows_of_a_pipe_are_durable_as_they_arrive_while_others_look_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let pieces = pieces(&[decisions(0..3), decisions(3..6)]);
    let mut live = Live::start(dir);
    live.write(&pieces[0]);
    assert_eq!(value(&live.ack(), "last_pseq"), "2");
    // One writer; a reader and the ledger need no lock.
    file(dir, "a.arrows", &[decisions(50..60)]);
    refused(&append(dir, &["log", "a.arrows"]), 75, "capture/locked");
    refused(&run(dir, &["capture", "archive", "log"]), 75, "capture/locked");
    assert_eq!(stored(dir, "log"), expected(dir, 0..3));
    let ledger = run(dir, &["capture", "ledger", "log"]);
    assert!(ledger.text().contains("\ndecisions  3\n"), "{}", ledger.text());
    let mut follow = hindsight(dir)
        .args(["capture", "read", "log", "--table", "decisions", "--follow", "-f", "csv"])
        .args(["--cursor", "tail"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = BufReader::new(follow.stdout.take().unwrap());
    let mut lines = String::new();
    for _ in 0..4 {
        seen.read_line(&mut lines).unwrap();
    }
    live.write(&pieces[1]);
    assert_eq!(value(&live.ack(), "last_pseq"), "5");
    for _ in 0..3 {
        seen.read_line(&mut lines).unwrap();
    }
    assert_eq!(without_seq(&lines), expected(dir, 0..6));
    // Ctrl-C ends both in order.
    live.signal("INT");
    let (code, err) = live.end();
    assert_eq!(code, Some(130), "{err}");
    assert!(err.contains("stopped by SIGINT; 6 rows are acknowledged"), "{err}");
    let id = follow.id().to_string();
    std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap();
    let done = follow.wait_with_output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(143), "{err}");
    assert!(err.contains("the output is whole and holds 6 rows"), "{err}");
    let rest = run(
        dir,
        &["capture", "read", "log", "--table", "decisions", "-f", "csv", "--cursor", "tail"],
    );
    // The heading alone.
    assert_eq!((rest.code, rest.text().lines().count()), (0, 1), "{}", rest.err);
    // In order means that the next start finds nothing torn.
    let next = append(dir, &["log", "a.arrows"]);
    assert_eq!(next.code, 0, "{}", next.err);
    assert!(!next.err.contains("did not end in order"), "{}", next.err);
}

#[test]
fn a_kill_between_acknowledgements_loses_none_and_the_same_command_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let batches: Vec<RecordBatch> = (0..6).map(|n| decisions(n * 10..n * 10 + 10)).collect();
    let mut live = Live::start(dir);
    for piece in &pieces(&batches)[..4] {
        live.write(piece);
    }
    for _ in 0..2 {
        live.ack();
    }
    live.child.kill().unwrap();
    live.child.wait().unwrap();
    let text = stored(dir, "log");
    assert!(text.lines().count() > 20, "{text}");
    assert!(expected(dir, 0..60).starts_with(&text));
    let args =
        [&["capture", "append", "log", "-", "--producer", "feed", "--resume"], &SMALL[..]].concat();
    let done = run_with(dir, &args, &stream(&batches));
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("the last writer did not end in order"), "{}", done.err);
    assert_eq!(stored(dir, "log"), expected(dir, 0..60));
    let gate = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(gate.code, 0, "{}{}", gate.text(), gate.err);
}

#[test]
fn sealed_segments_go_to_parquet_and_the_rows_stay_where_readers_find_them() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "a.arrows", &[decisions(0..8_000), decisions(8_000..12_000)]);
    assert_eq!(append(dir, &["log", "a.arrows"]).code, 0);
    assert!(listing(&dir.join("log/segments")).len() >= 3, "several segments");
    let idle = run(dir, &["capture", "archive", "log"]);
    assert_eq!(idle.code, 0, "{}", idle.err);
    assert!(idle.text().starts_with("archived nothing: no run is due"), "{}", idle.text());
    let hold = [
        "capture",
        "read",
        "log",
        "--table",
        "decisions",
        "-f",
        "csv",
        "--to-seq",
        "5",
        "--cursor",
        "slow",
    ];
    assert_eq!(run(dir, &hold).code, 0);
    let all = ["capture", "archive", "log", "--all", "--drop", "--min-retention", "0s"];
    let done = run(dir, &all);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().contains("12000 rows in 1 files below log/archive\n"), "{}", done.text());
    assert!(done.text().contains("cursor `slow` stands before its end"), "{}", done.text());
    std::fs::remove_file(dir.join("log/cursors/slow.json")).unwrap();
    let done = run(dir, &[&all[..], &["-f", "json"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.text().contains("\"dropped\":[\"0\",\"1\""), "{}", done.text());
    assert!(!dir.join("log/segments/00000000000000000000.seg").exists());
    assert_eq!(stored(dir, "log"), expected(dir, 0..12_000));
    let ledger = run(dir, &["capture", "ledger", "log", "--require-complete"]);
    assert_eq!(ledger.code, 0, "{}{}", ledger.text(), ledger.err);
    assert!(ledger.text().contains("\ndecisions  12000\n"), "{}", ledger.text());
    assert_eq!(run(dir, &["capture", "verify", "log"]).code, 0);
    // An archive file that changed is damage, and keeps nothing from being read but its own rows.
    let day = dir.join("log/archive/decisions/date=2026-03-02");
    let parquet = day.join(&listing(&day)[0]);
    let mut bytes = std::fs::read(&parquet).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&parquet, bytes).unwrap();
    let found = run(dir, &["capture", "verify", "log"]);
    assert_eq!(found.code, 6, "{}", found.err);
    assert!(found.text().contains("archive file"), "{}", found.text());
}
