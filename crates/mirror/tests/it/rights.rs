//! EXF-04, EXN-12: users who may see a part.

use crate::fault::{Door, What, kubectl, until};
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
    let told = both.notes().denied;
    assert_eq!(told.len(), 1, "the namespace that is denied is named beside the rows: {told:?}");
    assert_eq!(told[0].details.as_ref().unwrap()["namespace"], other.0.as_str());
    assert_eq!(all.notes().denied.len(), 1, "in the list of all namespaces too: {:?}", all.notes());

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

#[tokio::test(flavor = "multi_thread")]
async fn ex_09a_what_is_denied_is_known_before_it_is_asked_for_and_the_named_command_grants_it() {
    let (mine, other) = (Namespace::new("rights"), Namespace::new("rights-other"));
    mine.add("one");
    other.add("two");
    let user = format!("rights-{}", std::process::id());
    let verbs = "--verb=get,list,watch,delete";
    kubectl(&["create", "role", "own", "-n", &mine.0, verbs, "--resource=secrets"], "");
    kubectl(&["create", "rolebinding", "own", "-n", &mine.0, "--role=own", "--user", &user], "");
    let door = Door::open().await;
    let (_folder, path) = door.kubeconfig_as(&user, &mine.0);
    let world = World::of(&quick(), &path);
    let view = world.open("secrets", &[&mine.0]).await;
    view.live().await;
    let (overview, _changed) = world.mirror.overview(world.cluster_view());
    let kind = |id: &str| {
        let cluster = overview.clusters().remove(0);
        let kind = cluster.kinds.iter().find(|kind| kind.id == id).cloned();
        (kind, cluster.places)
    };
    until("rights are known", async || kind("secrets").0.is_some_and(|kind| !kind.denied.is_empty())).await;
    let (secrets, places) = kind("secrets");
    let secrets = secrets.unwrap();
    assert_eq!(secrets.denied, ["list", "watch", "delete", "get"]);
    assert_eq!(places[secrets.only_in["delete"] as usize], [mine.0.as_str()]);
    let deployments = kind("deployments.apps").0.unwrap();
    assert!(deployments.denied.contains(&"patch/scale".to_owned()), "{deployments:?}");
    assert!(deployments.only_in.is_empty(), "{deployments:?}");
    assert!(door.asked(&["selfsubjectrulesreviews"]) <= 4, "once for each namespace that is known");

    // No watch is opened for what is known to be denied; the view says which right is missing, and how to get it.
    let before = door.asked(&["configmaps"]);
    let denied = world.open("configmaps", &[&mine.0]).await;
    until("it is denied", async || matches!(denied.state(), SourceState::Denied { .. })).await;
    assert_eq!(door.asked(&["configmaps"]), before, "nobody asked for what is denied");
    let hidden = world.open("secrets", &[&other.0]).await;
    until("the other namespace is denied", async || matches!(hidden.state(), SourceState::Denied { .. })).await;
    let SourceState::Denied { error } = hidden.state() else { panic!("{:?}", hidden.state()) };
    let grant = error.details.unwrap()["grant"].as_str().expect("the command that grants it").to_owned();
    for command in grant.split(" && ") {
        let words: Vec<&str> = command.split(' ').collect();
        kubectl(&words[1..], "");
    }
    // A denied feed that somebody looks at is tried again after a minute.
    hidden.shows_within(&["two"], std::time::Duration::from_secs(150)).await;
    hidden.live().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exd_08a_a_user_of_one_namespace_has_exactly_that_whatever_the_context_says() {
    let (mine, other) = (Namespace::new("team"), Namespace::new("team-other"));
    mine.add("one");
    other.add("two");
    let user = format!("team-{}", std::process::id());
    kubectl(&["create", "rolebinding", "edit", "-n", &mine.0, "--clusterrole=edit", "--user", &user], "");
    let door = Door::open().await;
    // The context's own namespace is not theirs: the namespace comes from the URL.
    let (_folder, path) = door.kubeconfig_as(&user, "default");
    let world = World::of(&quick(), &path);
    let view = world.open("secrets", &[&mine.0]).await;
    view.live().await;
    assert_eq!(view.names(), ["one"]);
    let (overview, _changed) = world.mirror.overview(world.cluster_view());
    let open_in = |right: &str| {
        let cluster = overview.clusters().remove(0);
        let kind = cluster.kinds.iter().find(|kind| kind.id == "secrets")?.clone();
        if !kind.denied.iter().any(|denied| denied == right) {
            return None;
        }
        Some(kind.only_in.get(right).and_then(|at| cluster.places.get(*at as usize)).cloned().unwrap_or_default())
    };
    for right in ["list", "delete"] {
        until("rights are known", async || open_in(right).is_some_and(|places| places == [mine.0.as_str()])).await;
    }
    let hidden = world.open("secrets", &[&other.0]).await;
    until("the other namespace is denied", async || matches!(hidden.state(), SourceState::Denied { .. })).await;
    assert_eq!(view.state(), SourceState::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_24b_where_the_rules_are_not_all_the_server_is_asked_right_by_right() {
    let mine = Namespace::new("incomplete");
    mine.add("one");
    let user = format!("incomplete-{}", std::process::id());
    kubectl(&["create", "role", "own", "-n", &mine.0, "--verb=get,list,watch", "--resource=secrets"], "");
    kubectl(&["create", "rolebinding", "own", "-n", &mine.0, "--role=own", "--user", &user], "");
    let door = Door::open().await;
    // As an authorizer answers that cannot list its rules; the single answers are the server's own.
    let body = r#"{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1",
        "status":{"incomplete":true,"resourceRules":[],"nonResourceRules":[]}}"#;
    let headers = vec![("content-type", "application/json")];
    door.fault(&["selfsubjectrulesreviews"], 1000, What::Answer { status: 201, headers, body: body.to_owned() });
    let (_folder, path) = door.kubeconfig_as(&user, &mine.0);
    let world = World::of(&quick(), &path);
    let view = world.open("secrets", &[&mine.0]).await;
    view.live().await;
    let (overview, _changed) = world.mirror.overview(world.cluster_view());
    let places = |right: &str| {
        let cluster = overview.clusters().remove(0);
        let kind = cluster.kinds.iter().find(|kind| kind.id == "secrets")?.clone();
        if !kind.denied.iter().any(|denied| denied == right) {
            return None;
        }
        Some(kind.only_in.get(right).and_then(|at| cluster.places.get(*at as usize)).cloned().unwrap_or_default())
    };
    until("what may be is known", async || places("list").is_some_and(|places| places == [mine.0.as_str()])).await;
    until("what may not be is known", async || places("delete").is_some_and(|places| places.is_empty())).await;
    assert_eq!(view.names(), ["one"]);
}
