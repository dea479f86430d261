#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Concerns, Index, Item, Seen};
use crate::addresses::Told;
use crate::event::Event;
use crate::key::Key;
use crate::observed::{Claim, Nodes, Outside};
use crate::pod::{Container, Pod};
use cluster::Owned;

fn key(name: &str) -> Key {
    Key { namespace: "n".into(), name: name.into() }
}

fn workspace(name: &str, generation: i64) -> Item {
    Item::Workspace {
        key: key(name),
        uid: format!("u-{name}"),
        generation,
        deleting: false,
        json: b"{}".as_slice().into(),
    }
}

fn seen(version: &str, content: &str, says: &str) -> Seen {
    let says = says.into();
    Seen { uid: "p".into(), version: version.into(), content: content.into(), says, outside: Outside::default() }
}

fn part(version: &str, content: &str, says: &str) -> Item {
    Item::Part { key: key("a"), kind: Owned::Service, name: "a".into(), seen: seen(version, content, says) }
}

fn verified(index: &Index) -> Option<String> {
    index.observed(&key("a")).parts.get(&(Owned::Service, "a".to_owned())).unwrap().verified.clone()
}

#[test]
fn wo_03c_a_part_is_as_we_want_it_until_somebody_changes_it() {
    let mut index = Index::default();
    index.see(workspace("a", 1));
    // At first sight it is what it says it is.
    assert!(matches!(index.see(part("1", "c1", "h1")), Concerns::One(_)));
    assert_eq!(verified(&index).as_deref(), Some("h1"));
    // Another version with the same content concerns nobody.
    assert!(matches!(index.see(part("2", "c1", "h1")), Concerns::Nobody));
    assert_eq!(verified(&index).as_deref(), Some("h1"));
    // Somebody changed it, whatever it says of itself.
    assert!(matches!(index.see(part("3", "c2", "h1")), Concerns::One(_)));
    assert_eq!(verified(&index), None);
    // We applied it; the watch tells of that later.
    index.applied(&key("a"), Owned::Service, "a", seen("4", "c4", "h2"), "h2");
    assert_eq!(verified(&index).as_deref(), Some("h2"));
    assert!(matches!(index.see(part("4", "c4", "h2")), Concerns::One(_) | Concerns::Nobody));
    assert_eq!(verified(&index).as_deref(), Some("h2"));
    index.gone(&part("4", "c4", "h2"), 0);
    assert!(index.observed(&key("a")).parts.is_empty());
}

#[test]
fn wo_03k_a_claim_that_somebody_deleted_is_applied_again() {
    let mut index = Index::default();
    index.see(workspace("a", 1));
    let claim = Claim { name: "pvc-a-home".into(), ..Claim::default() };
    let claimed = || (Owned::Claim, "pvc-a-home".to_owned());
    index.applied(&key("a"), Owned::Claim, "pvc-a-home", seen("1", "c1", "h1"), "h1");
    index.see(Item::Claim(key("a"), claim.clone()));
    assert!(index.observed(&key("a")).parts.contains_key(&claimed()));
    assert!(matches!(index.gone(&Item::Claim(key("a"), claim), 0), Concerns::One(_)));
    let observed = index.observed(&key("a"));
    assert!(observed.claims.is_empty() && !observed.parts.contains_key(&claimed()), "nobody takes it for applied");
}

#[test]
fn wl_03d_only_events_of_this_pod_and_its_claims_count() {
    let mut index = Index::default();
    index.see(workspace("a", 1));
    index.see(workspace("a-b", 1));
    let pod = Pod { uid: "new".into(), name: "a".into(), ..Pod::default() };
    index.see(Item::Pod(key("a"), Box::new(pod)));
    let mut event = |uid: &str, kind: &str, name: &str, about: &str| {
        let event = Event { about: about.into(), kind: kind.into(), name: name.into(), ..Event::default() };
        index.see(Item::Event { uid: uid.into(), namespace: "n".into(), event })
    };
    assert!(matches!(event("1", "Pod", "a", "old"), Concerns::One(_)), "it may be of the pod that comes");
    assert!(matches!(event("2", "Pod", "a", "new"), Concerns::One(_)));
    assert!(matches!(event("3", "Pod", "other", "x"), Concerns::Nobody));
    match event("4", "PersistentVolumeClaim", "pvc-a-b-home", "y") {
        Concerns::One(of) => assert!(of == key("a") || of == key("a-b")),
        _ => panic!("a claim's event concerns its workspace"),
    }
    for uid in 10..200 {
        event(&uid.to_string(), "Pod", "a", "new");
    }
    let events = index.observed(&key("a")).events;
    assert!(events.iter().all(|event| event.about == "new"), "{events:?}");
    assert_eq!(events.len(), super::MOST_EVENTS);
}

#[test]
fn wo_09a_a_node_that_is_lost_concerns_its_pods_alone() {
    let mut index = Index::default();
    for (name, node) in [("a", "n1"), ("b", "n2")] {
        index.see(workspace(name, 1));
        index.see(Item::Pod(key(name), Box::new(Pod { uid: name.into(), node: node.into(), ..Pod::default() })));
    }
    let lost = |since| Item::Node {
        name: "n1".into(),
        lost_since_ms: since,
        room: (0, 0),
        images: Vec::new(),
        told: Told::default(),
    };
    match index.see(lost(Some(5))) {
        Concerns::Many(keys) => assert_eq!(keys, [key("a")]),
        _ => panic!("its pods are concerned"),
    }
    assert!(matches!(index.see(lost(Some(5))), Concerns::Nobody), "once");
    assert_eq!(index.observed(&key("a")).node_lost_ms, Some(5));
    assert_eq!(index.observed(&key("b")).node_lost_ms, None);
    assert!(matches!(index.see(lost(None)), Concerns::Many(_)));
    assert_eq!(index.observed(&key("a")).node_lost_ms, None);
    index.gone(&lost(None), 9);
    assert_eq!(index.observed(&key("a")).node_lost_ms, Some(9), "a node that is deleted is lost");
}

#[test]
fn wf_08b_a_pod_that_does_not_get_on_knows_what_nodes_have() {
    let mut index = Index::default();
    let node = |name: &str, room, images: &[&str]| Item::Node {
        name: name.into(),
        lost_since_ms: None,
        room,
        images: images.iter().map(|name| (*name).to_owned()).collect(),
        told: Told::default(),
    };
    index.see(node("n1", (2_000, 9), &["docker.io/library/shell:1", "registry.test:5000/shell:3"]));
    index.see(node("n2", (4_000, 7), &["docker.io/library/shell:2", "docker.io/team/shell:4"]));
    index.see(workspace("a", 1));
    let container = Container { image: "shell:9".into(), ..Container::default() };
    let pod = Pod { uid: "p".into(), name: "a".into(), containers: vec![container], ..Pod::default() };
    index.see(Item::Pod(key("a"), Box::new(pod.clone())));
    let nodes = index.observed(&key("a")).nodes;
    assert_eq!((nodes.cpu_milli, nodes.memory_milli), (4_000, 9));
    assert_eq!(nodes.images, ["docker.io/library/shell:1", "docker.io/library/shell:2"]);
    index.gone(&node("n2", (0, 0), &[]), 5);
    assert_eq!(index.observed(&key("a")).nodes.cpu_milli, 2_000);
    index.see(Item::Pod(key("a"), Box::new(Pod { ready: true, ..pod })));
    assert_eq!(index.observed(&key("a")).nodes, Nodes::default(), "nobody asks");
}
