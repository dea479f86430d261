#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{Blueprints, Platform};
use crate::desired::Desired;
use crate::render::{Refused, Render, Rendered};
use cluster::Owned;
use serde_json::{Value, json};

fn blueprints() -> Blueprints {
    Blueprints::new(Platform::new("dev", "images.invalid/agent:1"))
}

fn render(blueprints: &Blueprints, spec: Value) -> Result<Rendered, Refused> {
    let object = json!({
        "metadata": { "name": "w", "namespace": "team", "uid": "uid-1", "generation": 1, "resourceVersion": "1" },
        "spec": spec,
    });
    blueprints.render(&Desired::of(&object).unwrap(), &object)
}

#[test]
fn ws_08a_an_image_alone_is_laid_over_the_default_blueprint() {
    let rendered =
        render(&blueprints(), json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1" })).unwrap();
    let pod = rendered.pod.unwrap();
    assert_eq!((pod.name.as_str(), pod.kind), ("w", Owned::Pod));
    assert_eq!(pod.body["spec"]["containers"][0]["image"], "images.invalid/shell:1");
    assert_eq!(pod.body["metadata"]["ownerReferences"][0]["uid"], "uid-1");
    assert_eq!(pod.body["metadata"]["annotations"][crate::key::MANIFEST_HASH], rendered.pod_hash.as_str());
    let claims: Vec<_> = rendered.parts.iter().filter(|part| part.kind == Owned::Claim).collect();
    assert_eq!(claims.len(), 1, "it has a home");
    assert!(!claims[0].own, "which nothing owns");
    assert!(claims[0].name.starts_with("pvc-w-"), "{}", claims[0].name);
    for part in &rendered.parts {
        assert_eq!(part.body["metadata"]["annotations"][crate::key::MANIFEST_HASH], part.hash.as_str());
        assert_eq!(part.body["metadata"]["labels"][crate::key::WORKSPACE], "w", "{}", part.body);
    }
    assert_eq!(rendered.blueprint["name"], "default");
    assert_eq!(rendered.service_dns, "w.team.svc.cluster.local");
}

#[test]
fn wo_02e_the_same_workspace_is_the_same_objects() {
    let spec = json!({ "owner": "ada", "org": "lab", "image": "images.invalid/shell:1", "env": [{ "name": "A", "value": "b" }] });
    let (one, two) = (render(&blueprints(), spec.clone()).unwrap(), render(&blueprints(), spec).unwrap());
    let hashes = |of: &Rendered| of.parts.iter().map(|part| part.hash.clone()).collect::<Vec<_>>();
    assert_eq!((hashes(&one), &one.pod_hash), (hashes(&two), &two.pod_hash));
}

#[test]
fn ws_08b_what_is_wrong_is_told_by_its_condition() {
    let blueprints = blueprints();
    let named =
        |name: &str| render(&blueprints, json!({ "owner": "ada", "org": "lab", "blueprintRef": { "name": name } }));
    let refused = named("nowhere").unwrap_err();
    assert_eq!((refused.condition, refused.reason), ("Accepted", "BlueprintNotFound"));
    assert!(refused.message.contains("default"), "it lists those that there are: {}", refused.message);
    blueprints.learn("", "base", Some(json!({ "image": "a:1", "isTemplate": true })));
    assert_eq!(named("base").unwrap_err().reason, "PolicyDenied");
    blueprints.learn("", "bad", Some(json!({ "image": "a:1", "resources": { "cpu": "lots" } })));
    let refused = named("bad").unwrap_err();
    assert_eq!(refused.reason, "BlueprintInvalid");
    assert!(refused.message.contains("/resources/cpu"), "{}", refused.message);
    blueprints.learn("", "good", Some(json!({ "image": "images.invalid/a:1" })));
    assert!(named("good").is_ok());
    // An organisation's blueprint shadows the platform's in its namespace.
    blueprints.learn("team", "good", Some(json!({ "image": "images.invalid/b:1" })));
    assert_eq!(named("good").unwrap().pod.unwrap().body["spec"]["containers"][0]["image"], "images.invalid/b:1");
    blueprints.learn("team", "good", None);
    assert_eq!(named("good").unwrap().pod.unwrap().body["spec"]["containers"][0]["image"], "images.invalid/a:1");
    let odd = json!({ "owner": "ada", "org": "lab", "image": "a:1", "params": { "NONE": "1" } });
    assert_eq!(render(&blueprints, odd).unwrap_err().reason, "ParamInvalid");
}
