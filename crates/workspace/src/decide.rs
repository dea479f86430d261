//! From what is asked for and what is seen to what is done next. Pure: the same gives the same, whenever it is asked,
//! whoever asks, whatever was done before it was interrupted.
//!
//! Invariants: nothing here deletes a claim but of a workspace that is being deleted and says `onDelete: Delete`; a pod is
//! made only where none is seen; what is wrong with a blueprint never ends a pod that runs.

use crate::acts::WOKEN;
use crate::desired::{Desired, OnDelete, Update};
use crate::observed::Observed;
use crate::pinned::{self, Pin};
use crate::pod::{Phase, Pod};
use crate::render::{Object, Refused, Rendered};
use crate::sizes::Sizes;
use crate::stage::{Around, Seen, Stage, seen, told_at_ms};
use cluster::Owned;
use crd::blueprint::Timeouts;
use crd::scalar::Span;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hold the workspace by the finalizer.
    Hold,
    /// Let it go.
    Release,
    /// Apply one of the parts.
    Apply(usize),
    /// Make the Secret with its random value, unless it is there.
    MakeSecret,
    /// Make or renew the certificate of its host.
    Certify {
        /// The Secret.
        secret: String,
        /// The host.
        host: String,
    },
    /// Look whether somebody has written a Secret.
    SeeSecret(String),
    /// Take away what leads to it from outside.
    Withdraw {
        /// Its kind.
        kind: Owned,
        /// Its name.
        name: String,
        /// Its uid.
        uid: String,
    },
    /// Make the pod.
    MakePod,
    /// Make the pod of what it was made from before.
    MakePinned,
    /// Keep what the pod was made from.
    Pin,
    /// Give the pod that runs the sizes of the one that is to be.
    Resize {
        /// The pod that was seen.
        uid: String,
    },
    /// End the pod.
    EndPod {
        /// The pod that was seen.
        uid: String,
        /// Its own time to end when absent.
        grace: Option<u32>,
        /// The workspace is to be stopped: the pod says so while it ends.
        stop: bool,
    },
    /// Say whether it is to run, and why.
    SayState {
        /// `Running` or `Stopped`.
        state: &'static str,
        /// Why.
        cause: String,
    },
    /// Delete the workspace: its time is over.
    EndWorkspace {
        /// Why.
        cause: String,
    },
    /// Take back a claim that a workspace of this name left.
    Reclaim {
        /// Its name.
        claim: String,
        /// Its uid.
        uid: String,
    },
    /// Delete a claim of storage.
    Discard {
        /// Its name.
        claim: String,
        /// Its uid.
        uid: String,
    },
}

/// What is done next, and what is found out on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// In this order; the first that fails ends it.
    pub steps: Vec<Step>,
    /// Where the workspace is.
    pub seen: Seen,
    /// What keeps it from being accepted, or its blueprint from being resolved.
    pub refused: Option<Refused>,
    /// The pod is made from something else than what is asked for now.
    pub outdated: bool,
    /// When it must be looked at again without anything having changed, epoch milliseconds.
    pub again_ms: Option<i64>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without progress.
    pub progress_ms: i64,
    /// In all.
    pub total_ms: i64,
    /// Until a pod on a node of which nothing is heard is made anew.
    pub node_loss_ms: i64,
    /// Until a daemon that answered is asked again how it is.
    pub probe_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { progress_ms: 300_000, total_ms: 900_000, node_loss_ms: 300_000, probe_ms: 50_000 }
    }
}

impl Limits {
    /// The same with what a blueprint says of them.
    #[must_use]
    pub fn of(self, timeouts: &Timeouts) -> Self {
        let ms = |span: &Option<Span>| {
            let seconds = span.as_ref()?.seconds().filter(|seconds| *seconds > 0)?;
            i64::try_from(seconds).ok()?.checked_mul(1_000)
        };
        let progress_ms = ms(&timeouts.progress).unwrap_or(self.progress_ms);
        // Whoever gives a step more time means that all together have as much.
        let total_ms = ms(&timeouts.total).unwrap_or_else(|| self.total_ms.max(progress_ms));
        Self { progress_ms, total_ms, ..self }
    }
}

/// Decides.
#[must_use]
pub fn decide(
    desired: &Desired,
    rendered: &Result<Rendered, Refused>,
    observed: &Observed,
    limits: Limits,
    now_ms: i64,
) -> Decision {
    let ignored = rendered.as_ref().map(|rendered| rendered.ignored_events.as_slice()).unwrap_or_default();
    let mut decision = Decision {
        steps: Vec::new(),
        seen: look(desired, observed, ignored, now_ms),
        refused: None,
        outdated: false,
        again_ms: None,
    };
    if desired.deleting {
        decision.steps = end(desired, observed);
        return decision;
    }
    match (desired.on_delete == OnDelete::Delete, desired.held) {
        (true, false) => decision.steps.push(Step::Hold),
        (false, true) => decision.steps.push(Step::Release),
        _ => {}
    }
    if desired.paused {
        return decision;
    }
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(refused) => return refuse(decision, refused.clone(), desired, observed, (limits, now_ms)),
    };
    if let Some(refused) = conflict(desired, rendered, observed) {
        return refuse(decision, refused, desired, observed, (limits, now_ms));
    }
    let left = observed.claims.iter().filter(|claim| claim.own && claim.left_ms.is_some() && !claim.deleting);
    decision.steps.extend(left.map(|claim| Step::Reclaim { claim: claim.name.clone(), uid: claim.uid.clone() }));
    let stale = |(_, part): &(usize, &Object)| {
        let seen = observed.parts.get(&(part.kind, part.name.clone()));
        seen.and_then(|seen| seen.verified.as_ref()) != Some(&part.hash)
    };
    let pin = pinned::look(desired, rendered, observed);
    // What its pod of before reads stays with it.
    let held = |(_, part): &(usize, &Object)| pin == Pin::Holds && part.kind == Owned::ConfigMap;
    let parts = rendered.parts.iter().enumerate().filter(|one| stale(one) && !held(one));
    decision.steps.extend(parts.map(|(at, _)| Step::Apply(at)));
    if let Some((secret, _)) = &rendered.secret
        && !observed.parts.contains_key(&(Owned::Secret, secret.clone()))
    {
        decision.steps.push(Step::MakeSecret);
    }
    let (steps, outside_ms) = crate::outside::steps(desired, rendered, observed, now_ms);
    decision.steps.extend(steps);
    if let Some(pod) = &observed.pod {
        decision.outdated = pod.controller == desired.uid && pod.hash != rendered.pod_hash;
    }
    decision.outdated |= pin == Pin::Holds;
    decision.steps.extend((pin == Pin::Write).then_some(Step::Pin));
    decision.steps.extend(resize(desired, rendered, observed));
    let (step, again_ms) = pod_step(desired, observed, decision.outdated, limits, now_ms);
    let pinned = |step| if step == Step::MakePod && pin == Pin::Holds { Step::MakePinned } else { step };
    decision.steps.extend(step.map(pinned));
    let told_ms = observed.pod.as_ref().and_then(|pod| told_at_ms(pod, &decision.seen, now_ms));
    decision.again_ms = [again_ms, outside_ms, told_ms].into_iter().flatten().min();
    decision
}

/// Where it is.
fn look(desired: &Desired, observed: &Observed, ignored: &[String], now_ms: i64) -> Seen {
    let plain = |stage: Stage, reason: &'static str, message: &str| Seen {
        stage,
        reason,
        cause: "",
        message: message.to_owned(),
        warning: None,
    };
    let pod = observed.pod.as_ref();
    match pod {
        None if desired.deleting => plain(Stage::Terminating, "Terminating", "it is being deleted"),
        None if !desired.running => plain(Stage::Stopped, "Stopped", "it is stopped, as was asked"),
        None if desired.cause.starts_with(WOKEN) => plain(Stage::Waking, "Scheduling", &desired.cause),
        None => plain(Stage::Queued, "Scheduling", "its objects are being made"),
        Some(pod) if observed.node_lost_ms.is_some() && !pod.node.is_empty() => {
            plain(Stage::Unknown, "NodeLost", &format!("nothing is heard of node {}", pod.node))
        }
        Some(pod) => {
            let Observed { events, claims, nodes, .. } = observed;
            let mut seen = seen(pod, Around { events, claims, nodes: Some(nodes), ignored }, now_ms);
            if !desired.running && !desired.deleting {
                (seen.stage, seen.reason, seen.warning) = (Stage::Stopping, "Stopping", None);
                "its pod ends".clone_into(&mut seen.message);
            } else if desired.deleting {
                (seen.stage, seen.reason, seen.warning) = (Stage::Terminating, "Terminating", None);
                "it is being deleted".clone_into(&mut seen.message);
            } else if matches!(seen.stage, Stage::Stopping | Stage::Terminating) {
                // A pod that is made anew is on its way.
                (seen.stage, seen.reason) = (Stage::Queued, "Scheduling");
                "its last pod ends first".clone_into(&mut seen.message);
            }
            seen
        }
    }
}

/// The way of a workspace that is being deleted.
fn end(desired: &Desired, observed: &Observed) -> Vec<Step> {
    if !desired.held {
        // What it owns goes with it, and its storage stays.
        return Vec::new();
    }
    if desired.on_delete != OnDelete::Delete {
        return vec![Step::Release];
    }
    if let Some(pod) = &observed.pod {
        let ends = pod.deleting_ms.is_none() && pod.controller == desired.uid;
        return ends.then(|| Step::EndPod { uid: pod.uid.clone(), grace: None, stop: false }).into_iter().collect();
    }
    // What does not say of itself that it is this one's alone stays.
    let own = |claim: &&crate::observed::Claim| claim.workspace == desired.key.name && claim.own;
    if !observed.claims.iter().any(|claim| own(&claim)) {
        return vec![Step::Release];
    }
    let claims = observed.claims.iter().filter(own).filter(|claim| !claim.deleting);
    claims.map(|claim| Step::Discard { claim: claim.name.clone(), uid: claim.uid.clone() }).collect()
}

fn refuse(
    mut decision: Decision,
    refused: Refused,
    desired: &Desired,
    observed: &Observed,
    (limits, now_ms): (Limits, i64),
) -> Decision {
    // What runs goes on as it is, until it is to be stopped; what is not there is not made.
    if !desired.running {
        let (step, again_ms) = pod_step(desired, observed, false, limits, now_ms);
        decision.steps.extend(step);
        decision.again_ms = again_ms;
    }
    if observed.pod.is_none() && matches!(decision.seen.stage, Stage::Queued | Stage::Waking) {
        match (refused.queued, refused.condition) {
            (false, _) => decision.seen.stage = Stage::Failed,
            // What it is made from is still to be known.
            (true, "BlueprintResolved") => decision.seen.stage = Stage::Resolving,
            (true, _) => {}
        }
        decision.seen.reason = refused.reason;
        decision.seen.message.clone_from(&refused.message);
    }
    decision.refused = Some(refused);
    decision
}

/// Something that has a name of ours, and is somebody else's.
fn conflict(desired: &Desired, rendered: &Rendered, observed: &Observed) -> Option<Refused> {
    let refused = |message: String| Refused { condition: "Accepted", reason: "NameConflict", message, queued: false };
    let wanted = |name: &str| rendered.parts.iter().any(|part| part.kind == Owned::Claim && part.name == name);
    let claim = observed.claims.iter().find(|claim| {
        wanted(&claim.name)
            && claim.workspace == desired.key.name
            && !claim.owner.is_empty()
            && !rendered.owner_is(&claim.owner)
    });
    if let Some(claim) = claim {
        let message = format!("claim {} is storage of {}: choose another name", claim.name, claim.owner);
        return Some(refused(message));
    }
    let pod = observed.pod.as_ref()?;
    pod.controller.is_empty().then(|| refused(format!("there is a pod {} that no workspace owns", pod.name)))
}

impl Rendered {
    /// The owner's label on our objects is this.
    fn owner_is(&self, label: &str) -> bool {
        let own =
            self.pod.as_ref().and_then(|pod| pod.body.pointer("/metadata/labels")?.get(crate::key::OWNER)?.as_str());
        own.is_none_or(|own| own == label)
    }
}

/// What becomes of the pod, and when it is to be looked at again.
fn pod_step(
    desired: &Desired,
    observed: &Observed,
    outdated: bool,
    limits: Limits,
    now_ms: i64,
) -> (Option<Step>, Option<i64>) {
    let Some(pod) = &observed.pod else {
        return (desired.running.then_some(Step::MakePod), None);
    };
    let end = |grace| Some(Step::EndPod { uid: pod.uid.clone(), grace, stop: !desired.running });
    if let Some(since) = observed.node_lost_ms {
        // A kubelet that is gone ends nothing: only the API server can let go of its pods.
        let due = since + limits.node_loss_ms;
        return if now_ms >= due { (end(Some(0)), None) } else { (None, Some(due)) };
    }
    if pod.deleting_ms.is_some() {
        return (None, None);
    }
    if pod.controller != desired.uid {
        // Of a workspace that had this name: it goes with that one.
        return (None, None);
    }
    if !desired.running {
        return (end(None), None);
    }
    if pod.phase == Phase::Succeeded {
        let cause = "it ended by itself".to_owned();
        return (Some(Step::SayState { state: "Stopped", cause }), None);
    }
    if pod.phase == Phase::Failed && lost_its_place(pod) {
        return (end(None), None);
    }
    if outdated && desired.update == Update::Auto {
        return (end(None), None);
    }
    (None, pull_look(observed, now_ms))
}

/// Other sizes for a pod that runs and goes on: only what its node decides without starting anything anew.
fn resize(desired: &Desired, rendered: &Rendered, observed: &Observed) -> Option<Step> {
    let pod = observed.pod.as_ref().filter(|pod| pod.controller == desired.uid && pod.deleting_ms.is_none())?;
    let wanted = Sizes::of_pod(&rendered.pod.as_ref()?.body);
    let runs = desired.running && pod.phase == Phase::Running && observed.node_lost_ms.is_none();
    let differs = pod.sizes != wanted && pod.sizes.can_become(&wanted);
    (runs && differs).then(|| Step::Resize { uid: pod.uid.clone() })
}

/// The pod failed by no fault of its programs.
fn lost_its_place(pod: &Pod) -> bool {
    matches!(
        pod.reason.as_str(),
        "Evicted" | "NodeLost" | "Shutdown" | "Terminated" | "NodeShutdown" | "Preempting" | "UnexpectedAdmissionError"
    )
}

/// A pull is told after a moment: look again then.
fn pull_look(observed: &Observed, now_ms: i64) -> Option<i64> {
    let begun = observed.events.iter().filter(|event| event.reason == "Pulling").map(|event| event.at_ms).max()?;
    let due = begun + 8_100;
    (due > now_ms && observed.pod.as_ref().is_some_and(|pod| !pod.ready)).then_some(due)
}

#[cfg(test)]
mod tests;
