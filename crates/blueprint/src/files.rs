//! Reading a tree of files: includes resolved, cycles named, nothing outside of the tree touched. The files themselves come
//! through [`Files`], for this crate does no IO.

#[cfg(test)]
mod tests;

use crate::node::{Layer, LayerKind, Node};
use crate::problem::{Mark, Problem};
use crate::yaml;
use base::Code;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The files of one tree. Paths are relative to its root, with `/`, and hold no `..`.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read, or it is not UTF-8, or a link in it leads out of the tree: in words.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// Files in memory.
impl Files for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// The paths that are asked for when a repository's file is read, itself among them: as far as they can be read.
#[must_use]
pub fn included(files: &dyn Files, path: &str) -> Vec<String> {
    struct Watched<'a>(&'a dyn Files, RefCell<BTreeSet<String>>);
    impl Files for Watched<'_> {
        fn read(&self, path: &str) -> Result<String, String> {
            self.1.borrow_mut().insert(path.to_owned());
            self.0.read(path)
        }
    }
    let watched = Watched(files, RefCell::default());
    let _ = read_all(&watched, &[path.to_owned()], LayerKind::Repo);
    watched.1.into_inner().into_iter().collect()
}

/// A file, read: its documents, or what is wrong with it.
pub(crate) struct Read {
    pub(crate) path: String,
    pub(crate) documents: Result<Vec<Node>, Problem>,
}

/// Reads files with all that they include. What another of them includes is no file of its own.
pub(crate) fn read_all(files: &dyn Files, paths: &[String], kind: LayerKind) -> Vec<Read> {
    let layer = Arc::new(Layer { kind, name: String::new() });
    let mut included = HashSet::new();
    let mut read = Vec::new();
    for path in paths {
        let mut reader =
            Reader { files, layer: &layer, stack: vec![path.clone()], included: &mut included, budget: MAX_INCLUDES };
        let documents = match files.read(path) {
            Ok(text) => yaml::parse(&text, path, &layer, &mut reader),
            Err(reason) => Err(Problem::new(Code::BlueprintInvalid, "", &Mark::start(path), reason)),
        };
        read.push(Read { path: path.clone(), documents });
    }
    let (parts, mut read): (Vec<Read>, Vec<Read>) = read.into_iter().partition(|one| included.contains(&one.path));
    // Files that include each other in a circle would all be left out, and what is wrong in them with them: that is told once.
    for part in parts {
        let Err(problem) = &part.documents else { continue };
        let mut told = read.iter().filter_map(|one| one.documents.as_ref().err());
        let is_told =
            |one: &Problem| one == problem || one.code == Code::BlueprintCycle && one.message.contains(&part.path);
        if !told.any(is_told) {
            read.push(part);
        }
    }
    read
}

struct Reader<'a> {
    files: &'a dyn Files,
    layer: &'a Arc<Layer>,
    /// The files that are being read, outermost first.
    stack: Vec<String>,
    included: &'a mut HashSet<String>,
    budget: usize,
}

impl Reader<'_> {
    fn resolve(&self, path: &str, mark: &Mark) -> Result<String, Problem> {
        let from = self.stack.last().map_or("", String::as_str);
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        inside(folder, path).ok_or_else(|| {
            problem(mark, format!("{path} is outside of the tree: only files inside of it can be included"))
        })
    }

    fn spend(&mut self, mark: &Mark) -> Result<(), Problem> {
        self.budget = self
            .budget
            .checked_sub(1)
            .ok_or_else(|| problem(mark, format!("more than {MAX_INCLUDES} includes in one file")))?;
        Ok(())
    }
}

impl yaml::Resolve for Reader<'_> {
    fn include(&mut self, path: &str, mark: &Mark) -> Result<Node, Problem> {
        let path = self.resolve(path, mark)?;
        self.spend(mark)?;
        self.included.insert(path.clone());
        if let Some(at) = self.stack.iter().position(|open| *open == path) {
            let mut way: Vec<&str> = self.stack.iter().skip(at).map(String::as_str).collect();
            way.push(&path);
            let message = format!("files include each other: {}", way.join(" → "));
            return Err(Problem::new(Code::BlueprintCycle, "", mark, message));
        }
        if self.stack.len() > MAX_INCLUDE_DEPTH {
            return Err(problem(mark, format!("more than {MAX_INCLUDE_DEPTH} files include each other in a row")));
        }
        let text = self.files.read(&path).map_err(|reason| problem(mark, format!("{path}: {reason}")))?;
        self.stack.push(path.clone());
        let layer = Arc::clone(self.layer);
        let documents = yaml::parse(&text, &path, &layer, self);
        self.stack.pop();
        let mut documents = documents?;
        match (documents.pop(), documents.is_empty()) {
            (Some(one), true) => Ok(one),
            _ => Err(problem(mark, format!("{path}: a file that is included holds one document"))),
        }
    }

    fn text(&mut self, path: &str, mark: &Mark) -> Result<String, Problem> {
        let path = self.resolve(path, mark)?;
        self.spend(mark)?;
        self.files.read(&path).map_err(|reason| problem(mark, format!("{path}: {reason}")))
    }
}

/// A path from a folder, inside of the tree; `None` when it leads out of it.
fn inside(folder: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with('/') || path.contains(['\\', '\0', ':']) {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn problem(mark: &Mark, message: String) -> Problem {
    Problem::new(Code::BlueprintInvalid, "", mark, message)
}

const MAX_INCLUDES: usize = 1_000;
const MAX_INCLUDE_DEPTH: usize = 16;
