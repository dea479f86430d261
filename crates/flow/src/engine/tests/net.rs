//! For tests and benchmarks: packets of made-up connections, written byte by byte.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const PSH: u8 = 8;
pub const ACK: u8 = 16;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub ts_us: i64,
    pub link: u16,
    pub orig_len: u32,
    pub bytes: Vec<u8>,
}

/// What crosses a wire, in order.
#[derive(Clone, Debug, Default)]
pub struct Net {
    pub packets: Vec<Made>,
    pub now_us: i64,
    /// Microseconds from packet to packet.
    pub step_us: i64,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
}
pub use self::From::{Client, Server};

/// One TCP connection.
#[derive(Clone, Debug)]
pub struct Tcp {
    pub ends: [(IpAddr, u16); 2],
    /// Next sequence number of each side.
    pub seq: [u32; 2],
    pub mss: usize,
}

impl Net {
    pub fn new() -> Self {
        Self { packets: Vec::new(), now_us: 1_700_000_000_000_000, step_us: 100 }
    }

    pub fn wait(&mut self, us: i64) {
        self.now_us += us;
    }

    /// Puts an IP packet into an Ethernet frame.
    pub fn frame(&mut self, ip: &[u8]) {
        let kind: u16 = if ip[0] >> 4 == 6 { 0x86dd } else { 0x0800 };
        let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(ip);
        self.link(1, bytes);
    }

    pub fn link(&mut self, link: u16, bytes: Vec<u8>) {
        self.packets.push(Made { ts_us: self.now_us, link, orig_len: bytes.len() as u32, bytes });
        self.now_us += self.step_us;
    }

    /// Cuts every packet, as a snap length does.
    pub fn snap(&mut self, len: usize) {
        self.packets.iter_mut().for_each(|packet| packet.bytes.truncate(len));
    }

    /// Writes a classic capture file with nanoseconds.
    pub fn write_pcap(&self, out: &mut impl Write) {
        out.write_all(&pcap_header(self.packets.first().map_or(1, |packet| packet.link))).unwrap();
        for packet in &self.packets {
            out.write_all(&((packet.ts_us / 1_000_000) as u32).to_le_bytes()).unwrap();
            out.write_all(&((packet.ts_us % 1_000_000) as u32 * 1000).to_le_bytes()).unwrap();
            out.write_all(&(packet.bytes.len() as u32).to_le_bytes()).unwrap();
            out.write_all(&packet.orig_len.to_le_bytes()).unwrap();
            out.write_all(&packet.bytes).unwrap();
        }
    }
}

fn pcap_header(link: u16) -> Vec<u8> {
    let mut head = Vec::new();
    head.extend_from_slice(&0xa1b2_3c4d_u32.to_le_bytes());
    head.extend_from_slice(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.extend_from_slice(&262_144_u32.to_le_bytes());
    head.extend_from_slice(&u32::from(link).to_le_bytes());
    head
}

impl Tcp {
    /// A connection from a port of 10.0.0.1 to port 80 of 10.0.0.2.
    pub fn new(port: u16) -> Self {
        let ip = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        Self { ends: [(ip(1), port), (ip(2), 80)], seq: [1_000_000, 2_000_000], mss: 1460 }
    }

    pub fn v6(port: u16) -> Self {
        let ip = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
        Self { ends: [(ip(1), port), (ip(2), 80)], ..Self::new(port) }
    }

    /// The handshake.
    pub fn open(&mut self, net: &mut Net) {
        self.syn(net);
        self.syn_ack(net);
        self.ack(net, Client);
    }

    pub fn syn(&mut self, net: &mut Net) {
        let options = [2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 0, 0];
        let packet = self.packet(Client, SYN, self.seq[0], 0, &options, &[]);
        self.seq[0] = self.seq[0].wrapping_add(1);
        net.frame(&packet);
    }

    pub fn syn_ack(&mut self, net: &mut Net) {
        let options = [2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 0, 0];
        let packet = self.packet(Server, SYN | ACK, self.seq[1], self.seq[0], &options, &[]);
        self.seq[1] = self.seq[1].wrapping_add(1);
        net.frame(&packet);
    }

    pub fn ack(&mut self, net: &mut Net, from: From) {
        self.raw(net, from, ACK, 0, &[]);
    }

    /// Sends bytes in segments of at most the MSS. Each acknowledges all that the other side sent.
    pub fn send(&mut self, net: &mut Net, from: From, bytes: &[u8]) {
        for part in bytes.chunks(self.mss) {
            self.raw(net, from, PSH | ACK, 0, part);
            let seq = &mut self.seq[from as usize];
            *seq = seq.wrapping_add(part.len() as u32);
        }
    }

    pub fn fin(&mut self, net: &mut Net, from: From) {
        self.raw(net, from, FIN | ACK, 0, &[]);
        let seq = &mut self.seq[from as usize];
        *seq = seq.wrapping_add(1);
    }

    /// Both sides close.
    pub fn close(&mut self, net: &mut Net) {
        self.fin(net, Client);
        self.fin(net, Server);
        self.ack(net, Client);
    }

    /// A segment at `shift` from the next sequence number.
    pub fn raw(&self, net: &mut Net, from: From, flags: u8, shift: i32, payload: &[u8]) {
        let seq = self.seq[from as usize].wrapping_add_signed(shift);
        let packet = self.packet(from, flags, seq, self.seq[1 - from as usize], &[], payload);
        net.frame(&packet);
    }

    pub fn packet(&self, from: From, flags: u8, seq: u32, ack: u32, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let (src, dst) = (self.ends[from as usize], self.ends[1 - from as usize]);
        let mut tcp = Vec::with_capacity(20 + options.len() + payload.len());
        tcp.extend_from_slice(&src.1.to_be_bytes());
        tcp.extend_from_slice(&dst.1.to_be_bytes());
        tcp.extend_from_slice(&seq.to_be_bytes());
        tcp.extend_from_slice(&if flags & ACK != 0 { ack } else { 0 }.to_be_bytes());
        tcp.extend_from_slice(&[(((20 + options.len()) / 4) << 4) as u8, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend_from_slice(options);
        tcp.extend_from_slice(payload);
        let sum = sum(src.0, dst.0, 6, &tcp);
        tcp[16..18].copy_from_slice(&sum.to_be_bytes());
        ip(src.0, dst.0, 6, &tcp)
    }
}

/// A UDP datagram with its IP header.
pub fn udp(src: (IpAddr, u16), dst: (IpAddr, u16), payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&src.1.to_be_bytes());
    bytes.extend_from_slice(&dst.1.to_be_bytes());
    bytes.extend_from_slice(&(8 + payload.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(payload);
    let sum = sum(src.0, dst.0, 17, &bytes);
    bytes[6..8].copy_from_slice(&sum.to_be_bytes());
    ip(src.0, dst.0, 17, &bytes)
}

/// An IP header before a payload.
pub fn ip(src: IpAddr, dst: IpAddr, proto: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40 + payload.len());
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            bytes.extend_from_slice(&[0x45, 0]);
            bytes.extend_from_slice(&(20 + payload.len() as u16).to_be_bytes());
            bytes.extend_from_slice(&[0, 0, 0x40, 0, 64, proto, 0, 0]);
            bytes.extend_from_slice(&src.octets());
            bytes.extend_from_slice(&dst.octets());
            let sum = fold(add(&bytes));
            bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            bytes.extend_from_slice(&[0x60, 0, 0, 0]);
            bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
            bytes.extend_from_slice(&[proto, 64]);
            bytes.extend_from_slice(&src.octets());
            bytes.extend_from_slice(&dst.octets());
        }
        _ => panic!("addresses of one family"),
    }
    bytes.extend_from_slice(payload);
    bytes
}

pub fn sum(src: IpAddr, dst: IpAddr, proto: u8, bytes: &[u8]) -> u16 {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let sum = add(&octets(src)) + add(&octets(dst)) + u64::from(proto) + bytes.len() as u64 + add(bytes);
    fold(sum)
}

fn add(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum()
}

fn fold(mut sum: u64) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
