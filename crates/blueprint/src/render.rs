//! A blueprint as YAML, with a comment at each field that names the layer it comes from.
//!
//! What is rendered is read back as the same values: a text that would read as a number, a truth value or an expression is quoted.

#[cfg(test)]
mod tests;

use crate::node::{Node, Value};
use std::fmt::Write as _;

/// Renders a tree; with comments, every field says its layer and place.
#[must_use]
pub fn render(node: &Node, comments: bool) -> String {
    let mut out = Out { text: String::new(), comments };
    out.map(node, 0);
    if out.text.is_empty() {
        out.text.push_str("{}\n");
    }
    out.text
}

struct Out {
    text: String,
    comments: bool,
}

impl Out {
    fn map(&mut self, node: &Node, indent: usize) {
        for (at, entry) in node.entries().iter().enumerate() {
            if at > 0 || !self.text.ends_with("- ") {
                self.pad(indent);
            }
            self.text.push_str(&scalar_text(&entry.key));
            self.text.push(':');
            self.after(&entry.node, indent);
        }
    }

    /// What comes after `key:`.
    fn after(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => {
                self.text.push('\n');
                self.map(node, indent + 2);
            }
            Value::List(items) if !items.is_empty() => {
                self.text.push('\n');
                self.list(node, indent);
            }
            _ => {
                self.text.push(' ');
                self.scalar(node, indent + 2);
            }
        }
    }

    fn list(&mut self, node: &Node, indent: usize) {
        for item in node.items() {
            self.pad(indent);
            self.text.push_str("- ");
            match &item.value {
                Value::Map(entries) if !entries.is_empty() => self.map(item, indent + 2),
                Value::List(items) if !items.is_empty() => {
                    // a list in a list begins on a line of its own
                    self.text.pop();
                    self.text.push('\n');
                    self.list(item, indent + 2);
                }
                _ => self.scalar(item, indent + 2),
            }
        }
    }

    /// A scalar, or an empty map or list, and the end of its line.
    fn scalar(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Text(text) if is_block(text) => {
                let chomp = if text.ends_with("\n\n") || text == "\n" {
                    "+"
                } else if text.ends_with('\n') {
                    ""
                } else {
                    "-"
                };
                self.text.push('|');
                self.text.push_str(chomp);
                self.comment(node);
                for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                    if !line.is_empty() {
                        self.pad(indent);
                    }
                    self.text.push_str(line);
                    self.text.push('\n');
                }
            }
            value => {
                let text = match value {
                    Value::Null => "null".to_owned(),
                    Value::Bool(value) => value.to_string(),
                    Value::Number(text) => text.clone(),
                    Value::Text(text) => scalar_text(text),
                    Value::Cel(text) => format!("!cel {}", serde_json::Value::from(text.as_str())),
                    Value::List(_) => "[]".to_owned(),
                    Value::Map(_) => "{}".to_owned(),
                };
                self.text.push_str(&text);
                self.comment(node);
            }
        }
    }

    fn comment(&mut self, node: &Node) {
        if self.comments {
            let origin = &node.origin;
            // writing to a String cannot fail
            let _ = write!(self.text, "  # {}", origin.layer);
            if origin.mark.file.as_ref() != "defaults" && origin.mark.file.as_ref() != "policy" {
                let _ = write!(self.text, ", {}", origin.mark);
            }
        }
        self.text.push('\n');
    }

    fn pad(&mut self, indent: usize) {
        self.text.extend(std::iter::repeat_n(' ', indent));
    }
}

/// Whether a text of several lines can stand as a block.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with("\n\n")
        && !text.contains(|c: char| {
            (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        })
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
        && !text.starts_with("!cel")
}

/// A text on one line: plain where YAML reads it back as it is, else quoted.
fn scalar_text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | '+' | '=' | '(' | ')' | '$'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_quantity = digits.len() < text.len() && ["m", "Ki", "Mi", "Gi", "Ti"].contains(&digits);
    if plain || is_quantity {
        return text.to_owned();
    }
    // a JSON string is a quoted YAML text; its escapes are YAML's too
    let mut quoted = String::with_capacity(text.len() + 2);
    for c in serde_json::Value::from(text).to_string().chars() {
        if matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            let _ = write!(quoted, "\\u{:04x}", u32::from(c));
        } else {
            quoted.push(c);
        }
    }
    // what looks like an expression of K8shell's editors is a text by its tag
    if text.starts_with("!cel") { format!("!!str {quoted}") } else { quoted }
}

/// Texts that other readers of YAML take for something else.
const WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
