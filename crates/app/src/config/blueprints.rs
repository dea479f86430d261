//! `[blueprints]`: those of the platform beside the objects of the cluster.

use super::{ConfigError, Repositories};
use base::Secret;
use git::{Login, Reference, Remote, Signer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use workspace::{Folder, Upstream};

/// `[blueprints]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Blueprints {
    /// A folder of files. It is watched: a set that is right takes the place of the one before at once, one that is not is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// A git repository of files, in the place of a folder: `https://git.example.org/platform/blueprints`. `[repositories]` says
    /// how hosts are reached. A commit that is right takes the place of the one before at once, one that is not is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
    /// Its branch, tag or commit; without one, the branch that its host shows first.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The folder in it; empty for all of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Minutes until it is looked at again. `POST /api/v1/blueprints/reload` looks at once.
    pub every_minutes: u32,
    /// Public keys, as OpenSSH writes them (Ed25519 or RSA): a commit counts only with a signature by one of them. Without any,
    /// none has to be signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
    /// A file with the token of whoever may read it, where not everybody may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The user name that its host wants beside the token.
    pub username: String,
    /// What `env()` reads in expressions. The environment of the process is not read.
    pub env: BTreeMap<String, String>,
}

impl Default for Blueprints {
    fn default() -> Self {
        Self {
            folder: None,
            git: None,
            reference: None,
            path: String::new(),
            every_minutes: 5,
            signers: Vec::new(),
            token_file: None,
            username: "git".to_owned(),
            env: BTreeMap::new(),
        }
    }
}

impl Blueprints {
    /// Reads the folder, where there is one; a repository is read later.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn open(&self, repositories: &Repositories) -> Result<Option<Folder>, ConfigError> {
        let wrong = |message: &str| ConfigError::Form { place: PLACE.to_owned(), message: message.to_owned() };
        match (&self.folder, &self.git) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(wrong("name a folder or a git repository, one of both")),
            (Some(path), None) => self.folder(path).map(Some),
            (None, Some(address)) => self.upstream(address, repositories).map(Folder::upstream).map(Some),
        }
    }

    /// Until a repository is looked at again.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.every_minutes.max(1)))
    }

    fn folder(&self, path: &Path) -> Result<Folder, ConfigError> {
        Folder::open(path, &self.env).map_err(|wrong| {
            let place = format!("{PLACE} folder {}", path.display());
            ConfigError::of(&place, wrong).unwrap_or(ConfigError::Several(Vec::new()))
        })
    }

    fn upstream(&self, address: &str, repositories: &Repositories) -> Result<Upstream, ConfigError> {
        let wrong = |message: String| ConfigError::Form { place: PLACE.to_owned(), message };
        let remote =
            remote(address, &repositories.plain_hosts).map_err(|why| wrong(format!("git {address:?}: {why}")))?;
        let signer = |line: &String| Signer::parse(line).map_err(|why| wrong(format!("signers: {line:?}: {why}")));
        let signers = self.signers.iter().map(signer).collect::<Result<_, _>>()?;
        let login = self.token_file.as_ref().map(|path| {
            let token = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Read { path: path.display().to_string(), source })?;
            Ok(Login { username: self.username.clone(), secret: Secret::new(token.trim().to_owned()) })
        });
        Ok(Upstream {
            git: repositories.git_for(&remote.host)?,
            reference: self.reference.clone().map_or(Reference::Default, Reference::Named),
            folder: self.path.trim_matches('/').to_owned(),
            login: login.transpose()?,
            signers,
            remote,
        })
    }
}

/// `https://HOST/PATH`; without TLS only where the host is listed for that.
fn remote(address: &str, plain: &[String]) -> Result<Remote, String> {
    let (scheme, rest) = address.split_once("://").ok_or("it begins with https://")?;
    let (host, path) = rest.split_once('/').ok_or("it names no repository")?;
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    if host.is_empty() || path.is_empty() || rest.contains(['@', '?', '#', ' ']) {
        return Err("it is https://HOST/PATH, without a user, a query or a fragment".to_owned());
    }
    match scheme {
        "https" => {}
        "http" if plain.iter().any(|one| one == host) => {}
        _ => return Err("https is asked for; hosts without TLS are listed in [repositories] plain_hosts".to_owned()),
    }
    Ok(Remote { host: host.to_owned(), path: path.to_owned() })
}

const PLACE: &str = "[blueprints]";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Blueprints, remote};
    use crate::config::Repositories;
    use std::time::Duration;

    #[test]
    fn bc_02g_a_repository_is_named_by_its_address_and_wrong_settings_say_what_is_wrong() {
        let plain = ["git.lab:8080".to_owned()];
        for (address, host, path) in [
            ("https://git.example.org/platform/blueprints", "git.example.org", "platform/blueprints"),
            ("https://git.example.org:8443/a/b/c.git/", "git.example.org:8443", "a/b/c"),
            ("http://git.lab:8080/a/b", "git.lab:8080", "a/b"),
        ] {
            let remote = remote(address, &plain).unwrap();
            assert_eq!((remote.host.as_str(), remote.path.as_str()), (host, path), "{address}");
        }
        for address in [
            "git.example.org/a/b",
            "https://git.example.org",
            "https://git.example.org/",
            "https://me:token@git.example.org/a/b",
            "https://git.example.org/a/b?x",
            "http://git.example.org/a/b",
            "ssh://git.example.org/a/b",
        ] {
            assert!(remote(address, &plain).is_err(), "{address}");
        }
        let wrong = |text: &str| {
            let settings: Blueprints = toml::from_str(text).unwrap();
            settings.open(&Repositories::default()).map(drop).unwrap_err().to_string()
        };
        let address = "git = \"https://git.example.org/a/b\"\n";
        assert!(wrong(&format!("{address}folder = \"/x\"")).contains("one of both"));
        assert!(wrong("git = \"nothing\"").contains("https://"));
        assert!(wrong(&format!("{address}signers = [\"ssh-dss AAAA\"]")).contains("signers"));
        assert!(wrong(&format!("{address}token_file = \"/nowhere/at/all\"")).contains("/nowhere/at/all"));
        let right: Blueprints = toml::from_str(&format!("{address}ref = \"v1\"\nevery_minutes = 0")).unwrap();
        assert_eq!(right.every(), Duration::from_secs(60), "never more often than once a minute");
        assert!(right.open(&Repositories::default()).unwrap().is_some());
    }
}
