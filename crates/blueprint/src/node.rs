//! The syntax tree of a blueprint: each node knows the place it was written at and the layer that set it.

use crate::pointer::Pointer;
use crate::problem::Mark;
use std::fmt;
use std::sync::Arc;

/// Who says something about a workspace, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerKind {
    /// What holds where nobody says anything.
    Default,
    /// A blueprint of the platform.
    Platform,
    /// A blueprint of the organization.
    Org,
    /// A file in the repository.
    Repo,
    /// The workspace's own changes.
    Overrides,
    /// What whoever works in it brings along.
    Personal,
    /// A patch that the policy obliges to.
    Policy,
}

impl LayerKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Platform => "platform",
            Self::Org => "org",
            Self::Repo => "repo",
            Self::Overrides => "overrides",
            Self::Personal => "personal",
            Self::Policy => "policy",
        }
    }

    /// Whether it may set only what blueprints leave to it.
    #[must_use]
    pub const fn is_bounded(self) -> bool {
        matches!(self, Self::Repo | Self::Overrides)
    }
}

/// A layer: its kind, and the blueprint's name where it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its kind.
    pub kind: LayerKind,
    /// The blueprint's name; empty where it is none.
    pub name: String,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.name) }
    }
}

/// Where a node comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The layer that set it.
    pub layer: Arc<Layer>,
    /// The place it was written at.
    pub mark: Mark,
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// A value. Numbers keep the text they were written with, so that `1.10` stays `1.10` in a field of text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing; where it overrides something, it deletes that.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// An expression that is not evaluated yet.
    Cel(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; no key stands twice.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub mark: Mark,
    /// The value.
    pub node: Node,
}

/// Nodes are equal when their values are: where they come from does not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| x.key == y.key && x.node == y.node))
            }
            (a, b) => a == b,
        }
    }
}

impl Node {
    /// The value under a key of this map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries; none where this is no map.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none where this is no list.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Every field that is no map, and every item that is no list: its pointer and node, in the order of the tree.
    #[must_use]
    pub fn leaves(&self) -> Vec<(Pointer, &Node)> {
        fn collect<'a>(node: &'a Node, at: &Pointer, found: &mut Vec<(Pointer, &'a Node)>) {
            match &node.value {
                Value::Map(entries) if !entries.is_empty() => {
                    entries.iter().for_each(|entry| collect(&entry.node, &at.join(&entry.key), found));
                }
                Value::List(items) if !items.is_empty() => {
                    items.iter().enumerate().for_each(|(index, item)| collect(item, &at.join(index), found));
                }
                _ => found.push((at.clone(), node)),
            }
        }
        let mut found = Vec::new();
        collect(self, &Pointer::default(), &mut found);
        found
    }

    /// The value at a pointer.
    #[must_use]
    pub fn at(&self, pointer: &Pointer) -> Option<&Node> {
        pointer.segments().iter().try_fold(self, |node, segment| match &node.value {
            Value::Map(_) => node.get(segment),
            Value::List(items) => segment.parse::<usize>().ok().and_then(|at| items.get(at)),
            _ => None,
        })
    }

    /// The text of a text, and the digits of a number: what a field of text takes.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// A truth value.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Takes a key out of this map.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let Value::Map(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at))
    }

    /// Sets a key of this map; what is no map stays as it is.
    pub(crate) fn put(&mut self, key: &str, node: Node) {
        let mark = node.origin.mark.clone();
        if let Value::Map(entries) = &mut self.value {
            match entries.iter_mut().find(|entry| entry.key == key) {
                Some(entry) => entry.node = node,
                None => entries.push(Entry { key: key.to_owned(), mark, node }),
            }
        }
    }

    /// Sets the value at a pointer, with maps on the way to it. `false` when something else stands in the way.
    pub(crate) fn set(&mut self, pointer: &Pointer, node: Node) -> bool {
        let Some((last, way)) = pointer.segments().split_last() else { return false };
        let mut here = self;
        for segment in way {
            if matches!(here.value, Value::Map(_)) && here.get(segment).is_none() {
                here.put(segment, Node { value: Value::Map(Vec::new()), origin: node.origin.clone() });
            }
            let next = match &mut here.value {
                Value::Map(entries) => {
                    entries.iter_mut().find(|entry| entry.key == *segment).map(|entry| &mut entry.node)
                }
                Value::List(items) => segment.parse::<usize>().ok().and_then(|at| items.get_mut(at)),
                _ => None,
            };
            let Some(next) = next else { return false };
            here = next;
        }
        match &mut here.value {
            Value::Map(_) => here.put(last, node),
            Value::List(items) => match last.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                Some(slot) => *slot = node,
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Says that all of this comes from a layer.
    pub(crate) fn stamp(&mut self, layer: &Arc<Layer>) {
        self.origin.layer = Arc::clone(layer);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.stamp(layer)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| entry.node.stamp(layer)),
            _ => {}
        }
    }

    /// A word for the type of the value.
    #[must_use]
    pub fn type_word(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::Cel(_) => "an expression",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A tree from JSON; all of it comes from one place.
    pub(crate) fn from_json(value: &serde_json::Value, origin: &Origin) -> Self {
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Number(number.to_string()),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => {
                Value::List(items.iter().map(|item| Self::from_json(item, origin)).collect())
            }
            serde_json::Value::Object(map) => Value::Map(
                map.iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        mark: origin.mark.clone(),
                        node: Self::from_json(value, origin),
                    })
                    .collect(),
            ),
        };
        Self { value, origin: origin.clone() }
    }

    /// The value as JSON; an expression is its text after `!cel `.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(text) => number(text),
            Value::Text(text) => text.as_str().into(),
            Value::Cel(text) => format!("!cel {text}").into(),
            Value::List(items) => items.iter().map(Self::to_json).collect::<Vec<_>>().into(),
            Value::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect(),
            ),
        }
    }
}

/// A YAML number as JSON; what JSON has no number for (hexadecimal, infinity) stays text.
fn number(text: &str) -> serde_json::Value {
    let plain = text.strip_prefix('+').unwrap_or(text);
    plain
        .parse::<i64>()
        .ok()
        .map(serde_json::Value::from)
        .or_else(|| plain.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(serde_json::Value::Number))
        .unwrap_or_else(|| text.into())
}
