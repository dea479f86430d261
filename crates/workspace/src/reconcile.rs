//! Carries out one decision about one workspace.
//!
//! Whatever interrupts it, the next look decides again from what is there: no step relies on one before it having been
//! remembered.

use crate::aliases::{self, Claim};
use crate::book::Ask;
use crate::book::launch::{self, Launch};
use crate::decide::{Limits, Step, decide};
use crate::desired::Desired;
use crate::follow::{meant, part};
use crate::index::Seen;
use crate::key::{FINALIZER, Key, LEFT_SINCE, MANIFEST_HASH, ORG, OWNER, STATE_CAUSE, STORAGE, WORKSPACE};
use crate::life::{self, Known};
use crate::observed::{Observed, is_own};
use crate::pinned;
use crate::probe::Asked;
use crate::render::{Object, Refused, Render, Rendered};
use crate::source::{self, Sourced};
use crate::standing::Shared;
use crate::status::{Making, Trouble};
use blueprint::objects::Egress;
use cluster::{Error, Hands, Owned, Owner};
use rolled::Rolled;
use serde_json::{Value, json};
use std::sync::Arc;
use words::words;

mod imaged;
mod newer;
mod rolled;
mod words;

/// What one look at a workspace needs.
pub(crate) struct Job {
    pub(crate) key: Key,
    pub(crate) object: Value,
    pub(crate) observed: Observed,
    /// The status that we wrote last: watches may be behind.
    pub(crate) written: Option<Value>,
    pub(crate) limits: Limits,
    pub(crate) now_ms: i64,
    /// How it is used, and what its daemon said.
    pub(crate) known: Known,
    /// Who may have what.
    pub(crate) shared: Arc<Shared>,
    /// Reads its repository; nothing where none are read.
    pub(crate) sources: Option<Arc<source::Desk>>,
    /// For which processors nodes run programs.
    pub(crate) architectures: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) key: Key,
    /// When it was begun, epoch milliseconds.
    pub(crate) begun_ms: i64,
    /// Parts as they are now.
    pub(crate) applied: Vec<(Owned, String, Seen, String)>,
    /// The status as it is now.
    pub(crate) status: Option<Value>,
    /// When to look again though nothing changed.
    pub(crate) again_ms: Option<i64>,
    /// A use from then on is worth a look.
    pub(crate) alert_ms: i64,
    /// What its daemon is to be asked.
    pub(crate) ask: Option<Asked>,
    /// Paths of its apps whose requests are no use; nothing where that is not known.
    pub(crate) ignored: Option<Vec<String>>,
    /// What it reaches by name; nothing where that is not known.
    pub(crate) egress: Option<Option<Egress>>,
    /// It has to be tried again.
    pub(crate) failed: Option<String>,
}

impl Done {
    pub(crate) fn of(key: &Key, begun_ms: i64) -> Self {
        let (applied, status, again_ms, failed) = (Vec::new(), None, None, None);
        Self {
            key: key.clone(),
            begun_ms,
            applied,
            status,
            again_ms,
            alert_ms: i64::MAX,
            ask: None,
            ignored: None,
            egress: None,
            failed,
        }
    }
}

/// Why a step failed.
enum Fault {
    Cluster(Error),
    /// The name is somebody else's.
    Conflict(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Cluster(error)
    }
}

/// Says of a workspace that it is not carried out, and why. What runs goes on as it is.
pub(crate) async fn say_refused(owner: &Owner, job: Job, message: String) -> Done {
    let key = job.key.clone();
    let mut done = Done::of(&key, job.now_ms);
    let Some(desired) = Desired::of(&job.object) else { return done };
    let rendered = Err(Refused { condition: "Accepted", reason: "PolicyDenied", message, queued: false });
    done.again_ms = settle(&job, &desired, false);
    let decision =
        decide(&Desired { paused: false, ..desired.clone() }, &rendered, &job.observed, job.limits, job.now_ms);
    let nothing = Value::Null;
    let previous = job.written.as_ref().or_else(|| job.object.get("status")).unwrap_or(&nothing);
    let making = Making {
        desired: &desired,
        rendered: rendered.as_ref(),
        observed: &job.observed,
        decision: &decision,
        newer: &[],
        trouble: None,
        outside: None,
        life: None,
        known: &job.known,
        previous,
        limits: job.limits,
        now_ms: job.now_ms,
    };
    let mut made = making.make();
    rolled::keep(previous, &mut made.status);
    if *previous != made.status {
        match owner
            .apply_status(Owned::Workspace, &key.namespace, &key.name, &object_of(&key, &desired.uid, &made.status))
            .await
        {
            Ok(_) => done.status = Some(made.status),
            Err(Error::NotFound { .. }) => {}
            Err(error) => done.failed = Some(error.to_string()),
        }
    }
    done
}

fn object_of(key: &Key, uid: &str, status: &Value) -> Value {
    json!({
        "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind(),
        "metadata": { "name": key.name, "namespace": key.namespace, "uid": uid },
        "status": status,
    })
}

/// Looks at a workspace once.
pub(crate) async fn reconcile(hands: &Hands, render: &dyn Render, mut job: Job) -> Done {
    let key = job.key.clone();
    // What it is made of stands in its status: the watch may be behind.
    if let (Some(written), Some(object)) = (&job.written, job.object.as_object_mut()) {
        object.insert("status".to_owned(), written.clone());
    }
    let mut done = Done::of(&key, job.now_ms);
    let Some(mut desired) = Desired::of(&job.object) else { return done };
    desired.image = job.observed.pod.as_ref().and_then(|pod| pod.image.clone());
    let sourced = match &job.sources {
        Some(sources) if !desired.deleting && !desired.paused => {
            let makes = desired.running && job.observed.pod.is_none();
            sources.look(hands, &desired, &job.object, makes).await
        }
        _ => Sourced::None,
    };
    let rendered = if desired.deleting { Err(unlooked()) } else { render.render(&desired, &job.object, &sourced) };
    let rolled = Rolled::of(render, &desired, &job.object, &rendered);
    let limits = rendered.as_ref().map_or(job.limits, |rendered| job.limits.of(&rendered.timeouts));
    let sourced_ms = looked_again(&sourced, &rendered, job.now_ms);
    let (rendered, tried_ms) = job.shared.enforced.admits(&desired, &job.observed, rendered, job.now_ms);
    let (rendered, mut asked_again_ms) = admit(&job, &desired, rendered);
    let mut rendered = Box::pin(imaged::told(hands, render, &job, &mut desired, &sourced, rendered)).await;
    let named_ms = name(&job, &desired, &mut rendered);
    let (rendered, mount_ms) = mounted(hands, &job, &desired, rendered).await;
    let mut decision = decide(&desired, &rendered, &job.observed, limits, job.now_ms);
    let activity = rendered.as_ref().ok().map(|rendered| &rendered.activity);
    done.ignored = activity.map(|activity| activity.ignore_paths.clone());
    done.egress = rendered.as_ref().ok().map(|rendered| rendered.egress.clone());
    let busy = activity.map(life::Busy::of).unwrap_or_default();
    let caps = rendered.as_ref().map_or_else(|_| render.caps(&desired, &job.object), |rendered| rendered.caps);
    let mut life = life::judge(&job, &desired, &decision, busy, caps);
    life.makes_room(&job, desired.paused);
    decision.steps.extend(life.step());
    let daemon = job.observed.pod.as_ref().and_then(|pod| job.known.daemon.of(&pod.uid));
    let (holds, ..) = crate::status::isolated(daemon, rendered.as_ref());
    decision.steps.extend(job.shared.enforced.takes(&desired, holds, job.now_ms));
    let (mut trouble, mut outside) = (None, None);
    for step in decision.steps.clone() {
        let carried = match &step {
            Step::Certify { secret, host } => {
                let of = rendered.as_ref().ok();
                let made =
                    crate::outside::certify(hands, render, &desired, of, (secret, host), &mut done.applied).await;
                made.map_err(Fault::from)
            }
            step => carry(hands, &desired, rendered.as_ref().ok(), &job.observed, step, &mut done).await,
        };
        match carried {
            Ok(()) if matches!(step, Step::MakePod | Step::MakePinned) => job.shared.book.lock().made(&key, job.now_ms),
            Ok(()) => {}
            // The workspace itself does not wait for what leads to it from outside.
            Err(Fault::Cluster(error)) if crate::outside::is_of(&step, rendered.as_ref().ok()) => {
                tracing::warn!(workspace = %key, %error, ?step, "a workspace is not reached from outside");
                outside = Some(error.to_string());
                done.failed = outside.clone();
            }
            // It is gone: nothing is left to do.
            Err(Fault::Cluster(Error::NotFound { .. })) if desired.deleting => return done,
            Err(Fault::Cluster(error)) if matches!(step, Step::Resize { .. }) && resizes_nothing(&error) => {
                tracing::warn!(workspace = %key, %error, "the cluster changes no sizes of pods that run");
                trouble = Some(Trouble { reason: "ResizeDeferred", message: NO_RESIZE.to_owned() });
            }
            Err(Fault::Conflict(message)) => {
                decision.refused = Some(Refused {
                    condition: "Accepted",
                    reason: "NameConflict",
                    message: message.clone(),
                    queued: false,
                });
                done.failed = Some(message);
                break;
            }
            Err(Fault::Cluster(error)) => {
                let message = format!("{}: {error}", words(&step, rendered.as_ref().ok()));
                // Watches are a little behind, or all of the namespace goes: neither is worth a word.
                let expected =
                    matches!(error, Error::Conflict { .. }) || error.to_string().contains("being terminated");
                if expected {
                    tracing::debug!(workspace = %key, %error, ?step, "a step of the operator is for later");
                } else {
                    tracing::warn!(workspace = %key, %error, ?step, "a step of the operator failed");
                }
                let conflict = matches!(error, Error::Conflict { .. });
                let reason = if conflict { "ApplyConflict" } else { "ApplyFailed" };
                trouble = Some(Trouble { reason, message: message.clone() });
                done.failed = Some(message);
                break;
            }
        }
    }
    // Nothing more is made of it now: what it has is what it takes.
    if desired.deleting || desired.paused || decision.refused.is_some() {
        let waits = decision.refused.as_ref().is_some_and(|refused| WAITS.contains(&refused.reason));
        let again_ms = settle(&job, &desired, waits && !desired.paused);
        asked_again_ms = [asked_again_ms, again_ms].into_iter().flatten().min();
    }
    let nothing = Value::Null;
    let previous = job.written.as_ref().or_else(|| job.object.get("status")).unwrap_or(&nothing);
    let newer = match &rendered {
        Ok(rendered) if decision.outdated => newer::newer(hands, &job, &desired, rendered).await,
        _ => Vec::new(),
    };
    let making = Making {
        desired: &desired,
        rendered: rendered.as_ref(),
        observed: &job.observed,
        decision: &decision,
        newer: &newer,
        trouble: trouble.as_ref(),
        outside: outside.as_deref(),
        life: Some(&life),
        known: &job.known,
        previous,
        limits,
        now_ms: job.now_ms,
    };
    let mut made = making.make();
    rolled.tell(&job, &desired, &decision, &mut made.status);
    let again =
        [decision.again_ms, made.again_ms, asked_again_ms, life.again_ms, sourced_ms, tried_ms, named_ms, mount_ms];
    done.again_ms = again.into_iter().flatten().min();
    (done.alert_ms, done.ask) = (life.judged.alert_ms, life.ask.clone());
    if *previous != made.status {
        let object = object_of(&key, &desired.uid, &made.status);
        match hands.apply_status(&object).await {
            Ok(_) => done.status = Some(made.status),
            // It is gone, and so is its status.
            Err(Error::NotFound { .. }) => {}
            Err(error) if desired.deleting && matches!(error, Error::Conflict { .. } | Error::Invalid { .. }) => {}
            Err(error) => {
                tracing::warn!(workspace = %key, %error, "the status of a workspace cannot be written");
                done.failed = Some(error.to_string());
            }
        }
    }
    done
}

/// When its repository is worth another look: nobody tells when something is pushed.
fn looked_again(sourced: &Sourced, rendered: &Result<Rendered, Refused>, now_ms: i64) -> Option<i64> {
    let whole = rendered.as_ref().is_ok_and(|rendered| rendered.fallback.is_none());
    match sourced {
        Sourced::None => None,
        Sourced::Pending(_) => Some(now_ms + 500),
        Sourced::Failed(..) => Some(now_ms + 15_000),
        Sourced::Read(_) if whole => Some(now_ms + 600_000),
        Sourced::Read(_) => Some(now_ms + 20_000),
    }
}

/// Asks the book for the place of a workspace, and reserves it.
fn admit(
    job: &Job,
    desired: &Desired,
    rendered: Result<Rendered, Refused>,
) -> (Result<Rendered, Refused>, Option<i64>) {
    let rendered = match rendered {
        Ok(rendered) if !desired.paused => rendered,
        other => return (other, None),
    };
    let status = job.written.as_ref().or_else(|| job.object.get("status"));
    let launch = Launch::of(&job.object, &rendered);
    let ask = Ask {
        key: &job.key,
        who: launch::who(desired, &job.shared.roles),
        has: launch::has(&job.observed),
        wants: launch::wants(desired, &job.object, &rendered, &job.observed),
        launch: &launch,
        waits_since_ms: status.and_then(waits_since),
        now_ms: job.now_ms,
    };
    let answer = job.shared.book.lock().admit(ask);
    match answer {
        Ok(again_ms) => (Ok(rendered), again_ms),
        Err((refused, again_ms)) => (Err(refused), again_ms),
    }
}

/// Asks for the name that a workspace wants to have in hosts; what is another's it goes without. When to ask again.
fn name(job: &Job, desired: &Desired, rendered: &mut Result<Rendered, Refused>) -> Option<i64> {
    let rendered = rendered.as_mut().ok()?;
    let alias = rendered.web_proxy.get("alias").and_then(Value::as_str).unwrap_or_default();
    let ask = aliases::Ask {
        key: &job.key,
        owner: &desired.owner,
        alias,
        runs: desired.running && !desired.deleting,
        now_ms: job.now_ms,
    };
    let claim = job.shared.aliases.lock().claim(&ask);
    let Claim::Contested { words, free_ms } = claim else { return None };
    if let Some(fields) = rendered.web_proxy.as_object_mut() {
        fields.remove("alias");
    }
    // One that is stopped wants nothing yet.
    rendered.contested = desired.running.then_some(words);
    free_ms.filter(|_| desired.running)
}

/// Asks for the volumes that it joins, before anything is made of it: what runs goes on.
async fn mounted(
    hands: &Hands,
    job: &Job,
    desired: &Desired,
    rendered: Result<Rendered, Refused>,
) -> (Result<Rendered, Refused>, Option<i64>) {
    let rendered = match rendered {
        Ok(rendered) if !rendered.joins.is_empty() && job.observed.pod.is_none() && !desired.paused => rendered,
        other => return (other, None),
    };
    let roles = job.shared.roles.of(&desired.owner);
    match job.shared.mounts.look(hands, desired, &rendered, roles, job.now_ms).await {
        Ok(()) => (Ok(rendered), None),
        Err((refused, again_ms)) => (Err(refused), again_ms),
    }
}

/// Tells the book what a workspace has for which nothing more is made now.
fn settle(job: &Job, desired: &Desired, waits: bool) -> Option<i64> {
    let has = launch::has(&job.observed);
    job.shared.book.lock().settle(&job.key, launch::who(desired, &job.shared.roles), has, waits, job.now_ms)
}

/// Since when a workspace waits for its place, by its status.
fn waits_since(status: &Value) -> Option<i64> {
    let conditions = status.get("conditions")?.as_array()?;
    let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
    let accepted = conditions.iter().find(|one| text(one, "type").as_deref() == Some("Accepted"))?;
    let waits = text(accepted, "reason").is_some_and(|reason| WAITS.contains(&reason.as_str()));
    let since = text(accepted, "lastTransitionTime").filter(|_| waits)?;
    crate::status::read(&since)
}

/// Why a workspace waits that goes on by itself once it may.
const WAITS: &[&str] = &["QuotaExceeded", "GrantMissing"];

/// The API server knows no sizes of pods that run: it is older, or has that turned off.
pub(crate) fn resizes_nothing(error: &Error) -> bool {
    // A pod that is gone is named; a path that is not served is not.
    matches!(error, Error::NotServed { .. }) || error.to_string().contains("could not find the requested resource")
}

pub(crate) const NO_RESIZE: &str =
    "feature_unavailable: the cluster changes no sizes of pods that run: stop and start it for the new ones";

/// Nothing is rendered for what is going.
fn unlooked() -> Refused {
    Refused { condition: "", reason: "Terminating", message: String::new(), queued: false }
}

async fn carry(
    hands: &Hands,
    desired: &Desired,
    rendered: Option<&Rendered>,
    observed: &Observed,
    step: &Step,
    done: &mut Done,
) -> Result<(), Fault> {
    match step {
        Step::Hold | Step::Release => {
            let mut finalizers = desired.finalizers.clone();
            finalizers.retain(|name| name != FINALIZER);
            if *step == Step::Hold {
                finalizers.push(FINALIZER.to_owned());
            }
            hands.patch_metadata(&desired.version, &json!({ "finalizers": finalizers })).await?;
        }
        Step::Apply(at) => {
            let Some(object) = rendered.and_then(|rendered| rendered.parts.get(*at)) else { return Ok(()) };
            let known = observed.parts.contains_key(&(object.kind, object.name.clone()));
            let applied = apply(hands, desired, object, known).await?;
            done.applied.push((object.kind, object.name.clone(), part(&applied), object.hash.clone()));
        }
        Step::MakeSecret => {
            let Some((name, key)) = rendered.and_then(|rendered| rendered.secret.as_ref()) else { return Ok(()) };
            let secret = match hands.get(Owned::Secret, name).await? {
                Some(there) => there,
                None => hands.apply(Owned::Secret, name, &secret(desired, rendered, name, key)).await?,
            };
            done.applied.push((Owned::Secret, name.clone(), part(&secret), String::new()));
        }
        Step::SeeSecret(name) => {
            if let Some(secret) = hands.get(Owned::Secret, name).await? {
                done.applied.push((Owned::Secret, name.clone(), part(&secret), String::new()));
            }
        }
        Step::Withdraw { kind, name, uid } => {
            tracing::info!(workspace = %desired.key, kind = kind.kind(), name, "nobody asks for it any more: taken away");
            hands.delete(*kind, name, uid, None).await?;
        }
        // Made by who can.
        Step::Certify { .. } => {}
        Step::MakePod | Step::MakePinned => {
            let Some(pod) = rendered.and_then(|rendered| rendered.pod.as_ref()) else { return Ok(()) };
            if let Some(there) = hands.get(Owned::Pod, &pod.name).await? {
                // The watch is behind, or somebody has the name.
                return if controlled(&there, &desired.uid) {
                    Ok(())
                } else {
                    Err(Fault::Conflict(format!("there is a pod {} that is not of this workspace", pod.name)))
                };
            }
            let kept = match step {
                Step::MakePinned => hands.get(Owned::ConfigMap, &pinned::name(desired)).await?,
                _ => None,
            };
            let kept = kept.and_then(|kept| pinned::pod(desired, &kept));
            hands.apply(Owned::Pod, &pod.name, kept.as_ref().unwrap_or(&pod.body)).await?;
        }
        Step::Pin => {
            let Some((rendered, map)) = rendered.and_then(|one| Some((one, pinned::object(desired, one)?))) else {
                return Ok(());
            };
            let name = pinned::name(desired);
            let applied = hands.apply(Owned::ConfigMap, &name, &map).await?;
            done.applied.push((Owned::ConfigMap, name, part(&applied), pinned::mark(desired, rendered)));
        }
        Step::Resize { uid } => {
            let pod = rendered.and_then(|rendered| rendered.pod.as_ref());
            if let Some(patch) = pod.and_then(|pod| crate::sizes::patch(&pod.body, uid)) {
                let name = observed.pod.as_ref().map_or(desired.key.name.as_str(), |pod| pod.name.as_str());
                hands.resize(name, &patch).await?;
            }
        }
        Step::EndPod { uid, grace, stop } => {
            let name = observed.pod.as_ref().map_or(desired.key.name.as_str(), |pod| pod.name.as_str());
            let ended = async {
                if *stop {
                    hands.mark_stop(name, uid).await?;
                }
                hands.delete(Owned::Pod, name, uid, *grace).await
            };
            match ended.await {
                // It is gone, or another pod has its name by now.
                Ok(()) | Err(Error::Conflict { .. } | Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Step::SayState { state, cause } => {
            tracing::info!(workspace = %desired.key, state, cause, "the operator sets a state");
            hands.say_state(&desired.uid, state, STATE_CAUSE, cause).await?;
        }
        Step::EndWorkspace { cause } => {
            tracing::info!(workspace = %desired.key, cause, "the time of a workspace is over: it is deleted");
            hands.delete(Owned::Workspace, &desired.key.name, &desired.uid, None).await?;
        }
        Step::Reclaim { claim, uid } => {
            hands.annotate_claim(claim, uid, &json!({ LEFT_SINCE: null })).await?;
        }
        Step::Discard { claim, uid } => hands.discard(claim, uid).await?,
    }
    Ok(())
}

/// Applies a part: what is new at once; what is there only if that would change it.
async fn apply(hands: &Hands, desired: &Desired, object: &Object, known: bool) -> Result<Value, Fault> {
    let there = if known || object.kind == Owned::Claim { hands.get(object.kind, &object.name).await? } else { None };
    if let Some(there) = there {
        let label =
            |name: &str| there.pointer("/metadata/labels").and_then(|all| all.get(name)).and_then(Value::as_str);
        let ours =
            |name: &str| object.body.pointer("/metadata/labels").and_then(|all| all.get(name)).and_then(Value::as_str);
        // What is shared is no workspace's, and not everybody's: its marks have to be the same.
        let own = is_own(&object.body);
        let same = |name: &str| label(name) == ours(name);
        let strange =
            if own { label(WORKSPACE).is_none() } else { !same(STORAGE) && label(STORAGE).is_some() || !same(ORG) };
        if object.kind == Owned::Claim && (strange || !same(OWNER)) {
            let whose = label(OWNER).unwrap_or("nobody that is known");
            return Err(Fault::Conflict(format!("claim {} is storage of {whose}: choose another name", object.name)));
        }
        let tried = hands.try_apply(object.kind, &object.name, &object.body).await?;
        if meant(&tried) == meant(&there) {
            return Ok(there);
        }
        tracing::info!(workspace = %desired.key, kind = object.kind.kind(), name = %object.name, "it is not as it should be: applying");
    }
    Ok(hands.apply(object.kind, &object.name, &object.body).await?)
}

fn controlled(pod: &Value, uid: &str) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    owners.filter_map(|owner| owner.get("uid").and_then(Value::as_str)).any(|owner| owner == uid)
}

/// A Secret with one random value.
fn secret(desired: &Desired, rendered: Option<&Rendered>, name: &str, key: &str) -> Value {
    let given = rendered.and_then(|rendered| rendered.password.as_ref());
    let value = given.map_or_else(|| uuid::Uuid::new_v4().simple().to_string(), |given| given.expose().clone());
    let pod = rendered.and_then(|rendered| rendered.pod.as_ref());
    let labels = pod.and_then(|pod| pod.body.pointer("/metadata/labels")).cloned().unwrap_or_default();
    let mut fields = serde_json::Map::new();
    fields.insert(key.to_owned(), value.into());
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "name": name, "namespace": desired.key.namespace, "labels": labels,
            "annotations": { MANIFEST_HASH: "once" },
            "ownerReferences": [{
                "apiVersion": Owned::Workspace.api_version(), "kind": Owned::Workspace.kind(),
                "name": desired.key.name, "uid": desired.uid, "controller": true,
            }],
        },
        "stringData": fields,
    })
}
