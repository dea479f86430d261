#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::encode::{Encoder, How, number};
use super::{Broken, Decoder, MOST_TABLE, huffman};

type Fields = Vec<(String, String)>;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, Broken> {
    let mut fields = Vec::new();
    let text = |part: Option<&[u8]>| part.map_or("?".to_owned(), |part| String::from_utf8_lossy(part).into_owned());
    decoder.block(block, &mut |field| fields.push((text(field.name), text(field.value))))?;
    Ok(fields)
}

fn fields(list: &[(&str, &str)]) -> Fields {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Blocks of one connection with what each must give: RFC 7541 appendix C.
fn check(blocks: &[(&str, &[(&str, &str)])], size: Option<usize>) {
    let mut decoder = Decoder::default();
    if let Some(size) = size {
        let mut update = Vec::new();
        number(size, 5, 0x20, &mut update);
        assert_eq!(decode(&mut decoder, &update), Ok(Vec::new()));
    }
    for (block, want) in blocks {
        assert_eq!(decode(&mut decoder, &hex(block)), Ok(fields(want)), "{block}");
    }
}

#[test]
fn cap_n_01a_hpack_appendix_c_2_field_representations() {
    check(
        &[("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", &[("custom-key", "custom-header")])],
        None,
    );
    check(&[("040c 2f73 616d 706c 652f 7061 7468", &[(":path", "/sample/path")])], None);
    check(&[("1008 7061 7373 776f 7264 0673 6563 7265 74", &[("password", "secret")])], None);
    check(&[("82", &[(":method", "GET")])], None);
}

const REQUESTS: [&[(&str, &str)]; 3] = [
    &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")],
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
        ("cache-control", "no-cache"),
    ],
    &[
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ],
];

const RESPONSES: [&[(&str, &str)]; 3] = [
    &[
        (":status", "302"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ],
    &[
        (":status", "307"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ],
    &[
        (":status", "200"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
        ("location", "https://www.example.com"),
        ("content-encoding", "gzip"),
        ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
    ],
];

#[test]
fn cap_n_01b_hpack_appendix_c_3_and_c_4_requests() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    for blocks in [plain, coded] {
        let blocks: Vec<_> = blocks.into_iter().zip(REQUESTS).collect();
        check(&blocks, None);
    }
}

#[test]
fn cap_n_01c_hpack_appendix_c_5_and_c_6_responses_with_eviction() {
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e \
         1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d \
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 \
         7369 6f6e 3d31",
    ];
    let coded = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b \
         97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf \
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    for blocks in [plain, coded] {
        let blocks: Vec<_> = blocks.into_iter().zip(RESPONSES).collect();
        check(&blocks, Some(256));
    }
}

#[test]
fn cap_n_01d_entries_before_the_begin_are_unknown() {
    let mut encoder = Encoder::default();
    encoder.block(&[("a", "1"), ("b", "2")]);
    let block = encoder.block(&[("a", "1"), ("c", "3"), ("b", "2"), ("c", "3"), ("a", "9"), ("a", "9")]);
    let mut decoder = Decoder::midway();
    let want = fields(&[("?", "?"), ("c", "3"), ("?", "?"), ("c", "3"), ("?", "9"), ("?", "9")]);
    assert_eq!(decode(&mut decoder, &block), Ok(want));
    // The sender empties its table: from then on all is known again, and an index behind it is an error.
    assert_eq!(decode(&mut decoder, &[0x20, 0x3f, 0xe1, 0x1f, 0x82]), Ok(fields(&[(":method", "GET")])));
    assert!(decoder.is_complete());
    assert_eq!(decode(&mut decoder, &[0xbe]), Err(Broken::Index));
    assert!(!decoder.is_complete());
}

#[test]
fn cap_n_01e_broken_blocks_say_why() {
    for (block, why) in [
        ("80", Broken::Index),
        ("be", Broken::Index),
        ("7f", Broken::Cut),
        ("400a 6375", Broken::Cut),
        ("8220", Broken::Size),
        ("ffff ffff ff0f", Broken::Number),
        ("0084 ffff ffff 00", Broken::Huffman),
        ("0081 0000", Broken::Huffman),
    ] {
        assert_eq!(decode(&mut Decoder::default(), &hex(block)), Err(why), "{block}");
    }
}

#[test]
fn cap_n_01f_memory_is_bounded_however_large_a_table_is_agreed() {
    let mut decoder = Decoder::default();
    let mut block = Vec::new();
    number(1 << 27, 5, 0x20, &mut block);
    decode(&mut decoder, &block).unwrap();
    let mut encoder = Encoder::default();
    for turn in 0..1000 {
        let mut block = Vec::new();
        encoder.field(format!("name-{turn}").as_bytes(), &[b'v'; 1000], How::Best, &mut block);
        assert_eq!(decode(&mut decoder, &block).unwrap().len(), 1);
    }
    assert!(decoder.heap() < 4 * MOST_TABLE, "{}", decoder.heap());
    // What fell out for want of room is unknown, not an error and not another field.
    let mut block = Vec::new();
    number(61 + 500, 7, 0x80, &mut block);
    assert_eq!(decode(&mut decoder, &block), Ok(fields(&[("?", "?")])));
}

#[test]
fn every_octet_survives_the_code() {
    // The longest code, and one of each printable character, by hand of the RFC's table.
    let mut out = Vec::new();
    huffman(&hex("ffff fffc ffff"), &mut out).unwrap_err();
    out.clear();
    huffman(&hex("f1e3 c2e5 f23a 6ba0 ab90 f4ff"), &mut out).unwrap();
    assert_eq!(out, b"www.example.com");
    out.clear();
    // 30 bits of octet 10, then padding.
    huffman(&hex("ffff fff3"), &mut out).unwrap();
    assert_eq!(out, b"\n");
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20), midway: bool) {
        let mut decoder = if midway { Decoder::midway() } else { Decoder::default() };
        for block in blocks {
            let _ = decode(&mut decoder, &block);
            prop_assert!(decoder.heap() < 8 * MOST_TABLE);
        }
    }

    /// Whatever was encoded is decoded, and a decoder that joins later never says anything else.
    #[test]
    fn decoded_is_what_was_encoded(
        blocks in prop::collection::vec(prop::collection::vec(("[a-e]{1,3}", "[a-z]{0,300}", any::<bool>()), 0..12), 1..20),
        from in 0usize..20,
    ) {
        let mut encoder = Encoder::default();
        let mut decoder = Decoder::default();
        let mut late = Decoder::midway();
        for (nth, list) in blocks.iter().enumerate() {
            let mut block = Vec::new();
            for (name, value, literal) in list {
                let how = if *literal { How::Literal } else { How::Best };
                encoder.field(name.as_bytes(), value.as_bytes(), how, &mut block);
            }
            let want: Fields = list.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
            prop_assert_eq!(&decode(&mut decoder, &block).unwrap(), &want);
            if nth >= from {
                let have = decode(&mut late, &block).unwrap();
                prop_assert_eq!(have.len(), want.len());
                for (have, want) in have.iter().zip(&want) {
                    prop_assert!(have.0 == "?" || have.0 == want.0);
                    prop_assert!(have.1 == "?" || have.1 == want.1);
                }
            }
        }
    }
}
