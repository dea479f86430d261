#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::fake::Fake;
use super::{PLAN_LIFE_MS, Plans};
use crate::error::Error;
use api::rest::{Act, Answers, Need, ObjectRef, PlanRequest, Verdict};
use base::{ClusterName, Code, Coded};
use cluster::Error as ClusterError;
use policy::desk::Desk;
use policy::testing::{TestGate, gate};
use policy::{Outcome, Principal};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

struct Rig {
    gate: TestGate,
    fake: Fake,
    plans: Plans,
    ada: Principal,
}

fn rig_with(desk: Desk) -> Rig {
    let gate = gate(desk);
    let fake = Fake::default();
    let plans = Plans::new(gate.composed.gate.clone(), Arc::new(fake.clone()), Arc::new(gate.clock.clone()));
    let ada = gate.composed.verifier.desk("ada", []);
    for n in 1..=3 {
        fake.put(
            "pods",
            "shop",
            &format!("web-{n}"),
            json!({ "metadata": { "labels": { "app": "web" } }, "spec": {} }),
        );
    }
    let deployment = json!({ "metadata": { "labels": {} }, "spec": { "replicas": 2 }, "status": { "replicas": 2 } });
    fake.put("deployments.apps", "shop", "web", deployment);
    Rig { gate, fake, plans, ada }
}

fn rig() -> Rig {
    rig_with(Desk { production_contexts: [ClusterName::new("prod")].into(), ..Desk::default() })
}

fn object(cluster: &str, kind: &str, name: &str) -> ObjectRef {
    let namespace = "shop".to_owned();
    ObjectRef { cluster: ClusterName::new(cluster), kind: kind.to_owned(), namespace, name: name.to_owned() }
}

fn delete() -> Act {
    Act::Delete { propagation: None, grace_seconds: None }
}

fn pods(names: &[&str]) -> PlanRequest {
    PlanRequest { act: delete(), objects: names.iter().map(|name| object("dev", "pods", name)).collect() }
}

fn web(act: Act) -> PlanRequest {
    PlanRequest { act, objects: vec![object("dev", "deployments.apps", "web")] }
}

fn yes() -> Answers {
    Answers { confirm: true, ..Answers::default() }
}

fn typed(name: &str) -> Answers {
    Answers { typed_name: name.to_owned(), ..Answers::default() }
}

const WEB: &str = "deployments.apps/shop/web";

#[tokio::test]
async fn exd_13_a_bulk_delete_always_goes_through_a_plan() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2", "web-3"])).await.unwrap();
    assert!(plan.ready && plan.steps.len() == 3);
    assert_eq!(plan.needs, [Need::Confirm]);
    assert!(plan.steps.iter().all(|step| step.decision == Verdict::Needs && step.error.is_none()));
    assert!(rig.fake.writes().is_empty(), "a plan changes nothing: {:?}", rig.fake.sent());
    assert_eq!(rig.fake.sent().iter().filter(|sent| sent.what.ends_with("dry-run")).count(), 3);
    let error = rig.plans.commit(&rig.ada, &plan.id, &Answers::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::NeedsUnmet);
    assert!(rig.fake.writes().is_empty(), "nothing is done without the answer");
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    assert!(committed.results.iter().all(|result| result.done && result.message == "deleted"));
    assert_eq!(rig.fake.writes().len(), 3);
    assert!(rig.fake.object("pods/shop/web-1").is_none());
}

#[tokio::test]
async fn exn_06a_every_act_is_sent_under_its_own_decision_after_it_is_on_disk() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2"])).await.unwrap();
    rig.gate.journal.hold(true);
    let (plans, ada, id) = (rig.plans.clone(), rig.ada.clone(), plan.id.clone());
    let commit = tokio::spawn(async move { plans.commit(&ada, &id, &yes()).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(rig.fake.writes().is_empty(), "the decisions are not on disk yet");
    rig.gate.journal.hold(false);
    let committed = commit.await.unwrap().unwrap();
    let decided: Vec<String> = rig.gate.journal.decided().iter().map(|d| d.decision.to_string()).collect();
    for result in &committed.results {
        assert!(decided.contains(&result.decision));
        let what = format!("DELETE pods/shop/{}", result.object.name);
        assert!(rig.fake.sent().iter().any(|sent| sent.what == what && sent.decision == result.decision));
    }
    assert_ne!(committed.results[0].decision, committed.results[1].decision);
    let done = rig.gate.journal.ended().into_iter().filter(|e| e.action == "object:delete").map(|e| e.outcome);
    assert!(done.eq([Outcome::Done { message: "deleted".into() }, Outcome::Done { message: "deleted".into() }]));
}

#[tokio::test]
async fn exn_06a_an_unwritable_journal_leaves_everything_undone() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    rig.gate.journal.hold(true);
    rig.gate.journal.fail(true);
    let error = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
    assert_eq!(error.code(), Code::AuditUnavailable);
    rig.gate.journal.refuse(true);
    let error = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
    assert_eq!(error.code(), Code::AuditUnavailable);
    assert!(rig.fake.writes().is_empty());
    rig.gate.journal.refuse(false);
    rig.gate.journal.fail(false);
    rig.gate.journal.hold(false);
    assert!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.is_ok(), "the plan lives on");
}

#[tokio::test]
async fn exn_06a_committing_again_gives_the_same_result_and_acts_once() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2"])).await.unwrap();
    let answers = yes();
    let commit = || rig.plans.commit(&rig.ada, &plan.id, &answers);
    let (first, second) = tokio::join!(commit(), commit());
    let third = rig.plans.commit(&rig.ada, &plan.id, &Answers::default()).await.unwrap();
    let text = |committed: &api::rest::Committed| serde_json::to_string(committed).unwrap();
    let first = first.unwrap();
    assert_eq!(text(&first), text(&second.unwrap()));
    assert_eq!(text(&first), text(&third));
    assert_eq!(rig.fake.writes().len(), 2);
}

#[tokio::test]
async fn exn_06a_a_commit_that_nobody_waits_for_is_finished() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    let hold = Arc::new(tokio::sync::Semaphore::new(0));
    rig.fake.0.lock().hold = Some(hold.clone());
    let answers = yes();
    let commit = rig.plans.commit(&rig.ada, &plan.id, &answers);
    assert!(tokio::time::timeout(Duration::from_millis(50), commit).await.is_err(), "the client went away");
    hold.add_permits(1);
    rig.plans.shutdown().await;
    assert!(rig.fake.object("pods/shop/web-1").is_none());
    assert!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap().results[0].done);
}

#[tokio::test]
async fn exn_06a_a_plan_dies_after_ten_minutes() {
    assert_eq!(PLAN_LIFE_MS, 600_000);
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    rig.gate.clock.advance(PLAN_LIFE_MS - 1);
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &Answers::default()).await.unwrap_err().code(), Code::NeedsUnmet);
    rig.gate.clock.advance(1);
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::PlanExpired);
    assert_eq!(rig.plans.commit(&rig.ada, "nothing", &yes()).await.unwrap_err().code(), Code::NotFound);
    assert!(rig.fake.writes().is_empty());
}

#[tokio::test]
async fn exn_06a_a_plan_dies_when_an_object_moves_and_nothing_is_done_in_part() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2"])).await.unwrap();
    rig.fake.edit("pods/shop/web-2", |pod| pod["metadata"]["labels"]["app"] = json!("other"));
    let error = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
    assert_eq!(error.code(), Code::PlanStale);
    assert!(error.to_string().contains("web-2"), "{error}");
    assert!(rig.fake.writes().is_empty());
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::PlanStale);
    let ended = rig.gate.journal.ended();
    let failed = ended.iter().filter(|e| matches!(&e.outcome, Outcome::Failed { code, .. } if code == "plan_stale"));
    assert_eq!(failed.count(), 2, "both permits ended with the reason");
}

#[tokio::test]
async fn exn_06a_an_object_of_the_same_name_made_since_is_left_alone() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    rig.fake.put("pods", "shop", "web-1", json!({ "metadata": { "labels": { "app": "web" } }, "spec": {} }));
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::PlanStale);
    assert!(rig.fake.object("pods/shop/web-1").is_some());
}

#[tokio::test]
async fn exn_06a_a_plan_of_somebody_else_is_not_theirs_to_commit() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    let eve = rig.gate.composed.verifier.desk("eve", []);
    assert_eq!(rig.plans.commit(&eve, &plan.id, &yes()).await.unwrap_err().code(), Code::PlanForeign);
    assert_eq!(rig.plans.get(&eve, &plan.id).unwrap_err().code(), Code::PlanForeign);
    assert!(rig.fake.writes().is_empty());
}

#[tokio::test]
async fn exn_06a_read_only_sends_nothing_at_all() {
    let rig = rig_with(Desk { read_only: true, ..Desk::default() });
    let acts = [pods(&["web-1"]), web(Act::Scale { replicas: 5 }), web(Act::Restart)];
    for request in acts {
        let plan = rig.plans.plan(&rig.ada, request).await.unwrap();
        assert!(!plan.ready);
        assert_eq!(plan.steps[0].decision, Verdict::Deny);
        assert!(plan.steps[0].reason.contains("--read-only"));
        assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::ReadOnly);
    }
    assert!(rig.fake.sent().is_empty(), "not even a read or a dry-run: {:?}", rig.fake.sent());
}

#[tokio::test]
async fn ex_11a_production_asks_for_the_typed_name() {
    let rig = rig();
    let request = PlanRequest { act: delete(), objects: vec![object("prod", "pods", "web-1")] };
    let plan = rig.plans.plan(&rig.ada, request).await.unwrap();
    assert_eq!(plan.needs, [Need::TypedName { name: "web-1".to_owned() }]);
    for wrong in [yes(), typed("web-2"), typed("")] {
        assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &wrong).await.unwrap_err().code(), Code::NeedsUnmet);
    }
    assert!(rig.fake.writes().is_empty());
    assert!(rig.plans.commit(&rig.ada, &plan.id, &typed("web-1")).await.unwrap().results[0].done);

    let many = PlanRequest { act: delete(), objects: ["web-2", "web-3"].map(|n| object("prod", "pods", n)).to_vec() };
    let plan = rig.plans.plan(&rig.ada, many).await.unwrap();
    assert_eq!(plan.needs, [Need::TypedName { name: "prod".to_owned() }]);
    assert!(rig.plans.commit(&rig.ada, &plan.id, &typed("prod")).await.is_ok());
}

#[tokio::test]
async fn ex_120_deleting_what_is_gone_is_success() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "never-was", "web-2"])).await.unwrap();
    assert!(plan.ready);
    assert_eq!(plan.steps[1].effects, ["is gone already"]);
    rig.fake.0.lock().objects.remove("pods/shop/web-2");
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    let seen: Vec<_> = committed.results.iter().map(|r| (r.done, r.message.as_str())).collect();
    assert_eq!(seen, [(true, "deleted"), (true, "already gone"), (true, "already gone")]);
    let plan = rig.plans.plan(&rig.ada, pods(&["typo"])).await.unwrap();
    assert!(!plan.ready);
    assert_eq!(plan.steps[0].error.as_ref().unwrap().code, Code::NotFound);
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn ex_120_scale_meets_conflicts_by_trying_again() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, web(Act::Scale { replicas: 5 })).await.unwrap();
    assert!(plan.steps[0].diff.contains("-  replicas: 2\n+  replicas: 5"), "{}", plan.steps[0].diff);
    assert_eq!(plan.steps[0].effects, ["starts 3 pods"]);
    assert_eq!(rig.fake.object(WEB).unwrap()["spec"]["replicas"], 2, "the dry-run changed nothing");
    rig.fake.0.lock().meddle = vec![true, true];
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    assert_eq!((committed.results[0].done, committed.results[0].message.as_str()), (true, "scaled to 5"));
    assert_eq!(rig.fake.object(WEB).unwrap()["spec"]["replicas"], 5);
    assert_eq!(rig.fake.writes(), vec![format!("PATCH {WEB}/scale"); 3]);
}

#[tokio::test]
async fn ex_120_scale_gives_way_to_a_real_change_and_to_endless_conflicts() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, web(Act::Scale { replicas: 5 })).await.unwrap();
    rig.fake.0.lock().meddle = vec![false];
    let result = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap().results.remove(0);
    assert_eq!((result.done, result.error.unwrap().code), (false, Code::PlanStale));
    let plan = rig.plans.plan(&rig.ada, web(Act::Scale { replicas: 5 })).await.unwrap();
    rig.fake.0.lock().meddle = vec![true; 100];
    let result = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap().results.remove(0);
    assert_eq!((result.done, result.error.unwrap().code), (false, Code::ApplyConflict));
    assert_eq!(rig.fake.object(WEB).unwrap()["spec"]["replicas"], 2);
}

#[tokio::test]
async fn ex_120_what_has_no_replicas_cannot_be_scaled() {
    let rig = rig();
    let request = PlanRequest { act: Act::Scale { replicas: 1 }, objects: vec![object("dev", "pods", "web-1")] };
    let plan = rig.plans.plan(&rig.ada, request).await.unwrap();
    assert!(!plan.ready);
    assert!(plan.steps[0].error.as_ref().unwrap().message.contains("no number of replicas"));
    assert_eq!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err().code(), Code::BadRequest);
}

#[tokio::test]
async fn ex_121b_a_restart_changes_only_the_template_annotation() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, web(Act::Restart)).await.unwrap();
    assert!(plan.steps[0].diff.contains("kubectl.kubernetes.io/restartedAt"), "{}", plan.steps[0].diff);
    rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    let web = rig.fake.object(WEB).unwrap();
    let annotations = &web["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(*annotations, json!({ "kubectl.kubernetes.io/restartedAt": "2023-11-14T22:13:20Z" }));
    assert_eq!(web["spec"]["replicas"], 2);
}

#[tokio::test]
async fn ex_121b_a_paused_rollout_and_a_pod_cannot_be_restarted() {
    let rig = rig();
    rig.fake.edit(WEB, |web| web["spec"]["paused"] = json!(true));
    let plan = rig.plans.plan(&rig.ada, web(Act::Restart)).await.unwrap();
    assert!(!plan.ready && plan.steps[0].error.as_ref().unwrap().message.contains("paused"));
    let request = PlanRequest { act: Act::Restart, objects: vec![object("dev", "pods", "web-1")] };
    let plan = rig.plans.plan(&rig.ada, request).await.unwrap();
    assert!(plan.steps[0].error.as_ref().unwrap().message.contains("cannot be restarted"));
    assert!(rig.fake.writes().is_empty());
}

#[tokio::test]
async fn exf_13a_a_refused_dry_run_makes_the_plan_not_ready() {
    let rig = rig();
    let denies =
        || ClusterError::Admission { message: "admission webhook \"w.example.org\" denied the request: no".into() };
    rig.fake.0.lock().refuse.push(("DELETE pods/shop/web-2 dry-run".to_owned(), denies));
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2"])).await.unwrap();
    assert!(!plan.ready && plan.steps[0].error.is_none());
    let error = plan.steps[1].error.as_ref().unwrap();
    assert_eq!(
        (error.code, error.details.as_ref().unwrap()["webhook"].as_str()),
        (Code::AdmissionDenied, Some("w.example.org"))
    );
    let refused = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
    assert!(matches!(&refused, Error::NotReady { .. }));
    assert_eq!(refused.code(), Code::AdmissionDenied);
    assert!(rig.fake.writes().is_empty());
}

#[tokio::test]
async fn one_refused_object_does_not_stop_the_others() {
    let rig = rig();
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1", "web-2", "web-3"])).await.unwrap();
    let busy = || ClusterError::Throttled { server: "s".into(), retry_after: Duration::from_secs(7) };
    rig.fake.0.lock().refuse.push(("DELETE pods/shop/web-2".to_owned(), busy));
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    assert_eq!(committed.results.iter().map(|r| r.done).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(committed.results[1].error.as_ref().unwrap().code, Code::ClusterThrottled);
    assert!(committed.results[1].message.contains("7 s"));
}

#[tokio::test]
async fn who_may_delete_but_not_read_can_delete() {
    let rig = rig();
    let denied = || ClusterError::Denied {
        verb: "get".into(),
        kind: "pods".into(),
        namespace: "shop".into(),
        message: "no".into(),
    };
    rig.fake.0.lock().refuse.push(("GET pods".to_owned(), denied));
    let plan = rig.plans.plan(&rig.ada, pods(&["web-1"])).await.unwrap();
    assert!(plan.ready);
    assert!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap().results[0].done);
}

#[tokio::test]
async fn ex_120_a_plan_has_at_most_a_thousand_objects() {
    let rig = rig();
    let many = |n: usize| PlanRequest {
        act: delete(),
        objects: (0..n).map(|n| object("dev", "pods", &format!("p{n}"))).collect(),
    };
    assert_eq!(rig.plans.plan(&rig.ada, many(1001)).await.unwrap_err().code(), Code::LimitReached);
    assert_eq!(rig.plans.plan(&rig.ada, many(0)).await.unwrap_err().code(), Code::BadRequest);
    for n in 0..1000 {
        rig.fake.put("pods", "shop", &format!("p{n}"), json!({ "metadata": {} }));
    }
    let plan = rig.plans.plan(&rig.ada, many(1000)).await.unwrap();
    let names: Vec<_> = plan.steps.iter().map(|step| step.object.name.clone()).collect();
    assert_eq!(names, (0..1000).map(|n| format!("p{n}")).collect::<Vec<_>>(), "in the order asked");
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    assert_eq!(committed.results.iter().filter(|result| result.done).count(), 1000);
}

#[tokio::test]
async fn requests_that_cannot_be_are_refused_with_reason() {
    let rig = rig();
    let ask = async |object: ObjectRef| {
        let request = PlanRequest { act: delete(), objects: vec![object] };
        rig.plans.plan(&rig.ada, request).await.map(|plan| plan.steps[0].error.clone())
    };
    let unknown = ask(object("dev", "widgets.example.org", "a")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::KindNotServed);
    let no_namespace = ask(ObjectRef { namespace: String::new(), ..object("dev", "pods", "a") }).await.unwrap_err();
    assert_eq!(no_namespace.code(), Code::BadRequest);
    assert_eq!(ask(object("dev", "pods", "")).await.unwrap_err().code(), Code::BadRequest);
    let nowhere = ask(object("nowhere", "pods", "a")).await.unwrap().unwrap();
    assert_eq!(nowhere.code, Code::ClusterUnknown);
    let twice = rig.plans.plan(&rig.ada, pods(&["web-1", "web-1"])).await.unwrap();
    assert_eq!(twice.steps.len(), 1);
}
