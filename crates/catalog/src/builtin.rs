//! The table of built-in kinds (EX-30 … EX-62), one file for each part of the navigation.
//!
//! Rules and cell text follow `pkg/printers/internalversion` of Kubernetes 1.34; the tests hold them to
//! `kubectl get KIND -o wide`.

mod access;
mod admission;
mod autoscaling;
mod cluster;
mod config;
mod devices;
mod network;
mod nodes;
mod pods;
mod storage;
mod workloads;

use crate::column::Col;
use crate::kind::{Act, Section, ServedResource};
use crate::program::FillSpec;
use std::fmt;

/// A row of the table.
pub(crate) struct Builtin {
    /// `plural` or `plural.group`.
    pub(crate) id: &'static str,
    /// The version that the columns are written for.
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) namespaced: bool,
    pub(crate) section: Section,
    pub(crate) title: &'static str,
    pub(crate) acts: &'static [Act],
    pub(crate) columns: &'static [Col],
    pub(crate) fill: Option<FillSpec>,
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl Builtin {
    /// A namespaced kind that can be deleted.
    pub(crate) const fn new(
        id: &'static str,
        version: &'static str,
        kind: &'static str,
        section: Section,
        title: &'static str,
        columns: &'static [Col],
    ) -> Self {
        const DELETE: &[Act] = &[Act::Delete];
        Self {
            id,
            version,
            kind,
            short_names: &[],
            namespaced: true,
            section,
            title,
            acts: DELETE,
            columns,
            fill: None,
        }
    }

    pub(crate) const fn cluster_scoped(mut self) -> Self {
        self.namespaced = false;
        self
    }

    pub(crate) const fn short(mut self, short_names: &'static [&'static str]) -> Self {
        self.short_names = short_names;
        self
    }

    pub(crate) const fn acts(mut self, acts: &'static [Act]) -> Self {
        self.acts = acts;
        self
    }

    pub(crate) const fn fill(mut self, fill: FillSpec) -> Self {
        self.fill = Some(fill);
        self
    }

    /// As discovery would tell of it.
    pub(crate) fn served(&self) -> ServedResource {
        let (plural, group) = self.id.split_once('.').unwrap_or((self.id, ""));
        let verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
        let scale = self.acts.contains(&Act::Scale).then(|| "scale".to_owned());
        ServedResource {
            group: group.to_owned(),
            version: self.version.to_owned(),
            preferred: true,
            kind: self.kind.to_owned(),
            plural: plural.to_owned(),
            singular: self.kind.to_lowercase(),
            short_names: self.short_names.iter().map(|name| (*name).to_owned()).collect(),
            categories: Vec::new(),
            namespaced: self.namespaced,
            verbs: verbs.map(str::to_owned).to_vec(),
            subresources: scale.into_iter().collect(),
        }
    }
}

/// Parts in the order of the navigation.
static ALL: &[&[Builtin]] = &[
    nodes::KINDS,
    cluster::KINDS,
    pods::KINDS,
    workloads::KINDS,
    autoscaling::KINDS,
    network::KINDS,
    config::KINDS,
    storage::KINDS,
    access::KINDS,
    admission::KINDS,
    devices::KINDS,
];

/// Every row.
pub(crate) fn all() -> impl Iterator<Item = &'static Builtin> {
    ALL.iter().flat_map(|part| part.iter())
}

pub(crate) fn find(id: &str) -> Option<&'static Builtin> {
    all().find(|spec| spec.id == id)
}

/// Place in the table; unknown kinds come last.
pub(crate) fn order(id: &str) -> usize {
    all().position(|spec| spec.id == id).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
