#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Addresses, Found, Told};
use crate::index::Item;
use serde_json::{Value, json};
use wire::{Budget, Format, Node};

fn told(object: &Value, of: fn(Node<'_>) -> Told) -> Told {
    let (bytes, budget) = (serde_json::to_vec(object).unwrap(), Budget::default());
    of(wire::object(Format::Json, &bytes, &budget).unwrap())
}

fn node(name: &str, told: Told) -> Item {
    Item::Node { name: name.to_owned(), lost_since_ms: None, room: (0, 0), images: Vec::new(), told }
}

#[test]
fn wn_01c_the_addresses_of_a_cluster_are_those_of_its_objects() {
    let addresses = json!([
        { "type": "Hostname", "address": "one" }, { "type": "InternalIP", "address": "192.0.2.4" },
        { "type": "ExternalIP", "address": "203.0.113.9" }, { "type": "InternalIP", "address": "fd00::4" },
    ]);
    let one = json!({ "spec": { "podCIDR": "10.1.0.0/24", "podCIDRs": ["10.1.0.0/24", "fd01::/64"] }, "status": { "addresses": addresses } });
    let one = told(&one, Told::node);
    let other = told(&json!({ "spec": { "podCIDR": "10.1.1.0/24" } }), Told::node);
    let slice = json!({
        "endpoints": [{ "addresses": ["192.0.2.4"] }, { "addresses": ["192.0.2.5"] }],
        "ports": [{ "name": "https", "port": 6443 }],
    });
    let slice = told(&slice, Told::slice);
    let services = told(&json!({ "spec": { "cidrs": ["172.20.0.0/16"] } }), Told::services);

    let mut found = Found::default();
    assert_eq!(found.take(&node("one", one.clone()), false), Some(true));
    assert_eq!(found.take(&node("one", one), false), Some(false), "it is the same");
    found.take(&node("other", other), false);
    found.take(&Item::ApiServer { name: "kubernetes".to_owned(), told: slice }, false);
    found.take(&Item::Services { name: "kubernetes".to_owned(), told: services }, false);
    let all = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let expected = Addresses {
        nodes: all(&["192.0.2.4", "203.0.113.9", "fd00::4"]),
        pods: all(&["10.1.0.0/24", "10.1.1.0/24", "fd01::/64"]),
        services: all(&["172.20.0.0/16"]),
        api_server: all(&["192.0.2.4", "192.0.2.5"]),
        api_ports: vec![6443],
    };
    assert_eq!(found.addresses(), expected);
    assert_eq!(found.take(&node("one", Told::default()), true), Some(true));
    assert_eq!(found.addresses().pods, all(&["10.1.1.0/24"]), "what is gone is told no more");
    assert_eq!(found.take(&Item::Quota { name: "q".to_owned(), object: None }, false), None);
}
