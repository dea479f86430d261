#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::super::index::PodIn;
use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn index() -> Index {
    let mut index = Index::default();
    let list = index.begin();
    for (ns, name, workload, ips) in [
        ("shop", "front-1", "deployment/front", vec!["10.0.0.1", "fd00::1"]),
        ("shop", "front-2", "deployment/front", vec!["10.0.0.2"]),
        ("data", "front-1", "statefulset/front", vec!["10.0.1.1"]),
        ("data", "redis-0", "statefulset/redis", vec!["10.0.1.2"]),
    ] {
        let ips: Vec<IpAddr> = ips.into_iter().map(ip).collect();
        let uid = format!(
            "{:032x}",
            u128::from_be_bytes(ips[0].to_canonical().to_string().repeat(16).as_bytes()[..16].try_into().unwrap())
        );
        index.put_pod(list, &ips, PodIn { ns, name, uid: &uid, node: "node1", workload });
    }
    index.put_service(list, &[ip("10.96.0.7")], "shop", "front");
    index.put_slice(list, "shop", "front-abc", "front", vec![ip("10.0.0.1"), ip("10.0.0.2")]);
    // without an address of its own
    index.put_slice(list, "data", "redis-abc", "redis", vec![ip("10.0.1.2")]);
    index
}

#[test]
fn cap_n_11n_pods_services_and_workloads_have_the_addresses_of_now() {
    let mut index = index();
    let of = |index: &Index, text: &str| {
        let object = bpf::objects(text).remove(0);
        find(index, &object, &["shop".to_owned()]).map(|mut ips| {
            ips.sort_unstable();
            ips.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" ")
        })
    };
    for (text, ips) in [
        ("pod front-1", Some("10.0.0.1 fd00::1")),
        ("pod data/front-1", Some("10.0.1.1")),
        ("pod redis-0", Some("10.0.1.2")),
        ("pod shop/redis-0", None),
        ("workload deploy/front", Some("10.0.0.1 10.0.0.2 fd00::1")),
        ("workload sts/front", Some("10.0.1.1")),
        ("svc front", Some("10.0.0.1 10.0.0.2 10.96.0.7")),
        ("svc redis", Some("10.0.1.2")),
        ("svc cart", None),
    ] {
        assert_eq!(of(&index, text).as_deref(), ips, "{text}");
    }
    index.put_slice(2, "shop", "front-abc", "front", vec![ip("10.0.0.9")]);
    index.drop_pod(&[ip("10.0.0.2")], None);
    assert_eq!(of(&index, "svc front").as_deref(), Some("10.0.0.9 10.96.0.7"));
    assert_eq!(of(&index, "workload deploy/front").as_deref(), Some("10.0.0.1 fd00::1"));
}
