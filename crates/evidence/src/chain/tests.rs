#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::{
    Anchor, Body, Break, Broken, Chain, CheckSignature, Draft, Entry, Hash, Head, Sign, Signed, Stamp, Statement, Tag,
    Verifier, WriterId,
};
use std::convert::Infallible;

/// Not a signature: a keyed digest is enough to see that the verifier asks.
struct TestKey;

impl Sign for TestKey {
    type Error = Infallible;

    fn public(&self) -> String {
        "test".to_owned()
    }

    fn sign(&self, message: &[u8]) -> Result<String, Infallible> {
        Ok(format!("signed {}", hex::encode(message)))
    }
}

impl CheckSignature for TestKey {
    fn check(&self, key: &str, message: &[u8], signature: &str) -> bool {
        key == "test" && signature == format!("signed {}", hex::encode(message))
    }
}

fn draft(n: u64) -> Draft {
    Draft {
        stamp: Stamp::from_ms(n),
        anchors: vec![Anchor::new(Tag::Principal, "ada"), Anchor::new(Tag::Object, format!("c/pods/ns/p{n}"))],
        summary: format!("entry {n}"),
        body: Body::Retired { before_ms: n, bodies: n },
    }
}

fn entries(count: u64) -> (Vec<Entry>, Head) {
    let mut chain = Chain::new(WriterId::new());
    let entries = (1..=count).map(|n| chain.link(draft(n)).unwrap()).collect();
    (entries, chain.head())
}

fn verify(statements: &[Signed], entries: &[Entry]) -> Result<crate::Report, Broken> {
    let mut verifier = Verifier::new();
    for statement in statements {
        verifier.statement(statement, &TestKey)?;
    }
    for entry in entries {
        verifier.entry(entry)?;
    }
    verifier.finish()
}

fn sealed(head: Head) -> Signed {
    Statement { at_ms: 9, heads: vec![head] }.sign(&TestKey).unwrap()
}

fn why(result: Result<crate::Report, Broken>) -> (u64, Break) {
    let broken = result.unwrap_err();
    (broken.seq, broken.why)
}

#[test]
fn a_whole_chain_verifies_and_counts() {
    let (entries, head) = entries(5);
    let report = verify(&[sealed(head)], &entries).unwrap();
    assert_eq!((report.writers, report.entries, report.statements, report.unsealed), (1, 5, 1, 0));
    assert_eq!(verify(&[], &entries).unwrap().unsealed, 5);
}

#[test]
fn every_change_is_found_at_its_place() {
    let (good, head) = entries(6);
    type Change = (&'static str, fn(&mut Entry));
    let changes: Vec<Change> = vec![
        ("summary", |e| e.envelope.summary.push('x')),
        ("stamp", |e| e.envelope.stamp.ns += 1),
        ("kind", |e| e.envelope.kind = "ended".into()),
        ("anchor value", |e| e.envelope.anchors[0].value = "eve".into()),
        ("anchor tag", |e| e.envelope.anchors[0].tag = Tag::Session),
        ("anchor gone", |e| {
            e.envelope.anchors.pop();
        }),
        ("digest", |e| e.body_digest = Hash([7; 32])),
        ("hash", |e| e.hash = Hash([7; 32])),
        ("body", |e| e.body.as_mut().unwrap().push(' ')),
    ];
    for at in 0..good.len() {
        for (name, change) in &changes {
            let mut bad = good.clone();
            change(&mut bad[at]);
            let (seq, _) = why(verify(&[sealed(head)], &bad));
            assert_eq!(seq, at as u64 + 1, "{name} of entry {}", at + 1);
        }
    }
}

#[test]
fn removed_and_exchanged_entries_are_found() {
    let (good, head) = entries(6);
    let mut gap = good.clone();
    gap.remove(2);
    assert_eq!(why(verify(&[], &gap)), (3, Break::Missing));
    let mut swapped = good.clone();
    swapped.swap(2, 3);
    assert_eq!(why(verify(&[], &swapped)), (3, Break::Missing));
    // A renumbered gap does not link.
    for (at, entry) in gap.iter_mut().enumerate() {
        entry.envelope.seq = at as u64 + 1;
    }
    assert_eq!(why(verify(&[], &gap)), (3, Break::Link));
    let _ = head;
}

#[test]
fn a_cut_tail_shows_by_the_signed_head() {
    let (good, head) = entries(6);
    assert!(verify(&[], &good[..4]).is_ok(), "without heads a cut tail cannot be seen");
    assert_eq!(why(verify(&[sealed(head)], &good[..4])), (5, Break::TailCut));
    assert_eq!(why(verify(&[sealed(head)], &[])), (1, Break::TailCut));
}

#[test]
fn a_chain_written_anew_does_not_meet_its_signed_head() {
    let (good, head) = entries(4);
    let mut chain = Chain::new(head.writer);
    let forged: Vec<Entry> = (11..=14).map(|n| chain.link(draft(n)).unwrap()).collect();
    assert!(verify(&[], &forged).is_ok());
    assert_eq!(why(verify(&[sealed(head)], &forged)), (4, Break::Rewritten));
    let mut wrong = sealed(head);
    wrong.statement.at_ms += 1;
    assert_eq!(why(verify(&[wrong], &good)), (4, Break::Signature));
}

#[test]
fn a_dropped_body_keeps_the_chain_whole() {
    let (mut entries, head) = entries(4);
    entries[1].body = None;
    let report = verify(&[sealed(head)], &entries).unwrap();
    assert_eq!((report.entries, report.bodies_dropped), (4, 1));
}

#[test]
fn chains_of_two_writers_cannot_be_exchanged() {
    let (a, _) = entries(2);
    let (mut b, _) = entries(2);
    for entry in &mut b {
        entry.envelope.writer = a[0].envelope.writer;
    }
    assert_eq!(why(verify(&[], &b)), (1, Break::Link));
}

#[test]
fn entries_read_back_from_json_verify() {
    let (entries, _) = entries(3);
    let text = serde_json::to_string(&entries).unwrap();
    let back: Vec<Entry> = serde_json::from_str(&text).unwrap();
    assert_eq!(entries, back);
    assert!(verify(&[], &back).is_ok());
    assert_eq!(back[1].parsed(), Some(Body::Retired { before_ms: 2, bodies: 2 }));
}
