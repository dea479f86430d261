//! Volumes that a workspace left: they are kept as long as it said (`spec.storage.retainFor`), from when the operator sees first
//! that it is gone, and deleted then. A workspace of its name that comes before takes them back.
//!
//! How long stands on the claim itself, written while its workspace was there: what says nothing is kept for ever. Invariant: a
//! claim is told since when it is left before it can be over, so no clock and no restart ends one at once.

use crate::key::{Key, LEFT_SINCE, RETAIN_FOR, STORAGE};
use crate::observed::{Claim, is_own};
use crate::reconcile::Done;
use crate::status::time;
use base::Coded;
use cluster::{Error, Remains};
use crd::Span;
use crd::workspace::Storage;
use policy::action::WorkspaceExpire;
use policy::{Outcome, Permit};
use serde_json::{Value, json};

/// What is done about claims that are left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Those that are told since when they are, by name and uid.
    pub(crate) new: Vec<(String, String)>,
    /// Those whose time is over.
    pub(crate) over: Vec<(String, String)>,
    /// When the next one is.
    pub(crate) again_ms: Option<i64>,
}

impl Left {
    /// Whether there is nothing to do now.
    pub(crate) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.over.is_empty()
    }
}

/// Looks at what a workspace left. Pure.
pub(crate) fn look(claims: &[Claim], now_ms: i64) -> Left {
    let mut left = Left::default();
    for claim in claims.iter().filter(|claim| claim.own && !claim.deleting) {
        let Some(retain_ms) = claim.retain_ms else { continue };
        let named = || (claim.name.clone(), claim.uid.clone());
        match claim.left_ms {
            None => left.new.push(named()),
            Some(since) if now_ms >= since.saturating_add(retain_ms) => left.over.push(named()),
            Some(since) => {
                let due = since.saturating_add(retain_ms);
                left.again_ms = Some(left.again_ms.map_or(due, |other: i64| other.min(due)));
            }
        }
    }
    left
}

/// Looks after what a workspace left, under the decision on it.
pub(crate) async fn expire(
    key: Key,
    permit: Permit<WorkspaceExpire>,
    remains: Remains,
    left: Left,
    now_ms: i64,
) -> Done {
    let mut done = Done::of(&key, now_ms);
    done.again_ms = left.again_ms;
    if let Err(error) = permit.settled().await {
        done.failed = Some(error.to_string());
        return done;
    }
    let outcome = match act(&remains, &left, now_ms).await {
        Ok(()) => Outcome::Done { message: "looked after".to_owned() },
        Err(error) => {
            done.failed = Some(error.to_string());
            Outcome::Failed { code: error.code().as_str().to_owned(), message: error.to_string() }
        }
    };
    permit.finish(outcome);
    done
}

async fn act(remains: &Remains, left: &Left, now_ms: i64) -> Result<(), Error> {
    for (claim, uid) in &left.new {
        pass(remains.annotate(claim, uid, &json!({ LEFT_SINCE: time(now_ms) })).await)?;
    }
    for (claim, uid) in &left.over {
        tracing::info!(claim, "the time of a volume is over that a workspace left: it is deleted");
        pass(remains.discard(claim, uid).await)?;
    }
    Ok(())
}

/// It is gone, or another one has its name: the watch tells.
fn pass(done: Result<(), Error>) -> Result<(), Error> {
    match done {
        Err(Error::NotFound { .. } | Error::Conflict { .. }) => Ok(()),
        done => done,
    }
}

/// How long volumes of a workspace are kept, as its claims say it.
pub(crate) fn retain_for(spec: &Value) -> String {
    let said = spec.pointer("/storage/retainFor").and_then(Value::as_str);
    said.map_or_else(|| format!("{}h", Storage::RETAIN_FOR / 3_600), str::to_owned)
}

/// Writes that on a claim of one workspace alone.
pub(crate) fn mark(object: &mut Value, retain_for: &str) {
    let claim = object.get("kind").and_then(Value::as_str) == Some("PersistentVolumeClaim");
    if !claim || !is_own(object) {
        return;
    }
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let annotations = meta.entry("annotations").or_insert_with(|| json!({}));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(RETAIN_FOR.to_owned(), retain_for.into());
    }
}

/// What is written there, in milliseconds; nothing for ever.
pub(crate) fn retained(text: &str) -> Option<i64> {
    let seconds = Span(text.to_owned()).seconds().filter(|seconds| *seconds > 0)?;
    i64::try_from(seconds).ok()?.checked_mul(1_000)
}

/// Until when a claim is kept, epoch milliseconds; nothing for one that is for ever, or whose workspace is there.
pub(crate) fn until(claim: &Value) -> Option<i64> {
    let annotation = |name: &str| claim.pointer("/metadata/annotations")?.get(name)?.as_str();
    let own = claim.pointer("/metadata/labels").and_then(|all| all.get(STORAGE)).is_some_and(|mark| mark == "own");
    let since = annotation(LEFT_SINCE).filter(|_| own).and_then(crate::status::read)?;
    since.checked_add(retained(annotation(RETAIN_FOR)?)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::{Left, look, mark, retain_for, retained, until};
    use crate::observed::Claim;
    use serde_json::json;

    const WEEK_MS: i64 = 168 * 3_600_000;

    fn claim(name: &str, retain_ms: Option<i64>, left_ms: Option<i64>) -> Claim {
        Claim { name: name.into(), uid: format!("u-{name}"), own: true, retain_ms, left_ms, ..Claim::default() }
    }

    #[test]
    fn ws_15d_what_a_workspace_left_is_told_first_kept_as_long_as_it_said_and_over_then() {
        let named = |name: &str| (name.to_owned(), format!("u-{name}"));
        let now = 1_000_000_000_000;
        let found = look(
            &[
                claim("new", Some(WEEK_MS), None),
                claim("kept", Some(WEEK_MS), Some(now - WEEK_MS + 1)),
                claim("later", Some(2 * WEEK_MS), Some(now)),
                claim("over", Some(WEEK_MS), Some(now - WEEK_MS)),
                claim("ever", None, Some(1)),
                Claim { own: false, ..claim("shared", Some(1), Some(1)) },
                Claim { deleting: true, ..claim("going", Some(1), Some(1)) },
            ],
            now,
        );
        let expected = Left { new: vec![named("new")], over: vec![named("over")], again_ms: Some(now + 1) };
        assert_eq!(found, expected);
        assert!(look(&[claim("new", Some(1), None)], i64::MAX).over.is_empty(), "however late it is, it is told first");
        assert!(look(&[], 0).is_empty());
    }

    #[test]
    fn ws_15e_how_long_stands_on_the_claims_of_one_workspace_alone() {
        assert_eq!(retain_for(&json!({})), "168h");
        assert_eq!(retain_for(&json!({ "storage": { "retainFor": "0" } })), "0");
        for (text, ms) in [("168h", Some(WEEK_MS)), ("90s", Some(90_000)), ("0", None), ("", None), ("soon", None)] {
            assert_eq!(retained(text), ms, "{text}");
        }
        let object = |kind: &str, mark: &str| json!({ "kind": kind, "metadata": { "labels": { "quarterdeck.dev/storage": mark } } });
        let marked = |mut one: serde_json::Value| {
            mark(&mut one, "2h");
            one["metadata"]["annotations"]["quarterdeck.dev/retain-for"].clone()
        };
        assert_eq!(marked(object("PersistentVolumeClaim", "own")), "2h");
        assert!(marked(object("PersistentVolumeClaim", "shared")).is_null(), "what others share outlives all of them");
        assert!(marked(object("Service", "own")).is_null());

        let mut claim = object("PersistentVolumeClaim", "own");
        claim["metadata"]["annotations"] = json!({ "quarterdeck.dev/retain-for": "1h" });
        assert_eq!(until(&claim), None, "its workspace is there");
        claim["metadata"]["annotations"]["quarterdeck.dev/left-since"] = "1970-01-01T00:00:10Z".into();
        assert_eq!(until(&claim), Some(3_610_000));
    }
}
