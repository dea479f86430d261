//! YAML to a tree with marks and tags. Untrusted bytes: bounded in size, depth, and in what aliases may grow to.
//!
//! Tags: `!cel` and `!cel:…` make a scalar an expression, `!include` and `!file` name a file, which the caller's [`Resolve`]
//! turns into a node or a text. Scalars without a tag are those of YAML's core schema.

#[cfg(test)]
mod tests;

use crate::node::{Entry, Layer, Node, Origin, Value};
use crate::problem::{Mark, Problem};
use base::Code;
use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};
use std::collections::HashMap;
use std::sync::Arc;

/// Gives what `!include` and `!file` name.
pub(crate) trait Resolve {
    /// The tree in a file.
    fn include(&mut self, path: &str, mark: &Mark) -> Result<Node, Problem>;
    /// The text of a file.
    fn text(&mut self, path: &str, mark: &Mark) -> Result<String, Problem>;
}

/// Reads every document of a text.
pub(crate) fn parse(
    text: &str,
    file: &str,
    layer: &Arc<Layer>,
    resolve: &mut dyn Resolve,
) -> Result<Vec<Node>, Problem> {
    let file: Arc<str> = Arc::from(file);
    if text.len() > MAX_BYTES {
        let mark = Mark { file, line: 1, column: 1 };
        return Err(wrong(&mark, format!("the file is larger than {} KiB", MAX_BYTES / 1024)));
    }
    let mut options = Options::default();
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.max_directive_bytes = 64;
    let mut build = Build {
        file: Arc::clone(&file),
        layer: Arc::clone(layer),
        resolve,
        stack: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        nodes: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let mark = place(&file, error.marker().line(), error.marker().col());
            wrong(&mark, format!("this is no YAML: {error}"))
        })?;
        build.event(event, &span)?;
    }
    Ok(build.documents)
}

/// What is built up while events come.
struct Build<'a> {
    file: Arc<str>,
    layer: Arc<Layer>,
    resolve: &'a mut dyn Resolve,
    stack: Vec<Open>,
    /// Nodes with an anchor, and how many nodes each has.
    anchors: HashMap<usize, (Node, usize)>,
    documents: Vec<Node>,
    nodes: usize,
}

/// A list or map whose end did not come yet.
struct Open {
    anchor: usize,
    mark: Mark,
    nodes_before: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Mark)> },
}

impl Build<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Problem> {
        let start = span.tag_start.unwrap_or(span.start);
        let mark = place(&self.file, start.line(), start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), mark)?;
                self.add(node, anchor, 1)
            }
            Event::SequenceStart(_, anchor, tag) => self.open(anchor, tag.as_deref(), mark, Items::List(Vec::new())),
            Event::MappingStart(_, anchor, tag) => {
                self.open(anchor, tag.as_deref(), mark, Items::Map { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).map(|(node, size)| (node.clone(), *size)) else {
                    return Err(wrong(&mark, "an alias stands inside of what it names"));
                };
                self.add(node, 0, size)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, tag: Option<&Tag>, mark: Mark, items: Items) -> Result<(), Problem> {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            return Err(wrong(
                &mark,
                format!("a list or map has no tag {}; !cel, !include, !file go with texts", tag.original()),
            ));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(wrong(&mark, format!("more than {MAX_DEPTH} levels")));
        }
        self.stack.push(Open { anchor, mark, nodes_before: self.nodes, items });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let value = match open.items {
            Items::List(items) => Value::List(items),
            Items::Map { entries, .. } => Value::Map(merged_keys(entries)?),
        };
        let within = self.nodes - open.nodes_before;
        let node = Node { value, origin: Origin { layer: Arc::clone(&self.layer), mark: open.mark } };
        self.nodes -= within;
        self.add(node, open.anchor, within + 1)
    }

    /// Puts a whole node of so many nodes where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Problem> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            return Err(wrong(&node.origin.mark, format!("more than {MAX_NODES} values, aliases counted in full")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut().map(|open| &mut open.items) {
            None => self.documents.push(node),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map { entries, key }) => match key.take() {
                None => {
                    let mark = node.origin.mark;
                    let text = match node.value {
                        Value::Text(text) | Value::Number(text) => text,
                        Value::Bool(value) => value.to_string(),
                        Value::Null => "null".to_owned(),
                        Value::Cel(_) => return Err(wrong(&mark, "an expression may not stand in a key")),
                        _ => return Err(wrong(&mark, "a key is a text")),
                    };
                    if text != "<<" && entries.iter().any(|entry| entry.key == text) {
                        return Err(wrong(&mark, format!("the key {text} stands twice")));
                    }
                    if entries.len() >= MAX_KEYS {
                        return Err(wrong(&mark, format!("a map has more than {MAX_KEYS} keys")));
                    }
                    *key = Some((text, mark));
                }
                Some((key, mark)) => entries.push(Entry { key, mark, node }),
            },
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, mark: Mark) -> Result<Node, Problem> {
        let origin = Origin { layer: Arc::clone(&self.layer), mark };
        let plain = matches!(style, ScalarStyle::Plain);
        let value = match tag {
            None if plain => core(text),
            None => written(text),
            Some(tag) => {
                let name = tag.original();
                match name.strip_prefix('!').unwrap_or(&name) {
                    "cel" => Value::Cel(text.trim().to_owned()),
                    "include" => return self.resolve.include(text.trim(), &origin.mark),
                    "file" => Value::Text(self.resolve.text(text.trim(), &origin.mark)?),
                    "!str" | "" => Value::Text(text.to_owned()),
                    "!bool" | "!int" | "!float" | "!null" => core(text),
                    // `!cel:user.username + "x"`: YAML takes the text up to the blank for the tag.
                    other => match other.strip_prefix("cel:") {
                        Some(first) => Value::Cel(format!("{first} {text}").trim().to_owned()),
                        None => {
                            return Err(wrong(
                                &origin.mark,
                                format!("no such tag: {name}; there are !cel, !include, !file"),
                            ));
                        }
                    },
                }
            }
        };
        Ok(Node { value, origin })
    }
}

/// A quoted text; K8shell's editors wrote expressions as `"!cel:text"` and `"!cel text"`.
fn written(text: &str) -> Value {
    match text.strip_prefix("!cel:").or_else(|| text.strip_prefix("!cel ")) {
        Some(expression) => Value::Cel(expression.trim().to_owned()),
        None => Value::Text(text.to_owned()),
    }
}

/// A scalar of YAML's core schema.
fn core(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (digits(whole) || whole.is_empty() && digits(fraction))
        && (fraction.is_empty() || digits(fraction))
        && exponent.is_none_or(digits)
}

/// `<<` brings the keys of a map, or of several, where they are not set.
fn merged_keys(entries: Vec<Entry>) -> Result<Vec<Entry>, Problem> {
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.key == "<<");
    for merge in merges {
        let maps = match merge.node.value {
            Value::List(items) => items,
            _ => vec![merge.node],
        };
        for map in maps {
            let Value::Map(brought) = map.value else {
                return Err(wrong(&merge.mark, "`<<` takes a map, or a list of maps"));
            };
            for entry in brought {
                if !own.iter().any(|mine| mine.key == entry.key) {
                    own.push(entry);
                }
            }
        }
    }
    Ok(own)
}

fn place(file: &Arc<str>, line: usize, column: usize) -> Mark {
    Mark {
        file: Arc::clone(file),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
    }
}

fn wrong(mark: &Mark, message: impl Into<String>) -> Problem {
    Problem::new(Code::BlueprintInvalid, "", mark, message)
}

/// A blueprint's file with its scripts in it.
const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 200_000;
const MAX_KEYS: usize = 2_000;
