//! What our writers write, as Wireshark's programs read it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pcap::{ClassicWriter, Counters, Interface, LinkType, Outgoing, Section, Writer};

use super::{
    ours,
    programs::{fields, run, theirs},
};

/// A UDP packet without link header.
pub(crate) fn datagram(at: u8, len: usize) -> Vec<u8> {
    let total = (28 + len) as u16;
    let mut out = vec![0x45, 0];
    out.extend(total.to_be_bytes());
    out.extend([0, at, 0, 0, 64, 17, 0, 0, 10, 0, 0, 5, 10, 0, 0, 6]);
    out.extend([0x30, 0x39, 0x30, 0x3a]);
    out.extend((8 + len as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(vec![at; len]);
    out
}

/// A file of two interfaces with everything the writer can say.
pub(crate) fn sample(folder: &Path) -> PathBuf {
    let mut out = Vec::new();
    let section =
        Section { application: Some("qd test"), os: Some("Linux"), hardware: Some("any"), comment: Some("the tap") };
    let mut writer = Writer::start(&section, &mut out);
    let mut about = Interface::new(LinkType::RAW);
    about.name = Some("shop/front/eth0".into());
    about.description = Some("deploy/front".into());
    about.filter = Some("udp".into());
    about.snaplen = 262_144;
    writer.interface(&about, &mut out);
    about.name = Some("shop/cart/eth0".into());
    writer.interface(&about, &mut out);
    let names: [(IpAddr, &str); 2] = [([10, 0, 0, 5].into(), "front.shop"), ([10, 0, 0, 6].into(), "cart.shop.svc")];
    writer.names(names.into_iter(), &mut out);
    writer.tls_keys(b"CLIENT_RANDOM 00 11\n", &mut out);
    for at in 0..40_u8 {
        let bytes = datagram(at, usize::from(at) * 3);
        let packet = Outgoing {
            iface: u32::from(at % 2),
            ts_ns: 1_700_000_000_000_000_001 + u64::from(at) * 1_000_003,
            orig_len: bytes.len() as u32 + u32::from(at % 3) * 100,
            bytes: &bytes,
            flags: Some(1 + u32::from(at % 2)),
            lost_before: (at == 7).then_some(12),
            id: Some(u64::from(at)),
            comments: if at == 9 { &["qd http GET /x → 200"] } else { &[] },
        };
        writer.packet(&packet, &mut out).unwrap();
    }
    let counters = Counters { received: Some(52), dropped_os: Some(12), delivered: Some(40), ..Counters::default() };
    writer.counters(0, 1_700_000_001_000_000_000, &counters, &mut out).unwrap();
    let path = folder.join("sample.pcapng");
    std::fs::write(&path, out).unwrap();
    path
}

#[test]
fn cap_a_07a_tshark_and_capinfos_read_our_pcapng_without_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path());
    let (lines, damages) = ours(&path);
    assert!(damages.is_empty() && lines.len() == 40);
    assert_eq!(lines, theirs(&path));
    let about = run("capinfos", &[path.to_str().unwrap()]);
    for expected in [
        "Number of packets:   40",
        "Capture application: qd test",
        "Capture oper-sys:    Linux",
        "Capture hardware:    any",
        "the tap",
        "Number of interfaces in file: 2",
        "Name = shop/front/eth0",
        "Description = deploy/front",
        "Filter string = udp",
        "Time precision = nanoseconds (9)",
        "Number of stat entries = 1",
        "Strict time order:   True",
    ] {
        assert!(about.contains(expected), "{expected} is not in\n{about}");
    }
    let names = ["frame.interface_name", "frame.packet_flags_direction", "frame.drop_count", "frame.comment"];
    let told = fields(&path, &names, &[]);
    let plain = |at: usize| told[at].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(plain(7), ["shop/cart/eth0", "0x00000002", "12", ""]);
    assert_eq!(plain(9)[3], "qd http GET /x → 200");
    assert_eq!(plain(8)[..2], ["shop/front/eth0", "0x00000001"]);
}

#[test]
fn cap_a_07b_names_and_keys_are_inside() {
    let folder = tempfile::tempdir().unwrap();
    let path = sample(folder.path());
    // -N n: names of the file itself are used
    let told = run(
        "tshark",
        &["-r", path.to_str().unwrap(), "-N", "n", "-T", "fields", "-e", "ip.src_host", "-e", "ip.dst_host", "-c", "1"],
    );
    assert_eq!(told.trim(), "front.shop\tcart.shop.svc");
    let about = run("capinfos", &[path.to_str().unwrap()]);
    assert!(about.contains("Number of decryption secrets in file: 1"), "{about}");
    assert!(about.contains("Number of resolved IPv4 addresses in file: 2"), "{about}");
}

#[test]
fn cap_a_07c_classic_files_of_both_precisions() {
    let folder = tempfile::tempdir().unwrap();
    for nanos in [false, true] {
        let mut out = Vec::new();
        let writer = ClassicWriter::start(LinkType::RAW, nanos, 0, &mut out);
        for at in 0..9_u8 {
            let bytes = datagram(at, 5);
            let ts_ns = 1_700_000_000_999_999_001 + u64::from(at);
            writer.packet(ts_ns, 60, &bytes, &mut out).unwrap();
        }
        let path = folder.path().join("classic.pcap");
        std::fs::write(&path, out).unwrap();
        let (lines, _) = ours(&path);
        assert_eq!(lines.len(), 9);
        assert_eq!(lines[0].ts_ns % 1_000_000_000, if nanos { 999_999_001 } else { 999_999_000 });
        assert_eq!(lines, theirs(&path));
    }
}
