//! How an agent comes into a pod: one of an earlier tap that waits, or a container in the best form that admission lets
//! through.

use super::{DISMISSED, One};
use crate::Error;
use crate::agent::Agent;
use crate::container::{self, Profile};
use crate::pod::{Pod, State};
use crate::tap::{Beside, Step, Teller};
use cluster::{Acting, PatchKind};
use policy::action::Changes;
use proto::capture::Hello;
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

impl One {
    /// An agent in the best form that admission lets through: one that waits for its owner, or a new one.
    pub(super) async fn placed(
        &self,
        acting: &Acting<Changes>,
        found: &Value,
    ) -> Result<(Agent, Hello, String), Error> {
        let shared = &self.shared;
        let beside = match &shared.options.container {
            _ if self.alone => None,
            Beside::Default => container::default_of(found),
            Beside::Named(name) => Some(name.as_str()),
            Beside::Nobody => None,
        };
        *self.beside.lock() = beside.map(|name| (name.to_owned(), container::restarts(found, name)));
        let owner = shared.owner.public();
        let patch = |name: &str, profile| {
            container::patch(name, &shared.options.image, &owner, shared.options.idle_seconds, profile, beside)
        };
        shared.rights.check(&shared.cluster, &shared.pods, &self.target.namespace, shared.line.ways()).await?;
        self.step(Step::Permitted).await;
        let mut refused = Vec::new();
        for profile in Profile::of(shared.permit.target().privileged) {
            let name = container::name()?;
            let patch = patch(&name, profile);
            for container in container::alike(found, &patch) {
                // One that serves another tap says so, and another is added.
                match self.reused(acting, &container).await {
                    Ok((agent, hello)) => return Ok((agent, hello, container)),
                    Err(error) => tracing::debug!(%error, container, "an agent is not taken again"),
                }
            }
            if let Some(words) = self.refusal(acting, profile, &patch).await? {
                refused.push(format!("{}: {words}", profile.name()));
                continue;
            }
            let past = found.pointer("/spec/ephemeralContainers").and_then(Value::as_array);
            let past = past.into_iter().flatten().filter(|one| is_tap(one)).count();
            self.step(Step::Added { profile, container: name.clone(), past }).await;
            self.ready(&name).await?;
            self.step(Step::Running).await;
            let begin = async {
                let streams = shared.line.open(acting, self.place(), &name).await?;
                Agent::begin(&shared.owner, streams, shared.start(self.number)).await
            };
            return match begin.await {
                Ok((agent, hello)) => Ok((agent, hello, name)),
                // A program that ran for a moment is no agent: what the kubelet says of its end says more.
                Err(error) => Err(self.crashed(&name).await.unwrap_or(error)),
            };
        }
        Err(Error::Admission { message: refused.join("; ") })
    }

    /// Adds the container of a patch; why admission does not let it, unless it does.
    async fn refusal(
        &self,
        acting: &Acting<Changes>,
        profile: Profile,
        patch: &Value,
    ) -> Result<Option<String>, Error> {
        let (shared, place) = (&self.shared, self.place());
        // It is known that it would be let in before it is added: nothing that was added is taken back.
        let tried = acting.try_patch(place, SUBRESOURCE, PatchKind::Strategic, patch).await;
        if let Some(refused) = self.refused(tried).await? {
            return Ok(Some(refused));
        }
        if profile == Profile::Sockets && shared.options.needs_packets {
            let words = "it alone would be let in, and sees no packets: leave out --write and --packets";
            return Ok(Some(words.to_owned()));
        }
        self.step(Step::Tried { profile }).await;
        let name = patch.pointer("/spec/ephemeralContainers/0/name").and_then(Value::as_str).unwrap_or_default();
        if let Some(Teller(tell)) = &shared.options.told {
            tell(&self.target, name);
        }
        let added = acting.patch(place, SUBRESOURCE, PatchKind::Strategic, patch).await;
        let refused = self.refused(added).await?;
        if refused.is_none() && profile == Profile::Privileged {
            shared.privileged.fetch_add(1, Ordering::Relaxed);
        }
        Ok(refused)
    }

    /// Why admission does not let a container in, of what the API server answered.
    async fn refused(&self, answer: Result<Value, cluster::Error>) -> Result<Option<String>, Error> {
        match answer {
            Ok(_) => Ok(None),
            Err(cluster::Error::NotFound { .. } | cluster::Error::NotServed { .. }) if !self.goes() => {
                let version = self.shared.cluster.reader().version().await?;
                Err(Error::NoEphemeral { version })
            }
            Err(error) => Ok(Some(container::refusal(error)?)),
        }
    }

    /// Starts an agent that waits for its owner.
    async fn reused(&self, acting: &Acting<Changes>, container: &str) -> Result<(Agent, Hello), Error> {
        let shared = &self.shared;
        let begin = async {
            let streams = shared.line.open(acting, self.place(), container).await?;
            let (mut agent, hello) = Agent::begin(&shared.owner, streams, shared.start(self.number)).await?;
            agent.answered().await?;
            Ok((agent, hello))
        };
        let begun = timeout(DISMISSED, begin).await;
        let begun = begun.unwrap_or_else(|_| Err(Error::Agent { message: "does not answer".to_owned() }))?;
        // Not before: one that serves another tap is looked after by that tap's process.
        if let Some(Teller(tell)) = &shared.options.told {
            tell(&self.target, container);
        }
        if let Some(rests) = &shared.options.rests {
            rests.remove(container);
        }
        self.step(Step::Reused { container: container.to_owned() }).await;
        Ok(begun)
    }

    /// Why a container that has just run does not any more, if the kubelet says so soon.
    async fn crashed(&self, container: &str) -> Option<Error> {
        let mut now = self.now.clone();
        let ended = |pod: &Option<Arc<Pod>>| match pod.as_ref().and_then(|pod| pod.tap(container)) {
            Some(State::Ended(reason)) => Some(reason.clone()),
            _ => None,
        };
        let reason = {
            let pod = timeout(TOLD, now.wait_for(|pod| ended(pod).is_some())).await.ok()?.ok()?;
            ended(&pod)?
        };
        Some(self.over(container, &reason).await)
    }

    /// A capture container that ended before it was an agent.
    async fn over(&self, container: &str, reason: &str) -> Error {
        Error::Image { message: self.with_last_event(container, &format!("it ended: {reason}")).await }
    }

    /// Waits until the capture container runs. A kubelet that was busy with the pod when the container was added may see
    /// it only when it looks at its pods again.
    async fn ready(&self, container: &str) -> Result<(), Error> {
        let mut now = self.now.clone();
        let runs = async {
            let mut told = String::new();
            loop {
                let state = now.borrow_and_update().as_ref().and_then(|pod| pod.tap(container).cloned());
                match state {
                    Some(State::Running) => return Ok(()),
                    Some(State::Ended(reason)) => return Err(self.over(container, &reason).await),
                    Some(State::Waiting(Some(reason))) if reason != told && !is_usual(&reason) => {
                        let words = self.with_event(container, &reason).await;
                        self.step(Step::Waiting { reason: words }).await;
                        told = reason;
                    }
                    Some(State::Waiting(_)) | None => {}
                }
                if now.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let waits_for = || match self.now.borrow().as_ref().and_then(|pod| pod.tap(container).cloned()) {
            Some(State::Waiting(reason)) => reason,
            _ => None,
        };
        let mut runs = pin!(runs);
        let mut ended = timeout(MOST, &mut runs).await;
        if ended.is_err() && waits_for().is_none() {
            ended = timeout(NEXT_LOOK, &mut runs).await;
        }
        match ended {
            Ok(ended) => ended,
            Err(_) => {
                let reason = waits_for().unwrap_or_else(|| "the kubelet has not begun with it".to_owned());
                Err(Error::Image { message: self.with_event(container, &reason).await })
            }
        }
    }
}

/// Every container waits for this once.
fn is_usual(reason: &str) -> bool {
    matches!(reason, "ContainerCreating" | "PodInitializing")
}

/// Whether a container of a pod is a capture container.
fn is_tap(container: &Value) -> bool {
    container.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with(crate::pod::PREFIX))
}

/// Where ephemeral containers are added.
const SUBRESOURCE: &str = "ephemeralcontainers";
/// An image that is not here within this time is not coming.
const MOST: Duration = Duration::from_secs(60);
/// A kubelet tells of an end within this time.
const TOLD: Duration = Duration::from_secs(3);
/// A kubelet looks at each pod once in a minute or a minute and a half, whatever it was told of it.
const NEXT_LOOK: Duration = Duration::from_secs(40);
