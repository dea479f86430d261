#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Index, PodIn};
use crate::names::Named;
use std::net::{IpAddr, Ipv4Addr};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn front<'a>(name: &'a str, uid: &'a str) -> PodIn<'a> {
    PodIn { ns: "shop", name, uid, node: "n1", workload: "deployment/front" }
}

fn named(index: &Index, address: &str) -> Option<Named> {
    index.find(ip(address)).map(Named::from)
}

const A: &str = "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a01";
const B: &str = "2f9c1b6e-0d3a-4c55-9d5b-0b4f4f1f0a02";

#[test]
fn cap_41a_an_address_is_a_pods_a_services_or_a_nodes() {
    let mut index = Index::default();
    let list = index.begin();
    index.put_pod(list, &[ip("10.1.0.8"), ip("fd00::8")], front("front-1", A));
    index.put_slice(list, "shop", "front-x", "front", vec![ip("10.1.0.8")]);
    index.put_service(list, &[ip("10.96.0.1")], "shop", "front");
    index.put_node(list, &[ip("192.168.0.1")], "n1");
    let own = |text: &str| Some(text.to_owned());
    let pod = Named {
        name: "shop/front-1".to_owned(),
        ns: own("shop"),
        pod: own("front-1"),
        uid: own(A),
        workload: own("deployment/front"),
        service: own("front"),
        node: own("n1"),
    };
    assert_eq!(named(&index, "10.1.0.8"), Some(pod.clone()));
    assert_eq!(named(&index, "::ffff:10.1.0.8"), Some(pod));
    assert_eq!(named(&index, "fd00::8").unwrap().pod, own("front-1"));
    let service = named(&index, "10.96.0.1").unwrap();
    assert_eq!((service.name.as_str(), service.service, service.pod), ("shop/front", own("front"), None));
    assert_eq!(named(&index, "192.168.0.1").unwrap(), Named { name: "n1".into(), node: own("n1"), ..Named::default() });
    assert_eq!(named(&index, "10.1.0.9"), None);
}

#[test]
fn cap_41b_an_address_that_goes_to_another_pod_is_the_others() {
    let mut index = Index::default();
    let list = index.begin();
    index.put_pod(list, &[ip("10.1.0.8"), ip("fd00::8")], front("front-1", A));
    // The end of the first comes after the beginning of the second.
    index.put_pod(list, &[ip("10.1.0.8")], front("front-2", B));
    assert_eq!(named(&index, "10.1.0.8").unwrap().uid.as_deref(), Some(B));
    assert_eq!(named(&index, "fd00::8"), None, "no address is left to a pod that is not there");
    index.drop_pod(&[ip("10.1.0.8"), ip("fd00::8")], Some(A));
    assert_eq!(named(&index, "10.1.0.8").unwrap().uid.as_deref(), Some(B));
    index.drop_pod(&[ip("10.1.0.8")], Some(B));
    assert_eq!(named(&index, "10.1.0.8"), None);
}

#[test]
fn cap_41c_what_a_new_list_does_not_bring_is_gone_and_leaves_nothing() {
    let mut index = Index::default();
    let list = index.begin();
    index.put_pod(list, &[ip("10.1.0.1")], front("front-1", A));
    index.put_pod(list, &[ip("10.1.0.2")], PodIn { ns: "jobs", ..front("front-2", B) });
    index.put_service(list, &[ip("10.96.0.1")], "shop", "front");
    index.put_slice(list, "shop", "front-x", "front", vec![ip("10.1.0.1")]);
    index.put_node(list, &[ip("192.168.0.1")], "n1");
    let list = index.begin();
    // The list of one namespace says nothing of another.
    index.end_pods(list, Some("shop"));
    assert!(named(&index, "10.1.0.1").is_none() && named(&index, "10.1.0.2").is_some());
    index.end_pods(list, None);
    index.end_services(list, None);
    index.end_slices(list, None);
    index.end_nodes(list);
    assert!(index.is_empty());
    assert_eq!(index.words.len(), 0, "words are let go of");
    // Places are used again.
    let places = index.pods.len();
    index.put_pod(list, &[ip("10.1.0.1")], front("front-1", A));
    assert_eq!(index.pods.len(), places);
}

#[test]
fn cap_41d_a_service_that_changes_its_address_leaves_the_old_one() {
    let mut index = Index::default();
    index.put_service(1, &[ip("10.96.0.1")], "shop", "front");
    index.put_service(1, &[ip("10.96.0.2")], "shop", "front");
    assert!(named(&index, "10.96.0.1").is_none());
    // Another takes an address before the first is seen to leave it.
    index.put_service(1, &[ip("10.96.0.2")], "shop", "back");
    index.drop_service("shop", "front");
    assert_eq!(named(&index, "10.96.0.2").unwrap().name, "shop/back");
}

#[test]
fn cap_41e_many_pods_are_small() {
    let mut index = Index::default();
    for number in 0..150_000_u32 {
        let name = format!("a-service-of-some-size-6465bfd57c-{number:05}");
        let uid = format!("2f9c1b6e-0d3a-4c55-9d5b-{number:012x}");
        let (node, workload) = (format!("worker-{}", number % 1000), format!("deployment/a-service-{}", number % 5000));
        let pod = PodIn { ns: "shop", name: &name, uid: &uid, node: &node, workload: &workload };
        index.put_pod(1, &[Ipv4Addr::from_bits(0x0a00_0000 + number).into()], pod);
    }
    // What tables and names take, with what the allocator adds to each name.
    let names: usize = index.pods.iter().map(|pod| pod.name.len() + 16).sum();
    let bytes = index.pods.capacity() * size_of::<super::Pod>() + names + index.of_pod.v4.capacity() * 9 * 8 / 7;
    assert!(bytes < 21 << 20, "{bytes}");
    assert_eq!(named(&index, "10.0.0.77").unwrap().pod.unwrap(), "a-service-of-some-size-6465bfd57c-00077");
}

#[test]
fn cap_41m_of_several_services_the_shortest_name_is_told_in_any_order() {
    for turn in 0..2 {
        let mut index = Index::default();
        index.put_pod(1, &[ip("10.1.0.8")], front("front-1", A));
        let mut services = ["front", "front-outside"];
        services.rotate_left(turn);
        for service in services.iter().chain(&services) {
            index.put_slice(1, "shop", &format!("{service}-x"), service, vec![ip("10.1.0.8")]);
        }
        assert_eq!(named(&index, "10.1.0.8").unwrap().service.as_deref(), Some("front"));
    }
}
