//! Text that several kinds print alike: labels, selectors, containers, lists that are cut.

use crate::cells::{Buf, Out, put};
use crate::column::Args;
use smallvec::SmallVec;
use std::borrow::Cow;
use wire::Node;

/// Name and text of a map's entries, sorted by name.
pub(crate) fn sorted(map: Option<Node<'_>>) -> SmallVec<[(Cow<'_, str>, Cow<'_, str>); 8]> {
    let mut pairs: SmallVec<[_; 8]> = map
        .map(Node::entries)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.as_text().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    pairs
}

/// `a=b,c=d`.
pub(crate) fn labels(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for (key, value) in sorted(args.get(0)) {
        text.join(",", &key);
        text.push("=");
        text.push(&value);
    }
    out.text(text.as_str());
}

/// A label selector as kubectl prints it: requirements by key, `a=b,c in (d,e),!f`.
pub(crate) fn selector(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    selector_text(args.get(0), &mut text);
    out.text(text.as_str());
}

pub(crate) fn selector_text(selector: Option<Node<'_>>, text: &mut Buf) {
    let Some(selector) = selector else { return };
    let mut requirements: SmallVec<[(Cow<'_, str>, Requirement<'_>); 8]> =
        sorted(selector.get("matchLabels")).into_iter().map(|(key, value)| (key, Requirement::Equals(value))).collect();
    for expression in selector.get("matchExpressions").map(Node::items).into_iter().flatten() {
        let member = |name| expression.get(name).and_then(Node::as_str).unwrap_or_default();
        let mut values: SmallVec<[Cow<'_, str>; 4]> =
            expression.get("values").map(Node::items).into_iter().flatten().filter_map(Node::as_str).collect();
        values.sort_unstable();
        requirements.push((member("key"), Requirement::Operator(member("operator"), values)));
    }
    requirements.sort_by(|a, b| a.0.cmp(&b.0));
    for (key, requirement) in &requirements {
        match requirement {
            Requirement::Equals(value) => {
                text.join(",", key);
                text.push("=");
                text.push(value);
            }
            Requirement::Operator(operator, values) => match &**operator {
                "In" | "NotIn" => {
                    text.join(",", key);
                    text.push(if operator == "In" { " in (" } else { " notin (" });
                    for (at, value) in values.iter().enumerate() {
                        text.push(if at == 0 { "" } else { "," });
                        text.push(value);
                    }
                    text.push(")");
                }
                "DoesNotExist" => {
                    text.join(",", "!");
                    text.push(key);
                }
                _ => text.join(",", key),
            },
        }
    }
}

enum Requirement<'a> {
    Equals(Cow<'a, str>),
    Operator(Cow<'a, str>, SmallVec<[Cow<'a, str>; 4]>),
}

/// One member of each element of a list, joined: container names, images.
pub(crate) fn joined(list: Option<Node<'_>>, member: &str, separator: &str, text: &mut Buf) {
    for (at, item) in list.map(Node::items).into_iter().flatten().enumerate() {
        if at > 0 {
            text.push(separator);
        }
        text.push(&item.get(member).and_then(Node::as_str).unwrap_or_default());
    }
}

/// Names of containers.
pub(crate) fn container_names(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    joined(args.get(0), "name", ",", &mut text);
    out.text(text.as_str());
}

/// Images of containers.
pub(crate) fn container_images(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    joined(args.get(0), "image", ",", &mut text);
    out.text(text.as_str());
}

/// A list of strings, joined.
pub(crate) fn strings(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for item in args.get(0).map(Node::items).into_iter().flatten() {
        text.join(",", &item.as_str().unwrap_or_default());
    }
    out.text(text.as_str());
}

/// A list of which kubectl shows the first `max`: `a,b,c + 2 more...`.
pub(crate) struct Cut {
    text: Buf,
    shown: usize,
    count: usize,
    max: usize,
}

impl Cut {
    pub(crate) fn new(max: usize) -> Self {
        Self { text: Buf::default(), shown: 0, count: 0, max }
    }

    pub(crate) fn push(&mut self, item: &str) {
        self.push_with(|text| text.push(item));
    }

    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut Buf)) {
        self.count += 1;
        if self.shown < self.max {
            if self.shown > 0 {
                self.text.push(",");
            }
            self.shown += 1;
            write(&mut self.text);
        }
    }

    pub(crate) fn write(self, out: &mut Out<'_>) {
        if self.count == 0 { out.absent() } else { self.write_exact(out) }
    }

    pub(crate) fn write_exact(mut self, out: &mut Out<'_>) {
        if self.count > self.max {
            put!(self.text, " + {} more...", self.count - self.max);
        }
        out.cells.text(out.column, self.text.as_str());
    }
}

/// The controller among owner references: `ReplicaSet/web-5d9`.
pub(crate) fn owner(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let owners = args.get(0).map(Node::items).into_iter().flatten();
    let Some(owner) = owners.into_iter().find(|owner| owner.get("controller").and_then(Node::as_bool).unwrap_or(false))
    else {
        return out.absent();
    };
    let mut text = Buf::default();
    text.push(&owner.get("kind").and_then(Node::as_str).unwrap_or_default());
    text.push("/");
    text.push(&owner.get("name").and_then(Node::as_str).unwrap_or_default());
    out.text(text.as_str());
}

/// The status of the condition of a type, and its reason.
pub(crate) fn condition<'a>(conditions: Option<Node<'a>>, ty: &str) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let condition = conditions?.items().find(|item| item.get("type").and_then(Node::as_str).as_deref() == Some(ty))?;
    let member = |name| condition.get(name).and_then(Node::as_str).unwrap_or_default();
    Some((member("status"), member("reason")))
}
