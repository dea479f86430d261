//! The healthy parts of the demo, and waiting until they are ready.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::kubectl::{Kubectl, items};
use crate::tasks::proc;

/// The namespaces whose workloads must become ready, in the order in which they can.
const NAMESPACES: [&str; 4] = ["data", "platform", "shop", "jobs"];

/// Waits until every workload of the healthy namespaces is ready; says each namespace as it gets there.
pub(crate) fn wait(kubectl: &Kubectl, limit: Duration, say: impl Fn(&str)) -> Result<()> {
    let deadline = Instant::now() + limit;
    let mut waiting: Vec<&str> = NAMESPACES.to_vec();
    let mut last_word = Instant::now();
    loop {
        let parts = look(kubectl)?;
        waiting.retain(|namespace| {
            let of_it = parts.get(*namespace).map_or(&[][..], Vec::as_slice);
            let ready = of_it.iter().filter(|part| part.ready).count();
            let done = !of_it.is_empty() && ready == of_it.len();
            if done {
                say(&format!("{namespace}: {ready} of {ready} workloads ready"));
            }
            !done
        });
        if waiting.is_empty() {
            return Ok(());
        }
        let missing = missing(&parts, &waiting);
        if Instant::now() > deadline {
            bail!("not ready within {} s: {missing}; look with `kubectl describe`", limit.as_secs());
        }
        if last_word.elapsed() > Duration::from_secs(15) {
            say(&format!("waiting for {missing}"));
            last_word = Instant::now();
        }
        proc::check()?;
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// One workload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) ready: bool,
}

fn look(kubectl: &Kubectl) -> Result<BTreeMap<String, Vec<Part>>> {
    let list = kubectl.json(&["get", "deployments,statefulsets,daemonsets,jobs", "--all-namespaces"])?;
    Ok(parts(&list))
}

/// The workloads of a list by namespace. Jobs that a CronJob made come and go and are left out.
pub(crate) fn parts(list: &Value) -> BTreeMap<String, Vec<Part>> {
    let mut found: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for item in items(list) {
        let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if item.pointer("/metadata/ownerReferences").is_some() {
            continue;
        }
        let name = format!("{}/{}", text("/kind").to_lowercase(), text("/metadata/name"));
        found.entry(text("/metadata/namespace").to_owned()).or_default().push(Part { name, ready: ready(item) });
    }
    found
}

/// Whether the newest state of a workload is in place and ready.
fn ready(item: &Value) -> bool {
    let number = |pointer: &str| item.pointer(pointer).and_then(Value::as_i64);
    let status = |field: &str| number(&format!("/status/{field}")).unwrap_or(0);
    if item.pointer("/kind").and_then(Value::as_str) == Some("Job") {
        return Some(status("succeeded")) == number("/spec/completions");
    }
    let seen = number("/metadata/generation").is_some_and(|generation| status("observedGeneration") >= generation);
    let replicas = |field: &str| number("/spec/replicas").is_some_and(|wanted| wanted > 0 && status(field) >= wanted);
    seen && match item.pointer("/kind").and_then(Value::as_str) {
        Some("Deployment") => replicas("availableReplicas") && replicas("updatedReplicas"),
        Some("StatefulSet") => replicas("readyReplicas") && replicas("updatedReplicas"),
        Some("DaemonSet") => {
            let wanted = status("desiredNumberScheduled");
            wanted > 0 && status("numberAvailable") >= wanted && status("updatedNumberScheduled") >= wanted
        }
        _ => false,
    }
}

fn missing(parts: &BTreeMap<String, Vec<Part>>, waiting: &[&str]) -> String {
    let mut words = Vec::new();
    for namespace in waiting {
        match parts.get(*namespace) {
            Some(of_it) => {
                words.extend(of_it.iter().filter(|part| !part.ready).map(|part| format!("{namespace}/{}", part.name)))
            }
            None => words.push(format!("all of {namespace}")),
        }
    }
    words.join(", ")
}
