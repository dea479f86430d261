//! Under `--read-only` the server sees no write and no try of one.

use crate::audit_log::entries;
use crate::rig::{Rig, delete, kubectl, until, workload, yes};
use api::rest::{Act, Verdict};
use base::{Code, Coded};
use policy::desk::Desk;

#[tokio::test]
async fn exn_06e_read_only_leaves_no_write_and_no_dry_run() {
    let rig = Rig::new(Desk { read_only: true, ..Desk::default() }).await;
    rig.apply(&workload("Deployment", "web"));
    let web = [("deployments.apps", "web")];
    for act in [delete(), Act::Scale { replicas: 0 }, Act::Restart] {
        let plan = rig.plan(act, &web).await;
        assert!(!plan.ready && plan.steps[0].decision == Verdict::Deny);
        let refused = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
        assert_eq!(refused.code(), Code::ReadOnly);
    }
    assert_eq!(rig.get("deployment/web")["metadata"]["generation"], 1);
    // A read of ours that comes afterwards shows that the log is complete up to here.
    let object = policy::ObjectTarget {
        cluster: rig.object("pods", "x").cluster,
        kind: "deployments.apps".to_owned(),
        namespace: rig.namespace.clone(),
        name: "web".to_owned(),
    };
    let action = policy::action::ObjectRead { object };
    let permit = rig.composed.gate.permit(&rig.ada, action, &policy::Answers::default()).unwrap();
    let detail = operate::detail(&rig.clusters, permit).await.unwrap();
    assert!(detail.yaml.contains("kind: Deployment") && !detail.yaml.contains("managedFields"));
    until("the read in the audit log", async || !entries(&rig.namespace).is_empty()).await;
    let verbs: Vec<_> = entries(&rig.namespace).iter().map(|entry| entry["verb"].clone()).collect();
    assert_eq!(verbs, ["get"]);
    assert!(kubectl(&["-n", &rig.namespace, "get", "deployment/web", "-o", "name"], "").contains("web"));
}
