//! What the server refuses, in plain words.

use crate::rig::{Rig, delete, kubectl, until, workload, yes};
use api::rest::Act;
use base::{Code, Coded};
use policy::desk::Desk;

#[tokio::test]
async fn exf_13c_a_policy_of_the_cluster_that_denies_is_named() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "web"));
    let name = &rig.namespace;
    let policy = format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata:\n  name: {name}\nspec:\n  \
         failurePolicy: Fail\n  matchConstraints:\n    namespaceSelector:\n      matchLabels: \
         {{kubernetes.io/metadata.name: {name}}}\n    resourceRules:\n    - apiGroups: [apps]\n      apiVersions: [v1]\n      \
         operations: [DELETE]\n      resources: [deployments]\n  validations:\n  - expression: \"false\"\n    message: keep it\n\
         ---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata:\n  name: {name}\n\
         spec:\n  policyName: {name}\n  validationActions: [Deny]\n"
    );
    kubectl(&["apply", "-f", "-"], &policy);
    let web = [("deployments.apps", "web")];
    until("the policy is in force", async || !rig.plan(delete(), &web).await.ready).await;
    let plan = rig.plan(delete(), &web).await;
    let error = plan.steps[0].error.as_ref().unwrap();
    assert_eq!(error.code, Code::AdmissionDenied, "{error:?}");
    assert!(error.message.contains(&format!("the admission policy {name} denies it: keep it")), "{}", error.message);
    assert_eq!(error.details.as_ref().unwrap()["policy"].as_str(), Some(name.as_str()));
    let refused = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap_err();
    assert_eq!(refused.code(), Code::AdmissionDenied);
    assert!(rig.exists("deployment/web"));
    for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
        kubectl(&["delete", kind, name], "");
    }
}

#[tokio::test]
async fn exn_06f_a_plan_tells_the_right_that_is_missing() {
    let admin = Rig::new(Desk::default()).await;
    admin.apply(&workload("Deployment", "web"));
    // The same kubeconfig as somebody who may only look.
    let config = kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o", "json"], "");
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    config["users"][0]["user"]["as"] = "eve".into();
    let file = admin.folder.path().join("kubeconfig");
    std::fs::write(&file, config.to_string()).unwrap();
    kubectl(&["-n", &admin.namespace, "create", "rolebinding", "eve", "--clusterrole=view", "--user=eve"], "");
    let eve = Rig::in_context(Desk::default(), &file).await;
    let web = api::rest::ObjectRef { namespace: admin.namespace.clone(), ..eve.object("deployments.apps", "web") };
    for (act, verb) in [(delete(), "delete"), (Act::Restart, "patch"), (Act::Scale { replicas: 2 }, "patch")] {
        let request = api::rest::PlanRequest { act, objects: vec![web.clone()] };
        let plan = eve.plans.plan(&eve.ada, request).await.unwrap();
        assert!(!plan.ready);
        let error = plan.steps[0].error.as_ref().unwrap();
        assert_eq!(error.code, Code::RbacDenied, "{error:?}");
        let details = error.details.as_ref().unwrap();
        assert_eq!(
            (details["verb"].as_str(), details["namespace"].as_str()),
            (Some(verb), Some(admin.namespace.as_str()))
        );
    }
    assert_eq!(admin.get("deployment/web")["metadata"]["generation"], 1);
}
