//! The packets of a file that is whole in memory.

use crate::{Item, Packet, Reader, Refused, Step};

/// Every packet of a file that is whole in memory, with the offset of its block. Damage is passed over.
///
/// A file that does not begin like a capture gives its refusal and nothing after it.
pub fn packets(bytes: &[u8]) -> impl Iterator<Item = Result<(usize, Packet<'_>), Refused>> {
    let (mut reader, mut at, mut over) = (Reader::new(), 0, false);
    std::iter::from_fn(move || {
        while !over {
            match reader.next(bytes.get(at..).unwrap_or_default(), true) {
                Ok(Step::Item { used, item }) => {
                    let begin = at;
                    at += used;
                    if let Item::Packet(packet) = item {
                        return Some(Ok((begin, packet)));
                    }
                }
                Ok(Step::More { used, .. }) if used > 0 => at += used,
                Ok(Step::More { .. } | Step::End) => over = true,
                Err(refused) => {
                    over = true;
                    return Some(Err(refused));
                }
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::*;
    use crate::{Interface, LinkType, Outgoing, Section, Writer};

    #[test]
    fn each_packet_comes_with_its_place_and_damage_ends_nothing() {
        let mut file = Vec::new();
        let mut writer = Writer::start(&Section::default(), &mut file);
        writer.interface(&Interface::new(LinkType::ETHERNET), &mut file);
        let mut places = Vec::new();
        for ts_ns in 1..=3 {
            places.push(file.len());
            let packet = Outgoing { iface: 0, ts_ns, orig_len: 60, bytes: &[7; 60], ..Outgoing::default() };
            writer.packet(&packet, &mut file).unwrap();
        }
        let all = |bytes: &[u8]| -> Vec<(usize, u64)> {
            packets(bytes).map(Result::unwrap).map(|(at, packet)| (at, packet.ts_ns)).collect()
        };
        assert_eq!(all(&file), [(places[0], 1), (places[1], 2), (places[2], 3)]);
        assert_eq!(all(&file[..file.len() - 1]).len(), 2, "what is cut is left out");
        file[places[1] + 4] ^= 0x7f;
        assert_eq!(all(&file), [(places[0], 1), (places[2], 3)]);
        let refused: Vec<bool> = packets(b"no capture").map(|packet| packet.is_err()).collect();
        assert_eq!(refused, [true]);
    }
}
