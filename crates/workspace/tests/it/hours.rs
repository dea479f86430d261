//! Hours of processors on a real API server: they are counted, outlive the operator and come back with time.

use crate::server::{Place, get, kubectl, until};
use serde_json::{Value, json};
use workspace::decide::Limits;

/// A quota, deleted when it is dropped.
struct Bound(String);

impl Bound {
    fn status(&self) -> Value {
        get(&["qdquotas.quarterdeck.dev", &self.0])["status"].clone()
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = kubectl(&["delete", "qdquotas.quarterdeck.dev", &self.0, "--wait=false"], "");
    }
}

/// Why it is not accepted; empty where it is.
fn refused(place: &Place) -> String {
    let told = place.workspace();
    let all = told["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let one = all.into_iter().find(|one| one["type"] == "Accepted" && one["status"] == "False").unwrap_or_default();
    one["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_19y_hours_of_processors_are_kept_by_the_status_of_a_quota() {
    let mut place = Place::alone("hours", Limits::default()).await;
    let bound = Bound(place.namespace.clone());
    let object = json!({
        "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": bound.0 },
        "spec": { "subject": { "namespace": place.namespace }, "hard": { "cpuHours": { "perDay": "1m" } } },
    });
    let _ = kubectl(&["create", "-f", "-"], &object.to_string());
    until("the operator knows the quota", 60, || !bound.status()["countedAt"].is_null());
    place.apply(&json!({}));
    until("it runs", 60, || place.phase() == "Running");
    // Half a processor: an hour's thousandth is 7.2 s.
    let began = std::time::Instant::now();
    until("it ran for some seconds", 60, || began.elapsed().as_secs() >= 10);
    assert_eq!((place.phase().as_str(), refused(&place)), ("Running", String::new()), "what runs goes on");
    place.apply(&json!({ "state": "Stopped" }));
    until("it is stopped", 60, || place.phase() == "Stopped" && place.pod().is_null());
    until("what it used is told", 60, || {
        let status = bound.status();
        status["spent"][0]["of"] == format!("namespace {}", place.namespace)
            && status["used"]["cpuHoursDay"].is_string()
            && status["used"]["running"] == 0
    });
    place.apply(&json!({ "state": "Running" }));
    until("its hours are used up", 60, || refused(&place).contains("hard.cpuHours.perDay"));
    let first = refused(&place);
    // The next operator, two hours later, knows from the status: its words name another time.
    place.kill().await;
    place.ahead_ms = 2 * HOUR_MS;
    place.start(Limits::default());
    until("the next operator says so too", 60, || {
        let now = refused(&place);
        now != first && now.contains("hard.cpuHours.perDay")
    });
    assert!(place.pod().is_null());
    // A day later there are hours again.
    place.kill().await;
    place.ahead_ms = 26 * HOUR_MS;
    place.start(Limits::default());
    until("it runs again", 60, || place.phase() == "Running");
    until("a week still counts it", 60, || bound.status()["used"]["cpuHoursWeek"].is_string());
}

const HOUR_MS: u64 = 3_600_000;
