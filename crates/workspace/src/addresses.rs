//! The addresses of a cluster that the rules of networks speak of: its nodes, the ranges of its pods and services, its API server.
//! They are what watches tell; an administrator may name more.
//!
//! Owned by the task that takes what watches tell, and handed to what renders.

use crate::index::Item;
use crate::pod::words;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use wire::Node;

/// Addresses and ranges, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Of nodes.
    pub nodes: Vec<String>,
    /// The ranges of pods.
    pub pods: Vec<String>,
    /// The ranges of services.
    pub services: Vec<String>,
    /// Of the API server.
    pub api_server: Vec<String>,
    /// The ports that it listens on.
    pub api_ports: Vec<u16>,
}

/// What an object tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) addresses: Vec<String>,
    pub(crate) ranges: Vec<String>,
    pub(crate) ports: Vec<u16>,
    /// For which processors it runs programs: `amd64`.
    pub(crate) architecture: String,
}

impl Told {
    /// Of a Node.
    pub(crate) fn node(node: Node<'_>) -> Self {
        let all = node.path(&["status", "addresses"]).into_iter().flat_map(Node::items);
        let all = all.filter(|one| matches!(words(*one, &["type"]).as_str(), "InternalIP" | "ExternalIP"));
        let addresses = all.map(|one| words(one, &["address"])).filter(|text| is_address(text)).collect();
        let mut ranges = texts(node, &["spec", "podCIDRs"]);
        if ranges.is_empty() {
            ranges.extend(Some(words(node, &["spec", "podCIDR"])).filter(|range| !range.is_empty()));
        }
        let architecture = words(node, &["status", "nodeInfo", "architecture"]);
        Self { addresses, ranges, architecture, ..Self::default() }
    }

    /// Of an EndpointSlice.
    pub(crate) fn slice(slice: Node<'_>) -> Self {
        let endpoints = slice.get("endpoints").into_iter().flat_map(Node::items);
        let addresses = endpoints.flat_map(|one| texts(one, &["addresses"])).filter(|text| is_address(text)).collect();
        let ports = slice.get("ports").into_iter().flat_map(Node::items);
        let ports = ports.filter_map(|port| u16::try_from(port.get("port")?.as_i64()?).ok()).collect();
        Self { addresses, ports, ..Self::default() }
    }

    /// Of a ServiceCIDR.
    pub(crate) fn services(object: Node<'_>) -> Self {
        Self { ranges: texts(object, &["spec", "cidrs"]), ..Self::default() }
    }
}

/// All that was told.
#[derive(Default)]
pub(crate) struct Found {
    nodes: BTreeMap<String, Told>,
    api_server: BTreeMap<String, Told>,
    services: BTreeMap<String, Told>,
}

impl Found {
    /// Takes an object, as it is or as it was when it is gone. Whether something is otherwise now; `None` for what tells nothing
    /// of this.
    pub(crate) fn take(&mut self, item: &Item, gone: bool) -> Option<bool> {
        let (all, name, told) = match item {
            Item::Node { name, told, .. } => (&mut self.nodes, name, told),
            Item::ApiServer { name, told } => (&mut self.api_server, name, told),
            Item::Services { name, told } => (&mut self.services, name, told),
            _ => return None,
        };
        if gone {
            return Some(all.remove(name).is_some());
        }
        let before = all.insert(name.clone(), told.clone());
        Some(before.as_ref() != Some(told))
    }

    /// For which processors nodes run programs, those of most nodes first.
    pub(crate) fn architectures(&self) -> Vec<String> {
        let mut all: BTreeMap<&str, usize> = BTreeMap::new();
        let told = self.nodes.values().map(|told| told.architecture.as_str()).filter(|name| !name.is_empty());
        told.for_each(|name| *all.entry(name).or_default() += 1);
        let mut all: Vec<(&str, usize)> = all.into_iter().collect();
        all.sort_by_key(|(_, nodes)| std::cmp::Reverse(*nodes));
        all.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// Them, each once and in order.
    pub(crate) fn addresses(&self) -> Addresses {
        fn each<T: Ord + Clone>(all: &BTreeMap<String, Told>, of: fn(&Told) -> &Vec<T>) -> Vec<T> {
            all.values().flat_map(of).cloned().collect::<BTreeSet<T>>().into_iter().collect()
        }
        Addresses {
            nodes: each(&self.nodes, |told| &told.addresses),
            pods: each(&self.nodes, |told| &told.ranges),
            services: each(&self.services, |told| &told.ranges),
            api_server: each(&self.api_server, |told| &told.addresses),
            api_ports: each(&self.api_server, |told| &told.ports),
        }
    }
}

fn texts(node: Node<'_>, at: &[&str]) -> Vec<String> {
    let all = node.path(at).into_iter().flat_map(Node::items);
    all.filter_map(Node::as_text).map(std::borrow::Cow::into_owned).collect()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests;
