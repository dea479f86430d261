//! Workspaces that were imported, by the ids that they had before: whoever knows the old id of theirs, or the user string that
//! it was made of, comes to the same workspace.
//!
//! Invariant: an alias leads to what says itself that it was imported, and only where one alone does. Pure.

use base::{Code, Coded};
use serde_json::{Value, json};

/// The imported workspace that had one of these ids; `None` where none had.
///
/// # Errors
/// When several had: which is meant is not guessed.
pub fn one<'a>(all: impl IntoIterator<Item = &'a Value>, ids: &[String]) -> Result<Option<&'a Value>, Several> {
    let mut found = all.into_iter().filter(|object| before(object).is_some_and(|id| ids.iter().any(|one| one == id)));
    let Some(first) = found.next() else { return Ok(None) };
    let mut names: Vec<String> = found.map(named).collect();
    if names.is_empty() {
        return Ok(Some(first));
    }
    names.insert(0, named(first));
    names.sort();
    Err(Several { names })
}

/// The id that an object had before it was imported.
fn before(object: &Value) -> Option<&str> {
    let from = object.get("metadata")?.get("annotations")?.get(crd::import::IMPORTED)?.as_str()?;
    from.strip_prefix("Workspace ")?.split_once('/').map(|(_, id)| id)
}

fn named(object: &Value) -> String {
    let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"))
}

/// Several imported workspaces had the id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} were imported under this id, and which is meant is not guessed: say the name of one", .names.join(" and "))]
pub struct Several {
    /// Their namespaces and names.
    pub names: Vec<String>,
}

impl Coded for Several {
    fn code(&self) -> Code {
        Code::WorkspaceAmbiguous
    }

    fn details(&self) -> Option<Value> {
        Some(json!({ "workspaces": self.names }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

    use super::one;
    use crate::launch::Said;
    use serde_json::{Value, json};

    fn object(name: &str, from: Option<&str>) -> Value {
        let annotations = from.map(|from| json!({ "quarterdeck.dev/imported-from": from }));
        json!({ "metadata": { "name": name, "namespace": "lab", "annotations": annotations } })
    }

    #[test]
    fn ac_07b_an_old_id_leads_to_the_one_that_was_imported_under_it_and_to_nothing_else() {
        let found = |all: &[Value], text: &str| {
            let ids = Said::sought_string(text).unwrap().meant(None).unwrap().earlier;
            one(all, &ids).map(|one| one.map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()))
        };
        let ours = object("dev1-d979fa8", None);
        let imported = object("short", Some("Workspace old/dev1-d979fa8"));
        assert_eq!(found(std::slice::from_ref(&ours), "dev1"), Ok(None), "it has the name, and was not imported");
        assert_eq!(found(&[object("a", Some("Capability old/dev1-d979fa8"))], "dev1"), Ok(None));
        assert_eq!(found(&[ours, imported.clone()], "dev1"), Ok(Some("short".to_owned())));
        assert_eq!(found(std::slice::from_ref(&imported), "dev2"), Ok(None));
        // with the namespace, and without it
        let text = "dev1~go+workload=deployment~web+ns=team-a";
        let ids = Said::sought_string(text).unwrap().meant(None).unwrap().earlier;
        let each: Vec<Value> = ids.iter().map(|id| object(id, Some(&format!("Workspace team-a/{id}")))).collect();
        assert_eq!(each.len(), 2);
        for one in &each {
            let name = one["metadata"]["name"].as_str().unwrap().to_owned();
            assert_eq!(found(&[one.clone(), imported.clone()], text), Ok(Some(name)));
        }
        let several = found(&each, text).unwrap_err();
        assert_eq!(several.names.len(), 2);
        assert!(several.to_string().contains("is not guessed"), "{several}");
    }
}
