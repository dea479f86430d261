//! Which repository, of which host, and what the platform allows of it.

use base::Secret;
use net::{Rules, names};
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::time::Duration;

/// A repository of a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Remote {
    /// The host, with a port where it has one.
    pub host: String,
    /// The path on it: `owner/name`.
    pub path: String,
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

/// What is meant of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// The branch that its host shows first.
    #[default]
    Default,
    /// A branch, tag or commit.
    Named(String),
    /// A pull request by its number.
    Pull(u32),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default branch"),
            Self::Named(name) => write!(f, "branch, tag or commit {name}"),
            Self::Pull(number) => write!(f, "pull request {number}"),
        }
    }
}

impl Reference {
    /// The names of refs that may be it, the likelier first.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Default => vec!["HEAD".to_owned()],
            Self::Named(name) if name.starts_with("refs/") => vec![name.clone()],
            Self::Named(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
            Self::Pull(number) => ["pull", "merge-requests", "pull-requests"]
                .into_iter()
                .map(|kind| format!("refs/{kind}/{number}/{}", if kind == "pull-requests" { "from" } else { "head" }))
                .collect(),
        }
    }
}

/// A login at a host.
#[derive(Debug)]
pub struct Login {
    /// The user's name there.
    pub username: String,
    /// Their token or password.
    pub secret: Secret<String>,
}

/// What the platform allows.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hosts that are read; empty for any.
    pub hosts: Vec<String>,
    /// Hosts that are connected to though they are in a private network.
    pub private_hosts: Vec<String>,
    /// Hosts that are asked without TLS.
    pub plain_hosts: Vec<String>,
    /// Certificate authorities beside those of the system.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Bytes of one answer, and of what it unpacks to.
    pub most_bytes: usize,
    /// For one thing that is asked, with all its redirects.
    pub time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            private_hosts: Vec::new(),
            plain_hosts: Vec::new(),
            authorities: Vec::new(),
            most_bytes: 64 << 20,
            time: Duration::from_secs(10),
        }
    }
}

impl Settings {
    pub(crate) fn reads(&self, host: &str) -> bool {
        self.hosts.is_empty() || names(&self.hosts, host)
    }

    pub(crate) fn is_plain(&self, host: &str) -> bool {
        names(&self.plain_hosts, host)
    }

    /// Where its hosts may be.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            private_hosts: self.private_hosts.clone(),
            plain_hosts: self.plain_hosts.clone(),
            authorities: self.authorities.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn ac_02a_a_pull_request_is_found_by_the_refs_that_hosts_keep_for_it() {
        assert_eq!(
            Reference::Pull(7).names(),
            ["refs/pull/7/head", "refs/merge-requests/7/head", "refs/pull-requests/7/from"]
        );
        assert_eq!(Reference::Named("v1".into()).names(), ["refs/heads/v1", "refs/tags/v1"]);
        assert_eq!(Reference::Default.names(), ["HEAD"]);
    }
}
