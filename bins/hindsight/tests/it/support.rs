//! Runs of the program, and tables to run it on.

use contract::arrow_array::RecordBatch;
use contract::{
    Amount, DecisionAction, Decisions, EventId, InstrumentId, Side, SourceId, TableBuilder,
    UtcNanos,
};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program in a directory, without any setting of the machine it runs on.
pub(crate) fn hindsight(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hindsight"));
    command.current_dir(dir).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("HINDSIGHT_") || name_text.starts_with("XDG_") {
            command.env_remove(&name);
        }
    }
    command.env("HOME", dir).env("NO_COLOR", "1");
    command
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the program with arguments.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Run {
    hindsight(dir).args(args).output().unwrap().into()
}

/// Runs the program with bytes on its standard input.
pub(crate) fn run_with(dir: &Path, args: &[&str], stdin: &[u8]) -> Run {
    use std::io::Write;
    let mut child = hindsight(dir)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // The program may stop reading early: that is its right.
        let _ = pipe.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

/// Decisions with ids, text, words of a closed set, decimals, lists and nulls; row `n` differs from every other.
pub(crate) fn decisions(rows: std::ops::Range<u64>) -> RecordBatch {
    let start = UtcNanos::parse("2026-03-02T14:30:00.000000250Z").unwrap();
    let mut table = TableBuilder::<Decisions>::new(start);
    for n in rows {
        let mut tail = [7_u8; 10];
        tail[9] = u8::try_from(n % 251).unwrap();
        table
            .set(&Decisions::DECISION_ID, EventId::v7(1_772_461_800_000 + n, tail))
            .set(&Decisions::SOURCE_ID, SourceId::new(3))
            .set(&Decisions::INSTRUMENT_ID, InstrumentId::new(7))
            .set(
                &Decisions::STRATEGY_ID,
                ["momentum", "hedge, \"new\"", "maker"][usize::try_from(n % 3).unwrap()],
            )
            .set(
                &Decisions::TS_EVENT,
                UtcNanos::from_nanos(start.nanos() + i64::try_from(n).unwrap()),
            );
        if n % 2 == 0 {
            table
                .set(&Decisions::ACTION, DecisionAction::Enter)
                .set(&Decisions::SIDE, Side::Buy)
                .set(&Decisions::QTY, Amount::parse("100.000000001").unwrap());
        } else {
            table.set(&Decisions::ACTION, DecisionAction::Hold);
        }
        table.end_row().unwrap();
    }
    table.finish().unwrap().into_record_batch()
}

/// The same table as an Arrow stream of several batches.
pub(crate) fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    use arrow_ipc::writer::StreamWriter;
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Every batch of a stream as one.
pub(crate) fn read_stream(bytes: &[u8]) -> RecordBatch {
    let reader = arrow_ipc::reader::StreamReader::try_new(bytes, None).unwrap();
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    arrow_select::concat::concat_batches(&schema, &batches).unwrap()
}

/// The digest of a table's rows, whatever the batches and dictionaries are.
pub(crate) fn digest(batch: &RecordBatch) -> String {
    let name = &batch.schema().metadata()["hindsight.table"].clone();
    let spec = contract::table(name).unwrap();
    let batch = contract::AnyBatch::parse(spec, batch).unwrap();
    format!("{} {:?}", batch.len(), contract::RowDigest::of(&batch))
}

/// The names of what lies in a directory.
pub(crate) fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Whether a program writes in this directory: its temporary file shows it.
pub(crate) fn at_work(dir: &Path) -> bool {
    listing(dir).iter().any(|name| Path::new(name).extension().is_some_and(|e| e == "tmp"))
}
