//! Pods with a proxy beside their application, as meshes have them: what crosses it in the clear, and by which TLS.

use e2e::fresh::Fresh;
use e2e::tapped::qd;
use e2e::tapping::{FRONT, Tapping, alone};
use e2e::{errors, kubeconfig, kubectl, out};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Copies an object of the shop into a namespace.
fn copy(kind: &str, name: &str, namespace: &str) {
    let text = kubectl::stdout(&kubeconfig(), &["get", kind, name, "-n", "shop", "-o", "json"]);
    let mut object: Value = serde_json::from_str(&text).unwrap();
    object["metadata"] = json!({ "name": name, "namespace": namespace });
    kubectl::apply(&kubeconfig(), &object.to_string());
}

/// A client and a server, each with a sidecar: the shop's front, and who visits it.
fn mesh(space: &Fresh) {
    copy("secret", "pay-tls", space.name());
    copy("configmap", "demo-authority", space.name());
    let words = ["get", "pods", "-n", "shop", "-l", FRONT, "-o", "jsonpath={.items[0].spec.containers[0]}"];
    let front: Value = serde_json::from_str(&kubectl::stdout(&kubeconfig(), &words)).unwrap();
    let mounts = json!([
        { "name": "certificate", "mountPath": "/etc/pay" },
        { "name": "authority", "mountPath": "/etc/authority" },
    ]);
    let part = |name: &str, args: Value| json!({ "name": name, "image": front["image"], "command": front["command"], "args": args, "volumeMounts": mounts });
    let volumes = json!([
        { "name": "certificate", "secret": { "secretName": "pay-tls" } },
        { "name": "authority", "configMap": { "name": "demo-authority" } },
    ]);
    let server = [
        part("app", json!(["front", "-listen", "127.0.0.1:8080"])),
        part("sidecar", json!(["sidecar", "-in", ":8443", "-application", "http://127.0.0.1:8080"])),
    ];
    space.pod("server", &json!({ "containers": server, "volumes": volumes }));
    space.running("server");
    let words = ["get", "pod", "server", "-n", space.name(), "-o", "jsonpath={.status.podIP}"];
    let peer = format!("https://{}:8443", kubectl::stdout(&kubeconfig(), &words));
    let client = [
        part("app", json!(["load", "-target", "http://127.0.0.1:15001", "-rate", "10"])),
        part("sidecar", json!(["sidecar", "-out", "127.0.0.1:15001", "-peer", peer])),
    ];
    space.pod("client", &json!({ "containers": client, "volumes": volumes }));
    space.running("client");
}

/// The value of a field of a message's head.
fn field<'a>(message: &'a Value, name: &str) -> &'a str {
    let fields = message["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = fields.iter().find(|field| field[0].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    found.and_then(|field| field[1].as_str()).unwrap_or_default()
}

#[test]
fn cap_n_08_what_a_sidecar_says_to_its_application_is_seen_and_linked_with_the_tls_outside() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    let space = Fresh::new("tap-mesh");
    mesh(&space);
    let tapping = Tapping::start(home.path(), &["-n", space.name(), "--wait-for", "60s"]);
    let of = |pod: &str, port: u16| {
        let pod = format!("{}/{pod}", space.name());
        move |record: &Value| {
            record["kind"] == "http"
                && record["pod"] == pod.as_str()
                && record["dst"]["ip"] == "127.0.0.1"
                && record["dst"]["port"] == port
                && record["pair"] == "ok"
        }
    };
    let is_linked = |record: &Value| record["outer"].is_object();
    let (came, left) = (of("server", 8080), of("client", 15_001));
    let _ = tapping.wait_for(60, 60, |record| came(record) && is_linked(record));
    let _ = tapping.wait_for(60, 60, |record| left(record) && is_linked(record));
    let (came, left) = (tapping.records(came), tapping.records(left));
    let flows: HashMap<String, Value> = tapping
        .records(|record| record["kind"] == "flow")
        .into_iter()
        .map(|flow| (flow["flow"].as_str().unwrap().to_owned(), flow))
        .collect();
    assert_eq!(tapping.stop(), Some(0));
    // The proxies themselves say by which connection each request went.
    for request in came.iter().filter(|request| is_linked(request)) {
        let (outer, says) = (&request["outer"], field(&request["request"], "x-came-by"));
        let peer = format!("{}:{}", outer["peer"]["ip"].as_str().unwrap(), outer["peer"]["port"]);
        assert_eq!((outer["way"].as_str(), peer.as_str()), (Some("in"), says), "{request}");
        assert_eq!((&outer["peer"]["pod"], &outer["peer"]["ns"]), (&json!("client"), &json!(space.name())), "{outer}");
        let flow = &flows[outer["flow"].as_str().unwrap()];
        assert_eq!((&flow["app"], &flow["dst"]["port"]), (&json!("tls"), &json!(8443)), "{flow}");
    }
    for request in left.iter().filter(|request| is_linked(request)) {
        let outer = &request["outer"];
        assert_eq!((&outer["way"], &outer["agreed"]), (&json!("out"), &json!("both")), "{request}");
        assert_eq!((&outer["peer"]["pod"], &outer["peer"]["port"]), (&json!("server"), &json!(8443)), "{outer}");
        let src = &flows[outer["flow"].as_str().unwrap()]["src"];
        let end = format!("{}:{}", src["ip"].as_str().unwrap(), src["port"]);
        assert_eq!(end, field(&request["response"], "x-left-by"), "{request}");
    }
    for all in [&came, &left] {
        let linked = all.iter().filter(|request| is_linked(request)).count();
        assert!(linked * 10 >= all.len() * 8, "{linked} of {} are linked", all.len());
    }
    // And for people, in a line.
    let words = ["tap", "-n", space.name(), "--count", "3", "--wait-for", "60s", "--where", "outer.way == 'in'"];
    let output = qd(home.path(), &kubeconfig(), &[&words[..], &["-o", "table"]].concat());
    assert!(output.status.success(), "{}", errors(&output));
    let told = format!("by TLS from {}/client", space.name());
    assert_eq!(out(&output).matches(&told).count(), 3, "{}", out(&output));
}
