//! The frames of an Arrow IPC stream, watched while a decoder reads it.
//!
//! Arrow readers take a stream that was cut between two messages for complete. This reader stands between the bytes
//! and the decoder, follows the frames, and knows at the end whether the marker was there and the input exhausted.
//! It also refuses lengths that no honest writer writes, before the decoder allocates them.

use std::io::{self, Read};

/// Most bytes of the header of one message.
const MAX_HEAD: usize = 64 << 20;
/// Most bytes of the body of one message in a pipe, whose length nobody knows.
const MAX_BODY: u64 = 4 << 30;

/// Where the decoder stands in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between two messages.
    Boundary,
    /// Inside the header that was read ahead; `body` bytes follow it.
    Head { at: usize, body: u64 },
    /// Inside a body.
    Body { left: u64 },
    /// The marker was handed to the decoder, from this byte on.
    Marker { at: usize },
    /// Behind the marker.
    Ended,
    /// The bytes ended where they should not.
    Cut(&'static str),
    /// A frame that no writer writes.
    Broken(&'static str),
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With the marker, and nothing behind it.
    Whole,
    /// Between two messages, without the marker.
    Unmarked,
    /// Inside a message.
    Cut(&'static str),
    /// With bytes behind the marker.
    Trailing,
    /// In a frame that no writer writes.
    Broken(&'static str),
    /// It has not ended yet.
    Open,
}

/// A reader that follows the frames of an Arrow IPC stream.
#[derive(Debug)]
pub struct Framed<R> {
    inner: R,
    state: State,
    head: Vec<u8>,
    /// Bytes of a regular file that are still to come.
    left: Option<u64>,
}

const MARKER: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

impl<R: Read> Framed<R> {
    /// Follows a stream from its start; `len` is the number of its bytes, if known.
    pub fn new(inner: R, len: Option<u64>) -> Self {
        Self { inner, state: State::Boundary, head: Vec::new(), left: len }
    }

    /// How the stream ended; looks for bytes behind the marker.
    ///
    /// # Errors
    /// When reading fails.
    pub fn end(&mut self) -> io::Result<End> {
        Ok(match self.state {
            State::Ended | State::Marker { .. } => {
                let mut byte = [0_u8; 1];
                if self.fill(&mut byte)? == 0 { End::Whole } else { End::Trailing }
            }
            State::Cut("between two messages") => End::Unmarked,
            State::Cut(place) => End::Cut(place),
            State::Broken(reason) => End::Broken(reason),
            State::Boundary | State::Head { .. } | State::Body { .. } => End::Open,
        })
    }

    /// Reads until the buffer is full or the input ends.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.inner.read(rest) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.spend(filled);
        Ok(filled)
    }

    fn spend(&mut self, bytes: usize) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Reads the prefix and header of the next message ahead.
    fn advance(&mut self) -> io::Result<State> {
        let mut prefix = [0_u8; 8];
        match self.fill(&mut prefix)? {
            0 => return Ok(State::Cut("between two messages")),
            8 => {}
            _ => return Ok(State::Cut("inside the length of a message")),
        }
        if prefix == MARKER {
            return Ok(State::Marker { at: 0 });
        }
        let [a, b, c, d, len @ ..] = prefix;
        if [a, b, c, d] != [0xff; 4] {
            return Ok(State::Broken("a message that does not start with `ff ff ff ff`"));
        }
        let Some(len) = usize::try_from(i32::from_le_bytes(len)).ok().filter(|n| *n <= MAX_HEAD)
        else {
            return Ok(State::Broken("a message header of impossible length"));
        };
        if self.left.is_some_and(|left| left < len as u64) {
            return Ok(State::Cut("inside the header of a message"));
        }
        self.head.clear();
        self.head.extend_from_slice(&prefix);
        self.head.resize(8 + len, 0);
        let mut head = std::mem::take(&mut self.head);
        let filled = self.fill(head.get_mut(8..).unwrap_or_default())?;
        self.head = head;
        if filled < len {
            return Ok(State::Cut("inside the header of a message"));
        }
        let body = arrow_ipc::root_as_message(self.head.get(8..).unwrap_or_default())
            .ok()
            .and_then(|message| u64::try_from(message.bodyLength()).ok());
        let Some(body) = body else {
            return Ok(State::Broken("a message header that cannot be read"));
        };
        Ok(match self.left {
            Some(left) if body > left => State::Cut("inside the body of a message"),
            None if body > MAX_BODY => State::Broken("a message body of more than 4 GiB"),
            _ => State::Head { at: 0, body },
        })
    }
}

impl<R: Read> Read for Framed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.state {
                State::Boundary => self.state = self.advance()?,
                State::Head { at, body } => {
                    let rest = self.head.get(at..).unwrap_or_default();
                    if rest.is_empty() {
                        self.state = State::Body { left: body };
                        continue;
                    }
                    let n = copy(rest, buffer);
                    self.state = State::Head { at: at + n, body };
                    return Ok(n);
                }
                State::Body { left: 0 } => self.state = State::Boundary,
                State::Body { left } => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    let Some(part) = buffer.get_mut(..most) else { return Ok(0) };
                    let n = self.inner.read(part)?;
                    if n == 0 && most > 0 {
                        self.state = State::Cut("inside the body of a message");
                        return Ok(0);
                    }
                    self.spend(n);
                    self.state = State::Body { left: left - n as u64 };
                    return Ok(n);
                }
                State::Marker { at } => {
                    let rest = MARKER.get(at..).unwrap_or_default();
                    if rest.is_empty() {
                        self.state = State::Ended;
                        continue;
                    }
                    let n = copy(rest, buffer);
                    self.state = State::Marker { at: at + n };
                    return Ok(n);
                }
                State::Ended | State::Cut(_) | State::Broken(_) => return Ok(0),
            }
        }
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    for (slot, byte) in to.iter_mut().zip(from) {
        *slot = *byte;
    }
    n
}
