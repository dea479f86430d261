//! The list of kinds that the operator may write.

use crate::reader::escape;

/// A kind of object that the operator owns or keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owned {
    /// Storage of a workspace.
    Claim,
    /// Its files.
    ConfigMap,
    /// Its secrets.
    Secret,
    /// Its names in the network.
    Service,
    /// What may reach it, and what it may reach.
    NetworkPolicy,
    /// Its host name at an ingress controller.
    Ingress,
    /// Its host name at a Gateway; not every cluster serves the kind.
    HttpRoute,
    /// The workspace as it runs.
    Pod,
    /// What happened.
    Event,
    /// Who of several operators is active.
    Lease,
    /// The workspace itself: its status and finalizers.
    Workspace,
    /// How much somebody may have: its status.
    Quota,
    /// Who may do what: its status.
    Grant,
    /// What workspaces of an organisation are made from: its status.
    Blueprint,
    /// What all workspaces are made from: its status.
    ClusterBlueprint,
    /// How much all of a namespace may have, as the API server holds it.
    ResourceQuota,
    /// How much one pod of a namespace may have, as the API server holds it.
    LimitRange,
    /// A custom resource definition.
    Definition,
    /// What the API server asks itself before it lets somebody into a pod.
    AdmissionPolicy,
    /// Where that holds.
    AdmissionBinding,
}

impl Owned {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Claim,
        Self::ConfigMap,
        Self::Secret,
        Self::Service,
        Self::NetworkPolicy,
        Self::Ingress,
        Self::HttpRoute,
        Self::Pod,
        Self::Event,
        Self::Lease,
        Self::Workspace,
        Self::Quota,
        Self::Grant,
        Self::Blueprint,
        Self::ClusterBlueprint,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::Definition,
        Self::AdmissionPolicy,
        Self::AdmissionBinding,
    ];
    /// All that a workspace is made of, in the order in which they are applied.
    pub const PARTS: &[Self] = &[
        Self::Claim,
        Self::ConfigMap,
        Self::Secret,
        Self::Service,
        Self::NetworkPolicy,
        Self::Ingress,
        Self::HttpRoute,
        Self::Pod,
    ];

    /// The kind with this name and group and version, if it is on the list.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|owned| owned.api_version() == api_version && owned.kind() == kind)
    }

    /// `v1`, `networking.k8s.io/v1`.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::Claim
            | Self::ConfigMap
            | Self::Secret
            | Self::Service
            | Self::Pod
            | Self::Event
            | Self::ResourceQuota
            | Self::LimitRange => "v1",
            Self::NetworkPolicy | Self::Ingress => "networking.k8s.io/v1",
            Self::HttpRoute => "gateway.networking.k8s.io/v1",
            Self::Lease => "coordination.k8s.io/v1",
            Self::Workspace | Self::Quota | Self::Grant | Self::Blueprint | Self::ClusterBlueprint => {
                "quarterdeck.dev/v1alpha1"
            }
            Self::Definition => "apiextensions.k8s.io/v1",
            Self::AdmissionPolicy | Self::AdmissionBinding => "admissionregistration.k8s.io/v1",
        }
    }

    /// `Pod`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Claim => "PersistentVolumeClaim",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::Service => "Service",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Ingress => "Ingress",
            Self::HttpRoute => "HTTPRoute",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Lease => "Lease",
            Self::Workspace => "Workspace",
            Self::Quota => "Quota",
            Self::Grant => "Grant",
            Self::Blueprint => "Blueprint",
            Self::ClusterBlueprint => "ClusterBlueprint",
            Self::ResourceQuota => "ResourceQuota",
            Self::LimitRange => "LimitRange",
            Self::Definition => "CustomResourceDefinition",
            Self::AdmissionPolicy => "ValidatingAdmissionPolicy",
            Self::AdmissionBinding => "ValidatingAdmissionPolicyBinding",
        }
    }

    /// The kind's id: `plural` or `plural.group`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Claim => "persistentvolumeclaims",
            Self::ConfigMap => "configmaps",
            Self::Secret => "secrets",
            Self::Service => "services",
            Self::NetworkPolicy => "networkpolicies.networking.k8s.io",
            Self::Ingress => "ingresses.networking.k8s.io",
            Self::HttpRoute => "httproutes.gateway.networking.k8s.io",
            Self::Pod => "pods",
            Self::Event => "events",
            Self::Lease => "leases.coordination.k8s.io",
            Self::Workspace => "workspaces.quarterdeck.dev",
            Self::Quota => "qdquotas.quarterdeck.dev",
            Self::Grant => "grants.quarterdeck.dev",
            Self::Blueprint => "blueprints.quarterdeck.dev",
            Self::ClusterBlueprint => "clusterblueprints.quarterdeck.dev",
            Self::ResourceQuota => "resourcequotas",
            Self::LimitRange => "limitranges",
            Self::Definition => "customresourcedefinitions.apiextensions.k8s.io",
            Self::AdmissionPolicy => "validatingadmissionpolicies.admissionregistration.k8s.io",
            Self::AdmissionBinding => "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        }
    }

    /// The verbs without which the operator cannot do what it does with objects of the kind: what it watches, what it applies
    /// (which makes, too), what it ends. Nothing that stands here is more than that.
    #[must_use]
    pub const fn verbs(self) -> &'static [&'static str] {
        match self {
            Self::Claim | Self::Pod | Self::Service | Self::Ingress | Self::HttpRoute => {
                &["get", "list", "watch", "create", "patch", "delete"]
            }
            Self::ConfigMap | Self::NetworkPolicy => &["get", "list", "watch", "create", "patch"],
            Self::Secret => &["get", "create", "patch"],
            Self::Lease => &["get", "create", "update"],
            Self::Workspace => &["get", "list", "watch", "patch", "delete"],
            Self::Event | Self::Quota | Self::Grant | Self::Blueprint | Self::ClusterBlueprint => &["list", "watch"],
            Self::ResourceQuota | Self::LimitRange => &["create", "patch", "delete"],
            Self::Definition | Self::AdmissionPolicy | Self::AdmissionBinding => &["get"],
        }
    }

    /// The path of the kind's objects, of one of them, of a subresource of it.
    pub(super) fn path(self, namespace: &str, name: Option<&str>, subresource: &str) -> String {
        let version = self.api_version();
        let mut path = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        if !namespace.is_empty() {
            path.push_str("/namespaces/");
            escape(namespace, &mut path);
        }
        let plural = self.id().split_once('.').map_or(self.id(), |(plural, _)| plural);
        path.push('/');
        path.push_str(plural);
        if let Some(name) = name {
            path.push('/');
            escape(name, &mut path);
        }
        if !subresource.is_empty() {
            path.push('/');
            path.push_str(subresource);
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::Owned;

    #[test]
    fn wo_02b_paths_are_those_of_the_api() {
        let path = |kind: Owned, name| kind.path("team a", name, "");
        assert_eq!(path(Owned::Pod, Some("x")), "/api/v1/namespaces/team%20a/pods/x");
        assert_eq!(
            Owned::Workspace.path("t", Some("x"), "status"),
            "/apis/quarterdeck.dev/v1alpha1/namespaces/t/workspaces/x/status"
        );
        let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        assert_eq!(Owned::Definition.path("", None, ""), definitions);
        assert_eq!(Owned::of("networking.k8s.io/v1", "NetworkPolicy"), Some(Owned::NetworkPolicy));
        assert_eq!(Owned::of("v1", "Node"), None, "what is not on the list is not written");
    }
}
