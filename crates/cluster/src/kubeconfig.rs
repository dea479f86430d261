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
    /// Reads `file`, else the files of `KUBECONFIG` that are there, else `~/.kube/config`; where none is there, what a pod
    /// knows of its own cluster.
    ///
    /// # Errors
    /// `kubeconfig_missing` when there is none, `kubeconfig_invalid` with its place when one cannot be read.
    pub fn load(file: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = file else {
            return match Self::read(&usual_files()) {
                Err(Error::NoKubeconfig) => Self::in_cluster().ok_or(Error::NoKubeconfig),
                other => other,
            };
        };
        Self::read(&[path.to_owned()])
    }

    /// What a pod knows of its own cluster: the service account that Kubernetes mounts into it. `None` outside of one.
    #[must_use]
    pub fn in_cluster() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (host, port) = (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
        Self::of_account(&host, &port, Path::new(ACCOUNT))
    }

    fn of_account(host: &str, port: &str, folder: &Path) -> Option<Self> {
        let file = |name: &str| Some(folder.join(name)).filter(|path| path.is_file())?.to_str().map(str::to_owned);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let namespace = std::fs::read_to_string(folder.join("namespace")).unwrap_or_default();
        // The token's file is read anew each minute: the kubelet renews it.
        let text = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": IN_CLUSTER,
            "clusters": [{ "name": IN_CLUSTER, "cluster": {
                "server": format!("https://{host}:{port}"), "certificate-authority": file("ca.crt")?,
            } }],
            "users": [{ "name": IN_CLUSTER, "user": { "tokenFile": file("token")? } }],
            "contexts": [{ "name": IN_CLUSTER, "context": {
                "cluster": IN_CLUSTER, "user": IN_CLUSTER, "namespace": namespace.trim(),
            } }],
        });
        let inner = kube::config::Kubeconfig::from_yaml(&text.to_string()).ok()?;
        Some(Self { inner: Arc::new(inner) })
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

    /// Reads one that somebody gave as text. It may not name programs or files: they would be those of whoever wrote it.
    ///
    /// # Errors
    /// `kubeconfig_invalid`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::Kubeconfig { place: PASTED.to_owned(), message };
        let inner = kube::config::Kubeconfig::from_yaml(text).map_err(|error| wrong(error.to_string()))?;
        if inner.contexts.is_empty() {
            return Err(wrong("it has no contexts".to_owned()));
        }
        let users = inner.auth_infos.iter().filter_map(|named| Some((&named.name, named.auth_info.as_ref()?)));
        for (name, user) in users {
            let outside = user.exec.is_some()
                || user.auth_provider.is_some()
                || user.client_certificate.is_some()
                || user.client_key.is_some()
                || user.token_file.is_some();
            if outside {
                let words = format!("its user {name} needs programs or files: save it as a file, and choose that file");
                return Err(wrong(words));
            }
        }
        let clusters = inner.clusters.iter().filter_map(|named| Some((&named.name, named.cluster.as_ref()?)));
        for (name, cluster) in clusters {
            if cluster.certificate_authority.is_some() {
                let words = format!("its cluster {name} names a file: save it as a file, and choose that file");
                return Err(wrong(words));
            }
        }
        Ok(Self { inner: Arc::new(inner) })
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

/// The context of a pod's own cluster.
const IN_CLUSTER: &str = "in-cluster";
/// Where Kubernetes mounts the service account of a pod.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What a kubeconfig without a file is called.
const PASTED: &str = "the pasted kubeconfig";

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

#[cfg(test)]
mod tests;
