//! How far a workspace may go with the rules of its life: `allow` of the pointers below `/lifecycle`, which is no field of
//! blueprints. Lengths are bounded by lengths, and never (`0`) is longer than any.

use super::{Allow, among, denied};
use crate::node::{Layer, LayerKind, Node, Origin, Value};
use crate::pointer::Pointer;
use crate::problem::{Mark, Problem};
use base::Code;
use base::span::seconds;
use serde_json::Value as Json;
use std::sync::Arc;

/// The longest that rules of a workspace's life may be, in seconds; also where it says nothing of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Until it is stopped while nobody uses it.
    pub idle: Option<u64>,
    /// It runs at a stretch.
    pub running: Option<u64>,
    /// It is stopped before it is deleted.
    pub stopped: Option<u64>,
}

impl Allow<'_> {
    /// The longest that rules may be.
    pub(crate) fn caps(&self) -> Caps {
        let most = |field: &str| {
            let (_, rule) = self.rule(&Pointer::parse("/lifecycle").join(field))?;
            seconds(rule.get("max")?.text()?).filter(|most| *most > 0)
        };
        Caps { idle: most("idleTimeout"), running: most("maxRunning"), stopped: most("deleteAfterStopped") }
    }

    /// Checks the rules themselves: whether they are about what there is, and bound lengths by lengths.
    pub(crate) fn check_lifecycle_rules(&self, problems: &mut Vec<Problem>) {
        for (pattern, rule) in &self.rules {
            let path: Vec<&str> = pattern.segments().iter().map(String::as_str).collect();
            let [LIFECYCLE, rest @ ..] = path.as_slice() else { continue };
            let field = rest.first().copied().unwrap_or("*");
            let mut wrong = |node: &Node, message: String| {
                let at = Pointer::parse("/allow").join(pattern);
                problems.push(Problem::new(Code::BlueprintInvalid, &at, &node.origin.mark, message));
            };
            if field != "*" && !SPANS.contains(&field) && !OTHERS.contains(&field) {
                let all: Vec<&str> = SPANS.iter().chain(OTHERS).copied().collect();
                wrong(rule, format!("lifecycle has no field {field}; it has {}", all.join(", ")));
            }
            for key in ["min", "max"] {
                let Some(bound) = rule.get(key) else { continue };
                if OTHERS.contains(&field) {
                    wrong(bound, format!("{field} is no length of time: `set` and `values` alone bound it"));
                } else if bound.text().is_some_and(|text| seconds(text).is_none()) {
                    wrong(bound, "a length of time is expected: 90s, 8h, 7d".to_owned());
                }
            }
        }
    }

    /// Checks what a workspace says of its life.
    pub(crate) fn check_lifecycle(&self, said: &Json, problems: &mut Vec<Problem>) {
        let layer = Arc::new(Layer { kind: LayerKind::Overrides, name: String::new() });
        let origin = Origin { layer, mark: Mark::start("spec") };
        let at = Pointer::parse("/lifecycle");
        self.life(&Node::from_json(said, &origin), &at, problems);
    }

    fn life(&self, node: &Node, at: &Pointer, problems: &mut Vec<Problem>) {
        match &node.value {
            Value::Map(entries) => {
                entries.iter().for_each(|entry| self.life(&entry.node, &at.join(&entry.key), problems))
            }
            Value::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.life(item, &at.join(index), problems));
            }
            _ => {
                let Some((pattern, rule)) = self.rule(at) else { return };
                let place = format!("says {pattern} at {}", rule.origin.mark);
                if rule.get("set").and_then(Node::bool) == Some(false) {
                    problems.push(denied(at, node, &node.origin.layer, &format!("it is closed, {place}")));
                } else if let Some(Err(why)) = node.text().map(|text| within(text, rule)) {
                    problems.push(denied(at, node, &node.origin.layer, &format!("{why}, {place}")));
                }
            }
        }
    }
}

/// Whether a length keeps to a rule. What is no length is told by the schema of workspaces.
fn within(text: &str, rule: &Node) -> Result<(), String> {
    let bound = |key: &str| rule.get(key).and_then(Node::text).and_then(|bound| Some((bound, seconds(bound)?)));
    // Never is longer than any.
    if let Some(value) = seconds(text).map(|value| if value == 0 { u64::MAX } else { value }) {
        let said = if value == u64::MAX { format!("{text} (never)") } else { text.to_owned() };
        match (bound("min"), bound("max")) {
            (Some((least, seconds)), _) if value < seconds => return Err(format!("{said} is not at least {least}")),
            (_, Some((most, seconds))) if value > seconds => return Err(format!("{said} is not at most {most}")),
            _ => {}
        }
    }
    among(text, rule)
}

const LIFECYCLE: &str = "lifecycle";
/// Fields that are lengths.
const SPANS: &[&str] = &["idleTimeout", "idleWarning", "maxRunning", "deleteAfterStopped"];
/// And those that are none.
const OTHERS: &[&str] = &["stopAt", "startAt", "expiresAt", "wakeOn"];
