//! The port to what makes the objects of a workspace. The operator knows no blueprints.

use crate::addresses::Addresses;
use crate::blueprints::Looked;
use crate::desired::Desired;
use crate::exposing::Reached;
use crate::key::MANIFEST_HASH;
use crate::source::Sourced;
use base::Secret;
use blueprint::Caps;
use cluster::Owned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Makes the objects of workspaces. Pure and quick.
pub trait Render: Send + Sync + 'static {
    /// The objects of a Workspace, with what there is of its repository; or why there are none.
    ///
    /// # Errors
    /// What is wrong with the Workspace or its blueprint.
    fn render(&self, desired: &Desired, workspace: &Value, sourced: &Sourced) -> Result<Rendered, Refused>;

    /// Takes a blueprint: the spec and the status of a Blueprint of a namespace, or of a ClusterBlueprint, which has none.
    /// `None` says that it is gone.
    /// Whether it is something else than before for anybody.
    fn told(&self, namespace: &str, name: &str, told: Option<(&Value, &Value)>) -> bool;

    /// The same of one with no status.
    fn learn(&self, namespace: &str, name: &str, spec: Option<Value>) -> bool {
        self.told(namespace, name, spec.as_ref().map(|spec| (spec, &Value::Null)))
    }

    /// The revisions of the blueprint objects that a workspace is made of, as far as its `spec` names them: also of one of
    /// which nothing can be made.
    fn revisions(&self, desired: &Desired, workspace: &Value) -> BTreeMap<String, String>;

    /// How a blueprint is that was learned; `None` for any other.
    fn look(&self, namespace: &str, name: &str) -> Option<Looked>;

    /// The longest that rules of its life may be, by the blueprint that its `spec` names: also where that refuses them.
    fn caps(&self, desired: &Desired, workspace: &Value) -> Caps;

    /// Takes the addresses of the cluster, as they were found.
    fn finds(&self, addresses: Addresses);

    /// The blueprint of a workspace that names none.
    fn usual(&self) -> &str;

    /// Makes a certificate for a host; `None` where this operator makes none.
    ///
    /// # Errors
    /// Why it could not be made.
    fn certify(&self, host: &str) -> Option<Result<pki::Pair, pki::Error>> {
        let _ = host;
        None
    }

    /// What is wrong with the blueprints of a file, as JSON objects.
    fn problems(&self, path: &str, text: &str) -> Vec<Value>;
}

/// The objects of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// All but the pod, in the order in which they are applied.
    pub parts: Vec<Object>,
    /// The pod.
    pub pod: Option<Object>,
    /// Digest of what the pod is made from.
    pub pod_hash: String,
    /// A Secret with one random value, which is made once.
    pub secret: Option<(String, String)>,
    /// The blueprint, as the status shows it: `{name, digest, layers}`.
    pub blueprint: Value,
    /// The revisions of the blueprint objects among its layers, by kind and name.
    pub revisions: BTreeMap<String, String>,
    /// The blueprint that grants name: of a repository's file, the one that it builds on.
    pub built_on: String,
    /// Its page at the console, where the console has a URL of its own.
    pub page: Option<String>,
    /// Version of the agent in the pod.
    pub agent_version: String,
    /// The name of the service in the cluster.
    pub service_dns: String,
    /// The images that run in it, but the platform's own.
    pub images: Vec<String>,
    /// What leads to it from outside; nothing where nobody asked for it.
    pub reached: Option<Reached>,
    /// The value of its Secret, where that is no random one.
    pub password: Option<Secret<String>>,
    /// Its main route; null where nothing is said of one.
    pub web_proxy: Value,
    /// Why the file of its repository is no part of it.
    pub fallback: Option<String>,
    /// That the name which it asks for in hosts is another's.
    pub contested: Option<String>,
    /// What counts as use of it beside people at its doors.
    pub activity: crd::blueprint::Activity,
    /// The longest that rules of its life may be.
    pub caps: Caps,
    /// How long it may take, where its blueprint says so.
    pub timeouts: crd::blueprint::Timeouts,
    /// Its blueprint has init scripts shown that failed.
    pub shows_scripts: bool,
    /// Reasons of events that do not count, with `*` for any text.
    pub ignored_events: Vec<String>,
    /// The volumes that are not its own alone.
    pub joins: Vec<blueprint::objects::Joined>,
    /// Its rules open the API server.
    pub opens_api: bool,
    /// What it reaches by name.
    pub egress: Option<blueprint::objects::Egress>,
    /// What is not as the blueprint may lead one to think.
    pub notes: Vec<String>,
    /// Its image, where that is to say on which ports it listens.
    pub asks_image: Option<crate::imaged::Wanted>,
}

/// An object that is to be there.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its kind.
    pub kind: Owned,
    /// Its name.
    pub name: String,
    /// It belongs to this workspace alone.
    pub own: bool,
    /// The object.
    pub body: Value,
    /// Digest of the object.
    pub hash: String,
}

impl Object {
    /// Takes an object of a kind on the list; `None` for any other.
    #[must_use]
    pub fn of(body: Value) -> Option<Self> {
        let text = |at: &str| body.pointer(at).and_then(Value::as_str);
        let kind = Owned::of(text("/apiVersion")?, text("/kind")?)?;
        let name = text("/metadata/name")?.to_owned();
        let own = body.pointer("/metadata/ownerReferences/0").is_some();
        let mut body = body;
        // Keys of objects are sorted, so equal objects have equal texts.
        let hash = hex::encode(Sha256::digest(body.to_string().as_bytes()));
        if kind != Owned::Pod {
            let meta = body.get_mut("metadata").and_then(Value::as_object_mut)?;
            let annotations = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
            annotations.as_object_mut()?.insert(MANIFEST_HASH.to_owned(), hash.as_str().into());
        }
        Some(Self { kind, name, own, body, hash })
    }
}

/// Why there are no objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The condition that tells: `Accepted` or `BlueprintResolved`.
    pub condition: &'static str,
    /// Its reason: `BlueprintNotFound`.
    pub reason: &'static str,
    /// Every problem, in words.
    pub message: String,
    /// It is in a queue, and goes on when its turn comes.
    pub queued: bool,
}
