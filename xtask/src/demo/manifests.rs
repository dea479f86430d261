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

impl Manifest {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
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
