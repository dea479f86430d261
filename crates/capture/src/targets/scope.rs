//! A scope as it is followed: which feeds show its pods, and which of what they show is in it.

use super::selector::Selector;
use crate::Error;
use crate::pod::Pod;
use policy::action::{ObjectTarget, TapScope};

/// A scope of a permit, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    namespaces: Vec<String>,
    selector: Selector,
    text: String,
    names: Vec<String>,
    node: String,
}

/// One watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// `None` is all namespaces.
    pub(crate) namespace: Option<String>,
    pub(crate) labels: String,
    pub(crate) fields: String,
}

impl Scope {
    /// From what a permit says.
    ///
    /// # Errors
    /// [`Error::Selector`] when its selector is none.
    pub(crate) fn of(scope: &TapScope) -> Result<Self, Error> {
        Ok(Self {
            namespaces: scope.namespaces.clone(),
            selector: Selector::parse(&scope.selector)?,
            text: scope.selector.clone(),
            names: scope.names.clone(),
            node: scope.node.clone(),
        })
    }

    /// Pods by name, one scope for each namespace: what a permit without scopes comes to.
    pub(crate) fn of_pods(pods: &[ObjectTarget]) -> Vec<Self> {
        let mut scopes: Vec<Self> = Vec::new();
        for pod in pods {
            match scopes.iter_mut().find(|scope| scope.namespaces.first() == Some(&pod.namespace)) {
                Some(scope) => scope.names.push(pod.name.clone()),
                None => scopes.push(Self {
                    namespaces: vec![pod.namespace.clone()],
                    selector: Selector::default(),
                    text: String::new(),
                    names: vec![pod.name.clone()],
                    node: String::new(),
                }),
            }
        }
        scopes
    }

    /// Whether a pod is in it.
    pub(crate) fn covers(&self, pod: &Pod) -> bool {
        in_namespaces(&self.namespaces, &pod.namespace)
            && (self.names.is_empty() || self.names.contains(&pod.name))
            && (self.node.is_empty() || self.node == pod.node)
            && self.selector.matches(|key| pod.label(key))
    }

    /// It names this pod.
    pub(crate) fn names(&self, pod: &Pod) -> bool {
        self.names.contains(&pod.name) && in_namespaces(&self.namespaces, &pod.namespace)
    }

    /// The namespaces that it names.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = String> {
        self.sources().into_iter().filter_map(|source| source.namespace)
    }

    /// The watches that show its pods: of each namespace, or of all where it has patterns.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let mut fields = Vec::new();
        if let [name] = self.names.as_slice() {
            fields.push(format!("metadata.name={name}"));
        }
        if !self.node.is_empty() {
            fields.push(format!("spec.nodeName={}", self.node));
        }
        let source = |namespace| Source { namespace, labels: self.text.clone(), fields: fields.join(",") };
        let taken = || self.namespaces.iter().filter(|name| !name.starts_with('!'));
        if taken().next().is_none() || taken().any(|name| name.contains('*')) {
            return vec![source(None)];
        }
        let kept = taken().filter(|name| in_namespaces(&self.namespaces, name));
        kept.map(|name| source(Some(name.clone()))).collect()
    }
}

/// Whether a namespace is one of these: `a`, `team-*`, and none of `!b`.
fn in_namespaces(all: &[String], namespace: &str) -> bool {
    let (out, of): (Vec<&String>, Vec<&String>) = all.iter().partition(|name| name.starts_with('!'));
    let left_out = out.iter().any(|name| like(name.get(1..).unwrap_or_default(), namespace));
    !left_out && (of.is_empty() || of.iter().any(|name| like(name, namespace)))
}

/// Whether a text is like a pattern, in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some((_, after)) = rest.split_once(before) else { return false };
            rest = after;
        }
    }
    match last {
        Some(end) => rest.ends_with(end),
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests;
