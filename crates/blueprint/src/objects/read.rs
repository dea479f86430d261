//! Fields of a blueprint as the types of Kubernetes.

use super::Said;
use crate::node::Node;
use crate::pointer::Pointer;
use crate::schema;
use base::Code;
use serde::de::DeserializeOwned;

/// The text of a field.
pub(super) fn text<'a>(node: &'a Node, pointer: &str) -> Option<&'a str> {
    node.at(&Pointer::parse(pointer)).and_then(Node::text).filter(|text| !text.is_empty())
}

/// Whether a field is true.
pub(super) fn is(node: &Node, pointer: &str) -> bool {
    node.at(&Pointer::parse(pointer)).and_then(Node::bool) == Some(true)
}

/// A number.
pub(super) fn int<T: TryFrom<i64>>(node: &Node, key: &str) -> Option<T> {
    node.get(key)?.text()?.parse::<i64>().ok().and_then(|number| T::try_from(number).ok())
}

/// The texts of a list.
pub(super) fn texts<'a>(node: &'a Node, pointer: &str) -> Vec<&'a str> {
    node.at(&Pointer::parse(pointer)).map_or(&[][..], Node::items).iter().filter_map(Node::text).collect()
}

/// A field as a type of Kubernetes. That it fits was checked field by field; what still does not is a problem.
pub(super) fn typed<T: DeserializeOwned>(root: &Node, pointer: &Pointer, said: &mut Said) -> Option<T> {
    let node = root.at(pointer)?;
    let (shape, _) = schema::shape_at(pointer)?;
    match serde_json::from_value(schema::json(node, shape)) {
        Ok(value) => Some(value),
        Err(error) => {
            said.wrong(Code::BlueprintInvalid, pointer, &node.origin.mark, error.to_string());
            None
        }
    }
}
