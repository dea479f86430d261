//! What the operator has to know of a pod: what the kubelet and the scheduler say of it.

use crate::imaged::{self, Said};
use crate::sizes::{MAIN, Sizes};
use wire::Node;

/// A pod as a watch shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its uid.
    pub uid: String,
    /// Its name.
    pub name: String,
    /// Where it runs; empty before it is placed.
    pub node: String,
    /// Its address; empty before it has one.
    pub ip: String,
    /// When the kubelet took it, epoch milliseconds.
    pub started_ms: Option<i64>,
    /// When it was made, epoch milliseconds.
    pub created_ms: i64,
    /// When its deletion began; its end is expected `grace_s` later.
    pub deleting_ms: Option<i64>,
    /// It ends because its workspace is to be stopped.
    pub stop_requested: bool,
    /// Where it is in its life.
    pub phase: Phase,
    /// Why it failed as a whole (`Evicted`), with the words for it.
    pub reason: String,
    /// The words.
    pub message: String,
    /// Every container is ready.
    pub ready: bool,
    /// Since when that is so, or not so, epoch milliseconds by the node's clock.
    pub ready_since_ms: Option<i64>,
    /// Why it has no place, in the scheduler's words.
    pub unplaced: Option<String>,
    /// Its containers; those that run before the others first.
    pub containers: Vec<Container>,
    /// Digest of what it was made from.
    pub hash: String,
    /// The uid of the workspace that controls it.
    pub controller: String,
    /// Thousandths of the processors that its containers may use together.
    pub cpu_milli: i128,
    /// The same of bytes of memory.
    pub memory_milli: i128,
    /// What its main container is to be given.
    pub sizes: Sizes,
    /// What its main container has been given.
    pub given: Sizes,
    /// Version of the agent in it, by its label.
    pub agent_version: String,
    /// Why its sizes are not yet what was asked for, in the kubelet's words.
    pub resize: Option<String>,
    /// Thousandths of the processors that a node has to have free for it.
    pub cpu_request: i128,
    /// The same of bytes of memory.
    pub memory_request: i128,
    /// The Secrets by which its images are pulled.
    pub pull_secrets: Vec<String>,
    /// What its image was found to say, where it was asked.
    pub image: Option<Said>,
}

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It does not run yet.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// Its programs have ended, all of them well.
    Succeeded,
    /// Its programs have ended, or it was ended.
    Failed,
    /// Its node does not say.
    Unknown,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// It runs before the others.
    pub init: bool,
    /// How it is.
    pub state: State,
    /// It is ready, or has done what it is for.
    pub ready: bool,
    /// Its agent, or whatever it is to be asked, has answered since it runs.
    pub started: bool,
    /// How often it was started again.
    pub restarts: i64,
    /// How its last run ended.
    pub last: Option<Ended>,
    /// The image that it is to run.
    pub image: String,
    /// Thousandths of the bytes of memory that it may use, where that is bounded.
    pub memory_limit: Option<i128>,
}

/// How a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not run yet: the kubelet's reason and words.
    Waiting(String, String),
    /// It runs.
    Running,
    /// It has ended.
    Ended(Ended),
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(String::new(), String::new())
    }
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// `Completed`, `Error`, `OOMKilled`.
    pub reason: String,
    /// What it left to say.
    pub message: String,
    /// Its exit code.
    pub code: i64,
}

impl Pod {
    /// Reads what is needed.
    #[must_use]
    pub fn of(node: Node<'_>) -> Self {
        let text = |path: &[&str]| words(node, path);
        let condition = |name: &str| {
            let mut all = node.path(&["status", "conditions"]).into_iter().flat_map(Node::items);
            all.find(|condition| words(*condition, &["type"]) == name)
        };
        let unplaced = condition("PodScheduled")
            .filter(|condition| words(*condition, &["status"]) == "False")
            .map(|condition| words(condition, &["message"]));
        let list = |name: &str, init: bool| {
            let statuses = node.path(&["status", name]).into_iter().flat_map(Node::items);
            statuses.map(|status| container(status, init)).collect::<Vec<_>>()
        };
        let pending = condition("PodResizePending")
            .filter(|condition| words(*condition, &["status"]) == "True")
            .map(|condition| format!("{}: {}", words(condition, &["reason"]), words(condition, &["message"])));
        let mut containers = list("initContainerStatuses", true);
        containers.extend(list("containerStatuses", false));
        for container in &mut containers {
            let list = if container.init { "initContainers" } else { "containers" };
            let mut said = node.path(&["spec", list]).into_iter().flat_map(Node::items);
            if let Some(said) = said.find(|one| words(*one, &["name"]) == container.name) {
                container.image = words(said, &["image"]);
                container.memory_limit =
                    said.path(&["resources", "limits", "memory"]).and_then(Node::as_quantity_milli);
            }
        }
        let secrets = node.path(&["spec", "imagePullSecrets"]).into_iter().flat_map(Node::items);
        let mut owners = node.path(&["metadata", "ownerReferences"]).into_iter().flat_map(Node::items);
        let controller = owners.find(|owner| words(*owner, &["kind"]) == "Workspace");
        Self {
            uid: text(&["metadata", "uid"]),
            name: text(&["metadata", "name"]),
            node: text(&["spec", "nodeName"]),
            ip: text(&["status", "podIP"]),
            started_ms: node.path(&["status", "startTime"]).and_then(Node::as_time_ms),
            created_ms: node.path(&["metadata", "creationTimestamp"]).and_then(Node::as_time_ms).unwrap_or_default(),
            deleting_ms: node.path(&["metadata", "deletionTimestamp"]).and_then(Node::as_time_ms),
            stop_requested: text(&["metadata", "labels", cluster::STOP_REQUESTED]) == "true",
            phase: match text(&["status", "phase"]).as_str() {
                "Running" => Phase::Running,
                "Succeeded" => Phase::Succeeded,
                "Failed" => Phase::Failed,
                "Unknown" => Phase::Unknown,
                _ => Phase::Pending,
            },
            reason: text(&["status", "reason"]),
            message: text(&["status", "message"]),
            ready: condition("Ready").is_some_and(|condition| words(condition, &["status"]) == "True"),
            ready_since_ms: condition("Ready")
                .and_then(|condition| condition.get("lastTransitionTime"))
                .and_then(Node::as_time_ms),
            unplaced,
            containers,
            hash: text(&["metadata", "annotations", crate::key::MANIFEST_HASH]),
            controller: controller.map(|owner| words(owner, &["uid"])).unwrap_or_default(),
            cpu_milli: amount(node, "cpu"),
            memory_milli: amount(node, "memory"),
            sizes: main_of(node, &["spec", "containers"]),
            given: main_of(node, &["status", "containerStatuses"]),
            agent_version: text(&["metadata", "labels", AGENT_VERSION]),
            resize: pending,
            cpu_request: request(node, "cpu"),
            memory_request: request(node, "memory"),
            pull_secrets: secrets.map(|one| words(one, &["name"])).collect(),
            image: Said::read(
                &text(&["metadata", "annotations", imaged::PORTS]),
                &text(&["metadata", "annotations", imaged::UNKNOWN]),
            ),
        }
    }

    /// How often its containers were started again.
    #[must_use]
    pub fn restarts(&self) -> i64 {
        self.containers.iter().map(|container| container.restarts).sum()
    }

    /// What it is for runs and has answered once; whether it does so now is another question.
    #[must_use]
    pub fn is_up(&self) -> bool {
        let mut main = self.main().peekable();
        main.peek().is_some() && main.all(|one| one.state == State::Running && one.started)
    }

    /// The containers that run beside each other.
    pub fn main(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| !container.init)
    }
}

fn container(status: Node<'_>, init: bool) -> Container {
    let ended = |at: &str| {
        let end = status.path(&[at, "terminated"])?;
        let code = end.get("exitCode").and_then(Node::as_i64).unwrap_or_default();
        Some(Ended { reason: words(end, &["reason"]), message: words(end, &["message"]), code })
    };
    let state = if let Some(end) = ended("state") {
        State::Ended(end)
    } else if status.path(&["state", "running"]).is_some() {
        State::Running
    } else {
        let waiting = |name| words(status, &["state", "waiting", name]);
        State::Waiting(waiting("reason"), waiting("message"))
    };
    Container {
        name: words(status, &["name"]),
        init,
        state,
        ready: status.get("ready").and_then(Node::as_bool).unwrap_or_default(),
        started: status.get("started").and_then(Node::as_bool).unwrap_or_default(),
        restarts: status.get("restartCount").and_then(Node::as_i64).unwrap_or_default(),
        last: ended("lastState"),
        ..Container::default()
    }
}

/// The sizes of the main container, in this list.
fn main_of(node: Node<'_>, at: &[&str]) -> Sizes {
    let mut all = node.path(at).into_iter().flat_map(Node::items);
    all.find(|one| words(*one, &["name"]) == MAIN).map(Sizes::of_node).unwrap_or_default()
}

/// How much of a resource the containers of a pod may use together, with those that go on beside them, in thousandths.
fn amount(node: Node<'_>, resource: &str) -> i128 {
    let list = |name: &str| node.path(&["spec", name]).into_iter().flat_map(Node::items);
    let beside = list("initContainers").filter(|one| words(*one, &["restartPolicy"]) == "Always");
    let of = |container: Node<'_>| {
        let kind = |kind: &str| container.path(&["resources", kind, resource]).and_then(Node::as_quantity_milli);
        kind("limits").or_else(|| kind("requests")).unwrap_or_default()
    };
    list("containers").chain(beside).map(of).fold(0, i128::saturating_add)
}

/// How much of a resource a node has to have free for a pod, in thousandths.
fn request(node: Node<'_>, resource: &str) -> i128 {
    let of =
        |container: Node<'_>| container.path(&["resources", "requests", resource]).and_then(Node::as_quantity_milli);
    let list = |name: &str| node.path(&["spec", name]).into_iter().flat_map(Node::items);
    let goes_on = |one: &Node<'_>| words(*one, &["restartPolicy"]) == "Always";
    let beside = list("containers").chain(list("initContainers").filter(goes_on));
    let together = beside.filter_map(of).fold(0, i128::saturating_add);
    let before = list("initContainers").filter(|one| !goes_on(one)).filter_map(of).max();
    together.max(before.unwrap_or_default())
}

/// On a pod: the version of the agent in it.
const AGENT_VERSION: &str = "quarterdeck.dev/agent-version";

/// A text; empty when there is none.
pub(crate) fn words(node: Node<'_>, path: &[&str]) -> String {
    node.path(path).and_then(Node::as_str).map(std::borrow::Cow::into_owned).unwrap_or_default()
}
