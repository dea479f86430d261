//! What the configuration of an image says that a workspace made of it can use.

use oci_spec::image::{Config, ImageConfiguration};
use std::collections::BTreeMap;

/// What an image says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The digest of its manifest, or of the list that leads to it.
    pub digest: String,
    /// The ports on which its programs listen, the first one first.
    pub ports: Vec<Port>,
    /// Where they stand: the name of the label, or `EXPOSE` and `PORT`; empty where there are none.
    pub ports_from: &'static str,
    /// Its labels that are for people or for Quarterdeck.
    pub labels: BTreeMap<String, String>,
}

/// A port on which an image listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name; may be empty.
    pub name: String,
    /// Its number, from 1.
    pub number: u16,
    /// UDP instead of TCP.
    pub udp: bool,
}

impl Facts {
    /// What it is, in a sentence; empty where it does not say.
    #[must_use]
    pub fn description(&self) -> &str {
        self.labels.get(DESCRIPTION).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn of(digest: &str, config: &[u8]) -> Result<Self, String> {
        let config: ImageConfiguration = serde_json::from_slice(config).map_err(|error| error.to_string())?;
        let Some(config) = config.config() else {
            return Ok(Self { digest: digest.to_owned(), ..Self::default() });
        };
        let said = config.labels().iter().flatten();
        let mut labels: BTreeMap<String, String> = said
            .filter(|(key, value)| KEPT.iter().any(|of| key.starts_with(of)) && value.len() <= MOST_LABEL)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let labelled = labels.get(PORTS).map(|text| listed(text)).unwrap_or_default();
        while labels.len() > MOST_LABELS {
            labels.pop_last();
        }
        let (mut ports, ports_from) = match labelled.is_empty() {
            false => (labelled, PORTS),
            true => (exposed(config), "EXPOSE and PORT"),
        };
        ports.truncate(MOST_PORTS);
        let ports_from = if ports.is_empty() { "" } else { ports_from };
        Ok(Self { digest: digest.to_owned(), ports, ports_from, labels })
    }
}

/// The ports of a label: `8080, web:3000, dns:53/udp`. What is none says that the whole label is not one of ours.
fn listed(text: &str) -> Vec<Port> {
    let one = |word: &str| {
        let (name, rest) = word.rsplit_once(':').unwrap_or(("", word));
        let port = numbered(rest)?;
        (name.is_empty() || is_name(name)).then(|| Port { name: name.to_owned(), ..port })
    };
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    let mut all = words.map(one).collect::<Option<Vec<Port>>>().unwrap_or_default();
    once_each(&mut all);
    all
}

/// What `EXPOSE` names, in order; the number in `PORT` is the first.
fn exposed(config: &Config) -> Vec<Port> {
    let exposed = config.exposed_ports().iter().flatten();
    let mut all: Vec<Port> = exposed.filter_map(|text| numbered(text)).collect();
    all.sort_by_key(|port| (port.udp, port.number));
    let variable = config.env().iter().flatten().find_map(|text| text.strip_prefix("PORT="));
    if let Some(port) = variable.filter(|text| !text.contains('/')).and_then(numbered) {
        all.insert(0, port);
    }
    once_each(&mut all);
    all
}

fn once_each(all: &mut Vec<Port>) {
    let mut seen = Vec::new();
    all.retain(|port| {
        let new = !seen.contains(&(port.number, port.udp));
        seen.push((port.number, port.udp));
        new
    });
}

/// `8080`, `8080/tcp`, `53/udp`; a service of Kubernetes has no other kinds here.
fn numbered(text: &str) -> Option<Port> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let udp = match protocol.to_ascii_lowercase().as_str() {
        "tcp" => false,
        "udp" => true,
        _ => return None,
    };
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some(Port { name: String::new(), number, udp })
}

/// Whether a port may have this name, by Kubernetes' rule.
fn is_name(text: &str) -> bool {
    let fits = text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-');
    let edge = !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
    fits && edge && text.len() <= 15 && text.bytes().any(|one| one.is_ascii_lowercase())
}

/// Names the ports on which an image listens, before `EXPOSE`.
const PORTS: &str = "quarterdeck.dev/ports";
const DESCRIPTION: &str = "org.opencontainers.image.description";
/// The labels that are kept.
const KEPT: &[&str] = &["org.opencontainers.image.", "quarterdeck.dev/"];
const MOST_LABEL: usize = 1024;
const MOST_LABELS: usize = 32;
const MOST_PORTS: usize = 32;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Facts, MOST_PORTS};
    use serde_json::{Value, json};

    fn facts(config: &Value) -> Facts {
        let whole = json!({ "architecture": "amd64", "os": "linux", "config": config, "rootfs": { "type": "layers", "diff_ids": [] } });
        Facts::of("sha256:1", whole.to_string().as_bytes()).unwrap()
    }

    fn ports(config: &Value) -> Vec<String> {
        let word = |port: &super::Port| format!("{}{}{}", port.name, port.number, if port.udp { "/udp" } else { "" });
        facts(config).ports.iter().map(word).collect()
    }

    #[test]
    fn wo_08d_ports_of_an_image_are_those_of_its_label_then_of_expose_and_port() {
        let exposed = json!({ "9000/tcp": {}, "53/udp": {}, "8080": {}, "7/sctp": {}, "0/tcp": {}, "99999/tcp": {} });
        assert_eq!(ports(&json!({ "ExposedPorts": exposed })), ["8080", "9000", "53/udp"]);
        assert_eq!(ports(&json!({ "ExposedPorts": exposed, "Env": ["A=1", "PORT=9000"] })), ["9000", "8080", "53/udp"]);
        assert_eq!(ports(&json!({ "Env": ["PORT=3000"] })), ["3000"]);
        for none in ["PORT=", "PORT=x", "PORT=0", "PORT=53/udp", "XPORT=1"] {
            assert!(ports(&json!({ "Env": [none] })).is_empty(), "{none}");
        }
        let labelled =
            |text: &str| json!({ "ExposedPorts": { "80/tcp": {} }, "Labels": { "quarterdeck.dev/ports": text } });
        assert_eq!(ports(&labelled("web:3000, 8443 dns:53/udp,3000")), ["web3000", "8443", "dns53/udp"]);
        assert_eq!(facts(&labelled("3000")).ports_from, "quarterdeck.dev/ports");
        for wrong in ["", "web", "3000, x", "UP:1", "web:0", "a:b:1", "-a:1", "abcdefghijklmnop:1"] {
            assert_eq!(ports(&labelled(wrong)), ["80"], "{wrong:?}");
        }
        let many: serde_json::Map<String, Value> = (1..500).map(|port| (format!("{port}/tcp"), json!({}))).collect();
        assert_eq!(ports(&json!({ "ExposedPorts": many })).len(), MOST_PORTS);
    }

    #[test]
    fn labels_for_people_are_kept_within_bounds_and_what_is_null_is_nothing() {
        let labels = json!({ "org.opencontainers.image.description": "A shop", "maintainer": "x", "quarterdeck.dev/x": "y".repeat(2000) });
        let said = facts(&json!({ "Labels": labels }));
        assert_eq!((said.description(), said.labels.len(), said.ports_from), ("A shop", 1, ""));
        let nothing =
            facts(&json!({ "Labels": null, "ExposedPorts": null, "Env": null, "Volumes": null, "Cmd": null }));
        assert_eq!(nothing, Facts { digest: "sha256:1".to_owned(), ..Facts::default() });
        assert!(Facts::of("d", b"[]").is_err() && Facts::of("d", b"").is_err());
    }
}
