//! Rules over several fields, on a blueprint whose expressions are evaluated and whose defaults are filled in.

pub(crate) mod security;
#[cfg(test)]
mod tests;

use crate::node::{LayerKind, Node, Value};
use crate::objects::{AGENT_PORT, Profile};
use crate::pointer::{Path, Pointer};
use crate::problem::Problem;
use crate::schema;
use base::Code;
use security::Level;

/// All that is wrong with an effective blueprint.
pub(crate) fn validate(node: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    schema::check(node, &schema::BLUEPRINT, &Path::Root, &mut problems);
    let mut rules = Rules { root: node, problems };
    rules.need("", node, &["image"]);
    rules.names();
    rules.agent();
    rules.podman();
    for at in ["/storages", "/podman/storages"] {
        rules.storages(&Pointer::parse(at));
    }
    rules.ports();
    rules.init_scripts();
    rules.security();
    for at in ["/extFiles", "/podman/extFiles"] {
        rules.ext_files(at);
    }
    rules.apps();
    rules.probes();
    rules.service();
    rules.not_yet();
    rules.problems
}

struct Rules<'a> {
    root: &'a Node,
    problems: Vec<Problem>,
}

impl<'a> Rules<'a> {
    fn at(&self, pointer: &str) -> Option<&'a Node> {
        self.root.at(&Pointer::parse(pointer))
    }

    fn is_true(&self, pointer: &str) -> bool {
        self.at(pointer).and_then(Node::bool) == Some(true)
    }

    fn wrong(&mut self, pointer: &str, at: &Node, message: impl Into<String>) {
        self.problems.push(Problem::new(Code::BlueprintInvalid, pointer, &at.origin.mark, message));
    }

    fn warn(&mut self, pointer: &str, at: &Node, message: impl Into<String>) {
        self.problems.push(Problem::warning(pointer, &at.origin.mark, message));
    }

    /// Fields that have to be there, and not empty.
    fn need(&mut self, parent: &str, node: &Node, keys: &[&str]) {
        for key in keys {
            let there = node.get(key).is_some_and(|value| match &value.value {
                Value::Text(text) => !text.is_empty(),
                Value::List(items) => !items.is_empty(),
                _ => true,
            });
            if !there {
                self.wrong(&format!("{parent}/{key}"), node, format!("{key} is required"));
            }
        }
    }

    fn names(&mut self) {
        match (self.at("/hostname"), self.at("/subdomain")) {
            (Some(one), None) => self.wrong("/hostname", one, "hostname and subdomain are set together"),
            (None, Some(one)) => self.wrong("/subdomain", one, "hostname and subdomain are set together"),
            _ => {}
        }
    }

    fn agent(&mut self) {
        for key in ["allowAnyNS", "allowAnySA"] {
            let pointer = format!("/agent/connection/{key}");
            if let Some(node) = self.at(&pointer) {
                self.warn(
                    &pointer,
                    node,
                    format!("{key} has no effect: only the gateway's certificate opens the agent"),
                );
            }
        }
    }

    fn podman(&mut self) {
        if let (Some(podman), true) = (self.at("/podman"), self.is_true("/podman/enabled")) {
            self.need("/podman", podman, &["image"]);
        }
        let pointer = "/podman/securityContext/privileged";
        if let (Some(node), true) = (self.at(pointer), self.is_true(pointer)) {
            self.warn(
                pointer,
                node,
                "a privileged engine needs a grant of an administrator and marks the workspace Degraded",
            );
        }
    }

    fn storages(&mut self, at: &Pointer) {
        let Some(storages) = self.root.at(at) else { return };
        for entry in storages.entries() {
            let (storage, at) = (&entry.node, at.join(&entry.key));
            if storage.get("enabled").and_then(Node::bool) == Some(false) {
                continue;
            }
            self.need(&at.to_string(), storage, &["path"]);
            let kind = storage.get("type").and_then(Node::text).unwrap_or("local");
            let is_claim = matches!(kind, "local" | "shared");
            for (key, fits, rule) in [
                (
                    "sizeLimit",
                    !is_claim,
                    "sizeLimit goes with emptyDir and memory; a claim's size is in claimSpec.resources.requests.storage",
                ),
                ("claimSpec", is_claim, "claimSpec goes with local and shared"),
                ("existingClaim", is_claim, "existingClaim goes with local and shared"),
            ] {
                if let (Some(node), false) = (storage.get(key), fits) {
                    self.wrong(&at.join(key).to_string(), node, rule);
                }
            }
            if let (Some(_), Some(claim)) = (storage.get("claimSpec"), storage.get("existingClaim")) {
                self.wrong(
                    &at.join("existingClaim").to_string(),
                    claim,
                    "existingClaim and claimSpec exclude each other",
                );
            }
            if let Some(claim) = storage.get("claimSpec") {
                self.need(&at.join("claimSpec").to_string(), claim, &["accessModes"]);
                if claim.at(&Pointer::parse("/resources/requests/storage")).is_none() {
                    let pointer = at.join("claimSpec").join("resources").join("requests").join("storage");
                    self.wrong(
                        &pointer.to_string(),
                        claim,
                        "a claim says how much it requests: resources.requests.storage",
                    );
                }
            }
        }
        self.paths(storages, at);
    }

    /// No two storages at one path.
    fn paths(&mut self, storages: &Node, at: &Pointer) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for entry in storages.entries() {
            let enabled = entry.node.get("enabled").and_then(Node::bool) != Some(false);
            let Some(path) = entry.node.get("path").filter(|_| enabled) else { continue };
            let Some(text) = path.text() else { continue };
            match seen.iter().find(|(other, _)| *other == text) {
                Some((_, name)) => {
                    let message = format!("the storage {name} is mounted at {text} already");
                    self.wrong(&at.join(&entry.key).join("path").to_string(), path, message);
                }
                None => seen.push((text, &entry.key)),
            }
        }
    }

    /// No port twice, and none that is the agent's.
    fn ports(&mut self) {
        let Some(ports) = self.at("/network/ports") else { return };
        let mut seen = Vec::new();
        for (index, port) in ports.items().iter().enumerate() {
            let at = format!("/network/ports/{index}");
            self.need(&at, port, &["containerPort"]);
            let Some(number) = port.get("containerPort").and_then(Node::text) else { continue };
            let key = (number, port.get("protocol").and_then(Node::text).unwrap_or("TCP"));
            if number == AGENT_PORT.to_string() {
                self.wrong(&format!("{at}/containerPort"), port, format!("the port {AGENT_PORT} is the agent's"));
            } else if seen.contains(&key) {
                self.wrong(&format!("{at}/containerPort"), port, format!("the port {number}/{} stands twice", key.1));
            }
            seen.push(key);
        }
    }

    fn init_scripts(&mut self) {
        let Some(scripts) = self.at("/initScripts") else { return };
        let mut seen: Vec<&str> = Vec::new();
        for (index, script) in scripts.items().iter().enumerate() {
            let at = format!("/initScripts/{index}");
            self.need(&at, script, &["name", "script"]);
            let Some(name) = script.get("name").and_then(Node::text) else { continue };
            if seen.contains(&name) {
                self.wrong(&format!("{at}/name"), script, format!("there are two init scripts named {name}"));
            }
            seen.push(name);
        }
    }

    /// A shell's main container starts as root, drops to the user, and stays within what `baseline` lets through; a
    /// service's is nobody special.
    fn security(&mut self) {
        let Some(context) = self.at("/securityContext") else { return };
        if Profile::of_node(self.root) == Profile::Service {
            self.security_of_service(context);
        } else {
            self.security_of_shell(context);
        }
        if Level::of(context) == Level::Privileged {
            for (pointer, node, why) in security::over_baseline(context) {
                self.wrong(
                    &format!("/securityContext{pointer}"),
                    node,
                    format!("{why} is more than Pod Security `baseline` lets through"),
                );
            }
        }
    }

    fn security_of_service(&mut self, context: &Node) {
        for key in ["runAsUser", "runAsGroup"] {
            if let Some(node) = context.get(key).filter(|node| node.text() == Some("0")) {
                self.wrong(&format!("/securityContext/{key}"), node, format!("{key} of a service is not 0"));
            }
        }
        for (key, refused, why) in [
            ("runAsNonRoot", false, "a service runs as nobody special"),
            ("allowPrivilegeEscalation", true, "a service gains no rights"),
        ] {
            if let Some(node) = context.get(key).filter(|node| node.bool() == Some(refused)) {
                self.wrong(&format!("/securityContext/{key}"), node, format!("{key} cannot be {refused}: {why}"));
            }
        }
    }

    fn security_of_shell(&mut self, context: &Node) {
        let is = |key: &str| context.get(key).and_then(Node::bool) == Some(true);
        for key in ["runAsUser", "runAsGroup"] {
            if let Some(node) = context.get(key).filter(|node| node.text() != Some("0")) {
                self.wrong(
                    &format!("/securityContext/{key}"),
                    node,
                    format!("{key} is 0: the agent starts as root and becomes the user"),
                );
            }
        }
        for key in ["runAsNonRoot", "readOnlyRootFilesystem"] {
            if let Some(node) = context.get(key).filter(|_| is(key)) {
                self.wrong(
                    &format!("/securityContext/{key}"),
                    node,
                    format!("{key} cannot be true: the agent creates the user at its start"),
                );
            }
        }
        let listed = |key: &str| {
            let list = context.get("capabilities").and_then(|node| node.get(key));
            list.map(|list| list.items().iter().filter_map(Node::text).collect::<Vec<_>>()).unwrap_or_default()
        };
        let (add, drop) = (listed("add"), listed("drop"));
        for kept in ["CHOWN", "SETUID", "SETGID"] {
            if (drop.contains(&kept) || drop.contains(&"ALL")) && !add.contains(&kept) {
                self.wrong(
                    "/securityContext/capabilities/drop",
                    context,
                    format!("{kept} has to stay: the agent becomes the user with it"),
                );
            }
        }
    }

    fn ext_files(&mut self, at: &str) {
        let Some(files) = self.at(at) else { return };
        let all: usize = files.entries().iter().map(|entry| entry.node.text().map_or(0, str::len)).sum();
        if all > EXT_FILES_BYTES {
            self.wrong(at, files, format!("files of 1 MiB in all, these have {all} bytes"));
        }
        // two things cannot be mounted at one path
        let storages = at.replace("extFiles", "storages");
        let storages = self.at(&storages).map_or(&[][..], Node::entries).iter();
        let paths: Vec<&str> = storages.filter_map(|entry| entry.node.get("path")?.text()).collect();
        for entry in files.entries().iter().filter(|entry| paths.contains(&entry.key.as_str())) {
            self.wrong(at, &entry.node, format!("a storage is mounted at {} already", entry.key));
        }
    }

    /// What is taken and does nothing yet.
    fn not_yet(&mut self) {
        if let Some(node) = self.at("/pool") {
            self.warn("/pool", node, "no workspaces stand ready yet: each is made when somebody asks for it");
        }
        if self.at("/webProxy/port").is_none() {
            for (pointer, message) in [
                ("/webProxy/alias", "a host of this name leads nowhere without a port"),
                ("/webProxy/roles", "these roles reach nothing without a port"),
            ] {
                if let Some(node) = self.at(pointer) {
                    self.warn(pointer, node, message);
                }
            }
        }
    }

    /// Each probe asks in one way.
    fn probes(&mut self) {
        for name in ["startup", "readiness", "liveness"] {
            let pointer = format!("/probes/{name}");
            let Some(node) = self.at(&pointer) else { continue };
            let ways = ["httpGet", "tcpSocket", "exec"].map(|way| node.get(way)).into_iter().flatten().count();
            if ways != 1 {
                self.wrong(&pointer, node, "says one of httpGet, tcpSocket and exec");
            }
            for (way, needs) in [("httpGet", "port"), ("tcpSocket", "port"), ("exec", "command")] {
                if let Some(node) = node.get(way) {
                    self.need(&format!("{pointer}/{way}"), node, &[needs]);
                }
            }
        }
    }

    /// What the agent does inside of the main container alone.
    fn service(&mut self) {
        if Profile::of_node(self.root) == Profile::Shell {
            if let Some(node) = self.at("/probes") {
                let words = "probes have no effect in a shell: the agent is its first process, and is asked itself";
                self.warn("/probes", node, words);
            }
            return;
        }
        for (key, why) in [
            ("initScripts", "scripts run where the agent is the first process: runProfile shell"),
            ("apps", "apps are started where the agent is the first process: runProfile shell"),
        ] {
            let there = self.root.get(key).filter(|node| !node.items().is_empty() || !node.entries().is_empty());
            if let Some(node) = there {
                self.warn(&format!("/{key}"), node, format!("{key} have no effect in a service: {why}"));
            }
        }
    }

    fn apps(&mut self) {
        let Some(apps) = self.at("/apps") else { return };
        for entry in apps.entries() {
            if entry.node.get("enabled").and_then(Node::bool) == Some(true) {
                self.need(&format!("/apps/{}", entry.key), &entry.node, &["name", "binary", "start"]);
            }
        }
        let any = apps.entries().iter().find(|entry| entry.node.get("enabled").and_then(Node::bool) == Some(true));
        if let (Some(app), false) = (any, self.is_true("/enableApps")) {
            // said by a blueprint, it is how apps are kept for a child that enables them
            if app.node.origin.layer.kind.is_bounded() || app.node.origin.layer.kind == LayerKind::Policy {
                self.warn("/enableApps", &app.node, "enableApps is false: no app is installed or started");
            }
        }
    }
}

const EXT_FILES_BYTES: usize = 1 << 20;
