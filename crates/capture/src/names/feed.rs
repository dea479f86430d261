//! The watches that keep the names.

use super::index::{Index, PodIn};
use catalog::Kind;
use cluster::{Error, Reader, Step};
use futures::future::join_all;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch::Sender;
use wire::watch::EventType;
use wire::{Budget, Node};

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Pods,
    Services,
    Slices,
    Nodes,
}

impl What {
    pub(super) const ALL: [Self; 4] = [Self::Pods, Self::Services, Self::Slices, Self::Nodes];

    fn kind(self) -> Option<Arc<Kind>> {
        Kind::builtin(match self {
            Self::Pods => "pods",
            Self::Services => "services",
            Self::Slices => "endpointslices.discovery.k8s.io",
            Self::Nodes => "nodes",
        })
    }
}

/// Watches the whole cluster, or these namespaces where that is denied.
pub(super) async fn run(
    reader: Reader,
    what: What,
    namespaces: Vec<String>,
    index: Arc<Sender<Index>>,
    narrow: Arc<AtomicBool>,
) {
    let Some(kind) = what.kind() else { return };
    watch(&reader, &kind, what, None, &index).await;
    narrow.fetch_or(kind.namespaced, Ordering::Relaxed);
    if kind.namespaced {
        join_all(namespaces.iter().map(|name| watch(&reader, &kind, what, Some(name), &index))).await;
    }
    index.send_modify(|index| index.is_known(what as u8));
}

/// Returns when it may not be watched.
async fn watch(reader: &Reader, kind: &Arc<Kind>, what: What, within: Option<&str>, index: &Sender<Index>) {
    let mut feed = reader.feed(kind.clone(), within);
    let budget = Budget::default();
    let (mut list, mut failures, mut syncing) = (0, 0_u32, false);
    index.send_modify(|index| list = index.begin());
    loop {
        match feed.next().await {
            Ok(Step::Begin { .. }) => {
                index.send_modify(|index| list = index.begin());
                syncing = true;
            }
            Ok(Step::Page(format, bytes)) => {
                let Ok(page) = wire::list::List::open(format, &bytes, &budget) else { continue };
                index.send_modify(|index| page.items().flatten().for_each(|node| put(index, what, list, node)));
            }
            Ok(Step::Events(events)) => index.send_modify(|index| {
                for event in events {
                    let Ok(node) = event.node(&budget) else { continue };
                    if event.ty == EventType::Deleted {
                        gone(index, what, node);
                    } else {
                        put(index, what, list, node);
                    }
                }
            }),
            Ok(Step::Synced) => {
                failures = 0;
                if std::mem::take(&mut syncing) {
                    index.send_modify(|index| {
                        match what {
                            What::Pods => index.end_pods(list, within),
                            What::Services => index.end_services(list, within),
                            What::Slices => index.end_slices(list, within),
                            What::Nodes => index.end_nodes(list),
                        }
                        index.is_known(what as u8);
                    });
                }
            }
            Ok(Step::Resumed) => failures = 0,
            Err(Error::Denied { .. } | Error::NotServed { .. }) => return,
            Err(error) => {
                tracing::debug!(%error, ?what, "the watch of names");
                failures = failures.saturating_add(1);
                tokio::time::sleep(Duration::from_secs(failures.min(15).into())).await;
            }
        }
    }
}

fn put(index: &mut Index, what: What, list: u32, node: Node<'_>) {
    let text = |path: &[&str]| node.path(path).and_then(Node::as_str).unwrap_or_default();
    let (ns, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    if !plain(&ns) || !plain(&name) || name.is_empty() {
        return;
    }
    match what {
        What::Pods => {
            let (uid, node_name) = (text(&["metadata", "uid"]), text(&["spec", "nodeName"]));
            let ips = addresses(node, "podIPs");
            let over = matches!(text(&["status", "phase"]).as_ref(), "Succeeded" | "Failed");
            let host = node.path(&["spec", "hostNetwork"]).and_then(Node::as_bool) == Some(true);
            if over || host {
                // Its address is another's by now, or never was its own.
                index.drop_pod(&ips, Some(&uid));
                return;
            }
            let workload = workload(node).filter(|word| plain(word)).unwrap_or_default();
            let (uid, node) = (uid.as_ref(), if plain(&node_name) { node_name.as_ref() } else { "" });
            if !ips.is_empty() {
                index.put_pod(list, &ips, PodIn { ns: &ns, name: &name, uid, node, workload: &workload });
            }
        }
        What::Services => {
            let ips = service_addresses(node);
            index.drop_service(&ns, &name);
            index.put_service(list, &ips, &ns, &name);
        }
        What::Slices => {
            let label = node.path(&["metadata", "labels"]).and_then(|labels| labels.get("kubernetes.io/service-name"));
            let service = label.and_then(Node::as_str).unwrap_or_default();
            if !plain(&service) || service.is_empty() {
                return;
            }
            let endpoints = node.get("endpoints").into_iter().flat_map(Node::items);
            let all = endpoints.flat_map(|one| one.get("addresses").into_iter().flat_map(Node::items));
            let ips = all.filter_map(Node::as_str).filter_map(|ip| ip.parse().ok()).collect();
            index.put_slice(list, &ns, &name, &service, ips);
        }
        What::Nodes => {
            index.drop_node(&name);
            index.put_node(list, &node_addresses(node), &name);
        }
    }
}

fn gone(index: &mut Index, what: What, node: Node<'_>) {
    let text = |path: &[&str]| node.path(path).and_then(Node::as_str).unwrap_or_default();
    let (ns, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    match what {
        What::Pods => index.drop_pod(&addresses(node, "podIPs"), Some(&text(&["metadata", "uid"]))),
        What::Services => index.drop_service(&ns, &name),
        What::Slices => index.drop_slice(&ns, &name),
        What::Nodes => index.drop_node(&name),
    }
}

/// What a pod is of. A replica set of a deployment is called after it and the hash that its pods have as a label.
fn workload(pod: Node<'_>) -> Option<String> {
    let owners = pod.path(&["metadata", "ownerReferences"]).into_iter().flat_map(Node::items);
    let mut owners = owners.filter(|owner| owner.get("controller").and_then(Node::as_bool) == Some(true));
    let owner = owners.next()?;
    let (kind, name) = (owner.get("kind").and_then(Node::as_str)?, owner.get("name").and_then(Node::as_str)?);
    if kind == "ReplicaSet" {
        let hash = pod.path(&["metadata", "labels"]).and_then(|labels| labels.get("pod-template-hash"));
        let hash = hash.and_then(Node::as_str).unwrap_or_default();
        let of = name.strip_suffix(hash.as_ref()).and_then(|rest| rest.strip_suffix('-'));
        if let Some(deployment) = of.filter(|_| !hash.is_empty()) {
            return Some(format!("deployment/{deployment}"));
        }
    }
    Some(format!("{}/{name}", kind.to_ascii_lowercase()))
}

fn addresses(pod: Node<'_>, list: &str) -> Vec<IpAddr> {
    let all = pod.path(&["status", list]).into_iter().flat_map(Node::items).filter_map(|one| one.get("ip"));
    all.filter_map(Node::as_str).filter_map(|ip| ip.parse().ok()).collect()
}

fn service_addresses(service: Node<'_>) -> Vec<IpAddr> {
    let lists = [["spec", "clusterIPs"], ["spec", "externalIPs"]];
    let own = lists.iter().filter_map(|path| service.path(path)).flat_map(Node::items);
    let balancer = service.path(&["status", "loadBalancer", "ingress"]).into_iter().flat_map(Node::items);
    let all = own.chain(balancer.filter_map(|one| one.get("ip"))).filter_map(Node::as_str);
    // `None` is the word of a service without an address.
    all.filter_map(|ip| ip.parse().ok()).collect()
}

fn node_addresses(node: Node<'_>) -> Vec<IpAddr> {
    let all =
        node.path(&["status", "addresses"]).into_iter().flat_map(Node::items).filter_map(|one| one.get("address"));
    all.filter_map(Node::as_str).filter_map(|ip| ip.parse().ok()).collect()
}

/// Names of objects go into lines of JSON as they are.
fn plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests;
