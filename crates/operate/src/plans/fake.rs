//! A cluster in memory: enough of an API server to have conflicts, refusals and a record of what was sent.

use crate::port::{Changing, Clusters, Grant, Pending, Reading, Trying};
use base::ClusterName;
use catalog::Kind;
use cluster::{DeleteOptions, Error, PatchKind, Target};
use parking_lot::Mutex;
use policy::DecisionId;
use policy::action::{Changes, Reads, Tries};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was sent: `METHOD kind/namespace/name[/subresource][ dry-run]` and under which decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) what: String,
    pub(crate) decision: String,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Value>,
    pub(crate) sent: Vec<Sent>,
    version: u64,
    /// Before this many writes somebody else touches the object's status (true) or its labels (false).
    pub(crate) meddle: Vec<bool>,
    /// The answer to every request whose line contains the text.
    pub(crate) refuse: Vec<(String, fn() -> Error)>,
    /// Writes wait until the semaphore lets them.
    pub(crate) hold: Option<Arc<tokio::sync::Semaphore>>,
}

#[derive(Clone, Default)]
pub(crate) struct Fake(pub(crate) Arc<Mutex<State>>);

impl Fake {
    pub(crate) fn put(&self, kind: &str, namespace: &str, name: &str, mut object: Value) {
        let mut state = self.0.lock();
        state.version += 1;
        let version = state.version.to_string();
        object["metadata"]["name"] = json!(name);
        object["metadata"]["resourceVersion"] = json!(version);
        if object.pointer("/metadata/uid").is_none() {
            object["metadata"]["uid"] = json!(format!("uid-{version}"));
        }
        state.objects.insert(format!("{kind}/{namespace}/{name}"), object);
    }

    pub(crate) fn edit(&self, key: &str, edit: impl FnOnce(&mut Value)) {
        let mut state = self.0.lock();
        state.version += 1;
        let version = state.version.to_string();
        let object = state.objects.get_mut(key).unwrap();
        edit(object);
        object["metadata"]["resourceVersion"] = json!(version);
    }

    pub(crate) fn object(&self, key: &str) -> Option<Value> {
        self.0.lock().objects.get(key).cloned()
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.0.lock().sent.clone()
    }

    /// Lines of what was sent but reads and dry-runs.
    pub(crate) fn writes(&self) -> Vec<String> {
        let sent = self.sent().into_iter().map(|sent| sent.what);
        sent.filter(|what| !what.starts_with("GET") && !what.ends_with("dry-run")).collect()
    }
}

impl Clusters for Fake {
    fn kind<'a>(&'a self, _: &'a ClusterName, id: &'a str) -> Pending<'a, Arc<Kind>> {
        Box::pin(async move { Kind::builtin(id).ok_or_else(|| Error::NotServed { kind: id.to_owned() }) })
    }

    fn reads(&self, cluster: &ClusterName, grant: &dyn Grant<Reads>) -> Result<Box<dyn Reading>, Error> {
        Ok(Box::new(self.acts(cluster, grant.decision_id())?))
    }

    fn tries(&self, cluster: &ClusterName, grant: &dyn Grant<Tries>) -> Result<Box<dyn Trying>, Error> {
        Ok(Box::new(self.acts(cluster, grant.decision_id())?))
    }

    fn changes(&self, cluster: &ClusterName, grant: &dyn Grant<Changes>) -> Result<Box<dyn Changing>, Error> {
        Ok(Box::new(self.acts(cluster, grant.decision_id())?))
    }
}

impl Fake {
    fn acts(&self, cluster: &ClusterName, decision: DecisionId) -> Result<FakeActs, Error> {
        if cluster.as_str() == "nowhere" {
            return Err(Error::NoContext { context: "nowhere".to_owned() });
        }
        Ok(FakeActs { fake: self.clone(), decision: decision.to_string() })
    }
}

struct FakeActs {
    fake: Fake,
    decision: String,
}

impl FakeActs {
    /// Records a request; gives the object's key and the refusal, if one was ordered.
    fn note(&self, method: &str, target: Target<'_>, subresource: &str, dry_run: bool) -> Result<String, Error> {
        let key = format!("{}/{}/{}", target.kind.id, target.namespace, target.name);
        let slash = if subresource.is_empty() { "" } else { "/" };
        let what = format!("{method} {key}{slash}{subresource}{}", if dry_run { " dry-run" } else { "" });
        let mut state = self.fake.0.lock();
        state.sent.push(Sent { what: what.clone(), decision: self.decision.clone() });
        match state.refuse.iter().find(|(mark, _)| what.contains(mark.as_str())) {
            Some((_, error)) => Err(error()),
            None => Ok(key),
        }
    }

    async fn held(&self) {
        let hold = self.fake.0.lock().hold.clone();
        if let Some(hold) = hold {
            hold.acquire().await.unwrap().forget();
        }
    }

    fn meddle(&self, key: &str) {
        let meddle = self.fake.0.lock().meddle.pop();
        match meddle {
            Some(true) => self.fake.edit(key, |object| object["status"]["seen"] = json!("again")),
            Some(false) => self.fake.edit(key, |object| object["metadata"]["labels"]["by"] = json!("eve")),
            None => {}
        }
    }
}

fn missing(key: &str) -> Error {
    Error::NotFound { message: format!("{key} not found") }
}

fn scale_of(object: &Value) -> Value {
    json!({ "kind": "Scale", "metadata": object["metadata"], "spec": { "replicas": object["spec"]["replicas"] } })
}

impl FakeActs {
    async fn remove(&self, target: Target<'_>, options: &DeleteOptions, dry_run: bool) -> Result<Value, Error> {
        let key = self.note("DELETE", target, "", dry_run)?;
        if !dry_run {
            self.held().await;
        }
        let object = self.fake.object(&key).ok_or_else(|| missing(&key))?;
        if options.uid.as_ref().is_some_and(|uid| object["metadata"]["uid"] != json!(uid)) {
            return Err(Error::Conflict { message: "the UID in the precondition does not match".to_owned() });
        }
        if !dry_run {
            self.fake.0.lock().objects.remove(&key);
        }
        Ok(object)
    }

    fn merge(&self, target: Target<'_>, subresource: &str, patch: &Value, dry_run: bool) -> Result<Value, Error> {
        let key = self.note("PATCH", target, subresource, dry_run)?;
        if !dry_run {
            self.meddle(&key);
        }
        let mut object = self.fake.object(&key).ok_or_else(|| missing(&key))?;
        let wanted = patch.pointer("/metadata/resourceVersion");
        if wanted.is_some_and(|version| *version != object["metadata"]["resourceVersion"]) {
            return Err(Error::Conflict { message: "the object has been modified".to_owned() });
        }
        merge(&mut object, patch);
        if !dry_run {
            self.fake.edit(&key, |stored| *stored = object.clone());
        }
        Ok(if subresource == "scale" { scale_of(&object) } else { object })
    }
}

impl Reading for FakeActs {
    fn get<'a>(&'a self, target: Target<'a>, subresource: &'a str) -> Pending<'a, Value> {
        Box::pin(async move {
            let key = self.note("GET", target, subresource, false)?;
            let object = self.fake.object(&key).ok_or_else(|| missing(&key))?;
            Ok(if subresource == "scale" { scale_of(&object) } else { object })
        })
    }
}

impl Trying for FakeActs {
    fn try_delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value> {
        Box::pin(self.remove(target, options, true))
    }

    fn try_patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        _: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value> {
        Box::pin(async move { self.merge(target, subresource, patch, true) })
    }
}

impl Changing for FakeActs {
    fn delete<'a>(&'a self, target: Target<'a>, options: &'a DeleteOptions) -> Pending<'a, Value> {
        Box::pin(self.remove(target, options, false))
    }

    fn patch<'a>(
        &'a self,
        target: Target<'a>,
        subresource: &'a str,
        _: PatchKind,
        patch: &'a Value,
    ) -> Pending<'a, Value> {
        Box::pin(async move { self.merge(target, subresource, patch, false) })
    }
}

/// RFC 7386.
fn merge(object: &mut Value, patch: &Value) {
    match (object.as_object_mut(), patch) {
        (Some(object), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(object.entry(name).or_insert(json!({})), value);
            }
        }
        _ => *object = patch.clone(),
    }
}
