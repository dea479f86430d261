#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::action::{ObjectDelete, ObjectTarget, ObjectView, PlanMake, Propagation, SecretReveal};
use crate::testing::{AllowAll, TestGate, gate};
use crate::{
    Action, Answers, Decide, Decision, Door, Facts, Input, Need, Outcome, Principal, Refusal, Requirements, Ruling,
    UserInfo, Verdict,
};
use base::{ClusterName, Code, Coded, RequestId};
use evidence::Tag;
use serde_json::json;

/// Rules as it is told.
struct Says(Ruling);

impl Decide for Says {
    fn decide(&self, _: &Input, _: &Facts) -> Ruling {
        self.0.clone()
    }

    fn digest(&self) -> String {
        "says".to_owned()
    }
}

fn ada(gate: &TestGate) -> Principal {
    let info = UserInfo { username: "ada@example".to_owned(), ..UserInfo::default() };
    gate.composed.verifier.desk("ada", [(ClusterName::new("dev"), info)])
}

fn pod() -> ObjectTarget {
    ObjectTarget {
        cluster: ClusterName::new("dev"),
        kind: "pods".to_owned(),
        namespace: "shop".to_owned(),
        name: "web-1".to_owned(),
    }
}

fn delete() -> ObjectDelete {
    ObjectDelete { object: pod(), propagation: Propagation::Background, grace_seconds: None, uid: None, batch: 1 }
}

fn view() -> ObjectView {
    ObjectView { kind: "pods".to_owned(), clusters: vec![ClusterName::new("dev")], namespaces: Vec::new() }
}

#[test]
fn an_allow_is_journalled_with_its_whole_input() {
    let t = gate(AllowAll);
    let request = RequestId::new();
    let who = ada(&t).asking(request, Door::Cli);
    let permit = t.composed.gate.permit(&who, delete(), &Answers::default()).unwrap();
    let drafts = t.journal.drafts();
    let decided = t.journal.decided().remove(0);
    assert_eq!(decided.decision, permit.decision_id());
    assert_eq!(decided.verdict, Verdict::Allow);
    assert_eq!(decided.request, Some(request));
    let input: Input = serde_json::from_value(decided.input).unwrap();
    assert_eq!(input.asked, delete().asked());
    assert_eq!((input.who.id.as_str(), input.who.door), ("desk:ada", Door::Cli));
    assert_eq!(input.who.clusters[&ClusterName::new("dev")].username, "ada@example");
    let anchor = |tag| drafts[0].anchors.iter().find(|a| a.tag == tag).map(|a| a.value.clone());
    assert_eq!(anchor(Tag::Object).as_deref(), Some("dev/pods/shop/web-1"));
    assert_eq!(anchor(Tag::Principal).as_deref(), Some("desk:ada"));
    assert_eq!(anchor(Tag::Request), Some(request.to_string()));
}

#[test]
fn an_old_decision_can_be_taken_again() {
    let t = gate(crate::desk::Desk { read_only: true, ..Default::default() });
    let _ = t.composed.gate.permit(&ada(&t), delete(), &Answers::default());
    let decided = t.journal.decided().remove(0);
    let input: Input = serde_json::from_value(decided.input).unwrap();
    let facts: Facts = serde_json::from_value(decided.facts).unwrap();
    assert_eq!(crate::desk::Desk::default().decide(&input, &facts).rule, "desk.confirm");
    assert!(crate::desk::Desk { read_only: true, ..Default::default() }.decide(&input, &facts).denied.is_some());
}

#[test]
fn a_denial_and_an_unmet_need_are_journalled_too() {
    let t = gate(Says(Ruling::deny("r1", Code::PolicyDenied, "not on Fridays")));
    let refusal = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap_err();
    assert_eq!((refusal.code(), refusal.to_string().as_str()), (Code::PolicyDenied, "not on Fridays"));
    let decided = t.journal.decided().remove(0);
    assert_eq!((decided.verdict, decided.rule.as_str()), (Verdict::Deny, "r1"));
    assert_eq!(refusal.decision(), Some(decided.decision));

    let t = gate(Says(Ruling::needs("r2", Requirements(vec![Need::Reason]))));
    let refusal = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::NeedsUnmet);
    assert_eq!(refusal.details().unwrap()["needs"], json!([{ "need": "reason" }]));
    assert_eq!(t.journal.decided()[0].verdict, Verdict::Needs);
    assert!(t.journal.ended().is_empty(), "a refusal has no end");
}

#[test]
fn a_met_need_allows_and_the_answer_is_kept() {
    let t = gate(Says(Ruling::needs("r", Requirements(vec![Need::Reason, Need::Confirm]))));
    let answers = Answers { reason: "ticket 7".to_owned(), confirm: true, ..Answers::default() };
    assert!(t.composed.gate.permit(&ada(&t), delete(), &answers).is_ok());
    let decided = t.journal.decided().remove(0);
    assert_eq!(decided.verdict, Verdict::Allow);
    assert_eq!(decided.answers["reason"], "ticket 7");
    assert_eq!(decided.needs, json!([{ "need": "reason" }, { "need": "confirm" }]));
}

#[test]
fn a_known_obligation_comes_with_the_permit_and_an_unknown_one_denies() {
    let oblige = |value| Ruling { obligations: value, ..Ruling::allow("r") };
    let reveal = || SecretReveal { object: pod(), key: "password".to_owned() };
    let t = gate(Says(oblige(json!({ "max_bytes": 10 }))));
    let permit = t.composed.gate.permit(&ada(&t), reveal(), &Answers::default()).unwrap();
    assert_eq!(permit.obligations().max_bytes, Some(10));
    let wrong = [json!({ "max_bytes": 10, "watermark": true }), json!({ "max_bytes": "ten" }), json!([1]), json!(7)];
    for unknown in wrong {
        let t = gate(Says(oblige(unknown.clone())));
        let refusal = t.composed.gate.permit(&ada(&t), reveal(), &Answers::default()).unwrap_err();
        assert_eq!(refusal.code(), Code::PolicyDenied, "{unknown}");
        assert_eq!(t.journal.decided()[0].rule, "gate.obligation_unknown");
        assert!(matches!(t.composed.gate.preview(&ada(&t), &reveal()), Decision::Deny(_)));
    }
}

#[test]
fn a_preview_is_not_journalled() {
    let t = gate(Says(Ruling::needs("r", Requirements(vec![Need::Confirm]))));
    assert!(matches!(t.composed.gate.preview(&ada(&t), &delete()), Decision::Needs(_)));
    assert!(t.journal.drafts().is_empty());
}

#[test]
fn a_full_journal_refuses() {
    let t = gate(AllowAll);
    t.journal.refuse(true);
    let refusal = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap_err();
    assert!(matches!(refusal, Refusal::AuditUnavailable(_)));
    assert_eq!(refusal.code(), Code::AuditUnavailable);
    assert!(t.journal.drafts().is_empty());
}

#[tokio::test]
async fn settled_waits_for_the_disk_and_fails_with_it() {
    let t = gate(AllowAll);
    t.journal.hold(true);
    let permit = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap();
    {
        let mut waiting = std::pin::pin!(permit.settled());
        assert!(futures_poll(waiting.as_mut()).is_none(), "nothing is on disk yet");
        t.journal.hold(false);
        waiting.await.unwrap();
    }
    t.journal.hold(true);
    t.journal.fail(true);
    let second = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap();
    assert!(second.settled().await.is_err());
    assert!(permit.settled().await.is_ok(), "what is on disk stays there");
}

/// Polls once.
fn futures_poll<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[test]
fn the_end_is_journalled_once_with_outcome_and_bytes() {
    let t = gate(AllowAll);
    let permit = t.composed.gate.permit(&ada(&t), view(), &Answers::default()).unwrap();
    permit.count_bytes(40);
    permit.count_bytes(2);
    let id = permit.decision_id();
    drop(permit);
    let ended = t.journal.ended();
    assert_eq!((ended.len(), ended[0].decision, ended[0].bytes), (1, id, 42));
    assert_eq!(ended[0].outcome, Outcome::Closed);

    let permit = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap();
    permit.finish(Outcome::Done { message: "deleted".to_owned() });
    let permit = t.composed.gate.permit(&ada(&t), delete(), &Answers::default()).unwrap();
    drop(permit);
    let outcomes: Vec<_> = t.journal.ended().into_iter().map(|e| e.outcome.word()).collect();
    assert_eq!(outcomes, ["closed", "done", "abandoned"]);
    let request_anchors = t.journal.drafts().iter().flat_map(|d| &d.anchors).filter(|a| a.tag == Tag::Request).count();
    assert_eq!(request_anchors, 0, "no request was named");
}

#[tokio::test]
async fn a_revocation_ends_what_one_principal_holds_and_nothing_else() {
    let t = gate(AllowAll);
    let bob = t.composed.verifier.desk("bob", []);
    let hers = t.composed.gate.permit(&ada(&t), view(), &Answers::default()).unwrap();
    let his = t.composed.gate.permit(&bob, view(), &Answers::default()).unwrap();
    t.composed.epochs.revoke("desk:ada");
    hers.ended().await;
    assert!(!his.end_token().is_cancelled());
    drop(hers);
    assert_eq!(t.journal.ended()[0].outcome, Outcome::Revoked);
    let next = t.composed.gate.permit(&ada(&t), view(), &Answers::default()).unwrap();
    assert!(!next.end_token().is_cancelled(), "what comes after belongs to the next epoch");
}

#[tokio::test]
async fn a_closed_gate_ends_everything_and_gives_nothing() {
    let t = gate(AllowAll);
    let held = t.composed.gate.permit(&ada(&t), view(), &Answers::default()).unwrap();
    t.composed.epochs.close();
    held.ended().await;
    let refusal = t.composed.gate.permit(&ada(&t), view(), &Answers::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::PolicyDenied);
    assert!(matches!(t.composed.gate.preview(&ada(&t), &view()), Decision::Deny(_)));
}

#[test]
fn a_large_plan_is_whole_in_the_body_and_bounded_in_the_anchors() {
    let t = gate(AllowAll);
    let objects = (0..1000).map(|n| ObjectTarget { name: format!("p{n}"), ..pod() }).collect();
    let plan = PlanMake { action: "object:delete".to_owned(), objects };
    let _permit = t.composed.gate.permit(&ada(&t), plan, &Answers::default()).unwrap();
    assert!(t.journal.drafts()[0].anchors.len() < 32);
    assert_eq!(t.journal.decided()[0].input["asked"]["target"]["objects"].as_array().unwrap().len(), 1000);
}

#[test]
fn permits_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<crate::Permit<ObjectDelete>>();
    travels::<crate::Gate>();
}
