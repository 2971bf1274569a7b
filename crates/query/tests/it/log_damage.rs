//! What cannot be read is told, never passed over.

use crate::log_kit::{DIR, ask, cut, feed, files, number, open, session, session_with, tape};
use capture::ArchivePolicy;
use contract::{Diagnostic, Fault};
use durable::{Access, Fs, SimFs};
use query::{Note, Options, QueryError};
use std::path::PathBuf;
use std::time::Duration;

const START: i64 = 1_723_075_200_000_000_000;

fn filled(fs: &SimFs) -> capture::Log {
    let log = open(fs);
    let mut feed = feed(&log);
    for at in 0..40 {
        feed.append_durable(&tape(START + at * 1000, 1000)).unwrap();
        while log.step() {}
    }
    log
}

fn archived(fs: &SimFs) -> (capture::Log, PathBuf) {
    let log = filled(fs);
    log.archive_once(&ArchivePolicy::now()).unwrap();
    log.drop_archived(Duration::ZERO).unwrap();
    let file = files(fs, &format!("{DIR}/archive/trades")).remove(0);
    (log, file)
}

async fn failure(session: &query::Session, sql: &str) -> QueryError {
    match session.query(sql).await {
        Err(error) => error,
        Ok(answer) => match answer.collect().await {
            Err(error) => error,
            Ok(_) => panic!("{sql}: expected an error, found rows"),
        },
    }
}

#[tokio::test]
async fn a_damaged_segment_costs_its_rows_and_a_note() {
    let fs = SimFs::new();
    let _log = filled(&fs);
    let segment = files(&fs, &format!("{DIR}/segments")).remove(1);
    fs.flip_bit(&segment, 300_000, 3).unwrap();
    let session = session(&fs);
    let mut answer = session.query("SELECT * FROM trades").await.unwrap();
    let mut rows = 0;
    while let Some(batch) = answer.next().await.unwrap() {
        rows += batch.num_rows() as u64;
    }
    let notes = answer.notes();
    let [Note::Lost { log, seqs, .. }] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!(log, "log");
    assert_eq!(rows + (seqs.end - seqs.start), 40_000, "{notes:?}");
    // A statement that does not read there says nothing of it, also after a first one has passed.
    for _ in 0..2 {
        let mut narrow = session
            .query(&format!("SELECT * FROM trades WHERE seq >= {}", seqs.end))
            .await
            .unwrap();
        while narrow.next().await.unwrap().is_some() {}
        assert_eq!(narrow.notes(), []);
        let mut again = session.query("SELECT * FROM trades").await.unwrap();
        while again.next().await.unwrap().is_some() {}
        assert_eq!(again.notes(), notes);
    }
}

#[tokio::test]
async fn losses_that_were_declared_before_the_rest_was_archived_are_noted() {
    let fs = SimFs::new();
    let log = filled(&fs);
    let segment = files(&fs, &format!("{DIR}/segments")).remove(1);
    fs.flip_bit(&segment, 300_000, 3).unwrap();
    log.archive_once(&ArchivePolicy::now()).unwrap();
    let session = session(&fs);
    let mut answer = session.query("SELECT seq FROM trades").await.unwrap();
    let mut rows = 0;
    while let Some(batch) = answer.next().await.unwrap() {
        rows += batch.num_rows() as u64;
    }
    let notes = answer.notes();
    let Some(Note::Lost { seqs, .. }) = notes.first() else { panic!("{notes:?}") };
    assert_eq!(rows + (seqs.end - seqs.start), 40_000, "{notes:?}");
}

#[tokio::test]
async fn an_archive_file_that_is_short_or_gone_is_named() {
    for remove in [false, true] {
        let fs = SimFs::new();
        let (_log, file) = archived(&fs);
        if remove {
            fs.unlink(&file).unwrap();
        } else {
            cut(&fs, &file, 5000);
        }
        let error = failure(&session(&fs), "SELECT * FROM trades").await;
        assert_eq!((error.code(), error.fault()), ("query/damaged", Fault::Integrity), "{error}");
        assert!(error.to_string().contains(".parquet"), "{error}");
    }
}

#[tokio::test]
async fn a_lost_line_of_the_manifest_never_costs_rows_in_silence() {
    let fs = SimFs::new();
    let (_log, _) = archived(&fs);
    let manifest = PathBuf::from(format!("{DIR}/MANIFEST"));
    let file = fs.open(&manifest, Access::Read).unwrap();
    let mut text = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
    durable::read_exact_at(file.as_ref(), &mut text, 0).unwrap();
    let (mut start, mut told) = (0_u64, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let middle = start + line.len() as u64 / 2;
        start += line.len() as u64;
        fs.flip_bit(&manifest, middle, 0).unwrap();
        match session(&fs).query("SELECT seq FROM trades").await {
            Ok(mut answer) => {
                let mut rows = 0;
                while let Some(batch) = answer.next().await.unwrap() {
                    rows += batch.num_rows() as u64;
                }
                let notes = answer.notes();
                let lost = notes.iter().map(|note| match note {
                    Note::Lost { seqs, .. } => seqs.end - seqs.start,
                    other => panic!("{other:?}"),
                });
                let lost: u64 = lost.sum();
                told += u64::from(lost > 0);
                // Numbers of the log that are no rows of the table may be among the lost.
                let line = String::from_utf8_lossy(line);
                assert!(rows == 40_000 || rows + lost >= 40_000, "{rows} {lost} {line}");
                assert!(rows == 40_000 || lost > 0, "{rows} {line}");
            }
            // The line that says which log it is.
            Err(error) => assert_eq!(
                (error.code(), error.fault(), start),
                ("capture/damaged-manifest", Fault::Integrity, line.len() as u64)
            ),
        }
        fs.flip_bit(&manifest, middle, 0).unwrap();
    }
    // What an archive holds is known from the manifest alone; what was sealed or dropped, from the files too.
    assert!(told > 0);
}

#[tokio::test]
async fn a_changed_footer_is_named_by_its_file() {
    let fs = SimFs::new();
    let (_log, file) = archived(&fs);
    let len = fs.metadata(&file).unwrap().len;
    for offset in [len - 2, len - 6] {
        fs.flip_bit(&file, offset, 2).unwrap();
        let error = failure(&session(&fs), "SELECT * FROM trades").await;
        assert_eq!(error.code(), "query/damaged", "byte {offset}: {error}");
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
        fs.flip_bit(&file, offset, 2).unwrap();
    }
    assert_eq!(number(&session(&fs), "SELECT count(*) FROM trades").await, 40_000);
}

#[tokio::test]
async fn a_change_anywhere_ends_in_an_error_or_in_the_right_number_of_rows() {
    let fs = SimFs::new();
    let (_log, file) = archived(&fs);
    let len = fs.metadata(&file).unwrap().len;
    let (mut told, mut passed) = (0, 0);
    for part in 0..60 {
        let offset = len * part / 60;
        fs.flip_bit(&file, offset, 1).unwrap();
        let session = session(&fs);
        let rows = match session.query("SELECT * FROM trades").await {
            Ok(answer) => answer.collect().await,
            Err(error) => Err(error),
        };
        match rows {
            Ok(batches) => {
                passed += 1;
                let rows: usize = batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
                assert_eq!(rows, 40_000, "byte {offset}");
            }
            Err(error) => {
                told += 1;
                assert_eq!(error.code(), "query/damaged", "byte {offset}: {error}");
            }
        }
        // With hashes, no change passes.
        let strict = session_with(&fs, Options { verify: true, ..crate::session::options() });
        let error = failure(&strict, "SELECT * FROM trades").await;
        assert_eq!(error.code(), "query/damaged", "byte {offset}: {error}");
        assert!(error.to_string().contains("sha256"), "{error}");
        fs.flip_bit(&file, offset, 1).unwrap();
    }
    // Pages are small here: most bytes are values, which a change leaves readable.
    assert!(told > 0 && passed > 0, "{told} told, {passed} passed");
    let strict = session_with(&fs, Options { verify: true, ..crate::session::options() });
    assert_eq!(ask(&strict, "SELECT * FROM trades").await.num_rows(), 40_000);
}
