//! Which port of a workspace `/proxy/server/{id}` means. Pure.
//!
//! What the workspace says of its ports comes first. `AGENT_HOST`, by which programs of the earlier product were told where their
//! server is, counts where it names this very workspace, and is nobody's way to anywhere else.

use super::super::wrong::Wrong;
use super::address::is_of;
use api::workspace::Workspace;
use axum::http::StatusCode;

/// A port, and what says that it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) port: u16,
    /// `port`, `agent_host` or `usual`.
    pub(super) by: &'static str,
}

/// The port that opening a workspace means: the one that is named for it, else the first; else what `AGENT_HOST` says; else the usual.
pub(super) fn resolve(one: &Workspace) -> Result<Meant, Wrong> {
    let tcp = || one.ports.iter().filter(|port| port.protocol == "TCP");
    let named = NAMES.iter().find_map(|name| tcp().find(|port| port.name == *name));
    if let Some(port) = named.or_else(|| tcp().next()) {
        return Ok(Meant { port: port.port, by: "port" });
    }
    let Some(host) = agent_host(one) else { return Ok(Meant { port: USUAL, by: "usual" }) };
    let (host, port) = parted(&host);
    match port {
        Some(port) if is_of(host, one) => Ok(Meant { port, by: "agent_host" }),
        None if is_of(host, one) => Ok(Meant { port: USUAL, by: "agent_host" }),
        _ => {
            let words = format!(
                "AGENT_HOST of {} names neither its pod nor its Service, and it has no port: say `expose` (spec.ports) with the \
                 port of its app, or take AGENT_HOST away",
                one.row.name
            );
            Err(Wrong::new(StatusCode::BAD_GATEWAY, "proxy_failed", words).with("cause", "agent_host"))
        }
    }
}

fn agent_host(one: &Workspace) -> Option<String> {
    let all = one.spec.get("env")?.as_array()?;
    let own =
        all.iter().find(|variable| variable.get("name").and_then(serde_json::Value::as_str) == Some("AGENT_HOST"))?;
    let text = own.get("value")?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_ascii_lowercase())
}

/// A host, and its port where one is said: `http://host:port/` too. What is no port makes it no host.
fn parted(text: &str) -> (&str, Option<u16>) {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.trim_end_matches('/');
    match text.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(0) | Err(_) => ("", None),
            Ok(port) => (host, Some(port)),
        },
        None => (text, None),
    }
}

const NAMES: &[&str] = &["http", "https", "web"];
/// Where the images of the earlier product listened.
const USUAL: u16 = 8080;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Meant, resolve};
    use base::ClusterName;
    use serde_json::{Value, json};

    fn of(ports: &Value, host: Option<&str>) -> Result<(u16, &'static str), String> {
        let env = host.map(|host| json!([{ "name": "A", "value": "b" }, { "name": "AGENT_HOST", "value": host }]));
        let object = json!({
            "metadata": { "name": "w", "namespace": "ns" },
            "spec": { "owner": "ada", "org": "lab", "ports": ports, "env": env },
            "status": { "canonicalID": "w", "serviceDNS": "w.ns.svc.cluster.local", "pod": { "name": "w", "ip": "10.1.2.3" } },
        });
        let one = workspace::about::whole(&ClusterName::new("c"), &object);
        resolve(&one).map(|Meant { port, by }| (port, by)).map_err(|wrong| wrong.message().to_owned())
    }

    #[test]
    fn gn_10a_opening_a_workspace_means_the_port_that_is_named_for_it() {
        let udp = json!({ "containerPort": 9000, "protocol": "UDP" });
        let (first, https) = (json!({ "containerPort": 7000 }), json!({ "containerPort": 8443, "name": "https" }));
        assert_eq!(of(&json!([udp, first, https]), None), Ok((8443, "port")));
        assert_eq!(of(&json!([udp, first]), None), Ok((7000, "port")));
        assert_eq!(of(&json!([udp]), None), Ok((8080, "usual")));
    }

    #[test]
    fn wx_01d_what_a_workspace_says_of_its_ports_comes_first() {
        let ports = json!([{ "containerPort": 53, "protocol": "UDP" }, { "containerPort": 7000 }, { "containerPort": 8443, "name": "https" }]);
        assert_eq!(of(&ports, None), Ok((8443, "port")));
        assert_eq!(of(&ports, Some("elsewhere.test:80")), Ok((8443, "port")));
        assert_eq!(of(&json!([{ "containerPort": 7000 }]), Some("w:9")), Ok((7000, "port")));
        assert_eq!(of(&json!([]), None), Ok((8080, "usual")));
        assert_eq!(of(&json!([]), Some("")), Ok((8080, "usual")));
    }

    #[test]
    fn wx_01e_agent_host_counts_where_it_names_the_workspace_itself_and_leads_nowhere_else() {
        let none = json!([]);
        for (host, port) in [
            ("w", 8080),
            ("w:8081", 8081),
            ("http://w.ns.svc:3000/", 3000),
            ("W.ns", 8080),
            ("10.1.2.3:9000", 9000),
            ("w.ns.svc.cluster.local:81", 81),
        ] {
            assert_eq!(of(&none, Some(host)), Ok((port, "agent_host")), "{host}");
        }
        for host in [
            "x",
            "x:80",
            "w.other:80",
            "10.1.2.4:80",
            "169.254.169.254",
            "localhost:80",
            "w:0",
            "w:port",
            "w@evil.test:80",
            "evil.test/w:80",
            "[::1]:80",
            "kubernetes.default.svc:443",
        ] {
            let wrong = of(&none, Some(host)).unwrap_err();
            assert!(wrong.contains("expose"), "{host}: {wrong}");
        }
    }
}
