//! EXF-04 to EXF-06 at the feed itself, and what a server says when it is asked.

use crate::fault::{Door, What, kubectl, real_kubeconfig};
use base::Coded;
use catalog::Kind;
use cluster::{Cluster, ConnectOptions, Feed, Kubeconfig, Reader, Right, Step};
use std::time::Duration;

fn reader(path: &std::path::Path) -> Reader {
    let kubeconfig = Kubeconfig::load(Some(path)).unwrap();
    let context = kubeconfig.contexts().remove(0);
    Cluster::connect(&kubeconfig, &context.name, ConnectOptions::default()).unwrap().reader()
}

/// The steps of a feed by name, up to `Synced`.
async fn first_list(feed: &mut Feed) -> Vec<&'static str> {
    let mut steps = Vec::new();
    loop {
        let step = tokio::time::timeout(Duration::from_secs(30), feed.next()).await.expect("a step in time").unwrap();
        steps.push(match step {
            Step::Begin { .. } => "begin",
            Step::Page(..) => "page",
            Step::Events(_) => "events",
            Step::Synced => "synced",
            Step::Resumed => "resumed",
        });
        if steps.last() == Some(&"synced") {
            return steps;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_06b_a_feed_says_how_the_server_is_asked() {
    let door = Door::open().await;
    let (_folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let kind = Kind::builtin("namespaces").unwrap();
    let mut feed = reader(&path).feed(kind.clone(), None);
    let steps = first_list(&mut feed).await;
    assert_eq!((steps.first(), steps.last()), (Some(&"begin"), Some(&"synced")));
    assert_eq!(feed.ways(), "watch-list");

    door.fault(&["sendInitialEvents"], 1, What::status(400, "BadRequest", "unknown parameter"));
    let mut feed = reader(&path).feed(kind.clone(), None);
    assert_eq!(first_list(&mut feed).await, ["begin", "page", "synced"]);
    assert_eq!(feed.ways(), "pages");

    // The token of a later page is too old: the list begins anew, all at once.
    door.fault(&["sendInitialEvents"], 1, What::status(400, "BadRequest", "unknown parameter"));
    door.fault(&["limit=500"], 1, What::Answer {
        status: 200,
        headers: vec![("content-type", "application/json")],
        body: r#"{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"old"},"items":[]}"#.to_owned(),
    });
    door.fault(&["continue=old"], 1, What::status(410, "Expired", "the continue token is too old"));
    let mut feed = reader(&path).feed(kind, None);
    assert_eq!(first_list(&mut feed).await, ["begin", "page", "begin", "page", "synced"]);
    assert_eq!(door.asked(&["limit=0"]), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05a_a_watch_that_says_nothing_is_broken() {
    let door = Door::open().await;
    let (_folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let mut feed = reader(&path).feed(Kind::builtin("secrets").unwrap(), None).with_silence(Duration::from_millis(700));
    first_list(&mut feed).await;
    door.freeze(true);
    let error = loop {
        if let Err(error) = feed.next().await {
            break error;
        }
    };
    assert_eq!(error.code().as_str(), "cluster_unreachable", "{error}");
    door.freeze(false);
    assert!(matches!(feed.next().await.unwrap(), Step::Resumed), "it goes on where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_05a_watches_that_close_at_once_are_not_asked_without_rest() {
    let door = Door::open().await;
    let (_folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let mut feed = reader(&path).feed(Kind::builtin("namespaces").unwrap(), None);
    first_list(&mut feed).await;
    let closed = What::Answer { status: 200, headers: vec![("content-type", "application/json")], body: String::new() };
    door.fault(&["&resourceVersion="], 1000, closed);
    door.sever();
    let _ = tokio::time::timeout(Duration::from_secs(4), async {
        loop {
            let _ = feed.next().await;
        }
    })
    .await;
    let asked = door.asked(&["&resourceVersion="]);
    assert!((1..6).contains(&asked), "asked {asked} times in 4 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_04_a_denial_names_verb_kind_and_namespace() {
    let mut config: serde_json::Value =
        serde_json::from_str(&kubectl(&["config", "view", "--raw", "--flatten", "-o", "json"], "")).unwrap();
    config["users"][0]["user"]["as"] = "nobody-in-particular".into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    let reader = reader(&path);
    let kind = Kind::builtin("secrets").unwrap();
    let error = reader.feed(kind.clone(), Some("default")).next().await.unwrap_err();
    assert_eq!(error.code().as_str(), "rbac_denied");
    let details = error.details().unwrap();
    assert_eq!((&details["verb"], &details["kind"]), (&"list".into(), &"secrets".into()));
    assert_eq!(details["namespace"], "default");
    assert!(details["grant"].as_str().unwrap().contains("--user=nobody-in-particular"), "{details}");
    assert!(!reader.may(Right::of("list"), &kind, "default").await.unwrap());
    let kinds = reader.crds().await.unwrap();
    assert!(kinds.is_empty(), "CRDs may not be listed: names alone, and no error");
    assert!(reader.discover().await.unwrap().iter().any(|served| served.plural == "secrets"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_06a_a_server_tells_its_version_who_we_are_and_what_it_serves() {
    let reader = reader(&real_kubeconfig());
    assert!(reader.version().await.unwrap().starts_with('v'));
    let user = reader.whoami().await.unwrap();
    assert!(!user.username.is_empty());
    assert!(reader.may(Right::of("list"), &Kind::builtin("pods").unwrap(), "").await.unwrap());
    let served = reader.discover().await.unwrap();
    for (group, plural) in [("", "pods"), ("apps", "deployments"), ("batch", "cronjobs")] {
        assert!(served.iter().any(|kind| kind.group == group && kind.plural == plural), "{plural}");
    }
    let pods = served.iter().find(|kind| kind.plural == "pods" && kind.group.is_empty()).unwrap();
    assert!(pods.namespaced && pods.subresources.contains(&"log".to_owned()), "{pods:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn exf_06a_a_question_that_is_put_off_is_asked_again_when_the_server_says() {
    let door = Door::open().await;
    let (_folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let busy = |seconds: &'static str| What::Answer {
        status: 429,
        headers: vec![("retry-after", seconds), ("content-type", "application/json")],
        body: String::new(),
    };
    let reader = reader(&path);
    let kind = Kind::builtin("namespaces").unwrap();
    door.fault(&["/namespaces/default"], 2, busy("1"));
    let began = std::time::Instant::now();
    reader.get_json(&kind, "", "default").await.expect("the third answer is the object");
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(6), "{took:?}");
    assert_eq!(door.asked(&["/namespaces/default"]), 3);

    // Reviews store nothing either.
    door.fault(&["selfsubjectreviews"], 1, busy("1"));
    reader.whoami().await.unwrap();

    // What nobody waits for stands back meanwhile, and a long wait is told at once, with its length.
    door.fault(&["/namespaces/default"], 1, busy("40"));
    let began = std::time::Instant::now();
    let error = reader.get_json(&kind, "", "default").await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(error.code().as_str(), "cluster_throttled");
    assert_eq!(error.details().unwrap()["retry_after_s"], 40);
    reader.get_json(&kind, "", "default").await.expect("what is wanted is asked all the same");
    let behind = reader.clone().in_background();
    let waits = tokio::time::timeout(Duration::from_secs(2), behind.get_json(&kind, "", "kube-system")).await;
    assert!(waits.is_err(), "the background waits");
    assert_eq!(door.asked(&["/namespaces/kube-system"]), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ex_08b_all_requests_to_a_cluster_share_one_budget() {
    let door = Door::open().await;
    let (_folder, path) = Door::kubeconfig(&[("a", door.port)]);
    let kubeconfig = Kubeconfig::load(Some(&path)).unwrap();
    let options = ConnectOptions { rate: cluster::Rate { qps: 20.0, burst: 10.0 }, ..ConnectOptions::default() };
    let cluster = Cluster::connect(&kubeconfig, "a", options).unwrap();
    let began = std::time::Instant::now();
    let asks = (0..50).map(|_| {
        // Readers of their own, as views, plans and reviews have them.
        let reader = cluster.reader();
        async move { reader.version().await.unwrap() }
    });
    futures::future::join_all(asks).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1900) && took < Duration::from_secs(10), "40 at 20 a second: {took:?}");
}
