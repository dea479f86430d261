#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Act, Facts, Idle, Judged, Last, Rules, judge};
use crate::activity::{Door, Usage, Used};
use crd::workspace::{Lifecycle, Schedule};
use crd::{Span, Time};
use proptest::prelude::*;

const MIN: i64 = 60_000;
const HOUR: i64 = 60 * MIN;
/// 2026-11-20T09:00:00Z, a Friday.
const NINE: i64 = 1_795_165_200_000;

fn span(text: &str) -> Option<Span> {
    Some(Span::from(text))
}

fn rules(lifecycle: &Lifecycle) -> Rules {
    Rules::of(lifecycle, |wanted| wanted)
}

fn usage(door: Door, at_ms: i64, now: bool) -> Usage {
    Usage { doors: vec![Used { door, at_ms: at_ms.unsigned_abs(), now, detail: "GET /".to_owned() }] }
}

/// It runs since nine o'clock; nobody used it.
fn runs(now_ms: i64) -> Facts {
    Facts { now_ms, runs_since_ms: Some(NINE), knows_since_ms: NINE - HOUR, ..Facts::default() }
}

fn idle(judged: &Judged) -> Option<i64> {
    if let Idle::Since(since) = judged.idle { Some(since) } else { None }
}

#[test]
fn wb_05d_who_is_idle_is_asked_warned_and_stopped_in_that_order() {
    let rules = rules(&Lifecycle::default());
    let judged = judge(&rules, &runs(NINE + HOUR));
    assert_eq!((idle(&judged), judged.act.clone(), judged.again_ms), (None, None, Some(NINE + 110 * MIN)));
    assert_eq!(judged.stops, Some((NINE + 2 * HOUR, "nobody uses it: idleTimeout 2h".to_owned())));
    // Its daemon has a word first.
    let mut facts = runs(NINE + 110 * MIN);
    let judged = judge(&rules, &facts);
    assert!(judged.ask && idle(&judged).is_none() && judged.act.is_none());
    facts.asked_ms = Some(facts.now_ms);
    facts.tried_ms = facts.asked_ms;
    let judged = judge(&rules, &facts);
    assert_eq!((idle(&judged), judged.ask, judged.again_ms), (Some(NINE), false, Some(NINE + 2 * HOUR)));
    assert_eq!(judged.alert_ms, 0, "any use counts from now on");
    // And again before the end.
    facts.now_ms = NINE + 2 * HOUR;
    let judged = judge(&rules, &facts);
    assert!(judged.ask && judged.act.is_none());
    facts.asked_ms = Some(facts.now_ms);
    facts.tried_ms = facts.asked_ms;
    let judged = judge(&rules, &facts);
    assert_eq!(judged.act, Some(Act::Stop("idle for 2h (nobody used it)".to_owned())));
    // A use in the last moment.
    facts.usage = usage(Door::Http, facts.now_ms - 1_000, false);
    facts.told_idle = true;
    let judged = judge(&rules, &facts);
    assert_eq!((idle(&judged), judged.act), (None, None));
    assert_eq!(judged.last.unwrap().at_ms, facts.now_ms - 1_000);
}

#[test]
fn wb_05e_a_daemon_that_does_not_answer_delays_the_stop_and_does_not_prevent_it() {
    let rules = rules(&Lifecycle::default());
    let mut facts = runs(NINE + 2 * HOUR);
    (facts.tried_ms, facts.told_idle) = (Some(NINE + 110 * MIN), true);
    let judged = judge(&rules, &facts);
    assert!(judged.ask && judged.act.is_none());
    facts.tried_ms = Some(facts.now_ms);
    let judged = judge(&rules, &facts);
    assert!(!judged.ask && judged.act.is_none());
    assert_eq!(judged.again_ms, Some(facts.now_ms + MIN));
    facts.now_ms = NINE + 4 * HOUR;
    assert!(matches!(judge(&rules, &facts).act, Some(Act::Stop(_))), "twice the time is enough");
}

#[test]
fn wb_05f_what_goes_on_keeps_it_up_however_long() {
    let rules = rules(&Lifecycle::default());
    for hours in [1, 6, 60] {
        let mut facts = runs(NINE + hours * HOUR);
        facts.usage = usage(Door::Exec, facts.now_ms, true);
        let judged = judge(&rules, &facts);
        assert_eq!((judged.act, judged.stops), (None, None), "{hours} h");
        assert_eq!(judged.idle, Idle::Used("exec goes on (GET /)".to_owned()));
    }
    let mut facts = runs(NINE + 5 * HOUR);
    facts.keep_until_ms = Some(NINE + 6 * HOUR);
    let judged = judge(&rules, &facts);
    assert_eq!(judged.idle, Idle::Used("kept until 2026-11-20T15:00:00Z".to_owned()));
    assert_eq!(judged.stops.unwrap().0, NINE + 8 * HOUR);
    facts.now_ms = NINE + 7 * HOUR;
    let judged = judge(&rules, &facts);
    assert_eq!(
        (idle(&judged), judged.act, judged.again_ms),
        (None, None, Some(NINE + 8 * HOUR - 10 * MIN)),
        "and from then on"
    );
}

#[test]
fn wd_25a_a_silent_build_of_six_hours_is_not_stopped_and_the_deadline_is_told() {
    let rules = rules(&Lifecycle::default());
    let mut facts = runs(NINE);
    let mut last = NINE;
    let mut asked = 0;
    // Nobody types, nothing is requested: what its daemon says of its processors alone keeps it up.
    while facts.now_ms < NINE + 6 * HOUR {
        let judged = judge(&rules, &facts);
        assert_eq!(judged.act, None, "at {}", facts.now_ms - NINE);
        let (stops, why) = judged.stops.clone().expect("the deadline is known all the time");
        assert!(stops > facts.now_ms && !why.is_empty(), "{stops} {why}");
        assert_eq!(stops, last + 2 * HOUR);
        facts.now_ms = judged.again_ms.filter(|again| *again > facts.now_ms).unwrap_or(facts.now_ms + MIN);
        if judged.ask {
            asked += 1;
            last = facts.now_ms;
            (facts.asked_ms, facts.tried_ms) = (Some(last), Some(last));
            facts.usage = usage(Door::Cpu, last, false);
        }
    }
    assert!((3..20).contains(&asked), "it is asked before each deadline, and not for ever: {asked}");
    // It is over: the same rule stops it then.
    facts.now_ms = last + 2 * HOUR;
    (facts.asked_ms, facts.tried_ms) = (Some(facts.now_ms), Some(facts.now_ms));
    assert!(matches!(judge(&rules, &facts).act, Some(Act::Stop(_))));
}

#[test]
fn wb_05g_uses_are_told_rarely() {
    let rules = rules(&Lifecycle::default());
    let mut facts = runs(NINE + HOUR);
    facts.usage = usage(Door::Http, facts.now_ms, false);
    let judged = judge(&rules, &facts);
    let last = judged.last.clone().unwrap();
    assert_eq!((last.at_ms, last.door.as_str()), (facts.now_ms, "http"));
    assert_eq!(judged.alert_ms, facts.now_ms + 5 * MIN);
    facts.told = judged.last;
    facts.now_ms += 4 * MIN;
    facts.usage = usage(Door::Terminal, facts.now_ms, false);
    let judged = judge(&rules, &facts);
    assert_eq!(judged.last, Some(last), "not yet");
    facts.now_ms += MIN;
    facts.usage = usage(Door::Terminal, facts.now_ms, false);
    assert_eq!(judge(&rules, &facts).last.unwrap().door, "terminal");
}

#[test]
fn wb_05h_who_leads_anew_knows_the_last_use_by_the_status_and_warns_before_it_stops() {
    let rules = rules(&Lifecycle::default());
    let mut facts = runs(NINE + 5 * HOUR);
    facts.told = Some(Last { at_ms: NINE + 4 * HOUR, door: "http".to_owned(), detail: String::new() });
    let judged = judge(&rules, &facts);
    assert_eq!(judged.stops.unwrap().0, NINE + 6 * HOUR);
    facts.told = None;
    facts.knows_since_ms = facts.now_ms;
    (facts.asked_ms, facts.tried_ms) = (Some(facts.now_ms), Some(facts.now_ms));
    let judged = judge(&rules, &facts);
    assert_eq!((idle(&judged), judged.act, judged.again_ms), (Some(NINE), None, Some(facts.now_ms + 10 * MIN)));
}

#[test]
fn ws_14d_limits_and_clocks_stop_start_and_end_it() {
    let clock = |cron: &str| Some(Schedule { cron: cron.to_owned(), timezone: Some("Europe/Berlin".to_owned()) });
    let lifecycle = Lifecycle {
        idle_timeout: span("0"),
        max_running: span("8h"),
        stop_at: clock("0 19 * * 1-5"),
        start_at: clock("30 7 * * 1-5"),
        delete_after_stopped: span("7d"),
        expires_at: Some(Time("2026-12-24T00:00:00Z".parse().unwrap())),
        ..Lifecycle::default()
    };
    let rules = rules(&lifecycle);
    assert_eq!(rules.problems, Vec::<String>::new());
    let judged = judge(&rules, &runs(NINE + HOUR));
    assert_eq!(judged.stops, Some((NINE + 8 * HOUR, "maxRunning 8h".to_owned())));
    assert!(matches!(judged.idle, Idle::Used(_)));
    let stop = |rules: &Rules, now: i64| match judge(rules, &runs(now)).act {
        Some(Act::Stop(cause)) => cause,
        other => panic!("{other:?}"),
    };
    assert_eq!(stop(&rules, NINE + 8 * HOUR), "maxRunning 8h");
    let longer = Rules { running_ms: Some(20 * HOUR), ..rules.clone() };
    let judged = judge(&longer, &runs(NINE + HOUR));
    assert_eq!(judged.stops, Some((NINE + 9 * HOUR, "stopAt 0 19 * * 1-5 Europe/Berlin".to_owned())));
    assert_eq!(stop(&longer, NINE + 9 * HOUR), "stopAt 0 19 * * 1-5 Europe/Berlin");
    // Friday evening: until Monday morning.
    let stopped = |now_ms: i64| Facts { now_ms, stopped_since_ms: Some(NINE + 9 * HOUR), ..Facts::default() };
    let monday = NINE + 72 * HOUR - 150 * MIN;
    let judged = judge(&rules, &stopped(NINE + 10 * HOUR));
    assert_eq!((judged.act, judged.again_ms), (None, Some(monday)));
    assert_eq!(judge(&rules, &stopped(monday)).act, Some(Act::Start("startAt 30 7 * * 1-5 Europe/Berlin".to_owned())));
    let never = Rules { start: None, ..rules.clone() };
    let week = NINE + 9 * HOUR + 7 * 24 * HOUR;
    assert_eq!(judge(&never, &stopped(week - 1)).act, None);
    assert!(
        matches!(judge(&never, &stopped(week)).act, Some(Act::Delete(cause)) if cause.contains("deleteAfterStopped 7d"))
    );
    let christmas = rules.expires_ms.unwrap();
    let cause = Act::Delete("expiresAt 2026-12-24T00:00:00Z".to_owned());
    assert_eq!(judge(&rules, &runs(christmas)).act, Some(cause.clone()));
    assert_eq!(judge(&rules, &stopped(christmas)).act, Some(cause));
}

#[test]
fn ws_14e_what_is_asked_for_is_read_with_its_bounds() {
    let lifecycle = Lifecycle { idle_timeout: span("30s"), stop_at: Some(Schedule::default()), ..Lifecycle::default() };
    let read = rules(&lifecycle);
    assert_eq!((read.idle_ms, read.warning_ms), (Some(30_000), 15_000), "the warning is not the whole wait");
    assert_eq!(read.problems.len(), 1);
    assert!(read.problems[0].starts_with("lifecycle.stopAt: "), "{:?}", read.problems);
    assert_eq!(Rules::of(&Lifecycle::default(), |wanted| wanted.min(600)).idle_ms, Some(600_000), "a quota caps it");
    let never = Lifecycle { idle_timeout: span("0"), ..Lifecycle::default() };
    assert_eq!(rules(&never).idle_ms, None);
    assert_eq!(Rules::of(&never, |_| 60).idle_ms, Some(60_000), "and never is longer than any cap");
}

proptest! {
    /// Whatever happens when: nobody is stopped for idleness less than the timeout after a use, and there is always a next look.
    #[test]
    fn wb_05i_nobody_is_stopped_too_early_and_nothing_waits_for_ever(
        idle in 10_i64..10_000, warning in 0_i64..10_000, used in prop::option::of(0_i64..30_000_000),
        told in prop::option::of(0_i64..30_000_000), knows in 0_i64..30_000_000, asked in prop::option::of(0_i64..30_000_000),
        now in 0_i64..60_000_000,
    ) {
        let lifecycle = Lifecycle {
            idle_timeout: Some(Span(format!("{idle}s"))), idle_warning: Some(Span(format!("{warning}s"))), ..Lifecycle::default()
        };
        let last = |at: i64| Last { at_ms: NINE + at, door: "http".to_owned(), detail: String::new() };
        let facts = Facts {
            knows_since_ms: NINE + knows,
            told: told.map(last),
            usage: used.map(|at| usage(Door::Ssh, NINE + at, false)).unwrap_or_default(),
            asked_ms: asked.map(|at| NINE + at),
            tried_ms: asked.map(|at| NINE + at),
            ..runs(NINE + now)
        };
        let judged = judge(&rules(&lifecycle), &facts);
        let latest = NINE + used.unwrap_or(0).max(told.unwrap_or(0));
        if judged.act.is_some() {
            prop_assert!(facts.now_ms >= latest + idle * 1000);
        } else {
            prop_assert!(judged.again_ms.is_some_and(|again| again > facts.now_ms) || judged.ask);
            prop_assert!(judged.stops.is_some());
        }
    }
}

#[test]
fn wo_10c_what_is_kept_because_its_owner_goes_stays_that_long_and_goes_then_whatever_it_says_itself() {
    let week = 168 * HOUR;
    let lifecycle = Lifecycle {
        delete_after_stopped: span("1h"),
        expires_at: Some(Time(jiff::Timestamp::from_millisecond(NINE + HOUR).unwrap())),
        start_at: Some(Schedule { cron: "0 10 * * *".to_owned(), timezone: None }),
        ..Lifecycle::default()
    };
    let rules = rules(&lifecycle);
    let at = |now_ms: i64| Facts { now_ms, stopped_since_ms: Some(NINE), kept_ms: Some(week), ..Facts::default() };
    for now in [NINE, NINE + 2 * HOUR, NINE + week - 1] {
        let judged = judge(&rules, &at(now));
        assert_eq!((judged.act, judged.again_ms), (None, Some(NINE + week)), "{now}");
    }
    let over = judge(&rules, &at(NINE + week));
    assert_eq!(over.act, Some(Act::Delete("stopped since 2026-11-20T09:00:00Z: it was kept for 7d".to_owned())));
    // While its pod ends nothing is counted yet; without that mark its own rules hold.
    let ends = Facts { now_ms: NINE + 2 * HOUR, kept_ms: Some(week), ..Facts::default() };
    assert_eq!(judge(&rules, &ends).act, None);
    let own = Facts { kept_ms: None, ..at(NINE + 2 * HOUR) };
    assert!(matches!(judge(&rules, &own).act, Some(Act::Delete(_))));
    // The mark is on the object, and counts as long as it is stopped.
    let object =
        |mark: &str| serde_json::json!({ "metadata": { "annotations": { "quarterdeck.dev/kept-for": mark } } });
    assert_eq!(crate::acts::kept_ms(&object("168h")), Some(week));
    assert_eq!(crate::acts::kept_ms(&object("soon")), None);
    let mut wakes = object("168h");
    wakes["spec"] = serde_json::json!({ "lifecycle": { "wakeOn": ["http"] } });
    assert!(!crate::acts::wakes(&wakes, "http"), "whoever it is shared with does not start it");
    wakes["metadata"] = serde_json::json!({});
    assert!(crate::acts::wakes(&wakes, "http"));
}

#[test]
fn ws_14j_a_blueprint_caps_what_a_workspace_asks_for_and_what_it_says_nothing_of() {
    let caps = |idle, running, stopped| blueprint::Caps { idle, running, stopped };
    let within = |lifecycle: &Lifecycle, caps| {
        let read = rules(&crate::life::within(lifecycle, caps));
        (read.idle_ms, read.running_ms, read.stopped_ms)
    };
    let silent = Lifecycle::default();
    assert_eq!(within(&silent, caps(None, None, None)), (Some(7_200_000), None, None), "no bounds");
    let all = caps(Some(3_600), Some(7_200), Some(86_400));
    assert_eq!(within(&silent, all), (Some(3_600_000), Some(7_200_000), Some(86_400_000)), "never is longer than any");
    assert_eq!(within(&silent, caps(Some(14_400), None, None)).0, Some(7_200_000), "the usual one is shorter");
    let never = Lifecycle {
        idle_timeout: span("0"),
        max_running: span("0"),
        delete_after_stopped: span("0"),
        ..Lifecycle::default()
    };
    assert_eq!(within(&never, all), (Some(3_600_000), Some(7_200_000), Some(86_400_000)));
    let short = Lifecycle {
        idle_timeout: span("10m"),
        max_running: span("1h"),
        delete_after_stopped: span("2d"),
        ..Lifecycle::default()
    };
    assert_eq!(within(&short, all), (Some(600_000), Some(3_600_000), Some(86_400_000)));
}
