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
    /// A certificate from an ACME server (Let's Encrypt), renewed by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acme: Option<Acme>,
    /// Names and addresses that these are good for beside those of `public_url` and `apps_domain`.
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

/// `[serve.acme]`: a certificate from an ACME server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Acme {
    /// Its terms of service are agreed to: nothing is asked of it otherwise.
    pub terms_agreed: bool,
    /// The URL of its directory; that of Let's Encrypt when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Addresses of mail to which it writes about the certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The authority of the server's own certificate, PEM, where that is not one of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority_file: Option<PathBuf>,
    /// A program that sets and clears records of the domain, for names of all its hosts (`*.apps.example.com`): it is run with `set`
    /// or `clear`, the name of a TXT record and its value. Without it the server comes to this port by TLS, as 443 of each host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_command: Vec<String>,
}

impl Acme {
    /// All that is wrong with it, for these hosts.
    pub(crate) fn problems(&self, hosts: &[String]) -> Vec<String> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, words: String| problems.push(format!("[serve.acme] {key}: {words}"));
        if !self.terms_agreed {
            let words = "set it to true once you have read the terms of service of the ACME server";
            wrong("terms_agreed", words.to_owned());
        }
        if let Some(directory) = self.directory.as_ref().filter(|url| !url.starts_with("https://")) {
            wrong("directory", format!("{directory:?} is no https URL"));
        }
        let by_dns = !self.dns_command.is_empty();
        if let Some(host) = hosts.iter().find(|host| host.starts_with("*.") && !by_dns) {
            let words = format!(
                "{host} stands for many hosts, which are proven by records of the domain alone: name the program that sets them"
            );
            wrong("dns_command", words);
        }
        if let Some(host) = hosts.iter().find(|host| host.parse::<std::net::IpAddr>().is_ok()) {
            wrong("hosts", format!("{host} is an address: certificates are for names"));
        }
        if self.dns_command.first().is_some_and(String::is_empty) {
            wrong("dns_command", "the program has no name".to_owned());
        }
        problems
    }
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
            acme: None,
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
