#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::Desk;
use crate::action::{
    self, AuditQuery, AuditVerify, ClusterView, ObjectDelete, ObjectRead, ObjectScale, ObjectTarget, ObjectView,
    PlanMake, Propagation, RolloutRestart, SecretReveal,
};
use crate::testing::{TestGate, gate};
use crate::{Action, Answers, Decision, Need, Refusal};
use base::{ClusterName, Code, Coded};

fn object(cluster: &str) -> ObjectTarget {
    ObjectTarget {
        cluster: ClusterName::new(cluster),
        kind: "deployments.apps".to_owned(),
        namespace: "shop".to_owned(),
        name: "web".to_owned(),
    }
}

fn delete(cluster: &str, batch: u32) -> ObjectDelete {
    ObjectDelete {
        object: object(cluster),
        propagation: Propagation::Background,
        grace_seconds: None,
        uid: None,
        batch,
    }
}

fn scale(cluster: &str, replicas: u32) -> ObjectScale {
    ObjectScale { object: object(cluster), replicas, batch: 1 }
}

fn restart(cluster: &str) -> RolloutRestart {
    RolloutRestart { object: object(cluster), batch: 1 }
}

fn desk(read_only: bool) -> TestGate {
    gate(Desk { read_only, production_contexts: [ClusterName::new("prod")].into(), skip_confirm: false })
}

fn needs<A: Action>(t: &TestGate, action: &A) -> Vec<Need> {
    let ada = t.composed.verifier.desk("ada", []);
    match t.composed.gate.preview(&ada, action) {
        Decision::Allow(_) => Vec::new(),
        Decision::Needs(needs) => needs.0,
        Decision::Deny(denial) => panic!("denied: {}", denial.reason),
    }
}

fn typed(name: &str) -> Vec<Need> {
    vec![Need::TypedName { name: name.to_owned() }]
}

#[test]
fn ex_11_destructive_acts_in_production_ask_for_the_typed_name() {
    let t = desk(false);
    assert_eq!(needs(&t, &delete("prod", 1)), typed("web"));
    assert_eq!(needs(&t, &delete("prod", 40)), typed("prod"), "for many, the context is typed");
    assert_eq!(needs(&t, &scale("prod", 0)), typed("web"));
    assert_eq!(needs(&t, &scale("prod", 3)), [Need::Confirm]);
    assert_eq!(needs(&t, &restart("prod")), [Need::Confirm]);
    for cluster in ["dev", "prod2", "PROD"] {
        assert_eq!(needs(&t, &delete(cluster, 1)), [Need::Confirm], "{cluster}");
    }
}

#[test]
fn ex_11_yes_does_not_meet_a_typed_confirmation() {
    let t = desk(false);
    let ada = t.composed.verifier.desk("ada", []);
    let yes = Answers { confirm: true, ..Answers::default() };
    let refusal = t.composed.gate.permit(&ada, delete("prod", 1), &yes).unwrap_err();
    assert!(matches!(refusal, Refusal::Needs { .. }));
    let wrong = Answers { typed_name: "webb".to_owned(), ..yes.clone() };
    assert!(t.composed.gate.permit(&ada, delete("prod", 1), &wrong).is_err());
    let exact = Answers { typed_name: "web".to_owned(), ..Answers::default() };
    assert!(t.composed.gate.permit(&ada, delete("prod", 1), &exact).is_ok());
    assert!(t.composed.gate.permit(&ada, delete("dev", 1), &yes).is_ok());
}

#[test]
fn ex_11_the_plain_confirmation_can_be_turned_off_but_not_in_production() {
    let desk = Desk { read_only: false, production_contexts: [ClusterName::new("prod")].into(), skip_confirm: true };
    let t = gate(desk);
    assert!(needs(&t, &delete("dev", 5)).is_empty());
    assert_eq!(needs(&t, &restart("prod")), [Need::Confirm]);
    assert_eq!(needs(&t, &delete("prod", 1)), typed("web"));
}

/// Permit and preview of one action; whether it was allowed and with which code not.
fn both<A: Action>(t: &TestGate, action: A) -> (&'static str, Option<Code>) {
    let ada = t.composed.verifier.desk("ada", []);
    let given = Answers { confirm: true, typed_name: "web".to_owned(), reason: "test".to_owned() };
    let preview = t.composed.gate.preview(&ada, &action);
    let code = t.composed.gate.permit(&ada, action, &given).err().map(|refusal| refusal.code());
    assert_eq!(matches!(preview, Decision::Deny(_)), code.is_some(), "preview and permit agree on {}", A::NAME);
    (A::NAME, code)
}

#[test]
fn read_only_denies_every_change_at_permit_and_preview_and_no_read() {
    let t = desk(true);
    let plan = PlanMake { action: "object:delete".to_owned(), objects: vec![object("dev")] };
    let view = ObjectView { kind: "pods".to_owned(), clusters: vec![], namespaces: vec![] };
    let seen = [
        both(&t, ClusterView { clusters: vec![], namespaces: vec![] }),
        both(&t, view),
        both(&t, ObjectRead { object: object("dev") }),
        both(&t, SecretReveal { object: object("dev"), key: "k".to_owned() }),
        both(&t, plan),
        both(&t, delete("dev", 1)),
        both(&t, scale("dev", 1)),
        both(&t, restart("dev")),
        both(&t, AuditQuery::default()),
        both(&t, AuditVerify {}),
    ];
    assert_eq!(seen.map(|(name, _)| name).to_vec(), action::ALL.iter().map(|a| a.name).collect::<Vec<_>>());
    for ((name, code), info) in seen.iter().zip(action::ALL) {
        assert_eq!(*code, info.changes.then_some(Code::ReadOnly), "{name}");
    }
    assert!(desk(false).journal.decided().is_empty());
}

#[test]
fn the_digest_follows_the_configuration() {
    use crate::Decide;
    let base = Desk::default();
    let digests = [
        base.digest(),
        Desk { read_only: true, ..base.clone() }.digest(),
        Desk { skip_confirm: true, ..base.clone() }.digest(),
        Desk { production_contexts: [ClusterName::new("p")].into(), ..base.clone() }.digest(),
    ];
    assert_eq!(digests.iter().collect::<std::collections::HashSet<_>>().len(), 4);
    assert_eq!(base.digest(), Desk::default().digest());
}

#[test]
fn the_reference_names_every_action_and_obligation() {
    let page = action::reference_markdown();
    for info in action::ALL {
        assert!(page.contains(&format!("| `{}` | {}", info.name, info.summary)), "{}", info.name);
    }
    assert!(page.contains("`max_bytes`: Largest value"));
    let names: std::collections::HashSet<_> = action::ALL.iter().map(|a| a.name).collect();
    assert_eq!(names.len(), action::ALL.len());
    assert!(names.iter().all(|n| n.split_once(':').is_some_and(|(d, v)| !d.is_empty() && !v.is_empty())));
}
