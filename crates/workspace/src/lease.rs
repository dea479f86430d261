//! Which of several operators is active: a Lease of coordination.k8s.io. Sans-IO: the caller reads and writes it.
//!
//! A lease counts as over when it did not change for its whole length, by the clock of whoever watches it: clocks of
//! different machines are never compared.

use serde_json::{Value, json};

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A lease that did not change for this long is over.
    pub length_ms: u64,
    /// Whoever could not renew for this long steps down.
    pub deadline_ms: u64,
    /// Between two looks.
    pub retry_ms: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { length_ms: 15_000, deadline_ms: 10_000, retry_ms: 2_000 }
    }
}

/// One candidate.
#[derive(Debug)]
pub struct Election {
    id: String,
    terms: Terms,
    /// The lease as it was seen last, and when it was first seen so.
    seen: Option<(Value, u64)>,
    /// When we wrote it last.
    renewed: Option<u64>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Write this; then tell [`Election::wrote`].
    Write(Value),
    /// Somebody else has it.
    Wait,
}

impl Election {
    /// A candidate with a name that nobody else has.
    #[must_use]
    pub fn new(id: String, terms: Terms) -> Self {
        Self { id, terms, seen: None, renewed: None }
    }

    /// What to do with the lease as it is. `wall` is the time of day, for people who read the lease.
    pub fn judge(&mut self, lease: Option<&Value>, now_ms: u64, wall: &str, name: &str) -> Turn {
        let Some(lease) = lease else {
            let meta = json!({ "name": name });
            return Turn::Write(self.filled(meta, 0, wall, wall));
        };
        let spec = lease.get("spec").cloned().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.seen = Some((spec.clone(), now_ms));
        }
        let text = |key: &str| spec.get(key).and_then(Value::as_str).unwrap_or_default();
        let changes = spec.get("leaseTransitions").and_then(Value::as_u64).unwrap_or_default();
        let meta = lease.get("metadata").cloned().unwrap_or_default();
        let holder = text("holderIdentity");
        if holder == self.id {
            return Turn::Write(self.filled(meta, changes, text("acquireTime"), wall));
        }
        let length =
            spec.get("leaseDurationSeconds").and_then(Value::as_u64).map_or(self.terms.length_ms, |s| s * 1000);
        let since = self.seen.as_ref().map_or(now_ms, |(_, at)| *at);
        self.renewed = None;
        if holder.is_empty() || now_ms.saturating_sub(since) > length {
            return Turn::Write(self.filled(meta, changes + 1, wall, wall));
        }
        Turn::Wait
    }

    /// The lease was written as we said.
    pub fn wrote(&mut self, now_ms: u64) {
        self.renewed = Some(now_ms);
    }

    /// The lease was not written: somebody was first.
    pub fn lost(&mut self) {
        self.renewed = None;
    }

    /// Whether we may act now.
    #[must_use]
    pub fn leads(&self, now_ms: u64) -> bool {
        self.renewed.is_some_and(|at| now_ms.saturating_sub(at) < self.terms.deadline_ms)
    }

    /// The lease without a holder, for whoever comes next.
    #[must_use]
    pub fn released(&self, lease: &Value, wall: &str) -> Value {
        let changes = lease.pointer("/spec/leaseTransitions").and_then(Value::as_u64).unwrap_or_default();
        let mut released = self.filled(lease.get("metadata").cloned().unwrap_or_default(), changes, wall, wall);
        if let Some(spec) = released.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("holderIdentity".to_owned(), "".into());
            spec.insert("leaseDurationSeconds".to_owned(), 1.into());
        }
        released
    }

    fn filled(&self, mut meta: Value, changes: u64, acquired: &str, now: &str) -> Value {
        if let Some(meta) = meta.as_object_mut() {
            meta.remove("managedFields");
        }
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta,
            "spec": {
                "holderIdentity": self.id, "leaseDurationSeconds": self.terms.length_ms / 1000,
                "acquireTime": acquired, "renewTime": now, "leaseTransitions": changes,
            },
        })
    }
}

#[cfg(test)]
mod tests;
