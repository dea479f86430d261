//! `-o json` and `-o yaml`: the objects as kubectl prints them, but for values of Secrets, which stay masked.

use crate::error::Error;
use crate::grammar::{GetArgs, Output};
use catalog::Kind;
use cluster::{PageQuery, Reader};
use serde_json::{Value, json};
use std::io::Write;
use wire::Format;

/// Prints one object, or a `List` of them.
pub(super) async fn objects(
    reader: &Reader,
    kind: &Kind,
    namespace: Option<&str>,
    args: &GetArgs,
    output: Output,
    out: &mut impl Write,
) -> Result<(), Error> {
    if args.where_expr.is_some() || args.sort.is_some() || args.watch {
        let message = "--where, --sort and --watch are about rows: use them with -o table, wide, jsonl, csv or name";
        return Err(Error::Usage(message.to_owned()));
    }
    let value = match &args.name {
        Some(name) => {
            let object = reader.get_json(kind, namespace.unwrap_or_default(), name).await.map_err(Error::of)?;
            clean(kind, object)
        }
        None => {
            let mut items = Vec::new();
            let mut token = String::new();
            loop {
                let query = PageQuery {
                    namespace,
                    limit: 500,
                    token: &token,
                    selector: args.selector.as_deref().unwrap_or_default(),
                    fields: "",
                    version: "",
                    format: Format::Json,
                };
                let bytes = reader.page(kind, query).await.map_err(Error::of)?;
                let mut page: Value = serde_json::from_slice(&bytes)
                    .map_err(|error| Error::of(cluster::Error::Decode(error.to_string())))?;
                token = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
                if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
                    items.extend(found.into_iter().map(|item| clean(kind, named(kind, item))));
                }
                if token.is_empty() {
                    break;
                }
            }
            json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } })
        }
    };
    match output {
        Output::Yaml => {
            let text = serde_saphyr::to_string(&value).map_err(|error| Error::Usage(error.to_string()))?;
            write!(out, "{text}")?;
        }
        _ => {
            let mut buffer = Vec::new();
            let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
            let mut serializer = serde_json::Serializer::with_formatter(&mut buffer, indent);
            serde::Serialize::serialize(&value, &mut serializer).map_err(|error| Error::Usage(error.to_string()))?;
            out.write_all(&buffer)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Items of a list do not say what they are; kubectl does.
fn named(kind: &Kind, mut item: Value) -> Value {
    if let Some(fields) = item.as_object_mut() {
        fields.entry("apiVersion").or_insert_with(|| Value::from(kind.api_version()));
        fields.entry("kind").or_insert_with(|| Value::from(kind.kind.as_str()));
    }
    item
}

fn clean(kind: &Kind, mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if kind.is_secret() {
        catalog::secret::mask(&mut object);
    }
    object
}
