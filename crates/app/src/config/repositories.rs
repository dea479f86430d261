//! `[repositories]`: which repositories are read for the file that says what their workspaces are made from.

use super::ConfigError;
use git::Git;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `[repositories]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Repositories {
    /// Their files are read at all.
    pub read: bool,
    /// The host of repositories that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The hosts that are read, each with its port where it has one; any, when there are none here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Hosts that may be in a private network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_hosts: Vec<String>,
    /// Hosts that are asked without TLS, and never with credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plain_hosts: Vec<String>,
    /// A file with certificate authorities of hosts, beside those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// The blueprint of a repository without a file; without one, it has to be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_blueprint: Option<String>,
}

impl Default for Repositories {
    fn default() -> Self {
        Self {
            read: true,
            host: None,
            hosts: Vec::new(),
            private_hosts: Vec::new(),
            plain_hosts: Vec::new(),
            authorities_file: None,
            default_blueprint: None,
        }
    }
}

impl Repositories {
    /// What reads them; nothing where none are read.
    ///
    /// # Errors
    /// When the authorities cannot be read.
    pub(crate) fn reader(&self) -> Result<Option<workspace::source::Repositories>, ConfigError> {
        if !self.read {
            return Ok(None);
        }
        let git = Git::new(self.settings()?);
        Ok(Some(workspace::source::Repositories::new(git, self.host.clone(), self.default_blueprint.clone())))
    }

    /// What reads a repository of a host that an administrator names: that one may be private, and need not be listed.
    ///
    /// # Errors
    /// When the authorities cannot be read.
    pub(crate) fn git_for(&self, host: &str) -> Result<Git, ConfigError> {
        let mut settings = self.settings()?;
        settings.private_hosts.push(host.to_owned());
        settings.hosts = vec![host.to_owned()];
        Ok(Git::new(settings))
    }

    fn settings(&self) -> Result<git::Settings, ConfigError> {
        Ok(git::Settings {
            hosts: self.hosts.clone(),
            private_hosts: self.private_hosts.clone(),
            plain_hosts: self.plain_hosts.clone(),
            authorities: authorities("[repositories]", self.authorities_file.as_deref())?,
            ..git::Settings::default()
        })
    }
}

/// The certificate authorities of a file.
///
/// # Errors
/// When they cannot be read.
pub(super) fn authorities(place: &str, file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let Some(path) = file else { return Ok(Vec::new()) };
    let form = |message: String| {
        let message = format!("authorities_file {}: {message}", path.display());
        ConfigError::Form { place: place.to_owned(), message }
    };
    let pem = std::fs::read(path).map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let all = all.map_err(|error| form(error.to_string()))?;
    if all.is_empty() {
        return Err(form("it holds no certificate".to_owned()));
    }
    Ok(all)
}
