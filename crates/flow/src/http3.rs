//! HTTP/3 (RFC 9114) as an observer sees it: the frames of streams of QUIC, one `http` record for each request.
//!
//! ```text
//! bytes of a stream ─ Lane (frames) ─ qpack ─▶ http2::Connection ─ Stream (request, response) ─▶ record
//! ```
//!
//! The parser of QUIC owns a [`Lane`] for each direction of each stream and shows it bytes in order, with what is missing said
//! so. Requests, responses and their records are those of HTTP/2. A section that needs entries of the header table that
//! did not come yet blocks its lane, and no other.

mod frame;
mod lane;
mod uni;

#[cfg(test)]
mod tests;

pub(crate) use lane::Lane;

use crate::http2::connection::{At, Connection};
use crate::qpack::Decoder;
use crate::{Context, Side};

/// Both directions of one connection.
pub(crate) struct Http3 {
    connection: Connection,
    /// What each side's field sections are read with.
    qpack: [Decoder; 2],
}

/// When bytes came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// The first of them.
    pub(crate) first_us: i64,
    /// The last of them.
    pub(crate) now_us: i64,
}

impl Http3 {
    pub(crate) fn new() -> Self {
        Self { connection: Connection::of_three(), qpack: Default::default() }
    }

    /// How many entries both tables ever had: when it grows, lanes that are blocked may go on.
    pub(crate) fn entries(&self) -> u64 {
        self.qpack.iter().map(Decoder::count).sum()
    }

    /// The sender of this direction ends it before its end.
    pub(crate) fn reset(&mut self, side: Side, stream: u64, code: u64, now_us: i64, cx: &mut Context<'_, '_>) {
        let Some(id) = lane::request(stream) else { return };
        let (is_error, word) = frame::error(code);
        let has_answer = self.connection.streams.get(id).is_some_and(|stream| stream.response.is_ended);
        if side == Side::Server || has_answer {
            return self.connection.cut(id, is_error, word, at(side, now_us), cx);
        }
        // The server's part may go on: what the client meant stands in the record when that has ended.
        self.stop(stream, code);
    }

    /// A receiver wants nothing more of a stream: its sender is to answer with a reset.
    pub(crate) fn stop(&mut self, stream: u64, code: u64) {
        let (is_error, word) = frame::error(code);
        let stream = lane::request(stream).and_then(|id| self.connection.streams.get(id));
        if let Some(stream) = stream.filter(|_| is_error) {
            stream.reset.get_or_insert(word);
        }
    }

    /// Time has passed.
    pub(crate) fn wake(&mut self, now_us: i64, cx: &mut Context<'_, '_>) {
        self.connection.wake(now_us, cx);
    }

    /// The connection ended: everything open goes out as it is.
    pub(crate) fn finish(&mut self, cx: &mut Context<'_, '_>) {
        self.connection.finish(cx);
    }

    pub(crate) fn heap(&self) -> usize {
        self.connection.heap() + self.qpack.iter().map(Decoder::heap).sum::<usize>()
    }

    fn decoder(&mut self, side: Side) -> &mut Decoder {
        let [client, server] = &mut self.qpack;
        if side == Side::Client { client } else { server }
    }
}

/// What QUIC acknowledges is not looked at: an answer without a request waits for it as long as one may.
fn at(side: Side, now_us: i64) -> At {
    At { side, now_us, acked: u64::MAX }
}
