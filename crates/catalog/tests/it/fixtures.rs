//! Objects in many shapes, in a namespace of their own. Applying them again changes nothing.

use crate::server::Server;

const NAMESPACE: &str = "catalog-it";

pub(crate) fn create(server: &Server) {
    let apply = |document: &str| {
        server.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], document);
    };
    // Quotas and limits would get in the way of the pods: they have a namespace of their own.
    for namespace in [NAMESPACE, "catalog-it-limits"] {
        apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}"));
    }
    apply(include_str!("fixtures/crds.yaml"));
    server.kubectl(&["wait", "--for=condition=Established", "crd/berths.harbor.test", "crd/plains.harbor.test"], "");
    for document in [
        include_str!("fixtures/workloads.yaml"),
        include_str!("fixtures/network.yaml"),
        include_str!("fixtures/cluster.yaml"),
        include_str!("fixtures/custom.yaml"),
        include_str!("fixtures/pods.yaml"),
    ] {
        apply(document);
    }
    // A finalizer of nobody's keeps what is deleted.
    for pod in ["deleting", "deleting-lost", "deleting-done"] {
        server.kubectl(&["-n", NAMESPACE, "delete", "pod", pod, "--wait=false"], "");
    }
    // What only controllers write, as they would.
    for status in include_str!("fixtures/status.txt").lines().filter(|line| !line.is_empty()) {
        let (target, patch) = status.split_once(' ').unwrap();
        server.kubectl(&["-n", NAMESPACE, "patch", target, "--subresource=status", "--type=merge", "-p", patch], "");
    }
}
