#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod classic;
mod damage;
mod ng;
mod properties;

use crate::{Damage, Item, Reader, Refused, Step};

/// What was read, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Packet { iface: u32, ts_ns: u64, link: u16, orig: u32, bytes: Vec<u8>, flags: Option<u32>, lost: Option<u64> },
    Section(Option<String>),
    Interface(u32),
    Names(Vec<(String, String)>),
    Secrets(u32, Vec<u8>),
    Stats(u32, u64, Option<u64>),
    Other(u32),
    Damage(Damage),
}

fn seen(item: Item<'_>) -> Seen {
    match item {
        Item::Packet(packet) => Seen::Packet {
            iface: packet.iface,
            ts_ns: packet.ts_ns,
            link: packet.link.0,
            orig: packet.orig_len,
            bytes: packet.bytes.to_vec(),
            flags: packet.flags(),
            lost: packet.lost_before(),
        },
        Item::Section(options) => Seen::Section(options.text(4).map(str::to_owned)),
        Item::Interface(number, _) => Seen::Interface(number),
        Item::Names(names) => {
            Seen::Names(names.iter().map(|name| (name.ip.to_string(), name.name.to_owned())).collect())
        }
        Item::Secrets { kind, data } => Seen::Secrets(kind, data.to_vec()),
        Item::Stats { iface, ts_ns, options } => Seen::Stats(iface, ts_ns, options.u64(4)),
        Item::Other { kind, .. } => Seen::Other(kind),
        Item::Damage(damage) => Seen::Damage(damage),
    }
}

/// Reads a file in pieces of at most `piece` bytes beyond what is asked for.
fn read(file: &[u8], piece: usize) -> Result<(Vec<Seen>, Reader), Refused> {
    let mut reader = Reader::new();
    let (mut from, mut to) = (0, piece.min(file.len()));
    let mut all = Vec::new();
    loop {
        match reader.next(&file[from..to], to == file.len())? {
            Step::Item { used, item } => {
                all.push(seen(item));
                from += used;
            }
            Step::More { used, want } => {
                assert!(to < file.len(), "the end of the input was told");
                assert!(want > to - from - used && want <= 16 << 20, "{want} asked with {} there", to - from - used);
                from += used;
                to = (from + want).max(to + piece).min(file.len());
            }
            Step::End => break,
        }
        assert_eq!(reader.offset(), from as u64);
        assert!(from <= to && all.len() <= file.len() + 8);
    }
    assert_eq!(from, file.len(), "every byte is accounted for");
    Ok((all, reader))
}

fn read_all(file: &[u8]) -> Vec<Seen> {
    read(file, file.len()).unwrap().0
}

fn packets(seen: &[Seen]) -> Vec<Vec<u8>> {
    seen.iter()
        .filter_map(|seen| if let Seen::Packet { bytes, .. } = seen { Some(bytes.clone()) } else { None })
        .collect()
}

fn damages(seen: &[Seen]) -> Vec<Damage> {
    seen.iter().filter_map(|seen| if let Seen::Damage(damage) = seen { Some(*damage) } else { None }).collect()
}
