//! Frame heads (RFC 9114 section 7.1) and error codes (section 8.1).

/// Type and length of a frame, and how long they are; none when more bytes are needed.
pub(super) fn head(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let (kind, first) = varint(bytes)?;
    let (len, second) = varint(bytes.get(first..)?)?;
    Some((kind, len, first + second))
}

/// A number of one, two, four or eight bytes (RFC 9000 section 16), and how many.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = 1_usize << (first >> 6);
    let rest = bytes.get(1..len)?;
    Some((rest.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)), len))
}

/// Whether a code is an error, and its word in records, which is that of HTTP/2 where both mean the same.
pub(super) fn error(code: u64) -> (bool, &'static str) {
    let word = match code {
        0x100 => return (false, "reset_no_error"),
        0x101 | 0x105 | 0x106 | 0x109 | 0x10a => "reset_protocol_error",
        0x102 => "reset_internal_error",
        0x103 => "reset_stream_creation_error",
        0x104 => "reset_closed_critical_stream",
        0x107 => "reset_enhance_your_calm",
        0x108 => "reset_id_error",
        0x10b => "reset_refused_stream",
        0x10c => "reset_cancel",
        0x10d => "reset_request_incomplete",
        0x10e => "reset_message_error",
        0x10f => "reset_connect_error",
        0x110 => "reset_http_1_1_required",
        0x200..=0x202 => "reset_compression_error",
        _ => "reset_unknown",
    };
    (true, word)
}

pub(super) const DATA: u64 = 0;
pub(super) const HEADERS: u64 = 1;
pub(super) const SETTINGS: u64 = 4;
pub(super) const GOAWAY: u64 = 7;
