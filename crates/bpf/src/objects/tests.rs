#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::{Error, Filter, Options};
use base::Coded;
use pcap::LinkType;

/// A cluster of two namespaces.
struct Cluster;

impl Resolve for Cluster {
    fn addresses(&self, object: &Object) -> Result<Vec<IpAddr>, String> {
        let texts: &[&str] = match object.to_string().as_str() {
            "pod front-1" | "pod shop/front-1" => &["10.0.0.1"],
            "svc cart" => &["10.96.0.7", "10.0.0.2", "10.0.0.3"],
            "workload deployment/front" | "workload shop/deployment/front" => &["fd00::1", "10.0.0.1"],
            "workload job/idle" | "pod tcp" => &[],
            other => return Err(format!("there is no {other}")),
        };
        Ok(texts.iter().map(|text| text.parse().unwrap()).collect())
    }
}

fn compile(text: &str) -> Result<Filter, Error> {
    Filter::compile_with(text, Options::new(LinkType::ETHERNET), &Cluster)
}

#[test]
fn cap_n_11k_objects_are_hosts_of_all_their_addresses() {
    for (named, written) in [
        ("pod front-1", "host 10.0.0.1"),
        ("pod shop/front-1 and tcp port 80", "host 10.0.0.1 and tcp port 80"),
        ("tcp port 80 or pod front-1", "tcp port 80 or host 10.0.0.1"),
        ("tcp port 80 or 443 and not src pod front-1", "tcp port 80 or 443 and not src host 10.0.0.1"),
        ("dst svc cart", "dst host (10.0.0.2 or 10.0.0.3 or 10.96.0.7)"),
        ("(svc cart) and (pod front-1)", "(host 10.0.0.2 or 10.0.0.3 or 10.96.0.7) and (host 10.0.0.1)"),
        ("src or dst pod front-1", "src or dst host 10.0.0.1"),
        ("workload deploy/front", "host 10.0.0.1 or host fd00::1"),
        ("ip workload shop/deployments/front", "ip host 10.0.0.1"),
        ("ip6 workload deploy/front", "ip6 host fd00::1"),
        ("workload job/idle or icmp", "host 100:: or icmp"),
        ("pod tcp or icmp", "host 100:: or icmp"),
        ("ip pod tcp or icmp", "ip host 240.0.0.0 or icmp"),
    ] {
        let (named, written) = (compile(named).unwrap_or_else(|error| panic!("{named}: {error}")), written);
        assert_eq!(named.program(), compile(written).unwrap().program(), "{written}");
    }
}

#[test]
fn cap_n_11l_an_unknown_object_is_told_with_its_place() {
    let error = compile("tcp and\n not svc carts").unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.position().map(|at| (at.line, at.column))),
        ("filter_host_unknown", Some((2, 10)))
    );
    assert_eq!(error.to_string(), "line 2, column 10: `svc carts`: there is no svc carts");
    for (text, column, words) in [
        ("pod", 4, "NAME"),
        ("pod or icmp", 5, "NAME"),
        ("workload front", 10, "deploy/NAME"),
        ("workload cow/front", 10, "deploy/NAME"),
        ("svc a/b/c", 5, "NAMESPACE/NAME"),
        ("tcp pod front-1", 5, "has not an IPv4"),
        ("host pod", 6, "not looked up"),
    ] {
        let error = compile(text).unwrap_err();
        assert_eq!(error.position().unwrap().column, column, "{text}: {error}");
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
    // without a cluster, the words are known and the objects are not
    let error = Filter::compile("pod front-1", Options::new(LinkType::ETHERNET)).unwrap_err();
    assert!(matches!(&error, Error::ObjectUnknown { .. }) && error.to_string().contains("running pods"), "{error}");
}

#[test]
fn cap_n_11m_the_objects_of_a_text_are_told() {
    let all: Vec<String> = crate::objects("pod a or (svc b/c and not workload sts/d) or src pod a")
        .iter()
        .map(Object::to_string)
        .collect();
    assert_eq!(all, ["pod a", "svc b/c", "workload statefulset/d"]);
    assert_eq!(crate::objects("tcp port 80"), []);
    assert_eq!(crate::objects("pod"), []);
}
