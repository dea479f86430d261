//! The agent's standard streams, by which an owner comes who may attach to the container and not start a relay in it.
//!
//! Nothing tells the agent that somebody has attached, or gone: who comes knocks, and goes on until he is answered.

use super::stream::Stream;
use proto::capture::KNOCK;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

/// Standard input and output.
pub(crate) struct Door {
    input: Rc<OwnedFd>,
    output: Rc<OwnedFd>,
    /// What came last: the beginning of a knock, perhaps.
    tail: Vec<u8>,
    /// Something has come.
    pub(crate) is_ready: bool,
}

impl Door {
    pub(crate) fn open() -> io::Result<Self> {
        let own = |fd: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(fd, 3);
        Ok(Self {
            input: Rc::new(own(io::stdin().as_fd())?),
            output: Rc::new(own(io::stdout().as_fd())?),
            tail: Vec::new(),
            is_ready: false,
        })
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// Who knocked, if anybody.
    ///
    /// # Errors
    /// When nobody will come any more.
    pub(crate) fn answer(&mut self) -> Result<Option<Stream>, Errno> {
        if !std::mem::take(&mut self.is_ready) {
            return Ok(None);
        }
        let mut buffer = [0; 4096];
        match rustix::io::read(&self.input, &mut buffer) {
            Ok(0) => return Err(Errno::PIPE),
            Ok(count) => self.tail.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Err(error) => return Err(error),
        }
        let knock = self.tail.windows(KNOCK.len()).position(|window| window == KNOCK);
        let Some(at) = knock else {
            let old = self.tail.len().saturating_sub(KNOCK.len() - 1);
            self.tail.drain(..old);
            return Ok(None);
        };
        self.tail.drain(..at);
        // A full log, or a slow one, must not hold the rings up.
        for fd in [&self.input, &self.output] {
            let flags = rustix::fs::fcntl_getfl(fd)?;
            rustix::fs::fcntl_setfl(fd, flags | OFlags::NONBLOCK)?;
        }
        let mut stream = Stream::over(self.input.clone(), self.output.clone(), true);
        stream.knocks = Some(std::mem::take(&mut self.tail));
        Ok(Some(stream))
    }
}

/// What comes after the knocks; `None` while only knocks have come.
pub(crate) fn after_knocks(mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some(rest) = bytes.strip_prefix(KNOCK.as_slice()) {
        bytes = rest;
    }
    if KNOCK.starts_with(bytes) { None } else { Some(bytes) }
}

#[cfg(test)]
mod tests;
