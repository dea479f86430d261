//! Objects of a cluster in filters: `pod NAME`, `svc NAME`, `workload KIND/NAME` stand for their addresses.
//!
//! This crate knows no cluster. Who compiles says by [`Resolve`] what addresses an object has at that moment, and compiles
//! again when they are others.

use std::fmt;
use std::net::IpAddr;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A pod.
    Pod,
    /// A service: its own addresses and those behind it.
    Service,
    /// What pods are of.
    Workload,
}

/// An object that a filter names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// What it is.
    pub kind: ObjectKind,
    /// Its namespace, where that is said.
    pub namespace: Option<String>,
    /// Its name; of a workload `deployment/front`.
    pub name: String,
}

/// Says which addresses objects have.
pub trait Resolve {
    /// The addresses of an object. One that has none matches no packet.
    ///
    /// # Errors
    /// In words, when there is no such object.
    fn addresses(&self, object: &Object) -> Result<Vec<IpAddr>, String>;
}

/// Who knows no objects.
pub(crate) struct Nobody;

impl Resolve for Nobody {
    fn addresses(&self, _: &Object) -> Result<Vec<IpAddr>, String> {
        Err("what addresses it has is known to a tap of running pods alone: write them".to_owned())
    }
}

impl Object {
    /// Reads what stands behind the word: `NAME`, `NAMESPACE/NAME`, of a workload with its kind in front of the name.
    pub(crate) fn parse(kind: ObjectKind, text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let good = |part: &&str| {
            let char = |char: u8| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, b'-' | b'.');
            !part.is_empty() && part.bytes().all(char)
        };
        if !parts.iter().all(good) {
            return None;
        }
        let owned = |text: &str| Some(text.to_owned());
        let (namespace, name) = match (kind, parts.as_slice()) {
            (ObjectKind::Workload, [of, name]) => (None, format!("{}/{name}", workload(of)?)),
            (ObjectKind::Workload, [namespace, of, name]) => (owned(namespace), format!("{}/{name}", workload(of)?)),
            (ObjectKind::Workload, _) => return None,
            (_, [name]) => (None, (*name).to_owned()),
            (_, [namespace, name]) => (owned(namespace), (*name).to_owned()),
            _ => return None,
        };
        Some(Self { kind, namespace, name })
    }
}

impl ObjectKind {
    /// The kind that a word begins.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "pod" => Some(Self::Pod),
            "svc" => Some(Self::Service),
            "workload" => Some(Self::Workload),
            _ => None,
        }
    }

    /// What stands behind the word.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Pod => "`NAME` or `NAMESPACE/NAME` of a pod",
            Self::Service => "`NAME` or `NAMESPACE/NAME` of a service",
            Self::Workload => "`deploy/NAME`, `sts/NAME`, `ds/NAME`, `rs/NAME`, `rc/NAME` or `job/NAME`",
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            ObjectKind::Pod => "pod",
            ObjectKind::Service => "svc",
            ObjectKind::Workload => "workload",
        };
        match &self.namespace {
            Some(namespace) => write!(f, "{word} {namespace}/{}", self.name),
            None => write!(f, "{word} {}", self.name),
        }
    }
}

fn workload(word: &str) -> Option<&'static str> {
    const KINDS: &[(&str, [&str; 3])] = &[
        ("deployment", ["deploy", "deployment", "deployments"]),
        ("statefulset", ["sts", "statefulset", "statefulsets"]),
        ("daemonset", ["ds", "daemonset", "daemonsets"]),
        ("replicaset", ["rs", "replicaset", "replicasets"]),
        ("replicationcontroller", ["rc", "replicationcontroller", "replicationcontrollers"]),
        ("job", ["job", "jobs", "job.batch"]),
    ];
    KINDS.iter().find(|(_, words)| words.contains(&word)).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests;
