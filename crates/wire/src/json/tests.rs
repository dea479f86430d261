#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::sample::{Msg, envelope, pod};
use crate::{Budget, Format, object, to_json};
use serde_json::{Value, json};

fn json_of(api_version: &str, kind: &str, raw: &Msg) -> Value {
    let bytes = envelope(api_version, kind, raw);
    to_json(object(Format::Protobuf, &bytes, &Budget::default()).unwrap())
}

#[test]
fn protobuf_becomes_the_servers_json() {
    let expected = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "name": "web-0", "generateName": "web-", "namespace": "shop", "uid": "uid-1", "resourceVersion": "42",
            "creationTimestamp": "2023-11-14T22:13:20Z", "labels": {"app": "web", "tier": "front"},
            "annotations": {"note": ""}
        },
        "spec": {
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "containers": [{
                "name": "main", "image": "img:1", "resources": {"limits": {"cpu": "100m"}},
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "timeoutSeconds": 1}
            }],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "nodeName": "node-1"
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": "2023-11-14T22:15:00Z"}
            ]
        }
    });
    assert_eq!(json_of("v1", "Pod", &pod()), expected);
}

#[test]
fn bytes_are_base64_and_a_nil_list_is_null() {
    let entry = Msg::new().str(1, "key").bytes(2, &[0, 1, 255]);
    let secret = Msg::new().msg(1, Msg::new().str(1, "s")).msg(2, entry).str(3, "Opaque");
    assert_eq!(json_of("v1", "Secret", &secret)["data"], json!({"key": "AAH/"}));
    let role = Msg::new().msg(1, Msg::new().str(1, "r"));
    assert_eq!(json_of("rbac.authorization.k8s.io/v1", "Role", &role)["rules"], Value::Null);
}

#[test]
fn moments_of_leases_have_microseconds() {
    let spec = Msg::new().str(1, "me").msg(4, Msg::new().int(1, 1_700_000_000).int(2, 123_456_000));
    let lease = Msg::new().msg(1, Msg::new().str(1, "l")).msg(2, spec);
    let own = json_of("coordination.k8s.io/v1", "Lease", &lease);
    assert_eq!(own["spec"], json!({"holderIdentity": "me", "renewTime": "2023-11-14T22:13:20.123456Z"}));
}

#[test]
fn embedded_json_is_json() {
    let revision =
        Msg::new().msg(1, Msg::new().str(1, "r")).msg(2, Msg::new().str(1, r#"{"spec":{"a":[1,2]}}"#)).int(3, 7);
    let own = json_of("apps/v1", "ControllerRevision", &revision);
    assert_eq!(own["data"], json!({"spec": {"a": [1, 2]}}));
    assert_eq!(own["revision"], 7);
}

#[test]
fn schema_unions_keep_their_shape() {
    // CRD.spec(2).versions(7).schema(4).openAPIV3Schema(1): properties(29) of field "any" with
    // additionalProperties(30) = true, items(24) of one schema.
    let boolean = Msg::new().int(1, 1);
    let any = Msg::new().str(5, "object").msg(30, boolean);
    let list = Msg::new().str(5, "array").msg(24, Msg::new().msg(1, Msg::new().str(5, "string")));
    let number = Msg::new().str(5, "number").double(11, 2.5);
    let property = |name: &str, schema: Msg| Msg::new().str(1, name).msg(2, schema);
    let schema =
        Msg::new().msg(29, property("any", any)).msg(29, property("list", list)).msg(29, property("n", number));
    let version = Msg::new().str(1, "v1").msg(4, Msg::new().msg(1, schema));
    let crd = Msg::new().msg(1, Msg::new().str(1, "x")).msg(2, Msg::new().msg(7, version));
    let own = json_of("apiextensions.k8s.io/v1", "CustomResourceDefinition", &crd);
    let properties = &own["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    assert_eq!(properties["any"]["additionalProperties"], true, "{properties}");
    assert_eq!(properties["list"]["items"]["type"], "string", "{properties}");
    assert!(properties["n"].to_string().contains("2.5"), "{properties}");
}

#[test]
fn managed_fields_are_not_there_in_either_format() {
    let json = br#"{"metadata":{"name":"a","managedFields":[{"manager":"m"}]}}"#;
    let own = to_json(object(Format::Json, json, &Budget::default()).unwrap());
    assert_eq!(own, json!({"metadata": {"name": "a"}}));
}
