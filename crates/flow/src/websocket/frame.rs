//! Frame heads (RFC 6455 section 5.2).

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) is_final: bool,
    /// The first reserved bit: the message is compressed.
    pub(super) is_compressed: bool,
    pub(super) opcode: u8,
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub(super) len: u64,
    /// Its own length.
    pub(super) size: usize,
}

/// These bytes cannot be a frame head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

impl FrameHead {
    /// The head at the begin; none when more bytes are needed.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, Bad> {
        let [first, rest @ ..] = bytes else { return Ok(None) };
        let opcode = first & 15;
        if first & 0x30 != 0 || matches!(opcode, 3..=7 | 11..) {
            return Err(Bad);
        }
        let is_control = opcode >= CLOSE;
        let (is_final, is_compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        if is_control && (!is_final || is_compressed) {
            return Err(Bad);
        }
        let [second, rest @ ..] = rest else { return Ok(None) };
        let (len, extra) = match second & 0x7f {
            126 => match rest.first_chunk() {
                Some(two) => (u64::from(u16::from_be_bytes(*two)), 2),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(eight) => (u64::from_be_bytes(*eight), 8),
                None => return Ok(None),
            },
            short => (u64::from(short), 0),
        };
        // Lengths are written in the shortest way, and control frames are short.
        let least = match extra {
            0 => 0,
            2 => 126,
            _ => 1 << 16,
        };
        if len < least || len >> 63 != 0 || (is_control && len > 125) || (opcode == CLOSE && len == 1) {
            return Err(Bad);
        }
        let mask = if second & 0x80 == 0 {
            None
        } else {
            match rest.get(extra..).and_then(<[u8]>::first_chunk) {
                Some(mask) => Some(*mask),
                None => return Ok(None),
            }
        };
        let size = 2 + extra + if mask.is_some() { 4 } else { 0 };
        Ok(Some(Self { is_final, is_compressed, opcode, mask, len, size }))
    }

    pub(super) fn is_control(&self) -> bool {
        self.opcode >= CLOSE
    }
}

/// The name of an opcode in records.
pub(super) fn opcode_name(opcode: u8) -> &'static str {
    match opcode {
        TEXT => "text",
        BINARY => "binary",
        CLOSE => "close",
        PING => "ping",
        PONG => "pong",
        _ => "continuation",
    }
}

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;
/// The longest head.
pub(super) const MOST_HEAD: usize = 14;
