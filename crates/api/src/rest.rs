//! Bodies of `/api/v1/…`.

use base::ClusterName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct ObjectRef {
    /// The cluster.
    #[ts(as = "String")]
    #[schemars(with = "String")]
    pub cluster: ClusterName,
    /// `plural` or `plural.group`.
    pub kind: String,
    /// Empty for cluster-scoped kinds.
    #[serde(default)]
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// `GET /api/v1/object?…`: one object for the detail pane. Secret values are masked in all of it.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct ObjectDetail {
    /// Which.
    pub object: ObjectRef,
    /// The object as YAML, without managedFields, values of Secrets masked.
    pub yaml: String,
    /// The same object as JSON, masked alike.
    #[ts(type = "unknown")]
    pub json: serde_json::Value,
    /// Keys of a Secret's data with their sizes in bytes; empty for other kinds.
    pub secret_keys: Vec<SecretKey>,
}

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct SecretKey {
    /// The key.
    pub key: String,
    /// Length of the value in bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// `POST /api/v1/secret/reveal`: asks for one key's value: a decided, recorded act.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct RevealRequest {
    /// The Secret.
    pub object: ObjectRef,
    /// The key.
    pub key: String,
    /// Answers to what the policy needs.
    #[serde(default)]
    pub answers: Answers,
}

/// The value of one key.
#[derive(Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Revealed {
    /// The value in base64.
    pub value_base64: String,
    /// Decision under which it was read.
    pub decision: String,
}

/// An act that can be planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "act", deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub enum Act {
    /// Delete the objects.
    Delete {
        /// `background` (default), `foreground` or `orphan`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        propagation: Option<Propagation>,
        /// Seconds; the objects' own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        grace_seconds: Option<u32>,
    },
    /// Set the number of replicas.
    Scale {
        /// Replicas wanted.
        replicas: u32,
    },
    /// Restart by a new annotation on the pod template.
    Restart,
}

/// What becomes of dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum Propagation {
    /// Delete dependents afterwards.
    Background,
    /// Delete dependents first.
    Foreground,
    /// Leave dependents.
    Orphan,
}

/// `POST /api/v1/plans`: makes a plan. Nothing changes yet.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct PlanRequest {
    /// The act.
    pub act: Act,
    /// On these objects; at most 1,000.
    pub objects: Vec<ObjectRef>,
}

/// A plan: what would change, who decided, what is missing.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// The act.
    pub act: Act,
    /// One step per object, in the order asked.
    pub steps: Vec<PlanStep>,
    /// What must be given at commit.
    pub needs: Vec<Need>,
    /// It can be committed: every step is allowed and the dry-run found nothing wrong.
    pub ready: bool,
    /// Epoch milliseconds after which it is gone.
    #[ts(type = "number")]
    pub expires_ms: i64,
}

/// What a plan does to one object.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct PlanStep {
    /// The object.
    pub object: ObjectRef,
    /// `allow`, `needs` or `deny`.
    pub decision: Verdict,
    /// Why, in words: the policy's reason or the API server's message.
    pub reason: String,
    /// Unified diff of the YAML before and after, from the server's dry-run. Empty for a deletion.
    pub diff: String,
    /// What else happens: `deletes 3 pods`, `frees 1 volume claim`.
    pub effects: Vec<String>,
    /// The dry-run's error, if it found one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<crate::ErrorBody>,
}

/// What the policy said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "api.ts")]
pub enum Verdict {
    /// Go on.
    Allow,
    /// Something must be given first.
    Needs,
    /// No.
    Deny,
}

/// Something that the policy wants at commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "need")]
#[ts(export_to = "api.ts")]
pub enum Need {
    /// An ordinary yes.
    Confirm,
    /// The exact text, typed by a person (`--confirm NAME`).
    TypedName {
        /// What to type.
        name: String,
    },
    /// A reason, kept in the journal.
    Reason,
}

/// What the user gave for a plan's needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct Answers {
    /// Yes.
    #[serde(default)]
    pub confirm: bool,
    /// The typed name.
    #[serde(default)]
    pub typed_name: String,
    /// The reason.
    #[serde(default)]
    pub reason: String,
}

/// `POST /api/v1/plans/{id}/commit`: answers to the needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "api.ts")]
pub struct CommitRequest {
    /// The answers.
    #[serde(default)]
    pub answers: Answers,
}

/// What a commit did.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Committed {
    /// The plan.
    pub plan: String,
    /// One result per step.
    pub results: Vec<StepResult>,
}

/// What became of one object.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct StepResult {
    /// The object.
    pub object: ObjectRef,
    /// Done; or the error.
    pub done: bool,
    /// `deleted`, `scaled to 3`, `restarted`.
    pub message: String,
    /// Decision under which it was done: also in the API server's audit log, in the user agent.
    pub decision: String,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<crate::ErrorBody>,
}

/// `GET /api/v1/session`: who is at the console and what it may.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct Session {
    /// Display name of the user.
    pub user: String,
    /// Nothing but reads.
    pub read_only: bool,
    /// Version of `qd`.
    pub version: String,
    /// Why no cluster can be shown, when none can: no kubeconfig, or a broken one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<crate::ErrorBody>,
}

/// `POST /api/v1/kubeconfig`: the clusters of another kubeconfig, for as long as this server runs. One of both.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export_to = "api.ts", optional_fields)]
pub struct Kubeconfig {
    /// A file of the server's machine: its whole path, or one that begins with `~/`.
    #[ts(as = "Option<String>")]
    pub file: String,
    /// The kubeconfig itself; it may not name programs or files. It is kept in memory alone.
    #[ts(as = "Option<String>")]
    pub text: String,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct KubeconfigAdded {
    /// Clusters that were not known before.
    #[ts(as = "Vec<String>")]
    #[schemars(with = "Vec<String>")]
    pub added: Vec<ClusterName>,
    /// Those whose names were known: they stay as they are.
    #[ts(as = "Vec<String>")]
    #[schemars(with = "Vec<String>")]
    pub known: Vec<ClusterName>,
}

/// `POST /api/v1/codes`: opens a desk console once.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewUrl {
    /// Works once, for half a minute.
    pub url: String,
}

/// `GET /api/v1/audit`: entries of the journal, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "api.ts")]
pub struct AuditPage {
    /// Entries.
    #[ts(type = "Array<unknown>")]
    pub entries: Vec<serde_json::Value>,
    /// Pass as `before` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
}
