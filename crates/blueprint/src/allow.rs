//! What a repository's file and a workspace's overrides may set, and how far.
//!
//! A field's row in the schema says `May`, `Asks` or `Never`. Blueprints narrow that, and give leave where a field asks for it,
//! in their `allow` map: pointer (with `*` for one segment) → `{set, min, max, values}`. The rule with the longest pointer counts.

mod lifecycle;
#[cfg(test)]
mod tests;

pub use lifecycle::Caps;

use crate::node::{Layer, Node, Value};
use crate::pointer::Pointer;
use crate::problem::Problem;
use crate::schema::{CLASSES, Repo, shape_at};
use base::Code;

/// The rules of the blueprints above.
pub(crate) struct Allow<'a> {
    rules: Vec<(Pointer, &'a Node)>,
}

impl<'a> Allow<'a> {
    pub(crate) fn of(blueprint: &'a Node) -> Self {
        let entries = blueprint.get("allow").map_or(&[][..], Node::entries);
        Self { rules: entries.iter().map(|entry| (Pointer::parse(&entry.key), &entry.node)).collect() }
    }

    fn rule(&self, at: &Pointer) -> Option<&(Pointer, &'a Node)> {
        self.rules
            .iter()
            .filter(|(pattern, _)| at.is_under(pattern))
            .max_by_key(|(pattern, _)| pattern.segments().len())
    }

    /// Checks what a layer writes, whatever its expressions will give.
    pub(crate) fn check_layer(&self, layer: &Node, problems: &mut Vec<Problem>) {
        for entry in layer.entries() {
            if matches!(entry.key.as_str(), "name" | "template") {
                continue;
            }
            self.walk(&entry.node, &Pointer::default().join(&entry.key), problems);
        }
    }

    fn walk(&self, node: &Node, at: &Pointer, problems: &mut Vec<Problem>) {
        let layer = &node.origin.layer;
        // an unknown field is told by validation
        let Some((_, repo)) = shape_at(at) else { return };
        let rule = self.rule(at);
        let set = rule.and_then(|(_, rule)| rule.get("set")).and_then(Node::bool);
        let says_no = match (repo, set) {
            (Repo::Never, _) => Some("it belongs to blueprints alone".to_owned()),
            (_, Some(false)) => rule.map(|(pattern, rule)| format!("{pattern} at {} closes it", rule.origin.mark)),
            (Repo::Asks, _) if rule.is_none() && is_leaf(node) => {
                Some("a blueprint has to give leave for it in `allow`".to_owned())
            }
            _ => None,
        };
        if let Some(why) = says_no {
            problems.push(denied(at, node, layer, &why));
            return;
        }
        if matches!(node.value, Value::Null) && at.segments().first().is_some_and(|first| first == "network") {
            problems.push(denied(at, node, layer, "rules of the network can be made tighter, not taken away"));
        }
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|entry| self.walk(&entry.node, &at.join(&entry.key), problems))
            }
            Value::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.walk(item, &at.join(index), problems));
            }
            _ => {}
        }
    }

    /// Checks the values that such layers gave, now that they are known. `class` is the network class of the blueprints alone.
    pub(crate) fn check_values(&self, effective: &Node, class: &str, problems: &mut Vec<Problem>) {
        self.values(effective, &Pointer::default(), class, problems);
    }

    fn values(&self, node: &Node, at: &Pointer, class: &str, problems: &mut Vec<Problem>) {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|entry| self.values(&entry.node, &at.join(&entry.key), class, problems));
            }
            Value::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.values(item, &at.join(index), class, problems));
            }
            _ if !node.origin.layer.kind.is_bounded() => {}
            _ => {
                let Some(text) = node.text() else { return };
                if let Some((pattern, rule)) = self.rule(at)
                    && let Err(why) = within(text, rule)
                {
                    let why = format!("{why}, says {pattern} at {}", rule.origin.mark);
                    problems.push(denied(at, node, &node.origin.layer, &why));
                }
                let path: Vec<&str> = at.segments().iter().map(String::as_str).collect();
                let rank = |class: &str| CLASSES.iter().position(|one| *one == class);
                match path.as_slice() {
                    ["network", "networkPolicyClass"] if rank(text) > rank(class) => {
                        let why = format!("the class {text} is wider than {class}");
                        problems.push(denied(at, node, &node.origin.layer, &why));
                    }
                    ["storages", _, "type"] if text == "shared" && self.rule(at).is_none() => {
                        let why = "joining a shared volume needs leave in `allow`";
                        problems.push(denied(at, node, &node.origin.layer, why));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn is_leaf(node: &Node) -> bool {
    !matches!(node.value, Value::Map(_))
}

/// Whether a value keeps to a rule.
fn within(text: &str, rule: &Node) -> Result<(), String> {
    let quantity = |key: &str| {
        rule.get(key).and_then(Node::text).and_then(|bound| base::quantity::milli(bound).map(|milli| (bound, milli)))
    };
    let value = base::quantity::milli(text);
    for (key, word) in [("min", "at least"), ("max", "at most")] {
        let Some((bound, milli)) = quantity(key) else { continue };
        let good = value.is_some_and(|value| if key == "min" { value >= milli } else { value <= milli });
        if !good {
            return Err(format!("{text} is not {word} {bound}"));
        }
    }
    among(text, rule)
}

/// Whether a value is one of those that a rule names.
fn among(text: &str, rule: &Node) -> Result<(), String> {
    let values = rule.get("values").map_or(&[][..], Node::items);
    if rule.get("values").is_some()
        && !values.iter().filter_map(Node::text).any(|pattern| base::glob(pattern.as_bytes(), text.as_bytes()))
    {
        let listed: Vec<&str> = values.iter().filter_map(Node::text).collect();
        return Err(format!("{text} is none of {}", listed.join(", ")));
    }
    Ok(())
}

fn denied(at: &Pointer, node: &Node, layer: &Layer, why: &str) -> Problem {
    let who = layer.kind.as_str();
    Problem::new(Code::FieldNotAllowed, at, &node.origin.mark, format!("{who} may not set this: {why}")).of(&layer.name)
}
