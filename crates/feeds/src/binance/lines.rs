//! Lines of a stream, with a limit on their length.

use std::io::{self, Read};

/// Longest line that is read.
pub(super) const MAX_LINE: usize = 1 << 20;

/// How much is asked for at once.
const CHUNK: usize = 256 << 10;

/// A line as it stands in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A whole line without its end, or the last one of a stream that does not end in a line feed.
    Text { bytes: &'a [u8], is_closed: bool },
    /// The head of a line above the limit; the rest was passed over.
    TooLong { head: &'a [u8] },
}

/// Splits a stream into lines within a buffer of about the limit.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes behind `start` known to hold no line feed.
    scanned: usize,
    is_done: bool,
    /// What ended the stream early, told after the lines before it.
    failure: Option<io::Error>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, scanned: 0, is_done: false, failure: None }
    }

    /// The next line, or `None` at the end of the stream.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let unread = self.buffer.get(self.start..).unwrap_or_default();
            let fresh = unread.get(self.scanned..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                let len = self.scanned + at;
                if len > MAX_LINE {
                    return Ok(Some(self.too_long(len, len + 1)));
                }
                let from = self.start;
                self.start += len + 1;
                self.scanned = 0;
                let bytes = self.buffer.get(from..from + len).unwrap_or_default();
                return Ok(Some(Line::Text { bytes, is_closed: true }));
            }
            self.scanned = unread.len();
            if self.is_done {
                if self.scanned == 0 {
                    return self.failure.take().map_or(Ok(None), Err);
                }
                if self.scanned > MAX_LINE {
                    return Ok(Some(self.too_long(self.scanned, self.scanned)));
                }
                let from = self.start;
                self.start = self.buffer.len();
                self.scanned = 0;
                let bytes = self.buffer.get(from..).unwrap_or_default();
                return Ok(Some(Line::Text { bytes, is_closed: false }));
            }
            if self.scanned > MAX_LINE + CHUNK {
                // Of a line that long the head is kept and the rest goes by unread.
                let keep = self.start + MAX_LINE + 1;
                self.buffer.truncate(keep);
                self.scanned = MAX_LINE + 1;
            }
            self.fill();
        }
    }

    fn too_long(&mut self, len: usize, consumed: usize) -> Line<'_> {
        let from = self.start;
        self.start += consumed;
        self.scanned = 0;
        let head = self.buffer.get(from..from + len.min(MAX_LINE)).unwrap_or_default();
        Line::TooLong { head }
    }

    fn fill(&mut self) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let len = self.buffer.len();
        self.buffer.resize(len + CHUNK, 0);
        let space = self.buffer.get_mut(len..).unwrap_or_default();
        let n = loop {
            match self.reader.read(space) {
                Ok(n) => break n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    break 0;
                }
            }
        };
        self.buffer.truncate(len + n.min(CHUNK));
        self.is_done = n == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let mut lines = Lines::new(text);
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            match line {
                Line::Text { bytes, is_closed } => out.push((bytes.to_vec(), is_closed)),
                Line::TooLong { head } => out.push((head.get(..4).unwrap().to_vec(), false)),
            }
        }
        out
    }

    #[test]
    fn a_line_above_the_limit_costs_itself_alone() {
        for len in [MAX_LINE + 1, MAX_LINE + CHUNK + 1, 3 * MAX_LINE] {
            let text = [&b"ab\n"[..], &vec![b'x'; len], b"\ncd"].concat();
            let expected =
                [(b"ab".to_vec(), true), (b"xxxx".to_vec(), false), (b"cd".to_vec(), false)];
            assert_eq!(all(&text), expected, "{len}");
        }
        let text = [vec![b'x'; MAX_LINE], b"\n".to_vec()].concat();
        assert_eq!(all(&text).first().map(|(line, _)| line.len()), Some(MAX_LINE));
    }

    proptest! {
        #[test]
        fn lines_are_those_of_split(text in "[ab\n]{0,60}") {
            let mut expected: Vec<(Vec<u8>, bool)> =
                text.split('\n').map(|l| (l.as_bytes().to_vec(), true)).collect();
            match expected.pop() {
                Some((last, _)) if !last.is_empty() => expected.push((last, false)),
                _ => {}
            }
            prop_assert_eq!(all(text.as_bytes()), expected);
        }
    }
}
