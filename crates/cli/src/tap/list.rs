//! `qd tap list`: agents in pods: the ephemeral containers of taps, whoever started them. One that has ended cannot be
//! taken out of its pod: it is counted. Those of this user's running taps carry the id that `qd tap stop` takes.

use std::io::Write;

use base::{Clock, SystemClock};
use catalog::Kind;
use cluster::PageQuery;
use serde_json::{Value, json};
use wire::Format;

use super::running::{self, Folder, short};
use crate::Desk;
use crate::error::Error;
use crate::grammar::Output;
use crate::grammar::tap::ListArgs;
use crate::print::Grid;

/// An agent's container.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: String,
    /// `running`, `waiting`, `ended`, or `added` before the kubelet said anything.
    pub(super) state: &'static str,
    /// Why it waits or ended.
    reason: String,
    /// Since when it is so, as the kubelet says.
    since: String,
    /// The public key of whoever started it.
    pub(super) owner: String,
    image: String,
    /// Agents that ended in this pod.
    past: usize,
    /// The tap of this user that leads it.
    tap: String,
}

impl Agent {
    /// What has to be known of it to end it.
    pub(super) fn known(&self) -> running::Agent {
        let Self { namespace, pod, container, .. } = self;
        running::Agent { namespace: namespace.clone(), pod: pod.clone(), container: container.clone() }
    }
}

/// Of which pods.
pub(super) struct Which<'a> {
    /// The context's unless said.
    pub(super) namespace: Option<&'a str>,
    /// Of every namespace.
    pub(super) all: bool,
    pub(super) selector: Option<&'a str>,
}

/// Runs `qd tap list`.
///
/// # Errors
/// When pods cannot be listed, or stdout fails.
pub(super) async fn list(desk: &Desk, args: &ListArgs, output: Output, out: &mut impl Write) -> Result<(), Error> {
    let which =
        Which { namespace: args.namespace.as_deref(), all: args.all_namespaces, selector: args.selector.as_deref() };
    let mut found = agents(desk, &which).await?;
    found.retain(|agent| args.ended || agent.state != "ended");
    let folder = Folder::open(&desk.state).map_err(|source| running::failed("look for taps", source))?;
    let taps = running::found(&folder).await;
    for agent in &mut found {
        let leads = |tap: &&running::Found| tap.board.pods.iter().any(|pod| pod.container == agent.container);
        agent.tap = taps.iter().find(leads).map(|tap| short(&tap.board.id).to_owned()).unwrap_or_default();
    }
    print(&found, output, SystemClock.now_ms(), out)?;
    // Those whose pods are elsewhere, or did not come yet, have no row.
    for tap in taps.iter().filter(|tap| !found.iter().any(|agent| agent.tap == short(&tap.board.id))) {
        let board = &tap.board;
        let (id, pods) = (short(&board.id), board.pods.len());
        eprintln!("qd: tap {id} runs in {} ({}): {pods} pods, process {}", board.cluster, board.title, board.pid);
    }
    Ok(())
}

impl Which<'_> {
    /// The namespace that is looked into, unless all are.
    pub(super) fn namespace(&self, desk: &Desk) -> Result<Option<String>, Error> {
        let own = desk.cluster()?.context().namespace.clone().unwrap_or_else(|| "default".to_owned());
        Ok((!self.all).then(|| self.namespace.map_or(own, str::to_owned)))
    }
}

/// The agents of these pods, whoever started them, and those that have ended.
pub(super) async fn agents(desk: &Desk, which: &Which<'_>) -> Result<Vec<Agent>, Error> {
    let cluster = desk.cluster()?;
    let namespace = which.namespace(desk)?;
    let kind = Kind::builtin("pods").ok_or_else(|| Error::Usage("pods are not known".to_owned()))?;
    let (reader, mut token, mut agents) = (cluster.reader(), String::new(), Vec::new());
    loop {
        let query = PageQuery {
            namespace: namespace.as_deref(),
            limit: 250,
            token: &token,
            selector: which.selector.unwrap_or_default(),
            fields: "",
            version: "",
            format: Format::Json,
        };
        let bytes = reader.page(&kind, query).await.map_err(Error::of)?;
        let page: Value =
            serde_json::from_slice(&bytes).map_err(|error| Error::of(cluster::Error::Decode(error.to_string())))?;
        agents.extend(page.get("items").and_then(Value::as_array).into_iter().flatten().flat_map(of_pod));
        token = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(agents);
        }
    }
}

fn of_pod(pod: &Value) -> Vec<Agent> {
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let items = |path: &str| pod.pointer(path).and_then(Value::as_array).into_iter().flatten();
    let mut agents: Vec<Agent> = items("/spec/ephemeralContainers")
        .filter(|container| text(container, "/name").starts_with(NAME))
        .map(|container| {
            let name = text(container, "/name");
            let status = items("/status/ephemeralContainerStatuses").find(|status| text(status, "/name") == name);
            let state = status.and_then(|status| status.get("state"));
            let (state, about) = STATES
                .iter()
                .find_map(|(there, shown)| Some((*shown, state?.get(there)?)))
                .unwrap_or(("added", &Value::Null));
            let since = text(about, "/finishedAt");
            Agent {
                namespace: text(pod, "/metadata/namespace"),
                pod: text(pod, "/metadata/name"),
                container: name,
                state,
                reason: text(about, "/reason"),
                since: if since.is_empty() { text(about, "/startedAt") } else { since },
                owner: text(container, "/args/2"),
                image: text(container, "/image"),
                past: 0,
                tap: String::new(),
            }
        })
        .collect();
    let past = agents.iter().filter(|agent| agent.state == "ended").count();
    agents.iter_mut().for_each(|agent| agent.past = past);
    agents
}

fn print(agents: &[Agent], output: Output, now_ms: u64, out: &mut impl Write) -> Result<(), Error> {
    let objects = || {
        agents.iter().map(|one| {
            json!({
                "namespace": one.namespace, "pod": one.pod, "container": one.container, "state": one.state,
                "reason": one.reason, "since": one.since, "owner": one.owner, "image": one.image, "past": one.past,
                "tap": one.tap,
            })
        })
    };
    match output {
        Output::Json => writeln!(out, "{}", Value::from(objects().collect::<Vec<_>>()))?,
        Output::Jsonl => objects().try_for_each(|one| writeln!(out, "{one}"))?,
        Output::Table | Output::Wide | Output::Csv => {
            let mut grid = Grid::new(9);
            let heading = ["NAMESPACE", "POD", "CONTAINER", "STATE", "REASON", "AGE", "OWNER", "TAP", "PAST"];
            heading.iter().for_each(|cell| grid.push(cell));
            for one in agents {
                let owner: String = one.owner.chars().take(8).collect();
                let age = age(&one.since, now_ms);
                let past = one.past.to_string();
                [&one.namespace, &one.pod, &one.container, one.state, &one.reason, &age, &owner, &one.tap, &past]
                    .iter()
                    .for_each(|cell| grid.push(cell));
            }
            if output == Output::Csv { grid.csv(out)? } else { grid.aligned(out)? }
        }
        Output::Yaml | Output::Name | Output::FlatJson => {
            return Err(Error::Usage("agents are printed as table, json, jsonl or csv".to_owned()));
        }
    }
    let mut full: Vec<&Agent> = agents.iter().filter(|one| one.past >= MANY).collect();
    full.dedup_by_key(|one| (&one.namespace, &one.pod));
    for one in full {
        eprintln!("qd: {}/{} has {} ended agents: they go with the pod", one.namespace, one.pod, one.past);
    }
    Ok(())
}

/// How long ago a time of the API was.
fn age(since: &str, now_ms: u64) -> String {
    let Ok(then) = since.parse::<jiff::Timestamp>() else { return String::new() };
    base::age::age(i64::try_from(now_ms).unwrap_or(i64::MAX), then.as_millisecond())
}

/// What the kubelet calls it, and what we do.
const STATES: [(&str, &str); 3] = [("running", "running"), ("terminated", "ended"), ("waiting", "waiting")];
/// Containers of taps are called so.
const NAME: &str = "qd-tap-";
/// So many ended agents in a pod are told.
const MANY: usize = 10;

#[cfg(test)]
mod tests;
