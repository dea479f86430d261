//! Credentials for programs of a workspace: from a Secret of its namespace that an administrator made for its owner, and tokens
//! of the cluster that are made when somebody asks.
//!
//! The Secret is named by [`name_of`] and carries the owner in an annotation, since names may be alike. Its keys are `git.HOST`,
//! `registry.HOST` and `kubernetes`; each value is JSON.

use super::{Answer, Who, failed, no};
use crate::acts::narrow;
use crate::key::OWNER;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalog::Kind;
use cluster::{Cluster, Error, Target};
use link::Asked;
use policy::Permit;
use policy::action::WorkspaceAsk;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) service: &'static str,
    /// Without a scheme and a path.
    pub(super) host: String,
}

impl Wanted {
    /// Reads a question; of one for no credentials it is empty.
    pub(super) fn of(asked: &Asked) -> Result<Self, &'static str> {
        if asked.ask != "credentials" {
            return Ok(Self::default());
        }
        let text = |name: &str| asked.with.get(name).and_then(Value::as_str).unwrap_or_default();
        let service = match text("service") {
            "git" => "git",
            "registry" => "registry",
            "kubernetes" => return Ok(Self { service: "kubernetes", host: String::new() }),
            _ => return Err("credentials are for git, registry or kubernetes"),
        };
        let host = text("host").split_once("://").map_or(text("host"), |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let fits = |one: char| one.is_ascii_alphanumeric() || "-.:".contains(one);
        let begins = host.starts_with(|one: char| one.is_ascii_alphanumeric());
        if !begins || host.len() > MAX_HOST || !host.chars().all(fits) {
            return Err("the host that credentials are for is missing, or no host");
        }
        Ok(Self { service, host })
    }

    /// The key in the Secret, in which a colon cannot stand.
    fn key(&self) -> String {
        match self.service {
            "kubernetes" => self.service.to_owned(),
            service => format!("{service}.{}", self.host.replace(':', "_")),
        }
    }
}

/// A login that is kept.
#[derive(Deserialize)]
struct Login {
    username: String,
    secret: String,
    /// RFC 3339.
    #[serde(default)]
    expires: String,
}

/// An account of the cluster whose tokens the user may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    service_account: String,
    #[serde(default)]
    audience: String,
}

/// Finds them.
pub(super) async fn find(cluster: &Cluster, permit: &Permit<WorkspaceAsk>, who: &Who, wanted: &Wanted) -> Answer {
    let acting = cluster.acting(permit);
    let (Some(secrets), Some(accounts)) = (Kind::builtin("secrets"), Kind::builtin("serviceaccounts")) else {
        return no(500, "internal", "the cluster's kinds are not known");
    };
    let name = name_of(&who.owner);
    let target = Target { kind: &secrets, namespace: &who.key.namespace, name: &name };
    let secret = match acting.get(target, "").await {
        Ok(secret) => secret,
        Err(Error::NotFound { .. }) => return none(wanted),
        Err(error) => return failed(&narrow(error, &who.key.namespace, &who.key.name)),
    };
    let Some(value) = value(&secret, &who.owner, &wanted.key()) else { return none(wanted) };
    let broken = || no(502, "invalid", format!("the credentials for {} that are kept cannot be read", words(wanted)));
    if wanted.service != "kubernetes" {
        let Ok(login) = serde_json::from_slice::<Login>(&value) else { return broken() };
        let expires_ms = login.expires.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
        let mut told = json!({ "host": wanted.host, "username": login.username, "secret": login.secret });
        if let (Some(told), Some(ms)) = (told.as_object_mut(), expires_ms) {
            told.insert("expires_ms".to_owned(), ms.into());
        }
        return (200, told);
    }
    let Ok(account) = serde_json::from_slice::<Account>(&value) else { return broken() };
    let target = Target { kind: &accounts, namespace: &who.key.namespace, name: &account.service_account };
    match acting.token(target, &account.audience, TOKEN_S).await {
        Ok(made) => {
            let text = |name: &str| made.pointer(name).and_then(Value::as_str).unwrap_or_default();
            (200, json!({ "secret": text("/status/token"), "expires": text("/status/expirationTimestamp") }))
        }
        Err(error) => failed(&narrow(error, &who.key.namespace, &who.key.name)),
    }
}

fn none(wanted: &Wanted) -> Answer {
    no(404, "not_found", format!("there are no credentials for {} for you", words(wanted)))
}

fn words(wanted: &Wanted) -> String {
    [wanted.service, &wanted.host].join(" ").trim_end().to_owned()
}

/// A value of the Secret, if it is this owner's.
fn value(secret: &Value, owner: &str, key: &str) -> Option<Zeroizing<Vec<u8>>> {
    let annotations = secret.pointer("/metadata/annotations")?;
    if annotations.get(OWNER).and_then(Value::as_str) != Some(owner) {
        return None;
    }
    STANDARD.decode(secret.get("data")?.get(key)?.as_str()?).ok().map(Zeroizing::new)
}

/// The owner's login at a host of repositories.
pub(crate) fn git_login(secret: &Value, owner: &str, host: &str) -> Option<git::Login> {
    let wanted = Wanted { service: "git", host: host.to_owned() };
    let login: Login = serde_json::from_slice(&value(secret, owner, &wanted.key())?).ok()?;
    Some(git::Login { username: login.username, secret: base::Secret::new(login.secret) })
}

/// The name of the Secret of an owner: the owner's own where that can be one.
pub(crate) fn name_of(owner: &str) -> String {
    let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
    let edge = |one: Option<&u8>| one.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = owner.as_bytes();
    if owner.len() <= 40 && bytes.iter().copied().all(plain) && edge(bytes.first()) && edge(bytes.last()) {
        return format!("quarterdeck-credentials-{owner}");
    }
    let digest = hex::encode(Sha256::digest(bytes));
    format!("quarterdeck-credentials-{}", digest.get(..16).unwrap_or_default())
}

/// Seconds that a token of the cluster is good for: the shortest that API servers give.
const TOKEN_S: u32 = 600;
const MAX_HOST: usize = 200;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Wanted, name_of, value};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use link::Asked;
    use serde_json::{Value, json};

    fn asked(with: Value) -> Asked {
        Asked { id: 1, ask: "credentials".to_owned(), with }
    }

    #[test]
    fn ac_74c_what_is_wanted_is_a_service_and_a_host_and_nothing_else() {
        let key = |service: &str, host: &str| {
            Wanted::of(&asked(json!({ "service": service, "host": host }))).map(|wanted| wanted.key())
        };
        assert_eq!(key("git", "GitHub.com").unwrap(), "git.github.com");
        assert_eq!(key("registry", "https://index.docker.io/v1/").unwrap(), "registry.index.docker.io");
        assert_eq!(key("registry", "127.0.0.1:5000").unwrap(), "registry.127.0.0.1_5000");
        assert_eq!(key("kubernetes", "any").unwrap(), "kubernetes");
        for (service, host) in [("git", ""), ("git", "a b"), ("git", "../x"), ("vault", "x"), ("registry", "a_b")] {
            assert!(key(service, host).is_err(), "{service} {host}");
        }
    }

    #[test]
    fn ac_74d_a_secret_is_read_for_the_owner_alone_that_it_names() {
        assert_eq!(name_of("ada"), "quarterdeck-credentials-ada");
        assert_ne!(name_of("Ada"), name_of("ada"));
        assert!(name_of("ada@example.org").len() < 63 && !name_of("ada@example.org").contains('@'));
        let secret = json!({
            "metadata": { "annotations": { "quarterdeck.dev/owner": "ada" } },
            "data": { "git.example.org": STANDARD.encode("{}") },
        });
        assert_eq!(value(&secret, "ada", "git.example.org").unwrap().as_slice(), b"{}");
        assert!(value(&secret, "eve", "git.example.org").is_none());
        assert!(value(&secret, "ada", "git.example.com").is_none());
        assert!(value(&json!({ "data": { "git.example.org": "e30=" } }), "ada", "git.example.org").is_none());
    }
}
