//! A canary in a Secret leaves only by the one audited way.

use crate::rig::{Rig, delete};
use api::rest::Act;
use policy::action::{ObjectRead, ObjectTarget, SecretReveal};
use policy::desk::Desk;
use policy::{Answers, Gate, Principal};

const CANARY: &str = "canary-91c04b7e2f";
const CANARY_BASE64: &str = "Y2FuYXJ5LTkxYzA0YjdlMmY=";

fn clean(text: &str, what: &str) {
    assert!(!text.contains(CANARY) && !text.contains(CANARY_BASE64), "the canary is in {what}: {text}");
}

fn read_permit(gate: &Gate, ada: &Principal, object: ObjectTarget) -> policy::Permit<ObjectRead> {
    gate.permit(ada, ObjectRead { object }, &Answers::default()).unwrap()
}

#[tokio::test]
async fn exd_02_a_secret_value_leaves_only_by_the_audited_read() {
    let rig = Rig::new(Desk::default()).await;
    // With apply, the server keeps a copy in the last-applied annotation.
    rig.apply(&format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {CANARY}\n  user: ada\n"
    ));
    let asked = rig.object("secrets", "db");
    let object =
        ObjectTarget { cluster: asked.cluster, kind: asked.kind, namespace: asked.namespace, name: asked.name };
    let gate = &rig.composed.gate;
    let detail = operate::detail(&rig.clusters, read_permit(gate, &rig.ada, object.clone())).await.unwrap();
    clean(&serde_json::to_string(&detail).unwrap(), "the detail");
    let keys: Vec<_> = detail.secret_keys.iter().map(|key| (key.key.as_str(), key.bytes)).collect();
    assert_eq!(keys, [("password", CANARY.len() as u64), ("user", 3)]);

    let plan = rig.plan(delete(), &[("secrets", "db")]).await;
    clean(&serde_json::to_string(&plan).unwrap(), "a plan");
    let plan = rig.plan(Act::Restart, &[("secrets", "db")]).await;
    clean(&serde_json::to_string(&plan).unwrap(), "a plan that cannot be");

    let action = SecretReveal { object, key: "password".to_owned() };
    let permit = gate.permit(&rig.ada, action, &Answers::default()).unwrap();
    let decision = permit.decision_id().to_string();
    let revealed = operate::reveal(&rig.clusters, permit).await.unwrap();
    assert_eq!((revealed.value_base64.as_str(), revealed.decision.as_str()), (CANARY_BASE64, decision.as_str()));

    let query = policy::action::AuditQuery { action: Some("secret:reveal".to_owned()), ..Default::default() };
    let permit = gate.permit(&rig.ada, query, &Answers::default()).unwrap();
    rig.journal.close().await;
    let page = operate::audit_query(&rig.store, permit, None, 10).await.unwrap();
    let text = serde_json::to_string(&page).unwrap();
    clean(&text, "an audit page");
    let entries: Vec<_> = page.entries.iter().map(|e| (e["kind"].as_str(), e["body"]["decision"].as_str())).collect();
    assert_eq!(entries, [(Some("ended"), Some(decision.as_str())), (Some("decided"), Some(decision.as_str()))]);
    assert!(text.contains("desk:ada") && text.contains("password"), "who read which key is written down");

    for file in std::fs::read_dir(rig.folder.path()).unwrap() {
        let path = file.unwrap().path();
        clean(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()), &path.display().to_string());
    }
}
