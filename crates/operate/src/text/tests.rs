#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{diff, shown};
use catalog::Kind;
use serde_json::{Value, json};

fn kind(id: &str) -> std::sync::Arc<Kind> {
    Kind::builtin(id).unwrap()
}

#[test]
fn managed_fields_are_not_shown_and_keys_are_sorted() {
    let object = json!({
        "metadata": { "name": "a", "managedFields": [{ "manager": "x" }] }, "kind": "ConfigMap", "apiVersion": "v1",
        "data": { "script": "#!/bin/sh\necho hi\n", "yes": "yes", "number": "012" },
    });
    let yaml = shown(&kind("configmaps"), object).yaml().unwrap();
    assert_eq!(
        yaml,
        "apiVersion: v1\ndata:\n  number: \"012\"\n  script: |\n    #!/bin/sh\n    echo hi\n  \"yes\": \"yes\"\nkind: ConfigMap\n\
         metadata:\n  name: a\n"
    );
}

#[test]
fn yaml_reads_back_as_the_same_object() {
    let hard = [
        "yes",
        "1e3",
        "~",
        "a: b",
        "- x",
        "#c",
        "multi\n  line\n\n",
        " lead\n",
        "t\tb",
        "é☃",
        "\u{1}",
        "0x1F",
        "=",
        "",
    ];
    let object =
        json!({ "values": hard, "nested": { "list": [{ "a": [1, null, true, 1.5] }, {}] }, "long": "x ".repeat(500) });
    let yaml = shown(&kind("configmaps"), object.clone()).yaml().unwrap();
    assert_eq!(serde_saphyr::from_str::<Value>(&yaml).unwrap(), object);
}

#[test]
fn exd_02_a_diff_of_a_secret_shows_no_value() {
    let secret = |value: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "s", "labels": { "v": value.len().to_string() }, "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration":
                    format!("{{\"data\":{{\"password\":\"{value}\"}}}}"),
            } },
            "data": { "password": value },
        })
    };
    let shown_diff = diff(&kind("secrets"), secret("Y2FuYXJ5LW9uZQ=="), secret("Y2FuYXJ5LXR3by0y")).unwrap();
    assert!(!shown_diff.contains("Y2FuYXJ5"), "{shown_diff}");
    let longer = diff(&kind("secrets"), secret("Y2FuYXJ5LW9uZQ=="), secret("Y2FuYXJ5LXR3by0yLW1vcmU=")).unwrap();
    assert!(longer.contains("-    v: \"16\"") && longer.contains("+    v: \"24\""), "{longer}");
    assert!(!longer.contains("Y2FuYXJ5"), "{longer}");
}

#[test]
fn a_diff_is_unified_and_empty_without_a_change() {
    let deployment = |replicas: u32| json!({ "kind": "Deployment", "spec": { "replicas": replicas } });
    let kind = kind("deployments.apps");
    assert_eq!(diff(&kind, deployment(2), deployment(2)).unwrap(), "");
    let text = diff(&kind, deployment(2), deployment(5)).unwrap();
    assert_eq!(
        text,
        "--- before\n+++ after\n@@ -1,3 +1,3 @@\n kind: Deployment\n spec:\n-  replicas: 2\n+  replicas: 5\n"
    );
}
