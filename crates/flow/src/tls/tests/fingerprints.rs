use crate::tls::{Carrier, ClientHello, ServerHello, ja3, ja3_text, ja4, ja4s};

/// The example that JA3 is published with.
#[test]
fn cap_n_22a_ja3_as_published() {
    let hello = ClientHello {
        legacy_version: 769,
        ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: vec![0, 10, 11],
        groups: vec![23, 24, 25],
        points: vec![0],
        ..ClientHello::default()
    };
    assert_eq!(ja3_text(&hello), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
    assert_eq!(ja3(&hello), "ada70206e40642a3e4461f35503241d5");
    let bare = ClientHello {
        legacy_version: 769,
        ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
        ..ClientHello::default()
    };
    assert_eq!(ja3_text(&bare), "769,4-5-10-9-100-98-3-6-19-18-99,,,");
    assert_eq!(ja3(&bare), "de350869b8c85de67a350c8d186f11e6");
}

fn published() -> ClientHello {
    ClientHello {
        legacy_version: 0x0303,
        versions: vec![0x0304, 0x0303],
        ciphers: vec![
            0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
            0x002f, 0x0035,
        ],
        extensions: vec![
            0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01,
            0x000b, 0x000a, 0x0015,
        ],
        sig_algs: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        ..ClientHello::default()
    }
}

/// The example that JA4 is published with.
#[test]
fn cap_n_22b_ja4_as_published() {
    let mut hello = published();
    assert_eq!(ja4(&hello, Carrier::Tcp), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    hello.extensions.reverse();
    hello.ciphers.reverse();
    assert_eq!(ja4(&hello, Carrier::Quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
    hello.sig_algs.reverse();
    assert!(!ja4(&hello, Carrier::Tcp).ends_with("e5627efa2ab1"));
}

#[test]
fn cap_n_22c_ja4_of_odd_hellos() {
    let of = |hello: &ClientHello| ja4(hello, Carrier::Tcp);
    let empty = ClientHello { legacy_version: 0x0300, ..ClientHello::default() };
    assert_eq!(of(&empty), "ts3i000000_000000000000_000000000000");
    for (name, ends) in
        [(&b"\xab"[..], "ab"), (b"\xab\xcd", "ad"), (b"\x30\xab", "3b"), (b"\x30\x31\xab\xcd", "3d"), (b"h", "hh")]
    {
        let hello = ClientHello { alpn: vec![name.to_vec()], ..empty.clone() };
        assert!(of(&hello).starts_with(&format!("ts3i0000{ends}_")), "{} {ends}", of(&hello));
    }
    let many = ClientHello { ciphers: (1..200).collect(), extensions: (1..150).collect(), ..empty };
    assert!(of(&many).starts_with("ts3i999900_"));
}

/// The examples that JA4S is published with.
#[test]
fn cap_n_22d_ja4s_as_published() {
    let hello = ServerHello {
        legacy_version: 0x0303,
        version: Some(0x0304),
        cipher: 0x1301,
        extensions: vec![0x0033, 0x002b],
        ..ServerHello::default()
    };
    assert_eq!(ja4s(&hello, Carrier::Tcp), "t130200_1301_234ea6891581");
    let turned = ServerHello { extensions: vec![0x002b, 0x0033], ..hello };
    assert!(!ja4s(&turned, Carrier::Tcp).ends_with("234ea6891581"));
}
