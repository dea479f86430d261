#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Logins, NotIn};
use crate::auth::Doorkeeper;
use base::RequestId;
use evidence::{Outcome, Verdict};
use policy::action::SessionKey;
use policy::testing::{AllowAll, TestGate, gate};
use std::sync::Arc;

fn logins(gate: &TestGate) -> (Arc<Logins>, Arc<Doorkeeper>) {
    let clock = Arc::new(gate.clock.clone());
    let door = Arc::new(Doorkeeper::new(5050, clock.clone()).unwrap());
    (Arc::new(Logins::new(gate.composed.gate.clone(), door.clone(), clock)), door)
}

#[tokio::test]
async fn ex_02c_a_login_is_in_the_journal_before_the_session_exists() {
    let gate = gate(AllowAll);
    let (logins, door) = logins(&gate);
    let ada = gate.composed.verifier.desk("ada", []);
    let code = door.new_code().unwrap();

    gate.journal.fail(true);
    let refused = logins.open(&ada, RequestId::new(), &code);
    gate.journal.hold(true);
    let waits = tokio::time::timeout(std::time::Duration::from_millis(50), refused).await;
    assert!(!matches!(waits, Ok(Ok(_))), "nobody is let in unwritten");
    gate.journal.fail(false);
    gate.journal.hold(false);

    let session = logins.open(&ada, RequestId::new(), &code).await.ok().expect("the code is still good");
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("cookie", format!("{}={session}", door.cookie_name()).parse().unwrap());
    assert!(door.knows_cookie(&headers));
    let last = gate.journal.decided().pop().unwrap();
    assert_eq!((last.action.as_str(), last.verdict), ("session:open", Verdict::Allow));
    assert_eq!(gate.journal.ended().pop().unwrap().outcome, Outcome::Done { message: "signed in".to_owned() });
    let text = format!("{:?}", gate.journal.drafts());
    assert!(!text.contains(&code) && !text.contains(&session), "neither code nor cookie is written down");

    assert!(matches!(logins.open(&ada, RequestId::new(), &code).await, Err(NotIn::Wrong)), "once");
    let last = gate.journal.decided().pop().unwrap();
    assert_eq!((last.action.as_str(), last.verdict), ("session:open", Verdict::Deny));
    assert_eq!(last.input["who"]["id"], "unknown");
    assert_eq!(last.rule, "door.key");
}

#[tokio::test(start_paused = true)]
async fn ex_02c_refused_logins_cannot_fill_the_journal() {
    let gate = gate(AllowAll);
    let (logins, _) = logins(&gate);
    for _ in 0..1000 {
        logins.turn_away(SessionKey::Code, RequestId::new());
    }
    logins.turn_away(SessionKey::Token, RequestId::new());
    assert_eq!(gate.journal.decided().len(), 1, "the first at once");
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    let entries = gate.journal.decided();
    let attempts: Vec<_> = entries.iter().map(|entry| entry.input["asked"]["target"]["attempts"].clone()).collect();
    assert_eq!(attempts, [1, 999, 1], "the others together, each key for itself");
    assert!(entries[2].reason.contains("run token"), "{:?}", entries[2]);
}
