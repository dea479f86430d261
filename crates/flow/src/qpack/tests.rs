#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::encode::{Encoder, number, text};
use super::{Broken, Decoder, MOST_TABLE, Section};

type Fields = Vec<(String, String)>;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn decode(decoder: &mut Decoder, section: &[u8], came_us: i64, force: bool) -> Result<Option<Fields>, Broken> {
    let mut fields = Vec::new();
    let text = |part: Option<&[u8]>| part.map_or("?".to_owned(), |part| String::from_utf8_lossy(part).into_owned());
    let done =
        decoder.section(section, came_us, force, &mut |field| fields.push((text(field.name), text(field.value))))?;
    Ok((done == Section::Done).then_some(fields))
}

fn fields(list: &[(&str, &str)]) -> Fields {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn cap_n_04i_rfc_9204_appendix_b() {
    let mut decoder = Decoder::default();
    decoder.allow(220);
    let index = fields(&[(":path", "/index.html")]);
    assert_eq!(decode(&mut decoder, &hex("0000 510b 2f69 6e64 6578 2e68 746d 6c"), 0, false), Ok(Some(index)));
    let both = fields(&[(":authority", "www.example.com"), (":path", "/sample/path")]);
    assert_eq!(decode(&mut decoder, &hex("0381 1011"), 0, false), Ok(None), "its entries did not come yet");
    let inserts = hex("3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468");
    // In pieces: what is no whole instruction waits.
    let used = decoder.inserts(&inserts[..10], 1);
    assert_eq!(used, 3);
    assert_eq!(decoder.inserts(&inserts[used..], 1), inserts.len() - used);
    assert_eq!(decode(&mut decoder, &hex("0381 1011"), 0, false), Ok(Some(both)));
    let more = hex("4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565 02");
    assert_eq!(decoder.inserts(&more, 2), more.len());
    let three = fields(&[(":authority", "www.example.com"), (":path", "/"), ("custom-key", "custom-value")]);
    assert_eq!(decode(&mut decoder, &hex("0500 80c1 81"), 2, false), Ok(Some(three)));
    let last = hex("810d 6375 7374 6f6d 2d76 616c 7565 32");
    assert_eq!(decoder.inserts(&last, 3), last.len());
    assert_eq!(decoder.count(), 5);
    assert_eq!(decode(&mut decoder, &hex("0600 80"), 3, false), Ok(Some(fields(&[("custom-key", "custom-value2")]))));
}

#[test]
fn cap_n_04j_what_is_not_known_is_said_to_be_unknown() {
    let mut encoder = Encoder::new(4096);
    let list = [(":method", "GET"), ("x-one", "1"), ("x-two", "2")];
    let section = encoder.section(&list, false);
    // The settings of the receiver were not seen, and then the entries were not.
    let unknown = fields(&[(":method", "GET"), ("?", "?"), ("?", "?")]);
    let mut decoder = Decoder::default();
    assert_eq!(decode(&mut decoder, &section, 0, false), Ok(None));
    assert_eq!(decode(&mut decoder, &section, 0, true), Ok(Some(unknown.clone())));
    decoder.allow(4096);
    assert_eq!(decode(&mut decoder, &section, 0, false), Ok(None));
    assert_eq!(decode(&mut decoder, &section, 0, true), Ok(Some(unknown.clone())));
    decoder.inserts(&encoder.stream, 1);
    assert_eq!(decode(&mut decoder, &section, 1, false), Ok(Some(fields(&list))));
    // A part of the encoder stream is missing: nothing that refers to the table is believed from then on.
    decoder.lose();
    assert_eq!(decode(&mut decoder, &section, 1, false), Ok(Some(unknown)));
    assert_eq!(decoder.inserts(&encoder.stream, 2), encoder.stream.len());
}

#[test]
fn cap_n_04k_a_section_that_is_read_late_is_not_read_as_another() {
    // A table of four entries: counts are written modulo 8.
    let mut encoder = Encoder::new(160);
    let mut decoder = Decoder::default();
    decoder.allow(160);
    let early = encoder.section(&[("a", "0")], false);
    decoder.inserts(&std::mem::take(&mut encoder.stream), 10);
    for turn in 1..=30 {
        encoder.section(&[("a", &turn.to_string())], false);
        decoder.inserts(&std::mem::take(&mut encoder.stream), 10 + turn);
    }
    let late = decode(&mut decoder, &early, 10, false).unwrap();
    assert!(late.is_none_or(|late| late.iter().all(|field| field.1 == "?" || field.1 == "0")));
}

#[test]
fn cap_n_04l_broken_sections_say_why_and_tables_are_bounded() {
    let mut decoder = Decoder::default();
    decoder.allow(4096);
    for (section, why) in [
        ("", Broken::Cut),
        ("00", Broken::Cut),
        ("ffff ffff ffff ffff ffff ff 00", Broken::Number),
        ("ffff 0f 00", Broken::Index),
        ("0000 ff 80 01", Broken::Index),
        ("0000 80", Broken::Index),
        ("0000 510b 2f", Broken::Cut),
        ("0000 51 84 ffff ffff", Broken::Huffman),
        ("0280 80", Broken::Index),
    ] {
        let mut decoder = Decoder::default();
        decoder.allow(4096);
        let mut instructions = Vec::new();
        number(4096, 5, 0x20, &mut instructions);
        text(b"a", 5, 0x40, &mut instructions);
        text(b"b", 7, 0, &mut instructions);
        decoder.inserts(&instructions, 0);
        assert_eq!(decode(&mut decoder, &hex(section), 0, true), Err(why), "{section}");
    }
    // However large a table both agree on.
    decoder.allow(1 << 40);
    let mut instructions = Vec::new();
    number(1 << 40, 5, 0x20, &mut instructions);
    for turn in 0..3000_u32 {
        text(format!("name-{turn}").as_bytes(), 5, 0x40, &mut instructions);
        text(&[b'v'; 1000], 7, 0, &mut instructions);
    }
    assert_eq!(decoder.inserts(&instructions, 0), instructions.len());
    assert!(decoder.heap() < 4 * MOST_TABLE, "{}", decoder.heap());
    // A section of references to one long entry unfolds to so much and no more.
    let mut section = Vec::new();
    number(3001, 8, 0, &mut section);
    section.push(0);
    section.extend(vec![0x80; 20_000]);
    assert_eq!(decode(&mut decoder, &section, 0, true), Err(Broken::Long));
}

proptest! {
    #[test]
    fn qpack_never_panics_on_any_bytes(
        parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..20),
        allowed in prop::option::of(any::<u64>()),
    ) {
        let mut decoder = Decoder::default();
        if let Some(allowed) = allowed {
            decoder.allow(allowed >> 2);
        }
        for (nth, (is_section, part)) in parts.into_iter().enumerate() {
            if is_section {
                let _ = decode(&mut decoder, &part, nth as i64, nth % 2 == 0);
            } else {
                decoder.inserts(&part, nth as i64);
            }
            prop_assert!(decoder.heap() < 8 * MOST_TABLE);
        }
    }

    /// Whatever was encoded is decoded once its entries are there; before, and after a loss, nothing else is said.
    #[test]
    fn decoded_is_what_was_encoded(
        blocks in prop::collection::vec(
            (prop::collection::vec(("[a-e]{1,3}", "[a-z]{0,60}"), 0..8), any::<bool>(), any::<bool>()), 1..30),
        allowed in prop::sample::select(vec![0_u64, 100, 220, 4096]),
        lose in 0_usize..60,
    ) {
        let mut encoder = Encoder::new(allowed);
        let mut decoder = Decoder::default();
        decoder.allow(allowed);
        for (nth, (list, behind, early)) in blocks.iter().enumerate() {
            let list: Vec<(&str, &str)> = list.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let section = if allowed == 0 { encoder_without_table(&list) } else { encoder.section(&list, *behind) };
            let stream = std::mem::take(&mut encoder.stream);
            if nth == lose {
                decoder.lose();
            }
            if *early && let Some(have) = decode(&mut decoder, &section, nth as i64, nth % 3 == 0).unwrap() {
                for (have, want) in have.iter().zip(&list) {
                    prop_assert!((have.0 == "?" || have.0 == want.0) && (have.1 == "?" || have.1 == want.1));
                }
            }
            prop_assert_eq!(decoder.inserts(&stream, nth as i64), stream.len());
            let have = decode(&mut decoder, &section, nth as i64, true).unwrap().unwrap();
            if nth < lose {
                prop_assert_eq!(have, fields(&list));
            } else {
                for (have, want) in have.iter().zip(&list) {
                    prop_assert!((have.0 == "?" || have.0 == want.0) && (have.1 == "?" || have.1 == want.1));
                }
            }
        }
    }
}

fn encoder_without_table(list: &[(&str, &str)]) -> Vec<u8> {
    let mut out = vec![0, 0];
    for (name, value) in list {
        text(name.as_bytes(), 3, 0x20, &mut out);
        text(value.as_bytes(), 7, 0, &mut out);
    }
    out
}
