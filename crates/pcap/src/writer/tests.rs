#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::IpAddr;

use proptest::prelude::*;

use crate::{ClassicWriter, Counters, Interface, Item, LinkType, Outgoing, Reader, Section, Step, WriteError, Writer};

/// Every item of a file that must have no damage.
fn each(file: &[u8], mut take: impl FnMut(Item<'_>, &Reader)) {
    let mut reader = Reader::new();
    let mut from = 0;
    loop {
        match reader.next(&file[from..], true).unwrap() {
            Step::Item { item: Item::Damage(damage), .. } => panic!("{damage:?}"),
            Step::Item { used, item } => {
                take(item, &reader);
                from += used;
            }
            Step::More { .. } => panic!("the end was told"),
            Step::End => break,
        }
    }
}

fn about() -> Interface {
    let mut about = Interface::new(LinkType::SLL2);
    about.name = Some("shop/front/eth0".into());
    about.description = Some("deploy/front on node-1".into());
    about.filter = Some("tcp port 80".into());
    about.comment = Some("clock +3 ms ± 1 ms".into());
    about.os = Some("Linux 6.1".into());
    about.ipv4.push(("10.0.0.5".parse().unwrap(), "255.255.0.0".parse().unwrap()));
    about.ipv6.push(("fd00::5".parse().unwrap(), 64));
    about.mac = Some([2, 0, 0, 0, 0, 9]);
    about.snaplen = 262_144;
    about
}

#[test]
fn cap_49a_what_is_written_is_read_back() {
    let mut out = Vec::new();
    let section = Section { application: Some("qd 1"), os: Some("Linux"), hardware: None, comment: Some("tap 1") };
    let mut writer = Writer::start(&section, &mut out);
    let iface = writer.interface(&about(), &mut out);
    let ip: IpAddr = "10.0.0.5".parse().unwrap();
    writer.names([(ip, "front.shop"), ("fd00::5".parse().unwrap(), "front.shop.svc"), (ip, "")].into_iter(), &mut out);
    writer.tls_keys(b"CLIENT_RANDOM 00 11\n", &mut out);
    let packet = Outgoing {
        iface,
        ts_ns: 1_700_000_000_123_456_789,
        orig_len: 1500,
        bytes: b"bytes",
        flags: Some(1),
        lost_before: Some(3),
        id: Some(77),
        comments: &["one", "two"],
    };
    writer.packet(&packet, &mut out).unwrap();
    let counters = Counters { received: Some(10), dropped_os: Some(1), start_ns: Some(5), ..Counters::default() };
    writer.counters(iface, 9, &counters, &mut out).unwrap();
    let mut kinds = String::new();
    each(&out, |item, reader| match item {
        Item::Section(options) => {
            kinds.push('s');
            assert_eq!((options.text(4), options.text(3), options.text(2)), (Some("qd 1"), Some("Linux"), None));
            assert_eq!(options.comments().collect::<Vec<_>>(), ["tap 1"]);
        }
        Item::Interface(0, _) => {
            kinds.push('i');
            let mut read = reader.interface(0).unwrap().clone();
            read.clock = about().clock;
            assert_eq!(read, about());
        }
        Item::Names(names) => {
            kinds.push('n');
            let names: Vec<_> = names.iter().map(|name| format!("{}={}", name.ip, name.name)).collect();
            assert_eq!(names, ["10.0.0.5=front.shop", "fd00::5=front.shop.svc"]);
        }
        Item::Secrets { kind, data } => {
            kinds.push('k');
            assert_eq!((kind, data), (crate::TLS_KEY_LOG, &b"CLIENT_RANDOM 00 11\n"[..]));
        }
        Item::Packet(read) => {
            kinds.push('p');
            assert_eq!((read.ts_ns, read.orig_len, read.bytes), (packet.ts_ns, 1500, &b"bytes"[..]));
            assert_eq!((read.inbound(), read.lost_before(), read.id()), (Some(true), Some(3), Some(77)));
            assert_eq!(read.options.comments().collect::<Vec<_>>(), ["one", "two"]);
        }
        Item::Stats { iface: 0, ts_ns: 9, options } => {
            kinds.push('c');
            assert_eq!((options.u64(4), options.u64(7), options.u64(5)), (Some(10), Some(1), None));
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(kinds, "sinkpc");
}

#[test]
fn cap_f_14a_a_file_is_valid_after_every_block() {
    let mut out = Vec::new();
    let mut writer = Writer::start(&Section::default(), &mut out);
    let mut ends = vec![out.len()];
    writer.interface(&about(), &mut out);
    ends.push(out.len());
    for at in 0..5 {
        writer.packet(&Outgoing { ts_ns: at, bytes: &vec![1; at as usize], ..Outgoing::default() }, &mut out).unwrap();
        ends.push(out.len());
    }
    for (count, end) in ends.iter().enumerate() {
        let mut items = 0;
        each(&out[..*end], |_, _| items += 1);
        assert_eq!(items, count + 1);
    }
}

#[test]
fn what_readers_would_refuse_is_not_written() {
    let mut out = Vec::new();
    let writer = Writer::start(&Section::default(), &mut out);
    let len = out.len();
    assert_eq!(writer.packet(&Outgoing::default(), &mut out), Err(WriteError::Interface(0)));
    assert_eq!(writer.counters(3, 0, &Counters::default(), &mut out), Err(WriteError::Interface(3)));
    assert_eq!(out.len(), len);
    let mut writer = writer;
    writer.interface(&about(), &mut out);
    let long = vec![0; 17 << 20];
    let packet = Outgoing { bytes: &long, ..Outgoing::default() };
    assert_eq!(writer.packet(&packet, &mut out), Err(WriteError::Length(long.len())));
    let mut out = Vec::new();
    let writer = ClassicWriter::start(LinkType::RAW, false, 0, &mut out);
    assert_eq!(writer.packet(u64::MAX, 0, &[], &mut out), Err(WriteError::Time));
    assert_eq!(out.len(), 24);
}

#[test]
fn long_names_and_keys_become_several_blocks() {
    let mut out = Vec::new();
    let mut writer = Writer::start(&Section::default(), &mut out);
    writer.interface(&about(), &mut out);
    let all: Vec<(IpAddr, String)> = (0..40_000_u32)
        .map(|at| (IpAddr::from(at.to_be_bytes()), format!("pod-{at}.namespace-of-some-length")))
        .collect();
    writer.names(all.iter().map(|(ip, name)| (*ip, name.as_str())), &mut out);
    let keys: Vec<u8> =
        (0..30_000).flat_map(|at| format!("CLIENT_RANDOM {at:064x} {at:096x}\n").into_bytes()).collect();
    writer.tls_keys(&keys, &mut out);
    let (mut names, mut secrets, mut blocks) = (0, Vec::new(), 0);
    each(&out, |item, _| match item {
        Item::Names(found) => names += found.iter().count(),
        Item::Secrets { data, .. } => {
            assert!(data.ends_with(b"\n"));
            secrets.extend_from_slice(data);
            blocks += 1;
        }
        _ => {}
    });
    assert_eq!(names, all.len());
    assert!(secrets == keys && blocks > 3);
}

proptest! {
    #[test]
    fn cap_49b_packets_survive_both_formats(
        packets in proptest::collection::vec(
            (0_u64..4_000_000_000_000_000_000, 0_u32..70_000, proptest::collection::vec(any::<u8>(), 0..90), any::<Option<u32>>(), ".{0,20}"),
            0..20,
        )
    ) {
        let (mut ng, mut micros, mut nanos) = (Vec::new(), Vec::new(), Vec::new());
        let mut writer = Writer::start(&Section::default(), &mut ng);
        writer.interface(&about(), &mut ng);
        let micro_writer = ClassicWriter::start(LinkType::RAW, false, 100, &mut micros);
        let nano_writer = ClassicWriter::start(LinkType::RAW, true, 100, &mut nanos);
        for (ts_ns, orig_len, bytes, flags, comment) in &packets {
            let comments = [comment.as_str()];
            let out = Outgoing { ts_ns: *ts_ns, orig_len: *orig_len, bytes, flags: *flags, comments: &comments, ..Outgoing::default() };
            writer.packet(&out, &mut ng).unwrap();
            micro_writer.packet(*ts_ns, *orig_len, bytes, &mut micros).unwrap();
            nano_writer.packet(*ts_ns, *orig_len, bytes, &mut nanos).unwrap();
        }
        for (file, unit) in [(&ng, 1), (&micros, 1000), (&nanos, 1)] {
            let mut left = packets.iter();
            // a first packet without time and bytes looks like a hole in the classic form
            if file != &ng && packets.iter().any(|packet| packet.0 < 1_000_000_000) {
                continue;
            }
            each(file, |item, _| if let Item::Packet(packet) = item {
                let (ts_ns, orig_len, bytes, flags, comment) = left.next().unwrap();
                assert_eq!(packet.ts_ns, ts_ns / unit * unit);
                assert_eq!(packet.orig_len, (*orig_len).max(bytes.len() as u32));
                assert_eq!(packet.bytes, bytes);
                if file == &ng {
                    assert_eq!(packet.flags(), *flags);
                    assert_eq!(packet.options.comments().next(), Some(comment.as_str()));
                }
            });
            assert!(left.next().is_none());
        }
    }
}
