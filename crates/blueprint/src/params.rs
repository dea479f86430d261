//! Typed parameters: what a blueprint asks of whoever makes a workspace.
//!
//! `params:` is a list, in the order of a form. A later parameter may depend on earlier ones: `when` says whether it is asked at
//! all, `check` (over `value` and `params`) whether a value is good, and options have a `when` of their own.

#[cfg(test)]
mod tests;

use crate::cel::Scope;
use crate::node::{Node, Value};
use crate::pointer::Pointer;
use crate::problem::{Mark, Problem};
use base::Code;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Values by name, before they are typed: texts of a command line or a form, or JSON.
pub type Given = BTreeMap<String, Json>;

/// What may be chosen of each parameter that has options.
pub type Offers = BTreeMap<String, Vec<String>>;

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretKey {
    /// The Secret of the workspace's namespace.
    pub name: String,
    /// The key in it.
    pub key: String,
}

/// What is known of parameters before they are resolved.
pub(crate) struct Asked<'a> {
    pub(crate) given: &'a Given,
    pub(crate) preset: Option<&'a str>,
    /// The values of those that cannot be changed, once a workspace was made.
    pub(crate) fixed: Option<&'a Given>,
}

/// What came of them.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) params: BTreeMap<String, Json>,
    /// Those that cannot be changed later.
    pub(crate) fixed: BTreeMap<String, Json>,
    /// Variables that have the value of a Secret.
    pub(crate) secrets: BTreeMap<String, SecretKey>,
    pub(crate) offers: Offers,
}

/// Gives each parameter its value: that which was given, that of the preset, or its default.
pub(crate) fn resolve(blueprint: &Node, asked: &Asked<'_>, scope: &Scope, problems: &mut Vec<Problem>) -> Resolved {
    let declared = blueprint.get("params").map_or(&[][..], Node::items);
    let names: Vec<&str> = declared.iter().filter_map(|one| one.get("name").and_then(Node::text)).collect();
    let mut wanted = presets(blueprint, asked.preset, problems);
    wanted.extend(asked.given.iter().map(|(name, value)| (name.clone(), value.clone())));
    for name in wanted.keys().filter(|name| !names.contains(&name.as_str())) {
        let there = if names.is_empty() { "it has none".to_owned() } else { format!("there are {}", names.join(", ")) };
        let message = format!("the blueprint has no parameter {name}; {there}");
        problems.push(Problem::new(Code::ParamInvalid, "/params", &blueprint.origin.mark, message));
    }
    let mut scope = scope.clone();
    let mut resolved = Resolved::default();
    for (index, param) in declared.iter().enumerate() {
        let at = Pointer::default().join("params").join(index);
        let Some(name) = param.get("name").and_then(Node::text) else {
            problems.push(Problem::new(Code::BlueprintInvalid, at, &param.origin.mark, "a parameter has a name"));
            continue;
        };
        scope.set("params", Json::Object(resolved.params.clone().into_iter().collect()));
        let fixed = asked.fixed.and_then(|all| all.get(name));
        let mut one = Param { node: param, name, at, scope: &scope, problems };
        if param.get("options").is_some() {
            resolved
                .offers
                .insert(name.to_owned(), one.offered().iter().filter_map(Node::text).map(str::to_owned).collect());
        }
        let Some(value) = one.value(wanted.get(name), fixed) else { continue };
        if let Some((variable, key)) = one.variable(&value) {
            resolved.secrets.insert(variable, key);
        }
        if !is_mutable(param) {
            resolved.fixed.insert(name.to_owned(), value.clone());
        }
        resolved.params.insert(name.to_owned(), value);
    }
    resolved
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_mutable(param: &Node) -> bool {
    param.get("mutable").and_then(Node::bool).unwrap_or(true)
}

fn presets(blueprint: &Node, preset: Option<&str>, problems: &mut Vec<Problem>) -> Given {
    let Some(preset) = preset else { return Given::new() };
    let all = blueprint.get("presets").map_or(&[][..], Node::items);
    let named = |one: &&Node| one.get("name").and_then(Node::text) == Some(preset);
    match all.iter().find(named) {
        Some(one) => {
            let params = one.get("params").map_or(&[][..], Node::entries);
            params.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
        }
        None => {
            let names: Vec<&str> = all.iter().filter_map(|one| one.get("name").and_then(Node::text)).collect();
            let message = format!("the blueprint has no preset {preset}; there are: {}", names.join(", "));
            problems.push(Problem::new(Code::ParamInvalid, "/presets", &blueprint.origin.mark, message));
            Given::new()
        }
    }
}

struct Param<'a> {
    node: &'a Node,
    name: &'a str,
    at: Pointer,
    scope: &'a Scope,
    problems: &'a mut Vec<Problem>,
}

impl Param<'_> {
    fn value(&mut self, given: Option<&Json>, fixed: Option<&Json>) -> Option<Json> {
        if !self.holds("when", self.node, None)? {
            if given.is_some() {
                self.bad("is not asked for here: its `when` does not hold");
            }
            return None;
        }
        let fixed = fixed.filter(|_| !is_mutable(self.node));
        let default = self.node.get("default").map(Node::to_json);
        let Some(raw) = given.or(fixed).cloned().or(default) else {
            self.bad("has no default, so it has to be given");
            return None;
        };
        let value = match self.typed(&raw) {
            Ok(value) => value,
            Err(rule) => {
                self.bad(&rule);
                return None;
            }
        };
        if let Some(fixed) = fixed.filter(|fixed| text_of(fixed) != text_of(&value)) {
            self.bad(&format!("is set once, when a workspace is made: it is {} here", text_of(fixed)));
            // those after it are asked as they were
            return self.typed(fixed).ok();
        }
        if !self.holds("check", self.node, Some(&value))? {
            let message = self.node.get("message").and_then(Node::text);
            let check = self.node.get("check").and_then(Node::text).unwrap_or_default();
            let rule = message.map_or_else(|| format!("does not hold {check}"), str::to_owned);
            self.bad(&rule);
            return None;
        }
        Some(value)
    }

    /// The value in its type, within its bounds.
    fn typed(&mut self, raw: &Json) -> Result<Json, String> {
        let text = text_of(raw);
        let kind = self.node.get("type").and_then(Node::text).unwrap_or("string");
        if text.len() > 4096 {
            return Err("has at most 4096 bytes".to_owned());
        }
        match kind {
            "bool" => text.parse::<bool>().map(Json::Bool).map_err(|_| format!("is true or false, not {text}")),
            "number" => {
                let number = text
                    .parse::<i64>()
                    .map(Json::from)
                    .ok()
                    .or_else(|| text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Json::Number));
                let number = number.ok_or_else(|| format!("is a number, not {text}"))?;
                self.bounds(&text, number.as_f64(), |bound| bound.parse().ok())?;
                Ok(number)
            }
            "size" => {
                let milli = base::quantity::milli(&text).filter(|milli| *milli > 0);
                let milli = milli.ok_or_else(|| format!("is a quantity over 0 (500m, 4Gi), not {text}"))?;
                self.bounds(&text, Some(milli), base::quantity::milli)?;
                Ok(Json::String(text))
            }
            "enum" => self.option(&text),
            "secret" => {
                let good = |part: &str| {
                    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
                };
                match text.split_once('/') {
                    Some((name, key)) if good(name) && good(key) => Ok(Json::String(text)),
                    _ => Err("names a Secret and its key: NAME/KEY".to_owned()),
                }
            }
            _ => Ok(Json::String(text)),
        }
    }

    fn bounds<T: PartialOrd>(
        &self,
        text: &str,
        value: Option<T>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<(), String> {
        let Some(value) = value else { return Ok(()) };
        for (key, word) in [("min", "at least"), ("max", "at most")] {
            let Some(bound) = self.node.get(key).and_then(Node::text) else { continue };
            let limit =
                parse(bound).ok_or_else(|| format!("has a bound that is no value of its type: {key}: {bound}"))?;
            if (key == "min" && value < limit) || (key == "max" && value > limit) {
                return Err(format!("is {word} {bound}, not {text}"));
            }
        }
        Ok(())
    }

    /// The options that are there, as far as parameters before it say.
    fn offered(&mut self) -> Vec<Node> {
        let options = self.node.get("options").map_or(&[][..], Node::items);
        let mut open = Vec::new();
        for option in options {
            if self.holds("when", option, None) == Some(true) {
                open.extend(option.get("value").cloned());
            }
        }
        open
    }

    fn option(&mut self, text: &str) -> Result<Json, String> {
        let before = self.problems.len();
        let open = self.offered();
        // what is wrong with an option was told when they were looked at first
        self.problems.truncate(before);
        if let Some(value) = open.iter().find(|value| value.text() == Some(text)) {
            return Ok(value.to_json());
        }
        let open: Vec<&str> = open.iter().filter_map(Node::text).collect();
        Err(format!("is one of {}, not {text}", open.join(", ")))
    }

    /// The variable that has the value of its key, where it is a secret and names one.
    fn variable(&mut self, value: &Json) -> Option<(String, SecretKey)> {
        let variable = self.node.get("env").and_then(Node::text)?;
        let (name, key) = match self.node.get("type").and_then(Node::text) {
            Some("secret") => value.as_str()?.split_once('/')?,
            _ => {
                let message = format!("the parameter {} names a variable, which a secret alone does", self.name);
                let at = self.at.join("env");
                self.problems.push(Problem::new(Code::BlueprintInvalid, at, &self.node.origin.mark, message));
                return None;
            }
        };
        Some((variable.to_owned(), SecretKey { name: name.to_owned(), key: key.to_owned() }))
    }

    /// Whether an expression holds; absent ones do. `None` when it cannot be told, which is a problem already.
    fn holds(&mut self, key: &str, node: &Node, value: Option<&Json>) -> Option<bool> {
        let Some(expression) = node.get(key) else { return Some(true) };
        let (Value::Text(text) | Value::Cel(text)) = &expression.value else { return Some(true) };
        let mut scope = self.scope.clone();
        if let Some(value) = value {
            scope.set("value", value.clone());
        }
        let why = match scope.evaluate(text) {
            Ok(Value::Bool(holds)) => return Some(holds),
            Ok(other) => format!("{key} gives {other:?}; it has to give true or false"),
            Err(why) => why,
        };
        let mark: &Mark = &expression.origin.mark;
        self.problems.push(Problem::new(Code::CelError, self.at.join(key), mark, why));
        None
    }

    fn bad(&mut self, rule: &str) {
        let message = format!("the parameter {} {rule}", self.name);
        self.problems.push(Problem::new(Code::ParamInvalid, &self.at, &self.node.origin.mark, message));
    }
}
