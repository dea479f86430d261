#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Opener, Sealed, Suite};
use crate::{keylog::Secret, tls::names};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn open(secret: &str, seq: u64, record: &str) -> Option<(u8, Vec<u8>)> {
    let suite = Suite::of(0x1301).unwrap();
    let opener = Opener::of_traffic(suite, &Secret::new(&unhex(secret)).unwrap()).unwrap();
    let record = unhex(record);
    let sealed = Sealed { kind: record[0], version: 0x0303, body: &record[5..] };
    let mut out = Vec::new();
    opener.open(seq, &sealed, &mut out).map(|(kind, range)| (kind, out[range].to_vec()))
}

/// RFC 8448 section 3: the client's Finished, and the data of both sides.
#[test]
fn cap_n_20o_records_of_rfc_8448() {
    let handshake = "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21";
    let finished = "1703030035 75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb3\
        84bd1caeacab6867d726c40546";
    let (kind, message) = open(handshake, 0, finished).unwrap();
    assert_eq!(kind, 22);
    assert_eq!(message, unhex("14000020 a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"));
    assert!(open(handshake, 1, finished).is_none());

    let text: Vec<u8> = (0..50).collect();
    let client = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
    let data = "1703030043 a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e\
        2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";
    assert_eq!(open(client, 0, data), Some((23, text.clone())));
    let server = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
    let data = "1703030043 2e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59\
        a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d";
    // The first record under this key was the server's ticket.
    assert_eq!(open(server, 1, data), Some((23, text)));
    assert!(open(client, 1, data).is_none());
}

#[test]
fn cap_n_21c_every_suite_is_opened_or_said_not_to_be() {
    let mut opened: Vec<&str> = (0..=u16::MAX)
        .filter(|code| Suite::of(*code).is_some())
        .filter_map(names::cipher)
        .filter(|name| !name.contains("NULL"))
        .collect();
    opened.sort_unstable();
    assert!(opened.len() > 100, "{}", opened.len());
    for name in &opened {
        assert!(name.contains("AES") || name.contains("CHACHA20"), "{name}");
    }
    for closed in
        ["TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256"]
    {
        assert!(!opened.contains(&closed));
    }
}

#[test]
fn a_secret_of_another_length_makes_no_key() {
    let secret = Secret::new(&[7; 32]).unwrap();
    assert!(Opener::of_traffic(Suite::of(0x1301).unwrap(), &secret).is_some());
    assert!(Opener::of_traffic(Suite::of(0x1302).unwrap(), &secret).is_none());
}
