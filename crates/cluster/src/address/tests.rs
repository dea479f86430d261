#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{decode, read};
use base::Coded;

fn error(text: &str) -> String {
    let kubeconfig = kube::config::Kubeconfig::from_yaml(text).unwrap();
    let error = read(&kubeconfig, "a").err().expect("it is refused");
    assert_eq!(error.code().as_str(), "kubeconfig_invalid");
    error.to_string()
}

fn with(cluster: &str, user: &str) -> String {
    format!(
        "contexts: [{{name: a, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

#[test]
fn what_cannot_be_used_is_said_in_words() {
    for (cluster, user, says) in [
        ("", "", "no server address"),
        ("server: 'ssh://x'", "", "not an http or https URL"),
        ("server: 'https://x', certificate-authority-data: '%%'", "", "not base64"),
        ("server: 'https://x', certificate-authority-data: 'aGVsbG8='", "", "no certificate in it"),
        ("server: 'https://x', certificate-authority: /nowhere/ca.crt", "", "/nowhere/ca.crt"),
        ("server: 'https://x'", "as-groups: [g]", "no `as`"),
        ("server: 'https://x'", "auth-provider: {name: azure}", "exec plugin"),
    ] {
        let error = error(&with(cluster, user));
        assert!(error.contains(says), "{cluster} {user}: {error}");
    }
    assert!(error("contexts: [{name: a, context: {cluster: c, user: u}}]").contains("no cluster \"c\""));
    let one =
        "contexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'http://x'}}]";
    assert!(error(one).contains("no user \"u\""));
}

#[test]
fn a_server_without_a_scheme_is_https_where_certificates_are_spoken_of() {
    let url = |cluster: &str| {
        let kubeconfig = kube::config::Kubeconfig::from_yaml(&with(cluster, "")).unwrap();
        read(&kubeconfig, "a").unwrap().config.cluster_url.to_string()
    };
    assert_eq!(url("server: 'h:6443', insecure-skip-tls-verify: true"), "https://h:6443/");
    assert_eq!(url("server: 'h:8080'"), "http://h:8080/");
    assert_eq!(url("server: 'https://h/k8s/clusters/c-1'"), "https://h/k8s/clusters/c-1");
}

#[test]
fn base64_with_line_breaks_is_base64() {
    assert_eq!(decode("aGVs\n bG8=\n").unwrap(), b"hello");
}
