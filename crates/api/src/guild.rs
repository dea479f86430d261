//! Bodies of the paths of an earlier product (`/api/servers`, `/api/jobs`, …), as its users' programs read them: see
//! `docs/reference/guild-paths.md`. The console does not use them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// `GET /api/ui-config`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UiConfig {
    /// What this place is called.
    pub name: String,
}

/// `GET /api/images`: an image that a workspace can be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// What people read.
    pub label: String,
    /// The image.
    pub image: String,
    /// What it is for; may be empty.
    pub description: String,
}

/// A port with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Port {
    /// Its name; may be left out.
    #[serde(default)]
    pub name: String,
    /// Its number.
    pub port: u16,
}

/// `GET /api/servers`, `GET /api/servers/{id}`: a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Its name in its namespace.
    pub id: String,
    /// The same.
    pub name: String,
    /// The image of its main container, as far as it is known.
    pub image: String,
    /// `running`, `failed` or `pending`.
    pub status: String,
    /// Where it runs; empty while it does not.
    pub node: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339: when anything was found out about it last.
    pub updated_at: String,
    /// Ports that are said of it.
    pub ports: Vec<Port>,
    /// What it may use; members are empty where nobody said.
    pub resources: Resources,
    /// Arguments of the image's entrypoint.
    pub args: Vec<String>,
    /// Variables. Values that are, or look, secret are `***`.
    pub env: BTreeMap<String, String>,
    /// What was found out about it, aspect by aspect.
    pub events: Vec<ServerEvent>,
    /// Where it is opened.
    pub url: String,
}

/// Processors and memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Resources {
    /// Processors: `500m`.
    #[serde(deserialize_with = "nullable")]
    pub cpu: String,
    /// Memory: `4Gi`.
    #[serde(deserialize_with = "nullable")]
    pub memory: String,
}

/// What was found out about one aspect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerEvent {
    /// Since when, RFC 3339; empty where nobody said.
    pub t: String,
    /// The aspect.
    #[serde(rename = "type")]
    pub kind: String,
    /// In a sentence.
    pub message: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
}

/// `GET /api/servers/{id}/logs` and `GET /sse/logs`: a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written, RFC 3339.
    pub t: String,
    /// `debug`, `info`, `warn` or `error`, as far as it shows.
    pub lvl: String,
    /// What was written.
    pub msg: String,
}

/// `POST /api/jobs`. Members that are null are as if left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JobSpec {
    /// Its name; one is made from the image where it is left out.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// The image.
    #[serde(deserialize_with = "nullable")]
    pub image: String,
    /// Arguments of the image's entrypoint.
    #[serde(deserialize_with = "nullable")]
    pub args: Vec<String>,
    /// Variables.
    #[serde(deserialize_with = "nullable")]
    pub env: BTreeMap<String, String>,
    /// Processors and memory, at most.
    #[serde(deserialize_with = "nullable")]
    pub resources: Resources,
    /// Labels of its pod.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Ports that it listens on.
    #[serde(deserialize_with = "nullable")]
    pub expose: Vec<Port>,
}

/// `POST /api/jobs`, `202`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobAccepted {
    /// The id of the workspace that comes of it.
    pub id: String,
    /// `pending`
    pub status: String,
}

/// `DELETE /api/servers/{id}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// The id.
    pub deleted: String,
}

/// `POST /api/stop-all`, `POST /api/admin/stop-all`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedAll {
    /// Ids of those that go.
    pub deleted: Vec<String>,
    /// Ids of those that stop.
    pub stopped: Vec<String>,
    /// Those that whoever asks may not touch, with why.
    pub denied: Vec<Untouched>,
    /// Those with which something else was wrong.
    pub failed: Vec<Untouched>,
    /// Nothing was done: these would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Vec<String>>,
    /// Says yes to just these, for ten minutes at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// A workspace with which nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Untouched {
    /// Its id.
    pub id: String,
    /// Why, as a code.
    pub code: String,
    /// Why, in words.
    pub message: String,
}

/// `GET /api/proxy-debug`. What is behind `rid` is told to those who may open the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyDebug {
    /// As it was asked.
    pub server: String,
    /// As it was asked.
    pub path: String,
    /// The request.
    pub rid: String,
    /// Where `/proxy/server/{id}` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How far it comes: `address`, `start`, `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What the policy says: `allow`, or `needs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The port that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What says that it is: `port` (one of its ports), `agent_host` (its variable), `usual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why there is no target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The ways that are tried, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<String>,
    /// The one that led there last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// How the last try of each went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<WayTried>,
}

/// How the last try of a way to a workspace went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WayTried {
    /// The way, in a word.
    pub way: String,
    /// How many milliseconds it took.
    pub ms: u64,
    /// It led there.
    pub reached: bool,
}

/// What every error has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wrong {
    /// In one word.
    pub code: String,
    /// What happened and what to do next.
    pub message: String,
    /// The request's id: the client's own, where it gave one.
    pub request_id: String,
    /// Particulars; an object.
    pub details: Value,
}

/// Programs of some languages write null for what is empty.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::JobSpec;

    #[test]
    fn gn_06b_null_is_as_if_left_out() {
        let spec: JobSpec = serde_json::from_str(
            r#"{"image":"a","name":null,"args":null,"env":null,"resources":{"cpu":null},"expose":[{"port":1}]}"#,
        )
        .unwrap();
        assert_eq!((spec.image.as_str(), spec.name.as_str(), spec.args.len()), ("a", "", 0));
        assert_eq!((spec.expose[0].port, spec.expose[0].name.as_str()), (1, ""));
        assert!(serde_json::from_str::<JobSpec>(r#"{"image":["a"]}"#).is_err());
    }
}
