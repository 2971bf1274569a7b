//! Records of a DBN stream, checked before they are decoded.
//!
//! The decoder of the crate `dbn` takes the length of a record on trust: a record shorter than its type makes an
//! upgrade panic, a length that is no multiple of eight leaves the next record misaligned, and the length of the
//! metadata is allocated unseen. So every length is checked here first.

use dbn::enums::rtype;
use std::io::{self, Read};
use std::mem::size_of;

/// Bytes of a record's header.
pub(super) const HEADER: usize = 16;

/// Largest metadata that is read; a thousand instruments over a year take about 30 MiB.
pub(super) const MAX_METADATA: usize = 256 << 20;

/// How much is asked for at once.
const CHUNK: usize = 64 << 10;

/// What stands next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// A record of a type and length that the version has.
    Whole(&'a [u8]),
    /// A record of another type or length.
    Odd(&'a [u8]),
    /// A length below that of a header: where the next record starts is unknown.
    Lost(&'a [u8]),
    /// The stream ends within a record.
    Cut(&'a [u8]),
}

/// Reads bytes ahead.
pub(super) struct Frames<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0 }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Makes `n` bytes available, or as many as there are.
    fn fill(&mut self, n: usize) -> io::Result<()> {
        while self.unread().len() < n {
            if self.start > 0 {
                self.buffer.drain(..self.start);
                self.start = 0;
            }
            // Space grows with what really comes, not with what a length says.
            let len = self.buffer.len();
            self.buffer.resize(len + CHUNK, 0);
            let space = self.buffer.get_mut(len..).unwrap_or_default();
            let outcome = loop {
                match self.reader.read(space) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            match outcome {
                Ok(read) => {
                    self.buffer.truncate(len + read.min(CHUNK));
                    if read == 0 {
                        break;
                    }
                }
                Err(error) => {
                    self.buffer.truncate(len);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The next `n` bytes, or fewer at the end, without taking them.
    pub(super) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        self.fill(n)?;
        let unread = self.unread();
        Ok(unread.get(..n).unwrap_or(unread))
    }

    /// Takes the next `n` bytes, or as many as there are.
    pub(super) fn take(&mut self, n: usize) -> io::Result<&[u8]> {
        self.fill(n)?;
        let from = self.start;
        let n = n.min(self.buffer.len() - from);
        self.start += n;
        Ok(self.buffer.get(from..from + n).unwrap_or_default())
    }

    /// The next record, or `None` at the end.
    pub(super) fn next(&mut self, sizes: Sizes) -> io::Result<Option<Frame<'_>>> {
        let head = self.peek(HEADER)?;
        let &[words, kind, ..] = head else {
            return Ok(if head.is_empty() { None } else { Some(Frame::Cut(self.take(HEADER)?)) });
        };
        let len = usize::from(words) * 4;
        if len < HEADER {
            return Ok(Some(Frame::Lost(self.take(HEADER)?)));
        }
        let record = self.take(len)?;
        Ok(Some(if record.len() < len {
            Frame::Cut(record)
        } else if sizes.of(kind) == Some(len) {
            Frame::Whole(record)
        } else {
            Frame::Odd(record)
        }))
    }
}

/// Lengths of the records of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) version: u8,
    /// Each record ends in the time at which the gateway sent it.
    pub(super) ts_out: bool,
}

impl Sizes {
    /// The length of a record of this type.
    pub(super) fn of(self, kind: u8) -> Option<usize> {
        let by_version = |v1: usize, v2: usize, v3: usize| match self.version {
            1 => v1,
            2 => v2,
            _ => v3,
        };
        let len = match kind {
            rtype::MBP_0 => size_of::<dbn::TradeMsg>(),
            rtype::MBP_1 => size_of::<dbn::Mbp1Msg>(),
            rtype::MBP_10 => size_of::<dbn::Mbp10Msg>(),
            rtype::BBO_1S | rtype::BBO_1M => size_of::<dbn::BboMsg>(),
            rtype::CMBP_1 | rtype::TCBBO => size_of::<dbn::Cmbp1Msg>(),
            rtype::CBBO_1S | rtype::CBBO_1M => size_of::<dbn::CbboMsg>(),
            rtype::OHLCV_1S | rtype::OHLCV_1M | rtype::OHLCV_1H | rtype::OHLCV_1D => {
                size_of::<dbn::OhlcvMsg>()
            }
            rtype::STATUS => size_of::<dbn::StatusMsg>(),
            rtype::MBO => size_of::<dbn::MboMsg>(),
            rtype::INSTRUMENT_DEF => by_version(
                size_of::<dbn::v1::InstrumentDefMsg>(),
                size_of::<dbn::v2::InstrumentDefMsg>(),
                size_of::<dbn::v3::InstrumentDefMsg>(),
            ),
            rtype::SYMBOL_MAPPING => by_version(
                size_of::<dbn::v1::SymbolMappingMsg>(),
                size_of::<dbn::SymbolMappingMsg>(),
                size_of::<dbn::SymbolMappingMsg>(),
            ),
            rtype::SYSTEM => by_version(
                size_of::<dbn::v1::SystemMsg>(),
                size_of::<dbn::SystemMsg>(),
                size_of::<dbn::SystemMsg>(),
            ),
            _ => return None,
        };
        Some(len + if self.ts_out { 8 } else { 0 })
    }
}
