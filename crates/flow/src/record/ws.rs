//! The `ws` record: one WebSocket message.

use crate::RecordId;
use crate::json::Object;

/// One message, or a control frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct WsRecord<'a> {
    /// `client` or `server`.
    pub from: &'a str,
    /// `text`, `binary`, `close`, `ping`, `pong`.
    pub opcode: &'a str,
    /// Bytes of payload on the wire, of all fragments.
    pub len: u64,
    /// What it holds is meant to be text.
    pub is_text: bool,
    /// Its begin, unmasked and decompressed; of a close frame the reason.
    pub body: &'a [u8],
    /// Frames it came in.
    pub fragments: u64,
    /// It was sent compressed.
    pub compressed: bool,
    /// Why a close frame closes.
    pub close_code: Option<u16>,
    /// The record of the upgrade.
    pub http: Option<RecordId>,
}

impl WsRecord<'_> {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("from", self.from);
        object.text("opcode", self.opcode);
        object.uint("len", self.len);
        if self.is_text {
            if !self.body.is_empty() {
                object.body("text", "b64", self.body);
            }
        } else if !self.body.is_empty() {
            object.base64("b64", self.body);
        }
        object.uint("fragments", self.fragments);
        object.bool("compressed", self.compressed);
        object.maybe("close_code", self.close_code.map(u64::from));
        if let Some(http) = self.http {
            object.hex128("http", http.0);
        }
    }
}
