//! The columns that tables of our kinds have.

use super::Kind;
use serde_json::{Value, json};

/// The columns of a kind, as a definition has them.
pub(super) fn of(kind: Kind) -> Value {
    let columns = match kind {
        Kind::Workspace => WORKSPACE,
        Kind::Blueprint | Kind::ClusterBlueprint => BLUEPRINT,
        Kind::Grant => GRANT,
        Kind::Quota => QUOTA,
    };
    columns.iter().map(Column::to_json).collect()
}

struct Column {
    name: &'static str,
    type_: &'static str,
    path: &'static str,
    /// Shown only by `-o wide`.
    wide: bool,
}

impl Column {
    fn to_json(&self) -> Value {
        match self.wide {
            false => json!({ "name": self.name, "type": self.type_, "jsonPath": self.path }),
            true => json!({ "name": self.name, "type": self.type_, "jsonPath": self.path, "priority": 1 }),
        }
    }
}

const fn column(name: &'static str, type_: &'static str, path: &'static str) -> Column {
    Column { name, type_, path, wide: false }
}

const fn wide(name: &'static str, path: &'static str) -> Column {
    Column { name, type_: "string", path, wide: true }
}

const AGE: Column = column("Age", "date", ".metadata.creationTimestamp");

const WORKSPACE: &[Column] = &[
    column("Owner", "string", ".spec.owner"),
    column("Blueprint", "string", ".status.blueprint.name"),
    column("Phase", "string", ".status.phase"),
    column("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
    column("Idle", "date", ".status.idleSince"),
    AGE,
    wide("Image", ".status.image"),
    wide("Origin", ".status.origin"),
    wide("CPU", ".status.appliedResources.cpu"),
    wide("Memory", ".status.appliedResources.memory"),
    wide("Node", ".status.pod.node"),
    wide("IP", ".status.pod.ip"),
    wide("Version", ".status.agentVersion"),
    wide("URL", ".status.externalURL"),
];

const BLUEPRINT: &[Column] = &[
    column("Template", "string", ".spec.template"),
    column("Abstract", "boolean", ".spec.isTemplate"),
    column("Image", "string", ".spec.image"),
    column("Valid", "string", r#".status.conditions[?(@.type=="Valid")].status"#),
    column("Used", "integer", ".status.usedBy"),
    AGE,
    wide("Rollout", ".status.rollout.state"),
];

const GRANT: &[Column] = &[
    column("Subjects", "string", ".spec.subjects[*].name"),
    column("Actions", "string", ".spec.actions"),
    column("Valid Until", "string", ".spec.notAfter"),
    column("Matches", "integer", ".status.matched"),
    AGE,
    wide("In Use", ".status.inUse"),
];

const QUOTA: &[Column] = &[
    column("Subject", "string", ".status.subject"),
    column("Running", "string", ".status.shown.running"),
    column("CPU", "string", ".status.shown.cpu"),
    column("Memory", "string", ".status.shown.memory"),
    column("Storage", "string", ".status.shown.storage"),
    AGE,
    wide("Workspaces", ".status.shown.workspaces"),
];
