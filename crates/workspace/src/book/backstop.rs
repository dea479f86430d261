//! What the API server holds by itself of the quotas of a namespace: a ResourceQuota and a LimitRange. They bind whoever makes
//! pods there around the operator, and never before the book does.
//!
//! Only quotas of namespaces have one: those of people, organizations and everybody are in no one namespace.

use super::Book;
use cluster::Owned;
use crd::Quantity;
use crd::quota::QuotaSpec;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An object that is to be in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backstop {
    pub(crate) kind: Owned,
    pub(crate) namespace: String,
    pub(crate) object: Value,
}

impl Book {
    /// All of them, by namespace and kind.
    pub(crate) fn backstops(&self) -> Vec<Backstop> {
        let used: BTreeSet<&str> = self.labels.keys().map(|key| key.namespace.as_str()).collect();
        let mut bounds: BTreeMap<&str, Bounds> = BTreeMap::new();
        for told in self.quotas.values() {
            let spec = &told.object.spec;
            match spec.subject.namespace.as_deref() {
                Some("*") => used.iter().for_each(|name| bounds.entry(name).or_default().take(spec)),
                Some(name) => bounds.entry(name).or_default().take(spec),
                None => {}
            }
        }
        bounds.iter().flat_map(|(namespace, bounds)| bounds.objects(namespace)).collect()
    }
}

/// The tightest of several quotas, by resource.
#[derive(Debug, Default)]
struct Bounds {
    hard: BTreeMap<&'static str, Amount>,
    per: BTreeMap<&'static str, Amount>,
}

/// An amount as it was said, and in thousandths.
type Amount = (i128, String);

impl Bounds {
    fn take(&mut self, spec: &QuotaSpec) {
        let hard = spec.hard.clone().unwrap_or_default();
        let amounts = [("limits.cpu", &hard.cpu), ("limits.memory", &hard.memory), ("requests.storage", &hard.storage)];
        for (name, amount) in amounts {
            tighten(&mut self.hard, name, amount.as_ref());
        }
        if let Some(volumes) = hard.volumes {
            tighten(&mut self.hard, "persistentvolumeclaims", Some(&Quantity(volumes.to_string())));
        }
        let per = spec.per_workspace.clone().unwrap_or_default();
        for (name, amount) in [("cpu", &per.cpu), ("memory", &per.memory), ("storage", &per.storage)] {
            tighten(&mut self.per, name, amount.as_ref());
        }
    }

    fn objects(&self, namespace: &str) -> Vec<Backstop> {
        let meta = json!({
            "name": NAME, "namespace": namespace, "labels": { "app.kubernetes.io/managed-by": "quarterdeck" },
        });
        let mut all = Vec::new();
        let mut put = |kind: Owned, spec: Value| {
            let object = json!({
                "apiVersion": kind.api_version(), "kind": kind.kind(), "metadata": meta, "spec": spec,
            });
            all.push(Backstop { kind, namespace: namespace.to_owned(), object });
        };
        if !self.hard.is_empty() {
            put(Owned::ResourceQuota, json!({ "hard": texts(&self.hard) }));
        }
        let limits = self.limits();
        if !limits.is_empty() {
            put(Owned::LimitRange, json!({ "limits": limits }));
        }
        all
    }

    /// The largest pod and claim, and what a container gets that says nothing: without it none could be made.
    fn limits(&self) -> Vec<Value> {
        let mut limits = Vec::new();
        let (mut most, mut usual, mut asked) = (Map::new(), Map::new(), Map::new());
        for (name, hard, default, request) in
            [("cpu", "limits.cpu", "1", "100m"), ("memory", "limits.memory", "1Gi", "128Mi")]
        {
            let per = self.per.get(name);
            if let Some((_, text)) = per {
                most.insert(name.to_owned(), text.as_str().into());
            }
            let Some(bound) = [per, self.hard.get(hard)].into_iter().flatten().min() else { continue };
            let least = |text: &str| {
                let milli = base::quantity::milli(text).unwrap_or_default();
                if milli <= bound.0 { text.to_owned() } else { bound.1.clone() }
            };
            usual.insert(name.to_owned(), least(default).into());
            asked.insert(name.to_owned(), least(request).into());
        }
        if !most.is_empty() {
            limits.push(json!({ "type": "Pod", "max": most }));
        }
        if !usual.is_empty() {
            limits.push(json!({ "type": "Container", "default": usual, "defaultRequest": asked }));
        }
        if let Some((_, text)) = self.per.get("storage") {
            limits.push(json!({ "type": "PersistentVolumeClaim", "max": { "storage": text } }));
        }
        limits
    }
}

fn tighten(all: &mut BTreeMap<&'static str, Amount>, name: &'static str, amount: Option<&Quantity>) {
    let Some(amount) = amount else { return };
    let Some(milli) = base::quantity::milli(&amount.0) else { return };
    let new = (milli, amount.0.clone());
    all.entry(name).and_modify(|old| *old = old.clone().min(new.clone())).or_insert(new);
}

fn texts(all: &BTreeMap<&'static str, Amount>) -> Map<String, Value> {
    all.iter().map(|(name, (_, text))| ((*name).to_owned(), text.as_str().into())).collect()
}

/// Name of both objects.
pub(crate) const NAME: &str = "quarterdeck";
