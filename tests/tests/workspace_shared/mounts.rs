//! Volumes that workspaces join: whoever may not is told by which decision, before it is made and where it was made past the gateway.

use super::place;
use e2e::workspaces::{apply, condition, list, message, seen, until, wait};
use e2e::{context, kubeconfig, kubectl};
use serde_json::{Value, json};

/// What developers need to make one by the gateway; the part of the whole cluster goes when it is dropped.
struct Makers(String);

impl Makers {
    fn new(ns: &str) -> Self {
        let (name, group) = (format!("ws-mounts-{ns}"), "--group=qde2e:role:developer");
        let run = |words: &[&str]| drop(kubectl::stdout(&kubeconfig(), words));
        let to = "--resource=clusterblueprints.quarterdeck.dev";
        run(&["create", "clusterrole", &name, "--verb=list", to]);
        run(&["create", "clusterrolebinding", &name, &format!("--clusterrole={name}"), group]);
        let to = ["--resource=workspaces.quarterdeck.dev", "--resource=blueprints.quarterdeck.dev"];
        run(&["create", "role", "makers", "-n", ns, "--verb=list,get,create,watch", to[0], to[1]]);
        run(&["create", "rolebinding", "makers", "-n", ns, "--role=makers", group]);
        Self(name)
    }
}

impl Drop for Makers {
    fn drop(&mut self) {
        for kind in ["clusterrolebinding", "clusterrole"] {
            let _ = kubectl::kubectl(&kubeconfig(), &["delete", kind, &self.0, "--wait=false"]);
        }
    }
}

/// A blueprint of the namespace with one more volume.
fn blueprint(ns: &str, name: &str, storage: &Value) {
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint", "metadata": { "name": name, "namespace": ns },
        "spec": { "image": "images.invalid/shell:1", "storages": { "team": storage } },
    });
    kubectl::apply(&kubeconfig(), &object.to_string());
}

fn claim(ns: &str, name: &str, labels: &Value) {
    let object = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": { "name": name, "namespace": ns, "labels": labels },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "64Mi" } } },
    });
    kubectl::apply(&kubeconfig(), &object.to_string());
}

fn of(blueprint: &str) -> Value {
    json!({ "blueprintRef": { "kind": "Blueprint", "name": blueprint } })
}

/// Why a workspace is not accepted, once it is not; nothing of it was made.
fn denied(ns: &str, name: &str) -> String {
    let is = || condition(&seen(ns, name), "Accepted") == ("False".into(), "PolicyDenied".into());
    until("it is not accepted", 60, is);
    let why = message(&seen(ns, name), "Accepted");
    assert!(list(ns, "pods", &format!("quarterdeck.dev/workspace={name}")).is_empty(), "{why}");
    assert!(why.contains("(decision "), "{why}");
    why
}

#[test]
fn bp_11e_another_teams_volume_is_joined_by_nobody_else_and_the_decision_is_told() {
    let place = place();
    let ns = place.fresh.name();
    let _makers = Makers::new(ns);
    let shared = |id: &str| {
        let once = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "64Mi" } } });
        json!({ "type": "shared", "path": "/team", "id": id, "claimSpec": once })
    };
    blueprint(ns, "blue", &shared("blue"));
    blueprint(ns, "red", &shared("red"));
    // ada has the role blue, and not the role red: at the door it is said before anything is made.
    let ask = |name: &str, blueprint: &str| {
        let body = json!({ "cluster": context(), "namespace": ns, "name": name, "blueprint": blueprint }).to_string();
        let args = ["-X", "POST", "-H", "content-type: application/json", "-d", &body];
        place.serving.ask_as(&place.tokens["ada"], "/api/v1/workspaces", &args)
    };
    let refused = ask("m-red", "red");
    assert_eq!((refused.status, refused.code().as_str()), (403, "policy_denied"), "{refused:?}");
    assert!(refused.json()["details"]["decision"].as_str().is_some_and(|id| !id.is_empty()), "{refused:?}");
    assert!(refused.body.contains("red is no team of ada"), "{refused:?}");
    assert!(list(ns, "workspaces.quarterdeck.dev", "").iter().all(|one| one["metadata"]["name"] != "m-red"));
    let made = ask("m-blue", "blue");
    assert_eq!(made.status, 202, "{made:?}");
    wait(ns, "m-blue", "condition=Ready");
    let volumes = list(ns, "persistentvolumeclaims", "quarterdeck.dev/storage=shared");
    assert!(volumes.iter().any(|one| one["metadata"]["name"] == "pvc-team-lab-blue"), "{volumes:#?}");
    // Whoever shared it may go, and says that its storage goes with it: what others may have stays.
    let object = "workspaces.quarterdeck.dev/m-blue";
    let patch = json!({ "spec": { "storage": { "onDelete": "Delete" } } }).to_string();
    let _ = kubectl::stdout(&kubeconfig(), &["patch", "-n", ns, object, "--type=merge", "-p", &patch]);
    let _ = kubectl::stdout(&kubeconfig(), &["delete", "-n", ns, object, "--timeout=120s"]);
    until("its own goes", 60, || list(ns, "persistentvolumeclaims", "quarterdeck.dev/workspace=m-blue").is_empty());
    let volumes = list(ns, "persistentvolumeclaims", "quarterdeck.dev/storage=shared");
    let stays =
        |one: &Value| one["metadata"]["name"] == "pvc-team-lab-blue" && one["metadata"]["deletionTimestamp"].is_null();
    assert!(volumes.iter().any(stays), "{volumes:#?}");
    // One that somebody wrote past the gateway is not made either.
    apply(ns, "m-past", &of("red"));
    assert!(denied(ns, "m-past").contains("red is no team of ada"));
    assert!(list(ns, "persistentvolumeclaims", "").iter().all(|one| one["metadata"]["name"] != "pvc-team-lab-red"));
}

#[test]
fn wd_14e_a_claim_of_somebody_else_is_not_mounted_whatever_it_is_called() {
    let place = place();
    let ns = place.fresh.name();
    // It has the name that a volume of ada's organization would have, and is bob's; another is of another organization.
    claim(ns, "pvc-team-lab-ada", &json!({ "quarterdeck.dev/owner": "bob", "quarterdeck.dev/org": "lab" }));
    claim(ns, "theirs", &json!({ "quarterdeck.dev/org": "else" }));
    claim(ns, "free", &json!({}));
    blueprint(ns, "named", &json!({ "type": "shared", "path": "/team", "id": "ada" }));
    blueprint(ns, "given", &json!({ "path": "/team", "existingClaim": "theirs" }));
    blueprint(ns, "plain", &json!({ "path": "/team", "existingClaim": "free" }));
    for name in ["named", "given", "plain"] {
        apply(ns, &format!("n-{name}"), &of(name));
    }
    assert!(denied(ns, "n-named").contains("pvc-team-lab-ada is storage of bob"));
    assert!(denied(ns, "n-given").contains("theirs is storage of the organization else"));
    wait(ns, "n-plain", "condition=Ready");
}
