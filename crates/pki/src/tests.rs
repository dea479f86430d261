#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::{ClientConnection, ServerConnection};

use crate::{Authority, Keys, Name, Whom, client, server};

const HOUR: Duration = Duration::from_secs(3600);

fn keys(authority: &Authority, name: &Name, at: SystemTime) -> Arc<Keys> {
    let keys = Keys::new().unwrap();
    keys.take(authority.certify(keys.public(), name, at).unwrap(), at).unwrap();
    keys
}

/// Whether a word goes from the caller to the called, or which side says no.
fn talk(from: &Arc<Keys>, to: &Arc<Keys>, asks: &Name, lets: &Name) -> Result<(), String> {
    let config = client(from.clone(), Whom::One(asks.clone())).unwrap();
    let mut caller = ClientConnection::new(config, "workspace".try_into().unwrap()).unwrap();
    let mut called = ServerConnection::new(server(to.clone(), Whom::One(lets.clone())).unwrap()).unwrap();
    caller.writer().write_all(b"word").unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        caller.write_tls(&mut wire).unwrap();
        called.read_tls(&mut wire.as_slice()).unwrap();
        called.process_new_packets().map_err(|error| format!("called: {error}"))?;
        let mut wire = Vec::new();
        called.write_tls(&mut wire).unwrap();
        caller.read_tls(&mut wire.as_slice()).unwrap();
        caller.process_new_packets().map_err(|error| format!("caller: {error}"))?;
    }
    let mut word = [0; 4];
    called.reader().read_exact(&mut word).map_err(|error| error.to_string())
}

#[test]
fn ac_113a_each_end_proves_a_name_that_the_other_allows() {
    let now = SystemTime::now();
    let authority = Authority::new("ship", now).unwrap();
    let (blue, red) = (Name::workspace("ship", "blue"), Name::workspace("ship", "red"));
    let (gateway, hub) = (Name::role("ship", "gateway"), Name::role("ship", "hub"));
    let (door, daemon) = (keys(&authority, &gateway, now), keys(&authority, &blue, now));
    assert_eq!(talk(&door, &daemon, &blue, &gateway), Ok(()));
    let said = |done: Result<(), String>, words: &str| {
        let error = done.unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    said(talk(&door, &daemon, &red, &gateway), "caller: invalid peer certificate");
    said(talk(&keys(&authority, &hub, now), &daemon, &blue, &gateway), "called: invalid peer certificate");
    said(talk(&keys(&authority, &blue, now), &daemon, &blue, &gateway), "called: invalid peer certificate");
    let other = Authority::new("ship", now).unwrap();
    said(talk(&keys(&other, &gateway, now), &daemon, &blue, &gateway), "invalid peer certificate");
    said(talk(&door, &keys(&other, &blue, now), &blue, &gateway), "caller: invalid peer certificate");
    said(
        talk(&keys(&authority, &gateway, now - 25 * HOUR), &daemon, &blue, &gateway),
        "called: invalid peer certificate: certificate expired",
    );
    said(talk(&Keys::new().unwrap(), &daemon, &blue, &gateway), "invalid peer certificate");
}

#[test]
fn ac_113b_a_certificate_is_renewed_in_place_and_an_issuer_under_the_same_root() {
    let now = SystemTime::now();
    let mut authority = Authority::new("ship", now - 70 * 24 * HOUR).unwrap();
    let (blue, gateway) = (Name::workspace("ship", "blue"), Name::role("ship", "gateway"));
    let (door, daemon) = (keys(&authority, &gateway, now), keys(&authority, &blue, now - 25 * HOUR));
    assert!(talk(&door, &daemon, &blue, &gateway).is_err(), "it has expired");
    assert!(daemon.due(now) && door.due(now + 12 * HOUR) && !door.due(now + 11 * HOUR));
    assert!(authority.renew(now).unwrap());
    let mut authority = Authority::from_kept(authority.kept().clone()).unwrap();
    assert!(!authority.renew(now).unwrap());
    daemon.take(authority.certify(daemon.public(), &blue, now).unwrap(), now).unwrap();
    assert_eq!(talk(&door, &daemon, &blue, &gateway), Ok(()), "old and new issuers have one root");
    let foreign = authority.certify(door.public(), &blue, now).unwrap();
    assert!(daemon.take(foreign, now).unwrap_err().to_string().contains("for another key"));
    assert!(authority.certify(door.public(), &Name::role("boat", "gateway"), now).is_err());
}

#[test]
fn ac_113d_keys_are_certified_again_at_half_life_and_not_before() {
    let now = SystemTime::now();
    let authority = Authority::new("ship", now).unwrap().with_leaves_of(2 * HOUR);
    let (gateway, keys) = (Name::role("ship", "gateway"), Keys::new().unwrap());
    assert!(authority.refresh(&keys, &gateway, now).unwrap(), "at once");
    assert!(!authority.refresh(&keys, &gateway, now + HOUR - Duration::from_secs(1)).unwrap());
    assert!(authority.refresh(&keys, &gateway, now + HOUR).unwrap());
    assert_eq!(keys.until(), Some(now + 3 * HOUR));
    let mut authority = authority;
    assert!(authority.renew(now + 70 * 24 * HOUR).unwrap());
    let leaf = authority.certify(keys.public(), &gateway, now + 70 * 24 * HOUR).unwrap();
    assert_eq!(leaf.until, now + 70 * 24 * HOUR + 2 * HOUR, "a new issuer keeps to it");
}

#[test]
fn ac_113c_names_are_read_as_they_are_written_and_nothing_else_is() {
    for name in [Name::workspace("a.b", "6f-3c"), Name::role("ship", "gateway")] {
        assert_eq!(name.to_string().parse::<Name>().unwrap(), name);
    }
    for wrong in [
        "",
        "qd://",
        "qd://ship/role/",
        "qd://ship/role/a/b",
        "qd:///role/a",
        "qd://ship/user/a",
        "https://ship/role/a",
        "qd://ship/role/a b",
    ] {
        assert!(wrong.parse::<Name>().is_err(), "{wrong}");
    }
}
