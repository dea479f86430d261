//! The reader and the writers against Wireshark's programs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod convert;
mod damaged;
mod fetched;
mod programs;
mod written;

use std::path::Path;

use pcap::{Damage, Item, Reader, Step};

/// One packet as both sides tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    ts_ns: u64,
    kept: usize,
    orig: u32,
    iface: u32,
}

/// Reads a file with our reader.
fn ours(path: &Path) -> (Vec<Line>, Vec<Damage>) {
    let file = std::fs::read(path).unwrap();
    let mut reader = Reader::new();
    let (mut from, mut lines, mut damages) = (0, Vec::new(), Vec::new());
    loop {
        match reader.next(&file[from..], true).unwrap() {
            Step::Item { used, item } => {
                from += used;
                match item {
                    Item::Packet(packet) => lines.push(Line {
                        ts_ns: packet.ts_ns,
                        kept: packet.bytes.len(),
                        orig: packet.orig_len,
                        iface: packet.iface,
                    }),
                    Item::Damage(damage) => damages.push(damage),
                    _ => {}
                }
            }
            Step::More { .. } => panic!("the end was told"),
            Step::End => return (lines, damages),
        }
    }
}
