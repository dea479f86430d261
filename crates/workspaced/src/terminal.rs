//! The daemon's end of a terminal.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use proto::workspace::Size;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::termios::Winsize;
use tokio::net::unix::pipe;

/// A terminal, from the side where a person would sit.
#[derive(Debug)]
pub(crate) struct Terminal {
    output: pipe::Receiver,
    input: pipe::Sender,
}

impl Terminal {
    /// A new one of this size, and the end that a program takes.
    ///
    /// # Errors
    /// When the system has none left.
    pub(crate) fn open(size: Size) -> io::Result<(Self, OwnedFd)> {
        let ends = nix::pty::openpty(None, None)?;
        for end in [&ends.master, &ends.slave] {
            rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
        }
        let flags = rustix::fs::fcntl_getfl(&ends.master)?;
        rustix::fs::fcntl_setfl(&ends.master, flags | OFlags::NONBLOCK)?;
        // a terminal is waited for as a pipe is
        let input = pipe::Sender::from_owned_fd_unchecked(ends.master.try_clone()?)?;
        let output = pipe::Receiver::from_owned_fd_unchecked(ends.master)?;
        let terminal = Self { output, input };
        terminal.resize(size)?;
        Ok((terminal, ends.slave))
    }

    /// Tells the programs on it another size.
    pub(crate) fn resize(&self, size: Size) -> io::Result<()> {
        let number = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let size = Winsize { ws_row: number(size.rows), ws_col: number(size.cols), ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(self.output.as_fd(), size)?)
    }

    /// The group that is in the foreground.
    pub(crate) fn foreground(&self) -> Option<Pid> {
        rustix::termios::tcgetpgrp(self.output.as_fd()).ok()
    }

    /// Output; 0 when no program holds the terminal any more.
    pub(crate) async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.output.readable().await?;
            match self.output.try_read(buffer) {
                Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => return Ok(0),
                Err(error) if later(&error) => {}
                done => return done,
            }
        }
    }

    /// Input, as if typed.
    pub(crate) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.input.writable().await?;
            match self.input.try_write(bytes) {
                Err(error) if later(&error) => {}
                done => bytes = bytes.get(done?..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}

fn later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
