//! pcapng: one section, little endian, nanoseconds.

use std::net::IpAddr;

use super::LONGEST;
use crate::{Interface, WriteError, interface, item, options};

/// Writes pcapng.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    interfaces: u32,
}

/// What a section header says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Section<'a> {
    /// `shb_hardware`.
    pub hardware: Option<&'a str>,
    /// `shb_os`.
    pub os: Option<&'a str>,
    /// `shb_userappl`: the program that writes.
    pub application: Option<&'a str>,
    /// A comment.
    pub comment: Option<&'a str>,
}

/// One packet to write.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing<'a> {
    /// The interface, as [`Writer::interface`] numbered it.
    pub iface: u32,
    /// Epoch nanoseconds.
    pub ts_ns: u64,
    /// Its length on the wire.
    pub orig_len: u32,
    /// What was kept.
    pub bytes: &'a [u8],
    /// `epb_flags`.
    pub flags: Option<u32>,
    /// Packets lost just before it on this interface.
    pub lost_before: Option<u64>,
    /// Equal for the same packet seen on several interfaces.
    pub id: Option<u64>,
    /// Comments.
    pub comments: &'a [&'a str],
}

/// Counters of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Begin of the capture, in epoch nanoseconds.
    pub start_ns: Option<u64>,
    /// Its end.
    pub end_ns: Option<u64>,
    /// Packets received by the interface.
    pub received: Option<u64>,
    /// Packets it dropped.
    pub dropped: Option<u64>,
    /// Packets that the filter took.
    pub accepted: Option<u64>,
    /// Packets that the kernel dropped.
    pub dropped_os: Option<u64>,
    /// Packets that reached the user.
    pub delivered: Option<u64>,
}

impl Writer {
    /// Writes the section header.
    pub fn start(section: &Section<'_>, out: &mut Vec<u8>) -> Self {
        block(SECTION, out, |out| {
            out.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
            out.extend_from_slice(&[1, 0, 0, 0]);
            out.extend_from_slice(&[0xff; 8]);
            let parts =
                [(options::COMMENT, section.comment), (2, section.hardware), (3, section.os), (4, section.application)];
            list(out, |out| parts.iter().for_each(|(code, text)| maybe(*code, *text, out)));
        });
        Self { interfaces: 0 }
    }

    /// Describes an interface and gives its number. Stamps are nanoseconds, whatever the interface had when it was read.
    pub fn interface(&mut self, about: &Interface, out: &mut Vec<u8>) -> u32 {
        block(INTERFACE, out, |out| {
            out.extend_from_slice(&about.link.0.to_le_bytes());
            out.extend_from_slice(&[0; 2]);
            out.extend_from_slice(&about.snaplen.to_le_bytes());
            list(out, |out| {
                maybe(interface::COMMENT, about.comment.as_deref(), out);
                maybe(interface::NAME, about.name.as_deref(), out);
                maybe(interface::DESCRIPTION, about.description.as_deref(), out);
                for (ip, mask) in &about.ipv4 {
                    option(interface::IPV4, &[&ip.octets(), &mask.octets()], out);
                }
                for (ip, prefix) in &about.ipv6 {
                    option(interface::IPV6, &[&ip.octets(), &[*prefix]], out);
                }
                if let Some(mac) = &about.mac {
                    option(interface::MAC, &[mac], out);
                }
                option(interface::RESOLUTION, &[&[9]], out);
                if let Some(filter) = about.filter.as_deref() {
                    option(interface::FILTER, &[&[0], filter.as_bytes()], out);
                }
                maybe(interface::OS, about.os.as_deref(), out);
                if let Some(len) = about.fcs_len {
                    option(interface::FCS, &[&[len]], out);
                }
                maybe(interface::HARDWARE, about.hardware.as_deref(), out);
            });
        });
        self.interfaces += 1;
        self.interfaces - 1
    }

    /// Writes one packet.
    ///
    /// # Errors
    /// When its interface was not written or it is too long; nothing is written then.
    pub fn packet(&self, packet: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), WriteError> {
        if packet.iface >= self.interfaces {
            return Err(WriteError::Interface(packet.iface));
        }
        let comments: usize = packet.comments.iter().map(|text| text.len().min(0xffff) + 8).sum();
        let kept = match u32::try_from(packet.bytes.len()) {
            Ok(kept) if packet.bytes.len() + comments < LONGEST - 128 => kept,
            _ => return Err(WriteError::Length(packet.bytes.len())),
        };
        block(ENHANCED, out, |out| {
            out.extend_from_slice(&packet.iface.to_le_bytes());
            stamp(packet.ts_ns, out);
            out.extend_from_slice(&kept.to_le_bytes());
            out.extend_from_slice(&packet.orig_len.max(kept).to_le_bytes());
            out.extend_from_slice(packet.bytes);
            pad(out, packet.bytes.len());
            list(out, |out| {
                for text in packet.comments {
                    maybe(options::COMMENT, Some(text), out);
                }
                if let Some(flags) = packet.flags {
                    option(item::FLAGS, &[&flags.to_le_bytes()], out);
                }
                number(item::DROPS, packet.lost_before, out);
                number(item::ID, packet.id, out);
            });
        });
        Ok(())
    }

    /// Writes names of addresses. Names with a zero byte, and names over 255 bytes, which DNS has not, are left out.
    pub fn names<'n>(&self, names: impl Iterator<Item = (IpAddr, &'n str)>, out: &mut Vec<u8>) {
        let mut records = Vec::new();
        for (ip, name) in names.filter(|(_, name)| !name.is_empty() && name.len() < 256 && !name.contains('\0')) {
            match ip {
                IpAddr::V4(ip) => option(1, &[&ip.octets(), name.as_bytes(), &[0]], &mut records),
                IpAddr::V6(ip) => option(2, &[&ip.octets(), name.as_bytes(), &[0]], &mut records),
            }
            if records.len() > PIECE {
                names_block(&mut records, out);
            }
        }
        if !records.is_empty() {
            names_block(&mut records, out);
        }
    }

    /// Writes lines of a TLS key log; long ones as several blocks, each of whole lines.
    pub fn tls_keys(&self, lines: &[u8], out: &mut Vec<u8>) {
        let mut rest = lines;
        while !rest.is_empty() {
            let window = rest.get(..PIECE).unwrap_or(rest);
            let whole = window.iter().rposition(|byte| *byte == b'\n').map_or(window.len(), |at| at + 1);
            let cut = if window.len() == rest.len() { rest.len() } else { whole };
            let Some((piece, left)) = rest.split_at_checked(cut) else { return };
            block(SECRETS, out, |out| {
                out.extend_from_slice(&crate::TLS_KEY_LOG.to_le_bytes());
                out.extend_from_slice(&(piece.len() as u32).to_le_bytes());
                out.extend_from_slice(piece);
                pad(out, piece.len());
            });
            rest = left;
        }
    }

    /// Writes counters of an interface.
    ///
    /// # Errors
    /// When the interface was not written.
    pub fn counters(&self, iface: u32, ts_ns: u64, counters: &Counters, out: &mut Vec<u8>) -> Result<(), WriteError> {
        if iface >= self.interfaces {
            return Err(WriteError::Interface(iface));
        }
        block(STATS, out, |out| {
            out.extend_from_slice(&iface.to_le_bytes());
            stamp(ts_ns, out);
            list(out, |out| {
                for (code, time) in [(2, counters.start_ns), (3, counters.end_ns)] {
                    if let Some(time) = time {
                        let (high, low) = halves(time);
                        option(code, &[&high, &low], out);
                    }
                }
                number(4, counters.received, out);
                number(5, counters.dropped, out);
                number(6, counters.accepted, out);
                number(7, counters.dropped_os, out);
                number(8, counters.delivered, out);
            });
        });
        Ok(())
    }
}

/// One block: type, length, what `body` writes, length.
fn block(kind: u32, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    let len = ((out.len() - start + 4) as u32).to_le_bytes();
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&len);
    }
    out.extend_from_slice(&len);
}

/// Options, closed by their end mark when there are any.
fn list(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    if out.len() > start {
        out.extend_from_slice(&[0; 4]);
    }
}

/// One option, or record of names, of several parts. Longer values than fit are cut.
fn option(code: u16, parts: &[&[u8]], out: &mut Vec<u8>) {
    let len = parts.iter().map(|part| part.len()).sum::<usize>().min(LONGEST_OPTION);
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&(len as u16).to_le_bytes());
    let end = out.len() + len;
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.truncate(end);
    pad(out, len);
}

fn maybe(code: u16, text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        let cut = text.floor_char_boundary(LONGEST_OPTION);
        option(code, &[text.as_bytes().get(..cut).unwrap_or_default()], out);
    }
}

fn number(code: u16, value: Option<u64>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        option(code, &[&value.to_le_bytes()], out);
    }
}

fn pad(out: &mut Vec<u8>, len: usize) {
    out.extend(std::iter::repeat_n(0, len.next_multiple_of(4) - len));
}

fn halves(ns: u64) -> ([u8; 4], [u8; 4]) {
    (((ns >> 32) as u32).to_le_bytes(), (ns as u32).to_le_bytes())
}

fn stamp(ns: u64, out: &mut Vec<u8>) {
    let (high, low) = halves(ns);
    out.extend_from_slice(&high);
    out.extend_from_slice(&low);
}

fn names_block(records: &mut Vec<u8>, out: &mut Vec<u8>) {
    block(NAMES, out, |out| {
        out.extend_from_slice(records);
        out.extend_from_slice(&[0; 4]);
    });
    records.clear();
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const NAMES: u32 = 4;
const STATS: u32 = 5;
const ENHANCED: u32 = 6;
const SECRETS: u32 = 10;
/// Names and keys are written in blocks of about this size.
const PIECE: usize = 1 << 20;
/// The longest option value that keeps its padding within 16 bits.
const LONGEST_OPTION: usize = 0xfffc;
