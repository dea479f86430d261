//! What the tests of this crate share.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::compose::{Beside, Effective, RepoFile, Request, compose};
use crate::defaults::Settings;
use crate::files::{Files, read_all};
use crate::library::Library;
use crate::node::{LayerKind, Node};
use crate::params::Given;
use crate::pointer::Pointer;
use crate::problem::Problems;
use crate::user::User;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Files in memory.
pub(crate) fn tree(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// The tree of one document.
pub(crate) fn node(text: &str) -> Node {
    let files = tree(&[("a.yaml", text)]);
    read_all(&files, &["a.yaml".to_owned()], LayerKind::Platform).remove(0).documents.unwrap().remove(0)
}

/// Maps of maps and scalars, as YAML.
pub(crate) fn tree_text() -> impl Strategy<Value = String> {
    let leaf = "[a-z]{1,3}".prop_map(|text| text.replace("null", "x"));
    let value = leaf.prop_recursive(3, 20, 4, |inner| prop::collection::btree_map("[a-e]", inner, 0..4).prop_map(flow));
    prop::collection::btree_map("[a-e]", value, 0..4).prop_map(flow)
}

fn flow(map: BTreeMap<String, String>) -> String {
    let entries: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

/// A request over files in memory.
pub(crate) struct Ask<'a> {
    pub(crate) platform: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) user: User,
    pub(crate) repo: Option<&'a str>,
    pub(crate) overrides: Option<&'a str>,
    pub(crate) params: Given,
    pub(crate) preset: Option<&'a str>,
    pub(crate) patches: Vec<(Pointer, serde_json::Value)>,
    pub(crate) registry: Option<&'a str>,
    pub(crate) beside: Beside<'a>,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self {
            platform: "",
            name: None,
            user: User::plain("dev"),
            repo: None,
            overrides: None,
            params: Given::new(),
            preset: None,
            patches: Vec::new(),
            registry: None,
            beside: Beside::default(),
        }
    }
}

impl Ask<'_> {
    /// Composes; the platform's file is `p.yaml`, and has to be right.
    pub(crate) fn compose(&self) -> Result<Effective, Problems> {
        let mut library = Library::default();
        let found = library.add(&tree(&[("p.yaml", self.platform)]), &["p.yaml".to_owned()], LayerKind::Platform);
        assert!(found.iter().all(|one| one.warning), "{found:?}");
        let repo_files = tree(&[(".k8shell.yaml", self.repo.unwrap_or_default())]);
        let override_files = tree(&[("overrides.yaml", self.overrides.unwrap_or_default())]);
        compose(&Request {
            library: &library,
            name: self.name,
            user: &self.user,
            repo: self.repo.map(|_| RepoFile {
                files: &repo_files,
                path: ".k8shell.yaml",
                owner: "org",
                name: "proj",
                reference: "main",
                address: "",
            }),
            overrides: self.overrides.map(|_| (&override_files as &dyn Files, "overrides.yaml")),
            params: &self.params,
            preset: self.preset,
            beside: self.beside,
            patches: &self.patches,
            settings: &Settings { registry: self.registry.map(str::to_owned), agent_image: None },
            env: &[("REGION".to_owned(), "north".to_owned())].into(),
            workspace: "ws-1",
            cluster: "east",
        })
    }

    /// What is wrong, as `pointer: message`.
    pub(crate) fn problems(&self) -> Vec<String> {
        let problems = self.compose().expect_err("a problem");
        problems.list().iter().map(|one| format!("{}: {}", one.pointer, one.message)).collect()
    }
}
