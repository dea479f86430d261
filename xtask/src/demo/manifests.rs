//! The manifests of `dev/demo/manifests`, in the order of their names.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::kubectl::Apply;
use crate::paths;

/// One file of manifests.
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) apply: Apply,
}

/// Manifests that are applied with one command.
pub(crate) struct Batch {
    pub(crate) names: Vec<String>,
    pub(crate) text: String,
    pub(crate) apply: Apply,
}

impl Batch {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|of_it| of_it == name)
    }
}

/// All manifests, in the order in which they are applied.
pub(crate) fn all() -> Result<Vec<Manifest>> {
    let folder = paths::root().join("dev/demo/manifests");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if name.ends_with(".yaml") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.push(Manifest { apply: how(&name), name, text });
        }
    }
    if found.is_empty() {
        bail!("{} holds no manifests", folder.display());
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Neighbours that are applied in the same way, together; the namespaces and the kinds alone, as others wait for them.
pub(crate) fn batches(manifests: Vec<Manifest>) -> Vec<Batch> {
    let alone = |name: &str| [CLUSTER, KINDS].contains(&name);
    let mut batches: Vec<Batch> = Vec::new();
    for manifest in manifests {
        match batches.last_mut() {
            Some(last)
                if last.apply == manifest.apply && !alone(&manifest.name) && !last.names.iter().any(|n| alone(n)) =>
            {
                last.text.push_str("\n---\n");
                last.text.push_str(&manifest.text);
                last.names.push(manifest.name);
            }
            _ => batches.push(Batch { names: vec![manifest.name], text: manifest.text, apply: manifest.apply }),
        }
    }
    batches
}

/// The text with the marks of the images in it: where a template says `NAME-image: local` it then names the image's
/// content, so that a new content under the same name rolls the pods out anew, and the same one does not.
pub(crate) fn marked(text: &str, marks: &BTreeMap<&'static str, String>) -> String {
    let mut text = text.to_owned();
    for (name, mark) in marks {
        text = text.replace(&format!("/{name}-image: local"), &format!("/{name}-image: {mark}"));
    }
    text
}

/// A file says in its name how it is applied.
fn how(name: &str) -> Apply {
    if name.ends_with(".status.yaml") {
        Apply::Status
    } else if name.ends_with(".client.yaml") {
        Apply::Client
    } else {
        Apply::Server
    }
}

/// The manifest with the namespaces and what has none.
pub(crate) const CLUSTER: &str = "00-cluster.yaml";
/// The manifest with the demo's own kinds.
pub(crate) const KINDS: &str = "10-crds.yaml";
