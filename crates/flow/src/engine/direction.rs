//! Who is the client: by SYN, else SYN-ACK, listen hint, payload, the end that is ours and not listened on, known port, lower port.

use super::work::Shared;
use crate::{
    App, Side, http1, http2,
    table::{DirBy, Flow},
};

impl Shared {
    /// The end that is ours, where the other is not: nobody listens on it, so that the connection was opened from there. Ports
    /// of a node that lead elsewhere have no listener either, and are lower than those that are given to whoever connects.
    fn opener(&self, flow: &Flow) -> Option<usize> {
        let [one, two] = [0, 1].map(|lane| self.hints.is_own(flow.key.ip(lane)));
        let own = usize::from(two);
        (flow.key.proto() == TCP && one != two && flow.key.port(own) >= GIVEN).then_some(own)
    }

    /// Decides the direction of a flow that has none yet. `payload` was sent by `lane`.
    pub(super) fn decide(&self, flow: &mut Flow, lane: usize, payload: &[u8]) {
        if flow.client.is_some() {
            return;
        }
        let other = lane ^ 1;
        let (client, by) = if self.hints.listens(flow.key.ip(other), flow.key.port(other)) {
            (lane, DirBy::Hint)
        } else if self.hints.listens(flow.key.ip(lane), flow.key.port(lane)) {
            (other, DirBy::Hint)
        } else if let Some(sender) = http1::sender(payload).or_else(|| http2::sender(payload)) {
            (if sender == Side::Client { lane } else { other }, DirBy::Payload)
        } else if let Some(opener) = self.opener(flow) {
            (opener, DirBy::Hint)
        } else {
            self.by_ports(flow, lane)
        };
        flow.client = Some(client as u8);
        flow.dir_by = by;
    }

    /// As [`Self::decide`] for the first datagram of an exchange: without a hint or a known port its sender is the client.
    pub(super) fn decide_datagram(&self, flow: &mut Flow, lane: usize) {
        let other = lane ^ 1;
        let hinted = [lane, other].iter().any(|at| self.hints.listens(flow.key.ip(*at), flow.key.port(*at)));
        let known = |at: usize| self.hints.app(flow.key.port(at)) != App::Unknown;
        if flow.client.is_none() && !hinted && known(lane) == known(other) {
            flow.client = Some(lane as u8);
            flow.dir_by = DirBy::First;
        }
    }

    fn by_ports(&self, flow: &Flow, lane: usize) -> (usize, DirBy) {
        let other = lane ^ 1;
        let (mine, theirs) = (flow.key.port(lane), flow.key.port(other));
        let known = |port| self.hints.app(port) != App::Unknown;
        match (known(mine), known(theirs)) {
            (true, false) => (other, DirBy::Port),
            (false, true) => (lane, DirBy::Port),
            _ if mine < theirs => (other, DirBy::LowerPort),
            _ if theirs < mine => (lane, DirBy::LowerPort),
            _ => (lane, DirBy::First),
        }
    }
}

/// The first port that kernels give to whoever connects.
const GIVEN: u16 = 32_768;
/// The number of TCP.
const TCP: u8 = 6;
