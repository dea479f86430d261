//! Frames of the terminal socket, as `api::terminal` describes them.

use api::terminal::TerminalSay;
use api::{ErrorBody, terminal};
use axum::extract::ws::Message;
use link::Size;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    In(Vec<u8>),
    Resize(Size),
    Where,
    Ping(Vec<u8>),
    Credit(u32),
}

/// Why a frame is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("frames of a terminal are binary, and their first byte is the channel")]
    Form,
    #[error("there is no such channel from a client")]
    Channel,
    #[error("a size is columns and rows, from 1 to 1,000")]
    Size,
    #[error("a ping has at most 125 bytes")]
    Ping,
}

impl Said {
    pub(super) fn read(frame: &[u8]) -> Result<Self, Broken> {
        let (channel, rest) = frame.split_first().ok_or(Broken::Form)?;
        match *channel {
            IN => Ok(Self::In(rest.to_vec())),
            RESIZE => {
                let [a, b, c, d] = *<&[u8; 4]>::try_from(rest).map_err(|_| Broken::Size)?;
                size(u16::from_be_bytes([a, b]).into(), u16::from_be_bytes([c, d]).into()).map(Self::Resize)
            }
            CWD if rest.is_empty() => Ok(Self::Where),
            PING if rest.len() <= 125 => Ok(Self::Ping(rest.to_vec())),
            PING => Err(Broken::Ping),
            CREDIT => rest.try_into().map(|bytes| Self::Credit(u32::from_be_bytes(bytes))).map_err(|_| Broken::Form),
            _ => Err(Broken::Channel),
        }
    }
}

/// A size that a terminal can have.
pub(super) fn size(cols: u32, rows: u32) -> Result<Size, Broken> {
    let fits = |number: u32| (1..=1000).contains(&number);
    if fits(cols) && fits(rows) { Ok(Size { rows, cols }) } else { Err(Broken::Size) }
}

pub(super) fn out(bytes: &[u8]) -> Message {
    frame(OUT, bytes)
}

pub(super) fn cwd(path: &[u8]) -> Message {
    // A folder whose name is no text cannot be asked for.
    frame(CWD, std::str::from_utf8(path).map(str::as_bytes).unwrap_or_default())
}

pub(super) fn error(error: &ErrorBody) -> Message {
    frame(ERROR, &serde_json::to_vec(error).unwrap_or_default())
}

pub(super) fn pong(bytes: &[u8]) -> Message {
    frame(PING, bytes)
}

pub(super) fn credit(more: u32) -> Message {
    frame(CREDIT, &more.to_be_bytes())
}

pub(super) fn about(say: &TerminalSay) -> Message {
    frame(ABOUT, &serde_json::to_vec(say).unwrap_or_default())
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    Message::binary([&[channel], bytes].concat())
}

/// What may still be sent to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room(u32);

impl Room {
    pub(super) fn new() -> Self {
        Self(terminal::OUT_WINDOW)
    }

    /// The client took so much more; `false` when that is more than it can have.
    #[must_use]
    pub(super) fn more(&mut self, bytes: u32) -> bool {
        match self.0.checked_add(bytes).filter(|room| *room <= MOST_ROOM) {
            Some(room) => {
                self.0 = room;
                true
            }
            None => false,
        }
    }

    pub(super) fn is_there(self) -> bool {
        self.0 > 0
    }

    /// What of these bytes fits, and what has to wait.
    pub(super) fn take(&mut self, mut bytes: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        let rest = bytes.split_off(bytes.len().min(self.0 as usize));
        self.0 -= u32::try_from(bytes.len()).unwrap_or(self.0);
        (bytes, rest)
    }
}

const IN: u8 = 0;
const OUT: u8 = 1;
const RESIZE: u8 = 2;
const CWD: u8 = 3;
const ERROR: u8 = 4;
const PING: u8 = 5;
const CREDIT: u8 = 6;
const ABOUT: u8 = 7;
/// Bytes that may be granted and not sent.
const MOST_ROOM: u32 = 16 << 20;
