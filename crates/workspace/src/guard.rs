//! Guards: admission policies by which the API server asks itself, with no webhook, about what would go past Quarterdeck. Pure.
//!
//! The exec guard: nobody enters the pod of a workspace. Each Workspace of a namespace is a parameter of it, and says which pod is
//! its own. The [owner guard](owners): nobody writes whose a workspace is. Whoever acts for people, and the people it acts for, are
//! let through: they were decided on and recorded.

pub mod owners;

use cluster::Owned;
use serde_json::{Value, json};

/// Which guards stand, whom they let through, and what they tell others.
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
    /// Nobody enters pods of workspaces.
    pub exec: bool,
    /// Who writes a workspace says who they are.
    pub owners: bool,
}

impl Guard {
    /// The policies that are wanted, and what binds them to workspaces.
    #[must_use]
    pub fn objects(&self) -> Vec<(Owned, Value)> {
        let mut all = Vec::new();
        if self.exec {
            all.extend(self.exec_objects());
        }
        if self.owners {
            all.extend(self.owner_objects());
        }
        all
    }

    fn exec_objects(&self) -> [(Owned, Value); 2] {
        let rule = |operation: &str, resources: &[&str]| json!({ "apiGroups": [""], "apiVersions": ["v1"], "operations": [operation], "resources": resources, "scope": "Namespaced" });
        let policy = json!({
            "failurePolicy": "Fail",
            "paramKind": { "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind() },
            "matchConstraints": { "resourceRules": [
                rule("CONNECT", &["pods/exec", "pods/attach", "pods/portforward"]),
                rule("UPDATE", &["pods/ephemeralcontainers"]),
            ] },
            "matchConditions": [{ "name": "past-quarterdeck", "expression": format!("!({})", self.passes()) }],
            "validations": [{ "expression": OTHER_POD, "messageExpression": self.message(), "reason": "Forbidden" }],
        });
        self.bound(NAME, policy, Some(json!({ "selector": {}, "parameterNotFoundAction": "Allow" })))
    }

    /// A policy and its binding, for the namespaces that are guarded.
    fn bound(&self, name: &str, policy: Value, params: Option<Value>) -> [(Owned, Value); 2] {
        let name = self.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{name}-{namespace}"));
        let meta = json!({ "name": name, "labels": { "app.kubernetes.io/managed-by": "quarterdeck" } });
        let mut spec = json!({ "policyName": name, "validationActions": ["Deny"] });
        let within = self.namespace.as_ref().map(|namespace| {
            let labels = json!({ "kubernetes.io/metadata.name": namespace });
            json!({ "namespaceSelector": { "matchLabels": labels } })
        });
        if let Some(spec) = spec.as_object_mut() {
            let more = [("paramRef", params), ("matchResources", within)];
            spec.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        }
        let of = |kind: Owned, spec: Value| {
            (kind, json!({ "apiVersion": kind.api_version(), "kind": kind.kind(), "metadata": meta, "spec": spec }))
        };
        [of(Owned::AdmissionPolicy, policy), of(Owned::AdmissionBinding, spec)]
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
            exec: true,
            owners: false,
        };
        let [(_, policy), (_, binding)] = guard.exec_objects();
        let passes = policy["spec"]["matchConditions"][0]["expression"].as_str().unwrap_or_default();
        let said = r#"!(request.userInfo.username in ["system:serviceaccount:qd:gateway", "o\"dd"] || "#;
        assert!(passes.starts_with(said) && passes.contains(r#"startsWith("quarterdeck:")"#), "{passes}");
        assert!(policy["spec"]["validations"][0]["messageExpression"].to_string().contains("at https://qd.test"));
        assert_eq!(binding["spec"]["policyName"], "quarterdeck-exec-guard-team");
        let labels = &binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"];
        assert_eq!(*labels, json!({ "kubernetes.io/metadata.name": "team" }));
        // an empty beginning would let everybody through
        let [(_, policy), (_, binding)] = Guard::default().exec_objects();
        let passes = policy["spec"]["matchConditions"][0]["expression"].as_str().unwrap_or_default();
        assert_eq!(passes, "!(request.userInfo.username in [])");
        assert!(policy["spec"]["validations"][0]["messageExpression"].to_string().contains("qd ws shell"));
        assert_eq!(binding["spec"].get("matchResources"), None);
        assert_eq!(
            (Guard::default().objects().len(), guard.objects().len()),
            (0, 2),
            "none is there that is not wanted"
        );
    }
}
