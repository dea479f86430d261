//! The same packets behind every link header give the same records; capture filters take what tcpdump takes.

use std::path::Path;

use pcap::{ClassicWriter, Interface, Item, LinkType, Outgoing, Reader, Section, Step, Writer};
use serde_json::Value;

use crate::{capture::web, code, records, run, tap, tshark};

/// The packets of an Ethernet capture without their link header: time and IP packet.
fn packets(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let file = std::fs::read(path).unwrap();
    let mut reader = Reader::new();
    let (mut from, mut all) = (0, Vec::new());
    while let Step::Item { used, item } = reader.next(&file[from..], true).unwrap() {
        if let Item::Packet(packet) = item {
            all.push((packet.ts_ns, packet.bytes[14..].to_vec()));
        }
        from += used;
    }
    all
}

/// The link header of a type for an IP packet.
fn header(link: LinkType, v6: bool) -> Vec<u8> {
    let kind: [u8; 2] = if v6 { [0x86, 0xdd] } else { [8, 0] };
    match link.0 {
        0 => [if v6 { 10 } else { 2 }, 0, 0, 0].to_vec(),
        108 => [0, 0, 0, if v6 { 10 } else { 2 }].to_vec(),
        113 => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &kind].concat(),
        276 => [&kind[..], &[0, 0, 0, 0, 0, 1, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]].concat(),
        // one and two VLAN tags
        1 => [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 9][..], &kind].concat(),
        _ => Vec::new(),
    }
}

/// What of the records does not depend on the number of the interface.
fn plain(path: &Path) -> Vec<Value> {
    let mut all = records(path, &["--no-redact", "--proto", "http"]);
    for record in &mut all {
        for name in ["if", "id", "flow"] {
            assert!(record.as_object_mut().unwrap().remove(name).is_some());
        }
    }
    all
}

#[test]
fn cap_n_23k_every_link_type_gives_the_same_records() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let expected = plain(&path);
    let all = packets(&path);
    let links = [0, 1, 12, 14, 101, 108, 113, 276].map(LinkType);
    for link in links {
        let mut out = Vec::new();
        let writer = ClassicWriter::start(link, true, 0, &mut out);
        for (ts_ns, ip) in &all {
            let bytes = [header(link, ip[0] >> 4 == 6), ip.clone()].concat();
            writer.packet(*ts_ns, bytes.len() as u32, &bytes, &mut out).unwrap();
        }
        let to = folder.path().join("one.pcap");
        std::fs::write(&to, out).unwrap();
        assert_eq!(plain(&to), expected, "link type {}", link.0);
    }
    // 228 and 229 hold one family each: both in one file, on interfaces of their own
    let mut out = Vec::new();
    let mut writer = Writer::start(&Section::default(), &mut out);
    writer.interface(&Interface::new(LinkType::IPV4), &mut out);
    writer.interface(&Interface::new(LinkType::IPV6), &mut out);
    for (ts_ns, ip) in &all {
        let iface = u32::from(ip[0] >> 4 == 6);
        let packet = Outgoing { iface, ts_ns: *ts_ns, orig_len: ip.len() as u32, bytes: ip, ..Outgoing::default() };
        writer.packet(&packet, &mut out).unwrap();
    }
    let to = folder.path().join("two.pcapng");
    std::fs::write(&to, out).unwrap();
    assert_eq!(plain(&to), expected, "link types 228 and 229");
}

#[test]
fn cap_49d_a_capture_filter_takes_what_tcpdump_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, port) = web(folder.path());
    let from = path.to_str().unwrap();
    let (ours, theirs) = (folder.path().join("ours.pcap"), folder.path().join("theirs.pcap"));
    for filter in [
        format!("dst port {port}"),
        "ip6 and tcp".to_owned(),
        "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0".to_owned(),
        "greater 1000 and src host 127.0.0.1".to_owned(),
        "not ip".to_owned(),
    ] {
        let (_, error) = tap(&["--read", from, "-f", &filter, "--write", ours.to_str().unwrap(), "--format", "pcap"]);
        assert!(error.is_none(), "{filter}: {error:?}");
        run("tcpdump", &["-r", from, "-w", theirs.to_str().unwrap(), &filter]);
        assert!(packets(&ours) == packets(&theirs), "{filter}");
        assert!(!packets(&ours).is_empty(), "{filter}");
    }
    let (out, error) = tap(&["--read", from, "-f", "tcp prot 80", "-o", "jsonl"]);
    assert_eq!((out.as_str(), code(error)), ("", ("filter_syntax", 2)));
    let (_, error) = tap(&["--read", from, "-f", "host shop.example"]);
    assert_eq!(code(error), ("filter_host_unknown", 2));
}

#[test]
fn cap_d_15_lengths_and_links_of_cut_packets_stay_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = web(folder.path());
    let links = [LinkType(101), LinkType(276)];
    let mut out = Vec::new();
    let mut writer = Writer::start(&Section::default(), &mut out);
    for link in links {
        let mut about = Interface::new(link);
        about.snaplen = SNAPLEN as u32;
        writer.interface(&about, &mut out);
    }
    for (at, (ts_ns, ip)) in packets(&path).iter().enumerate() {
        let iface = at % links.len();
        let bytes = [header(links[iface], ip[0] >> 4 == 6), ip.clone()].concat();
        let (orig_len, kept) = (bytes.len() as u32, &bytes[..bytes.len().min(SNAPLEN)]);
        let packet = Outgoing { iface: iface as u32, ts_ns: *ts_ns, orig_len, bytes: kept, ..Outgoing::default() };
        writer.packet(&packet, &mut out).unwrap();
    }
    let (from, to) = (folder.path().join("cut.pcapng"), folder.path().join("to.pcapng"));
    std::fs::write(&from, out).unwrap();
    let (_, error) = tap(&["--read", from.to_str().unwrap(), "--write", to.to_str().unwrap()]);
    assert!(error.is_none(), "{error:?}");
    let fields = ["frame.time_epoch", "frame.interface_id", "frame.encap_type", "frame.len", "frame.cap_len", "ip.len"];
    let (read, written) = (tshark(&from, &[], &fields), tshark(&to, &[], &fields));
    assert_eq!(read, written);
    let length = |line: &[String], at: usize| line[at].parse::<usize>().unwrap();
    assert!(written.iter().all(|line| length(line, 4) == length(line, 3).min(SNAPLEN)));
    assert!(written.iter().any(|line| length(line, 3) > SNAPLEN));
    assert!(written.iter().any(|line| line[2] != written[0][2]), "two links");
}

/// Bytes of each packet that are kept.
const SNAPLEN: usize = 96;
