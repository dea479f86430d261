use super::{ng::Build, *};
use crate::{ClassicWriter, LinkType, Why};

fn classic(count: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let writer = ClassicWriter::start(LinkType::ETHERNET, true, 0, &mut out);
    for at in 0..count {
        let bytes = vec![at as u8 | 0x80; 60 + (at as usize * 37) % 900];
        writer.packet(1_700_000_000_000_000_000 + at * 1_000_000, 1500, &bytes, &mut out).unwrap();
    }
    out
}

fn ng(count: u64) -> Vec<u8> {
    let mut build = Build::new();
    build.section(true).interface(1, 0, &[(9, &[9])]);
    for at in 0..count {
        let bytes = vec![at as u8 | 0x80; 60 + (at as usize * 37) % 900];
        build.enhanced(0, 1_700_000_000_000_000_000 + at * 1_000_000, &bytes, &[]);
    }
    build.out
}

#[test]
fn cap_f_19a_a_cut_last_packet_is_told_and_the_rest_is_used() {
    for file in [classic(5), ng(5)] {
        let whole = packets(&read_all(&file));
        let (before, _) = read(&file[..file.len() - 1], 3).unwrap();
        assert_eq!(packets(&before), whole[..4]);
        let [damage] = damages(&before)[..] else { panic!("{before:?}") };
        assert_eq!(damage.why, Why::Cut);
        assert_eq!(damage.at + damage.len, file.len() as u64 - 1);
    }
}

#[test]
fn cap_f_19b_a_bad_length_costs_the_packets_it_covers_and_no_more() {
    for (file, base, head) in [(classic(50), 24, 8), (ng(50), 0, 4)] {
        let whole = packets(&read_all(&file));
        for (at, length) in [(10, 0xffff_ffff_u32), (10, 0x0003_ffff), (10, 0), (30, 0x7fff_fff0), (3, 0x0001_0003)] {
            // where the record of packet `at` begins
            let mut place = base;
            let mut reader = Reader::new();
            let (mut from, mut seen) = (0, 0);
            while let Step::Item { used, item } = reader.next(&file[from..], true).unwrap() {
                if let Item::Packet(_) = item {
                    if seen == at {
                        place = from;
                    }
                    seen += 1;
                }
                from += used;
            }
            let mut broken = file.clone();
            broken[place + head..place + head + 4].copy_from_slice(&length.to_be_bytes());
            for piece in [1, 999, file.len()] {
                let (all, _) = read(&broken, piece).unwrap();
                let left = packets(&all);
                let expected: Vec<_> = whole[..at].iter().chain(&whole[at + 1..]).cloned().collect();
                // a length of zero may leave an empty packet
                let left: Vec<_> = left.into_iter().filter(|bytes| !bytes.is_empty()).collect();
                assert_eq!(left.len(), expected.len(), "packet {at}, length {length:x}, pieces of {piece}");
                assert_eq!(left, expected);
                let [damage] = damages(&all)[..] else { panic!("one damage, not {:?}", damages(&all)) };
                assert!(damage.at >= place as u64 && damage.at <= place as u64 + 16);
            }
        }
    }
}

#[test]
fn cap_f_19c_holes_of_zeros_and_of_noise_are_passed_over() {
    for file in [classic(200), ng(200)] {
        let whole = packets(&read_all(&file));
        for noise in [false, true] {
            let mut broken = file.clone();
            let mut state = 7_u32;
            for byte in &mut broken[20_000..30_000] {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = if noise { (state >> 24) as u8 } else { 0 };
            }
            let all = read_all(&broken);
            let left = packets(&all);
            let same = left.iter().filter(|bytes| whole.contains(bytes)).count();
            assert!(left.len() - same <= 2, "at most the packets at the edges are spoilt");
            assert!(same >= 175, "{same} of 200 packets are left");
            let lost: u64 = damages(&all).iter().map(|damage| damage.len).sum();
            assert!((8_000..12_000).contains(&lost), "{lost} bytes left out");
        }
    }
}

#[test]
fn cap_f_19d_times_and_interfaces_that_cannot_be() {
    let mut build = Build::new();
    build.section(false).interface(1, 0, &[(9, &[9])]);
    build.enhanced(0, u64::MAX - 5, b"before 1970", &[]);
    build.enhanced(7, 5, b"nobody", &[]);
    build.enhanced(0, 5, b"good", &[]);
    let all = read_all(&build.out);
    assert_eq!(packets(&all), [b"good".to_vec()]);
    let why: Vec<Why> = damages(&all).iter().map(|damage| damage.why).collect();
    assert_eq!(why, [Why::Time, Why::Interface]);
}

#[test]
fn cap_f_19e_a_zero_snap_length_is_no_limit() {
    let file = classic(2);
    let mut zero = file.clone();
    zero[16..20].fill(0);
    assert_eq!(packets(&read_all(&zero)), packets(&read_all(&file)));
}

#[test]
fn cap_n_23d_a_growing_file_waits_for_whole_blocks() {
    for file in [classic(20), ng(20)] {
        let mut reader = Reader::new();
        let (mut from, mut seen) = (0, Vec::new());
        for to in 0..=file.len() {
            // as much as is there now; never said to be the end
            loop {
                match reader.next(&file[from..to], false).unwrap() {
                    Step::Item { used, item } => {
                        from += used;
                        seen.push(super::seen(item));
                    }
                    Step::More { used, .. } => {
                        from += used;
                        break;
                    }
                    Step::End => panic!("nobody said so"),
                }
            }
        }
        assert_eq!(seen, read_all(&file));
    }
}
