//! Chosen packets in windows, and the stream that they carry.

use super::{At, Block, Export, Said, block_at};
use api::packets::{
    FrameKind, MOST_BYTES, MOST_ENTRIES, PACKET_CUT, PACKET_MASKED, PACKET_WITHHELD, PacketHead, PacketsFrame,
    PacketsInterface, PacketsWindow, Piece, PieceWhat,
};
use flow::{Chunk, Config, Direction, Engine, Envelope, FlowId, GapCause, Hint, Limits, Record, Side, Sink};
use pcap::LinkType;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

/// The packets of one connection, to be looked at.
pub(crate) struct Window {
    export: Export,
    /// Who was called: it is the server's side.
    server: Option<SocketAddr>,
    /// Payload of packets is withheld.
    headers_only: bool,
    stream: Option<Stream>,
    /// The block that is read.
    bytes: Vec<u8>,
}

impl Window {
    pub(crate) fn new(export: Export, server: Option<SocketAddr>, headers_only: bool) -> Self {
        Self { export, server, headers_only, stream: None, bytes: Vec::new() }
    }

    /// How many there are.
    pub(crate) fn packets(&self) -> u64 {
        self.export.packets.len() as u64
    }

    /// There are more than a window holds.
    pub(crate) fn more(&self) -> bool {
        self.export.more
    }

    /// Epoch nanoseconds of the first and the last.
    pub(crate) fn span(&self) -> (u64, u64) {
        let of = |at: Option<&At>| at.map_or(0, |at| at.ts_ns);
        (of(self.export.packets.first()), of(self.export.packets.last()))
    }

    /// What packets name by number.
    pub(crate) fn interfaces(&self) -> Vec<PacketsInterface> {
        let one = |(about, _): &(pcap::Interface, u64)| PacketsInterface {
            name: about.name.as_deref().unwrap_or_default().to_owned(),
            link: about.link.0,
        };
        self.export.interfaces.iter().map(one).collect()
    }

    /// A frame of packets.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn packets_frame(&mut self, window: &PacketsWindow) -> io::Result<Vec<u8>> {
        let mut frame = PacketsFrame::begin(FrameKind::Packets, window);
        let (count, mut room) = limits(window);
        let mut at = usize::try_from(window.first).unwrap_or(usize::MAX);
        let links = self.export.links();
        while frame.entries() < count {
            let Some(packet) = self.export.packets.get(at).copied() else { break };
            let read = block_at(&mut self.export.segments, packet, &mut self.bytes)?.and_then(Block::read);
            let Some(read) = read else { break };
            let mut head = PacketHead {
                ts_ns: packet.ts_ns,
                orig_len: read.orig_len,
                interface: u16::try_from(read.iface).unwrap_or(u16::MAX),
                inbound: way(packet.said),
                flags: flags(packet.said),
            };
            let mut bytes = read.bytes;
            if self.headers_only {
                let link = links.get(read.iface as usize).copied().unwrap_or(LinkType::ETHERNET);
                let shown = bytes.get(..flow::payload_at(link, bytes, read.orig_len)).unwrap_or_default();
                if shown.len() < bytes.len() {
                    head.flags |= PACKET_WITHHELD;
                }
                bytes = shown;
            }
            if bytes.len() > room && frame.entries() > 0 {
                break;
            }
            room = room.saturating_sub(bytes.len());
            frame.packet(&head, bytes);
            at += 1;
        }
        Ok(frame.end(at >= self.export.packets.len()))
    }

    /// A frame of the stream. One that goes on where the last ended costs what it holds; any other reads from the begin.
    ///
    /// # Errors
    /// When the packets cannot be read.
    pub(crate) fn stream_frame(&mut self, window: &PacketsWindow) -> io::Result<Vec<u8>> {
        let mut stream = match self.stream.take() {
            Some(stream) if stream.heard.base <= window.first => stream,
            _ => Stream::new(self.server, self.export.links()),
        };
        let mut frame = PacketsFrame::begin(FrameKind::Stream, window);
        let (count, mut room) = limits(window);
        let mut last = false;
        while frame.entries() < count {
            stream.heard.skip(window.first);
            let Some(piece) = stream.heard.pieces.front() else {
                if stream.step(&mut self.export, &mut self.bytes)? {
                    continue;
                }
                last = true;
                break;
            };
            let size = piece.bytes.len();
            if size > room && frame.entries() > 0 {
                break;
            }
            room = room.saturating_sub(size);
            frame.piece(&piece.shown());
            stream.heard.pop();
        }
        let over = last || (stream.heard.pieces.is_empty() && stream.ended);
        self.stream = Some(stream);
        Ok(frame.end(over))
    }
}

/// The stream, as far as it has been put together.
struct Stream {
    engine: Engine,
    /// Link types of interfaces.
    links: Vec<LinkType>,
    heard: Heard,
    /// The packet that is next.
    next: usize,
    ended: bool,
}

impl Stream {
    fn new(server: Option<SocketAddr>, links: Vec<LinkType>) -> Self {
        let limits = Limits { apps: false, stream: true, ..Limits::default() };
        let mut engine = Engine::new(Config { limits, ..Config::default() });
        if let Some(server) = server {
            engine.hint(Hint::Listen { ip: server.ip(), port: server.port() });
        }
        Self { engine, links, heard: Heard::default(), next: 0, ended: false }
    }

    /// Takes one more packet; false after the last.
    fn step(&mut self, export: &mut Export, bytes: &mut Vec<u8>) -> io::Result<bool> {
        let Some(at) = export.packets.get(self.next).copied() else {
            let more = !std::mem::replace(&mut self.ended, true);
            if more {
                self.engine.finish(&mut self.heard);
            }
            return Ok(more);
        };
        self.next += 1;
        let Some(read) = block_at(&mut export.segments, at, bytes)?.and_then(Block::read) else { return Ok(true) };
        let packet = flow::Packet {
            iface: read.iface,
            ts_ns: at.ts_ns,
            link: self.links.get(read.iface as usize).copied().unwrap_or(LinkType::ETHERNET),
            orig_len: read.orig_len,
            dir: Direction::Unknown,
            bytes: read.bytes,
        };
        self.engine.packet(&packet, &mut self.heard);
        Ok(true)
    }
}

/// What was put together and not shown yet.
#[derive(Default)]
struct Heard {
    /// The connection: packets of another one between the same ends are not of it.
    flow: Option<FlowId>,
    pieces: VecDeque<Owned>,
    /// The number of the first of `pieces`.
    base: u64,
}

struct Owned {
    ts_us: i64,
    offset: u64,
    side: Side,
    bytes: Vec<u8>,
    gap: Option<(u64, u8)>,
}

impl Owned {
    fn shown(&self) -> Piece<'_> {
        let what = match self.gap {
            Some((len, why)) => PieceWhat::Gap { len, why },
            None => PieceWhat::Bytes(&self.bytes),
        };
        let side = u8::from(self.side == Side::Server);
        Piece { ts_us: self.ts_us, offset: self.offset, side, what }
    }
}

impl Heard {
    fn skip(&mut self, first: u64) {
        while self.base < first && self.pop() {}
    }

    fn pop(&mut self) -> bool {
        let popped = self.pieces.pop_front().is_some();
        self.base += u64::from(popped);
        popped
    }

    fn take(&mut self, flow: FlowId, piece: Owned) {
        if *self.flow.get_or_insert(flow) == flow {
            self.pieces.push_back(piece);
        }
    }
}

impl Sink for Heard {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        let (Some(flow), Record::Gap(gap)) = (envelope.flow, record) else { return };
        let why = match gap.cause {
            GapCause::Ring => 1,
            GapCause::Shed => 2,
            GapCause::NotCaptured => 3,
            GapCause::Snaplen => 4,
            GapCause::Limit => 5,
        };
        let (ts_us, offset, side) = (envelope.ts_us, gap.offset, gap.side);
        self.take(flow, Owned { ts_us, offset, side, bytes: Vec::new(), gap: Some((gap.len, why)) });
    }

    fn stream(&mut self, flow: FlowId, side: Side, chunk: &Chunk<'_>) {
        let (ts_us, offset, end) = (chunk.ts_us, chunk.offset, chunk.offset + chunk.bytes.len() as u64);
        self.take(flow, Owned { ts_us, offset, side, bytes: chunk.bytes.to_vec(), gap: None });
        if chunk.cut > 0 {
            let gap = Some((u64::from(chunk.cut), 4));
            self.take(flow, Owned { ts_us, offset: end, side, bytes: Vec::new(), gap });
        }
    }
}

/// Entries and bytes of one answer.
fn limits(window: &PacketsWindow) -> (u16, usize) {
    (window.count.min(MOST_ENTRIES), window.bytes.min(MOST_BYTES) as usize)
}

fn way(said: u8) -> Option<bool> {
    match (said & Said::IN != 0, said & Said::OUT != 0) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn flags(said: u8) -> u8 {
    let cut = if said & Said::CUT != 0 { PACKET_CUT } else { 0 };
    let masked = if said & Said::MASKED != 0 { PACKET_MASKED } else { 0 };
    cut | masked
}

#[cfg(test)]
mod tests;
