//! The frames of Arrow IPC, looked at before a decoder is let near them.
//!
//! Arrow's readers take a stream that was cut between two messages for a whole one, and allocate what a damaged length
//! says. Here the headers alone are read, one after the other, so both are known before the first row.

use crate::error::QueryError;
use crate::fs_read::FsRead;

/// Most bytes of the header of one message.
const MAX_HEAD: u64 = 64 << 20;
const MARKER: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

fn damaged(file: &FsRead, expected: &str, found: impl Into<String>) -> QueryError {
    QueryError::Damaged {
        path: file.path().display().to_string(),
        expected: expected.to_owned(),
        found: found.into(),
    }
}

/// That a stream is whole: every message inside the file, the marker of its end behind the last, and nothing behind
/// that.
pub(super) fn check_stream(file: &FsRead) -> Result<(), QueryError> {
    const WHOLE: &str = "an Arrow IPC stream with its end marker";
    let len = file.len();
    let mut at = 0;
    loop {
        if at == len {
            return Err(damaged(
                file,
                WHOLE,
                format!("a stream that ends between two messages, at byte {at}"),
            ));
        }
        if len - at < 8 {
            return Err(damaged(
                file,
                WHOLE,
                format!("a stream that ends inside a length, at byte {at}"),
            ));
        }
        let prefix = file.range(at..at + 8)?;
        if prefix.as_ref() == MARKER {
            return match len - at - 8 {
                0 => Ok(()),
                more => Err(damaged(file, WHOLE, format!("{more} bytes behind it"))),
            };
        }
        let head = match prefix.as_ref() {
            [0xff, 0xff, 0xff, 0xff, a, b, c, d] => i32::from_le_bytes([*a, *b, *c, *d]),
            _ => return Err(damaged(file, WHOLE, format!("no message at byte {at}"))),
        };
        let head = u64::try_from(head).ok().filter(|head| *head <= MAX_HEAD);
        let Some(head) = head else {
            return Err(damaged(
                file,
                WHOLE,
                format!("a header of impossible length at byte {at}"),
            ));
        };
        let cut =
            || damaged(file, WHOLE, format!("a stream that ends inside the message at byte {at}"));
        let body_at = at + 8 + head;
        if body_at > len {
            return Err(cut());
        }
        let header = file.range(at + 8..body_at)?;
        let body = arrow_ipc::root_as_message(&header)
            .ok()
            .and_then(|m| u64::try_from(m.bodyLength()).ok());
        let Some(body) = body else {
            return Err(damaged(file, WHOLE, format!("a header that cannot be read at byte {at}")));
        };
        at = body_at.checked_add(body).filter(|end| *end <= len).ok_or_else(cut)?;
    }
}

/// That a file is closed by its magic, and that its footer points to bytes inside it.
pub(super) fn check_file(file: &FsRead) -> Result<(), QueryError> {
    const WHOLE: &str = "an Arrow IPC file that ends in `ARROW1`";
    let len = file.len();
    let tail = file.range(len.saturating_sub(10).max(8.min(len))..len)?;
    let [a, b, c, d, magic @ ..] = tail.as_ref() else {
        return Err(damaged(file, WHOLE, format!("{len} bytes")));
    };
    if magic != b"ARROW1" {
        return Err(damaged(file, WHOLE, format!("`{}`", contract::excerpt(magic))));
    }
    let footer = u64::try_from(i32::from_le_bytes([*a, *b, *c, *d])).ok();
    let Some(at) = footer.and_then(|footer| (len - 10).checked_sub(footer)) else {
        return Err(damaged(file, WHOLE, "a footer of impossible length"));
    };
    let bytes = file.range(at..len - 10)?;
    let Ok(footer) = arrow_ipc::root_as_footer(&bytes) else {
        return Err(damaged(file, WHOLE, "a footer that cannot be read"));
    };
    let blocks = footer.dictionaries().into_iter().flatten();
    for block in blocks.chain(footer.recordBatches().into_iter().flatten()) {
        let part = |n: i64| u64::try_from(n).ok();
        let end = part(block.offset())
            .zip(part(i64::from(block.metaDataLength())))
            .zip(part(block.bodyLength()))
            .and_then(|((offset, head), body)| offset.checked_add(head)?.checked_add(body));
        if end.is_none_or(|end| end > at) {
            return Err(damaged(file, WHOLE, "a footer that points outside the file"));
        }
    }
    Ok(())
}
