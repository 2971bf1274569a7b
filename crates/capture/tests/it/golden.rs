//! Sample logs of format version 1, made once: each opens as it was said when it was made.

use crate::rig::{clock, options, reading};
use capture::{Filter, Item, Log, LogReader, LoggedBatch, Reader, RecoveryReport, Visibility};
use contract::arrow_array::Array as _;
use contract::arrow_array::cast::AsArray as _;
use contract::arrow_array::types::{Float64Type, Int32Type};
use contract::{Decisions, Table as _, Trades, Vocabulary as _};
use durable::{Fs, RealFs};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/capture/v1")
}

/// Puts a sample where a log may be opened; its segments are stored compressed.
fn unpack(case: &Path, dir: &Path) {
    fs::create_dir_all(dir.join("segments")).unwrap();
    for name in ["MANIFEST", "WATERMARK"] {
        if case.join(name).exists() {
            fs::copy(case.join(name), dir.join(name)).unwrap();
        }
    }
    for entry in fs::read_dir(case.join("segments")).into_iter().flatten() {
        let path = entry.unwrap().path();
        let bytes = zstd::stream::decode_all(fs::File::open(&path).unwrap()).unwrap();
        fs::write(dir.join("segments").join(path.file_stem().unwrap()), bytes).unwrap();
    }
}

/// The cell that tells rows of a table apart.
fn values(batch: &LoggedBatch) -> Vec<String> {
    let any = batch.parse().unwrap().unwrap();
    let name = if &*batch.table == Trades::SPEC.name {
        Trades::SIZE.name()
    } else {
        Decisions::STRATEGY_ID.name()
    };
    let (_, array) = any.columns().find(|(column, _)| column.name == name).unwrap();
    match array.as_primitive_opt::<Float64Type>() {
        Some(sizes) => sizes.values().iter().map(ToString::to_string).collect(),
        None => {
            let texts = array
                .as_dictionary::<Int32Type>()
                .downcast_dict::<contract::arrow_array::StringArray>()
                .unwrap();
            (0..texts.len())
                .map(|at| texts.values().value(texts.keys().value(at) as usize).to_owned())
                .collect()
        }
    }
}

/// All rows as they stand in `expected.json`.
fn rows(reader: &mut Reader) -> Value {
    let mut out = Vec::new();
    loop {
        let batch = match reader.next().unwrap() {
            Item::Batch(batch) => batch,
            Item::CaughtUp => return Value::Array(out),
            _ => continue,
        };
        let stamps = batch.parse().unwrap().unwrap().ts_avail().unwrap().clone();
        for (at, value) in values(&batch).into_iter().enumerate() {
            out.push(json!({
                "producer_id": batch.producer_id.to_string(),
                "pseq": batch.first_pseq + at as u64,
                "seq": batch.first_seq + at as u64,
                "table": &*batch.table,
                "ts_avail": stamps.value(at).to_string(),
                "value": value,
            }));
        }
    }
}

fn report(report: &RecoveryReport, verdict: &str) -> Value {
    let range = |range: &Option<std::ops::Range<u64>>| range.as_ref().map(|r| [r.start, r.end]);
    let lost: Vec<Value> = report
        .lost
        .iter()
        .map(|gap| {
            json!({
                "producer_id": gap.producer_id.map(|id| id.to_string()),
                "pseqs": range(&gap.pseqs),
                "seqs": range(&gap.seqs),
            })
        })
        .collect();
    json!({
        "frames_salvaged": report.frames_salvaged,
        "frames_torn": report.frames_torn,
        "is_manifest_rebuilt": report.is_manifest_rebuilt,
        "lost": lost,
        "next_seq": report.next_seq,
        "noise": report.noise.len(),
        "rows_salvaged": report.rows_salvaged,
        "start": report.start.word(),
        "unused": report.unused,
        "verdict": verdict,
    })
}

#[test]
fn every_sample_reads_and_opens_as_it_was_said_when_it_was_made() {
    let mut cases: Vec<PathBuf> = fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert_eq!(cases.len(), 22, "samples are made once and never taken away");
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(case.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("log");
        unpack(&case, &dir);
        let real: Arc<dyn Fs> = Arc::new(RealFs);
        let mut check = |what: &str, expected: &Value, found: &Value| {
            if expected != found {
                wrong.push(format!("{name}: {what}: expected {expected}\n  found {found}"));
            }
        };
        let mut reader =
            LogReader::open(Arc::clone(&real), &dir, &options(), &reading(), 0, Filter::default())
                .unwrap();
        check("shown", &expected["shown"], &rows(&mut reader));
        let (log, found) = Log::open(real, &dir, options(), clock(), 8).unwrap();
        let verdict = log.completeness(&reading(), 0..u64::MAX).unwrap().verdict.word();
        check("report", &expected["report"], &report(&found, verdict));
        let mut reader =
            log.reader(&reading(), log.start(), Visibility::Durable, Filter::default()).unwrap();
        check("rows", &expected["rows"], &rows(&mut reader));
        log.close().unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
