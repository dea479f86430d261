#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

fn layout(number: u8, node: bool) -> Layout {
    Layout { name: format!("c{number}"), number, node, enforce: false, fake_nodes: 0, fake_pods: 0, complete: false }
}

#[test]
fn two_clusters_share_nothing() {
    let (one, two) = (layout(0, false), layout(1, false));
    assert_ne!(one.range(), two.range());
    assert_ne!(one.link(), two.link());
    assert_ne!(one.cgroup(), two.cgroup());
    assert_ne!(one.dir(), two.dir());
    let ports = |layout: &Layout| {
        [Port::Api, Port::Etcd, Port::EtcdPeer, Port::Controllers, Port::Scheduler].map(|port| layout.port(port))
    };
    let mut all = [ports(&one), ports(&two)].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 10);
}

#[test]
fn every_number_has_a_range_and_a_link_name_that_fits() {
    for number in 0..MOST {
        let layout = layout(number, true);
        assert_eq!(layout.range(), format!("10.{}.0.0/16", 100 + u16::from(number)));
        assert!(layout.link().len() <= 15);
        assert!(layout.port(Port::Api) == 6443);
    }
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    for bad in ["", "..", "a/b", "A", "-a", "a b", "abcdefghijklmnopqrstu", ".lock"] {
        assert!(check_name(bad).is_err(), "{bad}");
    }
    for good in ["dev", "it", "a-1", "abcdefghijklmnopqrst"] {
        check_name(good).unwrap();
    }
}
