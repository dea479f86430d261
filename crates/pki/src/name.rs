//! The names in certificates.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The trust domain: all that one authority certifies.
    pub trust: String,
    /// What of it.
    pub kind: Kind,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The daemon of a workspace, by the uid of its object.
    Workspace(String),
    /// A part of the gateway: `gateway`, `operator`.
    Role(String),
}

impl Name {
    /// Of a workspace's daemon.
    #[must_use]
    pub fn workspace(trust: &str, uid: &str) -> Self {
        Self { trust: trust.to_owned(), kind: Kind::Workspace(uid.to_owned()) }
    }

    /// Of a role.
    #[must_use]
    pub fn role(trust: &str, role: &str) -> Self {
        Self { trust: trust.to_owned(), kind: Kind::Role(role.to_owned()) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Workspace(uid) => write!(f, "qd://{}/workspace/{uid}", self.trust),
            Kind::Role(role) => write!(f, "qd://{}/role/{role}", self.trust),
        }
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Name(text.chars().take(200).collect());
        let parts: Vec<&str> = text.strip_prefix("qd://").ok_or_else(wrong)?.split('/').collect();
        let [trust, kind, word] = parts.as_slice() else { return Err(wrong()) };
        let fits = |word: &str| {
            !word.is_empty()
                && word.len() <= 100
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if !fits(trust) || !fits(word) {
            return Err(wrong());
        }
        match *kind {
            "workspace" => Ok(Self::workspace(trust, word)),
            "role" => Ok(Self::role(trust, word)),
            _ => Err(wrong()),
        }
    }
}
