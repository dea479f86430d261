//! The owner guard: nobody writes past Quarterdeck whose a workspace is. Through it owners and organizations are those of whoever
//! asks; who writes Workspaces with kubectl says them, and needs a Grant of `impersonateOwner` for that.
//!
//! An admission policy cannot look through Grants, of which one is enough: each of several parameters would have to agree. So the
//! API server sees to it that who writes a Workspace says who they are, in an annotation that nobody changes later; the operator
//! then decides by it, by all that a Grant may say.

use super::{Guard, quoted};
use crate::key::WRITER;
use cluster::Owned;
use serde_json::{Value, json};

/// What the objects are called.
pub const NAME: &str = "quarterdeck-owner-guard";
/// The verb on `workspaces.quarterdeck.dev` by which a role of Kubernetes allows it: administrators of the cluster have it.
pub const VERB: &str = "impersonate-owner";

impl Guard {
    /// The policy about owners and its binding.
    pub(super) fn owner_objects(&self) -> [(Owned, Value); 2] {
        let (group, version) = Owned::Workspace.api_version().split_once('/').unwrap_or_default();
        let administrator = format!(
            r#"authorizer.group("{group}").resource("workspaces").namespace(request.namespace).check("{VERB}").allowed()"#
        );
        let writer = |of: &str| {
            format!(
                r#"has({of}.metadata.annotations) && "{WRITER}" in {of}.metadata.annotations ? {of}.metadata.annotations["{WRITER}"] : """#
            )
        };
        let before = format!(r#"oldObject == null ? request.userInfo.username : ({})"#, writer("oldObject"));
        let how = match &self.address {
            Some(address) => format!("make it at {address}"),
            None => "make it with qd ws new".to_owned(),
        };
        let who = quoted(&format!(
            " says whose it is, and has to say who says so, which needs a Grant of impersonateOwner: annotate it with {WRITER}: "
        ));
        let how = quoted(&format!(", or {how}"));
        let policy = json!({
            "failurePolicy": "Fail",
            "matchConstraints": { "resourceRules": [{
                "apiGroups": [group], "apiVersions": [version], "operations": ["CREATE", "UPDATE"],
                "resources": ["workspaces"], "scope": "Namespaced",
            }] },
            "matchConditions": [
                { "name": "past-quarterdeck", "expression": format!("!({})", self.passes()) },
                { "name": "not-by-a-role", "expression": format!("!{administrator}") },
            ],
            "variables": [
                { "name": "writer", "expression": writer("object") },
                { "name": "wanted", "expression": before },
            ],
            "validations": [{
                "expression": "variables.writer == variables.wanted",
                "messageExpression": format!(
                    r#"oldObject == null ? "user " + request.userInfo.username + {who} + request.userInfo.username + {how} : "{WRITER} stays as it was""#
                ),
                "reason": "Forbidden",
            }],
        });
        self.bound(NAME, policy, None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::super::Guard;

    #[test]
    fn ws_07i_the_guard_asks_who_writes_and_lets_nobody_through_by_an_empty_beginning() {
        let guard = Guard { owners: true, ..Guard::default() };
        let objects = guard.objects();
        assert_eq!(objects.len(), 2, "none is there that is not wanted");
        let (policy, binding) = (&objects[0].1, &objects[1].1);
        assert_eq!(policy["spec"]["failurePolicy"], "Fail");
        let passes = &policy["spec"]["matchConditions"][0]["expression"];
        assert_eq!(passes, "!(request.userInfo.username in [])");
        assert!(policy["spec"].get("paramKind").is_none() && binding["spec"].get("paramRef").is_none());
    }
}
