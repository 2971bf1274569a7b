//! A stream that was cut, joined or damaged is never taken for a whole one.

use crate::support::{decisions, listing, run_with, stream};

/// Offsets between two messages: the format says how long each is.
fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut found = vec![0];
    while bytes.len() - at > 8 {
        let head = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let message = arrow_ipc::root_as_message(&bytes[at + 8..at + 8 + head]).unwrap();
        at += 8 + head + usize::try_from(message.bodyLength()).unwrap();
        found.push(at);
    }
    found
}

/// Exit code and error code of reading some bytes through the library, as `cat` reads a pipe.
fn read(bytes: &[u8]) -> Result<u64, (u8, &'static str)> {
    use hindsight::{Failure, InputArg, ReadOptions, Source};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in");
    std::fs::write(&path, bytes).unwrap();
    let read = || -> Result<u64, Failure> {
        let input = InputArg::parse(path.as_os_str())?;
        let mut source = Source::open(&input, &ReadOptions::default())?;
        let mut rows = 0;
        while let Some(batch) = source.next_batch()? {
            rows += batch.len() as u64;
        }
        Ok(rows)
    };
    read().map_err(|failure| match &failure {
        Failure::Errors(reports) => (failure.exit().code(), reports[0].code),
        _ => (0, "gone"),
    })
}

#[test]
fn a_stream_cut_at_every_message_boundary_is_incomplete() {
    let whole = stream(&[decisions(0..3), decisions(3..9), decisions(9..10)]);
    assert_eq!(read(&whole), Ok(10));
    let boundaries = boundaries(&whole);
    assert!(boundaries.len() > 8, "schema, dictionaries and batches: {boundaries:?}");
    assert_eq!(*boundaries.last().unwrap(), whole.len() - 8);
    for at in &boundaries[1..] {
        assert_eq!(read(&whole[..*at]), Err((5, "cli/truncated-stream")), "cut at {at}");
    }
    assert_eq!(read(b""), Err((5, "cli/empty-input")));
}

#[test]
fn a_stream_cut_at_any_of_a_thousand_places_never_ends_well() {
    let whole = stream(&[decisions(0..300), decisions(300..900)]);
    let step = (whole.len() / 1_000).max(1);
    let mut cuts = 0;
    for at in (0..whole.len()).step_by(step) {
        let (exit, code) = read(&whole[..at]).expect_err("a cut stream");
        let is_short = at < 4;
        assert!(exit == 5 || is_short, "cut at {at}: exit {exit}, {code}");
        cuts += 1;
    }
    assert!(cuts >= 1_000, "{cuts}");
}

/// Panics inside the decoder are expected here, by the thousand: only those of other places are worth a line.
fn silence_decoder_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.location().is_some_and(|at| at.file().contains("/arrow-")) {
            before(info);
        }
    }));
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    silence_decoder_panics();
    let whole = stream(&[decisions(0..5), decisions(5..9)]);
    let mut refused = 0;
    for at in (0..whole.len()).step_by(67) {
        for flip in [0x01_u8, 0x80] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            match read(&damaged) {
                // A flipped bit inside a value or in padding is for digests to find, not for the reader.
                Ok(rows) => assert_eq!(rows, 9, "byte {at}"),
                Err((exit, code)) => {
                    assert!(matches!(exit, 2 | 5), "byte {at}: exit {exit}, {code}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn two_joined_streams_are_refused_and_a_foreign_end_needs_the_users_word() {
    let dir = tempfile::tempdir().unwrap();
    let whole = stream(&[decisions(0..3)]);
    let twice = [whole.clone(), whole.clone()].concat();
    let refused = run_with(dir.path(), &["cat", "-", "-o", "b.arrow"], &twice);
    assert_eq!(refused.code, 5, "{}", refused.err);
    assert!(refused.err.contains("error[cli/trailing-data]: standard input"), "{}", refused.err);
    assert_eq!(listing(dir.path()), Vec::<String>::new());

    let unmarked = &whole[..whole.len() - 8];
    let refused = run_with(dir.path(), &["cat", "-", "-f", "jsonl"], unmarked);
    assert_eq!(refused.code, 5, "{}", refused.err);
    let trusted = run_with(dir.path(), &["cat", "-", "--trust-eof", "-o", "b.arrow"], unmarked);
    assert_eq!(trusted.code, 0, "{}", trusted.err);
    assert!(trusted.err.contains("taken for whole because of --trust-eof"), "{}", trusted.err);
    // A cut inside a message is no foreign habit.
    let cut = &whole[..whole.len() - 20];
    assert_eq!(run_with(dir.path(), &["cat", "-", "--trust-eof", "-f", "csv"], cut).code, 5);
}
