//! What came on one channel and was not taken yet: bounded by what was granted, whatever the frames look like.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Data, Error, Room, Size};

/// One thing that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Bytes of a stream.
    Data(Data),
    /// Nothing more comes on this stream.
    Eof(u32),
    /// The last size that was told.
    Resize(Size),
    /// A signal, by its name.
    Signal(String),
    /// The other end closed the channel, and why.
    Closed(String),
}

/// Takes what comes; gives it in order, sizes and signals first.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    room: Room,
    data: VecDeque<Data>,
    ended: Vec<u32>,
    size: Option<Size>,
    signals: VecDeque<String>,
    closed: Option<String>,
}

impl Inbox {
    /// Bytes came. Short ones are kept in as few pieces as can be, so that many frames cost no more than a long one; long ones
    /// stay where they were read to.
    ///
    /// # Errors
    /// When they are more than was granted.
    pub fn data(&mut self, data: Data) -> Result<(), Error> {
        self.room.came(data.bytes.len())?;
        let Data { stream, bytes } = data;
        match self.data.back_mut() {
            _ if bytes.is_empty() => {}
            _ if bytes.len() >= LONG => self.data.push_back(Data { stream, bytes }),
            Some(last) if last.stream == stream && last.bytes.len() < LONG => {
                let had = std::mem::take(&mut last.bytes);
                let mut joined = had.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
                joined.extend_from_slice(&bytes);
                last.bytes = joined.freeze();
            }
            _ => self.data.push_back(Data { stream, bytes: Bytes::copy_from_slice(&bytes) }),
        }
        Ok(())
    }

    /// A stream ended.
    pub fn eof(&mut self, stream: u32) {
        if self.ended.len() < 2 && !self.ended.contains(&stream) {
            self.ended.push(stream);
        }
    }

    /// Another size: only the last counts.
    pub fn resize(&mut self, size: Size) {
        self.size = Some(size);
    }

    /// A signal; too many at once are not kept.
    pub fn signal(&mut self, name: String) {
        if self.signals.len() < MAX_SIGNALS {
            self.signals.push_back(name);
        }
    }

    /// The channel is over.
    pub fn close(&mut self, reason: String) {
        self.closed.get_or_insert(reason);
    }

    /// The next thing, if there is one.
    pub fn take(&mut self) -> Option<Input> {
        if let Some(size) = self.size.take() {
            return Some(Input::Resize(size));
        }
        if let Some(name) = self.signals.pop_front() {
            return Some(Input::Signal(name));
        }
        if let Some(data) = self.data.pop_front() {
            return Some(Input::Data(data));
        }
        if !self.ended.is_empty() {
            return Some(Input::Eof(self.ended.remove(0)));
        }
        self.closed.clone().map(Input::Closed)
    }

    /// So many bytes were used up; what to grant now, if it is worth a frame.
    pub fn used(&mut self, bytes: usize) -> Option<u64> {
        self.room.used(bytes)
    }
}

const MAX_SIGNALS: usize = 16;
/// Pieces from this length on are kept as they came, with what they were read to.
const LONG: usize = 16 << 10;
