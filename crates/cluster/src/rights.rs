//! What the API server says we may: the rules of a namespace (SelfSubjectRulesReview) and single questions
//! (SelfSubjectAccessReview). Neither stores anything.

use crate::error::Error;
use crate::reader::Reader;
use catalog::Kind;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is asked about: a verb on a kind or on a subresource of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Right {
    /// `list`, `delete`, `patch`, ….
    pub verb: &'static str,
    /// `scale`; empty for the objects themselves.
    pub subresource: &'static str,
}

impl Right {
    /// A verb on the objects of a kind.
    #[must_use]
    pub const fn of(verb: &'static str) -> Self {
        Self { verb, subresource: "" }
    }

    /// A verb on a subresource.
    #[must_use]
    pub const fn on(verb: &'static str, subresource: &'static str) -> Self {
        Self { verb, subresource }
    }
}

impl std::fmt::Display for Right {
    /// `patch`, `patch/scale`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.verb)?;
        if self.subresource.is_empty() { Ok(()) } else { write!(f, "/{}", self.subresource) }
    }
}

/// What is asked of the API server: all words are as a role writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Access<'a> {
    /// `list`, `impersonate`, ….
    pub verb: &'a str,
    /// The API group; empty for that of pods.
    pub group: &'a str,
    /// `pods`, `users`.
    pub resource: &'a str,
    /// `exec`; empty for the objects themselves.
    pub subresource: &'a str,
    /// Empty for the whole cluster.
    pub namespace: &'a str,
    /// One object alone; empty for all of them.
    pub name: &'a str,
}

/// The rules that hold for us in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    /// There may be more: an authorizer that cannot list its rules.
    incomplete: bool,
    resource_rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

impl Rules {
    /// There may be more rights than these rules give: only single questions tell.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Whether the right is there. `None`: it cannot be told without asking about the single object: the rules are not
    /// all, or some name objects.
    #[must_use]
    pub fn allow(&self, kind: &Kind, right: Right) -> Option<bool> {
        let any = |list: &[String], wanted: &str| list.iter().any(|own| own == "*" || own == wanted);
        let resource = |rule: &Rule| {
            let (plural, sub) = (kind.plural.as_str(), right.subresource);
            rule.resources.iter().any(|own| match own.split_once('/') {
                _ if own == "*" => true,
                None => sub.is_empty() && own == plural,
                Some((of, own_sub)) => own_sub == sub && !sub.is_empty() && (of == "*" || of == plural),
            })
        };
        let mut named = false;
        for rule in &self.resource_rules {
            if !any(&rule.verbs, right.verb) || !any(&rule.api_groups, &kind.group) || !resource(rule) {
                continue;
            }
            if rule.resource_names.is_empty() {
                return Some(true);
            }
            named = true;
        }
        if named || self.incomplete { None } else { Some(false) }
    }
}

impl Reader {
    /// The rules that hold for us in a namespace. Those of cluster roles are among them, for the kinds of the whole
    /// cluster too: whether they hold there, only [`Reader::may`] tells.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn rules(&self, namespace: &str) -> Result<Rules, Error> {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": { "namespace": namespace },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let answer = self.review(path, &body, "selfsubjectrulesreviews.authorization.k8s.io").await?;
        #[derive(Deserialize)]
        struct Answer {
            status: Rules,
        }
        let answer: Answer = serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(answer.status)
    }

    /// Whether we have a right. An empty namespace asks for the whole cluster.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn may(&self, right: Right, kind: &Kind, namespace: &str) -> Result<bool, Error> {
        let Right { verb, subresource } = right;
        let (group, resource) = (kind.group.as_str(), kind.plural.as_str());
        self.allows(Access { verb, group, resource, subresource, namespace, name: "" }).await
    }

    /// Whether we may everything on everything.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn may_everything(&self) -> Result<bool, Error> {
        self.allows(Access { verb: "*", group: "*", resource: "*", ..Access::default() }).await
    }

    /// Whether we may do this, with resources too that no server lists: `impersonate` of `users`.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn allows(&self, access: Access<'_>) -> Result<bool, Error> {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": access },
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = self.review(path, &body, "selfsubjectaccessreviews.authorization.k8s.io").await?;
        #[derive(Deserialize)]
        struct Answer {
            status: Status,
        }
        #[derive(Deserialize)]
        struct Status {
            #[serde(default)]
            allowed: bool,
        }
        let answer: Answer = serde_json::from_slice(&answer).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(answer.status.allowed)
    }
}

#[cfg(test)]
mod tests;
