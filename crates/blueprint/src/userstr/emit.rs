//! A [`UserString`] to text.

use super::{Revision, Target, UserString, Workload};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt::Write as _;

pub(super) fn emit(user: &UserString) -> String {
    let plain = plain(user);
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'+' | b'=' | b'-');
    // A user whose own name begins like a wrapped string has to be wrapped.
    let looks_wrapped = plain.starts_with("b64-") || plain.starts_with("base64-");
    if plain.bytes().all(safe) && !looks_wrapped { plain } else { wrap(&plain) }
}

pub(super) fn wrapped(user: &UserString) -> String {
    wrap(&plain(user))
}

fn wrap(plain: &str) -> String {
    format!("b64-{}", URL_SAFE_NO_PAD.encode(plain))
}

/// The plain form. It is never longer than a text it was parsed from.
fn plain(user: &UserString) -> String {
    let mut parts: Vec<String> = Vec::new();
    match &user.target {
        Target::Default => {}
        Target::Blueprint { name, workload } => {
            parts.push(name.clone());
            push_workload(workload.as_ref(), &mut parts);
        }
        Target::Pod { pod, namespace, container } => {
            parts.push(pair("pod", pod));
            parts.extend(namespace.as_ref().map(|namespace| pair("ns", namespace)));
            parts.extend(container.as_ref().map(|container| pair("container", container)));
        }
        Target::Repo { owner, name, revision, workload } => {
            // The owner is left out where the parser would put the user there.
            parts.push(if *owner == user.user { pair("repo", name) } else { pair("repo", &format!("{owner}/{name}")) });
            match revision {
                Revision::Default => {}
                Revision::Ref(reference) => parts.push(pair("ref", reference)),
                Revision::Pull(number) => parts.push(format!("pr={number}")),
            }
            push_workload(workload.as_ref(), &mut parts);
        }
    }
    parts.extend(user.os_user.as_ref().map(|name| pair("user", name)));
    parts.extend(user.cluster.as_ref().map(|name| pair("cluster", name)));
    if parts.is_empty() { user.user.clone() } else { format!("{}~{}", user.user, parts.join("+")) }
}

fn push_workload(workload: Option<&Workload>, parts: &mut Vec<String>) {
    if let Some(workload) = workload {
        parts.push(pair("workload", &format!("{}/{}", workload.kind.as_str(), workload.name)));
        parts.push(pair("ns", &workload.namespace));
    }
}

fn pair(key: &str, value: &str) -> String {
    let mut text = format!("{key}=");
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        let outer_blank = byte == b' ' && (at == 0 || at == last);
        match byte {
            b'/' => text.push('~'),
            b'~' | b'@' | b'+' | b'=' | b'%' => push_escape(byte, &mut text),
            0x20..=0x7e if !outer_blank => text.push(char::from(byte)),
            _ => push_escape(byte, &mut text),
        }
    }
    text
}

fn push_escape(byte: u8, text: &mut String) {
    // writing to a String cannot fail
    let _ = write!(text, "%{byte:02X}");
}
