//! The ephemeral container: its name, its image, and the profiles that are tried.

use crate::Error;
use crate::owner::random;
use crate::pod::PREFIX;
use base::security::BASELINE_CAPABILITIES;
use serde_json::{Value, json};

/// The image of the agent. The host cannot exist: an image that is not there is asked of no registry.
pub const IMAGE: &str = concat!("images.invalid/qd-agent:", env!("CARGO_PKG_VERSION"));

/// How much the container asks for, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `NET_RAW` and nothing else.
    NetRaw,
    /// What the runtime grants by default, without adding.
    Inherited,
    /// Everything: only where it is asked for, and nothing less sees packets.
    Privileged,
    /// Nothing: sockets alone.
    Sockets,
}

impl Profile {
    /// In the order in which they are tried, unless more is asked for.
    pub const ALL: [Self; 3] = [Self::NetRaw, Self::Inherited, Self::Sockets];

    /// Those that are tried, best first; everything is asked for only before packets are done without.
    pub(crate) fn of(privileged: bool) -> impl Iterator<Item = Self> {
        let more = privileged.then_some(Self::Privileged);
        [Self::NetRaw, Self::Inherited].into_iter().chain(more).chain([Self::Sockets])
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NetRaw => "netraw",
            Self::Inherited => "inherited",
            Self::Privileged => "privileged",
            Self::Sockets => "sockets",
        }
    }

    fn security(self) -> Value {
        let (capabilities, user) = match self {
            Self::NetRaw => (json!({ "drop": ["ALL"], "add": ["NET_RAW"] }), 0),
            Self::Inherited => (json!({ "drop": BASELINE_CAPABILITIES }), 0),
            Self::Privileged => {
                return json!({
                    "privileged": true, "runAsUser": 0, "runAsNonRoot": false, "readOnlyRootFilesystem": true,
                });
            }
            Self::Sockets => (json!({ "drop": ["ALL"] }), NOBODY),
        };
        json!({
            "capabilities": capabilities,
            "runAsUser": user,
            "runAsNonRoot": user != 0,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "seccompProfile": { "type": "RuntimeDefault" },
        })
    }
}

/// Why admission refuses a container; the error itself when it is no word of admission.
pub(crate) fn refusal(error: cluster::Error) -> Result<String, Error> {
    match error {
        cluster::Error::Admission { message } => Ok(message),
        // Admission of the pod security levels answers as a denial.
        cluster::Error::Denied { message, .. } if message.contains("violates PodSecurity") => Ok(message),
        error => Err(error.into()),
    }
}

/// A name for the container: `qd-tap-` and six characters of base 32.
pub(crate) fn name() -> Result<String, Error> {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bytes: [u8; 6] = random()?;
    let digits = bytes.iter().filter_map(|byte| DIGITS.get(usize::from(byte & 31)).copied().map(char::from));
    Ok(format!("{PREFIX}{}", digits.collect::<String>()))
}

/// The patch that adds it to a pod.
pub(crate) fn patch(
    name: &str,
    image: &str,
    owner: &str,
    idle_seconds: u32,
    profile: Profile,
    beside: Option<&str>,
) -> Value {
    let mut container = json!({
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["capture", name, owner, idle_seconds.to_string()],
        "stdin": true,
        "stdinOnce": false,
        "tty": false,
        "terminationMessagePolicy": "File",
        "securityContext": profile.security(),
    });
    if let (Some(beside), Some(fields)) = (beside, container.as_object_mut()) {
        fields.insert("targetContainerName".to_owned(), json!(beside));
    }
    json!({ "spec": { "ephemeralContainers": [container] } })
}

/// The capture containers of a pod that run, and are what `patch` would add: of this image, owner and profile.
pub(crate) fn alike(pod: &Value, patch: &Value) -> Vec<String> {
    let items = |path: &str| pod.pointer(path).and_then(Value::as_array).into_iter().flatten();
    let runs = |name: &str| {
        items("/status/ephemeralContainerStatuses")
            .any(|status| status["name"] == name && status.pointer("/state/running").is_some())
    };
    let wanted = patch.pointer("/spec/ephemeralContainers/0").unwrap_or(&Value::Null);
    let same = |one: &&Value| {
        let member = |path: &str| one.pointer(path) == wanted.pointer(path);
        let security = wanted["securityContext"].as_object().into_iter().flatten();
        let mut security = security.map(|(key, value)| one["securityContext"].get(key) == Some(value));
        ["/image", "/args/2", "/targetContainerName"].iter().all(|path| member(path)) && security.all(|same| same)
    };
    let names = items("/spec/ephemeralContainers").filter(same).filter_map(|one| one["name"].as_str());
    names.filter(|name| name.starts_with(PREFIX) && runs(name)).map(str::to_owned).collect()
}

/// The container whose processes an agent sees when none is named: the one that the pod calls its default, then the
/// first. One that does not run has no processes, and nobody can be started beside it.
pub(crate) fn default_of(pod: &Value) -> Option<&str> {
    let annotation = pod.pointer("/metadata/annotations").and_then(|all| all.get("kubernetes.io/default-container"));
    let containers = || pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let names = || containers().filter_map(|one| one.get("name")).filter_map(Value::as_str);
    let named = annotation.and_then(Value::as_str).filter(|name| names().any(|own| own == *name));
    let chosen = named.or_else(|| names().next())?;
    status(pod, chosen).and_then(|status| status.pointer("/state/running")).map(|_| chosen)
}

/// How often a container of a pod began anew.
pub(crate) fn restarts(pod: &Value, container: &str) -> i64 {
    status(pod, container).and_then(|status| status["restartCount"].as_i64()).unwrap_or(0)
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    let mut statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    statuses.find(|status| status["name"] == container)
}

/// The user without rights.
const NOBODY: u32 = 65534;

#[cfg(test)]
mod tests;
