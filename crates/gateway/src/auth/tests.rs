#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::Doorkeeper;
use axum::http::{HeaderMap, header};
use base::ManualClock;
use std::sync::Arc;

fn door() -> (Doorkeeper, ManualClock) {
    let clock = ManualClock::at(1_000_000);
    (Doorkeeper::new(5050, Arc::new(clock.clone())).unwrap(), clock)
}

#[test]
fn ex_02_the_run_token_is_32_random_bytes_and_new_per_start() {
    let (one, _) = door();
    let (two, _) = door();
    assert_eq!(one.token().expose().len(), 64);
    assert_ne!(one.token().expose(), two.token().expose());
    assert!(one.knows_token(one.token().expose().as_bytes()));
    assert!(!one.knows_token(two.token().expose().as_bytes()));
}

#[test]
fn ex_02_a_code_works_once_and_for_ten_minutes() {
    let (door, clock) = door();
    let code = door.new_code().unwrap();
    let session = door.redeem(&code).unwrap().expect("fresh code");
    assert!(door.redeem(&code).unwrap().is_none(), "a code works once");
    let knows = |cookie: String| {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        door.knows_cookie(&headers)
    };
    assert!(knows(format!("other=1; qd_session_5050={session}")));
    assert!(!knows(format!("qd_session_5051={session}")));
    assert!(!knows(format!("qd_session_5050={code}")));
    let late = door.new_code().unwrap();
    clock.advance(10 * 60 * 1000 + 1);
    assert!(door.redeem(&late).unwrap().is_none(), "a code dies after ten minutes");
}

#[test]
fn ex_02_the_cookie_is_host_only_http_only_and_strict() {
    let (door, _) = door();
    let cookie = door.set_cookie("abc");
    assert!(cookie.starts_with("qd_session_5050=abc;"));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Domain"));
}
