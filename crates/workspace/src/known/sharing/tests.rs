#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Shared;
use base::ClusterName;
use crd::Time;
use policy::team::{ShareRole, Wanted};
use policy::{ObjectTarget, Sharing, Who};
use serde_json::{Value, json};
use std::borrow::Cow;

fn who(name: &str, org: &str, roles: &[&str]) -> Who {
    let who = json!({ "id": format!("user:{name}"), "name": name, "door": "api", "roles": roles, "org": org });
    serde_json::from_value(who).unwrap()
}

fn ask(spec: &Value, who: &Who, role: ShareRole, port: Option<(u16, &str)>) -> Sharing {
    with(&json!({ "spec": spec }), who, role, port)
}

fn with(workspace: &Value, who: &Who, role: ShareRole, port: Option<(u16, &str)>) -> Sharing {
    let object = ObjectTarget {
        cluster: ClusterName::new("c"),
        kind: "workspaces.quarterdeck.dev".to_owned(),
        namespace: "ns".to_owned(),
        name: "hers".to_owned(),
    };
    let (number, app) = port.unzip();
    let wanted = Wanted {
        object: Cow::Owned(object),
        verbs: &[],
        role: Some(role),
        port: number,
        app: app.unwrap_or_default(),
        image: "",
        blueprint: "",
    };
    let now = Time::from_millis(1_000_000).unwrap();
    Shared::of(workspace).with(who, &wanted, "lab", now)
}

fn allows(sharing: &Sharing) -> bool {
    matches!(sharing, Sharing::Allows(_))
}

#[test]
fn ws_15a_a_workspace_is_shared_with_those_it_names_in_their_role_and_with_nobody_else() {
    let spec = json!({ "sharing": [
        { "kind": "User", "name": "bob", "role": "viewer" },
        { "kind": "Role", "name": "helper", "role": "user" },
        { "kind": "Org", "name": "guests", "role": "admin" },
        { "kind": "User", "name": "odd", "role": "king" },
    ] });
    let (bob, helper, guest) = (who("bob", "lab", &[]), who("max", "lab", &["helper"]), who("eve", "guests", &[]));
    for (who, role) in [(&bob, ShareRole::Viewer), (&helper, ShareRole::User), (&guest, ShareRole::Admin)] {
        for least in [ShareRole::Viewer, ShareRole::User, ShareRole::Admin] {
            assert_eq!(allows(&ask(&spec, who, least, None)), role >= least, "{} {least:?}", who.name);
        }
    }
    let less = ask(&spec, &bob, ShareRole::User, None);
    assert_eq!(less, Sharing::Less("it is shared with you as viewer, which is not enough".to_owned()));
    for nobody in
        [who("tom", "lab", &[]), who("odd", "lab", &[]), who("bob", "guests2", &[]), who("x", "", &["helper"])]
    {
        assert_eq!(ask(&spec, &nobody, ShareRole::Viewer, None), Sharing::Nothing, "{}", nobody.name);
    }
}

#[test]
fn wf_16b_what_was_shared_until_a_time_is_not_shared_after_it() {
    let until = |time: &str| json!({ "sharing": [{ "kind": "User", "name": "bob", "role": "user", "until": time }] });
    let bob = who("bob", "lab", &[]);
    assert!(allows(&ask(&until("1970-01-01T00:16:41Z"), &bob, ShareRole::User, None)));
    let ended = ask(&until("1970-01-01T00:16:40Z"), &bob, ShareRole::User, None);
    assert_eq!(ended, Sharing::Ended("1970-01-01T00:16:40Z".to_owned()));
    // It would not have been enough.
    assert_eq!(ask(&until("1970-01-01T00:16:40Z"), &bob, ShareRole::Admin, None), Sharing::Nothing);
}

#[test]
fn ws_15b_a_port_or_an_app_is_shared_with_its_level() {
    let spec = json!({
        "ports": [{ "name": "web", "containerPort": 8080 }, { "name": "api", "containerPort": 9090 }],
        "sharing": [{ "kind": "User", "name": "bob", "role": "viewer" }],
        "portSharing": [
            { "port": 8080, "level": "private" }, { "port": 9090, "level": "org" }, { "app": "code", "level": "users" },
            { "port": 7070, "level": "public" },
        ],
    });
    let people = [who("bob", "lab", &[]), who("tom", "lab", &[]), who("eve", "guests", &[])];
    for (port, expected) in [
        ((8080, ""), [true, false, false]),
        ((0, "web"), [true, false, false]),
        ((9090, ""), [true, true, false]),
        ((0, "api"), [true, true, false]),
        ((0, "code"), [true, true, true]),
        ((7070, ""), [true, true, true]),
        // Those are not shared.
        ((22, ""), [false, false, false]),
        ((0, "other"), [false, false, false]),
    ] {
        for (who, expected) in people.iter().zip(expected) {
            let said = ask(&spec, who, ShareRole::User, Some(port));
            assert_eq!(allows(&said), expected, "{} {port:?}: {said:?}", who.name);
        }
    }
    let alone = ask(&spec, &people[2], ShareRole::User, Some((9090, "")));
    assert_eq!(alone, Sharing::Less("port 9090 is for its organization alone".to_owned()));
    // A port that is shared shares nothing else.
    assert_eq!(ask(&spec, &people[1], ShareRole::Viewer, None), Sharing::Nothing);
    // Whoever comes without a login comes to none of them.
    let nobody: Who = serde_json::from_value(json!({ "id": "unknown", "name": "", "door": "api" })).unwrap();
    assert!(!allows(&ask(&spec, &nobody, ShareRole::User, Some((7070, "")))));
}

#[test]
fn bp_16d_the_main_route_is_for_the_roles_that_the_blueprint_names_and_no_other_port_is() {
    let object = |roles: &[&str]| {
        json!({
            "spec": { "ports": [{ "name": "web", "containerPort": 8080 }, { "name": "db", "containerPort": 5432 }] },
            "status": { "webProxy": { "port": 8080, "roles": roles } },
        })
    };
    let roles = ["reviewer", "tester"];
    let wants = |who: &Who, role, port| allows(&with(&object(&roles), who, role, port));
    let (tester, other) = (who("tom", "lab", &["tester", "x"]), who("pam", "lab", &["painter"]));
    for port in [(8080, ""), (0, "web")] {
        assert!(wants(&tester, ShareRole::Viewer, Some(port)), "{port:?}");
        assert!(!wants(&other, ShareRole::Viewer, Some(port)), "{port:?}");
        assert!(
            !wants(&who("eve", "guests", &["tester"]), ShareRole::Viewer, Some(port)),
            "a role of another organization"
        );
        assert!(!allows(&with(&object(&[]), &tester, ShareRole::Viewer, Some(port))), "the owner alone when left out");
    }
    for port in [Some((5432, "")), Some((0, "db")), None] {
        assert!(!wants(&tester, ShareRole::Viewer, port), "{port:?}");
    }
    // what is asked for is not yet what runs
    let asked = json!({ "spec": { "overrides": { "webProxy": { "port": 8080, "roles": roles } } } });
    assert!(!allows(&with(&asked, &tester, ShareRole::Viewer, Some((8080, "")))));
}
