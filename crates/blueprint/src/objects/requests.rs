//! Limits, and what is requested for them.

use crate::node::Node;
use base::quantity::milli;
use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use std::collections::BTreeMap;

/// The limits that `resources` says, and a quarter of them requested, 100m and 128Mi at least, and never over the limit.
pub(super) fn requirements(resources: Option<&Node>, extended: &BTreeMap<String, String>) -> ResourceRequirements {
    let mut limits = BTreeMap::new();
    let mut requests = BTreeMap::new();
    for (name, least) in [("cpu", 100), ("memory", 128 * (1000 << 20))] {
        let Some(limit) = resources.and_then(|node| node.get(name)).and_then(Node::text) else { continue };
        limits.insert(name.to_owned(), Quantity(limit.to_owned()));
        let Some(all) = milli(limit) else { continue };
        let request = (all / 4).max(least);
        let text = if request >= all { limit.to_owned() } else { amount(name, request) };
        requests.insert(name.to_owned(), Quantity(text));
    }
    // devices are whole: what is requested is the limit
    limits.extend(extended.iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone()))));
    requirements_of(limits, requests)
}

/// What a helper of ours gets.
pub(super) fn small(cpu: &str, memory: &str) -> ResourceRequirements {
    let of = |cpu: &str, memory: &str| {
        BTreeMap::from([
            ("cpu".to_owned(), Quantity(cpu.to_owned())),
            ("memory".to_owned(), Quantity(memory.to_owned())),
        ])
    };
    requirements_of(of(cpu, memory), of("10m", "16Mi"))
}

fn requirements_of(limits: BTreeMap<String, Quantity>, requests: BTreeMap<String, Quantity>) -> ResourceRequirements {
    let some = |map: BTreeMap<String, Quantity>| Some(map).filter(|map| !map.is_empty());
    ResourceRequirements { limits: some(limits), requests: some(requests), ..ResourceRequirements::default() }
}

/// Thousandths as people write them: `250m` of cores, `256Mi` of memory, bytes where they are not whole.
fn amount(name: &str, milli: i128) -> String {
    if name == "cpu" {
        return if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") };
    }
    let bytes = milli / 1000;
    for (unit, suffix) in [(1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")] {
        if bytes % unit == 0 {
            return format!("{}{suffix}", bytes / unit);
        }
    }
    bytes.to_string()
}
