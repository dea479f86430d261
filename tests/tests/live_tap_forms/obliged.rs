//! What rules of the configuration oblige taps to, whatever was asked for.

use e2e::tapped::{Namespace, journal, qd};
use e2e::tapping::{Tapping, alone};
use e2e::{errors, kubeconfig};
use serde_json::Value;
use std::time::{Duration, Instant};

/// In this home, taps have to keep these rules.
fn rules(home: &std::path::Path, text: &str) {
    let folder = home.join(".config/quarterdeck");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

#[test]
fn cap_f_04f_what_the_configuration_obliges_to_is_said_and_kept_by_the_agent_whatever_is_asked_for() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let namespace = Namespace::plain("tap-obliged");
    rules(
        home.path(),
        "[[policy.tap]]\nname = \"quiet\"\nnamespaces = [\"tap-obliged\"]\nheaders_only = true\nredact = true\n\
         [[policy.tap]]\nname = \"short\"\nmax_seconds = 8\n[[policy.tap]]\nname = \"else\"\nnamespaces = [\"else\"]\npackets = \"none\"\n",
    );
    let file = home.path().join("all.pcapng");
    let began = Instant::now();
    let words = ["-n", namespace.name(), "--no-redact", "--packets", "full", "--write", file.to_str().unwrap()];
    let tapping = Tapping::start(home.path(), &words);
    namespace.ask("/obliged?token=canary-query");
    let seen = tapping.wait(1, |record| record["kind"] == "http" && record["path"] == "/obliged");
    let text = seen[0].to_string();
    assert!(!text.contains("canary-query"), "{text}");
    assert_eq!(
        (&seen[0]["response"]["body"], &seen[0]["response"]["body_b64"]),
        (&Value::Null, &Value::Null),
        "{text}"
    );
    let said = tapping.said();
    let policy = said.lines().find(|line| line.starts_with("policy obliges this tap")).unwrap_or_default();
    for word in ["no bodies and no payload", "secrets are redacted", "it ends after 8 s"] {
        assert!(policy.contains(word), "{said}");
    }
    // By its agents, without anybody's Ctrl-C.
    assert_eq!(tapping.ended(), Some(0));
    assert!(began.elapsed() >= Duration::from_secs(8));
    // Of packets headers alone have left the pod.
    let packets = std::fs::read(&file).unwrap();
    assert!(packets.len() > 500);
    let has = |word: &[u8]| packets.windows(word.len()).any(|window| window == word);
    assert!(!has(b"canary-query") && !has(b"HTTP/1.1"), "payload has left");
    assert!(has(b"secrets redacted") && !has(b"secrets shown"), "the file says what it has");
    let decided = Value::from(journal(home.path(), "tap:start")).to_string();
    assert!(decided.contains("\"rule\":\"tap.quiet+short\"") && decided.contains("\"headers_only\":true"), "{decided}");
}

#[test]
fn cap_f_04g_a_rule_on_taps_that_cannot_be_is_named_before_anything_is_done() {
    let home = tempfile::tempdir().unwrap();
    rules(home.path(), "[[policy.tap]]\nname = \"empty\"\n");
    let output = qd(home.path(), &kubeconfig(), &["tap", "-n", "shop", "--duration", "1"]);
    assert!(!output.status.success());
    assert!(errors(&output).contains("empty obliges to nothing"), "{}", errors(&output));
}
