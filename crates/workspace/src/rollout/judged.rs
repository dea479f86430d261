//! What becomes of a revision, by what somebody said of it and how its launches went.

use super::{revision, split, stable};
use crd::Time;
use crd::blueprint::{HoldAfter, Launch, Rollout, RolloutAct, RolloutState, RolloutStatus, Stable};
use serde_json::Value;

/// How a launch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was ready.
    Ready,
    /// It failed before that.
    Failed,
}

/// The last workspaces that were made of one revision, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Launches(Vec<Launch>);

impl Launches {
    /// Takes those of a status.
    pub(crate) fn join(&mut self, told: Option<RolloutStatus>) {
        for launch in told.into_iter().flat_map(|told| told.launches) {
            let outcome = if launch.failed { Outcome::Failed } else { Outcome::Ready };
            self.take(&launch.uid, launch.made.millis(), outcome);
        }
    }

    /// Takes how the launch of a workspace went; whether that is something new. One that was ready once stays so, whatever
    /// happens to it later.
    pub(crate) fn take(&mut self, uid: &str, made_ms: i64, outcome: Outcome) -> bool {
        let failed = outcome == Outcome::Failed;
        if let Some(known) = self.0.iter_mut().find(|known| known.uid == uid) {
            let moves = known.failed && !failed;
            known.failed &= failed;
            return moves;
        }
        let Some(made) = Time::from_millis(made_ms) else { return false };
        let at = self.0.partition_point(|known| (known.made.millis(), known.uid.as_str()) < (made_ms, uid));
        if self.0.len() >= MOST && at == 0 {
            return false;
        }
        self.0.insert(at, Launch { made, uid: uid.to_owned(), failed });
        if self.0.len() > MOST {
            self.0.remove(0);
        }
        true
    }

    /// How many of the last ones were ready, and how many failed.
    fn counts(&self, of: usize) -> (usize, usize) {
        let last = self.0.iter().rev().take(of);
        let failed = last.clone().filter(|launch| launch.failed).count();
        (last.count() - failed, failed)
    }
}

/// The newest revision of a blueprint, as its object says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Newest {
    /// Its name.
    pub(crate) revision: String,
    /// Its spec as JSON.
    text: String,
    rollout: Option<Rollout>,
}

impl Newest {
    /// Reads the spec of an object.
    pub(crate) fn of(spec: &Value) -> Self {
        let (spec, rollout) = split(spec);
        Self { revision: revision(&spec), text: spec.to_string(), rollout }
    }

    /// Whether it says whom it serves first.
    pub(crate) fn rolls(&self) -> bool {
        self.rollout.is_some()
    }
}

/// What is to stand in the status of a blueprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The revision that serves everybody.
    pub(crate) stable: Stable,
    /// How it goes with the newest; nothing where that is the same.
    pub(crate) rollout: Option<RolloutStatus>,
    /// Whether the newest serves everybody, why not, and in words.
    pub(crate) condition: (bool, &'static str, String),
}

/// Judges. `status` is what stands there; `wrong` is what is wrong with the newest, of which nothing can be made then.
pub(crate) fn judge(newest: &Newest, status: &Value, launches: &Launches, wrong: Option<&str>) -> Judged {
    let revision = newest.revision.as_str();
    let Some(stands) = stable(status) else { return whole(newest, "it is the first one") };
    if stands.revision == revision {
        let (spec, condition) = (stands.spec, (true, "AsExpected", format!("revision {revision} serves everybody")));
        return Judged { stable: Stable { revision: stands.revision, spec }, rollout: None, condition };
    }
    let Some(rollout) = &newest.rollout else { return whole(newest, "it has no rollout") };
    if stands.spec.is_none() {
        let mut judged = whole(newest, "");
        let words = format!("revision {} was too long to be kept, so {revision} serves everybody", stands.revision);
        judged.condition = (true, "TooLarge", words);
        return judged;
    }
    let verdict = rollout.verdict.as_ref().filter(|verdict| verdict.revision == revision).map(|verdict| verdict.act);
    if verdict == Some(RolloutAct::Promote) {
        return whole(newest, "it was promoted");
    }
    let HoldAfter { failures, of } = rollout.hold_after.unwrap_or_default();
    let bound = |number: i32| usize::try_from(number).unwrap_or_default().clamp(1, MOST);
    let (most, of) = (bound(failures), bound(of));
    let (ready, failed) = launches.counts(of);
    // What somebody held goes on once they say so; what failed too often, by no word but that it is promoted.
    let by_hand = verdict == Some(RolloutAct::Hold);
    let auto = failed >= most || super::told(status, revision).is_some() && was_auto(status);
    if !by_hand && !auto && wrong.is_none() && rollout.percent == Some(100) && ready + failed >= of {
        return whole(newest, &format!("{ready} of the last {of} launches were ready"));
    }
    let others = &stands.revision;
    let (state, condition) = match (auto, by_hand, wrong) {
        (true, ..) => {
            let words = format!(
                "{failed} of the last {} workspaces made of revision {revision} failed before they were ready: new ones are made of \
                 {others}; apply another revision, or promote this one",
                ready + failed
            );
            (RolloutState::Held, (false, "LaunchesFailed", words))
        }
        (false, false, Some(wrong)) => {
            let words =
                format!("nothing can be made of revision {revision}, so new workspaces are made of {others}: {wrong}");
            (RolloutState::Held, (false, "BlueprintInvalid", words))
        }
        (false, true, _) => {
            let words = format!("revision {revision} is held: new workspaces are made of {others}");
            (RolloutState::Held, (false, "HeldByHand", words))
        }
        (false, false, None) => {
            let words = format!(
                "revision {revision} serves {} %{}, and {others} the others",
                rollout.percent.unwrap_or_default(),
                if rollout.groups.is_empty() { "" } else { " and its groups" },
            );
            (RolloutState::Progressing, (false, "RollingOut", words))
        }
    };
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Judged {
        stable: stands,
        rollout: Some(RolloutStatus {
            revision: revision.to_owned(),
            state,
            ready: number(ready),
            failed: number(failed),
            launches: launches.0.clone(),
        }),
        condition,
    }
}

/// It was held because too many launches failed: what became of them since changes nothing.
fn was_auto(status: &Value) -> bool {
    let conditions = status.get("conditions").and_then(Value::as_array).into_iter().flatten();
    let is = |one: &Value, key: &str, text: &str| one.get(key).and_then(Value::as_str) == Some(text);
    conditions.into_iter().any(|one| is(one, "type", "RolledOut") && is(one, "reason", "LaunchesFailed"))
}

/// The newest serves everybody from now on.
fn whole(newest: &Newest, why: &str) -> Judged {
    let spec = (newest.text.len() <= LONGEST).then(|| newest.text.clone());
    let stable = Stable { revision: newest.revision.clone(), spec };
    let words = format!("revision {} serves everybody: {why}", newest.revision);
    Judged { stable, rollout: None, condition: (true, "AsExpected", words) }
}

/// Launches that are kept of a revision.
const MOST: usize = 50;
/// A longer spec is not kept.
const LONGEST: usize = 512 << 10;
