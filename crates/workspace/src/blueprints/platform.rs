//! What the platform says for all workspaces of a cluster.

use super::DEFAULT;
use crate::cost::Prices;
use crate::exposing::Exposing;
use crate::folder::Folder;
use crate::key::Key;
use crate::provision::Provision;
use crate::roles::Roles;
use crate::source::Repositories;
use base::Secret;
use blueprint::objects::Network;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the platform says for all workspaces of a cluster.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Name of the cluster.
    pub cluster: String,
    /// The agent's image of this release.
    pub agent_image: String,
    /// The URL by which people call the console; nothing where it has none of its own.
    pub public_url: Option<String>,
    /// The registry of images whose name has no host part.
    pub registry: Option<String>,
    /// The blueprint of a Workspace that names an image alone.
    pub default_blueprint: String,
    /// The commit that this program is built from.
    pub commit: String,
    /// Domain of the cluster.
    pub cluster_domain: String,
    /// Pods may run on the control plane: a cluster of one node.
    pub single_node: bool,
    /// The cluster provides volumes.
    pub volumes: bool,
    /// Labels of earlier products stand on all objects as well.
    pub compat_labels: bool,
    /// The port of a workspace's loopback on which connections are made for it to hosts by name; `None` where nobody makes them.
    pub egress_port: Option<u16>,
    /// Secrets with which images are pulled, in every namespace of workspaces.
    pub pull_secrets: Vec<String>,
    /// The password of images that ask for one; each has a random one of its own when this is not set.
    pub password: Option<Secret<String>>,
    /// What an administrator says of the network, beside what is found.
    pub network: Network,
    /// How workspaces are reached from outside.
    pub exposing: Exposing,
    /// The folder of the authority that makes certificates of their hosts, where nobody else is named.
    pub authority: Option<std::path::PathBuf>,
    /// Reads the repositories of workspaces; nothing where none are read.
    pub repositories: Option<Repositories>,
    /// Asks registries what images say; nothing where none are asked.
    pub images: Option<registry::Registry>,
    /// Blueprints beside those of the cluster.
    pub folder: Option<Arc<Folder>>,
    /// What is asked of what a workspace is made of; nothing where no rule looks at it.
    pub provision: Option<Arc<Provision>>,
    /// What `env()` reads in expressions.
    pub env: BTreeMap<String, String>,
    /// What workspaces cost.
    pub prices: Prices,
    /// Who has which roles: a new revision of a blueprint may serve those of a role first.
    pub roles: Roles,
}

impl Platform {
    /// The page of a workspace at the console.
    pub(super) fn page(&self, key: &Key) -> Option<String> {
        let base = self.public_url.as_deref()?.trim_end_matches('/');
        // An item of the path is escaped, and then the value of the query.
        let part =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let path = [self.cluster.as_str(), &key.namespace, &key.name].map(part).join("/");
        Some(format!("{base}/?view=workspaces&ws={}", part(&path).replace("%2F", "/")))
    }

    /// The usual one of a cluster.
    #[must_use]
    pub fn new(cluster: &str, agent_image: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            agent_image: agent_image.to_owned(),
            public_url: None,
            registry: None,
            default_blueprint: DEFAULT.to_owned(),
            commit: "unknown".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            single_node: false,
            volumes: true,
            compat_labels: false,
            egress_port: None,
            pull_secrets: Vec::new(),
            password: None,
            network: Network::default(),
            exposing: Exposing::default(),
            authority: None,
            repositories: None,
            images: None,
            folder: None,
            provision: None,
            env: BTreeMap::new(),
            prices: Prices::default(),
            roles: Roles::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;
    use crate::key::Key;

    #[test]
    fn wo_11l_the_page_of_a_workspace_is_an_address_of_the_console() {
        let key = Key { namespace: "team".to_owned(), name: "w".to_owned() };
        let page = |cluster: &str, url: Option<&str>| {
            Platform { public_url: url.map(str::to_owned), ..Platform::new(cluster, "agent:1") }.page(&key)
        };
        let own = |path: &str| Some(format!("https://qd.test/?view=workspaces&ws={path}/team/w"));
        assert_eq!(page("lab", Some("https://qd.test")), own("lab"));
        assert_eq!(page("a/b c", Some("https://qd.test/")), own("a%252Fb%2520c"));
        assert_eq!(page("lab", None), None);
    }
}
