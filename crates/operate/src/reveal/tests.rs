#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::reveal;
use crate::detail::detail;
use crate::plans::fake::Fake;
use base::{ClusterName, Code, Coded};
use policy::action::{ObjectRead, ObjectTarget, SecretReveal};
use policy::testing::{AllowAll, TestGate, gate};
use policy::{Answers, Decide, Facts, Input, Outcome, Permit, Ruling, Verdict};
use serde_json::json;

const CANARY: &str = "canary-5d1f";
const CANARY_BASE64: &str = "Y2FuYXJ5LTVkMWY=";

fn rig(decide: impl Decide) -> (TestGate, Fake) {
    let fake = Fake::default();
    let applied = format!("{{\"data\":{{\"password\":\"{CANARY_BASE64}\"}},\"stringData\":{{\"x\":\"{CANARY}\"}}}}");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "annotations": { "kubectl.kubernetes.io/last-applied-configuration": applied } },
        "data": { "password": CANARY_BASE64, "user": "YWRh" },
    });
    fake.put("secrets", "shop", "db", secret);
    fake.put("configmaps", "shop", "db", json!({ "data": { "password": "open" } }));
    (gate(decide), fake)
}

fn target(kind: &str) -> ObjectTarget {
    ObjectTarget {
        cluster: ClusterName::new("dev"),
        kind: kind.to_owned(),
        namespace: "shop".to_owned(),
        name: "db".to_owned(),
    }
}

fn permit(t: &TestGate, kind: &str, key: &str) -> Permit<SecretReveal> {
    let ada = t.composed.verifier.desk("ada", []);
    let action = SecretReveal { object: target(kind), key: key.to_owned() };
    t.composed.gate.permit(&ada, action, &Answers::default()).unwrap()
}

#[tokio::test]
async fn exd_02_a_revealed_key_is_decided_and_journalled_before_it_is_read() {
    let (t, fake) = rig(AllowAll);
    t.journal.hold(true);
    let permit_ = permit(&t, "secrets", "password");
    let reading = reveal(&fake, permit_);
    tokio::pin!(reading);
    let early = tokio::time::timeout(std::time::Duration::from_millis(30), &mut reading).await;
    assert!(early.is_err() && fake.sent().is_empty(), "nothing is read before the decision is on disk");
    t.journal.hold(false);
    let revealed = reading.await.unwrap();
    assert_eq!(revealed.value_base64, CANARY_BASE64);
    let decided = t.journal.decided().remove(0);
    assert_eq!((decided.action.as_str(), decided.verdict), ("secret:reveal", Verdict::Allow));
    assert_eq!(revealed.decision, decided.decision.to_string());
    assert_eq!(fake.sent()[0].decision, revealed.decision);
    let ended = t.journal.ended().remove(0);
    assert_eq!((ended.outcome.word(), ended.bytes), ("done", CANARY.len() as u64));
    let journal = serde_json::to_string(&t.journal.drafts().iter().map(|d| &d.body).collect::<Vec<_>>()).unwrap();
    assert!(!journal.contains(CANARY) && !journal.contains(CANARY_BASE64), "{journal}");
}

#[tokio::test]
async fn exd_02_a_detail_masks_every_value_of_a_secret() {
    let (t, fake) = rig(AllowAll);
    let ada = t.composed.verifier.desk("ada", []);
    let read = ObjectRead { object: target("secrets") };
    let permit = t.composed.gate.permit(&ada, read, &Answers::default()).unwrap();
    let detail = detail(&fake, permit).await.unwrap();
    let all = serde_json::to_string(&detail).unwrap();
    assert!(!all.contains(CANARY) && !all.contains(CANARY_BASE64) && !all.contains("YWRh"), "{all}");
    let keys: Vec<_> = detail.secret_keys.iter().map(|key| (key.key.as_str(), key.bytes)).collect();
    assert_eq!(keys, [("password", 11), ("user", 3)]);
    assert!(detail.yaml.contains("password: "));
}

#[tokio::test]
async fn exd_02_nothing_is_revealed_when_the_journal_fails() {
    let (t, fake) = rig(AllowAll);
    t.journal.hold(true);
    t.journal.fail(true);
    let error = reveal(&fake, permit(&t, "secrets", "password")).await.err().unwrap();
    assert_eq!(error.code(), Code::AuditUnavailable);
    assert!(fake.sent().is_empty());
}

#[tokio::test]
async fn only_keys_of_secrets_are_revealed() {
    let (t, fake) = rig(AllowAll);
    let error = reveal(&fake, permit(&t, "secrets", "nothing")).await.err().unwrap();
    assert_eq!(error.code(), Code::NotFound);
    assert!(matches!(&t.journal.ended()[0].outcome, Outcome::Failed { code, .. } if code == "not_found"));
    let error = reveal(&fake, permit(&t, "configmaps", "password")).await.err().unwrap();
    assert_eq!(error.code(), Code::BadRequest);
}

/// Obliges to small values.
struct Small;

impl Decide for Small {
    fn decide(&self, _: &Input, _: &Facts) -> Ruling {
        Ruling { obligations: json!({ "max_bytes": 5 }), ..Ruling::allow("small") }
    }

    fn digest(&self) -> String {
        "small".to_owned()
    }
}

#[tokio::test]
async fn an_obliged_size_is_kept() {
    let (t, fake) = rig(Small);
    assert_eq!(reveal(&fake, permit(&t, "secrets", "password")).await.err().unwrap().code(), Code::TooLarge);
    assert_eq!(reveal(&fake, permit(&t, "secrets", "user")).await.unwrap().value_base64, "YWRh");
}
