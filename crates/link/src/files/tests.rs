#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use super::packet::{Ask, Cutter, Fields, refusal};
use super::{Attributes, FileError, Wrong, entries};
use proptest::prelude::*;

fn name(name: &[u8], attributes: Attributes) -> Vec<u8> {
    let ask = Ask::new(0, 1).bytes(name).bytes(b"-rw-r--r-- 1 a a 3 1 x").attributes(attributes).finish();
    ask[5..].to_vec()
}

#[test]
fn ar_07a_names_of_any_bytes_and_their_attributes_are_read() {
    let attributes = Attributes { size: Some(1 << 40), owner: None, mode: Some(0o100_644), times: Some((1, 2)) };
    let mut reply = name(b"a \xff\n/", attributes);
    reply.extend_from_slice(&name(b"", Attributes::default())[4..]);
    let many = entries(&mut Fields(&[&2u32.to_be_bytes()[..], &reply[4..]].concat())).unwrap();
    assert_eq!(many.len(), 2);
    assert_eq!((many[0].name.as_slice(), many[0].attributes), (&b"a \xff\n/"[..], attributes));
    assert!(many[0].attributes.is_file() && !many[0].attributes.is_folder());
    assert!(entries(&mut Fields(&[0, 0, 0, 9, 0, 0, 0, 1])).is_err());
}

#[test]
fn ar_07b_what_the_system_says_is_told_apart() {
    for (code, words, wrong) in [
        (1, "the end", Wrong::End),
        (2, "No such file or directory (os error 2)", Wrong::NotFound),
        (3, "Permission denied (os error 13)", Wrong::Denied),
        (4, "File exists (os error 17)", Wrong::Exists),
        (4, "entity already exists", Wrong::Exists),
        (4, "Not a directory (os error 20)", Wrong::NotFolder),
        (4, "Directory not empty (os error 39)", Wrong::NotEmpty),
        (4, "No space left on device (os error 28)", Wrong::Full),
        (4, "something else\u{1b}[2J", Wrong::Other),
    ] {
        let FileError::Refused { wrong: found, words } = refusal(code, words.as_bytes()) else { panic!("{words}") };
        assert_eq!(found, wrong, "{words}");
        assert!(!words.contains('\u{1b}'));
    }
}

proptest! {
    #[test]
    fn ar_07c_whatever_comes_in_whatever_pieces_is_cut_or_refused(
        replies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..80), 0..12),
        cut in 1usize..40,
        rest in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut stream = Vec::new();
        for reply in &replies {
            stream.extend_from_slice(&u32::try_from(reply.len()).unwrap().to_be_bytes());
            stream.extend_from_slice(reply);
        }
        stream.extend_from_slice(&rest);
        let (mut cutter, mut found) = (Cutter::default(), Vec::new());
        'all: for piece in stream.chunks(cut) {
            cutter.feed(piece);
            loop {
                match cutter.next_reply() {
                    Ok(Some(reply)) => found.push(reply.to_vec()),
                    Ok(None) => break,
                    Err(_) => break 'all,
                }
            }
        }
        prop_assert!(found.len() >= replies.len());
        prop_assert_eq!(&found[..replies.len()], &replies[..]);
        for reply in &found {
            let _ = entries(&mut Fields(reply));
        }
    }
}
