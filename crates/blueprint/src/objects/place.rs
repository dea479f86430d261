//! Where a workspace stands: what its objects need to know beside its blueprint.

use super::exposure::Outside;
use crate::user::User;
use k8s_openapi::api::core::v1::{Affinity, EnvVar, Toleration};
use std::collections::BTreeMap;

/// Where a workspace stands, and what the platform says for it. [`Place::new`] gives one with the defaults.
#[derive(Clone, Debug)]
pub struct Place {
    /// The canonical id: name of the pod and its service, at most 52 characters.
    pub id: String,
    /// The namespace of the Workspace and of all its objects.
    pub namespace: String,
    /// Name of the Workspace object.
    pub workspace: String,
    /// Its uid: with it, everything but claims is owned by the Workspace.
    pub uid: Option<String>,
    /// Whose it is. Name and organization are the owner's and org's labels.
    pub user: User,
    /// The user string it was asked for by.
    pub userstr: String,
    /// Where the identity comes from: `PROVIDER/ORG`.
    pub identity: String,
    /// Job that makes it; empty where there is none.
    pub job: String,
    /// Image of the agent of this release.
    pub agent_image: String,
    /// Version of that agent.
    pub agent_version: String,
    /// The commit that this program is built from, where it is known.
    pub commit: String,
    /// Domain of the cluster: `cluster.local`.
    pub cluster_domain: String,
    /// Variables of the Workspace; they win over the blueprint's.
    pub env: Vec<EnvVar>,
    /// Ports of the Workspace, beside the blueprint's.
    pub ports: Vec<Port>,
    /// Ports that the image's labels and `EXPOSE` name; used where nobody else names one.
    pub image_ports: Vec<Port>,
    /// Entrypoint; `service` profile alone.
    pub command: Vec<String>,
    /// Its arguments; `service` profile alone.
    pub args: Vec<String>,
    /// GPUs and other devices: resource to amount.
    pub extended: BTreeMap<String, String>,
    /// Which nodes it may run on, and how.
    pub placement: Placement,
    /// More labels of the pod; those of `quarterdeck.dev/` are refused.
    pub pod_labels: BTreeMap<String, String>,
    /// Secrets with which images are pulled.
    pub pull_secrets: Vec<String>,
    /// Service account whose token proves which pod the agent is; else the namespace's default.
    pub service_account: Option<String>,
    /// Audience of that token; without one there is no token in the pod.
    pub audience: Option<String>,
    /// Certificates that the agent trusts, PEM; empty where there are none.
    pub trust: String,
    /// Who reaches its ports beside the gateway, where nothing leads to it from outside.
    pub exposure: Exposure,
    /// What leads to it from outside.
    pub outside: Option<Outside>,
    /// What stands for a claim that a blueprint does not describe.
    pub claims: Claims,
    /// Addresses and peers of the cluster.
    pub network: Network,
    /// The port of a workspace's loopback on which connections are made for it by name; `None` where nobody does that.
    pub egress_port: Option<u16>,
    /// Pods may run on the control plane: a cluster of one node.
    pub single_node: bool,
    /// Whether the cluster knows sidecars (1.29 and later).
    pub native_sidecars: bool,
    /// Seconds that the agent may take to answer after its start.
    pub progress_timeout: u32,
    /// Labels of earlier systems are set, too.
    pub compat_labels: bool,
}

impl Place {
    /// A place of the given names, with the platform's defaults.
    #[must_use]
    pub fn new(id: &str, namespace: &str, workspace: &str, user: User, agent_image: &str) -> Self {
        Self {
            id: id.to_owned(),
            namespace: namespace.to_owned(),
            workspace: workspace.to_owned(),
            uid: None,
            userstr: user.username.clone(),
            identity: format!("{}/{}", user.source, user.organization),
            user,
            job: String::new(),
            agent_image: agent_image.to_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: "unknown".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            env: Vec::new(),
            ports: Vec::new(),
            image_ports: Vec::new(),
            command: Vec::new(),
            args: Vec::new(),
            extended: BTreeMap::new(),
            placement: Placement::default(),
            pod_labels: BTreeMap::new(),
            pull_secrets: Vec::new(),
            service_account: None,
            audience: None,
            trust: String::new(),
            exposure: Exposure::default(),
            outside: None,
            claims: Claims::default(),
            network: Network::default(),
            egress_port: None,
            single_node: false,
            native_sidecars: true,
            progress_timeout: 300,
            compat_labels: false,
        }
    }
}

/// A port that a workspace declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name; may be empty.
    pub name: String,
    /// 1 to 65535, and not the agent's 2822.
    pub port: u16,
    /// UDP instead of TCP.
    pub udp: bool,
}

impl Port {
    /// A TCP port.
    #[must_use]
    pub fn tcp(name: &str, port: u16) -> Self {
        Self { name: name.to_owned(), port, udp: false }
    }

    /// `TCP` or `UDP`.
    #[must_use]
    pub const fn protocol(&self) -> &'static str {
        if self.udp { "UDP" } else { "TCP" }
    }
}

/// Which nodes a workspace may run on, and how.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// Labels of nodes.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that do not matter.
    pub tolerations: Vec<Toleration>,
    /// Preferences.
    pub affinity: Option<Affinity>,
    /// The container runtime.
    pub runtime_class_name: Option<String>,
    /// `false` gives the pod a user namespace of its own.
    pub host_users: Option<bool>,
}

/// Who reaches a workspace's ports beside the gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Nobody.
    #[default]
    None,
    /// The ingress controller, at these ports.
    Ingress(Vec<u16>),
    /// Anybody, at these ports: a load balancer keeps the sender's address.
    Anywhere(Vec<u16>),
}

/// What stands for a claim that a blueprint does not describe.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Whether the cluster provides volumes. Without, folders live as long as the pod, and [`crate::Objects::notes`] say so.
    pub provided: bool,
    /// The storage class; else the cluster's default.
    pub class: Option<String>,
    /// Size.
    pub size: String,
}

impl Default for Claims {
    fn default() -> Self {
        Self { provided: true, class: None, size: "10Gi".to_owned() }
    }
}

/// Pods of one namespace by their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pods {
    /// The namespace.
    pub namespace: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// Addresses and peers that network policies speak of. Ranges are CIDRs, of both families.
#[derive(Clone, Debug)]
pub struct Network {
    /// The gateway; absent where it runs outside of the cluster.
    pub gateway: Option<Pods>,
    /// The ingress controller.
    pub ingress: Option<Pods>,
    /// The cluster's DNS.
    pub dns: Pods,
    /// Addresses of a DNS cache on nodes.
    pub node_dns: Vec<String>,
    /// Ranges of pods.
    pub pods: Vec<String>,
    /// Ranges of services.
    pub services: Vec<String>,
    /// Ranges of nodes.
    pub nodes: Vec<String>,
    /// Addresses of the API server.
    pub api_server: Vec<String>,
    /// The ports that it listens on.
    pub api_ports: Vec<u16>,
    /// Ranges that class `system` opens.
    pub system: Vec<String>,
    /// Ranges that no list of a blueprint can open, beside metadata services, nodes and the API server.
    pub never_allow: Vec<String>,
    /// Namespaces in which workspaces stand, beside the workspace's own.
    pub namespaces: Vec<String>,
    /// IPv4 is reached through 64:ff9b::/96.
    pub nat64: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            gateway: None,
            ingress: None,
            dns: Pods {
                namespace: "kube-system".to_owned(),
                labels: BTreeMap::from([("k8s-app".to_owned(), "kube-dns".to_owned())]),
            },
            node_dns: Vec::new(),
            pods: Vec::new(),
            services: Vec::new(),
            nodes: Vec::new(),
            api_server: Vec::new(),
            api_ports: vec![443, 6443],
            system: Vec::new(),
            never_allow: Vec::new(),
            namespaces: Vec::new(),
            nat64: false,
        }
    }
}
