//! The data of a resource record as text, in the presentation form of zone files where there is one.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{cursor::Cursor, kinds, message::Resource, name, svcb};

/// Appends the data of `resource`. A type that is not known, and data that does not fit its type, is `\# length hex`
/// (RFC 3597). At most [`LONGEST`] bytes of text are written; true when something was left out.
pub fn data_text(message: &[u8], resource: &Resource, out: &mut String) -> bool {
    let start = out.len();
    let mut data = Cursor::new(message, resource.data, resource.end);
    if known(resource.kind, &mut data, out).is_none() {
        out.truncate(start);
        unknown(message.get(resource.data..resource.end).unwrap_or_default(), out);
    }
    let end = start + LONGEST;
    if out.len() <= end {
        return false;
    }
    let end = (start..=end).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(start);
    out.truncate(end);
    true
}

/// The types of everyday use. None when the data is cut or malformed.
fn known(kind: u16, data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    match kind {
        kinds::A => {
            let [a, b, c, d] = data.array::<4>()?;
            let _ = write!(out, "{}", Ipv4Addr::new(a, b, c, d));
        }
        kinds::AAAA => {
            let _ = write!(out, "{}", Ipv6Addr::from(data.array::<16>()?));
        }
        // One name: NS, MD, MF, CNAME, MB, MG, MR, PTR, DNAME.
        2..=5 | 7..=9 | 12 | 39 => data.name(out)?,
        6 => soa(data, out)?,
        // A preference and a name: MX, AFSDB, RT, KX, LP.
        15 | 18 | 21 | 36 | 107 => {
            let _ = write!(out, "{} ", data.u16()?);
            data.name(out)?;
        }
        // Two names: MINFO, RP.
        14 | 17 => {
            data.name(out)?;
            out.push(' ');
            data.name(out)?;
        }
        // Character strings: HINFO, TXT, X25, ISDN, SPF, NINFO, AVC, RESINFO.
        13 | 16 | 19 | 20 | 99 | 56 | 258 | 261 => strings(data, out)?,
        33 => {
            let _ = write!(out, "{} {} {} ", data.u16()?, data.u16()?, data.u16()?);
            data.name(out)?;
        }
        35 => naptr(data, out)?,
        64 | 65 => svcb::write(data, out)?,
        108 | 109 => {
            for (at, byte) in data.rest().iter().enumerate() {
                if at > 0 {
                    out.push('-');
                }
                name::hex(*byte, out);
            }
        }
        256 => {
            let _ = write!(out, "{} {} ", data.u16()?, data.u16()?);
            quoted(data.rest(), out);
        }
        257 => {
            let flags = data.u8()?;
            let tag = data.string()?;
            let _ = write!(out, "{flags} ");
            name::text(tag, b"\"", out);
            out.push(' ');
            quoted(data.rest(), out);
        }
        _ => return signed(kind, data, out),
    }
    data.is_empty().then_some(())
}

/// The types of DNSSEC and of keys bound to names.
fn signed(kind: u16, data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    match kind {
        // DS, CDS, DLV, TA: key tag, algorithm, digest type, digest.
        43 | 59 | 32768 | 32769 => {
            let _ = write!(out, "{} {} {} ", data.u16()?, data.u8()?, data.u8()?);
            hex(data.rest(), out);
        }
        // SSHFP: algorithm, type, fingerprint.
        44 => {
            let _ = write!(out, "{} {} ", data.u8()?, data.u8()?);
            hex(data.rest(), out);
        }
        24 | 46 => {
            let covered = kinds::type_name(data.u16()?);
            let _ = write!(out, "{covered} {} {} {} ", data.u8()?, data.u8()?, data.u32()?);
            let _ = write!(out, "{} {} {} ", data.u32()?, data.u32()?, data.u16()?);
            data.name(out)?;
            out.push(' ');
            base64(data.rest(), out);
        }
        47 => {
            data.name(out)?;
            bitmap(data, out)?;
        }
        // DNSKEY, KEY, CDNSKEY: flags, protocol, algorithm, key.
        25 | 48 | 60 => {
            let _ = write!(out, "{} {} {} ", data.u16()?, data.u8()?, data.u8()?);
            base64(data.rest(), out);
        }
        50 | 51 => {
            let _ = write!(out, "{} {} {} ", data.u8()?, data.u8()?, data.u16()?);
            let salt = data.string()?;
            if salt.is_empty() {
                out.push('-');
            }
            hex(salt, out);
            if kind == 50 {
                out.push(' ');
                base32(data.string()?, out);
                bitmap(data, out)?;
            }
        }
        // TLSA, SMIMEA: usage, selector, matching type, data.
        52 | 53 => {
            let _ = write!(out, "{} {} {} ", data.u8()?, data.u8()?, data.u8()?);
            hex(data.rest(), out);
        }
        61 => base64(data.rest(), out),
        62 => {
            let _ = write!(out, "{} {}", data.u32()?, data.u16()?);
            bitmap(data, out)?;
        }
        63 => {
            let _ = write!(out, "{} {} {} ", data.u32()?, data.u8()?, data.u8()?);
            hex(data.rest(), out);
        }
        _ => return None,
    }
    data.is_empty().then_some(())
}

fn soa(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    data.name(out)?;
    out.push(' ');
    data.name(out)?;
    for _ in 0..5 {
        let _ = write!(out, " {}", data.u32()?);
    }
    Some(())
}

fn naptr(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let _ = write!(out, "{} {} ", data.u16()?, data.u16()?);
    for _ in 0..3 {
        quoted(data.string()?, out);
        out.push(' ');
    }
    data.name(out)
}

fn strings(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    let mut first = true;
    while !data.is_empty() {
        if !std::mem::take(&mut first) {
            out.push(' ');
        }
        quoted(data.string()?, out);
    }
    Some(())
}

/// The windows of types of NSEC and its like (RFC 4034 section 4.1.2).
fn bitmap(data: &mut Cursor<'_>, out: &mut String) -> Option<()> {
    while !data.is_empty() {
        let window = u16::from(data.u8()?);
        for (at, bits) in data.string()?.iter().enumerate().take(32) {
            for bit in (0..8_u16).filter(|bit| bits & (0x80 >> bit) != 0) {
                let kind = window << 8 | (at as u16) << 3 | bit;
                let _ = write!(out, " {}", kinds::type_name(kind));
            }
        }
    }
    Some(())
}

fn unknown(bytes: &[u8], out: &mut String) {
    let _ = write!(out, "\\# {}", bytes.len());
    if !bytes.is_empty() {
        out.push(' ');
        hex(bytes, out);
    }
}

pub(super) fn quoted(bytes: &[u8], out: &mut String) {
    out.push('"');
    name::text(bytes, b"\"", out);
    out.push('"');
}

pub(super) fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes.iter().take(LONGEST) {
        name::hex(*byte, out);
    }
}

pub(super) fn base64(bytes: &[u8], out: &mut String) {
    digits::<6>(bytes, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out);
    out.extend(std::iter::repeat_n('=', (3 - bytes.len() % 3) % 3));
}

/// The alphabet that keeps the order (RFC 4648 section 7), as NSEC3 uses it.
fn base32(bytes: &[u8], out: &mut String) {
    digits::<5>(bytes, b"0123456789abcdefghijklmnopqrstuv", out);
}

fn digits<const BITS: u32>(bytes: &[u8], alphabet: &[u8], out: &mut String) {
    let mut digit =
        |value: u32| out.push(alphabet.get((value & ((1 << BITS) - 1)) as usize).map_or('?', |at| char::from(*at)));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes.iter().take(LONGEST) {
        held = (held << 8 | u32::from(*byte)) & 0xffff;
        bits += 8;
        while bits >= BITS {
            bits -= BITS;
            digit(held >> bits);
        }
    }
    if bits > 0 {
        digit(held << (BITS - bits));
    }
}

/// Longest text of one record's data.
const LONGEST: usize = 2048;
