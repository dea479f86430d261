#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Asked, Export, Form, Refused, Wanted};
use crate::line::Members;
use crate::spool::{Job, Size, Spool};
use pcap::{Item, Reader, Step};
use proto::capture::codec::{PacketView, put_packet};
use proto::capture::{Interface, PacketBatch};
use std::net::IpAddr;

/// An Ethernet frame of a UDP datagram.
fn frame(src: u8, dst: u8, ports: (u16, u16)) -> Vec<u8> {
    let mut bytes = vec![2; 12];
    bytes.extend([8, 0, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, src, 10, 0, 0, dst]);
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    bytes
}

fn batch(pod: usize, packets: &[(u64, Vec<u8>)]) -> Job {
    let (base_ns, mut bytes) = (packets[0].0, Vec::new());
    let mut before = base_ns;
    for (ts_ns, frame) in packets {
        let view = PacketView { ts_ns: *ts_ns, orig_len: frame.len() as u32 + 100, flags: 1, bytes: frame };
        put_packet(before, &view, &mut bytes);
        before = *ts_ns;
    }
    let count = packets.len() as u32;
    Job::Packets { pod, batch: PacketBatch { interface: 2, base_ns, first: 0, packets: bytes.into(), count } }
}

async fn spool(home: &tempfile::TempDir, links: [u32; 2]) -> Spool {
    let size = Size { segment: 8 << 10, budget: 64 << 20, ..Size::default() };
    let spool = Spool::begin(home.path().join("tap"), size);
    for (pod, link) in links.into_iter().enumerate() {
        let eth0 = Interface { index: 2, name: "eth0".to_owned(), link, ..Interface::default() };
        let named = format!("shop/pod-{pod}");
        spool.give(Job::Interfaces { pod, named, filter: String::new(), all: vec![eth0] }).await;
    }
    spool
}

fn asked(form: Form) -> Asked {
    Asked {
        form,
        filter: String::new(),
        wanted: None,
        from_us: None,
        to_us: None,
        max_bytes: u64::MAX,
        most: usize::MAX,
        comment: "tap".to_owned(),
        names: vec![("10.0.0.1".parse::<IpAddr>().unwrap(), "pod-0.shop".to_owned())],
        keys: super::Keys::default(),
    }
}

async fn written(spool: &Spool, asked: Asked) -> Vec<u8> {
    let export = Export::choose(spool.snapshot().await.unwrap(), asked).unwrap();
    let mut out = Vec::new();
    export
        .write(|piece| {
            out.extend(piece);
            true
        })
        .unwrap();
    out
}

/// Time, interface and bytes of a packet.
type Read = (u64, u32, Vec<u8>);

/// Every packet, names, and the packets that the counters tell of.
fn read(bytes: &[u8]) -> (Vec<Read>, Vec<String>, u64) {
    let (mut reader, mut at, mut packets, mut names, mut counted) = (Reader::new(), 0, vec![], vec![], 0);
    loop {
        match reader.next(&bytes[at..], true).unwrap() {
            Step::Item { used, item } => {
                at += used;
                match item {
                    Item::Packet(packet) => packets.push((packet.ts_ns, packet.iface, packet.bytes.to_vec())),
                    Item::Names(all) => names.extend(all.iter().map(|name| name.name.to_owned())),
                    Item::Stats { options, .. } => counted += options.u64(8).unwrap_or(0),
                    Item::Damage(damage) => panic!("{damage:?}"),
                    _ => {}
                }
            }
            Step::More { used, .. } => at += used,
            Step::End => return (packets, names, counted),
        }
    }
}

/// Two pods whose batches come in turns, each later than the other's packets: 2,000 in all.
async fn filled(home: &tempfile::TempDir) -> Spool {
    let spool = spool(home, [1, 1]).await;
    for round in 0..50_u64 {
        for pod in 0..2_u64 {
            let at = |n: u64| 1_000_000_000 + round * 20_000 + n * 1_000 + pod * 500;
            let packets: Vec<_> = (0..20)
                .map(|n| (at(n), frame(1 + pod as u8, 9, (5_000 + (n % 4) as u16, if n % 2 == 0 { 53 } else { 80 }))))
                .collect();
            spool.give(batch(pod as usize, &packets)).await;
        }
    }
    spool
}

#[tokio::test]
async fn cap_d_15a_an_export_is_in_the_order_of_time_with_each_pod_on_its_interface() {
    let home = tempfile::tempdir().unwrap();
    let spool = filled(&home).await;
    let (packets, names, counted) = read(&written(&spool, asked(Form::Pcapng)).await);
    assert_eq!((packets.len(), counted, names), (2_000, 2_000, vec!["pod-0.shop".to_owned()]));
    assert!(packets.is_sorted_by_key(|(ts, ..)| *ts), "in order");
    assert!(
        packets.iter().all(|(ts, iface, bytes)| ts % 1_000 / 500 == u64::from(*iface) && bytes[29] == 1 + *iface as u8)
    );
    for nanos in [true, false] {
        let (packets, ..) = read(&written(&spool, asked(Form::Pcap { nanos })).await);
        assert_eq!(packets.len(), 2_000);
        assert!(packets.is_sorted_by_key(|(ts, ..)| *ts));
    }
}

#[tokio::test]
async fn cap_d_14a_filters_flows_and_times_really_choose() {
    let home = tempfile::tempdir().unwrap();
    let spool = filled(&home).await;
    let count = async |asked: Asked| read(&written(&spool, asked).await).0.len();
    assert_eq!(count(Asked { filter: "port 53".to_owned(), ..asked(Form::Pcapng) }).await, 1_000);
    assert_eq!(count(Asked { filter: "src host 10.0.0.2".to_owned(), ..asked(Form::Pcapng) }).await, 1_000);
    let times = Asked { from_us: Some(1_000_100), to_us: Some(1_000_199), ..asked(Form::Pcapng) };
    assert_eq!(count(times).await, 200);
    let flow = |pod, line: &str| {
        let mut wanted = Wanted::default();
        wanted.take(7, pod, &Members::of(line.as_bytes()));
        wanted.flow(7, &Members::of(line.as_bytes()));
        Asked { wanted: Some(wanted.ready()), ..asked(Form::Pcapng) }
    };
    let of = r#"{"kind":"dns","src":{"ip":"10.0.0.1","port":5000},"dst":{"ip":"10.0.0.9","port":53}}"#;
    assert_eq!(count(flow(0, of)).await, 250);
    assert_eq!(count(flow(1, of)).await, 0, "seen in the other pod");
    let over = r#"{"state":"close","start":1000000,"end":1000499,"src":{"ip":"10.0.0.1","port":5000},"dst":{"ip":"10.0.0.9","port":53}}"#;
    assert_eq!(count(flow(0, over)).await, 125, "ports are used again: only its time counts");
    assert_eq!(count(Asked { wanted: Some(Wanted::default().ready()), ..asked(Form::Pcapng) }).await, 0);
}

#[tokio::test]
async fn an_export_keeps_its_limit_and_says_what_a_classic_file_cannot_hold() {
    let home = tempfile::tempdir().unwrap();
    let spool = filled(&home).await;
    let cut = written(&spool, Asked { max_bytes: 20_000, ..asked(Form::Pcapng) }).await;
    assert!(cut.len() < 21_000 && read(&cut).0.len() > 100, "{}", cut.len());
    let bad = Asked { filter: "port nonsense".to_owned(), ..asked(Form::Pcapng) };
    assert!(matches!(Export::choose(spool.snapshot().await.unwrap(), bad), Err(Refused::Filter(_))));

    let home = tempfile::tempdir().unwrap();
    let mixed = self::spool(&home, [1, 101]).await;
    mixed.give(batch(0, &[(1, frame(1, 2, (1, 2)))])).await;
    mixed.give(batch(1, &[(2, frame(1, 2, (1, 2))[14..].to_vec())])).await;
    let refused = Export::choose(mixed.snapshot().await.unwrap(), asked(Form::Pcap { nanos: false }));
    assert!(matches!(refused, Err(Refused::Links(1, 101))));
    assert_eq!(read(&written(&mixed, asked(Form::Pcapng)).await).0.len(), 2);
}

#[tokio::test]
async fn an_empty_export_is_a_file() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(&home, [1, 1]).await;
    for form in [Form::Pcapng, Form::Pcap { nanos: true }] {
        assert!(read(&written(&spool, asked(form)).await).0.is_empty());
    }
}
