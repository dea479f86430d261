//! What a Workspace object asks for, as far as the operator itself has to know; the rest is the renderer's.

use crate::imaged::Said;
use crate::key::{FINALIZER, KEEP_UNTIL, Key, STATE_CAUSE};
use crd::workspace::Lifecycle;
use serde::Deserialize;
use serde_json::Value;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Which workspace.
    pub key: Key,
    /// The uid of its object.
    pub uid: String,
    /// The generation of its object.
    pub generation: i64,
    /// The version of its object.
    pub version: String,
    /// It is to go for good.
    pub deleting: bool,
    /// It holds our finalizer.
    pub held: bool,
    /// All of its finalizers.
    pub finalizers: Vec<String>,
    /// It is to run.
    pub running: bool,
    /// Nothing is to be changed now.
    pub paused: bool,
    /// Whose it is.
    pub owner: String,
    /// Of which organization.
    pub org: String,
    /// How it is to be reached from outside; empty when it is not.
    pub exposure: String,
    /// What becomes of its storage.
    pub on_delete: OnDelete,
    /// When a new blueprint takes hold.
    pub update: Update,
    /// A digest of what it asks for, where that is looked at.
    pub asks: String,
    /// Why and by whom the state was set last.
    pub cause: String,
    /// When it stops, starts and ends.
    pub lifecycle: Lifecycle,
    /// Until when it is not stopped for idleness, epoch milliseconds.
    pub keep_until_ms: Option<i64>,
    /// What the image of its pod was found to say, where it was asked.
    pub image: Option<Said>,
}

/// What becomes of storage when a workspace is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelete {
    /// It stays.
    #[default]
    Retain,
    /// A snapshot of it stays. There are none yet: it stays as it is.
    Snapshot,
    /// It goes.
    Delete,
}

/// When what changed of a pod takes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// When somebody says so.
    Manual,
    /// When it is started again.
    #[default]
    OnRestart,
    /// At once.
    Auto,
}

impl Desired {
    /// Reads a Workspace object; `None` for what has no name or uid.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        let text = |at: &str| object.pointer(at).and_then(Value::as_str);
        let owned = |at: &str| text(at).unwrap_or_default().to_owned();
        let finalizers: Vec<String> = object
            .pointer("/metadata/finalizers")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let annotation = |name: &str| {
            let annotations = object.pointer("/metadata/annotations")?;
            annotations.get(name)?.as_str().map(str::to_owned)
        };
        Some(Self {
            key: Key { namespace: text("/metadata/namespace")?.to_owned(), name: text("/metadata/name")?.to_owned() },
            uid: text("/metadata/uid")?.to_owned(),
            generation: object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or_default(),
            version: owned("/metadata/resourceVersion"),
            deleting: text("/metadata/deletionTimestamp").is_some(),
            held: finalizers.iter().any(|name| name == FINALIZER),
            finalizers,
            running: text("/spec/state") != Some("Stopped"),
            paused: object.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default(),
            owner: owned("/spec/owner"),
            org: owned("/spec/org"),
            exposure: owned("/spec/exposure/type"),
            on_delete: match text("/spec/storage/onDelete") {
                Some("Delete") => OnDelete::Delete,
                Some("Snapshot") => OnDelete::Snapshot,
                _ => OnDelete::Retain,
            },
            update: match text("/spec/update") {
                Some("Auto") => Update::Auto,
                Some("Manual") => Update::Manual,
                _ => Update::OnRestart,
            },
            asks: match text("/spec/update") {
                Some("Manual") => object.get("spec").map(crate::pinned::asks).unwrap_or_default(),
                _ => String::new(),
            },
            cause: annotation(STATE_CAUSE).unwrap_or_default(),
            // The schema of the cluster keeps it readable.
            lifecycle: object
                .pointer("/spec/lifecycle")
                .and_then(|lifecycle| Lifecycle::deserialize(lifecycle).ok())
                .unwrap_or_default(),
            keep_until_ms: annotation(KEEP_UNTIL).as_deref().and_then(crate::status::read),
            image: None,
        })
    }
}
