//! What is set of the team gateway: `[serve]` and `[policy]`.

use policy::provision::ProvisionRule;
use policy::tapping::TapRule;
use policy::team::DenyRule;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// `[serve]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The URL by which people call this server: requests by other names are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The certificate chain, PEM. It is read anew when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// A certificate of this machine's own authority, renewed by itself: `qd cert trust` has it trusted.
    pub local_certificate: bool,
    /// Names and addresses that it is good for beside those of `public_url` and `apps_domain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificate_hosts: Vec<String>,
    /// Without TLS, on loopback alone: where something else on this machine has the certificate.
    pub insecure_http: bool,
    /// People and their tokens, as `qd serve token` writes them. Unset: `tokens.toml` in the state folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<PathBuf>,
    /// What this process does: `console`, `operator`.
    pub roles: Vec<Role>,
    /// Where it is told whether this process is alive and ready, and its figures: `/healthz`, `/readyz`, `/metrics`.
    pub metrics: SocketAddr,
    /// The domain under which apps of workspaces have their hosts; they are not served without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apps_domain: Option<String>,
    /// What stands before the names of people, roles and organisations where API servers are told of them.
    pub prefix: String,
}

/// What a gateway's process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The console and its API.
    Console,
    /// The operator of workspaces.
    Operator,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            public_url: None,
            certificate: None,
            key: None,
            local_certificate: false,
            certificate_hosts: Vec::new(),
            insecure_http: false,
            tokens: None,
            apps_domain: None,
            roles: vec![Role::Console],
            metrics: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            prefix: "quarterdeck:".to_owned(),
        }
    }
}

/// `[policy]`: rules of the team gateway, and on what workspaces are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// What is denied whatever else is allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<DenyRule>,
    /// What workspaces are made of: rules that deny it, or patch it. They hold for the operator of a console too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provision: Vec<ProvisionRule>,
    /// What taps have to keep. They hold at a desk too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tap: Vec<TapRule>,
}

impl Policy {
    /// All that is wrong with its rules.
    pub(crate) fn problems(&self) -> Vec<String> {
        let deny = self.deny.iter().filter_map(|rule| Some(format!("[policy] deny: {}", rule.problem()?)));
        let provision =
            self.provision.iter().filter_map(|rule| Some(format!("[policy] provision: {}", rule.problem()?)));
        let tap = self.tap.iter().filter_map(|rule| Some(format!("[policy] tap: {}", rule.problem()?)));
        deny.chain(provision).chain(tap).collect()
    }
}
