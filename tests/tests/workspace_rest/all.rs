//! All workspaces of somebody at once.

use super::desk::Desk;
use super::{SHELL, killed};
use e2e::fresh::Fresh;
use e2e::kubeconfig;
use e2e::workspaces::{list, operator, until};
use serde_json::{Value, json};

fn kubectl(args: &[&str]) {
    let done = e2e::kubectl::kubectl(&kubeconfig(), args);
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn made(desk: &Desk<'_>, name: &str) {
    let made = desk.create(json!({ "name": name, "image": SHELL, "memory": "256Mi" }), &[]);
    let job = desk.over(made.json()["job"]["id"].as_str().unwrap());
    assert_eq!(job["state"], "succeeded", "{job:#}");
}

fn annotation(desk: &Desk<'_>, name: &str) -> Value {
    let all = list(desk.namespace, "workspaces.quarterdeck.dev", "");
    let one = all.iter().find(|one| one["metadata"]["name"] == name).unwrap();
    one["metadata"]["annotations"]["quarterdeck.dev/kept-for"].clone()
}

#[test]
fn wl_08m_all_of_somebody_go_as_one_job_that_is_refused_while_one_runs_and_their_volumes_stay() {
    let fresh = Fresh::new("ws-rest-all");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let me = desk.get("/session").json()["user"].as_str().unwrap().to_owned();
    let path = |user: &str, more: &str| {
        format!("/workspaces?cluster={}&namespace={}&user={user}{more}", desk.cluster, desk.namespace)
    };
    let sure = || Some(json!({ "answers": { "confirm": true } }));
    for name in ["one", "two"] {
        made(&desk, name);
    }
    let nobody = desk.call("DELETE", &path("nobody", ""), sure(), &[]);
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "workspace_not_found"), "{nobody:?}");
    let unasked = desk.call("DELETE", &path(&me, ""), None, &[]);
    assert_eq!((unasked.status, unasked.code().as_str()), (403, "needs_unmet"), "{unasked:?}");
    // One holds on to life, so that the job is at it for a while.
    let hold = |to: &str| {
        let patch = json!({ "metadata": { "finalizers": if to.is_empty() { json!(null) } else { json!([to]) } } });
        let patch = patch.to_string();
        kubectl(&["-n", desk.namespace, "patch", "workspaces.quarterdeck.dev", "two", "--type=merge", "-p", &patch]);
    };
    hold("e2e.invalid/holds");
    let gone = desk.call("DELETE", &path(&me, ""), sure(), &[]);
    assert_eq!(gone.status, 202, "{gone:?}");
    let told = gone.json();
    let names: Vec<&str> =
        told["workspaces"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let id = told["job"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&told["job"]["act"], &told["job"]["user"], &told["job"]["name"]),
        (&json!("delete_all"), &json!(me), &json!(""))
    );
    let again = desk.call("DELETE", &path(&me, ""), sure(), &[]);
    assert_eq!((again.status, again.code().as_str()), (409, "workspace_busy"), "{again:?}");
    assert_eq!(again.json()["details"]["job"], json!(id));
    let back = desk.call("DELETE", &format!("/jobs/{id}"), sure(), &[]);
    assert_eq!((back.status, back.code().as_str()), (400, "bad_request"), "{back:?}");
    until("one of two is gone", 60, || desk.get(&format!("/jobs/{id}")).json()["message"] == "1 of 2");
    // The next server goes on with it.
    killed(&console, || {
        assert_eq!(desk.get(&format!("/jobs/{id}")).json()["state"], "running");
        hold("");
        let job = desk.over(&id);
        assert_eq!((&job["state"], &job["message"]), (&json!("succeeded"), &json!("all 2 are gone")), "{job:#}");
        // Each left its home, for as long as it said.
        for name in ["one", "two"] {
            let claims = list(desk.namespace, "persistentvolumeclaims", &format!("quarterdeck.dev/workspace={name}"));
            assert!(!claims.is_empty(), "{name}");
            until("it is told until when its home is kept", 60, || {
                let remains = desk.get(&desk.of(name, "/remains")).json();
                remains["volumes"][0]["kept_until_ms"].as_i64().is_some()
            });
        }
    });
}

#[test]
fn wo_10d_what_somebody_leaves_is_stopped_and_kept_for_a_week_unless_somebody_starts_it() {
    let fresh = Fresh::new("ws-rest-kept");
    let console = operator();
    let desk = Desk::new(&console, fresh.name());
    let me = desk.get("/session").json()["user"].as_str().unwrap().to_owned();
    for name in ["stays", "back"] {
        made(&desk, name);
    }
    let path = |org: &str| {
        let (cluster, namespace) = (&desk.cluster, desk.namespace);
        format!("/workspaces?cluster={cluster}&namespace={namespace}&user={me}&org={org}&preserve_workspaces=true")
    };
    let sure = json!({ "answers": { "confirm": true } });
    let other = desk.call("DELETE", &path("elsewhere"), Some(sure.clone()), &[]);
    assert_eq!((other.status, other.code().as_str()), (404, "workspace_not_found"), "none is of that organization");
    let org = desk.get(&desk.of("stays", "")).json()["spec"]["org"].as_str().unwrap().to_owned();
    let kept = desk.call("DELETE", &path(&org), Some(sure), &[]);
    assert_eq!(kept.status, 202, "{kept:?}");
    assert_eq!(kept.json()["job"]["act"], "keep_all");
    let job = desk.over(kept.json()["job"]["id"].as_str().unwrap());
    assert_eq!((&job["state"], &job["message"]), (&json!("succeeded"), &json!("all 2 are stopped")), "{job:#}");
    for name in ["stays", "back"] {
        assert_eq!(desk.get(&desk.of(name, "")).json()["phase"], "Stopped");
        assert_eq!(annotation(&desk, name), "168h");
    }
    let why = desk.get(&desk.of("stays", "/why")).json();
    assert!(why.to_string().contains("kept for 168h"), "{why:#}");
    // Whoever starts one takes that back.
    let started = desk.call("POST", &desk.of("back", "/start"), Some(json!({})), &[]);
    assert_eq!(desk.over(started.json()["job"]["id"].as_str().unwrap())["state"], "succeeded");
    assert_eq!(annotation(&desk, "back"), Value::Null);
    // A week is long: the other one's is cut short, and it goes by itself. Its home stays, as it says.
    let soon = "quarterdeck.dev/kept-for=1s";
    kubectl(&["-n", desk.namespace, "annotate", "workspaces.quarterdeck.dev", "stays", "--overwrite", soon]);
    until("its time is over", 60, || desk.get(&desk.of("stays", "")).status == 404);
    assert!(!list(desk.namespace, "persistentvolumeclaims", "quarterdeck.dev/workspace=stays").is_empty());
    assert_eq!(desk.get(&desk.of("back", "")).json()["phase"], "Running");
}
