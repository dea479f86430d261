//! Workspaces made from blueprints: the composition of a Workspace's layers, and the objects that come of it.
//!
//! The blueprints of the platform are the ClusterBlueprint objects, those of an organisation the Blueprint objects of the
//! workspace's namespace, which shadow them. `default` is built in and can be replaced by a ClusterBlueprint of that name.

mod looked;
mod platform;
mod sets;
mod sourced;
mod spec;
mod tried;

pub use looked::{Found, Looked};
pub use platform::Platform;
pub use sourced::Made;
pub use tried::Tried;

use sets::{Others, Seen, Sets};
use spec::{images, member, not_yet, of_problems, overrides, ports, read, refused, user};

use crate::addresses::Addresses;
use crate::desired::Desired;
use crate::exposing::{Asked, Certificate, Reached};
use crate::render::{Object, Refused, Render, Rendered};
use crate::rollout::Told;
use crate::source::{Repositories, Sourced};
use base::Code;
use blueprint::objects::{Network, Opening, Outside, Place};
use blueprint::{Caps, Effective, Given, LayerKind, Library, Mark, Node, Offers, Problem, Problems, User};
use crd::blueprint::{Activity, Timeouts};
use parking_lot::RwLock;
use serde::Deserialize as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A set of blueprints, and what the platform says.
#[derive(Debug)]
pub struct Blueprints {
    platform: Platform,
    sets: RwLock<Sets>,
    /// What is said of the network, and what was found.
    network: RwLock<Arc<Network>>,
}

impl Blueprints {
    /// The built-in blueprints alone.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        let network = RwLock::new(Arc::new(network(&platform, Addresses::default())));
        Self { platform, sets: RwLock::default(), network }
    }

    /// The blueprints as a namespace sees them, each as it is newest. They are read again only after one has changed.
    fn seen(&self, namespace: &str) -> Arc<Seen> {
        self.seen_with(namespace, |_| Others::new())
    }

    /// The same with revisions that serve everybody in the place of the newest ones.
    fn seen_with(&self, namespace: &str, others: impl Fn(&Sets) -> Others) -> Arc<Seen> {
        let folder = self.platform.folder.as_ref();
        // Asked before the set is: one that comes in between is read again.
        let version = folder.map_or(0, |folder| folder.version());
        {
            let sets = self.sets.read();
            if let Some(seen) = sets.known(namespace, &others(&sets), version) {
                return seen;
            }
        }
        let set = folder.map(|folder| folder.now()).unwrap_or_default();
        let mut sets = self.sets.write();
        let others = others(&sets);
        sets.see(namespace, others, version, &set)
    }

    /// The blueprints as a workspace means them: whose its own is, it may say.
    fn seen_by(&self, namespace: &str, workspace: &Value) -> Result<Arc<Seen>, Problem> {
        let spec = workspace.get("spec").unwrap_or(&Value::Null);
        let owner = spec.get("owner").and_then(Value::as_str).unwrap_or_default();
        let roles = self.platform.roles.of(owner);
        let seen = |of: &str| self.seen_with(of, |sets| sets.others(of, workspace, &roles));
        let text = |at: &str| spec.pointer(at).and_then(Value::as_str);
        match (text("/blueprintRef/kind"), text("/blueprintRef/name")) {
            (Some("ClusterBlueprint"), _) => Ok(seen("")),
            (Some("Blueprint"), Some(name)) => {
                let seen = seen(namespace);
                let own = seen.library.get(name).is_some_and(|one| one.layer.kind == LayerKind::Org);
                if own || spec.get("source").and_then(crate::source::blueprint_of).as_deref() == Some(name) {
                    return Ok(seen);
                }
                let all = seen.library.all().filter(|one| one.layer.kind == LayerKind::Org && !one.is_abstract);
                let mut names: Vec<&str> = all.map(|one| one.name.as_str()).collect();
                names.sort_unstable();
                let listed =
                    if names.is_empty() { "none is".to_owned() } else { format!("there are {}", names.join(", ")) };
                Err(Problem {
                    code: Code::BlueprintNotFound,
                    warning: false,
                    blueprint: name.to_owned(),
                    pointer: "/blueprintRef".to_owned(),
                    mark: Mark::start(OVERRIDES),
                    message: format!("no Blueprint of this namespace is named {name}; {listed}"),
                })
            }
            _ => Ok(seen(namespace)),
        }
    }
}

impl Render for Blueprints {
    fn render(&self, desired: &Desired, workspace: &Value, sourced: &Sourced) -> Result<Rendered, Refused> {
        let spec = workspace.get("spec").unwrap_or(&Value::Null);
        not_yet(spec)?;
        let seen = self
            .seen_by(&desired.key.namespace, workspace)
            .map_err(|wrong| of_problems(std::iter::once(&wrong), sourced))?;
        let user = user(spec);
        let name = match spec.pointer("/blueprintRef/name").and_then(Value::as_str) {
            Some(name) => name,
            None if spec.get("image").is_some() => &self.platform.default_blueprint,
            None => return Err(refused("Accepted", "BlueprintNotFound", "it names neither a blueprint nor an image")),
        };
        if let Sourced::Pending(message) = sourced {
            let (condition, reason) = ("BlueprintResolved", "Unknown");
            return Err(Refused { condition, reason, message: message.clone(), queued: true });
        }
        let params: Given = member(spec, "params")?;
        let asked = sourced::Asked {
            seen: &seen,
            name: Some(name),
            namespace: &desired.key.namespace,
            workspace: &desired.key.name,
            spec,
            params: &params,
            sourced,
            fixed: sourced::fixed(workspace, name),
            offers: None,
        };
        let made = self.made(&asked).map_err(|wrong| {
            // What is missing may be in what was not read so far.
            if let Some(message) = self.platform.folder.as_ref().and_then(|folder| folder.pending()) {
                return Refused { condition: "BlueprintResolved", reason: "Unknown", message, queued: true };
            }
            // A blueprint that could not be read is not found: what is wrong with it is what helps.
            let broken = seen.problems.iter().filter(|one| !one.warning);
            of_problems(wrong.list().iter().chain(broken.filter(|one| one.blueprint == name)), sourced)
        })?;
        let built_on = made.built_on().to_owned();
        let Made { effective, fallback } = made;
        let revisions = seen.revisions(effective.layers.iter().map(|layer| &*layer.origin.layer));
        let asked = self.platform.exposing.asked(desired, spec, &self.platform.cluster);
        let mut place = self.place(desired, spec, user)?;
        let timeouts = timeouts(&effective);
        let progress = timeouts.progress.as_ref().and_then(|span| u32::try_from(span.seconds()?).ok());
        place.progress_timeout = progress.unwrap_or(place.progress_timeout);
        if let Asked::For(_, outside) = &asked {
            place.outside = Some(outside.clone());
        }
        let objects = blueprint::objects::objects(&effective, &place)
            .map_err(|wrong| of_problems(wrong.list().iter(), sourced))?;
        let mut notes = objects.notes.clone();
        notes.extend(effective.warnings.iter().map(|one| one.message.clone()));
        if desired.on_delete == crate::desired::OnDelete::Snapshot {
            notes.push(
                "storage.onDelete Snapshot: no snapshots are made here, its volumes stay as with Retain".to_owned(),
            );
        }
        let internal = |_| refused("BlueprintResolved", "BlueprintInvalid", "its objects cannot be written");
        let mut rendered = Rendered {
            blueprint: status(&effective, sourced),
            revisions,
            built_on,
            fallback,
            contested: None,
            page: self.platform.page(&desired.key),
            agent_version: place.agent_version.clone(),
            service_dns: format!("{}.{}.svc.{}", place.id, place.namespace, place.cluster_domain),
            secret: objects.secret.as_ref().map(|need| (need.name.clone(), need.key.clone())),
            reached: self.reached(desired, asked, objects.opening.as_ref()),
            password: self.platform.password.clone(),
            joins: blueprint::objects::joined(&effective, &place),
            web_proxy: web_proxy(&effective),
            activity: activity(&effective),
            ignored_events: texts(&effective, "/ignoreEvents"),
            caps: effective.caps,
            shows_scripts: is_true(&effective, "/showInitScriptStatus"),
            timeouts,
            opens_api: is_true(&effective, "/network/kubernetesAccess"),
            egress: objects.egress.clone(),
            notes,
            asks_image: crate::imaged::Wanted::of(&effective, &place),
            ..Rendered::default()
        };
        let kept = crate::remains::retain_for(spec);
        for mut body in objects.to_json().map_err(internal)? {
            crate::remains::mark(&mut body, &kept);
            if body.get("kind").and_then(Value::as_str) == Some("Pod") {
                let hash = body.pointer("/metadata/annotations").and_then(|all| all.get(crate::key::MANIFEST_HASH));
                rendered.pod_hash = hash.and_then(Value::as_str).unwrap_or_default().to_owned();
                rendered.images = images(&body, &place.agent_image);
                rendered.pod = Object::of(body);
            } else {
                rendered.parts.extend(Object::of(body));
            }
        }
        Ok(rendered)
    }

    fn certify(&self, host: &str) -> Option<Result<pki::Pair, pki::Error>> {
        let (folder, now) = (self.platform.authority.as_ref()?, std::time::SystemTime::now());
        Some(pki::Local::open(folder, now).and_then(|authority| authority.issue(&[host.to_owned()], now)))
    }

    fn told(&self, namespace: &str, name: &str, told: Option<(&Value, &Value)>) -> bool {
        let told = told.map(|(spec, status)| Told::of(spec, status));
        self.sets.write().take(namespace, name, told)
    }

    fn revisions(&self, desired: &Desired, workspace: &Value) -> BTreeMap<String, String> {
        let Ok(seen) = self.seen_by(&desired.key.namespace, workspace) else { return BTreeMap::new() };
        let name = workspace.pointer("/spec/blueprintRef/name").and_then(Value::as_str);
        let chain = seen.library.chain(name.unwrap_or(&self.platform.default_blueprint));
        seen.revisions(chain.into_iter().flatten().map(|one| &*one.layer))
    }

    fn caps(&self, desired: &Desired, workspace: &Value) -> Caps {
        let Ok(seen) = self.seen_by(&desired.key.namespace, workspace) else { return Caps::default() };
        let name = workspace.pointer("/spec/blueprintRef/name").and_then(Value::as_str);
        blueprint::caps(&seen.library, name.unwrap_or(&self.platform.default_blueprint)).unwrap_or_default()
    }

    fn look(&self, namespace: &str, name: &str) -> Option<Looked> {
        self.looked(namespace, name)
    }

    fn finds(&self, addresses: Addresses) {
        *self.network.write() = Arc::new(network(&self.platform, addresses));
    }

    fn usual(&self) -> &str {
        &self.platform.default_blueprint
    }

    fn problems(&self, path: &str, text: &str) -> Vec<Value> {
        self.tried("", path, text).problems.iter().map(Problem::to_json).collect()
    }
}

impl Blueprints {
    fn settings(&self) -> blueprint::Settings {
        blueprint::Settings {
            registry: self.platform.registry.clone(),
            agent_image: Some(self.platform.agent_image.clone()),
        }
    }

    /// The blueprints that a namespace sees, and what is wrong with those that could not be read.
    #[must_use]
    pub fn library(&self, namespace: &str) -> (Library, Vec<Problem>) {
        let seen = self.seen(namespace);
        (seen.library.clone(), seen.problems.clone())
    }

    /// What a workspace of this `spec` would be made of in a namespace; without a name, of the first blueprint there. `offers`
    /// takes what may be chosen of its parameters, whatever is wrong.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn effective(
        &self,
        namespace: &str,
        name: Option<&str>,
        workspace: &str,
        spec: &Value,
        sourced: &Sourced,
        offers: Option<&RefCell<Offers>>,
    ) -> Result<Made, Problems> {
        let seen = self.seen_by(namespace, &json!({ "spec": spec }))?;
        let said = spec.get("params").and_then(Value::as_object).into_iter().flatten();
        let params = &said.map(|(name, value)| (name.clone(), value.clone())).collect();
        let fixed = Given::new();
        self.made(&sourced::Asked { seen: &seen, name, namespace, workspace, spec, params, sourced, fixed, offers })
    }

    /// What reads repositories.
    #[must_use]
    pub fn repositories(&self) -> Option<&Repositories> {
        self.platform.repositories.as_ref()
    }

    /// The blueprint of a workspace that names an image alone.
    #[must_use]
    pub fn usual(&self) -> &str {
        &self.platform.default_blueprint
    }

    /// The volumes that a workspace of this `spec` would have which are not its own alone.
    #[must_use]
    pub fn joins(
        &self,
        namespace: &str,
        workspace: &str,
        spec: &Value,
        made: &Made,
    ) -> Vec<blueprint::objects::Joined> {
        let mut place = Place::new(workspace, namespace, workspace, user(spec), &self.platform.agent_image);
        place.claims.provided = self.platform.volumes;
        blueprint::objects::joined(&made.effective, &place)
    }

    /// What leads to a workspace from outside.
    fn reached(&self, desired: &Desired, asked: Asked, opening: Option<&Opening>) -> Option<Reached> {
        let (kind, route, problem) = match asked {
            Asked::Nothing => return None,
            Asked::Never(kind, why) => (kind, None, Some(why)),
            Asked::For(kind, Outside::LoadBalancer { .. }) => (kind, None, None),
            Asked::For(kind, Outside::Ingress(route) | Outside::Gateway(route)) => (kind, Some(route), None),
        };
        let none = || opening.is_none().then(|| "it declares no port of TCP".to_owned());
        let certificate = route.as_ref().and_then(|route| {
            let own = self.platform.exposing.is_own(route, &desired.key);
            Some(Certificate { secret: route.secret.clone()?, own })
        });
        Some(Reached {
            kind,
            certificate,
            host: route.map(|route| route.host),
            port: opening.map_or(0, |opening| opening.port),
            secure: opening.is_some_and(|opening| opening.secure),
            problem: problem.or_else(none),
        })
    }

    fn place(&self, desired: &Desired, spec: &Value, user: User) -> Result<Place, Refused> {
        let key = &desired.key;
        let mut place = Place::new(&key.name, &key.namespace, &key.name, user, &self.platform.agent_image);
        place.uid = Some(desired.uid.clone());
        place.commit.clone_from(&self.platform.commit);
        place.cluster_domain.clone_from(&self.platform.cluster_domain);
        place.single_node = self.platform.single_node;
        place.claims.provided = self.platform.volumes;
        place.compat_labels = self.platform.compat_labels;
        place.egress_port = self.platform.egress_port;
        place.pull_secrets.clone_from(&self.platform.pull_secrets);
        place.network.clone_from(&self.network.read().clone());
        place.env = member(spec, "env")?;
        place.ports = ports(spec);
        place.image_ports = desired.image.iter().flat_map(|said| said.ports.clone()).collect();
        place.command = member(spec, "command")?;
        place.args = member(spec, "args")?;
        place.pod_labels = member(spec, "podLabels")?;
        if let Some(extended) = spec.pointer("/resources/extended") {
            place.extended = read("resources/extended", extended)?;
        }
        if let Some(placement) = spec.get("placement") {
            place.placement.node_selector = member(placement, "nodeSelector")?;
            place.placement.tolerations = member(placement, "tolerations")?;
            place.placement.affinity = member(placement, "affinity")?;
            place.placement.runtime_class_name = member(placement, "runtimeClassName")?;
            place.placement.host_users = member(placement, "hostUsers")?;
        }
        Ok(place)
    }
}

/// What is said of the network, and what was found.
fn network(platform: &Platform, found: Addresses) -> Network {
    let Addresses { nodes, pods, services, api_server, api_ports } = found;
    let mut network = platform.network.clone();
    network.ingress = Some(platform.exposing.ingress.clone());
    for (said, found) in [
        (&mut network.nodes, nodes),
        (&mut network.pods, pods),
        (&mut network.services, services),
        (&mut network.api_server, api_server),
    ] {
        let new: Vec<String> = found.into_iter().filter(|one| !said.contains(one)).collect();
        said.extend(new);
    }
    if !api_ports.is_empty() {
        network.api_ports = api_ports;
    }
    network
}

fn is_true(effective: &Effective, at: &str) -> bool {
    effective.node.at(&blueprint::Pointer::parse(at)).and_then(Node::bool) == Some(true)
}

/// A list of texts. It was checked with the rest of the blueprint.
fn texts(effective: &Effective, at: &str) -> Vec<String> {
    let node = effective.node.at(&blueprint::Pointer::parse(at));
    node.and_then(|node| Vec::deserialize(node.to_json()).ok()).unwrap_or_default()
}

/// What counts as use. It was checked with the rest of the blueprint.
fn activity(effective: &Effective) -> Activity {
    let node = effective.node.at(&blueprint::Pointer::parse("/activity"));
    node.and_then(|node| Activity::deserialize(node.to_json()).ok()).unwrap_or_default()
}

/// How long it may take. It was checked with the rest of the blueprint.
fn timeouts(effective: &Effective) -> Timeouts {
    let node = effective.node.at(&blueprint::Pointer::parse("/timeouts"));
    node.and_then(|node| Timeouts::deserialize(node.to_json()).ok()).unwrap_or_default()
}

/// Its main route.
fn web_proxy(effective: &Effective) -> Value {
    effective.node.at(&blueprint::Pointer::parse("/webProxy")).map_or(Value::Null, Node::to_json)
}

/// What the status shows of a blueprint.
fn status(effective: &Effective, sourced: &Sourced) -> Value {
    let digest = |node: &Node| hex::encode(Sha256::digest(node.to_json().to_string().as_bytes()));
    let layers: Vec<Value> = effective
        .layers
        .iter()
        .map(|layer| {
            let origin = &layer.origin.layer;
            let name = match sourced {
                Sourced::Read(read) if origin.kind == LayerKind::Repo => {
                    format!("{} of {}", read.file.as_deref().unwrap_or_default(), read.words())
                }
                _ => origin.name.clone(),
            };
            json!({ "kind": origin.kind.as_str(), "name": name, "digest": digest(layer) })
        })
        .collect();
    let mut status = json!({ "name": effective.name, "digest": digest(&effective.node), "layers": layers });
    if let (Some(fields), false) = (status.as_object_mut(), effective.fixed.is_empty()) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fixed: BTreeMap<&String, String> =
            effective.fixed.iter().map(|(name, value)| (name, text(value))).collect();
        fields.insert("fixed".to_owned(), json!(fixed));
    }
    status
}

const OVERRIDES: &str = "spec";
const DEFAULT: &str = "default";
/// What a Workspace is made from that names an image alone: a home, and the usual limits.
const BUILT_IN: &str = "\
blueprint:
  name: default
  description: A home, and an image of one's own
  image: busybox
  storages:
    home:
      type: local
      path: !cel \"'/home/' + normalizeDNS(user.username)\"
      fsOwnerUid: !cel user.uid
      fsOwnerGid: !cel user.gid
";

#[cfg(test)]
mod tests;
