#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn ac_23a_no_packet_ends_the_server_or_leaves_its_folder(
        packets in prop::collection::vec((prop::sample::select(vec![1u8, 4, 5, 6, 8, 10, 12, 99, 200]), prop::collection::vec(any::<u8>(), 0..60)), 0..20),
    ) {
        // only kinds that name no path
        let mut server = Server::default();
        for (kind, fields) in packets {
            let packet = [vec![kind], fields].concat();
            if let Ok(reply) = server.answer(&packet) {
                let bytes = reply.finish();
                prop_assert_eq!(u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize, bytes.len() - 4);
            }
        }
        prop_assert!(server.open.is_empty());
    }
}

#[test]
fn ac_23b_packets_that_are_too_long_are_not_read() {
    for len in [0u32, 300_000, u32::MAX] {
        assert!(packet::read(&mut &len.to_be_bytes()[..]).is_err(), "{len}");
    }
    assert_eq!(packet::read(&mut &b""[..]).unwrap(), None);
}
