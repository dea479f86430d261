//! On which ports an image listens, where neither its blueprint nor its workspace says so: asked of its registry once, when a pod
//! is about to be made of it, and written on that pod.
//!
//! ```text
//! Wanted (a service that names no port) ─► Desk ─► Permit<WorkspaceSource> ─► registry ─► Said ─► annotations of the pod ─► Place.image_ports
//! ```
//!
//! What was said holds as long as the pod does: neither a tag that moves nor a registry that is away changes what runs. A registry
//! that does not say in time is told with the blueprint, and 8080 is taken.

mod desk;
mod secrets;

pub(crate) use desk::{Asking, Desk, Failed, Kept};
pub(crate) use secrets::add;

use crate::render::Rendered;
use blueprint::objects::{AGENT_PORT, Place, Port};
use blueprint::{Effective, Node, Pointer};
pub use registry::{Facts, Port as ImagePort};
use serde_json::{Map, Value};

/// What the image of a pod was found to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its ports; none where it names none.
    pub ports: Vec<Port>,
    /// Why it is not known.
    pub unknown: Option<String>,
}

impl Said {
    /// Of what its registry says. The agent's port is no image's.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let all = facts.ports.iter().filter(|port| port.number != AGENT_PORT);
        let port = |one: &registry::Port| Port { name: one.name.clone(), port: one.number, udp: one.udp };
        Self { ports: all.map(port).collect(), unknown: None }
    }

    /// That it is not known, and why.
    pub(crate) fn unknown(why: &str) -> Self {
        Self {
            ports: Vec::new(),
            unknown: Some(why.chars().filter(|one| !one.is_control()).take(MOST_WORDS).collect()),
        }
    }

    /// Reads what stands on a pod; nothing where its image was not asked about.
    pub(crate) fn read(ports: &str, unknown: &str) -> Option<Self> {
        let port = |word: &str| {
            let (name, rest) = word.rsplit_once(':').unwrap_or(("", word));
            let (number, protocol) = rest.split_once('/').unwrap_or((rest, ""));
            Some(Port { name: name.to_owned(), port: number.parse().ok()?, udp: protocol == "udp" })
        };
        let said = Self {
            ports: ports.split(',').filter(|word| !word.is_empty()).filter_map(port).take(MOST_PORTS).collect(),
            unknown: Some(unknown.to_owned()).filter(|words| !words.is_empty()),
        };
        (said != Self::default()).then_some(said)
    }

    /// `web:3000,53/udp`
    fn words(&self) -> String {
        let word = |port: &Port| {
            let name = if port.name.is_empty() { String::new() } else { format!("{}:", port.name) };
            format!("{name}{}{}", port.port, if port.udp { "/udp" } else { "" })
        };
        self.ports.iter().map(word).collect::<Vec<_>>().join(",")
    }

    /// Writes it on the pod that was made with it, and tells what is not known.
    pub(crate) fn mark(&self, rendered: &mut Rendered) {
        let Some(pod) = rendered.pod.as_mut().filter(|_| rendered.asks_image.is_some()) else { return };
        let Some(meta) = pod.body.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        let annotations = meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        let Some(annotations) = annotations.as_object_mut() else { return };
        if !self.ports.is_empty() {
            annotations.insert(PORTS.to_owned(), self.words().into());
        }
        if let Some(why) = &self.unknown {
            annotations.insert(UNKNOWN.to_owned(), why.as_str().into());
            rendered.notes.push(format!("on which ports its image listens is not known, so 8080 is taken: {why}"));
        }
    }
}

/// An image that is to say on which ports it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub image: String,
    /// The Secrets with which it is pulled.
    pub pull_secrets: Vec<String>,
}

impl Wanted {
    /// The image of a workspace that runs it as it is meant, and of which nobody says a port.
    pub(crate) fn of(effective: &Effective, place: &Place) -> Option<Self> {
        let at = |pointer: &str| effective.node.at(&Pointer::parse(pointer));
        let is_service = at("/runProfile").and_then(Node::text) == Some("service");
        let named = !place.ports.is_empty() || at("/network/ports").is_some_and(|ports| !ports.items().is_empty());
        let image = at("/image").and_then(Node::text)?;
        (is_service && !named).then(|| Self { image: image.to_owned(), pull_secrets: place.pull_secrets.clone() })
    }
}

/// On a pod: the ports that its image names.
pub(crate) const PORTS: &str = "quarterdeck.dev/image-ports";
/// On a pod: why it is not known which ports its image names.
pub(crate) const UNKNOWN: &str = "quarterdeck.dev/image-ports-unknown";
const MOST_WORDS: usize = 300;
const MOST_PORTS: usize = 64;

#[cfg(test)]
mod tests;
