//! What is said of a failure: what kind of thing is wrong, the cluster's own words for it, shortened, and what to do next.

use crate::index::image_name;
use crate::observed::Nodes;
use crate::pod::{Container, Ended, Pod};

/// What kind of thing is wrong, by its stable word, and what is done about it.
const CAUSES: &[(&str, &str)] = &[
    ("image_invalid", "put the name of the image right"),
    ("image_missing", "put the name or the tag of the image right, or push it"),
    ("image_auth", "name a pull secret with a login of that registry, or put its password right"),
    ("image_denied", "ask whoever keeps that registry for the right to pull it"),
    ("image_rate", "wait, or name a pull secret with a login of that registry: it is tried again by itself"),
    ("unschedulable", "ask for less, stop what nobody needs, or add a node"),
    ("storage_binding", "name a class that there is, or make a volume for it"),
    ("storage_provisioning", "see what the driver of that class says"),
    ("storage_mount", "see whether its node reaches the volume, and whether what is mounted is there"),
    ("volume_in_use", "stop what has it, or wait until that has ended"),
    ("init", "put right what runs before it"),
    ("config", "make what it names, or leave it out"),
    ("crash_loop", "put right what it runs: its last lines say why it ended"),
    ("oom", "give it more memory, or run less in it"),
    ("probe", "see why it does not answer"),
    ("evicted", "free what its node lacks: it is made again by itself"),
    ("pod_failed", "stop and start it"),
];

/// What to do about a kind of failure.
#[must_use]
pub fn next(cause: &str) -> Option<&'static str> {
    CAUSES.iter().find(|(one, _)| *one == cause).map(|(_, next)| *next)
}

/// The kind of failure with which the last error of a workspace begins.
#[must_use]
pub fn cause(error: &str) -> Option<&'static str> {
    let (word, _) = error.split_once(": ")?;
    CAUSES.iter().find(|(one, _)| *one == word).map(|(one, _)| *one)
}

/// Words with what to do next.
pub(super) fn with_next(words: &str, cause: &str) -> String {
    match next(cause) {
        Some(next) => format!("{words}; {next}"),
        None => words.to_owned(),
    }
}

/// The reason of a condition for what the kubelet says of an image or a configuration, and what kind of thing is wrong.
pub(super) fn kind(reason: &str, message: &str) -> (&'static str, &'static str) {
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let said = |word: &str| reason == word || message.ends_with(word);
    match reason {
        _ if said("InvalidImageName") => ("InvalidImageName", "image_invalid"),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            ("CreateContainerConfigError", "config")
        }
        _ if said("CreateContainerConfigError") => ("CreateContainerConfigError", "config"),
        _ if said("OOMKilled") => ("OOMKilled", "oom"),
        "FailedBinding" => ("FailedBinding", "storage_binding"),
        "BackOff" if has(&["restarting failed container"]) => ("CrashLoopBackOff", "crash_loop"),
        _ => {
            let cause = if has(&["toomanyrequests", "too many requests", "rate limit"]) {
                "image_rate"
            } else if has(&["unauthorized", "authentication required", "no basic auth", "401"]) {
                "image_auth"
            } else if has(&["denied", "forbidden", "403"]) {
                "image_denied"
            } else {
                "image_missing"
            };
            let word = match reason {
                "ImagePullBackOff" | "BackOff" => "ImagePullBackOff",
                _ if said("ErrImageNeverPull") => "ErrImageNeverPull",
                _ => "ErrImagePull",
            };
            (word, cause)
        }
    }
}

/// What is said of an image that cannot be had: what the registry answers, by which secret it was asked, and which tags
/// there are of it.
pub(super) fn image(container: &Container, said: &str, cause: &str, pod: &Pod, nodes: &Nodes) -> String {
    let mut words = format!("{}: image {}: {}", container.name, container.image, shortened(said));
    if matches!(cause, "image_missing" | "image_auth" | "image_denied" | "image_rate") {
        words.push_str(&match pod.pull_secrets.as_slice() {
            [] => "; no pull secret was used".to_owned(),
            names => format!("; pull secret {} was used", names.join(", ")),
        });
    }
    if cause == "image_missing" {
        let own = image_name(&container.image);
        let mut tags: Vec<&str> = nodes
            .images
            .iter()
            .filter_map(|one| image_name(one))
            .filter_map(|(name, tag)| own.is_some_and(|(own, asked)| own == name && asked != tag).then_some(tag))
            .collect();
        tags.sort_unstable();
        tags.dedup();
        tags.truncate(MOST_TAGS);
        if !tags.is_empty() {
            words.push_str(&format!("; nodes have it with these tags: {}", tags.join(", ")));
        }
    }
    with_next(&words, cause)
}

/// The answer of a registry, without who passed it on.
fn shortened(said: &str) -> String {
    let mut words = said.trim();
    for before in ["failed to resolve reference ", "failed to resolve image ", "failed to pull and unpack image "] {
        let quoted = words.rsplit_once(before).and_then(|(_, rest)| rest.strip_prefix('"')?.split_once("\": "));
        if let Some((_, answer)) = quoted {
            words = answer;
            break;
        }
    }
    let short: String = words.chars().take(MOST_CHARS).collect();
    if short.len() < words.len() { format!("{short} …") } else { short }
}

/// How a container ended that is started again and again: its exit code, its limit of memory where that was it, and the
/// last lines that it wrote.
pub(super) fn ended(container: &Container, end: Option<&Ended>, cause: &str) -> String {
    let name = &container.name;
    let mut words = end.map_or_else(
        || format!("{name} ends again and again"),
        |end| format!("{name} ended with exit code {} ({})", end.code, end.reason),
    );
    match container.restarts {
        0 => {}
        1 => words.push_str(", 1 restart"),
        many => words.push_str(&format!(", {many} restarts")),
    }
    if cause == "oom" {
        words.push_str(&container.memory_limit.map_or_else(
            || ", its node had no memory left".to_owned(),
            |limit| format!(", it used all of its limit of {}", bytes(limit)),
        ));
    }
    let words = with_next(&words, cause);
    let lines: Vec<&str> = end.map_or("", |end| end.message.trim_end()).lines().collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    match lines.get(from..).filter(|lines| !lines.is_empty()) {
        Some(lines) => format!("{words}; its last lines:\n{}", lines.join("\n")),
        None => words,
    }
}

/// An amount of memory, of thousandths of bytes.
pub(super) fn bytes(milli: i128) -> String {
    let bytes = milli / 1000;
    let units = [(1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| bytes.to_string(), |(unit, name)| tenths(bytes * 10 / unit, name))
}

/// An amount of processors, of thousandths.
pub(super) fn processors(milli: i128) -> String {
    if milli % 100 == 0 { tenths(milli / 100, "") } else { format!("{milli}m") }
}

fn tenths(tenths: i128, unit: &str) -> String {
    if tenths % 10 == 0 { format!("{}{unit}", tenths / 10) } else { format!("{}.{}{unit}", tenths / 10, tenths % 10) }
}

/// More lines of a log are not told.
const LAST_LINES: usize = 20;
const MOST_TAGS: usize = 8;
/// More of a registry's answer is not told.
const MOST_CHARS: usize = 240;
