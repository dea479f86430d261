//! Autoscalers, budgets, quotas, priorities (EX-39 … EX-41, EX-57).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, Path, age, bool, created_at, int, ratio, text, time, with};
use crate::format::sorted;
use crate::kind::Section;
use api::cell::ColumnType::{Int, Status, Text};
use api::cell::Level;
use std::borrow::Cow;
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new(
        "horizontalpodautoscalers.autoscaling",
        "v2",
        "HorizontalPodAutoscaler",
        Section::Autoscaling,
        "HPAs",
        HPAS,
    )
    .short(&["hpa"]),
    Builtin::new(
        "poddisruptionbudgets.policy",
        "v1",
        "PodDisruptionBudget",
        Section::Autoscaling,
        "PodDisruptionBudgets",
        BUDGETS,
    )
    .short(&["pdb"]),
    Builtin::new("resourcequotas", "v1", "ResourceQuota", Section::Autoscaling, "ResourceQuotas", QUOTAS)
        .short(&["quota"]),
    Builtin::new("limitranges", "v1", "LimitRange", Section::Autoscaling, "LimitRanges", LIMITS).short(&["limits"]),
    Builtin::new(
        "priorityclasses.scheduling.k8s.io",
        "v1",
        "PriorityClass",
        Section::Autoscaling,
        "PriorityClasses",
        PRIORITIES,
    )
    .cluster_scoped()
    .short(&["pc"]),
];

static HPAS: &[Col] = &[
    with(
        "reference",
        "Reference",
        Text,
        &[&["spec", "scaleTargetRef", "kind"], &["spec", "scaleTargetRef", "name"]],
        |args, out| {
            let mut text = Buf::default();
            put!(text, "{}/{}", args.text(0), args.text(1));
            out.text(text.as_str());
        },
    )
    .width(32),
    with("targets", "Targets", Text, &[&["spec", "metrics"], &["status", "currentMetrics"]], targets).none().width(32),
    with("min_pods", "MinPods", Int, &[&["spec", "minReplicas"]], optional).absent("<unset>"),
    int("max_pods", "MaxPods", &["spec", "maxReplicas"]),
    int("replicas", "Replicas", &["status", "currentReplicas"]),
    age(),
    int("desired", "Desired", &["status", "desiredReplicas"]).extra(),
    time("last_scale", "Last scale", &["status", "lastScaleTime"]).extra(),
    with("limited", "Limited", Status, &[&["status", "conditions"]], |args, out| {
        match crate::format::condition(args.get(0), "ScalingLimited") {
            Some((status, reason)) if status == "True" => out.status(&reason, Level::Warn),
            _ => out.absent(),
        }
    })
    .extra(),
];

/// A number that may be unset.
pub(super) fn optional(args: &Args<'_, '_>, out: &mut Out<'_>) {
    match args.get(0).and_then(Node::as_i64) {
        Some(number) => out.int(number),
        None => out.absent(),
    }
}

/// Current and wanted value of each metric; kubectl shows two of them.
fn targets(args: &Args<'_, '_>, out: &mut Out<'_>) {
    const SHOWN: usize = 2;
    let mut text = Buf::default();
    let mut count = 0;
    for (at, spec) in args.get(0).map(Node::items).into_iter().flatten().enumerate() {
        count += 1;
        if at >= SHOWN {
            continue;
        }
        if at > 0 {
            text.push(", ");
        }
        let status = args.get(1).and_then(|list| list.items().nth(at));
        target(spec, status, &mut text);
    }
    if count > SHOWN {
        put!(text, " + {} more...", count - SHOWN);
    }
    out.text(text.as_str());
}

fn target(spec: Node<'_>, status: Option<Node<'_>>, text: &mut Buf) {
    let ty = spec.get("type").and_then(Node::as_str).unwrap_or_default();
    let member = match &*ty {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return text.push("<unknown type>"),
    };
    let wanted = |name| spec.path(&[member, "target", name]).and_then(Node::as_text);
    let current = |name| status.and_then(|status| status.path(&[member, "current", name])).and_then(Node::as_text);
    let or_unknown = |value: Option<Cow<'_, str>>| value.map_or_else(|| "<unknown>".to_owned(), Cow::into_owned);
    // A quantity that is not set prints as 0.
    let zero = |value: Option<Cow<'_, str>>| value.map_or_else(|| "0".to_owned(), Cow::into_owned);
    let known = status.is_some_and(|status| status.get(member).is_some());
    match member {
        "resource" | "containerResource" => {
            let name = spec.path(&[member, "name"]).and_then(Node::as_str).unwrap_or_default();
            if let Some(average) = wanted("averageValue") {
                let now = if known { zero(current("averageValue")) } else { "<unknown>".to_owned() };
                put!(text, "{name}: {now}/{average}");
            } else {
                let now = current("averageUtilization").map_or_else(|| "<unknown>".to_owned(), |now| format!("{now}%"));
                let wanted =
                    wanted("averageUtilization").map_or_else(|| "<auto>".to_owned(), |wanted| format!("{wanted}%"));
                put!(text, "{name}: {now}/{wanted}");
            }
        }
        "pods" => {
            let now = if known { zero(current("averageValue")) } else { "<unknown>".to_owned() };
            put!(text, "{now}/{}", zero(wanted("averageValue")));
        }
        _ => match wanted("averageValue") {
            Some(average) => put!(text, "{}/{average} (avg)", or_unknown(current("averageValue"))),
            None => {
                let now = if known { zero(current("value")) } else { "<unknown>".to_owned() };
                put!(text, "{now}/{}", zero(wanted("value")));
            }
        },
    }
}

static BUDGETS: &[Col] = &[
    text("min_available", "Min Available", &["spec", "minAvailable"]).absent("N/A"),
    text("max_unavailable", "Max Unavailable", &["spec", "maxUnavailable"]).absent("N/A"),
    int("allowed_disruptions", "Allowed Disruptions", &["status", "disruptionsAllowed"]),
    age(),
    ratio("healthy", "Healthy", &["status", "currentHealthy"], &["status", "expectedPods"]).extra(),
    with(
        "blocks_drain",
        "Blocks drain",
        Status,
        &[&["status", "disruptionsAllowed"], &["status", "expectedPods"]],
        |args, out| {
            if args.int(0) == 0 && args.int(1) > 0 { out.status("Yes", Level::Warn) } else { out.absent() }
        },
    )
    .extra(),
];

const QUOTA: &[Path] = &[&["status", "hard"], &["status", "used"]];

static QUOTAS: &[Col] = &[
    with("request", "Request", Text, QUOTA, |args, out| quota(args, out, false)).width(48),
    with("limit", "Limit", Text, QUOTA, |args, out| quota(args, out, true)).width(32),
    age(),
    with("highest_use", "Highest use", api::cell::ColumnType::Percent, QUOTA, highest_use).extra(),
];

/// `name: used/hard, …` of the resources that are limits, or of the others.
fn quota(args: &Args<'_, '_>, out: &mut Out<'_>, limits: bool) {
    let mut text = Buf::default();
    for (name, hard) in sorted(args.get(0)) {
        if name.starts_with("limits.") == limits {
            let used = args.get(1).and_then(|used| used.get(&name)).and_then(Node::as_text);
            text.join(", ", &name);
            put!(text, ": {}/{hard}", used.as_deref().unwrap_or("0"));
        }
    }
    out.text(text.as_str());
}

fn highest_use(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let share = |name: &str, hard: Node<'_>| {
        let used = args.get(1)?.get(name)?.as_quantity_milli()?;
        let hard = hard.as_quantity_milli().filter(|hard| *hard > 0)?;
        i64::try_from(used.checked_mul(1000)? / hard).ok()
    };
    let entries = args.get(0).map(Node::entries).into_iter().flatten();
    match entries.filter_map(|(name, hard)| share(&name, hard)).max() {
        Some(share) => out.int(share),
        None => out.absent(),
    }
}

static LIMITS: &[Col] = &[
    created_at(),
    with("types", "Types", Text, &[&["spec", "limits"]], |args, out| {
        let mut text = Buf::default();
        crate::format::joined(args.get(0), "type", ",", &mut text);
        out.text(text.as_str());
    })
    .extra(),
    age().extra(),
];

static PRIORITIES: &[Col] = &[
    int("value", "Value", &["value"]).width(12),
    bool("global_default", "Global-Default", &["globalDefault"], false),
    age(),
    text("preemption_policy", "PreemptionPolicy", &["preemptionPolicy"]).width(22),
];
