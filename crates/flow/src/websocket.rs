//! WebSocket (RFC 6455) after its upgrade: frames of both sides, messages, `ws` records.
//!
//! Masks are taken off, fragments joined, `permessage-deflate` (RFC 7692) undone with the window that its sender keeps from
//! message to message. Bytes lost inside a payload are counted; elsewhere frames are searched for, and a window that is
//! lost stays lost: messages that need it have a length and no text.

mod frame;
mod inflate;
mod lane;
mod message;
mod resync;

#[cfg(test)]
mod tests;

use crate::{AfterGap, Chunk, Context, End, Gap, Parser, Side, Step};
use inflate::Extension;
use lane::Lane;

/// The parser of one WebSocket connection.
#[derive(Default)]
pub struct WebSocket {
    lanes: [Lane; 2],
    is_begun: bool,
}

impl Parser for WebSocket {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        self.begin(cx);
        self.lane(from).data(from, chunk, cx)
    }

    fn gap(&mut self, from: Side, gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        self.begin(cx);
        self.lane(from).gap(from, gap, cx)
    }

    fn end(&mut self, from: Side, _how: End, cx: &mut Context<'_, '_>) {
        self.lane(from).end(from, cx);
    }

    fn pending(&self, from: Side) -> Option<u64> {
        let [client, server] = &self.lanes;
        if from == Side::Client { client.pending() } else { server.pending() }
    }

    fn heap(&self) -> usize {
        self.lanes.iter().map(Lane::heap).sum()
    }
}

impl WebSocket {
    /// What the handshake agreed on is known when the first bytes come.
    fn begin(&mut self, cx: &Context<'_, '_>) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        if let Some(upgrade) = &cx.facts.upgrade {
            let extension = Extension::of(&upgrade.extensions);
            for (lane, keeps) in self.lanes.iter_mut().zip([extension.client_keeps, extension.server_keeps]) {
                lane.agree(extension.is_agreed, keeps);
            }
        }
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        let [client, server] = &mut self.lanes;
        if side == Side::Client { client } else { server }
    }
}
