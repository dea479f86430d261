#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Launches, Newest, Outcome, Rolling, Told, Whose, judge};
use crd::blueprint::RolloutState;
use serde_json::{Value, json};

fn spec(image: &str, rollout: Value) -> Value {
    json!({ "image": image, "rollout": rollout })
}

/// The status that a blueprint has after it was judged.
fn status(spec: &Value, status: &Value, launches: &Launches) -> Value {
    let judged = judge(&Newest::of(spec), status, launches, None);
    let (whole, reason, message) = judged.condition;
    let condition = json!({ "type": "RolledOut", "status": whole, "reason": reason, "message": message });
    let mut status = json!({ "stable": judged.stable, "rollout": judged.rollout, "conditions": [condition] });
    status.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    status
}

fn first() -> Value {
    status(&spec("images.invalid/go:1", Value::Null), &Value::Null, &Launches::default())
}

fn rolling(rollout: Value, status: &Value) -> (Told, Rolling) {
    let told = Told::of(&spec("images.invalid/go:2", rollout), status);
    let rolling = told.rolling.clone().unwrap();
    (told, rolling)
}

fn launches(outcomes: &[bool]) -> Launches {
    let mut all = Launches::default();
    for (at, failed) in outcomes.iter().enumerate() {
        let outcome = if *failed { Outcome::Failed } else { Outcome::Ready };
        assert!(all.take(&format!("uid-{at}"), i64::try_from(at).unwrap() * 1_000, outcome));
    }
    all
}

#[test]
fn wb_02f_a_revision_serves_the_same_part_of_people_and_its_groups_first() {
    let stands = first();
    assert!(Told::of(&spec("images.invalid/go:1", json!({ "percent": 5 })), &stands).rolling.is_none(), "no new one");
    assert!(Told::of(&spec("images.invalid/go:2", Value::Null), &stands).rolling.is_none(), "it serves all at once");
    assert!(Told::of(&spec("images.invalid/go:2", json!({})), &Value::Null).rolling.is_none(), "it is the first");
    let (told, some) = rolling(json!({ "percent": 25 }), &stands);
    assert_eq!(some.stable.1, json!({ "image": "images.invalid/go:1" }), "the one before is there");
    assert_eq!(told.spec, json!({ "image": "images.invalid/go:2" }));
    let people: Vec<String> = (0..2_000).map(|at| format!("user{at}")).collect();
    let takes = |rolling: &Rolling, told: &Told, owner: &str| {
        rolling.takes(&told.revision, None, Whose { owner, org: "lab", ..Whose::default() })
    };
    let got: Vec<&String> = people.iter().filter(|owner| takes(&some, &told, owner)).collect();
    assert!((400..600).contains(&got.len()), "{} of 2000", got.len());
    let (more_told, more) = rolling(json!({ "percent": 60 }), &stands);
    assert_eq!(more_told.revision, told.revision, "whom it serves is no part of what it is");
    assert!(got.iter().all(|owner| takes(&more, &more_told, owner)), "who had it has it still");
    let (_, all) = rolling(json!({ "percent": 100 }), &stands);
    assert!(people.iter().all(|owner| takes(&all, &told, owner)));
    let (_, none) = rolling(json!({}), &stands);
    assert!(!people.iter().any(|owner| takes(&none, &told, owner)));
    let named = json!({ "groups": [
        { "kind": "User", "name": "ada" }, { "kind": "Org", "name": "early" }, { "kind": "Role", "name": "tester" },
    ] });
    let (_, named) = rolling(named, &stands);
    let is = |owner: &str, org: &str, roles: &[String]| {
        named.takes(&told.revision, None, Whose { owner, org, roles, ..Whose::default() })
    };
    assert!(is("ada", "lab", &[]) && is("bob", "early", &[]) && is("bob", "lab", &["tester".to_owned()]));
    assert!(!is("bob", "lab", &["dev".to_owned()]));
}

#[test]
fn wb_02g_a_workspace_keeps_the_revision_that_it_was_made_of() {
    let stands = first();
    let (told, rolling) = rolling(json!({ "percent": 100 }), &stands);
    let old = stands["stable"]["revision"].as_str().unwrap();
    let ada = Whose { owner: "ada", org: "lab", uid: "uid-0", ..Whose::default() };
    assert!(!rolling.takes(&told.revision, Some(old), ada), "it is there already");
    assert!(!rolling.takes(&told.revision, Some("before"), ada), "that one is no more: the one for everybody");
    assert!(rolling.takes(&told.revision, Some(&told.revision), ada));
    assert!(rolling.takes(&told.revision, None, ada), "a new one");
    // Held: who ran with it goes on with it, who never came up has the one before with the next start.
    let spec = spec("images.invalid/go:2", json!({ "percent": 100, "holdAfter": { "failures": 1, "of": 2 } }));
    let held = status(&spec, &stands, &launches(&[true, false]));
    assert_eq!(held["rollout"]["state"], "Held", "{held:#}");
    let held = Told::of(&spec, &held).rolling.unwrap();
    assert!(!held.takes(&told.revision, None, ada), "nobody anew");
    assert!(!held.takes(&told.revision, Some(&told.revision), ada), "it failed with it");
    assert!(held.takes(&told.revision, Some(&told.revision), Whose { uid: "uid-1", ..ada }), "it runs with it");
}

#[test]
fn wb_02h_it_is_held_when_failures_rise_and_serves_all_once_it_proved_itself() {
    let stands = first();
    let rule = |percent: i32| {
        spec("images.invalid/go:2", json!({ "percent": percent, "holdAfter": { "failures": 2, "of": 4 } }))
    };
    let judged = |percent, outcomes: &[bool]| judge(&Newest::of(&rule(percent)), &stands, &launches(outcomes), None);
    let state = |percent, outcomes: &[bool]| judged(percent, outcomes).rollout.map(|told| told.state);
    assert_eq!(state(10, &[]), Some(RolloutState::Progressing));
    assert_eq!(state(10, &[true, false, false]), Some(RolloutState::Progressing), "one is no rise");
    assert_eq!(state(10, &[true, true]), Some(RolloutState::Held));
    assert_eq!(state(10, &[true, true, false, false, false]), Some(RolloutState::Progressing), "the last four count");
    let held = judged(10, &[true, false, true]);
    assert_eq!((held.condition.0, held.condition.1), (false, "LaunchesFailed"));
    assert!(held.condition.2.starts_with("2 of the last 3 "), "{}", held.condition.2);
    let told = held.rollout.unwrap();
    assert_eq!((told.ready, told.failed, told.launches.len()), (1, 2, 3));
    assert_eq!(held.stable.revision, stands["stable"]["revision"], "the one before serves the others");
    // All of them: not before enough went well.
    assert_eq!(state(100, &[false, false, false]), Some(RolloutState::Progressing));
    assert_eq!(state(100, &[true, true, false, false]), Some(RolloutState::Held));
    let whole = judged(100, &[false, true, false, false]);
    assert_eq!((whole.rollout, whole.condition.1), (None, "AsExpected"));
    assert_eq!(whole.stable.revision, Newest::of(&rule(100)).revision);
    // Held is held, whatever becomes of those that failed.
    let newest = rule(10);
    let before = status(&newest, &stands, &launches(&[true, true]));
    let after = status(&newest, &before, &launches(&[false, false]));
    assert_eq!((&after["rollout"]["state"], &after["rollout"]["failed"]), (&json!("Held"), &json!(0)));
    // Another one is judged anew, and the one before is the same.
    let next = spec("images.invalid/go:3", json!({ "percent": 10 }));
    let next = status(&next, &after, &Launches::default());
    assert_eq!(next["rollout"]["state"], "Progressing");
    assert_eq!(next["stable"], stands["stable"]);
    // One of which nothing can be made serves nobody.
    let broken = judge(&Newest::of(&newest), &stands, &Launches::default(), Some("/image: no image"));
    assert_eq!((broken.rollout.unwrap().state, broken.condition.1), (RolloutState::Held, "BlueprintInvalid"));
}

#[test]
fn wb_02i_somebody_promotes_holds_and_resumes_one_revision_and_no_other() {
    let stands = first();
    let newest = Newest::of(&spec("images.invalid/go:2", Value::Null)).revision;
    let said = |act: &str, revision: &str| {
        spec("images.invalid/go:2", json!({ "percent": 10, "verdict": { "act": act, "revision": revision } }))
    };
    let held = status(&said("Hold", &newest), &stands, &Launches::default());
    assert_eq!((&held["rollout"]["state"], &held["conditions"][0]["reason"]), (&json!("Held"), &json!("HeldByHand")));
    let told = Told::of(&said("Hold", &newest), &stands).rolling.unwrap();
    let ada = Whose { owner: "ada", ..Whose::default() };
    assert!((0..200).all(|at| !told.takes(&newest, None, Whose { owner: &format!("u{at}"), ..ada })), "at once");
    let resumed = status(&spec("images.invalid/go:2", json!({ "percent": 10 })), &held, &Launches::default());
    assert_eq!(resumed["rollout"]["state"], "Progressing");
    let failed = status(&spec("images.invalid/go:2", json!({ "percent": 10 })), &stands, &launches(&[true; 3]));
    assert_eq!(failed["rollout"]["state"], "Held");
    let promoted = status(&said("Promote", &newest), &failed, &launches(&[true; 3]));
    assert_eq!((&promoted["rollout"], &promoted["stable"]["revision"]), (&Value::Null, &json!(newest)));
    assert!(Told::of(&said("Promote", &newest), &failed).rolling.unwrap().takes(&newest, None, ada), "at once");
    let other = status(&said("Promote", "another"), &stands, &Launches::default());
    assert_eq!(other["rollout"]["state"], "Progressing", "that was said of another revision");
}

#[test]
fn wb_02j_launches_are_counted_once_each_and_the_last_ones_alone() {
    let mut all = Launches::default();
    assert!(all.take("a", 1_000, Outcome::Failed));
    assert!(!all.take("a", 1_000, Outcome::Failed), "the same again");
    assert!(all.take("a", 1_000, Outcome::Ready), "it came up after all");
    assert!(!all.take("a", 1_000, Outcome::Failed), "what breaks later is no launch that failed");
    for at in 0..200 {
        all.take(&format!("u{at}"), 2_000 + at, Outcome::Ready);
    }
    let stands = first();
    let newest = spec("images.invalid/go:2", json!({ "percent": 10 }));
    let told = status(&newest, &stands, &all);
    let kept = told["rollout"]["launches"].as_array().unwrap();
    assert_eq!((kept.len(), &kept[49]["uid"]), (50, &json!("u199")));
    assert!(!all.take("old", 1_500, Outcome::Failed), "one that is older than all of them");
    // Whoever leads next counts on from what stands.
    let mut next = Launches::default();
    next.join(super::told(&told, &Newest::of(&newest).revision));
    assert_eq!(next, all);
    let long = json!({ "image": "a:1", "splash": "x".repeat(600_000) });
    let stands = status(&long, &Value::Null, &Launches::default());
    assert_eq!(stands["stable"]["spec"], Value::Null);
    let after = judge(&Newest::of(&newest), &stands, &Launches::default(), None);
    assert_eq!((after.rollout, after.condition.0, after.condition.1), (None, true, "TooLarge"));
    assert!(Told::of(&newest, &stands).rolling.is_none(), "it serves everybody at once, and that is told");
}
