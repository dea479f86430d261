#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::{Fault, apply, read};
use crate::object::{Id, Kind};
use crate::testing::Repository;
use proptest::prelude::{any, proptest};

/// A repository whose pack has objects that are changes of others.
fn pack() -> (Repository, Vec<u8>) {
    let repository = Repository::new();
    let mut text: String = (0..4_000).map(|line| format!("line {line} of the file\n")).collect();
    repository.commit(&[("big.txt", &text), ("a/b.txt", "b\n")], "one");
    text.insert_str(40_000, "one line more\n");
    repository.commit(&[("big.txt", &text)], "two");
    let pack = repository.git_in(&["pack-objects", "--revs", "--stdout", "-q"], b"HEAD\n");
    (repository, pack)
}

#[test]
fn a_pack_of_git_is_read_with_the_objects_that_are_changes_of_others() {
    let (repository, pack) = pack();
    let objects = read(&pack, 1 << 20).unwrap();
    let names = repository.git(&["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let names: Vec<&str> = names.lines().collect();
    assert_eq!(objects.len(), names.len());
    assert!(names.iter().all(|name| objects.contains_key(&Id::parse(name).unwrap())));
    let sizes: usize = objects.values().map(|(_, data)| data.len()).sum();
    assert!(sizes > 150_000 && pack.len() < sizes / 2, "one is kept as a change: {} {sizes}", pack.len());
    assert_eq!(objects.values().filter(|(kind, _)| *kind == Kind::Commit).count(), 2);
    // Over its budget it is not read on.
    assert_eq!(read(&pack, sizes / 2).unwrap_err(), Fault::TooLarge);
}

#[test]
fn a_broken_pack_is_refused() {
    let (_, pack) = pack();
    for end in [0, 3, 11, 12, 40, pack.len() / 2, pack.len() - 21] {
        assert!(read(&pack[..end], 1 << 20).is_err(), "{end}");
    }
    assert!(apply(b"abc", &[3, 2, 0x91, 9, 2], &mut 100).is_err(), "it copies what is not there");
    assert_eq!(apply(b"abc", &[3, 0xff, 0xff, 0x7f], &mut 100), Err(Fault::TooLarge));
    assert_eq!(apply(b"abc", &[3, 4, 0x91, 1, 2, 2, b'x', b'y'], &mut 100).unwrap().as_ref(), b"bcxy");
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused_within_its_budget(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..400, with in any::<u8>()) {
        let _ = read(&bytes, 1 << 16);
        let mut pack = b"PACK\0\0\0\x02\0\0\0\x01".to_vec();
        pack.extend(&bytes);
        let _ = read(&pack, 1 << 16);
        let _ = apply(&bytes, &pack, &mut 65_536);
        if let Some(byte) = pack.get_mut(at) {
            *byte = with;
        }
        let _ = read(&pack, 1 << 16);
    }
}
