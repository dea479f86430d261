#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::choose;

fn chosen(own: Option<&str>, server: &str, environment: &[(&str, &str)]) -> Result<Option<String>, String> {
    let read = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    choose(own, &server.parse().unwrap(), read).map(|uri| uri.map(|uri| uri.to_string()))
}

#[test]
fn the_kubeconfig_comes_before_the_environment() {
    let environment = [("HTTPS_PROXY", "http://other:1"), ("NO_PROXY", "*")];
    assert_eq!(chosen(Some("http://own:3128"), "https://a", &environment), Ok(Some("http://own:3128/".into())));
    assert_eq!(chosen(Some("socks5h://own:1080"), "https://a", &[]), Ok(Some("socks5://own:1080/".into())));
}

#[test]
fn the_environment_as_go_reads_it() {
    let proxy = ("HTTPS_PROXY", "proxy:3128");
    assert_eq!(chosen(None, "https://k8s.corp:6443", &[proxy]), Ok(Some("http://proxy:3128/".into())));
    assert_eq!(chosen(None, "http://k8s.corp", &[proxy]), Ok(None), "plain HTTP asks HTTP_PROXY");
    assert_eq!(chosen(None, "https://127.0.0.1:6443", &[proxy]), Ok(None), "loopback never");
    for (list, spared) in [
        ("corp", true),
        (".corp", true),
        ("*.corp", true),
        ("k8s.corp:6443", true),
        ("k8s.corp:443", false),
        ("s.corp", false),
        ("other,, corp", true),
        ("*", true),
    ] {
        let found = chosen(None, "https://k8s.corp:6443", &[proxy, ("no_proxy", list)]).unwrap();
        assert_eq!(found.is_none(), spared, "{list}");
    }
    let found = |list| chosen(None, "https://10.3.4.5:6443", &[proxy, ("NO_PROXY", list)]).unwrap();
    assert!(found("10.0.0.0/8").is_none() && found("10.3.4.5").is_none() && found("11.0.0.0/8").is_some());
}

#[test]
fn what_cannot_be_used_is_refused_without_showing_a_password() {
    let error = chosen(Some("socks5://me:canary@own:1080"), "https://a", &[]).unwrap_err();
    assert!(error.contains("SOCKS") && !error.contains("canary"), "{error}");
    assert!(chosen(Some("ftp://own"), "https://a", &[]).unwrap_err().contains("must begin with"));
    assert!(chosen(Some("own:3128"), "https://a", &[]).unwrap_err().contains("must begin with"));
}
