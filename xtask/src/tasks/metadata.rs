//! What `cargo metadata` says, reduced to what the rules ask: our crates, what each declares, and what is resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use crate::paths;

/// The packages of the workspace and everything they pull in.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
    /// Where cargo puts what it builds.
    pub(crate) target_directory: String,
}

/// One package, ours or another's.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) manifest_path: String,
    pub(crate) dependencies: Vec<Declared>,
    pub(crate) targets: Vec<Target>,
}

/// A line under `[dependencies]` and its kin.
#[derive(Deserialize)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) kind: Option<String>,
}

/// A library, program or test of a package.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo about this workspace, for all platforms.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1"])
            .current_dir(paths::root())
            .output()
            .context("cannot start cargo metadata")?;
        anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
        Self::parse(&output.stdout)
    }

    /// Reads what `cargo metadata --format-version 1` prints.
    pub(crate) fn parse(json: &[u8]) -> anyhow::Result<Self> {
        serde_json::from_slice(json).context("cargo metadata is not in the form we know")
    }

    /// The crates of this workspace.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// All that is compiled for some member, other people's crates included.
    pub(crate) fn resolved(&self) -> Vec<&Package> {
        let reached: BTreeSet<&str> =
            self.workspace_members.iter().flat_map(|id| self.reach(id, true).into_keys()).collect();
        self.packages.iter().filter(|package| reached.contains(package.id.as_str())).collect()
    }

    /// Everything a package pulls in, each with the package that brought it, by id. Build dependencies run on the
    /// developer's machine and count only when `build` says so; development dependencies never do.
    pub(crate) fn reach<'a>(&'a self, root: &'a str, build: bool) -> BTreeMap<&'a str, &'a str> {
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut brought: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            for edge in nodes.get(id).map_or(&[][..], |node| &node.deps) {
                let counts = edge.dep_kinds.iter().any(|kind| match kind.kind.as_deref() {
                    None => true,
                    Some("build") => build,
                    Some(_) => false,
                });
                if counts && edge.pkg != root && !brought.contains_key(edge.pkg.as_str()) {
                    brought.insert(&edge.pkg, id);
                    open.push(&edge.pkg);
                }
            }
        }
        brought
    }

    /// The name of a package id.
    pub(crate) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages.iter().find(|package| package.id == id).map_or(id, |package| &package.name)
    }
}
