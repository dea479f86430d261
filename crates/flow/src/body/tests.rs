#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use proptest::prelude::*;

use super::{Coding, Preview};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// 1800 bytes.
fn text() -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog. ".repeat(40)
}

/// A text that does not repeat: hardly smaller when compressed.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 24) as u8 % 26
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = hex("1f8b 0800 0000 0000 00ff");
    out.extend(compress_to_vec(bytes, 6));
    out.extend([0; 8]);
    out
}

/// The head with an extra field, a name, a comment and a checksum.
fn gzip_with_all(bytes: &[u8]) -> Vec<u8> {
    let mut out = hex("1f8b 081e 0000 0000 00ff 0300 616263");
    out.extend(b"name\0comment\0\x12\x34");
    out.extend(compress_to_vec(bytes, 6));
    out.extend([0; 8]);
    out
}

// What `text` is with windows of 22, 24 and 10 bits, as Node's zlib writes it.
const BROTLI: [&str; 3] = [
    "1b0707882c0e78d3d0955d9710bb172ba9cad092cc8cad415ce6f236c8199e9e0a7b830d387048206f24bf41a715ce1c1e27aa2938c2a9749f0603",
    "1f0707882c0e78d3d0955d9710bb172ba9cad092cc8cad415ce6f236c8199e9e0a7b830d387048206f24bf41a715ce1c1e27aa2938c2a9749f0603",
    "a13838406471c09b86aeecba84d8bd584955869664666c0de23297b741cef0f454d81b6cc08143027923f90d3aad70e6f038514dc1114ea5fb3418",
];

/// Ten million zeros.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe2fff2c31f04f00c46111808e2306";

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn preview(coding: Coding, limit: usize, pieces: &[&[u8]]) -> Preview {
    let mut preview = Preview::default();
    preview.start(coding, limit);
    pieces.iter().for_each(|piece| preview.push(piece));
    preview.end();
    preview
}

/// Every coding of the same text.
fn coded(text: &[u8]) -> Vec<(Coding, Vec<u8>)> {
    let mut two_members = gzip(&text[..text.len() / 2]);
    two_members.extend(gzip(&text[text.len() / 2..]));
    vec![
        (Coding::Identity, text.to_vec()),
        (Coding::Gzip, gzip(text)),
        (Coding::Gzip, gzip_with_all(text)),
        (Coding::Gzip, two_members),
        (Coding::Deflate, compress_to_vec_zlib(text, 6)),
        (Coding::Deflate, compress_to_vec(text, 6)),
        (Coding::Zstd, zstd(text)),
    ]
}

#[test]
fn cap_36a_every_coding_gives_its_text_at_every_cut() {
    let text = text();
    let mut all = coded(&text);
    all.extend(BROTLI.iter().map(|coded| (Coding::Brotli, hex(coded))));
    for (coding, bytes) in all {
        let whole = preview(coding, 4096, &[&bytes]);
        assert_eq!(whole.bytes(), text, "{coding:?}");
        assert!(!whole.is_truncated() && !whole.is_damaged() && !whole.has_gap());
        for cut in 0..bytes.len() {
            let cut = preview(coding, 4096, &[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(cut.bytes(), text, "{coding:?}");
        }
        let by_bytes: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(preview(coding, 4096, &by_bytes).bytes(), text, "{coding:?}");
    }
}

#[test]
fn cap_36b_a_preview_stops_at_its_limit_and_says_so() {
    let text = text();
    let mut all = coded(&text);
    all.extend(BROTLI.iter().map(|coded| (Coding::Brotli, hex(coded))));
    for (coding, bytes) in all {
        for limit in [1, 100, 1799, 1800, 1801] {
            let preview = preview(coding, limit, &[&bytes]);
            assert_eq!(preview.bytes(), &text[..limit.min(1800)], "{coding:?}");
            assert_eq!(preview.is_truncated(), limit < 1800, "{coding:?} {limit}");
        }
        assert_eq!(preview(coding, 0, &[&bytes]).bytes(), b"");
    }
}

#[test]
fn cap_36c_long_bodies_of_any_window_give_the_largest_preview() {
    let text = noise(700_000);
    for (coding, bytes) in coded(&text) {
        for limit in [4096, 256 << 10] {
            let pieces: Vec<&[u8]> = bytes.chunks(1448).collect();
            let preview = preview(coding, limit, &pieces);
            assert!(preview.bytes() == &text[..limit], "{coding:?} {limit}");
            assert!(preview.is_truncated() && !preview.is_damaged());
        }
    }
}

#[test]
fn cap_36d_a_body_that_ends_early_shows_what_came() {
    let text = noise(3000);
    for (coding, bytes) in coded(&text) {
        let half = preview(coding, 4096, &[&bytes[..bytes.len() / 2]]);
        assert!(text.starts_with(half.bytes()), "{coding:?}");
        // A block of Zstandard cannot be decoded in part; the other codings go on byte by byte.
        assert!(coding == Coding::Zstd || half.bytes().len() > 1000, "{coding:?}");
        assert!(!half.is_damaged());
    }
}

#[test]
fn cap_f_24a_bombs_stop_at_the_preview_or_at_the_ratio() {
    let zeros = vec![0; 10_000_000];
    // A window of 2 MiB, and blocks of 128 KiB that are one byte repeated.
    let zstd_bomb = [hex("28b52ffd 0058"), hex("02001000").repeat(50), hex("03001000")].concat();
    for (coding, bytes) in [
        (Coding::Gzip, gzip(&zeros)),
        (Coding::Deflate, compress_to_vec(&zeros, 9)),
        (Coding::Brotli, hex(BROTLI_BOMB)),
        (Coding::Zstd, zstd(&zeros)),
        (Coding::Zstd, zstd_bomb),
    ] {
        let preview = preview(coding, 4096, &[&bytes]);
        let shown = preview.bytes().len();
        assert!(shown <= 4096 && shown as u64 <= 100 * bytes.len() as u64, "{coding:?} {shown}");
        assert!(preview.is_truncated() || preview.is_damaged(), "{coding:?}");
        assert!(preview.heap() < 64 << 10, "{coding:?} keeps {}", preview.heap());
    }
    // 27 bytes may show 2700.
    assert_eq!(preview(Coding::Brotli, 256 << 10, &[&hex(BROTLI_BOMB)]).bytes().len(), 2700);
}

#[test]
fn cap_36e_a_body_that_is_not_coded_as_it_says_is_damaged() {
    for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
        let preview = preview(coding, 4096, &[b"\xff\xfe plain text that is no such coding, however one looks at it"]);
        assert!(preview.is_damaged(), "{coding:?}");
    }
    let mut broken = gzip(&noise(2000));
    broken[600..700].fill(0xff);
    let preview = preview(Coding::Gzip, 4096, &[&broken]);
    assert!(preview.is_damaged() || preview.bytes() != noise(2000));
}

#[test]
fn cap_36f_a_gap_ends_the_preview_and_the_length_goes_on() {
    let mut preview = Preview::default();
    preview.start(Coding::Identity, 100);
    preview.push(b"before");
    assert!(preview.wants());
    preview.gap(10);
    preview.push(b"after");
    assert_eq!((preview.bytes(), preview.has_gap(), preview.wants()), (&b"before"[..], true, false));
    // The next body begins anew.
    preview.start(Coding::Identity, 100);
    preview.push(b"next");
    assert_eq!((preview.bytes(), preview.has_gap()), (&b"next"[..], false));
}

#[test]
fn codings_are_known_by_name() {
    for (name, want) in [
        (None, Coding::Identity),
        (Some("identity"), Coding::Identity),
        (Some("GZip"), Coding::Gzip),
        (Some("x-gzip"), Coding::Gzip),
        (Some(" br "), Coding::Brotli),
        (Some("zstd"), Coding::Zstd),
        (Some("deflate"), Coding::Deflate),
        (Some("gzip, br"), Coding::Other),
        (Some("compress"), Coding::Other),
    ] {
        assert_eq!(Coding::of(name.map(str::as_bytes)), want, "{name:?}");
    }
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(
        bodies in prop::collection::vec((0usize..6, prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..5)), 1..6),
        limit in 0usize..5000,
    ) {
        let codings = [Coding::Identity, Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd, Coding::Other];
        let mut preview = Preview::default();
        for (coding, pieces) in bodies {
            preview.start(codings[coding], limit);
            for piece in &pieces {
                preview.push(piece);
                prop_assert!(preview.bytes().len() <= limit);
            }
            preview.end();
            prop_assert!(preview.bytes().len() <= limit);
        }
    }

    /// Bytes behind the head of a coding, which random ones seldom get past; in pieces they give the same.
    #[test]
    fn damaged_bodies_give_the_same_in_pieces(which in 0usize..7, at in 0usize..200, with: u8, piece in 1usize..50) {
        let (coding, mut bytes) = coded(&noise(500))[which].clone();
        let at = at % bytes.len();
        bytes[at] ^= with;
        let whole = preview(coding, 4096, &[&bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
        let pieces = preview(coding, 4096, &pieces);
        prop_assert_eq!(whole.bytes(), pieces.bytes());
        prop_assert_eq!(whole.is_damaged(), pieces.is_damaged());
    }
}
