//! Inputs read on a thread of their own, so that a silent pipe holds up neither acknowledgements nor a signal.

use crate::error::Failure;
use crate::input::RawSource;
use arrow_array::RecordBatch;
use std::sync::mpsc::{Receiver, sync_channel};

/// What an input gave.
pub(super) enum Part {
    /// Rows of the input with this number.
    Rows(usize, RecordBatch),
    /// The input is at its end; whether that was taken on the user's word.
    End(usize, bool),
    /// It is not whole, or cannot be read.
    Failed(Failure),
}

/// Reads inputs one after the other. The thread ends with the process when a pipe never speaks again.
pub(super) fn start(sources: Vec<RawSource>) -> std::io::Result<Receiver<Part>> {
    let (parts, receiver) = sync_channel(2);
    let read = move || {
        for (at, mut source) in sources.into_iter().enumerate() {
            loop {
                let part = match source.next_batch() {
                    Ok(Some(batch)) => Part::Rows(at, batch),
                    Ok(None) => Part::End(at, source.is_trusted()),
                    Err(failure) => Part::Failed(failure),
                };
                let (is_end, is_failed) =
                    (matches!(part, Part::End(..)), matches!(part, Part::Failed(_)));
                if parts.send(part).is_err() || is_failed {
                    return;
                }
                if is_end {
                    break;
                }
            }
        }
    };
    std::thread::Builder::new().name("inputs".to_owned()).spawn(read)?;
    Ok(receiver)
}
