#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Election, Terms, Turn};
use serde_json::Value;

fn written(turn: Turn) -> Value {
    match turn {
        Turn::Write(lease) => lease,
        Turn::Wait => panic!("it waits"),
    }
}

#[test]
fn wo_01a_of_two_candidates_one_leads_and_the_other_follows_when_it_is_silent() {
    let terms = Terms::default();
    let (mut a, mut b) = (Election::new("a".into(), terms), Election::new("b".into(), terms));
    let lease = written(a.judge(None, 0, "t0", "operator"));
    a.wrote(0);
    assert!(a.leads(0));
    assert_eq!(b.judge(Some(&lease), 0, "t0", "operator"), Turn::Wait);
    // It renews: the other one goes on waiting, however long.
    let mut now = 0;
    let mut lease = lease;
    for round in 1..30 {
        now = round * terms.retry_ms;
        lease = written(a.judge(Some(&lease), now, &format!("t{round}"), "operator"));
        a.wrote(now);
        assert_eq!(b.judge(Some(&lease), now, "x", "operator"), Turn::Wait);
        assert!(a.leads(now) && !b.leads(now));
    }
    // It is killed. By its own clock it stops acting before the other one begins.
    let silent = now;
    let mut taken = None;
    while taken.is_none() {
        now += terms.retry_ms;
        assert!(now - silent < 30_000, "it takes too long");
        if let Turn::Write(lease) = b.judge(Some(&lease), now, "x", "operator") {
            taken = Some(lease);
        }
    }
    assert!(!a.leads(now), "both would act");
    assert!(now - silent > terms.deadline_ms);
    let lease = taken.unwrap();
    b.wrote(now);
    assert_eq!(lease.pointer("/spec/leaseTransitions").and_then(Value::as_u64), Some(1));
    assert_eq!(lease.pointer("/spec/holderIdentity").and_then(Value::as_str), Some("b"));
    assert_eq!(a.judge(Some(&lease), now, "x", "operator"), Turn::Wait, "the old one sees that it is over");
    assert!(!a.leads(now));
}

#[test]
fn wo_01b_who_leaves_hands_over_at_once() {
    let terms = Terms::default();
    let (mut a, mut b) = (Election::new("a".into(), terms), Election::new("b".into(), terms));
    let lease = written(a.judge(None, 0, "t0", "operator"));
    a.wrote(0);
    assert_eq!(b.judge(Some(&lease), 1, "t0", "operator"), Turn::Wait);
    let released = a.released(&lease, "t1");
    assert!(matches!(b.judge(Some(&released), 2, "t1", "operator"), Turn::Write(_)));
}
