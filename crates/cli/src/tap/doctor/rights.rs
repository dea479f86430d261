//! The rights that a tap needs, and the Role that gives those that are missing.

use cluster::Right;
use serde_json::Value;

/// What a tap needs in a namespace. Streams are asked for with `get` and, by newer servers, with `create`.
pub(super) const ASKED: [Right; 8] = [
    Right::of("get"),
    Right::of("list"),
    Right::of("watch"),
    Right::on("patch", "ephemeralcontainers"),
    Right::on("create", EXEC),
    Right::on("get", EXEC),
    Right::on("create", ATTACH),
    Right::on("get", ATTACH),
];

/// Those that are missing. Of the two ways to an agent one is enough; where neither is open, the better one is worth asking for.
pub(super) fn missing(rights: &[(Right, bool)]) -> Vec<Right> {
    let is_way = |right: &Right| right.subresource == EXEC || right.subresource == ATTACH;
    let open = |way| rights.iter().filter(|(right, _)| right.subresource == way).all(|(_, there)| *there);
    let reached = open(EXEC) || open(ATTACH);
    let lacks = rights.iter().filter(|(_, there)| !there).map(|(right, _)| *right);
    lacks.filter(|right| !is_way(right) || (!reached && right.subresource == EXEC)).collect()
}

/// `pods/exec create`.
pub(super) fn words(right: Right) -> String {
    format!("{} {}", resource(right), right.verb)
}

/// `pods`, `pods/exec`.
pub(super) fn resource(right: Right) -> String {
    if right.subresource.is_empty() { "pods".to_owned() } else { format!("pods/{}", right.subresource) }
}

/// A Role with what is missing and its binding to the user, as YAML; none where nothing is missing.
pub(super) fn role(namespace: &str, user: &str, missing: &[Right]) -> Option<String> {
    let mut rules: Vec<(String, Vec<&str>)> = Vec::new();
    for right in missing {
        let resource = resource(*right);
        match rules.iter_mut().find(|(have, _)| *have == resource) {
            Some((_, verbs)) => verbs.push(right.verb),
            None => rules.push((resource, vec![right.verb])),
        }
    }
    if rules.is_empty() {
        return None;
    }
    let name = "qd-tap";
    let meta = format!("metadata:\n  name: {name}\n  namespace: {}\n", quoted(namespace));
    let mut yaml = format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{meta}rules:\n");
    for (resource, verbs) in rules {
        let verbs = verbs.into_iter().map(quoted).collect::<Vec<_>>().join(", ");
        yaml.push_str(&format!("- apiGroups: [\"\"]\n  resources: [{}]\n  verbs: [{verbs}]\n", quoted(&resource)));
    }
    yaml.push_str(&format!("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n{meta}"));
    yaml.push_str(&format!(
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n"
    ));
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    yaml.push_str(&match account {
        Some((namespace, name)) => {
            format!("- kind: ServiceAccount\n  name: {}\n  namespace: {}\n", quoted(name), quoted(namespace))
        }
        None => format!("- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: {}\n", quoted(user)),
    });
    Some(yaml)
}

/// A string of JSON is one of YAML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A relay is started beside the agent.
const EXEC: &str = "exec";
/// The agent's own streams.
const ATTACH: &str = "attach";

#[cfg(test)]
mod tests;
