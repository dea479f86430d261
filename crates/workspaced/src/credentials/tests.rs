#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::*;

#[test]
fn ac_74a_each_program_is_answered_in_its_own_words() {
    let asked = wanted("protocol=https\nhost=git.example.org\npath=a/b\npassword=x\n\nusername=late\n");
    assert_eq!(asked, json!({ "service": "git", "protocol": "https", "host": "git.example.org", "path": "a/b" }));
    let told = json!({
        "username": "anna", "secret": "s\npassword=evil", "host": "registry.example.org", "expires_ms": 1_700_000_000_999_u64,
        "expires": "2023-11-14T22:13:20Z",
    });
    assert_eq!(git(&told), "username=anna\npassword=spassword=evil\npassword_expiry_utc=1700000000\n");
    let told_engine: Value = serde_json::from_str(&engine(&told)).unwrap();
    assert_eq!(told_engine["ServerURL"], "registry.example.org");
    let credential: Value = serde_json::from_str(&kubectl(&told)).unwrap();
    assert_eq!(credential["status"]["expirationTimestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(credential["kind"], "ExecCredential");
    assert!(kubectl(&json!({ "secret": "t" })).contains(r#""status":{"token":"t"}"#));
}
