use super::*;

#[test]
fn cap_37a_tables_are_sorted_and_names_are_found() {
    for table in [CIPHERS, GROUPS, SCHEMES] {
        assert!(table.is_sorted_by(|one, two| one.0 < two.0));
        assert!(table.iter().all(|(code, _)| !is_grease(*code)));
    }
    assert!(CIPHERS.len() >= 350, "{}", CIPHERS.len());
    assert_eq!(cipher(0x1301), Some("TLS_AES_128_GCM_SHA256"));
    assert_eq!(cipher(0xc02f), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    assert_eq!(cipher(0xcca8), Some("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
    assert_eq!(cipher(0x0a0a), None);
    assert_eq!(group(4588), Some("X25519MLKEM768"));
    assert_eq!(scheme(0x0804), Some("rsa_pss_rsae_sha256"));
}

#[test]
fn cap_37b_grease_is_known() {
    let all: Vec<u16> = (0..=u16::MAX).filter(|code| is_grease(*code)).collect();
    assert_eq!(all.len(), 16);
    assert_eq!(all.first(), Some(&0x0a0a));
    assert_eq!(all.last(), Some(&0xfafa));
}
