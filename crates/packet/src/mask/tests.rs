//! Packets through the engine and the masks, as the agent drives them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::cut::layout;
use flow::redact::{Redaction, Rules};
use flow::{Config, Direction, Engine, Limits};
use pcap::LinkType;

struct Drop;
impl Sink for Drop {
    fn record(&mut self, _: &Envelope<'_>, _: &Record<'_>) {}
}

/// An agent without rings.
struct Rig {
    engine: Engine,
    masks: Masks,
    now: Instant,
    number: u64,
    sent: Vec<(Vec<u8>, u32)>,
}

const CLIENT: (u8, u16) = (1, 40_000);
const SERVER: (u8, u16) = (2, 80);

impl Rig {
    fn new() -> Self {
        let limits = Limits { mask: true, ..Limits::default() };
        let redaction = Redaction::new(Rules::default(), [1; 16]);
        let now = Instant::now();
        let engine = Engine::new(Config { limits, redaction, ..Config::default() });
        Self { engine, masks: Masks::new(now), now, number: 0, sent: Vec::new() }
    }

    /// A connection whose handshake was seen, on this port of the server.
    fn open(port: u16) -> Self {
        let mut rig = Self::new();
        let server = (SERVER.0, port);
        rig.give(&segment(CLIENT, server, 99, 0, 2, b""));
        rig.give(&segment(server, CLIENT, 499, 100, 18, b""));
        rig.give(&segment(CLIENT, server, 100, 500, 16, b""));
        rig.sent.clear();
        rig
    }

    fn give(&mut self, bytes: &[u8]) {
        self.number += 1;
        let packet = Packet {
            iface: 1,
            ts_ns: 1_700_000_000_000_000_000 + self.number * 1000,
            link: LinkType::ETHERNET,
            orig_len: bytes.len() as u32,
            dir: Direction::Out,
            bytes,
        };
        self.masks.take(&packet, self.now);
        self.engine.packet(&packet, &mut Tee { records: &mut Drop, masks: Some(&mut self.masks) });
        self.masks.hold(&packet, self.number);
        self.release(false);
    }

    fn release(&mut self, all: bool) {
        let sent = &mut self.sent;
        self.masks.release(self.now, all, true, |out| sent.push((out.bytes.to_vec(), out.flags)));
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.release(false);
    }

    /// What may be seen of the payload of the nth packet that was sent.
    fn text(&self, nth: usize) -> String {
        let bytes = &self.sent[nth].0;
        String::from_utf8_lossy(&bytes[layout(LinkType::ETHERNET, bytes).headers..]).into_owned()
    }
}

fn segment(from: (u8, u16), to: (u8, u16), seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    bytes.extend([0x45, 0]);
    bytes.extend((40 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, from.0, 10, 0, 0, to.0]);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    // The checksum is that of the pseudo header alone, as in packets that are sent from here.
    bytes.extend([0x50, flags, 0xff, 0xff, 0x12, 0x34, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// The TCP checksum over pseudo header and segment: 0 when right.
fn wrong_by(bytes: &[u8]) -> u16 {
    let mut words: Vec<u8> = bytes[26..34].to_vec();
    words.extend([0, 6]);
    words.extend((bytes.len() as u16 - 34).to_be_bytes());
    words.extend(&bytes[34..]);
    if words.len() % 2 == 1 {
        words.push(0);
    }
    let mut sum: u32 = words.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

const REQUEST: &[u8] =
    b"POST /login?token=abcdef123456&x=1 HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer tok-en-0815\r\n\
Cookie: sid=cookie-4711\r\nContent-Type: application/json\r\nContent-Length: 47\r\n\r\n\
{\"user\":\"anna\",\"password\":\"pass-word-99\",\"n\":1}";

const SECRETS: [&str; 4] = ["abcdef123456", "tok-en-0815", "cookie-4711", "pass-word-99"];

#[test]
fn cap_n_15k_secrets_are_overwritten_and_nothing_else() {
    let mut rig = Rig::open(80);
    let whole = segment(CLIENT, SERVER, 100, 500, 24, REQUEST);
    rig.give(&whole);
    assert_eq!(rig.sent.len(), 1);
    let (bytes, flags) = &rig.sent[0];
    assert_eq!((bytes.len(), *flags), (whole.len(), MASKED));
    assert_eq!(wrong_by(bytes), 0);
    let text = rig.text(0);
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
    let mut expected = String::from_utf8(REQUEST.to_vec()).unwrap();
    for secret in SECRETS {
        expected = expected.replace(secret, &"*".repeat(secret.len()));
    }
    assert_eq!(text, expected);
    assert_eq!(bytes[..50], whole[..50], "headers but for the checksum are as they were");
}

#[test]
fn cap_n_15l_packets_wait_for_what_completes_them() {
    let mut rig = Rig::open(80);
    let cut = REQUEST.iter().position(|byte| *byte == b'{').unwrap() + 32;
    // The password begins in the first packet and ends in the second.
    rig.give(&segment(CLIENT, SERVER, 100, 500, 24, &REQUEST[..cut]));
    assert_eq!(rig.sent.len(), 0, "its body is not whole");
    rig.give(&segment(CLIENT, SERVER, 100 + cut as u32, 500, 24, &REQUEST[cut..]));
    assert_eq!(rig.sent.len(), 2);
    let text = rig.text(0) + &rig.text(1);
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("\"user\":\"anna\"") && text.ends_with("\",\"n\":1}"), "{text}");
    assert!(rig.sent.iter().all(|(bytes, _)| wrong_by(bytes) == 0));
}

#[test]
fn cap_n_15m_what_is_sent_again_is_masked_again() {
    let mut rig = Rig::open(80);
    let first = segment(CLIENT, SERVER, 100, 500, 24, REQUEST);
    rig.give(&first);
    rig.give(&first);
    assert_eq!(rig.sent[0], rig.sent[1]);
    // In other pieces it cannot be told from other bytes: nothing of it is seen.
    rig.give(&segment(CLIENT, SERVER, 150, 500, 24, &REQUEST[50..]));
    let (bytes, flags) = &rig.sent[2];
    assert_eq!((bytes.len(), *flags), (54, CUT));
    // Other bytes at the same place.
    let mut forged = REQUEST.to_vec();
    forged[20..30].copy_from_slice(b"9876543210");
    rig.give(&segment(CLIENT, SERVER, 100, 500, 24, &forged));
    assert_eq!(rig.sent[3].1, CUT);
}

#[test]
fn cap_n_15n_after_a_second_payload_that_is_not_known_is_cut() {
    let mut rig = Rig::open(80);
    rig.give(&segment(CLIENT, SERVER, 100, 500, 24, &REQUEST[..100]));
    let other = (9, 7777);
    rig.give(&segment(other, SERVER, 1, 1, 16, b""));
    assert_eq!(rig.sent.len(), 0, "packets stay in order");
    rig.wait(Duration::from_millis(990));
    assert_eq!(rig.sent.len(), 0);
    rig.wait(Duration::from_millis(20));
    assert_eq!(rig.sent.len(), 2);
    assert_eq!((rig.sent[0].0.len(), rig.sent[0].1), (54, CUT));
    assert_eq!(rig.sent[1].1, 0);
    // The next of the same head does not wait again.
    rig.give(&segment(CLIENT, SERVER, 200, 500, 24, b"Authoriz"));
    assert_eq!(rig.sent.len(), 3);
    assert_eq!(rig.sent[2].1, CUT);
}

#[test]
fn cap_n_15o_what_no_parser_reads_is_cut() {
    let mut rig = Rig::open(9999);
    rig.give(&segment(CLIENT, (SERVER.0, 9999), 100, 500, 24, b"\x01\x02 some words of a protocol of its own"));
    rig.give(&segment((SERVER.0, 9999), CLIENT, 500, 140, 24, b"\x03\x04 and its answer, as little known"));
    rig.give(&segment(CLIENT, (SERVER.0, 9999), 140, 536, 24, b"\x01\x02 more"));
    rig.wait(Duration::from_secs(2));
    assert_eq!(rig.sent.len(), 3);
    assert!(rig.sent.iter().all(|(bytes, flags)| bytes.len() == 54 && *flags == CUT), "{:?}", rig.sent);
}

#[test]
fn cap_n_15p_what_was_not_looked_at_of_a_long_body_is_not_seen() {
    let mut rig = Rig::open(80);
    let body = "word ".repeat(4000);
    let head =
        format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
    rig.give(&segment(CLIENT, SERVER, 100, 500, 24, head.as_bytes()));
    let mut seq = 100 + head.len() as u32;
    for piece in body.as_bytes().chunks(1400) {
        rig.give(&segment(CLIENT, SERVER, seq, 500, 24, piece));
        seq += piece.len() as u32;
    }
    assert_eq!(rig.sent.len(), 1 + body.len().div_ceil(1400));
    assert_eq!(rig.text(0), head);
    assert_eq!(rig.text(1), body[..1400]);
    assert_eq!(rig.sent.last().unwrap().1, CUT);
    let seen: usize = (1..rig.sent.len()).map(|nth| rig.text(nth).replace('*', "").len()).sum();
    assert!((4000..=4096).contains(&seen), "{seen}");
}

#[test]
fn cap_n_15q_what_is_held_is_bounded() {
    let mut rig = Rig::open(80);
    rig.give(&segment(CLIENT, SERVER, 100, 500, 24, &REQUEST[..100]));
    for nth in 0..3000_u32 {
        rig.give(&segment((9, 7777), (8, 8888), nth * 1400, 1, 16, &[0; 1400]));
        assert!(rig.masks.held() <= MOST + 2000);
    }
    assert!(rig.sent.len() > 2900);
    rig.release(true);
    assert_eq!((rig.masks.held(), rig.sent.len()), (0, 3001));
}

#[test]
fn cap_n_15r_padding_and_datagrams() {
    let mut rig = Rig::new();
    let mut ack = segment(CLIENT, SERVER, 1, 1, 16, b"");
    ack.extend([0; 6]);
    rig.give(&ack);
    assert_eq!(rig.sent[0], (ack, 0), "what short frames are filled up with is no payload");
    let mut ping = segment(CLIENT, SERVER, 1, 1, 16, b"words in a ping");
    ping[23] = 1;
    rig.give(&ping);
    assert_eq!((rig.sent[1].0.len(), rig.sent[1].1), (42, CUT));
}

proptest::proptest! {
    /// However a request is cut, in whichever order its packets come and come again: no secret is in what leaves, and what
    /// leaves is as long as what came.
    #[test]
    fn cap_n_15s_no_order_of_packets_shows_a_secret(
        cuts in proptest::collection::vec(1_usize..REQUEST.len(), 0..6),
        order in proptest::collection::vec(0_usize..7, 0..14),
    ) {
        let mut cuts = cuts;
        cuts.extend([0, REQUEST.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let pieces: Vec<(usize, usize)> = cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let mut rig = Rig::open(80);
        let mut given = 0;
        for nth in order.iter().copied().filter(|nth| *nth < pieces.len()).chain(0..pieces.len()) {
            let (from, to) = pieces[nth];
            rig.give(&segment(CLIENT, SERVER, 100 + from as u32, 500, 24, &REQUEST[from..to]));
            given += 1;
        }
        rig.wait(Duration::from_secs(2));
        assert_eq!(rig.sent.len(), given);
        let mut seen = vec![b'*'; REQUEST.len()];
        for nth in 0..rig.sent.len() {
            let bytes = &rig.sent[nth].0;
            let at = u32::from_be_bytes(bytes[38..42].try_into().unwrap()) as usize - 100;
            for (to, from) in seen[at..].iter_mut().zip(&bytes[54..]) {
                if *from != b'*' {
                    *to = *from;
                }
            }
        }
        for secret in SECRETS {
            let at = REQUEST.windows(secret.len()).position(|window| window == secret.as_bytes()).unwrap();
            assert!(seen[at..at + secret.len()].iter().all(|byte| *byte == b'*'), "{}", String::from_utf8_lossy(&seen));
        }
    }
}
