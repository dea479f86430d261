#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Known;
use crate::follow::{Change, Watched};
use crate::index::Item;
use crate::key::Key;
use base::ClusterName;
use cluster::{Cluster, ConnectOptions, Kubeconfig};
use policy::action::{ShellPurpose, WorkspaceConnect, WorkspaceDelete, WorkspaceView};
use policy::desk::Desk;
use policy::team::{Team, Wanted, Workspaces};
use policy::testing::gate;
use policy::{Answers, Member, ObjectTarget, Sharing, Who, WorkspaceFacts};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

fn key(name: &str) -> Key {
    Key { namespace: "ns".to_owned(), name: name.to_owned() }
}

fn workspace(name: &str, spec: &Value) -> Change {
    let json = json!({ "metadata": { "labels": { "team": "red" } }, "spec": spec }).to_string().into_bytes().into();
    Change::Seen(Item::Workspace { key: key(name), uid: "u".into(), generation: 1, deleting: false, json })
}

fn grant(name: &str, spec: Value) -> Change {
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Grant",
        "metadata": { "name": name, "namespace": "ns" }, "spec": spec,
    });
    Change::Seen(Item::Grant { key: key(name), object: Some(object) })
}

fn look(known: &Known, user: &str, roles: &[&str], verb: &'static [&'static str], port: Option<u16>) -> WorkspaceFacts {
    let object = ObjectTarget {
        cluster: ClusterName::new("c"),
        kind: "workspaces.quarterdeck.dev".to_owned(),
        namespace: "ns".to_owned(),
        name: "hers".to_owned(),
    };
    let who = json!({ "id": format!("user:{user}"), "name": user, "door": "api", "roles": roles, "org": "lab" });
    let who: Who = serde_json::from_value(who).unwrap();
    known.look(
        &who,
        &Wanted { object: Cow::Owned(object), verbs: verb, role: None, port, app: "", image: "", blueprint: "" },
        1_000,
    )
}

#[test]
fn ws_18y_what_watches_tell_is_what_a_team_s_policy_knows() {
    let (known, c) = (Known::new("sys"), ClusterName::new("c"));
    assert!(look(&known, "ada", &[], &["connect"], None).unknown);
    known.take(&c, workspace("hers", &json!({ "owner": "ada", "org": "lab" })));
    known.take(&c, Change::Whole(Watched::Workspaces));
    assert!(
        look(&known, "ada", &[], &["connect"], None).unknown && known.missing(&c).is_some(),
        "grants are not told yet"
    );
    known.take(&c, Change::Whole(Watched::Grants));
    let facts = look(&known, "bob", &[], &["connect"], None);
    assert_eq!((facts.owner.as_str(), facts.org.as_str(), facts.grant), ("ada", "lab", None));
    assert!(facts.nearest.contains("no grant names you") && known.missing(&c).is_none());

    let subjects = json!([{ "kind": "Role", "name": "helper" }]);
    let spec = json!({
        "subjects": subjects, "actions": ["proxy"], "constraints": { "ports": [{ "from": 8000, "to": 8100 }] },
        "selector": { "matchLabels": { "team": "red" } },
    });
    known.take(&c, grant("share", spec));
    let allowed = |roles: &[&str], verbs, port| look(&known, "bob", roles, verbs, port).grant;
    assert_eq!(allowed(&["helper"], &["proxy"], Some(8080)).as_deref(), Some("ns/share"));
    assert_eq!(allowed(&["helper"], &["proxy"], Some(22)), None);
    assert_eq!(allowed(&["helper"], &["connect"], None), None);
    assert_eq!(allowed(&[], &["proxy"], Some(8080)), None);
    known.take(&c, Change::Gone(Item::Grant { key: key("share"), object: None }));
    assert_eq!(look(&known, "bob", &["helper"], &["proxy"], Some(8080)).grant, None);
}

#[test]
fn what_may_not_be_watched_is_not_known_until_it_may_be() {
    let (known, c) = (Known::new("sys"), ClusterName::new("c"));
    let denied = || cluster::Error::NotServed { kind: "grants.quarterdeck.dev".to_owned() };
    known.take(&c, workspace("hers", &json!({ "owner": "ada" })));
    known.take(&c, Change::Whole(Watched::Workspaces));
    known.take(&c, Change::Refused(Watched::Grants, denied()));
    assert!(known.missing(&c).unwrap().contains("grants.quarterdeck.dev"));
    assert!(look(&known, "ada", &[], &["connect"], None).unknown);
    known.take(&c, Change::Whole(Watched::Grants));
    assert_eq!((known.missing(&c), look(&known, "ada", &[], &["connect"], None).owner), (None, "ada".to_owned()));
    // Taken away and given back: what went meanwhile is gone.
    known.take(&c, Change::Refused(Watched::Workspaces, denied()));
    assert!(look(&known, "ada", &[], &["connect"], None).unknown);
    known.take(&c, Change::Whole(Watched::Workspaces));
    assert_eq!(look(&known, "ada", &[], &["connect"], None).owner, "");
}

#[test]
fn a_grant_that_cannot_be_read_allows_nothing() {
    let (known, c) = (Known::new("sys"), ClusterName::new("c"));
    for whole in [Watched::Workspaces, Watched::Grants] {
        known.take(&c, Change::Whole(whole));
    }
    let everybody = json!([{ "kind": "User", "name": "*" }]);
    known.take(&c, grant("all", json!({ "subjects": everybody, "actions": ["connect"] })));
    assert!(look(&known, "bob", &[], &["connect"], None).grant.is_some());
    known.take(&c, grant("all", json!({ "subjects": everybody, "actions": ["everything"] })));
    assert!(look(&known, "bob", &[], &["connect"], None).grant.is_none());
}

#[test]
fn wd_05c_what_was_known_allows_nothing_while_nobody_can_be_asked() {
    let (known, c) = (Known::new("sys"), ClusterName::new("c"));
    known.take(&c, workspace("hers", &json!({ "owner": "ada", "org": "lab" })));
    let everybody = json!([{ "kind": "User", "name": "*" }]);
    known.take(&c, grant("all", json!({ "subjects": everybody, "actions": ["connect"] })));
    for whole in [Watched::Workspaces, Watched::Grants] {
        known.take(&c, Change::Whole(whole));
    }
    assert!(look(&known, "bob", &[], &["connect"], None).grant.is_some());
    for back in [Change::Back(Watched::Grants), Change::Whole(Watched::Grants)] {
        known.take(&c, Change::Silent(Watched::Grants));
        let told = look(&known, "bob", &[], &["connect"], None);
        assert!(!told.unknown && told.grant.is_none(), "it may have been taken away");
        assert!(told.nearest.contains("does not answer") && told.sharing == Sharing::Nothing);
        assert_eq!((told.owner.as_str(), told.org.as_str()), ("ada", "lab"), "whose it is stays so");
        assert!(known.missing(&c).is_some_and(|why| why.contains("does not answer")));
        known.take(&c, back);
        assert!(look(&known, "bob", &[], &["connect"], None).grant.is_some());
        assert!(known.missing(&c).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn wd_05d_an_api_server_that_does_not_answer_is_told_after_half_a_minute() {
    let begun = tokio::time::Instant::now();
    let (tell, mut told) = tokio::sync::mpsc::channel(8);
    let follows = crate::follow::run(nobody().reader(), Watched::Grants, None, tell);
    let change = tokio::select! {
        () = follows => None,
        change = told.recv() => change,
    };
    assert!(matches!(change, Some(Change::Silent(Watched::Grants))), "{change:?}");
    assert!((30..60).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

/// A cluster whose API server does not listen: the port was given back.
fn nobody() -> Cluster {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": format!("http://127.0.0.1:{port}") } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c" } }],
    });
    let config = Kubeconfig::parse(&config.to_string()).unwrap();
    Cluster::connect(&config, "c", ConnectOptions::default()).unwrap()
}

#[tokio::test]
async fn wd_05b_an_api_server_that_cannot_be_asked_denies() {
    let cluster = nobody();
    let known = Arc::new(Known::new("sys"));
    let _ = tokio::time::timeout(Duration::from_secs(2), known.follow(cluster)).await;
    assert!(known.missing(&ClusterName::new("c")).is_some());
    let t = gate(Team { care: Desk::default(), deny: Vec::new(), workspaces: known.clone() });
    let member = |roles: &[&str]| {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        t.composed.verifier.member(Member { name: "ada".to_owned(), roles, ..Member::default() })
    };
    let object = || ObjectTarget {
        cluster: ClusterName::new("c"),
        kind: "workspaces.quarterdeck.dev".to_owned(),
        namespace: "ns".to_owned(),
        name: "hers".to_owned(),
    };
    let answers = Answers { confirm: true, ..Answers::default() };
    for roles in [&[][..], &["developer"]] {
        let who = member(roles);
        let connect = WorkspaceConnect { object: object(), purpose: ShellPurpose::List };
        let refused = t.composed.gate.permit(&who, connect, &answers).unwrap_err();
        assert!(refused.to_string().contains("not known now"), "{roles:?}: {refused}");
        let delete = WorkspaceDelete { object: object(), uid: None };
        assert!(t.composed.gate.permit(&who, delete, &answers).is_err(), "{roles:?}");
        let view =
            WorkspaceView { cluster: ClusterName::new("c"), namespace: "ns".to_owned(), name: "hers".to_owned() };
        assert!(t.composed.gate.permit(&who, view, &answers).is_err(), "{roles:?}");
    }
}

#[test]
fn wx_03j_an_alias_is_that_of_the_workspace_which_was_made_first_and_of_the_next_when_that_is_gone() {
    let (known, c) = (Known::new("sys"), ClusterName::new("c"));
    let asks = |name: &str, created: &str, proxy: Value| {
        let json = json!({
            "metadata": { "creationTimestamp": created }, "spec": { "owner": "ada" }, "status": { "webProxy": proxy },
        });
        let json = json.to_string().into_bytes().into();
        Change::Seen(Item::Workspace { key: key(name), uid: "u".into(), generation: 1, deleting: false, json })
    };
    let wiki = |port: u16| json!({ "port": port, "alias": "wiki" });
    known.take(&c, asks("later", "2030-01-02T00:00:01Z", wiki(9000)));
    known.take(&c, asks("first", "2030-01-02T00:00:00Z", wiki(8000)));
    known.take(&c, asks("none", "2029-01-01T00:00:00Z", json!({ "port": 1 })));
    known.take(&c, asks("odd", "2029-01-01T00:00:00Z", json!({ "alias": "wiki" })));
    assert_eq!(known.of_alias("wiki"), Some((c.clone(), key("first"), 8000)));
    assert_eq!(known.alias_of(&c, &key("first")), Some(("wiki".to_owned(), 8000)));
    assert_eq!(known.alias_of(&c, &key("later")), None, "it is somebody else's");
    assert_eq!((known.of_alias(""), known.of_alias("other")), (None, None));
    known.take(
        &c,
        Change::Gone(Item::Workspace {
            key: key("first"),
            uid: "u".into(),
            generation: 1,
            deleting: false,
            json: b"{}".as_slice().into(),
        }),
    );
    assert_eq!(known.of_alias("wiki"), Some((c.clone(), key("later"), 9000)));
    known.take(&c, asks("later", "2030-01-02T00:00:01Z", json!({ "port": 9000, "alias": "other" })));
    assert_eq!(known.of_alias("wiki"), None, "nobody asks for it any more");
    assert_eq!(known.of_alias("other"), Some((c, key("later"), 9000)));
}
