//! What the `spec` of a Workspace says, as blueprints need it; and in which words one is refused.

use crate::render::Refused;
use crate::source::Sourced;
use base::Code;
use blueprint::objects::Port;
use blueprint::{Problem, User};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What a Workspace may ask for and nobody here can do yet: it is told, and nothing else is made in its place.
pub(super) fn not_yet(spec: &Value) -> Result<(), Refused> {
    let text = |at: &str| spec.pointer(at).and_then(Value::as_str);
    if let Some(mode) = text("/mode").filter(|mode| *mode != "Standalone") {
        let way = if mode == "Attach" { "attached to a pod" } else { "made a part of a workload" };
        let message = format!(
            "the mode {mode} is off here: no workspace is {way}; leave mode and target out for a pod of its own"
        );
        return Err(refused("Accepted", "InjectDisabled", &message));
    }
    if spec.pointer("/storage/from").is_some() {
        let message = "storage.from cannot be done here: nothing fills volumes from snapshots or other workspaces; leave it out to begin with empty ones";
        return Err(refused("Accepted", "FeatureUnavailable", message));
    }
    Ok(())
}

/// The images of a pod's containers, but the platform's own.
pub(super) fn images(pod: &Value, own: &str) -> Vec<String> {
    let list = |name: &str| pod.pointer(name).and_then(Value::as_array).into_iter().flatten();
    let all = list("/spec/containers").chain(list("/spec/initContainers"));
    let images = all.filter_map(|container| container.get("image")?.as_str()).filter(|image| *image != own);
    images.map(str::to_owned).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// Whose workspace it is, as expressions see them.
pub(super) fn user(spec: &Value) -> User {
    let text = |key: &str| spec.get(key).and_then(Value::as_str).unwrap_or_default();
    User {
        organization: text("org").to_owned(),
        fullname: String::new(),
        email: String::new(),
        source: "kubernetes".to_owned(),
        ..User::plain(text("owner"))
    }
}

/// The Workspace's own layer.
pub(super) fn overrides(spec: &Value) -> Value {
    let mut fields = spec.get("overrides").and_then(Value::as_object).cloned().unwrap_or_default();
    for key in ["image", "runProfile"] {
        if let Some(value) = spec.get(key) {
            fields.insert(key.to_owned(), value.clone());
        }
    }
    for key in ["cpu", "memory"] {
        if let Some(value) = spec.pointer(&format!("/resources/{key}")) {
            let resources = fields.entry("resources").or_insert_with(|| json!({}));
            if let Some(resources) = resources.as_object_mut() {
                resources.insert(key.to_owned(), value.clone());
            }
        }
    }
    Value::Object(fields)
}

pub(super) fn ports(spec: &Value) -> Vec<Port> {
    let ports = spec.get("ports").and_then(Value::as_array).into_iter().flatten();
    ports
        .filter_map(|port| {
            Some(Port {
                name: port.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                port: port.get("containerPort").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok())?,
                udp: port.get("protocol").and_then(Value::as_str) == Some("UDP"),
            })
        })
        .collect()
}

pub(super) fn member<T: DeserializeOwned + Default>(object: &Value, key: &str) -> Result<T, Refused> {
    object.get(key).map_or_else(|| Ok(T::default()), |value| read(key, value))
}

pub(super) fn read<T: DeserializeOwned>(key: &str, value: &Value) -> Result<T, Refused> {
    T::deserialize(value).map_err(|error| refused("Accepted", "BlueprintInvalid", &format!("spec.{key}: {error}")))
}

pub(super) fn refused(condition: &'static str, reason: &'static str, message: &str) -> Refused {
    Refused { condition, reason, message: message.to_owned(), queued: false }
}

/// The condition that tells of a code, and its reason there; `None` for what is wrong with the form of a blueprint.
pub(super) const fn told(code: Code) -> Option<(&'static str, &'static str)> {
    Some(match code {
        Code::BlueprintNotFound => ("Accepted", "BlueprintNotFound"),
        Code::BlueprintForbidden | Code::PolicyDenied | Code::ObligationUnsupported => ("Accepted", "PolicyDenied"),
        Code::BlueprintCycle => ("BlueprintResolved", "Cycle"),
        Code::CelError => ("BlueprintResolved", "CELError"),
        Code::ParamInvalid => ("BlueprintResolved", "ParamInvalid"),
        Code::FieldNotAllowed => ("BlueprintResolved", "FieldNotAllowed"),
        Code::RepositoryRefused | Code::RepositoryNotFound | Code::RepositoryUnreachable | Code::TooLarge => {
            ("BlueprintResolved", "RepoFileInvalid")
        }
        _ => return None,
    })
}

/// All problems in one text; the first that stands for a condition names it.
pub(super) fn of_problems<'a>(problems: impl Iterator<Item = &'a Problem>, sourced: &Sourced) -> Refused {
    let problems: Vec<&Problem> = problems.collect();
    let of_file = |one: &Problem| match sourced {
        Sourced::Read(read) if read.texts.contains_key(&*one.mark.file) => {
            Some(("BlueprintResolved", "RepoFileInvalid"))
        }
        _ => None,
    };
    let found = problems.iter().find_map(|one| told(one.code));
    let found = found.or_else(|| problems.iter().find_map(|one| of_file(one)));
    let (condition, reason) = found.unwrap_or(("Accepted", "BlueprintInvalid"));
    let lines: Vec<String> = problems.iter().map(|one| one.line()).collect();
    refused(condition, reason, &lines.join("\n"))
}
