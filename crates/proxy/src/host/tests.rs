#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{AppHost, Domain, Service};

#[test]
fn wx_03a_hosts_of_apps_name_a_port_or_an_app_and_a_workspace() {
    let domain = Domain { name: "localhost".to_owned(), port: Some(5050), secure: false };
    let app = |service, route: &str| Some(AppHost { service, route: route.to_owned() });
    assert_eq!(domain.read("3000--w-abc.localhost:5050"), app(Service::Port(3000), "w-abc"));
    assert_eq!(domain.read("IDE--W-abc.LOCALHOST:5050"), app(Service::App("ide".to_owned()), "w-abc"));
    for host in [
        "localhost:5050",
        "qd.localhost:5050",
        "3000--w.localhost",
        "3000--w.localhost:5051",
        "3000--w.localhost.:5050",
        "3000--w.example.com:5050",
        "a.3000--w.localhost:5050",
        "--w.localhost:5050",
        "3000--.localhost:5050",
        "0--w.localhost:5050",
        "03000--w.localhost:5050",
        "70000--w.localhost:5050",
        "3000--w_x.localhost:5050",
        "3000--w.localhost:+5050",
        "3000--w.localhost:5050 ",
        "3000--w.localhost:5050@x",
    ] {
        assert_eq!(domain.read(host), None, "{host}");
    }
    let domain = Domain { name: "apps.example.com".to_owned(), port: None, secure: true };
    let ide = domain.read("ide--w.apps.example.com:443").unwrap();
    assert_eq!(domain.host(&ide), "ide--w.apps.example.com");
    assert_eq!(domain.read("ide--w.apps.example.com:80"), None);
    assert_eq!(domain.origins(), "https://*.apps.example.com");
    assert_eq!(domain.alias("Wiki.apps.example.com").as_deref(), Some("wiki"));
    assert_eq!(domain.host_of("wiki"), "wiki.apps.example.com");
    for host in [
        "apps.example.com",
        "a.b.apps.example.com",
        "ide--w.apps.example.com",
        "-x.apps.example.com",
        "wiki.apps.example.com:80",
    ] {
        assert_eq!(domain.alias(host), None, "{host}");
    }
    let desk = Domain { name: "localhost".to_owned(), port: Some(5050), secure: false };
    assert_eq!(desk.origins(), "http://*.localhost:5050");
}
