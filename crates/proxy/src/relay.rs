//! A connection that became another protocol: bytes both ways, until either end closes. Of a WebSocket only the heads of the
//! client's frames are read, to tell what a person sends from what keeps the line open.

use crate::exchange::Client;
use crate::pulse::Pulse;
use crate::way::{Stream, Upstream};
use bytes::BytesMut;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// Passes bytes; how many went to the app and how many to the browser.
pub(crate) async fn relay<S: Stream>(
    client: &mut Client<S>,
    mut upstream: Upstream,
    idle: Duration,
    mut frames: Option<Frames>,
    mut used: impl FnMut(),
) -> (u64, u64) {
    let moved = Pulse::new();
    let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
    let half = CancellationToken::new();
    let seen = |bytes: &[u8]| {
        if frames.as_mut().is_none_or(|frames| frames.data(bytes)) {
            used();
        }
    };
    let there = async {
        way(&mut client.from, &mut client.buffer, &mut upstream.to, &moved, &up, seen).await;
        half.cancel();
    };
    let back = async {
        way(&mut upstream.from, &mut upstream.buffer, &mut client.to, &moved, &down, |_| ()).await;
        half.cancel();
    };
    let quiet = async {
        let mut idle = idle;
        loop {
            let last = moved.last();
            tokio::select! {
                () = sleep_until(last + idle) => if moved.last() == last { return },
                // an end that says no more may still listen: the other says what it has to say
                () = half.cancelled(), if idle > REST => idle = REST,
            }
        }
    };
    tokio::select! {
        _ = async { tokio::join!(there, back) } => {}
        () = quiet => {}
    }
    (up.into_inner(), down.into_inner())
}

async fn way(
    from: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    to: &mut (impl AsyncWrite + Unpin),
    moved: &Pulse,
    count: &AtomicU64,
    mut seen: impl FnMut(&[u8]),
) {
    // most of what is open says nothing: what is read into grows with what comes, and is given back
    let mut room = LEAST;
    loop {
        if !buffer.is_empty() {
            seen(buffer);
            if to.write_all(buffer).await.is_err() || to.flush().await.is_err() {
                return;
            }
            count.fetch_add(buffer.len() as u64, Ordering::Relaxed);
            moved.beat();
            room = next(room, buffer.len());
            buffer.clear();
        }
        if buffer.capacity() > 2 * room {
            *buffer = BytesMut::new();
        }
        buffer.reserve(room);
        match from.read_buf(buffer).await {
            Ok(len) if len > 0 => {}
            _ => break,
        }
    }
    let _ = to.shutdown().await; // one that is gone needs no word
}

/// How much is read at once after so much came: more after a full piece, less after a small one.
pub(crate) fn next(room: usize, came: usize) -> usize {
    if came >= room {
        MOST.min(4 * room)
    } else if came < room / 8 {
        LEAST.max(room / 4)
    } else {
        room
    }
}

/// The frames of a WebSocket's client (RFC 6455, 5.2).
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: [u8; 14],
    have: usize,
    skip: u64,
}

impl Frames {
    /// Whether a frame of data begins in these bytes.
    pub(crate) fn data(&mut self, mut bytes: &[u8]) -> bool {
        let mut data = false;
        while !bytes.is_empty() {
            let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= skip as u64;
            bytes = bytes.get(skip..).unwrap_or_default();
            while self.skip == 0
                && let Some((byte, rest)) = bytes.split_first()
            {
                bytes = rest;
                if let Some(place) = self.head.get_mut(self.have) {
                    *place = *byte;
                }
                self.have += 1;
                let [first, second, lengths @ ..] = &self.head;
                let extended = match second & 0x7f {
                    126 => 2,
                    127 => 8,
                    _ => 0,
                };
                let masked = if second & 0x80 == 0 { 0 } else { 4 };
                if self.have < 2 || self.have < 2 + extended + masked {
                    continue;
                }
                self.skip = match extended {
                    0 => u64::from(second & 0x7f),
                    many => lengths.iter().take(many).fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
                };
                data |= first & 0x0f < 8;
                self.have = 0;
            }
        }
        data
    }
}

/// Bytes that are read at once of what says little, and of what says much.
const LEAST: usize = 1 << 10;
const MOST: usize = 64 << 10;
/// For the other end, once one says no more.
const REST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
