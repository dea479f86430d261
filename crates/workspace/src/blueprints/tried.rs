//! A file of blueprints that somebody is still writing: what is wrong with it, and what would be made of it.

use super::{Blueprints, Made, Seen, sourced};
use crate::source::Sourced;
use blueprint::{Given, LayerKind, Library, Problem, Problems};
use serde_json::json;
use std::collections::BTreeMap;

/// A file among the blueprints of a namespace, in the place of those that have its names.
#[derive(Debug)]
pub struct Tried {
    /// The blueprints in it, in order.
    pub names: Vec<String>,
    /// Those of them that a workspace can be made from.
    pub whole: Vec<String>,
    /// All that is wrong with it, and what is doubtful.
    pub problems: Vec<Problem>,
    seen: Seen,
}

impl Blueprints {
    /// Tries a file: beside the platform's, which it may build upon, and what else the namespace has.
    #[must_use]
    pub fn tried(&self, namespace: &str, path: &str, text: &str) -> Tried {
        let (files, paths) = (BTreeMap::from([(path.to_owned(), text.to_owned())]), [path.to_owned()]);
        let mut alone = Library::default();
        // What is wrong is told when it stands among the others.
        drop(alone.add(&files, &paths, LayerKind::Org));
        let mut own: Vec<_> = alone.all().map(|one| (one.mark.clone(), one.name.clone(), one.is_abstract)).collect();
        own.sort();
        let mut library = self.seen(namespace).library.clone();
        own.iter().for_each(|(_, name, _)| library.forget(name));
        let mut problems = library.add(&files, &paths, LayerKind::Org);
        for (_, name, _) in &own {
            let Some(one) = library.get(name) else { continue };
            for found in blueprint::lint_one(&library, one, &self.settings(), &self.platform.env) {
                if *found.mark.file == *path && !problems.contains(&found) {
                    problems.push(found);
                }
            }
        }
        let whole = own.iter().filter(|(_, _, is_abstract)| !is_abstract).map(|(_, name, _)| name.clone()).collect();
        let names = own.into_iter().map(|(_, name, _)| name).collect();
        Tried { names, whole, problems, seen: Seen::tried(library) }
    }

    /// What a workspace of somebody would be made of, by one of its blueprints.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn made_of(&self, tried: &Tried, name: &str, owner: &str, org: &str, params: &Given) -> Result<Made, Problems> {
        let spec = json!({ "owner": owner, "org": org, "blueprintRef": { "name": name } });
        self.made(&sourced::Asked {
            seen: &tried.seen,
            name: Some(name),
            namespace: "",
            workspace: "preview",
            spec: &spec,
            params,
            sourced: &Sourced::None,
            fixed: Given::new(),
            offers: None,
        })
    }
}
