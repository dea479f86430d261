//! The cluster itself: namespaces, events, CRDs, API services, leases (EX-32, EX-55 … EX-57, EX-62).

use super::Builtin;
use crate::cells::{Buf, Out};
use crate::column::{Args, Col, age, created_at, name, text, time, with};
use crate::kind::Section;
use api::cell::ColumnType::{Age, Int, Status, Text};
use api::cell::Level;
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("namespaces", "v1", "Namespace", Section::Cluster, "Namespaces", NAMESPACES)
        .cluster_scoped()
        .short(&["ns"]),
    Builtin::new("events", "v1", "Event", Section::Cluster, "Events", EVENTS).short(&["ev"]),
    Builtin::new(
        "customresourcedefinitions.apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        Section::Cluster,
        "CRDs",
        CRDS,
    )
    .cluster_scoped()
    .short(&["crd", "crds"]),
    Builtin::new(
        "apiservices.apiregistration.k8s.io",
        "v1",
        "APIService",
        Section::Cluster,
        "APIServices",
        APISERVICES,
    )
    .cluster_scoped(),
    Builtin::new("leases.coordination.k8s.io", "v1", "Lease", Section::Cluster, "Leases", LEASES),
    Builtin::new("componentstatuses", "v1", "ComponentStatus", Section::Cluster, "ComponentStatuses", COMPONENTS)
        .cluster_scoped()
        .short(&["cs"])
        .acts(&[]),
];

static NAMESPACES: &[Col] = &[
    with("status", "Status", Status, &[&["status", "phase"]], |args, out| {
        let phase = args.text(0);
        out.status(&phase, if phase == "Active" { Level::Ok } else { Level::Info });
    }),
    age(),
    text("pod_security", "Pod security", &["metadata", "labels", "pod-security.kubernetes.io/enforce"]).extra(),
];

static EVENTS: &[Col] = &[
    with("last_seen", "Last Seen", Age, EVENT_TIMES, last_seen).absent("<unknown>"),
    with("type", "Type", Status, &[&["type"]], |args, out| {
        let ty = args.text(0);
        out.status(&ty, if ty == "Normal" { Level::Plain } else { Level::Warn });
    })
    .width(8),
    text("reason", "Reason", &["reason"]).width(18),
    with("object", "Object", Text, &[&["involvedObject", "kind"], &["involvedObject", "name"]], event_object).width(40),
    text("subobject", "Subobject", &["involvedObject", "fieldPath"]).wide(),
    with(
        "source",
        "Source",
        Text,
        &[&["source", "component"], &["source", "host"], &["reportingComponent"], &["reportingInstance"]],
        event_source,
    )
    .wide(),
    with("message", "Message", Text, &[&["message"]], |args, out| out.text(args.text(0).trim())).width(60),
    with("first_seen", "First Seen", Age, EVENT_TIMES, |args, out| out.age(first_seen(args)))
        .wide()
        .absent("<unknown>"),
    with("count", "Count", Int, &[&["count"], &["series"], &["series", "count"]], |args, out| {
        out.int(match (args.get(1), args.int(0)) {
            (Some(_), _) => args.int(2),
            (None, 0) => 1,
            (None, count) => count,
        });
    })
    .wide(),
    name().wide(),
];

const EVENT_TIMES: &[&[&str]] =
    &[&["firstTimestamp"], &["lastTimestamp"], &["eventTime"], &["series"], &["series", "lastObservedTime"]];

fn first_seen(args: &Args<'_, '_>) -> Option<i64> {
    let moment = |at| args.get(at).and_then(Node::as_time_ms);
    moment(0).or_else(|| moment(2))
}

fn last_seen(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let moment = |at| args.get(at).and_then(Node::as_time_ms);
    out.age(if args.get(3).is_some() { moment(4) } else { moment(1).or_else(|| first_seen(args)) });
}

fn event_object(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    text.push(&args.text(0).to_lowercase());
    let name = args.text(1);
    if !name.is_empty() {
        text.push("/");
        text.push(&name);
    }
    out.text(text.as_str());
}

/// Who reports it, and on which host.
fn event_source(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let either = |old, new| match args.text(old) {
        text if text.is_empty() => args.text(new),
        text => text,
    };
    let mut text = Buf::default();
    text.push(&either(0, 2));
    let instance = either(1, 3);
    if !instance.is_empty() {
        text.push(", ");
        text.push(&instance);
    }
    out.text(text.as_str());
}

static CRDS: &[Col] = &[
    created_at(),
    text("group", "Group", &["spec", "group"]).extra().width(24),
    text("scope", "Scope", &["spec", "scope"]).extra().width(10),
    with("versions", "Versions", Text, &[&["spec", "versions"]], |args, out| {
        let mut text = Buf::default();
        for version in args.get(0).map(Node::items).into_iter().flatten() {
            if version.get("served").and_then(Node::as_bool).unwrap_or(false) {
                text.join(",", &version.get("name").and_then(Node::as_str).unwrap_or_default());
            }
        }
        out.text(text.as_str());
    })
    .extra(),
    age().extra(),
];

static APISERVICES: &[Col] = &[
    with("service", "Service", Text, &[&["spec", "service"]], |args, out| {
        let Some(service) = args.get(0) else { return out.text("Local") };
        let member = |name| service.get(name).and_then(Node::as_str).unwrap_or_default();
        let mut text = Buf::default();
        text.push(&member("namespace"));
        text.push("/");
        text.push(&member("name"));
        out.text(text.as_str());
    })
    .width(32),
    with("available", "Available", Status, &[&["status", "conditions"]], |args, out| {
        let Some((status, reason)) = crate::format::condition(args.get(0), "Available") else {
            return out.status("Unknown", Level::Warn);
        };
        if status == "True" || reason.is_empty() {
            return out.status(&status, if status == "True" { Level::Ok } else { Level::Bad });
        }
        let mut text = Buf::default();
        crate::cells::put!(text, "{status} ({reason})");
        out.status(text.as_str(), Level::Bad);
    })
    .width(24),
    age(),
];

static LEASES: &[Col] = &[
    text("holder", "Holder", &["spec", "holderIdentity"]).width(40),
    age(),
    time("renewed", "Last renew", &["spec", "renewTime"]).extra(),
];

static COMPONENTS: &[Col] = &[
    with("status", "Status", Status, &[&["conditions"]], |args, out| {
        match crate::format::condition(args.get(0), "Healthy") {
            Some((status, _)) if status == "True" => out.status("Healthy", Level::Ok),
            Some(_) => out.status("Unhealthy", Level::Bad),
            None => out.status("Unknown", Level::Warn),
        }
    }),
    with("message", "Message", Text, &[&["conditions"]], |args, out| component(args, out, "message")).width(40),
    with("error", "Error", Text, &[&["conditions"]], |args, out| component(args, out, "error")).width(40),
];

fn component(args: &Args<'_, '_>, out: &mut Out<'_>, member: &str) {
    let healthy = |item: &Node<'_>| item.get("type").and_then(Node::as_str).as_deref() == Some("Healthy");
    let condition = args.get(0).and_then(|list| list.items().find(healthy));
    out.text(&condition.and_then(|item| item.get(member)).and_then(Node::as_str).unwrap_or_default());
}
