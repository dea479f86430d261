#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{Naming, People};
use crate::file::{File, Person};
use crate::token::Token;
use jiff::{SignedDuration, Timestamp};
use policy::action::AuditVerify;
use policy::testing::{AllowAll, TestGate, gate};
use policy::{Answers, Permit};

fn people() -> (TestGate, People) {
    let mut gate = gate(AllowAll);
    let verifier = std::mem::replace(&mut gate.composed.verifier, policy::testing::gate(AllowAll).composed.verifier);
    let people = People::new(verifier, gate.composed.epochs.clone(), Naming { prefix: "team:".to_owned() });
    (gate, people)
}

fn file(names: &[&str]) -> (File, Vec<(String, Token)>) {
    let mut file = File::default();
    let one = |name: &str| Person {
        name: name.to_owned(),
        org: "lab".into(),
        roles: vec!["dev".into()],
        ..Person::default()
    };
    let tokens = names
        .iter()
        .map(|name| file.add(one(name), Timestamp::UNIX_EPOCH, SignedDuration::from_secs(100)).unwrap())
        .collect();
    (file, tokens)
}

fn permit(gate: &TestGate, people: &People, token: &Token) -> Permit<AuditVerify> {
    let known = people.find(token.text().expose().as_bytes(), 0).expect("known");
    gate.composed.gate.permit(&known.principal, AuditVerify {}, &Answers::default()).unwrap()
}

fn is_over<A: policy::Action>(permit: &Permit<A>) -> bool {
    permit.end_token().is_cancelled()
}

#[test]
fn who_shows_a_token_is_known_with_names_for_api_servers() {
    let (_gate, people) = people();
    let (file, tokens) = file(&["ada"]);
    people.take(&file, 0);
    let shown = tokens[0].1.text().expose().as_bytes();
    let who = people.find(shown, 0).unwrap().principal.who().clone();
    assert_eq!(
        (who.id.as_str(), who.org.as_str(), who.roles.as_slice()),
        ("user:ada", "lab", ["dev".to_owned()].as_slice())
    );
    let acts_as = who.acts_as.unwrap();
    assert_eq!(acts_as.username, "team:ada");
    assert_eq!(acts_as.groups, ["team:role:dev", "team:org:lab"]);
    assert!(people.find(b"qdt_other", 0).is_none());
    assert!(people.find(shown, 100_000).is_none(), "it has ended");
}

#[test]
fn a_token_that_is_taken_away_ends_what_it_let_in_and_nothing_of_others() {
    let (gate, people) = people();
    let (mut file, tokens) = file(&["ada", "bob"]);
    people.take(&file, 0);
    let (of_ada, of_bob) = (permit(&gate, &people, &tokens[0].1), permit(&gate, &people, &tokens[1].1));
    let end = people.find(tokens[0].1.text().expose().as_bytes(), 0).unwrap().end;
    people.take(&file, 0);
    assert!(!end.is_cancelled() && !is_over(&of_ada), "the same file again changes nothing");
    file.revoke(&tokens[0].0);
    people.take(&file, 0);
    assert!(end.is_cancelled() && is_over(&of_ada) && !is_over(&of_bob));
    assert!(people.find(tokens[0].1.text().expose().as_bytes(), 0).is_none());
}

#[test]
fn other_roles_end_what_the_old_ones_let_in() {
    let (gate, people) = people();
    let (mut file, tokens) = file(&["ada"]);
    people.take(&file, 0);
    let before = permit(&gate, &people, &tokens[0].1);
    file.people[0].roles = vec!["viewer".to_owned()];
    people.take(&file, 0);
    assert!(is_over(&before));
    assert!(!is_over(&permit(&gate, &people, &tokens[0].1)));
}

#[test]
fn who_is_still_the_same_is_found_again_by_what_was_kept() {
    let (_gate, people) = people();
    let (mut file, tokens) = file(&["ada", "bob"]);
    people.take(&file, 0);
    let mark = people.find(tokens[0].1.text().expose().as_bytes(), 0).unwrap().mark;
    assert_eq!(people.find_again(&mark, 0).unwrap().principal.id(), "user:ada");
    assert!(people.find_again(&mark, 100_000).is_none(), "it has ended");
    file.people[0].roles.push("admin".to_owned());
    people.take(&file, 0);
    assert!(people.find_again(&mark, 0).is_none(), "somebody else");
    assert!(people.find_again(&[0; 32], 0).is_none());
}

#[test]
fn a_token_ends_at_its_time() {
    let (gate, people) = people();
    let (file, tokens) = file(&["ada"]);
    people.take(&file, 0);
    let held = permit(&gate, &people, &tokens[0].1);
    assert_eq!(people.sweep(99_999), Some(100_000));
    assert!(!is_over(&held));
    assert_eq!(people.sweep(100_000), None);
    assert!(is_over(&held));
}
