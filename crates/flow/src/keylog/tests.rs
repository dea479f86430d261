#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{BadLine, Label, Store, parse};
use crate::KeyLine;

fn line(label: &str, random: u8, len: usize) -> String {
    format!("{label} {} {}", format!("{random:02x}").repeat(32), "5a".repeat(len))
}

fn key(label: &str, random: u8, len: usize) -> KeyLine {
    KeyLine { text: line(label, random, len) }
}

#[test]
fn cap_n_20a_lines_of_all_labels_are_read() {
    for (name, len) in [
        ("CLIENT_RANDOM", 48),
        ("CLIENT_EARLY_TRAFFIC_SECRET", 32),
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", 32),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", 48),
        ("CLIENT_TRAFFIC_SECRET_0", 48),
        ("SERVER_TRAFFIC_SECRET_0", 32),
    ] {
        let key = parse(&line(name, 7, len)).unwrap().unwrap();
        assert_eq!(key.label.name(), name);
        assert_eq!(key.random, [7; 32]);
        assert_eq!(key.secret.bytes(), vec![0x5a; len]);
    }
    let spaced = line("CLIENT_RANDOM", 7, 48).to_uppercase() + "\r\n";
    assert_eq!(parse(&spaced).unwrap().unwrap().label, Label::Master);
    for ignored in [
        "",
        "# SSL/TLS secrets log file",
        &line("EXPORTER_SECRET", 1, 32),
        &line("EARLY_EXPORTER_SECRET", 1, 48),
        "RSA 0102030405060708 5a5a",
    ] {
        assert_eq!(parse(ignored), Ok(None), "{ignored}");
    }
}

#[test]
fn cap_f_26a_bad_lines_are_told_apart_and_counted() {
    let cases = [
        ("CLIENT_RANDOM", BadLine::Shape),
        ("hello my world", BadLine::Shape),
        ("CLIENT_RANDOM 00 5a", BadLine::Random),
        (&line("CLIENT_RANDOM", 1, 32), BadLine::Secret),
        (&line("SERVER_TRAFFIC_SECRET_0", 1, 33), BadLine::Secret),
        (&line("SERVER_TRAFFIC_SECRET_0", 1, 65), BadLine::Secret),
        (&"A".repeat(600), BadLine::TooLong),
    ];
    let mut store = Store::new(1 << 20);
    for (text, why) in &cases {
        assert_eq!(parse(text), Err(*why), "{text}");
        store.add(&[KeyLine { text: (*text).to_owned() }]);
    }
    assert_eq!(store.invalid(), cases.len() as u64);
    assert!(store.is_empty() && store.is_in_use());
}

#[test]
fn cap_n_20b_the_store_is_bounded_and_the_oldest_go() {
    let mut store = Store::new(20_000);
    for random in 0..=255 {
        store.add(&[key("CLIENT_RANDOM", random, 48), key("CLIENT_RANDOM", random, 48)]);
        assert!(store.heap() <= 20_000);
    }
    assert!(store.find(&[0; 32]).is_none());
    assert!(store.find(&[255; 32]).unwrap().get(Label::Master).is_some());
    assert!(store.find(&[255; 32]).unwrap().get(Label::ClientTraffic).is_none());
}

#[test]
fn cap_n_20c_only_lines_that_were_used_are_told_and_once() {
    let mut store = Store::new(1 << 20);
    store.add(&[
        key("CLIENT_RANDOM", 1, 48),
        key("CLIENT_TRAFFIC_SECRET_0", 2, 32),
        key("SERVER_TRAFFIC_SECRET_0", 2, 32),
    ]);
    store.mark_used(&[2; 32]);
    let mut out = Zeroizing::new(Vec::new());
    store.drain_used(&mut out);
    let expected = format!("{}\n{}\n", line("CLIENT_TRAFFIC_SECRET_0", 2, 32), line("SERVER_TRAFFIC_SECRET_0", 2, 32));
    assert_eq!(String::from_utf8_lossy(&out), expected);
    store.mark_used(&[2; 32]);
    let mut again = Zeroizing::new(Vec::new());
    store.drain_used(&mut again);
    assert!(again.is_empty());
}

#[test]
fn cap_n_20d_no_secret_is_ever_printed() {
    let key_line = key("CLIENT_RANDOM", 1, 48);
    let key = parse(&key_line.text).unwrap().unwrap();
    let mut store = Store::new(1 << 20);
    store.add(std::slice::from_ref(&key_line));
    let shown = format!("{key:?} {store:?} {:?} {key_line:?}", store.find(&[1; 32]));
    assert!(!shown.to_lowercase().contains("5a5a") && !shown.contains("90, 90"), "{shown}");
}

proptest! {
    #[test]
    fn a_line_of_any_text_never_panics(text in "\\PC{0,200}", tail in "[0-9a-fA-F ]{0,200}") {
        let _ = parse(&text);
        let _ = parse(&format!("CLIENT_RANDOM {tail}"));
    }
}
