//! Conditions: each keeps the time at which its status changed last.

use super::time;
use serde_json::{Value, json};

/// Conditions in the making.
pub(crate) struct Conditions<'a> {
    previous: &'a [Value],
    generation: i64,
    now_ms: i64,
    list: Vec<Value>,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(previous: &'a Value, generation: i64, now_ms: i64) -> Self {
        let previous = previous.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self { previous, generation, now_ms, list: Vec::new() }
    }

    /// Adds one. `None` is unknown.
    pub(crate) fn put(&mut self, name: &str, holds: Option<bool>, reason: &str, message: &str) {
        let status = match holds {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        };
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let before = self.previous.iter().find(|one| text(one, "type").as_deref() == Some(name));
        let same = before.filter(|one| text(one, "status").as_deref() == Some(status));
        let since = same.and_then(|one| text(one, "lastTransitionTime")).unwrap_or_else(|| time(self.now_ms));
        let message: String = message.chars().take(MOST_CHARS).collect();
        self.list.push(json!({
            "type": name, "status": status, "reason": reason, "message": message,
            "observedGeneration": self.generation, "lastTransitionTime": since,
        }));
    }

    /// Adds one as it stood; false where it did not.
    pub(crate) fn keep(&mut self, name: &str) -> bool {
        let Some(before) = self.previous.iter().find(|one| one.get("type") == Some(&name.into())) else { return false };
        let mut kept = before.clone();
        if let Some(fields) = kept.as_object_mut() {
            fields.insert("observedGeneration".to_owned(), self.generation.into());
        }
        self.list.push(kept);
        true
    }

    pub(crate) fn done(self) -> Value {
        Value::Array(self.list)
    }
}

/// More is not read.
const MOST_CHARS: usize = 4000;
