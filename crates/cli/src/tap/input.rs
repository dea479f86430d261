//! Bytes of a capture: from a file or stdin, unpacked when they are compressed, in reads of 128 KiB into one buffer that
//! stays in the processor's cache.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// What of the capture is not done with.
pub(super) struct Input {
    source: Box<dyn Read>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    live: bool,
    cut: bool,
}

impl Input {
    /// Opens it; `-` is stdin.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let (mut raw, live): (Box<dyn Read>, bool) = if path.as_os_str() == "-" {
            (Box::new(io::stdin()), true)
        } else {
            let file = File::open(path)?;
            let about = file.metadata()?;
            if about.is_dir() {
                return Err(ErrorKind::IsADirectory.into());
            }
            (Box::new(file), !about.is_file())
        };
        let mut first = [0; 4];
        let got = fill(&mut raw, &mut first)?;
        let head = first.get(..got).unwrap_or_default().to_vec();
        let whole = Cursor::new(head).chain(raw);
        let source: Box<dyn Read> = match first {
            [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                Box::new(Zstd::new(Box::new(BufReader::with_capacity(READ, whole))))
            }
            _ => Box::new(whole),
        };
        Ok(Self { source, buffer: vec![0; 2 * READ], start: 0, end: 0, ended: false, live, cut: false })
    }

    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether nothing follows.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether reading may wait for somebody: what is known should be shown before.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether compressed data ended too early.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// So many bytes are done with.
    pub(super) fn consume(&mut self, used: usize) {
        self.start = (self.start + used).min(self.end);
    }

    /// Reads on, until `want` bytes are there or the input ends.
    pub(super) fn fill(&mut self, want: usize) -> io::Result<()> {
        while self.end - self.start < want && !self.ended {
            self.read()?;
        }
        Ok(())
    }

    /// Reads once: 128 KiB, or what is there of it.
    fn read(&mut self) -> io::Result<()> {
        if self.buffer.len() - self.end < READ {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if self.buffer.len() - self.end < READ {
                self.buffer.resize(self.end + READ, 0);
            }
        }
        let room = self.buffer.get_mut(self.end..self.end + READ).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.ended = true,
            Ok(got) => self.end += got,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // a compressed file that was cut ends where it was cut
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => (self.ended, self.cut) = (true, true),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A file that ended may have grown.
    pub(super) fn again(&mut self) {
        self.ended = false;
    }
}

/// Reads until the buffer is full or the source ends; tells how much.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(room) = buffer.get_mut(got..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// Every frame of a zstd stream, one after the other.
struct Zstd {
    frame: Option<StreamingDecoder<Peek, FrameDecoder>>,
    rest: Option<Peek>,
}

/// A source of which the first bytes were looked at.
struct Peek {
    head: [u8; 4],
    /// What of `head` is still to be given out.
    left: std::ops::Range<usize>,
    source: Box<dyn Read>,
}

impl Peek {
    /// Looks at the next four bytes; none at the end.
    fn look(&mut self) -> io::Result<Option<[u8; 4]>> {
        let got = fill(&mut self.source, &mut self.head)?;
        self.left = 0..got;
        Ok((got > 0).then_some(self.head))
    }
}

impl Read for Peek {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let head = self.head.get(self.left.clone()).unwrap_or_default();
        if head.is_empty() {
            return self.source.read(buffer);
        }
        let len = head.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..len), head.get(..len)) {
            to.copy_from_slice(from);
        }
        self.left.start += len;
        Ok(len)
    }
}

impl Zstd {
    fn new(source: Box<dyn Read>) -> Self {
        Self { frame: None, rest: Some(Peek { head: [0; 4], left: 0..0, source }) }
    }

    /// Begins the next frame; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        let Some(mut rest) = self.rest.take() else { return Ok(false) };
        loop {
            match rest.look()? {
                None => return Ok(false),
                // a frame of the user's own, to be skipped
                Some([0x50..=0x5f, 0x2a, 0x4d, 0x18]) => {
                    rest.left = 0..0;
                    let mut len = [0; 4];
                    rest.source.read_exact(&mut len)?;
                    let len = u64::from(u32::from_le_bytes(len));
                    io::copy(&mut rest.source.by_ref().take(len), &mut io::sink())?;
                }
                Some(_) => {
                    self.frame = Some(StreamingDecoder::new(rest).map_err(|error| invalid(&error))?);
                    return Ok(true);
                }
            }
        }
    }
}

impl Read for Zstd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                match frame.read(buffer)? {
                    0 => self.rest = self.frame.take().map(StreamingDecoder::into_inner),
                    got => return Ok(got),
                }
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

fn invalid(error: &impl std::fmt::Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error.to_string())
}

/// Bytes of one read.
const READ: usize = 128 << 10;

#[cfg(test)]
mod tests;
