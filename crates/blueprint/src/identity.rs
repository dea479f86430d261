//! Canonical ids: the name that a workspace has in Kubernetes, computed from who it belongs to and what it is of.
//!
//! The id is a DNS label of at most 52 characters, so that names of pods, services and hosts (`PORT--ID`) made from it fit.
//! Equal keys are equal workspaces; OS user, pod and container are not part of a key.

#[cfg(test)]
mod tests;

use crate::userstr::{Revision, Target, UserString, Workload};
use sha2::{Digest as _, Sha256};

/// Whether the host of a repository takes names of another case for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoCase {
    /// It does: owner and name are folded.
    Folds,
    /// It does not.
    Keeps,
}

/// The ref that a pull request stands for is not known yet: ask the provider, then give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pull request {0} is not resolved to a ref yet")]
pub struct Unresolved(pub u32);

/// What makes a workspace the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    user: String,
    owner: Option<String>,
    repo: Option<String>,
    reference: Option<String>,
    blueprint: Option<String>,
    workload: Option<(&'static str, String)>,
    namespace: Option<String>,
    cluster: Option<String>,
}

impl Key {
    /// The key of a user string. `pull_ref` is the ref of its pull request, where it names one.
    ///
    /// # Errors
    /// When it names a pull request and no ref is given.
    pub fn of(user: &UserString, case: RepoCase, pull_ref: Option<&str>) -> Result<Self, Unresolved> {
        let mut key = Self {
            user: user.user().to_owned(),
            owner: None,
            repo: None,
            reference: None,
            blueprint: None,
            workload: None,
            namespace: None,
            cluster: user.cluster().map(str::to_owned),
        };
        match user.target() {
            Target::Default => {}
            Target::Blueprint { name, workload } => {
                key.blueprint = Some(name.clone());
                key.set_workload(workload.as_ref());
            }
            Target::Pod { namespace, .. } => key.namespace.clone_from(namespace),
            Target::Repo { owner, name, revision, workload } => {
                let cased = |text: &str| match case {
                    RepoCase::Folds => text.to_ascii_lowercase(),
                    RepoCase::Keeps => text.to_owned(),
                };
                key.owner = Some(cased(owner));
                key.repo = Some(cased(name));
                key.reference = match revision {
                    Revision::Default => None,
                    Revision::Ref(reference) => Some(reference.clone()),
                    Revision::Pull(number) => Some(pull_ref.ok_or(Unresolved(*number))?.to_owned()),
                };
                key.set_workload(workload.as_ref());
            }
        }
        Ok(key)
    }

    fn set_workload(&mut self, workload: Option<&Workload>) {
        if let Some(workload) = workload {
            self.workload = Some((workload.kind.as_str(), workload.name.clone()));
            self.namespace = Some(workload.namespace.clone());
        }
    }

    /// The bytes that are hashed: `qd1`, then NUL, tag, `=`, length, `:`, value for each field that is there.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let fields = [
            ('u', Some(self.user.as_str())),
            ('o', self.owner.as_deref()),
            ('n', self.repo.as_deref()),
            ('r', self.reference.as_deref()),
            ('b', self.blueprint.as_deref()),
            ('k', self.workload.as_ref().map(|(kind, _)| *kind)),
            ('w', self.workload.as_ref().map(|(_, name)| name.as_str())),
            ('s', self.namespace.as_deref()),
            ('c', self.cluster.as_deref()),
        ];
        let mut bytes = b"qd1".to_vec();
        for (tag, value) in fields {
            if let Some(value) = value {
                bytes.extend_from_slice(format!("\0{tag}={}:{value}", value.len()).as_bytes());
            }
        }
        bytes
    }

    /// The canonical id: a slug of the user, then 128 bits of SHA-256 of the key.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.bytes());
        format!("{}-{}", slug(&self.user), base32(digest.get(..16).unwrap_or_default()))
    }

    /// The ids by which K8shell knew the same workspace: its documents hash the namespace, its code did not. For looking up
    /// imported workspaces alone; two that are found are an error, never a choice.
    #[must_use]
    pub fn legacy_ids(&self) -> Vec<String> {
        let mut fields = vec![format!("u={}", self.user)];
        if let (Some(owner), Some(repo)) = (&self.owner, &self.repo) {
            fields.push(format!("r={owner}/{repo}"));
        }
        fields.extend(self.reference.as_ref().map(|reference| format!("ref={reference}")));
        fields.extend(self.blueprint.as_ref().map(|blueprint| format!("bp={blueprint}")));
        fields.extend(self.workload.as_ref().map(|(kind, name)| format!("workload={kind}/{name}")));
        let mut ids = vec![self.legacy(&fields)];
        if let Some(namespace) = &self.namespace {
            fields.push(format!("ns={namespace}"));
            ids.push(self.legacy(&fields));
        }
        ids
    }

    fn legacy(&self, fields: &[String]) -> String {
        let digest = hex::encode(Sha256::digest(fields.join("|")));
        format!("{}-{}", self.user, digest.get(..7).unwrap_or_default())
    }
}

/// The user as the first part of a DNS label: at most 25 characters.
fn slug(user: &str) -> String {
    let mut slug = String::with_capacity(user.len() + 2);
    for byte in user.bytes() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() {
            slug.push(char::from(byte));
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-');
    let slug = if slug.starts_with(|c: char| c.is_ascii_digit()) { format!("u-{slug}") } else { slug.to_owned() };
    slug.get(..25).unwrap_or(&slug).trim_matches('-').to_owned()
}

/// Lower-case base32 (RFC 4648) without padding.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push_digit(bits >> held, &mut text);
        }
    }
    if held > 0 {
        push_digit(bits << (5 - held), &mut text);
    }
    text
}

fn push_digit(bits: u32, text: &mut String) {
    text.extend(b"abcdefghijklmnopqrstuvwxyz234567".get((bits & 31) as usize).map(|byte| char::from(*byte)));
}
