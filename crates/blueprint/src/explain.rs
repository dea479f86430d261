//! Why a field is what it is, and where two blueprints differ.

#[cfg(test)]
mod tests;

use crate::compose::Effective;
use crate::node::{LayerKind, Node, Origin, Value};
use crate::pointer::Pointer;
use serde_json::Value as Json;

/// One layer's word about a field.
#[derive(Clone, Debug)]
pub struct Said {
    /// The layer and the place.
    pub origin: Origin,
    /// What it says: an expression is its text after `!cel `; `null` deletes.
    pub value: Json,
}

/// Why a field is what it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The field.
    pub pointer: Pointer,
    /// Its value; absent where a layer deleted it.
    pub value: Option<Json>,
    /// Every layer that speaks of it, lowest first. The last one won, but for maps and lists, which layers add to.
    pub said: Vec<Said>,
}

impl Explanation {
    /// One sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let value = self.value.as_ref().map_or("not set".to_owned(), Json::to_string);
        let Some((last, before)) = self.said.split_last() else { return format!("{} is {value}", self.pointer) };
        let word = if self.value.is_none() { "deleted by" } else { "set by" };
        let mut text = format!("{} is {value}: {word} {}", self.pointer, last.origin.layer);
        if !matches!(last.origin.layer.kind, LayerKind::Default | LayerKind::Personal | LayerKind::Policy) {
            text.push_str(&format!(" at {}", last.origin.mark));
        }
        if let Some(expression) = last.value.as_str().filter(|text| text.starts_with("!cel ")) {
            text.push_str(&format!(" with {expression}"));
        }
        if let Some(below) = before.last() {
            text.push_str(&format!(", over {} of {}", below.value, below.origin.layer));
        }
        text
    }
}

/// Explains a field; `None` when no layer speaks of it.
#[must_use]
pub fn explain(effective: &Effective, pointer: &Pointer) -> Option<Explanation> {
    let node = effective.node.at(pointer);
    let said = |node: &Node| Said { origin: node.origin.clone(), value: node.to_json() };
    // Positions in lists move when layers append, so there the field's own origin is all there is to say.
    let in_list = (0..pointer.segments().len()).any(|length| {
        let above = pointer.segments().iter().take(length).fold(Pointer::default(), |at, segment| at.join(segment));
        effective.node.at(&above).is_some_and(|node| matches!(node.value, Value::List(_)))
    });
    let mut all: Vec<Said> = if in_list {
        Vec::new()
    } else {
        effective.layers.iter().filter_map(|layer| layer.at(pointer)).map(said).collect()
    };
    if let Some(node) = node {
        let known = all.iter().any(|one| one.origin == node.origin);
        if !known {
            all.push(said(node));
        }
    }
    (!all.is_empty()).then(|| Explanation { pointer: pointer.clone(), value: node.map(Node::to_json), said: all })
}

/// A field that differs.
#[derive(Clone, Debug)]
pub struct Change {
    /// The field.
    pub pointer: Pointer,
    /// Its value and origin on the left.
    pub left: Option<(Json, Origin)>,
    /// Its value and origin on the right.
    pub right: Option<(Json, Origin)>,
}

/// Every leaf in which two trees differ, in the order of the left one, then of the right one.
#[must_use]
pub fn diff(left: &Node, right: &Node) -> Vec<Change> {
    let mut changes = Vec::new();
    differ(Some(left), Some(right), &Pointer::default(), &mut changes);
    changes
}

fn differ(left: Option<&Node>, right: Option<&Node>, at: &Pointer, changes: &mut Vec<Change>) {
    let is_map = |node: Option<&Node>| node.is_none_or(|node| matches!(node.value, Value::Map(_)));
    let leaf = |node: Option<&Node>| node.map(|node| (node.to_json(), node.origin.clone()));
    if left.is_some() && left == right {
        return;
    }
    if is_map(left) && is_map(right) && keys(left).chain(keys(right)).next().is_some() {
        let more: Vec<&str> = keys(right).filter(|key| left.is_none_or(|left| left.get(key).is_none())).collect();
        for key in keys(left).chain(more) {
            differ(left.and_then(|node| node.get(key)), right.and_then(|node| node.get(key)), &at.join(key), changes);
        }
        return;
    }
    changes.push(Change { pointer: at.clone(), left: leaf(left), right: leaf(right) });
}

fn keys(node: Option<&Node>) -> impl Iterator<Item = &str> {
    node.map_or(&[][..], Node::entries).iter().map(|entry| entry.key.as_str())
}
