//! Fields and forms of earlier versions: accepted, rewritten to today's, and listed as warnings.
//!
//! Called on each blueprint before layers meet. What has no successor is taken out, and the warning says what does its work now.

#[cfg(test)]
mod tests;

use crate::node::{Entry, Node, Value};
use crate::pointer::Pointer;
use crate::problem::Problem;

/// Rewrites a blueprint in place.
pub(crate) fn rewrite(node: &mut Node, problems: &mut Vec<Problem>) {
    rename(node, "", "k8shelld", "agent", problems, false);
    rename(node, "", "engine", "podman", problems, false);
    rename(node, "", "docker", "podman", problems, true);
    for (key, instead) in [
        ("portForwarding", "every listening port can be forwarded, as far as the policy allows it"),
        ("credentialHelpers", "the agent brings the helper that asks the gateway for credentials"),
    ] {
        if let Some(entry) = node.take(key) {
            problems.push(Problem::warning(
                format!("/{key}"),
                &entry.mark,
                format!("{key} is not used any more: {instead}"),
            ));
        }
    }
    capabilities(node, problems);
    network(node, problems);
    for at in [&["storages"][..], &["podman", "storages"]] {
        if let Some(storages) = child_mut(node, at) {
            storage_sizes(storages, &at.join("/"), problems);
        }
    }
    init_scripts(node, problems);
}

/// Gives a key its name of today. An alias is as good as the name, so it is not told.
fn rename(node: &mut Node, parent: &str, old: &str, new: &str, problems: &mut Vec<Problem>, tell: bool) {
    if node.get(new).is_some() {
        if let Some(entry) = node.take(old) {
            let message = format!("{old} is another name for {new}, which is set too; it is left out");
            problems.push(Problem::warning(format!("{parent}/{old}"), &entry.mark, message));
        }
        return;
    }
    let Value::Map(entries) = &mut node.value else { return };
    let Some(entry) = entries.iter_mut().find(|entry| entry.key == old) else { return };
    new.clone_into(&mut entry.key);
    if tell {
        let message = format!("{old} is written {new} now");
        problems.push(Problem::warning(format!("{parent}/{old}"), &entry.mark, message));
    }
}

/// `capabilities: [X]` → `securityContext.capabilities.add`.
fn capabilities(node: &mut Node, problems: &mut Vec<Problem>) {
    let Some(entry) = node.take("capabilities") else { return };
    let add = if matches!(entry.node.value, Value::Map(_)) {
        Pointer::parse("/securityContext/capabilities")
    } else {
        Pointer::parse("/securityContext/capabilities/add")
    };
    problems.push(Problem::warning("/capabilities", &entry.mark, format!("capabilities is written {add} now")));
    let mut items = node.at(&add).map(|there| there.items().to_vec()).unwrap_or_default();
    let value = match entry.node.value {
        Value::List(more) => {
            items.extend(more);
            Value::List(items)
        }
        value => value,
    };
    node.set(&add, Node { value, origin: entry.node.origin });
}

/// `network.networkPolicy` and `network.allowEgress`.
fn network(node: &mut Node, problems: &mut Vec<Problem>) {
    let Some(network) = child_mut(node, &["network"]) else { return };
    rename(network, "/network", "networkPolicy", "networkPolicyClass", problems, true);
    let Some(entry) = network.take("allowEgress") else { return };
    let mut cidrs = Vec::new();
    let mut pods = Vec::new();
    for item in entry.node.items() {
        if matches!(item.value, Value::Map(_)) { pods.push(item.clone()) } else { cidrs.push(item.clone()) }
    }
    let message = "allowEgress is written allowEgressToCIDRs and allowEgressToPods now";
    problems.push(Problem::warning("/network/allowEgress", &entry.mark, message));
    for (key, mut added) in [("allowEgressToCIDRs", cidrs), ("allowEgressToPods", pods)] {
        if !added.is_empty() {
            let mut items = network.get(key).map(|there| there.items().to_vec()).unwrap_or_default();
            items.append(&mut added);
            network.put(key, Node { value: Value::List(items), origin: entry.node.origin.clone() });
        }
    }
}

/// `size` and `storageClass` of a storage → its `claimSpec`.
fn storage_sizes(storages: &mut Node, parent: &str, problems: &mut Vec<Problem>) {
    let Value::Map(entries) = &mut storages.value else { return };
    for Entry { key: name, node: storage, .. } in entries {
        for (old, new) in
            [("size", "/claimSpec/resources/requests/storage"), ("storageClass", "/claimSpec/storageClassName")]
        {
            let Some(entry) = storage.take(old) else { continue };
            let new = Pointer::parse(new);
            problems.push(Problem::warning(
                format!("/{parent}/{name}/{old}"),
                &entry.mark,
                format!("{old} is written {} now", new.segments().join(".")),
            ));
            let modes = Pointer::parse("/claimSpec/accessModes");
            if storage.at(&modes).is_none() {
                let origin = entry.node.origin.clone();
                let once = Node { value: Value::Text("ReadWriteOnce".to_owned()), origin: origin.clone() };
                storage.set(&modes, Node { value: Value::List(vec![once]), origin });
            }
            if storage.at(&new).is_none() {
                storage.set(&new, entry.node);
            }
        }
    }
}

/// `initScripts` as `name@: text`, in a map or in items of one key → `{name, script}`.
fn init_scripts(node: &mut Node, problems: &mut Vec<Problem>) {
    let Some(scripts) = child_mut(node, &["initScripts"]) else { return };
    let is_old = |entries: &[Entry]| matches!(entries, [one] if one.key != "name" && one.key != "script");
    let mut told = false;
    let rewritten = match &scripts.value {
        Value::Map(entries) => {
            told = true;
            entries.iter().map(script).collect()
        }
        Value::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::Map(entries) if is_old(entries) => {
                    told = true;
                    entries.first().map_or_else(|| item.clone(), script)
                }
                _ => item.clone(),
            })
            .collect(),
        _ => return,
    };
    if told {
        let message = "an init script is written {name, script} now";
        problems.push(Problem::warning("/initScripts", &scripts.origin.mark, message));
        scripts.value = Value::List(rewritten);
    }
}

fn script(entry: &Entry) -> Node {
    let origin = entry.node.origin.clone();
    let name = Value::Text(entry.key.trim_end_matches('@').to_owned());
    let part = |key: &str, node: Node| Entry { key: key.to_owned(), mark: entry.mark.clone(), node };
    Node {
        value: Value::Map(vec![
            part("name", Node { value: name, origin: origin.clone() }),
            part("script", entry.node.clone()),
        ]),
        origin,
    }
}

fn child_mut<'a>(node: &'a mut Node, path: &[&str]) -> Option<&'a mut Node> {
    path.iter().try_fold(node, |node, key| match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == **key).map(|entry| &mut entry.node),
        _ => None,
    })
}
