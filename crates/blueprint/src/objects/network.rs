//! The network policy of one workspace.
//!
//! The policy selects one pod, by its canonical id. Both ends of a connection have a policy, so two workspaces meet only where
//! both classes admit the other; the rules say so, too, so that each can be read by itself.

use super::exposure;
use super::labels::{key, meta, value};
use super::ranges::{Range, without};
use super::read::{is, text, texts};
use super::{AGENT_PORT, Exposure, Place, Pods, Port, Said};
use crate::node::Node;
use crate::pointer::Pointer;
use base::Code;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// The policy of a workspace.
pub(super) fn policy(blueprint: &Node, place: &Place, ports: &[Port], said: &mut Said) -> NetworkPolicy {
    let rules = Rules::of(blueprint, place, said);
    NetworkPolicy {
        metadata: meta(&place.id, blueprint, place),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector([(key("canonical-id"), value(&place.id))])),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(rules.ingress(ports)),
            egress: Some(rules.egress(said)),
        }),
    }
}

/// Labels of a pod that names workspaces of class `system` in `allowEgressToPods`: these let in who names them.
pub(super) fn names_systems(blueprint: &Node) -> BTreeMap<String, String> {
    let named = blueprint.at(&Pointer::parse("/network/allowEgressToPods")).map_or(&[][..], Node::items);
    let ours = [key("canonical-id"), key("workspace")];
    named
        .iter()
        .flat_map(Node::entries)
        .filter(|entry| ours.contains(&entry.key))
        .filter_map(|entry| Some((format!("{NAMES}{}", value(entry.node.text()?)), "true".to_owned())))
        .collect()
}

pub(super) struct Rules<'a> {
    blueprint: &'a Node,
    place: &'a Place,
    class: &'a str,
    /// What no list opens.
    pub(super) never: Vec<Range>,
    /// What the blueprint closes.
    pub(super) denied: Vec<Range>,
    api_server: Vec<Range>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(blueprint: &'a Node, place: &'a Place, said: &mut Said) -> Self {
        let mut ranges = |texts: &[&[String]]| -> Vec<Range> {
            let mut all = Vec::new();
            for text in texts.iter().copied().flatten() {
                match Range::listed(text) {
                    Some(range) => all.push(range),
                    None => said.wrong(
                        Code::ConfigInvalid,
                        "",
                        &blueprint.origin.mark,
                        format!("{text} in the platform's network settings is no range of addresses"),
                    ),
                }
            }
            all
        };
        let network = &place.network;
        let mut never = ranges(&[&network.nodes, &network.api_server, &network.never_allow]);
        never.extend(METADATA.iter().filter_map(|text| Range::parse(text)));
        let api_server = ranges(&[&network.api_server]);
        let denied = texts(blueprint, "/network/denyEgressToCIDRs").into_iter().filter_map(Range::parse).collect();
        let class = text(blueprint, "/network/networkPolicyClass").unwrap_or("isolated");
        Self { blueprint, place, class, never, denied, api_server }
    }

    fn ingress(&self, ports: &[Port]) -> Vec<NetworkPolicyIngressRule> {
        let mut rules = Vec::new();
        let network = &self.place.network;
        if let Some(gateway) = &network.gateway {
            let agent = Port::tcp("", AGENT_PORT);
            let ports = std::iter::once(&agent).chain(ports).map(|one| port(one.port, one.protocol()));
            rules.push(from(vec![pods(gateway)], Some(ports.collect())));
        }
        let exposed = |numbers: &[u16]| -> Vec<NetworkPolicyPort> {
            let declared = ports.iter().filter(|one| numbers.contains(&one.port));
            declared.map(|one| port(one.port, one.protocol())).collect()
        };
        match (exposure::admits(self.blueprint, self.place, ports), &network.ingress) {
            (Exposure::Ingress(numbers), Some(ingress)) if !exposed(&numbers).is_empty() => {
                rules.push(from(vec![pods(ingress)], Some(exposed(&numbers))));
            }
            (Exposure::Anywhere(numbers), _) if !exposed(&numbers).is_empty() => {
                rules.push(NetworkPolicyIngressRule { from: None, ports: Some(exposed(&numbers)) });
            }
            _ => {}
        }
        let peers = self.peers(true);
        if !peers.is_empty() {
            rules.push(from(peers, None));
        }
        rules
    }

    fn egress(&self, said: &mut Said) -> Vec<NetworkPolicyEgressRule> {
        let network = &self.place.network;
        let mut dns = vec![pods(&network.dns)];
        dns.extend(network.node_dns.iter().filter_map(|text| Range::listed(text)).map(|range| block(range, &[])));
        let mut rules = vec![to(dns, Some(vec![port(53, "UDP"), port(53, "TCP")]))];
        if let Some(gateway) = &network.gateway {
            rules.push(to(vec![pods(gateway)], None));
        }
        let mut blocks = self.internet();
        blocks.extend(self.allowed(said));
        if self.class == "system" {
            blocks.extend(
                network.system.iter().filter_map(|text| Range::listed(text)).filter_map(|range| self.opened(range)),
            );
        }
        if !blocks.is_empty() {
            rules.push(to(blocks, None));
        }
        if is(self.blueprint, "/network/kubernetesAccess") {
            if self.api_server.is_empty() {
                said.notes.push("kubernetesAccess opens nothing: nobody knows where the API server is".to_owned());
            } else {
                let blocks = self.api_server.iter().map(|range| block(*range, &[])).collect();
                let ports = network.api_ports.iter().map(|number| port(*number, "TCP")).collect();
                rules.push(to(blocks, Some(ports)));
            }
        }
        let mut peers = self.named_pods();
        peers.extend(self.peers(false));
        if !peers.is_empty() {
            rules.push(to(peers, None));
        }
        if self.place.egress_port.is_none() && !texts(self.blueprint, "/network/allowEgressToHosts").is_empty() {
            said.notes.push(NAMES_OPEN_NOTHING.to_owned());
        }
        rules
    }

    /// The internet: all addresses without those of the cluster and of private networks.
    fn internet(&self) -> Vec<NetworkPolicyPeer> {
        let closed: Vec<Range> =
            self.private().chain(self.never.iter().copied()).chain(self.denied.iter().copied()).collect();
        EVERYWHERE
            .iter()
            .filter_map(|text| Range::parse(text))
            .filter_map(|range| without(range, &closed).map(|except| block(range, &except)))
            .collect()
    }

    /// What is not the internet.
    pub(super) fn private(&self) -> impl Iterator<Item = Range> {
        let nat64: &[&str] = if self.place.network.nat64 { &[] } else { &[NAT64] };
        PRIVATE.iter().chain(nat64).filter_map(|text| Range::parse(text)).chain(self.cluster())
    }

    /// The ranges of pods and services, as far as they are known.
    pub(super) fn cluster(&self) -> impl Iterator<Item = Range> {
        let network = &self.place.network;
        [&network.pods, &network.services].into_iter().flatten().filter_map(|text| Range::listed(text))
    }

    /// The ranges that the blueprint lists, and those of its class.
    pub(super) fn listed(&self) -> Vec<Range> {
        let own = texts(self.blueprint, "/network/allowEgressToCIDRs").into_iter().filter_map(Range::parse);
        let class = self.place.network.system.iter().filter(|_| self.class == "system");
        own.chain(class.filter_map(|text| Range::listed(text))).collect()
    }

    /// The ranges that the blueprint lists.
    fn allowed(&self, said: &mut Said) -> Vec<NetworkPolicyPeer> {
        let at = Pointer::parse("/network/allowEgressToCIDRs");
        let mut blocks = Vec::new();
        for (index, node) in self.blueprint.at(&at).map_or(&[][..], Node::items).iter().enumerate() {
            let Some(range) = node.text().and_then(Range::parse) else { continue };
            if let Some(never) = self.never.iter().find(|never| never.contains(range)) {
                let message = format!("{range} is never opened: it lies in {never}, which the platform keeps closed");
                said.wrong(Code::FieldNotAllowed, at.join(index), &node.origin.mark, message);
                continue;
            }
            blocks.extend(self.opened(range));
        }
        blocks
    }

    /// A range without what is never opened and what the blueprint closes.
    fn opened(&self, range: Range) -> Option<NetworkPolicyPeer> {
        let closed: Vec<Range> = self.never.iter().chain(&self.denied).copied().collect();
        without(range, &closed).map(|except| block(range, &except))
    }

    /// The pods that the blueprint names: by labels in one namespace, its own where it names none.
    fn named_pods(&self) -> Vec<NetworkPolicyPeer> {
        let named = self.blueprint.at(&Pointer::parse("/network/allowEgressToPods")).map_or(&[][..], Node::items);
        named
            .iter()
            .map(|map| {
                let mut labels: BTreeMap<String, String> = map
                    .entries()
                    .iter()
                    .filter_map(|entry| Some((entry.key.clone(), entry.node.text()?.to_owned())))
                    .collect();
                let namespace = labels.remove(NAMESPACE).unwrap_or_else(|| self.place.namespace.clone());
                pods(&Pods { namespace, labels })
            })
            .collect()
    }

    /// The workspaces that the class opens, both ways but where `system` says otherwise.
    fn peers(&self, is_ingress: bool) -> Vec<NetworkPolicyPeer> {
        let label = |name: &str, text: &str| (key(name), value(text));
        let owner = || label("owner", &self.place.user.username);
        let org = || label("org", &self.place.user.organization);
        let blueprint = || label("blueprint", text(self.blueprint, "/name").unwrap_or_default());
        let class = |name: &str| label("network-class", name);
        let system = || selector([org(), class("system")]);
        match (self.class, is_ingress) {
            ("user", _) => vec![
                self.workspaces(selector([org(), owner(), class("user")])),
                self.workspaces(selector([org(), owner(), blueprint(), class("workspace")])),
            ],
            ("workspace", _) => vec![
                self.workspaces(selector([org(), blueprint(), class("workspace")])),
                self.workspaces(selector([org(), owner(), blueprint(), class("user")])),
            ],
            ("organization", true) => {
                vec![self.workspaces(selector([org(), class("organization")])), self.workspaces(system())]
            }
            ("organization", false) => vec![self.workspaces(selector([org(), class("organization")]))],
            ("system", true) => [&self.place.id, &self.place.workspace]
                .into_iter()
                .map(|name| self.workspaces(selector([org(), (format!("{NAMES}{}", value(name)), "true".to_owned())])))
                .collect(),
            ("system", false) => vec![self.workspaces(selector([org(), class("organization")]))],
            _ => Vec::new(),
        }
    }

    /// Pods in the namespaces where workspaces stand; elsewhere anybody may have set such labels.
    fn workspaces(&self, pod_selector: LabelSelector) -> NetworkPolicyPeer {
        let mut namespaces = self.place.network.namespaces.clone();
        namespaces.push(self.place.namespace.clone());
        namespaces.sort_unstable();
        namespaces.dedup();
        let stands =
            LabelSelectorRequirement { key: NAMESPACE.to_owned(), operator: "In".to_owned(), values: Some(namespaces) };
        NetworkPolicyPeer {
            pod_selector: Some(pod_selector),
            namespace_selector: Some(LabelSelector { match_expressions: Some(vec![stands]), match_labels: None }),
            ip_block: None,
        }
    }
}

fn port(port: u16, protocol: &str) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(i32::from(port))),
        protocol: Some(protocol.to_owned()),
        end_port: None,
    }
}

fn from(peers: Vec<NetworkPolicyPeer>, ports: Option<Vec<NetworkPolicyPort>>) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: Some(peers), ports }
}

fn to(peers: Vec<NetworkPolicyPeer>, ports: Option<Vec<NetworkPolicyPort>>) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: Some(peers), ports }
}

fn pods(pods: &Pods) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        pod_selector: Some(selector(pods.labels.clone())),
        namespace_selector: Some(selector([(NAMESPACE.to_owned(), pods.namespace.clone())])),
        ip_block: None,
    }
}

fn block(range: Range, except: &[Range]) -> NetworkPolicyPeer {
    let except: Vec<String> = except.iter().map(Range::to_string).collect();
    let ip_block = IPBlock { cidr: range.to_string(), except: Some(except).filter(|all| !all.is_empty()) };
    NetworkPolicyPeer { ip_block: Some(ip_block), ..NetworkPolicyPeer::default() }
}

fn selector(labels: impl IntoIterator<Item = (String, String)>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels.into_iter().collect()), match_expressions: None }
}

/// The label by which every namespace is named.
const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// What labels of a pod begin with that names a workspace of class `system`.
const NAMES: &str = "to.quarterdeck.dev/";

pub(super) const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Ranges that are not the internet.
const PRIVATE: [&str; 14] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "192.0.0.0/24",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
    "ff00::/8",
];

/// IPv4 through IPv6.
const NAT64: &str = "64:ff9b::/96";

/// Where clouds tell a node who it is, and give it rights.
const METADATA: [&str; 3] = ["169.254.0.0/16", "168.63.129.16/32", "fd00:ec2::254/128"];

/// What is told of hosts by name.
const NAMES_OPEN_NOTHING: &str = "allowEgressToHosts opens nothing: network policies know addresses and no names, and whoever keeps \
                                  the workspaces here makes no connections for them (operator.egress_proxy); hosts of the internet \
                                  are reached without it, others by allowEgressToCIDRs";
