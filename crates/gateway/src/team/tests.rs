#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Pass, TeamKeys, WRONG};
use crate::figures::Figures;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use base::{Clock, Code, RequestId};
use identity::{File, Naming, People, Person, Token};
use jiff::{SignedDuration, Timestamp};
use policy::Door;
use policy::testing::{AllowAll, TestGate, gate};
use std::sync::Arc;
use store::Store;

struct World {
    _folder: tempfile::TempDir,
    store: Store,
    gate: TestGate,
    people: Arc<People>,
    keys: TeamKeys,
    file: File,
    token: Token,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("journal.db")).await.unwrap();
    let mut gate = gate(AllowAll);
    let other = policy::testing::gate(AllowAll).composed.verifier;
    let verifier = std::mem::replace(&mut gate.composed.verifier, other);
    let naming = Naming { prefix: "team:".to_owned() };
    let people = Arc::new(People::new(verifier, gate.composed.epochs.clone(), naming));
    let mut file = File::default();
    let ada = Person { name: "ada".to_owned(), ..Person::default() };
    let (now, life) =
        (Timestamp::from_millisecond(gate.clock.now_ms() as i64).unwrap(), SignedDuration::from_hours(48));
    let (_, token) = file.add(ada, now, life).unwrap();
    people.take(&file, now.as_millisecond());
    let clock: Arc<dyn Clock> = Arc::new(gate.clock.clone());
    let keys =
        TeamKeys::new(people.clone(), gate.composed.gate.clone(), clock, store.clone(), Arc::new(Figures::default()));
    World { _folder: folder, store, gate, people, keys, file, token }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

impl World {
    fn text(&self) -> &str {
        self.token.text().expose()
    }

    /// Another server over the same store.
    async fn restart(&mut self) {
        let clock: Arc<dyn Clock> = Arc::new(self.gate.clock.clone());
        let (gate, figures) = (self.gate.composed.gate.clone(), Arc::new(Figures::default()));
        self.keys = TeamKeys::new(self.people.clone(), gate, clock, self.store.clone(), figures);
        self.keys.resume().await;
    }

    async fn sign_in(&self, token: &str) -> Response {
        let body = format!("token={token}&next=%2Fx");
        self.keys.sign_in(request("POST", "/sign-in", &[("origin", "https://qd.test")], &body), RequestId::new()).await
    }

    fn admit(&self, headers: &[(&str, &str)]) -> Result<Pass, Code> {
        let refused = self.keys.admit(&request("GET", "/api/v1/session", headers, ""), RequestId::new());
        refused.map_err(|refused| refused.body(RequestId::new()).code)
    }

    fn knows(&self, headers: &[(&str, &str)]) -> Option<(String, Door)> {
        match self.admit(headers) {
            Ok(Pass::Known(caller)) => Some((caller.principal.id().to_owned(), caller.principal.who().door)),
            _ => None,
        }
    }
}

fn cookie(response: &Response) -> String {
    response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn ac_117a_a_token_becomes_a_cookie_of_this_host_alone_for_a_day_and_eight_idle_hours() {
    let world = world().await;
    let response = world.sign_in(world.text()).await;
    assert_eq!((response.status(), &response.headers()["location"]), (StatusCode::SEE_OTHER, &"/x".parse().unwrap()));
    let set = cookie(&response);
    let value = set.split(';').next().unwrap().to_owned();
    assert_eq!(&set[value.len()..], "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400");
    assert!(value.starts_with("__Host-qd="));
    let with = [("cookie", value.as_str())];
    assert_eq!(world.knows(&with), Some(("user:ada".to_owned(), Door::Console)));
    world.gate.clock.advance(7 * 3_600_000);
    assert!(world.knows(&with).is_some());
    world.gate.clock.advance(8 * 3_600_000);
    assert_eq!(world.admit(&with).err(), Some(Code::TokenMissing), "eight hours of rest");

    let response = world.sign_in(world.text()).await;
    let value = cookie(&response).split(';').next().unwrap().to_owned();
    let with = [("cookie", value.as_str())];
    for _ in 0..4 {
        assert!(world.knows(&with).is_some());
        world.gate.clock.advance(6 * 3_600_000);
    }
    assert!(world.knows(&with).is_none(), "a day, however it was used");
}

#[tokio::test]
async fn a_bearer_is_known_and_a_wrong_one_is_not_and_is_written_down() {
    let world = world().await;
    let bearer = format!("Bearer {}", world.text());
    assert_eq!(world.knows(&[("authorization", &bearer)]), Some(("user:ada".to_owned(), Door::Api)));
    assert_eq!(world.admit(&[("authorization", "Bearer qdt_0")]).err(), Some(Code::TokenInvalid));
    assert_eq!(world.admit(&[("authorization", &bearer[7..])]).err(), Some(Code::TokenInvalid), "a scheme is needed");
    let told = world.gate.journal.decided().pop().unwrap();
    assert_eq!(
        (told.rule.as_str(), told.reason.as_str()),
        ("door.key", "the token is not known, or is no longer good")
    );
    assert!(!format!("{:?}", world.gate.journal.drafts()).contains(world.text()));
}

#[tokio::test]
async fn a_token_that_is_taken_away_ends_sessions_and_what_is_open() {
    let mut world = world().await;
    let value = cookie(&world.sign_in(world.text()).await).split(';').next().unwrap().to_owned();
    let Ok(Pass::Known(caller)) = world.admit(&[("cookie", &value)]) else { panic!("known") };
    world.file.revoke("ada");
    world.people.take(&world.file, 0);
    assert!(caller.end.is_cancelled());
    assert!(world.knows(&[("cookie", &value)]).is_none());
    let response = world.sign_in(world.text()).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let page = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains(WRONG));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_only_from_here() {
    let world = world().await;
    let value = cookie(&world.sign_in(world.text()).await).split(';').next().unwrap().to_owned();
    let out = |headers: &[(&str, &str)]| request("POST", "/sign-out", headers, "");
    let response = world.keys.sign_in(out(&[("cookie", &value)]), RequestId::new()).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN, "it must say where it is from");
    assert!(world.knows(&[("cookie", &value)]).is_some());
    let from_here = [("cookie", value.as_str()), ("origin", "https://qd.test")];
    let response = world.keys.sign_in(out(&from_here), RequestId::new()).await;
    assert!(cookie(&response).contains("Max-Age=0"));
    assert!(world.knows(&[("cookie", &value)]).is_none());
}

#[tokio::test]
async fn whoever_guesses_waits() {
    let world = world().await;
    for _ in 0..10 {
        assert_eq!(world.sign_in("qdt_0").await.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.sign_in(world.text()).await.status(), StatusCode::TOO_MANY_REQUESTS);
    world.gate.clock.advance(5 * 60_000);
    assert_eq!(world.sign_in(world.text()).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sessions_outlive_a_restart_until_they_are_ended_or_their_person_is_another() {
    let mut world = world().await;
    let sign_in = async || cookie(&world.sign_in(world.text()).await).split(';').next().unwrap().to_owned();
    let (first, second) = (sign_in().await, sign_in().await);
    world.gate.clock.advance(3_600_000);
    assert!(world.knows(&[("cookie", &first)]).is_some());
    let out = [("cookie", second.as_str()), ("origin", "https://qd.test")];
    world.keys.sign_in(request("POST", "/sign-out", &out, ""), RequestId::new()).await;

    world.restart().await;
    assert_eq!(world.knows(&[("cookie", &first)]), Some(("user:ada".to_owned(), Door::Console)));
    assert!(world.knows(&[("cookie", &second)]).is_none(), "who has signed out stays out");
    let kept = format!("{:?}", world.store.sessions(0).await.unwrap());
    assert!(!kept.contains(&first[10..]) && kept.contains("cookie: ["), "digests alone: {kept}");
    let Ok(Pass::Known(caller)) = world.admit(&[("cookie", &first)]) else { panic!("known") };
    assert!(!caller.end.is_cancelled());

    // Another role, another person: whoever comes back is not who signed in.
    world.file.people[0].roles = vec!["viewer".to_owned()];
    world.people.take(&world.file, world.gate.clock.now_ms() as i64);
    assert!(caller.end.is_cancelled() && world.knows(&[("cookie", &first)]).is_none());
    let third = cookie(&world.sign_in(world.text()).await).split(';').next().unwrap().to_owned();
    world.file.people[0].roles = vec!["helper".to_owned()];
    world.people.take(&world.file, world.gate.clock.now_ms() as i64);
    world.restart().await;
    assert!(world.knows(&[("cookie", &first)]).is_none() && world.knows(&[("cookie", &third)]).is_none());

    // Its times go on.
    let fourth = cookie(&world.sign_in(world.text()).await).split(';').next().unwrap().to_owned();
    world.gate.clock.advance(8 * 3_600_000);
    world.restart().await;
    assert!(world.knows(&[("cookie", &fourth)]).is_none(), "eight hours of rest");
}
