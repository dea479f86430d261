//! Kubeconfigs, read as kubectl reads them. Never written.

use crate::error::Error;
use kube::config::KubeconfigError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The merged kubeconfig. Cheap to clone.
#[derive(Clone)]
pub struct Kubeconfig {
    pub(crate) inner: Arc<kube::config::Kubeconfig>,
}

/// A context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// It is the current one.
    pub current: bool,
    /// The address of its cluster, if the kubeconfig has one.
    pub server: String,
    /// Its own namespace, if it has one.
    pub namespace: Option<String>,
}

impl Kubeconfig {
    /// Reads `file`, else the files of `KUBECONFIG` that are there, else `~/.kube/config`.
    ///
    /// # Errors
    /// `kubeconfig_missing` when there is none, `kubeconfig_invalid` with its place when one cannot be read.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let files = match file {
            Some(path) => vec![path.to_owned()],
            None => usual_files(),
        };
        Self::read(&files)
    }

    /// Reads these files and merges them: what stands first wins.
    ///
    /// # Errors
    /// As [`Kubeconfig::load`].
    pub fn read(files: &[PathBuf]) -> Result<Self, Error> {
        let mut merged: Option<kube::config::Kubeconfig> = None;
        for path in files {
            let next = kube::config::Kubeconfig::read_from(path).map_err(|error| wrong(path, &error))?;
            merged = Some(match merged {
                Some(first) => first.merge(next).map_err(|error| wrong(path, &error))?,
                None => next,
            });
        }
        let inner = Arc::new(merged.ok_or(Error::NoKubeconfig)?);
        if inner.contexts.is_empty() {
            let place = files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
            return Err(Error::Kubeconfig { place, message: "it has no contexts".to_owned() });
        }
        Ok(Self { inner })
    }

    /// Its contexts in the order of the files.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        let current = self.inner.current_context.as_deref();
        let contexts = self.inner.contexts.iter().map(|named| {
            let context = named.context.as_ref();
            let cluster = context.map(|context| context.cluster.as_str()).unwrap_or_default();
            let server = self.inner.clusters.iter().find(|named| named.name == cluster);
            let server = server.and_then(|named| named.cluster.as_ref()).and_then(|cluster| cluster.server.clone());
            Context {
                name: named.name.clone(),
                current: current == Some(named.name.as_str()),
                server: server.unwrap_or_default(),
                namespace: context.and_then(|context| context.namespace.clone()).filter(|name| !name.is_empty()),
            }
        });
        contexts.collect()
    }

    /// The context to use: the one named, else the current one, else the only one.
    ///
    /// # Errors
    /// When there is no such context, or none can be chosen.
    pub fn choose(&self, name: Option<&str>) -> Result<Context, Error> {
        let contexts = self.contexts();
        let found = match name {
            Some(name) => contexts.iter().find(|context| context.name == name),
            None => contexts.iter().find(|context| context.current).or(match contexts.as_slice() {
                [only] => Some(only),
                _ => None,
            }),
        };
        found.cloned().ok_or_else(|| match (name, self.inner.current_context.as_deref()) {
            (Some(name), _) | (None, Some(name)) => Error::NoContext { context: name.to_owned() },
            (None, None) => Error::Kubeconfig {
                place: "kubeconfig".to_owned(),
                message: "it has several contexts and no current one: name one with --context".to_owned(),
            },
        })
    }
}

/// kubectl passes over files of the list that are not there.
fn usual_files() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
    match listed {
        Some(value) => {
            std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty() && path.exists()).collect()
        }
        None => std::env::home_dir()
            .map(|home| home.join(".kube/config"))
            .filter(|path| path.exists())
            .into_iter()
            .collect(),
    }
}

fn wrong(path: &Path, error: &KubeconfigError) -> Error {
    Error::Kubeconfig { place: path.display().to_string(), message: error.to_string() }
}

impl std::fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kubeconfig").field("contexts", &self.contexts()).finish()
    }
}
