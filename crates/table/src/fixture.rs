//! A small kind and a plain model of its rows, for the tests of this crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::{RowBuf, Schema, Scope, Table};
use api::socket::{Column, Sort};
use api::{ColumnType, Level};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const NOW: i64 = 1_700_000_000_000;

pub(crate) const COLUMNS: &[(&str, ColumnType)] = &[
    ("ready", ColumnType::Ratio),
    ("status", ColumnType::Status),
    ("restarts", ColumnType::Restarts),
    ("age", ColumnType::Age),
    ("node", ColumnType::Text),
    ("memory", ColumnType::Bytes),
    ("duration", ColumnType::Span),
    ("bound", ColumnType::Bool),
];

pub(crate) fn schema() -> Arc<Schema> {
    let column = |&(id, ty): &(&str, ColumnType)| Column {
        id: id.to_owned(),
        title: id.to_owned(),
        ty,
        wide: false,
        extra: false,
        absent: "<none>".to_owned(),
        width: 8,
        help: String::new(),
    };
    Schema::new(COLUMNS.iter().map(column).collect(), true)
}

/// One row as plain data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pod {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: u8,
    pub(crate) ready: Option<(u32, u32)>,
    pub(crate) status: Option<&'static str>,
    pub(crate) restarts: Option<(u32, Option<i64>)>,
    pub(crate) born: Option<i64>,
    pub(crate) node: Option<String>,
    pub(crate) memory: Option<i64>,
    pub(crate) duration: Option<(i64, Option<i64>)>,
    pub(crate) bound: Option<bool>,
    pub(crate) app: Option<&'static str>,
}

pub(crate) fn pod(namespace: &str, name: &str) -> Pod {
    Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: 1,
        ready: Some((1, 1)),
        status: Some("Running"),
        restarts: Some((0, None)),
        born: Some(NOW - 60_000),
        node: Some("node-a".to_owned()),
        memory: None,
        duration: None,
        bound: None,
        app: Some("web"),
    }
}

pub(crate) fn fill(buf: &mut RowBuf, pod: &Pod, version: u64) {
    buf.clear();
    let uid = format!("0b0e7a52-1111-4222-8333-4444444444{:02x}", pod.uid);
    buf.set_identity(&pod.namespace, &pod.name, &uid, &version.to_string());
    buf.labels(pod.app.map(|app| ("app", app)));
    if let Some((have, want)) = pod.ready {
        buf.ratio(0, have, want);
    }
    if let Some(status) = pod.status {
        buf.status(1, status, if status == "Running" { Level::Ok } else { Level::Bad });
    }
    if let Some((count, last)) = pod.restarts {
        buf.restarts(2, count, last);
    }
    if let Some(born) = pod.born {
        buf.age(3, born);
    }
    if let Some(node) = &pod.node {
        buf.text(4, node);
    }
    if let Some(memory) = pod.memory {
        buf.int(5, memory);
    }
    if let Some((start, end)) = pod.duration {
        buf.span(6, start, end);
    }
    if let Some(bound) = pod.bound {
        buf.bool(7, bound);
    }
}

/// Filters as text, each with what it means.
pub(crate) type Meaning = fn(&Pod) -> bool;
pub(crate) const FILTERS: &[(&str, Meaning)] = &[
    ("", |_| true),
    ("A-1", |pod| {
        let mut words = vec![pod.name.clone(), pod.namespace.clone()];
        words.extend(pod.node.clone());
        words.extend(pod.status.map(str::to_owned));
        words.iter().any(|word| word.to_lowercase().contains("a-1"))
    }),
    ("!crash", |pod| !pod.status.is_some_and(|status| status.contains("Crash"))),
    ("-l app=web,app!=db", |pod| pod.app == Some("web")),
    ("-l app!=web", |pod| pod.app != Some("web")),
    ("where restarts > 1 and ready < 1", |pod| {
        pod.restarts.is_some_and(|(count, _)| count > 1) && pod.ready.is_some_and(|(have, want)| have < want)
    }),
    ("where age > 5m or memory >= 1Ki", |pod| {
        pod.born.is_some_and(|born| NOW - born > 300_000) || pod.memory.is_some_and(|memory| memory >= 1024)
    }),
    ("where not bound and node ~ \"^node-[ab]\"", |pod| {
        pod.bound != Some(true)
            && pod.node.as_deref().is_some_and(|node| node.starts_with("node-a") || node.starts_with("node-b"))
    }),
    ("1/2", |pod| pod.ready == Some((1, 2)) || pod.node.as_deref().is_some_and(|node| node.contains("1/2"))),
];

/// What a cell compares by, written down a second time.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Key {
    Number(f64, f64),
    Text(String),
}

fn key(pod: &Pod, column: &str) -> Option<Key> {
    let one = |number: i64| Key::Number(number as f64, 0.0);
    match column {
        "ready" => pod.ready.map(|(have, want)| {
            let quotient = match (have, want) {
                (0, 0) => 1.0,
                (_, 0) => 1e300,
                (have, want) => f64::from(have) / f64::from(want),
            };
            Key::Number(quotient, f64::from(want))
        }),
        "status" => pod.status.map(|status| Key::Text(status.to_owned())),
        "restarts" => pod.restarts.map(|(count, _)| one(i64::from(count))),
        "age" => pod.born.map(|born| one(NOW - born)),
        "node" => pod.node.clone().map(Key::Text),
        "memory" => pod.memory.map(one),
        "duration" => pod.duration.map(|(start, end)| one(end.unwrap_or(NOW) - start)),
        "bound" => pod.bound.map(|bound| one(i64::from(bound))),
        "name" => Some(Key::Text(pod.name.clone())),
        "namespace" => Some(Key::Text(pod.namespace.clone())),
        _ => None,
    }
}

pub(crate) fn order(a: &Pod, b: &Pod, sort: &[Sort]) -> Ordering {
    for sort in sort {
        let order = match (key(a, &sort.column), key(b, &sort.column)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if sort.descending => b.partial_cmp(&a).unwrap(),
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap(),
        };
        if order.is_ne() {
            return order;
        }
    }
    (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name))
}

/// Rows by namespace and name: what the table must agree with.
pub(crate) type Model = BTreeMap<(String, String), Pod>;

pub(crate) fn expected(model: &Model, scope: &Scope, filter: Meaning, sort: &[Sort]) -> Vec<(String, String)> {
    let inside = |pod: &&Pod| {
        scope.namespaces.as_ref().is_none_or(|set| set.contains(pod.namespace.as_str()))
            && scope.names.as_ref().is_none_or(|set| set.contains(pod.name.as_str()))
    };
    let mut rows: Vec<&Pod> = model.values().filter(inside).filter(|pod| filter(pod)).collect();
    rows.sort_by(|a, b| order(a, b, sort));
    rows.into_iter().map(|pod| (pod.namespace.clone(), pod.name.clone())).collect()
}

/// Something that happens to a table.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Apply(Pod),
    Remove(String, String),
    /// A relist with these rows.
    Relist(Vec<Pod>),
    RelistIn(String, Vec<Pod>),
    /// As many changes as overrun the ring.
    Burst(Pod),
    Clear,
    /// Somebody looks.
    Look,
}

pub(crate) fn happen(table: &mut Table, model: &mut Model, buf: &mut RowBuf, event: &Event, version: u64) {
    let id = |pod: &Pod| (pod.namespace.clone(), pod.name.clone());
    match event {
        Event::Apply(pod) => {
            fill(buf, pod, version);
            table.apply(buf);
            model.insert(id(pod), pod.clone());
        }
        Event::Remove(namespace, name) => {
            let was = model.remove(&(namespace.clone(), name.clone())).is_some();
            assert_eq!(table.remove(namespace, name), was);
        }
        Event::Relist(pods) => {
            table.begin_relist();
            model.clear();
            for pod in pods {
                fill(buf, pod, version);
                table.apply(buf);
                model.insert(id(pod), pod.clone());
            }
            table.end_relist();
        }
        Event::RelistIn(namespace, pods) => {
            table.begin_relist_in(namespace);
            model.retain(|(own, _), _| own != namespace);
            for pod in pods {
                let pod = Pod { namespace: namespace.clone(), ..pod.clone() };
                fill(buf, &pod, version);
                table.apply(buf);
                model.insert(id(&pod), pod);
            }
            table.end_relist_in(namespace);
        }
        Event::Burst(pod) => {
            for turn in 0..40 {
                let pod = Pod { memory: Some(turn), ..pod.clone() };
                fill(buf, &pod, version);
                table.apply(buf);
                model.insert(id(&pod), pod);
            }
        }
        Event::Clear => {
            table.clear();
            model.clear();
        }
        Event::Look => {}
    }
}

pub(crate) fn any_pod() -> impl Strategy<Value = Pod> {
    let identity = (0..3_u8, 0..12_u8, 1..3_u8);
    let first = (
        prop::option::of((0..3_u32, 0..3_u32)),
        prop::option::of(prop::sample::select(vec!["Running", "CrashLoopBackOff", "Pending"])),
        prop::option::of((0..4_u32, prop::option::of(NOW - 9..NOW))),
        prop::option::of(prop::sample::select(vec![NOW - 10, NOW - 400_000, NOW - 300_000, NOW - 90_000_000])),
    );
    let second = (
        prop::option::of("node-[abc]|node-\u{fc}|a-1/2|prefix-that-is-long-[ab]{1,9}|"),
        prop::option::of(prop::sample::select(vec![0_i64, 1023, 1024, -5, i64::MAX])),
        prop::option::of((NOW - 3000..NOW - 2000, prop::option::of(NOW - 1000..NOW))),
        prop::option::of(any::<bool>()),
        prop::option::of(prop::sample::select(vec!["web", "db"])),
    );
    (identity, first, second).prop_map(|((namespace, name, uid), first, second)| Pod {
        namespace: format!("ns-{namespace}"),
        name: format!("a-{name}"),
        uid,
        ready: first.0,
        status: first.1,
        restarts: first.2,
        born: first.3,
        node: second.0,
        memory: second.1,
        duration: second.2,
        bound: second.3,
        app: second.4,
    })
}

pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => any_pod().prop_map(Event::Apply),
        4 => (0..3_u8, 0..12_u8).prop_map(|(ns, name)| Event::Remove(format!("ns-{ns}"), format!("a-{name}"))),
        1 => prop::collection::vec(any_pod(), 0..8).prop_map(Event::Relist),
        1 => (0..3_u8, prop::collection::vec(any_pod(), 0..4)).prop_map(|(ns, pods)| Event::RelistIn(format!("ns-{ns}"), pods)),
        1 => any_pod().prop_map(Event::Burst),
        1 => Just(Event::Clear),
        6 => Just(Event::Look),
    ]
}

pub(crate) fn any_sort() -> impl Strategy<Value = Vec<Sort>> {
    let columns: Vec<&str> = COLUMNS.iter().map(|(id, _)| *id).chain(["name", "namespace"]).collect();
    let one = (prop::sample::select(columns), any::<bool>());
    let sort = one.prop_map(|(column, descending)| Sort { column: column.to_owned(), descending });
    prop::collection::vec(sort, 0..3)
}

pub(crate) fn any_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        3 => Just(Scope::all()),
        1 => Just(Scope::namespaces(["ns-1"])),
        1 => Just(Scope::namespaces(["ns-0", "ns-2", "nowhere"])),
        1 => Just(Scope::all().with_names(["a-1", "a-7"])),
    ]
}
