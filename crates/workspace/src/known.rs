//! What a team's policy knows of workspaces and grants: kept by watches of each cluster, so that a decision asks nobody.

mod directory;
mod sharing;

use crate::follow::{self, Change, Watched};
use crate::index::Item;
use crate::key::Key;
use crate::places::Places;
use base::ClusterName;
use cluster::Cluster;
use crd::Time;
use crd::grant::{Action, Asked, Denied, Grant, Limit, Subject, Wanted as Limits};
use directory::Directory;
use parking_lot::RwLock;
use policy::team::{Wanted, Workspaces};
use policy::{Who, WorkspaceFacts};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is known. One per process.
pub struct Known {
    /// Grants of this namespace may name other namespaces.
    system_namespace: String,
    /// Doors look for workspaces here.
    places: Places,
    clusters: RwLock<HashMap<ClusterName, Seen>>,
}

/// What was seen of one cluster.
#[derive(Default)]
struct Seen {
    workspaces: Directory,
    grants: BTreeMap<Key, Grant>,
    /// All of both was told once.
    workspaces_whole: bool,
    grants_whole: bool,
    /// What may not be watched, and why.
    refused: HashMap<Watched, String>,
    /// Of which nothing can be heard: a grant that was taken away since would still allow.
    silent: HashSet<Watched>,
}

#[derive(Clone, Debug, Default)]
struct Own {
    owner: String,
    org: String,
    labels: BTreeMap<String, String>,
    shared: sharing::Shared,
    /// What names it in hosts; empty until its operator has taken it up.
    route: String,
    /// The name that it asks for, and the port that is reached by it.
    alias: Option<(String, u16)>,
    /// When it was made (RFC 3339).
    created: String,
}

impl Known {
    /// Nothing yet.
    #[must_use]
    pub fn new(system_namespace: &str) -> Self {
        let (places, clusters) = Default::default();
        Self { system_namespace: system_namespace.to_owned(), places, clusters }
    }

    /// Where workspaces run, by the same watches.
    #[must_use]
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    /// Follows a cluster until this future is dropped. What may not be watched is tried again, more rarely each time: nothing tells
    /// that a right has been given.
    pub async fn follow(&self, cluster: Cluster) {
        let name = cluster.name().clone();
        self.clusters.write().entry(name.clone()).or_default();
        let (tell, mut told) = mpsc::channel(256);
        let mut watches = JoinSet::new();
        for watched in [Watched::Workspaces, Watched::Grants] {
            let (reader, tell) = (cluster.reader(), tell.clone());
            watches.spawn(async move {
                let mut pause = SOON;
                while !tell.is_closed() {
                    let began = Instant::now();
                    follow::run(reader.clone(), watched, None, tell.clone()).await;
                    pause = if began.elapsed() > RARELY { SOON } else { pause };
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RARELY);
                }
            });
        }
        drop(tell);
        while let Some(change) = told.recv().await {
            self.take(&name, change);
        }
    }

    /// Why it is not known whose workspaces are whose in a cluster, if it is not.
    #[must_use]
    pub fn missing(&self, cluster: &ClusterName) -> Option<String> {
        let clusters = self.clusters.read();
        match clusters.get(cluster) {
            None => Some("it is not followed".to_owned()),
            Some(seen) if seen.is_whole() => None,
            Some(seen) if !seen.silent.is_empty() => Some("its API server does not answer".to_owned()),
            Some(seen) if !seen.refused.is_empty() => seen.refused.values().next().cloned(),
            Some(_) => Some("its workspaces and grants are not known yet".to_owned()),
        }
    }

    /// The workspace that a name in hosts means; `None` where two say that it is theirs.
    #[must_use]
    pub fn of_route(&self, route: &str) -> Option<(ClusterName, Key)> {
        let clusters = self.clusters.read();
        let mut of =
            clusters.iter().flat_map(|(cluster, seen)| seen.workspaces.of_route(route).map(move |key| (cluster, key)));
        let (cluster, key) = of.next()?;
        of.next().is_none().then(|| (cluster.clone(), key.clone()))
    }

    /// The workspace that has an alias, and the port that is meant: of all that ask for it, the one that was made first.
    #[must_use]
    pub fn of_alias(&self, alias: &str) -> Option<(ClusterName, Key, u16)> {
        let clusters = self.clusters.read();
        let asks = clusters.iter().flat_map(|(cluster, seen)| {
            let port = |own: &Own| own.alias.as_ref().map(|(_, port)| *port);
            seen.workspaces
                .of_alias(alias)
                .filter_map(move |(key, own)| Some(((&own.created, cluster, key), port(own)?)))
        });
        let ((_, cluster, key), port) = asks.min()?;
        Some((cluster.clone(), key.clone(), port))
    }

    /// The alias that a workspace has, and the port that is meant.
    #[must_use]
    pub fn alias_of(&self, cluster: &ClusterName, key: &Key) -> Option<(String, u16)> {
        let alias = self.clusters.read().get(cluster)?.workspaces.get(key)?.alias.clone()?;
        let (at, holder, _) = self.of_alias(&alias.0)?;
        (at == *cluster && holder == *key).then_some(alias)
    }

    fn take(&self, cluster: &ClusterName, change: Change) {
        let object = change.workspace();
        self.places.take_parsed(cluster, &change, object.as_ref());
        let mut clusters = self.clusters.write();
        let seen = clusters.entry(cluster.clone()).or_default();
        match change {
            Change::Seen(Item::Workspace { key, .. }) => {
                seen.workspaces.insert(key, own(&object.unwrap_or_default()));
            }
            Change::Gone(Item::Workspace { key, .. }) => {
                seen.workspaces.remove(&key);
            }
            Change::Seen(Item::Grant { key, object: Some(object) }) => match Grant::deserialize(object) {
                Ok(grant) => {
                    seen.grants.insert(key, grant);
                }
                Err(error) => {
                    // One that cannot be read allows nothing.
                    tracing::warn!(%error, ?key, "a grant cannot be read");
                    seen.grants.remove(&key);
                }
            },
            Change::Gone(Item::Grant { key, .. }) => {
                seen.grants.remove(&key);
            }
            Change::Whole(watched) => {
                seen.silent.remove(&watched);
                seen.whole(watched, true);
            }
            Change::Silent(watched) => {
                tracing::warn!(?watched, %cluster, "nobody tells of it: what a team's policy knew allows nothing until it is told again");
                seen.silent.insert(watched);
            }
            Change::Back(watched) => {
                seen.silent.remove(&watched);
            }
            Change::Refused(watched, error) => {
                if seen.refused.insert(watched, error.to_string()).is_none() {
                    tracing::warn!(%error, ?watched, %cluster, "a team's policy works without a watch until it may be had");
                }
                // What was known is not known any more: the next watch tells it all.
                seen.whole(watched, false);
            }
            Change::Seen(_) | Change::Gone(_) => {}
        }
    }
}

impl Own {
    fn alias_name(&self) -> &str {
        self.alias.as_ref().map_or("", |(name, _)| name)
    }
}

impl Seen {
    /// All of it was told, and is told of.
    fn is_whole(&self) -> bool {
        self.was_whole() && self.silent.is_empty()
    }

    fn was_whole(&self) -> bool {
        self.workspaces_whole && self.grants_whole
    }

    fn whole(&mut self, watched: Watched, whole: bool) {
        match watched {
            Watched::Workspaces => self.workspaces_whole = whole,
            Watched::Grants => self.grants_whole = whole,
            _ => return,
        }
        if whole {
            self.refused.remove(&watched);
        } else if watched == Watched::Workspaces {
            self.workspaces.clear();
        } else {
            self.grants.clear();
        }
    }
}

impl Workspaces for Known {
    fn look(&self, who: &Who, wanted: &Wanted<'_>, now_ms: u64) -> WorkspaceFacts {
        let clusters = self.clusters.read();
        let Some(seen) = clusters.get(&wanted.object.cluster).filter(|seen| seen.was_whole()) else {
            return WorkspaceFacts { unknown: true, ..WorkspaceFacts::default() };
        };
        let key = Key { namespace: wanted.object.namespace.clone(), name: wanted.object.name.clone() };
        let own = seen.workspaces.get(&key).cloned().unwrap_or_default();
        if !seen.is_whole() {
            // Whose it is stays so. What others were given may have been taken from them since.
            let (owner, org, nearest) = (own.owner, own.org, SILENT.to_owned());
            return WorkspaceFacts { owner, org, nearest, ..WorkspaceFacts::default() };
        }
        let (grant, nearest) = match self.granted(seen, who, wanted, &own, now_ms) {
            Ok(grant) => (Some(grant), String::new()),
            Err(denied) => (None, denied.to_string()),
        };
        let sharing = own.shared.with(who, wanted, &own.org, now(now_ms));
        WorkspaceFacts { owner: own.owner, org: own.org, grant, nearest, sharing, unknown: false }
    }
}

impl Known {
    fn granted(&self, seen: &Seen, who: &Who, wanted: &Wanted<'_>, own: &Own, now_ms: u64) -> Result<String, Denied> {
        let orgs: Vec<String> = Some(who.org.clone()).filter(|org| !org.is_empty()).into_iter().collect();
        let in_use = |grant: &Grant| grant.status.as_ref().and_then(|status| status.in_use).unwrap_or_default();
        let port: Vec<u16> = wanted.port.into_iter().collect();
        let images: Vec<&str> = Some(wanted.image).filter(|image| !image.is_empty()).into_iter().collect();
        let mut last = Denied::Nobody;
        for verb in wanted.verbs {
            let Some(action) = Action::ALL.iter().copied().find(|action| action.as_str() == *verb) else { continue };
            let asked = Asked {
                subject: Subject { user: &who.name, roles: &who.roles, orgs: &orgs, agent: None },
                action,
                namespace: &wanted.object.namespace,
                labels: &own.labels,
                wanted: Limits {
                    images: &images,
                    blueprint: Some(wanted.blueprint).filter(|name| !name.is_empty()),
                    ports: &port,
                    ..Limits::default()
                },
                now: now(now_ms),
            };
            match crd::grant::decide(seen.grants.values(), &self.system_namespace, &in_use, &asked) {
                Ok(grant) => return Ok(name_of(grant)),
                // What it would take is known once it is rendered: the operator compares that with the limits.
                Err(Denied::Limit { grant, limit: Limit::Unknown(_) }) if action == Action::Launch => return Ok(grant),
                Err(denied) => last = denied,
            }
        }
        Err(last)
    }
}

fn name_of(grant: &Grant) -> String {
    let meta = &grant.metadata;
    let name = meta.name.as_deref().unwrap_or_default();
    format!("{}/{name}", meta.namespace.as_deref().unwrap_or_default())
}

fn own(object: &Value) -> Own {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (labels, shared) = (crate::book::launch::labels(object), sharing::Shared::of(object));
    let port =
        object.pointer("/status/webProxy/port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let alias = Some(text("/status/webProxy/alias")).filter(|alias| !alias.is_empty()).zip(port);
    let created = text("/metadata/creationTimestamp");
    let (owner, org, route) = (text("/spec/owner"), text("/spec/org"), text("/status/routeID"));
    Own { owner, org, labels, shared, route, alias, created }
}

fn now(now_ms: u64) -> Time {
    i64::try_from(now_ms).ok().and_then(Time::from_millis).unwrap_or(Time(jiff::Timestamp::UNIX_EPOCH))
}

/// Why nobody is allowed by what others gave.
const SILENT: &str = "the API server does not answer, so that nobody knows which grants and shares still hold";
/// What may not be watched is tried again after this, at first.
const SOON: Duration = Duration::from_secs(2);
/// And so rarely at last.
const RARELY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
