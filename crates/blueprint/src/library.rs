//! Blueprints by name: those of the platform, and those of an organization, which shadow them.
//!
//! A document is a `blueprints:` list, one `blueprint:`, or a list. Each blueprint becomes a [`Definition`] with names and legacy
//! forms already rewritten, so that layers meet the same words.

#[cfg(test)]
mod tests;

use crate::cel::Compiled;
use crate::files::{Files, read_all};
use crate::legacy;
use crate::names::normalize_dns;
use crate::node::{Entry, Layer, LayerKind, Node, Value};
use crate::pointer::Pointer;
use crate::problem::{Mark, Problem};
use base::Code;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One blueprint as it is written, before its parents are under it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name, a DNS label.
    pub name: String,
    /// The layer that it is.
    pub layer: Arc<Layer>,
    /// The name of its parent.
    pub template: Option<String>,
    /// Whether it is only there to be a parent.
    pub is_abstract: bool,
    /// Where it is written.
    pub mark: Mark,
    pub(crate) node: Arc<Node>,
}

impl Definition {
    /// What it says of itself.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.node.get("description").and_then(Node::text)
    }

    /// Its fields as they are written; an expression is its text after `!cel `.
    #[must_use]
    pub fn fields(&self) -> serde_json::Value {
        self.node.to_json()
    }

    /// The items of one of its lists: `params`, `presets`.
    #[must_use]
    pub fn listed(&self, key: &str) -> Vec<serde_json::Value> {
        self.node.get(key).map_or(&[][..], Node::items).iter().map(Node::to_json).collect()
    }
}

/// Blueprints by name.
#[derive(Clone, Debug, Default)]
pub struct Library {
    platform: BTreeMap<String, Definition>,
    org: BTreeMap<String, Definition>,
    compiled: Compiled,
}

impl Library {
    /// Adds the blueprints of files; tells what is wrong with them, and what was rewritten.
    pub fn add(&mut self, files: &dyn Files, paths: &[String], kind: LayerKind) -> Vec<Problem> {
        let mut problems = Vec::new();
        let set = if kind == LayerKind::Org { &mut self.org } else { &mut self.platform };
        for read in read_all(files, paths, kind) {
            let documents = match read.documents {
                Ok(documents) => documents,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let mut nodes = Vec::new();
            for document in documents {
                if let Err(problem) = blueprints_in(document, &mut nodes) {
                    problems.push(problem);
                }
            }
            for node in nodes {
                let Some(definition) = define(node, kind, &mut problems) else { continue };
                match set.get(&definition.name) {
                    Some(first) => problems.push(Problem::new(
                        Code::BlueprintInvalid,
                        "/name",
                        &definition.mark,
                        format!(
                            "there are two blueprints named {}: at {} and at {}",
                            definition.name, first.mark, definition.mark
                        ),
                    )),
                    None => {
                        set.insert(definition.name.clone(), definition);
                    }
                }
            }
        }
        problems
    }

    /// Takes a blueprint of an organization out, so that another one of its name can be tried in its place.
    pub fn forget(&mut self, name: &str) {
        self.org.remove(name);
    }

    /// The expressions that were met in them and compiled.
    pub(crate) fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The blueprint of a name, as an organization sees it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Definition> {
        self.org.get(name).or_else(|| self.platform.get(name))
    }

    /// Every blueprint that is seen, by name.
    pub fn all(&self) -> impl Iterator<Item = &Definition> {
        self.org.values().chain(self.platform.values().filter(|one| !self.org.contains_key(&one.name)))
    }

    /// Names that a workspace can be made from.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.all().filter(|one| !one.is_abstract).map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// A blueprint and its parents, the root first.
    ///
    /// # Errors
    /// When a name is not there, or a blueprint is its own ancestor.
    pub fn chain(&self, name: &str) -> Result<Vec<&Definition>, Problem> {
        let first = self.get(name).ok_or_else(|| self.not_found(name, &Mark::start("blueprints"), ""))?;
        self.chain_from(first)
    }

    /// The same, from a definition that need not be in here: that of a repository.
    pub(crate) fn chain_from<'a>(&'a self, first: &'a Definition) -> Result<Vec<&'a Definition>, Problem> {
        let mut chain = vec![first];
        let mut here = first;
        while let Some(template) = &here.template {
            let parent = self.parent(here, template).ok_or_else(|| {
                let mark = here.node.get("template").map_or(&here.mark, |node| &node.origin.mark);
                self.not_found(template, mark, "/template").of(&here.name)
            })?;
            if let Some(at) = chain.iter().position(|one| std::ptr::eq(*one, parent)) {
                let mut way: Vec<&str> = chain.iter().skip(at).map(|one| one.name.as_str()).collect();
                way.push(&parent.name);
                let message = format!("a blueprint is its own ancestor: {}", way.join(" → "));
                return Err(Problem::new(Code::BlueprintCycle, "/template", &here.mark, message).of(&here.name));
            }
            if chain.len() >= MAX_CHAIN {
                let message = format!("more than {MAX_CHAIN} blueprints above each other");
                return Err(Problem::new(Code::BlueprintInvalid, "/template", &here.mark, message).of(&here.name));
            }
            chain.push(parent);
            here = parent;
        }
        chain.reverse();
        Ok(chain)
    }

    /// The parent by name: what an organization shadows under its own name is the platform's.
    fn parent(&self, of: &Definition, template: &str) -> Option<&Definition> {
        match of.layer.kind {
            LayerKind::Platform => self.platform.get(template),
            LayerKind::Org if of.name == template => self.platform.get(template).or_else(|| self.org.get(template)),
            _ => self.get(template),
        }
    }

    fn not_found(&self, name: &str, mark: &Mark, pointer: &str) -> Problem {
        let names = self.names();
        let listed =
            if names.is_empty() { "there are none".to_owned() } else { format!("there are {}", names.join(", ")) };
        Problem::new(Code::BlueprintNotFound, pointer, mark, format!("no blueprint is named {name}; {listed}"))
    }
}

/// Reads the one blueprint of a repository's file, or of a workspace's overrides.
///
/// # Errors
/// When there is none, or more than one, or it cannot be read.
pub(crate) fn single(
    files: &dyn Files,
    path: &str,
    kind: LayerKind,
    name: &str,
) -> Result<(Definition, Vec<Problem>), Problem> {
    let mut nodes = Vec::new();
    for read in read_all(files, &[path.to_owned()], kind) {
        for document in read.documents? {
            // a workspace's overrides are the fields themselves
            match &document.value {
                Value::Map(entries) if kind == LayerKind::Overrides && !is_wrapper(entries) => nodes.push(document),
                _ => blueprints_in(document, &mut nodes)?,
            }
        }
    }
    let (Some(mut node), true) = (nodes.pop(), nodes.is_empty()) else {
        return Err(wrong("", &Mark::start(path), "the file holds one `blueprint:`"));
    };
    if matches!(node.value, Value::Map(_)) && node.get("name").is_none() {
        node.put("name", Node { value: Value::Text(name.to_owned()), origin: node.origin.clone() });
    }
    let mut problems = Vec::new();
    match define(node, kind, &mut problems) {
        Some(definition) => Ok((definition, problems)),
        None => Err(problems.pop().unwrap_or_else(|| wrong("", &Mark::start(path), "this is no blueprint"))),
    }
}

/// Finds the blueprints of a document.
fn blueprints_in(document: Node, found: &mut Vec<Node>) -> Result<(), Problem> {
    let mark = document.origin.mark.clone();
    match document.value {
        Value::Null => Ok(()),
        Value::List(items) => {
            for item in items {
                match item.value {
                    // an included file may bring its own list, or its own `blueprint:`
                    Value::List(_) => blueprints_in(item, found)?,
                    Value::Map(ref entries) if is_wrapper(entries) => blueprints_in(item, found)?,
                    _ => found.push(item),
                }
            }
            Ok(())
        }
        Value::Map(entries) if is_wrapper(&entries) => {
            for entry in entries {
                match (entry.key.as_str(), entry.node.value) {
                    ("blueprint", value @ Value::Map(_)) => {
                        found.push(Node { value, origin: entry.node.origin });
                    }
                    ("blueprints", value @ Value::List(_)) => {
                        blueprints_in(Node { value, origin: entry.node.origin }, found)?;
                    }
                    ("blueprint", _) => return Err(wrong("", &entry.mark, "`blueprint:` is one map")),
                    _ => return Err(wrong("", &entry.mark, "`blueprints:` is a list")),
                }
            }
            Ok(())
        }
        _ => Err(wrong("", &mark, "a document is a `blueprints:` list, one `blueprint:`, or a list of blueprints")),
    }
}

pub(crate) fn is_wrapper(entries: &[Entry]) -> bool {
    !entries.is_empty() && entries.iter().all(|entry| entry.key == "blueprint" || entry.key == "blueprints")
}

fn define(mut node: Node, kind: LayerKind, problems: &mut Vec<Problem>) -> Option<Definition> {
    let mark = node.origin.mark.clone();
    if !matches!(node.value, Value::Map(_)) {
        problems.push(wrong("", &mark, format!("a blueprint is a map, this is {}", node.type_word())));
        return None;
    }
    let mut plain = |key: &str, node: &Node| match node.get(key).map(|node| (&node.value, &node.origin.mark)) {
        None => None,
        Some((Value::Text(text) | Value::Number(text), _)) => Some(normalize_dns(text)),
        Some((_, mark)) => {
            problems.push(wrong(&format!("/{key}"), mark, format!("{key} is a plain text")));
            None
        }
    };
    let (name, template) = (plain("name", &node), plain("template", &node));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        problems.push(wrong("/name", &mark, "a blueprint has a name"));
        return None;
    };
    let name_max = if kind.is_bounded() { 63 } else { 40 };
    if name.len() > name_max {
        problems.push(wrong("/name", &mark, format!("a blueprint's name has at most {name_max} characters")).of(&name));
    }
    let layer = Arc::new(Layer { kind, name: name.clone() });
    node.stamp(&layer);
    for key in ["name", "template"] {
        let text = if key == "name" { Some(&name) } else { template.as_ref() };
        if let (Some(text), Some(origin)) = (text, node.get(key).map(|node| node.origin.clone())) {
            node.put(key, Node { value: Value::Text(text.clone()), origin });
        }
    }
    let before = problems.len();
    legacy::rewrite(&mut node, problems);
    expressions(&mut node, problems);
    // Objects have it beside the network.
    if let Some(taken) = node.take("kubernetesAccess") {
        node.set(&Pointer::parse("/network/kubernetesAccess"), taken.node);
    }
    for problem in problems.iter_mut().skip(before) {
        problem.blueprint.clone_from(&name);
    }
    let is_abstract = node.get("isTemplate").and_then(Node::bool).unwrap_or(false);
    Some(Definition { name, layer, template, is_abstract, mark, node: Arc::new(node) })
}

/// The map `expressions` (pointer → CEL) says what `!cel` tags say.
fn expressions(node: &mut Node, problems: &mut Vec<Problem>) {
    let Some(taken) = node.take("expressions") else { return };
    for entry in taken.node.entries() {
        let (Value::Text(text) | Value::Cel(text)) = &entry.node.value else {
            problems.push(wrong("/expressions", &entry.mark, "an expression is a text"));
            continue;
        };
        let value = Node { value: Value::Cel(text.clone()), origin: entry.node.origin.clone() };
        if !node.set(&Pointer::parse(&entry.key), value) {
            problems.push(wrong("/expressions", &entry.mark, format!("{} leads to no field of a map", entry.key)));
        }
    }
}

fn wrong(pointer: &str, mark: &Mark, message: impl Into<String>) -> Problem {
    Problem::new(Code::BlueprintInvalid, pointer, mark, message)
}

const MAX_CHAIN: usize = 32;
