//! A reader that lets no more through than one element or text of XML may have.

use std::io::{self, BufRead, BufReader, Read};

/// Gives no more bytes than it was allowed to, then fails with [`TooLong`].
#[derive(Debug)]
pub(crate) struct Budgeted<Rd: Read> {
    inner: BufReader<Rd>,
    left: usize,
}

impl<Rd: Read> Budgeted<Rd> {
    /// Nothing is allowed yet.
    pub(crate) fn new(inner: Rd) -> Self {
        Self { inner: BufReader::new(inner), left: 0 }
    }

    /// Allows so many bytes from here on.
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }
}

impl<Rd: Read> Read for Budgeted<Rd> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<Rd: Read> BufRead for Budgeted<Rd> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.inner.fill_buf()?;
        if self.left == 0 && !available.is_empty() {
            return Err(io::Error::other(TooLong));
        }
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n);
        self.inner.consume(n);
    }
}

/// More bytes were asked for than are allowed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("an element or a text is too long")]
pub(crate) struct TooLong;

impl TooLong {
    /// Whether that is why reading failed.
    pub(crate) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}
