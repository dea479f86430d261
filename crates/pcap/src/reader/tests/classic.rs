use super::*;

fn put(order_big: bool, out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend(if order_big { word.to_be_bytes() } else { word.to_le_bytes() });
    }
}

fn half(order_big: bool, out: &mut Vec<u8>, halves: &[u16]) {
    for half in halves {
        out.extend(if order_big { half.to_be_bytes() } else { half.to_le_bytes() });
    }
}

/// A file of one packet `hello` of 60 bytes on the wire.
fn file(magic: u32, big: bool, minor: u16, network: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put(big, &mut out, &[magic]);
    half(big, &mut out, &[2, minor]);
    put(big, &mut out, &[0, 0, 65_535, network]);
    let lengths = if minor < 3 { [60, 5] } else { [5, 60] };
    put(big, &mut out, &[1_700_000_000, 123_456, lengths[0], lengths[1]]);
    if magic == 0xa1b2_cd34 {
        put(big, &mut out, &[3, 0]);
    }
    out.extend(b"hello");
    out
}

#[test]
fn cap_n_23b_classic_files_of_every_kind() {
    for big in [false, true] {
        for (magic, minor, unit) in [
            (0xa1b2_c3d4, 4, 1000),
            (0xa1b2_3c4d, 4, 1),
            (0xa1b2_cd34, 4, 1000),
            (0xa1b2_c3d4, 2, 1000),
            (0xa1b2_c3d4, 3, 1000),
        ] {
            let (all, reader) = read(&file(magic, big, minor, 0x7400_0001), 1).unwrap();
            let packet = Seen::Packet {
                iface: 0,
                ts_ns: 1_700_000_000_000_000_000 + 123_456 * unit,
                link: 1,
                orig: 60,
                bytes: b"hello".to_vec(),
                flags: None,
                lost: None,
            };
            assert_eq!(all, [Seen::Interface(0), packet], "{magic:x} {big} {minor}");
            let interface = reader.interface(0).unwrap();
            assert_eq!((interface.snaplen, interface.fcs_len), (65_535, Some(14)));
        }
    }
}

#[test]
fn cap_f_20a_what_is_no_capture_is_refused() {
    for (bytes, refused) in [
        (&b""[..], Refused::Empty),
        (b"\xd4", Refused::Magic),
        (b"GET / HTTP/1.1\r\n\r\n plain text", Refused::Magic),
        (&[0; 4096], Refused::Magic),
        (&file(0xa1b2_c3d4, false, 4, 1)[..23], Refused::Header),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", Refused::Header),
        (b"\x0a\x0d\x0d\x0aHello, I am no section", Refused::Magic),
    ] {
        assert_eq!(read(bytes, 1).map(|all| all.0), Err(refused), "{bytes:?}");
        assert_eq!(read(bytes, bytes.len()).map(|all| all.0), Err(refused), "{bytes:?}");
    }
    let mut other = file(0xa1b2_c3d4, false, 4, 1);
    other[4] = 3;
    assert_eq!(read(&other, 9).map(|all| all.0), Err(Refused::Version(3, 4)));
    assert_eq!(read_all(&file(0xa1b2_c3d4, false, 4, 1)[..24]), [Seen::Interface(0)], "a header alone is a capture");
}
