//! Names of code points, as registered at IANA.

mod ciphers;
mod groups;
mod schemes;

use ciphers::CIPHERS;
use groups::GROUPS;
use schemes::SCHEMES;

/// The name of a cipher suite.
#[must_use]
pub fn cipher(code: u16) -> Option<&'static str> {
    find(CIPHERS, code)
}

/// The name of a group of key exchange.
#[must_use]
pub fn group(code: u16) -> Option<&'static str> {
    find(GROUPS, code)
}

/// The name of a signature scheme.
#[must_use]
pub fn scheme(code: u16) -> Option<&'static str> {
    find(SCHEMES, code)
}

/// The name of a protocol version.
#[must_use]
pub fn version(code: u16) -> Option<&'static str> {
    Some(match code {
        0x0002 => "SSL 2.0",
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        0x7f17 => "TLS 1.3 draft 23",
        0x7f18 => "TLS 1.3 draft 24",
        0x7f19 => "TLS 1.3 draft 25",
        0x7f1a => "TLS 1.3 draft 26",
        0x7f1b => "TLS 1.3 draft 27",
        0x7f1c => "TLS 1.3 draft 28",
        0xfeff => "DTLS 1.0",
        0xfefd => "DTLS 1.2",
        0xfefc => "DTLS 1.3",
        _ => return None,
    })
}

/// The name of an alert (RFC 8446 section 6, and the older ones).
#[must_use]
pub fn alert(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        52 => "too_many_cids_requested",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        117 => "general_error",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return None,
    })
}

/// Whether a value is one of those that clients offer to keep servers tolerant (RFC 8701).
#[must_use]
pub fn is_grease(code: u16) -> bool {
    let [high, low] = code.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

fn find(table: &'static [(u16, &'static str)], code: u16) -> Option<&'static str> {
    let at = table.binary_search_by_key(&code, |entry| entry.0).ok()?;
    table.get(at).map(|entry| entry.1)
}

#[cfg(test)]
mod tests;
