//! A reader between an input and an importer, which tells how the bytes ended and can stop them.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Hands bytes on, remembers the last one, and fails once it was told to.
#[derive(Debug)]
pub(crate) struct Tap<R> {
    inner: R,
    last: Option<u8>,
    closed: Rc<Cell<bool>>,
}

impl<R: Read> Tap<R> {
    /// A tap that closes when the cell says so: importers hand rows to a function that cannot stop them.
    pub(crate) fn new(inner: R, closed: Rc<Cell<bool>>) -> Self {
        Self { inner, last: None, closed }
    }

    /// The last byte that went through.
    pub(crate) fn last(&self) -> Option<u8> {
        self.last
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.closed.get() {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        let n = self.inner.read(buffer)?;
        self.last = n.checked_sub(1).and_then(|at| buffer.get(at)).copied().or(self.last);
        Ok(n)
    }
}
