#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::{File, FileError, Person};
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::PermissionsExt;

fn ada() -> Person {
    Person { name: "ada".to_owned(), org: "lab".to_owned(), roles: vec!["developer".to_owned()], ..Person::default() }
}

#[test]
fn a_token_is_kept_by_its_digest_in_a_file_of_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.toml");
    let mut file = File::default();
    let (id, token) = file.add(ada(), Timestamp::UNIX_EPOCH, SignedDuration::from_hours(24)).unwrap();
    file.write(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(token.text().expose().as_str()) && text.contains(&hex::encode(token.digest())), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(File::read(&path).unwrap(), file);
    assert_eq!(file.people[0].tokens[0].expires.to_string(), "1970-01-02T00:00:00Z");
    assert_eq!(file.revoke(&id), 1);
    assert_eq!(file.revoke(&id), 0);
    assert_eq!(file.people.len(), 1, "somebody without a token is still somebody");
}

#[test]
fn a_second_token_keeps_what_is_known_and_a_name_revokes_all() {
    let mut file = File::default();
    let life = SignedDuration::from_hours(1);
    file.add(ada(), Timestamp::UNIX_EPOCH, life).unwrap();
    file.add(Person { name: "ada".to_owned(), ..Person::default() }, Timestamp::UNIX_EPOCH, life).unwrap();
    assert_eq!((file.people.len(), file.people[0].roles.as_slice()), (1, ["developer".to_owned()].as_slice()));
    assert_eq!(file.revoke("ada"), 2);
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let token = "id = \"a\"\nsha256 = \"00\"\ncreated = \"2026-01-01T00:00:00Z\"\nexpires = \"2026-01-01T00:00:00Z\"";
    let table = [
        ("[[person]]\nname = \"Ada\"", "no name"),
        ("[[person]]\nname = \"ada\"\n[[person]]\nname = \"ada\"", "twice"),
        ("[[person]]\nname = \"ada\"\nroels = []", "line 3: unknown field `roels`"),
        ("[[person]]\nname = \"ada\"\nroles = [\"a b\"]", "no name of a role"),
        ("[[person]]\nname = \"ada\"\ngroups = [\"system:masters\"]", "may not be told"),
        ("[[person]]\nname = \"ada\"\nuser = \"a\\r\\nb\"", "may not be told"),
        (&format!("[[person]]\nname = \"ada\"\n[[person.token]]\n{token}"), "no SHA-256"),
    ];
    for (text, words) in table {
        let error = File::parse(text, "f").unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.toml");
    File::default().write(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(matches!(File::read(&path), Err(FileError::Form { .. })));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    assert!(File::read(&path).is_ok());
}
