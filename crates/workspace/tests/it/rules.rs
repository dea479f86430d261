//! What a blueprint and the cluster say, on a real API server: updates that wait for somebody, and rules of addresses that are found.

use crate::server::{Place, get, kubectl, until};
use serde_json::{Value, json};
use workspace::decide::Limits;

fn blueprint(place: &Place, name: &str, spec: &Value) {
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Blueprint",
        "metadata": { "name": name, "namespace": place.namespace }, "spec": spec,
    });
    let _ = kubectl(&["apply", "-f", "-"], &object.to_string());
}

fn image(place: &Place) -> String {
    place.pod()["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned()
}

/// Says whether it is to run, and why.
fn say(place: &Place, state: &str, cause: &str) {
    let patch = json!({
        "metadata": { "annotations": { "quarterdeck.dev/state-cause": cause } }, "spec": { "state": state },
    });
    let patch = patch.to_string();
    let words = ["-n", &place.namespace, "patch", "workspaces.quarterdeck.dev", "w", "--type=merge", "-p", &patch];
    let _ = kubectl(&words, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_16c_an_update_by_hand_waits_through_a_stop_and_a_start_until_it_is_asked_for() {
    let place = Place::new("by-hand", Limits::default()).await;
    blueprint(&place, "own", &json!({ "image": "images.invalid/own:1", "env": { "A": "1" } }));
    let own = json!({ "kind": "Blueprint", "name": "own" });
    place.apply(&json!({ "image": null, "blueprintRef": own, "update": "Manual" }));
    until("it runs", 60, || place.phase() == "Running" && image(&place) == "images.invalid/own:1");
    until("what it runs with is kept", 60, || {
        !get(&["-n", &place.namespace, "configmap", "w-pinned"])["data"]["pod.json"].is_null()
    });
    blueprint(&place, "own", &json!({ "image": "images.invalid/own:2", "env": { "A": "2" } }));
    let newer = || place.workspace()["status"]["updateAvailable"]["digest"].as_str().map(str::to_owned);
    until("a newer one is told", 60, || newer().is_some());
    let digest = newer().unwrap();
    say(&place, "Stopped", "stopped by ada");
    until("it is stopped", 60, || place.phase() == "Stopped" && place.pod().is_null());
    assert_eq!(newer(), Some(digest.clone()), "it is told of what is stopped, too");
    say(&place, "Running", "started by ada");
    until("it runs as before", 60, || place.phase() == "Running");
    assert_eq!(image(&place), "images.invalid/own:1");
    say(&place, "Stopped", "stopped by ada");
    until("it is stopped again", 60, || place.phase() == "Stopped" && place.pod().is_null());
    say(&place, "Running", &format!("updated by ada to {}", &digest[..16]));
    until("it runs as its blueprint says by now", 60, || {
        place.phase() == "Running" && image(&place) == "images.invalid/own:2"
    });
    until("nothing newer is told", 60, || newer().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn wn_06f_the_api_server_is_opened_at_its_own_addresses_where_a_blueprint_says_so_and_closed_elsewhere() {
    let place = Place::new("addresses", Limits::default()).await;
    let slice = get(&["-n", "default", "endpointslices", "-l", "kubernetes.io/service-name=kubernetes"]);
    let slice = slice["items"][0].clone();
    let (address, port) = (slice["endpoints"][0]["addresses"][0].clone(), slice["ports"][0]["port"].clone());
    let address = format!("{}/32", address.as_str().expect("the API server says where it is"));
    let egress = || {
        let policy = get(&["-n", &place.namespace, "networkpolicy", "w"]);
        policy["spec"]["egress"].as_array().cloned().unwrap_or_default()
    };
    let opens = |rule: &Value| {
        let to = rule["to"].as_array().cloned().unwrap_or_default();
        to.iter().any(|peer| peer["ipBlock"]["cidr"] == address.as_str())
    };
    place.apply(&json!({}));
    until("it runs", 60, || place.phase() == "Running");
    assert!(!egress().is_empty() && !egress().iter().any(opens), "{:#?}", egress());
    blueprint(&place, "api", &json!({ "image": "images.invalid/own:1", "kubernetesAccess": true }));
    let own = json!({ "kind": "Blueprint", "name": "api" });
    place.apply(&json!({ "blueprintRef": own }));
    until("the API server is opened", 60, || egress().iter().any(opens));
    let rule = egress().into_iter().find(opens).unwrap();
    assert!(rule["ports"].as_array().unwrap().iter().any(|one| one["port"] == port), "at its own port: {rule}");
}
