//! What network policies open, as a cluster that enforces them takes them: all that select a pod add up.

use super::Json;
use crate::objects::ranges::Range;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'a> {
    Pod { namespace: &'a str, labels: &'a BTreeMap<String, String> },
    Address(IpAddr),
}

/// Whether a connection from one end to a port of another passes all policies of a namespace.
pub(super) fn connects(policies: &[Json], from: End<'_>, to: End<'_>, port: u16) -> bool {
    passes(policies, from, to, port, "egress", "to") && passes(policies, to, from, port, "ingress", "from")
}

/// Whether the policies that select one end let the other through. An end that none selects is open.
pub(super) fn passes(policies: &[Json], own: End<'_>, other: End<'_>, port: u16, way: &str, peers: &str) -> bool {
    let End::Pod { namespace, labels } = own else { return true };
    let mut selecting = policies.iter().filter(|policy| {
        policy["metadata"]["namespace"] == namespace && selects(&policy["spec"]["podSelector"], labels)
    });
    let all: Vec<&Json> = selecting.by_ref().collect();
    all.is_empty()
        || all.iter().flat_map(|policy| policy["spec"][way].as_array().cloned().unwrap_or_default()).any(|rule| {
            let ports = rule["ports"].as_array();
            let port_fits = ports.is_none_or(|all| all.is_empty() || all.iter().any(|one| holds(one, port)));
            let from = rule[peers].as_array();
            port_fits && from.is_none_or(|all| all.is_empty() || all.iter().any(|peer| is(peer, namespace, other)))
        })
}

fn holds(one: &Json, port: u16) -> bool {
    let number = |key: &str| one[key].as_u64();
    match (number("port"), number("endPort")) {
        (None, _) => true,
        (Some(first), last) => (first..=last.unwrap_or(first)).contains(&u64::from(port)),
    }
}

/// Whether a peer of a rule is this end.
fn is(peer: &Json, own: &str, end: End<'_>) -> bool {
    match end {
        End::Address(address) => {
            let within = |cidr: &Json| cidr.as_str().and_then(Range::parse).is_some_and(|range| covers(range, address));
            let except = peer["ipBlock"]["except"].as_array().cloned().unwrap_or_default();
            within(&peer["ipBlock"]["cidr"]) && !except.iter().any(within)
        }
        End::Pod { namespace, labels } => {
            if !peer["ipBlock"].is_null() {
                return false;
            }
            let names = BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())]);
            let there = match &peer["namespaceSelector"] {
                Json::Null => namespace == own,
                selector => selects(selector, &names),
            };
            there && (peer["podSelector"].is_null() || selects(&peer["podSelector"], labels))
        }
    }
}

fn covers(range: Range, address: IpAddr) -> bool {
    let one = match address {
        IpAddr::V4(_) => format!("{address}/32"),
        IpAddr::V6(_) => format!("{address}/128"),
    };
    Range::parse(&one).is_some_and(|one| range.contains(one))
}

fn selects(selector: &Json, labels: &BTreeMap<String, String>) -> bool {
    let words = selector["matchLabels"].as_object();
    let fits = words
        .is_none_or(|words| words.iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str()));
    let lines = selector["matchExpressions"].as_array();
    fits && lines.is_none_or(|lines| {
        lines.iter().all(|line| {
            let value = labels.get(line["key"].as_str().unwrap()).map(String::as_str);
            let listed = line["values"].as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == value));
            match line["operator"].as_str().unwrap() {
                "In" => value.is_some() && listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                other => panic!("no operator: {other}"),
            }
        })
    })
}
