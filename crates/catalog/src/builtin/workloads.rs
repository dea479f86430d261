//! What makes pods (EX-33 … EX-38, EX-57).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, DELETED, Path, age, count, int, ratio, text, time, with};
use crate::format::{condition, container_images, container_names, labels, owner, selector};
use crate::kind::{Act, Section};
use api::cell::ColumnType::{Age, Span, Status, Text};
use api::cell::Level;
use wire::Node;

const ACTS: &[Act] = &[Act::Delete, Act::Scale, Act::Restart];
const RESTART: &[Act] = &[Act::Delete, Act::Restart];
const SCALE: &[Act] = &[Act::Delete, Act::Scale];

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("deployments.apps", "v1", "Deployment", Section::Workloads, "Deployments", DEPLOYMENTS)
        .short(&["deploy"])
        .acts(ACTS),
    Builtin::new("daemonsets.apps", "v1", "DaemonSet", Section::Workloads, "DaemonSets", DAEMONSETS)
        .short(&["ds"])
        .acts(RESTART),
    Builtin::new("statefulsets.apps", "v1", "StatefulSet", Section::Workloads, "StatefulSets", STATEFULSETS)
        .short(&["sts"])
        .acts(ACTS),
    Builtin::new("replicasets.apps", "v1", "ReplicaSet", Section::Workloads, "ReplicaSets", REPLICASETS)
        .short(&["rs"])
        .acts(SCALE),
    Builtin::new(
        "replicationcontrollers",
        "v1",
        "ReplicationController",
        Section::Workloads,
        "ReplicationControllers",
        CONTROLLERS,
    )
    .short(&["rc"])
    .acts(SCALE),
    Builtin::new("jobs.batch", "v1", "Job", Section::Workloads, "Jobs", JOBS),
    Builtin::new("cronjobs.batch", "v1", "CronJob", Section::Workloads, "CronJobs", CRONJOBS).short(&["cj"]),
    Builtin::new(
        "controllerrevisions.apps",
        "v1",
        "ControllerRevision",
        Section::Workloads,
        "ControllerRevisions",
        REVISIONS,
    ),
    Builtin::new("podtemplates", "v1", "PodTemplate", Section::Workloads, "PodTemplates", TEMPLATES),
];

const REPLICAS: Path = &["spec", "replicas"];
const CONTAINERS: Path = &["spec", "template", "spec", "containers"];
const SELECTOR: Path = &["spec", "selector"];
const CONDITIONS: Path = &["status", "conditions"];
const OWNERS: Path = &["metadata", "ownerReferences"];

const fn containers(path: &'static [Path]) -> Col {
    with("containers", "Containers", Text, path, container_names)
}

const fn images(path: &'static [Path]) -> Col {
    with("images", "Images", Text, path, container_images).width(40)
}

const fn selected(path: &'static [Path]) -> Col {
    with("selector", "Selector", Text, path, selector).none()
}

const fn owned() -> Col {
    with("owner", "Owner", Text, &[OWNERS], owner).extra()
}

static DEPLOYMENTS: &[Col] = &[
    ratio("ready", "Ready", &["status", "readyReplicas"], REPLICAS),
    int("up_to_date", "Up-to-date", &["status", "updatedReplicas"]),
    int("available", "Available", &["status", "availableReplicas"]),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    with("selector", "Selector", Text, &[SELECTOR], selector).wide(),
    text("strategy", "Strategy", &["spec", "strategy", "type"]).extra(),
    with("condition", "Condition", Status, &[CONDITIONS], deployment_condition).extra(),
    with("last_change", "Last change", Age, &[CONDITIONS], last_change).extra(),
];

static DAEMONSETS: &[Col] = &[
    int("desired", "Desired", &["status", "desiredNumberScheduled"]),
    int("current", "Current", &["status", "currentNumberScheduled"]),
    int("ready", "Ready", &["status", "numberReady"]),
    int("up_to_date", "Up-to-date", &["status", "updatedNumberScheduled"]),
    int("available", "Available", &["status", "numberAvailable"]),
    with("node_selector", "Node Selector", Text, &[&["spec", "template", "spec", "nodeSelector"]], labels).none(),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    selected(&[SELECTOR]).wide(),
    text("strategy", "Strategy", &["spec", "updateStrategy", "type"]).extra(),
];

static STATEFULSETS: &[Col] = &[
    ratio("ready", "Ready", &["status", "readyReplicas"], REPLICAS),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    text("service", "Service", &["spec", "serviceName"]).extra(),
    text("strategy", "Strategy", &["spec", "updateStrategy", "type"]).extra(),
    text("partition", "Partition", &["spec", "updateStrategy", "rollingUpdate", "partition"]).extra().width(9),
];

static REPLICASETS: &[Col] = &[
    int("desired", "Desired", REPLICAS),
    int("current", "Current", &["status", "replicas"]),
    int("ready", "Ready", &["status", "readyReplicas"]),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    selected(&[SELECTOR]).wide(),
    owned(),
    text("revision", "Revision", &["metadata", "annotations", "deployment.kubernetes.io/revision"]).extra().width(8),
];

static CONTROLLERS: &[Col] = &[
    int("desired", "Desired", REPLICAS),
    int("current", "Current", &["status", "replicas"]),
    int("ready", "Ready", &["status", "readyReplicas"]),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    with("selector", "Selector", Text, &[SELECTOR], labels).wide().none(),
    owned(),
];

static JOBS: &[Col] = &[
    with("status", "Status", Status, &[CONDITIONS, DELETED], job_status),
    with(
        "completions",
        "Completions",
        Text,
        &[&["status", "succeeded"], &["spec", "completions"], &["spec", "parallelism"]],
        completions,
    )
    .width(11),
    with("duration", "Duration", Span, &[&["status", "startTime"], &["status", "completionTime"]], job_duration),
    age(),
    containers(&[CONTAINERS]).wide(),
    images(&[CONTAINERS]).wide(),
    selected(&[SELECTOR]).wide(),
    owned(),
    int("failed", "Failed", &["status", "failed"]).extra(),
    int("active", "Active", &["status", "active"]).extra(),
];

const JOB_CONTAINERS: Path = &["spec", "jobTemplate", "spec", "template", "spec", "containers"];

static CRONJOBS: &[Col] = &[
    text("schedule", "Schedule", &["spec", "schedule"]),
    text("timezone", "Timezone", &["spec", "timeZone"]).none(),
    with("suspend", "Suspend", Text, &[&["spec", "suspend"]], suspend).absent("<unset>").width(8),
    count("active", "Active", &["status", "active"]),
    time("last_schedule", "Last Schedule", &["status", "lastScheduleTime"]).none(),
    age(),
    containers(&[JOB_CONTAINERS]).wide(),
    images(&[JOB_CONTAINERS]).wide(),
    selected(&[&["spec", "jobTemplate", "spec", "selector"]]).wide(),
    time("last_success", "Last success", &["status", "lastSuccessfulTime"]).extra(),
];

static REVISIONS: &[Col] = &[
    with("controller", "Controller", Text, &[OWNERS], revision_controller).none().width(24),
    int("revision", "Revision", &["revision"]),
    age(),
];

static TEMPLATES: &[Col] = &[
    containers(&[&["template", "spec", "containers"]]),
    images(&[&["template", "spec", "containers"]]),
    with("pod_labels", "Pod Labels", Text, &[&["template", "metadata", "labels"]], labels).none(),
];

/// The most telling condition: a failure before a rollout that goes on, before being available.
fn deployment_condition(args: &Args<'_, '_>, out: &mut Out<'_>) {
    if let Some((status, reason)) = condition(args.get(0), "ReplicaFailure")
        && status == "True"
    {
        return out.status(&reason, Level::Bad);
    }
    match condition(args.get(0), "Progressing") {
        Some((status, reason)) if status == "False" => return out.status(&reason, Level::Bad),
        Some((_, reason)) if reason != "NewReplicaSetAvailable" => return out.status(&reason, Level::Info),
        _ => {}
    }
    match condition(args.get(0), "Available") {
        Some((status, _)) if status == "True" => out.status("Available", Level::Ok),
        Some(_) => out.status("Unavailable", Level::Warn),
        None => out.absent(),
    }
}

fn last_change(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let conditions = args.get(0).map(Node::items).into_iter().flatten();
    out.age(conditions.filter_map(|item| item.get("lastTransitionTime")?.as_time_ms()).max());
}

fn job_status(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let holds = |ty| condition(args.get(0), ty).is_some_and(|(status, _)| status == "True");
    if holds("Complete") {
        out.status("Complete", Level::Ok);
    } else if holds("Failed") {
        out.status("Failed", Level::Bad);
    } else if args.get(1).is_some() {
        out.status("Terminating", Level::Info);
    } else if holds("Suspended") {
        out.status("Suspended", Level::Plain);
    } else if holds("FailureTarget") {
        out.status("FailureTarget", Level::Bad);
    } else if holds("SuccessCriteriaMet") {
        out.status("SuccessCriteriaMet", Level::Ok);
    } else {
        out.status("Running", Level::Info);
    }
}

fn completions(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    let succeeded = args.int(0);
    match (args.get(1).and_then(Node::as_i64), args.int(2)) {
        (Some(wanted), _) => put!(text, "{succeeded}/{wanted}"),
        (None, parallel) if parallel > 1 => put!(text, "{succeeded}/1 of {parallel}"),
        (None, _) => put!(text, "{succeeded}/1"),
    }
    out.text(text.as_str());
}

fn job_duration(args: &Args<'_, '_>, out: &mut Out<'_>) {
    match args.get(0).and_then(Node::as_time_ms) {
        Some(start) => out.span(start, args.get(1).and_then(Node::as_time_ms)),
        None => out.absent(),
    }
}

fn suspend(args: &Args<'_, '_>, out: &mut Out<'_>) {
    match args.get(0).and_then(Node::as_bool) {
        Some(true) => out.text("True"),
        Some(false) => out.text("False"),
        None => out.absent(),
    }
}

/// `statefulset.apps/db`.
fn revision_controller(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let owner = args
        .get(0)
        .map(Node::items)
        .into_iter()
        .flatten()
        .find(|owner| owner.get("controller").and_then(Node::as_bool).unwrap_or(false));
    let Some(owner) = owner else { return out.absent() };
    let member = |name| owner.get(name).and_then(Node::as_str).unwrap_or_default();
    let mut text = Buf::default();
    text.push(&member("kind").to_lowercase());
    if let Some((group, _)) = member("apiVersion").split_once('/') {
        text.push(".");
        text.push(&group.to_lowercase());
    }
    text.push("/");
    text.push(&member("name"));
    out.text(text.as_str());
}
