use super::peers::{Talk, Wish, of_kind, pair, rig};
use crate::{
    Side,
    rig::{Act, Rig, same_at_every_cut},
    tls::{Certificate, ClientHello, ServerHello},
};

fn vec16(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16).to_be_bytes(), body].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vec16(data)].concat()
}

/// A ClientHello with what is asked for and GREASE wherever it may stand.
fn hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    body.push(0);
    body.extend(vec16(&[0x0a, 0x0a, 0x13, 0x01, 0xc0, 0x2f, 0xfe, 0xff]));
    body.extend([1, 0]);
    body.extend(vec16(&extensions.concat()));
    body
}

fn offers() -> Vec<Vec<u8>> {
    vec![
        extension(0x1a1a, &[]),
        extension(0, &vec16(&[&[0][..], &vec16(b"shop.example")].concat())),
        extension(10, &vec16(&[0x2a, 0x2a, 0x11, 0xec, 0x00, 0x1d])),
        extension(13, &vec16(&[0x04, 0x03, 0x08, 0x04])),
        extension(16, &vec16(b"\x02h2\x08http/1.1")),
        extension(43, &[7, 0x3a, 0x3a, 0x03, 0x04, 0x03, 0x03, 0x00]),
        extension(51, &vec16(&[0; 1400])),
        extension(0xfe0d, &[0; 8]),
    ]
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = (body.len() as u32).to_be_bytes();
    [&[kind][..], &len, body].concat()
}

fn records(message: &[u8], piece: usize) -> Vec<u8> {
    message.chunks(piece).flat_map(|part| [&[22, 3, 1][..], &vec16(part)].concat()).collect()
}

fn server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([8; 32]);
    body.extend([0, 0x13, 0x01, 0]);
    body.extend(vec16(&[extension(51, &[0x11, 0xec, 0, 0]), extension(43, &[3, 4])].concat()));
    message(2, &body)
}

#[test]
fn cap_d_04_hellos_over_segments_and_records_and_shuffled_say_the_same() {
    let mut seen = Vec::new();
    for turn in 0..offers().len() {
        let mut extensions = offers();
        extensions.rotate_left(turn);
        let hello = message(1, &hello(&extensions));
        for piece in [usize::MAX, 700, 64] {
            let acts = vec![
                Act::Send(Side::Client, 1_000, records(&hello, piece.min(hello.len()))),
                Act::Send(Side::Server, 2_000, records(&server_hello(), 50)),
                Act::End(Side::Client, crate::End::Rst),
                Act::End(Side::Server, crate::End::Rst),
            ];
            let found = if turn == 0 { same_at_every_cut(&acts, || rig(&[])) } else { play(&acts) };
            let tls = of_kind(&found, "tls");
            assert_eq!(tls.len(), 1);
            let tls = tls[0].clone();
            assert_eq!(tls["sni"], "shop.example");
            assert_eq!(tls["alpn_offered"], serde_json::json!(["h2", "http/1.1"]));
            assert_eq!(
                tls["ciphers"],
                serde_json::json!(["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "0xfeff"])
            );
            assert_eq!(tls["groups"], serde_json::json!(["X25519MLKEM768", "x25519"]));
            assert_eq!(tls["offered"], serde_json::json!(["TLS 1.3", "TLS 1.2"]));
            assert_eq!(tls["version"], "TLS 1.3");
            assert_eq!(tls["group"], "X25519MLKEM768");
            assert_eq!(tls["ech"], true);
            assert!(tls["hs_us"].is_null());
            seen.push(tls["ja4"].clone());
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "JA4 sorts extensions: {seen:?}");
}

fn play(acts: &[Act]) -> Vec<serde_json::Value> {
    let mut rig: Rig = rig(&[]);
    rig.play(acts, usize::MAX);
    rig.out.records
}

#[test]
fn cap_37d_an_alert_ends_a_handshake() {
    let hello = message(1, &hello(&offers()));
    let acts = vec![
        Act::Send(Side::Client, 1_000, records(&hello, 9999)),
        Act::Send(Side::Server, 2_000, vec![21, 3, 3, 0, 2, 2, 40]),
    ];
    let found = same_at_every_cut(&acts, || rig(&[]));
    let tls = of_kind(&found, "tls")[0];
    assert_eq!(tls["alert"], serde_json::json!({"from": "server", "level": "fatal", "name": "handshake_failure"}));
    assert!(tls["version"].is_null() && tls["cipher"].is_null() && tls["hs_us"].is_null());
}

#[test]
fn cap_37e_a_client_that_refuses_the_certificate_of_tls_13() {
    let pair = pair(&Wish { version: Some(&rustls::version::TLS13), ..Wish::default() });
    let mut talk = Talk::new(&pair, "other.example");
    talk.settle();
    let acts = talk.close();
    for (keys, name) in [(pair.lines.all(), Some("bad_certificate")), (Vec::new(), None)] {
        let found = same_at_every_cut(&acts, || rig(&keys));
        let tls = of_kind(&found, "tls")[0];
        assert_eq!(tls["alert"]["from"], "client", "{tls}");
        assert!(tls["hs_us"].is_null());
        assert_eq!(tls["alert"]["name"].as_str(), name, "{tls}");
        if name.is_some() {
            assert_eq!(tls["anomaly"], serde_json::json!(["cert_name_mismatch"]));
        }
    }
}

#[test]
fn cap_n_22e_what_a_certificate_says() {
    let pair = pair(&Wish { version: Some(&rustls::version::TLS12), ..Wish::default() });
    let read = Certificate::parse(&pair.leaf);
    assert_eq!(read.subject, "CN=server.example");
    assert_eq!(read.issuer, read.subject);
    assert_eq!(read.sans, ["server.example", "*.wild.example"]);
    assert_eq!(read.key, "EC P-256");
    assert!(read.from < read.to && read.is_read());
    for (host, fits) in [
        (&b"server.example"[..], true),
        (b"SERVER.example.", true),
        (b"a.wild.example", true),
        (b"a.b.wild.example", false),
        (b".wild.example", false),
        (b"wild.example", false),
    ] {
        assert_eq!(read.is_for(host), fits, "{}", String::from_utf8_lossy(host));
    }
    let broken = Certificate::parse(&pair.leaf[..100]);
    assert!(!broken.is_read());
    assert_ne!(broken.sha256, [0; 32]);
}

#[test]
fn cap_n_22h_certificates_whose_time_has_not_come_or_is_over_are_told() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let pair = pair(&Wish { version: Some(version), ..Wish::default() });
        let mut talk = Talk::new(&pair, "server.example");
        talk.settle();
        let acts = talk.close();
        let valid = Certificate::parse(&pair.leaf);
        for (second, said) in [
            (valid.from - 1000, serde_json::json!(["cert_not_yet_valid"])),
            (valid.from + 1000, serde_json::Value::Null),
            (valid.to + 1000, serde_json::json!(["cert_expired"])),
        ] {
            let mut at = second * 1_000_000;
            let moved = acts.iter().map(|act| match act {
                Act::Send(side, _, bytes) => {
                    at += 1000;
                    Act::Send(*side, at, bytes.clone())
                }
                other => other.clone(),
            });
            // In TLS 1.3 certificates are seen by who has the keys.
            let mut rig = rig(&pair.lines.all());
            rig.play(&moved.collect::<Vec<_>>(), usize::MAX);
            let tls = of_kind(&rig.out.records, "tls")[0].clone();
            assert_eq!(tls.get("anomaly").cloned().unwrap_or_default(), said, "{tls}");
            assert_eq!(tls["certs"].as_array().map(Vec::len), Some(1), "{tls}");
        }
    }
}

#[test]
fn cap_n_22g_compressed_certificates() {
    let message: Vec<u8> = (0..3000_u32).map(|number| (number / 7) as u8).collect();
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&message, 6);
    let vec24 = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let body = |len: u32| [&[0, 1][..], &len.to_be_bytes()[1..], &vec24(&packed)].concat();
    assert_eq!(super::super::messages::uncompressed(&body(3000)), Some(message));
    for wrong in [body(2999), body(3001), body(1 << 20), body(3000)[..40].to_vec(), vec![0, 9, 0, 0, 1, 0, 0, 0]] {
        assert_eq!(super::super::messages::uncompressed(&wrong), None);
    }
}

#[test]
fn cap_n_21d_a_hidden_hello_whose_keys_are_not_there() {
    let hello = message(1, &hello(&offers()));
    let mut rig = rig(&[crate::KeyLine { text: format!("CLIENT_RANDOM {} {}", "07".repeat(32), "5a".repeat(48)) }]);
    rig.send(Side::Client, 1_000, &records(&hello, 9999));
    rig.send(Side::Server, 2_000, &records(&server_hello(), 9999));
    rig.end(Side::Client, crate::End::Fin);
    rig.end(Side::Server, crate::End::Fin);
    assert_eq!(rig.facts.verdict.unwrap().code, "ech");
}

#[test]
fn hellos_that_are_cut_are_none() {
    let body = hello(&offers());
    assert!(ClientHello::parse(&body).is_some());
    for len in 0..body.len() {
        let short = ClientHello::parse(&body[..len]);
        assert!(short.is_none() || len == 2 + 32 + 1 + 10 + 2, "{len}");
    }
    let server = server_hello();
    assert!(ServerHello::parse(&server[4..]).is_some());
}
