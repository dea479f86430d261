//! What the pods of a workspace wrote, and what one of them writes.

use super::{DoorError, Named, Workspaces};
use crate::acts::ActError;
use crate::key::WORKSPACE;
use crate::pod::{Pod, State};
use crate::sizes::MAIN;
use crate::story::Watcher;
use base::Coded;
use bytes::Bytes;
use catalog::Kind;
use cluster::{Cluster, LogFrom, LogLines, PageQuery, Target};
use policy::action::{ObjectTarget, WorkspaceLogs};
use policy::{Answers, Outcome, Permit, Principal};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::{Budget, Format};

/// The last lines of one pod, each behind its time.
#[derive(Clone, Debug)]
pub struct PodLog {
    /// Its name.
    pub pod: String,
    /// The lines.
    pub lines: Bytes,
}

/// What comes of following a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line, behind its time.
    Line(Bytes),
    /// The container began anew, or another pod took over.
    Again(String),
}

/// The log of a workspace as it is written, from one run of its main container to the next. The permit is held as long.
pub struct Following {
    cluster: Cluster,
    pods: Arc<Kind>,
    object: ObjectTarget,
    permit: Permit<WorkspaceLogs>,
    watcher: Watcher,
    /// The pod and the run of its container.
    run: Option<Run>,
    lines: Option<LogLines>,
    /// How many lines it begins with.
    tail: u32,
    /// The time of the last line.
    since: String,
    /// Whether it is the run that it is taken for is looked at with the next line.
    doubtful: bool,
    /// Lines that were told before may come again.
    resuming: bool,
    /// Since when there is nothing to read.
    quiet: Option<Instant>,
    line: Option<Bytes>,
}

/// One run of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    pod: String,
    uid: String,
    restarts: i64,
}

impl Workspaces {
    /// The last lines of its pods: of five at most, those that are ready first. They share `lines`, and each has ten at least.
    /// Empty where it has no pod.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn pod_logs(&self, principal: &Principal, named: &Named, lines: u32) -> Result<Vec<PodLog>, DoorError> {
        let (cluster, permit) = self.reads(principal, named).await?;
        let read = async {
            let pods = pods(&cluster, &permit.target().object).await?;
            let share = share(lines, pods.len());
            let (kind, mut logs) = (kind()?, Vec::new());
            for pod in pods {
                let target = Target { kind: &kind, namespace: &named.namespace, name: &pod.name };
                match cluster.acting(&permit).log(target, MAIN, share, false).await {
                    Ok(lines) => {
                        permit.count_bytes(lines.len() as u64);
                        logs.push(PodLog { pod: pod.name, lines });
                    }
                    // It went, or has not begun.
                    Err(cluster::Error::NotFound { .. } | cluster::Error::Server { .. }) => {
                        logs.push(PodLog { pod: pod.name, lines: Bytes::new() });
                    }
                    Err(error) => return Err(ActError::Cluster(error)),
                }
            }
            Ok::<_, ActError>(logs)
        };
        let read = read.await;
        permit.finish(match &read {
            Ok(_) => Outcome::Done { message: "read".to_owned() },
            Err(error) => Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() },
        });
        Ok(read?)
    }

    /// Follows its log: after its last `tail` lines, or after the line of that time. `None` where it has no pod.
    ///
    /// # Errors
    /// As [`DoorError`] says.
    pub async fn follow_log(
        &self,
        principal: &Principal,
        named: &Named,
        tail: u32,
        since: Option<String>,
    ) -> Result<Option<Following>, DoorError> {
        let (_, watcher) = self.listen(principal, named, None).await?;
        let (cluster, permit) = self.reads(principal, named).await?;
        let object = permit.target().object.clone();
        if pods(&cluster, &object).await?.is_empty() {
            permit.finish(Outcome::Failed { code: "not_found".to_owned(), message: "it has no pod".to_owned() });
            return Ok(None);
        }
        let (pods, since) = (kind()?, since.unwrap_or_default());
        let quiet = Some(Instant::now());
        let (run, lines, line) = (None, None, None);
        let (doubtful, resuming) = (false, false);
        Ok(Some(Following {
            cluster,
            pods,
            object,
            permit,
            watcher,
            run,
            lines,
            tail,
            since,
            doubtful,
            resuming,
            quiet,
            line,
        }))
    }

    async fn reads(&self, principal: &Principal, named: &Named) -> Result<(Cluster, Permit<WorkspaceLogs>), DoorError> {
        // Whether it is there comes before whether it has anything to read.
        self.object(principal, named).await?;
        let cluster = self.cluster(principal, &named.cluster)?;
        let permit = self.0.gate.permit(principal, WorkspaceLogs { object: named.target() }, &Answers::default())?;
        permit.settled().await.map_err(ActError::from)?;
        Ok((cluster, permit))
    }
}

impl Following {
    /// Ends when the permit does.
    #[must_use]
    pub fn end(&self) -> CancellationToken {
        self.permit.end_token()
    }

    /// What comes next; `None` when the workspace has gone, or may not be read any more. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(line) = self.line.take() {
                return Some(Heard::Line(line));
            }
            if let Some(lines) = &mut self.lines {
                match lines.next().await {
                    Ok(Some(line)) => {
                        if let Some(again) = self.took(line).await {
                            return Some(again);
                        }
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%error, "a log broke off"),
                }
                self.lines = None;
                self.quiet = Some(Instant::now());
            }
            match self.open().await {
                Ok(Some(again)) => return Some(again),
                Ok(None) if self.lines.is_some() => {}
                Ok(None) => {
                    // Something happens to it, or enough time has passed.
                    let _ = tokio::time::timeout(self.pause(), self.watcher.news()).await;
                    tokio::time::sleep(SHORTEST).await;
                }
                Err(ActError::NotFound(_)) => return None,
                Err(ActError::Cluster(error)) if ends(&error) => return None,
                Err(error) => {
                    tracing::debug!(%error, "a log cannot be read now");
                    tokio::time::sleep(self.pause()).await;
                }
            }
        }
    }

    /// Takes a line; says before it that it is of another run than those before it.
    async fn took(&mut self, line: Bytes) -> Option<Heard> {
        let stamp = stamp(&line);
        if !stamp.is_empty() {
            // What was told before comes again where a log is opened by a time.
            if self.resuming && !newer(stamp, &self.since) {
                return None;
            }
            self.resuming = false;
            stamp.clone_into(&mut self.since);
        }
        self.permit.count_bytes(line.len() as u64);
        self.line = Some(line);
        if std::mem::take(&mut self.doubtful)
            && let Ok(Some(run)) = look(&self.cluster, &self.object).await
            && self.run.as_ref() != Some(&run)
        {
            return Some(self.goes_over(run));
        }
        None
    }

    /// Opens the log of the run that there is; says so when it is another than before.
    async fn open(&mut self) -> Result<Option<Heard>, ActError> {
        let Some(run) = look(&self.cluster, &self.object).await? else { return Ok(None) };
        let same = self.run.as_ref() == Some(&run);
        // The kubelet says a moment later that it has ended.
        if same && self.quiet.is_some_and(|since| since.elapsed() < MOMENT) {
            return Ok(None);
        }
        let target = Target { kind: &self.pods, namespace: &self.object.namespace, name: &run.pod };
        let from = match self.since.as_str() {
            "" => LogFrom::Last(self.tail),
            since => LogFrom::Since(since),
        };
        match self.cluster.acting(&self.permit).follow_log(target, MAIN, from).await {
            Ok(lines) => self.lines = Some(lines),
            // It has not begun, went meanwhile, or has said nothing yet.
            Err(
                cluster::Error::NotFound { .. } | cluster::Error::Server { .. } | cluster::Error::Unreachable { .. },
            ) => {
                return Ok(None);
            }
            Err(error) => return Err(ActError::Cluster(error)),
        }
        self.quiet = None;
        self.doubtful = same;
        self.resuming = true;
        let first = self.run.is_none();
        if first {
            self.run = Some(run);
            return Ok(None);
        }
        Ok((!same).then(|| self.goes_over(run)))
    }

    fn goes_over(&mut self, run: Run) -> Heard {
        let words = format!("{} was started again", run.pod);
        self.run = Some(run);
        Heard::Again(words)
    }

    fn pause(&self) -> Duration {
        let quiet = self.quiet.map(|since| since.elapsed()).unwrap_or_default();
        (quiet / 2).clamp(SHORTEST, LONGEST)
    }
}

/// The run that can be read now.
async fn look(cluster: &Cluster, object: &ObjectTarget) -> Result<Option<Run>, ActError> {
    let first = pods(cluster, object).await?.into_iter().next();
    Ok(first.and_then(|pod| {
        let main = pod.containers.iter().find(|one| one.name == MAIN && !one.init)?;
        let runs = matches!(main.state, State::Running);
        runs.then(|| Run { pod: pod.name.clone(), uid: pod.uid.clone(), restarts: main.restarts })
    }))
}

/// The pods of a workspace: those that are ready first, then the newest; five at most.
async fn pods(cluster: &Cluster, object: &ObjectTarget) -> Result<Vec<Pod>, ActError> {
    let kind = kind()?;
    let selector = format!("{WORKSPACE}={}", object.name);
    let namespace = Some(object.namespace.as_str());
    let query = PageQuery {
        namespace,
        limit: 50,
        token: "",
        selector: &selector,
        fields: "",
        version: "",
        format: Format::Json,
    };
    let page = cluster.reader().page(&kind, query).await.map_err(ActError::Cluster)?;
    let wrong = |error: wire::Error| ActError::Cluster(cluster::Error::Decode(error.to_string()));
    let list = wire::list::List::open(Format::Json, &page, &Budget::default()).map_err(wrong)?;
    let mut pods: Vec<Pod> = list.items().flatten().map(Pod::of).collect();
    pods.sort_by_key(|pod| (pod.deleting_ms.is_some(), !pod.ready, std::cmp::Reverse(pod.created_ms)));
    pods.truncate(MOST);
    Ok(pods)
}

fn kind() -> Result<Arc<Kind>, ActError> {
    Kind::builtin("pods").ok_or(ActError::NotInstalled)
}

/// Nothing will be told any more.
fn ends(error: &cluster::Error) -> bool {
    matches!(error, cluster::Error::Denied { .. } | cluster::Error::NotServed { .. })
}

/// How many lines each of so many pods has.
fn share(lines: u32, pods: usize) -> u32 {
    let pods = u32::try_from(pods.max(1)).unwrap_or(u32::MAX);
    (lines / pods).max(LEAST)
}

/// The time before a line; empty where there is none.
fn stamp(line: &[u8]) -> &str {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let text = line.get(..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
    if text.parse::<jiff::Timestamp>().is_ok() { text } else { "" }
}

/// Whether a time is after another; after none is each.
fn newer(stamp: &str, than: &str) -> bool {
    match (stamp.parse::<jiff::Timestamp>(), than.parse::<jiff::Timestamp>()) {
        (Ok(stamp), Ok(than)) => stamp > than,
        _ => true,
    }
}

/// Pods that are read.
const MOST: usize = 5;
/// Lines that each pod has at least.
const LEAST: u32 = 10;
/// A run that ended is known to have ended after this time.
const MOMENT: Duration = Duration::from_secs(2);
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{newer, share, stamp};

    #[test]
    fn gn_05a_pods_share_the_lines_and_each_has_ten() {
        let table = [(200, 1, 200), (200, 0, 200), (200, 5, 40), (30, 5, 10), (0, 1, 10)];
        for (lines, pods, each) in table {
            assert_eq!(share(lines, pods), each, "{lines} for {pods}");
        }
    }

    #[test]
    fn gn_08f_lines_go_on_after_a_time() {
        assert_eq!(stamp(b"2026-01-02T03:04:05.5Z hello"), "2026-01-02T03:04:05.5Z");
        assert_eq!(stamp(b"unable to retrieve logs"), "");
        assert!(newer("2026-01-02T03:04:05.500000001Z", "2026-01-02T03:04:05.5Z"));
        assert!(!newer("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500Z"));
        assert!(newer("2026-01-02T03:04:05Z", ""));
    }
}
