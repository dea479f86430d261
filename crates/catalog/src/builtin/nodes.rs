//! Nodes (EX-31).

use super::Builtin;
use crate::cells::{Buf, Out};
use crate::column::{Args, Col, age, text, with};
use crate::format;
use crate::kind::Section;
use api::cell::{ColumnType, Level};
use smallvec::SmallVec;
use wire::Node;

pub(super) static KINDS: &[Builtin] =
    &[Builtin::new("nodes", "v1", "Node", Section::Cluster, "Nodes", COLUMNS).cluster_scoped().short(&["no"])];

static COLUMNS: &[Col] = &[
    with("status", "Status", ColumnType::Status, &[CONDITIONS, &["spec", "unschedulable"]], status).width(24),
    with("roles", "Roles", ColumnType::Text, &[&["metadata", "labels"]], roles).none(),
    age(),
    text("version", "Version", &["status", "nodeInfo", "kubeletVersion"]),
    with("internal_ip", "Internal-IP", ColumnType::Text, ADDRESSES, |args, out| address(args, out, "InternalIP"))
        .wide()
        .none(),
    with("external_ip", "External-IP", ColumnType::Text, ADDRESSES, |args, out| address(args, out, "ExternalIP"))
        .wide()
        .none(),
    text("os_image", "OS-Image", &["status", "nodeInfo", "osImage"]).wide().absent("<unknown>").width(32),
    text("kernel_version", "Kernel-Version", &["status", "nodeInfo", "kernelVersion"]).wide().absent("<unknown>"),
    text("container_runtime", "Container-Runtime", &["status", "nodeInfo", "containerRuntimeVersion"])
        .wide()
        .absent("<unknown>")
        .width(20),
    text("instance_type", "Instance type", &["metadata", "labels", "node.kubernetes.io/instance-type"]).extra(),
    with("node_pool", "Node pool", ColumnType::Text, &[&["metadata", "labels"]], pool).extra(),
    text("zone", "Zone", &["metadata", "labels", "topology.kubernetes.io/zone"]).extra(),
    text("cpu_capacity", "CPU capacity", &["status", "capacity", "cpu"]).extra().width(8),
    text("memory_capacity", "Memory capacity", &["status", "capacity", "memory"]).extra().width(12),
    text("pods_capacity", "Pods max", &["status", "capacity", "pods"]).extra().width(8),
    with("taints", "Taints", ColumnType::Text, &[&["spec", "taints"]], taints).extra(),
    with("pressure", "Pressure", ColumnType::Status, &[CONDITIONS], pressure)
        .extra()
        .help("conditions that say it is short of something"),
];

const CONDITIONS: &[&str] = &["status", "conditions"];
const ADDRESSES: &[&[&str]] = &[&["status", "addresses"]];

fn status(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let (mut text, mut level) = match format::condition(args.get(0), "Ready") {
        Some((status, _)) if status == "True" => ("Ready", Level::Ok),
        Some(_) => ("NotReady", Level::Bad),
        None => ("Unknown", Level::Warn),
    };
    if args.get(1).and_then(Node::as_bool).unwrap_or(false) {
        text = match text {
            "Ready" => "Ready,SchedulingDisabled",
            "NotReady" => "NotReady,SchedulingDisabled",
            _ => "Unknown,SchedulingDisabled",
        };
        level = level.max(Level::Warn);
    }
    out.status(text, level);
}

fn roles(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut roles: SmallVec<[String; 4]> = SmallVec::new();
    for (key, value) in args.get(0).map(Node::entries).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        match key.strip_prefix("node-role.kubernetes.io/") {
            Some("") => {}
            Some(role) => roles.push(role.to_owned()),
            None if key == "kubernetes.io/role" && !value.is_empty() => roles.push(value.into_owned()),
            None => {}
        }
    }
    roles.sort_unstable();
    roles.dedup();
    out.text(&roles.join(","));
}

fn address(args: &Args<'_, '_>, out: &mut Out<'_>, ty: &str) {
    let found = args
        .get(0)
        .map(Node::items)
        .into_iter()
        .flatten()
        .find(|address| address.get("type").and_then(Node::as_str).as_deref() == Some(ty));
    out.text(&found.and_then(|address| address.get("address")).and_then(Node::as_str).unwrap_or_default());
}

/// The label under which providers and autoscalers name a pool.
fn pool(args: &Args<'_, '_>, out: &mut Out<'_>) {
    const LABELS: [&str; 5] = [
        "karpenter.sh/nodepool",
        "cloud.google.com/gke-nodepool",
        "eks.amazonaws.com/nodegroup",
        "kubernetes.azure.com/agentpool",
        "node.cluster.x-k8s.io/pool",
    ];
    let found = args
        .get(0)
        .map(Node::entries)
        .into_iter()
        .flatten()
        .find(|(key, _)| LABELS.contains(&&**key))
        .and_then(|(_, value)| value.as_str());
    out.text(&found.unwrap_or_default());
}

fn taints(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for taint in args.get(0).map(Node::items).into_iter().flatten() {
        let member = |name| taint.get(name).and_then(Node::as_str).unwrap_or_default();
        text.join(",", &member("key"));
        let value = member("value");
        if !value.is_empty() {
            text.push("=");
            text.push(&value);
        }
        text.push(":");
        text.push(&member("effect"));
    }
    out.text(text.as_str());
}

fn pressure(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for condition in args.get(0).map(Node::items).into_iter().flatten() {
        let member = |name| condition.get(name).and_then(Node::as_str).unwrap_or_default();
        let ty = member("type");
        if ty != "Ready" && member("status") == "True" {
            text.join(",", &ty);
        }
    }
    out.status(text.as_str(), Level::Warn);
}
