//! What a workspace reaches by name: a network policy knows addresses alone, so that a proxy of the operator's asks this of every
//! connection that it makes for a workspace.
//!
//! | Name | Address | |
//! |---|---|---|
//! | any | of a node, the API server, a cloud's metadata, `network.neverAllow`; loopback, link-local, multicast | closed |
//! | any | of a pod or a service, which labels and not names open | closed |
//! | any | in `denyEgressToCIDRs` | closed; a range of all addresses closes no name that is listed |
//! | in `allowEgressToHosts` | any other | open |
//! | another, or none | in `allowEgressToCIDRs`, or of the internet | open, as its network policy has it |

use super::network::{EVERYWHERE, Rules};
use super::ranges::Range;
use super::read::texts;
use super::{Place, Said};
use crate::node::Node;

use std::net::IpAddr;

/// What a workspace reaches by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    /// The port of its loopback on which its proxy listens.
    pub port: u16,
    /// The names, in small letters; `*.` stands for one label or several.
    pub hosts: Vec<String>,
    never: Vec<Range>,
    denied: Vec<Range>,
    allowed: Vec<Range>,
    private: Vec<Range>,
}

/// Why a connection is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The platform keeps it closed.
    #[error("its address is never opened to workspaces")]
    Never,
    /// The blueprint closes it.
    #[error("the blueprint closes its address (network.denyEgressToCIDRs)")]
    Denied,
    /// Nothing opens it.
    #[error(
        "its address is not of the internet, and the blueprint lists neither its name (network.allowEgressToHosts) nor its address"
    )]
    Private,
}

impl Egress {
    /// What the blueprint lists; `None` where it lists no names, or nobody makes connections for workspaces.
    pub(super) fn of(blueprint: &Node, place: &Place) -> Option<Self> {
        let listed = texts(blueprint, "/network/allowEgressToHosts");
        let port = place.egress_port.filter(|_| !listed.is_empty())?;
        // what is wrong with the platform's ranges is said with the network policy
        let rules = Rules::of(blueprint, place, &mut Said::default());
        Some(Self {
            port,
            hosts: listed.into_iter().map(plain).collect(),
            never: rules.never.iter().copied().chain(rules.cluster()).chain(parsed(OURS)).collect(),
            denied: rules.denied.clone(),
            allowed: rules.listed(),
            private: rules.private().collect(),
        })
    }

    /// Whether the blueprint lists this name.
    #[must_use]
    pub fn lists(&self, host: &str) -> bool {
        let host = plain(host);
        self.hosts.iter().any(|listed| match listed.strip_prefix('*') {
            // `*.example.org` is no name of its own
            Some(rest) => host.len() > rest.len() && host.ends_with(rest),
            None => *listed == host,
        })
    }

    /// Whether a connection may go to this address, by a name that is listed or not.
    ///
    /// # Errors
    /// Why it may not.
    pub fn opens(&self, listed: bool, address: IpAddr) -> Result<(), Closed> {
        let Some(range) = Range::listed(&address.to_canonical().to_string()) else { return Err(Closed::Never) };
        let within = |all: &[Range]| all.iter().any(|one| one.contains(range));
        let everywhere: Vec<Range> = parsed(&EVERYWHERE).collect();
        let denies = |one: &Range| one.contains(range) && !(listed && everywhere.contains(one));
        match () {
            () if within(&self.never) => Err(Closed::Never),
            () if self.denied.iter().any(denies) => Err(Closed::Denied),
            () if listed || within(&self.allowed) => Ok(()),
            () if within(&self.private) => Err(Closed::Private),
            () => Ok(()),
        }
    }

    /// The variables by which programs find the proxy. What is in the cluster they reach themselves.
    pub(super) fn env(&self, cluster_domain: &str) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let proxy = format!("http://127.0.0.1:{}", self.port);
        let past = format!("localhost,127.0.0.1,::1,.svc,.{cluster_domain}");
        let proxies = PROXY.into_iter().map(move |name| (name, proxy.clone()));
        proxies.chain(PAST.into_iter().map(move |name| (name, past.clone())))
    }
}

/// A name as it is compared.
fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn parsed<'a>(texts: &'a [&'a str]) -> impl Iterator<Item = Range> + 'a {
    texts.iter().filter_map(|text| Range::parse(text))
}

/// What nobody's names lead to: it is another thing where the proxy stands.
const OURS: &[&str] = &[
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "fe80::/10",
    "ff00::/8",
];
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
const PAST: [&str; 2] = ["NO_PROXY", "no_proxy"];
