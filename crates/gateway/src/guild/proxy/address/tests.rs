#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Address, Whom, is_of, read};
use base::ClusterName;
use serde_json::json;

fn port(host: &str, port: u16, path: &str) -> Address {
    Address { whom: Whom::Port(host.to_owned(), port), path: path.to_owned() }
}

#[test]
fn gn_10b_the_three_forms_mean_a_workspace_or_a_port_and_a_path() {
    let server = |id: &str, path: &str| Address { whom: Whom::Server(id.to_owned()), path: path.to_owned() };
    let table = [
        ("/proxy/server/w", "", server("w", "/")),
        ("/proxy/server/w/", "", server("w", "/")),
        ("/proxy/server/w/a%20b/c", "x=1&path=2", server("w", "/a%20b/c?x=1&path=2")),
        ("/proxy/w:80", "", port("w", 80, "/")),
        ("/proxy/w%3A80/a", "to=1", port("w", 80, "/a?to=1")),
        ("/proxy", "to=w:80", port("w", 80, "/")),
        ("/proxy/", "to=W.ns.svc%3A8080&path=%2Fa%3Fb%3D1&c=2&scheme=https&d", port("w.ns.svc", 8080, "/a?b=1&c=2&d")),
        ("/proxy", "b=2&to=10.0.0.1:80&a=1&path=x", port("10.0.0.1", 80, "/x?b=2&a=1")),
        ("/proxy", "to=[::1]:80", port("::1", 80, "/")),
        ("/proxy/server/w//evil.test", "", server("w", "/evil.test")),
        ("/proxy", "to=w:80&path=%5C%5Cevil.test", port("w", 80, "/evil.test")),
        ("/proxy", "to=w:80&path=/a%0d%0ab", port("w", 80, "/a%0D%0Ab")),
    ];
    for (path, query, address) in table {
        assert_eq!(read(path, query).unwrap(), address, "{path}?{query}");
    }
}

#[test]
fn gn_10c_what_is_no_host_and_port_is_refused() {
    assert_eq!(read("/proxy", "").unwrap_err().code(), "missing_target");
    assert_eq!(read("/proxy/server", "").unwrap_err().code(), "missing_target");
    assert_eq!(read("/proxy", "to=w:80&scheme=file").unwrap_err().code(), "invalid_target");
    for to in [
        "w",
        "w:",
        ":80",
        "w:0",
        "w:080",
        "w:+80",
        "w:65536",
        "w:80:80",
        "u@w:80",
        "u:p@w:80",
        "http://w:80",
        "//w:80",
        "w/x:80",
        "..:80/",
        "w%00:80",
        "w%2580:80",
        "w\\x:80",
        "[::1:80",
        "[w]:80",
        "::1:80",
        "w:8%30x",
        "w:٣",
        "w_x:80",
        "ẁ:80",
        "w#x:80",
        "w?x:80",
        "w%20:80",
    ] {
        let wrong = read("/proxy", &format!("to={to}")).unwrap_err();
        assert_eq!(wrong.code(), "invalid_target", "{to}");
    }
}

#[test]
fn gn_10d_a_host_is_a_workspace_by_its_names_and_the_address_of_its_pod_alone() {
    let object = json!({
        "metadata": { "name": "w", "namespace": "ns" }, "spec": { "owner": "ada", "org": "lab" },
        "status": { "canonicalID": "ada-w", "serviceDNS": "ada-w.ns.svc.cluster.local", "pod": { "name": "w", "ip": "10.1.2.3" } },
    });
    let one = workspace::about::whole(&ClusterName::new("c"), &object);
    for host in ["w", "w.ns", "w.ns.svc", "ada-w", "ada-w.ns", "ada-w.ns.svc.cluster.local", "10.1.2.3"] {
        assert!(is_of(host, &one), "{host}");
    }
    for host in [
        "",
        ".",
        "x",
        "w.",
        "w.other",
        "w.ns.svc.evil.test",
        "ww",
        "w.ns.svc.",
        "10.1.2.4",
        "167838211",
        "0x0a010203",
        "012.1.2.3",
        "10.1.515",
        "127.0.0.1",
        "169.254.169.254",
        "kubernetes.default.svc",
        "localhost",
        "::1",
    ] {
        assert!(!is_of(host, &one), "{host}");
    }
    let bare = json!({ "metadata": { "name": "w", "namespace": "ns" }, "spec": {} });
    let bare = workspace::about::whole(&ClusterName::new("c"), &bare);
    assert!(!is_of("", &bare) && !is_of(".ns", &bare));
}
