#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::KnownNames;
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Clusters that nobody answers for.
fn cluster(folder: &tempfile::TempDir, name: &str) -> Cluster {
    let path = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- {{ name: c, cluster: {{ server: \"http://127.0.0.1:9\" }} }}\n\
         contexts:\n- {{ name: {name}, context: {{ cluster: c }} }}\n"
    );
    std::fs::write(&path, text).unwrap();
    let kubeconfig = Kubeconfig::load(Some(&path)).unwrap();
    Cluster::connect(&kubeconfig, name, ConnectOptions::default()).unwrap()
}

#[tokio::test]
async fn cap_41a_taps_of_one_cluster_share_their_watches_as_long_as_one_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (cluster(&folder, "one"), cluster(&folder, "other"));
    let (known, shop, data) = (KnownNames::default(), ["shop".to_owned()], ["data".to_owned()]);
    let first = known.of(&one, &shop);
    let second = known.of(&one, &data);
    assert!(Arc::ptr_eq(&first.kept, &second.kept));
    assert_eq!((&first.namespaces[..], &second.namespaces[..]), (&shop[..], &data[..]), "each knows what it named");
    assert!(!Arc::ptr_eq(&first.kept, &known.of(&other, &shop).kept), "another cluster");
    // Where the cluster may not be watched, another namespace is not among what is.
    first.kept.narrow.store(true, Ordering::Relaxed);
    assert!(Arc::ptr_eq(&first.kept, &known.of(&one, &shop).kept));
    let third = known.of(&one, &data);
    assert!(!Arc::ptr_eq(&first.kept, &third.kept));
    // The last who lets go ends the watches; the next tap begins anew.
    let watches: Vec<_> = third.kept.watches.clone();
    drop(third);
    for _ in 0..100 {
        if watches.iter().all(tokio::task::AbortHandle::is_finished) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(watches.iter().all(tokio::task::AbortHandle::is_finished));
    assert_eq!(known.of(&one, &data).namespaces[..], data);
}
