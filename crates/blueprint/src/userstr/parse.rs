//! Bytes to a [`UserString`].

use super::{Error, ErrorKind, Revision, Target, UserString, Workload, WorkloadKind};
use crate::names::is_label;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(super) fn parse(raw: &str) -> Result<UserString, Error> {
    if raw.len() > RAW_MAX {
        return error(ErrorKind::TooLong, RAW_MAX, format!("a user string has at most {RAW_MAX} bytes"));
    }
    printable(raw.as_bytes())?;
    let Some(wrapped) = unprefixed(raw.trim()) else { return plain(raw) };
    let bytes = URL_SAFE_NO_PAD
        .decode(wrapped)
        .map_err(|_| fault(ErrorKind::Charset, 0, "after `b64-` comes base64url without padding"))?;
    printable(&bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| fault(ErrorKind::Charset, 0, "the wrapped text is not ASCII"))?;
    if unprefixed(text.trim()).is_some() {
        return error(ErrorKind::Nested, 0, "a wrapped user string is unwrapped once".to_owned());
    }
    plain(&text)
}

fn unprefixed(text: &str) -> Option<&str> {
    ["b64-", "base64-"].iter().find_map(|prefix| text.strip_prefix(prefix))
}

fn printable(bytes: &[u8]) -> Result<(), Error> {
    match bytes.iter().position(|byte| !(0x20..=0x7e).contains(byte)) {
        Some(at) => error(ErrorKind::Charset, at, "only printable ASCII may stand here".to_owned()),
        None => Ok(()),
    }
}

fn plain(text: &str) -> Result<UserString, Error> {
    if text.len() > PLAIN_MAX {
        return error(ErrorKind::TooLong, PLAIN_MAX, format!("a plain user string has at most {PLAIN_MAX} bytes"));
    }
    let lead = text.len() - text.trim_start().len();
    let text = text.trim();
    let (user, target) = text.split_once('~').unwrap_or((text, ""));
    let target_at = lead + user.len() + 1 + (target.len() - target.trim_start().len());
    let user = user_name(user.trim_end(), lead)?;
    let mut fields = Fields::default();
    let mut at = target_at;
    for (index, segment) in target.trim().split('+').enumerate() {
        match segment.split_once('=') {
            Some((key, value)) => fields.put(key, value, at)?,
            None if index == 0 && segment.is_empty() && target.trim().is_empty() => {}
            None if index == 0 => fields.blueprint = Some(label(segment, at, 40, "a blueprint's name")?),
            None => return error(ErrorKind::Charset, at, "`key=value` is expected".to_owned()),
        }
        at += segment.len() + 1;
    }
    fields.form(user, target_at.min(lead + text.len()))
}

/// What was given, by key, before the rules of forms.
#[derive(Default)]
struct Fields {
    blueprint: Option<String>,
    repo: Option<(Option<String>, String)>,
    reference: Option<String>,
    pull: Option<u32>,
    pod: Option<String>,
    namespace: Option<String>,
    container: Option<String>,
    workload: Option<(WorkloadKind, String)>,
    os_user: Option<String>,
    cluster: Option<String>,
}

impl Fields {
    fn put(&mut self, key: &str, raw: &str, at: usize) -> Result<(), Error> {
        let key_at = at;
        let at = at + key.len() + 1;
        match key.trim().to_ascii_lowercase().as_str() {
            "repo" => once(&mut self.repo, repo(&decoded(raw, at)?, at)?, key_at),
            "ref" => once(&mut self.reference, reference(decoded(raw, at)?, at)?, key_at),
            "pr" => once(&mut self.pull, pull(&decoded(raw, at)?, at)?, key_at),
            "pod" => once(&mut self.pod, subdomain(&decoded(raw, at)?, at, "a pod's name")?, key_at),
            "ns" => once(&mut self.namespace, label(&decoded(raw, at)?, at, 63, "a namespace")?, key_at),
            "container" => once(&mut self.container, label(&decoded(raw, at)?, at, 63, "a container's name")?, key_at),
            "workload" => once(&mut self.workload, workload(&decoded(raw, at)?, at)?, key_at),
            "user" => once(&mut self.os_user, os_user(&decoded(raw, at)?, at)?, key_at),
            "cluster" => once(&mut self.cluster, subdomain(&decoded(raw, at)?, at, "a cluster's name")?, key_at),
            _ => error(
                ErrorKind::UnknownKey,
                key_at,
                format!("no such key: {key}; one of repo, ref, pr, workload, ns, pod, container, user, cluster"),
            ),
        }
    }

    fn form(self, user: String, at: usize) -> Result<UserString, Error> {
        let conflict = |text: &str| error(ErrorKind::Conflict, at, text.to_owned());
        if self.reference.is_some() && self.pull.is_some() {
            return conflict("`ref` and `pr` exclude each other");
        }
        if self.repo.is_none() && (self.reference.is_some() || self.pull.is_some()) {
            return conflict("`ref` and `pr` need `repo`");
        }
        if self.blueprint.is_some() && (self.repo.is_some() || self.pod.is_some()) {
            return conflict("a blueprint's name, `repo` and `pod` exclude each other");
        }
        if self.pod.is_some() && (self.repo.is_some() || self.workload.is_some()) {
            return conflict("`pod` goes with neither `repo` nor `workload`");
        }
        if self.container.is_some() && self.pod.is_none() {
            return conflict("`container` needs `pod`");
        }
        let target = if let Some(pod) = self.pod {
            Target::Pod { pod, namespace: self.namespace, container: self.container }
        } else {
            let workload = match (self.workload, self.namespace) {
                (Some((kind, name)), Some(namespace)) => Some(Workload { kind, name, namespace }),
                (None, None) => None,
                _ => return conflict("`workload` and `ns` are given together"),
            };
            match (self.blueprint, self.repo) {
                (Some(name), _) => Target::Blueprint { name, workload },
                (None, Some((owner, name))) => {
                    let revision = match (self.reference, self.pull) {
                        (Some(reference), _) => Revision::Ref(reference),
                        (None, Some(number)) => Revision::Pull(number),
                        (None, None) => Revision::Default,
                    };
                    Target::Repo { owner: owner.unwrap_or_else(|| user.clone()), name, revision, workload }
                }
                (None, None) if workload.is_some() => {
                    return conflict("`workload` needs a blueprint's name or `repo`");
                }
                (None, None) if self.os_user.is_some() => {
                    return conflict("`user` needs a blueprint's name, `repo` or `pod`");
                }
                (None, None) => Target::Default,
            }
        };
        Ok(UserString { user, target, os_user: self.os_user, cluster: self.cluster })
    }
}

fn once<T>(slot: &mut Option<T>, value: T, at: usize) -> Result<(), Error> {
    if slot.replace(value).is_some() {
        return error(ErrorKind::DuplicateKey, at, "a key is given once".to_owned());
    }
    Ok(())
}

/// A value without its escapes: a raw `~` reads `/`, then `%HH` is decoded, once.
fn decoded(raw: &str, at: usize) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let here = at + raw.len() - rest.len();
        rest = tail;
        bytes.push(match first {
            b'~' => b'/',
            b'@' | b'=' => {
                return error(ErrorKind::Charset, here, "`@`, `+` and `=` are written `%HH` in values".into());
            }
            b'%' => {
                let byte = tail.get(..2).and_then(|pair| {
                    let digits = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
                    u8::from_str_radix(digits, 16).ok()
                });
                rest = tail.get(2..).unwrap_or_default();
                byte.ok_or_else(|| fault(ErrorKind::Charset, here, "after `%` come two hexadecimal digits"))?
            }
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| fault(ErrorKind::Charset, at, "the value is not UTF-8"))?;
    if text.is_empty() {
        return error(ErrorKind::Charset, at, "a value has at least one byte".to_owned());
    }
    if text.contains("..") || text.contains('\\') || text.chars().any(char::is_control) {
        return error(ErrorKind::Charset, at, "`..`, `\\` and control characters may not stand in values".to_owned());
    }
    Ok(text)
}

fn user_name(text: &str, at: usize) -> Result<String, Error> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !begins || !text.bytes().all(good) {
        let wrong = if begins { text.bytes().position(|byte| !good(byte)).unwrap_or(0) } else { 0 };
        return error(
            ErrorKind::Charset,
            at + wrong,
            "a user begins with a letter or digit and has letters, digits, `_`, `-`, `.`".to_owned(),
        );
    }
    if text.len() > 64 {
        return error(ErrorKind::TooLong, at + 64, "a user has at most 64 bytes".to_owned());
    }
    Ok(text.to_ascii_lowercase())
}

fn label(text: &str, at: usize, max: usize, what: &str) -> Result<String, Error> {
    let text = text.to_ascii_lowercase();
    if text.len() <= max && is_label(&text) {
        return Ok(text);
    }
    error(ErrorKind::Charset, at, format!("{what} has 1 to {max} letters, digits and inner hyphens"))
}

fn subdomain(text: &str, at: usize, what: &str) -> Result<String, Error> {
    let text = text.to_ascii_lowercase();
    if text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(text);
    }
    error(ErrorKind::Charset, at, format!("{what} has letters, digits, inner hyphens and dots"))
}

fn repo(text: &str, at: usize) -> Result<(Option<String>, String), Error> {
    let part = |text: &str| {
        !text.is_empty()
            && text != "."
            && !text.starts_with('-')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    let (owner, name) = match text.split_once('/') {
        Some((owner, name)) => (Some(owner), name),
        None => (None, text),
    };
    if part(name) && owner.is_none_or(part) {
        return Ok((owner.map(str::to_owned), name.to_owned()));
    }
    error(ErrorKind::Charset, at, "a repository is `owner/name` of letters, digits, `.`, `_`, `-`".to_owned())
}

fn reference(text: String, at: usize) -> Result<String, Error> {
    let bad = |c: char| matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[');
    if text.starts_with(['-', '/']) || text.ends_with('/') || text.contains("@{") || text.contains(bad) {
        return error(ErrorKind::Charset, at, "this is no name of a Git ref".to_owned());
    }
    Ok(text)
}

fn pull(text: &str, at: usize) -> Result<u32, Error> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| fault(ErrorKind::Charset, at, "a pull request is a number from 1"))
}

fn workload(text: &str, at: usize) -> Result<(WorkloadKind, String), Error> {
    let (kind, name) = text.split_once('/').unwrap_or((text, ""));
    let Some(kind) = WorkloadKind::parse(&kind.to_ascii_lowercase()) else {
        return error(ErrorKind::Charset, at, "a workload is `deployment|statefulset|daemonset/name`".to_owned());
    };
    Ok((kind, subdomain(name, at, "a workload's name")?))
}

fn os_user(text: &str, at: usize) -> Result<String, Error> {
    let text = text.to_ascii_lowercase();
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if begins && text.len() <= 32 && text.chars().all(good) {
        return Ok(text);
    }
    error(ErrorKind::Charset, at, "an OS user has at most 32 letters, digits, `_`, `-`, `.`".to_owned())
}

fn error<T>(kind: ErrorKind, at: usize, reason: String) -> Result<T, Error> {
    Err(Error { kind, at, reason })
}

fn fault(kind: ErrorKind, at: usize, reason: &str) -> Error {
    Error { kind, at, reason: reason.to_owned() }
}

const RAW_MAX: usize = 255;
const PLAIN_MAX: usize = 128;
