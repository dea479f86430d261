//! Services and what leads to them (EX-43 … EX-47, EX-62).

use super::Builtin;
use crate::cells::{Buf, Out, put};
use crate::column::{Args, Col, age, text, with};
use crate::format::{Cut, labels, selector, strings};
use crate::kind::Section;
use api::cell::ColumnType::{Int, Text};
use smallvec::SmallVec;
use std::borrow::Cow;
use wire::Node;

pub(super) static KINDS: &[Builtin] = &[
    Builtin::new("services", "v1", "Service", Section::Network, "Services", SERVICES).short(&["svc"]),
    Builtin::new("ingresses.networking.k8s.io", "v1", "Ingress", Section::Network, "Ingresses", INGRESSES)
        .short(&["ing"]),
    Builtin::new("ingressclasses.networking.k8s.io", "v1", "IngressClass", Section::Network, "IngressClasses", CLASSES)
        .cluster_scoped(),
    Builtin::new(
        "networkpolicies.networking.k8s.io",
        "v1",
        "NetworkPolicy",
        Section::Network,
        "NetworkPolicies",
        POLICIES,
    )
    .short(&["netpol"]),
    Builtin::new("endpoints", "v1", "Endpoints", Section::Network, "Endpoints", ENDPOINTS).short(&["ep"]),
    Builtin::new("endpointslices.discovery.k8s.io", "v1", "EndpointSlice", Section::Network, "EndpointSlices", SLICES),
    Builtin::new("servicecidrs.networking.k8s.io", "v1", "ServiceCIDR", Section::Network, "ServiceCIDRs", CIDRS)
        .cluster_scoped(),
    Builtin::new("ipaddresses.networking.k8s.io", "v1", "IPAddress", Section::Network, "IPAddresses", ADDRESSES)
        .cluster_scoped()
        .short(&["ip"]),
];

static SERVICES: &[Col] = &[
    text("type", "Type", &["spec", "type"]).width(13),
    with("cluster_ip", "Cluster-IP", Text, &[&["spec", "clusterIPs"]], |args, out| {
        out.text(&args.get(0).and_then(|list| list.items().next()).and_then(Node::as_str).unwrap_or_default());
    })
    .none(),
    with(
        "external_ip",
        "External-IP",
        Text,
        &[
            &["spec", "type"],
            &["spec", "externalIPs"],
            &["status", "loadBalancer", "ingress"],
            &["spec", "externalName"],
        ],
        external_ip,
    )
    .none(),
    with("ports", "Port(s)", Text, &[&["spec", "ports"]], ports).none().width(24),
    age(),
    with("selector", "Selector", Text, &[&["spec", "selector"]], labels).wide().none(),
];

fn external_ip(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    let ty = args.text(0);
    match &*ty {
        "ExternalName" => return out.text(&args.text(3)),
        "LoadBalancer" => balancer(args.get(2), &mut text),
        "ClusterIP" | "NodePort" => {}
        _ => return out.text("<unknown>"),
    }
    for ip in args.get(1).map(Node::items).into_iter().flatten() {
        text.join(",", &ip.as_str().unwrap_or_default());
    }
    match text.as_str() {
        "" if ty == "LoadBalancer" => out.text("<pending>"),
        text => out.text(text),
    }
}

/// Addresses of a load balancer, each once, sorted.
fn balancer(ingress: Option<Node<'_>>, text: &mut Buf) {
    let mut addresses: SmallVec<[Cow<'_, str>; 4]> = ingress
        .map(Node::items)
        .into_iter()
        .flatten()
        .filter_map(|item| {
            let member = |name| item.get(name).and_then(Node::as_str).filter(|text| !text.is_empty());
            member("ip").or_else(|| member("hostname"))
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    for address in &addresses {
        text.join(",", address);
    }
}

fn ports(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut text = Buf::default();
    for port in args.get(0).map(Node::items).into_iter().flatten() {
        let number = |name| port.get(name).and_then(Node::as_i64).unwrap_or(0);
        let protocol = port.get("protocol").and_then(Node::as_str).unwrap_or_default();
        if !text.is_empty() {
            text.push(",");
        }
        match number("nodePort") {
            node if node > 0 => put!(text, "{}:{node}/{protocol}", number("port")),
            _ => put!(text, "{}/{protocol}", number("port")),
        }
    }
    out.text(text.as_str());
}

static INGRESSES: &[Col] = &[
    text("class", "Class", &["spec", "ingressClassName"]).none(),
    with("hosts", "Hosts", Text, &[&["spec", "rules"]], hosts).width(32),
    with("address", "Address", Text, &[&["status", "loadBalancer", "ingress"]], |args, out| {
        let mut text = Buf::default();
        balancer(args.get(0), &mut text);
        out.text(text.as_str());
    }),
    with("ports", "Ports", Text, &[&["spec", "tls"]], |args, out| {
        out.text(if args.get(0).is_some_and(|tls| tls.count() > 0) { "80, 443" } else { "80" });
    })
    .width(8),
    age(),
];

/// The first three hosts. kubectl counts rules, not hosts, in what it leaves out.
fn hosts(args: &Args<'_, '_>, out: &mut Out<'_>) {
    const SHOWN: usize = 3;
    let (mut text, mut shown, mut rules, mut more) = (Buf::default(), 0, 0, false);
    for rule in args.get(0).map(Node::items).into_iter().flatten() {
        rules += 1;
        more |= shown == SHOWN;
        let host = rule.get("host").and_then(Node::as_str).unwrap_or_default();
        if !more && !host.is_empty() {
            text.join(",", &host);
            shown += 1;
        }
    }
    if text.is_empty() {
        return out.text("*");
    }
    if more {
        put!(text, " + {} more...", rules - SHOWN);
    }
    out.text(text.as_str());
}

static CLASSES: &[Col] = &[
    text("controller", "Controller", &["spec", "controller"]).width(32),
    with("parameters", "Parameters", Text, &[&["spec", "parameters"]], |args, out| {
        let Some(parameters) = args.get(0) else { return out.absent() };
        let member = |name| parameters.get(name).and_then(Node::as_str);
        let mut text = Buf::default();
        text.push(&member("kind").unwrap_or_default());
        if let Some(group) = member("apiGroup") {
            text.push(".");
            text.push(&group);
        }
        text.push("/");
        text.push(&member("name").unwrap_or_default());
        out.text(text.as_str());
    })
    .none()
    .width(32),
    age(),
    with(
        "default",
        "Default",
        Text,
        &[&["metadata", "annotations", "ingressclass.kubernetes.io/is-default-class"]],
        |args, out| {
            if args.text(0) == "true" { out.text("yes") } else { out.absent() }
        },
    )
    .extra(),
];

static POLICIES: &[Col] = &[
    with("pod_selector", "Pod-Selector", Text, &[&["spec", "podSelector"]], selector).none().width(32),
    age(),
    with("policy_types", "Policy types", Text, &[&["spec", "policyTypes"]], strings).extra(),
];

static ENDPOINTS: &[Col] = &[with("endpoints", "Endpoints", Text, &[&["subsets"]], endpoints).none().width(56), age()];

/// `ip:port` of ready addresses, the first three.
fn endpoints(args: &Args<'_, '_>, out: &mut Out<'_>) {
    if args.get(0).is_none_or(|subsets| subsets.items().next().is_none()) {
        return out.absent();
    }
    let mut cut = Cut::new(3);
    for subset in args.get(0).map(Node::items).into_iter().flatten() {
        let addresses = || subset.get("addresses").map(Node::items).into_iter().flatten();
        let ip = |address: Node<'_>| address.get("ip").and_then(Node::as_str).unwrap_or_default().into_owned();
        let mut ports = subset.get("ports").map(Node::items).into_iter().flatten().peekable();
        if ports.peek().is_none() {
            addresses().for_each(|address| cut.push(&ip(address)));
        }
        for port in ports {
            let number = port.get("port").and_then(Node::as_i64).unwrap_or(0);
            for address in addresses() {
                let ip = ip(address);
                cut.push_with(|text| {
                    if ip.contains(':') { put!(text, "[{ip}]:{number}") } else { put!(text, "{ip}:{number}") }
                });
            }
        }
    }
    // Subsets without a ready address print as nothing, not as `<none>`.
    cut.write_exact(out);
}

static SLICES: &[Col] = &[
    text("address_type", "AddressType", &["addressType"]).width(11),
    with("ports", "Ports", Text, &[&["ports"]], slice_ports).absent("<unset>"),
    with("endpoints", "Endpoints", Text, &[&["endpoints"]], slice_endpoints).absent("<unset>").width(40),
    age(),
    text("service", "Service", &["metadata", "labels", "kubernetes.io/service-name"]).extra(),
    with("ready", "Ready", Int, &[&["endpoints"]], |args, out| slice_condition(args, out, "ready")).extra(),
    with("serving", "Serving", Int, &[&["endpoints"]], |args, out| slice_condition(args, out, "serving")).extra(),
    with("terminating", "Terminating", Int, &[&["endpoints"]], |args, out| slice_condition(args, out, "terminating"))
        .extra(),
];

fn slice_ports(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut cut = Cut::new(3);
    for port in args.get(0).map(Node::items).into_iter().flatten() {
        let shown = port.get("port").or_else(|| port.get("name")).and_then(Node::as_text);
        cut.push(&shown.unwrap_or(Cow::Borrowed("*")));
    }
    cut.write(out);
}

fn slice_endpoints(args: &Args<'_, '_>, out: &mut Out<'_>) {
    let mut cut = Cut::new(3);
    for endpoint in args.get(0).map(Node::items).into_iter().flatten() {
        for address in endpoint.get("addresses").map(Node::items).into_iter().flatten() {
            cut.push(&address.as_str().unwrap_or_default());
        }
    }
    cut.write(out);
}

/// How many endpoints have a condition. One that is not told means ready and serving.
fn slice_condition(args: &Args<'_, '_>, out: &mut Out<'_>, name: &str) {
    let endpoints = args.get(0).map(Node::items).into_iter().flatten();
    let unset = name != "terminating";
    let holds = |item: &Node<'_>| item.path(&["conditions", name]).and_then(Node::as_bool).unwrap_or(unset);
    out.int(i64::try_from(endpoints.filter(holds).count()).unwrap_or(i64::MAX));
}

static CIDRS: &[Col] = &[with("cidrs", "CIDRs", Text, &[&["spec", "cidrs"]], strings).width(32), age()];

static ADDRESSES: &[Col] = &[with("parent_ref", "ParentRef", Text, &[&["spec", "parentRef"]], |args, out| {
    let Some(parent) = args.get(0) else { return out.absent() };
    let member = |name| parent.get(name).and_then(Node::as_str).unwrap_or_default();
    let mut text = Buf::default();
    text.push(&member("resource").to_lowercase());
    let (group, namespace) = (member("group"), member("namespace"));
    if !group.is_empty() {
        text.push(".");
        text.push(&group.to_lowercase());
    }
    if !namespace.is_empty() {
        text.push("/");
        text.push(&namespace);
    }
    text.push("/");
    text.push(&member("name"));
    out.text(text.as_str());
})
.none()
.width(40)];
