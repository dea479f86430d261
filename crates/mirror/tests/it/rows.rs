//! EXN-01, EX-08: tables that follow the server, are shared, and end.

use crate::fault::{Door, kubectl, until};
use crate::world::{Namespace, World, quick};
use api::socket::{CountsQuery, SourceState};
use mirror::MirrorConfig;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn exn_01a_rows_follow_the_server_and_tell_when_they_moved() {
    let space = Namespace::new("follow");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let mut view = world.open("secrets", &[&space.0]).await;
    view.live().await;
    assert!(view.names().is_empty());
    space.add("one");
    let waits = async {
        while view.names() != ["one"] {
            view.0.changed.wait().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waits).await.expect("it tells that it moved");
    space.remove("one");
    view.shows(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_08a_viewers_share_one_watch_and_it_ends_after_the_last() {
    let space = Namespace::new("share");
    space.add("one");
    let door = Door::open().await;
    let config = MirrorConfig { idle: Duration::from_millis(400), ..quick() };
    let world = World::new(&config, &[("a", door.port)]);
    let (first, second) = (world.open("secrets", &[&space.0]).await, world.open("secrets", &[]).await);
    first.live().await;
    second.live().await;
    assert_eq!(door.asked(&["secrets?watch"]), 1);
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(second.state(), SourceState::Live, "a table with a viewer stays");
    let third = world.open("secrets", &[&space.0]).await;
    third.shows(&["one"]).await;
    assert_eq!(door.asked(&["secrets?watch"]), 1);
    drop((second, third));
    tokio::time::sleep(Duration::from_secs(1)).await;
    // A busy machine may have broken the first one meanwhile.
    let before = door.asked(&["secrets?watch"]);
    let fourth = world.open("secrets", &[&space.0]).await;
    fourth.shows(&["one"]).await;
    assert!(door.asked(&["secrets?watch"]) > before, "it had ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_08a_core_kinds_stay_and_counts_bring_the_rest() {
    let space = Namespace::new("counts");
    space.add("one");
    let door = Door::open().await;
    let config = MirrorConfig { idle: Duration::from_millis(200), ..MirrorConfig::default() };
    let world = World::new(&config, &[("a", door.port)]);
    let query = CountsQuery { clusters: world.names(), namespaces: vec![space.0.clone()] };
    let (counts, mut changed) = world.mirror.counts(world.cluster_view(), query).unwrap();
    let kinds = ["namespaces", "nodes", "pods", "deployments.apps", "services", "events", "secrets"];
    until("the kinds are counted", async || kinds.iter().all(|kind| counts.counts().contains_key(*kind))).await;
    assert_eq!(counts.counts()["secrets"], 1);
    space.add("two");
    let waits = async {
        while counts.counts()["secrets"] != 2 {
            changed.wait().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waits).await.expect("counts are pushed");
    drop(counts);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = (door.asked(&["/pods?watch"]), door.asked(&["/secrets?watch"]));
    let (pods, secrets) = (world.open("pods", &[]).await, world.open("secrets", &[]).await);
    pods.live().await;
    secrets.live().await;
    assert_eq!(door.asked(&["/pods?watch"]), before.0, "core kinds stay");
    assert!(door.asked(&["/secrets?watch"]) > before.1, "others end");
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_06b_shutdown_ends_every_feed() {
    let door = Door::open().await;
    let world = World::new(&MirrorConfig::default(), &[("a", door.port)]);
    let view = world.open("pods", &[]).await;
    view.live().await;
    tokio::time::timeout(Duration::from_secs(5), world.mirror.shutdown()).await.expect("shutdown joins");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08b_a_large_object_and_ten_thousand_labels_are_rows() {
    let space = Namespace::new("large");
    let big = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "big", "namespace": space.0 },
        "stringData": { "blob": "x".repeat(1_000_000) },
    });
    kubectl(&["create", "-f", "-"], &big.to_string());
    let labels: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("label-{n}"), "v".into())).collect();
    let many = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "many", "namespace": space.0, "labels": labels },
    });
    kubectl(&["create", "-f", "-"], &many.to_string());
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let view = world.open("secrets", &[&space.0]).await;
    view.shows(&["big", "many"]).await;
    space.add("small");
    view.shows(&["big", "many", "small"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08b_a_crd_comes_changes_and_goes() {
    let (group, crd) = group("changes");
    let id = crd.clone();
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    let error = world.try_open(&id, &[]).await.err().expect("it is not there yet");
    assert_eq!(base::Coded::code(&error).as_str(), "kind_not_served");
    kubectl(&["apply", "-f", "-"], &definition(&group, "Size"));
    kubectl(&["wait", "--for=condition=Established", &format!("crd/{crd}")], "");
    until("the kind is known", async || world.try_open(&id, &[]).await.is_ok()).await;
    let widget = serde_json::json!({
        "apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": { "name": "w" }, "spec": { "size": "large" },
    });
    kubectl(&["apply", "-f", "-"], &widget.to_string());
    let view = world.open(&id, &[]).await;
    view.shows(&["w"]).await;
    let titles = |view: &crate::world::View| -> Vec<String> {
        view.0.rows.view().columns().iter().map(|column| column.title.to_uppercase()).collect()
    };
    assert!(titles(&view).contains(&"SIZE".to_owned()), "{:?}", titles(&view));

    kubectl(&["apply", "-f", "-"], &definition(&group, "Girth"));
    until("the old view says so", async || matches!(view.state(), SourceState::Unreachable { .. })).await;
    let view = world.open(&id, &[]).await;
    view.shows(&["w"]).await;
    assert!(titles(&view).contains(&"GIRTH".to_owned()), "{:?}", titles(&view));

    kubectl(&["delete", "crd", &crd], "");
    until("the view says that the kind is gone", async || {
        matches!(view.state(), SourceState::Unreachable { error } | SourceState::Stale { error, .. }
            if error.code.as_str() == "kind_not_served")
    })
    .await;
    assert!(view.names().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn exd_20a_a_kind_that_is_gone_is_not_asked_for_in_a_loop() {
    let (group, id) = group("loop");
    kubectl(&["apply", "-f", "-"], &definition(&group, "Size"));
    kubectl(&["wait", "--for=condition=Established", &format!("crd/{id}")], "");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    until("the kind is known", async || world.try_open(&id, &[]).await.is_ok()).await;
    let view = world.open(&id, &[]).await;
    view.live().await;
    let served = || {
        let kinds = world.mirror.kinds(&world.names()[0]).unwrap();
        kinds.iter().any(|kind| kind.id == id)
    };
    assert!(served());
    kubectl(&["delete", "crd", &id], "");
    until("the kind is gone from the navigation", async || !served()).await;
    until("the view says so", async || {
        matches!(view.state(), SourceState::Unreachable { .. } | SourceState::Stale { .. })
    })
    .await;
    let mark = format!("/{group}/");
    // An attempt that waits for its second try may still come.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let asked = door.asked(&[&mark]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(door.asked(&[&mark]), asked, "nobody asks any more");

    // It comes back with the definition.
    kubectl(&["apply", "-f", "-"], &definition(&group, "Size"));
    kubectl(&["wait", "--for=condition=Established", &format!("crd/{id}")], "");
    view.live().await;
    kubectl(&["delete", "crd", &id], "");
}

/// A group of its own for a test, and the name of the CRD in it.
fn group(test: &str) -> (String, String) {
    let group = format!("{test}{}.quarterdeck.test", std::process::id());
    let crd = format!("widgets.{group}");
    (group, crd)
}

fn definition(group: &str, column: &str) -> String {
    serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("widgets.{group}") },
        "spec": {
            "group": group, "scope": "Cluster",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                "additionalPrinterColumns": [{ "name": column, "type": "string", "jsonPath": ".spec.size" }],
            }],
        },
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_08b_a_broken_conversion_is_told_on_its_own_view_alone() {
    let (group, crd) = group("convert");
    let version = |name: &str, storage: bool| {
        serde_json::json!({
            "name": name, "served": true, "storage": storage,
            "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
        })
    };
    // A certificate is asked for; any that parses will do, because nobody listens there.
    let definition = serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": crd },
        "spec": {
            "group": group, "scope": "Cluster",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList" },
            "versions": [version("v1", false), version("v1beta1", true)],
            "conversion": { "strategy": "Webhook", "webhook": {
                "conversionReviewVersions": ["v1"], "clientConfig": { "url": "https://127.0.0.1:1/convert" },
            } },
        },
    });
    kubectl(&["apply", "-f", "-"], &definition.to_string());
    kubectl(&["wait", "--for=condition=Established", &format!("crd/{crd}")], "");
    let stored = serde_json::json!({
        "apiVersion": format!("{group}/v1beta1"), "kind": "Widget", "metadata": { "name": "w" },
    });
    kubectl(&["create", "-f", "-"], &stored.to_string());
    let space = Namespace::new("convert");
    space.add("one");
    let door = Door::open().await;
    let world = World::new(&quick(), &[("a", door.port)]);
    until("the kind is known", async || world.try_open(&crd, &[]).await.is_ok()).await;
    let broken = world.open(&crd, &[]).await;
    let others = world.open("secrets", &[&space.0]).await;
    until("the view says what the server says", async || {
        matches!(broken.state(), SourceState::Unreachable { error } if error.message.contains("conversion webhook"))
    })
    .await;
    others.live().await;
    others.shows(&["one"]).await;
    let (overview, _changed) = world.mirror.overview(world.cluster_view());
    assert_eq!(overview.clusters()[0].state, SourceState::Live, "the cluster is well");
    kubectl(&["delete", "crd", &crd, "--wait=false"], "");
}
