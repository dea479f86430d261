//! ConfigMaps, Secrets, runtime classes, flow control (EX-48, EX-57, EX-61).

use super::Builtin;
use super::autoscaling::optional;
use crate::cells::{Buf, Out};
use crate::column::{Args, Col, age, count, int, text, with};
use crate::kind::{Act, Section};
use api::cell::ColumnType::{Int, Text};
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("configmaps", "v1", "ConfigMap", Section::Config, "ConfigMaps", CONFIGMAPS).short(&["cm"]),
    Builtin::new("secrets", "v1", "Secret", Section::Config, "Secrets", SECRETS).acts(&[Act::Delete, Act::Reveal]),
    Builtin::new("runtimeclasses.node.k8s.io", "v1", "RuntimeClass", Section::Config, "RuntimeClasses", RUNTIMES)
        .cluster_scoped(),
    Builtin::new("flowschemas.flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", Section::Config, "FlowSchemas", FLOWS)
        .cluster_scoped(),
    Builtin::new(
        "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "v1",
        "PriorityLevelConfiguration",
        Section::Config,
        "PriorityLevels",
        LEVELS,
    )
    .cluster_scoped(),
];

static CONFIGMAPS: &[Col] = &[
    with("data", "Data", Int, &[&["data"], &["binaryData"]], |args, out| {
        let keys = |at| args.get(at).map_or(0, Node::count);
        out.int(i64::try_from(keys(0) + keys(1)).unwrap_or(i64::MAX));
    }),
    age(),
    with("keys", "Keys", Text, &[&["data"], &["binaryData"]], keys).extra().width(32),
    with("size", "Size", api::cell::ColumnType::Bytes, &[&["data"], &["binaryData"]], size).extra(),
    with("immutable", "Immutable", Text, &[&["immutable"]], immutable).extra(),
];

static SECRETS: &[Col] = &[
    text("type", "Type", &["type"]).width(32),
    count("data", "Data", &["data"]),
    age(),
    with("keys", "Keys", Text, &[&["data"]], keys).extra().width(32),
    with("size", "Size", api::cell::ColumnType::Bytes, &[&["data"]], size).extra(),
    with("immutable", "Immutable", Text, &[&["immutable"]], immutable).extra(),
];

/// Names of keys, never their values.
fn keys(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for at in 0..2 {
        for (key, _) in args.get(at).map(Node::entries).into_iter().flatten() {
            text.join(",", &key);
        }
    }
    out.text(text.as_str());
}

/// Bytes of all values: of text as it is, of binary data decoded.
fn size(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut sum = 0;
    for at in 0..2 {
        for (_, value) in args.get(at).map(Node::entries).into_iter().flatten() {
            // `binaryData` and the data of Secrets are bytes; the data of a ConfigMap is text.
            let is_text = at == 0 && args.at.len() == 2;
            sum +=
                if is_text { value.as_str().map_or(0, |text| text.len()) } else { value.as_bytes_len().unwrap_or(0) };
        }
    }
    out.int(i64::try_from(sum).unwrap_or(i64::MAX));
}

fn immutable(args: &Args<'_, '_>, out: &mut Out<'_>) {
    if args.get(0).and_then(Node::as_bool).unwrap_or(false) { out.text("yes") } else { out.absent() }
}

static RUNTIMES: &[Col] = &[text("handler", "Handler", &["handler"]), age()];

static FLOWS: &[Col] = &[
    text("priority_level", "PriorityLevel", &["spec", "priorityLevelConfiguration", "name"]),
    int("matching_precedence", "MatchingPrecedence", &["spec", "matchingPrecedence"]),
    text("distinguisher_method", "DistinguisherMethod", &["spec", "distinguisherMethod", "type"]).none(),
    age(),
    with("missing_pl", "MissingPL", Text, &[&["status", "conditions"]], |args, out| {
        let dangling = crate::format::condition(args.get(0), "Dangling");
        out.text(dangling.as_ref().map_or("?", |(status, _)| status));
    })
    .width(9),
];

static LEVELS: &[Col] = &[
    text("type", "Type", &["spec", "type"]),
    limited(
        "nominal_concurrency_shares",
        "NominalConcurrencyShares",
        &[&["spec", "limited", "nominalConcurrencyShares"]],
    ),
    limited("queues", "Queues", &[&["spec", "limited", "limitResponse", "queuing", "queues"]]),
    limited("hand_size", "HandSize", &[&["spec", "limited", "limitResponse", "queuing", "handSize"]]),
    limited(
        "queue_length_limit",
        "QueueLengthLimit",
        &[&["spec", "limited", "limitResponse", "queuing", "queueLengthLimit"]],
    ),
    age(),
];

const fn limited(id: &'static str, title: &'static str, path: &'static [crate::column::Path]) -> Col {
    with(id, title, Int, path, optional).none()
}
