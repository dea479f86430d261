//! Operators that are killed at each step, and an API server that pauses: no claim is lost, no pod is made twice, and all of it
//! comes to what was asked for.

use crate::door::{At, Door};
use crate::nodes::reason;
use crate::server::{Place, get, kubectl, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use workspace::decide::Limits;

/// What is asked for in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Make,
    Stop,
    Start,
    /// Another image: its pod is made anew.
    Upgrade,
    Delete,
}

/// The steps at whose boundaries somebody is killed. What takes fewer of them goes through.
fn rounds() -> Vec<(Ask, usize, At)> {
    let mut all = Vec::new();
    // Each making is of a workspace that was deleted before, whose storage stays.
    for write in 0..7 {
        let (at, other) = if write % 2 == 0 { (At::Before, At::After) } else { (At::After, At::Before) };
        all.extend([(Ask::Make, write, at), (Ask::Upgrade, write / 2, other)]);
        if matches!(write, 1 | 4) {
            all.extend([Ask::Stop, Ask::Start].map(|ask| (ask, write / 2, other)));
        }
        all.push((Ask::Delete, write / 2, other));
    }
    all
}

/// A workspace in a place of its own, whose operator goes through a door.
struct Kept {
    door: Door,
    place: Place,
    /// How often it was given another image.
    upgraded: usize,
}

impl Kept {
    async fn new(name: &str) -> Self {
        let door = Door::open().await;
        let place = Place::through(name, Limits::default(), door.kubeconfig()).await;
        Self { door, place, upgraded: 0 }
    }

    fn image(&self) -> String {
        format!("images.invalid/shell:{}", self.upgraded)
    }

    async fn of(&self, kind: &str) -> Value {
        self.door.look(&format!("/api/v1/namespaces/{}/{kind}", self.place.namespace)).await
    }

    async fn claim(&self) -> Value {
        self.of("persistentvolumeclaims/pvc-w-home").await["metadata"]["uid"].clone()
    }

    /// Its pods: their images.
    async fn pods(&self) -> Vec<String> {
        let pods = self.of("pods?labelSelector=quarterdeck.dev/workspace%3Dw").await;
        let of = |pod: &Value| pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default().to_owned();
        pods["items"].as_array().into_iter().flatten().map(of).collect()
    }

    async fn workspace(&self) -> Value {
        let group = "/apis/quarterdeck.dev/v1alpha1/namespaces";
        self.door.look(&format!("{group}/{}/workspaces/w", self.place.namespace)).await
    }

    /// What was asked for is so.
    async fn is_so(&self, ask: Ask) -> bool {
        let (object, pods) = (self.workspace().await, self.pods().await);
        assert!(pods.len() < 2, "{ask:?}: two pods");
        let phase = object["status"]["phase"].as_str().unwrap_or_default();
        match ask {
            Ask::Make | Ask::Start | Ask::Upgrade => phase == "Running" && pods == [self.image()],
            Ask::Stop => phase == "Stopped" && pods.is_empty(),
            Ask::Delete => object.is_null() && pods.is_empty(),
        }
    }

    /// Waits until it is so, or the operator is to die; how long that took.
    async fn comes(&self, what: &str, ask: Ask, seconds: u64) -> Duration {
        let begun = Instant::now();
        while !self.door.stopped() && !self.is_so(ask).await {
            assert!(begun.elapsed() < Duration::from_secs(seconds), "{what}: {:#}", self.workspace().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        begun.elapsed()
    }

    fn ask(&mut self, ask: Ask) {
        self.upgraded += usize::from(ask == Ask::Upgrade);
        let state = |state: &str| json!({ "state": state, "image": self.image(), "update": "Auto" });
        match ask {
            Ask::Make | Ask::Start | Ask::Upgrade => self.place.apply(&state("Running")),
            Ask::Stop => self.place.apply(&state("Stopped")),
            Ask::Delete => {
                let words = ["-n", &self.place.namespace, "workspaces.quarterdeck.dev", "w", "--wait=false"];
                let _ = kubectl(&[&["delete"][..], &words].concat(), "");
            }
        }
    }
}

/// How often somebody deleted a claim of a namespace, by the API server's own log.
fn deleted_claims(namespace: &str) -> usize {
    let log = std::fs::read_to_string(std::env::var("QD_TEST_AUDIT_LOG").expect("the API server's audit log")).unwrap();
    let lines = log.lines().filter(|line| line.contains(namespace) && line.contains("persistentvolumeclaims"));
    let events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of = |event: &Value| {
        let object = &event["objectRef"];
        let deletes = matches!(event["verb"].as_str(), Some("delete" | "deletecollection"));
        deletes && object["resource"] == "persistentvolumeclaims" && object["namespace"] == namespace
    };
    assert!(log.contains("\"verb\":\"delete\""), "the log tells of deletions");
    events.filter(of).count()
}

/// Goes through these rounds; the claim after each, how often somebody was killed, and how long it took at most.
async fn go(name: &str, rounds: &[(Ask, usize, At)]) -> (Vec<Value>, usize, Duration) {
    let mut kept = Kept::new(name).await;
    let (mut claims, mut killed, mut longest) = (Vec::new(), 0, Duration::ZERO);
    for (ask, write, at) in rounds {
        let what = format!("{name}: {ask:?}, killed {at:?} write {write}");
        kept.door.stop_at(*write, *at);
        kept.ask(*ask);
        let _ = kept.comes(&what, *ask, 90).await;
        if kept.door.stopped() {
            killed += 1;
            kept.place.kill().await;
        }
        kept.door.free();
        if kept.place.is_dead() {
            kept.place.start(Limits::default());
        }
        longest = longest.max(kept.comes(&what, *ask, 90).await);
        claims.push(kept.claim().await);
    }
    kept.place.kill().await;
    assert_eq!(deleted_claims(&kept.place.namespace), 0, "{name}: nobody deletes storage on the way");
    claims.dedup();
    (claims, killed, longest)
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_11d_operators_killed_at_each_step_leave_one_pod_and_the_same_claim_which_nobody_deletes() {
    let rounds = rounds();
    assert_eq!(rounds.len(), 25);
    let all = tokio::join!(
        go("killed-first", &rounds[..8]),
        go("killed-second", &rounds[8..14]),
        go("killed-third", &rounds[14..])
    );
    let mut killed = 0;
    for (claims, times, longest) in [all.0, all.1, all.2] {
        assert_eq!(claims.len(), 1, "the same storage all the time: {claims:?}");
        assert!(!claims[0].is_null());
        killed += times;
        println!("killed {times} times, as asked for after {longest:?} at most");
    }
    assert!(killed >= 15, "killed at {killed} of 25 boundaries");
}

#[tokio::test(flavor = "multi_thread")]
async fn wd_11e_what_is_asked_while_the_api_server_pauses_is_so_soon_after() {
    let mut kept = Kept::new("paused").await;
    kept.ask(Ask::Make);
    let _ = kept.comes("it runs", Ask::Make, 120).await;
    let before = kept.claim().await;
    // Longer than the lease is held: the operator may not act when it hears of it all again, but as a new leader.
    kept.door.hold();
    kept.ask(Ask::Stop);
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(kept.pods().await.len(), 1, "nobody acts while nothing is answered");
    kept.door.release();
    let _ = kept.comes("it is stopped", Ask::Stop, 90).await;
    kept.door.hold();
    kept.ask(Ask::Start);
    tokio::time::sleep(Duration::from_secs(1)).await;
    kept.door.release();
    let _ = kept.comes("it runs again", Ask::Start, 90).await;
    assert_eq!(kept.claim().await, before, "the same storage");
    kept.place.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wo_01f_an_operator_whose_journal_takes_nothing_lets_go_of_its_lease_and_another_acts() {
    let mut place = Place::new("op-mute", Limits::default()).await;
    let holder = |place: &Place| {
        let lease = get(&["-n", &place.namespace, "lease", "quarterdeck-operator"]);
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
    };
    place.apply(&json!({}));
    until("it runs", 40, || place.phase() == "Running");
    let (first, journal) = (holder(&place), place.journal.clone());
    journal.refuse(true);
    place.start(Limits::default());
    assert_eq!(holder(&place), first, "the other one waits");
    // Another generation is another decision, which is to be written down first.
    place.apply(&json!({ "state": "Stopped" }));
    until("the other one has carried it out", 40, || place.phase() == "Stopped");
    let second = holder(&place);
    assert!(second != first && !second.is_empty(), "{second}");
    assert_eq!(reason(&place.workspace(), "Accepted"), "AsExpected", "and nobody said that it may not be");
}
