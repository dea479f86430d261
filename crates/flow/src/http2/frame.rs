//! Frame heads (RFC 9113 section 4.1), and which of them are possible.

use crate::bytes::u32_at;

/// The nine bytes before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// Bytes of payload.
    pub(super) len: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// The stream; 0 for the connection.
    pub(super) stream: u32,
    /// The bit before the stream's number, which is not used.
    reserved: bool,
}

impl FrameHead {
    /// Its own length.
    pub(super) const LEN: usize = 9;

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let [first, second, third, kind, flags, ..] = *bytes.first_chunk::<9>()?;
        let stream = u32_at(bytes, 5)?;
        Some(Self {
            len: u32::from_be_bytes([0, first, second, third]),
            kind,
            flags,
            stream: stream & 0x7fff_ffff,
            reserved: stream >> 31 == 1,
        })
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// With its payload.
    pub(super) fn total(&self) -> usize {
        Self::LEN + self.len as usize
    }

    /// Whether the protocol allows it, with payloads of at most `most` bytes. Kinds that are not known are to be ignored.
    pub(super) fn is_possible(&self, most: u32) -> bool {
        let of_stream = self.stream != 0;
        let length = match self.kind {
            DATA => of_stream && self.len >= u32::from(self.has(PADDED)),
            HEADERS => of_stream && self.len >= u32::from(self.has(PADDED)) + if self.has(PRIORITIZED) { 5 } else { 0 },
            PRIORITY => of_stream && self.len == 5,
            RST_STREAM => of_stream && self.len == 4,
            SETTINGS => !of_stream && self.len.is_multiple_of(6) && (self.len == 0 || !self.has(ACK)),
            PUSH_PROMISE => of_stream && self.len >= 4 + u32::from(self.has(PADDED)),
            PING => !of_stream && self.len == 8,
            GOAWAY => !of_stream && self.len >= 8,
            WINDOW_UPDATE => self.len == 4,
            CONTINUATION => of_stream,
            _ => true,
        };
        length && self.len <= most
    }

    /// Whether bytes at which a frame may or may not begin look like one: no bit is set that senders leave clear.
    pub(super) fn is_likely(&self, most: u32) -> bool {
        let flags = match self.kind {
            DATA => END_STREAM | PADDED,
            HEADERS => END_STREAM | END_HEADERS | PADDED | PRIORITIZED,
            SETTINGS | PING => ACK,
            PUSH_PROMISE => END_HEADERS | PADDED,
            CONTINUATION => END_HEADERS,
            PRIORITY | RST_STREAM | GOAWAY | WINDOW_UPDATE => 0,
            _ => return false,
        };
        !self.reserved && self.flags & !flags == 0 && self.is_possible(most)
    }
}

/// The fragment of a header block in the payload of HEADERS or PUSH_PROMISE: without padding, priority and the promised
/// stream, which comes beside it, and where it begins. None when the lengths do not fit.
pub(super) fn fragment<'p>(head: &FrameHead, payload: &'p [u8]) -> Option<(&'p [u8], usize, u32)> {
    let mut from = 0;
    let mut padding = 0;
    if head.has(PADDED) && head.kind != CONTINUATION {
        padding = usize::from(*payload.first()?);
        from = 1;
    }
    let mut promised = 0;
    match head.kind {
        HEADERS if head.has(PRIORITIZED) => from += 5,
        PUSH_PROMISE => {
            promised = u32_at(payload, from)? & 0x7fff_ffff;
            from += 4;
        }
        _ => {}
    }
    let end = payload.len().checked_sub(padding)?;
    Some((payload.get(from..end)?, from, promised))
}

/// Name of an error code (RFC 9113 section 7), as a word of a record.
pub(super) fn error_word(code: u32) -> &'static str {
    match code {
        0 => "reset_no_error",
        1 => "reset_protocol_error",
        2 => "reset_internal_error",
        3 => "reset_flow_control_error",
        4 => "reset_settings_timeout",
        5 => "reset_stream_closed",
        6 => "reset_frame_size_error",
        7 => "reset_refused_stream",
        8 => "reset_cancel",
        9 => "reset_compression_error",
        10 => "reset_connect_error",
        11 => "reset_enhance_your_calm",
        12 => "reset_inadequate_security",
        13 => "reset_http_1_1_required",
        _ => "reset_unknown",
    }
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const PRIORITIZED: u8 = 0x20;

/// What every client sends first.
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest payload unless the peer allowed more.
pub(super) const MOST_PAYLOAD: u32 = 16 << 10;
