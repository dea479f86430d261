//! EXF-04, EXN-12: users who may see a part.

use crate::fault::{kubectl, until};
use crate::world::{Namespace, World, quick};
use api::socket::SourceState;
use std::path::PathBuf;

/// The administrator's kubeconfig, speaking as another user.
fn speaking_as(user: &str, namespace: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let mut config: serde_json::Value =
        serde_json::from_str(&kubectl(&["config", "view", "--raw", "-o", "json"], "")).unwrap();
    config["users"][0]["user"]["as"] = user.into();
    config["contexts"][0]["context"]["namespace"] = namespace.into();
    // JSON is YAML.
    std::fs::write(&path, config.to_string()).unwrap();
    (folder, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_04_a_denied_namespace_says_so_and_the_allowed_rest_shows() {
    let (mine, other) = (Namespace::new("mine"), Namespace::new("other"));
    mine.add("one");
    other.add("hidden");
    let user = format!("mirror-{}", std::process::id());
    kubectl(&["create", "role", "reader", "-n", &mine.0, "--verb=list,watch", "--resource=secrets"], "");
    kubectl(&["create", "rolebinding", "reader", "-n", &mine.0, "--role=reader", "--user", &user], "");
    let (_folder, path) = speaking_as(&user, &mine.0);
    let world = World::of(&quick(), &path);

    let all = world.open("secrets", &[]).await;
    all.live().await;
    assert_eq!(all.names(), ["one"], "the context's namespace, and nothing else");
    let denied = world.open("secrets", &[&other.0]).await;
    until("the other namespace is denied", async || matches!(denied.state(), SourceState::Denied { .. })).await;
    let SourceState::Denied { error } = denied.state() else { panic!("{:?}", denied.state()) };
    assert_eq!(error.code.as_str(), "rbac_denied");
    let details = error.details.unwrap();
    assert_eq!(details["kind"], "secrets");
    assert_eq!(details["namespace"], other.0.as_str());
    assert!(details["verb"] == "watch" || details["verb"] == "list", "{details}");
    let both = world.open("secrets", &[&mine.0, &other.0]).await;
    both.live().await;
    both.shows(&["one"]).await;

    // The whole cluster is denied where there is no namespace to fall back to.
    let nodes = world.open("nodes", &[]).await;
    until("nodes are denied", async || matches!(nodes.state(), SourceState::Denied { .. })).await;
    mine.add("two");
    all.shows(&["one", "two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_04_list_without_watch_is_a_list() {
    let mine = Namespace::new("list-only");
    mine.add("one");
    let user = format!("lister-{}", std::process::id());
    kubectl(&["create", "role", "lister", "-n", &mine.0, "--verb=list", "--resource=secrets"], "");
    kubectl(&["create", "rolebinding", "lister", "-n", &mine.0, "--role=lister", "--user", &user], "");
    let (_folder, path) = speaking_as(&user, &mine.0);
    let world = World::of(&quick(), &path);
    let view = world.open("secrets", &[&mine.0]).await;
    view.live().await;
    view.shows(&["one"]).await;
}
