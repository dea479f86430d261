//! Why no node takes a pod: the scheduler's counts, in words.

use super::words::{bytes, processors};
use crate::observed::Nodes;
use crate::pod::Pod;

/// The scheduler's message (`0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {a: b}. preemption: …`)
/// by reason, with how much is short where that is known. What is not of this form stays as it is.
pub(super) fn words(message: &str, pod: &Pod, nodes: &Nodes) -> String {
    let Some((_, counts)) = message.split_once(" nodes are available: ") else { return message.to_owned() };
    let ends = [". preemption:", ". no new claims", " preemption:", ", no new claims"];
    let end = ends.iter().filter_map(|end| counts.find(end)).min().unwrap_or(counts.len());
    let counts = counts.get(..end).unwrap_or(counts).trim().trim_end_matches('.');
    let mut all: Vec<(u32, String)> = Vec::new();
    for part in counts.split(", ") {
        let counted = part.split_once(' ').and_then(|(count, reason)| Some((count.parse().ok()?, reason)));
        match (counted, all.last_mut()) {
            (Some((count, reason)), _) => all.push((count, reason.to_owned())),
            // A comma of a reason.
            (None, Some((_, last))) => *last = format!("{last}, {part}"),
            (None, None) => return message.to_owned(),
        }
    }
    let said = all.into_iter().map(|(count, reason)| {
        let nodes_word = if count == 1 { "node" } else { "nodes" };
        format!("{count} {nodes_word}: {}", of(&reason, pod, nodes))
    });
    let said: Vec<String> = said.collect();
    said.join("; ")
}

/// No node is looked for before the claims of a pod are bound.
pub(super) fn is_for_claims(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    lower.contains("unbound immediate persistentvolumeclaims")
        || lower.contains("persistentvolumeclaim \"") && lower.contains("not found")
}

fn of(reason: &str, pod: &Pod, nodes: &Nodes) -> String {
    let short = |what: &str, asked: i128, most: i128, words: fn(i128) -> String| {
        if most > 0 && asked > most {
            format!(
                "{what} short by {} ({} asked for, a node has {} at most)",
                words(asked - most),
                words(asked),
                words(most)
            )
        } else {
            format!("{what} short ({} asked for, less is free)", words(asked))
        }
    };
    match reason {
        "Insufficient cpu" => return short("cpu", pod.cpu_request, nodes.cpu_milli, processors),
        "Insufficient memory" => return short("memory", pod.memory_request, nodes.memory_milli, bytes),
        "Too many pods" => return "no room for another pod".to_owned(),
        _ => {}
    }
    if let Some(other) = reason.strip_prefix("Insufficient ") {
        return format!("{other} short");
    }
    let reason = reason.strip_prefix("node(s) ").unwrap_or(reason);
    if let Some(taint) = reason.strip_prefix("had untolerated taint") {
        let taint = taint.trim_start_matches("(s)").trim().trim_matches(['{', '}']);
        return format!("taint {} is not tolerated", taint.trim_end_matches([':', ' ']));
    }
    let known = TOLD.iter().find(|(theirs, _)| reason.starts_with(theirs));
    known.map_or_else(|| reason.to_owned(), |(_, ours)| (*ours).to_owned())
}

/// The scheduler's words and ours.
const TOLD: &[(&str, &str)] = &[
    ("were unschedulable", "closed to new pods"),
    ("didn't match Pod's node affinity/selector", "not one that its placement asks for"),
    ("didn't match pod anti-affinity rules", "has a pod that it may not be beside"),
    ("had volume node affinity conflict", "cannot reach its volume, which is on another node"),
    ("didn't find available persistent volumes to bind", "no volume there is free for its claim"),
    ("exceed max volume count", "no room for another volume"),
    ("didn't have free ports for the requested pod ports", "a port that it asks for is taken"),
];

#[cfg(test)]
mod tests {
    use super::words;
    use crate::observed::Nodes;
    use crate::pod::Pod;

    #[test]
    fn wf_09_the_scheduler_s_counts_are_told_in_words() {
        let pod = Pod { cpu_request: 3_500, memory_request: 6 * 1024 * 1024 * 1024 * 1000, ..Pod::default() };
        let nodes = Nodes { cpu_milli: 2_000, memory_milli: 8 * 1024 * 1024 * 1024 * 1000, images: Vec::new() };
        for (said, told) in [
            (
                "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
                "2 nodes: cpu short by 1.5 (3.5 asked for, a node has 2 at most)",
            ),
            (
                "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
                "1 node: memory short (6Gi asked for, less is free); 2 nodes: taint node-role.kubernetes.io/control-plane is not tolerated",
            ),
            (
                "0/4 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu.",
                "1 node: not one that its placement asks for; 1 node: closed to new pods; 2 nodes: nvidia.com/gpu short",
            ),
            ("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", ""),
            ("no nodes available to schedule pods", ""),
        ] {
            assert_eq!(words(said, &pod, &nodes), if told.is_empty() { said } else { told });
        }
    }
}
