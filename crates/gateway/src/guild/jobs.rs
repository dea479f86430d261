//! `POST /api/jobs`: makes a workspace.

use super::wrong::Wrong;
use super::{Asking, Place};
use api::guild::{JobAccepted, JobSpec};
use api::workspace::{WorkspaceCreate, WorkspacePortAsked};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn create(
    State(place): State<Place>,
    Extension(caller): Asking,
    body: Bytes,
) -> Result<(StatusCode, Json<JobAccepted>), Wrong> {
    let wrong =
        |error: serde_json::Error| Wrong::new(StatusCode::BAD_REQUEST, "bad_body", format!("the body: {error}"));
    let mut spec: JobSpec = serde_json::from_slice(&body).map_err(wrong)?;
    let names = Names::of(&spec)?;
    spec.image = spec.image.trim().to_owned();
    let asked = asked(&place, spec)?;
    let workspaces = &place.shared.services.workspaces;
    for turn in 0..TRIES {
        let name = names.turn(turn, &tail()?);
        let asked = WorkspaceCreate { name: Some(name.clone()), ..asked.clone() };
        match workspaces.create_at_once(&caller.principal, asked).await {
            Ok(_) => return Ok((StatusCode::ACCEPTED, Json(JobAccepted { id: name, status: "pending".to_owned() }))),
            Err(error) if error.is_taken() => {}
            Err(error) => return Err(Wrong::of(&error, "create_failed")),
        }
    }
    let words = format!("{TRIES} names that begin with {} are taken: choose another", names.base);
    Err(Wrong::new(StatusCode::CONFLICT, "create_failed", words))
}

fn asked(place: &Place, spec: JobSpec) -> Result<WorkspaceCreate, Wrong> {
    let JobSpec { name: _, image, args, env, resources, labels, expose } = spec;
    let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    // A variable of which half is missing was left open in a form.
    let env = env.into_iter().map(|(name, value)| (name.trim().to_owned(), value));
    let env: BTreeMap<String, String> =
        env.filter(|(name, value)| !name.is_empty() && !value.trim().is_empty()).collect();
    let ports: Vec<WorkspacePortAsked> =
        expose.into_iter().map(|port| WorkspacePortAsked { port: port.port, name: port.name }).collect();
    // As a client of `/api/v1` says it: what is not said here is not said there.
    let asked = json!({
        "cluster": place.guild.cluster, "namespace": place.guild.namespace, "image": image, "args": args, "env": env, "ports": ports,
        "labels": labels, "cpu": some(resources.cpu), "memory": some(resources.memory), "answers": { "confirm": true },
    });
    serde_json::from_value(asked)
        .map_err(|error| Wrong::new(StatusCode::BAD_REQUEST, "invalid_spec", format!("the body: {error}")))
}

/// Under which names a workspace is tried to be made.
struct Names {
    base: String,
    /// It was given: it is tried as it is, first.
    given: bool,
}

impl Names {
    fn of(spec: &JobSpec) -> Result<Self, Wrong> {
        let invalid = |words: &str| Wrong::new(StatusCode::BAD_REQUEST, "invalid_spec", words);
        if spec.image.trim().is_empty() {
            return Err(invalid("image is required").with("field", "image"));
        }
        let given = !spec.name.trim().is_empty();
        let base = folded(if given { &spec.name } else { repository(&spec.image) });
        if base.is_empty() {
            return Err(invalid("name has neither a letter nor a digit").with("field", "name"));
        }
        Ok(Self { base, given })
    }

    fn turn(&self, turn: usize, tail: &str) -> String {
        if self.given && turn == 0 {
            return cut(&self.base, MOST);
        }
        format!("{}-{tail}", cut(&self.base, MOST - 1 - tail.len()))
    }
}

/// The last word of an image's name.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}

/// What of a text can stand in a name: small letters, digits, and one dash between them for all else.
fn folded(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn cut(text: &str, most: usize) -> String {
    text.get(..most).unwrap_or(text).trim_end_matches('-').to_owned()
}

/// Five characters that tell names apart.
fn tail() -> Result<String, Wrong> {
    let mut bytes = [0_u8; 5];
    let failed = |error: getrandom::Error| {
        tracing::error!(%error, "no random bytes");
        Wrong::new(StatusCode::INTERNAL_SERVER_ERROR, "create_failed", "no random bytes from the system")
    };
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes.iter().filter_map(|byte| char::from_digit(u32::from(byte % 32), 32)).collect())
}

/// Names that are tried.
const TRIES: usize = 10;
/// Characters of a name.
const MOST: usize = 52;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{MOST, Names, tail};
    use api::guild::JobSpec;

    fn names(name: &str, image: &str) -> Option<Names> {
        Names::of(&JobSpec { name: name.to_owned(), image: image.to_owned(), ..JobSpec::default() }).ok()
    }

    #[test]
    fn gn_06c_a_name_that_is_made_up_has_a_tail_and_a_given_one_only_when_it_is_taken() {
        let table = [
            ("", "registry.test:5000/team/code-server:4.1", 0, "code-server-abcde"),
            ("", "nginx@sha256:0123", 3, "nginx-abcde"),
            ("web", "nginx", 0, "web"),
            ("web", "nginx", 1, "web-abcde"),
            ("My Web_Server!", "nginx", 0, "my-web-server"),
            ("--a--b--", "nginx", 0, "a-b"),
        ];
        for (name, image, turn, made) in table {
            assert_eq!(names(name, image).unwrap().turn(turn, "abcde"), made);
        }
        let long = names(&"a-".repeat(40), "nginx").unwrap();
        assert!(long.turn(0, "abcde").len() <= MOST && !long.turn(0, "abcde").ends_with('-'));
        let with = long.turn(1, "abcde");
        assert!(with.len() <= MOST && with.ends_with("a-abcde"), "{with}");
        assert!(names("!!!", "nginx").is_none() && names("web", "  ").is_none());
        let tail = tail().unwrap();
        assert!(tail.len() == 5 && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    }
}
