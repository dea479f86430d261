//! Rows against a real API server: every cell of the kubectl part of a row equals what the server prints for
//! `kubectl get -o wide`, and protobuf read by our tables equals the server's own JSON.
//!
//! The server prints through its Table representation, which is what `kubectl get` shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod compare;
mod discovery;
mod fixtures;
mod server;
mod watch;

use compare::compare;
use server::Server;
use std::sync::OnceLock;

/// The server, with the fixtures created once.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::start();
        fixtures::create(&server);
        server
    })
}

macro_rules! kind_tests {
    ($($test:ident => [$($kind:literal),+];)+) => {$(
        #[test]
        fn $test() {
            $(compare(server(), $kind);)+
        }
    )+};
}

kind_tests! {
    ex_30_pod_cells_equal_kubectl_wide_on_a_server => ["pods"];
    ex_31_node_cells_equal_kubectl_wide => ["nodes"];
    ex_32_namespace_cells_equal_kubectl_wide => ["namespaces"];
    ex_33_deployment_cells_equal_kubectl_wide => ["deployments.apps"];
    ex_34_daemonset_cells_equal_kubectl_wide => ["daemonsets.apps"];
    ex_35_statefulset_cells_equal_kubectl_wide => ["statefulsets.apps"];
    ex_36_replicaset_cells_equal_kubectl_wide => ["replicasets.apps", "replicationcontrollers"];
    ex_37_job_and_cronjob_cells_equal_kubectl_wide => ["jobs.batch", "cronjobs.batch"];
    ex_39_autoscaler_cells_equal_kubectl_wide => ["horizontalpodautoscalers.autoscaling"];
    ex_40_budget_cells_equal_kubectl_wide => ["poddisruptionbudgets.policy"];
    ex_41_quota_and_limit_cells_equal_kubectl_wide => ["resourcequotas", "limitranges"];
    ex_43_service_cells_equal_kubectl_wide => ["services"];
    ex_44_ingress_cells_equal_kubectl_wide => ["ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io"];
    ex_46_network_policy_cells_equal_kubectl_wide => ["networkpolicies.networking.k8s.io"];
    ex_47_endpoint_cells_equal_kubectl_wide => ["endpoints", "endpointslices.discovery.k8s.io"];
    ex_48_configmap_and_secret_cells_equal_kubectl_wide => ["configmaps", "secrets"];
    ex_49_claim_cells_equal_kubectl_wide => ["persistentvolumeclaims"];
    ex_50_volume_cells_equal_kubectl_wide => ["persistentvolumes"];
    ex_51_storage_class_cells_equal_kubectl_wide => ["storageclasses.storage.k8s.io"];
    ex_52_service_account_cells_equal_kubectl_wide => ["serviceaccounts"];
    ex_53_role_and_binding_cells_equal_kubectl_wide => [
        "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"
    ];
    ex_55_event_cells_equal_kubectl_wide => ["events"];
    ex_56_crd_and_apiservice_cells_equal_kubectl_wide => [
        "customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io"
    ];
    ex_57_small_kind_cells_equal_kubectl_wide => [
        "controllerrevisions.apps", "podtemplates", "leases.coordination.k8s.io", "priorityclasses.scheduling.k8s.io",
        "runtimeclasses.node.k8s.io", "certificatesigningrequests.certificates.k8s.io"
    ];
    ex_59_csi_cells_equal_kubectl_wide => [
        "volumeattachments.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io",
        "csistoragecapacities.storage.k8s.io", "volumeattributesclasses.storage.k8s.io"
    ];
    ex_61_admission_and_flow_cells_equal_kubectl_wide => [
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"
    ];
    ex_62_device_and_address_cells_equal_kubectl_wide => [
        "deviceclasses.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io", "resourceclaims.resource.k8s.io",
        "resourceslices.resource.k8s.io", "servicecidrs.networking.k8s.io", "ipaddresses.networking.k8s.io",
        "componentstatuses"
    ];
    ex_64_custom_resource_cells_equal_kubectl_wide => ["berths.harbor.test", "plains.harbor.test"];
}

/// EX-21: every served kind has rows, and the built-in ones match kubectl whatever they are.
#[test]
fn ex_21_every_listable_kind_has_rows() {
    let server = server();
    let kinds = discovery::kinds(server);
    assert!(kinds.len() > 55, "{} kinds", kinds.len());
    let mut with_objects = 0;
    for kind in kinds {
        // Aggregated APIs may be down; their kinds have no rows of ours.
        if kind.group != "metrics.k8s.io" && kind.id != "events.events.k8s.io" {
            with_objects += usize::from(compare(server, &kind.id) > 0);
        }
    }
    assert!(with_objects > 40, "{with_objects} kinds with objects");
}

/// EXF-06: the same rows from WatchList in protobuf and in JSON as from a list, with nothing changed meanwhile.
#[test]
fn exf_06a_watch_lists_of_both_formats_hold_what_a_list_holds() {
    for kind in ["services", "configmaps", "nodes"] {
        let rows = |format, piece| watch::initial_rows(server(), kind, format, piece);
        let mut seen = Vec::new();
        let same = (0..20).any(|_| {
            let listed = watch::listed(server(), kind);
            let (proto, json) = (rows(wire::Format::Protobuf, 1000), rows(wire::Format::Json, 777));
            seen.push((listed, proto, json, watch::listed(server(), kind)));
            let (before, proto, json, after) = seen[seen.len() - 1];
            before > 0 && [proto, json, after] == [before; 3]
        });
        assert!(same, "{kind}: list, protobuf, JSON, list: {seen:?}");
    }
}
