//! Addresses of git repositories, as people copy them. Parsed once; what names no repository, or holds a password, is refused.

use super::LaunchError;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// A repository that a workspace is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// Its host, with a port where it has one; empty for the platform's.
    pub host: String,
    /// Whose it is; a path where the host has groups in groups.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// A branch, tag or commit; empty for the usual one.
    pub reference: String,
    /// Instead: the number of a pull request.
    pub pull: Option<u32>,
}

impl Repository {
    /// Reads an address: `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name.git`, `host/owner/name`,
    /// `owner/name`, each with `#ref` behind it; or the page of a branch or a pull request.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(address: &str) -> Result<Self, LaunchError> {
        let wrong = |why: &str| LaunchError::Open(format!("{address:?} is no address of a repository: {why}"));
        let text = address.trim();
        if text.len() > LONGEST || text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(wrong("it is too long, or has blanks in it"));
        }
        let (text, reference) = text.split_once('#').unwrap_or((text, ""));
        if text.contains('?') {
            return Err(wrong("it has a query"));
        }
        let (whole, rest) = match text.split_once("://") {
            Some(("https" | "http" | "ssh" | "git", rest)) => (true, rest),
            Some(_) => return Err(wrong("only https, http, ssh and git lead to one")),
            None => (false, text),
        };
        let (login, rest) = match rest.split_once('@') {
            Some((login, rest)) if !login.contains('/') => (login, rest),
            _ => ("", rest),
        };
        if login.contains(':') {
            return Err(wrong("leave the password out of it: whoever may read the workspace would read it"));
        }
        let (host, path) = match rest.split_once(':') {
            // git@host:owner/name
            Some((host, path)) if !whole && !host.contains('/') && !host.is_empty() => (host.to_owned(), path),
            _ => match rest.split_once('/') {
                Some((host, path)) if whole || host.contains('.') || host.contains(':') => (host.to_owned(), path),
                _ => (String::new(), rest),
            },
        };
        if !login.is_empty() && host.is_empty() {
            return Err(wrong("it names nobody's host"));
        }
        let mut found = Self { host: host.to_lowercase(), ..Self::default() };
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        found.page(&mut parts).ok_or_else(|| wrong("it is the page of something else"))?;
        if !reference.is_empty() {
            (found.reference, found.pull) = (reference.to_owned(), None);
        }
        let name = parts.pop().unwrap_or_default();
        found.name = name.strip_suffix(".git").unwrap_or(name).to_owned();
        found.owner = parts.join("/");
        let plain = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !part.is_empty() && part.chars().all(known) && !part.starts_with(['.', '-']) && !part.contains("..")
        };
        if !plain(&found.name) || !found.owner.split('/').all(plain) {
            return Err(wrong("it ends in the owner and the name: https://host/owner/name"));
        }
        let port = found.host.split_once(':').map_or("1", |(_, port)| port);
        let label = found.host.split(':').next().unwrap_or_default();
        if !found.host.is_empty() && (!plain(label) || port.parse::<u16>().is_err()) {
            return Err(wrong("the host is none"));
        }
        if !found.reference.is_empty() && !is_reference(&found.reference) {
            return Err(wrong("what stands behind # is no branch, tag or commit"));
        }
        Ok(found)
    }

    /// Takes off what pages of a repository have behind its name.
    fn page(&mut self, parts: &mut Vec<&str>) -> Option<()> {
        let at = parts.iter().position(|part| matches!(*part, "tree" | "pull" | "merge_requests" | "-"));
        let Some(at) = at.filter(|at| *at >= 2 && !self.host.is_empty()) else { return Some(()) };
        let behind: Vec<&str> = parts.drain(at..).filter(|part| *part != "-").collect();
        match behind.as_slice() {
            ["tree", reference @ ..] if !reference.is_empty() => self.reference = reference.join("/"),
            ["pull" | "merge_requests", number, ..] => self.pull = Some(number.parse().ok().filter(|one| *one > 0)?),
            _ => return None,
        }
        Some(())
    }

    /// As `spec.source` has it.
    #[must_use]
    pub fn source(&self) -> Value {
        let texts =
            [("host", &self.host), ("owner", &self.owner), ("name", &self.name), ("ref", &self.reference)].into_iter();
        let texts = texts.filter(|(_, text)| !text.is_empty());
        let mut repo: Map<String, Value> =
            texts.map(|(key, text)| (key.to_owned(), Value::from(text.as_str()))).collect();
        if let Some(number) = self.pull {
            repo.insert("pullRequest".to_owned(), number.into());
        }
        json!({ "repo": repo })
    }

    /// The user string of the workspace that this user has for it.
    pub(super) fn user_string(&self, user: &str) -> String {
        let mut text = format!("{user}~repo={}", escaped(&format!("{}/{}", self.owner, self.name)));
        // Writing to a String cannot fail.
        let _ = match (self.pull, self.reference.as_str()) {
            (Some(number), _) => write!(text, "+pr={number}"),
            (None, "") => Ok(()),
            (None, reference) => write!(text, "+ref={}", escaped(reference)),
        };
        text
    }
}

/// A value of a user string.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"._-/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// What git takes for the name of a ref, or for a commit.
fn is_reference(text: &str) -> bool {
    text.len() <= 255
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c))
        && !text.starts_with(['-', '/'])
        && !text.ends_with(['/', '.'])
}

const LONGEST: usize = 1024;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::Repository;
    use crate::launch::Said;
    use serde_json::json;

    #[test]
    fn wl_01d_addresses_of_repositories_as_people_copy_them() {
        let table = [
            ("https://git.example/org/proj", ("git.example", "org", "proj", "", None)),
            ("https://git.example/org/proj.git#v1.2", ("git.example", "org", "proj", "v1.2", None)),
            ("https://git.example:8443/group/sub/proj/", ("git.example:8443", "group/sub", "proj", "", None)),
            ("ssh://git@Git.Example/org/proj.git", ("git.example", "org", "proj", "", None)),
            ("git@git.example:org/proj.git", ("git.example", "org", "proj", "", None)),
            ("git.example/org/proj", ("git.example", "org", "proj", "", None)),
            ("org/proj#feature/x", ("", "org", "proj", "feature/x", None)),
            ("https://git.example/org/proj/tree/feature/x", ("git.example", "org", "proj", "feature/x", None)),
            ("https://git.example/org/proj/pull/7/files", ("git.example", "org", "proj", "", Some(7))),
            ("https://git.example/g/s/proj/-/merge_requests/9", ("git.example", "g/s", "proj", "", Some(9))),
        ];
        for (address, (host, owner, name, reference, pull)) in table {
            let found = Repository::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
            let (host, owner) = (host.to_owned(), owner.to_owned());
            let wanted = Repository { host, owner, name: name.to_owned(), reference: reference.to_owned(), pull };
            assert_eq!(found, wanted, "{address}");
        }
    }

    #[test]
    fn wl_01e_what_names_no_repository_or_has_a_password_is_refused() {
        for address in [
            "",
            "proj",
            "https://git.example/proj",
            "https://ada:secret@git.example/org/proj",
            "file:///etc/passwd",
            "ext::sh -c id",
            "https://git.example/../proj",
            "org/proj#a..b",
            "org/proj#-x",
            "org/pr oj",
            "-o/proj",
            "https://git.example/org/proj?ref=x",
            "git@/org/proj",
            "https://host:99999/org/proj",
            "https://git.example/org/proj/pull/x",
        ] {
            assert!(Repository::parse(address).is_err(), "{address}");
        }
    }

    #[test]
    fn wl_01f_a_repository_without_a_name_is_the_user_string_of_it() {
        let found = Repository::parse("https://git.example/org/proj#Feature/X").unwrap();
        let meant = Said::repository(&found, "dev1").unwrap().meant(None).unwrap();
        assert_eq!(meant.name, "dev1-wpsbexka6iws37cz75x7lawzpi", "the name that the spec has for it");
        let repo = json!({ "host": "git.example", "owner": "org", "name": "proj", "ref": "Feature/X" });
        assert_eq!(meant.source, Some(json!({ "repo": repo })));
        // What a pull request leads to is asked for first.
        let pull = Repository::parse("https://git.example/org/proj/pull/7").unwrap();
        let said = Said::repository(&pull, "dev1").unwrap();
        assert_eq!(said.pull(), Some(&pull.source()));
        assert_eq!(said.pull().unwrap()["repo"]["pullRequest"], 7);
        assert!(said.clone().meant(None).is_err());
        let meant = said.meant(Some("refs/pull/7/head")).unwrap();
        let same = Said::new("dev1~repo=org/proj+ref=refs/pull/7/head").unwrap().meant(None).unwrap();
        assert_eq!((meant.name, meant.source), (same.name, Some(pull.source())));
    }
}
