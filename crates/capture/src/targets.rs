//! Which pods a tap is of: words to the scopes of its permit, and to the pods that are there now.

mod scope;
mod selector;

pub(crate) use scope::{Scope, Source};

use crate::Error;
use crate::pod::{Phase, Pod};
use base::Code;
use catalog::Kind;
use cluster::{Cluster, PageQuery};
use policy::action::{ObjectTarget, TapScope};
use selector::Selector;
use serde_json::Value;
use wire::Budget;
use wire::list::List;

/// What somebody wants to tap, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Namespaces: `a`, `team-*`, `!b`. None is the context's own.
    pub namespaces: Vec<String>,
    /// Pods of every namespace.
    pub all_namespaces: bool,
    /// Label selector; it narrows `objects` too.
    pub selector: Option<String>,
    /// Pods by name, of one namespace.
    pub pods: Vec<String>,
    /// The pods of these.
    pub objects: Vec<Object>,
}

/// An object whose pods are meant: `deploy/front`, `svc/shop`, `node/worker-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// `plural` or `plural.group`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What words come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What may be followed.
    pub scope: Vec<TapScope>,
    /// Pods of it that are there now, in order of namespace and name.
    pub pods: Vec<ObjectTarget>,
}

impl Object {
    /// Reads `KIND/NAME`; a kind by its plural, singular or short name.
    ///
    /// # Errors
    /// [`Error::Selector`] for a kind that has no pods, or is not known.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::Selector { message };
        let (word, name) = text.split_once('/').ok_or_else(|| wrong(format!("{text:?} is not KIND/NAME")))?;
        let word = word.to_ascii_lowercase();
        let is = |kind: &Kind| {
            kind.id == word || kind.plural == word || kind.singular == word || kind.short_names.contains(&word)
        };
        let kinds = Kind::builtins();
        let kind = KINDS.iter().find(|id| kinds.iter().any(|kind| kind.id == **id && is(kind)));
        let kind = kind.ok_or_else(|| {
            wrong(format!("{word} is no kind that has pods: deploy, sts, ds, rs, job, svc, rc, node or pod"))
        })?;
        if name.is_empty() {
            return Err(wrong(format!("{text:?} names no object")));
        }
        Ok(Self { kind: (*kind).to_owned(), name: name.to_owned() })
    }
}

impl Targets {
    /// Asks the cluster what the words come to.
    ///
    /// # Errors
    /// When the words name nothing that can be tapped, an object or named pod is not there, or the cluster refuses.
    pub async fn find(&self, cluster: &Cluster) -> Result<Found, Error> {
        let scope = self.scope(cluster).await?;
        let kind = Kind::builtin("pods").ok_or(Error::Unsupported)?;
        let mut pods: Vec<ObjectTarget> = Vec::new();
        for own in &scope {
            let own = Scope::of(own)?;
            for source in own.sources() {
                list(cluster, &kind, &own, &source, &mut pods).await?;
            }
        }
        pods.sort();
        pods.dedup();
        let mut names = scope.iter().flat_map(|scope| scope.names.iter().map(|name| (scope.namespaces.first(), name)));
        let missing = names
            .find(|(namespace, name)| !pods.iter().any(|pod| Some(&pod.namespace) == *namespace && pod.name == **name));
        if let Some((namespace, name)) = missing {
            let message = format!("there is no pod {name} in {}", namespace.map_or("any namespace", String::as_str));
            return Err(Error::Pod { message, code: Code::PodNotFound });
        }
        Ok(Found { scope, pods })
    }

    /// The scopes, with the selectors that objects have now.
    async fn scope(&self, cluster: &Cluster) -> Result<Vec<TapScope>, Error> {
        let selector = self.selector.clone().unwrap_or_default();
        Selector::parse(&selector)?;
        let own = cluster.context().namespace.clone().unwrap_or_else(|| "default".to_owned());
        let namespaces = match (self.all_namespaces, self.namespaces.as_slice()) {
            (true, _) => Vec::new(),
            (false, []) => vec![own],
            (false, all) => all.to_vec(),
        };
        let scope = |namespaces: &[String]| TapScope {
            cluster: cluster.name().clone(),
            namespaces: namespaces.to_vec(),
            selector: selector.clone(),
            names: Vec::new(),
            node: String::new(),
            object: String::new(),
        };
        let mut scopes = Vec::new();
        let mut names = self.pods.clone();
        for object in &self.objects {
            match object.kind.as_str() {
                "pods" => names.push(object.name.clone()),
                "nodes" => {
                    // A node is in no namespace: its pods are meant wherever they are.
                    let within = if self.namespaces.is_empty() { &[][..] } else { &namespaces };
                    let (node, object) = (object.name.clone(), format!("nodes/{}", object.name));
                    scopes.push(TapScope { node, object, ..scope(within) });
                }
                kind => {
                    let namespace = one(&namespaces)?;
                    let of = of_object(cluster, kind, namespace, &object.name).await?;
                    let both = if selector.is_empty() { of } else { format!("{of},{selector}") };
                    let object = format!("{kind}/{}", object.name);
                    scopes.push(TapScope { selector: both, object, ..scope(&namespaces) });
                }
            }
        }
        if !names.is_empty() {
            one(&namespaces)?;
            scopes.push(TapScope { names, ..scope(&namespaces) });
        }
        if scopes.is_empty() {
            scopes.push(scope(&namespaces));
        }
        Ok(scopes)
    }
}

/// The selector of an object's pods.
async fn of_object(cluster: &Cluster, kind: &str, namespace: &str, name: &str) -> Result<String, Error> {
    let kind = Kind::builtin(kind).ok_or(Error::Unsupported)?;
    let object = cluster.reader().get_json(&kind, namespace, name).await?;
    let selector = object.pointer("/spec/selector").unwrap_or(&Value::Null);
    let message = || format!("{}/{name} has no selector: its pods cannot be told from others", kind.singular);
    Selector::of_object(selector).ok_or_else(|| Error::Selector { message: message() })
}

/// Names are of one namespace.
fn one(namespaces: &[String]) -> Result<&str, Error> {
    match namespaces {
        [one] if !one.contains('*') && !one.starts_with('!') => Ok(one),
        _ => {
            let message = "names of pods and objects are of one namespace: give it with -n".to_owned();
            Err(Error::Selector { message })
        }
    }
}

/// Adds the pods of a scope that are there.
async fn list(
    cluster: &Cluster,
    kind: &Kind,
    scope: &Scope,
    source: &Source,
    found: &mut Vec<ObjectTarget>,
) -> Result<(), Error> {
    let (reader, mut token, budget) = (cluster.reader(), String::new(), Budget::default());
    loop {
        let query = PageQuery {
            namespace: source.namespace.as_deref(),
            limit: 500,
            token: &token,
            selector: &source.labels,
            fields: &source.fields,
            version: "",
            format: kind.format,
        };
        let bytes = reader.page(kind, query).await?;
        let format = if bytes.starts_with(wire::MAGIC) { wire::Format::Protobuf } else { wire::Format::Json };
        let list = List::open(format, &bytes, &budget);
        let list = list.map_err(|error| cluster::Error::Decode(error.to_string()))?;
        for pod in list.items().flatten().filter_map(Pod::of) {
            let there = pod.phase != Phase::Ended || scope.names(&pod);
            if there && !pod.leaving && scope.covers(&pod) {
                found.push(ObjectTarget {
                    cluster: cluster.name().clone(),
                    kind: "pods".to_owned(),
                    namespace: pod.namespace,
                    name: pod.name,
                });
            }
        }
        token = list.continue_token().into_owned();
        if token.is_empty() {
            return Ok(());
        }
    }
}

/// Kinds whose pods can be told.
const KINDS: [&str; 9] = [
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "jobs.batch",
    "services",
    "replicationcontrollers",
    "nodes",
    "pods",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::Object;

    #[test]
    fn cap_n_06d_objects_are_named_by_kind_and_name() {
        for (text, kind) in [
            ("deploy/a", "deployments.apps"),
            ("sts/a", "statefulsets.apps"),
            ("ds/a", "daemonsets.apps"),
            ("job/a", "jobs.batch"),
            ("svc/a", "services"),
            ("Service/a", "services"),
            ("node/a", "nodes"),
            ("po/a", "pods"),
            ("replicasets.apps/a", "replicasets.apps"),
        ] {
            let object = Object::parse(text).unwrap();
            assert_eq!((object.kind.as_str(), object.name.as_str()), (kind, "a"));
        }
        for wrong in ["deploy", "deploy/", "secret/a", "x/y"] {
            assert!(Object::parse(wrong).is_err(), "{wrong}");
        }
    }
}
