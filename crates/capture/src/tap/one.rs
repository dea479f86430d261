//! One pod of a tap, from the wait for its containers to the last word of its agent.

mod place;
mod told;

use super::sound::sound;
use super::{Control, Event, Shared, Step, asked_to_stop};
use crate::Error;
use crate::agent::{Agent, Next};
use crate::pod::{Phase, Pod, State};
use base::Code;
use cluster::Target;
use parking_lot::Mutex;
use policy::action::ObjectTarget;
use proto::capture::{Body, FilterApplied, Mode, Stats};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// What an agent was told of the tap's control.
#[derive(Default)]
struct Known {
    paused: bool,
    keys: usize,
}

impl Known {
    /// Tells it the rest. All of it is told again after a stream broke: none of it harms twice.
    fn tell(&mut self, control: &Control, agent: &mut Agent) {
        if std::mem::replace(&mut self.paused, control.paused) != control.paused {
            agent.pause(control.paused);
        }
        for keys in control.keys.iter().skip(self.keys) {
            agent.keys(keys.lines());
        }
        self.keys = control.keys.len();
    }
}

/// A pod of a tap.
pub(super) struct One {
    pub(super) shared: Arc<Shared>,
    pub(super) number: usize,
    pub(super) target: ObjectTarget,
    pub(super) uid: String,
    /// The pod as it is; `None` once it is gone.
    pub(super) now: watch::Receiver<Option<Arc<Pod>>>,
    pub(super) send: mpsc::Sender<Event>,
    pub(super) stopped: watch::Receiver<bool>,
    /// Few begin at the same time.
    pub(super) turn: Arc<Semaphore>,
    /// The container whose processes its agent is among, and how often that had begun anew by then.
    pub(super) beside: Mutex<Option<(String, i64)>>,
    /// That container took an agent with it: the next one is beside none.
    pub(super) alone: bool,
}

impl One {
    pub(super) async fn run(mut self) {
        let mut last = None;
        let mut end = self.tap(&mut last).await;
        if end.is_err() && self.lost_its_container().await {
            self.alone = true;
            end = self.tap(&mut last).await;
        }
        let error = match end {
            Ok(End::Gone) => {
                self.step(Step::Gone).await;
                None
            }
            Ok(End::Asked) => None,
            // What fails because the pod goes is no failure.
            Err(_) if self.goes() => {
                self.step(Step::Gone).await;
                None
            }
            Err(error) => Some(error),
        };
        let _ = self.send.send(Event::Ended { pod: self.number, error, stats: last }).await;
    }

    async fn tap(&mut self, last: &mut Option<Stats>) -> Result<End, Error> {
        let shared = self.shared.clone();
        let (mut stopped, mut now) = (self.stopped.clone(), self.now.clone());
        let mut filter = shared.filter.clone();
        // What the agent was told last.
        let mut own = filter.borrow_and_update().of(self.number).clone();
        let turn = tokio::select! {
            turn = self.turn() => turn?,
            end = ended(&shared, &mut stopped, &mut now) => return Ok(end),
        };
        // From here on a container may be there: whoever is asked to stop goes on as far as its agent, and stops that.
        let (mut asked, mut late) = (false, Instant::now());
        let (mut agent, container) = {
            let mut begin = Box::pin(self.begin());
            tokio::select! {
                begun = &mut begin => begun?,
                () = shared.permit.ended() => return Ok(End::Asked),
                () = gone(&mut now) => return Ok(End::Gone),
                () = asked_to_stop(&mut stopped) => {
                    (asked, late) = (true, Instant::now() + CONFIRM);
                    match tokio::time::timeout_at(late, begin).await {
                        Ok(Ok(begun)) => begun,
                        // Nothing runs that could be stopped.
                        Ok(Err(_)) | Err(_) => return Ok(End::Asked),
                    }
                }
            }
        };
        drop(turn);
        if asked {
            agent.stop(shared.keep_seconds());
        }
        // A filter was sent, and not answered yet.
        let mut unsure = false;
        let (mut control, mut known) = (shared.control.clone(), Known::default());
        control.mark_changed();
        loop {
            let next = tokio::select! {
                next = agent.next() => next?,
                () = asked_to_stop(&mut stopped), if !asked => {
                    (asked, late) = (true, Instant::now() + CONFIRM);
                    agent.stop(shared.keep_seconds());
                    continue;
                }
                // The pod's own containers have this long to say what they have to; the agent is not what it waits for.
                () = leaves(&mut now), if !asked => {
                    (asked, late) = (true, Instant::now() + CONFIRM);
                    agent.stop(shared.keep_seconds());
                    continue;
                }
                Ok(()) = filter.changed(), if !asked => {
                    let next = filter.borrow_and_update().of(self.number).clone();
                    // Another pod's may have changed.
                    if next.id != own.id {
                        own = next;
                        agent.filter(own.clone());
                        unsure = true;
                    }
                    continue;
                }
                Ok(()) = control.changed(), if !asked => {
                    known.tell(&control.borrow_and_update(), &mut agent);
                    continue;
                }
                () = shared.permit.ended() => {
                    agent.stop(shared.keep_seconds());
                    return Ok(End::Asked);
                }
                () = sleep_until(late), if asked => {
                    return Err(Error::Agent { message: "does not confirm that it has ended".to_owned() });
                }
            };
            match next {
                Next::Clock(clock) => {
                    let _ = self.send.send(Event::Clock { pod: self.number, clock }).await;
                }
                Next::Frame(body) => {
                    if let Body::FilterApplied(applied) = &body
                        && unsure
                        && applied.id == own.id
                    {
                        self.changed(&own.text, applied).await;
                        unsure = false;
                    }
                    // A user who takes his time holds the agent back by credit, and does not end it.
                    let passed = tokio::select! {
                        passed = self.pass(body, last) => passed?,
                        () = agent.ping() => continue,
                    };
                    if !passed {
                        if let Some(rests) = shared.options.rests.as_ref().filter(|_| agent.waits() > 0) {
                            rests.add(self.target.clone(), container, agent.waits());
                        }
                        return Ok(if self.goes() { End::Gone } else { End::Asked });
                    }
                }
                Next::Lost(_) if asked && self.goes() => return Ok(End::Gone),
                Next::Lost(why) if asked => {
                    return Err(Error::Agent { message: format!("did not say its last word: {why}") });
                }
                Next::Lost(why) => {
                    tokio::select! {
                        back = self.resume(&mut agent, &container, &why) => {
                            back?;
                            // It may have gone into the stream that broke.
                            if unsure {
                                own.id = 0;
                                filter.mark_changed();
                            }
                            known = Known::default();
                            control.mark_changed();
                        }
                        end = ended(&shared, &mut stopped, &mut now) => return Ok(end),
                    }
                }
            }
        }
    }

    /// Whether the container whose processes the agent was among ended, and took it along. A kubelet sees both ends at the
    /// same time, or one soon after the other.
    async fn lost_its_container(&self) -> bool {
        let beside = self.beside.lock().take();
        let Some((container, restarts)) = beside.filter(|_| !*self.stopped.borrow() && !self.goes()) else {
            return false;
        };
        let (mut now, mut stopped) = (self.now.clone(), self.stopped.clone());
        let ended = |pod: &Option<Arc<Pod>>| {
            let run = pod.as_ref().and_then(|pod| pod.run(&container));
            run.is_none_or(|run| !run.runs || run.restarts != restarts)
        };
        let is_so = tokio::select! {
            seen = tokio::time::timeout(SEEN, now.wait_for(ended)) => matches!(seen, Ok(Ok(_))),
            () = asked_to_stop(&mut stopped) => false,
        };
        if is_so && !self.goes() {
            let reason = format!("{container} ended, and its agent with it: another is added beside none");
            self.step(Step::Lost { reason }).await;
            return true;
        }
        false
    }

    /// Waits until the pod runs, and few others begin.
    async fn turn(&self) -> Result<Option<SemaphorePermit<'_>>, Error> {
        self.can_run().await?;
        Ok(self.turn.acquire().await.ok())
    }

    /// From the pod to an agent that captures.
    async fn begin(&self) -> Result<(Agent, String), Error> {
        let shared = &self.shared;
        let acting = shared.cluster.acting(&shared.permit);
        let target = self.place();
        let found = acting.get(target, "").await?;
        fit(&found, &self.target.name, shared.host_network.is_some())?;
        self.is_permitted(&found)?;
        let (agent, hello, container) = Box::pin(self.placed(&acting, &found)).await?;
        if hello.mode() == Mode::Sockets && shared.options.needs_packets {
            let _ = tokio::time::timeout(DISMISSED, agent.end()).await;
            let message = format!("{}; without --write and --packets its sockets alone are told", hello.reason);
            return Err(Error::Admission { message });
        }
        let _ = self.send.send(Event::Hello { pod: self.number, hello: Box::new(hello) }).await;
        Ok((agent, container))
    }

    /// Opens the stream again, and goes on after what came last. The agent keeps what it has for as long.
    async fn resume(&self, agent: &mut Agent, container: &str, why: &str) -> Result<(), Error> {
        self.step(Step::Lost { reason: why.to_owned() }).await;
        let (until, mut pause) = (agent.heard() + KEPT, PAUSE);
        let acting = self.shared.cluster.acting(&self.shared.permit);
        let mut why = why.to_owned();
        loop {
            let state = self.now.borrow().as_ref().and_then(|pod| pod.tap(container).cloned());
            if let Some(State::Ended(reason)) = state {
                return Err(Error::Agent { message: format!("has ended: {reason}") });
            }
            let attempt = async {
                let streams = self.shared.line.open(&acting, self.place(), container).await?;
                agent.resume(&self.shared.owner, streams, self.shared.start(self.number)).await
            };
            match tokio::time::timeout_at(until, attempt).await {
                Ok(Ok(())) => {
                    self.step(Step::Resumed).await;
                    return Ok(());
                }
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => {}
            }
            if Instant::now() + pause >= until {
                return Err(Error::Agent { message: format!("cannot be reached again: {why}") });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }

    /// Gives a frame to the user; false after the last.
    async fn pass(&self, body: Body, last: &mut Option<Stats>) -> Result<bool, Error> {
        let pod = self.number;
        let event = match body {
            Body::FilterApplied(applied) if !applied.error.is_empty() => {
                return Err(Error::Agent { message: format!("refuses the filter: {}", applied.error) });
            }
            Body::FilterApplied(_) => {
                self.shared.begins();
                Event::Step { pod, step: Step::Capturing }
            }
            Body::Records(mut batch) => {
                sound(&batch.lines)?;
                if let Some(names) = &self.shared.names {
                    batch.lines = names.name(batch.lines);
                }
                self.shared.permit.count_bytes(batch.lines.len() as u64);
                Event::Records { pod, batch }
            }
            Body::Packets(batch) => {
                self.shared.permit.count_bytes(batch.packets.len() as u64);
                Event::Packets { pod, batch }
            }
            Body::InterfaceUp(interface) => Event::Interface { pod, interface: Box::new(interface) },
            Body::Loss(loss) => Event::Loss { pod, loss },
            Body::Stats(stats) => {
                *last = Some(stats.clone());
                Event::Stats { pod, stats }
            }
            Body::Bye(bye) => {
                *last = bye.stats.or(last.take());
                return match bye.reason.as_str() {
                    "stop" | "limit" => Ok(false),
                    reason => Err(Error::Agent { message: format!("ended: {reason} {}", bye.text) }),
                };
            }
            _ => return Ok(true),
        };
        // Nobody listens any more: the tap is over.
        Ok(self.send.send(event).await.is_ok())
    }

    /// Waits until the pod runs.
    async fn can_run(&self) -> Result<(), Error> {
        let (mut now, mut told) = (self.now.clone(), String::new());
        loop {
            let pod = now.borrow_and_update().clone();
            match pod.as_deref() {
                Some(pod) if pod.phase == Phase::Ended => {
                    return Err(Error::Pod { message: format!("{} has ended", pod.name), code: Code::PodFinished });
                }
                Some(pod) if pod.phase == Phase::Running && !pod.leaving => return Ok(()),
                Some(pod) if !pod.leaving => {
                    let reason = if pod.reason.is_empty() { "it is pending" } else { &pod.reason };
                    if told != reason {
                        reason.clone_into(&mut told);
                        self.step(Step::Waiting { reason: told.clone() }).await;
                    }
                }
                _ => {}
            }
            if now.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The pod that is there is the one that joined, and still in the scope of the permit.
    fn is_permitted(&self, found: &Value) -> Result<(), Error> {
        let bytes = found.to_string();
        let budget = wire::Budget::default();
        let pod = wire::object(wire::Format::Json, bytes.as_bytes(), &budget).ok().and_then(Pod::of);
        let covered =
            pod.is_some_and(|pod| pod.uid == self.uid && self.shared.scopes.iter().any(|scope| scope.covers(&pod)));
        if covered {
            return Ok(());
        }
        let message = format!("{} is another pod now, and none that this tap may be of", self.target.name);
        Err(Error::Pod { message, code: Code::PolicyDenied })
    }

    fn place(&self) -> Target<'_> {
        Target { kind: &self.shared.pods, namespace: &self.target.namespace, name: &self.target.name }
    }

    /// The pod is gone, or on its way.
    fn goes(&self) -> bool {
        self.now.borrow().as_ref().is_none_or(|pod| pod.leaving || pod.phase == Phase::Ended)
    }

    /// Another filter is in force, from a packet on.
    async fn changed(&self, filter: &str, applied: &FilterApplied) {
        if applied.error.is_empty() {
            let (pod, filter) = (self.number, filter.to_owned());
            let (packet, at_ns) = (applied.at_packet, applied.at_ns);
            let _ = self.send.send(Event::Filter { pod, filter, packet, at_ns }).await;
        }
    }

    async fn step(&self, step: Step) {
        let _ = self.send.send(Event::Step { pod: self.number, step }).await;
    }
}

/// How a pod's part in a tap ended without a failure.
enum End {
    /// It was asked to, or its time was up.
    Asked,
    /// The pod is gone.
    Gone,
}

/// Waits until the pod has no part in the tap any more.
async fn ended(
    shared: &Shared,
    stopped: &mut watch::Receiver<bool>,
    now: &mut watch::Receiver<Option<Arc<Pod>>>,
) -> End {
    tokio::select! {
        () = asked_to_stop(stopped) => End::Asked,
        () = shared.permit.ended() => End::Asked,
        () = gone(now) => End::Gone,
    }
}

async fn gone(now: &mut watch::Receiver<Option<Arc<Pod>>>) {
    if now.wait_for(Option::is_none).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until the pod is gone, or has been on its way for a while.
async fn leaves(now: &mut watch::Receiver<Option<Arc<Pod>>>) {
    let goes = |pod: &Option<Arc<Pod>>| pod.as_ref().is_none_or(|pod| pod.leaving || pod.phase == Phase::Ended);
    if now.wait_for(goes).await.is_err() {
        std::future::pending::<()>().await;
    }
    let _ = tokio::time::timeout(LAST_WORDS, gone(now)).await;
}

/// Whether a pod can be tapped.
fn fit(pod: &Value, name: &str, host_network: bool) -> Result<(), Error> {
    let refuse = |message: String, code| Err(Error::Pod { message, code });
    let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or_default();
    if pod.pointer("/metadata/annotations").and_then(|all| all.get("kubernetes.io/config.mirror")).is_some() {
        return refuse(format!("{name} is a static pod: it cannot be given a container"), Code::TapStaticPod);
    }
    if text("/spec/os/name").eq_ignore_ascii_case("windows") {
        return refuse(format!("{name} runs on Windows: the capture agent is a Linux program"), Code::TapUnsupportedOs);
    }
    if pod.pointer("/spec/hostNetwork").and_then(Value::as_bool) == Some(true) && !host_network {
        let message = format!("{name} shares its node's network: tapping it would tap the node (--allow-host-network)");
        return refuse(message, Code::TapHostNetwork);
    }
    if matches!(text("/status/phase"), "Succeeded" | "Failed") {
        return refuse(format!("{name} has ended"), Code::PodFinished);
    }
    Ok(())
}

/// An agent that waits for its owner answers within this time; so does one that is not of use.
const DISMISSED: Duration = Duration::from_secs(5);
/// An agent that is asked to stop has this long for its last word.
const CONFIRM: Duration = Duration::from_secs(20);
/// What a pod still says while it ends is captured for this long.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// An agent that hears nothing of us ends after this long.
const KEPT: Duration = Duration::from_millis(proto::capture::SILENCE_MS);
/// A kubelet that tells of an agent's end tells of that of the container beside it by then.
const SEEN: Duration = Duration::from_secs(4);
/// Before the second try; longer before more.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
