#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Certificate, day, from_pem, rfc3339_ms};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use std::sync::LazyLock;

static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| made().1);

fn made() -> (String, Vec<u8>) {
    let mut params = CertificateParams::new(vec!["a.example".to_owned(), "::1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "Deck");
    params.not_before = date_time_ymd(1999, 12, 31);
    params.not_after = date_time_ymd(2052, 3, 1);
    let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    (made.pem(), made.der().to_vec())
}

#[test]
fn a_certificate_says_subject_names_and_dates() {
    let (pem, der) = made();
    assert_eq!(from_pem(format!("words\n{pem}more{pem}").as_bytes()), [der.clone(), der.clone()]);
    let certificate = Certificate::read(&der).unwrap();
    assert_eq!(certificate.names, ["a.example", "::1"]);
    assert!(certificate.subject.contains("O=Deck"), "{}", certificate.subject);
    assert_eq!(
        (day(certificate.not_before_ms), day(certificate.not_after_ms)),
        ("1999-12-31".into(), "2052-03-01".into())
    );
}

#[test]
fn damaged_certificates_are_none_and_never_a_panic() {
    let (_, der) = made();
    for end in 0..der.len() {
        let _ = Certificate::read(&der[..end]);
    }
    for at in 0..der.len() {
        for value in [0, 0x30, 0x7f, 0x80, 0x84, 0xff] {
            let mut damaged = der.clone();
            damaged[at] = value;
            let _ = Certificate::read(&damaged);
        }
    }
    assert_eq!(Certificate::read(b""), None);
}

#[test]
fn times_with_zones_and_fractions() {
    assert_eq!(rfc3339_ms("1970-01-02T00:00:00Z"), Some(86_400_000));
    assert_eq!(rfc3339_ms("2024-02-29T12:30:00.123456Z"), Some(1_709_209_800_000));
    assert_eq!(rfc3339_ms("2024-02-29T14:30:00+02:00"), Some(1_709_209_800_000));
    for wrong in ["", "2024-02-29", "2024-02-29T12:30:00", "2024-02-29T12:30:00+2", "x024-02-29T12:30:00Z"] {
        assert_eq!(rfc3339_ms(wrong), None, "{wrong}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_certificate_or_none(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at: proptest::sample::Index, byte: u8) {
        let _read = Certificate::read(&bytes).map(|certificate| certificate.words());
        let _blocks = from_pem(&bytes);
        let mut der = MADE.clone();
        let at = at.index(der.len());
        der[at] = byte;
        let _read = Certificate::read(&der).map(|certificate| certificate.words());
        der.truncate(at);
        let _read = Certificate::read(&der).map(|certificate| certificate.words());
    }
}
