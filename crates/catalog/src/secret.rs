//! Masks what a Secret holds, wherever an object is shown (EXD-02).

use serde_json::{Map, Value};

/// What stands in the place of a value.
pub const MASK: &str = "******";

/// Replaces the values of `data` and `stringData` of a Secret, and every value that could be a copy of them: the
/// last-applied configuration keeps its shape without the values. Lists of Secrets are masked item by item. Key names
/// stay. Returns the keys with the sizes of their values in bytes, sorted.
///
/// The caller knows that it is a Secret; nothing is looked up here, so that an object with a forged kind is masked too.
pub fn mask(object: &mut Value) -> Vec<(String, u64)> {
    let mut keys = Vec::new();
    let Value::Object(object) = object else { return keys };
    if let Some(Value::Array(items)) = object.get_mut("items") {
        for item in items {
            mask(item);
        }
    }
    if let Some(data) = object.get_mut("data") {
        mask_map(data, &mut keys, decoded_len);
    }
    if let Some(data) = object.get_mut("stringData") {
        mask_map(data, &mut keys, |text| text.len() as u64);
    }
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        mask_annotations(metadata);
    }
    keys.sort();
    keys.dedup_by(|a, b| a.0 == b.0);
    keys
}

fn mask_map(data: &mut Value, keys: &mut Vec<(String, u64)>, len: fn(&str) -> u64) {
    match data {
        Value::Object(map) => {
            for (key, value) in map {
                let bytes = value.as_str().map_or(0, len);
                keys.push((key.clone(), bytes));
                *value = MASK.into();
            }
        }
        Value::Null => {}
        // Not a shape that a server sends: nothing of it is shown.
        other => *other = MASK.into(),
    }
}

/// `kubectl apply` keeps the whole object in an annotation. Tools with annotations of their own do the same, so every
/// annotation that is or contains JSON with such members is masked as a whole or by its members.
fn mask_annotations(metadata: &mut Map<String, Value>) {
    let Some(Value::Object(annotations)) = metadata.get_mut("annotations") else { return };
    for (name, value) in annotations {
        let Some(text) = value.as_str() else {
            *value = MASK.into();
            continue;
        };
        let applied = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        if let Some(mut applied) = applied {
            if mask_deep(&mut applied) {
                *value = applied.to_string().into();
            }
        } else if name.ends_with("last-applied-configuration") {
            *value = MASK.into();
        }
    }
}

/// Masks `data` and `stringData` at any depth; tells whether there were any.
fn mask_deep(value: &mut Value) -> bool {
    let mut found = false;
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if matches!(key.as_str(), "data" | "stringData") && !value.is_null() {
                    mask_map(value, &mut Vec::new(), |_| 0);
                    found = true;
                } else if key == "annotations" && mask_nested(value) {
                    found = true;
                } else {
                    found |= mask_deep(value);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                found |= mask_deep(item);
            }
        }
        _ => {}
    }
    found
}

/// An applied configuration that carries one itself.
fn mask_nested(annotations: &mut Value) -> bool {
    let Value::Object(map) = annotations else { return false };
    let mut found = false;
    for (name, value) in map {
        if name.ends_with("last-applied-configuration") {
            *value = MASK.into();
            found = true;
        }
    }
    found
}

/// Bytes that base64 text stands for.
fn decoded_len(text: &str) -> u64 {
    let letters = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
    (letters * 3 / 4) as u64
}

#[cfg(test)]
mod tests;
