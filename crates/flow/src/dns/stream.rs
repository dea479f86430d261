//! The DNS parser of one flow: datagrams as they are, messages of a stream by their length (RFC 1035 section 4.2.2).

use crate::{AfterGap, Chunk, Context, End, Gap, Parser, Side, Step, Transport, Vouch};

use super::{Message, Table};

/// Framing alone: transactions are in the engine's [`Table`].
#[derive(Debug, Default)]
pub struct Dns {}

impl Parser for Dns {
    fn data(&mut self, from: Side, chunk: &Chunk<'_>, cx: &mut Context<'_, '_>) -> Step {
        if cx.facts.transport == Transport::Datagram {
            return match Message::new(chunk.bytes).filter(is_message) {
                Some(message) => {
                    Table::message(from, &message, chunk.cut > 0, chunk.ts_us, cx);
                    Step::Consumed(chunk.bytes.len())
                }
                None => Step::Violation("dns_malformed"),
            };
        }
        let mut used = 0;
        loop {
            let rest = chunk.bytes.get(used..).unwrap_or_default();
            let Some((length, body)) = rest.split_first_chunk::<2>() else { return Step::Consumed(used) };
            let length = usize::from(u16::from_be_bytes(*length));
            let shown = length.min(MOST);
            let Some(bytes) = body.get(..shown) else { return Step::Consumed(used) };
            let Some(message) = Message::new(bytes).filter(is_message) else { return Step::Violation("dns_malformed") };
            Table::message(from, &message, shown < length, chunk.ts_us, cx);
            used += 2 + shown;
            if shown < length {
                return Step::Skip { used, skip: (length - shown) as u64 };
            }
        }
    }

    fn gap(&mut self, _from: Side, _gap: &Gap, cx: &mut Context<'_, '_>) -> AfterGap {
        if cx.facts.transport == Transport::Datagram { AfterGap::Continue } else { AfterGap::Resync }
    }

    fn end(&mut self, _from: Side, _how: End, _cx: &mut Context<'_, '_>) {}

    fn vouch(&self, _from: Side) -> Vouch {
        Vouch::All
    }

    fn heap(&self) -> usize {
        0
    }
}

/// Whether a datagram is a DNS message. `cut`: the capture has only its head.
pub fn looks(bytes: &[u8], cut: bool) -> bool {
    let Some(message) = Message::new(bytes) else { return false };
    if cut {
        message.is_plausible()
    } else {
        message.is_sound() && (message.is_plausible() || is_announcement(&message))
    }
}

/// Whether a stream begins with a DNS message. None when more bytes are needed.
pub fn looks_framed(bytes: &[u8]) -> Option<bool> {
    let (length, body) = bytes.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 12 + 5 {
        return Some(false);
    }
    match body.get(..length) {
        Some(bytes) => Some(looks(bytes, false)),
        None => match Message::new(body) {
            Some(message) if message.question().is_some() => Some(message.is_plausible()),
            Some(message) if !message.has_plausible_head() => Some(false),
            _ => None,
        },
    }
}

fn is_message(message: &Message<'_>) -> bool {
    message.is_plausible() || is_announcement(message)
}

/// Multicast DNS answers nobody asked for.
fn is_announcement(message: &Message<'_>) -> bool {
    message.is_response()
        && message.question().is_none()
        && message.opcode() == 0
        && message.resources().next().is_some()
}

/// A longer message of a stream is read as far as this.
const MOST: usize = 32 << 10;
