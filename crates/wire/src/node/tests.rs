#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::sample::{envelope, pod};
use crate::{Budget, Format, Node, object};

/// The same pod in both formats.
fn both() -> [(Format, Vec<u8>); 2] {
    let json = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-0","generateName":"web-","namespace":"shop","uid":"uid-1",
      "resourceVersion":"42","creationTimestamp":"2023-11-14T22:13:20Z","labels":{"app":"web","tier":"front"},
      "annotations":{"note":""},"managedFields":[{"manager":"kubelet"}]},
      "spec":{"volumes":[{"name":"tmp","emptyDir":{}}],"containers":[{"name":"main","image":"img:1","ports":[
      {"name":"http","containerPort":8080,"protocol":"TCP"}],"resources":{"limits":{"cpu":"100m"}},
      "livenessProbe":{"httpGet":{"path":"/","port":"http"},"timeoutSeconds":1}}],
      "restartPolicy":"Always","terminationGracePeriodSeconds":30,"nodeName":"node-1"},
      "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null,
      "lastTransitionTime":"2023-11-14T22:15:00Z"}]}}"#;
    [(Format::Protobuf, envelope("v1", "Pod", &pod())), (Format::Json, json.as_bytes().to_vec())]
}

fn with_both(check: impl Fn(Node<'_>, Format)) {
    for (format, bytes) in both() {
        check(object(format, &bytes, &Budget::default()).unwrap(), format);
    }
}

fn text(node: Node<'_>, path: &[&str]) -> Option<String> {
    node.path(path).and_then(Node::as_text).map(|text| text.into_owned())
}

#[test]
fn both_formats_mean_the_same() {
    with_both(|pod, format| {
        let at = |path: &[&str]| text(pod, path);
        assert_eq!(at(&["kind"]).as_deref(), Some("Pod"), "{format:?}");
        assert_eq!(at(&["apiVersion"]).as_deref(), Some("v1"));
        assert_eq!(at(&["metadata", "name"]).as_deref(), Some("web-0"));
        assert_eq!(at(&["metadata", "labels", "tier"]).as_deref(), Some("front"));
        assert_eq!(at(&["metadata", "annotations", "note"]).as_deref(), Some(""), "an empty value of a map is there");
        assert_eq!(at(&["metadata", "selfLink"]), None);
        assert_eq!(at(&["spec", "serviceAccountName"]), None);
        assert_eq!(at(&["status", "message"]), None, "an empty string that JSON leaves out");
        assert_eq!(pod.path(&["metadata", "creationTimestamp"]).unwrap().as_time_ms(), Some(1_700_000_000_000));
        assert_eq!(pod.path(&["spec", "terminationGracePeriodSeconds"]).unwrap().as_i64(), Some(30));
        let container = pod.path(&["spec", "containers"]).unwrap().items().next().unwrap();
        assert_eq!(text(container, &["livenessProbe", "httpGet", "port"]).as_deref(), Some("http"), "inlined handler");
        assert_eq!(container.path(&["resources", "limits", "cpu"]).unwrap().as_quantity_milli(), Some(100));
        assert_eq!(container.path(&["ports"]).unwrap().items().next().unwrap().get("hostPort").map(|_| ()), None);
        let volume = pod.path(&["spec", "volumes"]).unwrap().items().next().unwrap();
        assert!(volume.get("emptyDir").unwrap().is_object(), "inlined volume source");
        assert!(volume.get("volumeSource").is_none());
        let condition = pod.path(&["status", "conditions"]).unwrap().items().next().unwrap();
        assert!(condition.get("lastProbeTime").is_none(), "null reads as absent");
        assert_eq!(condition.get("status").unwrap().as_str().as_deref(), Some("True"));
        let labels = pod.path(&["metadata", "labels"]).unwrap();
        let pairs: Vec<_> = labels.entries().map(|(key, value)| format!("{key}={}", value.as_str().unwrap())).collect();
        assert_eq!(pairs, ["app=web", "tier=front"]);
        assert_eq!(labels.count(), 2);
        assert!(labels.is_object() && !labels.is_list());
        assert!(pod.path(&["spec", "containers"]).unwrap().is_list());
    });
}

#[test]
fn entries_of_a_message_are_its_json_members() {
    with_both(|pod, format| {
        let volume = pod.path(&["spec", "volumes"]).unwrap().items().next().unwrap();
        let names: Vec<_> = volume.entries().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["name", "emptyDir"], "{format:?}");
    });
}

#[test]
fn json_text_is_unescaped_and_numbers_are_read() {
    let json = br#"{"a\u0062":"x\n\"y\"","n":-3,"f":2.5,"whole":7.0,"t":true,"list":[1,[2,{"k":"]"}],3],"z":null}"#;
    let node = object(Format::Json, json, &Budget::default()).unwrap();
    assert_eq!(node.get("ab").unwrap().as_str().unwrap(), "x\n\"y\"");
    assert_eq!(node.get("n").unwrap().as_i64(), Some(-3));
    assert_eq!(node.get("f").unwrap().as_f64(), Some(2.5));
    assert_eq!(node.get("f").unwrap().as_i64(), None);
    assert_eq!(node.get("whole").unwrap().as_i64(), Some(7));
    assert_eq!(node.get("t").unwrap().as_bool(), Some(true));
    assert_eq!(node.get("list").unwrap().items().count(), 3);
    assert_eq!(node.get("list").unwrap().items().nth(2).unwrap().as_i64(), Some(3));
    assert!(node.get("z").is_none());
}
