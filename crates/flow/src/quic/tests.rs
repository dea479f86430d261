#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use aws_lc_rs::{
    aead::{
        AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey,
        quic::{AES_128, HeaderProtectionKey},
    },
    hkdf,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    initial::InitialKeys,
    packet::{Found, Packet, Version},
};
use crate::{App, End, Side, Transport, rig::Rig};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// RFC 9001 appendix A: what the client sends to this connection id.
const DCID: &str = "8394c8f03e515708";
/// Appendix A.2: the CRYPTO frame with its ClientHello.
const HELLO: &str = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c\
    00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018\
    00100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171\
    fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c\
    00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e\
    51570806048000ffff";
/// Appendix A.3: the server's answer, whole and protected.
const ANSWER: &str = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554\
    780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cd\
    d93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee";

/// A packet, protected as its sender would.
struct Made {
    version: Version,
    dcid: Vec<u8>,
    scid: Vec<u8>,
    keys_of: Vec<u8>,
    from: Side,
}

impl Made {
    fn client(version: Version) -> Made {
        Made { version, dcid: unhex(DCID), scid: Vec::new(), keys_of: unhex(DCID), from: Side::Client }
    }

    fn secrets(&self) -> ([u8; 16], [u8; 12], [u8; 16]) {
        struct Len(usize);
        impl hkdf::KeyType for Len {
            fn len(&self) -> usize {
                self.0
            }
        }
        fn expand<const N: usize>(secret: &hkdf::Prk, label: &str) -> [u8; N] {
            let label = format!("tls13 {label}");
            let info = [&[0, N as u8, label.len() as u8][..], label.as_bytes(), &[0]];
            let mut out = [0; N];
            secret.expand(&info, Len(N)).unwrap().fill(&mut out).unwrap();
            out
        }
        let (salt, prefix) = match self.version {
            Version::V2 => ("0dede3def700a6db819381be6e269dcbf9bd2ed9", "quicv2"),
            _ => ("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "quic"),
        };
        let salt = unhex(salt);
        let initial = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(&self.keys_of);
        let side = if self.from == Side::Client { "client in" } else { "server in" };
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &expand::<32>(&initial, side));
        (
            expand(&secret, &format!("{prefix} key")),
            expand(&secret, &format!("{prefix} iv")),
            expand(&secret, &format!("{prefix} hp")),
        )
    }

    fn initial(&self, number: u32, frames: &[u8]) -> Vec<u8> {
        let (key, iv, hp) = self.secrets();
        let kind: u8 = if self.version == Version::V2 { 1 } else { 0 };
        let mut head = vec![0xc0 | kind << 4 | 3];
        head.extend(if self.version == Version::V2 { 0x6b33_43cf_u32 } else { 1 }.to_be_bytes());
        for id in [&self.dcid, &self.scid] {
            head.push(id.len() as u8);
            head.extend(id);
        }
        head.push(0);
        head.extend((0x4000 | (4 + frames.len() + 16) as u16).to_be_bytes());
        let at = head.len();
        head.extend(number.to_be_bytes());
        let mut nonce = iv;
        nonce.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(byte, number)| *byte ^= number);
        let sealer = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut body = frames.to_vec();
        sealer.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&head), &mut body).unwrap();
        let mut packet = [head, body].concat();
        let mask = HeaderProtectionKey::new(&AES_128, &hp).unwrap().new_mask(&packet[at + 4..at + 20]).unwrap();
        packet[0] ^= mask[0] & 0x0f;
        packet[at..at + 4].iter_mut().zip(&mask[1..]).for_each(|(byte, mask)| *byte ^= mask);
        packet
    }
}

fn padded(frames: &[u8]) -> Vec<u8> {
    let mut out = frames.to_vec();
    out.resize(1162, 0);
    out
}

fn rig() -> Rig {
    let mut rig = Rig::without_redaction(App::Quic);
    rig.facts.transport = Transport::Datagram;
    rig
}

fn records(datagrams: &[(Side, i64, Vec<u8>)]) -> Vec<Value> {
    let mut rig = rig();
    datagrams.iter().for_each(|(side, ts_us, bytes)| rig.send(*side, *ts_us, bytes));
    rig.end(Side::Client, End::Eof);
    rig.end(Side::Server, End::Eof);
    rig.out.records
}

#[test]
fn cap_n_04a_rfc_9001_appendix_a() {
    let made = Made::client(Version::V1);
    let (key, iv, hp) = made.secrets();
    assert_eq!(key.to_vec(), unhex("1f369613dd76d5467730efcbe3b1a22d"));
    assert_eq!(iv.to_vec(), unhex("fa044b2f42a3fd3b46fb255c"));
    assert_eq!(hp.to_vec(), unhex("9f50449e04a0e810283a1e9933adedd2"));
    // The packet as the appendix prints it: its first bytes and its tag.
    let packet = made.initial(2, &padded(&unhex(HELLO)));
    assert!(packet.starts_with(&unhex("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11")));
    assert!(packet.ends_with(&unhex("e221af44860018ab0856972e194cd934")));
    assert_eq!(packet.len(), 1200);
    let found = records(&[(Side::Client, 1_000, packet), (Side::Server, 4_000, unhex(ANSWER))]);
    assert_eq!(found.len(), 1, "{found:?}");
    let quic = &found[0];
    assert_eq!(quic["kind"], "quic");
    assert_eq!(quic["version"], "1");
    assert_eq!(quic["sni"], "example.com");
    assert_eq!(quic["alpn"], json!(["alpn"]));
    assert_eq!(quic["dcid"], DCID);
    assert_eq!(quic["retry"], false);
    assert_eq!(quic["initial_us"], 3_000);
    assert_eq!(quic["verdict"]["code"], "quic_no_keys");
    assert!(quic["ja4"].as_str().unwrap().starts_with("q13d0211an_"), "{quic}");
}

#[test]
fn cap_n_04b_rfc_9369_keys_of_version_2() {
    let made = Made::client(Version::V2);
    let (key, iv, hp) = made.secrets();
    assert_eq!(key.to_vec(), unhex("8b1a0bc121284290a29e0971b5cd045d"));
    assert_eq!(iv.to_vec(), unhex("91f73e2351d8fa91660e909f"));
    assert_eq!(hp.to_vec(), unhex("45b95e15235d6f45a6b19cbcb0294ba9"));
    let found = records(&[(Side::Client, 1_000, made.initial(0, &padded(&unhex(HELLO))))]);
    assert_eq!(found[0]["version"], "2");
    assert_eq!(found[0]["sni"], "example.com");
    assert!(found[0]["initial_us"].is_null());
}

/// A CRYPTO frame of a part of the hello.
fn part(hello: &[u8], from: usize, to: usize) -> Vec<u8> {
    let [a, b] = (0x4000 | from as u16).to_be_bytes();
    let [c, d] = (0x4000 | (to - from) as u16).to_be_bytes();
    [&[6, a, b, c, d][..], &hello[from..to]].concat()
}

#[test]
fn cap_n_04c_hellos_that_are_split_shuffled_repeated_and_acknowledged() {
    let hello = unhex(HELLO)[4..].to_vec();
    let whole =
        records(&[(Side::Client, 1, Made::client(Version::V1).initial(0, &padded(&part(&hello, 0, hello.len()))))]);
    for at in (1..hello.len()).step_by(7) {
        let made = Made::client(Version::V1);
        let ack = [2, 0, 0, 0, 0];
        let first = [&ack[..], &part(&hello, at, hello.len()), &[1, 0, 0]].concat();
        let second = [part(&hello, at / 2, at), part(&hello, 0, at / 2 + 1)].concat();
        let one = made.initial(0, &first);
        // In two datagrams, the later part first and twice; then both packets in one datagram.
        let split = records(&[
            (Side::Client, 1, one.clone()),
            (Side::Client, 1, one.clone()),
            (Side::Client, 2, made.initial(1, &second)),
        ]);
        let joined = records(&[(Side::Client, 1, [one, made.initial(1, &second)].concat())]);
        assert_eq!(split, whole, "at {at}");
        assert_eq!(joined, whole, "at {at}");
    }
}

#[test]
fn cap_n_04d_a_retry_and_a_server_that_renames_itself() {
    let hello = unhex(HELLO);
    let retry = [&unhex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba")[..]].concat();
    let again =
        Made { dcid: unhex("f067a5502a4262b5"), keys_of: unhex("f067a5502a4262b5"), ..Made::client(Version::V1) };
    let found = records(&[
        (Side::Client, 1_000, Made::client(Version::V1).initial(0, &padded(&hello))),
        (Side::Server, 2_000, retry),
        (Side::Client, 3_000, again.initial(1, &padded(&hello))),
        (
            Side::Server,
            5_000,
            Made { dcid: Vec::new(), scid: vec![7; 4], from: Side::Server, ..again }.initial(0, &server_hello()),
        ),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["retry"], true);
    assert_eq!(found[0]["dcid"], DCID);
    assert_eq!(found[0]["initial_us"], 4_000);
}

fn server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([8; 32]);
    body.extend([0, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
    [&[6, 0, message.len() as u8][..], &message].concat()
}

#[test]
fn cap_n_04e_real_hellos_of_rustls() {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768];
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h3".to_vec()];
    let name = rustls::pki_types::ServerName::try_from("quic.example").unwrap();
    let version = rustls::quic::Version::V1;
    let mut client = rustls::quic::ClientConnection::new(Arc::new(config), version, name, vec![1, 2, 3]).unwrap();
    let mut hello = Vec::new();
    client.write_hs(&mut hello);
    assert!(hello.len() > 1200, "a hello with a key of ML-KEM needs two datagrams: {}", hello.len());
    let made = Made { scid: vec![5; 8], ..Made::client(Version::V1) };
    let found = records(&[
        (Side::Client, 1, made.initial(0, &part(&hello, 0, 1000))),
        (Side::Client, 1, made.initial(1, &part(&hello, 1000, hello.len()))),
    ]);
    assert_eq!(found[0]["sni"], "quic.example");
    assert_eq!(found[0]["alpn"], json!(["h3"]));
    assert_eq!(found[0]["scid"], "0505050505050505");
    assert!(found[0]["ja4"].as_str().unwrap().starts_with("q13d03"), "{found:?}");
}

#[test]
fn cap_n_04f_only_quic_looks_like_quic() {
    let packet = Made::client(Version::V1).initial(2, &padded(&unhex(HELLO)));
    assert!(super::looks(&packet, false));
    assert!(super::looks(&packet[..96], true) && !super::looks(&packet[..96], false));
    assert!(super::looks(&unhex(ANSWER), false));
    let versions = unhex("c00000000008f067a5502a4262b5000000000100000000");
    assert!(super::looks(&versions, false));
    assert!(!super::looks(b"\xc0\x00\x00\x00\x07 something else", false));
    assert!(!super::looks(b"", false));
    assert!(matches!(Packet::read(&packet), Found::Packet(found) if found.bytes.len() == 1200));
}

proptest! {
    #[test]
    fn quic_never_panics_on_any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..400), long in any::<bool>()) {
        if long && bytes.len() > 5 {
            let first = 0xc0 | (bytes[0] & 0x3f);
            bytes[..5].copy_from_slice(&[first, 0, 0, 0, 1]);
        }
        let _ = super::looks(&bytes, true);
        let _ = records(&[(Side::Client, 1, bytes.clone()), (Side::Server, 2, bytes)]);
    }

    #[test]
    fn quic_never_panics_on_any_frames(frames in prop::collection::vec(0_u8..30, 0..100)) {
        let mut rig = rig();
        rig.send(Side::Client, 1, &Made::client(Version::V1).initial(0, &frames));
        prop_assert!(rig.heap() < 200_000);
    }

    #[test]
    fn keys_are_made_of_any_connection_id(dcid in prop::collection::vec(any::<u8>(), 0..21)) {
        prop_assert!(InitialKeys::new(Version::V1, &dcid).is_some());
    }
}
