//! The rules of a configuration on what workspaces are made of, asked as a server asks them.

use super::tree::Tree;
use crate::error::Error;
use blueprint::{Effective, Judged, Pointer, User};
use policy::ObjectTarget;
use policy::provision::{ProvisionRule, Verdict, judge as verdict};
use std::path::Path;

/// The rules of a file.
pub(super) fn read(path: &Path) -> Result<Vec<ProvisionRule>, Error> {
    let wrong = |why: String| Error::Usage(format!("{}: {why}", path.display()));
    let tree = Tree::at(path)?;
    let table: toml::Table =
        tree.text(&tree.name(path))?.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    let rules = table.get("policy").and_then(|policy| policy.get("provision"));
    let rules = rules.ok_or_else(|| wrong("it has no [[policy.provision]]".to_owned()))?;
    let rules: Vec<ProvisionRule> = rules.clone().try_into().map_err(|error| wrong(error.to_string()))?;
    match rules.iter().find_map(ProvisionRule::problem) {
        Some(problem) => Err(wrong(problem)),
        None => Ok(rules),
    }
}

/// What they say of a workspace of a fixture.
pub(super) fn judge(rules: &[ProvisionRule], effective: &Effective, user: &User) -> Judged {
    let object = ObjectTarget::workspace(&base::ClusterName::new("cluster"), "default", "workspace");
    let whose = (user.username.as_str(), user.organization.as_str());
    let built_on = effective
        .layers
        .iter()
        .rev()
        .map(|layer| &layer.origin.layer)
        .find(|layer| matches!(layer.kind, blueprint::LayerKind::Platform | blueprint::LayerKind::Org));
    let built_on = built_on.map_or(effective.name.as_str(), |layer| layer.name.as_str());
    match verdict(rules, &workspace::provision::asked(object, whose, built_on, effective)) {
        Verdict::Silent => Judged::Silent,
        Verdict::Denied(rule, reason) => Judged::Denied { rule, reason },
        Verdict::Obliged(rule, obligations) => {
            let patches = obligations.get("patch").and_then(serde_json::Value::as_object).into_iter().flatten();
            let patches = patches.map(|(at, value)| (Pointer::parse(at), value.clone())).collect();
            Judged::Patched { rule, patches }
        }
    }
}
