//! One of the two captures: what each endpoint did in it.

use std::collections::BTreeMap;

use capture::line::{Histogram, Members, json};
use flow::{Envelope, Record, Sink};
use serde_json::Value;

use crate::error::Error;
use crate::grammar::tap::ReadArgs;
use crate::tap::asked::Asked;
use crate::tap::drive::Target;
use crate::tap::lines::Chosen;

/// Endpoints of a capture, by what they are asked.
pub(super) struct Side {
    chosen: Chosen,
    line: Vec<u8>,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
}

/// What an endpoint did.
#[derive(Debug, Default)]
pub(super) struct Endpoint {
    pub(super) count: u64,
    pub(super) errors: u64,
    /// How often each status came.
    pub(super) statuses: BTreeMap<String, u64>,
    pub(super) micros: Histogram,
    /// How many messages had each header, by `request` and `response`, and each member of a JSON body with its type.
    pub(super) shapes: BTreeMap<String, u64>,
    /// Messages with headers, and JSON bodies, that were looked at: what `shapes` is a part of.
    pub(super) looked: BTreeMap<&'static str, u64>,
}

impl Side {
    pub(super) fn of(read: &ReadArgs) -> Result<Self, Error> {
        Ok(Self { chosen: Chosen::of(read)?, line: Vec::new(), endpoints: BTreeMap::new() })
    }

    /// Takes a record as its line.
    pub(super) fn take(&mut self, kind: &str, line: &[u8]) {
        let members = Members::of(line);
        let Some(asked) = Asked::of(kind, &members) else { return };
        if self.endpoints.len() >= MOST && !self.endpoints.contains_key(&asked.what) {
            return;
        }
        let endpoint = self.endpoints.entry(asked.what).or_default();
        endpoint.count += 1;
        endpoint.errors += u64::from(asked.error);
        if endpoint.statuses.len() < MOST_STATUSES || endpoint.statuses.contains_key(&asked.status) {
            *endpoint.statuses.entry(asked.status).or_default() += 1;
        }
        if let Some(micros) = asked.micros {
            endpoint.micros.add(micros);
        }
        for side in ["request", "response"] {
            if let Some(message) = members.raw(side) {
                endpoint.message(side, message);
            }
        }
    }
}

impl Endpoint {
    fn message(&mut self, side: &'static str, message: &[u8]) {
        let (head, body) =
            if side == "request" { ("request header", "request body") } else { ("response header", "response body") };
        if let Some(headers) = json::get(message, "headers") {
            *self.looked.entry(head).or_default() += 1;
            let mut seen = Vec::new();
            for pair in json::elements(headers).take(MOST_SHAPES) {
                let mut name = String::new();
                if let Some(raw) = json::elements(pair).next() {
                    json::text(raw, &mut name);
                }
                name.make_ascii_lowercase();
                // twice in one message is once
                if !seen.contains(&name) {
                    self.shape(format!("{head} {name}"));
                    seen.push(name);
                }
            }
        }
        let Some(raw) = json::get(message, "body") else { return };
        let mut text = String::new();
        json::text(raw, &mut text);
        // a body that was cut is no JSON, and its shape is not known
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return };
        if !value.is_object() && !value.is_array() {
            return;
        }
        *self.looked.entry(body).or_default() += 1;
        let mut paths = Vec::new();
        walk(&value, String::new(), 0, &mut paths);
        paths.sort_unstable();
        paths.dedup();
        paths.into_iter().for_each(|path| self.shape(format!("{body} {path}")));
    }

    fn shape(&mut self, shape: String) {
        if self.shapes.len() < MOST_SHAPES || self.shapes.contains_key(&shape) {
            *self.shapes.entry(shape).or_default() += 1;
        }
    }
}

/// Members of a JSON value with their types: `.items[].price: number`.
fn walk(value: &Value, path: String, depth: usize, out: &mut Vec<String>) {
    if depth > DEEPEST || out.len() >= MOST_SHAPES {
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                walk(value, format!("{path}.{name}"), depth + 1, out);
            }
        }
        Value::Array(values) => {
            for value in values.iter().take(ELEMENTS) {
                walk(value, format!("{path}[]"), depth + 1, out);
            }
        }
        Value::Null => out.push(format!("{path}: null")),
        Value::Bool(_) => out.push(format!("{path}: boolean")),
        Value::Number(_) => out.push(format!("{path}: number")),
        Value::String(_) => out.push(format!("{path}: string")),
    }
}

impl Sink for Side {
    fn record(&mut self, envelope: &Envelope<'_>, record: &Record<'_>) {
        if matches!(record, Record::Flow(_) | Record::Stats(_)) || !self.chosen.kind(record) {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        record.write_json(envelope, &mut line);
        if self.chosen.line(&line) {
            self.take(record.kind(), &line);
        }
        self.line = line;
    }
}

impl Target for Side {
    fn flush(&mut self, _now: bool) -> Result<(), Error> {
        Ok(())
    }
}

/// Endpoints that are compared.
const MOST: usize = 5_000;
/// Different statuses of an endpoint.
const MOST_STATUSES: usize = 64;
/// Different headers and members of bodies of an endpoint.
const MOST_SHAPES: usize = 512;
/// Levels of a JSON body.
const DEEPEST: usize = 8;
/// Elements of an array whose types are looked at.
const ELEMENTS: usize = 20;
