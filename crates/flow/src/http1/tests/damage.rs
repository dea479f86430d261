//! Packets that are lost, cut, doubled and out of order: what is there is found, and nothing is given to another.

use super::{Client, Made, Net, Server, Tcp};
use crate::engine::tests::run::{Out, run};
use proptest::prelude::*;
use serde_json::Value;

/// Requests and responses that name each other, in segments small enough that a message is several packets.
fn serial(count: usize, mss: usize) -> Net {
    let mut net = Net::new();
    let mut tcp = Tcp::new(40_000);
    tcp.open(&mut net);
    tcp.mss = mss;
    for n in 0..count {
        let body = "b".repeat(n * 7 % 60);
        tcp.send(
            &mut net,
            Client,
            format!("PUT /{n} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        );
        tcp.send(
            &mut net,
            Server,
            format!("HTTP/1.1 200 R{n}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        );
        net.wait(20_000);
    }
    tcp.close(&mut net);
    net
}

/// Numbers that look random and are the same each time.
struct Seeded(u64);

impl Seeded {
    fn per_mille(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 1000
    }
}

/// Ten connections, kept alive, with so many transactions one after the other; which transaction each packet is of.
fn alive(count: usize) -> (Vec<Made>, Vec<Option<usize>>) {
    let mut net = Net::new();
    let mut all: Vec<Tcp> = (0..10).map(|nth| Tcp::new(40_000 + nth)).collect();
    all.iter_mut().for_each(|tcp| tcp.open(&mut net));
    let mut of: Vec<Option<usize>> = vec![None; net.packets.len()];
    for nth in 0..count {
        let tcp = &mut all[nth % 10];
        tcp.mss = 600;
        tcp.send(&mut net, Client, format!("GET /{nth} HTTP/1.1\r\nHost: shop\r\n\r\n").as_bytes());
        let body = "b".repeat(nth * 7 % 1_000);
        let head = format!("HTTP/1.1 200 R{nth}\r\nContent-Length: {}\r\n\r\n", body.len());
        tcp.send(&mut net, Server, format!("{head}{body}").as_bytes());
        of.resize(net.packets.len(), Some(nth));
        net.wait(2_000);
    }
    all.iter_mut().for_each(|tcp| tcp.close(&mut net));
    of.resize(net.packets.len(), None);
    (net.packets, of)
}

/// The transactions that were found whole and paired: each once, and none with another's answer.
fn paired(out: &Out, count: usize) -> Vec<bool> {
    let mut found = vec![false; count];
    for http in out.kind("http").iter().filter(|http| http["pair"] == "ok") {
        let nth = http["reason"].as_str().unwrap().trim_start_matches('R');
        assert_eq!(format!("/{nth}"), http["path"].as_str().unwrap());
        let nth: usize = nth.parse().unwrap();
        assert!(!std::mem::replace(&mut found[nth], true), "twice: {http}");
    }
    found
}

/// At least 95 of 100 transactions that are all there are found.
fn recovered(there: &[bool], found: &[bool], what: &str) {
    let whole = there.iter().filter(|there| **there).count();
    let whole_found = there.iter().zip(found).filter(|(there, found)| **there && **found).count();
    assert!(whole_found * 100 >= whole * 95, "{what}: {whole_found} of {whole}");
}

const RATES: [u64; 6] = [1, 10, 50, 100, 150, 200];

#[test]
fn cap_p_09c_what_is_all_there_is_found_whatever_else_is_lost() {
    for (seed, lost) in (1..=4).flat_map(|seed| RATES.map(|lost| (seed, lost))) {
        let count = 2_000;
        let ((packets, of), mut seeded) = (alive(count), Seeded(seed * 1_000 + lost));
        let (mut net, mut there) = (Net::new(), vec![true; count]);
        for (packet, of) in packets.into_iter().zip(of) {
            match of {
                Some(nth) if seeded.per_mille() < lost => there[nth] = false,
                _ => net.packets.push(packet),
            }
        }
        recovered(&there, &paired(&run(&net), count), &format!("seed {seed}, {lost} per mille"));
    }
}

#[test]
fn cap_p_09_packets_lost_cut_doubled_and_in_disorder_make_no_wrong_pair_and_each_gap_is_told() {
    for (seed, rate) in (1..=3).flat_map(|seed| RATES.map(|rate| (seed, rate))) {
        let count = 1_000;
        let ((packets, of), mut seeded) = (alive(count), Seeded(seed * 1_000 + rate));
        let (mut net, mut there, mut missing) = (Net::new(), vec![true; count], 0);
        for (mut packet, of) in packets.into_iter().zip(of) {
            let (Some(nth), true) = (of, seeded.per_mille() < rate) else {
                net.packets.push(packet);
                continue;
            };
            let data = packet.bytes.len() - HEADERS;
            match seeded.per_mille() % 4 {
                0 => (there[nth], missing) = (false, missing + data),
                1 if data > 1 => {
                    packet.bytes.truncate(HEADERS + data / 2);
                    (there[nth], missing) = (false, missing + data - data / 2);
                    net.packets.push(packet);
                }
                2 => net.packets.extend([packet.clone(), packet]),
                _ => {
                    // It changes places with the one before it.
                    let at = net.packets.len() - 1;
                    net.packets.insert(at, packet);
                    let (early, late) = (net.packets[at + 1].ts_us, net.packets[at].ts_us);
                    (net.packets[at].ts_us, net.packets[at + 1].ts_us) = (early, late);
                }
            }
        }
        let out = run(&net);
        recovered(&there, &paired(&out, count), &format!("seed {seed}, {rate} per mille"));
        let sum = |of: &Value| of["c"]["lost"].as_u64().unwrap() + of["s"]["lost"].as_u64().unwrap();
        let told: u64 = out.closed().iter().map(sum).sum();
        assert_eq!(told, missing as u64, "seed {seed}, {rate} per mille: bytes that are missing are all told");
        let gaps: u64 = out.kind("gap").iter().map(|gap| gap["len"].as_u64().unwrap()).sum();
        assert_eq!(gaps, missing as u64, "seed {seed}, {rate} per mille: and each gap where it is");
    }
}

/// Bytes of Ethernet, IPv4 and TCP before the data of a packet.
const HEADERS: usize = 14 + 20 + 20;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn cap_p_09a_deleting_packets_makes_no_wrong_pair(
        mss in 20_usize..90,
        lost in proptest::collection::vec(0_usize..200, 0..12),
        late in 0_usize..20,
    ) {
        let mut net = serial(12, mss);
        let total = net.packets.len();
        let mut gone: Vec<usize> = lost.iter().map(|at| at % total).chain(0..late).collect();
        gone.sort_unstable();
        gone.dedup();
        gone.iter().rev().for_each(|at| { net.packets.remove(*at); });
        let out = run(&net);
        for http in out.kind("http").iter().filter(|http| http["pair"] == "ok") {
            let reason = http["reason"].as_str().unwrap().trim_start_matches('R').to_owned();
            prop_assert_eq!(format!("/{reason}"), http["path"].as_str().unwrap());
        }
    }

    #[test]
    fn cap_p_09b_pipelined_requests_are_never_mixed_up_by_losses(
        lost in proptest::collection::vec(0_usize..60, 0..8),
        late in 0_usize..10,
    ) {
        let mut net = Net::new();
        let mut tcp = Tcp::new(40_000);
        tcp.open(&mut net);
        for round in 0..6 {
            for n in 0..3 {
                tcp.send(&mut net, Client, format!("GET /{round}{n} HTTP/1.1\r\n\r\n").as_bytes());
            }
            for n in 0..3 {
                tcp.send(&mut net, Server, format!("HTTP/1.1 200 R{round}{n}\r\nContent-Length: 2\r\n\r\nok").as_bytes());
            }
            net.wait(20_000);
        }
        let total = net.packets.len();
        let mut gone: Vec<usize> = lost.iter().map(|at| at % total).chain(0..late).collect();
        gone.sort_unstable();
        gone.dedup();
        gone.iter().rev().for_each(|at| { net.packets.remove(*at); });
        for http in run(&net).kind("http").iter().filter(|http| http["pair"] == "ok") {
            let reason = http["reason"].as_str().unwrap().trim_start_matches('R').to_owned();
            prop_assert_eq!(format!("/{reason}"), http["path"].as_str().unwrap());
        }
    }
}
