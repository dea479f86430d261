//! The token file: people with their roles, and the digests of their tokens. Written by `qd serve token` alone, mode 0600.
//!
//! ```toml
//! [[person]]
//! name = "ada"
//! org = "lab"
//! roles = ["developer"]
//!
//! [[person.token]]
//! id = "5f0c2a91"
//! sha256 = "…64 hexadecimal digits…"
//! created = "2026-01-01T00:00:00Z"
//! expires = "2026-04-01T00:00:00Z"
//! ```

use crate::token::Token;
use base::{Code, Coded};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The people of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// In the order of the file.
    #[serde(default, rename = "person", skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Person>,
}

/// Somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name: the owner that their workspaces have.
    pub name: String,
    /// The organisation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub org: String,
    /// The roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The user that API servers are told; else the prefix of the configuration and the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The groups that API servers are told, beside those of the roles and the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Tokens.
    #[serde(default, rename = "token", skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Entry>,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// By which it is listed and revoked.
    pub id: String,
    /// SHA-256 of the token, 64 hexadecimal digits.
    pub sha256: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is no longer good.
    pub expires: Timestamp,
}

/// What is wrong with a token file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("the token file {path} cannot be read: {source}")]
    Read {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("the token file {path} cannot be written: {source}")]
    Write {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{place}: {message}")]
    Form {
        /// The file, with a line where one is known.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// There is nobody and nothing of this name.
    #[error("there is neither a token nor a person {what:?} in {path}: `qd serve token list` says which there are")]
    Unknown {
        /// What was asked for.
        what: String,
        /// The file.
        path: String,
    },
    /// The system gives no random bytes.
    #[error("no random bytes from the system: {0}")]
    NoRandom(getrandom::Error),
}

impl Coded for FileError {
    fn code(&self) -> Code {
        match self {
            Self::Read { .. } => Code::ReadFailed,
            Self::Write { .. } => Code::WriteFailed,
            Self::Form { .. } => Code::ConfigInvalid,
            Self::Unknown { .. } => Code::NotFound,
            Self::NoRandom(_) => Code::Internal,
        }
    }
}

impl File {
    /// Reads one.
    ///
    /// # Errors
    /// As [`FileError`] says: one that others may read is refused, too.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let place = path.display().to_string();
        let wrong = |source| FileError::Read { path: place.clone(), source };
        let about = std::fs::metadata(path).map_err(wrong)?;
        if !about.is_file() {
            return Err(FileError::Form { place, message: "it is no file".to_owned() });
        }
        if about.len() > MOST_BYTES {
            return Err(FileError::Form { place, message: format!("a token file has {MOST_BYTES} bytes at most") });
        }
        // Digests are no keys, but roles and names are what decides: nobody else writes them. A mounted Secret is
        // readable by its group, and written by nobody.
        if about.permissions().mode() & 0o022 != 0 {
            let message = "others may write it: `chmod 600` it".to_owned();
            return Err(FileError::Form { place, message });
        }
        let text = std::fs::read_to_string(path).map_err(wrong)?;
        Self::parse(&text, &place)
    }

    /// Takes the text of one apart.
    ///
    /// # Errors
    /// `Form`, with the place.
    pub fn parse(text: &str, place: &str) -> Result<Self, FileError> {
        let file: Self = toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            FileError::Form { place: format!("{place}, line {line}"), message: error.message().to_owned() }
        })?;
        file.check().map_err(|message| FileError::Form { place: place.to_owned(), message })?;
        Ok(file)
    }

    fn check(&self) -> Result<(), String> {
        let (mut names, mut ids, mut digests) = (HashSet::new(), HashSet::new(), HashSet::new());
        for person in &self.people {
            let Person { name, org, roles, user, groups, tokens } = person;
            if !is_name(name) {
                return Err(format!("{name:?} is no name of a person: {NAME}"));
            }
            if !names.insert(name) {
                return Err(format!("{name} is there twice"));
            }
            if let Some(word) = roles.iter().chain(Some(org).filter(|org| !org.is_empty())).find(|word| !is_name(word))
            {
                return Err(format!("{word:?}, of {name}, is no name of a role or organisation: {NAME}"));
            }
            if let Some(word) = user.iter().chain(groups).find(|word| !is_told(word)) {
                return Err(format!(
                    "{word:?}, of {name}, may not be told to an API server: one line of text, not of `system:`"
                ));
            }
            for token in tokens {
                if !ids.insert(&token.id) {
                    return Err(format!("the token {} is there twice", token.id));
                }
                let digest = token.digest().ok_or_else(|| format!("sha256 of the token {} is no SHA-256", token.id))?;
                if !digests.insert(digest) {
                    return Err(format!("the token {} is another one, too", token.id));
                }
            }
        }
        Ok(())
    }

    /// Writes it, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written; what was there stays.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let wrong = |source| FileError::Write { path: path.display().to_string(), source };
        // Lists of texts and times always have a form in TOML.
        let text = toml::to_string_pretty(self).map_err(|error| wrong(std::io::Error::other(error)))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let fresh = path.with_extension(format!("new-{}", std::process::id()));
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&fresh, path));
        if written.is_err() {
            // It may not have come to be at all.
            let _ = std::fs::remove_file(&fresh);
        }
        written.map_err(wrong)
    }

    /// Gives somebody a token, and makes them known where they are not. `person` says what they are; roles and organisation of
    /// somebody known change where it says any.
    ///
    /// # Errors
    /// When something of it may not be, or the system gives no random bytes.
    pub fn add(&mut self, person: Person, now: Timestamp, life: SignedDuration) -> Result<(String, Token), FileError> {
        let token = Token::new().map_err(FileError::NoRandom)?;
        let mut id = [0_u8; 4];
        getrandom::fill(&mut id).map_err(FileError::NoRandom)?;
        let id = hex::encode(id);
        let invalid = |message: String| FileError::Form { place: person.name.clone(), message };
        let expires = now.checked_add(life).map_err(|error| invalid(error.to_string()))?;
        let entry = Entry { id: id.clone(), sha256: hex::encode(token.digest()), created: now, expires };
        let mut next = self.clone();
        let at = next.people.iter().position(|known| known.name == person.name).unwrap_or(next.people.len());
        if at == next.people.len() {
            next.people.push(Person { name: person.name.clone(), ..Person::default() });
        }
        if let Some(known) = next.people.get_mut(at) {
            let Person { org, roles, user, groups, .. } = person.clone();
            if !org.is_empty() {
                known.org = org;
            }
            if !roles.is_empty() {
                known.roles = roles;
            }
            if !groups.is_empty() {
                known.groups = groups;
            }
            known.user = user.or_else(|| known.user.take());
            known.tokens.push(entry);
        }
        next.check().map_err(invalid)?;
        *self = next;
        Ok((id, token))
    }

    /// Takes a token away by its id, or all of somebody by their name; how many.
    pub fn revoke(&mut self, what: &str) -> usize {
        let count = |file: &Self| file.people.iter().map(|person| person.tokens.len()).sum::<usize>();
        let before = count(self);
        for person in &mut self.people {
            if person.name == what {
                person.tokens.clear();
            }
            person.tokens.retain(|token| token.id != what);
        }
        before - count(self)
    }
}

impl Entry {
    pub(crate) fn digest(&self) -> Option<[u8; 32]> {
        hex::decode(&self.sha256).ok()?.try_into().ok()
    }
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    (1..=63).contains(&text.len()) && text.bytes().all(fits) && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Who and what may be named to an API server. What Kubernetes keeps for itself nobody is made by a file.
fn is_told(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 256
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.starts_with("system:")
}

const NAME: &str = "1 to 63 of a-z, 0-9, `-`, `_` and `.`, the first a letter or digit";
const MOST_BYTES: u64 = 4 << 20;

#[cfg(test)]
mod tests;
