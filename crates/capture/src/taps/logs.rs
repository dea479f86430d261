//! What the logs of a trace's pods say of it: where its requests went is known of its records, and which lines are of it by
//! the ids in them.

use super::read::of_trace;
use super::{Taps, TapsError};
use api::ErrorBody;
use api::tap::{TapTraceLine, TapTraceLogs, TapUnread};
use base::{Coded, RequestId};
use catalog::Kind;
use cluster::{Acting, Target};
use futures::future::join_all;
use memchr::memmem::Finder;
use policy::Permit;
use policy::action::{ObjectTarget, PodLogs, Reads, TapPayload};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Taps {
    /// Whose logs may name a trace, by the records of it: the pods that its requests came from and went to, and the ids; with
    /// the time of its first record, epoch microseconds.
    ///
    /// # Errors
    /// When the decision cannot be written down, or the tap is not there.
    pub async fn traced(&self, permit: Permit<TapPayload>) -> Result<(PodLogs, i64), TapsError> {
        let (cluster, trace) = (permit.target().tap.cluster.clone(), permit.target().trace.clone());
        permit.settled().await?;
        let one = self.0.find(&permit.target().tap.tap)?;
        let wanted = trace.clone();
        let found = tokio::task::spawn_blocking(move || of_trace(&one, &wanted, true)).await;
        let found = found.map_err(|error| TapsError::Unreadable(std::io::Error::other(error)))?;
        let pod = |(namespace, name): (String, String)| ObjectTarget {
            cluster: cluster.clone(),
            kind: "pods".to_owned(),
            namespace,
            name,
        };
        let pods = pods(&found.records).into_iter().take(MOST_PODS).map(pod).collect();
        let first = found.records.iter().filter_map(|one| one.get("ts")?.as_i64()).min().unwrap_or_default();
        Ok((PodLogs { pods, ids: ids(&trace, &found.records) }, first))
    }

    /// The lines of these pods' logs that name one of the ids, from a moment before that time on.
    ///
    /// # Errors
    /// When the decision cannot be written down, or the cluster is not there. A pod whose log cannot be read is told.
    pub async fn logs(&self, permit: Permit<PodLogs>, first_us: i64) -> Result<TapTraceLogs, TapsError> {
        permit.settled().await?;
        let PodLogs { pods, ids } = permit.target().clone();
        let mut told = TapTraceLogs { ids, ..TapTraceLogs::default() };
        let Some(cluster) = pods.first().map(|pod| pod.cluster.clone()) else {
            permit.finish(policy::Outcome::Done { message: "no pod is known of it".to_owned() });
            return Ok(told);
        };
        let acting = self.0.mirror.of(permit.principal()).cluster(&cluster)?.acting(&permit);
        let kind = Kind::builtin("pods").ok_or(crate::Error::Unsupported)?;
        let since = jiff::Timestamp::from_microsecond(first_us.saturating_sub(BEFORE_US)).unwrap_or_default();
        let look = Look { acting, kind, since: since.to_string(), ids: told.ids.clone() };
        let mut found = Vec::new();
        for few in pods.chunks(AT_ONCE) {
            found.extend(join_all(few.iter().map(|pod| look.pod(pod))).await);
        }
        for (pod, found) in found {
            match found {
                Ok((lines, more)) => {
                    told.pods.push(pod);
                    told.lines.extend(lines);
                    told.more |= more;
                }
                Err(error) => {
                    let error = ErrorBody::of(&error as &dyn Coded, RequestId::new());
                    told.unread.push(TapUnread { pod, error });
                }
            }
        }
        told.lines.sort_by(|one, other| one.time.cmp(&other.time));
        told.more |= told.lines.len() > MOST_LINES;
        told.lines.truncate(MOST_LINES);
        permit.count_bytes(told.lines.iter().map(|line| line.text.len() as u64).sum());
        let message = format!("{} lines of {} pods", told.lines.len(), told.pods.len());
        permit.finish(policy::Outcome::Done { message });
        Ok(told)
    }
}

/// How logs are looked through.
struct Look {
    acting: Acting<Reads>,
    kind: Arc<Kind>,
    since: String,
    ids: Vec<String>,
}

impl Look {
    async fn pod(&self, pod: &ObjectTarget) -> (String, Result<(Vec<TapTraceLine>, bool), cluster::Error>) {
        let named = format!("{}/{}", pod.namespace, pod.name);
        let found = self.lines(pod, &named).await;
        (named, found)
    }

    async fn lines(&self, pod: &ObjectTarget, named: &str) -> Result<(Vec<TapTraceLine>, bool), cluster::Error> {
        let place = Target { kind: &self.kind, namespace: &pod.namespace, name: &pod.name };
        let found = self.acting.get(place, "").await?;
        let (mut lines, mut more) = (Vec::new(), false);
        for container in begun(&found) {
            let log = self.acting.log_since(place, container, &self.since, MOST_BYTES).await?;
            more |= log.len() as u64 >= MOST_BYTES;
            named_in(&log, &self.ids, |time, text| {
                lines.push(TapTraceLine {
                    time: time.to_owned(),
                    pod: named.to_owned(),
                    container: container.to_owned(),
                    text: text.to_owned(),
                });
            });
        }
        Ok((lines, more))
    }
}

/// Containers of a pod that wrote something, or may have.
fn begun(pod: &Value) -> Vec<&str> {
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let statuses = statuses.iter().filter_map(|path| pod.pointer(path)?.as_array()).flatten();
    let began = |one: &&Value| one.pointer("/state/running").or_else(|| one.pointer("/state/terminated")).is_some();
    statuses.filter(began).filter_map(|one| one.get("name")?.as_str()).collect()
}

/// Shows the lines of a log, each behind its time, that name one of these.
fn named_in(log: &[u8], ids: &[String], mut show: impl FnMut(&str, &str)) {
    let finders: Vec<Finder<'_>> = ids.iter().map(|id| Finder::new(id.as_bytes())).collect();
    for line in log.split(|byte| *byte == b'\n') {
        if finders.iter().all(|finder| finder.find(line).is_none()) {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        let (time, text) = line.split_once(' ').unwrap_or(("", &line));
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
        show(time, text.get(..end).unwrap_or(text));
    }
}

/// The pods of a trace: those that were tapped, and its ends as far as they are known.
fn pods(records: &[Value]) -> BTreeSet<(String, String)> {
    let text = |one: &Value, path: &str| one.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let mut pods = BTreeSet::new();
    for one in records {
        let own = text(one, "/pod").and_then(|pod| pod.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())));
        let ends = ["src", "dst"].map(|end| text(one, &format!("/{end}/ns")).zip(text(one, &format!("/{end}/pod"))));
        pods.extend(own.into_iter().chain(ends.into_iter().flatten()));
    }
    pods
}

/// The id of a trace, and those that its requests have beside it. One of a few letters would be found everywhere.
fn ids(trace: &str, records: &[Value]) -> Vec<String> {
    let headers = records.iter().filter_map(|one| one.pointer("/request/headers")?.as_array()).flatten();
    let own = headers.filter(|header| {
        let name = header.get(0).and_then(Value::as_str);
        name.is_some_and(|name| name.eq_ignore_ascii_case("x-request-id"))
    });
    let own = own.filter_map(|header| header.get(1)?.as_str());
    let mut ids: Vec<String> = Vec::new();
    for id in std::iter::once(trace).chain(own) {
        if id.len() >= SHORTEST && ids.len() < MOST_IDS && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// Pods whose logs are looked through.
const MOST_PODS: usize = 20;
/// Logs that are read at the same time.
const AT_ONCE: usize = 4;
/// Bytes of a container's log.
const MOST_BYTES: u64 = 2 << 20;
/// Lines of an answer.
const MOST_LINES: usize = 500;
/// Characters of a line.
const LONGEST: usize = 4_000;
/// Clocks of nodes differ, and servers look at whole seconds.
const BEFORE_US: i64 = 5_000_000;
/// Letters of an id, and ids, that are looked for.
const SHORTEST: usize = 4;
const MOST_IDS: usize = 32;

#[cfg(test)]
mod tests;
