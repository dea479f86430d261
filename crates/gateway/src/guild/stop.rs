//! `POST /api/stop-all`: stops, or deletes, all that whoever asks may.

use super::servers::answers;
use super::wrong::Wrong;
use super::{Asking, Place};
use crate::caller::Caller;
use api::guild::{StoppedAll, Untouched};
use api::rest::{Answers, Verdict};
use api::workspace::{Workspace, WorkspaceAct, WorkspaceActing, WorkspaceStopping};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::StatusCode;
use futures::{StreamExt, stream};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// `?delete=&dry_run=&confirm=`
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    delete: String,
    #[serde(default)]
    dry_run: String,
    #[serde(default)]
    confirm: String,
}

pub(super) async fn all(
    State(place): State<Place>,
    Extension(caller): Asking,
    query: Result<Query<Asked>, QueryRejection>,
    body: Bytes,
) -> Result<Json<StoppedAll>, Wrong> {
    let Query(asked) = query.map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "bad_request", error.body_text()))?;
    let answers = answers(&body)?;
    let deletes = is_yes(&asked.delete);
    let act = if deletes { WorkspaceAct::Delete } else { WorkspaceAct::Stop };
    let workspaces = place.all(&caller).await?;
    let (selected, denied) = select(&workspaces, act);
    let ids: Vec<String> = selected.iter().map(|one| one.row.name.clone()).collect();
    let now = place.shared.clock.now_ms() / WINDOW_MS;
    let token = |window: u64| confirmation(&place.key, caller.principal.id(), deletes, &selected, window);
    if is_yes(&asked.dry_run) {
        let confirm = Some(token(now));
        return Ok(Json(StoppedAll { denied, selected: Some(ids), confirm, ..StoppedAll::default() }));
    }
    // One that was given just before the hour of its clock struck is good in the next one.
    let confirmed = [now, now.saturating_sub(1)].iter().any(|window| token(*window) == asked.confirm);
    if selected.len() > FREELY && !confirmed {
        let words = format!(
            "{} workspaces would be {}: look at them with dry_run=true, and say confirm=TOKEN with what it tells",
            selected.len(),
            if deletes { "deleted" } else { "stopped" },
        );
        let wrong = Wrong::new(StatusCode::FORBIDDEN, "forbidden", words).with("cause", "confirmation_required");
        return Err(wrong.with("selected", ids).with("confirm", token(now)));
    }
    let done = stream::iter(ids).map(|id| one(&place, &caller, id, deletes, answers.clone())).buffered(BESIDE);
    let done: Vec<(String, Result<(), Wrong>)> = done.collect().await;
    let mut told = StoppedAll { denied, ..StoppedAll::default() };
    for (id, done) in done {
        match done {
            Ok(()) if deletes => told.deleted.push(id),
            Ok(()) => told.stopped.push(id),
            Err(wrong) => {
                let refused = wrong.is_refusal();
                let one = Untouched { id, code: wrong.code().to_owned(), message: wrong.message().to_owned() };
                if refused { told.denied.push(one) } else { told.failed.push(one) }
            }
        }
    }
    Ok(Json(told))
}

async fn one(
    place: &Place,
    caller: &Caller,
    id: String,
    deletes: bool,
    answers: Answers,
) -> (String, Result<(), Wrong>) {
    let done = async {
        let (workspaces, named) = (&place.shared.services.workspaces, place.named(caller, &id)?);
        let done = if deletes {
            workspaces.delete(&caller.principal, named, WorkspaceActing { answers }).await
        } else {
            workspaces.stop(&caller.principal, named, WorkspaceStopping { delay_seconds: 0, answers }).await
        };
        done.map(drop).map_err(|error| Wrong::of(&error, "failed"))
    };
    let done = done.await;
    (id, done)
}

/// Those of which the act would change something, and those of them that whoever asks may not touch.
fn select(all: &[Workspace], act: WorkspaceAct) -> (Vec<&Workspace>, Vec<Untouched>) {
    let (mut selected, mut denied) = (Vec::new(), Vec::new());
    for one in all {
        let Some(may) = one.acts.iter().find(|may| may.act == act && may.applies) else { continue };
        if may.decision == Verdict::Deny {
            let (id, code) = (one.row.name.clone(), "forbidden".to_owned());
            denied.push(Untouched { id, code, message: may.reason.clone() });
        } else {
            selected.push(one);
        }
    }
    (selected, denied)
}

/// Says yes to an act on just these, by this person, in this time.
fn confirmation(key: &str, principal: &str, deletes: bool, selected: &[&Workspace], window: u64) -> String {
    let mut uids: Vec<&str> = selected.iter().map(|one| one.row.uid.as_str()).collect();
    uids.sort_unstable();
    let act = if deletes { "delete" } else { "stop" };
    let text = serde_json::json!([key, principal, act, uids, window]).to_string();
    let mut token = hex::encode(Sha256::digest(text));
    token.truncate(32);
    token
}

fn is_yes(text: &str) -> bool {
    matches!(text, "true" | "1" | "yes")
}

/// So many are stopped without another word.
const FREELY: usize = 5;
/// So many at once.
const BESIDE: usize = 8;
const WINDOW_MS: u64 = 10 * 60 * 1000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::{confirmation, select};
    use api::rest::Verdict;
    use api::workspace::{Workspace, WorkspaceAct, WorkspaceMay};
    use base::ClusterName;
    use serde_json::json;

    fn one(name: &str, decision: Verdict, applies: bool) -> Workspace {
        let object = json!({ "metadata": { "name": name, "uid": name }, "spec": { "owner": "ada", "org": "lab" } });
        let mut told = workspace::about::whole(&ClusterName::new("c"), &object);
        let (act, needs) = (WorkspaceAct::Stop, Vec::new());
        told.acts = vec![WorkspaceMay { act, decision, reason: "not yours".to_owned(), needs, applies }];
        told
    }

    #[test]
    fn gn_07a_only_what_may_be_stopped_and_runs_is_selected() {
        let all = [
            one("a", Verdict::Needs, true),
            one("b", Verdict::Deny, true),
            one("c", Verdict::Allow, false),
            one("d", Verdict::Deny, false),
        ];
        let (selected, denied) = select(&all, WorkspaceAct::Stop);
        assert_eq!(selected.iter().map(|one| one.row.name.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!((denied.len(), denied[0].id.as_str(), denied[0].message.as_str()), (1, "b", "not yours"));
        assert!(select(&all, WorkspaceAct::Delete).0.is_empty());
    }

    #[test]
    fn gn_07b_a_confirmation_is_of_just_these_this_act_and_this_person() {
        let (a, b) = (one("a", Verdict::Allow, true), one("b", Verdict::Allow, true));
        let own = confirmation("k", "ada", false, &[&a, &b], 1);
        assert_eq!(own, confirmation("k", "ada", false, &[&b, &a], 1));
        for other in [
            confirmation("l", "ada", false, &[&a, &b], 1),
            confirmation("k", "bob", false, &[&a, &b], 1),
            confirmation("k", "ada", true, &[&a, &b], 1),
            confirmation("k", "ada", false, &[&a], 1),
            confirmation("k", "ada", false, &[&a, &b], 2),
        ] {
            assert_ne!(own, other);
        }
    }
}
