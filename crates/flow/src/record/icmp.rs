//! The `icmp` record: an echo reply, or an error about another flow.

use crate::{FlowId, json::Object};

/// An ICMP or ICMPv6 message.
#[derive(Clone, Copy, Debug)]
pub struct IcmpRecord {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// From the echo request to this reply.
    pub echo_us: Option<u64>,
    /// The flow whose packet the error quotes.
    pub about: Option<FlowId>,
}

impl IcmpRecord {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.uint("type", u64::from(self.kind));
        object.uint("code", u64::from(self.code));
        object.maybe("echo_us", self.echo_us);
        if let Some(flow) = self.about {
            object.hex128("about", flow.0);
        }
    }
}
