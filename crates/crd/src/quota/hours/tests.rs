#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::super::{Amount, Bound, Key, Ledger, Load, Pot, Quota, QuotaStatus, Reservation, Who};
use super::{HOUR_MS, Hours, next_hour};
use crate::scalar::Quantity;
use serde_json::{Value, json};

fn quota(name: &str, spec: &Value) -> Quota {
    let object = json!({ "apiVersion": "quarterdeck.dev/v1alpha1", "kind": "Quota", "metadata": { "name": name }, "spec": spec });
    serde_json::from_value(object).unwrap()
}

fn key(name: &str) -> Key {
    Key { namespace: "team".to_owned(), name: name.to_owned() }
}

fn who(user: &str) -> Who {
    Who { user: user.to_owned(), roles: Vec::new(), org: "lab".to_owned() }
}

fn told(hours: &Hours, quota: &Quota, stands: &QuotaStatus, now_ms: i64) -> (QuotaStatus, Option<i64>) {
    let mut status = QuotaStatus { used: Some(Amount::default()), ..QuotaStatus::default() };
    let again = hours.tell(quota, stands, &mut status, now_ms, [quota]);
    (status, again)
}

/// Some hour, at its beginning.
const T: i64 = 490_000 * HOUR_MS;
const HALF: i64 = HOUR_MS / 2;

#[test]
fn ws_19u_hours_of_processors_are_what_pods_may_use_times_how_long_they_are_there() {
    let each = quota("each", &json!({ "subject": { "user": "*" }, "hard": { "cpuHours": { "perDay": 3 } } }));
    let all = quota("all", &json!({ "subject": { "all": true }, "hard": { "cpuHours": { "perWeek": 100 } } }));
    let free = quota("free", &json!({ "subject": { "all": true }, "hard": { "cpu": 100 } }));
    let quotas = [each, all, free];
    let mut hours = Hours::default();
    quotas.iter().for_each(|one| hours.take(one, &QuotaStatus::default(), T));
    hours.run(&key("a"), &who("ada"), 2_000, T, &quotas);
    hours.run(&key("b"), &who("bob"), 500, T + HALF, &quotas);
    hours.run(&key("a"), &who("ada"), 0, T + HOUR_MS + HALF, &quotas);
    hours.count(T + 2 * HOUR_MS, &quotas);
    let (ada, bob) = (Pot::User("ada".to_owned()), Pot::User("bob".to_owned()));
    assert_eq!(hours.used("each", &ada), (3_000, 3_000));
    assert_eq!(hours.used("each", &bob), (750, 750));
    assert_eq!(hours.used("all", &Pot::All), (3_750, 3_750));
    assert_eq!(hours.used("free", &Pot::All), (0, 0));
    // After a day none of it counts for the day; after a week none at all.
    hours.run(&key("b"), &who("bob"), 0, T + 2 * HOUR_MS, &quotas);
    hours.count(T + 24 * HOUR_MS, &quotas);
    assert_eq!(hours.used("each", &ada), (1_000, 3_000));
    hours.count(T + 25 * HOUR_MS, &quotas);
    assert_eq!(hours.used("each", &ada), (0, 3_000));
    hours.count(T + 168 * HOUR_MS, &quotas);
    assert_eq!(hours.used("each", &ada), (0, 1_000));
    hours.count(T + 170 * HOUR_MS, &quotas);
    assert_eq!(hours.used("all", &Pot::All), (0, 0));
    assert_eq!(next_hour(T + 1), T + HOUR_MS);
}

#[test]
fn ws_19v_what_was_used_stands_in_the_status_and_a_new_process_counts_on_from_there() {
    let q = quota("q", &json!({ "subject": { "org": "*" }, "hard": { "cpuHours": { "perDay": 4 } } }));
    let mut hours = Hours::default();
    hours.take(&q, &QuotaStatus::default(), T);
    hours.run(&key("a"), &who("ada"), 1_000, T + HALF, [&q]);
    let (first, again) = told(&hours, &q, &QuotaStatus::default(), T + HALF);
    assert_eq!((again, first.spent.len()), (Some(T + HALF + 600_000), 0));
    // Nothing is written while nothing changes, for some minutes.
    assert_eq!(told(&hours, &q, &first, T + HALF + 60_000).0, first);
    let (later, _) = told(&hours, &q, &first, T + HOUR_MS + HALF);
    let spent: Value = serde_json::to_value(&later.spent).unwrap();
    assert_eq!(spent, json!([{ "of": "org lab", "from": "2025-11-24T16:00:00Z", "seconds": [1800, 1800] }]));
    assert_eq!(later.used.as_ref().unwrap().cpu_hours_day, Some(Quantity::from("1")));
    // Another process, half an hour later: the pod was there all the time.
    let mut next = Hours::default();
    next.take(&q, &later, T);
    next.run(&key("a"), &who("ada"), 1_000, T + HALF, [&q]);
    next.count(T + 2 * HOUR_MS, [&q]);
    assert_eq!(next.used("q", &Pot::Org("lab".to_owned())), (1_500, 1_500));
    // What stopped is told at once, and again when an hour is over.
    next.run(&key("a"), &who("ada"), 0, T + 2 * HOUR_MS, [&q]);
    let (ended, again) = told(&next, &q, &later, T + 2 * HOUR_MS + 1);
    assert_eq!(ended.used.as_ref().unwrap().cpu_hours_week, Some(Quantity::from("1500m")));
    assert_eq!(again, Some(T + 3 * HOUR_MS));
    assert_eq!(told(&next, &q, &ended, T + 2 * HOUR_MS + 2).0, ended);
    // A bound that is taken away is not counted.
    next.take(&quota("q", &json!({ "subject": { "org": "*" } })), &ended, T);
    assert_eq!(next.used("q", &Pot::Org("lab".to_owned())), (0, 0));
}

#[test]
fn ws_19w_who_has_used_up_his_hours_starts_nothing_and_the_tightest_quota_counts() {
    let quotas = [
        quota("wide", &json!({ "subject": { "all": true }, "hard": { "cpuHours": { "perWeek": 100 } } })),
        quota(
            "tight",
            &json!({ "subject": { "user": "*" }, "hard": { "cpuHours": { "perDay": 1 } }, "overflow": "Queue" }),
        ),
    ];
    let mut ledger = Ledger::default();
    quotas.iter().for_each(|one| ledger.hours.take(one, &QuotaStatus::default(), T));
    let running = |user: &str| {
        let load = Load { workspaces: 1, running: 1, cpu: 1_000, ..Load::default() };
        Reservation { who: who(user), load, idle_since: None }
    };
    ledger.hours.run(&key("a"), &who("ada"), 1_000, T, &quotas);
    ledger.reserve(&key("a"), running("ada"), &quotas).unwrap();
    ledger.hours.count(T + HOUR_MS - 1, &quotas);
    ledger.reserve(&key("b"), running("ada"), &quotas).unwrap();
    ledger.hours.count(T + HOUR_MS, &quotas);
    let refused = ledger.reserve(&key("c"), running("ada"), &quotas).unwrap_err();
    assert_eq!((refused.quota.as_str(), refused.broken[0].bound), ("tight", Bound::CpuHoursPerDay));
    assert_eq!(refused.to_string(), "quota tight of user ada: hard.cpuHours.perDay: 1 of 1 used up");
    ledger.reserve(&key("a"), running("ada"), &quotas).expect("what runs goes on");
    ledger.reserve(&key("d"), running("bob"), &quotas).expect("each has hours of their own");
}
