//! What holds where no layer says anything.

use crate::node::{Layer, LayerKind, Node, Origin, Value};
use crate::pointer::Pointer;
use crate::problem::Mark;
use crate::schema::host_of_image;
use std::sync::Arc;

/// What the platform says for all blueprints.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The registry of images whose name has no host part.
    pub registry: Option<String>,
    /// The agent's image of this release, where blueprints name none.
    pub agent_image: Option<String>,
}

/// Fills what is absent, and gives images of no host the registry of the platform.
pub(crate) fn fill(node: &mut Node, settings: &Settings) {
    let origin = Origin {
        layer: Arc::new(Layer { kind: LayerKind::Default, name: String::new() }),
        mark: Mark::start("defaults"),
    };
    let put = |node: &mut Node, pointer: Pointer, value: Value| {
        if node.at(&pointer).is_none() {
            node.set(&pointer, Node { value, origin: origin.clone() });
        }
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let keys = |node: &Node, key: &str| -> Vec<String> {
        node.get(key).map(|map| map.entries().iter().map(|entry| entry.key.clone()).collect()).unwrap_or_default()
    };
    put(node, Pointer::parse("/imagePullPolicy"), text("IfNotPresent"));
    put(node, Pointer::parse("/resources/cpu"), text("500m"));
    put(node, Pointer::parse("/resources/memory"), text("512Mi"));
    put(node, Pointer::parse("/network/networkPolicyClass"), text("isolated"));
    put(node, Pointer::parse("/enableApps"), Value::Bool(false));
    if let Some(image) = &settings.agent_image {
        put(node, Pointer::parse("/agent/image"), text(image));
    }
    if node.get("podman").is_some() {
        for (at, value) in [
            ("/podman/enabled", Value::Bool(false)),
            ("/podman/resources/cpu", text("500m")),
            ("/podman/resources/memory", text("512Mi")),
            ("/podman/parentStorages", Value::Bool(true)),
        ] {
            put(node, Pointer::parse(at), value);
        }
    }
    for name in keys(node, "storages") {
        let at = Pointer::default().join("storages").join(name);
        put(node, at.join("enabled"), Value::Bool(true));
        put(node, at.join("type"), text("local"));
        let is_memory = node.at(&at.join("type")).and_then(Node::text) == Some("memory");
        let memory = node.at(&Pointer::parse("/resources/memory")).and_then(Node::text).and_then(base::quantity::milli);
        if let Some(memory) = memory.filter(|_| is_memory) {
            put(node, at.join("sizeLimit"), Value::Text((memory / 4000).to_string()));
        }
    }
    for name in keys(node, "apps") {
        let at = Pointer::default().join("apps").join(name);
        for (key, value) in [
            ("enabled", Value::Bool(false)),
            ("autoStart", Value::Bool(false)),
            ("installAsRoot", Value::Bool(false)),
            ("restartPolicy", text("always")),
            ("maxRestartBackoff", text("60s")),
            ("protocol", text("http")),
        ] {
            put(node, at.join(key), value);
        }
    }
    let Some(registry) = &settings.registry else { return };
    for at in ["/image", "/podman/image", "/agent/image"] {
        let pointer = Pointer::parse(at);
        let Some(image) = node.at(&pointer) else { continue };
        if let Some(name) = image.text().filter(|name| host_of_image(name).is_none()) {
            let value = Value::Text(format!("{}/{name}", registry.trim_end_matches('/')));
            let origin = image.origin.clone();
            node.set(&pointer, Node { value, origin });
        }
    }
}
