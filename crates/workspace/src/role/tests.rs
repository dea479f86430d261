#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::{OPERATOR, OPERATOR_ROUTES, WORKSPACES, WORKSPACES_ROUTES, objects, route_objects};
use serde_json::Value;

/// Every verb of a resource that a role has.
fn verbs(kind: &str, name: &str, resource: &str) -> Vec<String> {
    let all: Vec<Value> = objects("system").into_iter().chain(route_objects("system")).collect();
    let role = all.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name).unwrap();
    let rules = role["rules"].as_array().unwrap().iter();
    let of = rules.filter(|rule| rule["resources"].as_array().unwrap().iter().any(|one| one == resource));
    let words = of.flat_map(|rule| rule["verbs"].as_array().unwrap()).map(|verb| verb.as_str().unwrap().to_owned());
    words.collect()
}

#[test]
fn wo_12a_no_secrets_of_the_whole_cluster_and_nothing_for_everything() {
    assert!(verbs("ClusterRole", OPERATOR, "secrets").is_empty());
    assert_eq!(verbs("ClusterRole", WORKSPACES, "secrets"), ["get", "create", "patch"]);
    assert_eq!(verbs("ClusterRole", OPERATOR, "pods"), ["list", "watch"]);
    assert_eq!(verbs("ClusterRole", WORKSPACES, "pods"), ["get", "create", "patch", "delete"]);
    assert_eq!(verbs("ClusterRole", OPERATOR, "customresourcedefinitions"), ["get"], "it installs nothing");
    assert_eq!(verbs("Role", OPERATOR, "leases"), ["get", "create", "update"]);
    assert_eq!(verbs("Role", OPERATOR, "secrets"), ["create", "get", "update"], "its authority");
    let all = objects("system");
    let own = all.iter().find(|one| one["kind"] == "Role").unwrap()["rules"].as_array().unwrap();
    let reads = own.iter().find(|rule| rule["resources"][0] == "secrets" && rule["verbs"][0] == "get").unwrap();
    assert_eq!(reads["resourceNames"], serde_json::json!(["quarterdeck-authority"]), "no other Secret is read");
    // an address that nobody asks for any more goes; what keeps others out does not
    for (resource, ends) in [("services", true), ("ingresses", true), ("configmaps", false), ("networkpolicies", false)]
    {
        assert_eq!(verbs("ClusterRole", WORKSPACES, resource).iter().any(|verb| verb == "delete"), ends, "{resource}");
    }
    for object in objects("system") {
        let text = object["rules"].to_string();
        assert!(!text.contains('*'), "{object}");
        for rule in object["rules"].as_array().unwrap_or(&Vec::<Value>::new()) {
            assert!(!rule["verbs"].as_array().unwrap().is_empty(), "{rule}");
        }
    }
}

#[test]
fn wo_12a_routes_of_the_gateway_api_have_roles_of_their_own() {
    assert!(!serde_json::to_string(&objects("system")).unwrap().contains("gateway.networking.k8s.io"));
    assert_eq!(verbs("ClusterRole", OPERATOR_ROUTES, "httproutes"), ["list", "watch"]);
    assert_eq!(verbs("ClusterRole", WORKSPACES_ROUTES, "httproutes"), ["get", "create", "patch", "delete"]);
    let bound = route_objects("system").into_iter().find(|one| one["kind"] == "ClusterRoleBinding").unwrap();
    assert_eq!((&bound["roleRef"]["name"], &bound["subjects"][0]["name"]), (&OPERATOR_ROUTES.into(), &OPERATOR.into()));
}
