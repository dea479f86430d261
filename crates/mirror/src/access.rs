//! What we may in a cluster: asked once it is known what it serves, and again when something says that it has changed.
//!
//! ```text
//! everything? ── yes ─► nothing more to ask
//!      no ─► the rules of each known namespace ─► for the whole cluster only what those do not rule out
//! ```
//!
//! Three answers: allowed, denied, not known. What is not known is tried, and the API server says.

use crate::place::Place;
use catalog::{Act, Kind};
use cluster::{Error, Reader, Right, Rules};
use futures::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

mod place;

/// What we may.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Access {
    everything: bool,
    /// In the whole cluster, by kind.
    cluster: HashMap<(String, Right), bool>,
    namespaces: BTreeMap<String, Rules>,
    /// Single answers where the rules are not all: by kind, then by namespace.
    single: HashMap<(String, Right), BTreeMap<String, bool>>,
    /// What is told of each kind, worked out once.
    told: HashMap<String, Limits>,
    places: Vec<Vec<String>>,
}

/// The rights on a kind that are denied in the whole cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) denied: Vec<String>,
    /// Where they are allowed all the same: an index of [`Access::places`].
    pub(crate) only_in: BTreeMap<String, u32>,
}

impl Access {
    /// Works out what is told of each kind.
    fn tell(mut self, kinds: &[Arc<Kind>]) -> Self {
        for kind in kinds {
            let limits = self.limits(kind);
            self.told.insert(kind.id.clone(), limits);
        }
        self
    }

    /// Whether we have a right in a namespace, or (when that is empty) in the whole cluster. `None`: not known.
    pub(crate) fn allows(&self, kind: &Kind, right: Right, namespace: &str) -> Option<bool> {
        if self.everything {
            return Some(true);
        }
        let whole = self.cluster.get(&(kind.id.clone(), right)).copied();
        if whole == Some(true) || namespace.is_empty() || !kind.namespaced {
            return whole;
        }
        self.within(kind, right, namespace)
    }

    /// Whether a right that is not there in the whole cluster is there in a namespace.
    fn within(&self, kind: &Kind, right: Right, namespace: &str) -> Option<bool> {
        let single = self.single.get(&(kind.id.clone(), right)).and_then(|answers| answers.get(namespace)).copied();
        single.or_else(|| self.namespaces.get(namespace)?.allow(kind, right))
    }

    /// The rules of these namespaces are known, or need not be.
    pub(crate) fn knows(&self, namespaces: &[String]) -> bool {
        self.everything || namespaces.iter().all(|name| self.namespaces.contains_key(name))
    }

    /// The rows of a kind may not be had there in any way.
    pub(crate) fn denies_rows(&self, kind: &Kind, namespace: &str) -> bool {
        [LIST, WATCH].into_iter().all(|right| self.allows(kind, right, namespace) == Some(false))
    }

    /// What is denied of a kind.
    pub(crate) fn told(&self, kind: &str) -> Limits {
        self.told.get(kind).cloned().unwrap_or_default()
    }

    /// Sets of namespaces that [`Limits`] name.
    pub(crate) fn places(&self) -> &[Vec<String>] {
        &self.places
    }

    fn limits(&mut self, kind: &Kind) -> Limits {
        let mut limits = Limits::default();
        for right in rights(kind) {
            if self.allows(kind, right, "") != Some(false) {
                continue;
            }
            limits.denied.push(right.to_string());
            if !kind.namespaced {
                continue;
            }
            // Not known is not denied.
            let open = |name: &&String| self.within(kind, right, name) != Some(false);
            let names: Vec<String> = self.namespaces.keys().filter(open).cloned().collect();
            if names.is_empty() {
                continue;
            }
            let at = self.places.iter().position(|known| *known == names).unwrap_or(self.places.len());
            if at == self.places.len() {
                self.places.push(names);
            }
            limits.only_in.insert(right.to_string(), u32::try_from(at).unwrap_or(u32::MAX));
        }
        limits
    }

    /// What the rules of these namespaces leave open because they are not all.
    fn unknown(&self, kinds: &[Arc<Kind>], namespaces: &[String]) -> Vec<Question> {
        let mut questions = Vec::new();
        for name in namespaces {
            if !self.namespaces.get(name).is_some_and(Rules::is_incomplete) {
                continue;
            }
            for kind in kinds.iter().filter(|kind| kind.namespaced) {
                let open = rights(kind).into_iter().filter(|right| self.allows(kind, *right, name).is_none());
                questions.extend(open.map(|right| (kind.clone(), right, name.clone())));
            }
        }
        questions.truncate(MOST_QUESTIONS);
        questions
    }

    fn is_limited(&self) -> bool {
        !self.everything
    }
}

/// The rights that somebody may miss here: those of rows, and of the acts that there are.
fn rights(kind: &Kind) -> Vec<Right> {
    let mut rights = vec![LIST];
    if kind.has_verb("watch") {
        rights.push(WATCH);
    }
    rights.extend(kind.acts.iter().map(|act| match act {
        Act::Delete => Right::of("delete"),
        Act::Scale => Right::on("patch", "scale"),
        Act::Restart => Right::of("patch"),
        Act::Reveal => Right::of("get"),
    }));
    rights
}

/// Asks, and asks again: when the kinds are others, when a denial comes or goes, when the cluster is back, and every few
/// minutes where something is denied, because nobody tells of a new role.
pub(crate) async fn follow(place: Arc<Place>) {
    let (mut stirred, mut back) = (place.stirred.subscribe(), place.back.subscribe());
    if place.discovered.subscribe().wait_for(|known| *known).await.is_err() {
        return;
    }
    loop {
        stirred.mark_unchanged();
        back.mark_unchanged();
        let limited = match probe(&place).await {
            Ok(access) => {
                let limited = access.is_limited();
                place.set_access(access);
                limited
            }
            Err(error) => {
                tracing::debug!(%error, cluster = %place.name(), "rights are not known");
                place.rights_asked.send_replace(true);
                true
            }
        };
        tokio::select! {
            moved = stirred.changed() => if moved.is_err() { return },
            _ = back.changed() => {}
            () = tokio::time::sleep(AGAIN), if limited => {}
        }
        // Changes come in flocks.
        tokio::time::sleep(FLOCK).await;
    }
}

async fn probe(place: &Arc<Place>) -> Result<Access, Error> {
    let reader = place.reader().in_background();
    if within(place, reader.may_everything()).await? {
        return Ok(Access { everything: true, ..Access::default() });
    }
    let mut wanted = place.asked_namespaces();
    wanted.extend(place.cluster.context().namespace.clone());
    wanted.sort();
    wanted.dedup();
    let mut names = place.known_namespaces();
    names.extend(wanted.iter().cloned());
    names.sort();
    names.dedup();
    names.truncate(MOST_NAMESPACES);
    let namespaces = rules(place, &reader, names).await;
    let kinds = place.known.read().kinds.clone();
    let mut cluster = HashMap::new();
    let mut open = Vec::new();
    for kind in kinds.iter() {
        for right in rights(kind) {
            // What holds in the whole cluster is among the rules of every namespace.
            if namespaces.values().any(|rules| rules.allow(kind, right) == Some(false)) {
                cluster.insert((kind.id.clone(), right), false);
            } else {
                open.push((kind.clone(), right));
            }
        }
    }
    let questions = open.into_iter().map(|(kind, right)| (kind, right, String::new())).collect();
    for (kind, right, _, allowed) in ask(place, &reader, questions).await {
        cluster.insert((kind.id.clone(), right), allowed);
    }
    let mut access = Access { cluster, namespaces, ..Access::default() };
    for (kind, right, namespace, allowed) in ask(place, &reader, access.unknown(&kinds, &wanted)).await {
        access.single.entry((kind.id.clone(), right)).or_default().insert(namespace, allowed);
    }
    Ok(access.tell(&kinds))
}

/// A right on a kind in a namespace; empty for the whole cluster.
type Question = (Arc<Kind>, Right, String);

/// Asks single questions; what is not answered is left out.
async fn ask(place: &Arc<Place>, reader: &Reader, questions: Vec<Question>) -> Vec<(Arc<Kind>, Right, String, bool)> {
    let one = |(kind, right, namespace): Question| async move {
        (within(place, reader.may(right, &kind, &namespace)).await, kind, right, namespace)
    };
    let mut answers = futures::stream::iter(questions).map(one).buffer_unordered(PARALLEL);
    let mut known = Vec::new();
    while let Some((answer, kind, right, namespace)) = answers.next().await {
        match answer {
            Ok(allowed) => known.push((kind, right, namespace, allowed)),
            Err(error) => tracing::debug!(%error, kind = %kind.id, %right, namespace, "a right is not known"),
        }
    }
    known
}

async fn rules(place: &Arc<Place>, reader: &Reader, names: Vec<String>) -> BTreeMap<String, Rules> {
    let ask = |name: String| async move { (within(place, reader.rules(&name)).await, name) };
    let mut answers = futures::stream::iter(names).map(ask).buffer_unordered(PARALLEL);
    let mut found = BTreeMap::new();
    while let Some((answer, name)) = answers.next().await {
        match answer {
            Ok(rules) => {
                found.insert(name, rules);
            }
            Err(error) => tracing::debug!(%error, namespace = name, "the rules are not known"),
        }
    }
    found
}

async fn within<T>(place: &Arc<Place>, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Error::TimedOut { server: place.server(), seconds: ANSWER.as_secs() };
    tokio::time::timeout(ANSWER, asked).await.map_err(late)?
}

const LIST: Right = Right::of("list");
const WATCH: Right = Right::of("watch");
/// Questions at a time.
const PARALLEL: usize = 16;
/// For each question, its turn behind everything else included.
const ANSWER: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_secs(300);
const FLOCK: Duration = Duration::from_secs(2);
/// Single questions about namespaces at a time of asking.
const MOST_QUESTIONS: usize = 1000;
/// Namespaces whose rules are asked for.
const MOST_NAMESPACES: usize = 200;

#[cfg(test)]
mod tests;
