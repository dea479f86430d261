//! One kind's rows against the server's Table, and its protobuf against the server's JSON.

use crate::discovery;
use crate::server::Server;
use catalog::Kind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use table::{RowBuf, Table};
use wire::list::List;
use wire::{Budget, Format};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

/// Compares every object of a kind; tells how many there were. Others change objects between two requests, so that a
/// difference counts when it is there for ten seconds.
pub(crate) fn compare(server: &Server, id: &str) -> usize {
    let kinds = discovery::kinds(server);
    let kind = catalog::resolve(&kinds, id).unwrap();
    let mut last = String::new();
    for _ in 0..40 {
        match once(server, &kind) {
            Ok(count) => return count,
            Err(difference) => last = difference,
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    panic!("{id}: {last}");
}

fn once(server: &Server, kind: &Kind) -> Result<usize, String> {
    let root = if kind.group.is_empty() { "/api" } else { "/apis" };
    let path = format!("{root}/{}/{}", kind.api_version(), kind.plural);
    let expected = server.json(&path, TABLE).ok_or_else(|| format!("no table at {path}"))?;
    let Some(body) = server.get(&path, kind.format.media_type()) else {
        return Err(format!("nothing at {path}"));
    };
    let json = server.json(&path, "application/json").unwrap();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();

    let budget = Budget::default();
    let list = List::open(kind.format, &body, &budget).map_err(|error| error.to_string())?;
    if kind.format == Format::Protobuf {
        same_json(&list, &json)?;
    }
    let program = catalog::compile(kind);
    let mut row = RowBuf::new(program.schema());
    let mut table = Table::new(program.schema().clone());
    for item in list.items() {
        program.run(item.unwrap(), &mut row).map_err(|error| format!("{error:?}"))?;
        table.apply(&row);
    }
    same_cells(kind, &table, &expected, now)?;
    Ok(table.len())
}

/// Our rows print as the server's.
fn same_cells(kind: &Kind, table: &Table, expected: &Value, now: i64) -> Result<(), String> {
    let columns = program_columns(kind);
    let heads: Vec<String> =
        expected["columnDefinitions"].as_array().unwrap().iter().map(|head| text(&head["name"])).collect();
    let own: Vec<&str> = columns.iter().map(|(title, ..)| title.as_str()).collect();
    if heads != own {
        return Err(format!("columns {own:?}, the server's {heads:?}"));
    }
    let wide: Vec<bool> =
        expected["columnDefinitions"].as_array().unwrap().iter().map(|head| head["priority"] != 0).collect();
    if wide != columns.iter().map(|(_, wide, _)| *wide).collect::<Vec<_>>() {
        return Err("other columns are wide".to_owned());
    }
    let mut differences = Vec::new();
    for line in expected["rows"].as_array().map_or(&[][..], Vec::as_slice) {
        let metadata = &line["object"]["metadata"];
        let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
        let Some(row) = table.row(&namespace, &name) else {
            differences.push(format!("{namespace}/{name} is missing"));
            continue;
        };
        for ((title, _, at), cell) in columns.iter().zip(line["cells"].as_array().unwrap()) {
            let print = |now| match at {
                None => table.name(row).to_owned(),
                Some(at) => {
                    let column = &table.schema().columns()[*at];
                    match table.cell(row, *at) {
                        api::Cell::Absent => column.absent.clone(),
                        cell => cell.display(column.ty, now),
                    }
                }
            };
            let wanted = match cell {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // The two requests are some time apart: an age may tick once in between.
            if !(-2..=2).any(|seconds| print(now + seconds * 1000) == wanted) {
                differences.push(format!("{namespace}/{name} {title}: {:?}, the server's {wanted:?}", print(now)));
            }
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// Title, wide, and place in the schema of the kubectl columns; `None` is the row's own name.
fn program_columns(kind: &Kind) -> Vec<(String, bool, Option<usize>)> {
    let own = kind.columns.iter().enumerate().filter(|(_, column)| !column.extra);
    let own = own.map(|(at, column)| (column.title.clone(), column.wide, Some(at)));
    let has_name = kind.columns.iter().any(|column| column.id == "name");
    let name = (!has_name).then(|| ("Name".to_owned(), false, None));
    name.into_iter().chain(own).collect()
}

/// Protobuf as JSON is the server's JSON.
fn same_json(list: &List<'_>, json: &Value) -> Result<(), String> {
    let key = |item: &Value| (text(&item["metadata"]["namespace"]), text(&item["metadata"]["name"]));
    let expected: BTreeMap<_, _> = json["items"].as_array().unwrap().iter().map(|item| (key(item), item)).collect();
    for item in list.items() {
        let mut own = wire::to_json(item.unwrap());
        let Some(wanted) = expected.get(&key(&own)) else { return Err("lists differ".to_owned()) };
        let mut wanted = (*wanted).clone();
        wanted["metadata"].as_object_mut().unwrap().remove("managedFields");
        own.as_object_mut().unwrap().remove("kind");
        own.as_object_mut().unwrap().remove("apiVersion");
        if own != wanted {
            return Err(format!("{:?}: {}", key(&own), first_difference("", &own, &wanted)));
        }
    }
    Ok(())
}

fn first_difference(path: &str, own: &Value, wanted: &Value) -> String {
    match (own, wanted) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            let differs = keys.into_iter().find(|key| a.get(*key) != b.get(*key)).unwrap();
            match (a.get(differs), b.get(differs)) {
                (Some(a), Some(b)) => first_difference(&format!("{path}.{differs}"), a, b),
                (a, b) => format!("{path}.{differs}: {a:?}, the server's {b:?}"),
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap();
            first_difference(&format!("{path}[{at}]"), &a[at], &b[at])
        }
        _ => format!("{path}: {own}, the server's {wanted}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
