#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Kubeconfig;
use crate::address;
use proptest::prelude::*;

const WHOLE: &str = r#"apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {cluster: near, user: me, namespace: shop}
- name: two
  context: {cluster: far, user: robot}
clusters:
- name: near
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: AAAA, tls-server-name: near.example}
- name: far
  cluster: {server: "https://[::1]:6443/prefix", insecure-skip-tls-verify: true, proxy-url: "socks5://127.0.0.1:1"}
users:
- name: me
  user: {client-certificate-data: AAAA, client-key-data: AAAA}
- name: robot
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, args: [a], env: [{name: A, value: b}]}
preferences: {}
"#;

/// Reads a text as far as it goes: nothing of it may panic, and what is refused says where.
fn read_all(bytes: &[u8]) -> usize {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    match Kubeconfig::read(&[file.path().to_owned()]) {
        Ok(config) => {
            let contexts = config.contexts();
            let _chosen = config.choose(None);
            for context in &contexts {
                let _address = address::read(&config.inner, &context.name);
            }
            assert!(!format!("{config:?}").contains("client-key-data"));
            contexts.len()
        }
        Err(error) => {
            assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
            0
        }
    }
}

#[test]
fn ex_05b_a_whole_file_is_read() {
    assert_eq!(read_all(WHOLE.as_bytes()), 2);
}

proptest! {
    #[test]
    fn ex_05b_a_damaged_file_is_read_or_refused_with_its_place(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_all(&bytes);
    }

    #[test]
    fn ex_05b_any_mix_of_words_is_read_or_refused_with_its_place(words in prop::collection::vec(
        prop::sample::select(vec![
            "contexts:", "clusters:", "users:", "- name: a", "  context:", "    cluster: a", "  cluster: {server: ", "}", "&a", "*a",
            "exec:", "current-context: a", "[", "]", "{", "\n", "\t", "? ", "| ", "!!binary ", "<<: *a", "null", "\"", "https://[", "é",
        ]), 0..40))
    {
        read_all(words.join("\n").as_bytes());
    }
}

#[test]
fn ex_04e_a_kubeconfig_that_is_text_names_neither_programs_nor_files() {
    let plain = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: far, context: {cluster: c, user: u}}]\n";
    assert_eq!(Kubeconfig::parse(plain).unwrap().contexts()[0].name, "far");
    for (from, to) in [
        ("token: t", "exec: {command: touch}"),
        ("token: t", "auth-provider: {name: oidc}"),
        ("token: t", "tokenFile: /etc/hostname"),
        ("token: t", "client-certificate: /etc/hostname"),
        ("token: t", "client-key: /etc/hostname"),
        ("server:", "certificate-authority: /etc/hostname, server:"),
        ("contexts", "others"),
    ] {
        let error = Kubeconfig::parse(&plain.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains("the pasted kubeconfig"), "{to}: {error}");
    }
}

#[test]
fn a_pod_reaches_its_own_cluster_by_its_service_account() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Kubeconfig::of_account("10.0.0.1", "443", folder.path()).is_none(), "no account is mounted");
    for (name, text) in [("ca.crt", "x"), ("token", "t"), ("namespace", "team\n")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let kubeconfig = Kubeconfig::of_account("fd00::1", "6443", folder.path()).unwrap();
    let context = kubeconfig.choose(None).unwrap();
    assert_eq!((context.name.as_str(), context.server.as_str()), ("in-cluster", "https://[fd00::1]:6443"));
    assert_eq!(context.namespace.as_deref(), Some("team"));
}
