//! `[registries]`: which registries are asked what their images say.

use super::ConfigError;
use super::repositories::authorities;
use registry::{Registry, Settings};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[registries]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registries {
    /// They are asked at all.
    pub read: bool,
    /// The registries that are asked, each with its port where it has one; any, when there are none here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Registries and their token services that may be in a private network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_hosts: Vec<String>,
    /// Registries that are asked without TLS, and never with a login.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plain_hosts: Vec<String>,
    /// A file with certificate authorities of registries, beside those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
}

impl Default for Registries {
    fn default() -> Self {
        let (hosts, private_hosts, plain_hosts) = (Vec::new(), Vec::new(), Vec::new());
        Self { read: true, hosts, private_hosts, plain_hosts, authorities_file: None }
    }
}

impl Registries {
    /// What asks them; nothing where none are asked.
    ///
    /// # Errors
    /// When the authorities cannot be read.
    pub(crate) fn reader(&self) -> Result<Option<Registry>, ConfigError> {
        if !self.read {
            return Ok(None);
        }
        let rules = net::Rules {
            private_hosts: self.private_hosts.clone(),
            plain_hosts: self.plain_hosts.clone(),
            authorities: authorities("[registries]", self.authorities_file.as_deref())?,
        };
        Ok(Some(Registry::new(Settings { registries: self.hosts.clone(), rules, ..Settings::default() })))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Registries;

    #[test]
    fn wo_08g_registries_are_asked_unless_the_configuration_says_otherwise() {
        assert!(Registries::default().reader().unwrap().is_some());
        assert!(Registries { read: false, ..Registries::default() }.reader().unwrap().is_none());
        let missing = Registries { authorities_file: Some("/nowhere/ca.pem".into()), ..Registries::default() };
        assert!(missing.reader().unwrap_err().to_string().contains("/nowhere/ca.pem"));
    }
}
