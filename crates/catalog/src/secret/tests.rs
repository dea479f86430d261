#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{MASK, mask};
use proptest::prelude::*;
use serde_json::{Value, json};

const CANARY: &str = "Q0FOQVJZ";

#[test]
fn exd_02_values_are_masked_and_keys_stay() {
    let applied = json!({"kind": "Secret", "data": {"user": CANARY}, "stringData": {"pw": "CANARY"}}).to_string();
    let mut secret = json!({
        "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "s", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": applied,
            "tool.test/copy": json!([{"secret": {"data": {"a": CANARY}}}]).to_string().replace('[', "{\"x\":[").replace(']', "]}"),
            "plain": "stays"
        }},
        "data": {"user": CANARY, "empty": ""},
        "stringData": {"pw": "CANARY"}
    });
    let keys = mask(&mut secret);
    assert_eq!(keys, [("empty".to_owned(), 0), ("pw".to_owned(), 6), ("user".to_owned(), 6)]);
    let text = secret.to_string();
    assert!(!text.contains("CANARY") && !text.contains(CANARY), "{text}");
    assert_eq!(secret["data"]["user"], MASK);
    assert_eq!(secret["type"], "Opaque");
    assert_eq!(secret["metadata"]["annotations"]["plain"], "stays");
    let applied =
        secret["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].as_str().unwrap();
    assert!(applied.contains("\"user\""), "the shape stays: {applied}");
}

#[test]
fn exd_02_lists_and_odd_shapes_are_masked() {
    let mut list = json!({"items": [{"data": {"a": CANARY}}, {"data": CANARY}, {"data": [CANARY]}, {"stringData": {"b": {"c": CANARY}}}]});
    mask(&mut list);
    assert!(!list.to_string().contains(CANARY), "{list}");
    let mut broken = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{{\"data\":{{\"a\":\"{CANARY}")}}});
    mask(&mut broken);
    assert!(!broken.to_string().contains(CANARY), "{broken}");
    assert!(mask(&mut Value::Null).is_empty());
}

/// JSON of any shape, with a canary as every string below `data`.
fn secret_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(CANARY)), Just(json!(1)), Just(Value::Null)];
    let data = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    (data.clone(), data.clone(), data, any::<bool>()).prop_map(|(data, text, applied, nested)| {
        let mut inner = json!({"data": applied.clone(), "stringData": {"k": applied}});
        if nested {
            let copy = inner.to_string();
            inner["metadata"] = json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": copy}});
        }
        json!({"data": data, "stringData": text,
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": inner.to_string()}}})
    })
}

proptest! {
    #[test]
    fn exd_02_no_canary_survives(mut secret in secret_like()) {
        mask(&mut secret);
        let text = secret.to_string();
        prop_assert!(!text.contains(CANARY), "{}", text);
    }
}
