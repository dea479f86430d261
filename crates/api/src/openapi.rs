//! The REST API as an OpenAPI 3.1 document: the table of its calls, and the schemas of the bodies of this crate.
//!
//! `cargo xtask gen` writes it to `docs/reference/openapi.json`, `qd api openapi` prints it. The gateway's tests hold the table
//! against the routes that it serves.

mod paths;
mod taps;
mod workspaces;

use crate::error::ErrorBody;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// As it is served: `/api/v1/taps/{id}`.
    pub path: &'static str,
    /// In capitals; `*` for every method.
    pub method: &'static str,
    /// What it does, in a sentence.
    summary: &'static str,
    query: Vec<Param>,
    body: Option<Content>,
    answer: Content,
    status: u16,
    /// Nobody has to say who they are.
    open: bool,
}

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
struct Param {
    name: &'static str,
    ty: &'static str,
    required: bool,
    about: &'static str,
}

/// What is in a body.
#[derive(Clone, Copy, Debug)]
enum Content {
    /// JSON of this form.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Bytes or text of this media type.
    Raw(&'static str),
    /// Server-sent events, or a WebSocket to who asks for one.
    Events,
    /// A WebSocket, with its subprotocol where it has one.
    Socket(&'static str),
    /// Nothing.
    Empty,
}

/// All calls, in the order of the document.
#[must_use]
pub fn calls() -> Vec<Call> {
    [paths::desk(), workspaces::calls(), workspaces::inside(), workspaces::files(), taps::calls(), paths::others()]
        .concat()
}

/// The document.
#[must_use]
pub fn document(version: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let error = schemas.subschema_for::<ErrorBody>();
    let mut paths: Map<String, Value> = Map::new();
    for call in calls() {
        let path = paths.entry(call.path.replace("{*", "{")).or_insert_with(|| json!({}));
        let Value::Object(path) = path else { continue };
        let methods: &[&str] = if call.method == "*" { &["GET", "POST"] } else { &[call.method] };
        for method in methods {
            path.insert(method.to_lowercase(), call.operation(method, &mut schemas, &error));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quarterdeck",
            "version": version,
            "description": "Every call stands behind the same guard: the token of a desk console (`X-Quarterdeck-Token`) or of a person of a team \
    (`Authorization: Bearer`), or the cookie of a browser that signed in. Where policy wants something first the answer is `needs_unmet` with \
    `details.needs`; the call is made again with `answers`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {
                "desk": { "type": "apiKey", "in": "header", "name": "X-Quarterdeck-Token" },
                "person": { "type": "http", "scheme": "bearer" },
            },
        },
        "security": [{ "desk": [] }, { "person": [] }],
    })
}

impl Call {
    fn new(method: &'static str, path: &'static str, summary: &'static str, answer: Content) -> Self {
        let (query, body) = (Vec::new(), None);
        Self { path, method, summary, query, body, answer, status: 200, open: false }
    }

    /// What it is asked with: names with types and words; those with `!` have to be there.
    fn query(mut self, params: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.query.extend(params.iter().map(|(name, ty, about)| {
            let (name, required) = name.strip_suffix('!').map_or((*name, false), |name| (name, true));
            Param { name, ty, required, about }
        }));
        self
    }

    /// Of one workspace: the cluster is in the query.
    fn of(self) -> Self {
        self.query(&[("cluster!", "string", "The cluster")])
    }

    /// Policy is answered in the query.
    fn answered(self) -> Self {
        self.query(&[
            ("confirm", "boolean", "Yes, where policy asks for it"),
            ("typed_name", "string", "The name, where policy wants it typed"),
            ("reason", "string", "Why, where policy wants a reason"),
        ])
    }

    fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Content::Json(form::<T>));
        self
    }

    fn takes_raw(mut self, ty: &'static str) -> Self {
        self.body = Some(Content::Raw(ty));
        self
    }

    /// It is begun, and a job tells of it.
    const fn accepted(mut self) -> Self {
        self.status = 202;
        self
    }

    const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    fn operation(&self, method: &str, schemas: &mut SchemaGenerator, error: &Schema) -> Value {
        let mut parameters: Vec<Value> = self.path.split('/').filter_map(in_path).collect();
        parameters.extend(self.query.iter().map(|param| {
            let Param { name, ty, required, about } = param;
            json!({ "name": name, "in": "query", "required": required, "description": about, "schema": { "type": ty } })
        }));
        let mut operation = json!({
            "operationId": self.id(method),
            "summary": self.summary,
            "parameters": parameters,
            "responses": {
                self.answered_with().to_string(): self.answer.response(schemas),
                "default": { "description": "What went wrong", "content": { "application/json": { "schema": error } } },
            },
        });
        let Some(members) = operation.as_object_mut() else { return operation };
        if let Some(body) = &self.body {
            members.insert("requestBody".to_owned(), json!({ "content": body.content(schemas) }));
        }
        if self.open {
            members.insert("security".to_owned(), json!([]));
        }
        operation
    }

    const fn answered_with(&self) -> u16 {
        if matches!(self.answer, Content::Socket(_)) { 101 } else { self.status }
    }

    /// `get_taps_id_records`: the method, and the words of the path.
    fn id(&self, method: &str) -> String {
        let words = self.path.split(['/', '{', '}', '-', '*']).filter(|word| !matches!(*word, "" | "api" | "v1"));
        let slash = if self.path.ends_with('/') { "_slash" } else { "" };
        std::iter::once(method.to_lowercase()).chain(words.map(str::to_owned)).collect::<Vec<_>>().join("_") + slash
    }
}

impl Content {
    fn content(self, schemas: &mut SchemaGenerator) -> Value {
        match self {
            Self::Json(form) => json!({ "application/json": { "schema": form(schemas) } }),
            Self::Raw(ty) if ty.starts_with("text/") => json!({ ty: { "schema": { "type": "string" } } }),
            Self::Raw(ty) => json!({ ty: {} }),
            Self::Events => json!({ "text/event-stream": { "schema": { "type": "string" } } }),
            Self::Socket(_) | Self::Empty => json!({}),
        }
    }

    fn response(self, schemas: &mut SchemaGenerator) -> Value {
        let words = match self {
            Self::Json(_) | Self::Raw(_) => "As asked",
            Self::Events => "Messages as they come; over a WebSocket to who asks for one",
            Self::Socket("") => "A WebSocket",
            Self::Socket(protocol) => {
                return json!({ "description": format!("A WebSocket of the subprotocol {protocol}") });
            }
            Self::Empty => "Done",
        };
        let content = self.content(schemas);
        if content.as_object().is_some_and(Map::is_empty) {
            return json!({ "description": words });
        }
        json!({ "description": words, "content": content })
    }
}

fn form<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

fn json<T: JsonSchema>() -> Content {
    Content::Json(form::<T>)
}

fn in_path(part: &str) -> Option<Value> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?.trim_start_matches('*');
    Some(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
}

#[cfg(test)]
mod tests;
