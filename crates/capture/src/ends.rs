//! The end of agents that nobody leads any more: their tap was killed, or they wait for a tap that will not come.
//!
//! An agent obeys the key of its owner alone: who has it comes without a tap, and stops it. Who has not, and may start a
//! program in the agent's container, asks the agent to end as the kubelet would.

use crate::agent::Agent;
use crate::follow::{self, Change};
use crate::pod::State;
use crate::targets::Source;
use crate::transport::{Line, Transport};
use crate::{Error, Owner};
use base::Code;
use catalog::Kind;
use cluster::{Acting, Cluster, Said, Target};
use policy::Permit;
use policy::action::{Changes, ObjectTarget, TapControl};
use proto::capture::{Start, Stats};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// What came of an agent that was to end.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It ended by this; with its last counters, where it said any.
    Now(Option<Box<Stats>>),
    /// It had ended before.
    Before,
    /// There is no such pod, or no such container in it.
    Gone,
    /// Its owner leads it, from elsewhere: it goes on.
    Led,
}

/// Ends the agent in a container of a pod of the permit, and waits until the kubelet says so. What fails is tried again
/// for so long: an agent whose owner was killed may not have noticed.
///
/// # Errors
/// When the decision cannot be written down or is about other pods, the agent does not end, or the cluster does not let it.
pub async fn end(
    cluster: &Cluster,
    permit: &Permit<TapControl>,
    owner: Option<&Owner>,
    pod: &ObjectTarget,
    container: &str,
    patience: Duration,
) -> Result<Ended, Error> {
    permit.settled().await?;
    if !permit.target().change.pods().contains(pod) {
        let message = format!("it was not decided about {}", pod.name);
        return Err(Error::Pod { message, code: Code::PolicyDenied });
    }
    let kind = Kind::builtin("pods").ok_or(Error::Unsupported)?;
    let place = Target { kind: &kind, namespace: &pod.namespace, name: &pod.name };
    let now = Instant::now();
    let (until, tries) = (now + MOST, now + patience);
    let ending = Ending { acting: cluster.acting(permit), place, container, owner, until, tries };
    let source = Source {
        namespace: Some(pod.namespace.clone()),
        labels: String::new(),
        fields: format!("metadata.name={}", pod.name),
    };
    let (tell, changes) = mpsc::channel(CHANGES);
    let watch = async {
        follow::run(cluster.reader(), kind.clone(), 0, source, tell).await;
        // It has told why.
        std::future::pending().await
    };
    tokio::select! {
        ended = Box::pin(ending.run(changes)) => ended,
        never = Box::pin(watch) => never,
    }
}

/// An agent on its way to its end.
struct Ending<'a> {
    acting: Acting<Changes>,
    place: Target<'a>,
    container: &'a str,
    owner: Option<&'a Owner>,
    /// The kubelet has to say it before.
    until: Instant,
    /// What fails is not tried again after this.
    tries: Instant,
}

impl Ending<'_> {
    async fn run(mut self, mut changes: mpsc::Receiver<Change>) -> Result<Ended, Error> {
        let (mut there, mut runs, mut last) = (false, false, None);
        let mut asked: Option<Option<Box<Stats>>> = None;
        let (mut again, mut pause) = (Instant::now(), PAUSE);
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Some(Change::Seen(_, pod)) => {
                        there = true;
                        match pod.tap(self.container) {
                            Some(State::Ended(_)) => return Ok(asked.map_or(Ended::Before, Ended::Now)),
                            Some(State::Running) => runs = true,
                            Some(State::Waiting(_)) => {}
                            None if self.is_named().await => {}
                            None => return Ok(Ended::Gone),
                        }
                    }
                    Some(Change::Gone(..)) => return Ok(Ended::Gone),
                    Some(Change::Whole(_)) if !there => return Ok(Ended::Gone),
                    Some(Change::Whole(_)) => {}
                    Some(Change::Refused(_, error)) => return Err(error.into()),
                    None => std::future::pending().await,
                },
                () = sleep_until(again), if runs && asked.is_none() => {
                    match tokio::time::timeout_at(self.until, self.ask()).await {
                        Ok(Ok(stats)) => asked = Some(stats.map(Box::new)),
                        Ok(Err(error)) => {
                            last = Some(error);
                            self.until = self.until.min(self.tries);
                            again = Instant::now() + pause;
                            pause = (pause * 2).min(LONGEST);
                        }
                        Err(_) => {}
                    }
                }
                () = sleep_until(self.until) => return match last {
                    Some(Error::Busy) => Ok(Ended::Led),
                    Some(error) => Err(error),
                    None => {
                        let message = "does not end; without its owner it does so by itself".to_owned();
                        Err(Error::Agent { message })
                    }
                },
            }
        }
    }

    async fn ask(&self) -> Result<Option<Stats>, Error> {
        match self.owner {
            Some(owner) => stop(&self.acting, self.place, self.container, owner).await,
            None => ask(&self.acting, self.place, self.container).await.map(|()| None),
        }
    }

    /// The pod has the container, of which the kubelet says nothing yet.
    async fn is_named(&self) -> bool {
        match self.acting.get(self.place, "").await {
            Ok(pod) => {
                let mut all = pod.pointer("/spec/ephemeralContainers").and_then(Value::as_array).into_iter().flatten();
                all.any(|one| one.get("name").and_then(Value::as_str) == Some(self.container))
            }
            Err(error) => !matches!(error, cluster::Error::NotFound { .. }),
        }
    }
}

/// As its owner.
async fn stop(
    acting: &Acting<Changes>,
    pod: Target<'_>,
    container: &str,
    owner: &Owner,
) -> Result<Option<Stats>, Error> {
    let streams = Line::new(Transport::Auto).open(acting, pod, container).await?;
    let (agent, _) = Agent::begin(owner, streams, Start::default()).await?;
    agent.end().await
}

/// As somebody who may start a program beside it.
async fn ask(acting: &Acting<Changes>, pod: Target<'_>, container: &str) -> Result<(), Error> {
    let (_input, mut output) = acting.exec(pod, container, &["/qd-agent", "end", container]).await?;
    let mut complaint = Vec::new();
    loop {
        match output.next().await? {
            Some(Said::Complaint(bytes)) if complaint.len() < 4096 => complaint.extend_from_slice(&bytes),
            Some(Said::Ended(Some(reason))) if !complaint.is_empty() => {
                let words = String::from_utf8_lossy(&complaint);
                return Err(Error::Agent { message: format!("does not end: {} ({reason})", words.trim()) });
            }
            // The first process of a container takes all others with it.
            Some(Said::Ended(_)) | None => return Ok(()),
            Some(_) => {}
        }
    }
}

/// An agent that hears nothing of its owner ends by itself a little later.
const MOST: Duration = Duration::from_secs(20);
/// Before the second try; longer before more.
const PAUSE: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(2);
/// Changes of the pod that wait to be looked at.
const CHANGES: usize = 8;
