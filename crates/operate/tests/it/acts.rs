//! Delete, scale and restart, with the server's own behaviour around them.

use crate::rig::{Rig, delete, kubectl, until, workload, yes};
use api::rest::{Act, Propagation};
use base::{Code, Coded};
use policy::desk::Desk;

#[tokio::test]
async fn ex_120_any_kind_is_deleted_and_what_is_gone_is_success() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n");
    rig.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: two\n");
    let objects = [("configmaps", "one"), ("serviceaccounts", "two"), ("configmaps", "never-was")];
    let (plan, committed) = rig.carry_out(delete(), &objects).await;
    assert_eq!(plan.steps[2].effects, ["is gone already"]);
    let messages: Vec<_> = committed.results.iter().map(|result| result.message.as_str()).collect();
    assert_eq!(messages, ["deleted", "deleted", "already gone"]);
    assert!(!rig.exists("configmap/one") && !rig.exists("serviceaccount/two"));
}

#[tokio::test]
async fn ex_120_propagation_is_chosen() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "kept"));
    rig.apply(&workload("Deployment", "swept"));
    let sets = |app: &str| {
        let label = format!("app={app}");
        kubectl(&["-n", &rig.namespace, "get", "replicasets", "-l", &label, "-o", "name"], "")
    };
    until("replica sets", async || !sets("kept").is_empty() && !sets("swept").is_empty()).await;
    let orphan = Act::Delete { propagation: Some(Propagation::Orphan), grace_seconds: None };
    rig.carry_out(orphan, &[("deployments.apps", "kept")]).await;
    rig.carry_out(delete(), &[("deployments.apps", "swept")]).await;
    until("the swept replica set is gone", async || sets("swept").is_empty()).await;
    until("the kept deployment is gone", async || !rig.exists("deployment/kept")).await;
    assert!(!sets("kept").is_empty(), "orphaned, it stays");
}

#[tokio::test]
async fn ex_120_finalizers_are_told() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: held\n  finalizers: [example.org/hold]\n");
    let (plan, committed) = rig.carry_out(delete(), &[("configmaps", "held")]).await;
    assert_eq!(plan.steps[0].effects, ["waits for example.org/hold to finish"]);
    assert_eq!(committed.results[0].message, "deletion started: it waits for its finalizers");
    let patch = "{\"metadata\":{\"finalizers\":null}}";
    kubectl(&["-n", &rig.namespace, "patch", "configmap/held", "--type=merge", "-p", patch], "");
    until("it is gone", async || !rig.exists("configmap/held")).await;
}

#[tokio::test]
async fn ex_120_deployments_and_stateful_sets_are_scaled() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "web"));
    rig.apply(&workload("StatefulSet", "db"));
    let both = [("deployments.apps", "web"), ("statefulsets.apps", "db")];
    let (plan, committed) = rig.carry_out(Act::Scale { replicas: 4 }, &both).await;
    assert_eq!(plan.steps[0].effects, ["starts 3 pods"]);
    assert_eq!(committed.results[1].message, "scaled to 4");
    assert_eq!(rig.get("deployment/web")["spec"]["replicas"], 4);
    assert_eq!(rig.get("statefulset/db")["spec"]["replicas"], 4);
    let plan = rig.plan(Act::Scale { replicas: 0 }, &[("deployments.apps", "web")]).await;
    assert_eq!(plan.steps[0].effects, ["ends all 4 pods"]);
    let plan = rig.plan(Act::Scale { replicas: 2 }, &[("configmaps", "kube-root-ca.crt")]).await;
    assert!(plan.steps[0].error.as_ref().unwrap().message.contains("no number of replicas"));
}

#[tokio::test]
async fn ex_120_a_custom_kind_with_a_scale_subresource_is_scaled() {
    let rig = Rig::new(Desk::default()).await;
    let group = format!("{}.example.org", rig.namespace);
    let crd = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: fleets.{group}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names: {{plural: fleets, singular: fleet, kind: Fleet}}\n  versions:\n  \
         - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
         x-kubernetes-preserve-unknown-fields: true\n    subresources:\n      scale: {{specReplicasPath: .spec.ships, \
         statusReplicasPath: .status.ships}}\n"
    );
    rig.apply(&crd);
    kubectl(&["wait", "--for=condition=Established", &format!("crd/fleets.{group}"), "--timeout=20s"], "");
    let fleet = format!("apiVersion: {group}/v1\nkind: Fleet\nmetadata:\n  name: first\nspec: {{ships: 2}}\n");
    rig.apply(&fleet);
    rig.carry_out(Act::Scale { replicas: 7 }, &[(&format!("fleets.{group}"), "first")]).await;
    assert_eq!(rig.get(&format!("fleets.{group}/first"))["spec"]["ships"], 7);
    kubectl(&["delete", "crd", &format!("fleets.{group}"), "--wait=false"], "");
}

#[tokio::test]
async fn ex_121c_deployments_daemon_sets_and_stateful_sets_are_restarted() {
    let rig = Rig::new(Desk::default()).await;
    let kinds =
        [("Deployment", "deployments.apps"), ("DaemonSet", "daemonsets.apps"), ("StatefulSet", "statefulsets.apps")];
    for (kind, _) in kinds {
        rig.apply(&workload(kind, "web"));
    }
    rig.carry_out(Act::Restart, &kinds.map(|(_, id)| (id, "web"))).await;
    for (kind, _) in kinds {
        let object = rig.get(&format!("{}/web", kind.to_lowercase()));
        let at = object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].as_str();
        let at: jiff::Timestamp = at.unwrap_or_else(|| panic!("{kind}: {object:#}")).parse().unwrap();
        assert!(jiff::Timestamp::now().duration_since(at).as_secs() < 300);
    }
    kubectl(&["-n", &rig.namespace, "rollout", "pause", "deployment/web"], "");
    let plan = rig.plan(Act::Restart, &[("deployments.apps", "web")]).await;
    assert!(plan.steps[0].error.as_ref().unwrap().message.contains("paused"));
}

#[tokio::test]
async fn exn_06c_a_plan_is_stale_once_its_object_moved_but_not_by_its_status() {
    let rig = Rig::new(Desk::default()).await;
    rig.apply(&workload("Deployment", "web"));
    until("the first status", async || rig.get("deployment/web")["status"]["observedGeneration"] == 1).await;
    let web = [("deployments.apps", "web")];
    let stale = rig.plan(Act::Scale { replicas: 3 }, &web).await;
    kubectl(&["-n", &rig.namespace, "label", "deployment/web", "by=eve"], "");
    let error = rig.plans.commit(&rig.ada, &stale.id, &yes()).await.unwrap_err();
    assert_eq!(error.code(), Code::PlanStale);
    assert_eq!(rig.get("deployment/web")["spec"]["replicas"], 1);

    let plan = rig.plan(Act::Scale { replicas: 3 }, &web).await;
    let status = "{\"status\":{\"conditions\":[{\"type\":\"Seen\",\"status\":\"True\"}]}}";
    let patch = ["-n", &rig.namespace, "patch", "deployment/web", "--subresource=status", "--type=merge", "-p", status];
    kubectl(&patch, "");
    assert!(rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap().results[0].done);
    assert_eq!(rig.get("deployment/web")["spec"]["replicas"], 3);
}

#[tokio::test]
async fn exd_13_many_objects_are_deleted_by_one_plan() {
    let rig = Rig::new(Desk::default()).await;
    let one = |n: usize| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{n}\n---\n");
    rig.apply(&(0..120).map(one).collect::<String>());
    let names: Vec<String> = (0..120).map(|n| format!("c{n}")).collect();
    let objects: Vec<_> = names.iter().map(|name| ("configmaps", name.as_str())).collect();
    let plan = rig.plan(delete(), &objects).await;
    assert!(plan.ready && rig.exists("configmap/c7"));
    let committed = rig.plans.commit(&rig.ada, &plan.id, &yes()).await.unwrap();
    assert_eq!(committed.results.iter().filter(|result| result.done).count(), 120);
    let left = kubectl(&["-n", &rig.namespace, "get", "configmaps", "-o", "name"], "");
    assert!(!left.contains("configmap/c"), "{left}");
    rig.plans.shutdown().await;
    rig.journal.close().await;
    let report = rig.store.verify().await.unwrap();
    // The writer's opening, the plan and its end, a decision and an end for each object.
    assert_eq!(report.entries, 1 + 2 + 240);
}
