//! Heads that were read before: a client says the same with every request, and a server nearly so. A head of the same bytes
//! has the same fields, the same place in every rule, and the same text in a record.
//!
//! Few are remembered, by connection and direction, and only those in which nothing had to be hidden.

use super::head::Head;
use crate::{
    FlowId, Side, json,
    record::http::{Headers, Span, write_headers},
};

/// The heads of one engine.
#[derive(Default)]
pub(super) struct Known {
    slots: Vec<Slot>,
    bytes: usize,
}

/// One head.
#[derive(Default)]
pub(super) struct Slot {
    bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
    head: Option<Head>,
    /// Its fields as they stand in a record, once it came again.
    pub(super) json: Vec<u8>,
}

impl Known {
    /// The head that these bytes begin with, when it is known.
    pub(super) fn find(&mut self, flow: FlowId, from: Side, bytes: &[u8]) -> Option<(Head, &Slot)> {
        let slot = self.slots.get_mut(place(flow, from))?;
        let head = slot.head.filter(|head| bytes.get(..head.len) == Some(&slot.bytes))?;
        if slot.json.is_empty() {
            // what an earlier head had is counted already
            self.bytes -= slot.json.capacity();
            let headers = Headers { bytes: &slot.bytes, spans: &slot.spans, json: &[] };
            json::write_array(&mut slot.json, |list| write_headers(list, &headers));
            self.bytes += slot.json.capacity();
        }
        Some((head, slot))
    }

    /// Remembers a head in the place of another.
    pub(super) fn add(&mut self, flow: FlowId, from: Side, bytes: &[u8], spans: &[Span], head: &Head) {
        // One that is no text is written with its exact bytes beside it.
        if bytes.len() > LONGEST || std::str::from_utf8(bytes).is_err() {
            return;
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, Slot::default);
        }
        let Some(slot) = self.slots.get_mut(place(flow, from)) else { return };
        self.bytes -= slot.heap();
        slot.bytes.clear();
        slot.bytes.extend_from_slice(bytes);
        slot.spans.clear();
        slot.spans.extend_from_slice(spans);
        slot.json.clear();
        slot.head = Some(*head);
        self.bytes += slot.heap();
    }

    /// Bytes of heap.
    pub(super) fn heap(&self) -> usize {
        self.bytes + self.slots.capacity() * size_of::<Slot>()
    }
}

impl Slot {
    fn heap(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>() + self.json.capacity()
    }
}

/// Connections share places: what stands there is compared.
fn place(flow: FlowId, from: Side) -> usize {
    (flow.0 as usize >> 7) % (SLOTS / 2) * 2 + usize::from(from == Side::Server)
}

/// Heads that are remembered, one in two of clients.
const SLOTS: usize = 16;
/// A head longer than this is not.
const LONGEST: usize = 2048;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{super::head, Known, Slot};
    use crate::{FlowId, Side};

    #[test]
    fn what_heads_hold_is_counted_as_it_is_however_often_they_change() {
        let heads = [
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            format!("GET /b HTTP/1.1\r\nHost: b\r\nX-Long: {}\r\n\r\n", "b".repeat(900)),
        ];
        let mut known = Known::default();
        for round in 0..200 {
            let bytes = heads[round % 2].as_bytes();
            let mut spans = Vec::new();
            let head = head::read(bytes, &mut spans).unwrap().unwrap();
            known.add(FlowId(1), Side::Client, bytes, &spans, &head);
            assert!(known.find(FlowId(1), Side::Client, bytes).is_some());
            assert_eq!(known.bytes, known.slots.iter().map(Slot::heap).sum::<usize>());
        }
    }
}
