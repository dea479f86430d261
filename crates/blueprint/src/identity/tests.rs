#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::names::is_label;
use proptest::prelude::*;

fn key(text: &str) -> Key {
    Key::of(&UserString::parse(text).unwrap(), RepoCase::Keeps, None).unwrap()
}

#[test]
fn ac_05_the_key_has_each_field_that_is_there_once_in_a_fixed_order() {
    let bytes = |text: &str| String::from_utf8(key(text).bytes()).unwrap();
    assert_eq!(bytes("dev1"), "qd1\0u=4:dev1");
    assert_eq!(
        bytes("dev1~ns=Team-A+cluster=East+workload=Deployment~web+ref=Feature~X+repo=org~proj"),
        "qd1\0u=4:dev1\0o=3:org\0n=4:proj\0r=9:Feature/X\0k=10:deployment\0w=3:web\0s=6:team-a\0c=4:east"
    );
    assert_eq!(bytes("dev1~go+user=root"), "qd1\0u=4:dev1\0b=2:go", "the OS user is not identity");
    assert_eq!(bytes("dev1~pod=web-0+container=app"), "qd1\0u=4:dev1", "pod and container are not identity");
    let folded = Key::of(&UserString::parse("dev1~repo=Org~Proj").unwrap(), RepoCase::Folds, None).unwrap();
    assert_eq!(folded, key("dev1~repo=org~proj"));
    assert_ne!(key("dev1~repo=Org~Proj"), key("dev1~repo=org~proj"));
}

#[test]
fn ac_05a_a_pull_request_is_the_ref_that_it_resolves_to() {
    let pull = UserString::parse("dev1~repo=org~proj+pr=7").unwrap();
    assert_eq!(Key::of(&pull, RepoCase::Keeps, None), Err(Unresolved(7)));
    let resolved = Key::of(&pull, RepoCase::Keeps, Some("feature")).unwrap();
    assert_eq!(resolved, key("dev1~repo=org~proj+ref=feature"));
}

#[test]
fn ac_06_vectors() {
    for (text, id) in [
        ("dev1", "dev1-bssxjuxatvofbbcrzocje56c6e"),
        ("dev1~repo=org~proj+ref=Feature~X", "dev1-wpsbexka6iws37cz75x7lawzpi"),
        ("dev1~go+workload=deployment~web+ns=team-a", "dev1-rv467de6dj73yt4kqefcckwpga"),
    ] {
        assert_eq!(key(text).id(), id, "{text}");
    }
    for (user, slug_is) in [
        ("42", "u-42"),
        ("a.b__c", "a-b-c"),
        ("a-", "a"),
        ("abcdefghijklmnopqrstuvwx.yz", "abcdefghijklmnopqrstuvwx"),
        ("1234567890123456789012345", "u-12345678901234567890123"),
    ] {
        assert_eq!(slug(user), slug_is);
    }
}

#[test]
fn ac_07a_legacy_ids_with_and_without_the_namespace() {
    assert_eq!(key("dev1").legacy_ids(), ["dev1-d979fa8"]);
    let ids = key("dev1~go+workload=deployment~web+ns=team-a").legacy_ids();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| id.len() == "dev1-".len() + 7));
}

proptest! {
    #[test]
    fn ac_06a_an_id_is_always_a_label_of_at_most_52(
        user in "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", rest in prop_oneof![Just(String::new()), "~[a-z]{1,9}", "~repo=[a-z]{1,9}"]
    ) {
        let id = key(&format!("{user}{rest}")).id();
        prop_assert!(id.len() <= 52, "{id}");
        prop_assert!(is_label(&id) && !id.starts_with(|c: char| c.is_ascii_digit()), "{id}");
    }
}
