#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Decision, Limits, Step, decide};
use crate::desired::{Desired, OnDelete, Update};
use crate::key::{FINALIZER, Key};
use crate::observed::{Claim, Observed, Part};
use crate::pod::{Phase, Pod};
use crate::render::{Object, Refused, Rendered};
use crate::stage::Stage;
use cluster::Owned;
use proptest::prelude::*;
use serde_json::json;

fn desired() -> Desired {
    Desired {
        key: Key { namespace: "n".into(), name: "w".into() },
        uid: "uid".into(),
        generation: 1,
        version: "1".into(),
        deleting: false,
        held: false,
        finalizers: Vec::new(),
        running: true,
        paused: false,
        owner: "ada".into(),
        org: String::new(),
        exposure: String::new(),
        on_delete: OnDelete::Retain,
        update: Update::OnRestart,
        asks: String::new(),
        cause: String::new(),
        lifecycle: crd::workspace::Lifecycle::default(),
        keep_until_ms: None,
        image: None,
    }
}

fn object(kind: Owned, name: &str) -> Object {
    let labels = json!({ crate::key::WORKSPACE: "w", crate::key::OWNER: "ada" });
    let body = json!({
        "apiVersion": kind.api_version(), "kind": kind.kind(), "metadata": { "name": name, "labels": labels },
    });
    Object::of(body).unwrap()
}

fn rendered() -> Rendered {
    Rendered {
        parts: vec![object(Owned::Claim, "pvc-w-home"), object(Owned::ConfigMap, "w"), object(Owned::Service, "w")],
        pod: Some(object(Owned::Pod, "w")),
        pod_hash: "h1".into(),
        ..Rendered::default()
    }
}

fn pod() -> Pod {
    Pod {
        uid: "p1".into(),
        name: "w".into(),
        node: "node".into(),
        phase: Phase::Running,
        ready: true,
        hash: "h1".into(),
        controller: "uid".into(),
        ..Pod::default()
    }
}

fn claim(owner: &str) -> Claim {
    Claim {
        name: "pvc-w-home".into(),
        uid: "c1".into(),
        phase: "Bound".into(),
        owner: owner.into(),
        workspace: "w".into(),
        own: true,
        ..Claim::default()
    }
}

/// Everything applied, and the pod runs.
fn settled() -> Observed {
    let parts = rendered().parts.into_iter().map(|part| {
        let known = Part { uid: "x".into(), version: "1".into(), verified: Some(part.hash), ..Part::default() };
        ((part.kind, part.name), known)
    });
    Observed { pod: Some(pod()), claims: vec![claim("ada")], parts: parts.collect(), ..Observed::default() }
}

fn of(desired: &Desired, observed: &Observed) -> Decision {
    decide(desired, &Ok(rendered()), observed, Limits::default(), 1_000_000)
}

fn end_pod(grace: Option<u32>) -> Step {
    Step::EndPod { uid: "p1".into(), grace, stop: false }
}

fn stop_pod() -> Step {
    Step::EndPod { uid: "p1".into(), grace: None, stop: true }
}

#[test]
fn wo_02c_what_is_not_there_is_applied_and_the_pod_comes_last() {
    let decision = of(&desired(), &Observed::default());
    assert_eq!(decision.steps, [Step::Apply(0), Step::Apply(1), Step::Apply(2), Step::MakePod]);
    assert_eq!(decision.seen.stage, Stage::Queued);
    let decision = of(&desired(), &settled());
    assert_eq!((decision.steps, decision.seen.stage), (vec![], Stage::Running), "and then there is nothing to do");
}

#[test]
fn wo_03d_a_part_that_somebody_changed_is_applied_again() {
    let mut observed = settled();
    observed.parts.get_mut(&(Owned::Service, "w".to_owned())).unwrap().verified = None;
    assert_eq!(of(&desired(), &observed).steps, [Step::Apply(2)]);
    observed.parts.remove(&(Owned::ConfigMap, "w".to_owned()));
    assert_eq!(of(&desired(), &observed).steps, [Step::Apply(1), Step::Apply(2)]);
}

#[test]
fn wl_08b_stop_takes_the_pod_only_and_start_makes_it_again() {
    let stopped = Desired { running: false, ..desired() };
    let decision = of(&stopped, &settled());
    assert_eq!((decision.steps, decision.seen.stage), (vec![stop_pod()], Stage::Stopping));
    let ending = Observed { pod: Some(Pod { deleting_ms: Some(5), ..pod() }), ..settled() };
    assert_eq!(of(&stopped, &ending).steps, [], "it is ending already");
    // Started again while the old pod ends: it waits for the name.
    let decision = of(&desired(), &ending);
    assert_eq!((decision.steps, decision.seen.stage), (vec![], Stage::Queued));
    let gone = Observed { pod: None, ..settled() };
    let decision = of(&stopped, &gone);
    assert_eq!((decision.steps, decision.seen.stage), (vec![], Stage::Stopped));
    assert_eq!(of(&desired(), &gone).steps, [Step::MakePod]);
}

#[test]
fn wl_02d_stages_without_a_pod() {
    let stage = |desired: &Desired, rendered: Result<Rendered, Refused>| {
        decide(desired, &rendered, &Observed::default(), Limits::default(), 1_000_000).seen.stage
    };
    let refused = |condition: &'static str, queued: bool| {
        Err(Refused { condition, reason: "Unknown", message: "words".to_owned(), queued })
    };
    let wakes = Desired { cause: format!("{}HTTP", crate::acts::WOKEN), ..desired() };
    let (stopped, deleted) = (Desired { running: false, ..desired() }, Desired { deleting: true, ..desired() });
    for (what, desired, rendered, expected) in [
        ("it is made", desired(), Ok(rendered()), Stage::Queued),
        ("it waits for its turn", desired(), refused("Accepted", true), Stage::Queued),
        ("its repository is being read", desired(), refused("BlueprintResolved", true), Stage::Resolving),
        ("its blueprint is wrong", desired(), refused("BlueprintResolved", false), Stage::Failed),
        ("somebody came to its door", wakes.clone(), Ok(rendered()), Stage::Waking),
        ("and its repository is being read", wakes, refused("BlueprintResolved", true), Stage::Resolving),
        ("it is stopped", stopped, refused("BlueprintResolved", false), Stage::Stopped),
        ("it is deleted", deleted, refused("", false), Stage::Terminating),
    ] {
        assert_eq!(stage(&desired, rendered), expected, "{what}");
    }
}

#[test]
fn wl_08c_a_workspace_that_ended_by_itself_is_stopped() {
    let ended = Observed { pod: Some(Pod { phase: Phase::Succeeded, ready: false, ..pod() }), ..settled() };
    let cause = "it ended by itself".to_owned();
    assert_eq!(of(&desired(), &ended).steps, [Step::SayState { state: "Stopped", cause }]);
    assert_eq!(of(&Desired { running: false, ..desired() }, &ended).steps, [stop_pod()]);
}

#[test]
fn wo_10a_deletion_keeps_storage_unless_the_workspace_says_otherwise() {
    let going = Desired { deleting: true, ..desired() };
    assert_eq!(of(&going, &settled()).steps, [], "what it owns goes with it");
    let held = Desired { held: true, finalizers: vec![FINALIZER.into()], ..going.clone() };
    assert_eq!(of(&held, &settled()).steps, [Step::Release], "it was Delete once, and is not any more");
    let delete = Desired { on_delete: OnDelete::Delete, ..held };
    assert_eq!(of(&delete, &settled()).steps, [end_pod(None)], "the pod first");
    let no_pod = Observed { pod: None, ..settled() };
    assert_eq!(of(&delete, &no_pod).steps, [Step::Discard { claim: "pvc-w-home".into(), uid: "c1".into() }]);
    let going_claim = Observed { claims: vec![Claim { deleting: true, ..claim("ada") }], ..no_pod.clone() };
    assert_eq!(of(&delete, &going_claim).steps, [], "it waits for the claim to go");
    assert_eq!(of(&delete, &Observed { claims: vec![], ..no_pod.clone() }).steps, [Step::Release]);
    let shared = Claim { own: false, ..claim("ada") };
    assert_eq!(of(&delete, &Observed { claims: vec![shared], ..no_pod }).steps, [Step::Release], "others use it");
    let alive = Desired { on_delete: OnDelete::Delete, ..desired() };
    assert_eq!(of(&alive, &settled()).steps, [Step::Hold]);
}

#[test]
fn wo_02d_names_of_others_are_left_alone() {
    let foreign = Observed { pod: Some(Pod { controller: String::new(), ..pod() }), ..settled() };
    let decision = of(&desired(), &foreign);
    assert_eq!(decision.steps, []);
    assert_eq!(decision.refused.unwrap().reason, "NameConflict");
    let bobs = Observed { pod: None, claims: vec![claim("bob")], ..settled() };
    let decision = of(&desired(), &bobs);
    assert_eq!((decision.steps, decision.seen.stage), (vec![], Stage::Failed));
    assert!(decision.refused.unwrap().message.contains("bob"), "a home of somebody else is never mounted");
    // The pod of a workspace that had the name: it goes with that one, and ours waits.
    let old = Observed { pod: Some(Pod { controller: "other".into(), ..pod() }), ..settled() };
    let decision = of(&desired(), &old);
    assert_eq!((decision.steps, decision.refused), (vec![], None));
}

#[test]
fn wo_11a_another_blueprint_is_told_and_taken_when_the_workspace_says_so() {
    let old = Observed { pod: Some(Pod { hash: "h0".into(), ..pod() }), ..settled() };
    let decision = of(&desired(), &old);
    assert_eq!((decision.steps, decision.outdated), (vec![], true));
    let auto = Desired { update: Update::Auto, ..desired() };
    assert_eq!(of(&auto, &old).steps, [end_pod(None)]);
}

#[test]
fn wo_11c_an_update_by_hand_makes_the_pod_of_before_until_somebody_asks() {
    let manual = Desired { update: Update::Manual, ..desired() };
    assert_eq!(of(&manual, &settled()).steps, [Step::Pin], "what it runs with is kept");
    let kept = |observed: Observed, pod: &str| {
        let part = Part { verified: Some(format!("{pod}.")), ..Part::default() };
        let mut parts = observed.parts.clone();
        parts.insert((Owned::ConfigMap, "w-pinned".to_owned()), part);
        // A part that a newer blueprint has otherwise.
        let files = rendered().parts.iter().find(|part| part.kind == Owned::ConfigMap).map(|part| part.name.clone());
        files.into_iter().for_each(|name| drop(parts.remove(&(Owned::ConfigMap, name))));
        Observed { parts, ..observed }
    };
    let none = kept(Observed { pod: None, ..settled() }, "h0");
    let decision = of(&manual, &none);
    assert_eq!((decision.steps, decision.outdated), (vec![Step::MakePinned], true), "a newer blueprint is told");
    let taken = Desired { cause: "updated by ada to h1-and-sixteen-letters".into(), ..manual.clone() };
    assert!(of(&taken, &none).steps.contains(&Step::MakePinned), "of another digest than that");
    let other = Desired { asks: "other".into(), ..manual };
    assert!(of(&other, &none).steps.contains(&Step::MakePod), "it asks for something else itself");
}

#[test]
fn wo_09b_a_pod_on_a_lost_node_is_made_anew_after_a_while() {
    let lost = |since| Observed { node_lost_ms: Some(since), ..settled() };
    let decision = of(&desired(), &lost(900_000));
    assert_eq!((decision.steps, decision.again_ms), (vec![], Some(1_200_000)));
    assert_eq!((decision.seen.stage, decision.seen.reason), (Stage::Unknown, "NodeLost"));
    assert_eq!(of(&desired(), &lost(700_000)).steps, [end_pod(Some(0))]);
    let stuck = Observed { pod: Some(Pod { deleting_ms: Some(1), ..pod() }), ..lost(700_000) };
    assert_eq!(of(&desired(), &stuck).steps, [end_pod(Some(0))], "no kubelet lets go of it");
}

#[test]
fn ws_14l_a_stop_is_carried_out_though_nothing_can_be_made_of_it() {
    let message = "beyond its bounds".to_owned();
    let refused = Refused { condition: "BlueprintResolved", reason: "FieldNotAllowed", message, queued: false };
    let steps = |running: bool, pod: Option<Pod>| {
        let observed = Observed { pod, ..Observed::default() };
        decide(&Desired { running, ..desired() }, &Err(refused.clone()), &observed, Limits::default(), 1_000).steps
    };
    assert_eq!(steps(true, Some(pod())), [], "what runs goes on");
    assert_eq!(steps(false, Some(pod())), [Step::EndPod { uid: "p1".into(), grace: None, stop: true }]);
    assert_eq!(steps(false, Some(Pod { deleting_ms: Some(1), ..pod() })), [], "it ends already");
    assert_eq!(steps(false, Some(Pod { controller: "other".into(), ..pod() })), [], "another's");
    assert_eq!(steps(false, None), []);
}

#[test]
fn wo_01c_a_blueprint_that_is_wrong_ends_nothing_that_runs() {
    let refused =
        Refused { condition: "BlueprintResolved", reason: "CELError", message: "line 3".into(), queued: false };
    let decide = |observed: &Observed| decide(&desired(), &Err(refused.clone()), observed, Limits::default(), 1_000);
    let decision = decide(&settled());
    assert_eq!((decision.steps, decision.seen.stage), (vec![], Stage::Running));
    assert_eq!(decision.refused, Some(refused.clone()));
    let decision = decide(&Observed::default());
    assert_eq!((decision.steps, decision.seen.stage, decision.seen.reason), (vec![], Stage::Failed, "CELError"));
    let paused = Desired { paused: true, running: false, ..desired() };
    assert_eq!(of(&paused, &settled()).steps, [], "nothing is changed while it is paused");
}

/// A cluster in miniature: steps change it, and time passes in it.
#[derive(Clone, Debug)]
struct World {
    desired: Desired,
    observed: Observed,
    gone: bool,
    /// Pods made so far.
    pods: u32,
    discarded: u32,
}

impl World {
    fn new(desired: Desired) -> Self {
        Self { desired, observed: Observed::default(), gone: false, pods: 0, discarded: 0 }
    }

    fn carry(&mut self, step: &Step) {
        match step {
            Step::Hold => {
                self.desired.held = true;
            }
            Step::Release => self.desired.held = false,
            Step::Apply(at) => {
                let part = rendered().parts[*at].clone();
                if part.kind == Owned::Claim && self.observed.claims.is_empty() {
                    self.observed.claims.push(claim("ada"));
                }
                let known = Part { verified: Some(part.hash), ..Part::default() };
                self.observed.parts.insert((part.kind, part.name), known);
            }
            Step::MakeSecret | Step::Resize { .. } | Step::Certify { .. } | Step::SeeSecret(_) => {}
            Step::Withdraw { kind, name, .. } => {
                self.observed.parts.remove(&(*kind, name.clone()));
            }
            Step::Pin => {
                let known = Part { verified: Some(crate::pinned::mark(&self.desired, &rendered())), ..Part::default() };
                self.observed.parts.insert((Owned::ConfigMap, crate::pinned::name(&self.desired)), known);
            }
            Step::Reclaim { .. } => self.observed.claims.iter_mut().for_each(|claim| claim.left_ms = None),
            Step::MakePod | Step::MakePinned => {
                assert!(self.observed.pod.is_none(), "two pods");
                self.pods += 1;
                self.observed.pod = Some(Pod { phase: Phase::Pending, ready: false, ..pod() });
            }
            Step::EndPod { .. } => {
                self.observed.pod.as_mut().expect("a pod to end").deleting_ms = Some(1);
            }
            Step::SayState { state, .. } => self.desired.running = *state == "Running",
            Step::EndWorkspace { .. } => self.desired.deleting = true,
            Step::Discard { .. } => {
                assert!(self.desired.deleting && self.desired.on_delete == OnDelete::Delete, "storage is lost");
                self.discarded += 1;
                self.observed.claims.clear();
            }
        }
    }

    /// What the cluster does by itself.
    fn tick(&mut self) {
        if let Some(pod) = &mut self.observed.pod {
            if pod.deleting_ms.is_some() {
                self.observed.pod = None;
            } else {
                (pod.phase, pod.ready) = (Phase::Running, true);
            }
        }
        if self.desired.deleting && !self.desired.held {
            self.gone = true;
            self.observed.pod = None;
            self.observed.parts.clear();
        }
    }

    /// Looks until nothing is left to do; each look is cut off after so many steps.
    fn settle(&mut self, cuts: &mut impl Iterator<Item = usize>) {
        for _ in 0..60 {
            if self.gone {
                return;
            }
            let steps = of(&self.desired, &self.observed).steps;
            let cut = cuts.next().unwrap_or(usize::MAX);
            for step in steps.iter().take(cut) {
                self.carry(step);
            }
            self.tick();
            if cut > steps.len() && steps.is_empty() && of(&self.desired, &self.observed).steps.is_empty() {
                return;
            }
        }
        panic!("it does not settle: {self:?}");
    }
}

proptest! {
    /// The operator is killed after any number of steps of any look, and another one goes on: what is asked for last is
    /// there in the end, no pod is made twice, no storage is lost.
    #[test]
    fn wd_11a_killed_at_any_step_it_ends_as_asked(
        lives in prop::collection::vec((any::<bool>(), prop::collection::vec(0usize..4, 0..6)), 1..5),
        delete in any::<bool>(),
        all in any::<bool>(),
        last in prop::collection::vec(0usize..3, 0..8),
    ) {
        let on_delete = if all { OnDelete::Delete } else { OnDelete::Retain };
        let mut world = World::new(Desired { on_delete, ..desired() });
        for (running, cuts) in lives {
            world.desired.running = running;
            world.settle(&mut cuts.into_iter());
            prop_assert_eq!(world.observed.pod.is_some(), running);
            prop_assert_eq!(world.observed.claims.len(), 1);
        }
        if delete {
            world.desired.deleting = true;
            world.settle(&mut last.into_iter());
            prop_assert!(world.gone && world.observed.pod.is_none());
            prop_assert_eq!(world.observed.claims.is_empty(), all);
        }
        prop_assert_eq!(world.discarded, u32::from(delete && all));
    }
}
