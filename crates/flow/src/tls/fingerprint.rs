//! JA3, JA4 and JA4S: short names for how a client or server says hello.
//!
//! JA3: <https://github.com/salesforce/ja3>. JA4 and JA4S: the JA4+ technical details of FoxIO, the parts of TLS clients
//! (BSD licence) and TLS servers. GREASE is already removed from the hellos.

use std::fmt::Write;

use aws_lc_rs::digest;
use md5::{Digest, Md5};

use super::hello::{ClientHello, ServerHello, extension};

/// Over what a hello was carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TCP.
    Tcp,
    /// QUIC.
    Quic,
}

/// The text whose MD5 is [`ja3`].
#[must_use]
pub fn ja3_text(hello: &ClientHello) -> String {
    let mut out = hello.legacy_version.to_string();
    for list in [&hello.ciphers, &hello.extensions, &hello.groups] {
        out.push(',');
        decimals(list.iter().copied(), &mut out);
    }
    out.push(',');
    decimals(hello.points.iter().map(|point| u16::from(*point)), &mut out);
    out
}

/// JA3 as 32 hexadecimal digits.
#[must_use]
pub fn ja3(hello: &ClientHello) -> String {
    let mut out = String::with_capacity(32);
    hex(&Md5::digest(ja3_text(hello).as_bytes()), &mut out);
    out
}

/// JA4: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
#[must_use]
pub fn ja4(hello: &ClientHello, carrier: Carrier) -> String {
    let mut out = start(carrier, hello.version());
    out.push(if hello.extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' });
    count(hello.ciphers.len(), &mut out);
    count(hello.extensions.len(), &mut out);
    ends(hello.alpn.first().map(Vec::as_slice), &mut out);
    let mut ciphers = hello.ciphers.clone();
    ciphers.sort_unstable();
    out.push('_');
    short_hash(&hexes(&ciphers), &mut out);
    let named = [extension::SERVER_NAME, extension::ALPN];
    let mut extensions: Vec<u16> = hello.extensions.iter().copied().filter(|kind| !named.contains(kind)).collect();
    extensions.sort_unstable();
    let mut text = hexes(&extensions);
    if !text.is_empty() && !hello.sig_algs.is_empty() {
        text.push('_');
        text.push_str(&hexes(&hello.sig_algs));
    }
    out.push('_');
    short_hash(&text, &mut out);
    out
}

/// JA4S: `t130200_1301_234ea6891581`. `alpn`: the protocol chosen in clear.
#[must_use]
pub fn ja4s(hello: &ServerHello, carrier: Carrier) -> String {
    let mut out = start(carrier, hello.version());
    count(hello.extensions.len(), &mut out);
    ends(hello.alpn.as_deref(), &mut out);
    let _ = write!(out, "_{:04x}_", hello.cipher);
    short_hash(&hexes(&hello.extensions), &mut out);
    out
}

fn start(carrier: Carrier, version: u16) -> String {
    let mut out = String::with_capacity(36);
    out.push(match carrier {
        Carrier::Tcp => 't',
        Carrier::Quic => 'q',
    });
    out.push_str(match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    });
    out
}

fn count(number: usize, out: &mut String) {
    let _ = write!(out, "{:02}", number.min(99));
}

/// The first and last character of a protocol name; of its hexadecimal digits when one of them is no letter or digit.
fn ends(name: Option<&[u8]>, out: &mut String) {
    let (Some(first), Some(last)) = (name.and_then(<[u8]>::first), name.and_then(<[u8]>::last)) else {
        return out.push_str("00");
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        out.push(char::from(*first));
        out.push(char::from(*last));
    } else {
        out.push(digit(first >> 4));
        out.push(digit(last & 15));
    }
}

fn hexes(numbers: &[u16]) -> String {
    let mut out = String::with_capacity(numbers.len() * 5);
    for number in numbers {
        let comma = if out.is_empty() { "" } else { "," };
        let _ = write!(out, "{comma}{number:04x}");
    }
    out
}

fn decimals(numbers: impl Iterator<Item = u16>, out: &mut String) {
    let mut dash = "";
    for number in numbers {
        let _ = write!(out, "{dash}{number}");
        dash = "-";
    }
}

/// The first twelve hexadecimal digits of SHA-256; zeros for no text.
fn short_hash(text: &str, out: &mut String) {
    if text.is_empty() {
        return out.push_str("000000000000");
    }
    let sum = digest::digest(&digest::SHA256, text.as_bytes());
    hex(sum.as_ref().get(..6).unwrap_or_default(), out);
}

fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}
