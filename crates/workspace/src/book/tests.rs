#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::launch::{self, Launch};
use super::{Ask, Book, Rules};
use crate::desired::Desired;
use crate::key::Key;
use crate::observed::{Claim, Observed};
use crate::pod::{Phase, Pod};
use crate::render::{Object, Rendered};
use cluster::Owned;
use crd::quota::{Load, Who};
use serde_json::{Value, json};

fn key(name: &str) -> Key {
    Key { namespace: "team".into(), name: name.into() }
}

fn who(user: &str) -> Who {
    Who { user: user.into(), roles: Vec::new(), org: "lab".into() }
}

fn running(cpu: i128) -> Load {
    Load { workspaces: 1, running: 1, cpu: cpu * 1000, ..Load::default() }
}

fn quota(book: &mut Book, name: &str, spec: &Value) {
    let object = json!({ "metadata": { "name": name, "generation": 1 }, "spec": spec });
    book.quota(name, Some(&object)).unwrap();
}

fn grant(book: &mut Book, name: &str, spec: &Value) {
    let object = json!({ "metadata": { "name": name, "generation": 1 }, "spec": spec });
    book.grant(&key(name), Some(&object)).unwrap();
}

/// Asks for a workspace of ada's: why not, and whether it is in a queue.
fn ask(book: &mut Book, name: &str, has: Load, wants: Load, now_ms: i64) -> Result<(), (String, String, bool)> {
    let (key, launch) = (key(name), Launch::default());
    let ask = Ask { key: &key, who: who("ada"), has, wants, launch: &launch, waits_since_ms: None, now_ms };
    let admitted = book.admit(ask);
    if admitted.is_err() {
        book.settle(&key, who("ada"), has, true, now_ms);
    }
    admitted.map(drop).map_err(|(refused, _)| (refused.reason.to_owned(), refused.message, refused.queued))
}

fn none() -> Load {
    Load::default()
}

fn names(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_str()).collect()
}

/// The status of a quota or grant, as it would be written.
fn status(book: &Book, kind: Owned, name: &str, now_ms: i64) -> Value {
    let (all, _) = book.standing(now_ms);
    all.into_iter().find(|one| one.kind == kind && one.key.name == name).unwrap().object["status"].clone()
}

#[test]
fn ws_19j_what_does_not_fit_waits_and_is_asked_again_when_a_pod_is_gone() {
    let mut book = Book::default();
    quota(&mut book, "two", &json!({ "subject": { "user": "*" }, "hard": { "running": 2 } }));
    assert!(ask(&mut book, "a", none(), running(1), 1).is_ok());
    assert!(ask(&mut book, "b", none(), running(1), 2).is_ok());
    assert!(ask(&mut book, "b", none(), running(1), 2).is_ok(), "asked twice, reserved once");
    let (reason, message, queued) = ask(&mut book, "c", none(), running(1), 3).unwrap_err();
    assert_eq!((reason.as_str(), queued), ("QuotaExceeded", false));
    assert_eq!(message, "quota two of user ada: hard.running: 2 of 2 in use, 1 more asked for");
    book.wakes();
    assert!(book.wakes().is_empty(), "nothing changed");
    // Asked to stop: its pod still has its room until it is gone.
    assert!(ask(&mut book, "a", running(1), running(1), 4).is_ok());
    assert!(book.wakes().is_empty());
    assert!(ask(&mut book, "a", none(), running(1).stopped(), 5).is_ok());
    assert_eq!(names(&book.wakes()), ["c"]);
    assert!(ask(&mut book, "c", none(), running(1), 6).is_ok());
    // One that is deleted makes room, too.
    assert!(ask(&mut book, "d", none(), running(1), 7).is_err());
    book.release(&key("b"), 0);
    assert_eq!(names(&book.wakes()), ["d"]);
    assert!(ask(&mut book, "d", none(), running(1), 8).is_ok());
    // And a quota that is raised.
    assert!(ask(&mut book, "e", none(), running(1), 9).is_err());
    quota(&mut book, "two", &json!({ "subject": { "user": "*" }, "hard": { "running": 3 } }));
    assert_eq!(names(&book.wakes()), ["e"]);
}

#[test]
fn ws_19k_a_queue_keeps_its_order() {
    let mut book = Book::default();
    let spec = json!({ "subject": { "all": true }, "hard": { "cpu": 4 }, "overflow": "Queue" });
    quota(&mut book, "q", &spec);
    assert!(ask(&mut book, "a", none(), running(3), 1).is_ok());
    let (_, message, queued) = ask(&mut book, "large", none(), running(3), 2_000).unwrap_err();
    assert!(queued && message.ends_with("it waits for its turn: its place in the queue is 1"), "{message}");
    let (_, message, queued) = ask(&mut book, "small", none(), running(1), 3_000).unwrap_err();
    assert!(queued && message.contains("team/large waits for room before it"), "{message}");
    let never = ask(&mut book, "never", none(), running(5), 1).unwrap_err();
    assert!(!never.2, "waiting would not help: {}", never.1);
    let shown = status(&book, Owned::Quota, "q", 4_000);
    let queued: Vec<_> = shown["queued"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(queued, ["large", "small"]);
    assert_eq!(shown["queued"][0]["bound"], "hard.cpu");
    book.wakes();
    book.release(&key("a"), 0);
    assert_eq!(names(&book.wakes()), ["never", "large", "small"]);
    assert!(ask(&mut book, "small", none(), running(1), 5).is_err(), "not even when it asks first");
    assert!(ask(&mut book, "large", none(), running(3), 6).is_ok());
    assert!(ask(&mut book, "small", none(), running(1), 7).is_ok());
}

#[test]
fn wf_07_who_reaches_a_quota_is_told_the_bound_the_own_idle_ones_and_the_place_in_the_queue() {
    let mut book = Book::default();
    quota(&mut book, "two", &json!({ "subject": { "user": "*" }, "hard": { "running": 3 } }));
    for name in ["a", "b", "c"] {
        ask(&mut book, name, none(), running(1), 1).unwrap();
        ask(&mut book, name, running(1), running(1), 2).unwrap();
    }
    let bound = "quota two of user ada: hard.running: 3 of 3 in use, 1 more asked for";
    assert_eq!(ask(&mut book, "d", none(), running(1), 3).unwrap_err().1, bound, "all of them are used");
    book.wakes();
    book.idle(&key("b"), Some(60_000));
    book.idle(&key("c"), Some(30_000));
    assert_eq!(names(&book.wakes()), ["d"], "it is told anew");
    let (reason, message, queued) = ask(&mut book, "d", none(), running(1), 4).unwrap_err();
    assert_eq!((reason.as_str(), queued), ("QuotaExceeded", false));
    let own = "; stop one of your own that nobody uses: team/c (since 1970-01-01T00:00:30Z), team/b (since 1970-01-01T00:01:00Z)";
    assert_eq!(message, format!("{bound}{own}"));

    let mut book = Book::default();
    let spec = json!({ "subject": { "all": true }, "hard": { "running": 1 }, "overflow": "Queue" });
    quota(&mut book, "one", &spec);
    ask(&mut book, "a", none(), running(1), 1).unwrap();
    for (at, name) in ["x", "y", "z"].into_iter().enumerate() {
        let since = 10 + i64::try_from(at).unwrap();
        let (_, message, queued) = ask(&mut book, name, none(), running(1), since).unwrap_err();
        assert!(queued && message.contains(&format!("its place in the queue is {}", at + 1)), "{message}");
    }
    book.release(&key("x"), 0);
    let (_, message, _) = ask(&mut book, "z", none(), running(1), 20).unwrap_err();
    assert!(message.contains("its place in the queue is 2"), "it moves up: {message}");
}

#[test]
fn ws_19s_who_nobody_used_for_longest_is_stopped_for_another() {
    let mut book = Book::default();
    let spec = json!({ "subject": { "user": "*" }, "hard": { "running": 2 }, "overflow": "StopOldestIdle" });
    quota(&mut book, "two", &spec);
    for name in ["a", "b"] {
        ask(&mut book, name, none(), running(1), 1).unwrap();
        ask(&mut book, name, running(1), running(1), 2).unwrap();
    }
    let (_, message, _) = ask(&mut book, "c", none(), running(1), 3).unwrap_err();
    assert!(message.ends_with("none is known to be idle"), "{message}");
    book.wakes();
    assert!(book.idle(&key("a"), Some(60_000)).is_none() && book.idle(&key("b"), Some(30_000)).is_none());
    assert_eq!(names(&book.wakes()), ["c"], "it asks again: somebody is idle by now");
    let (_, message, queued) = ask(&mut book, "c", none(), running(1), 4).unwrap_err();
    assert!(message.ends_with("team/b, which nobody uses, is stopped for it") && !queued, "{message}");
    assert_eq!(names(&book.wakes()), ["b", "c"]);
    ask(&mut book, "c", none(), running(1), 4).unwrap_err();
    assert!(book.wakes().is_empty(), "one is stopped, and nothing turns in a circle");
    let cause = book.idle(&key("b"), Some(30_000)).unwrap();
    assert_eq!(cause, "team/c needs its room under quota two, and nobody used it since 1970-01-01T00:00:30Z");
    assert!(book.idle(&key("a"), Some(60_000)).is_none(), "one is enough");
    // Somebody uses it before it stops: another is found.
    assert!(book.idle(&key("b"), None).is_none());
    assert_eq!(names(&book.wakes()), ["c"]);
    ask(&mut book, "c", none(), running(1), 5).unwrap_err();
    assert!(book.idle(&key("a"), Some(60_000)).is_some());
    book.wakes();
    // It is stopped, and its room is given.
    ask(&mut book, "a", none(), running(1).stopped(), 6).unwrap();
    assert_eq!(names(&book.wakes()), ["c"]);
    ask(&mut book, "c", none(), running(1), 7).unwrap();
    assert!(book.idle(&key("a"), None).is_none());
    // Whoever needed room is gone: nobody stops for it.
    book.idle(&key("b"), Some(30_000));
    ask(&mut book, "d", none(), running(1), 8).unwrap_err();
    assert!(book.idle(&key("b"), Some(30_000)).is_some());
    book.release(&key("d"), 0);
    assert!(book.idle(&key("b"), Some(30_000)).is_none());
}

#[test]
fn ws_19t_a_namespace_has_the_tightest_of_its_quotas_as_resource_quota_and_limit_range() {
    let mut book = Book::default();
    let (team, per) = (json!({ "namespace": "team" }), json!({ "cpu": "500m", "memory": "2Gi", "storage": "20Gi" }));
    let hard = json!({ "cpu": "8", "memory": "16Gi", "storage": "100Gi", "volumes": 9, "running": 3 });
    quota(&mut book, "team", &json!({ "subject": team, "hard": hard, "perWorkspace": per }));
    quota(&mut book, "each", &json!({ "subject": { "namespace": "*" }, "hard": { "cpu": 4 } }));
    quota(&mut book, "users", &json!({ "subject": { "user": "*" }, "hard": { "cpu": 1 } }));
    let all = book.backstops();
    assert_eq!(all.iter().map(|one| one.kind).collect::<Vec<_>>(), [Owned::ResourceQuota, Owned::LimitRange]);
    let hard = json!({
        "limits.cpu": "8", "limits.memory": "16Gi", "requests.storage": "100Gi", "persistentvolumeclaims": "9",
    });
    assert_eq!(all[0].object["spec"]["hard"], hard, "nobody is in a namespace yet but who is named");
    let limits = json!([
        { "type": "Pod", "max": { "cpu": "500m", "memory": "2Gi" } },
        {
            "type": "Container", "default": { "cpu": "500m", "memory": "1Gi" },
            "defaultRequest": { "cpu": "100m", "memory": "128Mi" },
        },
        { "type": "PersistentVolumeClaim", "max": { "storage": "20Gi" } },
    ]);
    assert_eq!(all[1].object["spec"]["limits"], limits);
    ask(&mut book, "a", none(), running(1).stopped(), 1).unwrap();
    assert_eq!(book.backstops()[0].object["spec"]["hard"]["limits.cpu"], "4");
    book.quota("team", None).unwrap();
    let all = book.backstops();
    assert_eq!((all.len(), &all[0].object["spec"]["hard"]), (2, &json!({ "limits.cpu": "4" })));
    book.release(&key("a"), 0);
    assert!(book.backstops().is_empty());
}

#[test]
fn ws_19q_a_pod_that_was_made_has_its_room_before_a_watch_shows_it() {
    let mut book = Book::default();
    quota(&mut book, "q", &json!({ "subject": { "all": true }, "hard": { "running": 1 } }));
    ask(&mut book, "a", none(), running(1), 1_000).unwrap();
    book.made(&key("a"), 1_000);
    // Stopped at once: nothing is seen yet, and the pod is on its way.
    assert!(ask(&mut book, "a", none(), running(1).stopped(), 1_100).is_ok());
    assert!(ask(&mut book, "b", none(), running(1), 1_200).is_err());
    assert_eq!(book.settle(&key("a"), who("ada"), none(), false, 1_300), Some(11_000), "deleted, and told again later");
    assert!(ask(&mut book, "b", none(), running(1), 1_400).is_err());
    // It is seen, and then it is gone.
    ask(&mut book, "a", running(1), running(1), 1_500).unwrap();
    ask(&mut book, "a", none(), running(1).stopped(), 1_600).unwrap();
    assert!(ask(&mut book, "b", none(), running(1), 1_700).is_ok());
    // One that never shows is not waited for without end.
    book.made(&key("b"), 1_700);
    ask(&mut book, "b", none(), running(1).stopped(), 20_000).unwrap();
    assert!(ask(&mut book, "a", none(), running(1), 20_001).is_ok());
}

#[test]
fn ws_19l_after_a_restart_what_is_there_keeps_its_room() {
    let mut book = Book::default();
    quota(&mut book, "q", &json!({ "subject": { "namespace": "team" }, "hard": { "running": 1, "workspaces": 2 } }));
    for (name, has) in [("a", running(1)), ("b", running(1)), ("c", running(1).stopped())] {
        book.enter(&key(name), who("ada"), has, None, 1);
    }
    assert!(ask(&mut book, "a", running(1), running(1), 2).is_ok(), "the quota came later: nothing is taken away");
    assert!(ask(&mut book, "c", none(), running(1), 3).is_err(), "nothing more is made");
    let (_, message, _) = ask(&mut book, "d", none(), running(1), 4).unwrap_err();
    assert!(message.contains("hard.workspaces: 3 of 2") && message.contains("hard.running: 2 of 1"), "{message}");
    let shown = status(&book, Owned::Quota, "q", 5);
    assert_eq!((&shown["shown"]["running"], &shown["shown"]["workspaces"]), (&json!("2/1"), &json!("3/2")));
    // A pod that somebody enlarged is a fact.
    assert!(ask(&mut book, "a", running(9), running(9), 6).is_ok());
    assert_eq!(status(&book, Owned::Quota, "q", 7)["used"]["cpu"], "10");
}

#[test]
fn ws_19m_a_status_tells_what_is_there_and_what_is_promised() {
    let mut book = Book::default();
    quota(&mut book, "q", &json!({ "subject": { "org": "lab" }, "hard": { "running": 5 } }));
    ask(&mut book, "a", none(), running(2), 1).unwrap();
    let shown = status(&book, Owned::Quota, "q", 2);
    assert_eq!((&shown["used"]["running"], &shown["reserved"]["running"]), (&json!(0), &json!(1)));
    assert_eq!(shown["shown"]["running"], "1/5");
    ask(&mut book, "a", running(2), running(2), 3).unwrap();
    let shown = status(&book, Owned::Quota, "q", 2);
    assert_eq!((&shown["used"]["running"], shown.get("reserved")), (&json!(1), None));
    assert_eq!((&shown["conditions"][0]["status"], &shown["observedGeneration"]), (&json!("True"), &json!(1)));
    let object = json!({
        "metadata": { "generation": 1 }, "status": shown,
        "spec": { "subject": { "org": "lab" }, "hard": { "running": 5 } },
    });
    book.quota("q", Some(&object)).unwrap();
    assert!(book.standing(90_000).0.is_empty(), "it stands as it is: nothing is written");
    quota(&mut book, "role", &json!({ "subject": { "role": "dev" }, "hard": { "running": 0 } }));
    assert_eq!(status(&book, Owned::Quota, "role", 2)["conditions"][0]["reason"], "RolesUnknown");
    quota(&mut book, "snapshots", &json!({ "subject": { "all": true }, "hard": { "snapshots": 1 } }));
    assert_eq!(status(&book, Owned::Quota, "snapshots", 2)["conditions"][0]["reason"], "NotMeasured");
}

fn desired(state: &str) -> (Desired, Value) {
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "u", "labels": { "tier": "one" } },
        "spec": { "owner": "ada", "org": "lab", "state": state, "exposure": { "type": "LoadBalancer" } },
    });
    (Desired::of(&object).unwrap(), object)
}

fn rendered() -> Rendered {
    let limits = |cpu: &str, memory: &str| json!({ "resources": { "limits": { "cpu": cpu, "memory": memory } } });
    let mut main = limits("1500m", "1Gi");
    main["ports"] = json!([{ "containerPort": 8080 }, { "containerPort": 2822 }]);
    let mut beside = limits("500m", "512Mi");
    beside["restartPolicy"] = json!("Always");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "w" },
        "spec": { "containers": [main], "initContainers": [limits("8", "8Gi"), beside] },
    });
    let claim = |name: &str, mark: &str| {
        let body = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": name, "labels": { crate::key::STORAGE: mark } },
            "spec": { "resources": { "requests": { "storage": "10Gi" } } },
        });
        Object::of(body).unwrap()
    };
    Rendered {
        pod: Object::of(pod),
        pod_hash: "h".into(),
        parts: vec![claim("pvc-w-home", "own"), claim("pvc-all-lab", "shared")],
        images: vec!["images.invalid/a:1".into()],
        ..Rendered::default()
    }
}

#[test]
fn ws_19n_a_workspace_takes_what_its_pod_may_use_and_its_own_storage() {
    let gi = |count: i128| (count << 30) * 1000;
    let pod = Pod { hash: "old".into(), cpu_milli: 700, memory_milli: gi(1), ..Pod::default() };
    let claim = Claim { own: true, size: "20Gi".into(), ..Claim::default() };
    let seen = Observed { pod: Some(pod.clone()), claims: vec![claim.clone()], ..Observed::default() };
    let of = |state: &str, seen: &Observed| {
        let (desired, object) = desired(state);
        let load = launch::wants(&desired, &object, &rendered(), seen);
        (load.running, load.cpu, load.memory, load.storage, load.volumes, load.exposed_ports)
    };
    let nothing = Observed::default();
    let new = (1, 2000, gi(1) + gi(1) / 2, gi(10), 1, 1);
    assert_eq!(of("Running", &nothing), new, "those that only run first are not beside it; what is shared is nobody's");
    assert_eq!(of("Stopped", &nothing), (0, 0, 0, gi(10), 1, 0));
    assert_eq!(of("Running", &seen), (1, 700, gi(1), gi(20), 1, 1), "it runs as it was made");
    assert_eq!(of("Stopped", &seen), (1, 700, gi(1), gi(20), 1, 1), "until its pod is gone");
    let gone = Observed { pod: None, claims: vec![claim], ..Observed::default() };
    assert_eq!(of("Stopped", &gone), (0, 0, 0, gi(20), 1, 0));
    assert_eq!(launch::has(&gone).workspaces, 0, "storage that stayed is no workspace");
    let ended = Observed { pod: Some(Pod { phase: Phase::Succeeded, ..pod.clone() }), ..Observed::default() };
    assert_eq!(launch::has(&ended).running, 0);
    let ending = Observed { pod: Some(Pod { deleting_ms: Some(1), cpu_milli: 9000, ..pod }), ..Observed::default() };
    assert_eq!(of("Running", &ending).1, 9000, "both never run at once, and the larger has to fit");
}

fn team(require_grants: bool) -> Book {
    Book::new(Rules { require_grants, system_namespace: "system".into(), ..Rules::default() })
}

fn launch_of(image: &str) -> Launch {
    let (_, object) = desired("Running");
    Launch::of(&object, &Rendered { images: vec![image.into()], ..rendered() })
}

fn launch(
    book: &mut Book,
    name: &str,
    user: &str,
    launch: &Launch,
    now_ms: i64,
) -> Result<Option<i64>, (String, Option<i64>)> {
    let key = key(name);
    let ask = Ask { key: &key, who: who(user), has: none(), wants: running(1), launch, waits_since_ms: None, now_ms };
    book.admit(ask).map_err(|(refused, again)| {
        assert_eq!(refused.reason, "GrantMissing");
        (refused.message, again)
    })
}

#[test]
fn ws_18r_where_grants_are_required_the_nearest_one_says_why_not() {
    let image = launch_of("images.invalid/a:1");
    assert!(launch(&mut team(false), "w", "ada", &image, 1).is_ok(), "elsewhere nobody needs one");
    let mut book = team(true);
    let (message, _) = launch(&mut book, "w", "ada", &image, 1).unwrap_err();
    assert_eq!(message, "no grant names you, one of your roles or your organization");
    let spec = |image: &str| {
        json!({
            "subjects": [{ "kind": "User", "name": "ada" }], "actions": ["launch"],
            "selector": { "matchLabels": { "tier": "one" } }, "constraints": { "images": [image] },
        })
    };
    book.wakes();
    grant(&mut book, "g", &spec("images.invalid/b:*"));
    assert_eq!(names(&book.wakes()), ["w"], "a grant came: it is asked again");
    let (message, _) = launch(&mut book, "w", "ada", &image, 2).unwrap_err();
    assert_eq!(message, "grant g: image images.invalid/a:1 is not one of its images");
    grant(&mut book, "g", &spec("images.invalid/a:*"));
    assert!(launch(&mut book, "w", "ada", &image, 3).is_ok());
    assert!(launch(&mut book, "x", "bob", &image, 4).is_err());
    let shown = status(&book, Owned::Grant, "g", 5);
    assert_eq!(
        (&shown["matched"], &shown["inUse"]),
        (&json!(2), &json!(1)),
        "bob's has the labels, and was not launched"
    );
    assert_eq!(shown["conditions"][0]["status"], "True");
    book.release(&key("w"), 0);
    assert_eq!(status(&book, Owned::Grant, "g", 5)["inUse"], 0);
}

#[test]
fn ws_18s_the_last_place_of_a_grant_is_given_once_and_a_grant_ends_in_time() {
    let mut book = team(true);
    let mut spec = json!({
        "subjects": [{ "kind": "Org", "name": "lab" }], "actions": ["launch"], "constraints": { "maxConcurrent": 1 },
        "notBefore": "1970-01-01T00:00:10Z", "notAfter": "1970-01-01T00:00:20Z",
    });
    grant(&mut book, "g", &spec);
    let image = launch_of("a");
    let (_, again) = launch(&mut book, "a", "ada", &image, 1_000).unwrap_err();
    assert_eq!(again, Some(10_000), "it goes on by itself");
    assert_eq!(status(&book, Owned::Grant, "g", 1_000)["conditions"][0]["reason"], "NotYet");
    assert_eq!(book.standing(1_000).1, Some(10_000));
    assert_eq!(launch(&mut book, "a", "ada", &image, 10_000).unwrap(), Some(20_000));
    assert!(launch(&mut book, "a", "ada", &image, 11_000).is_ok(), "its own place");
    let (message, _) = launch(&mut book, "b", "ada", &image, 11_000).unwrap_err();
    assert_eq!(message, "grant g: it has its 1 workspaces already");
    assert!(launch(&mut book, "a", "ada", &image, 20_000).is_err());
    assert_eq!(status(&book, Owned::Grant, "g", 20_000)["conditions"][0]["reason"], "Ended");
    // After a restart it has its place before others ask.
    spec.as_object_mut().unwrap().remove("notAfter");
    let mut book = team(true);
    grant(&mut book, "g", &spec);
    book.enter(&key("a"), who("ada"), running(1), Some(&image), 12_000);
    assert!(launch(&mut book, "b", "ada", &image, 12_000).is_err());
    assert!(launch(&mut book, "a", "ada", &image, 12_000).is_ok());
}

#[test]
fn ws_18z_a_grant_or_a_quota_for_a_role_is_for_those_who_have_it() {
    let meta = json!({ "name": "w", "namespace": "team", "uid": "u" });
    let desired =
        |owner: &str| Desired::of(&json!({ "metadata": meta, "spec": { "owner": owner, "org": "lab" } })).unwrap();
    let roles = crate::Roles::new(|name| if name == "ada" { vec!["developer".to_owned()] } else { Vec::new() });
    let image = launch_of("a");
    let ask = |book: &mut Book, name: &str, owner: &str| {
        let (key, who) = (key(name), launch::who(&desired(owner), &roles));
        let ask =
            Ask { key: &key, who, has: none(), wants: running(1), launch: &image, waits_since_ms: None, now_ms: 1 };
        book.admit(ask).map(drop).map_err(|(refused, _)| (refused.reason, refused.message))
    };
    let mut book = Book::new(Rules { require_grants: true, knows_roles: true, ..Rules::default() });
    grant(&mut book, "g", &json!({ "subjects": [{ "kind": "Role", "name": "developer" }], "actions": ["launch"] }));
    assert_eq!(status(&book, Owned::Grant, "g", 1)["conditions"][0]["status"], "True");
    ask(&mut book, "a", "ada").unwrap();
    assert_eq!(ask(&mut book, "b", "bob").unwrap_err().0, "GrantMissing");
    quota(&mut book, "q", &json!({ "subject": { "role": "developer" }, "hard": { "running": 1 } }));
    assert_eq!(status(&book, Owned::Quota, "q", 1)["conditions"][0]["status"], "True");
    let (reason, message) = ask(&mut book, "c", "ada").unwrap_err();
    assert_eq!(reason, "QuotaExceeded");
    assert!(message.contains("role developer"), "{message}");

    // Where nobody says who has which, that is said.
    let mut book = team(true);
    grant(&mut book, "g", &json!({ "subjects": [{ "kind": "Role", "name": "developer" }], "actions": ["launch"] }));
    assert_eq!(status(&book, Owned::Grant, "g", 1)["conditions"][0]["reason"], "RolesUnknown");
}

#[test]
fn ws_07k_who_wrote_it_past_the_gateway_says_whose_it_is_by_a_grant_where_owners_are_guarded() {
    let (_, mut object) = desired("Running");
    object["metadata"]["annotations"] = json!({ "quarterdeck.dev/writer": "mallory" });
    let written = Launch::of(&object, &rendered());
    assert!(launch(&mut team(false), "w", "ada", &written, 1).is_ok(), "nobody saw to it that it is she who says so");
    let mut book = Book::new(Rules { guards_owners: true, ..Rules::default() });
    assert!(launch(&mut book, "w", "ada", &launch_of("a:1"), 1).is_ok(), "this one was made through the gateway");
    let (message, _) = launch(&mut book, "w", "ada", &written, 2).unwrap_err();
    assert!(message.starts_with("mallory wrote it, and may not say whose it is: "), "{message}");
    let spec = |action: &str, from: &str| json!({ "subjects": [{ "kind": "User", "name": "mallory" }], "actions": [action], "notBefore": from });
    book.wakes();
    grant(&mut book, "g", &spec("launch", "1970-01-01T00:00:00Z"));
    assert!(launch(&mut book, "w", "ada", &written, 3).is_err(), "that is another right");
    grant(&mut book, "g", &spec("impersonateOwner", "1970-01-01T00:00:10Z"));
    assert_eq!(launch(&mut book, "w", "ada", &written, 4).unwrap_err().1, Some(10_000), "it is asked again then");
    assert!(launch(&mut book, "w", "ada", &written, 10_000).is_ok());
    let ended = json!({ "subjects": [{ "kind": "User", "name": "mallory" }], "actions": ["admin"], "notAfter": "1970-01-01T00:00:20Z" });
    grant(&mut book, "g", &ended);
    assert_eq!(launch(&mut book, "w", "ada", &written, 11_000).unwrap(), Some(20_000), "and when its time is over");
    assert!(launch(&mut book, "w", "ada", &written, 20_000).is_err());
}

#[test]
fn bp_09d_an_engine_with_all_privileges_needs_a_grant_of_admin_beside_that_of_the_launch() {
    let (_, object) = desired("Running");
    let mut with = rendered();
    let pod = with.pod.as_ref().unwrap();
    let mut body = pod.body.clone();
    body["spec"]["initContainers"][1]["securityContext"] = json!({ "privileged": true });
    with.pod = Object::of(body);
    let engine = Launch::of(&object, &Rendered { images: vec!["a:1".into()], built_on: "plain".into(), ..with });
    assert!(launch(&mut team(false), "w", "ada", &engine, 1).is_ok(), "where no grants are asked for");
    let mut book = team(true);
    let spec = |action: &str, blueprint: &str| {
        json!({
            "subjects": [{ "kind": "User", "name": "ada" }], "actions": [action], "constraints": { "blueprints": [blueprint] },
            "notAfter": "1970-01-01T00:00:20Z",
        })
    };
    grant(&mut book, "launch", &json!({ "subjects": [{ "kind": "User", "name": "ada" }], "actions": ["launch"] }));
    assert!(launch(&mut book, "v", "ada", &launch_of("a:1"), 1).is_ok(), "one without privileges");
    let (message, _) = launch(&mut book, "w", "ada", &engine, 2).unwrap_err();
    assert!(message.contains("has all privileges on its node, which needs a Grant of admin"), "{message}");
    grant(&mut book, "admin", &spec("admin", "other"));
    assert!(launch(&mut book, "w", "ada", &engine, 3).is_err(), "that grant is for another blueprint");
    grant(&mut book, "admin", &spec("admin", "plain"));
    assert_eq!(
        launch(&mut book, "w", "ada", &engine, 4).unwrap(),
        Some(20_000),
        "it is asked again when its time is over"
    );
    assert!(launch(&mut book, "w", "ada", &engine, 20_000).is_err());
    assert!(launch(&mut book, "v", "ada", &launch_of("a:1"), 20_001).is_ok());
}

#[test]
fn ws_19x_hours_that_are_used_up_come_back_with_time() {
    const HOUR: i64 = 3_600_000;
    let mut book = Book::default();
    let bound = json!({ "subject": { "user": "*" }, "hard": { "cpuHours": { "perDay": 1 } }, "overflow": "Queue" });
    let mut object = json!({
        "metadata": { "name": "q", "generation": 1, "creationTimestamp": "1970-01-01T00:00:00Z" }, "spec": bound,
    });
    book.quota("q", Some(&object)).unwrap();
    ask(&mut book, "a", none(), running(2), 0).unwrap();
    ask(&mut book, "a", running(2), running(2), 1_000).unwrap();
    // Half an hour of two processors is all there is.
    let (reason, message, queued) = ask(&mut book, "b", none(), running(1), HOUR / 2 + 1_000).unwrap_err();
    assert_eq!((reason.as_str(), queued), ("QuotaExceeded", true));
    let words =
        "hard.cpuHours.perDay: 1 of 1 used up; it is asked again at 1970-01-01T01:00:00Z; it waits for its turn";
    assert!(message.contains(words), "{message}");
    assert!(ask(&mut book, "a", running(2), running(2), HOUR / 2 + 2_000).is_ok(), "what runs goes on");
    ask(&mut book, "a", none(), running(2).stopped(), HOUR / 2 + 3_000).unwrap();
    let shown = status(&book, Owned::Quota, "q", HOUR);
    assert_eq!(
        (&shown["used"]["cpuHoursDay"], &shown["queued"][0]["bound"]),
        (&json!("1001m"), &json!("hard.cpuHours.perDay"))
    );
    assert_eq!(shown["spent"][0]["seconds"], json!([3604]));
    assert_eq!(shown["conditions"][0]["status"], "True");
    // The next operator knows from the status alone.
    object["status"] = shown;
    let mut book = Book::default();
    book.quota("q", Some(&object)).unwrap();
    assert!(ask(&mut book, "b", none(), running(1), 23 * HOUR).is_err());
    assert!(ask(&mut book, "b", none(), running(1), 24 * HOUR).is_ok());
    let left = status(&book, Owned::Quota, "q", 24 * HOUR);
    assert_eq!((left["used"].get("cpuHoursDay"), &left["used"]["cpuHoursWeek"]), (None, &json!("1001m")));
}
