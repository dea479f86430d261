#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use clap::Parser;
use pcap::manifest::Checker;
use pcap::{Item, Reader, Step};
use proto::capture::codec::{PacketView, put_packet};
use proto::capture::{Hello, Interface, Loss, PacketBatch};

use super::File;
use crate::grammar::tap::TapArgs;
use crate::grammar::{Cli, Command};

fn args(path: &Path, more: &[&str]) -> Box<TapArgs> {
    let words = ["qd", "tap", "-l", "app=front", "--write", path.to_str().unwrap()];
    let cli = Cli::try_parse_from(words.iter().chain(more)).unwrap();
    let Some(Command::Tap(tap)) = cli.command else { panic!() };
    tap
}

fn create(path: &Path, more: &[&str]) -> File {
    File::create(&args(path, more), path, false).unwrap()
}

fn hello(address: [u8; 4]) -> Hello {
    let eth0 =
        Interface { index: 2, name: "eth0".into(), link: 1, addresses: vec![address.into()], ..Interface::default() };
    Hello { interfaces: vec![eth0], version: "1".into(), ..Hello::default() }
}

/// A UDP packet from 10.0.0.1:1000 to 10.0.0.2:53, at this time.
fn batch(ts_ns: u64, payload: usize) -> PacketBatch {
    let udp = [&[3, 0xe8, 0, 53][..], &(8 + payload as u16).to_be_bytes(), &[0, 0], &vec![7; payload]].concat();
    let total = (20 + udp.len() as u16).to_be_bytes();
    let ip = [&[0x45, 0][..], &total, &[0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], &udp].concat();
    let bytes = [&[0; 12][..], &[8, 0], &ip].concat();
    let mut packets = Vec::new();
    let view = PacketView { ts_ns, orig_len: bytes.len() as u32, flags: 1, bytes: &bytes };
    put_packet(ts_ns, &view, &mut packets);
    PacketBatch { interface: 2, base_ns: ts_ns, first: 0, packets: packets.into(), count: 1 }
}

/// What a reader finds: times and interfaces of packets, comments, names, and for each statistics block its losses.
#[derive(Debug, Default)]
struct Found {
    packets: Vec<(u64, u32)>,
    comments: Vec<(u64, String)>,
    lost: Vec<(u64, u64)>,
    names: Vec<(String, String)>,
    interfaces: Vec<String>,
    stats: Vec<(u32, u64, u64)>,
}

fn read(path: &Path) -> Found {
    let bytes = std::fs::read(path).unwrap();
    let (mut reader, mut rest, mut found) = (Reader::new(), &bytes[..], Found::default());
    loop {
        match reader.next(rest, true).unwrap() {
            Step::Item { used, item } => {
                match item {
                    Item::Packet(packet) => {
                        found.packets.push((packet.ts_ns, packet.iface));
                        let said = packet.options.comments().map(|text| (packet.ts_ns, text.to_owned()));
                        found.comments.extend(said);
                        found.lost.extend(packet.lost_before().map(|lost| (packet.ts_ns, lost)));
                    }
                    Item::Names(names) => {
                        found.names.extend(names.iter().map(|name| (name.ip.to_string(), name.name.to_owned())));
                    }
                    Item::Interface(number, _) => {
                        let name = reader.interface(number).unwrap().name.as_deref().unwrap_or_default().to_owned();
                        found.interfaces.push(name);
                    }
                    Item::Stats { iface, options, .. } => {
                        let number = |code| options.u64(code).unwrap_or(0);
                        found.stats.push((iface, number(8), number(7) + number(5)));
                    }
                    Item::Damage(damage) => panic!("{damage:?}"),
                    _ => {}
                }
                rest = &rest[used..];
            }
            Step::More { .. } => panic!("{} ends within a block", path.display()),
            Step::End => return found,
        }
    }
}

fn whole(path: &Path) -> bool {
    let mut checker = Checker::new(&std::fs::read_to_string(crate::tap::verify::beside(path)).unwrap()).unwrap();
    checker.bytes(&std::fs::read(path).unwrap());
    checker.end().is_whole()
}

const AT: u64 = 1_700_000_000_000_000_000;

#[test]
fn cap_d_15a_packets_of_all_pods_come_by_time_each_on_its_own_interface() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let mut file = create(&path, &[]);
    file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "udp").unwrap();
    file.hello(1, "shop/cart", &hello([10, 0, 0, 2]), "").unwrap();
    for (pod, at) in [(0, 5), (0, 9), (1, 2), (1, 7), (0, 1)] {
        file.packets(pod, &batch(AT + at, 10)).unwrap();
    }
    file.end().unwrap();
    let found = read(&path);
    let expected = [(AT + 1, 0), (AT + 2, 1), (AT + 5, 0), (AT + 7, 1), (AT + 9, 0)];
    assert_eq!(found.packets, expected);
    assert_eq!(found.interfaces, ["shop/front/eth0", "shop/cart/eth0"]);
    let names = [("10.0.0.1", "front.shop"), ("10.0.0.2", "cart.shop")].map(|(ip, name)| (ip.into(), name.into()));
    assert_eq!(found.names, names);
    assert_eq!(found.stats, [(0, 3, 0), (1, 2, 0)]);
    assert!(whole(&path));
}

#[test]
fn cap_n_12b_losses_and_transactions_are_told_at_their_packets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let mut file = create(&path, &[]);
    file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "").unwrap();
    file.packets(0, &batch(AT, 10)).unwrap();
    file.loss(0, &Loss { interface: 2, packets: 3, cause: "ring".into(), ..Loss::default() });
    file.loss(0, &Loss { interface: 2, packets: 9, cause: "credit".into(), records: true, ..Loss::default() });
    file.packets(0, &batch(AT + 4_000, 10)).unwrap();
    let ts = AT / 1000 + 4;
    let line = format!(
        r#"{{"v":1,"kind":"dns","ts":{ts},"src":{{"ip":"10.0.0.1","port":1000}},"dst":{{"ip":"10.0.0.2","port":53,"name":"kube-system/dns","ns":"kube-system","service":"dns"}},"qtype":"A","qname":"shop","rcode":"NOERROR","latency_us":90,"flow":"ab"}}"#
    );
    file.record(0, line.as_bytes());
    file.end().unwrap();
    let found = read(&path);
    assert_eq!(found.comments, [(AT + 4_000, "qd dns A shop → NOERROR wait 90 µs flow ab".to_owned())]);
    assert_eq!(found.lost, [(AT + 4_000, 3)]);
    assert_eq!(found.stats, [(0, 2, 3)]);
    assert!(found.names.contains(&("10.0.0.2".to_owned(), "dns.kube-system.svc".to_owned())), "{found:?}");
}

#[test]
fn cap_n_18d_rotated_files_stand_alone_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let mut file = create(&path, &["--rotate", "64K,3"]);
    file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "").unwrap();
    (0..300).for_each(|at| file.packets(0, &batch(AT + at, 1000)).unwrap());
    file.end().unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcapng"))
        .collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["x-0003.pcapng", "x-0004.pcapng", "x-0005.pcapng"]);
    let mut last = 0;
    for path in &files {
        assert!(std::fs::metadata(path).unwrap().len() <= 68 << 10 && whole(path), "{}", path.display());
        let found = read(path);
        assert_eq!((found.interfaces.len(), found.names.len(), found.stats.len()), (1, 1, 1));
        assert_eq!(found.stats[0].1, found.packets.len() as u64);
        assert!(last == 0 || found.packets[0].0 == last + 1, "no packet is missing between files");
        last = found.packets.last().unwrap().0;
    }
    assert_eq!(last, AT + 299);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6, "manifests go with their files");
}

#[test]
fn cap_f_30b_a_file_ends_at_its_limit_and_classic_forms_hold_one_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pcapng");
    let mut file = create(&path, &["--limit-size", "100K"]);
    file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "").unwrap();
    for at in 0..2000 {
        file.packets(0, &batch(AT + at, 1000)).unwrap();
    }
    file.write(std::time::Instant::now() + super::HOLD_FILE).unwrap();
    assert!(file.is_full());
    file.end().unwrap();
    let len = std::fs::metadata(&path).unwrap().len();
    assert!((100 << 10..(100 << 10) + 2 * super::BATCH as u64).contains(&len), "{len}");

    let path = folder.path().join("x.pcap");
    let mut file = create(&path, &["--format", "pcap-ns"]);
    file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "").unwrap();
    let mut raw = hello([10, 0, 0, 2]);
    raw.interfaces[0].link = 101;
    file.hello(1, "shop/tun", &raw, "").unwrap();
    file.packets(0, &batch(AT + 1, 10)).unwrap();
    file.packets(1, &batch(AT + 2, 10)).unwrap();
    let error = file.end().unwrap_err();
    assert!(error.to_string().contains("one link type"), "{error}");
}

/// A file system of 256 K; gone when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Self {
        let home = tempfile::tempdir().unwrap();
        let words = ["-t", "tmpfs", "-o", "size=256k", "qd-test"];
        let mounted = std::process::Command::new("mount").args(words).arg(home.path()).output().unwrap();
        let said = String::from_utf8_lossy(&mounted.stderr).into_owned();
        assert!(mounted.status.success(), "a small file system cannot be mounted: run the tests as root. {said}");
        Self(home)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn cap_f_13c_on_a_full_disk_the_oldest_file_makes_room_or_the_file_ends_with_whole_blocks() {
    for (more, goes_on) in [(&["--rotate", "64K", "--on-full", "drop"][..], true), (&["--rotate", "64K"], false)] {
        let small = Small::mount();
        let mut file = create(&small.0.path().join("x.pcapng"), more);
        file.hello(0, "shop/front", &hello([10, 0, 0, 1]), "").unwrap();
        let mut failed = None;
        for at in 0..600 {
            file.packets(0, &batch(AT + at, 1000)).unwrap();
            if let Err(error) = file.write(std::time::Instant::now() + super::HOLD_FILE) {
                failed = Some(error.to_string());
                break;
            }
        }
        assert_eq!(failed.is_none(), goes_on, "{failed:?}");
        assert!(goes_on || file.is_disk_full());
        if goes_on {
            file.end().unwrap();
        }
        let files = std::fs::read_dir(small.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().unwrap() == "pcapng").collect();
        files.sort();
        assert!((2..=4).contains(&files.len()), "{files:?}");
        let times: Vec<u64> = files.iter().flat_map(|path| read(path).packets).map(|(ts_ns, _)| ts_ns).collect();
        assert!(times.windows(2).all(|two| two[1] == two[0] + 1), "what is kept has no holes");
        assert_eq!(times.last() == Some(&(AT + 599)), goes_on);
        assert!(!goes_on || files.iter().all(|path| whole(path)), "manifests say so");
    }
}
