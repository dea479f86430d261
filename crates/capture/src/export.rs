//! Packets of a spool as one capture file: chosen, in the order of time over all pods, written a piece at a time.
//!
//! The segments are read twice: once to choose packets and note where each stands (16 bytes a packet), once to write them
//! in order. Segments are opened before either, so that what is dropped meanwhile is still written.

mod keys;
mod wanted;
mod window;

pub(crate) use keys::Keys;
pub(crate) use wanted::Wanted;
pub(crate) use window::Window;

use crate::files;
use crate::spool::{Segment, Snapshot};
use bpf::Filter;
use pcap::{ClassicWriter, Counters, Interface, LinkType, Section, Writer};
use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::IpAddr;

/// Which packets, and how they are written.
pub(crate) struct Asked {
    pub(crate) form: Form,
    /// The capture filter as written; empty for all.
    pub(crate) filter: String,
    /// Only of these flows.
    pub(crate) wanted: Option<Wanted>,
    /// Epoch microseconds.
    pub(crate) from_us: Option<i64>,
    pub(crate) to_us: Option<i64>,
    /// Largest file.
    pub(crate) max_bytes: u64,
    /// Most packets; those that stand first are taken.
    pub(crate) most: usize,
    /// What the file says of itself.
    pub(crate) comment: String,
    pub(crate) names: Vec<(IpAddr, String)>,
    /// Keys of connections: those of the packets that are written stand in the file.
    pub(crate) keys: Keys,
}

/// The form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Pcapng,
    /// Classic pcap, with nanoseconds or without.
    Pcap {
        nanos: bool,
    },
}

/// What keeps an export from being begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Filter(#[from] bpf::Error),
    #[error("a classic pcap file holds one link type, and these packets have {0} and {1}: take pcapng")]
    Links(u16, u16),
    #[error("packets of this tap cannot be read")]
    Read(#[from] io::Error),
}

/// A chosen packet: when, in which segment, and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    ts_ns: u64,
    segment: u16,
    at: u32,
    /// What is said beside it: [`Said`].
    said: u8,
}

/// Bits of what is said beside a packet.
struct Said;

impl Said {
    const IN: u8 = 1;
    const OUT: u8 = 2;
    const CUT: u8 = 4;
    const MASKED: u8 = 8;

    fn of(packet: &pcap::Packet<'_>) -> u8 {
        let way = match packet.inbound() {
            None => 0,
            Some(true) => Self::IN,
            Some(false) => Self::OUT,
        };
        let word = |comment: &str| match comment {
            files::LEFT => Self::CUT,
            files::HIDDEN => Self::MASKED,
            _ => 0,
        };
        packet.options.comments().fold(way, |said, comment| said | word(comment))
    }
}

/// An export that is ready to be written.
pub(crate) struct Export {
    asked: Asked,
    segments: Vec<Segment>,
    interfaces: Vec<(Interface, u64)>,
    packets: Vec<At>,
    /// Packets were left out for `most`.
    more: bool,
    counters: Vec<Counters>,
    loaded: VecDeque<(u16, Vec<u8>)>,
}

impl Export {
    /// Chooses the packets. Takes as long as reading them does.
    pub(crate) fn choose(snapshot: Snapshot, mut asked: Asked) -> Result<Self, Refused> {
        let Snapshot { mut segments, interfaces: known } = snapshot;
        let pods: Vec<usize> = known.iter().map(|(_, pod, _)| *pod).collect();
        let interfaces: Vec<(Interface, u64)> = known.into_iter().map(|(about, _, lost)| (about, lost)).collect();
        let mut sieves: Vec<(LinkType, Filter)> = Vec::new();
        if !asked.filter.trim().is_empty() {
            for (about, _) in &interfaces {
                if !sieves.iter().any(|(link, _)| *link == about.link) {
                    sieves.push((about.link, Filter::compile(&asked.filter, bpf::Options::new(about.link))?));
                }
            }
        }
        let mut packets = Vec::new();
        let mut counters = vec![Counters::default(); interfaces.len()];
        let (mut link, mut bytes, mut more) = (None, Vec::new(), false);
        for (number, segment) in segments.iter_mut().enumerate() {
            segment.load(&mut bytes)?;
            for (at, packet) in pcap::packets(&bytes).flatten() {
                let (Ok(segment), Ok(place)) = (u16::try_from(number), u32::try_from(at)) else { break };
                let pod = pods.get(packet.iface as usize).copied().unwrap_or(usize::MAX);
                if !asked.takes(&packet, pod, &sieves) {
                    continue;
                }
                if packets.len() >= asked.most {
                    more = true;
                    break;
                }
                if let (Form::Pcap { .. }, Some(first)) = (asked.form, link.replace(packet.link))
                    && first != packet.link
                {
                    return Err(Refused::Links(first.0, packet.link.0));
                }
                asked.keys.look(packet.bytes);
                if let Some(of) = counters.get_mut(packet.iface as usize) {
                    of.start_ns = Some(of.start_ns.map_or(packet.ts_ns, |start| start.min(packet.ts_ns)));
                    of.end_ns = of.end_ns.max(Some(packet.ts_ns));
                    of.delivered = Some(of.delivered.unwrap_or(0) + 1);
                }
                packets.push(At { ts_ns: packet.ts_ns, segment, at: place, said: Said::of(&packet) });
            }
        }
        // Packets of the same moment keep the order in which they came.
        packets.sort_unstable();
        Ok(Self { asked, segments, interfaces, packets, more, counters, loaded: VecDeque::new() })
    }

    /// Writes the file in pieces of whole blocks; `piece` says false when nobody wants more.
    pub(crate) fn write(mut self, mut piece: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        match self.asked.form {
            Form::Pcapng => self.write_ng(&mut piece),
            Form::Pcap { nanos } => self.write_classic(nanos, &mut piece),
        }
    }

    fn write_ng(&mut self, piece: &mut dyn FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let (mut out, mut room) = (Vec::new(), self.asked.max_bytes);
        let application = concat!("qd ", env!("CARGO_PKG_VERSION"));
        let section =
            Section { application: Some(application), comment: Some(&self.asked.comment), ..Section::default() };
        let mut writer = Writer::start(&section, &mut out);
        // Interfaces have the numbers that they have in every segment.
        for (about, _) in &self.interfaces {
            writer.interface(about, &mut out);
        }
        // Wireshark takes keys from before the packets that need them.
        writer.tls_keys(&self.asked.keys.found(), &mut out);
        writer.names(self.asked.names.iter().map(|(ip, name)| (*ip, name.as_str())), &mut out);
        for packet in std::mem::take(&mut self.packets) {
            let Some(block) = self.block(packet)? else { continue };
            if block.len() as u64 + out.len() as u64 > room {
                break;
            }
            out.extend_from_slice(block);
            if out.len() >= PIECE {
                room -= out.len() as u64;
                if !piece(std::mem::take(&mut out)) {
                    return Ok(());
                }
            }
        }
        let last_ns = self.counters.iter().filter_map(|counters| counters.end_ns).max().unwrap_or(0);
        for (number, (counters, (_, lost))) in (0..).zip(self.counters.iter_mut().zip(&self.interfaces)) {
            counters.dropped_os = Some(*lost);
            // Each was described above.
            let _ = writer.counters(number, last_ns, counters, &mut out);
        }
        piece(out);
        Ok(())
    }

    fn write_classic(&mut self, nanos: bool, piece: &mut dyn FnMut(Vec<u8>) -> bool) -> io::Result<()> {
        let (mut out, mut room) = (Vec::new(), self.asked.max_bytes);
        let (links, mut writer) = (self.links(), None);
        for packet in std::mem::take(&mut self.packets) {
            let Some(read) = self.block(packet)?.and_then(Block::read) else { continue };
            if read.bytes.len() as u64 + 64 + out.len() as u64 > room {
                break;
            }
            let link = links.get(read.iface as usize).copied().unwrap_or(LinkType::ETHERNET);
            let writer = writer.get_or_insert_with(|| ClassicWriter::start(link, nanos, 0, &mut out));
            if let Err(error) = writer.packet(packet.ts_ns, read.orig_len, read.bytes, &mut out) {
                tracing::warn!(%error, "a packet that no classic file can hold");
            }
            if out.len() >= PIECE {
                room -= out.len() as u64;
                if !piece(std::mem::take(&mut out)) {
                    return Ok(());
                }
            }
        }
        if writer.is_none() {
            ClassicWriter::start(LinkType::ETHERNET, nanos, 0, &mut out);
        }
        piece(out);
        Ok(())
    }

    /// Link types of interfaces, by their numbers.
    fn links(&self) -> Vec<LinkType> {
        self.interfaces.iter().map(|(about, _)| about.link).collect()
    }

    /// The block of a packet, as it stands in its segment.
    fn block(&mut self, packet: At) -> io::Result<Option<&[u8]>> {
        let found = self.loaded.iter().position(|(segment, _)| *segment == packet.segment);
        let place = match found {
            Some(place) => place,
            None => {
                let Some(segment) = self.segments.get_mut(usize::from(packet.segment)) else { return Ok(None) };
                let mut bytes = if self.loaded.len() < LOADED {
                    Vec::new()
                } else {
                    self.loaded.pop_front().map(|(_, bytes)| bytes).unwrap_or_default()
                };
                segment.load(&mut bytes)?;
                self.loaded.push_back((packet.segment, bytes));
                self.loaded.len() - 1
            }
        };
        let Some((_, bytes)) = self.loaded.get(place) else { return Ok(None) };
        let at = packet.at as usize;
        let len = bytes.get(at + 4..at + 8).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes);
        Ok(len.and_then(|len| bytes.get(at..at + len as usize)))
    }
}

impl Asked {
    fn takes(&self, packet: &pcap::Packet<'_>, pod: usize, sieves: &[(LinkType, Filter)]) -> bool {
        let ts_us = i64::try_from(packet.ts_ns / 1_000).unwrap_or(i64::MAX);
        if self.from_us.is_some_and(|from| ts_us < from) || self.to_us.is_some_and(|to| ts_us > to) {
            return false;
        }
        let sieve = sieves.iter().find(|(link, _)| *link == packet.link);
        if sieve.is_some_and(|(_, filter)| !filter.matches(packet.bytes, packet.orig_len)) {
            return false;
        }
        self.wanted.as_ref().is_none_or(|wanted| {
            flow::ends(packet.link, packet.bytes, packet.orig_len).is_some_and(|ends| wanted.has(&ends, pod, ts_us))
        })
    }
}

/// What an enhanced packet block of ours says.
struct Block<'a> {
    iface: u32,
    orig_len: u32,
    bytes: &'a [u8],
}

impl<'a> Block<'a> {
    fn read(block: &'a [u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(block.get(at..at + 4)?.try_into().ok()?));
        let kept = number(20)? as usize;
        Some(Self { iface: number(8)?, orig_len: number(24)?, bytes: block.get(28..28 + kept)? })
    }
}

/// One block of a segment alone, for who wants few of them.
fn block_at<'a>(segments: &mut [Segment], packet: At, bytes: &'a mut Vec<u8>) -> io::Result<Option<&'a [u8]>> {
    let Some(Segment { file, .. }) = segments.get_mut(usize::from(packet.segment)) else { return Ok(None) };
    bytes.clear();
    file.seek(SeekFrom::Start(u64::from(packet.at)))?;
    // Most packets are whole with this; others take a second read.
    (&mut *file).take(FIRST_READ).read_to_end(bytes)?;
    let len = bytes.get(4..8).and_then(|len| len.try_into().ok()).map(u32::from_le_bytes);
    let Some(len) = len.filter(|len| *len <= LONGEST_BLOCK) else { return Ok(None) };
    let (len, have) = (len as usize, bytes.len());
    if have < len {
        file.take((len - have) as u64).read_to_end(bytes)?;
    }
    Ok(bytes.get(..len))
}

/// A packet without an offloaded size fits.
const FIRST_READ: u64 = 2 << 10;
/// No block of ours is longer.
const LONGEST_BLOCK: u32 = 1 << 20;
/// Bytes that are given out at once.
const PIECE: usize = 256 << 10;
/// Segments that are held while packets are put in order: agents are not further apart.
const LOADED: usize = 4;

#[cfg(test)]
mod tests;
