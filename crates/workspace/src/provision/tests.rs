#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::Provision;
use crate::blueprints::{Blueprints, Platform};
use crate::desired::Desired;
use crate::render::{Refused, Render as _, Rendered};
use crate::source::Sourced;
use policy::desk::Desk;
use policy::provision::ProvisionRule;
use policy::testing::{TestGate, gate};
use serde_json::{Value, json};
use std::sync::Arc;

fn ruled(rules: &[Value]) -> TestGate {
    let provision: Vec<ProvisionRule> =
        rules.iter().map(|rule| serde_json::from_value(rule.clone()).unwrap()).collect();
    assert!(provision.iter().all(|rule| rule.problem().is_none()));
    gate(Desk { provision, ..Desk::default() })
}

fn blueprints(provision: Provision) -> Blueprints {
    let platform = Platform { provision: Some(Arc::new(provision)), ..Platform::new("dev", "images.invalid/agent:1") };
    let blueprints = Blueprints::new(platform);
    let resources = json!({ "cpu": "2", "memory": "8Gi" });
    blueprints.learn("", "big", Some(json!({ "image": "images.invalid/big:1", "resources": resources })));
    blueprints.learn("", "open", Some(json!({ "image": "a:1", "network": { "networkPolicyClass": "organization" } })));
    blueprints
}

fn render(blueprints: &Blueprints, name: &str, more: &Value) -> Result<Rendered, Refused> {
    let mut spec = json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": name } });
    spec.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "uid-1", "generation": 1, "resourceVersion": "1" },
        "spec": spec,
    });
    blueprints.render(&Desired::of(&object).unwrap(), &object, &Sourced::None)
}

fn small() -> Value {
    json!({ "name": "small", "fields": { "/resources/memory": ["8Gi", "9Gi"] }, "patch": { "/resources/memory": "1Gi" } })
}

#[test]
fn bc_10d_what_the_policy_patches_is_made_so_and_told_as_a_layer_and_each_state_is_decided_once() {
    let t = ruled(&[small()]);
    let blueprints = blueprints(Provision::acting(t.composed.gate.clone(), t.composed.verifier.desk("ada", [])));
    let rendered = render(&blueprints, "big", &json!({})).unwrap();
    let pod = rendered.pod.unwrap().body;
    assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"], json!({ "cpu": "2", "memory": "1Gi" }));
    let layers = rendered.blueprint["layers"].as_array().unwrap();
    assert_eq!(layers.last().unwrap()["kind"], "policy", "{layers:?}");
    drop(render(&blueprints, "big", &json!({})).unwrap());
    let decided = t.journal.decided();
    assert_eq!(decided.len(), 1, "the same is not decided again");
    assert_eq!(decided[0].rule, "provision.small");
    // It sees what was evaluated, with what the workspace itself asks for; and what it patches wins.
    let own = render(&blueprints, "big", &json!({ "resources": { "memory": "9Gi" } })).unwrap();
    assert_eq!(own.pod.unwrap().body["spec"]["containers"][0]["resources"]["limits"]["memory"], "1Gi");
    let other = render(&blueprints, "big", &json!({ "resources": { "memory": "2Gi" } })).unwrap();
    assert_eq!(other.pod.unwrap().body["spec"]["containers"][0]["resources"]["limits"]["memory"], "2Gi");
    assert_eq!(other.blueprint["layers"].as_array().unwrap().last().unwrap()["kind"], "overrides");
    assert_eq!(t.journal.decided().len(), 3);
}

#[test]
fn bc_10g_of_what_may_be_a_secret_the_journal_says_only_that_it_is_there() {
    let t = ruled(&[small()]);
    let blueprints = blueprints(Provision::acting(t.composed.gate.clone(), t.composed.verifier.desk("ada", [])));
    let secret = "hunter2-hunter2";
    let script = json!([{ "name": "one", "script": format!("echo {secret}") }]);
    let app = json!({ "install": secret, "start": ["serve", secret], "listen": ":8080" });
    let body = json!({
        "image": "a:1", "env": { "TOKEN": secret }, "splash": secret, "initScripts": script, "apps": { "web": app },
        "extFiles": { "/etc/token": secret },
    });
    blueprints.learn("", "secrets", Some(body));
    drop(render(&blueprints, "secrets", &json!({})).unwrap());
    let decided = t.journal.decided();
    let input = decided[0].input.to_string();
    assert!(!input.contains(secret) && input.contains(r#""TOKEN":"withheld""#), "{input}");
    assert!(input.contains(r#""/etc/token":"withheld""#) && input.contains(r#""listen":":8080""#), "{input}");
}

#[test]
fn bc_10e_what_the_policy_denies_is_not_made_and_says_by_which_decision() {
    let wide = json!({ "/network/networkPolicyClass": ["organization", "system"] });
    let t = ruled(&[
        json!({ "name": "closed", "fields": wide, "deny": true, "reason": "open networks need a word with root" }),
    ]);
    let blueprints = blueprints(Provision::acting(t.composed.gate.clone(), t.composed.verifier.desk("ada", [])));
    assert!(render(&blueprints, "big", &json!({})).is_ok());
    let refused = render(&blueprints, "open", &json!({})).unwrap_err();
    assert_eq!((refused.condition, refused.reason), ("Accepted", "PolicyDenied"));
    assert!(refused.message.contains("open networks need a word with root (decision "), "{}", refused.message);
    let decided = t.journal.decided().len();
    let again = render(&blueprints, "open", &json!({})).unwrap_err();
    assert_eq!((again.message, t.journal.decided().len()), (refused.message, decided), "the same is not decided again");
}

#[test]
fn wf_06c_a_patch_that_does_not_resolve_refuses_the_workspace_in_words_of_the_rule() {
    for patch in [json!({ "/resources/memory": "much" }), json!({ "/nowhere/at": 1 })] {
        let t = ruled(&[json!({ "name": "bad", "patch": patch })]);
        let principal = t.composed.verifier.desk("ada", []);
        let acting = blueprints(Provision::acting(t.composed.gate.clone(), principal.clone()));
        let refused = render(&acting, "big", &json!({})).unwrap_err();
        assert_eq!((refused.condition, refused.reason), ("Accepted", "PolicyDenied"), "{}", refused.message);
        // A form is told the code, and nothing of it is journalled.
        let journalled = t.journal.decided().len();
        let showing = blueprints(Provision::showing(t.composed.gate.clone(), principal));
        let spec = json!({ "owner": "ada", "org": "lab" });
        let wrong = showing.effective("team", Some("big"), "w", &spec, &Sourced::None, None).unwrap_err();
        assert_eq!(wrong.list()[0].code, base::Code::ObligationUnsupported, "{wrong}");
        assert_eq!(t.journal.decided().len(), journalled);
    }
}
