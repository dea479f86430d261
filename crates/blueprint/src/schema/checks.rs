//! Rules for texts.

use crate::names::is_label;
use crate::objects::{AGENT_PORT, Range};
use crate::span::seconds;

pub(super) fn any(_: &str) -> Result<(), String> {
    Ok(())
}

pub(super) fn label(text: &str) -> Result<(), String> {
    holds(text.len() <= 63 && is_label(text), "at most 63 lower-case letters, digits and inner hyphens")
}

pub(super) fn short_label(text: &str) -> Result<(), String> {
    holds(text.len() <= 40 && is_label(text), "at most 40 lower-case letters, digits and inner hyphens")
}

/// Ids of storages: part of a claim's name.
pub(super) fn storage_id(text: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    holds((1..=40).contains(&text.len()) && text.bytes().all(good), "an id is 1 to 40 of a-z, 0-9 and hyphens")
}

pub(super) fn image(text: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let path = text.split('@').next().unwrap_or_default();
    let name = match path.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => path,
    };
    let lower =
        !name.split('/').skip(usize::from(host_of_image(text).is_some())).any(|part| part.contains(char::is_uppercase));
    let parts = name.split('/').all(|part| part.starts_with(|c: char| c.is_ascii_alphanumeric()));
    holds(
        begins && lower && parts && text.chars().all(good),
        "an image is [HOST[:PORT]/]NAME[:TAG][@DIGEST], its name in lower case",
    )
}

/// The host part of an image's name, where it has one.
pub(crate) fn host_of_image(image: &str) -> Option<&str> {
    let (first, _) = image.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

pub(super) fn regex(text: &str) -> Result<(), String> {
    match regex::RegexBuilder::new(text).size_limit(256 << 10).build() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "this is no regular expression: {}",
            error.to_string().lines().last().unwrap_or_default().trim()
        )),
    }
}

pub(super) fn env_name(text: &str) -> Result<(), String> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    holds(
        begins && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
        "a variable has letters, digits and underscores, and begins with no digit",
    )?;
    if PLATFORM_VARIABLES.contains(&text) {
        return Err(format!("{text} is set by the platform and cannot be set here"));
    }
    Ok(())
}

/// A URL of an app inside of the workspace.
pub(super) fn own_url(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("http://").unwrap_or_default();
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0) && port.bytes().all(|byte| byte.is_ascii_digit());
    holds(
        matches!(host, "localhost" | "127.0.0.1") && is_port && text.bytes().all(|byte| byte.is_ascii_graphic()),
        "an app of the workspace itself: http://localhost:8888/api/status",
    )
}

/// A clean absolute path that covers nothing of the system.
pub(super) fn mount_path(text: &str) -> Result<(), String> {
    clean_path(text)?;
    outside_of(text, SYSTEM_FOLDERS)
}

/// A path to a file of a blueprint.
pub(super) fn file_path(text: &str) -> Result<(), String> {
    clean_path(text)?;
    outside_of(text, OWN_FOLDERS)
}

fn outside_of(text: &str, folders: &[&str]) -> Result<(), String> {
    let below =
        |folder: &&&str| text.strip_prefix(**folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match folders.iter().find(below) {
        Some(folder) => Err(format!("nothing can be mounted at or under {folder}")),
        None => Ok(()),
    }
}

fn clean_path(text: &str) -> Result<(), String> {
    let clean = text.strip_prefix('/').is_some_and(|rest| {
        !rest.is_empty() && rest.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
    });
    let plain = |c: char| c.is_alphanumeric() || "/._-+@,=~% ".contains(c);
    holds(
        clean && text.chars().all(plain),
        "a path is absolute, without `.`, `..`, `//` and a `/` at its end, not `/` itself, and of letters, digits, blanks and `._-+@,=~%`",
    )
}

/// A key of a label, an annotation or a preset's parameters.
pub(super) fn key_of_map(text: &str) -> Result<(), String> {
    holds(
        (1..=253).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/')),
        "a key has letters, digits, `.`, `_`, `-`, `/`",
    )
}

pub(super) fn cidr(text: &str) -> Result<(), String> {
    holds(Range::parse(text).is_some(), "an address range is expected: 10.1.0.0/16, fd00::/8")
}

pub(super) fn host(text: &str) -> Result<(), String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    holds(
        text.len() <= 253 && name.contains('.') && name.split('.').all(is_label),
        "a host is a DNS name; `*.` may stand in front",
    )
}

pub(super) fn duration(text: &str) -> Result<(), String> {
    holds(seconds(text).is_some(), "a duration is a number with s, m or h: 60s")
}

/// How long something may take: a second to a day.
pub(super) fn timeout(text: &str) -> Result<(), String> {
    let has_unit = text.ends_with(['s', 'm', 'h']);
    let fits = seconds(text).is_some_and(|seconds| (1..=86_400).contains(&seconds));
    holds(has_unit && fits, "a timeout is a number with s, m or h, from 1s to 24h: 10m")
}

pub(super) fn capability(text: &str) -> Result<(), String> {
    holds(
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && !text.starts_with("CAP_"),
        "a capability is written without CAP_, in capitals: NET_RAW",
    )
}

/// Where an app listens: a port, or an address and a port.
pub(super) fn listen(text: &str) -> Result<(), String> {
    let port = text.rsplit_once(':').map_or(text, |(_, port)| port);
    holds(
        port.parse::<u16>().is_ok_and(|port| port > 0 && port != AGENT_PORT),
        "a port from 1 to 65535 that is not 2822, or HOST:PORT",
    )
}

/// The pointer of a field, as keys of `allow` are.
pub(super) fn pointer(text: &str) -> Result<(), String> {
    holds(text.starts_with('/') && text.len() > 1, "a field is named by its pointer: /resources/cpu, /apps/*/start")
}

/// A bound of a field: a quantity, or a length of time.
pub(super) fn limit(text: &str) -> Result<(), String> {
    let is_quantity = base::quantity::milli(text).is_some_and(|milli| milli > 0);
    let is_span = base::span::seconds(text).is_some_and(|seconds| seconds > 0);
    holds(is_quantity || is_span, "a quantity over 0 is expected (500m, 2, 4Gi), or a length of time (90s, 8h, 7d)")
}

fn holds(good: bool, rule: &str) -> Result<(), String> {
    if good { Ok(()) } else { Err(rule.to_owned()) }
}

const SYSTEM_FOLDERS: &[&str] =
    &["/proc", "/sys", "/dev", "/qd", "/etc", "/run/quarterdeck", "/run/podman", "/var/run/podman"];

/// Where the platform's own files are; a blueprint's may stand beside them, elsewhere in `/etc`.
const OWN_FOLDERS: &[&str] =
    &["/proc", "/sys", "/dev", "/qd", "/etc/quarterdeck", "/etc/k8shell", "/run/quarterdeck", "/var/run/podman"];

/// Variables that the platform sets.
const PLATFORM_VARIABLES: &[&str] = &[
    "QD_SESSION_ID",
    "K8SHELL_SESSION_ID",
    "WORKSPACE",
    "BLUEPRINT",
    "IMAGE",
    "USERNAME",
    "USEREMAIL",
    "USERFULLNAME",
    "SSH_AUTH_SOCK",
];
