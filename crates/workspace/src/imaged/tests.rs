#![allow(clippy::unwrap_used)]

use super::{PORTS, Said, UNKNOWN, add};
use crate::blueprints::{Blueprints, Platform};
use crate::desired::Desired;
use crate::render::{Render, Rendered};
use crate::source::Sourced;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use registry::{Facts, Logins};
use serde_json::{Value, json};

fn rendered(spec: &Value, said: Option<Said>) -> Rendered {
    let mut whole =
        json!({ "owner": "ada", "org": "lab", "image": "registry.example/shop:1", "runProfile": "service" });
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let meta = json!({ "name": "w", "namespace": "team", "uid": "u" });
    let object = json!({ "metadata": meta, "spec": whole });
    let platform = Platform { pull_secrets: vec!["pull".to_owned()], ..Platform::new("lab", "agent:1") };
    let mut desired = Desired::of(&object).unwrap();
    desired.image.clone_from(&said);
    let blueprints = Blueprints::new(platform);
    let named =
        json!({ "image": "registry.example/shop:1", "network": { "ports": [{ "name": "a", "containerPort": 1 }] } });
    blueprints.learn("", "named", Some(named));
    let mut rendered = blueprints.render(&desired, &object, &Sourced::None).unwrap();
    if let Some(said) = said {
        said.mark(&mut rendered);
    }
    rendered
}

fn ports(rendered: &Rendered) -> Vec<Value> {
    let service = rendered.parts.iter().find(|part| part.kind == cluster::Owned::Service && part.name == "w").unwrap();
    let all = service.body["spec"]["ports"].as_array().unwrap();
    all.iter().filter(|port| port["name"] != "agent").map(|port| port["port"].clone()).collect()
}

#[test]
fn wo_08e_an_image_is_asked_for_its_ports_where_nobody_else_names_one() {
    let asks = |spec: Value| rendered(&spec, None).asks_image;
    let wanted = asks(json!({})).unwrap();
    assert_eq!((wanted.image.as_str(), wanted.pull_secrets), ("registry.example/shop:1", vec!["pull".to_owned()]));
    assert_eq!(asks(json!({ "runProfile": "shell" })), None);
    assert_eq!(asks(json!({ "ports": [{ "containerPort": 3000 }] })), None);
    assert_eq!(asks(json!({ "blueprintRef": { "name": "named" } })), None);
}

#[test]
fn wo_08f_what_an_image_says_is_written_on_its_pod_and_holds_as_long_as_that() {
    let port = |name: &str, number, udp| registry::Port { name: name.to_owned(), number, udp };
    let ports_of = vec![port("web", 3000, false), port("", 2822, false), port("", 53, true)];
    let said = Said::of(&Facts { ports: ports_of, ..Facts::default() });
    let made = rendered(&json!({}), Some(said.clone()));
    assert_eq!(ports(&made), [json!(3000), json!(53)], "the agent's port is left out");
    let pod = &made.pod.as_ref().unwrap().body;
    let annotation =
        |pod: &Value, name: &str| pod["metadata"]["annotations"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(annotation(pod, PORTS), "web:3000,53/udp");
    assert_eq!(Said::read(&annotation(pod, PORTS), ""), Some(said.clone()));
    let env = pod["spec"]["containers"].as_array().unwrap().iter().find(|one| one["name"] == "main").unwrap();
    let port = env["env"].as_array().unwrap().iter().find(|one| one["name"] == "PORT").unwrap();
    assert_eq!(port["value"], "3000");
    // The next look finds the same pod by its digest, and another one would be another pod.
    assert_eq!(rendered(&json!({}), Some(said)).pod_hash, made.pod_hash);
    assert_ne!(rendered(&json!({}), None).pod_hash, made.pod_hash);

    let unknown = Said::unknown("registry.example does not\nanswer");
    let made = rendered(&json!({}), Some(unknown.clone()));
    assert_eq!(ports(&made), [json!(8080)]);
    assert!(made.notes.iter().any(|note| note.ends_with("8080 is taken: registry.example does notanswer")));
    let pod = &made.pod.as_ref().unwrap().body;
    assert_eq!(Said::read("", &annotation(pod, UNKNOWN)), Some(unknown));
    assert_eq!(Said::read("", ""), None);
    assert_eq!(Said::read("x,0x1,99999999", ""), None, "what cannot be read is nothing");
    // Who names ports by now is not told of others.
    let named = rendered(&json!({ "ports": [{ "containerPort": 9 }] }), Said::read("3000", ""));
    assert_eq!(ports(&named), [json!(9)]);
    assert_eq!(annotation(&named.pod.unwrap().body, PORTS), "");
}

#[test]
fn wd_20d_a_secret_of_pulling_is_read_whatever_is_in_it() {
    let file = json!({ "auths": { "registry.example": { "username": "12345", "password": "a\"b:'$é" } } });
    let secret = |text: &str| json!({ "data": { ".dockerconfigjson": STANDARD.encode(text) } });
    let mut logins = Logins::default();
    assert!(add(&mut logins, &secret(&file.to_string())));
    assert!(!add(&mut logins, &secret("{")) && !add(&mut logins, &json!({ "data": {} })));
    assert!(!format!("{logins:?}").contains("a\\\""), "no password is shown");
}
