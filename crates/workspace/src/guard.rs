//! The exec guard: an admission policy by which nobody enters the pod of a workspace past Quarterdeck. Pure.
//!
//! The API server asks it itself, with no webhook: each Workspace of a namespace is a parameter of the policy, and says which
//! pod is its own. Whoever acts for people, and the people it acts for, are let through: they were decided on and recorded.

use cluster::Owned;
use serde_json::{Value, json};

/// Whom the guard lets through, and what it tells others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Workspaces of one namespace alone; of all of them when absent.
    pub namespace: Option<String>,
    /// Accounts of gateways and operators, as the API server knows them.
    pub accounts: Vec<String>,
    /// How the names of people and groups begin for whom a gateway asks; nobody where it is empty.
    pub prefix: String,
    /// Where people go instead.
    pub address: Option<String>,
}

impl Guard {
    /// The policy, and what binds it to workspaces.
    #[must_use]
    pub fn objects(&self) -> [(Owned, Value); 2] {
        let name = self.namespace.as_ref().map_or_else(|| NAME.to_owned(), |namespace| format!("{NAME}-{namespace}"));
        let meta = json!({ "name": name, "labels": { "app.kubernetes.io/managed-by": "quarterdeck" } });
        let rule = |operation: &str, resources: &[&str]| json!({ "apiGroups": [""], "apiVersions": ["v1"], "operations": [operation], "resources": resources, "scope": "Namespaced" });
        let policy = json!({
            "apiVersion": Owned::AdmissionPolicy.api_version(), "kind": Owned::AdmissionPolicy.kind(), "metadata": meta,
            "spec": {
                "failurePolicy": "Fail",
                "paramKind": { "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind() },
                "matchConstraints": { "resourceRules": [
                    rule("CONNECT", &["pods/exec", "pods/attach", "pods/portforward"]),
                    rule("UPDATE", &["pods/ephemeralcontainers"]),
                ] },
                "matchConditions": [{ "name": "past-quarterdeck", "expression": format!("!({})", self.passes()) }],
                "validations": [{ "expression": OTHER_POD, "messageExpression": self.message(), "reason": "Forbidden" }],
            },
        });
        let mut spec = json!({
            "policyName": name,
            "validationActions": ["Deny"],
            "paramRef": { "selector": {}, "parameterNotFoundAction": "Allow" },
        });
        if let (Some(namespace), Some(spec)) = (&self.namespace, spec.as_object_mut()) {
            let labels = json!({ "kubernetes.io/metadata.name": namespace });
            spec.insert("matchResources".to_owned(), json!({ "namespaceSelector": { "matchLabels": labels } }));
        }
        let binding = json!({
            "apiVersion": Owned::AdmissionBinding.api_version(), "kind": Owned::AdmissionBinding.kind(), "metadata": meta,
            "spec": spec,
        });
        [(Owned::AdmissionPolicy, policy), (Owned::AdmissionBinding, binding)]
    }

    /// Whether a request is let through, as an expression.
    fn passes(&self) -> String {
        let accounts: Vec<String> = self.accounts.iter().map(|account| quoted(account)).collect();
        let mut any = vec![format!("request.userInfo.username in [{}]", accounts.join(", "))];
        if !self.prefix.is_empty() {
            let prefix = quoted(&self.prefix);
            any.push(format!("request.userInfo.username.startsWith({prefix})"));
            any.push(format!(
                "has(request.userInfo.groups) && request.userInfo.groups.exists(one, one.startsWith({prefix}))"
            ));
        }
        any.join(" || ")
    }

    /// What whoever is denied reads, as an expression.
    fn message(&self) -> String {
        let how = match &self.address {
            Some(address) => quoted(&format!(": use its terminal, files and apps at {address}")),
            None => concat!(
                r#"": qd ws shell -n " + params.metadata.namespace + " " + params.metadata.name + "#,
                r#"" with an account that may""#
            )
            .to_owned(),
        };
        format!(
            r#""workspace " + params.metadata.name + " is entered through Quarterdeck alone, which decides on it and records it" + {how}"#
        )
    }
}

/// A text of the expression language.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// The pod is not that of this workspace.
const OTHER_POD: &str = "request.name != params.metadata.name && \
    (!has(params.status) || !has(params.status.pod) || !has(params.status.pod.name) || params.status.pod.name != request.name)";
/// What the objects are called.
pub const NAME: &str = "quarterdeck-exec-guard";

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]

    use super::Guard;
    use serde_json::json;

    #[test]
    fn wb_20a_the_guard_names_whom_it_lets_through_and_where_others_go() {
        let guard = Guard {
            namespace: Some("team".to_owned()),
            accounts: vec!["system:serviceaccount:qd:gateway".to_owned(), "o\"dd".to_owned()],
            prefix: "quarterdeck:".to_owned(),
            address: Some("https://qd.test".to_owned()),
        };
        let [(_, policy), (_, binding)] = guard.objects();
        let passes = policy["spec"]["matchConditions"][0]["expression"].as_str().unwrap_or_default();
        let said = r#"!(request.userInfo.username in ["system:serviceaccount:qd:gateway", "o\"dd"] || "#;
        assert!(passes.starts_with(said) && passes.contains(r#"startsWith("quarterdeck:")"#), "{passes}");
        assert!(policy["spec"]["validations"][0]["messageExpression"].to_string().contains("at https://qd.test"));
        assert_eq!(binding["spec"]["policyName"], "quarterdeck-exec-guard-team");
        let labels = &binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"];
        assert_eq!(*labels, json!({ "kubernetes.io/metadata.name": "team" }));
        // an empty beginning would let everybody through
        let [(_, policy), (_, binding)] = Guard::default().objects();
        let passes = policy["spec"]["matchConditions"][0]["expression"].as_str().unwrap_or_default();
        assert_eq!(passes, "!(request.userInfo.username in [])");
        assert!(policy["spec"]["validations"][0]["messageExpression"].to_string().contains("qd ws shell"));
        assert_eq!(binding["spec"].get("matchResources"), None);
    }
}
