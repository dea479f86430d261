//! `[network]`: what the rules of workspaces' networks speak of, beside what is found in the cluster.

use super::ConfigError;
use blueprint::objects::{Pods, is_listed_range};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[network]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// No workspace runs where the network keeps no policies: one from which a connection was made that its rules close is
    /// stopped, and none is started for ten minutes.
    pub require_enforcement: bool,
    /// The namespace of the gateway's pods, where it runs in the cluster: they reach workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_namespace: Option<String>,
    /// Their labels.
    pub gateway_labels: BTreeMap<String, String>,
    /// The namespace of the cluster's DNS.
    pub dns_namespace: String,
    /// The labels of its pods.
    pub dns_labels: BTreeMap<String, String>,
    /// Addresses of a DNS cache on nodes.
    pub node_dns: Vec<String>,
    /// Ranges of pods, beside those that nodes say.
    pub pods: Vec<String>,
    /// Ranges of services, beside those that the cluster says.
    pub services: Vec<String>,
    /// Ranges of nodes, beside their addresses.
    pub nodes: Vec<String>,
    /// Addresses of the API server, beside those of its endpoints.
    pub api_server: Vec<String>,
    /// Ranges that workspaces of class `system` reach.
    pub system: Vec<String>,
    /// Ranges that no blueprint opens, beside metadata services, nodes and the API server.
    pub never_allow: Vec<String>,
    /// Namespaces in which workspaces stand that may meet those of other namespaces.
    pub namespaces: Vec<String>,
    /// IPv4 is reached through 64:ff9b::/96.
    pub nat64: bool,
}

impl Default for Network {
    fn default() -> Self {
        let dns = blueprint::objects::Network::default().dns;
        Self {
            require_enforcement: false,
            gateway_namespace: None,
            gateway_labels: BTreeMap::new(),
            dns_namespace: dns.namespace,
            dns_labels: dns.labels,
            node_dns: Vec::new(),
            pods: Vec::new(),
            services: Vec::new(),
            nodes: Vec::new(),
            api_server: Vec::new(),
            system: Vec::new(),
            never_allow: Vec::new(),
            namespaces: Vec::new(),
            nat64: false,
        }
    }
}

impl Network {
    /// What objects of workspaces are rendered with.
    ///
    /// # Errors
    /// What is no range of addresses, or does not go together.
    pub(crate) fn rules(&self) -> Result<blueprint::objects::Network, ConfigError> {
        let ranges = [
            ("node_dns", &self.node_dns),
            ("pods", &self.pods),
            ("services", &self.services),
            ("nodes", &self.nodes),
            ("api_server", &self.api_server),
            ("system", &self.system),
            ("never_allow", &self.never_allow),
        ];
        let wrong = ranges.into_iter().flat_map(|(key, all)| {
            all.iter()
                .filter(|text| !is_listed_range(text))
                .map(move |text| format!("{key}: {text:?} is no range of addresses"))
        });
        let mut problems: Vec<String> = wrong.collect();
        if self.gateway_namespace.is_some() && self.gateway_labels.is_empty() {
            problems.push("gateway_labels: say by which labels the gateway's pods are known".to_owned());
        }
        if let Some(error) = ConfigError::of("[network]", problems) {
            return Err(error);
        }
        let labels = self.gateway_labels.clone();
        Ok(blueprint::objects::Network {
            gateway: self.gateway_namespace.clone().map(|namespace| Pods { namespace, labels }),
            dns: Pods { namespace: self.dns_namespace.clone(), labels: self.dns_labels.clone() },
            node_dns: self.node_dns.clone(),
            pods: self.pods.clone(),
            services: self.services.clone(),
            nodes: self.nodes.clone(),
            api_server: self.api_server.clone(),
            system: self.system.clone(),
            never_allow: self.never_allow.clone(),
            namespaces: self.namespaces.clone(),
            nat64: self.nat64,
            ..blueprint::objects::Network::default()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::Network;
    use crate::config::ConfigError;

    #[test]
    fn wn_05b_the_settings_of_the_network_are_ranges_and_say_which_is_none() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "192.0.2.7", "fd00::/8", "fd00::1", "10.1.2.3/32"] {
            assert!(blueprint::objects::is_listed_range(good), "{good}");
        }
        for bad in ["10.0.0.1/8", "10.0.0.0/33", "ten", "10.0.0.0/", "fd00::1/8", "", "/8"] {
            assert!(!blueprint::objects::is_listed_range(bad), "{bad}");
        }
        let rules = Network::default().rules().unwrap();
        assert_eq!((rules.gateway, rules.dns.namespace.as_str()), (None, "kube-system"));
        let own = Network {
            system: vec!["10.0.0.0/8".to_owned()],
            gateway_namespace: Some("qd".to_owned()),
            gateway_labels: [("app".to_owned(), "quarterdeck".to_owned())].into(),
            nat64: true,
            ..Network::default()
        };
        let rules = own.rules().unwrap();
        assert_eq!((rules.system, rules.nat64), (vec!["10.0.0.0/8".to_owned()], true));
        assert_eq!(rules.gateway.unwrap().labels["app"], "quarterdeck");
        let wrong = Network {
            never_allow: vec!["10.0.0.1/8".to_owned()],
            gateway_namespace: Some("qd".to_owned()),
            ..Network::default()
        };
        match wrong.rules().unwrap_err() {
            ConfigError::Several(all) => assert_eq!(all.len(), 2, "{all:?}"),
            other => panic!("{other}"),
        }
    }
}
