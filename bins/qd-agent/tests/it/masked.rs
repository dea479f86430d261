//! Masked packets of real connections, beside the same packets as they were.

use crate::owner::{Agent, Owner};
use proto::capture::codec::{CUT, MASKED, packets};
use proto::capture::{Body, PacketLevel, Ping};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

const SECRETS: [&str; 7] = [
    "canary-token-0815",
    "canary-cookie-4711",
    "canary-password-99",
    "canary-answer-key",
    "canary-set-cookie",
    "canary-literal",
    "canary-login",
];

/// What goes to and fro on a connection, in turns.
fn talk(turns: &[(&'static [u8], &'static [u8])]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers: Vec<(usize, &'static [u8])> = turns.iter().map(|(ask, answer)| (ask.len(), *answer)).collect();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for (len, answer) in answers {
            let mut request = vec![0; len];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(answer).unwrap();
        }
    });
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for (ask, answer) in turns {
        // In two segments, so that secrets may stand in either.
        let (first, second) = ask.split_at(ask.len() / 2);
        stream.write_all(first).unwrap();
        std::thread::sleep(Duration::from_millis(30));
        stream.write_all(second).unwrap();
        let mut got = vec![0; answer.len()];
        stream.read_exact(&mut got).unwrap();
    }
    drop(stream);
    server.join().unwrap();
    port
}

const HTTP: &[(&[u8], &[u8])] = &[
    (
        b"GET /items?page=2 HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer canary-token-0815\r\n\
          Cookie: sid=canary-cookie-4711\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: s=canary-set-cookie; Path=/\r\nContent-Type: application/json\r\n\
          Transfer-Encoding: chunked\r\n\r\n22\r\n{\"api_key\":\"canary-answer-key\",\"n\"\r\n3\r\n:1}\r\n0\r\n\r\n",
    ),
    (
        b"POST /login HTTP/1.1\r\nHost: shop.test\r\nContent-Type: application/json\r\nContent-Length: 48\r\n\r\n\
          {\"name\":\"anna\", \"password\":\"canary-password-99\"}",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ),
];

const POSTGRES: &[(&[u8], &[u8])] = &[
    (b"\0\0\0\x21\0\x03\0\0user\0shop\0database\0shop\0\0", b"R\0\0\0\x08\0\0\0\x03"),
    (b"p\0\0\0\x11canary-login\0", b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"),
    (b"Q\0\0\0\x38SELECT id FROM orders WHERE name = 'canary-literal'\0", b"C\0\0\0\x0dSELECT 0\0Z\0\0\0\x05I"),
];

/// Packets of a port by what tells them apart, with their flags.
type Seen = BTreeMap<(u16, u32, u32, usize), (Vec<u8>, u32)>;

fn collect(owner: &Owner<'_>, ports: &[u16]) -> (Seen, Vec<u8>) {
    let mut seen = Seen::new();
    let mut raw = Vec::new();
    for body in owner.rest() {
        let Body::Packets(batch) = body else { continue };
        raw.extend_from_slice(&batch.packets);
        for packet in packets(batch.base_ns, &batch.packets) {
            let packet = packet.unwrap();
            let bytes = packet.bytes;
            if bytes.get(23) != Some(&6) || bytes.len() < 54 {
                continue;
            }
            let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
            if !ports.contains(&word(34)) && !ports.contains(&word(36)) {
                continue;
            }
            let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let key = (word(34), number(38), number(42), packet.orig_len as usize);
            seen.insert(key, (bytes.to_vec(), packet.flags));
        }
    }
    (seen, raw)
}

#[test]
fn cap_n_15t_a_masked_capture_differs_from_the_full_one_in_secrets_alone() {
    let (plain, masked) = (Agent::start("plain", 30), Agent::start("masked", 30));
    let mut owners = [plain.connect(), masked.connect()];
    for (owner, level) in owners.iter_mut().zip([PacketLevel::Full, PacketLevel::Masked]) {
        let mut start = Owner::all();
        start.packets = level as i32;
        start.ring = 8 << 20;
        owner.begin(start);
        crate::capture::begun(owner);
    }
    let ports = [talk(HTTP), talk(POSTGRES)];
    std::thread::sleep(Duration::from_millis(1300));
    for owner in &mut owners {
        owner.send(Body::Ping(Ping { t1: 1 }));
        owner.send(Body::Stop(0));
    }
    let [plain, masked] = &owners;
    let ((plain, whole), (masked, left)) = (collect(plain, &ports), collect(masked, &ports));
    assert_eq!(plain.keys().collect::<Vec<_>>(), masked.keys().collect::<Vec<_>>());
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    for secret in SECRETS {
        // In two halves a secret is found by its begin.
        assert!(holds(&whole, &secret[..8]), "the test sends {secret}");
        assert!(!holds(&left, secret) && !holds(&left, &secret[..10]), "{secret}");
    }
    let mut changed = Vec::new();
    let mut hidden = 0;
    for (key, (before, _)) in &plain {
        let (after, flags) = &masked[key];
        assert_eq!(before.len(), after.len(), "{key:?} {flags}");
        assert_eq!(flags & CUT, 0, "{key:?}");
        let differs: Vec<usize> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
        // The TCP checksum, and bytes of the payload.
        assert!(differs.iter().all(|at| matches!(at, 50 | 51) || after[*at] == b'*'), "{key:?}: {differs:?}");
        assert_eq!(flags & MASKED != 0, !differs.is_empty(), "{key:?}");
        hidden += differs.iter().filter(|at| **at > 51).count();
        if flags & MASKED != 0 {
            changed.push(after.clone());
        }
    }
    let secrets: usize = SECRETS.iter().map(|secret| secret.len()).sum();
    assert!((secrets..secrets + 8).contains(&hidden), "{hidden} bytes are hidden, {secrets} are secret");
    assert!(changed.len() >= 6, "{}", changed.len());
    let fields = tshark(&changed);
    assert_eq!(fields.lines().count(), changed.len(), "{fields}");
    assert!(fields.lines().all(|line| line == "1"), "checksums are good: {fields}");
}

/// Status of the checksum of each packet: 1 is good.
fn tshark(packets: &[Vec<u8>]) -> String {
    let mut file = Vec::new();
    let writer = pcap::ClassicWriter::start(pcap::LinkType::ETHERNET, false, 0, &mut file);
    for (ts_ns, bytes) in (1_u64..).zip(packets) {
        writer.packet(ts_ns, bytes.len() as u32, bytes, &mut file).unwrap();
    }
    let mut child = Command::new("tshark")
        .args(["-r", "-", "-o", "tcp.check_checksum:TRUE", "-o", "tcp.desegment_tcp_streams:FALSE", "-T", "fields"])
        .args(["-e", "tcp.checksum.status"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("tshark is installed");
    child.stdin.take().unwrap().write_all(&file).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
